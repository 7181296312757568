//! The outbox: events, and to whom each is owed.
//!
//! In: events with the names of their endpoints, and a transaction. Out: deliveries that can be claimed once it commits.
//! Never: the same event twice, or a change to one that is known.

use std::collections::HashSet;

use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, SqliteConnection, query_scalar};

use super::scan::ROWS;
use super::values::json_text;
use crate::events::Event;

/// Inserts events and the deliveries owed, in order; returns how many deliveries are new.
pub(super) async fn insert_events(db: &mut SqliteConnection, events: &[(&Event, &[String])]) -> sqlx::Result<u64> {
    let known: HashSet<String> =
        query_scalar("SELECT name FROM endpoint").fetch_all(&mut *db).await?.into_iter().collect();
    let owed: Vec<(&Event, &String)> = events
        .iter()
        .flat_map(|(event, names)| names.iter().filter(|name| known.contains(*name)).map(move |name| (*event, name)))
        .collect();
    // Neighbours share an event: the list is in the order of events.
    let mut told: Vec<&Event> = owed.iter().map(|(event, _)| *event).collect();
    told.dedup_by(|a, b| a.id == b.id);
    insert_told(db, &told).await?;
    insert_owed(db, &owed).await
}

async fn insert_told(db: &mut SqliteConnection, events: &[&Event]) -> sqlx::Result<()> {
    for chunk in events.chunks(ROWS) {
        let data = chunk.iter().map(|event| json_text(&event.data)).collect::<sqlx::Result<Vec<_>>>()?;
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO event (id, type, post_key, timestamp, data, html) ");
        sql.push_values(chunk.iter().zip(data), |mut row, (event, data)| {
            row.push_bind(&event.id)
                .push_bind(event.event_type.as_str())
                .push_bind(&event.key)
                .push_bind(event.timestamp.timestamp_millis())
                .push_bind(data)
                .push_bind(&event.html);
        });
        sql.push(" ON CONFLICT (id) DO NOTHING");
        sql.build().persistent(false).execute(&mut *db).await?;
    }
    Ok(())
}

async fn insert_owed(db: &mut SqliteConnection, owed: &[(&Event, &String)]) -> sqlx::Result<u64> {
    let mut new = 0;
    for chunk in owed.chunks(ROWS) {
        let mut sql =
            QueryBuilder::<Sqlite>::new("INSERT INTO delivery (event_id, endpoint, state, created_at, due_at) ");
        sql.push_values(chunk, |mut row, (event, endpoint)| {
            let at = event.timestamp.timestamp_millis();
            row.push_bind(&event.id).push_bind(*endpoint).push("'pending'").push_bind(at).push_bind(at);
        });
        sql.push(" ON CONFLICT (event_id, endpoint) DO NOTHING");
        new += sql.build().persistent(false).execute(&mut *db).await?.rows_affected();
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::{ScanCommit, Verdict};
    use super::*;

    #[tokio::test]
    async fn committing_the_same_scan_twice_owes_nothing_more() {
        let (_place, store) = store(&["one", "two"]).await;
        let commit = owing(&["a", "b"], &["one", "two"]);
        assert_eq!(store.commit_scan(&commit).await.unwrap(), 4);
        let claim = claim_all(&store, "one", 0).await.remove(0);
        complete(&store, &claim, Verdict::Delivered, 1).await;

        assert_eq!(store.commit_scan(&commit).await.unwrap(), 0);

        assert_eq!(count(&store, "event").await, 2);
        assert_eq!(ids(&claim_all(&store, "one", 60).await), ["b"], "what was delivered stays delivered");
    }

    #[tokio::test]
    async fn an_event_that_is_known_keeps_its_first_bytes() {
        let (_place, store) = store(&["one", "two"]).await;
        store.commit_scan(&owing(&["a"], &["one"])).await.unwrap();
        let other = Event { data: serde_json::json!({"title": "other"}), ..event("a") };

        assert_eq!(enqueue(&store, &other, &["one", "two"]).await, 1);

        let first = claim_all(&store, "one", 0).await.remove(0);
        let second = claim_all(&store, "two", 0).await.remove(0);
        assert_eq!(first.data, second.data);
    }

    #[tokio::test]
    async fn an_event_is_kept_only_if_a_known_endpoint_is_owed_it() {
        let (_place, store) = store(&["hook"]).await;
        let events = vec![
            (event("nobody"), names(&[])),
            (event("stranger"), names(&["unknown"])),
            (event("both"), names(&["unknown", "hook"])),
        ];

        assert_eq!(store.commit_scan(&ScanCommit { events, ..ScanCommit::default() }).await.unwrap(), 1);

        assert_eq!(count(&store, "event").await, 1);
        assert_eq!(ids(&claim_all(&store, "hook", 0).await), ["both"]);
    }

    #[tokio::test]
    async fn a_disabled_endpoint_is_owed_what_happens_meanwhile() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        complete(&store, &claim, Verdict::Gone, 1).await;

        assert_eq!(store.commit_scan(&owing(&["b"], &["hook"])).await.unwrap(), 1);

        assert!(claim_all(&store, "hook", 2).await.is_empty());
        assert!(store.enable("hook").await.unwrap());
        assert_eq!(ids(&claim_all(&store, "hook", 2).await), ["a", "b"]);
    }
}
