//! What operators see of deliveries: a line in the log for each attempt, and the metrics.
//!
//! In: attempts and their verdicts. Out: `tracing` events and `metrics`. Never: a URL, a secret, a body.
//!
//! | metric | labels | |
//! |---|---|---|
//! | `tidings_deliveries_total` | `endpoint`, `outcome` | attempts; `outcome` is `delivered`, `retry`, `paused`, `dead` or `gone` |
//! | `tidings_delivery_duration_seconds` | `endpoint` | how long attempts took |
//! | `tidings_deliveries_pending` | `endpoint` | deliveries owed, counted every 15 seconds |
//! | `tidings_endpoint_turns_total` | `endpoint`, `turn` | `failing`: its breaker opened; `disabled`; `recovered` |

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use metrics::{Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::store::{Attempt, Claim, EndpointState, Turn, Verdict};

const TOTAL: &str = "tidings_deliveries_total";
const DURATION: &str = "tidings_delivery_duration_seconds";
const PENDING: &str = "tidings_deliveries_pending";
const TURNS: &str = "tidings_endpoint_turns_total";

/// More that arrived together have one line in the log.
const SINGLE_LINES: u64 = 8;

/// An attempt and what becomes of its delivery.
pub(super) struct Outcome {
    /// The delivery's row.
    pub(super) id: i64,
    pub(super) attempt: Attempt,
    pub(super) verdict: Verdict,
    /// Whether it is the first delivery of its message.
    pub(super) is_first: bool,
}

/// Tells the recorder what the metrics are.
pub(super) fn describe() {
    describe_counter!(TOTAL, "Attempts at deliveries, by what became of them");
    describe_histogram!(DURATION, metrics::Unit::Seconds, "How long attempts at deliveries took");
    describe_gauge!(PENDING, "Deliveries owed");
    describe_counter!(TURNS, "Turns in the lives of endpoints: failing, disabled, recovered");
}

/// Reports attempts that were recorded together. `true`: nobody else had taken the delivery over meanwhile. Where many arrived
/// at one endpoint, the log has one line for them.
pub(super) fn attempts(attempts: &[(Claim, Outcome, bool)]) {
    let mut totals: HashMap<(&str, &'static str), u64> = HashMap::new();
    let mut durations: HashMap<&str, Histogram> = HashMap::new();
    for (claim, outcome, _) in attempts {
        *totals.entry((&claim.endpoint, name(&outcome.verdict))).or_default() += 1;
        let duration = || histogram!(DURATION, "endpoint" => claim.endpoint.to_string());
        durations.entry(&claim.endpoint).or_insert_with(duration).record(outcome.attempt.took);
    }
    for ((endpoint, outcome), count) in &totals {
        counter!(TOTAL, "endpoint" => (*endpoint).to_owned(), "outcome" => *outcome).increment(*count);
    }
    let arrived = name(&Verdict::Delivered);
    totals.retain(|(_, outcome), count| *outcome == arrived && *count > SINGLE_LINES);
    for ((endpoint, _), count) in &totals {
        tracing::info!(endpoint, count, "delivered");
    }
    for (claim, outcome, ours) in attempts {
        let is_counted = totals.contains_key(&(&*claim.endpoint, name(&outcome.verdict)));
        log(claim, &outcome.attempt, &outcome.verdict, is_counted);
        if !ours {
            tracing::warn!(
                endpoint = &*claim.endpoint,
                event.id = &*claim.event_id,
                "the lease was over before the answer was recorded: the delivery may be sent again"
            );
        }
    }
}

/// Reports a turn in an endpoint's life.
pub(super) fn turn(endpoint: &str, turn: &Turn) {
    let name = match turn {
        Turn::Failing { since, failures, reason } => {
            let since = tracing::field::display(since);
            tracing::error!(
                endpoint,
                since,
                failures,
                reason,
                "the endpoint is failing: it is tried less often, until a message arrives"
            );
            "failing"
        }
        Turn::Disabled { reason } => {
            tracing::error!(
                endpoint,
                reason,
                "the endpoint is disabled, and what it is owed is parked: `tidings endpoints enable` sends it"
            );
            "disabled"
        }
        Turn::Recovered { .. } => {
            tracing::info!(endpoint, "the endpoint takes messages again");
            "recovered"
        }
    };
    counter!(TURNS, "endpoint" => endpoint.to_owned(), "turn" => name).increment(1);
}

/// Reports how much is owed to whom.
pub(super) fn pending(endpoints: &[EndpointState]) {
    for endpoint in endpoints {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
        gauge!(PENDING, "endpoint" => endpoint.name.clone()).set(endpoint.pending as f64);
    }
}

fn log(claim: &Claim, attempt: &Attempt, verdict: &Verdict, is_counted: bool) {
    macro_rules! line {
        ($level:ident, $text:literal) => {
            tracing::$level!(
                endpoint = &*claim.endpoint,
                event.id = &*claim.event_id,
                event.type = claim.event_type.as_str(),
                attempt = claim.attempts + 1,
                status = attempt.status,
                error = attempt.error,
                note = attempt.note,
                took_ms = attempt.took.as_millis(),
                next = next(verdict).map(tracing::field::display),
                $text
            )
        };
    }
    match verdict {
        Verdict::Delivered if is_counted => line!(debug, "delivered"),
        Verdict::Delivered => line!(info, "delivered"),
        Verdict::Retry { .. } => line!(warn, "delivery failed and is tried again"),
        Verdict::Paused { .. } => line!(warn, "the endpoint asked for a pause"),
        Verdict::Dead => line!(error, "delivery failed for the last time: `tidings deliveries retry` sends it again"),
        Verdict::Gone => line!(error, "the endpoint is gone: it is disabled, and what it is owed is parked"),
    }
}

fn next(verdict: &Verdict) -> Option<DateTime<Utc>> {
    match verdict {
        Verdict::Retry { at } | Verdict::Paused { until: at } => Some(*at),
        Verdict::Delivered | Verdict::Dead | Verdict::Gone => None,
    }
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Retry { .. } => "retry",
        Verdict::Paused { .. } => "paused",
        Verdict::Dead => "dead",
        Verdict::Gone => "gone",
    }
}
