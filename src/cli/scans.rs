//! The daemon's scans: at the start, by schedule, when a post comes due, when somebody asks, and again soon after a failure.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::run::State;
use super::told::Told;
use crate::config::Config;
use crate::scan::{Run, Scanner};
use crate::sources::Touched;

/// Finished deliveries and their attempts are kept for so long.
pub(super) const RETENTION: TimeDelta = TimeDelta::days(30);
/// The first scan after one that failed; each further one waits twice as long.
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(2);
/// No retry waits longer.
const LONGEST_RETRY: TimeDelta = TimeDelta::minutes(15);
/// A sleep never lasts longer, so that a clock that jumps or a machine that wakes up is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// All that scanning needs.
pub(super) struct Scans {
    pub(super) config: std::sync::Arc<Config>,
    pub(super) state: State,
    pub(super) scanner: Scanner,
    /// The operator has confirmed the removals that the next good scan finds.
    pub(super) allow_removals: bool,
    pub(super) quiet: bool,
}

impl Scans {
    /// Scans now, and whenever there may be something to do, until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let (mut told, mut failures, mut due) = (Told::default(), 0, None);
        while !stop.is_cancelled() {
            let started = Instant::now();
            let result = self.scan().await;
            told.tell(&result, started.elapsed());
            match result {
                Ok(report) => {
                    (failures, due) = (0, report.next_due);
                    self.allow_removals = false;
                    self.state.ready.store(true, Ordering::Relaxed);
                }
                Err(_) => failures += 1,
            }
            self.state.wake.notify_one();
            self.prune().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.state.rescan.notified() => {}
                () = sleep_until(self.next(failures, due)) => {}
            }
        }
    }

    async fn scan(&mut self) -> Result<crate::scan::Report, crate::scan::ScanError> {
        let progress = Progress::new(!self.quiet && !self.state.ready.load(Ordering::Relaxed));
        self.scanner
            .scan(&Run {
                store: Some(&self.state.store),
                published: &self.state.published,
                now: Utc::now(),
                touched: &Touched::Anything,
                allow_removals: self.allow_removals,
                progress: &|step, done, of| progress.show(step, done, of),
            })
            .await
    }

    async fn prune(&self) {
        if let Err(error) = self.state.store.prune(Utc::now() - RETENTION).await {
            tracing::warn!(%error, "old deliveries could not be pruned");
        }
    }

    /// The next moment at which there may be something to do.
    fn next(&self, failures: u32, due: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let now = Utc::now();
        let zone = self.config.site.timezone;
        let scheduled = self.config.schedule.next_after(now.with_timezone(&zone)).map(|at| at.to_utc());
        let retry = (failures > 0).then(|| now + (FIRST_RETRY * 2i32.pow((failures - 1).min(9))).min(LONGEST_RETRY));
        // What was due while scans failed is no reason to scan without a pause.
        let due = due.filter(|due| failures == 0 || *due > now);
        scheduled.into_iter().chain(due).chain(retry).min().unwrap_or(now + TimeDelta::days(1))
    }
}

/// Waits for the wall clock to reach `at`; no longer than that if the clock is set back.
async fn sleep_until(at: DateTime<Utc>) {
    let planned = at - Utc::now();
    loop {
        let left = at - Utc::now();
        let Ok(left_std) = left.to_std() else { return };
        if left > planned + TimeDelta::seconds(1) {
            return;
        }
        tokio::time::sleep(left_std.min(LONGEST_SLEEP)).await;
    }
}
