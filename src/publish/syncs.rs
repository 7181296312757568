//! Files are synced while others are still made: a disk takes milliseconds for each, and the processor can do something else.
//!
//! In: files as they are written. Out: that all of them last, or a failure. Never: rayon's threads, of which there are too few
//! for waiting; nor more than [`AT_ONCE`] helpers, beside whoever waits.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::PublishError;
use super::at_once::AT_ONCE;
use super::files;

/// Files on their way to the disk. What is still to come when it is dropped is left alone.
#[derive(Debug, Default)]
pub(super) struct Syncs {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Something is to be done, or is done.
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// A file, and by which name it will be known.
    queue: Vec<(PathBuf, PathBuf)>,
    /// Files that are being synced.
    running: usize,
    helpers: usize,
    idle: usize,
    /// The first one, which stays: what it left undone is never done.
    failure: Option<(PathBuf, io::Error)>,
    is_over: bool,
}

impl Syncs {
    /// Begins to sync a file, which failures call `name`.
    pub(super) fn begin(&self, file: PathBuf, name: PathBuf) {
        let mut state = self.shared.state();
        state.queue.push((file, name));
        if state.idle == 0 && state.helpers < AT_ONCE {
            let shared = Arc::clone(&self.shared);
            // Where the system gives no more threads, those that there are do it all, and who waits helps.
            state.helpers += usize::from(thread::Builder::new().spawn(move || shared.help()).is_ok());
        }
        drop(state);
        self.shared.news.notify_one();
    }

    /// Waits until all files last.
    pub(super) fn wait(&self) -> Result<(), PublishError> {
        let mut state = self.shared.state();
        loop {
            if let Some((name, error)) = &state.failure {
                return Err(PublishError::io(name, io::Error::new(error.kind(), error.to_string())));
            }
            state = match state.queue.pop() {
                Some(next) => self.shared.sync(state, &next),
                None if state.running == 0 => return Ok(()),
                None => self.shared.news.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Drop for Syncs {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.is_over = true;
        state.queue.clear();
        drop(state);
        self.shared.news.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn help(&self) {
        let mut state = self.state();
        while !state.is_over {
            state = match state.queue.pop() {
                Some(next) => self.sync(state, &next),
                None => {
                    state.idle += 1;
                    let mut woken = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
                    woken.idle -= 1;
                    woken
                }
            };
        }
    }

    fn sync<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        (file, name): &(PathBuf, PathBuf),
    ) -> MutexGuard<'s, State> {
        state.running += 1;
        drop(state);
        let result = files::sync(file);
        let mut state = self.state();
        state.running -= 1;
        if let Err(error) = result {
            state.failure.get_or_insert((name.clone(), error));
        }
        self.news.notify_all();
        state
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn who_waits_waits_for_all_and_again_for_more() {
        let dir = tempfile::tempdir().unwrap();
        let syncs = Syncs::default();
        syncs.wait().unwrap();
        for round in 0..3 {
            for number in 0..50 {
                let file = dir.path().join(format!("{round}-{number}"));
                fs::write(&file, "text").unwrap();
                syncs.begin(file.clone(), file);
            }
            syncs.wait().unwrap();
            let state = syncs.shared.state();
            assert_eq!((state.queue.len(), state.running), (0, 0));
            assert!(state.helpers <= AT_ONCE);
        }
    }

    #[test]
    fn a_failure_is_told_by_the_name_of_the_document() {
        let dir = tempfile::tempdir().unwrap();
        let syncs = Syncs::default();
        let (there, name) = (dir.path().join("there"), dir.path().join("feed.atom"));
        fs::write(&there, "text").unwrap();
        for number in 0..20 {
            let file = if number == 7 { dir.path().join("gone") } else { there.clone() };
            syncs.begin(file, name.clone());
        }
        for _ in 0..2 {
            assert!(syncs.wait().unwrap_err().to_string().contains("feed.atom"));
        }
    }

    #[test]
    fn nobody_stays_when_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "text").unwrap();
        let syncs = Syncs::default();
        (0..10).for_each(|_| syncs.begin(file.clone(), file.clone()));
        let shared = Arc::downgrade(&syncs.shared);
        drop(syncs);
        let gone = || (0..1_000_000).any(|_| shared.upgrade().is_none() || (thread::yield_now(), false).1);
        assert!(gone(), "somebody stays");
    }
}
