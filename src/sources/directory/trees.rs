//! Random trees with links, on which the walk is held against a simple one, and a look at what changed against a whole walk.

use std::collections::{BTreeSet, HashSet};
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::super::{Found, Unreadable};
use super::walk::MAX_DEPTH;
use super::*;

/// One thing that is done to a tree; what cannot be done is left.
#[derive(Debug, Clone)]
enum Step {
    Write(String, usize),
    Directory(String),
    /// From the first path to the second, which starts at the root.
    Link(String, String),
    Remove(String),
    Rename(String, String),
}

impl Step {
    /// Takes the step below `root`, and says which paths were touched.
    fn take(&self, root: &Path) -> Vec<String> {
        // Through a link, something else would be touched than what is named.
        let is_link = |path: &String| root.join(path).is_symlink();
        if self.paths().iter().any(|path| made(path).iter().any(is_link)) {
            return Vec::new();
        }
        let is_new = |path: &String| !root.join(path).exists();
        let mut touched = self.paths();
        touched.extend(touched.iter().flat_map(|path| made(path)).filter(is_new).collect::<Vec<_>>());
        match self {
            Self::Write(path, len) => {
                let _ = fs::create_dir_all(root.join(path).parent().unwrap());
                let _ = fs::write(root.join(path), "x".repeat(*len));
            }
            Self::Directory(path) => {
                let _ = fs::create_dir_all(root.join(path));
            }
            Self::Link(path, target) => {
                let _ = symlink(root.join(target), root.join(path));
            }
            Self::Remove(path) => {
                let full = root.join(path);
                let _ = fs::remove_file(&full).or_else(|_| fs::remove_dir_all(&full));
            }
            Self::Rename(from, to) => {
                let _ = fs::rename(root.join(from), root.join(to));
            }
        }
        touched
    }

    fn paths(&self) -> Vec<String> {
        match self {
            Self::Write(path, _) | Self::Directory(path) | Self::Link(path, _) | Self::Remove(path) => {
                vec![path.clone()]
            }
            Self::Rename(from, to) => vec![from.clone(), to.clone()],
        }
    }
}

/// The path and all directories above it.
fn made(path: &str) -> Vec<String> {
    let above = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
    above.chain([path.to_owned()]).collect()
}

fn directory() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "a-b", "_s", "_s"]);
    prop::collection::vec(name, 1..4).prop_map(|parts| parts.join("/"))
}

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a.md", "a.md", "日.md", "_s.md", "x.txt", "a"]);
    (prop::option::of(directory()), name)
        .prop_map(|(dir, name)| dir.map_or(name.to_owned(), |dir| format!("{dir}/{name}")))
}

fn step() -> impl Strategy<Value = Step> {
    let any = || prop_oneof![path(), directory()];
    prop_oneof![
        6 => (path(), 0..3usize).prop_map(|(path, len)| Step::Write(path, len)),
        1 => directory().prop_map(Step::Directory),
        1 => any().prop_map(Step::Remove),
        2 => (any(), any()).prop_map(|(from, to)| Step::Rename(from, to)),
    ]
}

fn link() -> impl Strategy<Value = Step> {
    let target = prop_oneof![2 => path(), 6 => directory(), 1 => Just(String::new()), 1 => Just("..".to_owned())];
    (prop_oneof![path(), directory()], target).prop_map(|(path, target)| Step::Link(path, target))
}

fn enters(path: &str) -> bool {
    !path.rsplit('/').next().unwrap().starts_with('_')
}

fn wants(path: &str) -> bool {
    path.ends_with(".md") && enters(path)
}

fn snapshot(source: &Directory) -> Snapshot {
    source.snapshot(&enters, &wants).unwrap()
}

/// The walk that one thread makes in the order of names.
#[derive(Default)]
struct Reference {
    root: PathBuf,
    entered: HashSet<PathBuf>,
    files: Vec<Found>,
    unreadable: Vec<Unreadable>,
}

impl Reference {
    fn directory(&mut self, path: &str, real: &Path, depth: usize) {
        let mut names: Vec<_> = fs::read_dir(real).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        for name in names {
            let name = name.to_str().unwrap();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let full = real.join(name);
            let metadata = fs::symlink_metadata(&full).unwrap();
            if metadata.is_symlink() {
                self.link(&path, &full, depth);
            } else if metadata.is_dir() && enters(&path) {
                self.enter(&path, &full, depth + 1);
            } else if metadata.is_file() && wants(&path) {
                self.files.push(Found { path, stamp: stamp(&metadata) });
            }
        }
    }

    fn enter(&mut self, path: &str, real: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            self.unreadable(path, "directories are nested more than 64 deep", Unreadable::FLATTEN);
        } else if self.entered.insert(real.to_owned()) {
            self.directory(path, real, depth);
        }
    }

    fn link(&mut self, path: &str, full: &Path, depth: usize) {
        if !enters(path) && !wants(path) {
            return;
        }
        let target = match full.canonicalize() {
            Ok(target) => target,
            Err(error) => return self.unreadable(path, &error.to_string(), Unreadable::RELINK),
        };
        let metadata = fs::metadata(&target).unwrap();
        if (metadata.is_dir() && !enters(path)) || (metadata.is_file() && !wants(path)) {
            return;
        }
        let Ok(inside) = target.strip_prefix(&self.root) else {
            return self.unreadable(path, "the link leads out of the source", Unreadable::MOVE_IN);
        };
        if metadata.is_file() {
            self.files.push(Found { path: path.to_owned(), stamp: stamp(&metadata) });
        } else if !inside.iter().all(|part| enters(part.to_str().unwrap())) {
            self.enter(path, &target, depth + 1);
        }
    }

    fn unreadable(&mut self, path: &str, reason: &str, remedy: &'static str) {
        self.unreadable.push(Unreadable { path: path.to_owned(), reason: reason.to_owned(), remedy });
    }
}

/// `before`, but at and below the touched paths as `look` says.
fn amended(before: Snapshot, touched: &BTreeSet<String>, look: Snapshot) -> (Vec<Found>, Vec<Unreadable>) {
    let stays = |path: &str| !made(path).iter().any(|path| touched.contains(path));
    let mut files: Vec<_> = before.files.into_iter().filter(|found| stays(&found.path)).chain(look.files).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let kept = before.unreadable.into_iter().filter(|unreadable| stays(&unreadable.path));
    let mut unreadable: Vec<_> = kept.chain(look.unreadable).collect();
    unreadable.sort_by(|a, b| a.path.cmp(&b.path));
    (files, unreadable)
}

proptest! {
    #[test]
    fn all_threads_find_what_one_finds(
        steps in prop::collection::vec(prop_oneof![3 => step(), 2 => link()], 0..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        steps.iter().for_each(|step| drop(step.take(dir.path())));
        let source = Directory::open(dir.path()).unwrap();
        let mut reference = Reference { root: source.root.clone(), ..Reference::default() };
        reference.directory("", &source.root, 0);
        reference.files.sort_by(|a, b| a.path.cmp(&b.path));
        let found = snapshot(&source);
        prop_assert_eq!(found.files, reference.files);
        prop_assert_eq!(found.unreadable, reference.unreadable);
        prop_assert!(found.whole);
    }

    #[test]
    fn a_look_at_what_was_touched_finds_what_a_walk_finds(
        before in prop::collection::vec(prop_oneof![30 => step(), 1 => link()], 0..30),
        after in prop::collection::vec(prop_oneof![10 => step(), 1 => link()], 0..6),
    ) {
        let dir = tempfile::tempdir().unwrap();
        before.iter().for_each(|step| drop(step.take(dir.path())));
        let source = Directory::open(dir.path()).unwrap();
        let old = snapshot(&source);
        let touched: BTreeSet<_> = after.iter().flat_map(|step| step.take(dir.path())).collect();
        let now = snapshot(&source);
        if old.links {
            return Ok(());
        }
        let look = source.look(&touched, &enters, &wants);
        let is_linked = |step: &Step| matches!(step, Step::Link(..));
        prop_assert!(look.is_some() || before.iter().chain(&after).any(is_linked), "there is nothing to doubt");
        if let Some(look) = look {
            prop_assert!(!now.links && look.whole);
            let (files, unreadable) = amended(old, &touched, look);
            prop_assert_eq!(files, now.files);
            prop_assert_eq!(unreadable, now.unreadable);
        }
    }
}
