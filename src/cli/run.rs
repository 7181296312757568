//! The daemon: the whole life of the process, from the first listener to the last delivery.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::args::{Common, Serve};
use super::failure::{Exit, Failure};
use super::progress::Progress;
use super::{site, systemd};
use crate::config::Config;
use crate::deliveries::client::SystemResolver;
use crate::deliveries::{Courier, SystemClock};
use crate::publish::Published;
use crate::scan::{Report, Run, ScanError, millis};
use crate::server;
use crate::store::{Access, Store};

/// A sleep never lasts longer, so that a clock that jumps or a machine that wakes up is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Finished deliveries and their attempts are kept for so long.
const RETENTION: chrono::TimeDelta = chrono::TimeDelta::days(30);

pub(super) async fn run(common: &Common, args: &Serve) -> Result<Exit, Failure> {
    let mut scanner = site::scanner(common, args.dir.as_deref())?;
    let config = scanner.config()?;
    let store = Store::open(&config.store, Access::Owner).await?;
    let names: Vec<_> = config.webhooks.iter().map(|hook| hook.name.clone()).collect();
    store.sync_endpoints(&names, Utc::now()).await?;
    let published = Published::existing(&config.output.dir, &config.server.public_url, &store.documents().await?);

    let (public, admin) = (listen("public", config.server.listen).await?, listen("admin", config.server.admin).await?);
    let ready = Arc::new(AtomicBool::new(false));
    let metrics = PrometheusBuilder::new().install_recorder().map_err(Failure::failed)?;
    let (stop, wake, tasks) = (CancellationToken::new(), Arc::new(Notify::new()), TaskTracker::new());
    let mut signals = Signals::new()?;

    let routes = server::public(published.clone(), config.server.public_url.path());
    tasks.spawn(server::serve(public, routes, stop.clone()));
    let token = config.server.admin_token.clone();
    let routes = server::admin(server::Admin { store: store.clone(), ready: Arc::clone(&ready), metrics, token });
    tasks.spawn(server::serve(admin, routes, stop.clone()));
    let (clock, resolver) = (Arc::new(SystemClock), Arc::new(SystemResolver));
    let courier =
        Courier::new(store.clone(), &config.webhooks, clock, resolver, Arc::clone(&wake)).map_err(Failure::failed)?;
    let stopped = stop.clone();
    tasks.spawn(async move { courier.run(stopped).await });
    tasks.spawn(systemd::watchdog(store.clone(), stop.clone()));

    let mut allow_removals = args.allow_removals;
    let mut told = Told::default();
    loop {
        let started = Instant::now();
        let progress = Progress::new(!common.quiet && !ready.load(Ordering::Relaxed));
        let result = scanner
            .scan(&Run {
                store: Some(&store),
                published: &published,
                now: Utc::now(),
                allow_removals: std::mem::take(&mut allow_removals),
                progress: &|step, done, of| progress.show(step, done, of),
            })
            .await;
        drop(progress);
        wake.notify_one();
        told.tell(&result, started.elapsed());
        ready.fetch_or(result.is_ok(), Ordering::Relaxed);
        systemd::ready();
        prune(&store).await;
        let next = next_scan(&config, result.ok().and_then(|report| report.next_due));
        if signals.wait_until(next).await == Woken::ToStop {
            break;
        }
    }

    tracing::info!("stopping: no new work, finishing what is under way");
    systemd::stopping();
    stop.cancel();
    tasks.close();
    tokio::select! {
        () = tasks.wait() => {}
        () = signals.stop() => return Err(Failure::Failed(anyhow::anyhow!("stopped at once, as asked twice"))),
    }
    store.close().await;
    Ok(Exit::Done)
}

async fn listen(name: &str, address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (is another program there? then change server.listen)"))
        .map_err(Failure::Failed)?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(listener = name, %address, "listening");
    }
    Ok(listener)
}

/// The next moment at which there may be something to do.
fn next_scan(config: &Config, due: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let now = Utc::now();
    let scheduled =
        config.schedule.next_after(now.with_timezone(&config.site.timezone)).map(|at| at.with_timezone(&Utc));
    scheduled.into_iter().chain(due).min().unwrap_or(now + chrono::TimeDelta::days(1))
}

async fn prune(store: &Store) {
    if let Err(error) = store.prune(Utc::now() - RETENTION).await {
        tracing::warn!(%error, "old deliveries could not be pruned");
    }
}

/// Why the daemon stopped waiting.
#[derive(Debug, PartialEq, Eq)]
enum Woken {
    ToScan,
    ToStop,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the wall clock to reach `at`, or for a signal.
    async fn wait_until(&mut self, at: DateTime<Utc>) -> Woken {
        loop {
            let Ok(left) = (at - Utc::now()).to_std() else { return Woken::ToScan };
            tokio::select! {
                _ = self.terminate.recv() => return Woken::ToStop,
                _ = self.interrupt.recv() => return Woken::ToStop,
                _ = self.hangup.recv() => return Woken::ToScan,
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {}
            }
        }
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What the log has been told: a problem that stays is told once.
#[derive(Default)]
struct Told {
    problems: HashSet<String>,
}

impl Told {
    fn tell(&mut self, result: &Result<Report, ScanError>, took: Duration) {
        metrics::histogram!("tidings_scan_duration_seconds").record(took.as_secs_f64());
        match result {
            Ok(report) => self.tell_report(report, took),
            Err(error) => {
                metrics::counter!("tidings_scans_total", "outcome" => "failed").increment(1);
                if let ScanError::Config(problems) = error {
                    site::log_problems(problems);
                }
                tracing::error!(scan.ms = millis(took), "scan failed, the feeds stay as they were: {error}");
            }
        }
    }

    fn tell_report(&mut self, report: &Report, took: Duration) {
        metrics::counter!("tidings_scans_total", "outcome" => "done").increment(1);
        #[expect(clippy::cast_precision_loss, reason = "a gauge of posts, far below 2^52")]
        for (name, value) in [("tidings_posts", report.posts), ("tidings_problems", report.problems.len())] {
            metrics::gauge!(name).set(value as f64);
        }
        let text = |problem: &crate::problems::Problem| problem.to_string();
        site::log_problems(report.problems.iter().filter(|problem| !self.problems.contains(&text(problem))));
        self.problems = report.problems.iter().map(text).collect();
        let (posts, written, events) = (report.posts, report.written, report.events.len());
        tracing::info!(
            posts,
            documents.written = written,
            documents.removed = report.removed,
            events,
            deliveries = report.deliveries,
            problems = report.problems.len(),
            scan.ms = millis(took),
            "{}",
            if report.baseline { "first scan: a baseline, nobody is told" } else { "scanned" }
        );
    }
}
