//! A bare copy of a remote repository, below the state directory.
//!
//! In: which remote. Out: the copy, as it is at hand or as it is now. Never: half a copy under the name of a whole one, or
//! two processes that write to it.

#![expect(clippy::disallowed_methods, reason = "this is where mirrors are kept")]

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::command::{self, CommandError};
use super::fetch::{self, FetchError, Progress};
use super::objects::Objects;
use crate::config::{Git, Remote};

/// How often it is looked whether another process is done.
const TICK: Duration = Duration::from_millis(20);

/// A remote that is too large is not downloaded once more before so long.
const LARGE_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What git says when its own repository is at fault.
const DAMAGES: [&str; 20] = [
    "bad object",
    "bad tree object",
    "missing blob",
    "missing tree",
    "is corrupt",
    "corrupt loose object",
    "is empty",
    "unable to read",
    "not a git repository",
    "did not send all necessary objects",
    "bad config",
    "error: packfile",
    "to be a packfile",
    "is not a GIT packfile",
    "unresolved deltas",
    "index file",
    "non-monotonic index",
    "wrong index v",
    "unable to find",
    "failed to traverse parents",
];

/// The mirror of one remote.
pub(super) struct Mirror<'a> {
    git: &'a Git,
    remote: &'a Remote,
    /// Where it is, if it is there.
    pub(super) dir: PathBuf,
    /// What leads to the commit that was fetched last, of this branch.
    pub(super) reference: String,
}

impl<'a> Mirror<'a> {
    pub(super) fn of(git: &'a Git, remote: &'a Remote) -> Self {
        let reference = match &git.branch {
            Some(branch) => format!("refs/tidings/branch-{}", digest(branch)),
            None => "refs/tidings/head".to_owned(),
        };
        Self { git, remote, dir: git.mirrors.join(digest(&remote.url)), reference }
    }

    /// The file that says that it is damaged.
    pub(super) fn mark(&self) -> PathBuf {
        self.dir.with_extension("damaged")
    }

    /// The file that says that a new one is too large as well, and for which bound.
    fn large(&self) -> PathBuf {
        self.dir.with_extension("large")
    }

    /// Whether a new one was too large lately. History may be rewritten again.
    fn is_known_as_large(&self) -> bool {
        let written = fs::metadata(self.large()).and_then(|metadata| metadata.modified());
        let is_recent = written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < LARGE_FOR));
        is_recent && fs::read_to_string(self.large()).is_ok_and(|bound| bound == self.git.max_bytes.to_string())
    }

    /// Brings it to where the remote is now. If it is damaged, it is made anew.
    pub(super) fn fetch(&self, progress: Progress<'_>) -> Result<(), FetchError> {
        self.make_room().map_err(|reason| self.unwritten(&self.git.mirrors, reason))?;
        let _lock = self.lock()?;
        for dir in self.unfinished() {
            // A git whose Tidings was killed may still be at work in it.
            let _ = remove(&dir);
        }
        if self.mark().exists() || !self.is_sound() {
            return self.make(progress);
        }
        tidy(&self.dir);
        let before = self.commit();
        match self.fetch_into(&self.dir, progress) {
            Err(FetchError::Command { error: CommandError::Refused(said) }) if is_damage(&said) => self.make(progress),
            // History that was rewritten is in it as well.
            Err(FetchError::TooLarge(_)) if !self.is_known_as_large() => {
                tidy(&self.dir);
                let made = self.make(progress);
                if matches!(made, Err(FetchError::TooLarge(_))) {
                    // If this cannot be noted, it is tried again.
                    let _ = fs::write(self.large(), self.git.max_bytes.to_string());
                }
                made
            }
            Err(error) => {
                tidy(&self.dir);
                Err(error)
            }
            Ok(()) => {
                // What it was too large with may be gone; if the note stays, it is believed for a day.
                let _ = remove_file(&self.large());
                // Nobody waits for news that there are none of.
                if self.commit() == before {
                    fetch::keep_up(&self.dir);
                }
                Ok(())
            }
        }
    }

    /// Makes it under another name, so that what is there stays until the new one is whole.
    fn make(&self, progress: Progress<'_>) -> Result<(), FetchError> {
        let new = self.unfinished().find(|dir| !dir.exists()).ok_or(FetchError::Busy)?;
        let made = fetch::init(&new).and_then(|()| self.fetch_into(&new, progress)).and_then(|()| {
            let moved =
                remove(&self.dir).and_then(|()| fs::rename(&new, &self.dir)).and_then(|()| remove_file(&self.mark()));
            moved.map_err(|reason| self.unwritten(&self.dir, reason))
        });
        if made.is_err() {
            // What is left of it would only fill the disk.
            let _ = remove(&new);
        }
        made
    }

    /// Where mirrors are until they are whole.
    fn unfinished(&self) -> impl Iterator<Item = PathBuf> {
        (0..8).map(|number| self.dir.with_extension(format!("new{number}")))
    }

    fn fetch_into(&self, dir: &Path, progress: Progress<'_>) -> Result<(), FetchError> {
        let bytes = || size(&dir.join("objects"));
        fetch::fetch(dir, (self.git, self.remote), &self.reference, &bytes, progress)
    }

    /// Whether it is there and can be read: the commit that it leads to, if any, and that one's tree.
    fn is_sound(&self) -> bool {
        let Ok(objects) = Objects::open(&self.dir) else { return false };
        objects.commit(&self.reference).and_then(|found| found.map(|(_, tree)| objects.tree(tree)).transpose()).is_ok()
    }

    fn commit(&self) -> Option<gix::ObjectId> {
        Objects::open(&self.dir).ok()?.commit(&self.reference).ok()?.map(|(id, _)| id)
    }

    /// What is in a mirror is nobody else's: the remote may have asked for a password.
    fn make_room(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        self.git.mirrors.parent().map_or(Ok(()), fs::create_dir_all)?;
        builder.recursive(true).create(&self.git.mirrors)
    }

    /// Waits for other processes, which are bounded as this one is.
    fn lock(&self) -> Result<File, FetchError> {
        let path = self.dir.with_extension("lock");
        let unwritten = |reason| self.unwritten(&path, reason);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unwritten)?;
        let until = Instant::now() + self.git.timeout;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < until && !command::is_ending() => {
                    std::thread::sleep(TICK);
                }
                Err(TryLockError::WouldBlock) => return Err(FetchError::Busy),
                Err(TryLockError::Error(reason)) => return Err(unwritten(reason)),
            }
        }
    }

    fn unwritten(&self, path: &Path, reason: io::Error) -> FetchError {
        FetchError::Mirror { path: path.display().to_string(), reason }
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn remove_file(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Whether git complains about the mirror, rather than about the remote, whose words it marks.
pub(super) fn is_damage(said: &str) -> bool {
    said.split("; ").any(|line| !line.starts_with("remote:") && DAMAGES.iter().any(|damage| line.contains(damage)))
}

/// Takes away what a git that was killed has left behind: locks, which would stop the next one, and half a download, which
/// would fill the disk. Nobody else writes here.
fn tidy(dir: &Path) {
    let is_left = |name: &str| name.ends_with(".lock") || name.starts_with("tmp_") || name == "gc.pid";
    let entries = |dir: PathBuf| fs::read_dir(dir).into_iter().flatten().flatten();
    let objects = entries(dir.join("objects")).map(|entry| entry.path());
    for place in ["", "refs", "refs/tidings"].map(|place| dir.join(place)).into_iter().chain(objects) {
        for entry in entries(place) {
            if entry.file_name().to_str().is_some_and(is_left) {
                // If it stays, git says so.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// How many bytes all files below a directory have. Files that go in the meantime have none.
fn size(dir: &Path) -> u64 {
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        metadata => metadata.map_or(0, |metadata| metadata.len()),
    };
    fs::read_dir(dir).into_iter().flatten().flatten().map(size).sum()
}
