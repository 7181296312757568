use std::collections::HashMap;

use super::super::fixtures::*;
use super::super::{DocumentState, ScanCommit, Store};
use super::*;
use crate::config::Secret;

const WIDE: Limits = Limits { total: 100, topic: 100, host: 100, intents: 100, host_intents: 100 };

fn callback(url: &str) -> Callback {
    Callback::new(url.parse().unwrap()).unwrap()
}

fn request(mode: Mode, url: &str) -> Request {
    Request {
        mode,
        path: "feed.atom".into(),
        topic: "https://blog.example/feed.atom".into(),
        callback: callback(url),
        secret: Some(Secret::new("s3cret")),
        lease_seconds: 1_000,
        verify_token: None,
        etag: "a".into(),
    }
}

fn everybody() -> (HashMap<String, usize>, usize) {
    (HashMap::new(), 1_000)
}

async fn ask(store: &Store, request: &Request, now: i64) -> Admission {
    store.request(request, &WIDE, at(now)).await.unwrap()
}

async fn intents(store: &Store, now: i64) -> Vec<Intent> {
    let (taken, a_host) = everybody();
    store.claim_intents(100, Seats { a_host, taken: &taken }, at(now), at(now + 60)).await.unwrap()
}

async fn notices(store: &Store, is_failing: bool, now: i64) -> Vec<Notice> {
    let (taken, a_host) = everybody();
    let seats = Seats { a_host, taken: &taken };
    store.claim_notices(is_failing, 100, seats, at(now), at(now + 60)).await.unwrap()
}

/// Requests and confirms.
async fn settle(store: &Store, request: &Request, answer: Answer, now: i64) {
    assert_eq!(ask(store, request, now).await, Admission::Accepted);
    let answers: Vec<_> = intents(store, now).await.into_iter().map(|intent| (intent, answer)).collect();
    assert_eq!(answers.len(), 1);
    store.record_answers(&answers, at(now)).await.unwrap();
}

async fn subscribe(store: &Store, url: &str) {
    settle(store, &request(Mode::Subscribe, url), Answer::Confirmed, 0).await;
}

async fn publish(store: &Store, etag: &str, now: i64) {
    let state = DocumentState { etag: etag.into(), modified: at(now) };
    let documents = vec![("feed.atom".to_owned(), state)];
    store.commit_scan(&ScanCommit { documents, at: Some(at(now)), ..ScanCommit::default() }).await.unwrap();
}

async fn record(store: &Store, notices: Vec<Notice>, outcome: Outcome, now: i64) {
    let outcomes: Vec<_> = notices.into_iter().map(|notice| (notice, outcome.clone())).collect();
    store.record_notices(&outcomes, at(now)).await.unwrap();
}

fn delivered(etag: &str) -> Outcome {
    Outcome::Delivered { etag: etag.into() }
}

fn retry(now: i64) -> Outcome {
    Outcome::Retry { at: at(now), error: "timeout".into() }
}

#[tokio::test]
async fn a_subscription_is_there_once_it_is_confirmed_and_gone_once_that_is() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    let listed = store.subscriptions(at(1)).await.unwrap();
    assert_eq!((listed.len(), listed[0].ends_at, listed[0].signed), (1, at(1_000), true));
    assert_eq!(listed[0].callback.to_string(), "https://a.example/…");

    settle(&store, &request(Mode::Unsubscribe, "https://a.example/x"), Answer::Refused, 1).await;
    assert_eq!(store.subscriptions(at(1)).await.unwrap().len(), 1);
    settle(&store, &request(Mode::Unsubscribe, "https://a.example/x"), Answer::Confirmed, 1).await;
    assert!(store.subscriptions(at(1)).await.unwrap().is_empty());
    assert_eq!(count(&store, "intent").await, 0);
}

#[tokio::test]
async fn a_request_that_is_not_confirmed_leaves_lease_and_secret_as_they_were() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    let other = Request {
        secret: Some(Secret::new("other")),
        lease_seconds: 9_000,
        ..request(Mode::Subscribe, "https://a.example/x")
    };
    settle(&store, &other, Answer::Refused, 1).await;
    publish(&store, "b", 2).await;
    let notices = notices(&store, false, 2).await;
    assert_eq!(notices[0].secret.as_ref().map(Secret::expose), Some("s3cret"));
    assert_eq!(notices[0].ends_at, at(1_000));
}

#[tokio::test]
async fn a_later_request_takes_the_place_of_one_that_is_being_verified() {
    let (_place, store) = store(&[]).await;
    let first = request(Mode::Subscribe, "https://a.example/x");
    ask(&store, &first, 0).await;
    let early = intents(&store, 0).await.remove(0);
    ask(&store, &Request { lease_seconds: 5_000, ..first }, 1).await;
    assert_eq!(store.record_answers(&[(early, Answer::Confirmed)], at(1)).await.unwrap(), [false]);
    assert!(store.subscriptions(at(1)).await.unwrap().is_empty(), "that was asked in vain");
    let late = intents(&store, 1).await.remove(0);
    store.record_answers(&[(late, Answer::Confirmed)], at(1)).await.unwrap();
    assert_eq!(store.subscriptions(at(1)).await.unwrap()[0].ends_at, at(5_001));
}

#[tokio::test]
async fn no_answer_means_another_try() {
    let (_place, store) = store(&[]).await;
    settle(&store, &request(Mode::Subscribe, "https://a.example/x"), Answer::None { again: at(30) }, 0).await;
    assert!(intents(&store, 29).await.is_empty());
    assert_eq!(store.hub_due(at(0)).await.unwrap(), Some(at(30)));
    assert_eq!(intents(&store, 30).await[0].attempts, 1);
    assert!(intents(&store, 31).await.is_empty(), "it is under a lease");
    assert_eq!(intents(&store, 90).await.len(), 1, "which is over");
}

#[tokio::test]
async fn what_changes_while_the_callback_is_asked_is_owed() {
    let (_place, store) = store(&[]).await;
    ask(&store, &request(Mode::Subscribe, "https://a.example/x"), 0).await;
    let intent = intents(&store, 0).await.remove(0);
    publish(&store, "b", 1).await;
    store.record_answers(&[(intent, Answer::Confirmed)], at(2)).await.unwrap();
    assert_eq!(notices(&store, false, 2).await.len(), 1);

    subscribe(&store, "https://b.example/x").await;
    let fresh = Request { etag: "b".into(), ..request(Mode::Subscribe, "https://c.example/x") };
    settle(&store, &fresh, Answer::Confirmed, 3).await;
    let hosts: Vec<_> =
        notices(&store, false, 3).await.iter().map(|notice| notice.callback.host().to_owned()).collect();
    assert_eq!(hosts, ["b.example"], "who has the newest is owed nothing");
}

#[tokio::test]
async fn only_the_newest_revision_is_owed() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    for (etag, now) in [("b", 1), ("c", 2), ("d", 3)] {
        publish(&store, etag, now).await;
    }
    let due = notices(&store, false, 3).await;
    assert_eq!((due.len(), due[0].owed.as_str()), (1, "d"));
    record(&store, due, delivered("d"), 3).await;
    assert!(notices(&store, false, 500).await.is_empty());
    assert_eq!(store.hub_owed(at(500)).await.unwrap(), Owed { subscriptions: 1, notices: 0 });
}

#[tokio::test]
async fn a_revision_that_comes_during_a_call_is_owed_after_it() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    publish(&store, "b", 1).await;
    let due = notices(&store, false, 1).await;
    publish(&store, "c", 2).await;
    assert!(notices(&store, false, 2).await.is_empty(), "one call at a time");
    record(&store, due, delivered("b"), 3).await;
    assert_eq!(notices(&store, false, 3).await[0].owed, "c");
}

#[tokio::test]
async fn a_revision_that_was_sent_before_it_was_owed_is_not_sent_again() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    publish(&store, "b", 1).await;
    let due = notices(&store, false, 1).await;
    record(&store, due, delivered("c"), 2).await;
    publish(&store, "c", 3).await;
    assert!(notices(&store, false, 3).await.is_empty());
}

#[tokio::test]
async fn a_revision_that_comes_back_is_owed_to_whoever_may_have_another() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    publish(&store, "b", 1).await;
    publish(&store, "a", 2).await;
    assert!(notices(&store, false, 2).await.is_empty(), "it has that one");
    publish(&store, "b", 3).await;
    let due = notices(&store, false, 3).await;
    publish(&store, "a", 4).await;
    record(&store, due, delivered("b"), 5).await;
    assert_eq!(notices(&store, false, 5).await[0].owed, "a");
}

#[tokio::test]
async fn who_failed_comes_after_the_others_until_it_succeeds() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    publish(&store, "b", 1).await;
    record(&store, notices(&store, false, 1).await, retry(60), 2).await;
    assert!(notices(&store, true, 59).await.is_empty());
    publish(&store, "c", 10).await;
    assert!(notices(&store, false, 10).await.is_empty());
    let due = notices(&store, true, 10).await;
    assert_eq!((due.len(), due[0].attempts), (1, 0), "a new revision has all its tries");
    record(&store, due, delivered("c"), 11).await;
    publish(&store, "d", 12).await;
    assert_eq!(notices(&store, false, 12).await.len(), 1);
}

#[tokio::test]
async fn h_5_a_notice_is_given_up_and_the_subscription_stays() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    publish(&store, "b", 1).await;
    record(&store, notices(&store, false, 1).await, Outcome::Dropped { error: "status".into() }, 2).await;
    assert!(notices(&store, true, 900).await.is_empty());
    publish(&store, "c", 3).await;
    record(&store, notices(&store, true, 3).await, Outcome::Gone, 4).await;
    assert!(store.subscriptions(at(4)).await.unwrap().is_empty());
}

#[tokio::test]
async fn h_4_nothing_is_due_after_the_lease() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    publish(&store, "b", 1).await;
    record(&store, notices(&store, false, 1).await, retry(1_001), 2).await;
    assert!(notices(&store, true, 1_001).await.is_empty());
    assert_eq!(store.hub_due(at(1_001)).await.unwrap(), None);
    publish(&store, "c", 1_002).await;
    assert!(notices(&store, true, 1_002).await.is_empty());
}

#[tokio::test]
async fn what_has_ended_is_forgotten_unless_only_a_clock_says_so() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    publish(&store, "b", 1).await;
    let (wait, lease) = (chrono::TimeDelta::days(1), chrono::TimeDelta::days(30));
    store.tidy_hub(at(5_000), wait, lease).await.unwrap();
    assert_eq!(count(&store, "subscription").await, 1, "no scan ran after its end");
    assert_eq!(notices(&store, false, 10).await.len(), 0, "but what it was owed is cancelled");
    publish(&store, "c", 5_000).await;
    store.tidy_hub(at(5_000), wait, lease).await.unwrap();
    assert_eq!(count(&store, "subscription").await, 0);
}

#[tokio::test]
async fn waits_and_leases_of_a_clock_that_was_ahead_are_cut() {
    let (_place, store) = store(&[]).await;
    let year = 365 * 86_400;
    settle(&store, &request(Mode::Subscribe, "https://a.example/x"), Answer::Confirmed, year).await;
    publish(&store, "b", year).await;
    store.tidy_hub(at(0), chrono::TimeDelta::hours(20), chrono::TimeDelta::days(30)).await.unwrap();
    let due = notices(&store, false, 0).await;
    assert_eq!(due[0].ends_at, at(30 * 86_400));
}

#[tokio::test]
async fn a_document_that_goes_takes_its_subscriptions_along_and_their_callbacks_are_told() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    let documents_gone = names(&["feed.atom"]);
    store.commit_scan(&ScanCommit { documents_gone, at: Some(at(1)), ..ScanCommit::default() }).await.unwrap();
    assert!(store.subscriptions(at(1)).await.unwrap().is_empty());
    let told = intents(&store, 1).await.remove(0);
    assert_eq!((told.mode, told.topic.as_str()), (Mode::Denied, "https://blog.example/feed.atom"));
    store.record_answers(&[(told, Answer::Confirmed)], at(1)).await.unwrap();
    assert_eq!(count(&store, "intent").await, 0);
}

#[tokio::test]
async fn limits_hold_for_what_is_new_and_not_for_what_is_renewed() {
    let (_place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    let admitted =
        async |url: &str, limits: Limits| store.request(&request(Mode::Subscribe, url), &limits, at(1)).await.unwrap();
    let new = "https://a.example/y";
    for (limits, expected) in [
        (Limits { total: 1, ..WIDE }, Admission::Full),
        (Limits { topic: 1, ..WIDE }, Admission::Full),
        (Limits { host: 1, ..WIDE }, Admission::HostFull),
        (Limits { intents: 0, ..WIDE }, Admission::Busy),
        (Limits { host_intents: 0, ..WIDE }, Admission::Busy),
    ] {
        assert_eq!(admitted(new, limits).await, expected, "{limits:?}");
    }
    assert_eq!(count(&store, "intent").await, 0);
    let full = Limits { total: 1, topic: 1, host: 1, ..WIDE };
    assert_eq!(admitted("https://a.example/x", full).await, Admission::Accepted);
    let ended = store.request(&request(Mode::Subscribe, new), &Limits { topic: 1, ..WIDE }, at(1_001)).await.unwrap();
    assert_eq!(ended, Admission::Accepted, "what has ended takes no room");
    let closed = Limits { intents: 0, host_intents: 0, ..WIDE };
    assert_eq!(admitted(new, closed).await, Admission::Accepted, "it is waiting already");
}

#[tokio::test]
async fn a_claim_leaves_a_host_that_is_full_and_finds_what_is_behind_it() {
    let (_place, store) = store(&[]).await;
    for n in 0..10 {
        subscribe(&store, &format!("https://full.example/{n}")).await;
    }
    subscribe(&store, "https://b.example/").await;
    publish(&store, "b", 1).await;
    let taken = HashMap::from([("full.example".to_owned(), 1)]);
    let seats = Seats { a_host: 3, taken: &taken };
    let claimed = store.claim_notices(false, 5, seats, at(1), at(61)).await.unwrap();
    let of = |host: &str| claimed.iter().filter(|notice| notice.callback.host() == host).count();
    assert_eq!((of("full.example"), of("b.example")), (2, 1));
}

#[tokio::test]
async fn claims_and_marks_read_the_rows_they_need_and_sort_nothing() {
    let (_place, store) = store(&[]).await;
    for sql in [notices::LIVE.ready, intents::QUEUE.ready, owing::OWE] {
        let plan = plan(&store, sql).await;
        let is_slow =
            |step: &String| step == "SCAN subscription" || step == "SCAN intent" || step.contains("TEMP B-TREE");
        assert!(!plan.iter().any(is_slow), "{plan:#?}");
    }
}

#[tokio::test]
async fn leases_of_a_process_that_is_gone_are_released() {
    let (place, store) = store(&[]).await;
    subscribe(&store, "https://a.example/x").await;
    publish(&store, "b", 1).await;
    assert_eq!(notices(&store, false, 1).await.len(), 1);
    store.close().await;
    drop(store);
    let store = place.owner().await;
    assert_eq!(notices(&store, false, 1).await.len(), 1);
}
