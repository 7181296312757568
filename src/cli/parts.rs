//! What works beside the scanner: both listeners, the courier, and the hub's distributor. Each can be replaced while the daemon goes on.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::run::State;
use super::systemd;
use crate::config::Config;
use crate::deliveries::client::SystemResolver;
use crate::deliveries::websub::Distributor;
use crate::deliveries::{Courier, SystemClock};
use crate::publish::Published;
use crate::server::{self, Admin, Api, Hub, Listening};
use crate::store::Store;

/// Seconds: from an answer out of the cache to a delivery's deadline and a long scan.
const DURATIONS: [f64; 12] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];
/// How often samples are counted.
const UPKEEP: Duration = Duration::from_secs(5);

/// The parts that are at work.
pub(super) struct Parts {
    public: Listening,
    admin: Listening,
    couriers: watch::Sender<Arc<Courier>>,
    distributors: watch::Sender<Option<Arc<Distributor>>>,
    metrics: PrometheusHandle,
}

/// What another config asks for, made ready: nothing of it can fail any more.
pub(super) struct Change {
    public: (Option<TcpListener>, Option<Router>),
    admin: (Option<TcpListener>, Option<Router>),
    courier: Option<Courier>,
    /// What takes over, if anything does, which may be nothing.
    distributor: Option<Option<Distributor>>,
}

impl Parts {
    /// Starts everything that works beside the scanner, until `stop`.
    pub(super) async fn start(
        config: &Config,
        state: &State,
        tasks: &mut JoinSet<()>,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        let public = listen("public", config.server.listen).await?;
        let admin = listen("admin", config.server.admin).await?;
        let metrics = metrics_recorder()?;
        let (couriers, courier) = watch::channel(Arc::new(courier(config, state)?));
        let (distributors, distributor) = watch::channel(distributor(config, state)?.map(Arc::new));

        tasks.spawn(keep_up(metrics.clone(), stop.clone()));
        let (public, serving) = server::serve(public, public_routes(config, state), stop.clone());
        tasks.spawn(serving);
        let (admin, serving) = server::serve(admin, admin_routes(config, state, &metrics), stop.clone());
        tasks.spawn(serving);
        tasks.spawn(systemd::watchdog(state.store.clone(), stop.clone()));
        tasks.spawn(pace(state.clone(), stop.clone()));
        tasks.spawn(in_turn(courier, stop.clone(), deliver));
        tasks.spawn(in_turn(distributor, stop.clone(), distribute));
        Ok(Self { public, admin, couriers, distributors, metrics })
    }

    /// Makes ready what another config asks for. What it leaves as it was goes on undisturbed, with its caches and
    /// connections.
    pub(super) async fn prepare(&self, now: &Config, new: &Config, state: &State) -> Result<Change, Failure> {
        let (a, b) = (&now.server, &new.server);
        let public = moved("public", a.listen, b.listen).await?;
        let admin = moved("admin", a.admin, b.admin).await?;
        let same_hub = now.websub == new.websub;
        let is_public = public.is_some()
            || a.public_url != b.public_url
            || now.trigger != new.trigger
            || now.indexnow != new.indexnow
            || !same_hub;
        // Certificates are in files of their own, which may be others under the same name.
        let same_hooks = now.webhooks == new.webhooks && new.webhooks.iter().all(|hook| hook.ca_file.is_none());
        let is_told_of = a.admin_token != b.admin_token || now.site != new.site;
        let is_admin = admin.is_some() || is_told_of || !same_hooks;
        Ok(Change {
            public: (public, is_public.then(|| public_routes(new, state))),
            admin: (admin, is_admin.then(|| admin_routes(new, state, &self.metrics))),
            courier: (!same_hooks).then(|| courier(new, state)).transpose()?,
            distributor: (!same_hub).then(|| distributor(new, state)).transpose()?,
        })
    }

    /// Lets it take over.
    pub(super) fn change(&mut self, change: Change) {
        for (listening, change) in [(&mut self.public, change.public), (&mut self.admin, change.admin)] {
            match change {
                (Some(listener), Some(routes)) => listening.move_to(listener, routes),
                (_, Some(routes)) => listening.replace(routes),
                (_, None) => {}
            }
        }
        if let Some(courier) = change.courier {
            self.couriers.send_replace(Arc::new(courier));
        }
        if let Some(distributor) = change.distributor {
            self.distributors.send_replace(distributor.map(Arc::new));
        }
    }
}

/// One courier, or distributor, after the other. Each finishes and records what it has under way before the next one begins,
/// so that nothing is sent twice and no receiver gets more at once than it wants.
async fn in_turn<W: Clone, Work: Future<Output = ()>>(
    mut workers: watch::Receiver<W>,
    stop: CancellationToken,
    run: impl Fn(W, CancellationToken) -> Work,
) {
    while !stop.is_cancelled() {
        let worker = workers.borrow_and_update().clone();
        let replaced = stop.child_token();
        let mut work = pin!(run(worker, replaced.clone()));
        tokio::select! {
            () = &mut work => {}
            Ok(()) = workers.changed() => {
                replaced.cancel();
                work.await;
            }
        }
    }
}

async fn deliver(courier: Arc<Courier>, stop: CancellationToken) {
    courier.run(stop).await;
}

/// Without a hub, there is nothing to do.
async fn distribute(distributor: Option<Arc<Distributor>>, stop: CancellationToken) {
    match distributor {
        Some(distributor) => distributor.run(stop).await,
        None => stop.cancelled().await,
    }
}

fn distributor(config: &Config, state: &State) -> Result<Option<Distributor>, Failure> {
    hub(config, &state.store, &state.published, &state.hub)
}

/// What does the hub's work, if there is a hub.
pub(super) fn hub(
    config: &Config,
    store: &Store,
    published: &Published,
    wake: &Arc<Notify>,
) -> Result<Option<Distributor>, Failure> {
    let (clock, resolver) = (Arc::new(SystemClock), Arc::new(SystemResolver));
    let (store, published, wake) = (store.clone(), published.clone(), Arc::clone(wake));
    let make = |_| Distributor::new(store, published, &config.websub, clock, resolver, wake);
    config.websub.hub.as_ref().map(make).transpose().map_err(Failure::failed)
}

fn courier(config: &Config, state: &State) -> Result<Courier, Failure> {
    let (clock, resolver) = (Arc::new(SystemClock), Arc::new(SystemResolver));
    Courier::new(state.store.clone(), &config.site, &config.webhooks, clock, resolver, state.wake.clone())
        .map_err(Failure::failed)
}

fn public_routes(config: &Config, state: &State) -> Router {
    let path = config.server.public_url.path();
    let hub = Hub { store: state.store.clone(), clock: Arc::new(SystemClock), wake: Arc::clone(&state.hub) };
    let (published, trigger) = (state.published.clone(), config.trigger.as_ref());
    let routes = server::public(published, path, trigger, &state.triggered, &config.websub, Some(hub));
    match &config.indexnow {
        Some(indexnow) => server::with_key(routes, path, indexnow),
        None => routes,
    }
}

fn admin_routes(config: &Config, state: &State, metrics: &PrometheusHandle) -> Router {
    let admin = Admin {
        store: state.store.clone(),
        ready: state.ready.clone(),
        metrics: metrics.clone(),
        token: config.server.admin_token.clone(),
    };
    let reloading = state.clone();
    let api = Api {
        store: state.store.clone(),
        token: config.server.admin_token.clone(),
        webhooks: config.webhooks.clone(),
        site: config.site.clone(),
        clock: Arc::new(SystemClock),
        wake: state.wake.clone(),
        reload: Arc::new(move || reloading.reload()),
    };
    server::admin(admin, api)
}

async fn pace(state: State, stop: CancellationToken) {
    stop.run_until_cancelled(server::pace(&state.triggered, &state.rescan)).await;
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

/// A socket for the new address, if it is another one.
async fn moved(name: &str, now: SocketAddr, new: SocketAddr) -> Result<Option<TcpListener>, Failure> {
    Ok(if now == new { None } else { Some(listen(name, new).await?) })
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
