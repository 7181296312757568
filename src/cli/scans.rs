//! The daemon's scans, one after the other: each done, told, and followed by the next, when [`Pace`] says so.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::failing::Failing;
use super::pace::{Pace, Reason};
use super::progress::Progress;
use super::reload::Reload;
use super::retention::Retention;
use super::run::State;
use super::told::Told;
use crate::config::Config;
use crate::scan::{Report, Run, ScanError, Scanner};
use crate::sources::watch::Area;
use crate::sources::{self, SourceError, Touched};

/// The first scan waits so long for the watch: a tree that takes longer is looked at again once it is watched.
const PATIENCE: Duration = Duration::from_millis(250);

/// All that scanning needs.
pub(super) struct Scans {
    pub(super) config: std::sync::Arc<Config>,
    pub(super) state: State,
    pub(super) scanner: Scanner,
    pub(super) reload: Reload,
    /// The operator has confirmed the removals that the next good scan finds.
    pub(super) allow_removals: bool,
    pub(super) quiet: bool,
}

impl Scans {
    /// Scans now, and whenever there may be something to do, until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let (mut told, mut pace, mut reason) = (Told::default(), Pace::new(), Reason::Start);
        let mut retention = Retention::new(&self.state.store).await;
        let mut failing = Failing::new(&self.state.store).await;
        pace.follow(self.area());
        pace.settle(PATIENCE).await;
        while !stop.is_cancelled() {
            if self.reload_if_asked().await {
                reason = Reason::Request;
            }
            if stop.is_cancelled() {
                return;
            }
            let (started, now) = (Instant::now(), pace.now());
            // A post comes due whether or not its repository can be asked for others.
            let fetches = reason != Reason::Due || !self.scanner.is_remote();
            let result = self.scan(pace.touched(reason), fetches, now).await;
            if is_given_up(&result) {
                return;
            }
            told.tell(&result, reason, started.elapsed());
            if fetches || result.is_err() {
                failing.note(&result, &self.config, &self.state.store, now).await;
            }
            let is_unfetched = matches!(result, Err(ScanError::Source(SourceError::Fetch { .. })));
            match result {
                Ok(report) => {
                    pace.succeeded(report.next_due, fetches);
                    self.allow_removals = false;
                    self.state.ready.store(true, Ordering::Relaxed);
                }
                Err(_) => pace.failed(reason),
            }
            if is_unfetched {
                // What has come due meanwhile, and what comes due next.
                let started = Instant::now();
                let result = self.scan(pace.touched(Reason::Due), false, now).await;
                if is_given_up(&result) {
                    return;
                }
                told.tell(&result, Reason::Due, started.elapsed());
                if let Ok(report) = result {
                    pace.succeeded(report.next_due, false);
                    self.state.ready.store(true, Ordering::Relaxed);
                }
            }
            self.state.wake.notify_one();
            self.state.hub.notify_one();
            pace.follow(self.area());
            retention.keep(&self.state.store, now).await;
            tokio::select! {
                () = stop.cancelled() => return,
                next = pace.next(&self.config, &self.state.rescan) => reason = next,
            }
        }
    }

    /// Whether the site may be another one now.
    async fn reload_if_asked(&mut self) -> bool {
        let is_asked = self.state.stale.swap(false, Ordering::Acquire);
        if is_asked && let Some((scanner, config)) = self.reload.again(&self.config, &self.state).await {
            self.scanner.replace(scanner);
            self.config = config;
        }
        is_asked
    }

    async fn scan(&mut self, touched: &Touched, fetches: bool, now: DateTime<Utc>) -> Result<Report, ScanError> {
        let progress = Progress::new(!self.quiet && !self.state.ready.load(Ordering::Relaxed));
        self.scanner
            .scan(&Run {
                store: Some(&self.state.store),
                published: Some(&self.state.published),
                now,
                touched,
                fetches,
                allow_removals: self.allow_removals,
                progress: &|step, done, of| progress.show(step, done, of),
            })
            .await
    }

    /// What is to be watched, by the rules of the last scan.
    fn area(&self) -> Option<Area> {
        self.scanner.area().filter(|_| self.config.source.watch)
    }
}

/// Whether a scan failed because what it waited for is given up at the end of this process: a fetch, or the dates of commits.
fn is_given_up(result: &Result<Report, ScanError>) -> bool {
    sources::is_ending() && matches!(result, Err(ScanError::Source(_) | ScanError::Config(_)))
}
