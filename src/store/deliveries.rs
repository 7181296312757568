//! Deliveries as the commands and the admin API list them.
//!
//! In: which ones. Out: where each stands, and how its attempts went. Never: a change; that is `steer`'s.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row, query};

use super::values::{decode, event_type, optional_time, time};
use super::{Attempt, Store, StoreError};
use crate::config::EventType;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Owed.
    Pending,
    /// Done.
    Delivered,
    /// Given up; can be sent again on request.
    Dead,
    /// Not owed any more: its endpoint left the config, or somebody said so.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its place: of two, the one with the higher number was owed later.
    pub number: i64,
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
    /// When the next attempt is due, if it is pending and its endpoint neither disabled nor paused by the operator; not
    /// before the endpoint's own pause and its breaker are over.
    pub due_at: Option<DateTime<Utc>>,
    /// When it reached its last state.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it was given up or cancelled, where that was noted.
    pub reason: Option<String>,
}

/// A delivery with all that was kept of its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Where it stands.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// Oldest first.
    pub history: Vec<Attempt>,
}

/// Which deliveries are meant: those that fit all that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of this endpoint.
    pub endpoint: Option<String>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of this event.
    pub event_id: Option<String>,
    /// Committed then or later.
    pub since: Option<DateTime<Utc>>,
    /// With a lower [number](Delivery::number): those that come after it in a list.
    pub below: Option<i64>,
    /// The newest so many; 0: all.
    pub limit: usize,
}

const LISTED: &str = "
    SELECT d.id, d.event_id, d.endpoint, d.state, d.attempts, d.created_at, d.finished_at, d.reason, e.type,
           CAST(e.data ->> '$.title' AS TEXT) AS title, CAST(e.data ->> '$.url' AS TEXT) AS url,
           CASE WHEN d.state = 'pending' AND p.disabled IS NULL AND p.paused = 0
                THEN max(d.due_at, coalesce(p.not_before, d.due_at), coalesce(p.opens_at, d.due_at)) END AS due_at
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

    /// The stories of one message: one for each endpoint that was owed it, newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn stories(&self, event_id: &str) -> Result<Vec<Story>, StoreError> {
        let selection = Selection { event_id: Some(event_id.to_owned()), ..Selection::default() };
        let mut stories = Vec::new();
        for delivery in self.deliveries(&selection).await? {
            let history = self.attempts(event_id, &delivery.endpoint).await?;
            stories.push(Story { delivery, history });
        }
        Ok(stories)
    }
}

/// The rest of a statement whose `WHERE` has begun, over `delivery d`.
pub(super) fn push_selection(sql: &mut QueryBuilder<Sqlite>, selection: &Selection) {
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
    if let Some(since) = selection.since {
        sql.push(" AND d.created_at >= ").push_bind(since.timestamp_millis());
    }
    if let Some(below) = selection.below {
        sql.push(" AND d.id < ").push_bind(below);
    }
    sql.push(" ORDER BY d.id DESC");
    if selection.limit > 0 {
        sql.push(" LIMIT ").push_bind(i64::try_from(selection.limit).unwrap_or(i64::MAX));
    }
}

fn read_delivery(row: SqliteRow) -> sqlx::Result<Delivery> {
    Ok(Delivery {
        number: row.try_get("id")?,
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
        reason: row.try_get("reason")?,
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
    use super::super::fixtures::*;
    use super::*;
    use crate::events::Event;

    #[tokio::test]
    async fn a_delivery_says_what_it_is_about_and_where_it_stands() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let expected = Delivery {
            number: 1,
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
            reason: None,
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
            "hook late pending",
            "hook dead dead",
            "hook done delivered",
            "gone late cancelled",
            "gone dead cancelled",
            "gone done cancelled",
        ];
        assert_eq!(list(all()).await, everything);
        assert_eq!(list(Selection { limit: 2, ..all() }).await, everything[..2]);
        assert_eq!(list(Selection { limit: 2, below: Some(5), ..all() }).await, everything[2..4]);
        assert_eq!(list(Selection { since: Some(at(0)), ..all() }).await, everything);
        assert_eq!(list(Selection { since: Some(at(1)), ..all() }).await, [""; 0]);
        assert_eq!(
            list(Selection { event_id: Some("dead".to_owned()), ..all() }).await,
            ["hook dead dead", "gone dead cancelled"]
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

    #[test]
    fn every_state_has_a_name_of_its_own() {
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::from_name(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(DeliveryState::from_name("Pending"), None);
    }
}
