//! One scan's documents become files.
//!
//! In: documents, from any thread and in any order, and the validators known so far. Out: files, and what changed
//! ([`Publication`]). Never: keeps a document's bytes in memory.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{mem, thread};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::batch::{Batch, foreign};
use super::files::{self, Place, Stamp};
use super::fingerprint::is_of_former_kind;
use super::manifest::{Manifest, is_plain};
use super::output::{Known, Lock, Output};
use super::staged::Staged;
use super::syncs::Syncs;
use super::{Documents, Durability, PublishError, PublishedDocument, fingerprint_as};
use crate::feeds::Document;
use crate::problems::{Code, Problem, Severity};
use crate::store::DocumentState;

/// What one scan's publishing came to. Lists are sorted by path.
#[derive(Debug, Default)]
pub struct Publication {
    /// All documents that are visible now, by path: for [`super::Published::replace`].
    pub documents: Documents,
    /// The validators that are new: for the store.
    pub changed: Vec<(String, DocumentState)>,
    /// Paths whose validators were known and that have no document any more: for the store.
    pub gone: Vec<String>,
    /// Paths of the files that were written.
    pub written: Vec<String>,
    /// How many files had their bytes already.
    pub unchanged: usize,
    /// Paths of the files that were removed.
    pub removed: Vec<String>,
    /// Documents that could not get their place.
    pub problems: Vec<Problem>,
}

/// Publishes the documents of one scan: [`recall`](Self::recall) first; [`keep_others`](Self::keep_others) at once, or
/// [`claim`](Self::claim); a [`keep`](Self::keep) or a [`put`](Self::put) a document, [`show`](Self::show) under way if readers
/// wait; [`finish`](Self::finish). Made by [`Output::open`]. Dropping it half way leaves whole files, old and new, all known as
/// ours.
#[derive(Debug)]
pub struct Publisher<'a> {
    dir: PathBuf,
    /// Held until the end: one writer at a time.
    lock: Lock,
    scan: Mutex<Scan<'a>>,
}

/// What the threads of one scan share.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    pub(super) output: &'a mut Output,
    pub(super) durability: Durability,
    /// Whether files are what the last scan left.
    is_trusted: bool,
    /// What is true now; its file may know less.
    pub(super) manifest: Manifest,
    /// The entity tags of the former kind, by path.
    former_tags: HashMap<String, String>,
    /// The paths that were said to come.
    pub(super) announced: Vec<String>,
    /// Whose path it is, as a file system sees paths that does not know upper from lower case.
    folded: HashMap<String, String>,
    /// The paths that were put.
    begun: HashSet<String>,
    /// The documents of this scan that are visible, by path; `modified` is not known yet.
    pub(super) documents: HashMap<String, Known>,
    pub(super) batch: Batch,
    pub(super) syncs: Syncs,
    /// Files that have no name any more, held open.
    pub(super) replaced: Vec<File>,
    /// Directories with renamings or removals in them.
    pub(super) touched: BTreeSet<PathBuf>,
    pub(super) publication: Publication,
}

/// What there is of a document that is put.
struct Begun {
    /// The document of the last scan and its file.
    known: Option<Known>,
    /// Whether the manifest says that its file is ours.
    is_ours: bool,
    former_tag: Option<String>,
}

impl<'a> Publisher<'a> {
    pub(super) fn new(output: &'a mut Output, lock: Lock, manifest: Manifest, durability: Durability) -> Self {
        let dir = output.dir.clone();
        let scan = Scan {
            output,
            durability,
            is_trusted: false,
            manifest,
            former_tags: HashMap::new(),
            announced: Vec::new(),
            folded: HashMap::new(),
            begun: HashSet::new(),
            documents: HashMap::new(),
            batch: Batch::default(),
            syncs: Syncs::default(),
            replaced: Vec::new(),
            touched: BTreeSet::new(),
            publication: Publication::default(),
        };
        Self { dir, lock, scan: Mutex::new(scan) }
    }

    /// Says which validators documents had. Those with a tag of the former kind keep it as long as they say the same.
    pub fn recall(&self, validators: &HashMap<String, DocumentState>) {
        let former = validators.iter().filter(|(_, state)| is_of_former_kind(&state.etag));
        self.scan().former_tags.extend(former.map(|(path, state)| (path.clone(), state.etag.clone())));
    }

    /// Says which paths are coming. What is true of one is noted for all then, which is faster than one by one; and of two
    /// that are one file to the file system, the first gets it, whichever is put first.
    pub fn claim(&self, paths: impl IntoIterator<Item: Into<String>>) {
        let mut scan = self.scan();
        for path in paths {
            let path = path.into();
            if scan.output.may_fold_case {
                scan.folded.entry(path.to_lowercase()).or_insert_with(|| path.clone());
            }
            scan.announced.push(path);
        }
    }

    /// Lets [`keep`](Self::keep) go without looking at files, if no directory of ours was changed by others since the last scan
    /// of this process: nobody removed a file or put another in its place then. Whoever wrote into one is not noticed.
    pub fn trust(&self) {
        let mut scan = self.scan();
        scan.is_trusted = scan.output.is_undisturbed();
    }

    /// Whether [`keep`](Self::keep) looks at no file.
    pub fn is_trusting(&self) -> bool {
        self.scan().is_trusted
    }

    /// Leaves documents visible as the last scan of this process left them, without their bytes: the caller knows that these,
    /// their URLs and what they are are the same. If this is not known of one of the files, nothing happens and the answer is
    /// `false`: then all of them are to be [`put`](Self::put).
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn keep(&self, paths: impl IntoIterator<Item: Into<String>>) -> Result<bool, PublishError> {
        let (known, is_trusted) = {
            let scan = self.scan();
            let known = |path: String| scan.output.known.get(&path).cloned().map(|known| (path, known));
            (paths.into_iter().map(|path| known(path.into())).collect::<Option<Vec<_>>>(), scan.is_trusted)
        };
        let Some(kept) = known else { return Ok(false) };
        // Mostly all are in one directory.
        let mut parent = None;
        for (path, known) in kept.iter().filter(|_| !is_trusted) {
            let file = &known.document.file;
            let place = match file.parent() {
                same if same == parent => files::leaf(file).map_err(|error| PublishError::io(file, error))?,
                _ => look(&self.dir, path)?,
            };
            if place != Place::File(known.stamp) {
                return Ok(false);
            }
            parent = file.parent();
        }
        let mut scan = self.scan();
        for (path, _) in &kept {
            if scan.same_file(path)?.is_some() {
                return Ok(false);
            }
        }
        for (path, known) in kept {
            scan.publication.unchanged += 1;
            scan.note(path, known);
        }
        Ok(true)
    }

    /// [Keeps](Self::keep) all documents of the last scan but those at these paths, which are to come. For who
    /// [trusts](Self::trust) the files, and has the very documents that the last scan had, of which there were `len`. If that
    /// scan could not make all of them visible, or files are to be looked at, nothing happens and the answer is `false`.
    pub fn keep_others(&self, coming: impl IntoIterator<Item = String>, len: usize) -> bool {
        let mut scan = self.scan();
        if !scan.is_trusted || scan.output.may_fold_case || scan.output.known.len() != len {
            return false;
        }
        scan.documents = scan.output.known.clone();
        for path in coming {
            scan.documents.remove(&path);
            scan.announced.push(path);
        }
        scan.publication.unchanged += scan.documents.len();
        true
    }

    /// Makes one document visible, at the end of the scan at the latest, unless its file has these bytes already. A place that
    /// is not ours is left alone and becomes a problem.
    ///
    /// # Errors
    ///
    /// See [`PublishError`]. The failure may be another document's.
    pub fn put(&self, document: &Document) -> Result<(), PublishError> {
        let path = document.path.as_str();
        let Some(Begun { known, is_ours, former_tag }) = self.scan().begin(path)? else { return Ok(()) };
        let place = look(&self.dir, path)?;
        let published = self.published(document, former_tag.as_deref());
        match place {
            Place::Blocked(what) => self.scan().block(path, what),
            Place::File(stamp) if holds(&published, stamp, known.as_ref(), &document.bytes) => {
                let mut scan = self.scan();
                scan.publication.unchanged += 1;
                scan.note(path.to_owned(), Known { document: published.into(), stamp });
            }
            Place::File(_) if !is_ours => self.scan().refuse(path, foreign(&published.file)),
            Place::File(_) | Place::Free => self.write(published, document, place == Place::Free)?,
        }
        Ok(())
    }

    /// Makes everything visible, removes our files that were neither put nor kept, makes all of it last, and tells what changed
    /// against `previous`, the validators known so far. A document whose bytes are new was modified `now`, but at least a
    /// second after those before: two texts never share a date.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn finish(
        self,
        previous: &HashMap<String, DocumentState>,
        now: DateTime<Utc>,
    ) -> Result<Publication, PublishError> {
        let mut scan = self.scan.into_inner().unwrap_or_else(PoisonError::into_inner);
        scan.commit()?;
        let replaced = mem::take(&mut scan.replaced);
        if !replaced.is_empty() {
            // Nobody need wait for this.
            drop(thread::Builder::new().spawn(move || drop(replaced)));
        }
        let publication = scan.publication(previous, now);
        drop(self.lock);
        Ok(publication)
    }

    /// Makes visible what was put so far, before the scan ends, and says what is: with the validators that
    /// [`finish`](Self::finish) will give it, if it is told the same.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn show(
        &self,
        previous: &HashMap<String, DocumentState>,
        now: DateTime<Utc>,
    ) -> Result<Documents, PublishError> {
        let mut scan = self.scan();
        scan.flush()?;
        let Scan { documents, output, .. } = &mut *scan;
        let dated = |(path, known): (&String, &Known)| {
            let mut document = known.document.clone();
            date(&mut document, output.shown.get(path).or_else(|| previous.get(path)), now);
            (path.clone(), document)
        };
        let shown: Documents = documents.iter().map(dated).collect();
        output.shown.extend(shown.iter().map(|(path, document)| (path.clone(), document.state.clone())));
        Ok(shown)
    }

    fn scan(&self) -> MutexGuard<'_, Scan<'a>> {
        self.scan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document, once it is visible; `modified` is not known yet.
    fn published(&self, document: &Document, former_tag: Option<&str>) -> PublishedDocument {
        PublishedDocument {
            file: self.dir.join(&document.path),
            url: document.url.clone(),
            media: document.media,
            len: document.bytes.len() as u64,
            state: DocumentState { etag: fingerprint_as(former_tag, &document.bytes), modified: DateTime::UNIX_EPOCH },
        }
    }

    fn write(&self, published: PublishedDocument, document: &Document, is_free: bool) -> Result<(), PublishError> {
        let path = &document.path;
        if is_free {
            self.scan().take(path)?;
        }
        let parent = published.file.parent().expect("a document's file is below the output directory");
        let staged = Staged::new(parent, &document.bytes).map_err(|error| PublishError::io(&published.file, error))?;
        let known = Known { document: published.into(), stamp: staged.stamp };
        self.scan().collect(path, known, staged, is_free)
    }
}

impl Scan<'_> {
    /// Begins with a document. `None` if its place is another document's.
    fn begin(&mut self, path: &str) -> Result<Option<Begun>, PublishError> {
        if let Some(other) = self.same_file(path)? {
            self.refuse(path, format!("another document, {other}, is the same file"));
            return Ok(None);
        }
        self.begun.insert(path.to_owned());
        Ok(Some(Begun {
            known: self.output.known.get(path).cloned(),
            is_ours: self.manifest.documents.contains_key(path),
            former_tag: self.former_tags.get(path).cloned(),
        }))
    }

    /// The document of this scan whose file this would overwrite.
    fn same_file(&mut self, path: &str) -> Result<Option<String>, PublishError> {
        if self.begun.contains(path) || self.documents.contains_key(path) {
            return Ok(Some(path.to_owned()));
        }
        if !self.output.may_fold_case {
            return Ok(None);
        }
        let owner = self.folded.entry(path.to_lowercase()).or_insert_with(|| path.to_owned()).clone();
        Ok(if owner != path && self.folds_case()? { Some(owner) } else { None })
    }

    /// Whether the file system takes upper and lower case for the same.
    fn folds_case(&mut self) -> Result<bool, PublishError> {
        if self.output.is_new() {
            self.output.save(&self.manifest, self.durability)?;
        }
        Ok(self.output.folds_case())
    }

    /// Before anything is written in a free place: has the manifest's file say that what will stand there is ours. Where
    /// something stands already it is not said.
    fn take(&mut self, path: &str) -> Result<(), PublishError> {
        if self.output.saved().documents.contains_key(path) {
            return Ok(());
        }
        self.announced.push(path.to_owned());
        let mut free = Vec::new();
        for path in self.announced.iter().filter(|path| !self.manifest.documents.contains_key(*path)) {
            if look(&self.output.dir, path)? == Place::Free {
                free.push((path.clone(), None));
            }
        }
        self.manifest.documents.extend(free);
        self.output.save(&self.manifest, self.durability)
    }

    /// Notes a visible document.
    pub(super) fn note(&mut self, path: String, known: Known) {
        let etag = &known.document.state.etag;
        if self.manifest.documents.get(&path).is_none_or(|noted| noted.as_ref() != Some(etag)) {
            self.manifest.documents.insert(path.clone(), Some(etag.clone()));
        }
        self.documents.insert(path, known);
    }

    /// What stands there is not ours any more.
    pub(super) fn block(&mut self, path: &str, what: String) {
        self.manifest.documents.remove(path);
        self.refuse(path, what);
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

    /// The directories from a file's own up to the output directory.
    pub(super) fn parents<'b>(&'b self, file: &'b Path) -> impl Iterator<Item = &'b Path> {
        file.parent().into_iter().flat_map(|parent| self.output.down_to(parent))
    }

    pub(super) fn touch(&mut self, file: &Path) {
        let parents: Vec<PathBuf> = self.parents(file).map(Path::to_owned).collect();
        self.touched.extend(parents);
    }

    /// What came of it; the next scan knows the documents.
    fn publication(self, previous: &HashMap<String, DocumentState>, now: DateTime<Utc>) -> Publication {
        let (mut publication, mut documents) = (self.publication, self.documents);
        let shown = mem::take(&mut self.output.shown);
        for (path, Known { document, .. }) in &mut documents {
            date(document, shown.get(path).or_else(|| previous.get(path)), now);
            if previous.get(path) != Some(&document.state) {
                publication.changed.push((path.clone(), document.state.clone()));
            }
        }
        publication.gone = previous.keys().filter(|path| !documents.contains_key(*path)).cloned().collect();
        publication.gone.sort_unstable();
        publication.changed.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        publication.written.sort_unstable();
        publication.problems.sort_by(|a, b| a.path.cmp(&b.path));
        publication.documents = documents.iter().map(|(path, known)| (path.clone(), known.document.clone())).collect();
        self.output.rest(documents, &self.touched);
        publication
    }
}

/// What stands where a document belongs.
pub(super) fn look(dir: &Path, path: &str) -> Result<Place, PublishError> {
    assert!(is_plain(path), "a document's path leads down from the output directory, {path:?} does not");
    files::place(dir, path).map_err(|error| PublishError::io(&dir.join(path), error))
}

/// Whether a file holds a document. One that is known by its stamp is not read.
fn holds(document: &PublishedDocument, stamp: Stamp, known: Option<&Known>, bytes: &[u8]) -> bool {
    match known {
        Some(known) if known.stamp == stamp => known.document.state.etag == document.state.etag,
        _ => stamp.len == document.len && files::holds(&document.file, bytes),
    }
}

/// Dates a document that was `known` like this.
fn date(document: &mut Arc<PublishedDocument>, known: Option<&DocumentState>, now: DateTime<Utc>) {
    match known {
        Some(known) if *known == document.state => {}
        Some(known) if known.etag == document.state.etag => Arc::make_mut(document).state = known.clone(),
        known => Arc::make_mut(document).state.modified = modification(known, now.trunc_subsecs(0)),
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
