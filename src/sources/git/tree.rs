//! One tree object: the names of a directory.
//!
//! In: the object's bytes, which anybody may have made. Out: its entries by name, and what is wrong with names that no
//! checkout would have. Never: another object.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::io;

use gix::ObjectId;
use gix::objs::tree::{EntryKind, EntryRef};

use crate::sources::Unreadable;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
    Submodule,
}

/// Why an entry cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Its name is not UTF-8.
    NotUtf8,
    /// Its name would lead elsewhere: `..`, `.git`, a path.
    NoName,
    /// There is another entry of the same name.
    Twice,
    /// There is another entry before it, whose name differs in case only.
    CaseTwin,
}

/// An entry of a tree; its name is kept by the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    start: usize,
    len: usize,
    pub(super) kind: Kind,
    pub(super) id: ObjectId,
    pub(super) flaw: Option<Flaw>,
}

/// The entries of a tree, by name.
#[derive(Debug, Default)]
pub(super) struct Tree {
    names: String,
    entries: Vec<Entry>,
}

impl Flaw {
    /// What it is, and what to do about it.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotUtf8 => ("its name is not UTF-8", Unreadable::RENAME),
            Self::NoName => ("no file can have this name", "rename it with git, or drop it from the tree"),
            Self::Twice => ("the tree has two entries of this name", "write the tree anew: `git fsck` names it"),
            Self::CaseTwin => (
                "another name differs from it in case only, and many disks can hold but one of them",
                Unreadable::RENAME,
            ),
        }
    }
}

impl Tree {
    /// Reads the bytes of a tree object.
    pub(super) fn parse(bytes: &[u8], hash: gix::hash::Kind) -> io::Result<Self> {
        let mut tree = Self::default();
        for entry in gix::objs::TreeRefIter::from_bytes(bytes, hash) {
            tree.push(&entry.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a tree is damaged"))?);
        }
        let names = std::mem::take(&mut tree.names);
        tree.entries.sort_by(|a, b| name(&names, a).cmp(name(&names, b)));
        tree.names = names;
        tree.mark_twins();
        Ok(tree)
    }

    /// By name.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|entry| (self.name(entry), entry))
    }

    /// The entry of this name, if it can be used.
    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| self.name(entry).cmp(name)).ok()?;
        self.entries.get(at).filter(|entry| !matches!(entry.flaw, Some(Flaw::NotUtf8 | Flaw::NoName | Flaw::Twice)))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn name(&self, entry: &Entry) -> &str {
        name(&self.names, entry)
    }

    fn push(&mut self, entry: &EntryRef<'_>) {
        let name = String::from_utf8_lossy(entry.filename);
        let flaw = match &name {
            std::borrow::Cow::Owned(_) => Some(Flaw::NotUtf8),
            name => (!is_name(name)).then_some(Flaw::NoName),
        };
        let kind = match entry.mode.kind() {
            EntryKind::Tree => Kind::Directory,
            EntryKind::Blob | EntryKind::BlobExecutable => Kind::File,
            EntryKind::Link => Kind::Link,
            EntryKind::Commit => Kind::Submodule,
        };
        let (start, len) = (self.names.len(), name.len());
        self.names.push_str(&name);
        self.entries.push(Entry { start, len, kind, id: entry.oid.to_owned(), flaw });
    }

    /// Finds names that are there twice, or differ in case only. Two directories are none: their files may well differ.
    fn mark_twins(&mut self) {
        let mut folded: Vec<_> = (0..self.entries.len()).map(|at| (fold(self.name(&self.entries[at])), at)).collect();
        folded.sort_unstable();
        let mut twins = Vec::new();
        for pair in folded.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1).flat_map(|same| same.windows(2)) {
            let (first, second) = (&self.entries[pair[0].1], &self.entries[pair[1].1]);
            if self.name(first) == self.name(second) {
                twins.extend([(pair[0].1, Flaw::Twice), (pair[1].1, Flaw::Twice)]);
            } else if (first.kind, second.kind) != (Kind::Directory, Kind::Directory) {
                twins.push((pair[1].1, Flaw::CaseTwin));
            }
        }
        for (at, flaw) in twins {
            let known = &mut self.entries[at].flaw;
            *known = if flaw == Flaw::Twice { Some(flaw) } else { known.or(Some(flaw)) };
        }
    }
}

fn name<'a>(names: &'a str, entry: &Entry) -> &'a str {
    &names[entry.start..entry.start + entry.len]
}

/// Whether it is the name of a file below the directory, on every system.
fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0']) && !name.eq_ignore_ascii_case(".git")
}

/// The same for names that differ in case only.
fn fold(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    if name.is_ascii() {
        name.bytes().for_each(|byte| char::from(byte.to_ascii_lowercase()).hash(&mut hasher));
    } else {
        name.chars().flat_map(char::to_lowercase).for_each(|c| c.hash(&mut hasher));
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn object(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let entry = |(mode, name): &(&str, &[u8])| [mode.as_bytes(), b" ", name, b"\0", &[7; 20]].concat();
        entries.iter().flat_map(entry).collect()
    }

    fn flaws(entries: &[(&str, &[u8])]) -> Vec<(String, Option<Flaw>)> {
        let tree = Tree::parse(&object(entries), gix::hash::Kind::Sha1).unwrap();
        tree.entries().map(|(name, entry)| (name.to_owned(), entry.flaw)).collect()
    }

    #[test]
    fn entries_are_found_by_name() {
        let object = object(&[("100644", b"b"), ("40000", b"a"), ("120000", "日".as_bytes()), ("160000", b"c")]);
        let tree = Tree::parse(&object, gix::hash::Kind::Sha1).unwrap();
        let kind = |name| tree.get(name).map(|entry| entry.kind);
        assert_eq!([kind("a"), kind("b")], [Some(Kind::Directory), Some(Kind::File)]);
        assert_eq!([kind("日"), kind("c"), kind("d")], [Some(Kind::Link), Some(Kind::Submodule), None]);
    }

    #[test]
    fn names_that_no_checkout_has_are_flawed() {
        for name in ["", ".", "..", ".git", ".GIT", "/etc/passwd", "a/b"] {
            assert_eq!(flaws(&[("100644", name.as_bytes())]), [(name.to_owned(), Some(Flaw::NoName))]);
        }
        assert_eq!(flaws(&[("100644", b"a\xff")])[0].1, Some(Flaw::NotUtf8));
        assert_eq!(flaws(&[("100644", b".gitignore")])[0].1, None);
    }

    #[test]
    fn of_twins_in_case_the_first_stays_and_of_the_same_name_none() {
        let found = flaws(&[("100644", "Ä.md".as_bytes()), ("100644", "ä.md".as_bytes()), ("100644", b"x")]);
        assert_eq!(found.iter().map(|(_, flaw)| *flaw).collect::<Vec<_>>(), [None, None, Some(Flaw::CaseTwin)]);
        assert_eq!(flaws(&[("40000", b"A"), ("40000", b"a")])[1].1, None, "their files may differ");
        let found = flaws(&[("100644", b"a"), ("40000", b"a"), ("100644", b"b")]);
        assert_eq!(
            found.iter().map(|(_, flaw)| *flaw).collect::<Vec<_>>(),
            [Some(Flaw::Twice), Some(Flaw::Twice), None]
        );
        let object = object(&[("100644", b"a"), ("40000", b"a")]);
        assert_eq!(Tree::parse(&object, gix::hash::Kind::Sha1).unwrap().get("a"), None);
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_they_are_a_tree_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(tree) = Tree::parse(&bytes, gix::hash::Kind::Sha1) {
                prop_assert!(tree.entries().all(|(name, entry)| entry.flaw.is_some() || is_name(name)));
            }
        }

        #[test]
        fn every_name_without_a_flaw_is_found(names in proptest::collection::vec("[aAbä./]{0,2}", 0..12)) {
            let entries: Vec<_> = names.iter().map(|name| ("100644", name.as_bytes())).collect();
            let tree = Tree::parse(&object(&entries), gix::hash::Kind::Sha1).unwrap();
            for (name, entry) in tree.entries().filter(|(_, entry)| entry.flaw.is_none()) {
                prop_assert_eq!(tree.get(name), Some(entry));
                prop_assert_eq!(names.iter().filter(|other| *other == name).count(), 1);
            }
        }
    }
}
