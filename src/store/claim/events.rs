//! The events that deliveries bring, read once for all endpoints that are owed them without the post's text.
//!
//! In: events' ids. Out: what is told of each. Never: an event that was changed since it was read: none ever is.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use crate::config::EventType;
use crate::store::values::{event_type, json_text, time};

/// Text of events that is kept, in bytes: endpoints that are owed the same come to it one after the other.
const MAX_BYTES: usize = 2 << 20;

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

/// Events that were read last, without their texts.
#[derive(Debug, Default)]
pub(in crate::store) struct Recent {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<Arc<str>, Told>,
    /// Oldest first.
    ids: VecDeque<Arc<str>>,
    bytes: usize,
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
                self.kept().keep(told.clone());
            }
            events.insert(id, told);
        }
        Ok(events)
    }

    /// Those that are kept, and which are not.
    fn known<'i>(&self, ids: &[&'i str], html: bool) -> (Events, Vec<&'i str>) {
        let kept = self.kept();
        let (mut events, mut missing) = (Events::with_capacity(ids.len()), Vec::new());
        for id in ids {
            // Texts are long, and few endpoints want them.
            match kept.by_id.get(*id).filter(|_| !html) {
                Some(told) => drop(events.insert(Arc::clone(&told.id), Some(told.clone()))),
                None => missing.push(*id),
            }
        }
        (events, missing)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Keeps an event, in the place of those that were read before all others; but none that would take the place of many.
    fn keep(&mut self, told: Told) {
        let size = |told: &Told| FRAME + 2 * told.id.len() + told.data.len();
        if size(&told) > MAX_BYTES / 4 || self.by_id.contains_key(&told.id) {
            return;
        }
        self.bytes += size(&told);
        self.ids.push_back(Arc::clone(&told.id));
        self.by_id.insert(Arc::clone(&told.id), told);
        while self.bytes > MAX_BYTES {
            let Some(oldest) = self.ids.pop_front() else { break };
            self.bytes -= self.by_id.remove(&oldest).as_ref().map_or(0, size);
        }
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

    #[test]
    fn the_newest_are_kept_as_far_as_there_is_room() {
        let told = |number: usize, size: usize| Told {
            id: number.to_string().into(),
            event_type: EventType::PostPublished,
            timestamp: at(0),
            data: "x".repeat(size).into(),
            html: None,
        };
        let mut kept = Kept::default();
        for number in 0..100 {
            kept.keep(told(number, MAX_BYTES / 10));
            assert!(kept.bytes <= MAX_BYTES);
        }
        let ids = |kept: &Kept| (0..100).filter(|n| kept.by_id.contains_key(&*n.to_string())).collect::<Vec<_>>();
        assert_eq!(ids(&kept), (91..100).collect::<Vec<_>>());
        kept.keep(told(95, MAX_BYTES / 10));
        kept.keep(told(100, MAX_BYTES));
        assert_eq!((ids(&kept), kept.ids.len()), ((91..100).collect(), 9));
    }
}
