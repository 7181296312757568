//! Waits that a clock set back has made too long.
//!
//! In: now, and how long anybody may legitimately wait. Out: whoever waits longer, waiting no more. Never: a wait that
//! the schedule or a receiver asked for cut short.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{query, query_scalar};

use super::{Store, StoreError};

/// Whether anything waits past `?1`. Of an endpoint's deliveries, only the ends of indices are looked at.
const OVERDRAWN: &str = "
    SELECT EXISTS (
        SELECT 1 FROM endpoint e
        WHERE e.not_before > ?1 OR e.opens_at > ?1
           OR EXISTS (SELECT 1 FROM delivery d
                      WHERE d.endpoint = e.name AND d.state = 'pending' AND d.is_retry IN (0, 1) AND d.due_at > ?1)
           OR EXISTS (SELECT 1 FROM delivery d
                      WHERE d.endpoint = e.name AND d.lease_until IS NOT NULL AND d.lease_until > ?1))";

const PAUSES: &str = "UPDATE endpoint SET not_before = ?2 WHERE not_before > ?1";
const BREAKERS: &str = "UPDATE endpoint SET opens_at = ?2 WHERE opens_at > ?1";

const DUE_DATES: &str = "
    UPDATE delivery SET due_at = ?2
    WHERE endpoint IN (SELECT name FROM endpoint) AND state = 'pending' AND is_retry IN (0, 1) AND due_at > ?1";

const LEASES: &str = "
    UPDATE delivery SET lease_until = ?2
    WHERE endpoint IN (SELECT name FROM endpoint) AND lease_until IS NOT NULL AND lease_until > ?1";

impl Store {
    /// Ends at `now` what would last longer than `longest` from there: pauses of endpoints, waits of deliveries, leases.
    /// No clock that only went forward has made them. Returns how many there were; writes nothing if there are none.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was changed.
    pub async fn pull_back(&self, now: DateTime<Utc>, longest: TimeDelta) -> Result<u64, StoreError> {
        let (limit, now) = ((now + longest).timestamp_millis(), now.timestamp_millis());
        if !query_scalar::<_, bool>(OVERDRAWN).bind(limit).fetch_one(&self.readers).await? {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let mut changed = 0;
        for sql in [PAUSES, BREAKERS, DUE_DATES, LEASES] {
            changed += query(sql).bind(limit).bind(now).execute(&mut *tx).await?.rows_affected();
        }
        tx.commit().await?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::fixtures::*;
    use super::*;

    const LONGEST: TimeDelta = TimeDelta::seconds(1_000);

    #[tokio::test]
    async fn waits_of_a_clock_that_was_ahead_end() {
        let (_place, store) = store(&["hook", "paused"]).await;
        store.commit_scan(&owing(&["retried", "leased"], &["hook"])).await.unwrap();
        store.commit_scan(&owing(&["paused"], &["paused"])).await.unwrap();
        let claims = claim_all(&store, "hook", 90_000).await;
        complete(&store, &claims[0], Verdict::Retry { at: at(90_005) }, 90_000).await;
        let claim = claim_all(&store, "paused", 90_000).await.remove(0);
        complete(&store, &claim, Verdict::Paused { until: at(90_005) }, 90_000).await;
        assert!(claim_all(&store, "hook", 10).await.is_empty());

        assert_eq!(store.pull_back(at(10), LONGEST).await.unwrap(), 3);

        assert_eq!(store.next_due(&[capacity("hook", 1)]).await.unwrap(), Some(at(10)));
        assert_eq!(ids(&claim_all(&store, "hook", 10).await), ["leased", "retried"]);
        assert_eq!(ids(&claim_all(&store, "paused", 10).await), ["paused"]);
        assert_eq!(store.pull_back(at(10), LONGEST).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn first_attempts_that_are_due_far_ahead_are_due_now() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        assert_eq!(store.pull_back(at(-2_000), LONGEST).await.unwrap(), 1);
        assert_eq!(ids(&claim_all(&store, "hook", -2_000).await), ["a"]);
    }

    #[tokio::test]
    async fn the_longest_wait_is_waited_for() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        complete(&store, &claim, Verdict::Retry { at: at(1_000) }, 0).await;
        assert_eq!(store.pull_back(at(0), LONGEST).await.unwrap(), 0);
        assert_eq!(store.next_due(&[capacity("hook", 1)]).await.unwrap(), Some(at(1_000)));
    }

    #[tokio::test]
    async fn looking_for_them_reads_no_delivery_that_waits_as_it_should() {
        let (_place, store) = store(&[]).await;
        for sql in [OVERDRAWN, DUE_DATES, LEASES] {
            let plan = plan(&store, sql).await;
            assert!(!plan.iter().any(|step| step.starts_with("SCAN d")), "{plan:#?}");
        }
        let (due, leases) = (plan(&store, DUE_DATES).await, plan(&store, LEASES).await);
        assert!(due.iter().any(|step| step.ends_with("(endpoint=? AND is_retry=? AND due_at>?)")), "{due:#?}");
        assert!(leases.iter().any(|step| step.ends_with("(endpoint=? AND lease_until>?)")), "{leases:#?}");
        let all = plan(&store, OVERDRAWN).await;
        assert!(all.iter().any(|step| step.ends_with("(endpoint=? AND is_retry=? AND due_at>?)")), "{all:#?}");
        assert!(all.iter().any(|step| step.ends_with("(endpoint=? AND lease_until>?)")), "{all:#?}");
    }
}
