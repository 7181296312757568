//! The admin listener: health and metrics.
//!
//! In: requests from probes and scrapers. Out: `/livez`, `/readyz`, `/metrics`. Never: a reason that names paths or
//! secrets, since health is told to anybody who can connect.
//!
//! `/metrics` needs the token, where one is set. Health does not: probes of load balancers and orchestrators carry none,
//! and it tells no more than a closed port would.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use super::bearer::bears;
use crate::config::Secret;
use crate::store::{Store, StoreError};

/// For the store to answer a probe.
const PATIENCE: Duration = Duration::from_secs(5);
/// The text format that Prometheus has read since 2014.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the admin listener knows.
#[derive(Debug, Clone)]
pub struct Admin<S = Store> {
    /// Asked whether it answers.
    pub store: S,
    /// Whether a first scan is through, by this process or by an earlier one that left feeds.
    pub ready: Arc<AtomicBool>,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Needed in `Authorization: Bearer` for `/metrics`, if set.
    pub token: Option<Secret>,
}

/// Something that can be asked whether it answers.
pub(super) trait Probe: Clone + Send + Sync + 'static {
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Probe for Store {
    async fn ping(&self) -> Result<(), StoreError> {
        Self::ping(self).await?;
        self.ping_disk().await
    }
}

pub(super) fn router<S: Probe>(admin: Admin<S>) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz::<S>))
        .route("/metrics", get(metrics::<S>))
        .with_state(admin)
}

async fn readyz<S: Probe>(State(admin): State<Admin<S>>) -> Response {
    let unready = |reason: &'static str| (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
    if !admin.ready.load(Ordering::Acquire) {
        return unready("the first scan is not through yet\n");
    }
    match tokio::time::timeout(PATIENCE, admin.store.ping()).await {
        Ok(Ok(())) => "ok\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: the store does not answer");
            unready("the store does not answer\n")
        }
        Err(_) => unready("the store does not answer in time\n"),
    }
}

async fn metrics<S: Probe>(State(admin): State<Admin<S>>, headers: HeaderMap) -> Response {
    if !admin.token.as_ref().is_none_or(|token| bears(&headers, token)) {
        let text = "This needs `Authorization: Bearer` with the server.admin_token.\n";
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], text).into_response();
    }
    ([(CONTENT_TYPE, METRICS_TYPE)], admin.metrics.render()).into_response()
}
