//! The daemon: the whole life of the process, from the first listener to the last delivery.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::anyhow;
use chrono::Utc;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::args::{Common, Serve};
use super::failure::{Exit, Failure};
use super::parts::Parts;
use super::reload::Reload;
use super::scans::Scans;
use super::signals::{Asked, Signals};
use super::{site, systemd};
use crate::config::Config;
use crate::publish::Published;
use crate::scan::Scanner;
use crate::sources;
use crate::store::{Access, Store, StoreError};

/// So long is waited for a git program that is ended.
const GRACE: Duration = Duration::from_secs(2);

pub(super) async fn run(common: &Common, args: &Serve) -> Result<Exit, Failure> {
    // First of all: a hook may send HUP at any moment, and would end a process that does not listen yet.
    let mut signals = Signals::new()?;
    let Some((scanner, config)) = opened(common, args, &mut signals).await? else { return Ok(Exit::Done) };
    let store = Store::open(&config.store, Access::Owner).await?;
    sync_endpoints(&store, &config).await?;
    let published = Published::existing(&config.output.dir, &config.server.public_url, &store.documents().await?);
    let state = State::new(store, published);

    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    let parts = Parts::start(&config, &state, &mut tasks, &stop).await?;
    let reload = Reload::new(common, args, parts);
    let (allow_removals, quiet) = (args.allow_removals, common.quiet);
    let scans = Scans { config, state: state.clone(), scanner, reload, allow_removals, quiet };
    tasks.spawn(scans.run(stop.clone()));
    systemd::ready();

    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Asked::ToReload => state.reload(),
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
    sources::end();
    tokio::select! {
        _ = tasks.join_all() => {}
        () = signals.stop() => return Err(Failure::Failed(anyhow!("stopped at once, as asked twice"))),
    }
    state.store.close().await;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

/// Opens the site; `None` if the daemon is stopped before. A first clone takes as long as it takes.
async fn opened(
    common: &Common,
    args: &Serve,
    signals: &mut Signals,
) -> Result<Option<(Scanner, Arc<Config>)>, Failure> {
    let (common, dir) = (common.clone(), args.dir.clone());
    let mut opening = tokio::task::spawn_blocking(move || open(&common, dir.as_deref()));
    tokio::select! {
        result = &mut opening => return result.map_err(Failure::failed)?.map(Some),
        () = signals.stop() => {}
    }
    systemd::stopping();
    sources::end();
    // Git is ended, and what it leaves is tidied up. What reads a dead disk ends with the process.
    let _ = tokio::time::timeout(GRACE, opening).await;
    tracing::info!("stopped before anything was served");
    Ok(None)
}

fn open(common: &Common, dir: Option<&Path>) -> Result<(Scanner, Arc<Config>), Failure> {
    let mut scanner = site::scanner(common, dir, Some(site::env))?;
    let config = scanner.config(Utc::now()).map_err(|problems| {
        // Those of a repository elsewhere may be mended there: whoever keeps this running is to start it again.
        let are_elsewhere = scanner.is_remote() && problems.iter().all(|problem| problem.path != scanner.config_name());
        if are_elsewhere { Failure::Settings(problems) } else { Failure::Config(problems) }
    })?;
    Ok((scanner, config))
}

/// What the parts of the daemon share.
#[derive(Clone)]
pub(super) struct State {
    pub(super) store: Store,
    pub(super) published: Published,
    /// Told when something may have come due for the courier.
    pub(super) wake: Arc<Notify>,
    /// Told when something may have come due for the hub.
    pub(super) hub: Arc<Notify>,
    /// Told when somebody asks for a scan.
    pub(super) rescan: Arc<Notify>,
    /// Told when a trigger asks for one.
    pub(super) triggered: Arc<Notify>,
    /// Whether the config is to be read again before the next scan.
    pub(super) stale: Arc<AtomicBool>,
    /// Whether a first scan is through, by this process or by an earlier one that left feeds.
    pub(super) ready: Arc<AtomicBool>,
}

impl State {
    fn new(store: Store, published: Published) -> Self {
        let ready = !published.current().is_empty();
        let (wake, hub, rescan, triggered, stale) = Default::default();
        Self { store, published, wake, hub, rescan, triggered, stale, ready: Arc::new(AtomicBool::new(ready)) }
    }

    /// Has the config read again, and then a scan.
    pub(super) fn reload(&self) {
        systemd::reloading();
        self.stale.store(true, Ordering::Release);
        self.rescan.notify_one();
    }
}

/// Makes the store's endpoints those of the config, and says in the log which are told nothing any more.
pub(super) async fn sync_endpoints(store: &Store, config: &Config) -> Result<(), StoreError> {
    for hook in &config.webhooks {
        if let Some(from) = &hook.renamed_from
            && store.rename_endpoint(from, &hook.name).await?
        {
            tracing::info!(endpoint = hook.name, from, "the webhook has another name now, and keeps what it is owed");
        }
    }
    let names: Vec<_> = config.webhooks.iter().map(|hook| hook.name.clone()).collect();
    for left in store.sync_endpoints(&names, Utc::now()).await? {
        let (endpoint, cancelled) = (left.name, left.pending);
        tracing::warn!(endpoint, cancelled, "the webhook is not in the config any more: what it was owed is cancelled");
    }
    for hook in config.webhooks.iter().filter(|hook| !hook.enabled) {
        tracing::info!(endpoint = hook.name, "the webhook is switched off in the config: what it is owed is kept");
    }
    Ok(())
}
