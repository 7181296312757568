//! A source that is a directory.
//!
//! Symbolic links are followed, but only to what lies inside the root: a link must not publish the rest of the disk.

#![expect(clippy::disallowed_methods, reason = "this is where posts are read")]

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{Found, Snapshot, SourceError, Stamp, Unreadable};

/// Deeper directories are taken for an accident, such as a link into its own parent.
const MAX_DEPTH: usize = 64;

/// A directory of posts.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The directory at `root`, which must exist.
    ///
    /// # Errors
    ///
    /// If it cannot be found.
    pub fn open(root: &Path) -> Result<Self, SourceError> {
        let root = root.canonicalize().map_err(|reason| SourceError::Root { path: root.to_owned(), reason })?;
        Ok(Self { root })
    }

    /// Finds all files that `wants` asks for, in directories that `enters` allows; both are given paths relative to the root.
    ///
    /// # Errors
    ///
    /// If the root itself cannot be read. What else cannot be read is listed in the snapshot.
    pub fn snapshot(
        &self,
        enters: &dyn Fn(&str) -> bool,
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<Snapshot, SourceError> {
        let mut walk = Walk { root: &self.root, enters, wants, entered: HashSet::new(), snapshot: Snapshot::default() };
        walk.directory("", &self.root, 0).map_err(|reason| SourceError::Root { path: self.root.clone(), reason })?;
        let mut snapshot = walk.snapshot;
        snapshot.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(snapshot)
    }

    /// The bytes of one file, but at most one more than `limit`, so that a file that is too large shows itself.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        let file = fs::File::open(self.root.join(path))?;
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether there is such a directory below the root.
    #[must_use]
    pub fn has_directory(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }
}

struct Walk<'a> {
    root: &'a Path,
    enters: &'a dyn Fn(&str) -> bool,
    wants: &'a dyn Fn(&str) -> bool,
    /// Real paths of directories that links led to, so that a circle ends.
    entered: HashSet<PathBuf>,
    snapshot: Snapshot,
}

impl Walk<'_> {
    fn directory(&mut self, path: &str, full: &Path, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::other(format!("directories are nested more than {MAX_DEPTH} deep")));
        }
        for entry in fs::read_dir(full)? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                self.unreadable(&join(path, &entry.file_name().to_string_lossy()), "its name is not UTF-8");
                continue;
            };
            let path = join(path, &name);
            if let Err(error) = self.entry(&path, &entry, depth) {
                self.unreadable(&path, &error.to_string());
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &str, entry: &fs::DirEntry, depth: usize) -> io::Result<()> {
        let kind = entry.file_type()?;
        // Asked before anything is looked up: most files of a site are none of ours.
        if (kind.is_dir() && !(self.enters)(path)) || (kind.is_file() && !(self.wants)(path)) {
            return Ok(());
        }
        if kind.is_symlink() {
            return self.link(path, &entry.path(), depth);
        }
        if kind.is_dir() {
            return self.directory(path, &entry.path(), depth + 1);
        }
        if kind.is_file() {
            self.snapshot.files.push(Found { path: path.to_owned(), stamp: stamp(&entry.metadata()?) });
        }
        Ok(())
    }

    fn link(&mut self, path: &str, full: &Path, depth: usize) -> io::Result<()> {
        if !(self.enters)(path) && !(self.wants)(path) {
            return Ok(());
        }
        let target = full.canonicalize()?;
        if !target.starts_with(self.root) {
            return Err(io::Error::other("the link leads out of the source"));
        }
        let metadata = fs::metadata(&target)?;
        if metadata.is_dir() && (self.enters)(path) {
            return if self.entered.insert(target) { self.directory(path, full, depth + 1) } else { Ok(()) };
        }
        if metadata.is_file() && (self.wants)(path) {
            self.snapshot.files.push(Found { path: path.to_owned(), stamp: stamp(&metadata) });
        }
        Ok(())
    }

    fn unreadable(&mut self, path: &str, reason: &str) {
        self.snapshot.unreadable.push(Unreadable { path: path.to_owned(), reason: reason.to_owned() });
    }
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

fn stamp(metadata: &Metadata) -> Stamp {
    #[cfg(unix)]
    let (changed, inode) = {
        use std::os::unix::fs::MetadataExt as _;
        (Some((metadata.ctime(), metadata.ctime_nsec())), Some(metadata.ino()))
    };
    #[cfg(not(unix))]
    let (changed, inode) = (None, None);
    Stamp { len: metadata.len(), modified: metadata.modified().ok(), changed, inode }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(snapshot: &Snapshot) -> Vec<&str> {
        snapshot.files.iter().map(|found| found.path.as_str()).collect()
    }

    fn all(dir: &Path) -> Snapshot {
        Directory::open(dir).unwrap().snapshot(&|_| true, &|_| true).unwrap()
    }

    #[test]
    fn finds_what_is_wanted_in_directories_that_may_be_entered() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["a/x.md", "a/y.txt", "b/x.md", "z.md"] {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), "x").unwrap();
        }
        let source = Directory::open(dir.path()).unwrap();
        let snapshot = source.snapshot(&|path| path != "b", &|path| path.ends_with(".md")).unwrap();
        assert_eq!(paths(&snapshot), ["a/x.md", "z.md"]);
        assert!(snapshot.unreadable.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_the_root_only_and_circles_end() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.md"), "x").unwrap();
        fs::create_dir(dir.path().join("real")).unwrap();
        fs::write(dir.path().join("real/x.md"), "x").unwrap();
        symlink(dir.path().join("real"), dir.path().join("linked")).unwrap();
        symlink(dir.path(), dir.path().join("circle")).unwrap();
        symlink(outside.path(), dir.path().join("out")).unwrap();
        let snapshot = all(dir.path());
        assert!(paths(&snapshot).contains(&"linked/x.md"));
        assert!(paths(&snapshot).iter().all(|path| !path.contains("secret")), "{snapshot:?}");
        assert!(snapshot.unreadable.iter().any(|unreadable| unreadable.path == "out"), "{snapshot:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("x.md")).unwrap();
        assert_eq!(all(dir.path()).unreadable[0].path, "x.md");
    }

    #[test]
    fn a_stamp_changes_with_the_content() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x.md"), "x").unwrap();
        let before = all(dir.path()).files;
        assert_eq!(all(dir.path()).files, before);
        fs::write(dir.path().join("x.md"), "xy").unwrap();
        assert_ne!(all(dir.path()).files, before);
    }

    #[test]
    fn reads_at_most_one_byte_too_many() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x.md"), "abcdef").unwrap();
        let source = Directory::open(dir.path()).unwrap();
        assert_eq!(source.read("x.md", 3).unwrap(), b"abcd");
        assert_eq!(source.read("x.md", 99).unwrap(), b"abcdef");
    }

    #[test]
    fn a_missing_root_is_an_error() {
        assert!(Directory::open(Path::new("/nowhere/at/all")).is_err());
    }
}
