//! Forgetting what is long over.
//!
//! In: since when. Out: room in the database. Never: forgets an event that somebody is still owed, or a post that was seen.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_scalar};

use super::values::{json_text, time};
use super::{Store, StoreError};

/// Deliveries a transaction: few, so that a claim never waits long behind one.
const BATCH: i64 = 500;

/// Attempts go with their delivery.
const FINISHED: &str = "
    DELETE FROM delivery
    WHERE id IN (SELECT id FROM delivery WHERE finished_at < ?1 ORDER BY finished_at LIMIT ?2)
    RETURNING event_id";

/// When the oldest of the `?1` newest finished deliveries was finished, if there are more.
const CROWD: &str = "
    SELECT finished_at FROM delivery WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1 OFFSET ?1 - 1";

const ORPHANS: &str = "
    DELETE FROM event
    WHERE id IN (SELECT value FROM json_each(?1)) AND NOT EXISTS (SELECT 1 FROM delivery WHERE event_id = event.id)";

impl Store {
    /// Deletes finished deliveries, their attempts and events that are older than `before`, or than the `most` newest, a few
    /// at a time. Returns how many deliveries went.
    ///
    /// # Errors
    ///
    /// If the database fails; what was deleted until then stays deleted.
    pub async fn prune(&self, before: DateTime<Utc>, most: usize) -> Result<u64, StoreError> {
        let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        let crowd = query(CROWD).bind(most).try_map(|row| time(&row, "finished_at"));
        let before = crowd.fetch_optional(&self.readers).await?.map_or(before, |crowd| crowd.max(before));
        let mut pruned = 0;
        loop {
            let mut tx = self.write().await?;
            let events = prune_batch(&mut tx, before).await?;
            tx.commit().await?;
            if events.is_empty() {
                break;
            }
            pruned += events.len() as u64;
        }
        if pruned > 0 {
            query("PRAGMA incremental_vacuum").execute(&self.writer).await?;
        }
        Ok(pruned)
    }
}

/// Deletes a batch of deliveries, and each event that was owed to none but those. Returns the event of each delivery.
async fn prune_batch(db: &mut SqliteConnection, before: DateTime<Utc>) -> sqlx::Result<Vec<String>> {
    let finished = query_scalar(FINISHED).bind(before.timestamp_millis()).bind(BATCH);
    let events: Vec<String> = finished.fetch_all(&mut *db).await?;
    query(ORPHANS).bind(json_text(&events)?).execute(db).await?;
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::{Selection, Verdict};
    use super::*;

    #[tokio::test]
    async fn what_is_over_goes_with_its_attempts_and_its_event() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["old", "older", "recent"], &["hook"])).await.unwrap();
        let claims = claim_all(&store, "hook", 0).await;
        for (claim, (verdict, now)) in
            claims.iter().zip([(Verdict::Delivered, 9), (Verdict::Dead, 1), (Verdict::Delivered, 10)])
        {
            complete(&store, claim, verdict, now).await;
        }

        assert_eq!(store.prune(at(10), 1_000).await.unwrap(), 2);

        let left = store.deliveries(&Selection::default()).await.unwrap();
        assert_eq!(left.iter().map(|d| d.event_id.as_str()).collect::<Vec<_>>(), ["recent"]);
        assert_eq!((count(&store, "event").await, count(&store, "attempt").await), (1, 1));
        assert_eq!(store.prune(at(10), 1_000).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_event_stays_while_somebody_is_owed_it() {
        let (_place, store) = store(&["fast", "slow"]).await;
        store.commit_scan(&owing(&["a"], &["fast", "slow"])).await.unwrap();
        let claim = claim_all(&store, "fast", 0).await.remove(0);
        complete(&store, &claim, Verdict::Delivered, 1).await;

        assert_eq!(store.prune(at(1_000_000), 1_000).await.unwrap(), 1);

        let claim = claim_all(&store, "slow", 1_000_000).await.remove(0);
        assert_eq!(claim.html.as_deref(), Some("<p>a</p>"));
        complete(&store, &claim, Verdict::Delivered, 1_000_001).await;
        assert_eq!(store.prune(at(1_000_002), 1_000).await.unwrap(), 1);
        assert_eq!(count(&store, "event").await, 0);
    }

    #[tokio::test]
    async fn more_than_a_batch_goes_and_gives_its_room_back() {
        let (_place, store) = store(&["hook"]).await;
        let events: Vec<String> = (0..=BATCH * 2).map(|n| format!("e{n}")).collect();
        store.commit_scan(&owing(&events.iter().map(String::as_str).collect::<Vec<_>>(), &["hook"])).await.unwrap();
        store.sync_endpoints(&[], at(1)).await.unwrap();
        let pages = async || query_scalar::<_, i64>("PRAGMA page_count").fetch_one(&store.writer).await.unwrap();
        let before = pages().await;

        assert_eq!(store.prune(at(2), 1_000).await.unwrap(), events.len() as u64);

        assert_eq!((count(&store, "delivery").await, count(&store, "event").await), (0, 0));
        assert!(pages().await < before / 2);
    }

    #[tokio::test]
    async fn pruning_reads_what_it_deletes() {
        let (_place, store) = store(&[]).await;
        for sql in [FINISHED, ORPHANS] {
            let plan = plan(&store, sql).await;
            assert!(!plan.iter().any(|step| step == "SCAN delivery" || step == "SCAN event"), "{plan:#?}");
        }
    }

    #[tokio::test]
    async fn no_more_than_so_many_are_kept_however_new() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a", "b", "c", "d"], &["hook"])).await.unwrap();
        for (claim, now) in claim_all(&store, "hook", 0).await.iter().zip([10, 20, 30]) {
            complete(&store, claim, Verdict::Delivered, now).await;
        }

        assert_eq!(store.prune(at(-1_000), 3).await.unwrap(), 0);
        assert_eq!(store.prune(at(-1_000), 2).await.unwrap(), 1);

        let left: Vec<_> =
            store.deliveries(&Selection::default()).await.unwrap().into_iter().map(|d| d.event_id).collect();
        assert_eq!(left, ["d", "c", "b"], "what is owed is none of them");
    }
}
