//! From a path to what is there, through symbolic links.
//!
//! In: a path below the root. Out: the file or directory, under the name that it has without links. Never: anything above
//! the root.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use gix::ObjectId;

use super::objects::Objects;
use super::tree::Kind;

/// As many links are followed on one way as Linux does.
const MAX_LINKS: usize = 40;
/// Longer targets are no paths.
const MAX_TARGET: u64 = 4096;

/// One tree, as a root of paths.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) id: ObjectId,
    /// Whether an answer went by way of a link: then more paths go with a file than its own.
    pub(super) linked: AtomicBool,
}

/// What is at the end of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Without links.
    pub(super) path: String,
    /// Never a link.
    pub(super) kind: Kind,
    pub(super) id: ObjectId,
}

/// Why there is nothing at the end of a path.
#[derive(Debug)]
pub(super) enum Lost {
    Absent,
    /// The way leads out of the root.
    Outside,
    /// It leads in a circle.
    Circle,
    Io(io::Error),
}

impl Root {
    pub(super) fn new(id: ObjectId) -> Self {
        Self { id, linked: AtomicBool::new(false) }
    }

    /// What is at the end of `path`.
    pub(super) fn resolve(&self, objects: &Objects, path: &str) -> Result<Node, Lost> {
        let mut way = Way { objects, root: self, real: Vec::new(), ahead: Vec::new(), links: 0 };
        way.go(path);
        way.walk()
    }
}

/// A way that is being gone.
struct Way<'a> {
    objects: &'a Objects,
    root: &'a Root,
    /// The directories down to here.
    real: Vec<(String, ObjectId)>,
    /// The parts that are still to be gone, the next one last.
    ahead: Vec<String>,
    links: usize,
}

impl Way<'_> {
    fn go(&mut self, path: &str) {
        self.ahead.extend(path.rsplit('/').map(str::to_owned));
    }

    fn walk(mut self) -> Result<Node, Lost> {
        while let Some(part) = self.ahead.pop() {
            match part.as_str() {
                "" | "." => {}
                ".." => drop(self.real.pop().ok_or(Lost::Outside)?),
                name => {
                    if let Some(node) = self.step(name)? {
                        return Ok(node);
                    }
                }
            }
        }
        Ok(Node { path: self.path(None), kind: Kind::Directory, id: self.here() })
    }

    /// One step down; what is found there, if that is the end of the way.
    fn step(&mut self, name: &str) -> Result<Option<Node>, Lost> {
        let tree = self.objects.tree(self.here()).map_err(Lost::Io)?;
        let entry = tree.get(name).ok_or(Lost::Absent)?;
        match entry.kind {
            Kind::Directory => self.real.push((name.to_owned(), entry.id)),
            Kind::Link => self.link(entry.id)?,
            kind => {
                let is_end = self.ahead.iter().all(|part| matches!(part.as_str(), "" | "."));
                let node = || Node { path: self.path(Some(name)), kind, id: entry.id };
                return is_end.then(node).map(Some).ok_or(Lost::Absent);
            }
        }
        Ok(None)
    }

    fn link(&mut self, id: ObjectId) -> Result<(), Lost> {
        self.root.linked.store(true, Ordering::Relaxed);
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Lost::Circle);
        }
        let target = self.objects.blob(id, MAX_TARGET).map_err(Lost::Io)?;
        let target = String::from_utf8(target).map_err(|_| Lost::Absent)?;
        if target.starts_with('/') {
            return Err(Lost::Outside);
        }
        if target.is_empty() || target.contains('\0') || target.len() as u64 > MAX_TARGET {
            return Err(Lost::Absent);
        }
        self.go(&target);
        Ok(())
    }

    fn here(&self) -> ObjectId {
        self.real.last().map_or(self.root.id, |(_, id)| *id)
    }

    fn path(&self, last: Option<&str>) -> String {
        self.real.iter().map(|(name, _)| name.as_str()).chain(last).collect::<Vec<_>>().join("/")
    }
}
