//! H-2: strangers who ask more than is good, for themselves or for others.

use super::subscriber::Subscriber;
use super::{ATOM, Hub, form_urlencoded};

fn ask_as(hub: &Hub, client: &str, callback: &str) -> super::Answer {
    let form = [("hub.mode", "subscribe"), ("hub.topic", ATOM.0), ("hub.callback", callback)];
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", client)];
    hub.post(&headers, form_urlencoded(&form))
}

#[test]
fn h_2_who_asks_too_often_has_to_wait_and_nobody_else() {
    let hub = Hub::start();
    let dead = "http://127.0.0.9:1/cb";
    let limited = (0..300).map(|_| ask_as(&hub, "1.2.3.4, 203.0.113.1", dead)).find(|answer| answer.status == 429);
    let limited = limited.expect("there is a limit");
    assert!(limited.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(ask_as(&hub, "1.2.3.4, 203.0.113.2", dead).status, 202);
}

#[test]
fn h_2_no_host_is_asked_more_than_sixty_times_a_minute_whoever_asks_for_it() {
    let (mut hub, victim, other) = (Hub::start(), Subscriber::start(), Subscriber::start());
    for n in 0..80 {
        let client = format!("203.0.113.{n}");
        assert_eq!(ask_as(&hub, &client, &victim.url_on([127, 0, 0, 2], &format!("/{n}"))).status, 202);
    }
    for _ in 0..60 {
        victim.asked();
    }
    // What comes later and goes elsewhere is asked at once.
    hub.subscribed(&other, "/cb", &[]);
    assert!(victim.rest().is_empty());
}

#[test]
fn h_2_a_hub_that_is_full_says_so_and_still_renews() {
    let (mut hub, subscriber) = (Hub::start_with("websub: {max_subscriptions: 1}\n"), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[]);
    let answer = ask_as(&hub, "203.0.113.1", &subscriber.url("/another"));
    assert_eq!(answer.status, 503);
    assert!(answer.text.contains("poll"), "{}", answer.text);
    hub.subscribed(&subscriber, "/cb", &[]);
}
