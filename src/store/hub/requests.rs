//! What strangers ask of the hub, until their callbacks have confirmed it.
//!
//! In: a request that is in order. Out: an intent, or which limit it would pass. Never: a change to a subscription.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};

use super::super::{Store, StoreError};
use super::{Callback, Mode};
use crate::config::Secret;

/// A request to subscribe or unsubscribe.
#[derive(Debug, Clone)]
pub struct Request {
    /// Subscribe or unsubscribe.
    pub mode: Mode,
    /// The document's path.
    pub path: String,
    /// The topic as the subscriber wrote it, which verification repeats.
    pub topic: String,
    /// Where to call.
    pub callback: Callback,
    /// What notices are signed with.
    pub secret: Option<Secret>,
    /// For how long, in seconds.
    pub lease_seconds: i64,
    /// Sent back with the verification, for subscribers of the protocol's older versions.
    pub verify_token: Option<String>,
    /// The document's entity tag now: what changes until the callback has confirmed is owed to it.
    pub etag: String,
}

/// How many there may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Subscriptions and requests for some, in all.
    pub total: i64,
    /// Of one document.
    pub topic: i64,
    /// Of one callback host.
    pub host: i64,
    /// Requests that wait for their callback, in all.
    pub intents: i64,
    /// Of one callback host.
    pub host_intents: i64,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The callback is asked.
    Accepted,
    /// The document has as many subscribers as it may have, or the hub has.
    Full,
    /// The callback's host has as many subscriptions as it may have.
    HostFull,
    /// Too many requests wait for their callbacks.
    Busy,
}

/// `?2` is now: what has ended does not count.
const SUBSCRIPTIONS: &str = "
    SELECT EXISTS (SELECT 1 FROM subscription WHERE path = ?1 AND callback = ?3 AND ends_at > ?2),
           (SELECT count(*) FROM subscription WHERE ends_at > ?2),
           (SELECT count(*) FROM subscription WHERE path = ?1 AND ends_at > ?2),
           (SELECT count(*) FROM subscription WHERE host = ?4 AND ends_at > ?2)";

/// What was denied nobody asked for.
const INTENTS: &str = "
    SELECT EXISTS (SELECT 1 FROM intent WHERE path = ?1 AND callback = ?2 AND mode = ?3),
           (SELECT count(*) FROM intent WHERE mode <> 'denied'),
           (SELECT count(*) FROM intent WHERE mode <> 'denied' AND host = ?4)";

/// A second request takes the place of the first, and whoever is asking the callback at the moment asks in vain.
const INSERT: &str = "
    INSERT INTO intent (mode, path, topic, callback, host, secret, lease_seconds, verify_token, etag, due_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (path, callback, mode) DO UPDATE
    SET topic = excluded.topic, secret = excluded.secret, lease_seconds = excluded.lease_seconds,
        verify_token = excluded.verify_token, etag = excluded.etag, due_at = excluded.due_at, attempts = 0,
        lease_until = NULL, lease_token = lease_token + 1";

impl Store {
    /// Takes a request, if there is room for it. One that is repeated takes the place of the earlier one; one that renews
    /// a subscription needs no room.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn request(
        &self,
        request: &Request,
        limits: &Limits,
        now: DateTime<Utc>,
    ) -> Result<Admission, StoreError> {
        let mut tx = self.write().await?;
        let admission = admit(&mut tx, request, limits, now).await?;
        if admission == Admission::Accepted {
            insert(&mut tx, request, now).await?;
            tx.commit().await?;
        }
        Ok(admission)
    }
}

async fn admit(
    db: &mut SqliteConnection,
    request: &Request,
    limits: &Limits,
    now: DateTime<Utc>,
) -> sqlx::Result<Admission> {
    let Request { mode, path, callback, .. } = request;
    let (waits, intents, of_host): (bool, i64, i64) = sqlx::query_as(INTENTS)
        .bind(path)
        .bind(callback.url().as_str())
        .bind(mode.as_str())
        .bind(callback.host())
        .fetch_one(&mut *db)
        .await?;
    if waits {
        return Ok(Admission::Accepted);
    }
    if intents >= limits.intents || of_host >= limits.host_intents {
        return Ok(Admission::Busy);
    }
    let (is_known, all, of_topic, at_host): (bool, i64, i64, i64) = sqlx::query_as(SUBSCRIPTIONS)
        .bind(path)
        .bind(now.timestamp_millis())
        .bind(callback.url().as_str())
        .bind(callback.host())
        .fetch_one(db)
        .await?;
    Ok(match mode {
        Mode::Subscribe if is_known => Admission::Accepted,
        Mode::Subscribe if all + intents >= limits.total || of_topic >= limits.topic => Admission::Full,
        Mode::Subscribe if at_host + of_host >= limits.host => Admission::HostFull,
        _ => Admission::Accepted,
    })
}

async fn insert(db: &mut SqliteConnection, request: &Request, now: DateTime<Utc>) -> sqlx::Result<()> {
    query(INSERT)
        .bind(request.mode.as_str())
        .bind(&request.path)
        .bind(&request.topic)
        .bind(request.callback.url().as_str())
        .bind(request.callback.host())
        .bind(request.secret.as_ref().map(Secret::expose))
        .bind(request.lease_seconds)
        .bind(&request.verify_token)
        .bind(&request.etag)
        .bind(now.timestamp_millis())
        .execute(db)
        .await?;
    Ok(())
}
