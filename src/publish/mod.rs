//! Documents become visible: written to temporary names, synced, renamed. Unchanged ones are left alone.
//!
//! In: documents, and the output directory. Out: files, and the [`Published`] that the server reads from.
//! Never: touches a file that Tidings did not write.
//!
//! The caller's order is: [`Output::open`], [`Publisher::put`] or [`Publisher::keep`] and [`Publisher::finish`] (the files
//! are visible), [`Published::replace`] (the server's validators follow), then the store's commit (subscribers are told).
//! Where nobody has anything to read yet, [`Publisher::show`] and [`Published::begin`] come in between for the first ones.
//! [`Output`] lives from scan to scan, so that one in which nothing changed costs a look at each file's metadata.

#![expect(clippy::disallowed_methods, reason = "this is where documents are written")]

mod at_once;
mod batch;
#[cfg(test)]
mod crashes;
mod files;
mod fingerprint;
mod manifest;
mod output;
mod publisher;
mod staged;
mod stale;
mod syncs;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use url::Url;

use self::manifest::Manifest;
use crate::feeds::Media;
use crate::feeds::plan::document_url;
use crate::store::DocumentState;

pub use fingerprint::{fingerprint, fingerprint_as};
pub use output::Output;
pub use publisher::{Publication, Publisher};

/// The longest file, in bytes, that is given out although its length is not the document's: edited by hand, or written
/// by a scan that the index does not know of yet.
const LARGEST_CHANGED: u64 = 8 << 20;
/// The longest file, in bytes, that is taken for a document before the first scan, when nobody knows lengths.
const LARGEST_FOUND: u64 = 64 << 20;

/// What is sure of files that are visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// They outlast a power cut: they are synced, and only then may anybody be told of them.
    Synced,
    /// They outlast the end of this process. For what can be made again at any time: after a power cut some may be old, empty or
    /// half, all are known as ours, and the next scan writes them again.
    Unsynced,
}

/// A document that is visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDocument {
    /// Its file, absolute if the output directory is.
    pub file: PathBuf,
    /// Its public URL.
    pub url: String,
    /// What it is.
    pub media: Media,
    /// Its size in bytes.
    pub len: u64,
    /// Its validators.
    pub state: DocumentState,
}

impl PublishedDocument {
    /// The bytes of the file, which may be others than those of the document. `path` is the document's path below the
    /// output directory. Blocks.
    ///
    /// # Errors
    ///
    /// There is no such file; something else stands there, a symbolic link among other things; or it is neither of the
    /// document's length nor of a modest one.
    pub fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let dir = self.file.ancestors().nth(path.split('/').count());
        files::read(dir.expect("a document's file ends with its path"), path, self.len, LARGEST_CHANGED)
    }
}

/// Documents by path below the output directory.
pub type Documents = HashMap<String, Arc<PublishedDocument>>;

/// All documents that are visible now; shared between the scanner and the server.
#[derive(Debug, Clone, Default)]
pub struct Published {
    set: Arc<RwLock<Set>>,
}

/// The documents of one moment.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// By path.
    pub documents: Arc<Documents>,
    /// Whether these are all. Before a scan of this process has said so, others may only not be there yet.
    pub is_whole: bool,
}

impl Published {
    /// What is visible now, and whether that is all.
    #[must_use]
    pub fn set(&self) -> Set {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is visible now.
    #[must_use]
    pub fn current(&self) -> Arc<Documents> {
        self.set().documents
    }

    /// What the last process left visible: the documents that the store knows and whose files are there. The server has
    /// something to give before the first scan, and if that fails. They are all if none is lost, and the manifest has no others: those
    /// of a scan that could not be recorded.
    #[must_use]
    pub fn existing(dir: &Path, public_url: &Url, known: &HashMap<String, DocumentState>) -> Self {
        let document = |(path, state): (&String, &DocumentState)| {
            let file = dir.join(path);
            let media = Media::of_path(path)?;
            let len = file_len(dir, path).filter(|len| *len <= LARGEST_FOUND)?;
            let url = document_url(public_url, path);
            Some((path.clone(), Arc::new(PublishedDocument { file, url, media, len, state: state.clone() })))
        };
        let documents: Documents = known.iter().filter_map(document).collect();
        let is_known = |manifest: Manifest| manifest.documents.keys().all(|path| known.contains_key(path));
        let is_whole = !known.is_empty() && documents.len() == known.len() && output::manifest(dir).is_ok_and(is_known);
        let set = Set { documents: Arc::new(documents), is_whole };
        Self { set: Arc::new(RwLock::new(set)) }
    }

    /// Makes documents visible that more may come to.
    pub fn begin(&self, documents: Documents) {
        self.put(Set { documents: Arc::new(documents), is_whole: false });
    }

    /// Makes all documents visible that a scan came to, and no others.
    pub fn replace(&self, documents: Documents) {
        self.put(Set { documents: Arc::new(documents), is_whole: true });
    }

    fn put(&self, set: Set) {
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = set;
    }
}

/// The length of a regular file that no symbolic link leads to.
fn file_len(dir: &Path, path: &str) -> Option<u64> {
    match files::place(dir, path) {
        Ok(files::Place::File(stamp)) => Some(stamp.len),
        _ => None,
    }
}

/// Why documents cannot be published. What was visible before still is, and no file is half written.
/// Each text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The folder, or a file in it, may not be written.
    #[error("{path} cannot be written ({source}): let this user write there, or choose another `output.dir`")]
    NotWritable {
        /// What was to be written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk or the quota is full.
    #[error("{path} cannot be written, there is no space left ({source}): free some and scan again")]
    Full {
        /// What was to be written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk failed in another way.
    #[error("{path} cannot be published ({source}): see whether the disk is healthy and `output.dir` is a folder")]
    Io {
        /// What was to be read or written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The list of files that are ours cannot be read, so nothing may be written or removed.
    #[error("{path} is not readable ({reason}): restore it, or empty the folder so that everything is written anew")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process is publishing there at this moment.
    #[error("{dir} is being written by another tidings process: let it finish, or choose another `output.dir`")]
    InUse {
        /// The output directory.
        dir: PathBuf,
    },
}

impl PublishError {
    fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::NotWritable { path, source },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, source },
            _ => Self::Io { path, source },
        }
    }
}
