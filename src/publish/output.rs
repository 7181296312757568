//! The output directory, from scan to scan of one process.
//!
//! In: the directory. Out: a [`Publisher`] for each scan, and what that need not read again.
//! Never: keeps others out between scans; that another process published there meanwhile is seen by the manifest's stamp.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{io, mem};

use super::files::{self, Place, Stamp};
use super::manifest::{self, Manifest};
use super::staged::{self, Staged};
use super::{Durability, PublishError, PublishedDocument, Publisher};
use crate::store::DocumentState;

/// What a process knows of its output directory: kept from scan to scan, it saves reading unchanged files again.
#[derive(Debug, Default)]
pub struct Output {
    pub(super) dir: PathBuf,
    /// The manifest as its file has it; `None` before the directory was opened.
    opened: Option<Saved>,
    /// Whether the file system may take upper and lower case for the same.
    pub(super) may_fold_case: bool,
    /// The documents of the last scan that came to its end, and later ones that are visible.
    pub(super) known: HashMap<String, Known>,
    /// The validators of documents that were shown by scans which did not come to their end: who has them goes by them.
    pub(super) shown: HashMap<String, DocumentState>,
    /// The directories of those documents, as that scan left them; `None` where it is not known that nobody else was there.
    dirs: HashMap<PathBuf, Option<Stamp>>,
    /// The same as the scan that runs found them.
    found: HashMap<PathBuf, Option<Stamp>>,
}

#[derive(Debug, Default)]
struct Saved {
    manifest: Manifest,
    /// Of its file, if there is one.
    stamp: Option<Stamp>,
}

/// A document and the file that holds it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) document: Arc<PublishedDocument>,
    pub(super) stamp: Stamp,
}

impl Output {
    /// Opens `dir` for one scan, and makes it if it is not there. The first time, and when another process has published
    /// there, what a crash left is cleared away and nothing is known of its files.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn open(&mut self, dir: &Path, durability: Durability) -> Result<Publisher<'_>, PublishError> {
        let lock = lock(dir)?;
        let stamp = manifest_stamp(dir)?;
        if self.dir != dir || self.opened.as_ref().is_none_or(|saved| saved.stamp != stamp) {
            *self = Self { shown: mem::take(&mut self.shown), ..Self::default() };
            let manifest = self::manifest(dir)?;
            clear_leftovers(dir, &manifest)?;
            (self.dir, self.opened) = (dir.to_owned(), Some(Saved { manifest, stamp }));
        }
        self.found = self.dirs.keys().map(|dir| (dir.clone(), self.dir_stamp(dir))).collect();
        self.may_fold_case = self.is_new() || self.folds_case();
        let manifest = self.saved().clone();
        Ok(Publisher::new(self, lock, manifest, durability))
    }

    /// The manifest as its file has it.
    pub(super) fn saved(&self) -> &Manifest {
        &self.opened.as_ref().expect("a publisher's directory is open").manifest
    }

    /// Whether there is no manifest yet.
    pub(super) fn is_new(&self) -> bool {
        self.opened.as_ref().is_none_or(|saved| saved.stamp.is_none())
    }

    /// Whether the file system takes upper and lower case for the same: it finds the manifest under another name, then.
    pub(super) fn folds_case(&self) -> bool {
        fs::symlink_metadata(self.dir.join(manifest::NAME.to_uppercase())).is_ok()
    }

    /// The scan has come to its end with these documents, after it wrote in the directories `touched`. Of the others it is known
    /// what they were when it began, before it looked at their files.
    pub(super) fn rest(&mut self, known: HashMap<String, Known>, touched: &BTreeSet<PathBuf>) {
        let parents: HashSet<&str> =
            known.keys().map(|path| path.rsplit_once('/').map_or("", |(dir, _)| dir)).collect();
        let mut dirs = HashMap::new();
        for parent in parents {
            let parent = if parent.is_empty() { self.dir.clone() } else { self.dir.join(parent) };
            for dir in self.down_to(&parent).filter(|dir| !dirs.contains_key(*dir)).collect::<Vec<_>>() {
                let is_ours = touched.contains(dir);
                let stamp = if is_ours { self.dir_stamp(dir) } else { self.found.get(dir).copied().flatten() };
                dirs.insert(dir.to_owned(), stamp);
            }
        }
        (self.dirs, self.known) = (dirs, known);
    }

    /// Whether in no directory a file came, went or took another's place since the last scan came to its end.
    pub(super) fn is_undisturbed(&self) -> bool {
        let is_as_left = |(dir, left): (&PathBuf, &Option<Stamp>)| left.is_some() && self.found.get(dir) == Some(left);
        !self.dirs.is_empty() && self.dirs.iter().all(is_as_left)
    }

    /// The output directory itself may be behind a link, but none below it.
    fn dir_stamp(&self, dir: &Path) -> Option<Stamp> {
        let found = if dir == self.dir { fs::metadata(dir) } else { fs::symlink_metadata(dir) };
        found.ok().filter(fs::Metadata::is_dir).map(|found| Stamp::of(&found))
    }

    /// A directory and those above it, down from the output directory.
    pub(super) fn down_to<'b>(&'b self, dir: &'b Path) -> impl Iterator<Item = &'b Path> {
        dir.ancestors().take_while(|above| above.starts_with(&self.dir))
    }

    /// Writes another manifest, under a temporary name.
    pub(super) fn stage(&self, manifest: &Manifest) -> Result<Staged, PublishError> {
        Staged::new(&self.dir, manifest.to_json().as_bytes()).map_err(|error| self.error(error))
    }

    /// Lets what was staged, and synced, be the manifest.
    pub(super) fn replace(&mut self, mut staged: Staged, manifest: Manifest) -> Result<(), PublishError> {
        staged.rename(&self.manifest_file()).map_err(|error| self.error(error))?;
        self.opened = Some(Saved { manifest, stamp: Some(staged.stamp) });
        Ok(())
    }

    /// Writes a manifest that has to last before anything else happens.
    pub(super) fn save(&mut self, manifest: &Manifest, durability: Durability) -> Result<(), PublishError> {
        let staged = self.stage(manifest)?;
        // Without this a power cut can leave an empty file, with which no later scan would begin.
        staged.sync().map_err(|error| self.error(error))?;
        self.replace(staged, manifest.clone())?;
        match durability {
            Durability::Synced => files::sync_dir(&self.dir).map_err(|error| self.error(error)),
            Durability::Unsynced => Ok(()),
        }
    }

    pub(super) fn manifest_file(&self) -> PathBuf {
        self.dir.join(manifest::NAME)
    }

    fn error(&self, error: io::Error) -> PublishError {
        PublishError::io(&self.manifest_file(), error)
    }
}

/// Keeps other processes out until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // A child has the open file too from its birth until its program runs, and would hold the lock for as long.
        drop(self.0.unlock());
    }
}

/// Locks a directory. Where the file system has no locks, nobody is kept out.
fn lock(dir: &Path) -> Result<Lock, PublishError> {
    let failed = |error| PublishError::io(dir, error);
    let handle = match File::open(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(dir).and_then(|()| File::open(dir)).map_err(failed)?
        }
        opened => opened.map_err(failed)?,
    };
    match handle.try_lock() {
        Err(TryLockError::WouldBlock) => Err(PublishError::InUse { dir: dir.to_owned() }),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Lock(handle)),
    }
}

fn manifest_stamp(dir: &Path) -> Result<Option<Stamp>, PublishError> {
    let path = dir.join(manifest::NAME);
    match fs::metadata(&path) {
        Ok(found) => Ok(Some(Stamp::of(&found))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PublishError::io(&path, error)),
    }
}

/// The manifest in `dir`; an empty one if there is none.
pub(super) fn manifest(dir: &Path) -> Result<Manifest, PublishError> {
    let path = dir.join(manifest::NAME);
    match fs::read_to_string(&path) {
        Ok(text) => Manifest::parse(&text).map_err(|reason| PublishError::Manifest { path, reason }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(PublishError::Manifest { path, reason: error.to_string() })
        }
        Err(error) => Err(PublishError::io(&path, error)),
    }
}

/// Looks into the directories of our files; those behind a link are somebody else's.
fn clear_leftovers(dir: &Path, manifest: &Manifest) -> Result<(), PublishError> {
    let is_reached = |path: &&String| matches!(files::place(dir, path), Ok(Place::Free | Place::File(_)));
    let files = manifest.documents.keys().filter(is_reached).map(|path| dir.join(path));
    let mut dirs: BTreeSet<PathBuf> = files.filter_map(|file| file.parent().map(Path::to_owned)).collect();
    dirs.insert(dir.to_owned());
    for dir in dirs {
        staged::remove_leftovers(&dir).map_err(|(file, error)| PublishError::io(&file, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_though_a_child_has_the_file_still() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path()).unwrap();
        let of_child = held.0.try_clone().unwrap();
        assert!(matches!(lock(dir.path()), Err(PublishError::InUse { .. })));
        drop(held);
        lock(dir.path()).unwrap();
        drop(of_child);
    }
}
