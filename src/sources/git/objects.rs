//! The objects of one repository, read from all threads.
//!
//! In: ids. Out: trees, which are kept for as long as they are used, and the bytes of blobs, up to a bound. Never: a checkout,
//! a filter, or anything that the repository's config would have run.

#![expect(clippy::disallowed_methods, reason = "damage has to be marked")]

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gix::objs::Kind;
use gix::refs::TargetRef;
use gix::{ObjectId, Repository, ThreadSafeRepository};

use super::tree::Tree;

/// Larger trees are an accident: a million names are 60 MiB.
const MAX_TREE: u64 = 512 << 20;

type Trees = HashMap<ObjectId, Arc<Tree>>;

/// The objects of one repository.
#[derive(Debug)]
pub(super) struct Objects {
    repository: ThreadSafeRepository,
    /// Each has caches of its own, and is one thread's at a time.
    idle: Mutex<Vec<Repository>>,
    trees: Mutex<Trees>,
    /// Those that were of use for the commit before.
    before: Trees,
    damaged: AtomicBool,
    /// Newer ones are read instead.
    retired: AtomicBool,
    /// A file that is written when the repository is found damaged, for processes to come.
    mark: Option<PathBuf>,
}

impl Objects {
    /// The repository at `dir`: bare, or with files that are checked out. Of settings only its own are looked at, and none
    /// of them runs anything.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let options = gix::open::Options::isolated().with(gix::sec::Trust::Full);
        let repository = ThreadSafeRepository::open_opts(dir, options).map_err(io::Error::other)?;
        let (idle, trees) = (Mutex::default(), Mutex::default());
        Ok(Self {
            repository,
            idle,
            trees,
            before: Trees::new(),
            damaged: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            mark: None,
        })
    }

    /// The same; if it is found damaged, `mark` is written.
    pub(super) fn marking(self, mark: Option<PathBuf>) -> Self {
        Self { mark, ..self }
    }

    /// The same, with the trees of `before` at hand.
    pub(super) fn after(mut self, before: &Self) -> Self {
        self.before = lock(&before.trees).clone();
        self
    }

    /// What is found missing from now on is no damage of what is there.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// The commit that a reference leads to, and its tree; `None` if there is no such reference.
    pub(super) fn commit(&self, reference: &str) -> io::Result<Option<(ObjectId, ObjectId)>> {
        self.with(|repository| {
            let found = repository.try_find_reference(reference).map_err(io::Error::other)?;
            let Some(mut found) = found else { return Ok(None) };
            // A HEAD whose branch has no commit yet leads nowhere.
            if let TargetRef::Symbolic(branch) = found.target()
                && repository.try_find_reference(branch).map_err(io::Error::other)?.is_none()
            {
                return Ok(None);
            }
            let id = found.peel_to_id().map_err(io::Error::other)?;
            let commit = repository.find_commit(id).map_err(io::Error::other)?;
            let tree = commit.tree_id().map_err(io::Error::other)?;
            Ok(Some((id.detach(), tree.detach())))
        })
    }

    pub(super) fn tree(&self, id: ObjectId) -> io::Result<Arc<Tree>> {
        if let Some(known) = lock(&self.trees).get(&id) {
            return Ok(Arc::clone(known));
        }
        let tree = match self.before.get(&id) {
            Some(known) => Arc::clone(known),
            None => Arc::new(Tree::parse(&self.object(id, Kind::Tree, MAX_TREE)?, self.hash())?),
        };
        lock(&self.trees).insert(id, Arc::clone(&tree));
        Ok(tree)
    }

    /// The bytes of a blob; of one with more than `limit`, one more than that, all of them blank: it is too large to be read.
    pub(super) fn blob(&self, id: ObjectId, limit: u64) -> io::Result<Vec<u8>> {
        match self.object(id, Kind::Blob, limit) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Ok(vec![b' '; usize::try_from(limit.saturating_add(1)).unwrap_or(usize::MAX)])
            }
            result => result,
        }
    }

    /// How many bytes a blob has.
    pub(super) fn size(&self, id: ObjectId) -> io::Result<u64> {
        self.with(|repository| self.sound(repository.find_header(id)).map(|header| header.size()))
    }

    /// Whether an object was not there, or could not be read.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    fn hash(&self) -> gix::hash::Kind {
        self.with(|repository| repository.object_hash())
    }

    fn object(&self, id: ObjectId, kind: Kind, limit: u64) -> io::Result<Vec<u8>> {
        self.with(|repository| {
            let header = self.sound(repository.find_header(id))?;
            if header.kind() != kind {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{id} is no {kind}")));
            }
            if header.size() > limit {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has {} bytes", header.size())));
            }
            self.sound(repository.find_object(id)).map(|object| object.detach().data)
        })
    }

    /// Notes that something in it cannot be read. `false` if that cannot be written down for processes to come.
    pub(super) fn mark_damaged(&self) -> bool {
        self.damaged.store(true, Ordering::Relaxed);
        let Some(mark) = self.mark.as_ref().filter(|_| !self.retired.load(Ordering::Relaxed)) else { return false };
        File::create(mark)
            .inspect_err(|error| tracing::debug!("{} could not be written: {error}", mark.display()))
            .is_ok()
    }

    fn sound<T>(&self, found: gix::Result<T>) -> io::Result<T> {
        found.map_err(|error| {
            if !self.is_damaged() {
                self.mark_damaged();
            }
            io::Error::other(format!("the repository is damaged: {error}"))
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Repository) -> T) -> T {
        let idle = lock(&self.idle).pop();
        let repository = idle.unwrap_or_else(|| self.repository.to_thread_local());
        let result = work(&repository);
        lock(&self.idle).push(repository);
        result
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
