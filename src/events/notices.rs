//! What operators are told of scans that fail, and of the first that succeeds again.
//!
//! In: since when, how often, why. Out: events, the same for the same streak of failures. Never: a post.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Event;
use crate::config::EventType;

/// Scans that failed one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    /// When the first of them was.
    pub since: DateTime<Utc>,
    /// How many.
    pub failures: u32,
}

/// Scans fail, the last one for this reason. It must hold no secret.
#[must_use]
pub fn scan_failing(site: &str, streak: Streak, reason: &str, now: DateTime<Utc>) -> Event {
    let Streak { since, failures } = streak;
    let data = serde_json::json!({"since": since, "failures": failures, "reason": reason});
    notice(site, EventType::ScanFailing, since, data, now)
}

/// A scan has succeeded after all of these failed.
#[must_use]
pub fn scan_recovered(site: &str, streak: Streak, now: DateTime<Utc>) -> Event {
    let Streak { since, failures } = streak;
    notice(site, EventType::ScanRecovered, since, serde_json::json!({"since": since, "failures": failures}), now)
}

/// The id is made of when the streak began.
fn notice(
    site: &str,
    event_type: EventType,
    since: DateTime<Utc>,
    data: serde_json::Value,
    timestamp: DateTime<Utc>,
) -> Event {
    Event { timestamp, ..super::notice(site, event_type, "scans", data, since) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::now;
    use super::*;

    #[test]
    fn a_streak_has_one_notice_of_its_beginning_and_one_of_its_end() {
        let streak = |failures| Streak { since: now(), failures };
        let failing = scan_failing("s", streak(3), "no disk", now());
        assert_eq!(
            failing.data,
            serde_json::json!({"since": "2025-06-01T00:00:00Z", "failures": 3, "reason": "no disk"})
        );
        assert_eq!(failing.id, scan_failing("s", streak(4), "no network", now()).id);
        let recovered = scan_recovered("s", streak(9), now());
        assert_eq!(recovered.data, serde_json::json!({"since": "2025-06-01T00:00:00Z", "failures": 9}));
        assert_ne!(failing.id, recovered.id);
        let other = Streak { since: now() + chrono::TimeDelta::seconds(1), failures: 3 };
        assert_ne!(failing.id, scan_failing("s", other, "no disk", now()).id);
    }
}
