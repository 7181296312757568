//! `POST /trigger`: a push, or anybody who has a token, asks for a scan.
//!
//! In: requests from anybody. Out: 202 and a scan for who knows a secret, 401 and nothing else for who does not.
//! Never: scans by itself, tells a stranger what is configured, spends more on strangers than its budget, or logs a word of
//! theirs.
//!
//! ```text
//!  head ──► proof ──► body (hashed as it comes) ──► proof ──► payload ──► pace ──► a scan
//!              └──────────── 401, paid from the budget ─┘
//! ```

mod body;
mod budget;
mod pace;
mod payload;
mod proof;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tokio::sync::Notify;
use tokio::time::Instant;

use self::body::{Intake, Refusal};
use self::budget::Budget;
use self::payload::{Asked, understand};
use self::proof::{Claim, Keys, Sender};
use super::prefix::Prefix;
use crate::config;

pub use self::pace::pace;

/// Its name below the public URL.
const NAME: &str = "trigger";
const TRIGGERS: &str = "tidings_triggers_total";
/// How long a client shall wait if others hold all memory.
const NO_ROOM: Duration = Duration::from_secs(15);

/// Answers those who ask for a scan.
pub(super) struct Trigger {
    prefix: Prefix,
    keys: Keys,
    branch: Option<String>,
    asked: Arc<Notify>,
    intake: Intake,
    budget: Mutex<Budget>,
    /// Whether the log has been told that somebody was refused, since the last one who was not.
    complained: AtomicBool,
}

/// How a request ended.
enum Outcome {
    /// The sender is known.
    Known(Sender, Asked),
    /// Nobody who knows a secret.
    Unknown,
    /// The body did not come.
    NoBody(Refusal),
    /// Strangers have spent their budget.
    Limited(Duration),
}

impl Trigger {
    /// `asked` is told of every scan that is asked for.
    pub(super) fn new(config: &config::Trigger, prefix: Prefix, asked: Arc<Notify>) -> Self {
        metrics::describe_counter!(TRIGGERS, "Requests for a scan, by provider and what became of them");
        Self {
            prefix,
            keys: Keys::new(config),
            branch: config.branch.clone(),
            asked,
            intake: Intake::default(),
            budget: Mutex::new(Budget::new(Instant::now())),
            complained: AtomicBool::new(false),
        }
    }

    async fn judge(&self, headers: &HeaderMap, body: Body) -> Outcome {
        let claim = self.keys.claim(headers);
        if let Claim::Proven(sender) = claim {
            return self.proven(sender, headers, body).await;
        }
        if let Some(wait) = self.budget().wait(Instant::now()) {
            return Outcome::Limited(wait);
        }
        let Claim::Signed(mut signatures) = claim else {
            self.budget().charge(0, Instant::now());
            return Outcome::Unknown;
        };
        let outcome = match self.intake.read(body, |part| signatures.update(part)).await {
            Ok(held) => signatures.sender().map(|sender| self.known(sender, headers, &held.bytes)),
            Err(refusal) => Some(Outcome::NoBody(refusal)),
        };
        if !matches!(outcome, Some(Outcome::Known(..))) {
            self.budget().charge(signatures.hashed, Instant::now());
        }
        outcome.unwrap_or(Outcome::Unknown)
    }

    /// The head was enough to know the sender. Strangers who have spent their budget are not in the way.
    async fn proven(&self, sender: Sender, headers: &HeaderMap, body: Body) -> Outcome {
        if sender == Sender::Token {
            return Outcome::Known(sender, Asked::ToScan);
        }
        match self.intake.read(body, |_| {}).await {
            Ok(held) => self.known(sender, headers, &held.bytes),
            Err(refusal) => Outcome::NoBody(refusal),
        }
    }

    fn known(&self, sender: Sender, headers: &HeaderMap, body: &[u8]) -> Outcome {
        Outcome::Known(sender, understand(sender, headers, body, self.branch.as_deref()))
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what the outcome asks for, and answers.
    fn conclude(&self, outcome: &Outcome) -> Response {
        self.tell(outcome);
        match outcome {
            Outcome::Known(_, Asked::ToScan) => {
                self.asked.notify_one();
                (StatusCode::ACCEPTED, "A scan begins.\n").into_response()
            }
            Outcome::Known(_, Asked::Nothing(why)) => (StatusCode::ACCEPTED, *why).into_response(),
            Outcome::Known(_, Asked::Gibberish) => {
                (StatusCode::BAD_REQUEST, "This is no push that Tidings understands.\n").into_response()
            }
            Outcome::Unknown => (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response(),
            Outcome::NoBody(Refusal::TooLong) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Outcome::NoBody(Refusal::TooSlow) => StatusCode::REQUEST_TIMEOUT.into_response(),
            Outcome::NoBody(Refusal::Broken) => StatusCode::BAD_REQUEST.into_response(),
            Outcome::NoBody(Refusal::NoRoom) => too_many(NO_ROOM),
            Outcome::Limited(wait) => too_many(*wait),
        }
    }

    /// Tells the metrics, and the log what is news. Nothing of what a stranger wrote is in it.
    fn tell(&self, outcome: &Outcome) {
        let (provider, label) = outcome.labels();
        metrics::counter!(TRIGGERS, "provider" => provider, "outcome" => label).increment(1);
        match outcome {
            Outcome::Known(..) => {
                self.complained.store(false, Ordering::Relaxed);
                tracing::info!(provider, outcome = label, "triggered");
            }
            Outcome::Unknown if !self.complained.swap(true, Ordering::Relaxed) => tracing::warn!(
                "a trigger was refused, because it knew no secret: if it was yours, see that both sides have the same \
                 one (told once, until a trigger is right)"
            ),
            _ => tracing::debug!(outcome = label, "trigger refused"),
        }
    }
}

impl Outcome {
    /// What the metrics call the provider, and what became of it.
    const fn labels(&self) -> (&'static str, &'static str) {
        match self {
            Self::Known(sender, Asked::ToScan) => (sender.label(), "scan"),
            Self::Known(sender, Asked::Nothing(_)) => (sender.label(), "ignored"),
            Self::Known(sender, Asked::Gibberish) => (sender.label(), "unreadable"),
            Self::Unknown => ("unknown", "refused"),
            Self::NoBody(Refusal::TooLong) => ("unknown", "too_long"),
            Self::NoBody(Refusal::TooSlow | Refusal::Broken) => ("unknown", "broken"),
            Self::NoBody(Refusal::NoRoom) | Self::Limited(_) => ("unknown", "limited"),
        }
    }
}

/// Answers if the request is for the trigger; all others go on.
pub(super) async fn answer(State(trigger): State<Arc<Trigger>>, request: Request, next: Next) -> Response {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    if !trigger.prefix.names(&path).any(|name| name == NAME) {
        return next.run(request).await;
    }
    let mut response = if request.method() == Method::POST {
        let (head, body) = request.into_parts();
        let outcome = trigger.judge(&head.headers, body).await;
        trigger.conclude(&outcome)
    } else {
        (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], "A trigger is pulled with POST.\n").into_response()
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())]).into_response()
}
