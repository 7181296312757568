//! `tidings listen`: a receiver to develop against, which can be told to misbehave.
//!
//! In: requests of anybody. Out: what each of them says and whether it can be trusted, on standard output. Never: a message that
//! is not verified taken, unless that was asked for.

mod answers;
mod received;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, options, post};
use chrono::Utc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(super) use self::answers::Answer;

use self::answers::Plan;
use self::received::{Received, Seen, Trust};
use super::args::{ListFormat, Listen};
use super::failure::{Exit, Failure};
use super::output;
use crate::config::Secret;
use crate::deliveries::sign::{self, Signed, VerifyingKey};
use crate::server;

/// A thin payload is a few kilobytes; a full one holds a post.
const MAX_BODY: usize = 16 << 20;

struct Receiver {
    /// None: nothing can be verified, and everything is taken.
    key: Option<VerifyingKey>,
    /// Messages without a signature are taken.
    unsigned: bool,
    plan: Plan,
    format: ListFormat,
    taken: AtomicUsize,
    seen: Mutex<Seen>,
    stop: CancellationToken,
}

pub(super) async fn run(args: &Listen) -> Result<Exit, Failure> {
    let stop = CancellationToken::new();
    let receiver = Arc::new(Receiver {
        key: key(args)?,
        unsigned: args.unsigned,
        plan: Plan { answer: args.answer, after: args.after, times: args.times, retry_after: args.retry_after },
        format: args.format,
        taken: AtomicUsize::new(0),
        seen: Mutex::default(),
        stop: stop.clone(),
    });
    let listener = TcpListener::bind(args.address)
        .await
        .map_err(|error| Failure::Failed(anyhow::anyhow!("cannot listen on {}: {error}", args.address)))?;
    let address = listener.local_addr()?;
    match args.format {
        ListFormat::Text => {
            output::line(format!("listening on http://{address}/ - every path takes webhooks; stop with Ctrl-C"));
        }
        ListFormat::Json => output::line(serde_json::json!({"listening": format!("http://{address}/")})),
    }
    let routes = Router::new()
        .route("/", methods())
        .route("/{*path}", methods())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(receiver);
    let serving = tokio::spawn(server::serve(listener, routes, stop.clone()).1);
    tokio::signal::ctrl_c().await?;
    stop.cancel();
    serving.await.map_err(Failure::failed)?;
    Ok(Exit::Done)
}

fn key(args: &Listen) -> Result<Option<VerifyingKey>, Failure> {
    let name = &args.secret_env;
    match super::site::env(name) {
        Some(secret) => VerifyingKey::parse(&Secret::new(secret.trim()))
            .map(Some)
            .map_err(|reason| Failure::Usage(format!("the secret in {name} cannot verify anything: {reason}"))),
        None if args.unsigned => Ok(None),
        None => Err(Failure::Usage(format!(
            "the environment variable {name} is not set: set it to the webhook's secret or public key, or take messages --unsigned"
        ))),
    }
}

fn methods() -> MethodRouter<Arc<Receiver>> {
    post(receive).merge(options(grant))
}

/// The handshake of CloudEvents (HTTP 1.1 Web Hooks for Event Delivery, 4): whoever asks may call.
async fn grant(headers: HeaderMap) -> Response {
    match headers.get("webhook-request-origin") {
        Some(origin) => (StatusCode::OK, [("webhook-allowed-origin", origin.clone())]).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn receive(State(receiver): State<Arc<Receiver>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let trust = receiver.judge(&headers, &body);
    let mut received = Received::new(Utc::now(), uri.path(), &headers, &body, trust);
    if let Trust::Refused(reason) = received.trust {
        receiver.show(&received);
        return (StatusCode::UNAUTHORIZED, format!("{reason}\n")).into_response();
    }
    received.count(&mut receiver.seen.lock().unwrap_or_else(PoisonError::into_inner));
    let answer = receiver.plan.answer(receiver.taken.fetch_add(1, Ordering::Relaxed));
    received.answered = Some(answer);
    receiver.show(&received);
    receiver.plan.carry_out(answer, &receiver.stop).await
}

impl Receiver {
    fn judge(&self, headers: &HeaderMap, body: &[u8]) -> Trust {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (id, timestamp, signature) =
            (header(sign::ID_HEADER), header(sign::TIMESTAMP_HEADER), header(sign::SIGNATURE_HEADER));
        match &self.key {
            _ if self.unsigned && signature.is_empty() => Trust::Unsigned,
            None => Trust::Unsigned,
            Some(key) => {
                match sign::verify(std::slice::from_ref(key), &Signed { id, timestamp, signature, body }, Utc::now()) {
                    Ok(()) => Trust::Verified,
                    Err(error) => Trust::Refused(error),
                }
            }
        }
    }

    fn show(&self, received: &Received<'_>) {
        output::line(match self.format {
            ListFormat::Text => received.text(),
            ListFormat::Json => received.json(),
        });
    }
}
