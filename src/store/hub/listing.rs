//! What operators see of the hub.
//!
//! In: nothing. Out: subscriptions and counts. Never: a secret, or a callback beyond its host.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};

use super::super::values::{optional_time, time};
use super::super::{Store, StoreError};
use super::callback;

/// A subscription, for people and programs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscription {
    /// The topic as the subscriber wrote it.
    pub topic: String,
    /// Where it is called, up to its host.
    pub callback: String,
    /// Whether what it is sent is signed.
    pub signed: bool,
    /// When it was confirmed first.
    pub created_at: DateTime<Utc>,
    /// When it ends, unless it is renewed.
    pub ends_at: DateTime<Utc>,
    /// When it took a document last.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it is sent the newest revision, if it does not have it.
    pub due_at: Option<DateTime<Utc>>,
    /// Calls in a row that failed.
    pub failures: u32,
    /// What went wrong last, in one word.
    pub last_error: Option<String>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Subscriptions that have not ended.
    pub subscriptions: i64,
    /// Those of them that do not have the newest revision.
    pub notices: i64,
}

const LIVE: &str = "
    SELECT topic, callback, secret IS NOT NULL AS signed, created_at, ends_at, delivered_at, due_at, failures, last_error
    FROM subscription WHERE ends_at > ? ORDER BY path, host, id";

impl Store {
    /// The subscriptions that have not ended, by document and host.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn subscriptions(&self, now: DateTime<Utc>) -> Result<Vec<Subscription>, StoreError> {
        Ok(query(LIVE).bind(now.timestamp_millis()).try_map(|row| read(&row)).fetch_all(&self.readers).await?)
    }

    /// How many subscriptions there are, and how much they are owed.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn hub_owed(&self, now: DateTime<Utc>) -> Result<Owed, StoreError> {
        let sql = "SELECT count(*), count(owed) FROM subscription WHERE ends_at > ?";
        let counted = sqlx::query_as(sql).bind(now.timestamp_millis()).fetch_one(&self.readers).await?;
        let (subscriptions, notices): (i64, i64) = counted;
        Ok(Owed { subscriptions, notices })
    }
}

fn read(row: &SqliteRow) -> sqlx::Result<Subscription> {
    Ok(Subscription {
        topic: row.try_get("topic")?,
        callback: callback(row)?.to_string(),
        signed: row.try_get("signed")?,
        created_at: time(row, "created_at")?,
        ends_at: time(row, "ends_at")?,
        delivered_at: optional_time(row, "delivered_at")?,
        due_at: optional_time(row, "due_at")?,
        failures: row.try_get("failures")?,
        last_error: row.try_get("last_error")?,
    })
}
