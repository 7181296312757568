mod pacing;

use chrono::TimeDelta;
use sqlx::{ConnectOptions, Executor, sqlite::SqliteConnectOptions};

use super::testing::*;
use super::*;
use crate::store::Capacity;

fn key(endpoint: &str, event: &str) -> (String, String) {
    (endpoint.to_owned(), event.to_owned())
}

/// Runs a courier in the background.
fn run(desk: &Desk) -> (CancellationToken, tokio::task::JoinHandle<()>) {
    let (stop, courier) = (CancellationToken::new(), Arc::clone(&desk.courier));
    let token = stop.clone();
    (stop, tokio::spawn(async move { courier.run(token).await }))
}

#[tokio::test]
async fn an_outage_and_a_pause_end_in_a_delivery_at_exactly_the_scheduled_times() {
    let pause = Step::Answer("429 Slow Down", "retry-after: 60\r\n", vec![]);
    let mut receiver = Receiver::new(vec![status("500 Oh No"), pause, status("200 OK")]).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    desk.owe(&["msg_1"], &["hook"]).await;
    let mut requests = Vec::new();

    for (seconds, made) in [(0, 1), (4, 0), (5, 1), (64, 0), (65, 1), (100_000, 0)] {
        desk.clock.set(start() + TimeDelta::seconds(seconds));
        assert_eq!(desk.courier.run_due().await.unwrap(), made, "after {seconds} s");
        requests.extend(receiver.requests());
    }

    assert_eq!(desk.states().await[&key("hook", "msg_1")], "delivered");
    let failed = |status| (Some(status), Some("status".to_owned()));
    assert_eq!(desk.attempts("msg_1", "hook").await, [failed(500), failed(429), (Some(200), None)]);
    let times = requests.iter().map(|request| request.headers["webhook-timestamp"].parse::<i64>().unwrap());
    assert_eq!(times.map(|time| time - start().timestamp()).collect::<Vec<_>>(), [0, 5, 65]);
    assert!(requests.iter().all(|request| request.headers["webhook-id"] == "msg_1"));
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[tokio::test]
async fn a_pause_holds_for_everything_the_endpoint_is_owed() {
    let pause = Step::Answer("503 Busy", "retry-after: 600\r\n", vec![]);
    let mut receiver = Receiver::new(vec![pause]).await;
    let desk = Desk::new(vec![Webhook { concurrency: 1, ..webhook("hook", &receiver.url()) }]).await;
    desk.owe(&["msg_1", "msg_2"], &["hook"]).await;
    assert_eq!(desk.courier.run_due().await.unwrap(), 1);
    desk.clock.advance(TimeDelta::seconds(599));
    assert_eq!(desk.courier.run_due().await.unwrap(), 0);
    desk.clock.advance(TimeDelta::seconds(1));
    assert_eq!(desk.courier.run_due().await.unwrap(), 2);
    assert_eq!(receiver.requests().len(), 3);
}

#[tokio::test]
async fn after_twelve_tries_a_delivery_is_dead() {
    let script = (0..20).map(|_| status("500 Oh No")).collect();
    let mut receiver = Receiver::new(script).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    desk.owe(&["msg_1"], &["hook"]).await;
    let mut made = 0;
    while let Some(due) = desk.store.next_due(&[Capacity::one("hook")]).await.unwrap() {
        desk.clock.set(desk.clock.now().max(due));
        made += desk.courier.run_due().await.unwrap();
    }
    assert_eq!((made, receiver.requests().len()), (12, 12));
    assert_eq!(desk.states().await[&key("hook", "msg_1")], "dead");
    assert_eq!(desk.clock.now() - start(), TimeDelta::seconds(254_555));
}

#[tokio::test]
async fn a_receiver_that_asks_for_pauses_for_ever_is_given_up() {
    let script = (0..40).map(|_| Step::Answer("429 Slow Down", "retry-after: 21600\r\n", vec![])).collect();
    let receiver = Receiver::new(script).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    desk.owe(&["msg_1"], &["hook"]).await;
    let mut made = 0;
    while let Some(due) = desk.store.next_due(&[Capacity::one("hook")]).await.unwrap() {
        desk.clock.set(desk.clock.now().max(due));
        made += desk.courier.run_due().await.unwrap();
    }
    assert_eq!(made, 12 + 12, "pauses of six hours for 72 hours, then twelve tries");
    assert_eq!(desk.states().await[&key("hook", "msg_1")], "dead");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_gets_nothing_more() {
    let mut receiver = Receiver::new(vec![status("410 Gone")]).await;
    let desk = Desk::new(vec![Webhook { concurrency: 1, ..webhook("hook", &receiver.url()) }]).await;
    desk.owe(&["msg_1", "msg_2"], &["hook"]).await;
    assert_eq!(desk.courier.run_due().await.unwrap(), 1);
    desk.clock.advance(TimeDelta::days(30));
    assert_eq!(desk.courier.run_due().await.unwrap(), 0);
    assert!(desk.store.endpoints().await.unwrap()[0].disabled.is_some());

    desk.store.enable("hook").await.unwrap();
    assert_eq!(desk.courier.run_due().await.unwrap(), 2);
    assert_eq!(receiver.requests().len(), 3);
    assert!(desk.states().await.values().all(|state| *state == "delivered"));
}

#[tokio::test]
async fn what_becomes_due_meanwhile_is_left_for_later() {
    let signal = Arc::new(Notify::new());
    let mut receiver = Receiver::new(vec![Step::Hold(Arc::clone(&signal))]).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url()), webhook("down", "http://down.example/")]).await;
    desk.owe(&["msg_1"], &["hook", "down"]).await;
    let courier = Arc::clone(&desk.courier);
    let due = tokio::spawn(async move { courier.run_due().await.unwrap() });
    receiver.request().await;
    desk.clock.advance(TimeDelta::days(1));
    signal.notify_one();
    assert_eq!(due.await.unwrap(), 2);
    assert_eq!(desk.courier.run_due().await.unwrap(), 1);
}

#[tokio::test]
async fn a_slow_endpoint_delays_no_other() {
    let signal = Arc::new(Notify::new());
    let mut slow = Receiver::new((0..4).map(|_| Step::Hold(Arc::clone(&signal))).collect()).await;
    let mut quick = Receiver::new(vec![]).await;
    let hooks = [webhook("slow", &slow.url()), webhook("quick", &quick.url())];
    let desk = Desk::new(hooks.map(|hook| Webhook { concurrency: 2, ..hook }).into()).await;
    desk.owe(&["msg_1", "msg_2", "msg_3", "msg_4"], &["slow", "quick"]).await;
    let (stop, running) = run(&desk);

    for _ in 0..4 {
        quick.request().await;
    }
    slow.request().await;
    slow.request().await;
    assert!(slow.requests().is_empty());
    for _ in 0..2 {
        signal.notify_one();
        slow.request().await;
    }

    assert_eq!(slow.most_at_once(), 2);
    stop.cancel();
    signal.notify_one();
    signal.notify_one();
    running.await.unwrap();
    assert!(desk.states().await.values().all(|state| *state == "delivered"));
}

#[tokio::test]
async fn a_stop_waits_for_what_is_under_way_and_begins_nothing() {
    let signal = Arc::new(Notify::new());
    let mut receiver = Receiver::new(vec![Step::Hold(Arc::clone(&signal))]).await;
    let desk = Desk::new(vec![Webhook { concurrency: 1, ..webhook("hook", &receiver.url()) }]).await;
    desk.owe(&["msg_1", "msg_2"], &["hook"]).await;
    let (stop, running) = run(&desk);
    receiver.request().await;
    stop.cancel();
    tokio::task::yield_now().await;
    assert!(!running.is_finished());
    signal.notify_one();
    running.await.unwrap();
    let states = desk.states().await;
    assert_eq!((states[&key("hook", "msg_1")], states[&key("hook", "msg_2")]), ("delivered", "pending"));
    assert!(receiver.requests().is_empty());
}

#[tokio::test]
async fn a_running_courier_sends_what_is_committed_later() {
    let mut receiver = Receiver::new(vec![]).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    let (stop, running) = run(&desk);
    for event in ["msg_1", "msg_2"] {
        desk.owe(&[event], &["hook"]).await;
        desk.wake.notify_one();
        assert_eq!(receiver.request().await.headers["webhook-id"], event);
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_panic_while_sending_is_a_failed_attempt() {
    let desk = Desk::with(vec![webhook("hook", "http://panic.example/")], Scripture::new(&[])).await;
    desk.owe(&["msg_1"], &["hook"]).await;
    assert_eq!(desk.courier.run_due().await.unwrap(), 1);
    assert_eq!(desk.attempts("msg_1", "hook").await, [(None, Some("internal".to_owned()))]);
    desk.clock.advance(TimeDelta::seconds(5));
    assert_eq!(desk.courier.run_due().await.unwrap(), 1);
}

#[tokio::test]
async fn a_result_outlives_a_store_that_fails() {
    let mut receiver = Receiver::new(vec![]).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    desk.owe(&["msg_1", "msg_2"], &["hook"]).await;
    let mut stranger = SqliteConnectOptions::new().filename(&desk.database).connect().await.unwrap();
    let mut round = Round::new(&desk.courier);
    assert_eq!(round.claim(start()).await.unwrap(), 2);
    while round.is_sending() {
        round.finish_one().await;
    }

    stranger.execute("ALTER TABLE attempt RENAME TO hidden").await.unwrap();
    assert!(round.turn().await.is_err());
    // Long after the lease's end: what waits to be recorded must not be sent again.
    desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(round.claim(desk.clock.now()).await.unwrap(), 0);
    stranger.execute("ALTER TABLE hidden RENAME TO attempt").await.unwrap();
    round.turn().await.unwrap();

    assert!(desk.states().await.values().all(|state| *state == "delivered"));
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nothing_up() {
    let receiver = Receiver::new(vec![status("500 Oh No"), status("500 Oh No")]).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    desk.owe(&["msg_1"], &["hook"]).await;
    assert_eq!(desk.courier.run_due().await.unwrap(), 1);

    desk.clock.advance(TimeDelta::days(-365));
    assert_eq!(desk.courier.run_due().await.unwrap(), 1);
    desk.clock.advance(TimeDelta::days(-365));
    let mut round = Round::new(&desk.courier);
    round.turn().await.unwrap();
    round.finish_one().await;
    round.drain().await;

    assert_eq!(desk.states().await[&key("hook", "msg_1")], "delivered");
}

#[tokio::test]
async fn what_is_under_way_when_its_lease_ends_is_not_sent_again() {
    let signal = Arc::new(Notify::new());
    let mut receiver = Receiver::new(vec![Step::Hold(Arc::clone(&signal))]).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    desk.owe(&["msg_1"], &["hook"]).await;
    let mut round = Round::new(&desk.courier);
    assert_eq!(round.claim(start()).await.unwrap(), 1);
    receiver.request().await;

    // The machine slept.
    desk.clock.advance(TimeDelta::hours(1));
    round.turn().await.unwrap();
    assert_eq!(round.claim(desk.clock.now()).await.unwrap(), 0);
    signal.notify_one();
    round.drain().await;

    assert_eq!(desk.states().await[&key("hook", "msg_1")], "delivered", "the lease is still ours");
    assert!(receiver.requests().is_empty());
}

#[tokio::test]
async fn a_turn_takes_what_has_ended_by_itself() {
    let receiver = Receiver::new(vec![]).await;
    let desk = Desk::new(vec![webhook("hook", &receiver.url())]).await;
    desk.owe(&["msg_1"], &["hook"]).await;
    let mut round = Round::new(&desk.courier);
    round.claim(start()).await.unwrap();

    let turns = async {
        while desk.states().await[&key("hook", "msg_1")] != "delivered" {
            round.turn().await.unwrap();
        }
    };

    tokio::time::timeout(PATIENT.total, turns).await.expect("somebody else would have to wait for the attempt");
}

#[test]
fn the_store_is_asked_less_often_the_longer_it_fails_but_about_twice_a_minute() {
    let waits: Vec<_> = (1..=8).map(|failures| turns::patience(failures).as_secs()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32, 32]);
    assert_eq!(turns::patience(u32::MAX).as_secs(), 32);
}
