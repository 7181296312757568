//! Where posts are kept: the only module that reads them.
//!
//! In: a place. Out: one [`Snapshot`] of the files that a generator's rules ask for. Never: looks into a file, or writes one.

pub mod directory;
pub mod git_times;

use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub len: u64,
    /// Last change of the content.
    pub modified: Option<SystemTime>,
    /// Last change of the inode, seconds and nanoseconds; `None` where there is no such thing.
    pub changed: Option<(i64, i64)>,
    /// Which file it is on its disk; `None` where there is no such thing.
    pub inode: Option<u64>,
}

/// A file that a generator's rules ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its state when it was found.
    pub stamp: Stamp,
}

/// All files of one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// By path.
    pub files: Vec<Found>,
    /// What could not be looked into; nothing at or below these paths counts as removed.
    pub unreadable: Vec<Unreadable>,
    /// Every directory could be read; if not, what is missing may only be out of sight.
    pub whole: bool,
}

/// A file or directory that is there and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Relative to the root, with `/`.
    pub path: String,
    /// What the system says, or why it was not asked.
    pub reason: String,
    /// What to do, in one sentence without a full stop.
    pub remedy: &'static str,
}

impl Unreadable {
    const RELINK: &'static str = "point the link at something that is there, or delete it";
    const MOVE_IN: &'static str = "move what it leads to into the source, or exclude the link";
    const RENAME: &'static str = "rename it";
    const FLATTEN: &'static str = "move it further up, or exclude it";

    /// What the system would not let be read.
    #[must_use]
    pub fn io(path: &str, error: &io::Error) -> Self {
        let remedy = "make it readable for the user that Tidings runs as, or exclude it";
        Self { path: path.to_owned(), reason: error.to_string(), remedy }
    }
}

/// Why a whole source cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The root is not there, or cannot be read.
    #[error("the source {path} cannot be read: {reason}")]
    Root {
        /// The root.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
}
