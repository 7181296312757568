//! Verification of intent: the hub asks, and takes nothing but the challenge for a yes.

use std::collections::HashSet;
use std::sync::mpsc;
use std::sync::{Mutex, atomic::AtomicBool, atomic::Ordering};

use super::subscriber::{Call, Reply, Subscriber};
use super::{ATOM, DAY, Hub, signature};
use crate::harness::Daemon;

#[test]
fn a_callbacks_query_is_kept_and_ours_stands_behind_it() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    let own = "/cb?id=1&id=2&hub.mode=mine&hub.topic=x%2Fy&z";
    let call = hub.subscribed(&subscriber, own, &[("hub.verify_token", "tokén & co")]);
    assert!(call.target.starts_with(&format!("{own}&hub.mode=subscribe&")), "{}", call.target);
    assert_eq!(call.all("hub.mode"), ["mine", "subscribe"]);
    assert_eq!(call.all("hub.topic"), ["x/y", ATOM.0]);
    assert_eq!(call.parameter("hub.verify_token").as_deref(), Some("tokén & co"));
    hub.publish();
    assert_eq!(subscriber.told().target, own, "notices have nothing but the callback's own");
}

#[test]
fn needless_escapes_make_no_other_topic_and_no_other_callback() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/~cb", &[]);
    let escaped = subscriber.url("/%7e%63b");
    let topic = "https://blog.example.com/%66eeds/feed%2Eatom";
    let form = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", escaped.as_str())];
    assert_eq!(hub.ask(&form).status, 202);
    let call = subscriber.asked();
    assert_eq!(call.parameter("hub.topic").as_deref(), Some(topic), "as the subscriber wrote it");
    assert!(call.target.starts_with("/~cb?"), "{}", call.target);
    hub.settled(1);
    assert_eq!(hub.subscriptions().len(), 1);
}

#[test]
fn challenges_cannot_be_guessed_and_never_come_again() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    let challenges: HashSet<String> = (0..20)
        .map(|_| hub.subscribed(&subscriber, "/cb", &[]).parameter("hub.challenge").unwrap())
        .inspect(|challenge| {
            assert_eq!(challenge.len(), 32, "192 bits in base64url: {challenge}");
            assert!(challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        })
        .collect();
    assert_eq!(challenges.len(), 20);
}

#[test]
fn leases_are_clamped_and_what_is_granted_is_said() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    for (asked, granted) in [("1", DAY), ("100000", 100_000), ("99999999999", 30 * DAY), ("", 10 * DAY)] {
        let call = hub.subscribed(&subscriber, "/cb", &[("hub.lease_seconds", asked)]);
        assert_eq!(call.parameter("hub.lease_seconds"), Some(granted.to_string()), "{asked}");
        let listed = &hub.subscriptions()[0];
        let time = |key: &str| listed[key].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert!((time("ends_at") - chrono::Utc::now()).num_seconds().abs_diff(granted) < 60, "{listed}");
    }
}

#[test]
fn h_1_nothing_but_the_challenge_is_a_yes() {
    for (n, reply) in [
        (|_: &Call| Reply::Status(404)) as fn(&Call) -> Reply,
        |_| Reply::Status(500),
        |_| Reply::Text(200, "yes".into()),
        |_| Reply::Text(200, String::new()),
        |call| Reply::challenge(call, |challenge| format!("{challenge}\n")),
        |call| Reply::challenge(call, |challenge| format!(" {challenge}")),
        |call| Reply::challenge(call, |challenge| challenge[1..].to_owned()),
        |call| Reply::challenge(call, |challenge| challenge + "x"),
        |call| Reply::Text(404, call.parameter("hub.challenge").unwrap()),
        |call| Reply::To(302, format!("http://{}{}", call.header("host").unwrap(), call.target)),
        |_| Reply::Endless,
    ]
    .into_iter()
    .enumerate()
    {
        let refuses = std::sync::Arc::new(AtomicBool::new(false));
        let turned = refuses.clone();
        let is_turned = move |call: &Call| turned.load(Ordering::SeqCst) && call.is_verification();
        let subscriber = Subscriber::behaving(move |call| if is_turned(call) { reply(call) } else { Reply::Well });
        let mut hub = Hub::start();
        hub.subscribed(&subscriber, "/cb", &[("hub.secret", "first"), ("hub.lease_seconds", "864000")]);
        let before = hub.subscriptions();

        refuses.store(true, Ordering::SeqCst);
        for mode in ["subscribe", "unsubscribe"] {
            let more = [("hub.secret", "second"), ("hub.lease_seconds", "2000000")];
            hub.ask_for(mode, &subscriber.url("/cb"), &more);
            subscriber.asked();
            hub.daemon.line(|line| line["message"] == "a callback did not confirm");
        }
        hub.subscribe(&subscriber.url("/other"), &[]);
        subscriber.asked();
        hub.daemon.line(|line| line["message"] == "a callback did not confirm");

        assert_eq!(hub.subscriptions(), before, "case {n}: lease and number are what they were");
        let feed = hub.publish();
        assert_eq!(subscriber.told().header("x-hub-signature"), Some(signature("first", feed.as_bytes()).as_str()));
        assert!(
            subscriber.rest().is_empty(),
            "case {n}: who did not confirm is sent nothing, a redirect is not followed"
        );
    }
}

#[test]
fn h_1_a_callback_that_does_not_answer_is_asked_again_twice() {
    let mut hub = Hub::start();
    hub.subscribe("http://127.0.0.2:1/cb", &[]);
    for (after, text) in [
        (40, "a callback did not answer and is asked again"),
        (40 + 1_100, "a callback did not answer and is asked again"),
        (0, "a callback did not confirm"),
    ] {
        let line = hub.daemon.line(|line| line["callback"] == "http://127.0.0.2:1/…");
        assert_eq!((line["message"].as_str(), line["error"].as_str()), (Some(text), Some("connect")));
        hub.clock(after);
    }
    assert!(hub.subscriptions().is_empty());
}

#[test]
fn h_1_a_callback_that_takes_its_time_keeps_nobody_waiting() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let slow = Subscriber::behaving(move |_| {
        wait.lock().unwrap().recv().unwrap();
        Reply::Well
    });
    let (mut hub, well) = (Hub::start(), Subscriber::start());
    hub.subscribe(&slow.url_on([127, 0, 0, 2], "/cb"), &[]);
    hub.subscribed(&well, "/cb", &[]);
    assert_eq!(hub.subscriptions().len(), 1);
    release.send(()).unwrap();
    slow.asked();
    hub.settled(1);
    assert_eq!(hub.subscriptions().len(), 2);
}

#[test]
fn h_3_what_leads_inside_is_not_called() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[]);
    let Hub { site, daemon, .. } = hub;
    daemon.stop();
    // Without the exception that all other tests make.
    let mut hub = Hub { daemon: Daemon::start(&site), site, posts: 0 };
    hub.subscribe(&format!("http://localhost:{}/cb", subscriber.port()), &[]);
    let line = hub.daemon.line(|line| line["message"] == "a callback did not confirm");
    assert_eq!(line["error"], "blocked");
    hub.publish();
    let line = hub.daemon.line(|line| line["message"] == "a subscriber did not take the feed and is sent it again");
    assert_eq!(line["error"], "blocked", "an address that was taken before it was known to be inside");
    let form = [("hub.mode", "subscribe"), ("hub.topic", ATOM.0), ("hub.callback", &subscriber.url("/cb"))];
    assert_eq!(hub.ask(&form).status, 400);
}

#[test]
fn a_later_request_counts_although_an_earlier_one_is_being_verified() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (began, begun) = mpsc::channel::<()>();
    let subscriber = Subscriber::behaving(move |call| {
        if call.parameter("hub.lease_seconds").as_deref() == Some("100000") {
            began.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        }
        Reply::Well
    });
    let mut hub = Hub::start();
    hub.subscribe(&subscriber.url("/cb"), &[("hub.lease_seconds", "100000")]);
    begun.recv_timeout(crate::harness::PATIENCE).unwrap();
    hub.subscribe(&subscriber.url("/cb"), &[("hub.lease_seconds", "200000")]);
    assert_eq!(subscriber.asked().parameter("hub.lease_seconds").as_deref(), Some("200000"));
    hub.settled(1);
    release.send(()).unwrap();
    subscriber.asked();
    hub.daemon.line(|line| line["message"] == "a callback answered to a request that a later one has replaced");
    let listed = hub.subscriptions();
    let ends: chrono::DateTime<chrono::Utc> = listed[0]["ends_at"].as_str().unwrap().parse().unwrap();
    assert!((ends - chrono::Utc::now()).num_seconds() > 190_000, "{listed:?}");
}
