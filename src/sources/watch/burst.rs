//! Events that come together are one look at the source.
//!
//! In: notes of what happened, as they come. Out: all that was touched, once the tree is at rest. Never: I/O.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::super::Touched;

/// So long nothing has to happen: an editor's save is over within it, and nobody sees the wait.
pub(super) const QUIET: Duration = Duration::from_millis(5);
/// A burst without an end is looked at so often.
pub(super) const LONGEST: Duration = Duration::from_millis(250);
/// A file that somebody has open and writes to is waited for so long: half a post is worse than a late one.
pub(super) const WRITING: Duration = Duration::from_secs(2);
/// More files than this are not watched for their end.
const MAX_WRITTEN: usize = 1000;

/// What happened to a file or directory. Paths are relative to the root, with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// Nobody knows what.
    Anything,
    /// It is another one, or stands elsewhere.
    Touched(String),
    /// Somebody writes to it, and the end of that will be told.
    Writing(String),
    /// It was closed by who wrote to it, moved or deleted.
    Whole(String),
    /// Somebody is changing many files, and the end of that will be told.
    Busy,
    /// That is over.
    Idle,
}

/// What has happened since somebody looked.
#[derive(Debug)]
struct Burst {
    touched: Touched,
    /// Files that are open and half written.
    written: BTreeSet<String>,
    is_busy: bool,
    first: Instant,
    last: Instant,
}

impl Burst {
    fn new(now: Instant) -> Self {
        Self { touched: Touched::nothing(), written: BTreeSet::new(), is_busy: false, first: now, last: now }
    }

    fn note(&mut self, note: Note, now: Instant) {
        self.last = now;
        match &note {
            Note::Writing(path) if self.written.len() < MAX_WRITTEN => drop(self.written.insert(path.clone())),
            Note::Whole(path) => drop(self.written.remove(path)),
            Note::Busy | Note::Idle => self.is_busy = note == Note::Busy,
            Note::Anything | Note::Touched(_) | Note::Writing(_) => {}
        }
        self.touched.add(match note {
            Note::Anything => Touched::Anything,
            Note::Touched(path) | Note::Writing(path) | Note::Whole(path) => Touched::Only([path].into()),
            Note::Busy | Note::Idle => Touched::nothing(),
        });
    }

    /// When it is looked at.
    fn due(&self) -> Instant {
        match self.written.is_empty() && !self.is_busy {
            true => (self.last + QUIET).min(self.first + LONGEST),
            false => self.first + WRITING,
        }
    }
}

/// A burst that one task fills and another one waits for.
#[derive(Debug, Default)]
pub(super) struct Bursts {
    burst: Mutex<Option<Burst>>,
    noted: Notify,
}

impl Bursts {
    /// Writes down what happened.
    pub(super) fn note(&self, notes: impl IntoIterator<Item = Note>) {
        let mut burst = self.burst.lock().unwrap_or_else(PoisonError::into_inner);
        for note in notes {
            let now = Instant::now();
            if burst.is_none() && matches!(note, Note::Busy | Note::Idle) {
                continue;
            }
            burst.get_or_insert_with(|| Burst::new(now)).note(note, now);
        }
        self.noted.notify_one();
    }

    /// Waits for the end of a burst. Nothing is lost if the wait is given up.
    pub(super) async fn next(&self) -> Touched {
        loop {
            let due = self.due();
            match due {
                Some(due) if due <= Instant::now() => return self.taken(),
                Some(due) => tokio::select! {
                    () = sleep_until(due) => {}
                    () = self.noted.notified() => {}
                },
                None => self.noted.notified().await,
            }
        }
    }

    /// What has happened until now, at rest or not.
    pub(super) fn taken(&self) -> Touched {
        let burst = mem::take(&mut *self.burst.lock().unwrap_or_else(PoisonError::into_inner));
        burst.map_or_else(Touched::nothing, |burst| burst.touched)
    }

    fn due(&self) -> Option<Instant> {
        self.burst.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Burst::due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(paths: &[&str]) -> Touched {
        Touched::Only(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    fn touched(path: &str) -> Note {
        Note::Touched(path.to_owned())
    }

    /// Plays notes at these milliseconds, and gives back when what was looked at, up to the end of the last burst.
    async fn looks(script: Vec<(u64, Note)>) -> Vec<(u64, Touched)> {
        let (bursts, start) = (Bursts::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let end = script.iter().map(|(ms, _)| *ms).max().unwrap_or(0) + 10_000;
        let play = async {
            for (ms, note) in script {
                sleep_until(at(ms)).await;
                bursts.note([note]);
            }
            sleep_until(at(end)).await;
        };
        let mut seen = Vec::new();
        let look = async {
            loop {
                let touched = bursts.next().await;
                seen.push((u64::try_from(start.elapsed().as_millis()).unwrap(), touched));
            }
        };
        tokio::select! { () = play => {} () = look => {} }
        seen
    }

    #[tokio::test(start_paused = true)]
    async fn a_save_in_a_quiet_tree_is_looked_at_within_milliseconds() {
        assert_eq!(looks(vec![(100, touched("a"))]).await, [(105, only(&["a"]))]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_together_is_one_look() {
        let script = vec![(0, touched("a")), (4, touched("b")), (8, touched("a")), (40, touched("c"))];
        assert_eq!(looks(script).await, [(13, only(&["a", "b"])), (45, only(&["c"]))]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_without_an_end_is_looked_at_all_the_same() {
        let script = (0..250).map(|n| (n * 4, touched("a"))).collect();
        let times: Vec<u64> = looks(script).await.into_iter().map(|(at, _)| at).collect();
        assert_eq!(times.len(), 4, "{times:?}");
        assert!(times[0] == 250 && times.windows(2).all(|pair| pair[1] - pair[0] <= 260), "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_post_is_waited_for() {
        let writing = |path: &str| Note::Writing(path.to_owned());
        let script = vec![(0, writing("a")), (3, touched("b")), (900, writing("a")), (901, Note::Whole("a".into()))];
        assert_eq!(looks(script).await, [(901, only(&["a", "b"]))]);
        let endless = (0..20).map(|n| (n * 150, writing("log"))).collect();
        let times: Vec<u64> = looks(endless).await.into_iter().map(|(at, _)| at).collect();
        assert_eq!(times, [2000, 4100]);
    }

    #[tokio::test(start_paused = true)]
    async fn half_of_a_pull_is_waited_for() {
        let script = vec![(0, touched("a")), (1, Note::Busy), (700, touched("b")), (720, Note::Idle)];
        assert_eq!(looks(script).await, [(720, only(&["a", "b"]))]);
        assert_eq!(looks(vec![(0, Note::Busy), (20, Note::Idle)]).await, [], "nothing has changed");
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_knows_is_anything() {
        let script = vec![(0, touched("a")), (1, Note::Anything)];
        assert_eq!(looks(script).await, [(6, Touched::Anything)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_given_up_loses_nothing() {
        let bursts = Bursts::default();
        bursts.note([touched("a")]);
        assert!(tokio::time::timeout(Duration::from_millis(1), bursts.next()).await.is_err());
        assert_eq!(bursts.next().await, only(&["a"]));
        assert_eq!(bursts.taken(), Touched::nothing());
    }
}
