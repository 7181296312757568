//! The directories that are watched, one watch each.
//!
//! In: an [`Area`], and the system's events. Out: [`Note`]s with paths relative to the root. A directory is watched before it is
//! looked into, so that no file slips in between. Never: reads a file.

#![expect(clippy::disallowed_methods, reason = "this is where the directories of a source are walked")]

use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, WatcherKind};

use super::area::{Area, Inside, parent, relative};
use super::burst::Note;
use super::inbox::Inbox;

/// More links than this on the way to the root are a circle.
const MAX_LINKS: usize = 40;

/// Why a directory cannot be watched.
#[derive(Debug, thiserror::Error)]
pub(super) enum Obstacle {
    /// The root is not there, or closed.
    #[error("{0}")]
    Root(#[from] io::Error),
    /// The system has no more watches to give.
    #[error("the system's limit of watches is reached: raise it with `sysctl fs.inotify.max_user_watches=1048576`")]
    Limit,
    /// Anything else.
    #[error("{0}: see whether the limit of watchers is reached (`sysctl fs.inotify.max_user_instances`)")]
    System(notify::Error),
}

impl From<notify::Error> for Obstacle {
    fn from(error: notify::Error) -> Self {
        match error.kind {
            ErrorKind::MaxFilesWatch => Self::Limit,
            _ => Self::System(error),
        }
    }
}

/// A root with all that is watched below it.
pub(super) struct Tree {
    area: Area,
    inside: Inside,
    root: PathBuf,
    identity: Identity,
    /// Links on the way to the root.
    hinges: Vec<PathBuf>,
    watcher: RecommendedWatcher,
    /// What links in the tree lead to, resolved. If there is anything, files have several names, and any may be meant.
    targets: HashSet<PathBuf>,
    /// What is there while Git changes many files, if the root is in a working tree.
    lock: Option<PathBuf>,
    is_git_at_work: bool,
}

impl Tree {
    /// Watches everything in `area` as it is now.
    pub(super) fn grow(area: Area, inbox: &Arc<Inbox>) -> Result<Self, Obstacle> {
        let root = area.path.canonicalize()?;
        let identity = Identity::of(&root)?;
        let (inside, hinges) = (area.below(&root), hinges(&area.path));
        let watcher = notify::recommended_watcher(Arc::clone(inbox).handler())?;
        let lock =
            root.ancestors().map(|dir| dir.join(".git")).find(|git| git.is_dir()).map(|git| git.join("index.lock"));
        let (targets, is_git_at_work) = (HashSet::new(), false);
        let mut tree = Self { area, inside, root, identity, hinges, watcher, targets, lock, is_git_at_work };
        for hinge in tree.hinges.clone() {
            // Who may not be watched is looked at now and then.
            if let Some(place) = hinge.parent() {
                let _ = tree.watcher.watch(place, RecursiveMode::NonRecursive);
            }
        }
        tree.watch("")?;
        Ok(tree)
    }

    /// Where it is, without links.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the root's name still leads to the directory that is watched. A disk that is mounted over it, or a
    /// directory above it that is renamed, raises no event.
    pub(super) fn stands(&self) -> bool {
        let is_same = |root: PathBuf| root == self.root && Identity::of(&root).is_ok_and(|now| now == self.identity);
        self.area.path.canonicalize().is_ok_and(is_same)
    }

    /// Whether Git was changing the tree when it was looked at last.
    pub(super) fn is_git_at_work(&self) -> bool {
        self.is_git_at_work
    }

    /// Says whether Git changes the tree: half of a pull is no state that anybody wrote.
    pub(super) fn look_at_git(&mut self) -> Option<Note> {
        let before = self.is_git_at_work;
        self.is_git_at_work = self.lock.as_ref().is_some_and(|lock| lock.exists());
        match (before, self.is_git_at_work) {
            (_, true) => Some(Note::Busy),
            (true, false) => Some(Note::Idle),
            (false, false) => None,
        }
    }

    /// Says what an event means. `None`: the watch has missed something and has to be renewed.
    pub(super) fn read(&mut self, event: &Event) -> Result<Option<Vec<Note>>, Obstacle> {
        // Both names of a rename have been told one by one.
        if event.kind == EventKind::Modify(ModifyKind::Name(RenameMode::Both)) && is_inotify() {
            return Ok(Some(Vec::new()));
        }
        if event.need_rescan() {
            return Ok(None);
        }
        let mut notes = Vec::new();
        for path in &event.paths {
            if self.hinges.contains(path) {
                return Ok(None);
            }
            match relative(&self.root, path) {
                Some(path) if path.is_empty() && is_end(event.kind) => return Ok(None),
                Some(path) => notes.extend(self.read_one(event.kind, path)?),
                // A name that is no UTF-8 has no path: what holds it has.
                None if path.starts_with(&self.root) => notes.push(Note::Anything),
                None => {}
            }
        }
        Ok(Some(notes))
    }

    fn read_one(&mut self, kind: EventKind, path: String) -> Result<Option<Note>, Obstacle> {
        let is_writing = matches!(kind, EventKind::Modify(ModifyKind::Data(_))) && is_inotify();
        if is_writing && !self.inside.wants(&path) {
            return Ok(None);
        }
        let is_dir = is_directory(kind, &self.full(&path));
        let is_ours = || self.inside.reaches(parent(&path)) && (!is_dir || self.inside.enters(&path));
        // What was moved away may have been one.
        let may_be_dir = is_dir || matches!(kind, EventKind::Modify(ModifyKind::Name(_)));
        if path.is_empty() || !self.inside.minds(&path, may_be_dir) || !(self.has_links() || is_ours()) {
            return Ok(None);
        }
        self.appeared(kind, &path)?;
        Ok(Some(match kind {
            _ if self.has_links() => Note::Anything,
            _ if is_writing => Note::Writing(path),
            EventKind::Access(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => Note::Whole(path),
            _ => Note::Touched(path),
        }))
    }

    /// Watches a directory, or what a link leads to, that may have come here.
    fn appeared(&mut self, kind: EventKind, path: &str) -> Result<(), Obstacle> {
        use ModifyKind::{Metadata, Name};
        // One that was closed may have been opened.
        let may_be_new =
            matches!(kind, EventKind::Create(_) | EventKind::Modify(Name(_) | Metadata(_)) | EventKind::Any);
        match fs::symlink_metadata(self.full(path)).map(|metadata| metadata.file_type()) {
            Ok(kind) if may_be_new && kind.is_dir() && self.inside.enters(path) => self.watch(path),
            Ok(kind) if may_be_new && kind.is_symlink() => {
                let found = self.follow(path);
                found.map_or(Ok(()), |dir| self.watch(&dir))
            }
            _ => Ok(()),
        }
    }

    /// Watches a directory and all below it.
    fn watch(&mut self, dir: &str) -> Result<(), Obstacle> {
        let mut ahead = vec![dir.to_owned()];
        while let Some(dir) = ahead.pop() {
            if !self.watch_one(&dir)? {
                continue;
            }
            // What has gone meanwhile tells so itself.
            let Ok(entries) = fs::read_dir(self.full(&dir)) else { continue };
            for entry in entries.flatten() {
                let (Some(path), Ok(kind)) =
                    (relative(&self.root, &self.full(&dir).join(entry.file_name())), entry.file_type())
                else {
                    continue;
                };
                if kind.is_symlink() {
                    ahead.extend(self.follow(&path));
                } else if kind.is_dir() && self.inside.enters(&path) {
                    ahead.push(path);
                }
            }
        }
        Ok(())
    }

    /// Whether there is such a directory, which is watched from now on.
    fn watch_one(&mut self, dir: &str) -> Result<bool, Obstacle> {
        if !is_inotify() && !dir.is_empty() {
            return Ok(true);
        }
        let mode = if is_inotify() { RecursiveMode::NonRecursive } else { RecursiveMode::Recursive };
        match self.watcher.watch(&self.full(dir), mode) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) || dir.is_empty() => Err(error.into()),
            // Gone again, or closed.
            Err(_) => Ok(false),
        }
    }

    /// What a link leads to, if it is inside the root and not watched yet: a directory, or the one that a file is in.
    fn follow(&mut self, path: &str) -> Option<String> {
        let target = self.full(path).canonicalize().ok()?;
        let inside = relative(&self.root, &target)?;
        let is_dir = target.is_dir();
        if is_dir && (!self.inside.enters(path) || self.inside.reaches(&inside)) {
            return None;
        }
        let dir = if is_dir { path } else { parent(&inside) };
        self.targets.insert(target).then(|| dir.to_owned())
    }

    fn has_links(&self) -> bool {
        !self.targets.is_empty()
    }

    fn full(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

/// Which directory a root is: none has the same while it is there.
#[derive(Debug, PartialEq, Eq)]
struct Identity(#[cfg(unix)] (u64, u64));

impl Identity {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(path)?;
        Ok(Self((metadata.dev(), metadata.ino())))
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self())
    }
}

/// Whether an event may mean that something is another one: most mean that somebody reads.
pub(super) fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Watches of single directories, which tell the end of writing, too. Elsewhere one watch is for all below.
fn is_inotify() -> bool {
    RecommendedWatcher::kind() == WatcherKind::Inotify
}

/// Whether this is the end of what it happens to.
fn is_end(kind: EventKind) -> bool {
    matches!(kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
}

fn is_directory(kind: EventKind, full: &Path) -> bool {
    use notify::event::{CreateKind, RemoveKind};
    match kind {
        EventKind::Create(CreateKind::Folder) | EventKind::Remove(RemoveKind::Folder) => true,
        EventKind::Create(CreateKind::Any) | EventKind::Modify(ModifyKind::Name(_) | ModifyKind::Metadata(_)) => {
            full.is_dir()
        }
        _ => false,
    }
}

/// The links that are passed on the way to `path`, as they are named.
fn hinges(path: &Path) -> Vec<PathBuf> {
    let parts = |path: &Path| path.components().map(|part| part.as_os_str().to_owned()).collect::<VecDeque<OsString>>();
    let (mut found, mut real, mut ahead) = (Vec::new(), PathBuf::new(), parts(path));
    while let Some(part) = ahead.pop_front() {
        if part == ".." {
            real.pop();
            continue;
        }
        real.push(part);
        if let Ok(target) = fs::read_link(&real) {
            if found.len() == MAX_LINKS {
                break;
            }
            found.push(real.clone());
            real.pop();
            let mut target = parts(&target);
            target.append(&mut ahead);
            ahead = target;
        }
    }
    found
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_was_missed_asks_for_another_watch() {
        let dir = tempfile::tempdir().unwrap();
        let area = Area::new(dir.path().to_owned(), Arc::new(|_| true), Arc::new(|_| true), Vec::new());
        let mut tree = Tree::grow(area, &Arc::default()).unwrap();
        let overflow = Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        assert_eq!(tree.read(&overflow).unwrap(), None);
        let end = Event::new(EventKind::Remove(notify::event::RemoveKind::Folder)).add_path(tree.root().to_owned());
        assert_eq!(tree.read(&end).unwrap(), None);
        let elsewhere = Event::new(EventKind::Any).add_path("/elsewhere/x".into());
        assert_eq!(tree.read(&elsewhere).unwrap(), Some(Vec::new()));
        assert!(tree.stands());
    }

    #[test]
    fn links_on_the_way_are_found_through_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("releases/2/site")).unwrap();
        symlink("releases/2", base.join("current")).unwrap();
        symlink(base.join("current/../../current/site"), base.join("blog")).unwrap();
        let passed: Vec<_> = hinges(&base.join("blog")).iter().map(|hinge| relative(&base, hinge).unwrap()).collect();
        assert_eq!(passed, ["blog", "current", "current"]);
        assert!(hinges(&base.join("releases/2")).is_empty());
        symlink("b", base.join("a")).unwrap();
        symlink("a", base.join("b")).unwrap();
        assert_eq!(hinges(&base.join("a")).len(), MAX_LINKS);
    }
}
