//! What operators see of the hub: a line in the log for what changes, and the metrics.
//!
//! In: calls and what follows from them. Out: `tracing` events and `metrics`. Never: a callback beyond its host, a secret, a
//! line at the usual level for each of thousands of subscribers.
//!
//! | metric | labels | |
//! |---|---|---|
//! | `tidings_hub_calls_total` | `kind`, `outcome` | `verification`: `confirmed`, `refused`, `retry`; `notice`: `delivered`, `retry`, `dropped`, `gone`, `postponed` |
//! | `tidings_hub_call_duration_seconds` | `kind` | how long calls took |
//! | `tidings_hub_subscriptions` | | subscriptions that have not ended, counted every 30 seconds |
//! | `tidings_hub_pending` | | those of them that do not have the newest revision |

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::super::failure::Failure;
use super::distribution::Told;
use super::verification::Asked;
use crate::store::hub::{Answer, Intent, Mode, Notice, Outcome, Owed};

const TOTAL: &str = "tidings_hub_calls_total";
const DURATION: &str = "tidings_hub_call_duration_seconds";
const SUBSCRIPTIONS: &str = "tidings_hub_subscriptions";
const PENDING: &str = "tidings_hub_pending";

/// Tells the recorder what the metrics are.
pub(super) fn describe() {
    describe_counter!(TOTAL, "Calls of the hub, by what became of them");
    describe_histogram!(DURATION, metrics::Unit::Seconds, "How long calls of the hub took");
    describe_gauge!(SUBSCRIPTIONS, "Subscriptions of the hub");
    describe_gauge!(PENDING, "Subscriptions that do not have the newest revision");
}

/// Reports how much is owed.
pub(super) fn owed(owed: Owed) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
    for (name, count) in [(SUBSCRIPTIONS, owed.subscriptions), (PENDING, owed.notices)] {
        gauge!(name).set(count as f64);
    }
}

/// Reports that a callback was asked. `counts`: its request was not replaced meanwhile.
pub(super) fn asked(intent: &Intent, asked: &Asked, answer: Answer, counts: bool, took: Duration) {
    let outcome = match answer {
        Answer::Confirmed => "confirmed",
        Answer::Refused => "refused",
        Answer::None { .. } => "retry",
    };
    count("verification", outcome, took);
    let failure = match asked {
        Asked::No(failure) | Asked::Nothing(failure) => Some(failure),
        Asked::Yes | Asked::Denied => None,
    };
    let text = match (intent.mode, answer) {
        _ if !counts => "a callback answered to a request that a later one has replaced",
        (Mode::Subscribe, Answer::Confirmed) => "subscribed",
        (Mode::Unsubscribe, Answer::Confirmed) => "unsubscribed",
        (_, Answer::None { .. }) => "a callback did not answer and is asked again",
        _ if *asked == Asked::Denied => "a callback was told that there is no such feed",
        _ => "a callback did not confirm",
    };
    tracing::info!(
        callback = %intent.callback,
        path = intent.path,
        mode = intent.mode.as_str(),
        error = failure.map(|failure| failure.kind),
        note = failure.map(|failure| &failure.note),
        took_ms = took.as_millis(),
        "{text}"
    );
}

/// Reports that a subscriber was called.
pub(super) fn told(notice: &Notice, told: &Told, outcome: &Outcome, took: Duration) {
    let (outcome, text) = match outcome {
        Outcome::Delivered { .. } => ("delivered", "a subscriber was sent the feed"),
        Outcome::Retry { .. } => ("retry", "a subscriber did not take the feed and is sent it again"),
        Outcome::Dropped { .. } => ("dropped", "a subscriber did not take the feed and is not sent it again"),
        Outcome::Postponed { .. } => ("postponed", "a feed could not be read and is sent later"),
        Outcome::Gone => ("gone", "a subscriber is gone"),
    };
    count("notice", outcome, took);
    let failure = failure_of(told);
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                callback = %notice.callback,
                path = notice.path,
                attempt = notice.attempts + 1,
                error = failure.map(|failure| failure.kind),
                note = failure.map(|failure| &failure.note),
                took_ms = took.as_millis(),
                "{text}"
            )
        };
    }
    if matches!(outcome, "dropped" | "gone") {
        line!(info);
    } else {
        line!(debug);
    }
}

fn count(kind: &'static str, outcome: &'static str, took: Duration) {
    counter!(TOTAL, "kind" => kind, "outcome" => outcome).increment(1);
    histogram!(DURATION, "kind" => kind).record(took);
}

fn failure_of(told: &Told) -> Option<&Failure> {
    match told {
        Told::Refused { failure, .. } | Told::Nothing(failure) | Told::NotReady(failure) => Some(failure),
        Told::Taken { .. } | Told::NoTopic => None,
    }
}
