//! Which callbacks are asked next, and what their answers change.
//!
//! In: seats, answers. Out: intents under a lease; subscriptions made and ended. Never: a subscription touched by an answer
//! that was no confirmation, or by one to a request that a later one has replaced.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::super::{Store, StoreError};
use super::claiming::Queue;
use super::{Callback, Mode, Seats, callback, mode};

/// A callback that is to be asked or told something.
#[derive(Debug, Clone)]
pub struct Intent {
    id: i64,
    /// What.
    pub mode: Mode,
    /// The document's path.
    pub path: String,
    /// The topic as the subscriber wrote it.
    pub topic: String,
    /// Where to call.
    pub callback: Callback,
    /// For how long, in seconds.
    pub lease_seconds: i64,
    /// To be sent back, if there was one.
    pub verify_token: Option<String>,
    /// Calls before this one.
    pub attempts: u32,
    lease_token: i64,
}

/// What a callback answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It confirmed, or was told: the request takes effect.
    Confirmed,
    /// It did not, and everything stays as it was.
    Refused,
    /// There was none: it is asked again then.
    None {
        /// When.
        again: DateTime<Utc>,
    },
}

pub(super) const QUEUE: Queue<Intent> = Queue {
    ready: "
        SELECT id, mode, path, topic, callback, lease_seconds, verify_token, attempts, lease_token + 1 AS lease_token
        FROM intent
        WHERE due_at <= ?1 AND (lease_until IS NULL OR lease_until <= ?1)
          AND host NOT IN (SELECT value FROM json_each(?2))
        ORDER BY due_at, id
        LIMIT ?3 + 0",
    lease: "
        UPDATE intent SET lease_until = ?2, lease_token = lease_token + 1
        WHERE id IN (SELECT value FROM json_each(?1))",
    read,
    key: |intent| (intent.id, intent.callback.host()),
};

/// The subscriber has the revision that was there when it asked; a newer one is owed. One who renews has shown that it is
/// alive, and is sent at once what it is owed.
const SUBSCRIBE: &str = "
    INSERT INTO subscription (path, topic, callback, host, secret, created_at, ends_at, held, owed, due_at)
    SELECT i.path, i.topic, i.callback, i.host, i.secret, ?3, ?4, i.etag, d.etag, CASE WHEN d.etag IS NOT NULL THEN ?3 END
    FROM intent i LEFT JOIN document d ON d.path = i.path AND d.etag <> i.etag
    WHERE i.id = ?1 AND i.lease_token = ?2
    ON CONFLICT (path, callback) DO UPDATE
    SET topic = excluded.topic, secret = excluded.secret, ends_at = excluded.ends_at, failures = 0, attempts = 0,
        due_at = CASE WHEN owed IS NOT NULL THEN ?3 END";

const UNSUBSCRIBE: &str = "
    DELETE FROM subscription
    WHERE (path, callback) IN (SELECT path, callback FROM intent WHERE id = ?1 AND lease_token = ?2)";

const DONE: &str = "DELETE FROM intent WHERE id = ?1 AND lease_token = ?2";

const AGAIN: &str = "
    UPDATE intent SET lease_until = NULL, attempts = attempts + 1, due_at = ?3 WHERE id = ?1 AND lease_token = ?2";

impl Store {
    /// Leases intents that are due at `now`, oldest first, at most `room`, and no more of a host's than it has seats.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was leased.
    pub async fn claim_intents(
        &self,
        room: usize,
        seats: Seats<'_>,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<Vec<Intent>, StoreError> {
        let mut tx = self.write().await?;
        let intents = QUEUE.claim(&mut tx, room, seats, now, lease_until).await?;
        tx.commit().await?;
        Ok(intents)
    }

    /// Records what callbacks answered. An answer to a request that a later one has replaced changes nothing, and is said to
    /// be `false`.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn record_answers(
        &self,
        answers: &[(Intent, Answer)],
        now: DateTime<Utc>,
    ) -> Result<Vec<bool>, StoreError> {
        let (mut tx, mut counted) = (self.write().await?, Vec::with_capacity(answers.len()));
        for (intent, answer) in answers {
            counted.push(record(&mut tx, intent, *answer, now).await?);
        }
        tx.commit().await?;
        Ok(counted)
    }
}

/// Returns whether the request is still the one that was asked about.
async fn record(db: &mut SqliteConnection, intent: &Intent, answer: Answer, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let ours = |sql| query(sql).bind(intent.id).bind(intent.lease_token);
    let effect = match (intent.mode, answer) {
        (Mode::Subscribe, Answer::Confirmed) => {
            let ends = now + TimeDelta::seconds(intent.lease_seconds);
            Some(ours(SUBSCRIBE).bind(now.timestamp_millis()).bind(ends.timestamp_millis()))
        }
        (Mode::Unsubscribe, Answer::Confirmed) => Some(ours(UNSUBSCRIBE)),
        _ => None,
    };
    if let Some(effect) = effect {
        effect.execute(&mut *db).await?;
    }
    let end = match answer {
        Answer::None { again } => ours(AGAIN).bind(again.timestamp_millis()),
        Answer::Confirmed | Answer::Refused => ours(DONE),
    };
    Ok(end.execute(db).await?.rows_affected() == 1)
}

fn read(row: &SqliteRow) -> sqlx::Result<Intent> {
    Ok(Intent {
        id: row.try_get("id")?,
        mode: mode(row)?,
        path: row.try_get("path")?,
        topic: row.try_get("topic")?,
        callback: callback(row)?,
        lease_seconds: row.try_get("lease_seconds")?,
        verify_token: row.try_get("verify_token")?,
        attempts: row.try_get("attempts")?,
        lease_token: row.try_get("lease_token")?,
    })
}
