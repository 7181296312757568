//! The daemon: the whole life of the process, from the first listener to the last delivery.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use chrono::Utc;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::args::{Common, Serve};
use super::failure::{Exit, Failure};
use super::scans::Scans;
use super::signals::{Asked, Signals};
use super::{site, systemd};
use crate::config::Config;
use crate::deliveries::client::SystemResolver;
use crate::deliveries::{Courier, SystemClock};
use crate::publish::Published;
use crate::server::{self, Admin};
use crate::store::{Access, Store};

/// Seconds: from an answer out of the cache to a delivery's deadline and a long scan.
const DURATIONS: [f64; 12] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];
/// How often samples are counted.
const UPKEEP: Duration = Duration::from_secs(5);

pub(super) async fn run(common: &Common, args: &Serve) -> Result<Exit, Failure> {
    // First of all: a hook may send HUP at any moment, and would end a process that does not listen yet.
    let mut signals = Signals::new()?;
    let mut scanner = site::scanner(common, args.dir.as_deref(), Some(site::env))?;
    let config = scanner.config(Utc::now())?;
    let store = Store::open(&config.store, Access::Owner).await?;
    let names: Vec<_> = config.webhooks.iter().map(|hook| hook.name.clone()).collect();
    store.sync_endpoints(&names, Utc::now()).await?;
    let published = Published::existing(&config.output.dir, &config.server.public_url, &store.documents().await?);
    let state = State::new(store, published);

    let stop = CancellationToken::new();
    let mut tasks = start(&config, &state, &stop).await?;
    let scans =
        Scans { config, state: state.clone(), scanner, allow_removals: args.allow_removals, quiet: common.quiet };
    tasks.spawn(scans.run(stop.clone()));
    systemd::ready();

    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Asked::ToScan => state.rescan.notify_one(),
                Asked::ToStop => break,
            },
            // None of them ends by itself. Feeds without deliveries, or the other way round, would go unnoticed for long.
            Some(ended) = tasks.join_next() => {
                return Err(Failure::Failed(anyhow!("a part of the daemon died ({ended:?}): start it again")));
            }
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
    tracing::info!("stopped");
    Ok(Exit::Done)
}

/// What the parts of the daemon share.
#[derive(Clone)]
pub(super) struct State {
    pub(super) store: Store,
    pub(super) published: Published,
    /// Told when something may have come due for the courier.
    pub(super) wake: Arc<Notify>,
    /// Told when somebody asks for a scan.
    pub(super) rescan: Arc<Notify>,
    /// Whether there is something to serve.
    pub(super) ready: Arc<AtomicBool>,
}

impl State {
    fn new(store: Store, published: Published) -> Self {
        let ready = !published.current().is_empty();
        Self { store, published, wake: Arc::default(), rescan: Arc::default(), ready: Arc::new(AtomicBool::new(ready)) }
    }
}

/// Starts everything that works beside the scanner, until `stop`.
async fn start(config: &Config, state: &State, stop: &CancellationToken) -> Result<JoinSet<()>, Failure> {
    let public = listen("public", config.server.listen).await?;
    let admin = listen("admin", config.server.admin).await?;
    let metrics = metrics_recorder()?;
    let (clock, resolver) = (Arc::new(SystemClock), Arc::new(SystemResolver));
    let courier = Courier::new(state.store.clone(), &config.webhooks, clock, resolver, state.wake.clone())
        .map_err(Failure::failed)?;

    let mut tasks = JoinSet::new();
    tasks.spawn(keep_up(metrics.clone(), stop.clone()));
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

fn metrics_recorder() -> Result<PrometheusHandle, Failure> {
    let builder = PrometheusBuilder::new().set_buckets(&DURATIONS).map_err(Failure::failed)?;
    builder.install_recorder().map_err(Failure::failed)
}

/// Samples are kept until they are counted, and without a scraper nobody else would count them.
async fn keep_up(metrics: PrometheusHandle, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(UPKEEP);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        metrics.run_upkeep();
    }
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
