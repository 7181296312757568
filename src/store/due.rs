//! When there is something to claim again.
//!
//! In: the names of endpoints. Out: the moment until which their courier may sleep. Never: a change.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};

use super::values::{json_text, optional_time};
use super::{Capacity, Store, StoreError};

/// What each open endpoint waits for. A lease's end counts as long as nobody has completed it.
const WAITING: &str = "
    SELECT e.name, e.not_before, e.opens_at, e.rate_at,
           (SELECT d.due_at FROM delivery d
            WHERE d.endpoint = e.name AND d.state = 'pending' AND d.is_retry = 0 AND d.lease_until IS NULL
            ORDER BY d.due_at LIMIT 1) AS first_due,
           (SELECT d.due_at FROM delivery d
            WHERE d.endpoint = e.name AND d.state = 'pending' AND d.is_retry = 1 AND d.lease_until IS NULL
            ORDER BY d.due_at LIMIT 1) AS retry_due,
           (SELECT d.due_at FROM delivery d
            WHERE d.endpoint = e.name AND d.state = 'pending'
            ORDER BY d.id LIMIT 1) AS oldest_due,
           (SELECT min(d.lease_until) FROM delivery d
            WHERE d.endpoint = e.name AND d.lease_until IS NOT NULL) AS lease_end
    FROM endpoint e
    WHERE e.name IN (SELECT value FROM json_each(?1)) AND e.disabled IS NULL AND e.paused = 0";

impl Store {
    /// The earliest moment at which [`Store::claim`] could return something for these endpoints: the earliest due date or
    /// lease end of what is pending, not before its endpoint's pause is over, its breaker and its rate let it through.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn next_due(&self, capacities: &[Capacity]) -> Result<Option<DateTime<Utc>>, StoreError> {
        let by_name: HashMap<&str, &Capacity> = capacities.iter().map(|one| (one.endpoint.as_str(), one)).collect();
        let names: Vec<&str> = by_name.keys().copied().collect();
        let waiting = query(WAITING).bind(json_text(&names)?).fetch_all(&self.readers).await?;
        let mut next = None;
        for row in waiting {
            let name: &str = row.try_get("name")?;
            let Some(capacity) = by_name.get(name) else { continue };
            next = [next, next_of_endpoint(&row, capacity)?].into_iter().flatten().min();
        }
        Ok(next)
    }
}

fn next_of_endpoint(row: &SqliteRow, capacity: &Capacity) -> sqlx::Result<Option<DateTime<Utc>>> {
    let (opens_at, lease_end) = (optional_time(row, "opens_at")?, optional_time(row, "lease_end")?);
    // One after the other: what is under way comes first.
    let is_alone = capacity.ordered || opens_at.is_some();
    let next = match (is_alone, lease_end) {
        (true, Some(end)) => Some(end),
        (_, end) => {
            let columns = if capacity.ordered { &["oldest_due"][..] } else { &["first_due", "retry_due"] };
            let mut next = end;
            for column in columns {
                next = [next, optional_time(row, column)?].into_iter().flatten().min();
            }
            next
        }
    };
    let rate_at: Option<i64> = row.try_get("rate_at")?;
    let rate_at = rate_at.filter(|_| capacity.rate.is_some()).and_then(DateTime::from_timestamp_micros);
    // `None` is less than any time.
    let opens = optional_time(row, "not_before")?.max(opens_at).max(rate_at);
    Ok(next.max(next.and(opens)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixtures::*;
    use super::super::{Mode, Selection, Verdict};
    use super::*;

    #[tokio::test]
    async fn next_due_is_when_a_claim_could_return_something() {
        let (_place, store) = store(&["hook", "other"]).await;
        let hook = [capacity("hook", 1)];
        assert_eq!(store.next_due(&hook).await.unwrap(), None);

        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        assert_eq!(store.next_due(&hook).await.unwrap(), Some(at(0)));
        assert_eq!(store.next_due(&[capacity("other", 1)]).await.unwrap(), None);

        let claim = claim_all(&store, "hook", 0).await.remove(0);
        assert_eq!(store.next_due(&hook).await.unwrap(), Some(at(60)), "the end of the lease");

        complete(&store, &claim, Verdict::Retry { at: at(30) }, 1).await;
        assert_eq!(store.next_due(&hook).await.unwrap(), Some(at(30)), "the retry");

        store.commit_scan(&owing(&["b"], &["hook"])).await.unwrap();
        assert_eq!(store.next_due(&hook).await.unwrap(), Some(at(0)), "the newcomer");
    }

    #[tokio::test]
    async fn next_due_waits_for_pauses_and_ignores_disabled_endpoints() {
        let (_place, store) = store(&["paused", "idle", "disabled"]).await;
        let all = ["paused", "idle", "disabled"].map(|name| capacity(name, 1));
        store.commit_scan(&owing(&["a"], &["paused", "idle", "disabled"])).await.unwrap();
        for (endpoint, verdict) in
            [("paused", Verdict::Paused { until: at(100) }), ("idle", Verdict::Delivered), ("disabled", Verdict::Gone)]
        {
            let claim = claim_all(&store, endpoint, 0).await.remove(0);
            complete(&store, &claim, verdict, 1).await;
        }

        assert_eq!(store.next_due(&all).await.unwrap(), Some(at(100)));
        assert_eq!(store.next_due(&[capacity("idle", 1)]).await.unwrap(), None);
        assert_eq!(store.next_due(&[capacity("disabled", 1)]).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_pause_of_an_endpoint_that_is_owed_nothing_is_no_due_date() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
        let claims = claim_all(&store, "hook", 0).await;
        complete(&store, &claims[0], Verdict::Delivered, 1).await;
        complete(&store, &claims[1], Verdict::Paused { until: at(100) }, 1).await;
        let last = claim_all(&store, "hook", 100).await.remove(0);
        complete(&store, &last, Verdict::Delivered, 101).await;

        assert_eq!(store.next_due(&[capacity("hook", 1)]).await.unwrap(), None);
    }

    #[tokio::test]
    async fn finding_the_next_due_date_reads_no_more_than_what_waits_first() {
        let (_place, store) = store(&[]).await;
        let plan = plan(&store, WAITING).await;
        assert!(!plan.iter().any(|step| step.starts_with("SCAN d") || step.contains("TEMP B-TREE")), "{plan:#?}");
        assert!(plan.iter().any(|step| step.contains("delivery_leased (endpoint=?")), "{plan:#?}");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Owe(u8),
        Claim { free: usize, lease: i64 },
        Complete(usize, Verdict),
        Retry,
        Enable,
        Wait(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let verdict = prop_oneof![
            Just(Verdict::Delivered),
            (0..200_i64).prop_map(|due| Verdict::Retry { at: at(due) }),
            (0..200_i64).prop_map(|until| Verdict::Paused { until: at(until) }),
            Just(Verdict::Dead),
            Just(Verdict::Gone),
        ];
        prop_oneof![
            any::<u8>().prop_map(Step::Owe),
            (0..4_usize, 1..50_i64).prop_map(|(free, lease)| Step::Claim { free, lease }),
            (any::<usize>(), verdict).prop_map(|(which, verdict)| Step::Complete(which, verdict)),
            Just(Step::Retry),
            Just(Step::Enable),
            (1..30_i64).prop_map(Step::Wait),
        ]
    }

    #[test]
    fn nothing_can_be_claimed_before_the_next_due_date_and_something_at_it() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        proptest!(ProptestConfig::with_cases(48), |(steps in proptest::collection::vec(step(), 0..24))| {
            runtime.block_on(async {
                let (_place, store) = store(&["hook"]).await;
                run(&store, &steps).await;

                let all = [capacity("hook", 9)];
                let Some(next) = store.next_due(&[capacity("hook", 1)]).await.unwrap() else {
                    prop_assert!(claim_all(&store, "hook", 1_000_000).await.is_empty());
                    return Ok(());
                };
                let before = next - chrono::TimeDelta::milliseconds(1);
                prop_assert!(store.claim(&all, usize::MAX, before, at(1_000)).await.unwrap().is_empty());
                prop_assert!(!store.claim(&all, usize::MAX, next, at(1_000)).await.unwrap().is_empty());
                Ok(())
            })?;
        });
    }

    async fn run(store: &Store, steps: &[Step]) {
        let (mut now, mut claims) = (0, Vec::new());
        for step in steps {
            match step {
                Step::Owe(id) => assert!(enqueue(store, &event(&id.to_string()), &["hook"]).await <= 1),
                Step::Claim { free, lease } => {
                    claims.extend(
                        store.claim(&[capacity("hook", *free)], usize::MAX, at(now), at(now + lease)).await.unwrap(),
                    );
                }
                Step::Complete(_, _) if claims.is_empty() => {}
                Step::Complete(which, verdict) => {
                    let claim = claims.swap_remove(which % claims.len());
                    complete(store, &claim, verdict.clone(), now).await;
                }
                Step::Retry => {
                    store.retry(&Selection::default(), at(now), Mode::Real).await.unwrap();
                }
                Step::Enable => assert!(store.enable("hook").await.unwrap()),
                Step::Wait(seconds) => now += seconds,
            }
        }
    }
}
