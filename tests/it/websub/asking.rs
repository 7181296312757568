//! What the hub says to requests, before it has called anybody.

use super::{ATOM, Hub};
use crate::harness::{Daemon, Site};

const CALLBACK: &str = "http://127.0.0.1:9/cb";

fn refused(hub: &Hub, form: &[(&str, &str)]) -> String {
    let answer = hub.ask(form);
    assert!((400..500).contains(&answer.status), "{form:?}: {} {}", answer.status, answer.text);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.text
}

#[test]
fn what_is_out_of_order_is_refused_with_a_text() {
    let hub = Hub::start();
    let (mode, topic, callback) = (("hub.mode", "subscribe"), ("hub.topic", ATOM.0), ("hub.callback", CALLBACK));
    let topic_is = |text| [mode, ("hub.topic", text), callback];
    for (form, says) in [
        (&[topic, callback][..], "hub.mode is missing"),
        (&[("hub.mode", "steal"), topic, callback], "hub.mode has to be"),
        (&[("hub.mode", "publish"), ("hub.url", ATOM.0)], "knows by itself"),
        (&[mode, callback], "hub.topic is missing"),
        (&[mode, topic], "hub.callback is missing"),
        (&topic_is("https://blog.example.com/feeds/none.atom"), "rel=self"),
        (&topic_is("https://other.example/feeds/feed.atom"), "rel=self"),
        (&topic_is("https://blog.example.com/feeds/feed.atom?x"), "rel=self"),
        (&topic_is("http://blog.example.com/feeds/feed.atom"), "rel=self"),
        (&topic_is("https://blog.example.com/feeds/feeds.opml"), "rel=self"),
        (&topic_is("feed.atom"), "rel=self"),
        (&[mode, topic, ("hub.callback", "ftp://a.example/")], "http or https"),
        (&[mode, topic, ("hub.callback", "https://u:p@a.example/")], "password"),
        (&[mode, topic, callback, ("hub.lease_seconds", "long")], "number of seconds"),
        (&[mode, topic, callback, ("hub.mode", "unsubscribe")], "twice"),
    ] {
        let text = refused(&hub, form);
        assert!(text.contains(says), "{form:?}: {text}");
    }
    assert!(hub.subscriptions().is_empty());
}

#[test]
fn h_3_a_callback_inside_is_refused_at_once() {
    let hub = Hub::start();
    for callback in
        ["http://10.0.0.1/", "http://0xa.1/", "http://[::1]/", "http://169.254.169.254/", "http://192.168.1.1:80/"]
    {
        let text = refused(&hub, &[("hub.mode", "subscribe"), ("hub.topic", ATOM.0), ("hub.callback", callback)]);
        assert!(text.contains("public internet"), "{callback}: {text}");
    }
}

#[test]
fn bodies_that_are_no_forms_or_too_long_are_refused() {
    let hub = Hub::start();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(hub.post(&[("content-type", "application/json")], "{}").status, 415);
    assert_eq!(hub.post(&form, "x".repeat(16 << 10)).status, 400, "as long as may be, and without a mode");
    assert_eq!(hub.post(&form, "x".repeat((16 << 10) + 1)).status, 413);
    assert_eq!(hub.post(&form, "hub.mode=%ff").status, 400);
}

#[test]
fn a_person_is_told_what_it_is() {
    let hub = Hub::start();
    let answer = hub.send("GET", &[], "");
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("WebSub"), "{}", answer.text);
    let answer = hub.send("PUT", &[], "");
    assert_eq!((answer.status, answer.headers["allow"].to_str().unwrap()), (405, "GET, HEAD, POST"));
}

#[test]
fn without_a_hub_nobody_is_sent_to_one() {
    let site = Site::new();
    site.config("websub: {hub: false}\n");
    site.post("01-01-old", "前からある記事", "本文");
    let mut daemon = Daemon::start(&site);
    assert!(!daemon.get(ATOM.1).contains("rel=\"hub\""));
    assert!(crate::serving::get(&format!("{}/hub", daemon.public())).0 == 404);

    site.config("");
    daemon.rescan();
    assert!(daemon.get(ATOM.1).contains("<link href=\"https://blog.example.com/feeds/hub\" rel=\"hub\"/>"));
    assert!(crate::serving::get(&format!("{}/hub", daemon.public())).0 == 200);
}

#[test]
fn a_build_names_no_hub_because_it_has_none() {
    let site = Site::new();
    site.post("01-01-old", "前からある記事", "本文");
    site.ok(&["build"]);
    assert!(!site.read("feeds/feed.atom").contains("rel=\"hub\""));
    assert!(!site.read("feeds/feed.json").contains("hubs"));
}
