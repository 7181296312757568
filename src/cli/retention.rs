//! For how long what is over is kept.
//!
//! In: the store, and what time it is. Out: room. Never: forgets something because a clock leapt: what is forgotten is old by
//! a scan of long ago, too.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::{Store, StoreError};

/// Finished deliveries and their attempts are kept for so long.
const RETENTION: TimeDelta = TimeDelta::days(30);
/// No more of them than so many, so that a flood does not fill the disk.
const MOST: usize = 200_000;
/// How often there is something to forget.
const PERIOD: Duration = Duration::from_secs(3600);

/// Forgets what is old by the clock and by an earlier scan; nothing before there was one.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn prune(store: &Store, earlier: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), StoreError> {
    if let Some(end) = end(earlier, now) {
        store.prune(end, MOST).await?;
    }
    Ok(())
}

/// What was over before this is old by both.
fn end(earlier: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(now.min(earlier?) - RETENTION)
}

/// Forgetting while the daemon runs.
pub(super) struct Retention {
    /// When the last scan was, as it was known a while ago.
    earlier: Option<DateTime<Utc>>,
    next: Instant,
}

impl Retention {
    pub(super) async fn new(store: &Store) -> Self {
        Self { earlier: store.last_scan().await.ok().flatten(), next: Instant::now() + PERIOD }
    }

    /// Forgets, if it is time.
    pub(super) async fn keep(&mut self, store: &Store, now: DateTime<Utc>) {
        if Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + PERIOD;
        if let Err(error) = prune(store, self.earlier, now).await {
            tracing::warn!(%error, "old deliveries could not be pruned");
        }
        self.earlier = store.last_scan().await.ok().flatten();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_leaps_makes_nothing_old() {
        let today: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        let year = TimeDelta::days(365);
        assert_eq!(end(Some(today), today + year), Some(today - RETENTION), "the scan before knows better");
        assert_eq!(
            end(Some(today + year), today),
            Some(today - RETENTION),
            "so does the clock, when it is right again"
        );
        assert_eq!(end(None, today), None);
    }
}
