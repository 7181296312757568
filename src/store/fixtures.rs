//! What the store's tests share: a store in a directory of its own, and events to put into it.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, query, query_scalar};
use tempfile::TempDir;

use super::{Access, Attempt, Capacity, Claim, Completion, ScanCommit, Store, StoreError, Verdict};
use crate::config::{EventType, StoreUrl};
use crate::events::{Event, Seen};
use crate::posts::Revision;

/// A place for a database.
pub(super) struct Place {
    pub(super) dir: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("tidings.db")
    }

    pub(super) async fn open(&self, access: Access) -> Result<Store, StoreError> {
        Store::open(&StoreUrl::Sqlite(self.path()), access).await
    }

    pub(super) async fn owner(&self) -> Store {
        self.open(Access::Owner).await.unwrap()
    }

    /// A connection of somebody else's.
    pub(super) async fn stranger(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).busy_timeout(Duration::ZERO).connect().await.unwrap()
    }
}

/// An owner's store that knows these endpoints.
pub(super) async fn store(endpoints: &[&str]) -> (Place, Store) {
    let place = Place::new();
    let store = place.owner().await;
    store.sync_endpoints(&names(endpoints), at(0)).await.unwrap();
    (place, store)
}

/// So many seconds after a fixed start.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// An event with this id that a scan saw at `at(0)`.
pub(super) fn event(id: &str) -> Event {
    Event {
        id: id.to_owned(),
        event_type: EventType::PostPublished,
        key: Some(format!("posts/{id}.md")),
        timestamp: at(0),
        data: serde_json::json!({"id": format!("tag:{id}"), "url": format!("https://example.org/{id}/"), "title": id}),
        html: Some(format!("<p>{id}</p>")),
        first_id: None,
    }
}

/// A post that was seen at `at(0)`.
pub(super) fn seen(key: &str) -> Seen {
    Seen {
        key: key.to_owned(),
        path: format!("{key}.md"),
        entry_id: format!("tag:{key}"),
        revision: Revision([7; 16]),
        text: None,
        changes: 1,
        changed_at: None,
        first_seen: at(0),
        gone: false,
        post: serde_json::from_value(serde_json::json!({
            "id": format!("tag:{key}"), "url": format!("https://example.org/{key}/"), "title": "題名", "revision": 1,
            "language": "ja", "authors": [{"name": "Ann"}], "categories": ["a"], "tags": [],
            "published": "2024-01-02T03:04:05+09:00", "updated": "2024-01-02T03:04:05+09:00",
            "image": null, "reading_time": 3,
        }))
        .unwrap(),
    }
}

/// A scan that owes these events, in this order, to all of these endpoints.
pub(super) fn owing(events: &[&str], endpoints: &[&str]) -> ScanCommit {
    let events = events.iter().map(|id| (event(id), names(endpoints))).collect();
    ScanCommit { events, at: Some(at(0)), ..ScanCommit::default() }
}

/// Commits one event that these endpoints are owed. Returns how many deliveries are new.
pub(super) async fn enqueue(store: &Store, event: &Event, endpoints: &[&str]) -> u64 {
    let events = vec![(event.clone(), names(endpoints))];
    store.commit_scan(&ScanCommit { events, ..ScanCommit::default() }).await.unwrap()
}

pub(super) fn capacity(endpoint: &str, free: usize) -> Capacity {
    Capacity { endpoint: endpoint.to_owned(), free, html: true, batch: 1, ordered: false, rate: None }
}

/// Claims everything that is due for one endpoint at `at(now)`, for a minute.
pub(super) async fn claim_all(store: &Store, endpoint: &str, now: i64) -> Vec<Claim> {
    store.claim(&[capacity(endpoint, 1_000)], usize::MAX, at(now), at(now + 60)).await.unwrap()
}

pub(super) fn ids(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| &*claim.event_id).collect()
}

/// An attempt that began at `at(now)`.
pub(super) fn attempt(now: i64) -> Attempt {
    Attempt { at: at(now), took: Duration::from_millis(120), status: Some(200), error: None, note: None }
}

/// Completes a claim at `at(now)`.
pub(super) async fn complete(store: &Store, claim: &Claim, verdict: Verdict, now: i64) -> bool {
    complete_with(store, claim, attempt(now), verdict, now).await
}

/// The same, with an attempt of one's own.
pub(super) async fn complete_with(store: &Store, claim: &Claim, attempt: Attempt, verdict: Verdict, now: i64) -> bool {
    store.complete(&[completion(claim, attempt, verdict)], &|_, _| None, at(now)).await.unwrap().ours[0]
}

pub(super) fn completion(claim: &Claim, attempt: Attempt, verdict: Verdict) -> Completion {
    let Claim { id, lease_token, .. } = *claim;
    Completion { id, lease_token, endpoint: claim.endpoint.clone(), attempt, verdict, is_first: true }
}

/// `done`, `dead` and `late`, which waits for a retry at `at(100)`, are owed to `hook`; `gone` has left.
pub(super) async fn one_of_each_state() -> (Place, Store) {
    let (place, store) = store(&["hook", "gone"]).await;
    store.commit_scan(&owing(&["done", "dead", "late"], &["hook", "gone"])).await.unwrap();
    let verdicts = [Verdict::Delivered, Verdict::Dead, Verdict::Retry { at: at(100) }];
    for (claim, verdict) in claim_all(&store, "hook", 0).await.iter().zip(verdicts) {
        complete(&store, claim, verdict, 1).await;
    }
    store.sync_endpoints(&names(&["hook"]), at(2)).await.unwrap();
    (place, store)
}

pub(super) async fn count(store: &Store, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    query_scalar(sql).fetch_one(&store.readers).await.unwrap()
}

/// How SQLite carries out a statement: one line a step. Parameters are null.
pub(super) async fn plan(store: &Store, sql: &str) -> Vec<String> {
    use sqlx::Row;
    let rows = query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&store.readers).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}
