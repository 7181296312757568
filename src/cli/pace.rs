//! When the next scan is, why, and what it has to look at.
//!
//! In: the schedule, what comes due, how scans went, the watch, who asks, the clock. Out: a [`Reason`] at its time. Never: two
//! scans for what came while one ran.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

use super::clock::Clock;
use crate::config::Config;
use crate::sources::Touched;
use crate::sources::watch::{Area, Watch};

/// The first scan after one that failed; each further one waits twice as long.
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(2);
/// No retry waits longer.
const LONGEST_RETRY: TimeDelta = TimeDelta::minutes(15);
/// A clock that is set back by less goes on as it should.
const SET_BACK: TimeDelta = TimeDelta::seconds(1);

/// Why a scan is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The daemon has started.
    Start,
    /// The schedule says so.
    Schedule,
    /// A post comes due, or runs out.
    Due,
    /// Files were touched.
    Watch,
    /// Somebody asks for it.
    Request,
    /// The one before failed.
    Retry,
    /// The clock has leapt.
    Clock,
}

impl Reason {
    /// What logs and metrics call it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Schedule => "schedule",
            Self::Due => "due",
            Self::Watch => "watch",
            Self::Request => "request",
            Self::Retry => "retry",
            Self::Clock => "clock",
        }
    }
}

/// What decides about the next scan.
pub(super) struct Pace {
    clock: Clock,
    watch: Option<Watch>,
    /// What no good scan has looked at since it changed.
    touched: Touched,
    failures: u32,
    due: Option<DateTime<Utc>>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { clock: Clock::new(), watch: None, touched: Touched::Anything, failures: 0, due: None }
    }

    /// Watches this from now on, or nothing.
    pub(super) fn follow(&mut self, area: Option<Area>) {
        match (&self.watch, area) {
            (Some(watch), Some(area)) => watch.follow(area),
            (None, Some(area)) => self.watch = Some(Watch::start(area)),
            (_, None) => self.watch = None,
        }
    }

    /// Waits until everything is watched, so that the first scan need not be done again: not for long, if there is much.
    pub(super) async fn settle(&mut self, patience: std::time::Duration) {
        if let Some(watch) = &self.watch {
            let _ = tokio::time::timeout(patience, watch.next()).await;
        }
    }

    /// The time that a scan goes by. It makes good for a leap of the clock until now.
    pub(super) fn now(&mut self) -> DateTime<Utc> {
        let now = self.clock.now();
        self.clock.has_leapt();
        now
    }

    /// What a scan for this reason has to look at.
    pub(super) fn touched(&mut self, reason: Reason) -> &Touched {
        let unseen = match (reason, &self.watch) {
            // What touches the tree just now is not at rest.
            (Reason::Watch, _) => Touched::nothing(),
            (_, None) => Touched::Anything,
            (Reason::Due | Reason::Retry, Some(watch)) => watch.taken(),
            (Reason::Start | Reason::Schedule | Reason::Request | Reason::Clock, Some(watch)) => {
                drop(watch.taken());
                Touched::Anything
            }
        };
        self.touched.add(unseen);
        &self.touched
    }

    /// Notes that everything was looked at, and when the next post comes due. What only a fetch may mend is tried again if there
    /// was `fetched` none.
    pub(super) fn succeeded(&mut self, due: Option<DateTime<Utc>>, fetched: bool) {
        (self.touched, self.due) = (Touched::nothing(), due);
        if fetched {
            self.failures = 0;
        }
    }

    /// Notes that a scan came to nothing: the next one has to look at what it has not.
    pub(super) fn failed(&mut self, reason: Reason) {
        self.failures += 1;
        if reason == Reason::Due {
            // What is due is no reason to try without a pause.
            self.due = None;
        }
    }

    /// Waits for the next reason to scan.
    pub(super) async fn next(&mut self, config: &Arc<Config>, rescan: &Notify) -> Reason {
        let Self { clock, watch, touched, failures, due } = self;
        let plan = |now| plan(config, *failures, *due, now);
        tokio::select! {
            () = rescan.notified() => Reason::Request,
            more = changes(watch.as_ref()) => {
                touched.add(more);
                Reason::Watch
            }
            reason = time(clock, plan) => reason,
        }
    }
}

async fn changes(watch: Option<&Watch>) -> Touched {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

/// Waits for a planned time. A clock that is set back asks for another plan.
async fn time(clock: &mut Clock, plan: impl Fn(DateTime<Utc>) -> (DateTime<Utc>, Reason)) -> Reason {
    let mut now = clock.now();
    let (mut at, mut reason) = plan(now);
    loop {
        let before = now;
        now = clock.now();
        if clock.has_leapt() {
            return Reason::Clock;
        }
        if now + SET_BACK < before {
            (at, reason) = plan(now);
        }
        if now >= at {
            return reason;
        }
        clock.until(at).await;
    }
}

/// The next moment at which there may be something to do, and what.
fn plan(config: &Config, failures: u32, due: Option<DateTime<Utc>>, now: DateTime<Utc>) -> (DateTime<Utc>, Reason) {
    let zone = config.site.timezone;
    let scheduled = config.schedule.next_after(now.with_timezone(&zone)).map(|at| (at.to_utc(), Reason::Schedule));
    let wait = || (FIRST_RETRY * 2i32.pow((failures - 1).min(9))).min(LONGEST_RETRY);
    let retry = (failures > 0).then(|| (now + wait(), Reason::Retry));
    let due = due.map(|due| (due, Reason::Due));
    let first = due.into_iter().chain(scheduled).chain(retry).min_by_key(|(at, _)| *at);
    let (at, reason) = first.unwrap_or((now + TimeDelta::days(1), Reason::Schedule));
    tracing::debug!(at = %at.to_rfc3339(), reason = reason.as_str(), "the next scan");
    (at, reason)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files that are watched")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{ConfigFile, SiteDefaults, Surroundings};

    const PATIENCE: Duration = Duration::from_secs(30);

    fn config(dir: &std::path::Path) -> Arc<Config> {
        let yaml = "site: {url: \"https://example.com\"}\nschedule: \"0 0 1 1 *\"\n".to_owned();
        let file = ConfigFile::parse("tidings.yaml", dir, yaml).unwrap();
        Arc::new(file.check(&SiteDefaults::default(), &Surroundings { out: None, env: None }).unwrap())
    }

    fn only(paths: &[&str]) -> Touched {
        Touched::Only(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    #[tokio::test]
    async fn what_a_failed_scan_was_to_look_at_the_next_one_looks_at() {
        let dir = tempfile::tempdir().unwrap();
        let (config, rescan, mut pace) = (config(dir.path()), Notify::new(), Pace::new());
        pace.follow(Some(Area::new(dir.path().to_owned(), Arc::new(|_| true), Arc::new(|_| true), Vec::new())));
        pace.settle(PATIENCE).await;
        assert_eq!(*pace.touched(Reason::Start), Touched::Anything);
        pace.succeeded(None, true);
        assert_eq!(*pace.touched(Reason::Due), Touched::nothing());
        for (name, all) in [("a", &["a"][..]), ("b", &["a", "b"])] {
            std::fs::write(dir.path().join(name), "x").unwrap();
            assert_eq!(pace.next(&config, &rescan).await, Reason::Watch);
            assert_eq!(*pace.touched(Reason::Watch), only(all));
            pace.failed(Reason::Retry);
        }
        assert_eq!(*pace.touched(Reason::Retry), only(&["a", "b"]));
        rescan.notify_one();
        rescan.notify_one();
        assert_eq!(pace.next(&config, &rescan).await, Reason::Request);
        assert_eq!(*pace.touched(Reason::Request), Touched::Anything);
        pace.succeeded(None, true);
        assert_eq!(*pace.touched(Reason::Retry), Touched::nothing());
        pace.follow(None);
        assert_eq!(*pace.touched(Reason::Due), Touched::Anything, "nobody watches");
    }

    #[test]
    fn the_next_scan_is_the_first_that_anybody_asks_for_and_never_without_a_pause() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        let now: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        let seconds = |seconds| now + TimeDelta::seconds(seconds);
        let plan = |failures, due: Option<i64>| plan(&config, failures, due.map(seconds), now);
        let new_year: DateTime<Utc> = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(plan(0, None), (new_year, Reason::Schedule));
        assert_eq!(plan(0, Some(5)), (seconds(5), Reason::Due));
        assert_eq!(plan(0, Some(-5)), (seconds(-5), Reason::Due));
        assert_eq!(plan(1, Some(5)), (seconds(2), Reason::Retry));
        assert_eq!(plan(3, Some(5)), (seconds(5), Reason::Due));
        assert_eq!(plan(3, Some(-5)), (seconds(-5), Reason::Due));
        assert_eq!(plan(u32::MAX, None), (seconds(900), Reason::Retry));
    }
}
