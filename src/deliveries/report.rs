//! What operators see of deliveries: a line in the log for each attempt, and the metrics.
//!
//! In: attempts and their verdicts. Out: `tracing` events and `metrics`. Never: a URL, a secret, a body.
//!
//! | metric | labels | |
//! |---|---|---|
//! | `tidings_deliveries_total` | `endpoint`, `outcome` | attempts; `outcome` is `delivered`, `retry`, `paused`, `dead` or `gone` |
//! | `tidings_delivery_duration_seconds` | `endpoint` | how long attempts took |
//! | `tidings_deliveries_pending` | `endpoint` | deliveries owed, counted every 15 seconds |

use chrono::{DateTime, Utc};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::store::{Attempt, Claim, EndpointState, Verdict};

const TOTAL: &str = "tidings_deliveries_total";
const DURATION: &str = "tidings_delivery_duration_seconds";
const PENDING: &str = "tidings_deliveries_pending";

/// An attempt and what becomes of its delivery.
pub(super) struct Outcome {
    pub(super) claim: Claim,
    pub(super) attempt: Attempt,
    pub(super) verdict: Verdict,
}

/// Tells the recorder what the metrics are.
pub(super) fn describe() {
    describe_counter!(TOTAL, "Attempts at deliveries, by what became of them");
    describe_histogram!(DURATION, metrics::Unit::Seconds, "How long attempts at deliveries took");
    describe_gauge!(PENDING, "Deliveries owed");
}

/// Reports one attempt, once it is recorded. `ours`: nobody else had taken the delivery over meanwhile.
pub(super) fn attempt(outcome: &Outcome, ours: bool) {
    let Outcome { claim, attempt, verdict } = outcome;
    counter!(TOTAL, "endpoint" => claim.endpoint.clone(), "outcome" => name(verdict)).increment(1);
    histogram!(DURATION, "endpoint" => claim.endpoint.clone()).record(attempt.took);
    log(claim, attempt, verdict);
    if !ours {
        tracing::warn!(
            endpoint = claim.endpoint,
            event.id = claim.event_id,
            "the lease was over before the answer was recorded: the delivery may be sent again"
        );
    }
}

/// Reports how much is owed to whom.
pub(super) fn pending(endpoints: &[EndpointState]) {
    for endpoint in endpoints {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
        gauge!(PENDING, "endpoint" => endpoint.name.clone()).set(endpoint.pending as f64);
    }
}

fn log(claim: &Claim, attempt: &Attempt, verdict: &Verdict) {
    macro_rules! line {
        ($level:ident, $text:literal) => {
            tracing::$level!(
                endpoint = claim.endpoint,
                event.id = claim.event_id,
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
