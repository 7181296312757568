//! Where posts are kept: the only module that reads them.
//!
//! In: a place. Out: one [`Snapshot`] of the files that a generator's rules ask for. Never: looks into a file, or writes one
//! but those of a mirror.

pub mod directory;
pub mod git;
pub mod git_times;
pub mod touched;
pub mod watch;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use self::directory::Directory;
use self::git::{Commit, FetchError, Progress};
use self::git_times::History;
pub use self::touched::Touched;
use crate::config::Place;

/// Gives up what is waited for, now and later: this process is to end.
pub fn end() {
    git::command::end_all();
}

/// Whether this process is to end, so that what failed may only have been given up.
#[must_use]
pub fn is_ending() -> bool {
    git::command::is_ending()
}

/// Where the posts are, as it is at one moment. Paths are relative to the root, with `/`.
#[derive(Debug, Clone)]
pub enum Source {
    /// A directory, which may change while it is read.
    Directory(Directory),
    /// A commit of a git repository, which is what it is.
    Git(Commit),
}

impl Source {
    /// The source at `place`, as it is at hand. A repository of which nothing is at hand yet is fetched.
    ///
    /// # Errors
    ///
    /// If it cannot be found, fetched or read.
    pub fn open(place: &Place, progress: Progress<'_>) -> Result<Self, SourceError> {
        match place {
            Place::Directory(path) => Self::directory(path),
            Place::Git(git) => Commit::open(git, progress).map(Self::Git),
        }
    }

    /// The directory at `path`.
    ///
    /// # Errors
    ///
    /// If it cannot be found.
    pub fn directory(path: &Path) -> Result<Self, SourceError> {
        Directory::open(path).map(Self::Directory)
    }

    /// Whether both are the same place.
    #[must_use]
    pub fn is_where(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Directory(one), Self::Directory(other)) => one.is_where(other),
            (Self::Git(one), Self::Git(other)) => one.is_where(other),
            _ => false,
        }
    }

    /// Whether it is a copy of what is kept elsewhere, and may be behind it.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Git(commit) if commit.is_remote())
    }

    /// The same, of which nobody believes any more that it is as new as can be.
    #[must_use]
    pub fn as_old(self) -> Self {
        match self {
            Self::Git(commit) => Self::Git(commit.as_old()),
            Self::Directory(_) => self,
        }
    }

    /// Has the copy of a repository elsewhere made anew, if what git `said` is that it is damaged, and says so.
    #[must_use]
    pub fn distrust(&self, said: &str) -> Option<SourceError> {
        match self {
            Self::Git(commit) => commit.distrust(said),
            Self::Directory(_) => None,
        }
    }

    /// The same source as it is now. With `fetches`, a repository elsewhere is fetched from.
    ///
    /// # Errors
    ///
    /// If it cannot be found any more.
    pub fn refreshed(&self, fetches: bool, progress: Progress<'_>) -> Result<Self, SourceError> {
        match self {
            Self::Directory(directory) => directory.refreshed().map(Self::Directory),
            Self::Git(commit) => commit.refreshed(fetches, progress).map(Self::Git),
        }
    }

    /// Which of its files may be others than they were in `old`, as far as the source itself can tell: two commits differ in
    /// what their trees differ in, a directory in anything.
    #[must_use]
    pub fn touched_since(&self, old: &Self) -> Touched {
        match (self, old) {
            (Self::Git(new), Self::Git(old)) => new.touched_since(old),
            _ => Touched::Anything,
        }
    }

    /// Whose history says when its files changed, if it is under git.
    #[must_use]
    pub fn history(&self) -> History {
        match self {
            Self::Directory(directory) => directory.history(),
            Self::Git(commit) => commit.history(),
        }
    }

    /// Finds all files that `wants` asks for, in directories that `enters` allows.
    ///
    /// # Errors
    ///
    /// If the root itself cannot be read. What else cannot be read is listed in the snapshot.
    pub fn snapshot(
        &self,
        enters: &(dyn Fn(&str) -> bool + Sync),
        wants: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Snapshot, SourceError> {
        match self {
            Self::Directory(directory) => directory.snapshot(enters, wants),
            Self::Git(commit) => commit.snapshot(enters, wants),
        }
    }

    /// What is at and below the touched paths now, by the same rules as in the snapshot before; what was known there and is
    /// not found is gone. `None` if only another snapshot can tell, as it is after one with [`Snapshot::links`], or without
    /// [`Snapshot::whole`].
    #[must_use]
    pub fn look(
        &self,
        touched: &BTreeSet<String>,
        enters: &(dyn Fn(&str) -> bool + Sync),
        wants: &(dyn Fn(&str) -> bool + Sync),
    ) -> Option<Snapshot> {
        match self {
            Self::Directory(directory) => directory.look(touched, enters, wants),
            Self::Git(commit) => commit.look(touched, enters, wants),
        }
    }

    /// The bytes of one file, but at most one more than `limit`, so that a file that is too large shows itself.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Directory(directory) => directory.read(path, limit),
            Self::Git(commit) => commit.read(path, limit),
        }
    }

    /// The same of a file that was just found.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read_found(&self, found: &Found, limit: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Directory(directory) => directory.read_found(found, limit),
            Self::Git(commit) => commit.read(&found.path, limit),
        }
    }

    /// The bytes of one file, and the state that it was in afterwards.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read_stamped(&self, path: &str, limit: u64) -> io::Result<(Vec<u8>, Stamp)> {
        match self {
            Self::Directory(directory) => directory.read_stamped(path, limit),
            // A commit is what it is, but what is at the path may be reached in another way.
            Self::Git(commit) => {
                let stamp = commit.stamp(path).ok_or(io::ErrorKind::NotFound)?;
                Ok((commit.read(path, limit)?, stamp))
            }
        }
    }

    /// The size of one file in bytes, if it is there. A path or a link that leads out of the root leads to none.
    #[must_use]
    pub fn size(&self, path: &str) -> Option<u64> {
        match self {
            Self::Directory(directory) => directory.size(path),
            Self::Git(commit) => commit.size(path),
        }
    }

    /// Whether there is such a directory below the root.
    #[must_use]
    pub fn has_directory(&self, path: &str) -> bool {
        match self {
            Self::Directory(directory) => directory.has_directory(path),
            Self::Git(commit) => commit.has_directory(path),
        }
    }

    /// The state of one file now; `None` if there is no such file inside the root.
    #[must_use]
    pub fn stamp(&self, path: &str) -> Option<Stamp> {
        match self {
            Self::Directory(directory) => directory.stamp(path),
            Self::Git(commit) => commit.stamp(path),
        }
    }

    /// The paths of all files at any depth below a directory, sorted; none if there is no such directory.
    ///
    /// # Errors
    ///
    /// If it, or a directory in it, cannot be read.
    pub fn below(&self, dir: &str) -> io::Result<Vec<String>> {
        match self {
            Self::Directory(directory) => directory.below(dir),
            Self::Git(commit) => commit.list(dir, &|_| true, &|_| true),
        }
    }

    /// The same for files whose path passes, outside `node_modules` and directories with a dot first.
    ///
    /// # Errors
    ///
    /// If it, or a directory in it, cannot be read.
    pub fn picked(&self, dir: &str, passes: fn(&str) -> bool) -> io::Result<Vec<String>> {
        match self {
            Self::Directory(directory) => directory.picked(dir, passes),
            Self::Git(commit) => commit.list(dir, &directory::is_picked_from, &passes),
        }
    }
}

/// What tells one state of a file from another without reading it.
///
/// Each part catches what the others let through: `len` and `modified` an ordinary edit; `changed` an edit whose `modified` was
/// set back (`touch -r`, `rsync -t`, an unpacked archive), because nobody can set it; `inode` a file that was moved over this
/// one, of which all the rest may be the same.
///
/// What they all let through is an edit of the same length within one tick of the file system's clock (up to 2 s on FAT, the
/// kernel's 1–10 ms elsewhere) after the stamp was taken. So equal stamps mean equal content only if the file had been left
/// alone for longer than that when it was read; one that was not has to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// What the file system says of it.
    File {
        /// Bytes.
        len: u64,
        /// Last change of the content.
        modified: Option<SystemTime>,
        /// Last change of the inode, seconds and nanoseconds; `None` where there is no such thing.
        changed: Option<(i64, i64)>,
        /// Which file it is on its disk; `None` where there is no such thing.
        inode: Option<u64>,
    },
    /// The object that it is in a git repository: two files with one id have one content.
    Blob(gix::ObjectId),
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
    /// Links were looked up on the way: what is changed under one name may change under others.
    pub links: bool,
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
    /// A repository has nothing to read, or is damaged.
    #[error("the repository {address} cannot be read: {reason}")]
    Repository {
        /// Where it is, without what may be a secret.
        address: String,
        /// What is wrong, and what to do if that is known.
        reason: String,
    },
    /// A repository elsewhere could not be fetched from.
    #[error("{address} cannot be fetched: {reason}")]
    Fetch {
        /// Where it is, without what may be a secret.
        address: String,
        /// Why.
        reason: Box<FetchError>,
    },
}
