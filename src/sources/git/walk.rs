//! All files of a tree that are asked for.
//!
//! In: a root, and which directories and files are wanted. Out: a [`Snapshot`], in which everything that cannot be used has
//! its reason. Never: a file's content, or a tree without end.

use std::collections::HashSet;
use std::io;

use gix::ObjectId;

use super::objects::Objects;
use super::resolve::{Lost, Root};
use super::tree::{Entry, Flaw, Kind};
use crate::sources::directory::MAX_DEPTH;
use crate::sources::{Found, Snapshot, Stamp, Unreadable};

/// A few small trees can stand for more files than there are atoms. A million posts with their pictures are far below this.
const MAX_ENTRIES: usize = 5_000_000;

/// A walk through a tree.
pub(super) struct Walk<'a> {
    objects: &'a Objects,
    root: &'a Root,
    enters: &'a dyn Fn(&str) -> bool,
    wants: &'a dyn Fn(&str) -> bool,
    /// Paths without links of the directories that were walked: none is walked twice, so that circles end.
    entered: HashSet<String>,
    /// So many names more are looked at; `None` once there were more.
    pub(super) left: Option<usize>,
    snapshot: Snapshot,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        objects: &'a Objects,
        root: &'a Root,
        enters: &'a dyn Fn(&str) -> bool,
        wants: &'a dyn Fn(&str) -> bool,
    ) -> Self {
        let snapshot = Snapshot { files: Vec::new(), unreadable: Vec::new(), whole: true, links: false };
        Self { objects, root, enters, wants, entered: HashSet::new(), left: Some(MAX_ENTRIES), snapshot }
    }

    /// All files below the directory `id`, whose path is `path`.
    pub(super) fn below(mut self, path: &str, id: ObjectId) -> io::Result<Snapshot> {
        self.directory(path, path, id, 0)?;
        let mut snapshot = self.snapshot;
        snapshot.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(snapshot)
    }

    /// Walks the directory whose path without links is `real`, under the name `path`.
    fn directory(&mut self, path: &str, real: &str, id: ObjectId, depth: usize) -> io::Result<()> {
        let tree = self.objects.tree(id)?;
        self.left = self.left.and_then(|left| left.checked_sub(tree.len()));
        if self.left.is_none() {
            return Err(io::Error::other(format!("there are more than {MAX_ENTRIES} names in the tree")));
        }
        for (name, entry) in tree.entries() {
            let path = join(path, name);
            match entry.flaw {
                Some(flaw) if self.is_matter(&path, flaw, entry.kind) => {
                    let (reason, remedy) = flaw.words();
                    self.unreadable(&path, reason, remedy);
                }
                Some(_) => {}
                None => self.entry(&path, &join(real, name), entry, depth),
            }
        }
        Ok(())
    }

    /// Whether anybody would look for the entry. A name that is none may be any.
    fn is_matter(&self, path: &str, flaw: Flaw, kind: Kind) -> bool {
        match (flaw, kind) {
            (Flaw::NotUtf8 | Flaw::NoName, _) => true,
            (_, Kind::File) => (self.wants)(path),
            (_, Kind::Directory | Kind::Submodule) => (self.enters)(path),
            (_, Kind::Link) => (self.wants)(path) || (self.enters)(path),
        }
    }

    fn entry(&mut self, path: &str, real: &str, entry: &Entry, depth: usize) {
        match entry.kind {
            Kind::Directory if (self.enters)(path) => self.enter(path, real, entry.id, depth + 1),
            Kind::File if (self.wants)(path) => self.found(path, entry.id),
            Kind::Submodule if (self.enters)(path) => self.submodule(path),
            Kind::Link => self.link(path, real, depth),
            _ => {}
        }
    }

    fn enter(&mut self, path: &str, real: &str, id: ObjectId, depth: usize) {
        if depth > MAX_DEPTH {
            self.unreadable(path, &format!("directories are nested more than {MAX_DEPTH} deep"), Unreadable::FLATTEN);
        } else if self.left.is_some()
            && self.entered.insert(real.to_owned())
            && let Err(error) = self.directory(path, real, id, depth)
        {
            self.failed(path, &error);
        }
    }

    fn link(&mut self, path: &str, real: &str, depth: usize) {
        let (enters, wants) = ((self.enters)(path), (self.wants)(path));
        if !enters && !wants {
            return;
        }
        match self.root.resolve(self.objects, real) {
            Ok(node) => match node.kind {
                Kind::File if wants => self.found(path, node.id),
                Kind::Submodule if enters => self.submodule(path),
                Kind::Directory if enters && !self.is_walked_anyway(&node.path) => {
                    self.enter(path, &node.path, node.id, depth + 1);
                }
                _ => {}
            },
            Err(Lost::Absent) => self.unreadable(path, "the link leads to nothing", Unreadable::RELINK),
            Err(Lost::Circle) => self.unreadable(path, "the link leads in a circle", Unreadable::RELINK),
            Err(Lost::Outside) => self.unreadable(path, "the link leads out of the source", Unreadable::MOVE_IN),
            Err(Lost::Io(error)) => self.failed(path, &error),
        }
    }

    /// Whether the walk comes to this directory without any link.
    fn is_walked_anyway(&self, real: &str) -> bool {
        real.is_empty()
            || real.match_indices('/').map(|(at, _)| &real[..at]).chain([real]).all(|path| (self.enters)(path))
    }

    fn found(&mut self, path: &str, id: ObjectId) {
        self.snapshot.files.push(Found { path: path.to_owned(), stamp: Stamp::Blob(id) });
    }

    fn submodule(&mut self, path: &str) {
        let remedy = "make its files part of this repository, or move it where no posts are looked for";
        self.unreadable(path, "it is a submodule: its files are in another repository", remedy);
    }

    /// A directory, or something that may be one, could not be looked into.
    fn failed(&mut self, path: &str, error: &io::Error) {
        self.snapshot.whole = false;
        let remedy = "look at the repository with `git fsck`";
        self.unreadable(path, &error.to_string(), remedy);
    }

    fn unreadable(&mut self, path: &str, reason: &str, remedy: &'static str) {
        self.snapshot.unreadable.push(Unreadable { path: path.to_owned(), reason: reason.to_owned(), remedy });
    }
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}
