//! The endpoints that deliveries may go to.
//!
//! In: the names in the config. Out: how each endpoint does. Never: a URL or a secret; those stay in the config.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};

use super::values::{json_text, optional_time};
use super::{Store, StoreError};

/// An endpoint as `tidings status` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointState {
    /// Its name.
    pub name: String,
    /// Nothing is sent before then: it asked for a pause.
    pub not_before: Option<DateTime<Utc>>,
    /// Nothing is sent at all, and why.
    pub disabled: Option<String>,
    /// Failures since the last success.
    pub failures: u32,
    /// When the last attempt succeeded.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Deliveries it is owed.
    pub pending: u64,
    /// Deliveries given up.
    pub dead: u64,
}

const CANCEL: &str = "
    UPDATE delivery SET state = 'cancelled', finished_at = ?2, lease_until = NULL
    WHERE state = 'pending' AND endpoint NOT IN (SELECT value FROM json_each(?1))";
const FORGET: &str = "DELETE FROM endpoint WHERE name NOT IN (SELECT value FROM json_each(?))";
const ADD: &str = "
    INSERT INTO endpoint (name) SELECT value FROM json_each(?) WHERE TRUE ON CONFLICT (name) DO NOTHING";

const STATES: &str = "
    SELECT name, not_before, disabled, failures, last_success_at,
           (SELECT count(*) FROM delivery d WHERE d.endpoint = e.name AND d.state = 'pending') AS pending,
           (SELECT count(*) FROM delivery d WHERE d.endpoint = e.name AND d.state = 'dead') AS dead
    FROM endpoint e ORDER BY name";

impl Store {
    /// Makes the store's endpoints those of the config: new ones are added; those that are gone are forgotten, and what
    /// they were still owed is cancelled. A name that comes back is a new endpoint, enabled and owed nothing.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn sync_endpoints(&self, names: &[String], now: DateTime<Utc>) -> Result<(), StoreError> {
        let names = json_text(names)?;
        let mut tx = self.write().await?;
        query(CANCEL).bind(&names).bind(now.timestamp_millis()).execute(&mut *tx).await?;
        query(FORGET).bind(&names).execute(&mut *tx).await?;
        query(ADD).bind(&names).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// All endpoints that the store knows, by name.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn endpoints(&self) -> Result<Vec<EndpointState>, StoreError> {
        Ok(query(STATES).try_map(read_endpoint).fetch_all(&self.readers).await?)
    }

    /// Enables an endpoint, lifts the pause that it asked for, and closes its breaker. `false` if the store does not know it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn enable(&self, endpoint: &str) -> Result<bool, StoreError> {
        let sql = "
            UPDATE endpoint
            SET not_before = NULL, disabled = NULL, failures = 0, failing_since = NULL, opens_at = NULL, probes = 0
            WHERE name = ?";
        let mut tx = self.write().await?;
        let done = query(sql).bind(endpoint).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read_endpoint(row: SqliteRow) -> sqlx::Result<EndpointState> {
    Ok(EndpointState {
        name: row.try_get("name")?,
        not_before: optional_time(&row, "not_before")?,
        disabled: row.try_get("disabled")?,
        failures: row.try_get("failures")?,
        last_success_at: optional_time(&row, "last_success_at")?,
        pending: row.try_get("pending")?,
        dead: row.try_get("dead")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::{DeliveryState, Selection, Verdict};
    use super::*;

    #[tokio::test]
    async fn endpoints_are_those_of_the_config() {
        let (_place, store) = store(&["b", "a"]).await;
        store.sync_endpoints(&names(&["c", "b"]), at(1)).await.unwrap();

        let new = |name: &str| EndpointState {
            name: name.to_owned(),
            not_before: None,
            disabled: None,
            failures: 0,
            last_success_at: None,
            pending: 0,
            dead: 0,
        };
        assert_eq!(store.endpoints().await.unwrap(), [new("b"), new("c")]);
    }

    #[tokio::test]
    async fn an_endpoint_that_stays_keeps_its_state_and_its_queue() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
        let claims = claim_all(&store, "hook", 0).await;
        complete(&store, &claims[0], Verdict::Delivered, 1).await;
        complete(&store, &claims[1], Verdict::Gone, 2).await;
        let before = store.endpoints().await.unwrap();

        store.sync_endpoints(&names(&["hook", "other"]), at(3)).await.unwrap();

        assert_eq!(store.endpoints().await.unwrap()[..1], before);
        assert_eq!((before[0].pending, before[0].last_success_at), (1, Some(at(1))));
        assert!(before[0].disabled.is_some());
    }

    #[tokio::test]
    async fn what_an_endpoint_was_owed_is_cancelled_when_it_leaves() {
        let (_place, store) = store(&["hook", "other"]).await;
        store.commit_scan(&owing(&["done", "under way", "owed"], &["hook", "other"])).await.unwrap();
        let claims = store.claim(&[capacity("hook", 2)], usize::MAX, at(0), at(60)).await.unwrap();
        complete(&store, &claims[0], Verdict::Delivered, 1).await;

        store.sync_endpoints(&names(&["other"]), at(2)).await.unwrap();

        let of_hook = Selection { endpoint: Some("hook".to_owned()), ..Selection::default() };
        let states: Vec<_> =
            store.deliveries(&of_hook).await.unwrap().into_iter().map(|d| (d.state, d.due_at, d.finished_at)).collect();
        let cancelled = (DeliveryState::Cancelled, None, Some(at(2)));
        assert_eq!(states, [cancelled, cancelled, (DeliveryState::Delivered, None, Some(at(1)))]);
        assert_eq!(claim_all(&store, "other", 2).await.len(), 3, "others keep theirs");

        assert!(!complete(&store, &claims[1], Verdict::Retry { at: at(9) }, 3).await);
        assert_eq!(store.attempts("under way", "hook").await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_name_that_comes_back_starts_fresh() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        complete(&store, &claim, Verdict::Gone, 1).await;

        store.sync_endpoints(&[], at(2)).await.unwrap();
        assert!(store.endpoints().await.unwrap().is_empty());
        store.sync_endpoints(&names(&["hook"]), at(3)).await.unwrap();

        let fresh = store.endpoints().await.unwrap().remove(0);
        assert_eq!((fresh.disabled, fresh.failures, fresh.pending), (None, 0, 0));
        store.commit_scan(&owing(&["b"], &["hook"])).await.unwrap();
        assert_eq!(ids(&claim_all(&store, "hook", 3).await), ["b"]);
    }

    #[tokio::test]
    async fn enabling_lifts_a_pause_at_once() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        complete(&store, &claim, Verdict::Paused { until: at(3_600) }, 1).await;

        assert!(store.enable("hook").await.unwrap());

        assert_eq!(store.endpoints().await.unwrap()[0].not_before, None);
        assert_eq!(ids(&claim_all(&store, "hook", 2).await), ["a"]);
    }

    #[tokio::test]
    async fn an_endpoint_that_nobody_knows_cannot_be_enabled() {
        let (_place, store) = store(&["hook"]).await;
        assert!(!store.enable("hoook").await.unwrap());
        assert_eq!(store.endpoints().await.unwrap().len(), 1);
    }
}
