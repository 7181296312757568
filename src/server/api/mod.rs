//! The admin API: what an installation looks like, and steering it, over HTTP.
//!
//! In: requests on the admin listener. Out: the JSON that the commands print with `--format json`; errors as problem details
//! (RFC 9457) that say no more than the caller may know. Never: an answer to a web page's request that a person did not mean,
//! a secret, a change without a check of who asks.
//!
//! | request | answer |
//! |---|---|
//! | `GET /api/v1/status` | [`Status`] |
//! | `GET /api/v1/endpoints`, `…/{name}` | [`EndpointState`], all or one |
//! | `POST /api/v1/endpoints/{name}/pause`, `resume`, `enable` | the endpoint's new state |
//! | `POST /api/v1/endpoints/{name}/test` | [`Tested`](crate::deliveries::Tested) |
//! | `GET /api/v1/deliveries?endpoint&state&since&limit&cursor` | [`Delivery`](crate::store::Delivery), newest first |
//! | `GET /api/v1/deliveries/{id}` | [`Story`](crate::store::Story), one an endpoint |
//! | `POST /api/v1/deliveries/retry`, `cancel` with an [`Order`] | [`Changed`] |
//! | `GET /api/v1/subscriptions` | [`Subscription`], by document and host |
//! | `POST /api/v1/reload` | 202: as on HUP |

mod answer;
mod deliveries;
mod endpoints;
mod gate;
mod order;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, middleware};
use tokio::sync::Notify;

pub use self::deliveries::PAGE;
pub use self::order::{Changed, Order};

use self::answer::{Json, Trouble};
use crate::config::{Secret, Site, Webhook};
use crate::deliveries::Clock;
use crate::store::hub::Subscription;
use crate::store::{EndpointState, Status, Store};

/// The longest body: an order names a handful of things.
const LONGEST_BODY: usize = 16 << 10;

/// What the API works on.
#[derive(Clone)]
pub struct Api {
    /// What is shown and changed.
    pub store: Store,
    /// Needed in `Authorization: Bearer` for everything, if set.
    pub token: Option<Secret>,
    /// Who can be tested.
    pub webhooks: Vec<Arc<Webhook>>,
    /// In whose name pings are sent.
    pub site: Site,
    /// For what comes due now.
    pub clock: Arc<dyn Clock>,
    /// Told when something may have come due.
    pub wake: Arc<Notify>,
    /// Has the config read again.
    pub reload: Arc<dyn Fn() + Send + Sync>,
}

impl Api {
    /// An endpoint's state, as it is by the config, too.
    fn known(&self, endpoint: EndpointState) -> EndpointState {
        endpoint.known_to(|name| self.webhooks.iter().any(|hook| hook.name == name && !hook.enabled))
    }
}

pub(super) fn router(api: Api) -> Router {
    let gate = Arc::new(api.token.clone());
    let routes = Router::new()
        .route("/status", get(status))
        .route("/endpoints", get(endpoints::list))
        .route("/endpoints/{name}", get(endpoints::show))
        .route("/endpoints/{name}/pause", post(endpoints::pause))
        .route("/endpoints/{name}/resume", post(endpoints::resume))
        .route("/endpoints/{name}/enable", post(endpoints::enable))
        .route("/endpoints/{name}/test", post(endpoints::test))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", get(deliveries::show))
        .route("/deliveries/retry", post(deliveries::retry))
        .route("/deliveries/cancel", post(deliveries::cancel))
        .route("/subscriptions", get(subscriptions))
        .route("/reload", post(reload))
        .fallback(async || Trouble::new(StatusCode::NOT_FOUND, "there is nothing here"))
        .method_not_allowed_fallback(async || Trouble::new(StatusCode::METHOD_NOT_ALLOWED, "this takes another method"))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state(gate, gate::pass))
        .with_state(Arc::new(api));
    Router::new().nest("/api/v1", routes)
}

async fn status(State(api): State<Arc<Api>>) -> Result<Json<Status>, Trouble> {
    let status = api.store.status(api.clock.now()).await?;
    let endpoints = status.endpoints.into_iter().map(|endpoint| api.known(endpoint)).collect();
    Ok(Json(Status { endpoints, ..status }))
}

async fn subscriptions(State(api): State<Arc<Api>>) -> Result<Json<Vec<Subscription>>, Trouble> {
    Ok(Json(api.store.subscriptions(api.clock.now()).await?))
}

async fn reload(State(api): State<Arc<Api>>) -> StatusCode {
    (api.reload)();
    StatusCode::ACCEPTED
}
