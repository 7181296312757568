//! A source that is one commit of a git repository.
//!
//! In: a repository elsewhere, of which a mirror is kept, or one on this machine. Out: the files of its newest commit, as if
//! they were checked out. Never: a checkout, a tree that changes while it is read, or a write to somebody else's repository.

pub(super) mod command;
mod fetch;
mod mirror;
mod objects;
mod resolve;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files that are read")]
mod tests;
mod touched;
mod tree;
mod walk;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gix::ObjectId;

pub use self::command::CommandError;
pub use self::fetch::{FetchError, Progress};
use self::mirror::Mirror;
use self::objects::Objects;
use self::resolve::{Lost, Node, Root};
use self::tree::Kind;
use self::walk::Walk;
use super::git_times::History;
use super::{Snapshot, SourceError, Stamp, Touched};
use crate::config::{Address, Git};
use crate::posts::lfs;

/// One commit of a repository.
#[derive(Debug, Clone)]
pub struct Commit {
    git: Arc<Git>,
    objects: Arc<Objects>,
    id: ObjectId,
    root: Arc<Root>,
    /// It was fetched just now, and nobody has asked for a newer one since.
    is_new: bool,
}

impl Commit {
    /// The newest commit that is at hand; where none is, it is fetched.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be read.
    pub fn open(git: &Git, progress: Progress<'_>) -> Result<Self, SourceError> {
        let git = Arc::new(git.clone());
        let Address::Remote(remote) = &git.address else { return Self::at(&git, None) };
        let mirror = Mirror::of(&git, remote);
        let at_hand = Self::at(&git, None);
        if at_hand.is_ok() && !mirror.mark().exists() {
            return at_hand;
        }
        if at_hand.is_err() {
            tracing::info!(repository = %git.address, "fetching the repository: no copy of it is at hand that can be used");
        }
        match mirror.fetch(progress) {
            Ok(()) => Self::at(&git, None).map(|commit| Self { is_new: true, ..commit }),
            // What is damaged may well be read for the greater part.
            Err(reason) => at_hand.map_err(|_| unfetched(&git, reason)),
        }
    }

    /// Whether its repository is elsewhere.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self.git.address, Address::Remote(_))
    }

    /// The same, to be followed by a newer one.
    #[must_use]
    pub fn as_old(self) -> Self {
        Self { is_new: false, ..self }
    }

    /// Has the mirror made anew at the next fetch, if this is in one, and what git `said` is that it is damaged.
    #[must_use]
    pub fn distrust(&self, said: &str) -> Option<SourceError> {
        let is_marked = self.is_remote() && mirror::is_damage(said) && self.objects.mark_damaged();
        let reason = format!("{said}; its copy on this machine is made anew with the next scan");
        is_marked.then(|| SourceError::Repository { address: self.git.address.to_string(), reason })
    }

    /// The newest commit now; of a repository elsewhere without `fetches` this one.
    ///
    /// # Errors
    ///
    /// If the repository cannot be fetched from or read; or if there is no such branch any more.
    pub fn refreshed(&self, fetches: bool, progress: Progress<'_>) -> Result<Self, SourceError> {
        if self.is_remote() && (self.is_new || !fetches) {
            return Ok(Self { is_new: false, ..self.clone() });
        }
        if let Address::Remote(remote) = &self.git.address {
            Mirror::of(&self.git, remote).fetch(progress).map_err(|reason| unfetched(&self.git, reason))?;
        }
        Self::at(&self.git, Some(self))
    }

    /// The commit that the repository is at. What is known from `before` is used again.
    fn at(git: &Arc<Git>, before: Option<&Self>) -> Result<Self, SourceError> {
        let unreadable = |reason: String| SourceError::Repository { address: git.address.to_string(), reason };
        let Place { dir, reference, mark } = place(git);
        let objects = Objects::open(&dir).map_err(|error| unreadable(error.to_string()))?.marking(mark);
        let found = objects.commit(&reference).map_err(|error| unreadable(error.to_string()))?;
        let (id, tree) = found.ok_or_else(|| unreadable(no_commit(git)))?;
        if let Some(before) = before.filter(|before| before.id == id && !before.objects.is_damaged()) {
            return Ok(before.clone());
        }
        let objects = match before {
            Some(before) => {
                // What it finds missing from now on may be missing because the mirror was made anew.
                before.objects.retire();
                objects.after(&before.objects)
            }
            None => objects,
        };
        let root = match Root::new(tree).resolve(&objects, &git.path) {
            Ok(node) if node.kind == Kind::Directory => Root::new(node.id),
            Err(Lost::Io(error)) => return Err(unreadable(error.to_string())),
            _ => {
                return Err(unreadable(format!(
                    "it has no directory `{}`; set `source.path` to one that it has",
                    git.path
                )));
            }
        };
        if before.is_some_and(|before| before.root.linked.load(Ordering::Relaxed)) {
            root.linked.store(true, Ordering::Relaxed);
        }
        Ok(Self { git: Arc::clone(git), objects: Arc::new(objects), id, root: Arc::new(root), is_new: false })
    }

    /// The paths whose files may be others than in `old`.
    #[must_use]
    pub fn touched_since(&self, old: &Self) -> Touched {
        if self.root.id == old.root.id {
            return Touched::nothing();
        }
        // A file may have other names by way of links.
        if old.root.linked.load(Ordering::Relaxed) || old.objects.is_damaged() {
            return Touched::Anything;
        }
        touched::between((&old.objects, old.root.id), (&self.objects, self.root.id))
    }

    /// Whose history says when files changed.
    #[must_use]
    pub fn history(&self) -> History {
        History { dir: place(&self.git).dir, until: self.id.to_string(), below: self.git.path.clone() }
    }

    /// Finds all files that `wants` asks for, in directories that `enters` allows; both are given paths relative to the root.
    ///
    /// # Errors
    ///
    /// If the root itself cannot be read. What else cannot be used is listed in the snapshot.
    pub fn snapshot(
        &self,
        enters: &dyn Fn(&str) -> bool,
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<Snapshot, SourceError> {
        Walk::new(&self.objects, &self.root, enters, wants).below("", self.root.id).map_err(|error| {
            SourceError::Repository { address: self.git.address.to_string(), reason: error.to_string() }
        })
    }

    /// Whether both come from the same branch of the same repository.
    #[must_use]
    pub fn is_where(&self, other: &Self) -> bool {
        self.git == other.git
    }

    /// What is at the touched paths now; `None` if only a snapshot can tell.
    #[must_use]
    pub fn look(
        &self,
        touched: &BTreeSet<String>,
        enters: &dyn Fn(&str) -> bool,
        wants: &dyn Fn(&str) -> bool,
    ) -> Option<Snapshot> {
        touched::look(&self.objects, self.root.id, touched, enters, wants)
    }

    /// The bytes of one file; of one with more than `limit`, one more than that, all of them blank.
    ///
    /// # Errors
    ///
    /// If it is not there, or cannot be read.
    pub fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        match self.root.resolve(&self.objects, path) {
            Ok(Node { kind: Kind::File, id, .. }) => self.objects.blob(id, limit),
            Err(Lost::Io(error)) => Err(error),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The size of one file in bytes, if it is there; of one that Git LFS keeps elsewhere, its size there.
    #[must_use]
    pub fn size(&self, path: &str) -> Option<u64> {
        let id = self.file(path)?;
        let size = self.objects.size(id).ok()?;
        let may_point = size < lfs::MAX_POINTER;
        let text = may_point.then(|| self.objects.blob(id, lfs::MAX_POINTER).ok()).flatten();
        text.and_then(|text| lfs::size_elsewhere(&text)).or(Some(size))
    }

    /// Whether there is such a directory below the root.
    #[must_use]
    pub fn has_directory(&self, path: &str) -> bool {
        self.root.resolve(&self.objects, path).is_ok_and(|node| node.kind == Kind::Directory)
    }

    /// Which blob a file is; `None` if there is no such file below the root.
    #[must_use]
    pub fn stamp(&self, path: &str) -> Option<Stamp> {
        self.file(path).map(Stamp::Blob)
    }

    /// The paths of files below a directory, sorted; none if there is no such directory.
    ///
    /// # Errors
    ///
    /// If it, or a directory in it, cannot be read.
    pub fn list(
        &self,
        dir: &str,
        enters: &dyn Fn(&str) -> bool,
        wants: &dyn Fn(&str) -> bool,
    ) -> io::Result<Vec<String>> {
        let id = match self.root.resolve(&self.objects, dir) {
            Ok(Node { kind: Kind::Directory, id, .. }) => id,
            Err(Lost::Io(error)) => return Err(error),
            _ => return Ok(Vec::new()),
        };
        let snapshot = Walk::new(&self.objects, &self.root, enters, wants).below(dir, id)?;
        if let (false, Some(unreadable)) = (snapshot.whole, snapshot.unreadable.first()) {
            return Err(io::Error::other(format!("{}: {}", unreadable.path, unreadable.reason)));
        }
        Ok(snapshot.files.into_iter().map(|found| found.path).collect())
    }

    fn file(&self, path: &str) -> Option<ObjectId> {
        self.root.resolve(&self.objects, path).ok().filter(|node| node.kind == Kind::File).map(|node| node.id)
    }
}

/// The repository that is read.
struct Place {
    dir: PathBuf,
    /// What leads to the commit in it.
    reference: String,
    /// Where damage is marked; not in somebody else's repository.
    mark: Option<PathBuf>,
}

fn place(git: &Git) -> Place {
    match &git.address {
        Address::Remote(remote) => {
            let mirror = Mirror::of(git, remote);
            Place { mark: Some(mirror.mark()), dir: mirror.dir, reference: mirror.reference }
        }
        Address::Local(path) => {
            let branch = git.branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
            Place { dir: path.clone(), reference: branch.unwrap_or_else(|| "HEAD".to_owned()), mark: None }
        }
    }
}

fn no_commit(git: &Git) -> String {
    git.branch.clone().map_or(FetchError::NoCommit, FetchError::NoBranch).to_string()
}

fn unfetched(git: &Git, reason: FetchError) -> SourceError {
    SourceError::Fetch { address: git.address.to_string(), reason: Box::new(reason) }
}
