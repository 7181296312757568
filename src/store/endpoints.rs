//! The endpoints that deliveries may go to.
//!
//! In: the names in the config. Out: how each endpoint does. Never: a URL or a secret; those stay in the config.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::values::{json_text, optional_time};
use super::{Store, StoreError};

/// An endpoint as `tidings status` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointState {
    /// Its name.
    pub name: String,
    /// Whether it is told anything at all. The config says so, not the store: see [`Self::known_to`].
    pub enabled: bool,
    /// The operator's pause: it is owed everything, and gets nothing until the operator ends it.
    pub paused: bool,
    /// Nothing is sent before then: it asked for a pause.
    pub not_before: Option<DateTime<Utc>>,
    /// Its breaker is open: one delivery is tried then, and nothing before.
    pub opens_at: Option<DateTime<Utc>>,
    /// Nothing is sent at all until it is enabled, and why.
    pub disabled: Option<String>,
    /// Failures since the last success.
    pub failures: u32,
    /// When the first of them began.
    pub failing_since: Option<DateTime<Utc>>,
    /// When the last attempt succeeded.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Deliveries it is owed.
    pub pending: u64,
    /// Deliveries given up.
    pub dead: u64,
}

impl EndpointState {
    /// The same, for who knows which webhooks the config has switched off.
    #[must_use]
    pub fn known_to(self, is_off: impl Fn(&str) -> bool) -> Self {
        Self { enabled: !is_off(&self.name), ..self }
    }
}

/// An endpoint that the config does not have any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its name.
    pub name: String,
    /// Deliveries it was still owed.
    pub pending: u64,
}

const LEAVING: &str = "
    SELECT name, (SELECT count(*) FROM delivery d WHERE d.endpoint = e.name AND d.state = 'pending') AS pending
    FROM endpoint e WHERE name NOT IN (SELECT value FROM json_each(?)) ORDER BY name";
const CANCEL: &str = "
    UPDATE delivery
    SET state = 'cancelled', finished_at = ?2, lease_until = NULL, reason = 'its webhook left the config'
    WHERE state = 'pending' AND endpoint NOT IN (SELECT value FROM json_each(?1))";
const FORGET: &str = "DELETE FROM endpoint WHERE name NOT IN (SELECT value FROM json_each(?))";
const ADD: &str = "
    INSERT INTO endpoint (name) SELECT value FROM json_each(?) WHERE TRUE ON CONFLICT (name) DO NOTHING";

/// Not where the new name is known already: then the two were different endpoints.
const RENAME: &str = "
    UPDATE endpoint SET name = ?2 WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM endpoint WHERE name = ?2)";
/// An earlier endpoint of the new name may have been owed the same event; then that one's row stands.
const MOVE: &str = "UPDATE OR IGNORE delivery SET endpoint = ?2 WHERE endpoint = ?1";

const STATES: &str = "
    SELECT name, paused, not_before, opens_at, disabled, failures, failing_since, last_success_at,
           (SELECT count(*) FROM delivery d WHERE d.endpoint = e.name AND d.state = 'pending') AS pending,
           (SELECT count(*) FROM delivery d WHERE d.endpoint = e.name AND d.state = 'dead') AS dead
    FROM endpoint e WHERE ?1 IS NULL OR name = ?1 ORDER BY name";

const PAUSE: &str = "UPDATE endpoint SET paused = 1 WHERE name = ?";
const RESUME: &str = "UPDATE endpoint SET paused = 0 WHERE name = ?";
const ENABLE: &str = "
    UPDATE endpoint SET not_before = NULL, disabled = NULL, opens_at = NULL, probes = 0, failures = 0, failing_since = NULL
    WHERE name = ?";

impl Store {
    /// Makes the store's endpoints those of the config: new ones are added; those that are gone are forgotten, and what
    /// they were still owed is cancelled. A name that comes back is a new endpoint, enabled and owed nothing.
    /// Returns those that are gone.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn sync_endpoints(&self, names: &[String], now: DateTime<Utc>) -> Result<Vec<Left>, StoreError> {
        let names = json_text(names)?;
        let mut tx = self.write().await?;
        let left = leaving(&mut tx, &names).await?;
        query(CANCEL).bind(&names).bind(now.timestamp_millis()).execute(&mut *tx).await?;
        query(FORGET).bind(&names).execute(&mut *tx).await?;
        query(ADD).bind(&names).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// The endpoints that [`Store::sync_endpoints`] would forget.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn leaving(&self, names: &[String]) -> Result<Vec<Left>, StoreError> {
        let mut db = self.readers.acquire().await?;
        Ok(leaving(&mut db, &json_text(names)?).await?)
    }

    /// Gives an endpoint another name, and all that it was ever owed with it. `false` if the store does not know it, or
    /// knows the new name as another endpoint.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn rename_endpoint(&self, from: &str, to: &str) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let renamed = query(RENAME).bind(from).bind(to).execute(&mut *tx).await?.rows_affected() == 1;
        if renamed {
            query(MOVE).bind(from).bind(to).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(renamed)
    }

    /// All endpoints that the store knows, by name.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn endpoints(&self) -> Result<Vec<EndpointState>, StoreError> {
        Ok(query(STATES).bind(None::<&str>).try_map(read_endpoint).fetch_all(&self.readers).await?)
    }

    /// One endpoint; `None` if the store does not know it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn endpoint(&self, name: &str) -> Result<Option<EndpointState>, StoreError> {
        Ok(query(STATES).bind(name).try_map(read_endpoint).fetch_optional(&self.readers).await?)
    }

    /// Pauses an endpoint: it is owed everything and gets nothing until [`Store::resume`]. `false` if the store does not
    /// know it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn pause(&self, endpoint: &str) -> Result<bool, StoreError> {
        self.change_endpoint(PAUSE, endpoint).await
    }

    /// Ends the operator's pause, and nothing else. `false` if the store does not know it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn resume(&self, endpoint: &str) -> Result<bool, StoreError> {
        self.change_endpoint(RESUME, endpoint).await
    }

    /// Enables an endpoint that is disabled, closes its breaker, and ends the pause that it asked for; the operator's own
    /// pause stays. `false` if the store does not know it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn enable(&self, endpoint: &str) -> Result<bool, StoreError> {
        self.change_endpoint(ENABLE, endpoint).await
    }

    async fn change_endpoint(&self, sql: &'static str, endpoint: &str) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = query(sql).bind(endpoint).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

async fn leaving(db: &mut SqliteConnection, names: &str) -> sqlx::Result<Vec<Left>> {
    let left = |row: SqliteRow| Ok(Left { name: row.try_get("name")?, pending: row.try_get("pending")? });
    query(LEAVING).bind(names).try_map(left).fetch_all(db).await
}

fn read_endpoint(row: SqliteRow) -> sqlx::Result<EndpointState> {
    Ok(EndpointState {
        name: row.try_get("name")?,
        enabled: true,
        paused: row.try_get("paused")?,
        not_before: optional_time(&row, "not_before")?,
        opens_at: optional_time(&row, "opens_at")?,
        disabled: row.try_get("disabled")?,
        failures: row.try_get("failures")?,
        failing_since: optional_time(&row, "failing_since")?,
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
            enabled: true,
            paused: false,
            not_before: None,
            opens_at: None,
            disabled: None,
            failures: 0,
            failing_since: None,
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

        let left = vec![Left { name: "hook".to_owned(), pending: 2 }];
        assert_eq!(store.leaving(&names(&["other"])).await.unwrap(), left);
        assert_eq!(store.sync_endpoints(&names(&["other"]), at(2)).await.unwrap(), left);

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

    #[tokio::test]
    async fn the_operators_pause_is_ended_by_the_operator_alone() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        assert!(store.pause("hook").await.unwrap());
        store.sync_endpoints(&names(&["hook"]), at(1)).await.unwrap();
        assert!(store.enable("hook").await.unwrap());
        assert!(store.endpoint("hook").await.unwrap().unwrap().paused);
        assert_eq!(store.deliveries(&Selection::default()).await.unwrap()[0].due_at, None);
        assert!(claim_all(&store, "hook", 1).await.is_empty());

        assert!(store.resume("hook").await.unwrap());
        assert!(!store.endpoint("hook").await.unwrap().unwrap().paused);
        assert_eq!(ids(&claim_all(&store, "hook", 1).await), ["a"]);
    }

    #[tokio::test]
    async fn resuming_enables_nothing() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        complete(&store, &claim, Verdict::Gone, 1).await;
        store.pause("hook").await.unwrap();
        store.resume("hook").await.unwrap();
        assert!(store.endpoint("hook").await.unwrap().unwrap().disabled.is_some());
    }

    #[tokio::test]
    async fn an_endpoint_that_is_renamed_keeps_its_state_its_queue_and_its_history() {
        let (_place, store) = store(&["old", "other"]).await;
        store.commit_scan(&owing(&["done", "owed"], &["old"])).await.unwrap();
        let claims = claim_all(&store, "old", 0).await;
        complete(&store, &claims[0], Verdict::Delivered, 1).await;
        store.pause("old").await.unwrap();

        assert!(store.rename_endpoint("old", "new").await.unwrap());
        assert!(store.sync_endpoints(&names(&["new", "other"]), at(2)).await.unwrap().is_empty());

        let state = store.endpoint("new").await.unwrap().unwrap();
        assert_eq!((state.paused, state.pending, state.last_success_at), (true, 1, Some(at(1))));
        let of_new = Selection { endpoint: Some("new".to_owned()), ..Selection::default() };
        assert_eq!(store.deliveries(&of_new).await.unwrap().len(), 2);
        assert!(!store.rename_endpoint("old", "newer").await.unwrap(), "nobody has that name");
        assert!(!store.rename_endpoint("new", "other").await.unwrap(), "somebody else has that name");
    }

    #[tokio::test]
    async fn a_name_that_was_owed_the_same_once_keeps_that_row() {
        let (_place, store) = store(&["old", "new"]).await;
        store.commit_scan(&owing(&["a", "b"], &["old"])).await.unwrap();
        store.commit_scan(&owing(&["a"], &["new"])).await.unwrap();
        store.sync_endpoints(&names(&["old"]), at(1)).await.unwrap();

        assert!(store.rename_endpoint("old", "new").await.unwrap());
        store.sync_endpoints(&names(&["new"]), at(2)).await.unwrap();
        assert_eq!(ids(&claim_all(&store, "new", 2).await), ["b"]);
    }
}
