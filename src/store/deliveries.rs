//! Deliveries as the commands and the dashboard list them, and sending them again.
//!
//! In: which ones. Out: where each stands, and how its attempts went. Never: a change to one that is under way.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row, query};

use super::values::{decode, event_type, optional_time, time};
use super::{Attempt, Store, StoreError};
use crate::config::EventType;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Owed.
    Pending,
    /// Done.
    Delivered,
    /// Given up; can be sent again on request.
    Dead,
    /// Not owed any more: its endpoint left the config.
    Cancelled,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Dead, Self::Cancelled];

    /// Its name in the store and in the commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A delivery as `tidings deliveries` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The message id.
    pub event_id: String,
    /// The endpoint's name.
    pub endpoint: String,
    /// Of the event.
    pub event_type: EventType,
    /// What the event is about: the post's title and URL, where there is one.
    pub title: Option<String>,
    /// The post's page.
    pub url: Option<String>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts made that count.
    pub attempts: u32,
    /// When it was committed.
    pub created_at: DateTime<Utc>,
    /// When the next attempt is due, if it is pending and its endpoint is not disabled; not before the endpoint's pause
    /// is over.
    pub due_at: Option<DateTime<Utc>>,
    /// When it reached its last state.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which deliveries are meant.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Of this endpoint.
    pub endpoint: Option<String>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of this event.
    pub event_id: Option<String>,
    /// The newest so many; 0: all.
    pub limit: usize,
}

const LISTED: &str = "
    SELECT d.event_id, d.endpoint, d.state, d.attempts, d.created_at, d.finished_at, e.type,
           CAST(e.data ->> '$.title' AS TEXT) AS title, CAST(e.data ->> '$.url' AS TEXT) AS url,
           CASE WHEN d.state = 'pending' AND p.disabled IS NULL
                THEN max(d.due_at, coalesce(p.not_before, d.due_at)) END AS due_at
    FROM delivery d JOIN event e ON e.id = d.event_id LEFT JOIN endpoint p ON p.name = d.endpoint
    WHERE TRUE";

const ATTEMPTS: &str = "
    SELECT a.at, a.took_ms, a.status, a.error, a.note
    FROM delivery d JOIN attempt a ON a.delivery_id = d.id
    WHERE d.event_id = ? AND d.endpoint = ?
    ORDER BY a.id";

impl Store {
    /// Deliveries, newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn deliveries(&self, selection: &Selection) -> Result<Vec<Delivery>, StoreError> {
        let mut sql = QueryBuilder::new(LISTED);
        push_selection(&mut sql, selection);
        Ok(sql.build().try_map(read_delivery).fetch_all(&self.readers).await?)
    }

    /// The attempts of one delivery, oldest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn attempts(&self, event_id: &str, endpoint: &str) -> Result<Vec<Attempt>, StoreError> {
        Ok(query(ATTEMPTS).bind(event_id).bind(endpoint).try_map(read_attempt).fetch_all(&self.readers).await?)
    }

    /// Makes deliveries due at `now` again, with all their tries before them: dead ones, and pending ones that wait.
    /// Those under way, and those to endpoints that the store does not know any more, are left as they are.
    /// Returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn retry(&self, selection: &Selection, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let now = now.timestamp_millis();
        let mut sql = QueryBuilder::<Sqlite>::new("UPDATE delivery SET state = 'pending', due_at = ");
        sql.push_bind(now).push(
            ", attempts = 0, first_failed_at = NULL, lease_until = NULL, finished_at = NULL \
             WHERE id IN (SELECT d.id FROM delivery d \
             WHERE d.state IN ('pending', 'dead') AND d.endpoint IN (SELECT name FROM endpoint) \
             AND (d.lease_until IS NULL OR d.lease_until <= ",
        );
        sql.push_bind(now).push(")");
        push_selection(&mut sql, selection);
        sql.push(")");
        let mut tx = self.write().await?;
        let done = sql.build().execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

/// The rest of a statement whose `WHERE` has begun, over `delivery d`.
fn push_selection(sql: &mut QueryBuilder<Sqlite>, selection: &Selection) {
    if let Some(endpoint) = &selection.endpoint {
        sql.push(" AND d.endpoint = ").push_bind(endpoint.clone());
    }
    if let Some(state) = selection.state {
        // Not a parameter: the planner must see it to use the indices of one state.
        sql.push(" AND d.state = '").push(state.as_str()).push("'");
    }
    if let Some(event_id) = &selection.event_id {
        sql.push(" AND d.event_id = ").push_bind(event_id.clone());
    }
    sql.push(" ORDER BY d.id DESC");
    if selection.limit > 0 {
        sql.push(" LIMIT ").push_bind(i64::try_from(selection.limit).unwrap_or(i64::MAX));
    }
}

fn read_delivery(row: SqliteRow) -> sqlx::Result<Delivery> {
    Ok(Delivery {
        event_id: row.try_get("event_id")?,
        endpoint: row.try_get("endpoint")?,
        event_type: event_type(&row, "type")?,
        title: row.try_get("title")?,
        url: row.try_get("url")?,
        state: decode("state", row.try_get("state")?, DeliveryState::from_name)?,
        attempts: row.try_get("attempts")?,
        created_at: time(&row, "created_at")?,
        due_at: optional_time(&row, "due_at")?,
        finished_at: optional_time(&row, "finished_at")?,
    })
}

fn read_attempt(row: SqliteRow) -> sqlx::Result<Attempt> {
    Ok(Attempt {
        at: time(&row, "at")?,
        took: decode("took_ms", row.try_get::<i64, _>("took_ms")?, |ms| ms.try_into().ok().map(Duration::from_millis))?,
        status: row.try_get("status")?,
        error: row.try_get("error")?,
        note: row.try_get("note")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::fixtures::*;
    use super::*;
    use crate::events::Event;

    #[tokio::test]
    async fn a_delivery_says_what_it_is_about_and_where_it_stands() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let expected = Delivery {
            event_id: "a".to_owned(),
            endpoint: "hook".to_owned(),
            event_type: EventType::PostPublished,
            title: Some("a".to_owned()),
            url: Some("https://example.org/a/".to_owned()),
            state: DeliveryState::Pending,
            attempts: 0,
            created_at: at(0),
            due_at: Some(at(0)),
            finished_at: None,
        };
        assert_eq!(store.deliveries(&Selection::default()).await.unwrap(), [expected]);
    }

    #[tokio::test]
    async fn an_event_that_is_about_no_post_has_no_title() {
        let (_place, store) = store(&["hook"]).await;
        for (id, data) in [("ping", serde_json::json!({})), ("digest", serde_json::json!([1]))] {
            let event = Event { event_type: EventType::Ping, data, ..event(id) };
            enqueue(&store, &event, &["hook"]).await;
        }
        for delivery in store.deliveries(&Selection::default()).await.unwrap() {
            assert_eq!((delivery.title, delivery.url), (None, None));
        }
    }

    #[tokio::test]
    async fn the_newest_come_first_and_the_selection_narrows_them() {
        let (_place, store) = one_of_each_state().await;
        let list = async |selection: Selection| -> Vec<String> {
            let listed = store.deliveries(&selection).await.unwrap();
            listed.iter().map(|d| format!("{} {} {}", d.endpoint, d.event_id, d.state.as_str())).collect()
        };
        let all = Selection::default;

        let everything = [
            "gone late cancelled",
            "hook late pending",
            "gone dead cancelled",
            "hook dead dead",
            "gone done cancelled",
            "hook done delivered",
        ];
        assert_eq!(list(all()).await, everything);
        assert_eq!(list(Selection { limit: 2, ..all() }).await, everything[..2]);
        assert_eq!(
            list(Selection { event_id: Some("dead".to_owned()), ..all() }).await,
            ["gone dead cancelled", "hook dead dead"]
        );
        let of_hook = Selection { endpoint: Some("hook".to_owned()), ..all() };
        for (state, event) in
            [(DeliveryState::Pending, "late"), (DeliveryState::Delivered, "done"), (DeliveryState::Dead, "dead")]
        {
            let expected = format!("hook {event} {}", state.as_str());
            assert_eq!(list(Selection { state: Some(state), ..of_hook.clone() }).await, [expected]);
        }
        assert_eq!(list(Selection { state: Some(DeliveryState::Cancelled), ..all() }).await.len(), 3);
        assert_eq!(list(Selection { state: Some(DeliveryState::Cancelled), ..of_hook }).await, [""; 0]);
    }

    #[tokio::test]
    async fn the_dead_and_the_waiting_can_be_sent_again_with_all_their_tries() {
        let (_place, store) = one_of_each_state().await;

        assert_eq!(store.retry(&Selection::default(), at(5)).await.unwrap(), 2);

        let claims = claim_all(&store, "hook", 5).await;
        assert_eq!(ids(&claims), ["dead", "late"]);
        for claim in claims {
            assert_eq!((claim.attempts, claim.first_failed_at), (0, None));
            assert!(complete(&store, &claim, Verdict::Delivered, 6).await);
        }
    }

    #[tokio::test]
    async fn only_what_is_selected_is_sent_again() {
        let (_place, store) = one_of_each_state().await;
        let selected = |state, event_id: Option<&str>| Selection {
            state,
            event_id: event_id.map(str::to_owned),
            ..Selection::default()
        };
        for state in [DeliveryState::Delivered, DeliveryState::Cancelled] {
            assert_eq!(store.retry(&selected(Some(state), None), at(5)).await.unwrap(), 0);
        }
        assert_eq!(store.retry(&selected(None, Some("done")), at(5)).await.unwrap(), 0);
        assert_eq!(store.retry(&Selection { limit: 1, ..Selection::default() }, at(5)).await.unwrap(), 1);
        assert_eq!(ids(&claim_all(&store, "hook", 5).await), ["late"], "the newest one");
        assert_eq!(store.retry(&selected(Some(DeliveryState::Dead), None), at(5)).await.unwrap(), 1);
        assert_eq!(ids(&claim_all(&store, "hook", 5).await), ["dead"]);
    }

    #[tokio::test]
    async fn what_is_under_way_is_not_sent_again() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);

        assert_eq!(store.retry(&Selection::default(), at(59)).await.unwrap(), 0);
        assert!(complete(&store, &claim, Verdict::Delivered, 59).await);
    }

    #[tokio::test]
    async fn what_is_dead_at_an_endpoint_that_left_the_config_stays_dead() {
        let (_place, store) = one_of_each_state().await;
        store.sync_endpoints(&[], at(4)).await.unwrap();
        assert_eq!(store.retry(&Selection::default(), at(5)).await.unwrap(), 0);
    }

    #[test]
    fn every_state_has_a_name_of_its_own() {
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::from_name(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(DeliveryState::from_name("Pending"), None);
    }

    /// `done`, `dead` and `late`, which waits for a retry at `at(100)`, are owed to `hook`; `gone` has left.
    async fn one_of_each_state() -> (Place, Store) {
        let (place, store) = store(&["hook", "gone"]).await;
        store.commit_scan(&owing(&["done", "dead", "late"], &["hook", "gone"])).await.unwrap();
        let verdicts = [Verdict::Delivered, Verdict::Dead, Verdict::Retry { at: at(100) }];
        for (claim, verdict) in claim_all(&store, "hook", 0).await.iter().zip(verdicts) {
            complete(&store, claim, verdict, 1).await;
        }
        store.sync_endpoints(&names(&["hook"]), at(2)).await.unwrap();
        (place, store)
    }
}
