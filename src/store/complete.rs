//! How an attempt went, and what becomes of its delivery and its endpoint.
//!
//! In: a claim, the attempt made under it, the verdict. Out: all three rows, or none. Never: a change to a delivery whose
//! lease has gone to somebody else.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query, query_scalar};

use super::health::{Health, Turn};
use super::outbox::insert_events;
use super::values::{json_text, optional_time};
use super::{DeliveryState, Store, StoreError};
use crate::events::Event;

/// How an attempt went, for the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took; in JSON `took_ms`, whole milliseconds, which is what the store keeps.
    #[serde(rename = "took_ms", serialize_with = "as_millis", deserialize_with = "of_millis")]
    pub took: Duration,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// What went wrong, in one word: `timeout`, `dns`, `connect`, `tls`, `blocked`, `redirect`, `status`,
    /// `bad_response`, `closed`, `refused`, `template`, `internal`.
    pub error: Option<String>,
    /// One sentence; holds no secret.
    pub note: Option<String>,
}

impl Attempt {
    /// Whether the receiver took the message.
    #[must_use]
    pub const fn has_arrived(&self) -> bool {
        self.error.is_none()
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It is tried again then.
    Retry {
        /// When.
        at: DateTime<Utc>,
    },
    /// It is tried again then, the endpoint gets nothing before, and the try does not count as one of the twelve.
    Paused {
        /// Until when. An endpoint that is paused for longer already stays so.
        until: DateTime<Utc>,
    },
    /// It is given up.
    Dead,
    /// The endpoint said that it is gone: it is disabled, and what it is owed is parked.
    Gone,
}

impl Verdict {
    /// Whether any number of attempts may end like this.
    fn may_repeat(&self) -> bool {
        matches!(self, Self::Paused { .. } | Self::Gone)
    }
}

/// An attempt, for one of the deliveries that it was to bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The delivery's row.
    pub id: i64,
    /// The lease under which it was made.
    pub lease_token: i64,
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// How it went.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub verdict: Verdict,
    /// Whether this is the message's first delivery: an endpoint is judged by messages.
    pub is_first: bool,
}

/// What became of completions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completed {
    /// Of each, whether the lease was still ours; else only the attempt is recorded.
    pub ours: Vec<bool>,
    /// What operators should know, by endpoint.
    pub turns: Vec<(String, Turn)>,
}

/// Says who is told of a turn in an endpoint's life, and what.
pub type Notices<'a> = &'a (dyn Fn(&str, &Turn) -> Option<(Event, Vec<String>)> + Sync);

const RECORD: &str = "
    INSERT INTO attempt (delivery_id, at, took_ms, status, error, note)
    SELECT d.id, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
    FROM json_each(?1) JOIN delivery d ON d.id = value ->> 0";

/// So many attempts of a delivery are kept, the newest: a receiver may ask for pauses for days.
const KEPT: i64 = 100;

const TRIM: &str = "
    DELETE FROM attempt
    WHERE delivery_id = ?1
      AND id <= (SELECT a.id FROM attempt a WHERE a.delivery_id = ?1 ORDER BY a.id DESC LIMIT 1 OFFSET ?2)";

/// A delivery that was cancelled meanwhile is not pending any more, whoever holds its lease. A first failure that lies
/// after this one is of a clock that was set back.
const SETTLE: &str = "
    UPDATE delivery
    SET state = s.state, due_at = coalesce(s.due_at, delivery.due_at), attempts = delivery.attempts + s.counts,
        first_failed_at = coalesce(min(first_failed_at, s.failed_at), first_failed_at, s.failed_at),
        finished_at = s.finished_at, reason = s.reason, lease_until = NULL
    FROM (SELECT value ->> 0 AS id, value ->> 1 AS token, value ->> 2 AS state, value ->> 3 AS due_at,
                 value ->> 4 AS counts, value ->> 5 AS failed_at, value ->> 6 AS finished_at, value ->> 7 AS reason
          FROM json_each(?1)) AS s
    WHERE delivery.id = s.id AND delivery.lease_token = s.token AND delivery.state = 'pending'";

/// Those that [`SETTLE`] will not change, mostly none: asked beforehand, as each row that a statement returns costs more than
/// what it does there.
const LOST: &str = "
    SELECT value ->> 0 FROM json_each(?1)
    WHERE NOT EXISTS (SELECT 1 FROM delivery d
                      WHERE d.id = value ->> 0 AND d.lease_token = value ->> 1 AND d.state = 'pending')";

const HEALTH: &str = "
    SELECT name, not_before, disabled, failures, failing_since, opens_at, probes, last_success_at
    FROM endpoint WHERE name IN (SELECT value FROM json_each(?1))";

const JUDGE: &str = "
    UPDATE endpoint
    SET not_before = ?2, disabled = ?3, failures = ?4, failing_since = ?5, opens_at = ?6, probes = ?7, last_success_at = ?8
    WHERE name = ?1";

/// What waits for its next try because its endpoint was down need not wait any more.
const RESUME: &str = "
    UPDATE delivery SET due_at = ?2
    WHERE endpoint = ?1 AND state = 'pending' AND is_retry = 1 AND due_at > ?2";

impl Store {
    /// Records attempts and what becomes of their deliveries and endpoints; of a delivery's attempts, the newest hundred
    /// stay. Notices about the endpoints are owed from the same moment on.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn complete(
        &self,
        completions: &[Completion],
        notices: Notices<'_>,
        now: DateTime<Utc>,
    ) -> Result<Completed, StoreError> {
        let mut tx = self.write().await?;
        record(&mut tx, completions).await?;
        let lost = settle(&mut tx, completions, now).await?;
        let ours: Vec<bool> = completions.iter().map(|completion| !lost.contains(&completion.id)).collect();
        let judged = completions.iter().zip(&ours).filter(|(completion, ours)| **ours && completion.is_first);
        let turns = judge(&mut tx, judged.map(|(completion, _)| completion), now).await?;
        let told: Vec<_> = turns.iter().filter_map(|(endpoint, turn)| notices(endpoint, turn)).collect();
        let told: Vec<_> = told.iter().map(|(event, names)| (event, names.as_slice())).collect();
        insert_events(&mut tx, &told).await?;
        tx.commit().await?;
        Ok(Completed { ours, turns })
    }
}

async fn record(db: &mut SqliteConnection, completions: &[Completion]) -> sqlx::Result<()> {
    let rows: Vec<_> = completions.iter().map(recorded).collect();
    query(RECORD).bind(json_text(&rows)?).execute(&mut *db).await?;
    for completion in completions.iter().filter(|completion| completion.verdict.may_repeat()) {
        query(TRIM).bind(completion.id).bind(KEPT).execute(&mut *db).await?;
    }
    Ok(())
}

/// What an attempt's row is to say; see [`RECORD`].
fn recorded(completion: &Completion) -> impl Serialize {
    let Attempt { at, took, status, error, note } = &completion.attempt;
    (completion.id, at.timestamp_millis(), millis(*took), status, error, note)
}

/// Changes the deliveries whose leases are still those of the completions. Returns the others.
async fn settle(
    db: &mut SqliteConnection,
    completions: &[Completion],
    now: DateTime<Utc>,
) -> sqlx::Result<HashSet<i64>> {
    let leases: Vec<_> = completions.iter().map(|completion| (completion.id, completion.lease_token)).collect();
    let lost: Vec<i64> = query_scalar(LOST).bind(json_text(&leases)?).fetch_all(&mut *db).await?;
    let rows: Vec<_> = completions.iter().map(|completion| settled(completion, now)).collect();
    query(SETTLE).bind(json_text(&rows)?).execute(db).await?;
    Ok(lost.into_iter().collect())
}

/// What a delivery's row is to say; see [`SETTLE`].
fn settled(completion: &Completion, now: DateTime<Utc>) -> impl Serialize {
    let Completion { attempt, verdict, .. } = completion;
    // What waits for its endpoint keeps its place in the queue: its due date is not touched.
    let (state, due_at, counts, finished_at) = match verdict {
        Verdict::Delivered => (DeliveryState::Delivered, None, 1, Some(now)),
        Verdict::Dead => (DeliveryState::Dead, None, 1, Some(now)),
        Verdict::Retry { at } => (DeliveryState::Pending, Some(*at), 1, None),
        Verdict::Paused { .. } | Verdict::Gone => (DeliveryState::Pending, None, 0, None),
    };
    // A pause is no try that counts, but a receiver may not ask for pauses for ever either.
    let failed = matches!(verdict, Verdict::Retry { .. } | Verdict::Paused { .. } | Verdict::Dead);
    let reason = attempt.note.as_deref().filter(|_| *verdict == Verdict::Dead);
    (
        completion.id,
        completion.lease_token,
        state.as_str(),
        due_at.map(|at| at.timestamp_millis()),
        counts,
        failed.then(|| attempt.at.timestamp_millis()),
        finished_at.map(|at| at.timestamp_millis()),
        reason,
    )
}

async fn judge<'a>(
    db: &mut SqliteConnection,
    completions: impl Iterator<Item = &'a Completion>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<(String, Turn)>> {
    let mut by_endpoint = BTreeMap::<&str, Vec<&Completion>>::new();
    completions.for_each(|completion| by_endpoint.entry(&completion.endpoint).or_default().push(completion));
    let names: Vec<&str> = by_endpoint.keys().copied().collect();
    let healths = query(HEALTH).bind(json_text(&names)?).try_map(read_health).fetch_all(&mut *db).await?;
    let mut turns = Vec::new();
    for (name, mut health) in healths {
        let before = health.clone();
        for completion in by_endpoint.remove(name.as_str()).unwrap_or_default() {
            let turn = health.learn(&completion.attempt, &completion.verdict, now);
            turns.extend(turn.map(|turn| (name.clone(), turn)));
        }
        if health.is_news(&before) {
            write_health(db, &name, &health).await?;
        }
        if before.opens_at.is_some() && health.opens_at.is_none() {
            query(RESUME).bind(&name).bind(now.timestamp_millis()).execute(&mut *db).await?;
        }
    }
    Ok(turns)
}

fn read_health(row: SqliteRow) -> sqlx::Result<(String, Health)> {
    let health = Health {
        not_before: optional_time(&row, "not_before")?,
        disabled: row.try_get("disabled")?,
        failures: row.try_get("failures")?,
        failing_since: optional_time(&row, "failing_since")?,
        opens_at: optional_time(&row, "opens_at")?,
        probes: row.try_get("probes")?,
        last_success_at: optional_time(&row, "last_success_at")?,
    };
    Ok((row.try_get("name")?, health))
}

async fn write_health(db: &mut SqliteConnection, name: &str, health: &Health) -> sqlx::Result<()> {
    let millis = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_millis());
    query(JUDGE)
        .bind(name)
        .bind(millis(health.not_before))
        .bind(health.disabled.as_deref())
        .bind(health.failures)
        .bind(millis(health.failing_since))
        .bind(millis(health.opens_at))
        .bind(health.probes)
        .bind(millis(health.last_success_at))
        .execute(db)
        .await?;
    Ok(())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn as_millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(millis(*duration))
}

fn of_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

#[cfg(test)]
mod tests;
