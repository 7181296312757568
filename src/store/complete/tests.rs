use super::*;
use crate::store::fixtures::*;
use crate::store::{Claim, Delivery, EndpointState, Selection};

#[tokio::test]
async fn what_arrived_is_finished_and_ends_its_endpoints_failures() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
    let claims = claim_all(&store, "hook", 0).await;
    complete(&store, &claims[0], Verdict::Retry { at: at(10) }, 1).await;
    assert_eq!(endpoint(&store).await.failures, 1);

    assert!(complete(&store, &claims[1], Verdict::Delivered, 2).await);

    let expected = EndpointState {
        enabled: true,
        paused: false,
        opens_at: None,
        failing_since: None,
        name: "hook".to_owned(),
        not_before: None,
        disabled: None,
        failures: 0,
        last_success_at: Some(at(2)),
        pending: 1,
        dead: 0,
    };
    assert_eq!(endpoint(&store).await, expected);
    let b = delivery(&store, "b").await;
    assert_eq!((b.state, b.attempts, b.due_at, b.finished_at), (DeliveryState::Delivered, 1, None, Some(at(2))));
    assert!(claim_all(&store, "hook", 9).await.is_empty());
}

#[tokio::test]
async fn a_retry_counts_and_remembers_the_first_failure() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    for (now, attempts, first_failed_at) in [(0, 0, None), (100, 1, Some(at(0))), (200, 2, Some(at(0)))] {
        let claim = claim_all(&store, "hook", now).await.remove(0);
        assert_eq!((claim.attempts, claim.first_failed_at), (attempts, first_failed_at));
        complete(&store, &claim, Verdict::Retry { at: at(now + 100) }, now).await;
    }
    assert_eq!(delivery(&store, "a").await.due_at, Some(at(300)));
    assert_eq!(endpoint(&store).await.failures, 3);
}

#[tokio::test]
async fn a_pause_holds_the_whole_endpoint_and_counts_as_nothing() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
    let claims = claim_all(&store, "hook", 0).await;

    complete(&store, &claims[0], Verdict::Paused { until: at(100) }, 1).await;
    complete(&store, &claims[1], Verdict::Paused { until: at(50) }, 1).await;

    assert_eq!(endpoint(&store).await.not_before, Some(at(100)), "the longer of two pauses");
    assert_eq!(endpoint(&store).await.failures, 0);
    for id in ["a", "b"] {
        let waiting = delivery(&store, id).await;
        assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Pending, 0));
        assert_eq!(waiting.due_at, Some(at(100)));
    }
    let resumed = claim_all(&store, "hook", 100).await;
    assert_eq!(ids(&resumed), ["a", "b"]);
    assert_eq!((resumed[0].attempts, resumed[0].first_failed_at), (0, Some(at(1))), "pauses are not for ever");
}

#[tokio::test]
async fn a_first_failure_never_lies_after_a_later_one() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    for now in [500, 100, 200] {
        let claim = claim_all(&store, "hook", 1_000).await.remove(0);
        complete(&store, &claim, Verdict::Retry { at: at(0) }, now).await;
    }
    assert_eq!(claim_all(&store, "hook", 1_000).await[0].first_failed_at, Some(at(100)));
}

#[tokio::test]
async fn the_newest_hundred_attempts_of_a_delivery_are_kept() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
    let claims = claim_all(&store, "hook", 0).await;
    complete(&store, &claims[1], Verdict::Delivered, 0).await;
    for now in 0..103 {
        complete(&store, &claims[0], Verdict::Paused { until: at(now) }, now).await;
    }

    let kept: Vec<_> = store.attempts("a", "hook").await.unwrap().iter().map(|attempt| attempt.at).collect();

    assert_eq!(kept, (3..103).map(at).collect::<Vec<_>>());
    assert_eq!(store.attempts("b", "hook").await.unwrap().len(), 1, "another's stay");
    let plan = plan(&store, TRIM).await;
    assert!(!plan.iter().any(|step| step.starts_with("SCAN") || step.contains("TEMP B-TREE")), "{plan:#?}");
}

#[tokio::test]
async fn a_delivery_that_is_given_up_is_dead() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    let claim = claim_all(&store, "hook", 0).await.remove(0);

    assert!(complete(&store, &claim, Verdict::Dead, 1).await);

    let a = delivery(&store, "a").await;
    assert_eq!((a.state, a.attempts, a.finished_at), (DeliveryState::Dead, 1, Some(at(1))));
    let endpoint = endpoint(&store).await;
    assert_eq!((endpoint.failures, endpoint.pending, endpoint.dead), (1, 0, 1));
    assert!(claim_all(&store, "hook", 1_000).await.is_empty());
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_and_loses_nothing() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b"], &["hook"])).await.unwrap();
    let claim = store.claim(&[capacity("hook", 1)], usize::MAX, at(0), at(60)).await.unwrap().remove(0);
    let answer = Attempt { status: Some(410), note: Some("410 Gone".to_owned()), ..attempt(1) };

    assert!(complete_with(&store, &claim, answer, Verdict::Gone, 1).await);

    assert_eq!(endpoint(&store).await.disabled.as_deref(), Some("410 Gone"));
    let parked = delivery(&store, "a").await;
    assert_eq!((parked.state, parked.attempts, parked.due_at), (DeliveryState::Pending, 0, None));
    assert!(store.enable("hook").await.unwrap());
    assert_eq!(ids(&claim_all(&store, "hook", 2).await), ["a", "b"]);
}

#[tokio::test]
async fn a_lease_that_went_to_another_changes_nothing_but_the_record() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    let stale = claim_all(&store, "hook", 0).await.remove(0);
    let current = claim_all(&store, "hook", 60).await.remove(0);

    for verdict in [Verdict::Dead, Verdict::Gone, Verdict::Paused { until: at(999) }] {
        assert!(!complete(&store, &stale, verdict, 61).await);
    }

    assert_eq!(store.attempts("a", "hook").await.unwrap().len(), 3);
    let untouched = endpoint(&store).await;
    assert_eq!((untouched.failures, untouched.disabled, untouched.not_before), (0, None, None));
    assert!(complete(&store, &current, Verdict::Delivered, 62).await, "the newer lease holds");
    assert!(!complete(&store, &current, Verdict::Dead, 63).await, "and is used up");
    assert_eq!(delivery(&store, "a").await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_lease_that_ended_is_good_until_somebody_else_takes_it() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    let late = claim_all(&store, "hook", 0).await.remove(0);
    assert!(complete(&store, &late, Verdict::Delivered, 1_000).await);
}

#[tokio::test]
async fn attempts_are_kept_whole_and_in_order() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    let failed = Attempt {
        at: at(7),
        took: Duration::from_millis(15_001),
        status: None,
        error: Some("timeout".to_owned()),
        note: Some("no answer within 15 s".to_owned()),
    };
    let made = [failed, attempt(80)];
    for attempt in &made {
        let claim = claim_all(&store, "hook", 70).await.remove(0);
        complete_with(&store, &claim, attempt.clone(), Verdict::Retry { at: at(70) }, 8).await;
    }

    assert_eq!(store.attempts("a", "hook").await.unwrap(), made);
    assert_eq!(store.attempts("a", "other").await.unwrap(), []);
    let json = serde_json::to_value(&made[0]).unwrap();
    assert_eq!(json["took_ms"], 15_001);
}

#[tokio::test]
async fn a_record_that_cannot_be_written_changes_nothing() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
    let claim = claim_all(&store, "hook", 0).await.remove(0);
    query("PRAGMA max_page_count = 1").execute(&store.writer).await.unwrap();
    let long = Attempt { note: Some("x".repeat(100_000)), ..attempt(1) };

    let completions = [completion(&claim, long, Verdict::Delivered)];
    assert!(store.complete(&completions, &|_, _| None, at(1)).await.is_err());

    assert_eq!(delivery(&store, "a").await.state, DeliveryState::Pending);
    assert!(store.attempts("a", "hook").await.unwrap().is_empty());
    query("PRAGMA max_page_count = 100000").execute(&store.writer).await.unwrap();
    assert!(store.complete(&completions, &|_, _| None, at(2)).await.unwrap().ours[0], "it can be kept and tried again");
}

#[tokio::test]
async fn a_record_reads_the_rows_that_it_changes_and_no_others() {
    let (_place, store) = store(&[]).await;
    for sql in [RECORD, SETTLE] {
        let plan = plan(&store, sql).await;
        assert!(plan.iter().any(|step| step.contains("USING INTEGER PRIMARY KEY (rowid=?)")), "{plan:#?}");
    }
    let plan = plan(&store, RESUME).await;
    assert!(plan.iter().any(|step| step.ends_with("(endpoint=? AND is_retry=? AND due_at>?)")), "{plan:#?}");
}

#[tokio::test]
async fn results_of_many_endpoints_are_recorded_together_and_each_is_judged_by_its_own() {
    let (_place, store) = store(&["one", "two"]).await;
    store.commit_scan(&owing(&["a", "b", "c"], &["one", "two"])).await.unwrap();
    let (one, two) = (claim_all(&store, "one", 0).await, claim_all(&store, "two", 0).await);
    let failed = Attempt { status: Some(404), note: Some("no such page".to_owned()), ..attempt(1) };
    let stale = Claim { lease_token: one[2].lease_token - 1, ..one[2].clone() };
    let completions = [
        completion(&one[0], attempt(1), Verdict::Delivered),
        completion(&two[0], failed.clone(), Verdict::Dead),
        completion(&two[1], failed, Verdict::Retry { at: at(9) }),
        completion(&stale, attempt(1), Verdict::Dead),
    ];

    let completed = store.complete(&completions, &|_, _| None, at(2)).await.unwrap();

    assert_eq!(completed.ours, [true, true, true, false]);
    let failures: Vec<_> = store.endpoints().await.unwrap().into_iter().map(|one| (one.name, one.failures)).collect();
    assert_eq!(failures, [("one".to_owned(), 0), ("two".to_owned(), 2)]);
    let reason: Option<String> =
        query_scalar("SELECT reason FROM delivery WHERE state = 'dead'").fetch_one(&store.readers).await.unwrap();
    assert_eq!(reason.as_deref(), Some("no such page"));
    assert_eq!(store.attempts("c", "one").await.unwrap().len(), 1, "it was made, whoever holds the lease");
}

#[tokio::test]
async fn a_message_of_many_posts_is_one_failure() {
    let (_place, store) = store(&["hook"]).await;
    store.commit_scan(&owing(&["a", "b", "c"], &["hook"])).await.unwrap();
    let claims = claim_all(&store, "hook", 0).await;
    let completion = |(n, claim)| {
        let one = completion(claim, attempt(1), Verdict::Retry { at: at(9) });
        super::Completion { is_first: n == 0, ..one }
    };
    let completions: Vec<_> = claims.iter().enumerate().map(completion).collect();

    store.complete(&completions, &|_, _| None, at(2)).await.unwrap();

    assert_eq!(endpoint(&store).await.failures, 1);
}

async fn endpoint(store: &Store) -> EndpointState {
    store.endpoints().await.unwrap().remove(0)
}

async fn delivery(store: &Store, event_id: &str) -> Delivery {
    let selection = Selection { event_id: Some(event_id.to_owned()), ..Selection::default() };
    store.deliveries(&selection).await.unwrap().remove(0)
}
