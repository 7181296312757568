//! Bytes under a temporary name, on their way to their own.
//!
//! In: a directory and bytes. Out: a file that readers do not know of yet, then the one they do, old or new and never half.
//! Never: left behind, except by a crash; the next start clears that away.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::files::{self, Stamp};

const PREFIX: &str = ".tidings-new";
const SUFFIX: &str = ".tmp";
/// So many names may be taken, by what is none of ours.
const TRIES: usize = 1000;

/// A whole file under a temporary name. Dropping it removes the file, unless it was renamed.
#[derive(Debug)]
pub(super) struct Staged {
    temporary: PathBuf,
    is_renamed: bool,
    /// The file's stamp, which a renaming does not change.
    pub(super) stamp: Stamp,
}

impl Staged {
    /// Writes a file below `dir`, which is made if it is not there. It does not last before it is synced.
    pub(super) fn new(dir: &Path, bytes: &[u8]) -> io::Result<Self> {
        let (temporary, mut file) = match create(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(dir)?;
                create(dir)?
            }
            created => created?,
        };
        let written = file.write_all(bytes).and_then(|()| file.metadata());
        let found = written.inspect_err(|_| drop(files::remove(&temporary)))?;
        Ok(Self { temporary, is_renamed: false, stamp: Stamp::of(&found) })
    }

    /// Makes the bytes last.
    pub(super) fn sync(&self) -> io::Result<()> {
        files::sync(&self.temporary)
    }

    /// Where it is until it is renamed.
    pub(super) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Gives the file its own name, of which another file is robbed. That lasts once the directory is synced.
    pub(super) fn rename(&mut self, file: &Path) -> io::Result<()> {
        fs::rename(&self.temporary, file)?;
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_renamed {
            // What cannot be removed is cleared away at the next start.
            drop(files::remove(&self.temporary));
        }
    }
}

/// Removes what a crash left in `dir`. Folders with such names are none of ours.
pub(super) fn remove_leftovers(dir: &Path) -> Result<(), (PathBuf, io::Error)> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    let is_ours = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    for entry in entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_ours)) {
        if entry.file_type().is_ok_and(|kind| !kind.is_dir()) {
            files::remove(&entry.path()).map_err(|error| (entry.path(), error))?;
        }
    }
    Ok(())
}

/// A new file with a name that no other one of this process has had.
fn create(dir: &Path) -> io::Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    for _ in 0..TRIES {
        let temporary = dir.join(format!("{PREFIX}-{}{SUFFIX}", NEXT.fetch_add(1, Ordering::Relaxed)));
        match File::create_new(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("{} is full of files named {PREFIX}-…{SUFFIX}", dir.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_staged_file_is_whole_and_keeps_its_stamp_under_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("feed.atom");
        let mut staged = Staged::new(dir.path(), b"new").unwrap();
        assert!(!file.exists());
        staged.sync().unwrap();
        staged.rename(&file).unwrap();
        assert_eq!(Stamp::of(&fs::metadata(&file).unwrap()), staged.stamp);
        drop(staged);
        assert_eq!(names(dir.path()), ["feed.atom"]);
        assert_eq!(fs::read(file).unwrap(), b"new");
    }

    #[test]
    fn what_is_not_renamed_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("feed.atom/inside")).unwrap();
        let mut staged = Staged::new(dir.path(), b"new").unwrap();
        assert!(staged.rename(&dir.path().join("feed.atom")).is_err());
        drop(staged);
        assert_eq!(names(dir.path()), ["feed.atom"]);
    }

    #[test]
    fn leftovers_are_files_with_our_names_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let taken: Vec<Staged> = (0..3).map(|_| Staged::new(dir.path(), b"x").unwrap()).collect();
        assert_eq!(names(dir.path()).len(), 3);
        for name in [".tidings-new.tmp", ".tidings-new-half.tmp", "tidings-new.tmp", ".tidings-new.txt"] {
            fs::write(dir.path().join(name), "half").unwrap();
        }
        fs::create_dir(dir.path().join(".tidings-new-folder.tmp")).unwrap();
        remove_leftovers(dir.path()).unwrap();
        assert_eq!(names(dir.path()), [".tidings-new-folder.tmp", ".tidings-new.txt", "tidings-new.tmp"]);
        drop(taken);
        remove_leftovers(&dir.path().join("none")).unwrap();
    }
}
