//! Endpoints that fail, that want to be spared, that want one thing after the other.

use super::*;
use crate::config::{MessageFormat, Rate};
use crate::store::Selection;

fn failing(times: usize) -> Vec<Step> {
    (0..times).map(|_| status("500 Oh No")).collect()
}

/// Lets time pass until nothing is to be done any more, or for so long. Returns how many messages went.
async fn pass(desk: &Desk, hook: &str, time: TimeDelta) -> usize {
    pass_as(desk, Capacity::one(hook), time).await
}

async fn pass_as(desk: &Desk, hook: Capacity, time: TimeDelta) -> usize {
    let (end, mut made) = (desk.clock.now() + time, 0);
    let hook = [hook];
    while let Some(due) = desk.store.next_due(&hook).await.unwrap().filter(|due| *due <= end) {
        desk.clock.set(desk.clock.now().max(due));
        made += desk.courier.run_due().await.unwrap();
    }
    desk.clock.set(end);
    made
}

fn many(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("msg_{n}")).collect()
}

fn names(events: &[String]) -> Vec<&str> {
    events.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn an_outage_of_an_hour_costs_probes_and_no_delivery_and_is_told() {
    let mut receiver = Receiver::new(failing(26)).await;
    let mut ops = Receiver::new(vec![]).await;
    let notices = vec![EventType::EndpointFailing, EventType::EndpointRecovered, EventType::EndpointDisabled];
    let desk =
        Desk::new(vec![webhook("hook", &receiver.url()), Webhook { events: notices, ..webhook("ops", &ops.url()) }])
            .await;
    let events = many(300);
    desk.owe(&names(&events), &["hook"]).await;

    let during = pass(&desk, "hook", TimeDelta::hours(1)).await;

    assert_eq!(during, receiver.requests().len() + 1, "one of them to the operators");
    assert!((10..30).contains(&during), "{during}");
    pass(&desk, "hook", TimeDelta::hours(12)).await;
    assert!(desk.states().await.values().all(|state| *state == "delivered"), "nothing is given up for an outage");
    let told: Vec<serde_json::Value> =
        ops.requests().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    let types: Vec<_> = told.iter().map(|body| body["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["endpoint.failing", "endpoint.recovered"]);
    assert_eq!(told[0]["data"]["endpoint"], "hook");
    assert!(told[0]["data"]["reason"].as_str().unwrap().contains("500"), "{}", told[0]);
}

#[tokio::test]
async fn five_days_of_failures_disable_an_endpoint_and_park_what_it_is_owed() {
    let mut receiver = Receiver::new(failing(1_000)).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    let events = many(200);
    desk.owe(&names(&events), &["hook"]).await;

    pass(&desk, "hook", TimeDelta::days(30)).await;

    let endpoint = desk.store.endpoints().await.unwrap().remove(0);
    assert!(endpoint.disabled.as_deref().is_some_and(|why| why.contains("nothing but failures")), "{endpoint:?}");
    let parked = desk.states().await.values().filter(|state| **state == "pending").count();
    assert!(parked > 50, "{parked} wait for it to be enabled");
    assert!(receiver.requests().len() < 200, "it was tried about once an hour");
}

#[tokio::test]
async fn a_receiver_that_allows_fewer_messages_gets_no_more() {
    let consent = Step::Answer("200 OK", "webhook-allowed-origin: *\r\nwebhook-allowed-rate: 2\r\n", vec![]);
    let mut receiver = Receiver::new(vec![consent]).await;
    let format = MessageFormat::CloudEvents { structured: false, validate: true };
    let desk = Desk::new(vec![Webhook { format, ..webhook("hook", &receiver.url()) }]).await;
    let events = many(5);
    desk.owe(&names(&events), &["hook"]).await;
    // The one that asks is not counted.
    for (seconds, made) in [(0, 2), (29, 0), (30, 1), (59, 0), (60, 1), (90, 1)] {
        desk.clock.set(start() + TimeDelta::seconds(seconds));
        assert_eq!(desk.courier.run_due().await.unwrap(), made, "after {seconds} s");
    }
    assert_eq!(receiver.requests().len(), 6);
}

#[tokio::test]
async fn an_ordered_endpoint_hears_of_nothing_before_what_came_first() {
    let mut receiver = Receiver::new(vec![status("200 OK"), status("500 Oh No"), status("500 Oh No")]).await;
    let desk = Desk::new(vec![Webhook { ordered: true, ..webhook("hook", &receiver.url()) }]).await;
    let events = many(4);
    desk.owe(&names(&events), &["hook"]).await;

    pass_as(&desk, Capacity { ordered: true, ..Capacity::one("hook") }, TimeDelta::hours(1)).await;

    let ids: Vec<_> = receiver.requests().iter().map(|request| request.headers["webhook-id"].clone()).collect();
    assert_eq!(ids, ["msg_0", "msg_1", "msg_1", "msg_1", "msg_2", "msg_3"]);
    assert_eq!(receiver.most_at_once(), 1);
}

#[tokio::test]
async fn a_rate_is_kept_after_an_outage_too() {
    let mut receiver = Receiver::new(vec![]).await;
    let rate = Some(Rate { messages: 1, per: Duration::from_secs(1) });
    let desk = Desk::new(vec![Webhook { rate, ..webhook("hook", &receiver.url()) }]).await;
    let events = many(20);
    desk.owe(&names(&events), &["hook"]).await;
    desk.clock.advance(TimeDelta::hours(1));
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(desk.courier.run_due().await.unwrap());
        desk.clock.advance(TimeDelta::seconds(2));
    }
    assert_eq!(made, [1; 5]);
    assert_eq!(receiver.requests().len(), 5);
}

#[tokio::test]
async fn an_endpoint_that_takes_messages_gets_all_of_them() {
    let mut receiver = Receiver::new(vec![]).await;
    let desk = Desk::new(vec![Webhook { concurrency: 8, ..webhook("hook", &receiver.url()) }]).await;
    let events = many(1_000);
    desk.owe(&names(&events), &["hook"]).await;

    assert_eq!(desk.courier.run_due().await.unwrap(), 1_000);

    assert!(receiver.most_at_once() <= 8);
    let mut arrived: Vec<_> = receiver.requests().iter().map(|request| request.headers["webhook-id"].clone()).collect();
    arrived.sort_unstable();
    arrived.dedup();
    assert_eq!(arrived.len(), 1_000);
    let attempts = desk.store.deliveries(&Selection::default()).await.unwrap();
    assert!(attempts.iter().all(|delivery| delivery.attempts == 1));
}

/// How many requests come after one that is answered like this, in the middle of a backlog.
async fn requests_after(answer: Step) -> (usize, Desk, Receiver) {
    let mut script: Vec<Step> = (0..100).map(|_| status("200 OK")).collect();
    script.push(answer);
    let mut receiver = Receiver::new(script).await;
    let desk = Desk::new(vec![Webhook { concurrency: 4, ..webhook("hook", &receiver.url()) }]).await;
    let events = many(600);
    desk.owe(&names(&events), &["hook"]).await;
    desk.courier.run_due().await.unwrap();
    (receiver.requests().len() - 101, desk, receiver)
}

#[tokio::test]
async fn a_pause_in_a_backlog_holds_for_what_was_claimed_in_advance_too() {
    let (more, desk, _receiver) = requests_after(Step::Answer("429 Slow Down", "retry-after: 60\r\n", vec![])).await;
    assert!(more < 4, "{more} requests after the answer: what was under way");

    desk.clock.advance(TimeDelta::seconds(60));
    desk.courier.run_due().await.unwrap();
    assert!(desk.states().await.values().all(|state| *state == "delivered"));
}

#[tokio::test]
async fn an_endpoint_that_says_in_a_backlog_that_it_is_gone_gets_nothing_more() {
    let (more, desk, _receiver) = requests_after(status("410 Gone")).await;
    assert!(more < 4, "{more} requests after the answer: what was under way");
    assert!(desk.store.endpoints().await.unwrap()[0].disabled.is_some());
}

#[tokio::test]
async fn what_waits_for_its_turn_is_given_back_when_the_courier_stops() {
    let signal = Arc::new(Notify::new());
    let mut script = failing(0);
    script.extend((0..20).map(|_| status("200 OK")));
    script.push(Step::Hold(Arc::clone(&signal)));
    let mut receiver = Receiver::new(script).await;
    let desk = Desk::new(vec![Webhook { concurrency: 1, ..webhook("hook", &receiver.url()) }]).await;
    let events = many(60);
    desk.owe(&names(&events), &["hook"]).await;
    let (stop, running) = run(&desk);
    for _ in 0..21 {
        receiver.request().await;
    }
    stop.cancel();
    signal.notify_one();
    running.await.unwrap();

    let delivered = desk.states().await.values().filter(|state| **state == "delivered").count();
    assert_eq!(delivered - 21, receiver.requests().len(), "what was sent is recorded");
    assert_eq!(desk.courier.run_due().await.unwrap(), 60 - delivered, "no lease is in the way");
}
