//! Which deliveries are attempted next, and by whom.
//!
//! In: how many attempts may begin at each endpoint. Out: deliveries under a lease that nobody else holds.
//! Never: waits for an attempt; the transaction ends before the first one begins.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query, query_scalar};

use super::values::{event_type, json_text, optional_time, time};
use super::{Store, StoreError};
use crate::config::EventType;

/// What may be claimed for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// The endpoint's name.
    pub endpoint: String,
    /// How many attempts may begin.
    pub free: usize,
    /// Whether the event's text is needed.
    pub html: bool,
}

/// A delivery that this process may attempt until its lease ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The event's id: the message id.
    pub event_id: String,
    /// The endpoint's name.
    pub endpoint: String,
    /// Of the event.
    pub event_type: EventType,
    /// Of the event.
    pub timestamp: DateTime<Utc>,
    /// The payload's `data`, as JSON text: the same bytes at every attempt.
    pub data: String,
    /// See [`Event::html`](crate::events::Event::html); only if it was asked for.
    pub html: Option<String>,
    /// Attempts recorded before this one that count.
    pub attempts: u32,
    /// When the first attempt that failed began.
    pub first_failed_at: Option<DateTime<Utc>>,
    /// Proves that the lease is ours: every claim of a delivery has a greater one.
    pub lease_token: i64,
}

/// Endpoints of a list that are open at a time.
const OPEN: &str = "
    SELECT name FROM endpoint
    WHERE name IN (SELECT value FROM json_each(?1)) AND disabled IS NULL AND (not_before IS NULL OR not_before <= ?2)";

/// First attempts (`?2` = 0) or retries (`?2` = 1) of one endpoint that are due and not under a lease, oldest first.
const READY: &str = "
    SELECT d.id, d.event_id, d.endpoint, d.attempts, d.first_failed_at, d.lease_token + 1 AS lease_token,
           e.type, e.timestamp, e.data, CASE WHEN ?5 THEN e.html END AS html
    FROM delivery d JOIN event e ON e.id = d.event_id
    WHERE d.endpoint = ?1 AND d.state = 'pending' AND d.is_retry = ?2 AND d.due_at <= ?3
      AND (d.lease_until IS NULL OR d.lease_until <= ?3)
    ORDER BY d.due_at, d.id
    LIMIT ?4";

const LEASE: &str = "
    UPDATE delivery SET lease_until = ?2, lease_token = lease_token + 1
    WHERE id IN (SELECT value FROM json_each(?1))";

const BURY: &str = "
    UPDATE delivery SET state = 'dead', finished_at = ?2, lease_until = NULL
    WHERE id IN (SELECT value FROM json_each(?1))";

const UNREADABLE: &str = "a delivery that this version cannot read is given up; a newer version can retry it";

impl Store {
    /// Leases deliveries that are due at `now`, to endpoints that are neither disabled nor paused, first attempts before
    /// retries and older before newer, at most `free` an endpoint and `limit` in all: those that come first in
    /// `capacities` are served first. The leases end at `lease_until`. The claims come in the order of `capacities`, and
    /// for each endpoint in the order in which they are to be attempted.
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
        let open = open_endpoints(&mut tx, capacities, now).await?;
        let mut claims = Vec::new();
        for capacity in capacities.iter().filter(|capacity| open.contains(&capacity.endpoint)) {
            let mut free = capacity.free.min(limit - claims.len());
            for is_retry in [false, true] {
                let ready = ready(&mut tx, capacity, is_retry, now, free).await?;
                let (ids, taken): (Vec<i64>, Vec<Claim>) = ready.into_iter().unzip();
                lease(&mut tx, &ids, lease_until).await?;
                free -= taken.len();
                claims.extend(taken);
            }
        }
        tx.commit().await?;
        Ok(claims)
    }
}

async fn open_endpoints(
    db: &mut SqliteConnection,
    capacities: &[Capacity],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<String>> {
    let names: Vec<&str> = capacities.iter().map(|capacity| capacity.endpoint.as_str()).collect();
    query_scalar(OPEN).bind(json_text(&names)?).bind(now.timestamp_millis()).fetch_all(db).await
}

/// Deliveries that may be leased, with their row ids. Those that this program cannot read, as a newer one may have
/// written them, would come first in every claim: they are given up on the way.
async fn ready(
    db: &mut SqliteConnection,
    capacity: &Capacity,
    is_retry: bool,
    now: DateTime<Utc>,
    limit: usize,
) -> sqlx::Result<Vec<(i64, Claim)>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    loop {
        let (mut claims, mut unreadable) = (Vec::new(), Vec::new());
        for row in due(db, capacity, is_retry, now, limit).await? {
            let id = row.try_get("id")?;
            match read_claim(&row) {
                Ok(claim) => claims.push((id, claim)),
                Err(error @ sqlx::Error::ColumnDecode { .. }) => {
                    tracing::error!(endpoint = capacity.endpoint, delivery = id, %error, "{UNREADABLE}");
                    unreadable.push(id);
                }
                Err(error) => return Err(error),
            }
        }
        if unreadable.is_empty() {
            return Ok(claims);
        }
        query(BURY).bind(json_text(&unreadable)?).bind(now.timestamp_millis()).execute(&mut *db).await?;
    }
}

async fn due(
    db: &mut SqliteConnection,
    capacity: &Capacity,
    is_retry: bool,
    now: DateTime<Utc>,
    limit: usize,
) -> sqlx::Result<Vec<SqliteRow>> {
    query(READY)
        .bind(&capacity.endpoint)
        .bind(is_retry)
        .bind(now.timestamp_millis())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(capacity.html)
        .fetch_all(db)
        .await
}

async fn lease(db: &mut SqliteConnection, ids: &[i64], until: DateTime<Utc>) -> sqlx::Result<()> {
    if !ids.is_empty() {
        query(LEASE).bind(json_text(ids)?).bind(until.timestamp_millis()).execute(db).await?;
    }
    Ok(())
}

fn read_claim(row: &SqliteRow) -> sqlx::Result<Claim> {
    Ok(Claim {
        event_id: row.try_get("event_id")?,
        endpoint: row.try_get("endpoint")?,
        event_type: event_type(row, "type")?,
        timestamp: time(row, "timestamp")?,
        data: row.try_get("data")?,
        html: row.try_get("html")?,
        attempts: row.try_get("attempts")?,
        first_failed_at: optional_time(row, "first_failed_at")?,
        lease_token: row.try_get("lease_token")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::{Access, Verdict};
    use super::*;

    #[tokio::test]
    async fn a_claim_holds_all_that_an_attempt_needs() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();

        let claims = claim_all(&store, "hook", 0).await;

        let expected = Claim {
            event_id: "a".to_owned(),
            endpoint: "hook".to_owned(),
            event_type: EventType::PostPublished,
            timestamp: at(0),
            data: r#"{"id":"tag:a","url":"https://example.org/a/","title":"a"}"#.to_owned(),
            html: Some("<p>a</p>".to_owned()),
            attempts: 0,
            first_failed_at: None,
            lease_token: 1,
        };
        assert_eq!(claims, [expected]);
    }

    #[tokio::test]
    async fn first_attempts_come_before_retries_and_older_before_newer() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["c", "b"], &["hook"])).await.unwrap();
        for claim in claim_all(&store, "hook", 0).await {
            let due = if claim.event_id == "c" { 20 } else { 10 };
            complete(&store, &claim, Verdict::Retry { at: at(due) }, 1).await;
        }
        store.commit_scan(&owing(&["z", "y", "x"], &["hook"])).await.unwrap();

        assert_eq!(ids(&claim_all(&store, "hook", 30).await), ["z", "y", "x", "b", "c"]);
    }

    #[tokio::test]
    async fn no_endpoint_gets_more_than_is_free() {
        let (_place, store) = store(&["one", "two", "three"]).await;
        store.commit_scan(&owing(&["a", "b", "c"], &["one", "two", "three"])).await.unwrap();

        let capacities = [capacity("two", 2), capacity("one", 1), capacity("three", 0), capacity("unknown", 9)];
        let claims = store.claim(&capacities, usize::MAX, at(0), at(60)).await.unwrap();

        let claimed: Vec<_> = claims.iter().map(|c| (c.endpoint.as_str(), c.event_id.as_str())).collect();
        assert_eq!(claimed, [("two", "a"), ("two", "b"), ("one", "a")]);
    }

    #[tokio::test]
    async fn no_more_is_claimed_than_asked_for_in_all() {
        let (_place, store) = store(&["one", "two", "three"]).await;
        store.commit_scan(&owing(&["a", "b"], &["one", "two", "three"])).await.unwrap();

        let capacities = ["three", "one", "two"].map(|name| capacity(name, 2));
        let claims = store.claim(&capacities, 3, at(0), at(60)).await.unwrap();

        let claimed: Vec<_> = claims.iter().map(|c| (c.endpoint.as_str(), c.event_id.as_str())).collect();
        assert_eq!(claimed, [("three", "a"), ("three", "b"), ("one", "a")]);
    }

    #[tokio::test]
    async fn a_text_that_nobody_needs_is_not_read() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();

        let thin = Capacity { html: false, ..capacity("hook", 1) };
        let claims = store.claim(&[thin], 1, at(0), at(60)).await.unwrap();

        assert_eq!(claims[0].html, None);
    }

    #[tokio::test]
    async fn first_attempts_and_retries_share_what_is_free() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
        for claim in claim_all(&store, "hook", 0).await {
            complete(&store, &claim, Verdict::Retry { at: at(5) }, 1).await;
        }
        store.commit_scan(&owing(&["new"], &["hook"])).await.unwrap();

        let claims = store.claim(&[capacity("hook", 2)], usize::MAX, at(10), at(70)).await.unwrap();

        assert_eq!(ids(&claims), ["new", "a"]);
    }

    #[tokio::test]
    async fn what_is_not_due_or_under_a_lease_is_left() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["retried", "leased"], &["hook"])).await.unwrap();
        let claims = claim_all(&store, "hook", 0).await;
        complete(&store, &claims[0], Verdict::Retry { at: at(10) }, 1).await;

        assert!(claim_all(&store, "hook", 9).await.is_empty());
        assert_eq!(ids(&claim_all(&store, "hook", 10).await), ["retried"]);
    }

    #[tokio::test]
    async fn a_lease_that_ended_can_be_claimed_again_with_a_greater_token() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let first = claim_all(&store, "hook", 0).await;

        assert!(claim_all(&store, "hook", 59).await.is_empty());
        let second = claim_all(&store, "hook", 60).await;

        assert!(second[0].lease_token > first[0].lease_token);
        assert_eq!(second[0].attempts, 0);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_given_up_and_stops_nothing_else() {
        let (_place, store) = store(&["hook", "other"]).await;
        store.commit_scan(&owing(&["x", "y", "a"], &["hook", "other"])).await.unwrap();
        let unknown = "UPDATE event SET type = 'post.imagined' WHERE id IN ('x', 'y')";
        query(unknown).execute(&store.writer).await.unwrap();

        let claims = store.claim(&[capacity("hook", 1), capacity("other", 1)], 2, at(5), at(65)).await.unwrap();

        assert_eq!(ids(&claims), ["a", "a"]);
        let dead = "SELECT event_id FROM delivery WHERE state = 'dead' AND finished_at IS NOT NULL ORDER BY id";
        let dead: Vec<String> = query_scalar(dead).fetch_all(&store.readers).await.unwrap();
        assert_eq!(dead, ["x", "x", "y", "y"]);
        assert_eq!(store.next_due(&names(&["hook"])).await.unwrap(), Some(at(65)), "only the lease's end");
    }

    #[tokio::test]
    async fn paused_and_disabled_endpoints_get_nothing() {
        let (_place, store) = store(&["paused", "disabled"]).await;
        store.commit_scan(&owing(&["a", "b"], &["paused", "disabled"])).await.unwrap();
        let claims =
            store.claim(&[capacity("paused", 1), capacity("disabled", 1)], usize::MAX, at(0), at(60)).await.unwrap();
        complete(&store, &claims[0], Verdict::Paused { until: at(100) }, 1).await;
        complete(&store, &claims[1], Verdict::Gone, 1).await;

        assert!(claim_all(&store, "paused", 99).await.is_empty());
        assert_eq!(ids(&claim_all(&store, "paused", 100).await), ["a", "b"]);
        assert!(claim_all(&store, "disabled", 1_000_000).await.is_empty());
    }

    #[tokio::test]
    async fn leases_of_a_process_that_died_are_free_at_once() {
        let (place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let lost = claim_all(&store, "hook", 0).await;
        drop(store);

        let store = place.owner().await;
        let claims = claim_all(&store, "hook", 1).await;

        assert_eq!(ids(&claims), ["a"]);
        assert_eq!(claims[0].attempts, 0);
        assert!(claims[0].lease_token > lost[0].lease_token);
    }

    #[tokio::test]
    async fn a_guest_leaves_leases_alone() {
        let (place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        claim_all(&store, "hook", 0).await;

        place.open(Access::Guest).await.unwrap();

        assert!(claim_all(&store, "hook", 1).await.is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn concurrent_claims_never_share_a_delivery() {
        let (_place, store) = store(&["hook"]).await;
        let events: Vec<String> = (0..200).map(|n| format!("e{n}")).collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        store.commit_scan(&owing(&events, &["hook"])).await.unwrap();

        let worker = |store: Store| async move {
            let mut mine = Vec::new();
            loop {
                let claims = store.claim(&[capacity("hook", 3)], usize::MAX, at(0), at(60)).await.unwrap();
                if claims.is_empty() {
                    return mine;
                }
                mine.extend(claims.into_iter().map(|claim| claim.event_id));
            }
        };
        let workers = [tokio::spawn(worker(store.clone())), tokio::spawn(worker(store.clone()))];
        let mut claimed = Vec::new();
        for worker in workers {
            claimed.extend(worker.await.unwrap());
        }

        assert_eq!(claimed.len(), 200);
        claimed.sort();
        claimed.dedup();
        assert_eq!(claimed.len(), 200);
    }

    #[tokio::test]
    async fn claims_read_the_rows_they_take_and_sort_nothing() {
        let (_place, store) = store(&[]).await;
        for sql in [READY, LEASE] {
            let plan = plan(&store, sql).await;
            assert!(!plan.iter().any(|step| step.starts_with("SCAN d") || step.contains("TEMP B-TREE")), "{plan:#?}");
        }
        let ready = plan(&store, READY).await;
        let by_due = "SEARCH d USING INDEX delivery_due (endpoint=? AND is_retry=? AND due_at<?)";
        assert!(ready.iter().any(|step| step == by_due), "{ready:#?}");
    }
}
