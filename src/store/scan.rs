//! What a scan remembers and writes.
//!
//! In: what one scan found. Out: the memory that the next one is held against, and deliveries that are owed.
//! Never: half a scan, or the same event twice.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row, SqliteConnection, query};

use super::kept::{Kept, keep};
use super::outbox::insert_events;
use super::values::{decode, json, json_text, optional_time, time};
use super::{Store, StoreError, hub};
use crate::events::{Event, Seen};
use crate::posts::{Revision, TextPrint};

/// Rows a statement: enough to make its cost small, few enough for SQLite's 32,766 parameters and for our memory.
pub(super) const ROWS: usize = 500;

/// What one scan writes, all in one transaction.
#[derive(Debug, Clone, Default)]
pub struct ScanCommit {
    /// Posts seen for the first time, changed, moved or gone.
    pub seen: Vec<Seen>,
    /// Events, each with the names of the endpoints that are owed it. Events known already are left alone.
    pub events: Vec<(Event, Vec<String>)>,
    /// The documents that are visible now and whose bytes changed.
    pub documents: Vec<(String, DocumentState)>,
    /// Paths of documents that are gone.
    pub documents_gone: Vec<String>,
    /// What else is kept.
    pub kept: Kept,
    /// When the scan ran; `None` leaves [`Store::last_scan`] as it is.
    pub at: Option<DateTime<Utc>>,
}

/// A document's validators (RFC 9110, 8.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentState {
    /// Fingerprint of its bytes: hexadecimal.
    pub etag: String,
    /// When its bytes last changed, whole seconds.
    pub modified: DateTime<Utc>,
}

impl Store {
    /// When a scan was last committed; `None` before the first one, the baseline.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn last_scan(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row = query("SELECT last_scan FROM meta").try_map(|row| time(&row, "last_scan"));
        Ok(row.fetch_optional(&self.readers).await?)
    }

    /// Everything seen, by key.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn seen(&self) -> Result<HashMap<String, Seen>, StoreError> {
        let rows =
            query("SELECT key, path, entry_id, revision, text, changes, changed_at, first_seen, gone, post FROM seen")
                .try_map(read_seen);
        Ok(rows.fetch_all(&self.readers).await?.into_iter().map(|seen| (seen.key.clone(), seen)).collect())
    }

    /// The validators of all documents, by path.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn documents(&self) -> Result<HashMap<String, DocumentState>, StoreError> {
        let rows = query("SELECT path, etag, modified FROM document").try_map(read_document);
        Ok(rows.fetch_all(&self.readers).await?.into_iter().collect())
    }

    /// Commits one scan. An event whose id is known already, and a delivery that is owed already, are left as they are;
    /// an endpoint that [`Store::sync_endpoints`] was not told of is owed nothing, and an event that nobody is owed is
    /// not kept. Returns how many deliveries are new.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn commit_scan(&self, commit: &ScanCommit) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        upsert_seen(&mut tx, &commit.seen).await?;
        upsert_documents(&mut tx, &commit.documents).await?;
        delete_documents(&mut tx, &commit.documents_gone).await?;
        keep(&mut tx, &commit.kept).await?;
        let events: Vec<_> = commit.events.iter().map(|(event, names)| (event, names.as_slice())).collect();
        let new = insert_events(&mut tx, &events).await?;
        // Without a time of its own, a scan was before everything else.
        let at = commit.at.unwrap_or_default();
        hub::owe(&mut tx, &commit.documents, at).await?;
        hub::deny(&mut tx, &commit.documents_gone, at).await?;
        if let Some(at) = commit.at {
            set_last_scan(&mut tx, at).await?;
        }
        tx.commit().await?;
        Ok(new)
    }
}

async fn upsert_seen(db: &mut SqliteConnection, seen: &[Seen]) -> sqlx::Result<()> {
    for chunk in seen.chunks(ROWS) {
        let posts = chunk.iter().map(|seen| json_text(&seen.post)).collect::<sqlx::Result<Vec<_>>>()?;
        let mut sql = QueryBuilder::<Sqlite>::new(
            "INSERT INTO seen (key, path, entry_id, revision, text, changes, changed_at, first_seen, gone, post) ",
        );
        sql.push_values(chunk.iter().zip(posts), |mut row, (seen, post)| {
            row.push_bind(&seen.key)
                .push_bind(&seen.path)
                .push_bind(&seen.entry_id)
                .push_bind(seen.revision.0.to_vec())
                .push_bind(seen.text.map(|text| text.0.to_vec()))
                .push_bind(seen.changes)
                .push_bind(seen.changed_at.map(|at| at.timestamp_millis()))
                .push_bind(seen.first_seen.timestamp_millis())
                .push_bind(seen.gone)
                .push_bind(post);
        });
        sql.push(
            " ON CONFLICT (key) DO UPDATE SET path = excluded.path, entry_id = excluded.entry_id, \
             revision = excluded.revision, text = excluded.text, changes = excluded.changes, changed_at = excluded.changed_at, \
             first_seen = excluded.first_seen, gone = excluded.gone, post = excluded.post",
        );
        sql.build().persistent(false).execute(&mut *db).await?;
    }
    Ok(())
}

async fn upsert_documents(db: &mut SqliteConnection, documents: &[(String, DocumentState)]) -> sqlx::Result<()> {
    for chunk in documents.chunks(ROWS) {
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO document (path, etag, modified) ");
        sql.push_values(chunk, |mut row, (path, state)| {
            row.push_bind(path).push_bind(&state.etag).push_bind(state.modified.timestamp_millis());
        });
        sql.push(" ON CONFLICT (path) DO UPDATE SET etag = excluded.etag, modified = excluded.modified");
        sql.build().persistent(false).execute(&mut *db).await?;
    }
    Ok(())
}

async fn delete_documents(db: &mut SqliteConnection, paths: &[String]) -> sqlx::Result<()> {
    if !paths.is_empty() {
        let sql = "DELETE FROM document WHERE path IN (SELECT value FROM json_each(?))";
        query(sql).bind(json_text(paths)?).execute(db).await?;
    }
    Ok(())
}

async fn set_last_scan(db: &mut SqliteConnection, at: DateTime<Utc>) -> sqlx::Result<()> {
    query(
        "INSERT INTO meta (id, last_scan) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET last_scan = excluded.last_scan",
    )
    .bind(at.timestamp_millis())
    .execute(db)
    .await?;
    Ok(())
}

fn read_seen(row: SqliteRow) -> sqlx::Result<Seen> {
    Ok(Seen {
        key: row.try_get("key")?,
        path: row.try_get("path")?,
        entry_id: row.try_get("entry_id")?,
        revision: Revision(decode("revision", row.try_get::<&[u8], _>("revision")?, |bytes| bytes.try_into().ok())?),
        text: print(&row)?,
        changes: row.try_get("changes")?,
        changed_at: optional_time(&row, "changed_at")?,
        first_seen: time(&row, "first_seen")?,
        gone: row.try_get("gone")?,
        post: json(&row, "post")?,
    })
}

fn print(row: &SqliteRow) -> sqlx::Result<Option<TextPrint>> {
    let bytes: Option<&[u8]> = row.try_get("text")?;
    bytes.map(|bytes| Ok(TextPrint(decode("text", bytes, |bytes| bytes.try_into().ok())?))).transpose()
}

fn read_document(row: SqliteRow) -> sqlx::Result<(String, DocumentState)> {
    Ok((row.try_get("path")?, DocumentState { etag: row.try_get("etag")?, modified: time(&row, "modified")? }))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    #[tokio::test]
    async fn a_store_that_no_scan_wrote_to_is_empty() {
        let (_place, store) = store(&[]).await;
        assert_eq!(store.last_scan().await.unwrap(), None);
        assert!(store.seen().await.unwrap().is_empty());
        assert!(store.documents().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_was_seen_comes_back_as_it_was() {
        let (place, store) = store(&[]).await;
        let post = Seen { changed_at: Some(at(9)), text: Some(TextPrint([3; 16])), ..seen("posts/日本語.md") };
        let commit = ScanCommit { seen: vec![post.clone(), seen("b")], at: Some(at(5)), ..ScanCommit::default() };
        store.commit_scan(&commit).await.unwrap();
        store.close().await;
        drop(store);

        let store = place.owner().await;
        let expected = HashMap::from([(post.key.clone(), post), ("b".to_owned(), seen("b"))]);
        assert_eq!(store.seen().await.unwrap(), expected);
        assert_eq!(store.last_scan().await.unwrap(), Some(at(5)));
    }

    #[tokio::test]
    async fn a_post_that_changed_or_went_is_remembered_as_it_is_now() {
        let (_place, store) = store(&[]).await;
        let first = ScanCommit { seen: vec![seen("a"), seen("b"), seen("c")], ..ScanCommit::default() };
        store.commit_scan(&first).await.unwrap();
        let changed = Seen { revision: Revision([8; 16]), changed_at: Some(at(1)), ..seen("a") };
        let gone = Seen { gone: true, changes: 2, path: "elsewhere".into(), ..seen("b") };
        let second = ScanCommit { seen: vec![changed.clone(), gone.clone()], ..ScanCommit::default() };
        store.commit_scan(&second).await.unwrap();

        let expected = HashMap::from([("a".to_owned(), changed), ("b".to_owned(), gone), ("c".to_owned(), seen("c"))]);
        assert_eq!(store.seen().await.unwrap(), expected);
    }

    #[tokio::test]
    async fn a_commit_may_be_larger_than_a_statement() {
        let (_place, store) = store(&["hook"]).await;
        let keys: Vec<String> = (0..ROWS * 2 + 1).map(|n| format!("posts/{n}.md")).collect();
        let commit = ScanCommit {
            seen: keys.iter().map(|key| seen(key)).collect(),
            events: keys.iter().map(|key| (event(key), names(&["hook"]))).collect(),
            documents: keys.iter().map(|key| (key.clone(), state("x", 1))).collect(),
            ..ScanCommit::default()
        };

        assert_eq!(store.commit_scan(&commit).await.unwrap(), keys.len() as u64);

        assert_eq!(store.seen().await.unwrap().len(), keys.len());
        assert_eq!(store.documents().await.unwrap().len(), keys.len());
        assert_eq!(count(&store, "event").await, 1_001);

        let all_gone = ScanCommit { documents_gone: keys, ..ScanCommit::default() };
        store.commit_scan(&all_gone).await.unwrap();
        assert!(store.documents().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn documents_keep_their_validators_until_they_change_or_go() {
        let (_place, store) = store(&[]).await;
        let documents = vec![("feed.atom".to_owned(), state("aa", 1)), ("feed.rss".to_owned(), state("bb", 1))];
        store.commit_scan(&ScanCommit { documents, ..ScanCommit::default() }).await.unwrap();
        store.commit_scan(&ScanCommit { at: Some(at(2)), ..ScanCommit::default() }).await.unwrap();
        let third = ScanCommit {
            documents: vec![("feed.atom".to_owned(), state("cc", 3))],
            documents_gone: names(&["feed.rss"]),
            ..ScanCommit::default()
        };
        store.commit_scan(&third).await.unwrap();

        let expected = HashMap::from([("feed.atom".to_owned(), state("cc", 3))]);
        assert_eq!(store.documents().await.unwrap(), expected);
    }

    #[tokio::test]
    async fn the_time_of_the_last_scan_stays_where_a_commit_has_none() {
        let (_place, store) = store(&[]).await;
        for time in [Some(at(1)), Some(at(2)), None] {
            store.commit_scan(&ScanCommit { at: time, ..ScanCommit::default() }).await.unwrap();
        }
        assert_eq!(store.last_scan().await.unwrap(), Some(at(2)));
    }

    #[tokio::test]
    async fn a_full_disk_rolls_the_whole_scan_back_and_the_store_goes_on() {
        let (_place, store) = store(&["hook"]).await;
        query("PRAGMA max_page_count = 40").execute(&store.writer).await.unwrap();
        let large = ScanCommit {
            seen: (0..2_000).map(|n| seen(&format!("posts/{n}.md"))).collect(),
            ..owing(&["a"], &["hook"])
        };

        let error = store.commit_scan(&large).await.unwrap_err();

        assert!(error.to_string().contains("full"), "{error}");
        assert!(store.seen().await.unwrap().is_empty());
        assert_eq!(store.last_scan().await.unwrap(), None);
        assert!(claim_all(&store, "hook", 0).await.is_empty());

        query("PRAGMA max_page_count = 100000").execute(&store.writer).await.unwrap();
        assert_eq!(store.commit_scan(&large).await.unwrap(), 1);
        assert_eq!(store.seen().await.unwrap().len(), 2_000);
    }

    #[test]
    fn any_key_can_be_seen_and_forgotten() {
        use proptest::prelude::*;

        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (_place, store) = runtime.block_on(store(&[]));
        let keys = proptest::collection::hash_set(any::<String>(), 0..8);
        proptest!(ProptestConfig::with_cases(64), |(keys in keys)| {
            let keys: Vec<String> = keys.into_iter().collect();
            let commit = ScanCommit { seen: keys.iter().map(|key| seen(key)).collect(), ..ScanCommit::default() };
            let expected: HashMap<_, _> = keys.iter().map(|key| (key.clone(), seen(key))).collect();
            runtime.block_on(async {
                store.commit_scan(&commit).await.unwrap();
                let found = store.seen().await.unwrap();
                for (key, seen) in &expected {
                    prop_assert_eq!(found.get(key), Some(seen));
                }
                Ok(())
            })?;
        });
    }

    fn state(etag: &str, modified: i64) -> DocumentState {
        DocumentState { etag: etag.to_owned(), modified: at(modified) }
    }
}
