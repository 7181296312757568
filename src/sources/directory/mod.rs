//! A source that is a directory.
//!
//! Symbolic links are followed, but only to what lies inside the root: a link must not publish the rest of the disk. A
//! link to a directory that the walk comes to anyway is passed over, so that no post is there twice; Jekyll reads both.

#![expect(clippy::disallowed_methods, reason = "this is where posts are read")]

mod look;
mod walk;

use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

pub(super) use self::walk::MAX_DEPTH;
use self::walk::{Place, Walk};
use super::git_times::History;
use super::{Found, Snapshot, SourceError, Stamp};

/// A directory of posts.
#[derive(Debug, Clone)]
pub struct Directory {
    /// As it was given.
    path: PathBuf,
    /// Without links.
    root: PathBuf,
}

impl Directory {
    /// The directory at `path`, which must exist.
    ///
    /// # Errors
    ///
    /// If it cannot be found.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let root = path.canonicalize().map_err(|reason| SourceError::Root { path: path.to_owned(), reason })?;
        Ok(Self { path: path.to_owned(), root })
    }

    /// Whether both were given the same path.
    #[must_use]
    pub fn is_where(&self, other: &Self) -> bool {
        self.path == other.path
    }

    /// The directory that the same path leads to now: a link to the current release may have been switched.
    ///
    /// # Errors
    ///
    /// If it cannot be found any more.
    pub fn refreshed(&self) -> Result<Self, SourceError> {
        Self::open(&self.path)
    }

    /// The history of what is checked out in it.
    #[must_use]
    pub fn history(&self) -> History {
        History { dir: self.path.clone(), until: "HEAD".to_owned(), below: String::new() }
    }

    /// Finds all files that `wants` asks for, in directories that `enters` allows; both are given paths relative to the root.
    ///
    /// # Errors
    ///
    /// If the root itself cannot be read. What else cannot be read is listed in the snapshot.
    pub fn snapshot(
        &self,
        enters: &(dyn Fn(&str) -> bool + Sync),
        wants: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Snapshot, SourceError> {
        let root = Place { path: String::new(), real: self.root.clone(), depth: 0 };
        let snapshot = Walk::new(&self.root, enters, wants).run(root);
        snapshot.map_err(|reason| SourceError::Root { path: self.root.clone(), reason })
    }

    /// The bytes of one file, but at most one more than `limit`, so that a file that is too large shows itself.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        Ok(self.read_stamped(path, limit)?.0)
    }

    /// The same of a file that was just found. Its size need not be asked for again.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read_found(&self, found: &Found, limit: u64) -> io::Result<Vec<u8>> {
        match found.stamp {
            Stamp::File { len, .. } => read_all(&mut fs::File::open(self.root.join(&found.path))?, len, limit),
            Stamp::Blob(_) => self.read(&found.path, limit),
        }
    }

    /// The bytes of one file, and the state that it was in afterwards.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read_stamped(&self, path: &str, limit: u64) -> io::Result<(Vec<u8>, Stamp)> {
        let mut file = fs::File::open(self.root.join(path))?;
        let len = file.metadata()?.len();
        let bytes = read_all(&mut file, len, limit)?;
        Ok((bytes, stamp(&file.metadata()?)))
    }

    /// The size of one file in bytes, if it is there. A path or a link that leads out of the root leads to none.
    #[must_use]
    pub fn size(&self, path: &str) -> Option<u64> {
        let file = self.root.join(path).canonicalize().ok().filter(|file| file.starts_with(&self.root))?;
        fs::metadata(file).ok().filter(Metadata::is_file).map(|metadata| metadata.len())
    }

    /// Whether there is such a directory below the root.
    #[must_use]
    pub fn has_directory(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }

    /// The state of one file now; `None` if there is no such file inside the root.
    #[must_use]
    pub fn stamp(&self, path: &str) -> Option<Stamp> {
        let real = self.root.join(path).canonicalize().ok().filter(|real| real.starts_with(&self.root))?;
        fs::metadata(real).ok().filter(Metadata::is_file).map(|metadata| stamp(&metadata))
    }

    /// The paths of all files at any depth below a directory, sorted; none if there is no such directory.
    ///
    /// # Errors
    ///
    /// If it, or a directory in it, cannot be read.
    pub fn below(&self, dir: &str) -> io::Result<Vec<String>> {
        self.list(dir, &|_| true, &|_| true)
    }

    /// The same for files whose path passes, outside `node_modules` and directories with a dot first.
    ///
    /// # Errors
    ///
    /// If it, or a directory in it, cannot be read.
    pub fn picked(&self, dir: &str, passes: fn(&str) -> bool) -> io::Result<Vec<String>> {
        self.list(dir, &is_picked_from, &passes)
    }

    fn list(
        &self,
        dir: &str,
        enters: &(dyn Fn(&str) -> bool + Sync),
        wants: &(dyn Fn(&str) -> bool + Sync),
    ) -> io::Result<Vec<String>> {
        if !self.has_directory(dir) {
            return Ok(Vec::new());
        }
        let start = Place { path: dir.to_owned(), real: self.root.join(dir), depth: 0 };
        let snapshot = Walk::new(&self.root, enters, wants).run(start)?;
        if let (false, Some(unreadable)) = (snapshot.whole, snapshot.unreadable.first()) {
            return Err(io::Error::other(format!("{}: {}", unreadable.path, unreadable.reason)));
        }
        Ok(snapshot.files.into_iter().map(|found| found.path).collect())
    }
}

/// Whether a directory may hold what is picked: it is neither hidden nor full of other people's files.
pub(super) fn is_picked_from(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.starts_with('.') && name != "node_modules"
}

fn stamp(metadata: &Metadata) -> Stamp {
    #[cfg(unix)]
    let (changed, inode) = {
        use std::os::unix::fs::MetadataExt as _;
        (Some((metadata.ctime(), metadata.ctime_nsec())), Some(metadata.ino()))
    };
    #[cfg(not(unix))]
    let (changed, inode) = (None, None);
    Stamp::File { len: metadata.len(), modified: metadata.modified().ok(), changed, inode }
}

/// Reads a file that had `len` bytes a moment ago, but at most one byte more than `limit`.
fn read_all(file: &mut fs::File, len: u64, limit: u64) -> io::Result<Vec<u8>> {
    let most = limit.saturating_add(1);
    let room = most.min(len.saturating_add(1));
    let mut bytes = vec![0; usize::try_from(room).unwrap_or_default()];
    let read = match file.read(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
        read => read?,
    };
    bytes.truncate(read);
    let read = read as u64;
    // A read that brings all that was expected, with room for more, has seen the end; one that was interrupted brings nothing.
    if read < most && (read != len || read == 0) {
        file.take(most - read).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
#[cfg(unix)]
mod trees;
