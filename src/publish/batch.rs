//! Many documents become visible together.
//!
//! In: documents under temporary names. Out: documents under their own, known as ours at every moment, whatever crashes.
//! Never: a place that was free and is taken by somebody meanwhile.
//!
//! The steps, each of which lasts before the next one begins:
//!
//! 1. The manifest lists every path, without a fingerprint: whatever stands there after a crash is ours, and may be the
//!    old file or the new one. The new bytes last too, under their temporary names.
//! 2. The files are renamed, and those that nobody needs any more removed.
//! 3. The manifest has the fingerprints. This step may be lost: the one before it says less, and nothing wrong.

use std::fs::File;
use std::mem;
use std::path::Path;

use super::at_once;
use super::files::{self, Place};
use super::output::Known;
use super::publisher::{Scan, look};
use super::staged::Staged;
use super::{Durability, PublishError};

/// So many bytes wait under temporary names until they become visible before the end of the scan: a disk needs that
/// much space on top of what the documents take.
const LONGEST: u64 = 64 << 20;

/// A file system frees what a file took when its last name goes, unless somebody has it open: of so few files this is put off
/// until all are visible.
const MAX_HELD: usize = 64;

/// Documents that are written and not visible yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pending: Vec<Pending>,
    bytes: u64,
}

#[derive(Debug)]
struct Pending {
    path: String,
    known: Known,
    staged: Staged,
    /// Nothing stood in its place.
    was_free: bool,
    /// The file that it took the place of, held open.
    replaced: Option<File>,
    fate: Fate,
}

#[derive(Debug)]
enum Fate {
    Waiting,
    Visible,
    Refused(String),
}

impl Batch {
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.pending.iter().map(|pending| pending.path.as_str())
    }
}

impl Pending {
    fn file(&self) -> &Path {
        &self.known.document.file
    }

    /// Takes the document's place, if that is still to be had.
    fn take_place(&mut self, dir: &Path, holds: bool) -> Result<(), PublishError> {
        self.fate = match look(dir, &self.path)? {
            Place::Blocked(what) => Fate::Refused(what),
            Place::File(_) if self.was_free => Fate::Refused(foreign(self.file())),
            Place::Free | Place::File(_) => {
                let file = &self.known.document.file;
                self.replaced = (holds && !self.was_free).then(|| File::open(file).ok()).flatten();
                self.staged.rename(file).map_err(|error| PublishError::io(file, error))?;
                crate::failpoint::hit("publish.renamed");
                Fate::Visible
            }
        };
        Ok(())
    }
}

/// What is said of a file in the place of a document.
pub(super) fn foreign(file: &Path) -> String {
    format!("{} is a file that tidings did not write", file.display())
}

impl Scan<'_> {
    /// Takes a document into the batch. A full batch becomes visible at once.
    pub(super) fn collect(
        &mut self,
        path: &str,
        known: Known,
        staged: Staged,
        was_free: bool,
    ) -> Result<(), PublishError> {
        if self.durability == Durability::Synced {
            self.syncs.begin(staged.temporary().to_owned(), known.document.file.clone());
        }
        self.batch.bytes += known.stamp.len;
        self.batch.pending.push(Pending {
            path: path.to_owned(),
            known,
            staged,
            was_free,
            replaced: None,
            fate: Fate::Waiting,
        });
        if self.batch.bytes > LONGEST { self.flush() } else { Ok(()) }
    }

    /// Makes the batch visible in the middle of a scan.
    pub(super) fn flush(&mut self) -> Result<(), PublishError> {
        let is_unsettled = self.unsettle(true);
        self.make_last(is_unsettled, None)?;
        self.rename()?;
        // The next manifest has their fingerprints.
        self.sync_dirs()
    }

    /// Makes the rest of the scan's documents visible, removes our files that have none, and makes all of it last.
    pub(super) fn commit(&mut self) -> Result<(), PublishError> {
        let stale = self.stale()?;
        let mut settled = self.manifest.clone();
        settled.documents.retain(|path, _| !stale.contains(path));
        let etag = |pending: &Pending| (pending.path.clone(), Some(pending.known.document.state.etag.clone()));
        settled.documents.extend(self.batch.pending.iter().map(etag));
        let is_unsettled = self.unsettle(false);
        if !is_unsettled && stale.is_empty() && settled == *self.output.saved() {
            return Ok(());
        }

        let staged = self.output.stage(&settled)?;
        self.make_last(is_unsettled, Some(&staged))?;
        self.rename()?;
        self.remove(stale)?;
        self.sync_dirs()?;
        crate::failpoint::hit("publish.written");
        if self.manifest == settled {
            self.output.replace(staged, settled)
        } else {
            // A place was taken by somebody under way.
            self.output.save(&self.manifest, self.durability)
        }
    }

    /// Takes the fingerprints of all that gets other bytes out of the manifest, so that after a crash none is taken for a file
    /// that somebody else has changed; if there is `more` to come, of what is announced too. Whether the manifest's file has
    /// to follow.
    fn unsettle(&mut self, more: bool) -> bool {
        let saved = self.output.saved();
        let is_needed = self.batch.pending.iter().any(|pending| saved.documents.get(&pending.path) != Some(&None));
        if is_needed {
            let pending = self.batch.pending.iter().map(|pending| (pending.path.clone(), None));
            self.manifest.documents.extend(pending);
            for path in self.announced.iter().filter(|path| more && !self.documents.contains_key(*path)) {
                if let Some(fingerprint) = self.manifest.documents.get_mut(path) {
                    *fingerprint = None;
                }
            }
        }
        is_needed
    }

    /// The first step; with the last one's manifest, which is written already.
    fn make_last(&mut self, is_unsettled: bool, settled: Option<&Staged>) -> Result<(), PublishError> {
        let manifest_file = self.output.manifest_file();
        if let Some(staged) = settled {
            self.syncs.begin(staged.temporary().to_owned(), manifest_file);
        }
        let (output, manifest, durability) = (&mut *self.output, &self.manifest, self.durability);
        crate::failpoint::hit("publish.staged");
        at_once::both(|| if is_unsettled { output.save(manifest, durability) } else { Ok(()) }, || self.syncs.wait())?;
        crate::failpoint::hit("publish.unsettled");
        Ok(())
    }

    /// The second step.
    fn rename(&mut self) -> Result<(), PublishError> {
        let mut pending = mem::take(&mut self.batch).pending;
        let holds = self.replaced.len() + pending.len() <= MAX_HELD;
        let result = at_once::each(&mut pending, |pending| pending.take_place(&self.output.dir, holds));
        for pending in pending {
            self.replaced.extend(pending.replaced);
            match pending.fate {
                Fate::Waiting => {}
                Fate::Visible => {
                    self.touch(&pending.known.document.file);
                    self.output.known.insert(pending.path.clone(), pending.known.clone());
                    self.publication.written.push(pending.path.clone());
                    self.note(pending.path, pending.known);
                }
                Fate::Refused(what) => self.block(&pending.path, what),
            }
        }
        result
    }

    fn sync_dirs(&mut self) -> Result<(), PublishError> {
        if self.durability == Durability::Unsynced {
            return Ok(());
        }
        let mut dirs: Vec<_> = self.touched.iter().collect();
        at_once::each(&mut dirs, |dir| files::sync_dir(dir).map_err(|error| PublishError::io(dir, error)))
    }
}
