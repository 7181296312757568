//! One scan's documents become files.
//!
//! In: documents, one at a time, and the validators known so far. Out: files, and what changed ([`Publication`]).
//! Never: keeps a document's bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::files::{self, Place};
use super::manifest::{self, Manifest, is_plain};
use super::{PublishError, PublishedDocument, fingerprint};
use crate::feeds::Document;
use crate::problems::{Code, Problem, Severity};
use crate::store::DocumentState;

/// What one scan's publishing came to. Lists are sorted by path.
#[derive(Debug, Default)]
pub struct Publication {
    /// All documents that are visible now, by path: for [`super::Published::replace`].
    pub documents: HashMap<String, PublishedDocument>,
    /// The validators that are new: for the store.
    pub changed: Vec<(String, DocumentState)>,
    /// Paths whose validators were known and that have no document any more: for the store.
    pub gone: Vec<String>,
    /// Paths of the files that were written, in the order of writing.
    pub written: Vec<String>,
    /// How many files had their bytes already.
    pub unchanged: usize,
    /// Paths of the files that were removed.
    pub removed: Vec<String>,
    /// Documents that could not get their place.
    pub problems: Vec<Problem>,
}

/// Publishes the documents of one scan: [`open`](Self::open), [`claim`](Self::claim), a [`put`](Self::put) a document,
/// [`finish`](Self::finish). Dropping it half way leaves whole files, old and new, all known as ours.
#[derive(Debug)]
pub struct Publisher {
    dir: PathBuf,
    /// Held until the end: one writer at a time.
    _lock: File,
    manifest: Manifest,
    /// As the file has it.
    saved: Manifest,
    /// The documents of this scan, by path; `modified` is not known yet.
    documents: HashMap<String, PublishedDocument>,
    /// Their paths as a file system sees them that does not know upper from lower case.
    folded: HashMap<String, String>,
    /// The paths that were claimed.
    announced: BTreeSet<String>,
    /// Directories with renamings or removals in them.
    touched: BTreeSet<PathBuf>,
    publication: Publication,
}

impl Publisher {
    /// Opens the output directory, makes it if it is not there, and clears away what a crash left.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn open(dir: &Path) -> Result<Self, PublishError> {
        fs::create_dir_all(dir).map_err(|error| PublishError::io(dir, error))?;
        let lock = lock(dir)?;
        let manifest = read_manifest(dir)?;
        let publisher = Self {
            dir: dir.to_owned(),
            _lock: lock,
            saved: manifest.clone(),
            manifest,
            documents: HashMap::new(),
            folded: HashMap::new(),
            announced: BTreeSet::new(),
            touched: BTreeSet::new(),
            publication: Publication::default(),
        };
        publisher.clear_leftovers()?;
        Ok(publisher)
    }

    /// Notes that these paths are about to be written, so that what a crash leaves there is known as ours. Those where
    /// something stands already are not noted. [`put`](Self::put) does this too, but all at once is faster.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn claim(&mut self, paths: impl IntoIterator<Item: AsRef<str>>) -> Result<(), PublishError> {
        let mut found = false;
        for path in paths {
            let path = path.as_ref();
            self.announced.insert(path.to_owned());
            if !self.manifest.documents.contains_key(path) && self.place(path)? == Place::Free {
                self.manifest.documents.insert(path.to_owned(), None);
                found = true;
            }
        }
        if found { self.save_manifest() } else { Ok(()) }
    }

    /// Makes one document visible, unless its file has these bytes already. A place that is not ours is left alone and
    /// becomes a problem.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn put(&mut self, document: &Document) -> Result<(), PublishError> {
        let path = document.path.as_str();
        if let Some(other) = self.same_file(path) {
            self.refuse(path, format!("another document, {other}, is the same file"));
            return Ok(());
        }
        let file = self.dir.join(path);
        match self.place(path)? {
            Place::Blocked(what) => {
                self.manifest.documents.remove(path);
                self.refuse(path, what);
                return Ok(());
            }
            Place::File(len) if len == document.bytes.len() as u64 && files::holds(&file, &document.bytes) => {
                self.publication.unchanged += 1;
            }
            Place::File(_) if !self.manifest.documents.contains_key(path) => {
                self.refuse(path, format!("{} is a file that tidings did not write", file.display()));
                return Ok(());
            }
            Place::File(_) | Place::Free => self.write(&file, document)?,
        }
        self.note(file, document);
        Ok(())
    }

    /// Removes our files that were not put again, makes everything last, and tells what changed against `previous`, the
    /// validators known so far. A document whose bytes are new was modified `now`, but at least a second after those
    /// before: two texts never share a date.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn finish(
        mut self,
        previous: &HashMap<String, DocumentState>,
        now: DateTime<Utc>,
    ) -> Result<Publication, PublishError> {
        self.remove_stale()?;
        for dir in &self.touched {
            files::sync_dir(dir).map_err(|error| PublishError::io(dir, error))?;
        }
        crate::failpoint::hit("publish.written");
        if self.manifest != self.saved {
            self.save_manifest()?;
        }

        let mut publication = self.publication;
        for (path, document) in &mut self.documents {
            match previous.get(path) {
                Some(known) if known.etag == document.state.etag => document.state = known.clone(),
                known => {
                    document.state.modified = modification(known, now.trunc_subsecs(0));
                    publication.changed.push((path.clone(), document.state.clone()));
                }
            }
        }
        publication.gone = previous.keys().filter(|path| !self.documents.contains_key(*path)).cloned().collect();
        publication.gone.sort_unstable();
        publication.changed.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        publication.documents = self.documents;
        Ok(publication)
    }

    fn place(&self, path: &str) -> Result<Place, PublishError> {
        assert!(is_plain(path), "a document's path leads down from the output directory, {path:?} does not");
        files::place(&self.dir, path).map_err(|error| PublishError::io(&self.dir.join(path), error))
    }

    /// The document of this scan whose file this would overwrite.
    fn same_file(&self, path: &str) -> Option<&str> {
        if let Some((path, _)) = self.documents.get_key_value(path) {
            return Some(path);
        }
        let other = self.folded.get(&path.to_lowercase())?;
        self.folds_case().then_some(other)
    }

    /// Whether the file system takes upper and lower case for the same.
    fn folds_case(&self) -> bool {
        fs::symlink_metadata(self.dir.join(manifest::NAME.to_uppercase())).is_ok()
    }

    fn refuse(&mut self, path: &str, what: String) {
        self.publication.problems.push(Problem {
            code: Code::Occupied,
            severity: Severity::Error,
            path: path.to_owned(),
            place: None,
            message: format!("a document belongs here, but {what}"),
            effect: "this document is not published, all others are".into(),
            remedy: "move what stands there away, or change `output.dir` or the feed's name".into(),
        });
    }

    fn write(&mut self, file: &Path, document: &Document) -> Result<(), PublishError> {
        self.claim([&document.path])?;
        self.unsettle(&document.path)?;
        files::write(file, &document.bytes).map_err(|error| PublishError::io(file, error))?;
        self.touch(file);
        self.publication.written.push(document.path.clone());
        Ok(())
    }

    /// Before the first of our files gets other bytes: takes the fingerprints of all that may be next out of the
    /// manifest, so that after a crash none is taken for a file that somebody else has changed.
    fn unsettle(&mut self, path: &str) -> Result<(), PublishError> {
        if !matches!(self.manifest.documents.get(path), Some(Some(_))) {
            return Ok(());
        }
        let coming = self.announced.iter().filter(|path| !self.documents.contains_key(*path));
        for path in coming {
            if let Some(fingerprint) = self.manifest.documents.get_mut(path) {
                *fingerprint = None;
            }
        }
        self.save_manifest()
    }

    fn note(&mut self, file: PathBuf, document: &Document) {
        let path = document.path.clone();
        let etag = fingerprint(&document.bytes);
        self.manifest.documents.insert(path.clone(), Some(etag.clone()));
        self.folded.insert(path.to_lowercase(), path.clone());
        let document = PublishedDocument {
            file,
            url: document.url.clone(),
            media: document.media,
            len: document.bytes.len() as u64,
            state: DocumentState { etag, modified: DateTime::UNIX_EPOCH },
        };
        self.documents.insert(path, document);
    }

    /// The directories from a file's own up to the output directory.
    fn parents<'a>(&'a self, file: &'a Path) -> impl Iterator<Item = &'a Path> {
        file.ancestors().skip(1).take_while(|parent| parent.starts_with(&self.dir))
    }

    fn touch(&mut self, file: &Path) {
        let parents: Vec<PathBuf> = self.parents(file).map(Path::to_owned).collect();
        self.touched.extend(parents);
    }

    fn remove_stale(&mut self) -> Result<(), PublishError> {
        let produced = &self.documents;
        let stale: BTreeMap<_, _> =
            self.manifest.documents.extract_if(.., |path, _| !produced.contains_key(path)).collect();
        for (path, fingerprint) in stale {
            // What became a folder or a link is not what we wrote.
            if let Place::File(_) = self.place(&path)? {
                self.remove(path, fingerprint.as_deref())?;
            }
        }
        Ok(())
    }

    /// Removes a file of ours, unless its bytes are somebody else's. One without a fingerprint was being written.
    fn remove(&mut self, path: String, fingerprint: Option<&str>) -> Result<(), PublishError> {
        let file = self.dir.join(&path);
        let is_ours = |known| files::fingerprint(&file).is_ok_and(|found| found == known);
        if !fingerprint.is_none_or(is_ours) {
            self.publication.problems.push(changed(path, &file));
            return Ok(());
        }
        files::remove(&file).map_err(|error| PublishError::io(&file, error))?;
        self.touch(&file);
        self.remove_empty_parents(&file);
        self.publication.removed.push(path);
        Ok(())
    }

    fn remove_empty_parents(&self, file: &Path) {
        // `remove_dir` refuses those that are not empty.
        let own = self.parents(file).filter(|parent| *parent != self.dir);
        own.map(fs::remove_dir).take_while(Result::is_ok).for_each(drop);
    }

    fn clear_leftovers(&self) -> Result<(), PublishError> {
        let files: Vec<PathBuf> = self.manifest.documents.keys().map(|path| self.dir.join(path)).collect();
        let mut dirs: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        dirs.insert(&self.dir);
        for dir in dirs {
            files::remove_leftovers(dir).map_err(|(file, error)| PublishError::io(&file, error))?;
        }
        Ok(())
    }

    fn save_manifest(&mut self) -> Result<(), PublishError> {
        let file = self.dir.join(manifest::NAME);
        let written = files::write(&file, self.manifest.to_json().as_bytes());
        written.and_then(|()| files::sync_dir(&self.dir)).map_err(|error| PublishError::io(&file, error))?;
        self.saved = self.manifest.clone();
        Ok(())
    }
}

/// When a document became what it is, if it was `known` as something else.
fn modification(known: Option<&DocumentState>, now: DateTime<Utc>) -> DateTime<Utc> {
    match known.map(|known| known.modified) {
        // From a clock that was far ahead: to count on from there would keep the wrong date for ever.
        Some(before) if before > now + TimeDelta::days(1) => now,
        Some(before) => now.max(before.trunc_subsecs(0) + TimeDelta::seconds(1)),
        None => now,
    }
}

fn changed(path: String, file: &Path) -> Problem {
    Problem {
        code: Code::Occupied,
        severity: Severity::Warning,
        path,
        place: None,
        message: format!("no document belongs here any more, but {} is not as tidings wrote it", file.display()),
        effect: "the file stays, and tidings forgets it".into(),
        remedy: "remove the file if nobody needs it".into(),
    }
}

/// Keeps other processes out until the file is dropped. Where the file system has no locks, nobody is kept out.
fn lock(dir: &Path) -> Result<File, PublishError> {
    let handle = File::open(dir).map_err(|error| PublishError::io(dir, error))?;
    match handle.try_lock() {
        Err(TryLockError::WouldBlock) => Err(PublishError::InUse { dir: dir.to_owned() }),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(handle),
    }
}

fn read_manifest(dir: &Path) -> Result<Manifest, PublishError> {
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
