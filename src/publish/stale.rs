//! Our files that have no document any more.
//!
//! In: the manifest and the scan's documents. Out: files and folders that are gone. Never: a file with other bytes than ours.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{self, Place};
use super::fingerprint::is_of_file;
use super::publisher::{Scan, look};
use super::{PublishError, at_once};
use crate::problems::{Code, Problem, Severity};

/// Paths that leave the manifest.
#[derive(Debug, Default)]
pub(super) struct Stale {
    /// With our files, which are to be removed.
    ours: BTreeSet<String>,
    /// Claimed, and never written.
    unwritten: BTreeSet<String>,
    /// With what is not ours any more.
    lost: BTreeSet<String>,
}

impl Stale {
    pub(super) fn contains(&self, path: &str) -> bool {
        [&self.ours, &self.unwritten, &self.lost].into_iter().any(|paths| paths.contains(path))
    }

    pub(super) fn is_empty(&self) -> bool {
        [&self.ours, &self.unwritten, &self.lost].into_iter().all(BTreeSet::is_empty)
    }
}

impl Scan<'_> {
    /// What is stale, once all documents were put.
    pub(super) fn stale(&mut self) -> Result<Stale, PublishError> {
        let mut stale = Stale::default();
        let coming: BTreeSet<&str> = self.batch.paths().collect();
        let is_stale = |path: &str| !self.documents.contains_key(path) && !coming.contains(path);
        for (path, fingerprint) in self.manifest.documents.iter().filter(|(path, _)| is_stale(path)) {
            let file = self.output.dir.join(path);
            let paths = match (look(&self.output.dir, path)?, fingerprint) {
                // One without a fingerprint was being written.
                (Place::File(_), None) => &mut stale.ours,
                (Place::File(_), Some(known)) if is_of_file(known, &file).unwrap_or(false) => &mut stale.ours,
                (Place::File(_), Some(_)) => {
                    self.publication.problems.push(changed(path, &file));
                    &mut stale.lost
                }
                (Place::Free, None) => &mut stale.unwritten,
                // What became a folder or a link is not what we wrote.
                (Place::Free | Place::Blocked(_), _) => &mut stale.lost,
            };
            paths.insert(path.clone());
        }
        Ok(stale)
    }

    /// Removes what is ours of it, and the folders that this, or a crash before anything was written there, leaves empty.
    pub(super) fn remove(&mut self, stale: Stale) -> Result<(), PublishError> {
        let mut files: Vec<PathBuf> = stale.ours.iter().map(|path| self.output.dir.join(path)).collect();
        at_once::each(&mut files, |file| files::remove(file).map_err(|error| PublishError::io(file, error)))?;
        for path in stale.ours.iter().chain(&stale.unwritten) {
            let file = self.output.dir.join(path);
            self.touch(&file);
            self.remove_empty_parents(&file);
        }
        self.manifest.documents.retain(|path, _| !stale.contains(path));
        self.publication.removed.extend(stale.ours);
        Ok(())
    }

    fn remove_empty_parents(&self, file: &Path) {
        let own = self.parents(file).filter(|parent| *parent != self.output.dir);
        own.map(files::remove_dir).take_while(Result::is_ok).for_each(drop);
    }
}

fn changed(path: &str, file: &Path) -> Problem {
    Problem {
        code: Code::Occupied,
        severity: Severity::Warning,
        path: path.to_owned(),
        place: None,
        message: format!("no document belongs here any more, but {} is not as tidings wrote it", file.display()),
        effect: "the file stays, and tidings forgets it".into(),
        remedy: "remove the file if nobody needs it".into(),
    }
}
