//! What a scan means for subscribers: what changed is owed to them, and what went is no topic any more.
//!
//! In: the documents of one scan, in its transaction. Out: rows that are due. Never: a document's bytes.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};

use super::super::scan::DocumentState;
use super::super::values::json_text;

/// The newest revision takes the place of one that is owed already. A subscriber who has it, because it is one that came
/// back, is owed nothing, unless another one is on its way to it at the moment.
pub(super) const OWE: &str = "
    UPDATE subscription
    SET owed = CASE WHEN held IS NOT d.etag OR lease_until IS NOT NULL THEN d.etag END,
        due_at = CASE WHEN held IS NOT d.etag OR lease_until IS NOT NULL THEN ?2 END,
        attempts = 0
    FROM (SELECT value ->> 0 AS path, value ->> 1 AS etag FROM json_each(?1)) d
    WHERE subscription.path = d.path AND ends_at > ?2";

const DENY: &str = "
    INSERT INTO intent (mode, path, topic, callback, host, lease_seconds, due_at)
    SELECT 'denied', path, topic, callback, host, 0, ?2 FROM subscription
    WHERE path IN (SELECT value FROM json_each(?1)) AND ends_at > ?2
    ON CONFLICT (path, callback, mode) DO NOTHING";

const END: &str = "DELETE FROM subscription WHERE path IN (SELECT value FROM json_each(?1))";

/// Owes these documents to their subscribers.
pub(in super::super) async fn owe(
    db: &mut SqliteConnection,
    documents: &[(String, DocumentState)],
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    if !documents.is_empty() {
        let revisions: Vec<_> = documents.iter().map(|(path, state)| (path, &state.etag)).collect();
        query(OWE).bind(json_text(&revisions)?).bind(at.timestamp_millis()).execute(db).await?;
    }
    Ok(())
}

/// Ends the subscriptions to these documents; their callbacks are told.
pub(in super::super) async fn deny(db: &mut SqliteConnection, gone: &[String], at: DateTime<Utc>) -> sqlx::Result<()> {
    if !gone.is_empty() {
        query(DENY).bind(json_text(gone)?).bind(at.timestamp_millis()).execute(&mut *db).await?;
        query(END).bind(json_text(gone)?).execute(db).await?;
    }
    Ok(())
}
