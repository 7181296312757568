//! A source that is a directory.
//!
//! Symbolic links are followed, but only to what lies inside the root: a link must not publish the rest of the disk. A
//! link to a directory that the walk comes to anyway is passed over, so that no post is there twice; Jekyll reads both.

#![expect(clippy::disallowed_methods, reason = "this is where posts are read")]

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{Found, Snapshot, SourceError, Stamp, Unreadable};

/// Deeper directories are taken for an accident.
const MAX_DEPTH: usize = 64;

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

    /// The directory that the same path leads to now: a link to the current release may have been switched.
    ///
    /// # Errors
    ///
    /// If it cannot be found any more.
    pub fn refreshed(&self) -> Result<Self, SourceError> {
        Self::open(&self.path)
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
        let snapshot = Snapshot { files: Vec::new(), unreadable: Vec::new(), whole: true };
        let mut walk = Walk { root: &self.root, enters, wants, entered: HashSet::new(), snapshot };
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
        let enters = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or_default();
            !name.starts_with('.') && name != "node_modules"
        };
        self.list(dir, &enters, &passes)
    }

    fn list(&self, dir: &str, enters: &dyn Fn(&str) -> bool, wants: &dyn Fn(&str) -> bool) -> io::Result<Vec<String>> {
        if !self.has_directory(dir) {
            return Ok(Vec::new());
        }
        let snapshot = Snapshot { files: Vec::new(), unreadable: Vec::new(), whole: true };
        let mut walk = Walk { root: &self.root, enters, wants, entered: HashSet::new(), snapshot };
        walk.directory(dir, &self.root.join(dir), 0)?;
        if let (false, Some(unreadable)) = (walk.snapshot.whole, walk.snapshot.unreadable.first()) {
            return Err(io::Error::other(format!("{}: {}", unreadable.path, unreadable.reason)));
        }
        let mut paths: Vec<String> = walk.snapshot.files.into_iter().map(|found| found.path).collect();
        paths.sort_unstable();
        Ok(paths)
    }
}

struct Walk<'a> {
    root: &'a Path,
    enters: &'a dyn Fn(&str) -> bool,
    wants: &'a dyn Fn(&str) -> bool,
    /// Real paths of the directories that were walked: none is walked twice, so that circles end.
    entered: HashSet<PathBuf>,
    snapshot: Snapshot,
}

impl Walk<'_> {
    /// Walks the directory whose real path is `real`, under the name `path`.
    fn directory(&mut self, path: &str, real: &Path, depth: usize) -> io::Result<()> {
        let mut entries = fs::read_dir(real)?.collect::<io::Result<Vec<_>>>()?;
        // Of two links to one directory, it has to be the same one every time that is followed.
        entries.sort_unstable_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let path = join(path, &name.to_string_lossy());
            if name.to_str().is_none() {
                self.unreadable(&path, "its name is not UTF-8", Unreadable::RENAME);
            } else {
                self.entry(&path, &entry, depth);
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &str, entry: &fs::DirEntry, depth: usize) {
        let Ok(kind) = entry.file_type().map_err(|error| self.failed(path, &error)) else { return };
        // Asked before anything is looked up: most files of a site are none of ours.
        if kind.is_symlink() {
            self.link(path, &entry.path(), depth);
        } else if kind.is_dir() && (self.enters)(path) {
            self.enter(path, &entry.path(), depth + 1);
        } else if kind.is_file() && (self.wants)(path) {
            match entry.metadata() {
                Ok(metadata) => self.found(path, &metadata),
                Err(error) => self.snapshot.unreadable.push(Unreadable::io(path, &error)),
            }
        }
    }

    fn enter(&mut self, path: &str, real: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            self.unreadable(path, &format!("directories are nested more than {MAX_DEPTH} deep"), Unreadable::FLATTEN);
        } else if self.entered.insert(real.to_owned())
            && let Err(error) = self.directory(path, real, depth)
        {
            self.failed(path, &error);
        }
    }

    fn link(&mut self, path: &str, full: &Path, depth: usize) {
        let (enters, wants) = ((self.enters)(path), (self.wants)(path));
        if !enters && !wants {
            return;
        }
        let (target, metadata) = match full.canonicalize().and_then(|target| Ok((fs::metadata(&target)?, target))) {
            Ok((metadata, target)) => (target, metadata),
            Err(error) => return self.unreadable(path, &error.to_string(), Unreadable::RELINK),
        };
        let asked_for = (metadata.is_dir() && enters) || (metadata.is_file() && wants);
        if !asked_for {
            return;
        }
        match target.strip_prefix(self.root) {
            Err(_) => self.unreadable(path, "the link leads out of the source", Unreadable::MOVE_IN),
            Ok(_) if metadata.is_file() => self.found(path, &metadata),
            Ok(inside) if self.is_walked_anyway(inside) => {}
            Ok(_) => self.enter(path, &target, depth + 1),
        }
    }

    /// Whether the walk comes to this directory (relative to the root) without any link.
    fn is_walked_anyway(&self, inside: &Path) -> bool {
        let mut path = String::new();
        inside.iter().all(|part| {
            path = join(&path, &part.to_string_lossy());
            part.to_str().is_some() && (self.enters)(&path)
        })
    }

    fn found(&mut self, path: &str, metadata: &Metadata) {
        self.snapshot.files.push(Found { path: path.to_owned(), stamp: stamp(metadata) });
    }

    /// A directory, or something that may be one, could not be looked into.
    fn failed(&mut self, path: &str, error: &io::Error) {
        self.snapshot.whole = false;
        self.snapshot.unreadable.push(Unreadable::io(path, error));
    }

    fn unreadable(&mut self, path: &str, reason: &str, remedy: &'static str) {
        self.snapshot.unreadable.push(Unreadable { path: path.to_owned(), reason: reason.to_owned(), remedy });
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
        assert_eq!(paths(&snapshot), ["real/x.md"]);
        assert_eq!(snapshot.unreadable.len(), 1, "{snapshot:?}");
        assert_eq!((snapshot.unreadable[0].path.as_str(), snapshot.unreadable[0].remedy), ("out", Unreadable::MOVE_IN));
        assert!(snapshot.whole);
    }

    #[cfg(unix)]
    #[test]
    fn what_only_links_lead_to_is_found_once() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("_store/deep")).unwrap();
        fs::write(dir.path().join("_store/deep/x.md"), "x").unwrap();
        symlink(dir.path().join("_store"), dir.path().join("b")).unwrap();
        symlink(dir.path().join("_store"), dir.path().join("a")).unwrap();
        symlink(dir.path().join("_store/deep"), dir.path().join("c")).unwrap();
        symlink(dir.path().join("_store"), dir.path().join("_store/deep/circle")).unwrap();
        let source = Directory::open(dir.path()).unwrap();
        let snapshot = source.snapshot(&|path| !path.starts_with('_'), &|_| true).unwrap();
        assert_eq!(paths(&snapshot), ["a/deep/x.md"]);
        assert!(snapshot.unreadable.is_empty(), "{snapshot:?}");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_hold_no_posts_are_no_matter() {
        use std::os::unix::fs::symlink;
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("x.png"), "x").unwrap();
        fs::write(dir.path().join("x.md"), "x").unwrap();
        symlink(outside.path().join("x.png"), dir.path().join("x.png")).unwrap();
        symlink("x.md", dir.path().join("y.md")).unwrap();
        let snapshot = Directory::open(dir.path()).unwrap().snapshot(&|_| true, &|path| path.ends_with(".md")).unwrap();
        assert_eq!(paths(&snapshot), ["x.md", "y.md"]);
        assert!(snapshot.unreadable.is_empty(), "{snapshot:?}");
    }

    #[cfg(unix)]
    #[test]
    fn the_tree_is_not_whole_when_a_directory_is_closed() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let closed = dir.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        // Nothing is closed to root.
        let is_closed = fs::read_dir(&closed).is_err();
        let snapshot = all(dir.path());
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!((snapshot.whole, snapshot.unreadable.len()), (!is_closed, usize::from(is_closed)));
    }

    #[test]
    fn directories_are_walked_down_to_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let deep = "d/".repeat(MAX_DEPTH + 1);
        fs::create_dir_all(dir.path().join(&deep)).unwrap();
        fs::write(dir.path().join("d/".repeat(MAX_DEPTH)).join("x.md"), "x").unwrap();
        let snapshot = all(dir.path());
        assert_eq!(snapshot.files.len(), 1);
        assert_eq!(snapshot.unreadable[0].path, deep.trim_end_matches('/'));
        assert!(snapshot.whole);
    }

    #[cfg(unix)]
    #[test]
    fn a_root_that_is_a_link_is_looked_up_again() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        for release in ["1", "2"] {
            fs::create_dir(dir.path().join(release)).unwrap();
            fs::write(dir.path().join(release).join(format!("{release}.md")), "x").unwrap();
        }
        let current = dir.path().join("current");
        symlink("1", &current).unwrap();
        let source = Directory::open(&current).unwrap();
        fs::remove_file(&current).unwrap();
        symlink("2", &current).unwrap();
        assert_eq!(paths(&source.snapshot(&|_| true, &|_| true).unwrap()), ["1.md"]);
        assert_eq!(paths(&source.refreshed().unwrap().snapshot(&|_| true, &|_| true).unwrap()), ["2.md"]);
        fs::remove_file(&current).unwrap();
        assert!(source.refreshed().is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("x.md")).unwrap();
        let snapshot = all(dir.path());
        assert_eq!((snapshot.unreadable[0].path.as_str(), snapshot.unreadable[0].remedy), ("x.md", Unreadable::RELINK));
        assert!(snapshot.whole);
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

    #[cfg(unix)]
    #[test]
    fn the_size_of_what_is_inside_the_root_is_known() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(dir.path().join("x.mp3"), "abc").unwrap();
        fs::write(outside.path().join("y.mp3"), "abc").unwrap();
        std::os::unix::fs::symlink(outside.path().join("y.mp3"), dir.path().join("link.mp3")).unwrap();
        let source = Directory::open(dir.path()).unwrap();
        assert_eq!(source.size("x.mp3"), Some(3));
        let above = format!("../{}/y.mp3", outside.path().file_name().unwrap().to_str().unwrap());
        for other in ["", "none.mp3", "link.mp3", above.as_str(), outside.path().join("y.mp3").to_str().unwrap()] {
            assert_eq!(source.size(other), None, "{other}");
        }
    }

    #[test]
    fn a_missing_root_is_an_error() {
        assert!(Directory::open(Path::new("/nowhere/at/all")).is_err());
    }
}
