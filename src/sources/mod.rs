//! Where posts are kept: the only module that reads them.
//!
//! In: a place. Out: one [`Snapshot`] of the files that a generator's rules ask for. Never: looks into a file, or writes one.

pub mod directory;

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
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// By path.
    pub files: Vec<Found>,
    /// What could not be looked into; while there is any, nothing counts as removed.
    pub unreadable: Vec<Unreadable>,
}

/// A file or directory that is there and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Relative to the root, with `/`.
    pub path: String,
    /// What the system says.
    pub reason: String,
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
        reason: std::io::Error,
    },
}
