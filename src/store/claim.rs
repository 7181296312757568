//! Which deliveries are attempted next, and by whom.
//!
//! In: how many messages may begin at each endpoint. Out: deliveries under a lease that nobody else holds.
//! Never: waits for an attempt; the transaction ends before the first one begins.

mod events;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::rate::Bucket;
use super::values::{json_text, optional_time, time};
use super::{Store, StoreError};
use crate::config::{EventType, Rate};

pub(super) use events::Recent;
use events::{Events, Told};

/// What may be claimed for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// The endpoint's name.
    pub endpoint: String,
    /// How many messages may begin.
    pub free: usize,
    /// Whether the event's text is needed.
    pub html: bool,
    /// Deliveries of one scan that may stand in one message; never 0.
    pub batch: usize,
    /// Whether a message waits for the one before.
    pub ordered: bool,
    /// Messages over time.
    pub rate: Option<Rate>,
}

impl Capacity {
    /// Room for one message of any kind: to ask what an endpoint waits for.
    #[must_use]
    pub fn one(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), free: 1, html: false, batch: 1, ordered: false, rate: None }
    }
}

/// A delivery that this process may attempt until its lease ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The delivery's row.
    pub id: i64,
    /// Which message it is part of: those that stand next to each other and have the same number make one.
    pub message: i64,
    /// The event's id: the message id, if it is alone.
    pub event_id: Arc<str>,
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// Of the event.
    pub event_type: EventType,
    /// Of the event.
    pub timestamp: DateTime<Utc>,
    /// The payload's `data`, as JSON text: the same bytes at every attempt.
    pub data: Arc<str>,
    /// See [`Event::html`](crate::events::Event::html); only if it was asked for.
    pub html: Option<Arc<str>>,
    /// Its number among the deliveries of an ordered endpoint, from 1; the same at every attempt.
    pub sequence: Option<i64>,
    /// Attempts recorded before this one that count.
    pub attempts: u32,
    /// When the first attempt that failed began.
    pub first_failed_at: Option<DateTime<Utc>>,
    /// Proves that the lease is ours: every claim of a delivery has a greater one.
    pub lease_token: i64,
}

/// Endpoints of a list that are open at a time. One whose breaker is open gets one message, and nothing while that is under
/// way.
const OPEN: &str = "
    SELECT name, opens_at IS NOT NULL AS is_probing, rate_at, sequence,
           EXISTS (SELECT 1 FROM delivery d WHERE d.endpoint = name AND d.lease_until > ?2) AS is_busy,
           EXISTS (SELECT 1 FROM delivery d WHERE d.endpoint = name AND d.state = 'pending' AND d.is_retry = 1
                   AND d.due_at <= ?2) AS has_retries
    FROM endpoint
    WHERE name IN (SELECT value FROM json_each(?1)) AND disabled IS NULL AND paused = 0
      AND (not_before IS NULL OR not_before <= ?2) AND (opens_at IS NULL OR opens_at <= ?2)";

/// First attempts (`?2` = 0) or retries (`?2` = 1) of one endpoint that are due and not under a lease, oldest first. A bare
/// parameter as the limit would have SQLite plan the statement anew whenever it is bound.
const READY: &str = "
    SELECT id, event_id, attempts, first_failed_at, lease_token + 1 AS lease_token, batch, sequence, created_at, due_at
    FROM delivery
    WHERE endpoint = ?1 AND state = 'pending' AND is_retry = ?2 AND due_at <= ?3
      AND (lease_until IS NULL OR lease_until <= ?3)
    ORDER BY due_at, id
    LIMIT ?4 + 0";

/// What an ordered endpoint is owed, oldest first, due or not.
const QUEUE: &str = "
    SELECT id, event_id, attempts, first_failed_at, lease_token + 1 AS lease_token, batch, sequence, created_at, due_at
    FROM delivery
    WHERE endpoint = ?1 AND state = 'pending'
    ORDER BY id
    LIMIT ?2 + 0";

const LEASE: &str = "
    UPDATE delivery SET lease_until = ?2, lease_token = lease_token + 1
    WHERE id IN (SELECT value FROM json_each(?1))";

const JOIN: &str = "UPDATE delivery SET batch = ?2 WHERE id IN (SELECT value FROM json_each(?1))";
const NUMBER: &str = "UPDATE delivery SET sequence = ?2 WHERE id = ?1";
const NUMBERED: &str = "UPDATE endpoint SET sequence = ?2 WHERE name = ?1";
const SPENT: &str = "UPDATE endpoint SET rate_at = ?2 WHERE name = ?1";

const BURY: &str = "
    UPDATE delivery SET state = 'dead', finished_at = ?2, lease_until = NULL, reason = ?3
    WHERE id IN (SELECT value FROM json_each(?1))";

const UNREADABLE: &str = "a delivery that this version cannot read is given up; a newer version can retry it";

/// What an endpoint's row says of the messages that it may get now.
struct Door {
    is_probing: bool,
    is_busy: bool,
    has_retries: bool,
    rate_at: Option<i64>,
    sequence: i64,
}

/// Which of an endpoint's rows are looked at.
enum Wanted {
    /// So many, due or not.
    Oldest(usize),
    /// So many that are due.
    Due { is_retry: bool, limit: usize },
}

/// For which endpoint rows are looked at, and when.
#[derive(Clone, Copy)]
struct Desk<'a> {
    capacity: &'a Capacity,
    recent: &'a Recent,
    now: DateTime<Utc>,
}

/// A row that may be leased.
struct Ready {
    claim: Claim,
    batch: Option<i64>,
    created_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
}

impl Store {
    /// Leases deliveries that are due at `now`, to endpoints that are neither disabled nor paused nor beyond their rate, first
    /// attempts before retries and older before newer (of an ordered endpoint just the oldest), at most `free` messages an
    /// endpoint and `limit` in all: those that come first in `capacities` are served first. The leases end at
    /// `lease_until`. The claims come in the order of `capacities`, and for each endpoint in the order in which they are to be
    /// attempted; those of one message stand together.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was leased.
    pub async fn claim(
        &self,
        capacities: &[Capacity],
        limit: usize,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut tx = self.write().await?;
        let doors = doors(&mut tx, capacities, now).await?;
        let mut claims = Vec::new();
        for capacity in capacities {
            let Some(door) = doors.get(&capacity.endpoint) else { continue };
            let free = door.room(capacity, now).min(limit.saturating_sub(claims.len()));
            if free == 0 {
                continue;
            }
            let desk = Desk { capacity, recent: &self.recent, now };
            let taken = match capacity.ordered {
                true => queue(&mut tx, desk).await?,
                false => unordered(&mut tx, desk, door, free).await?,
            };
            claims.extend(take(&mut tx, capacity, door, taken, now).await?);
        }
        if !claims.is_empty() {
            let ids: Vec<i64> = claims.iter().map(|claim| claim.id).collect();
            query(LEASE).bind(json_text(&ids)?).bind(lease_until.timestamp_millis()).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(claims)
    }

    /// Gives back what was claimed and not attempted.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn release(&self, claims: &[(i64, i64)]) -> Result<(), StoreError> {
        let sql = "
            UPDATE delivery SET lease_until = NULL
            FROM (SELECT value ->> 0 AS id, value ->> 1 AS token FROM json_each(?1)) AS held
            WHERE delivery.id = held.id AND delivery.lease_token = held.token AND delivery.state = 'pending'";
        let mut tx = self.write().await?;
        query(sql).bind(json_text(claims)?).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Door {
    /// How many messages may begin.
    fn room(&self, capacity: &Capacity, now: DateTime<Utc>) -> usize {
        let waits = self.is_busy && (self.is_probing || capacity.ordered);
        let most = match (waits, self.is_probing || capacity.ordered) {
            (true, _) => 0,
            (false, true) => capacity.free.min(1),
            (false, false) => capacity.free,
        };
        capacity.rate.map_or(most, |rate| Bucket::new(rate, self.rate_at, now).room().min(most))
    }
}

async fn doors(
    db: &mut SqliteConnection,
    capacities: &[Capacity],
    now: DateTime<Utc>,
) -> sqlx::Result<HashMap<String, Door>> {
    let names: Vec<&str> = capacities.iter().map(|capacity| capacity.endpoint.as_str()).collect();
    let door = |row: SqliteRow| {
        let door = Door {
            is_probing: row.try_get("is_probing")?,
            is_busy: row.try_get("is_busy")?,
            has_retries: row.try_get("has_retries")?,
            rate_at: row.try_get("rate_at")?,
            sequence: row.try_get("sequence")?,
        };
        Ok((row.try_get("name")?, door))
    };
    let open = query(OPEN).bind(json_text(&names)?).bind(now.timestamp_millis()).try_map(door);
    Ok(open.fetch_all(db).await?.into_iter().collect())
}

/// The oldest message that an ordered endpoint is owed, if it is due.
async fn queue(db: &mut SqliteConnection, desk: Desk<'_>) -> sqlx::Result<Vec<Ready>> {
    let mut rows = readable(db, desk, &Wanted::Oldest(desk.capacity.batch)).await?;
    let Some(first) = rows.first().filter(|first| first.due_at <= desk.now) else { return Ok(Vec::new()) };
    let together = rows.iter().take_while(|row| goes_with(first, row)).count().max(1);
    rows.truncate(together);
    Ok(rows)
}

/// Messages that an endpoint is owed and that are due: first attempts, then retries.
async fn unordered(
    db: &mut SqliteConnection,
    desk: Desk<'_>,
    door: &Door,
    mut free: usize,
) -> sqlx::Result<Vec<Ready>> {
    let (batch, mut taken) = (desk.capacity.batch, Vec::new());
    for is_retry in [false, true] {
        if free == 0 || is_retry && !door.has_retries {
            break;
        }
        let wanted = Wanted::Due { is_retry, limit: free.saturating_mul(batch) };
        let rows = readable(db, desk, &wanted).await?;
        let mut messages = messages(&rows, batch);
        messages.truncate(free);
        free -= messages.len();
        taken.extend(rows.into_iter().take(messages.iter().sum()));
    }
    Ok(taken)
}

/// How many rows each message has, if neighbours that go together stand in one.
fn messages(rows: &[Ready], batch: usize) -> Vec<usize> {
    let mut messages = Vec::new();
    let mut rest = rows;
    while let Some(first) = rest.first() {
        let together = rest.iter().take(batch).take_while(|row| goes_with(first, row)).count().max(1);
        messages.push(together);
        rest = &rest[together..];
    }
    messages
}

/// Whether two deliveries stand in one message: they did before, or both are new and of one scan.
fn goes_with(first: &Ready, other: &Ready) -> bool {
    match (first.batch, other.batch) {
        (Some(one), Some(other)) => one == other,
        (None, None) => first.created_at == other.created_at && first.claim.attempts == 0 && other.claim.attempts == 0,
        _ => false,
    }
}

/// Rows that can be read. Those that this program cannot read, as a newer one may have written them, would come first in
/// every claim: they are given up on the way.
async fn readable(db: &mut SqliteConnection, desk: Desk<'_>, wanted: &Wanted) -> sqlx::Result<Vec<Ready>> {
    let Desk { capacity, recent, now } = desk;
    let endpoint: Arc<str> = capacity.endpoint.as_str().into();
    loop {
        let (mut ready, mut unreadable) = (Vec::new(), Vec::new());
        let rows = rows(db, desk, wanted).await?;
        let ids = rows.iter().map(|row| row.try_get("event_id")).collect::<sqlx::Result<Vec<&str>>>()?;
        let events = recent.read(db, &ids, capacity.html).await?;
        for row in rows {
            match read_ready(&row, &endpoint, &events) {
                Ok(row) => ready.push(row),
                Err(error @ sqlx::Error::ColumnDecode { .. }) => {
                    let id: i64 = row.try_get("id")?;
                    tracing::error!(endpoint = capacity.endpoint, delivery = id, %error, "{UNREADABLE}");
                    unreadable.push(id);
                }
                Err(error) => return Err(error),
            }
        }
        if unreadable.is_empty() {
            return Ok(ready);
        }
        let bury = query(BURY).bind(json_text(&unreadable)?).bind(now.timestamp_millis());
        bury.bind("this version cannot read it").execute(&mut *db).await?;
    }
}

async fn rows(db: &mut SqliteConnection, desk: Desk<'_>, wanted: &Wanted) -> sqlx::Result<Vec<SqliteRow>> {
    let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let endpoint = &desk.capacity.endpoint;
    let rows = match *wanted {
        Wanted::Oldest(limit) => query(QUEUE).bind(endpoint).bind(count(limit)),
        Wanted::Due { is_retry, limit } => {
            query(READY).bind(endpoint).bind(is_retry).bind(desk.now.timestamp_millis()).bind(count(limit))
        }
    };
    rows.fetch_all(db).await
}

/// Writes down which rows make a message, and their numbers.
async fn take(
    db: &mut SqliteConnection,
    capacity: &Capacity,
    door: &Door,
    mut rows: Vec<Ready>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Claim>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let messages = messages(&rows, capacity.batch);
    if capacity.batch > 1 {
        join(db, &mut rows, &messages).await?;
    }
    if capacity.ordered {
        number(db, capacity, door, &mut rows).await?;
    }
    if let Some(rate) = capacity.rate {
        let next = Bucket::new(rate, door.rate_at, now).after(messages.len());
        query(SPENT).bind(&capacity.endpoint).bind(next).execute(db).await?;
    }
    Ok(rows.into_iter().map(|row| row.claim).collect())
}

/// What stands together in a message the first time does so every time: its id and its bytes depend on it.
async fn join(db: &mut SqliteConnection, rows: &mut [Ready], messages: &[usize]) -> sqlx::Result<()> {
    let mut rest = rows;
    for &size in messages {
        let (message, others) = std::mem::take(&mut rest).split_at_mut(size);
        let first = message[0].batch.unwrap_or(message[0].claim.id);
        if message.iter().any(|row| row.batch != Some(first)) {
            let ids: Vec<i64> = message.iter().map(|row| row.claim.id).collect();
            query(JOIN).bind(json_text(&ids)?).bind(first).execute(&mut *db).await?;
        }
        message.iter_mut().for_each(|row| row.claim.message = first);
        rest = others;
    }
    Ok(())
}

async fn number(db: &mut SqliteConnection, capacity: &Capacity, door: &Door, rows: &mut [Ready]) -> sqlx::Result<()> {
    let mut last = door.sequence;
    for row in rows.iter_mut().filter(|row| row.claim.sequence.is_none()) {
        last += 1;
        row.claim.sequence = Some(last);
        query(NUMBER).bind(row.claim.id).bind(last).execute(&mut *db).await?;
    }
    query(NUMBERED).bind(&capacity.endpoint).bind(last).execute(db).await?;
    Ok(())
}

fn read_ready(row: &SqliteRow, endpoint: &Arc<str>, events: &Events) -> sqlx::Result<Ready> {
    let id = row.try_get("id")?;
    let batch: Option<i64> = row.try_get("batch")?;
    let told = events.get(row.try_get::<&str, _>("event_id")?).cloned().flatten();
    let Some(Told { id: event_id, event_type, timestamp, data, html }) = told else {
        let (index, source) = ("event_id".to_owned(), "its event cannot be read".into());
        return Err(sqlx::Error::ColumnDecode { index, source });
    };
    let claim = Claim {
        id,
        message: batch.unwrap_or(id),
        event_id,
        endpoint: Arc::clone(endpoint),
        event_type,
        timestamp,
        data,
        html,
        sequence: row.try_get("sequence")?,
        attempts: row.try_get("attempts")?,
        first_failed_at: optional_time(row, "first_failed_at")?,
        lease_token: row.try_get("lease_token")?,
    };
    Ok(Ready { claim, batch, created_at: time(row, "created_at")?, due_at: time(row, "due_at")? })
}

#[cfg(test)]
mod tests;
