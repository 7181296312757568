//! The daemon: the whole life of the process, from the first listener to the last delivery.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::args::{Common, Serve};
use super::failure::{Exit, Failure};
use super::progress::Progress;
use super::signals::{Signals, Woken};
use super::told::Told;
use super::{site, systemd};
use crate::config::Config;
use crate::deliveries::client::SystemResolver;
use crate::deliveries::{Courier, SystemClock};
use crate::publish::Published;
use crate::scan::{Run, Scanner};
use crate::server::{self, Admin};
use crate::store::{Access, Store};

/// Finished deliveries and their attempts are kept for so long.
const RETENTION: TimeDelta = TimeDelta::days(30);

pub(super) async fn run(common: &Common, args: &Serve) -> Result<Exit, Failure> {
    let mut scanner = site::scanner(common, args.dir.as_deref())?;
    let config = scanner.config()?;
    let store = Store::open(&config.store, Access::Owner).await?;
    let names: Vec<_> = config.webhooks.iter().map(|hook| hook.name.clone()).collect();
    store.sync_endpoints(&names, Utc::now()).await?;
    let published = Published::existing(&config.output.dir, &config.server.public_url, &store.documents().await?);
    let state = State { store, published, wake: Arc::new(Notify::new()), ready: Arc::new(AtomicBool::new(false)) };

    let mut signals = Signals::new()?;
    let stop = CancellationToken::new();
    let mut tasks = start(&config, &state, &stop).await?;
    tokio::select! {
        () = scan_for_ever(common, args, &config, &state, &mut scanner, &mut signals) => {}
        Some(ended) = tasks.join_next() => {
            // None of them ends by itself. Feeds without deliveries, or the other way round, would go unnoticed for long.
            return Err(Failure::Failed(anyhow!("a part of the daemon died ({ended:?}): start it again")));
        }
    }

    tracing::info!("stopping: no new work, finishing what is under way");
    systemd::stopping();
    stop.cancel();
    tokio::select! {
        _ = tasks.join_all() => {}
        () = signals.stop() => return Err(Failure::Failed(anyhow!("stopped at once, as asked twice"))),
    }
    state.store.close().await;
    Ok(Exit::Done)
}

/// What the parts of the daemon share.
struct State {
    store: Store,
    published: Published,
    /// Told when something may have come due.
    wake: Arc<Notify>,
    /// Whether a scan has succeeded.
    ready: Arc<AtomicBool>,
}

/// Starts everything that works beside the scanner, until `stop`.
async fn start(config: &Config, state: &State, stop: &CancellationToken) -> Result<JoinSet<()>, Failure> {
    let public = listen("public", config.server.listen).await?;
    let admin = listen("admin", config.server.admin).await?;
    let metrics = PrometheusBuilder::new().install_recorder().map_err(Failure::failed)?;
    let (clock, resolver) = (Arc::new(SystemClock), Arc::new(SystemResolver));
    let courier = Courier::new(state.store.clone(), &config.webhooks, clock, resolver, state.wake.clone())
        .map_err(Failure::failed)?;

    let mut tasks = JoinSet::new();
    let routes = server::public(state.published.clone(), config.server.public_url.path());
    tasks.spawn(server::serve(public, routes, stop.clone()));
    let routes = server::admin(Admin {
        store: state.store.clone(),
        ready: state.ready.clone(),
        metrics,
        token: config.server.admin_token.clone(),
    });
    tasks.spawn(server::serve(admin, routes, stop.clone()));
    tasks.spawn(systemd::watchdog(state.store.clone(), stop.clone()));
    let stop = stop.clone();
    tasks.spawn(async move { courier.run(stop).await });
    Ok(tasks)
}

/// Scans now, and whenever there may be something to do, until a signal says stop.
async fn scan_for_ever(
    common: &Common,
    args: &Serve,
    config: &Config,
    state: &State,
    scanner: &mut Scanner,
    signals: &mut Signals,
) {
    let mut allow_removals = args.allow_removals;
    let mut told = Told::default();
    loop {
        let started = Instant::now();
        let progress = Progress::new(!common.quiet && !state.ready.load(Ordering::Relaxed));
        let result = scanner
            .scan(&Run {
                store: Some(&state.store),
                published: &state.published,
                now: Utc::now(),
                allow_removals: std::mem::take(&mut allow_removals),
                progress: &|step, done, of| progress.show(step, done, of),
            })
            .await;
        drop(progress);
        state.wake.notify_one();
        told.tell(&result, started.elapsed());
        state.ready.fetch_or(result.is_ok(), Ordering::Relaxed);
        systemd::ready();
        if let Err(error) = state.store.prune(Utc::now() - RETENTION).await {
            tracing::warn!(%error, "old deliveries could not be pruned");
        }
        let next = next_scan(config, result.ok().and_then(|report| report.next_due));
        if signals.wait_until(next).await == Woken::ToStop {
            return;
        }
    }
}

/// The next moment at which there may be something to do.
fn next_scan(config: &Config, due: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let now = Utc::now();
    let scheduled = config.schedule.next_after(now.with_timezone(&config.site.timezone)).map(|at| at.to_utc());
    scheduled.into_iter().chain(due).min().unwrap_or(now + TimeDelta::days(1))
}

async fn listen(name: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| {
            format!(
                "cannot listen on {address} (is another program there? then change server.{})",
                if name == "public" { "listen" } else { name }
            )
        })
        .map_err(Failure::Failed)?;
    tracing::info!(listener = name, address = %listener.local_addr()?, "listening");
    Ok(listener)
}
