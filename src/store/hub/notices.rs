//! Who is sent a document next, and how that went.
//!
//! In: seats, outcomes. Out: notices under a lease, in batches. Never: anything to a subscriber whose lease has ended, or an
//! older revision owed for a newer one.

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::super::values::time;
use super::super::{Store, StoreError};
use super::claiming::Queue;
use super::{Callback, Seats, callback};
use crate::config::Secret;

/// A subscriber that is to be sent a document.
#[derive(Debug, Clone)]
pub struct Notice {
    id: i64,
    /// The document's path.
    pub path: String,
    /// Where to call.
    pub callback: Callback,
    /// What to sign with.
    pub secret: Option<Secret>,
    /// When the subscription ends.
    pub ends_at: DateTime<Utc>,
    /// Tries at this revision before this one.
    pub attempts: u32,
    /// Whether the last call failed, of whatever revision it was.
    pub is_failing: bool,
    /// The revision that was owed when it was claimed.
    pub(super) owed: String,
    lease_token: i64,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The subscriber has the document.
    Delivered {
        /// Which revision, which may be newer than the one that was owed.
        etag: String,
    },
    /// It is sent again, unless there is a newer revision: that is due at once.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// What went wrong, in one word.
        error: String,
    },
    /// It is given up; the subscription stays.
    Dropped {
        /// What went wrong, in one word.
        error: String,
    },
    /// It could not be sent, through no fault of the subscriber's; it is tried again then.
    Postponed {
        /// When.
        at: DateTime<Utc>,
    },
    /// The subscriber wants nothing any more (section 7: 410).
    Gone,
}

macro_rules! queue {
    ($is_failing:literal) => {
        Queue {
            ready: concat!(
                "SELECT id, path, callback, secret, ends_at, attempts, is_failing, owed, lease_token + 1 AS lease_token
                 FROM subscription
                 WHERE owed IS NOT NULL AND is_failing = ",
                $is_failing,
                " AND due_at <= ?1 AND (lease_until IS NULL OR lease_until <= ?1) AND ends_at > ?1
                   AND host NOT IN (SELECT value FROM json_each(?2))
                 ORDER BY due_at, id
                 LIMIT ?3 + 0"
            ),
            lease: "
                UPDATE subscription SET lease_until = ?2, lease_token = lease_token + 1
                WHERE id IN (SELECT value FROM json_each(?1))",
            read,
            key: |notice| (notice.id, notice.callback.host()),
        }
    };
}

/// Those whose last call was answered.
pub(super) const LIVE: Queue<Notice> = queue!(0);
/// Those whose last call failed.
const FAILING: Queue<Notice> = queue!(1);

/// What was sent may be newer than what was owed, and what is owed newer than what was sent.
const DELIVERED: &str = "
    UPDATE subscription
    SET held = ?4, delivered_at = ?5, failures = 0, attempts = 0, last_error = NULL, lease_until = NULL,
        owed = CASE WHEN owed NOT IN (?3, ?4) THEN owed END,
        due_at = CASE WHEN owed NOT IN (?3, ?4) THEN due_at END
    WHERE id = ?1 AND lease_token = ?2";

const RETRY: &str = "
    UPDATE subscription
    SET failures = failures + 1, last_error = ?4, lease_until = NULL,
        attempts = attempts + (owed IS ?3), due_at = CASE WHEN owed IS ?3 THEN ?5 ELSE due_at END
    WHERE id = ?1 AND lease_token = ?2";

const DROPPED: &str = "
    UPDATE subscription
    SET failures = failures + 1, last_error = ?4, lease_until = NULL,
        owed = CASE WHEN owed IS NOT ?3 THEN owed END, due_at = CASE WHEN owed IS NOT ?3 THEN due_at END
    WHERE id = ?1 AND lease_token = ?2";

const POSTPONED: &str = "
    UPDATE subscription SET lease_until = NULL, due_at = CASE WHEN owed IS NOT NULL THEN ?3 END
    WHERE id = ?1 AND lease_token = ?2";

const GONE: &str = "DELETE FROM subscription WHERE id = ?1 AND lease_token = ?2";

const NEXT: &str = "
    SELECT min(due_at) FROM (
        SELECT (SELECT due_at FROM subscription
                WHERE owed IS NOT NULL AND is_failing = f.value AND ends_at > ?1 AND (lease_until IS NULL OR lease_until <= ?1)
                ORDER BY due_at LIMIT 1) AS due_at
        FROM json_each('[0, 1]') f
        UNION ALL
        SELECT min(due_at) FROM intent WHERE lease_until IS NULL OR lease_until <= ?1)";

impl Store {
    /// Leases notices that are due at `now`, oldest first: of subscribers whose last call failed, or of the others. At most
    /// `room`, and no more of a host's than it has seats.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was leased.
    pub async fn claim_notices(
        &self,
        is_failing: bool,
        room: usize,
        seats: Seats<'_>,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<Vec<Notice>, StoreError> {
        let queue = if is_failing { &FAILING } else { &LIVE };
        let mut tx = self.write().await?;
        let notices = queue.claim(&mut tx, room, seats, now, lease_until).await?;
        tx.commit().await?;
        Ok(notices)
    }

    /// Records how calls went, all in one transaction. One whose lease has gone to somebody else changes nothing.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn record_notices(&self, outcomes: &[(Notice, Outcome)], now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for (notice, outcome) in outcomes {
            record(&mut tx, notice, outcome, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// When the hub has something to do next, be it a notice or an intent; it may be in the past.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn hub_due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let due: Option<i64> = query_scalar(NEXT).bind(now.timestamp_millis()).fetch_one(&self.readers).await?;
        Ok(due.and_then(DateTime::from_timestamp_millis))
    }
}

async fn record(db: &mut SqliteConnection, notice: &Notice, outcome: &Outcome, now: DateTime<Utc>) -> sqlx::Result<()> {
    let (id, token, owed) = (notice.id, notice.lease_token, &notice.owed);
    let change = match outcome {
        Outcome::Delivered { etag } => {
            query(DELIVERED).bind(id).bind(token).bind(owed).bind(etag).bind(now.timestamp_millis())
        }
        Outcome::Retry { at, error } => {
            query(RETRY).bind(id).bind(token).bind(owed).bind(error).bind(at.timestamp_millis())
        }
        Outcome::Dropped { error } => query(DROPPED).bind(id).bind(token).bind(owed).bind(error),
        Outcome::Postponed { at } => query(POSTPONED).bind(id).bind(token).bind(at.timestamp_millis()),
        Outcome::Gone => query(GONE).bind(id).bind(token),
    };
    change.execute(db).await?;
    Ok(())
}

fn read(row: &SqliteRow) -> sqlx::Result<Notice> {
    Ok(Notice {
        id: row.try_get("id")?,
        path: row.try_get("path")?,
        callback: callback(row)?,
        secret: row.try_get::<Option<String>, _>("secret")?.map(Secret::new),
        ends_at: time(row, "ends_at")?,
        attempts: row.try_get("attempts")?,
        is_failing: row.try_get("is_failing")?,
        owed: row.try_get("owed")?,
        lease_token: row.try_get("lease_token")?,
    })
}
