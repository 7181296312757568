//! What time does to subscriptions.
//!
//! In: what time it is. Out: room. Never: forgets a subscription because a clock leapt: one that is forgotten had ended
//! when a scan ran, too.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::query;

use super::super::{Store, StoreError};

const CANCEL: &str = "
    UPDATE subscription SET owed = NULL, due_at = NULL WHERE owed IS NOT NULL AND ends_at <= ? AND lease_until IS NULL";

const FORGET: &str = "DELETE FROM subscription WHERE ends_at <= min(?, (SELECT last_scan FROM meta))";

/// No wait and no lease is as long as one that a clock left behind which was ahead.
const SHORTEN_WAITS: [&str; 2] = [
    "UPDATE subscription SET due_at = ?1 WHERE owed IS NOT NULL AND due_at > ?1 + ?2",
    "UPDATE intent SET due_at = ?1 WHERE due_at > ?1 + ?2",
];
const SHORTEN_LEASES: &str = "UPDATE subscription SET ends_at = ?1 + ?2 WHERE ends_at > ?1 + ?2";

impl Store {
    /// Cancels what is owed to subscribers whose lease has ended, forgets them, and ends waits longer than `wait` and leases
    /// longer than `lease`.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn tidy_hub(&self, now: DateTime<Utc>, wait: TimeDelta, lease: TimeDelta) -> Result<(), StoreError> {
        let (now, mut tx) = (now.timestamp_millis(), self.write().await?);
        query(CANCEL).bind(now).execute(&mut *tx).await?;
        query(FORGET).bind(now).execute(&mut *tx).await?;
        for sql in SHORTEN_WAITS {
            query(sql).bind(now).bind(wait.num_milliseconds()).execute(&mut *tx).await?;
        }
        query(SHORTEN_LEASES).bind(now).bind(lease.num_milliseconds()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}
