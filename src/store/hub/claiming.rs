//! Claims: which rows are due, and how much of them goes to one host.
//!
//! In: how many calls each host has had. Out: rows under a lease that nobody else holds. Never: a host beyond its share, or a
//! claim that ends because of one that is full.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::super::values::json_text;

/// What one host's callbacks may have, and what they have.
#[derive(Debug, Clone, Copy)]
pub struct Seats<'a> {
    /// For each host.
    pub a_host: usize,
    /// What is taken, by host.
    pub taken: &'a HashMap<String, usize>,
}

/// Rows of one kind.
pub(super) struct Queue<T> {
    /// Rows that are due at `?1` and not under a lease, of hosts that are not in the list `?2`; at most `?3`, the first one first.
    pub(super) ready: &'static str,
    /// Leases the rows whose ids are in the list `?1` until `?2`.
    pub(super) lease: &'static str,
    pub(super) read: fn(&SqliteRow) -> sqlx::Result<T>,
    /// A row's id and host.
    pub(super) key: fn(&T) -> (i64, &str),
}

impl<T: Send + Unpin> Queue<T> {
    /// Leases rows, at most `room`.
    pub(super) async fn claim(
        &self,
        db: &mut SqliteConnection,
        room: usize,
        seats: Seats<'_>,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> sqlx::Result<Vec<T>> {
        let (mut taken, mut claimed) = (seats.taken.clone(), Vec::new());
        loop {
            let wanted = room - claimed.len();
            let full: Vec<&String> = taken.iter().filter(|(_, n)| **n >= seats.a_host).map(|(host, _)| host).collect();
            let rows = self.due(db, &full, now, wanted).await?;
            let found = rows.len();
            let has_seat = |row: &T| {
                let n = taken.entry((self.key)(row).1.to_owned()).or_default();
                *n += 1;
                *n <= seats.a_host
            };
            let chosen: Vec<T> = rows.into_iter().filter(has_seat).collect();
            self.lease(db, &chosen, until).await?;
            // Where a host was full, others may be behind it, and it is passed by in the next round.
            let is_over = found < wanted || chosen.len() == found;
            claimed.extend(chosen);
            if is_over {
                return Ok(claimed);
            }
        }
    }

    async fn due(
        &self,
        db: &mut SqliteConnection,
        full: &[&String],
        now: DateTime<Utc>,
        limit: usize,
    ) -> sqlx::Result<Vec<T>> {
        query(self.ready)
            .bind(now.timestamp_millis())
            .bind(json_text(full)?)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .try_map(|row| (self.read)(&row))
            .fetch_all(db)
            .await
    }

    async fn lease(&self, db: &mut SqliteConnection, rows: &[T], until: DateTime<Utc>) -> sqlx::Result<()> {
        if !rows.is_empty() {
            let ids: Vec<i64> = rows.iter().map(|row| (self.key)(row).0).collect();
            query(self.lease).bind(json_text(&ids)?).bind(until.timestamp_millis()).execute(db).await?;
        }
        Ok(())
    }
}
