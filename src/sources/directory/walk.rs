//! The walk over a directory and all below it.
//!
//! In: where to begin, which directories to enter, which files are wanted. Out: a [`Snapshot`]. Never: opens a file.
//!
//! What can be reached without links is walked by all threads at once: one lists a directory, and all look at its files and
//! at other directories meanwhile. Links come after that, one by one: which of two links to a directory is followed must not
//! depend on who is faster.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::Scope;
use rayon::slice::ParallelSliceMut as _;

use super::super::{Found, Snapshot, Unreadable};

/// Deeper directories are taken for an accident.
pub(in crate::sources) const MAX_DEPTH: usize = 64;

/// How many files of one directory a thread takes at once. The directory stays open while they wait.
const CHUNK: usize = 256;

pub(super) struct Walk<'a> {
    root: &'a Path,
    enters: &'a (dyn Fn(&str) -> bool + Sync),
    wants: &'a (dyn Fn(&str) -> bool + Sync),
    seen: Mutex<Seen>,
}

/// A directory, or a link that may lead to one.
#[derive(Debug)]
pub(super) struct Place {
    /// Under which name it is known, relative to the root.
    pub(super) path: String,
    /// Where it is, without links before its last part.
    pub(super) real: PathBuf,
    /// How many directories are above it.
    pub(super) depth: usize,
}

/// What the walk has come to, in any order.
#[derive(Debug, Default)]
struct Seen {
    files: Vec<Found>,
    unreadable: Vec<Unreadable>,
    /// Directories, or what may be ones, that could not be looked into.
    failed: Vec<(String, io::Error)>,
    /// Links that may lead to something that is asked for.
    links: Vec<Place>,
}

enum Branch {
    Directory(Place),
    Link(Place),
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        root: &'a Path,
        enters: &'a (dyn Fn(&str) -> bool + Sync),
        wants: &'a (dyn Fn(&str) -> bool + Sync),
    ) -> Self {
        Self { root, enters, wants, seen: Mutex::default() }
    }

    /// Walks from `start`, links and all. Fails if `start` itself cannot be read.
    pub(super) fn run(self, start: Place) -> io::Result<Snapshot> {
        let path = start.path.clone();
        self.plain(vec![start]);
        let links = self.links();
        let any = !links.is_empty();
        if any {
            rayon::scope(|scope| {
                let mut entered = HashSet::new();
                links.iter().for_each(|link| self.follow(scope, link, &mut entered));
            });
        }
        if let Some(at) = self.seen().failed.iter().position(|(failed, _)| *failed == path) {
            return Err(self.seen().failed.swap_remove(at).1);
        }
        Ok(self.finish(any))
    }

    /// Walks from `starts`, none of which is below another one. `None` if there are links to follow.
    pub(super) fn without_links(self, starts: Vec<Place>) -> Option<Snapshot> {
        self.plain(starts);
        self.links().is_empty().then(|| self.finish(false))
    }

    pub(super) fn enters(&self, path: &str) -> bool {
        (self.enters)(path)
    }

    pub(super) fn wants(&self, path: &str) -> bool {
        (self.wants)(path)
    }

    pub(super) fn found(&self, path: &str, metadata: &Metadata) {
        let found = Found { path: path.to_owned(), stamp: super::stamp(metadata) };
        self.seen().files.push(found);
    }

    /// Walks everything that is reached without links, and puts the links by.
    fn plain(&self, starts: Vec<Place>) {
        rayon::scope(|scope| starts.iter().for_each(|start| self.spread(scope, start)));
    }

    fn spread<'s>(&'s self, scope: &Scope<'s>, dir: &Place) {
        for branch in self.list(scope, dir) {
            match branch {
                Branch::Directory(place) => scope.spawn(move |scope| self.spread(scope, &place)),
                Branch::Link(place) => self.seen().links.push(place),
            }
        }
    }

    /// In the order of a walk that takes every directory's entries by name.
    fn links(&self) -> Vec<Place> {
        let mut links = std::mem::take(&mut self.seen().links);
        links.sort_unstable_by(|a, b| by_parts(&a.path, &b.path));
        links
    }

    /// Has the files of a directory looked at, and gives back the directories and links in it that are asked for.
    fn list<'s>(&'s self, scope: &Scope<'s>, dir: &Place) -> Vec<Branch> {
        if dir.depth > MAX_DEPTH {
            let reason = format!("directories are nested more than {MAX_DEPTH} deep");
            self.unreadable(&dir.path, &reason, Unreadable::FLATTEN);
            return Vec::new();
        }
        self.entries(scope, dir).unwrap_or_else(|error| {
            self.failed(&dir.path, error);
            Vec::new()
        })
    }

    fn entries<'s>(&'s self, scope: &Scope<'s>, dir: &Place) -> io::Result<Vec<Branch>> {
        let (mut files, mut branches) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&dir.real)? {
            let entry = entry?;
            // Unknown kinds are told from each other below.
            if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
                branches.extend(self.branch(dir, &entry));
                continue;
            }
            files.push(entry);
            if files.len() == CHUNK {
                let (files, dir) = (std::mem::take(&mut files), dir.path.clone());
                scope.spawn(move |_| self.look_at(&dir, &files));
            }
        }
        self.look_at(&dir.path, &files);
        Ok(branches)
    }

    fn branch(&self, dir: &Place, entry: &DirEntry) -> Option<Branch> {
        let path = self.path(&dir.path, entry)?;
        let kind = entry.file_type().map_err(|error| self.failed(&path, error)).ok()?;
        let place = |path| Place { path, real: entry.path(), depth: dir.depth + 1 };
        // Asked before anything is looked up: most files of a site are none of ours.
        if kind.is_symlink() {
            (self.enters(&path) || self.wants(&path)).then(|| Branch::Link(place(path)))
        } else {
            (kind.is_dir() && self.enters(&path)).then(|| Branch::Directory(place(path)))
        }
    }

    /// Takes the wanted ones of these files of one directory.
    fn look_at(&self, dir: &str, files: &[DirEntry]) {
        let mut found = Vec::with_capacity(files.len());
        for file in files {
            let Some(path) = self.path(dir, file).filter(|path| self.wants(path)) else { continue };
            match file.metadata() {
                Ok(metadata) => found.push(Found { path, stamp: super::stamp(&metadata) }),
                Err(error) => self.seen().unreadable.push(Unreadable::io(&path, &error)),
            }
        }
        self.seen().files.append(&mut found);
    }

    fn path(&self, dir: &str, entry: &DirEntry) -> Option<String> {
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            self.unreadable(&join(dir, &name.to_string_lossy()), "its name is not UTF-8", Unreadable::RENAME);
            return None;
        };
        Some(join(dir, name))
    }

    fn follow<'s>(&'s self, scope: &Scope<'s>, link: &Place, entered: &mut HashSet<PathBuf>) {
        let path = link.path.as_str();
        let resolved = link.real.canonicalize().and_then(|target| Ok((fs::metadata(&target)?, target)));
        let (metadata, target) = match resolved {
            Ok(resolved) => resolved,
            Err(error) => return self.unreadable(path, &error.to_string(), Unreadable::RELINK),
        };
        let asked_for = (metadata.is_dir() && self.enters(path)) || (metadata.is_file() && self.wants(path));
        if !asked_for {
            return;
        }
        match target.strip_prefix(self.root) {
            Err(_) => self.unreadable(path, "the link leads out of the source", Unreadable::MOVE_IN),
            Ok(_) if metadata.is_file() => self.found(path, &metadata),
            Ok(inside) if self.is_walked_anyway(inside) => {}
            Ok(_) => {
                let dir = Place { path: path.to_owned(), real: target, depth: link.depth };
                self.enter(scope, &dir, entered);
            }
        }
    }

    /// Walks a directory that only a link leads to, in the order of names. None is walked twice, so that circles end.
    ///
    /// No directory that was reached without links comes here: it would have been walked anyway, and with it all above it.
    fn enter<'s>(&'s self, scope: &Scope<'s>, dir: &Place, entered: &mut HashSet<PathBuf>) {
        if dir.depth <= MAX_DEPTH && !entered.insert(dir.real.clone()) {
            return;
        }
        let mut branches = self.list(scope, dir);
        branches.sort_unstable_by(|a, b| a.place().path.cmp(&b.place().path));
        for branch in branches {
            match branch {
                Branch::Directory(place) => self.enter(scope, &place, entered),
                Branch::Link(place) => self.follow(scope, &place, entered),
            }
        }
    }

    /// Whether the walk comes to this directory (relative to the root) without any link.
    fn is_walked_anyway(&self, inside: &Path) -> bool {
        let mut path = String::new();
        inside.iter().all(|part| {
            path = join(&path, &part.to_string_lossy());
            part.to_str().is_some() && self.enters(&path)
        })
    }

    fn failed(&self, path: &str, error: io::Error) {
        self.seen().failed.push((path.to_owned(), error));
    }

    fn unreadable(&self, path: &str, reason: &str, remedy: &'static str) {
        let unreadable = Unreadable { path: path.to_owned(), reason: reason.to_owned(), remedy };
        self.seen().unreadable.push(unreadable);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(self, links: bool) -> Snapshot {
        let Seen { mut files, mut unreadable, failed, .. } =
            self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        files.par_sort_unstable_by(|a, b| a.path.cmp(&b.path));
        unreadable.extend(failed.iter().map(|(path, error)| Unreadable::io(path, error)));
        unreadable.sort_unstable_by(|a, b| by_parts(&a.path, &b.path));
        Snapshot { files, unreadable, whole: failed.is_empty(), links }
    }
}

impl Branch {
    fn place(&self) -> &Place {
        match self {
            Self::Directory(place) | Self::Link(place) => place,
        }
    }
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { [dir, "/", name].concat() }
}

fn by_parts(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}
