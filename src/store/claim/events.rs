//! The events that deliveries bring, read once for all endpoints that are owed them without the post's text.
//!
//! In: events' ids. Out: what is told of each. Never: an event that was changed since it was read: none ever is.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use crate::config::EventType;
use crate::store::values::{event_type, json_text, time};

/// Text of events that is kept, in bytes: endpoints that are owed the same come to it one after the other.
const BUDGET: u64 = 2 << 20;

/// For sizing tables only.
const EXPECTED: usize = 1024;

/// What an event takes beside its text.
const FRAME: usize = 200;

pub(super) const EVENTS: &str = "
    SELECT id, type, timestamp, data, CASE WHEN ?2 THEN html END AS html
    FROM event WHERE id IN (SELECT value FROM json_each(?1))";

/// What is told of an event.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) id: Arc<str>,
    pub(super) event_type: EventType,
    pub(super) timestamp: DateTime<Utc>,
    pub(super) data: Arc<str>,
    /// Only if it was asked for.
    pub(super) html: Option<Arc<str>>,
}

/// Events that were read lately, without their texts.
#[derive(Debug)]
pub(in crate::store) struct Recent {
    cache: Cache<Arc<str>, Told, Size>,
}

#[derive(Debug, Clone)]
struct Size;

impl Weighter<Arc<str>, Told> for Size {
    fn weight(&self, id: &Arc<str>, told: &Told) -> u64 {
        (FRAME + id.len() + told.data.len()) as u64
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self { cache: Cache::with_weighter(EXPECTED, BUDGET, Size) }
    }
}

/// Events by id; `None` where this version cannot read one, as a newer one may have written it.
pub(super) type Events = HashMap<Arc<str>, Option<Told>>;

impl Recent {
    /// Reads these events, with their texts if `html` says so.
    pub(super) async fn read(&self, db: &mut SqliteConnection, ids: &[&str], html: bool) -> sqlx::Result<Events> {
        let (mut events, missing) = self.known(ids, html);
        if missing.is_empty() {
            return Ok(events);
        }
        for row in query(EVENTS).bind(json_text(&missing)?).bind(html).fetch_all(db).await? {
            let id: Arc<str> = row.try_get::<&str, _>("id")?.into();
            let told = match told(&id, &row) {
                Ok(told) => Some(told),
                Err(error @ sqlx::Error::ColumnDecode { .. }) => {
                    tracing::error!(event.id = &*id, %error, "an event cannot be read");
                    None
                }
                Err(error) => return Err(error),
            };
            if let Some(told) = told.as_ref().filter(|_| !html) {
                self.cache.insert(Arc::clone(&id), told.clone());
            }
            events.insert(id, told);
        }
        Ok(events)
    }

    /// Those that are kept, and which are not.
    fn known<'i>(&self, ids: &[&'i str], html: bool) -> (Events, Vec<&'i str>) {
        let (mut events, mut missing) = (Events::with_capacity(ids.len()), Vec::new());
        for id in ids {
            // Texts are long, and few endpoints want them.
            let told = if html { None } else { self.cache.get(*id) };
            match told {
                Some(told) => drop(events.insert(Arc::clone(&told.id), Some(told))),
                None => missing.push(*id),
            }
        }
        (events, missing)
    }
}

fn told(id: &Arc<str>, row: &SqliteRow) -> sqlx::Result<Told> {
    Ok(Told {
        id: Arc::clone(id),
        event_type: event_type(row, "type")?,
        timestamp: time(row, "timestamp")?,
        data: row.try_get::<&str, _>("data")?.into(),
        html: row.try_get::<Option<&str>, _>("html")?.map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Capacity;
    use crate::store::fixtures::*;

    #[tokio::test]
    async fn an_event_is_read_once_for_all_and_its_text_only_for_those_who_want_it() {
        let (_place, store) = store(&["one", "two", "three"]).await;
        store.commit_scan(&owing(&["a"], &["one", "two", "three"])).await.unwrap();
        let thin = |name| Capacity { html: false, ..capacity(name, 1) };
        let mut claims = Vec::new();
        for capacity in [thin("one"), capacity("three", 1), thin("two")] {
            claims.extend(store.claim(&[capacity], 1, at(0), at(60)).await.unwrap());
        }
        let texts: Vec<Option<&str>> = claims.iter().map(|claim| claim.html.as_deref()).collect();
        assert_eq!(texts, [None, Some("<p>a</p>"), None]);
        assert!(Arc::ptr_eq(&claims[0].data, &claims[2].data));
        assert_eq!(claims[0].data, claims[1].data);
    }
}
