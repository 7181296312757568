//! How an attempt went, and what becomes of its delivery and its endpoint.
//!
//! In: a claim, the attempt made under it, the verdict. Out: all three rows, or none. Never: a change to a delivery whose
//! lease has gone to somebody else.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sqlx::{SqliteConnection, query};

use super::{Claim, DeliveryState, Store, StoreError};

/// How an attempt went, for the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took; in JSON `took_ms`, whole milliseconds, which is what the store keeps.
    #[serde(rename = "took_ms", serialize_with = "as_millis")]
    pub took: Duration,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// What went wrong, in one word: `timeout`, `dns`, `connect`, `tls`, `blocked`, `redirect`, `status`,
    /// `bad_response`, `closed`, `internal`.
    pub error: Option<String>,
    /// One sentence; holds no secret.
    pub note: Option<String>,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It is tried again then.
    Retry {
        /// When.
        at: DateTime<Utc>,
    },
    /// It is tried again then, the endpoint gets nothing before, and the try does not count as one of the twelve.
    Paused {
        /// Until when. An endpoint that is paused for longer already stays so.
        until: DateTime<Utc>,
    },
    /// It is given up.
    Dead,
    /// The endpoint said that it is gone: it is disabled, and what it is owed is parked.
    Gone,
}

const RECORD: &str = "
    INSERT INTO attempt (delivery_id, at, took_ms, status, error, note)
    SELECT id, ?3, ?4, ?5, ?6, ?7 FROM delivery WHERE event_id = ?1 AND endpoint = ?2";

/// So many attempts of a delivery are kept, the newest: a receiver may ask for pauses for days.
const KEPT: i64 = 100;

const TRIM: &str = "
    DELETE FROM attempt
    WHERE delivery_id = (SELECT id FROM delivery WHERE event_id = ?1 AND endpoint = ?2)
      AND id <= (SELECT a.id FROM attempt a WHERE a.delivery_id = attempt.delivery_id
                 ORDER BY a.id DESC LIMIT 1 OFFSET ?3)";

/// A delivery that was cancelled meanwhile is not pending any more, whoever holds its lease. A first failure that lies
/// after this one is of a clock that was set back.
const SETTLE: &str = "
    UPDATE delivery
    SET state = ?4, due_at = coalesce(?5, due_at), attempts = attempts + ?6,
        first_failed_at = coalesce(min(first_failed_at, ?7), first_failed_at, ?7), finished_at = ?8, lease_until = NULL
    WHERE event_id = ?1 AND endpoint = ?2 AND lease_token = ?3 AND state = 'pending'";

const SUCCEEDED: &str = "UPDATE endpoint SET failures = 0, last_success_at = ?2 WHERE name = ?1";
const FAILED: &str = "UPDATE endpoint SET failures = failures + 1 WHERE name = ?1";
const PAUSED: &str = "UPDATE endpoint SET not_before = max(coalesce(not_before, ?2), ?2) WHERE name = ?1";
const GONE: &str = "UPDATE endpoint SET failures = failures + 1, disabled = ?2 WHERE name = ?1";

impl Store {
    /// Records an attempt and its verdict; of a delivery's attempts, the newest hundred stay. `false` if the lease was not ours any more: then only the attempt is recorded.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn complete(
        &self,
        claim: &Claim,
        attempt: &Attempt,
        verdict: &Verdict,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        record(&mut tx, claim, attempt).await?;
        let ours = settle(&mut tx, claim, attempt, verdict, now).await?;
        if ours {
            judge_endpoint(&mut tx, claim, attempt, verdict, now).await?;
        }
        tx.commit().await?;
        Ok(ours)
    }
}

async fn record(db: &mut SqliteConnection, claim: &Claim, attempt: &Attempt) -> sqlx::Result<()> {
    query(RECORD)
        .bind(&claim.event_id)
        .bind(&claim.endpoint)
        .bind(attempt.at.timestamp_millis())
        .bind(millis(attempt.took))
        .bind(attempt.status)
        .bind(attempt.error.as_deref())
        .bind(attempt.note.as_deref())
        .execute(&mut *db)
        .await?;
    query(TRIM).bind(&claim.event_id).bind(&claim.endpoint).bind(KEPT).execute(db).await?;
    Ok(())
}

/// Changes the delivery if its lease is still the claim's.
async fn settle(
    db: &mut SqliteConnection,
    claim: &Claim,
    attempt: &Attempt,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    // What waits for its endpoint keeps its place in the queue: its due date is not touched.
    let (state, due_at, counts, finished_at) = match verdict {
        Verdict::Delivered => (DeliveryState::Delivered, None, true, Some(now)),
        Verdict::Dead => (DeliveryState::Dead, None, true, Some(now)),
        Verdict::Retry { at } => (DeliveryState::Pending, Some(*at), true, None),
        Verdict::Paused { .. } | Verdict::Gone => (DeliveryState::Pending, None, false, None),
    };
    // A pause is no try that counts, but a receiver may not ask for pauses for ever either.
    let failed = matches!(verdict, Verdict::Retry { .. } | Verdict::Paused { .. } | Verdict::Dead);
    let done = query(SETTLE)
        .bind(&claim.event_id)
        .bind(&claim.endpoint)
        .bind(claim.lease_token)
        .bind(state.as_str())
        .bind(due_at.map(|at| at.timestamp_millis()))
        .bind(counts)
        .bind(failed.then(|| attempt.at.timestamp_millis()))
        .bind(finished_at.map(|at| at.timestamp_millis()))
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn judge_endpoint(
    db: &mut SqliteConnection,
    claim: &Claim,
    attempt: &Attempt,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let name = &claim.endpoint;
    let change = match verdict {
        Verdict::Delivered => query(SUCCEEDED).bind(name).bind(now.timestamp_millis()),
        Verdict::Retry { .. } | Verdict::Dead => query(FAILED).bind(name),
        Verdict::Paused { until } => query(PAUSED).bind(name).bind(until.timestamp_millis()),
        Verdict::Gone => query(GONE).bind(name).bind(attempt.note.as_deref().unwrap_or("it answered that it is gone")),
    };
    change.execute(db).await?;
    Ok(())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn as_millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(millis(*duration))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::{Delivery, EndpointState, Selection};
    use super::*;

    #[tokio::test]
    async fn what_arrived_is_finished_and_ends_its_endpoints_failures() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
        let claims = claim_all(&store, "hook", 0).await;
        complete(&store, &claims[0], Verdict::Retry { at: at(10) }, 1).await;
        assert_eq!(endpoint(&store).await.failures, 1);

        assert!(complete(&store, &claims[1], Verdict::Delivered, 2).await);

        let expected = EndpointState {
            name: "hook".to_owned(),
            not_before: None,
            disabled: None,
            failures: 0,
            last_success_at: Some(at(2)),
            pending: 1,
            dead: 0,
        };
        assert_eq!(endpoint(&store).await, expected);
        let b = delivery(&store, "b").await;
        assert_eq!((b.state, b.attempts, b.due_at, b.finished_at), (DeliveryState::Delivered, 1, None, Some(at(2))));
        assert!(claim_all(&store, "hook", 9).await.is_empty());
    }

    #[tokio::test]
    async fn a_retry_counts_and_remembers_the_first_failure() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        for (now, attempts, first_failed_at) in [(0, 0, None), (100, 1, Some(at(0))), (200, 2, Some(at(0)))] {
            let claim = claim_all(&store, "hook", now).await.remove(0);
            assert_eq!((claim.attempts, claim.first_failed_at), (attempts, first_failed_at));
            complete(&store, &claim, Verdict::Retry { at: at(now + 100) }, now).await;
        }
        assert_eq!(delivery(&store, "a").await.due_at, Some(at(300)));
        assert_eq!(endpoint(&store).await.failures, 3);
    }

    #[tokio::test]
    async fn a_pause_holds_the_whole_endpoint_and_counts_as_nothing() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
        let claims = claim_all(&store, "hook", 0).await;

        complete(&store, &claims[0], Verdict::Paused { until: at(100) }, 1).await;
        complete(&store, &claims[1], Verdict::Paused { until: at(50) }, 1).await;

        assert_eq!(endpoint(&store).await.not_before, Some(at(100)), "the longer of two pauses");
        assert_eq!(endpoint(&store).await.failures, 0);
        for id in ["a", "b"] {
            let waiting = delivery(&store, id).await;
            assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Pending, 0));
            assert_eq!(waiting.due_at, Some(at(100)));
        }
        let resumed = claim_all(&store, "hook", 100).await;
        assert_eq!(ids(&resumed), ["a", "b"]);
        assert_eq!((resumed[0].attempts, resumed[0].first_failed_at), (0, Some(at(1))), "pauses are not for ever");
    }

    #[tokio::test]
    async fn a_first_failure_never_lies_after_a_later_one() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        for now in [500, 100, 200] {
            let claim = claim_all(&store, "hook", 1_000).await.remove(0);
            complete(&store, &claim, Verdict::Retry { at: at(0) }, now).await;
        }
        assert_eq!(claim_all(&store, "hook", 1_000).await[0].first_failed_at, Some(at(100)));
    }

    #[tokio::test]
    async fn the_newest_hundred_attempts_of_a_delivery_are_kept() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
        let claims = claim_all(&store, "hook", 0).await;
        complete(&store, &claims[1], Verdict::Delivered, 0).await;
        for now in 0..103 {
            complete(&store, &claims[0], Verdict::Paused { until: at(now) }, now).await;
        }

        let kept: Vec<_> = store.attempts("a", "hook").await.unwrap().iter().map(|attempt| attempt.at).collect();

        assert_eq!(kept, (3..103).map(at).collect::<Vec<_>>());
        assert_eq!(store.attempts("b", "hook").await.unwrap().len(), 1, "another's stay");
        let plan = plan(&store, TRIM).await;
        assert!(!plan.iter().any(|step| step.starts_with("SCAN") || step.contains("TEMP B-TREE")), "{plan:#?}");
    }

    #[tokio::test]
    async fn a_delivery_that_is_given_up_is_dead() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);

        assert!(complete(&store, &claim, Verdict::Dead, 1).await);

        let a = delivery(&store, "a").await;
        assert_eq!((a.state, a.attempts, a.finished_at), (DeliveryState::Dead, 1, Some(at(1))));
        let endpoint = endpoint(&store).await;
        assert_eq!((endpoint.failures, endpoint.pending, endpoint.dead), (1, 0, 1));
        assert!(claim_all(&store, "hook", 1_000).await.is_empty());
    }

    #[tokio::test]
    async fn an_endpoint_that_is_gone_is_disabled_and_loses_nothing() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
        let claim = store.claim(&[capacity("hook", 1)], usize::MAX, at(0), at(60)).await.unwrap().remove(0);
        let answer = Attempt { status: Some(410), note: Some("410 Gone".to_owned()), ..attempt(1) };

        assert!(store.complete(&claim, &answer, &Verdict::Gone, at(1)).await.unwrap());

        assert_eq!(endpoint(&store).await.disabled.as_deref(), Some("410 Gone"));
        let parked = delivery(&store, "a").await;
        assert_eq!((parked.state, parked.attempts, parked.due_at), (DeliveryState::Pending, 0, None));
        assert!(store.enable("hook").await.unwrap());
        assert_eq!(ids(&claim_all(&store, "hook", 2).await), ["a", "b"]);
    }

    #[tokio::test]
    async fn a_lease_that_went_to_another_changes_nothing_but_the_record() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let stale = claim_all(&store, "hook", 0).await.remove(0);
        let current = claim_all(&store, "hook", 60).await.remove(0);

        for verdict in [Verdict::Dead, Verdict::Gone, Verdict::Paused { until: at(999) }] {
            assert!(!complete(&store, &stale, verdict, 61).await);
        }

        assert_eq!(store.attempts("a", "hook").await.unwrap().len(), 3);
        let untouched = endpoint(&store).await;
        assert_eq!((untouched.failures, untouched.disabled, untouched.not_before), (0, None, None));
        assert!(complete(&store, &current, Verdict::Delivered, 62).await, "the newer lease holds");
        assert!(!complete(&store, &current, Verdict::Dead, 63).await, "and is used up");
        assert_eq!(delivery(&store, "a").await.state, DeliveryState::Delivered);
    }

    #[tokio::test]
    async fn a_lease_that_ended_is_good_until_somebody_else_takes_it() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let late = claim_all(&store, "hook", 0).await.remove(0);
        assert!(complete(&store, &late, Verdict::Delivered, 1_000).await);
    }

    #[tokio::test]
    async fn attempts_are_kept_whole_and_in_order() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let failed = Attempt {
            at: at(7),
            took: Duration::from_millis(15_001),
            status: None,
            error: Some("timeout".to_owned()),
            note: Some("no answer within 15 s".to_owned()),
        };
        let made = [failed, attempt(80)];
        for attempt in &made {
            let claim = claim_all(&store, "hook", 70).await.remove(0);
            store.complete(&claim, attempt, &Verdict::Retry { at: at(70) }, at(8)).await.unwrap();
        }

        assert_eq!(store.attempts("a", "hook").await.unwrap(), made);
        assert_eq!(store.attempts("a", "other").await.unwrap(), []);
        let json = serde_json::to_value(&made[0]).unwrap();
        assert_eq!(json["took_ms"], 15_001);
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_written_changes_nothing() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        query("PRAGMA max_page_count = 1").execute(&store.writer).await.unwrap();
        let long = Attempt { note: Some("x".repeat(100_000)), ..attempt(1) };

        assert!(store.complete(&claim, &long, &Verdict::Delivered, at(1)).await.is_err());

        assert_eq!(delivery(&store, "a").await.state, DeliveryState::Pending);
        assert!(store.attempts("a", "hook").await.unwrap().is_empty());
        query("PRAGMA max_page_count = 100000").execute(&store.writer).await.unwrap();
        assert!(
            store.complete(&claim, &long, &Verdict::Delivered, at(2)).await.unwrap(),
            "it can be kept and tried again"
        );
    }

    async fn endpoint(store: &Store) -> EndpointState {
        store.endpoints().await.unwrap().remove(0)
    }

    async fn delivery(store: &Store, event_id: &str) -> Delivery {
        let selection = Selection { event_id: Some(event_id.to_owned()), ..Selection::default() };
        store.deliveries(&selection).await.unwrap().remove(0)
    }
}
