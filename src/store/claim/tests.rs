use sqlx::query_scalar;

use super::events::EVENTS;
use super::*;
use crate::events::Event;
use crate::store::fixtures::*;
use crate::store::{Access, Verdict};

#[tokio::test]
async fn a_claim_holds_all_that_an_attempt_needs() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();

    let claims = claim_all(&store, "hook", 0).await;

    let expected = Claim {
        id: 1,
        message: 1,
        sequence: None,
        event_id: "a".into(),
        endpoint: "hook".into(),
        event_type: EventType::PostPublished,
        timestamp: at(0),
        data: r#"{"id":"tag:a","url":"https://example.org/a/","title":"a"}"#.into(),
        html: Some("<p>a</p>".into()),
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
        let due = if &*claim.event_id == "c" { 20 } else { 10 };
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

    let claimed: Vec<_> = claims.iter().map(|c| (&*c.endpoint, &*c.event_id)).collect();
    assert_eq!(claimed, [("two", "a"), ("two", "b"), ("one", "a")]);
}

#[tokio::test]
async fn no_more_is_claimed_than_asked_for_in_all() {
    let (_place, store) = store(&["one", "two", "three"]).await;
    store.commit_scan(&owing(&["a", "b"], &["one", "two", "three"])).await.unwrap();

    let capacities = ["three", "one", "two"].map(|name| capacity(name, 2));
    let claims = store.claim(&capacities, 3, at(0), at(60)).await.unwrap();

    let claimed: Vec<_> = claims.iter().map(|c| (&*c.endpoint, &*c.event_id)).collect();
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
    assert_eq!(dead, ["x", "y", "x", "y"]);
    assert_eq!(store.next_due(&[capacity("hook", 1)]).await.unwrap(), Some(at(65)), "only the lease's end");
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
    for sql in [READY, LEASE, EVENTS] {
        let plan = plan(&store, sql).await;
        assert!(
            !plan.iter().any(|step| step.starts_with("SCAN delivery")
                || step.starts_with("SCAN event")
                || step.contains("TEMP B-TREE")),
            "{plan:#?}"
        );
    }
    let ready = plan(&store, READY).await;
    let by_due = "SEARCH delivery USING INDEX delivery_due (endpoint=? AND is_retry=? AND due_at<?)";
    assert!(ready.iter().any(|step| step == by_due), "{ready:#?}");
}

fn together(endpoint: &str, free: usize, batch: usize) -> Capacity {
    Capacity { batch, ..capacity(endpoint, free) }
}

fn in_order(endpoint: &str) -> Capacity {
    Capacity { ordered: true, ..capacity(endpoint, 9) }
}

async fn claim(store: &Store, capacity: Capacity, now: i64) -> Vec<Claim> {
    store.claim(&[capacity], usize::MAX, at(now), at(now + 60)).await.unwrap()
}

/// The events of each message.
fn by_message(claims: &[Claim]) -> Vec<Vec<&str>> {
    claims.chunk_by(|a, b| a.message == b.message).map(ids).collect()
}

#[tokio::test]
async fn posts_of_one_scan_stand_in_one_message_and_stay_there() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b", "c", "d"], &["hook"])).await.unwrap();
    let later = Event { timestamp: at(1), ..event("z") };
    enqueue(&store, &later, &["hook"]).await;

    let first = claim(&store, together("hook", 2, 3), 5).await;
    assert_eq!(by_message(&first), [vec!["a", "b", "c"], vec!["d"]]);
    for one in &first {
        complete(&store, one, Verdict::Retry { at: at(20) }, 6).await;
    }
    enqueue(&store, &event("f"), &["hook"]).await;

    let again = claim(&store, together("hook", 9, 3), 30).await;
    assert_eq!(by_message(&again), [vec!["f"], vec!["z"], vec!["a", "b", "c"], vec!["d"]]);
    let messages = |claims: &[Claim]| claims.iter().map(|claim| claim.message).collect::<Vec<_>>();
    assert_eq!(messages(&again[2..]), messages(&first), "the same messages");
}

#[tokio::test]
async fn a_message_that_was_alone_stays_alone() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    claim(&store, together("hook", 1, 9), 0).await;
    enqueue(&store, &event("b"), &["hook"]).await;

    // The lease is over: nobody knows whether it arrived.
    let again = claim(&store, together("hook", 9, 9), 60).await;

    assert_eq!(by_message(&again), [["a"], ["b"]]);
}

#[tokio::test]
async fn an_ordered_endpoint_gets_one_message_after_the_other_with_its_number() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
    let hook = || in_order("hook");

    let first = claim(&store, hook(), 0).await;
    assert_eq!((ids(&first), first[0].sequence), (vec!["a"], Some(1)));
    assert_eq!(claim(&store, hook(), 1).await, [], "while it is under way");
    assert_eq!(store.next_due(&[hook()]).await.unwrap(), Some(at(60)));
    complete(&store, &first[0], Verdict::Retry { at: at(10) }, 2).await;
    assert_eq!(claim(&store, hook(), 9).await, [], "while it waits");
    assert_eq!(store.next_due(&[hook()]).await.unwrap(), Some(at(10)));

    let again = claim(&store, hook(), 10).await;
    assert_eq!((ids(&again), again[0].sequence), (vec!["a"], Some(1)), "the same number");
    complete(&store, &again[0], Verdict::Dead, 11).await;

    let second = claim(&store, hook(), 11).await;
    assert_eq!((ids(&second), second[0].sequence), (vec!["b"], Some(2)));
    let plan = plan(&store, QUEUE).await;
    assert!(plan.iter().any(|step| step.contains("delivery_queue (endpoint=?)")), "{plan:#?}");
    assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
}

#[tokio::test]
async fn no_more_messages_begin_than_the_rate_lets_through() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b", "c"], &["hook"])).await.unwrap();
    let rate = Some(Rate { messages: 6, per: std::time::Duration::from_secs(60) });
    let hook = || Capacity { rate, ..capacity("hook", 9) };

    assert_eq!(ids(&claim(&store, hook(), 0).await), ["a"]);
    assert_eq!(claim(&store, hook(), 9).await, []);
    assert_eq!(store.next_due(&[hook()]).await.unwrap(), Some(at(10)));
    assert_eq!(ids(&claim(&store, hook(), 10).await), ["b"]);
    assert_eq!(ids(&claim(&store, capacity("hook", 9), 11).await), ["c"], "a rate that left the config holds nobody");
}

#[tokio::test]
async fn an_open_breaker_lets_one_message_through_and_nothing_beside_it() {
    let (_place, store) = store(&["hook"]).await;
    let events: Vec<String> = (0..9).map(|n| n.to_string()).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    store.commit_scan(&owing(&events, &["hook"])).await.unwrap();
    let failed = claim(&store, capacity("hook", 5), 0).await;
    for (n, one) in failed.iter().enumerate() {
        complete(&store, one, Verdict::Retry { at: at(5_000) }, i64::try_from(n).unwrap() * 20).await;
    }

    assert_eq!(store.next_due(&[capacity("hook", 9)]).await.unwrap(), Some(at(80 + 30)));
    assert_eq!(claim(&store, capacity("hook", 9), 109).await, []);
    let probe = claim(&store, capacity("hook", 9), 110).await;
    assert_eq!(ids(&probe), ["5"]);
    assert_eq!(claim(&store, capacity("hook", 9), 111).await, [], "while it is under way");
    assert_eq!(store.next_due(&[capacity("hook", 9)]).await.unwrap(), Some(at(170)), "its lease's end");

    complete(&store, &probe[0], Verdict::Delivered, 112).await;
    let rest = claim(&store, capacity("hook", 9), 112).await;
    assert_eq!(rest.len(), 8, "those that failed need not wait any more");
}

#[tokio::test]
async fn an_endpoint_that_the_operator_paused_gets_nothing() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    query("UPDATE endpoint SET paused = 1").execute(&store.writer).await.unwrap();
    assert_eq!(claim_all(&store, "hook", 0).await, []);
    assert_eq!(store.next_due(&[capacity("hook", 1)]).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_given_back_can_be_claimed_at_once_and_only_by_who_holds_it() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
    let claims = claim_all(&store, "hook", 0).await;

    store.release(&[(claims[0].id, claims[0].lease_token), (claims[1].id, claims[1].lease_token - 1)]).await.unwrap();

    assert_eq!(ids(&claim_all(&store, "hook", 1).await), ["a"]);
}
