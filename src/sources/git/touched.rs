//! What differs between two commits.
//!
//! In: two trees. Out: the paths whose entries differ. Never: a blob, or a tree that both have.

use std::collections::BTreeSet;
use std::io;

use super::objects::Objects;
use super::tree::{Entry, Kind, Tree};
use crate::sources::directory::MAX_DEPTH;
use crate::sources::{Found, Snapshot, Stamp, Touched};

/// Two histories that share nothing are read anew as fast.
const MAX_TREES: usize = 100_000;

/// A comparison under way.
struct Diff<'a> {
    old: &'a Objects,
    new: &'a Objects,
    trees: usize,
    touched: Touched,
}

/// The paths below which `old` and `new` differ.
pub(super) fn between(old: (&Objects, gix::ObjectId), new: (&Objects, gix::ObjectId)) -> Touched {
    let mut diff = Diff { old: old.0, new: new.0, trees: 0, touched: Touched::nothing() };
    match diff.trees("", old.1, new.1, 0) {
        Ok(()) => diff.touched,
        Err(_) => Touched::Anything,
    }
}

/// What is at the touched paths in the tree `root` now; `None` if one is something else than a file.
pub(super) fn look(
    objects: &Objects,
    root: gix::ObjectId,
    touched: &BTreeSet<String>,
    enters: &dyn Fn(&str) -> bool,
    wants: &dyn Fn(&str) -> bool,
) -> Option<Snapshot> {
    let mut files = Vec::new();
    for path in touched {
        match entry(objects, root, path, enters)? {
            Some(entry) if entry.kind != Kind::File || entry.flaw.is_some() => return None,
            Some(entry) if wants(path) => files.push(Found { path: path.clone(), stamp: Stamp::Blob(entry.id) }),
            _ => {}
        }
    }
    Some(Snapshot { files, unreadable: Vec::new(), whole: true, links: false })
}

/// The entry at `path`, if directories alone lead there; `None` if something else does.
#[expect(clippy::option_option, reason = "not known is another thing than not there")]
fn entry(objects: &Objects, root: gix::ObjectId, path: &str, enters: &dyn Fn(&str) -> bool) -> Option<Option<Entry>> {
    let mut id = root;
    for (end, _) in path.match_indices('/') {
        let dir = &path[..end];
        let name = dir.rsplit('/').next().unwrap_or(dir);
        match objects.tree(id).ok()?.get(name) {
            None => return Some(None),
            Some(entry) if entry.kind == Kind::Directory && entry.flaw.is_none() && enters(dir) => id = entry.id,
            Some(_) => return None,
        }
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(objects.tree(id).ok()?.get(name).copied())
}

impl Diff<'_> {
    fn trees(&mut self, path: &str, old: gix::ObjectId, new: gix::ObjectId, depth: usize) -> io::Result<()> {
        self.trees += 1;
        if self.trees > MAX_TREES || self.touched == Touched::Anything {
            self.touched = Touched::Anything;
            return Ok(());
        }
        let (old, new) = (self.old.tree(old)?, self.new.tree(new)?);
        for (name, old, new) in pairs(&old, &new) {
            let same = |old: &Entry, new: &Entry| (old.kind, old.id, old.flaw) == (new.kind, new.id, new.flaw);
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            match (old, new) {
                (Some(old), Some(new)) if same(old, new) => {}
                (Some(old), Some(new))
                    if (old.kind, new.kind) == (Kind::Directory, Kind::Directory) && depth <= MAX_DEPTH =>
                {
                    self.trees(&path, old.id, new.id, depth + 1)?;
                }
                _ => self.touched.add(Touched::Only(BTreeSet::from([path]))),
            }
        }
        Ok(())
    }
}

/// The names of both, each with what it is in either.
fn pairs<'a>(old: &'a Tree, new: &'a Tree) -> Vec<(&'a str, Option<&'a Entry>, Option<&'a Entry>)> {
    let (mut old, mut new) = (old.entries().peekable(), new.entries().peekable());
    let mut pairs = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return pairs,
        };
        let left = old.next_if(|_| order.is_le());
        let right = new.next_if(|_| order.is_ge());
        let name = left.or(right).map(|(name, _)| name).unwrap_or_default();
        pairs.push((name, left.map(|(_, entry)| entry), right.map(|(_, entry)| entry)));
    }
}
