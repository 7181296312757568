//! `POST /hub`: strangers ask to be sent a feed when it changes, or no more (WebSub, section 5).
//!
//! In: requests from anybody. Out: 202 and an intent for the store, or 4xx and a line of text that says why. Never: a call of its
//! own, a topic that is not a document of ours, an answer that depends on what a callback says, or a word of a stranger in the
//! log.
//!
//! ```text
//!  client ──► rates ──► form ──► topic, callback ──► store (limits) ──► 202, and the distributor wakes
//! ```

mod callback;
mod client;
mod form;
mod rates;
mod request;
mod topic;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use self::form::Form;
use self::rates::Rates;
use self::topic::Topics;
use super::prefix::Prefix;
use crate::config;
use crate::deliveries::Clock;
use crate::publish::Published;
use crate::store::Store;
use crate::store::hub::{Admission, Limits};

/// Its name below the public URL.
const NAME: &str = "hub";
const REQUESTS: &str = "tidings_hub_requests_total";
/// The longest body, in bytes: two URLs, a secret, a token, and what nobody asked for.
const LONGEST: usize = 16 << 10;
/// For a body to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests that wait for their callbacks: in all, and of one host.
const INTENTS: i64 = 5_000;
const INTENTS_A_HOST: i64 = 300;
/// How long a client shall wait if too many do.
const BUSY: Duration = Duration::from_secs(60);

/// What the hub works with.
#[derive(Debug, Clone)]
pub struct Hub {
    /// Keeps requests.
    pub store: Store,
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
    /// Told of every request that was accepted.
    pub wake: Arc<Notify>,
}

/// Answers those who want to subscribe.
pub(super) struct Desk {
    hub: Hub,
    prefix: Prefix,
    topics: Topics,
    limits: Limits,
    rates: Mutex<Rates>,
}

/// Why a request is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refusal {
    status: StatusCode,
    /// For the client's developer; ends with a full stop.
    text: &'static str,
    retry_after: Option<Duration>,
}

impl Refusal {
    const fn bad(text: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    const fn new(status: StatusCode, text: &'static str) -> Self {
        Self { status, text, retry_after: None }
    }

    const fn later(text: &'static str, wait: Duration) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, text, retry_after: Some(wait) }
    }
}

impl Desk {
    pub(super) fn new(hub: Hub, config: &config::Hub, published: Published, prefix: Prefix) -> Self {
        metrics::describe_counter!(REQUESTS, "Requests to the hub, by the status they were answered with");
        let total = i64::from(config.max_subscriptions);
        // Nobody has all of it to themselves, however small it is.
        let limits =
            Limits { total, topic: total, host: (total / 4).max(1), intents: INTENTS, host_intents: INTENTS_A_HOST };
        let rates = Mutex::new(Rates::new(Instant::now()));
        Self { hub, topics: Topics::new(published, prefix.clone()), prefix, limits, rates }
    }

    async fn answer(&self, head: &Parts, body: Body) -> Response {
        match head.method {
            Method::POST => match self.accept(head, body).await {
                Ok(()) => said(StatusCode::ACCEPTED, "Accepted: the callback is asked whether it meant this."),
                Err(refusal) => refused(&refusal),
            },
            Method::GET | Method::HEAD => said(
                StatusCode::OK,
                "This is a WebSub hub (https://www.w3.org/TR/websub/) for the feeds of this site, and for no others. \
                 Subscribe to them with POST.",
            ),
            _ => {
                let mut response = said(StatusCode::METHOD_NOT_ALLOWED, "A hub is asked with POST.");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
                response
            }
        }
    }

    async fn accept(&self, head: &Parts, body: Body) -> Result<(), Refusal> {
        let wait = self.rates.lock().unwrap_or_else(PoisonError::into_inner).wait(client::of(head), Instant::now());
        if let Some(wait) = wait {
            return Err(Refusal::later("Too many requests: ask again later.", wait));
        }
        let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_none_or(form::is_form) {
            let text = "The body has to be application/x-www-form-urlencoded.";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        }
        let form = Form::parse(&read(body).await?)?;
        let request = request::check(&form, &self.topics)?;
        let now = self.hub.clock.now();
        match self.hub.store.request(&request, &self.limits, now).await {
            Ok(Admission::Accepted) => {
                self.hub.wake.notify_one();
                Ok(())
            }
            Ok(Admission::Full) => Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "This hub has as many subscriptions as it may have: please poll the feed instead.",
            )),
            Ok(Admission::HostFull) => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "The callback's host has as many subscriptions here as it may have.",
            )),
            Ok(Admission::Busy) => Err(Refusal::later("Too many requests wait for their callbacks.", BUSY)),
            Err(error) => {
                tracing::error!(%error, "a request to the hub could not be kept");
                let text = "The hub cannot keep the request at the moment: ask again later.";
                Err(Refusal { retry_after: Some(BUSY), ..Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text) })
            }
        }
    }
}

/// Answers if the request is for the hub; all others go on.
pub(super) async fn answer(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    if !desk.prefix.names(&path).any(|name| name == NAME) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let response = desk.answer(&head, body).await;
    metrics::counter!(REQUESTS, "status" => response.status().as_str().to_owned()).increment(1);
    response
}

async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    match timeout(PATIENCE, to_bytes(body, LONGEST)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(_)) => Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is longer than 16 KiB, or broke off.")),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "The body did not come in time.")),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let mut response = said(refusal.status, refusal.text);
    if let Some(wait) = refusal.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    }
    response
}

/// A line of text, which no cache shall keep.
fn said(status: StatusCode, text: &'static str) -> Response {
    let headers = [(CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, format!("{text}\n")).into_response()
}
