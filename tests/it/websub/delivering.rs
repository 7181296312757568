//! Content distribution: what subscribers are sent, when, and when no more.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use super::subscriber::{Call, Reply, Subscriber};
use super::{ATOM, DAY, Hub, signature, start};
use crate::harness::{Daemon, Site, client, fetch};

const HUB: &str = "https://blog.example.com/feeds/hub";

/// What a subscriber discovers at a document: hub, topic, and media type.
fn discovered(hub: &Hub, path: &str) -> (String, String, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("{}/{path}", hub.daemon.public());
    let headers = runtime.block_on(async { client().get(url).send().await.unwrap().headers().clone() });
    let links: Vec<_> = headers.get_all("link").iter().collect();
    assert_eq!(links.len(), 1, "one combined header");
    let link = |relation: &str| {
        let all = links[0].to_str().unwrap().split(", ");
        let of = all.filter_map(|link| link.strip_suffix(&format!(">; rel=\"{relation}\"")));
        of.collect::<Vec<_>>()[0].trim_start_matches('<').to_owned()
    };
    (link("hub"), link("self"), headers["content-type"].to_str().unwrap().to_owned())
}

/// Holds a notice against what the daemon serves.
fn is_whole(hub: &Hub, call: &Call, path: &str) {
    let (own, topic, media) = discovered(hub, path);
    assert_eq!(call.body, hub.daemon.get(path), "the whole document");
    assert_eq!(call.header("content-type"), Some(media.as_str()));
    assert_eq!(call.headers.get_all("link").iter().count(), 1);
    assert_eq!(call.header("link"), Some(format!("<{own}>; rel=\"hub\", <{topic}>; rel=\"self\"").as_str()));
}

/// Discovers a document's hub, subscribes there, and is sent it.
fn is_sent(path: &str) {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    let (found, topic, _) = discovered(&hub, path);
    assert_eq!(found, HUB);
    let form = [("hub.mode", "subscribe"), ("hub.topic", &*topic), ("hub.callback", &subscriber.url("/cb"))];
    assert_eq!(hub.ask(&form).status, 202);
    let asked = subscriber.asked();
    assert_eq!(asked.parameter("hub.mode").as_deref(), Some("subscribe"));
    assert_eq!(asked.parameter("hub.topic").as_deref(), Some(&*topic));
    assert_eq!(asked.parameter("hub.lease_seconds"), Some((10 * DAY).to_string()));
    assert_eq!(asked.parameter("hub.verify_token"), None);
    hub.settled(1);
    hub.publish();
    let told = subscriber.told();
    is_whole(&hub, &told, path);
    assert_eq!(told.target, "/cb");
    assert_eq!(told.header("x-hub-signature"), None);
}

#[test]
fn websub_hub_100_typical() {
    is_sent("feed.atom");
}

#[test]
fn websub_hub_101_with_a_secret() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    let long = "é".repeat(99) + "x";
    for secret in ["s3cret & ütf", &long] {
        hub.subscribed(&subscriber, "/cb", &[("hub.secret", secret)]);
        hub.publish();
        let told = subscriber.told();
        is_whole(&hub, &told, ATOM.1);
        assert_eq!(told.header("x-hub-signature"), Some(signature(secret, &told.body).as_str()));
    }
    let long = "é".repeat(100);
    let form = [("hub.mode", "subscribe"), ("hub.topic", ATOM.0), ("hub.callback", &subscriber.url("/cb"))];
    let answer = hub.ask(&[&form[..], &[("hub.secret", &long)]].concat());
    assert_eq!(answer.status, 400, "200 bytes are too many, and these are 100 characters");
}

#[test]
fn a_running_daemon_lists_its_subscriptions_as_its_database_does() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb?token=s3cret", &[("hub.secret", "hush")]);
    let command = ["hub", "subscriptions", "--format", "json"];
    let listed = hub.site.ok(&command).stdout;
    assert!(listed.contains("/…") && !listed.contains("s3cret") && !listed.contains("hush"), "{listed}");
    assert_eq!(hub.site.ok(&[&command[..], &["--admin", hub.daemon.admin()]].concat()).stdout, listed);
    for way in [&[][..], &["--admin", hub.daemon.admin()]] {
        let status = hub.site.ok(&[&["status"], way].concat()).stdout;
        assert!(status.contains("\nsubscribers 1\n"), "{status}");
    }
}

#[test]
fn websub_hub_102_parameters_that_nobody_knows() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[("foo", "bar"), ("hub.foo", "bar"), ("hub.verify", "sync")]);
    hub.publish();
    is_whole(&hub, &subscriber.told(), ATOM.1);
}

#[test]
fn websub_hub_103_subscribing_twice() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[("hub.secret", "first")]);
    hub.subscribed(&subscriber, "/cb", &[("hub.secret", "second")]);
    // Who comes after it shows that nothing else is on its way.
    let last = Subscriber::start();
    hub.subscribed(&last, "/last", &[]);
    hub.publish();
    let told = subscriber.told();
    assert_eq!(told.header("x-hub-signature"), Some(signature("second", &told.body).as_str()));
    last.told();
    hub.publish();
    subscriber.told();
    last.told();
    assert!(subscriber.rest().is_empty());
}

#[test]
fn websub_hub_104_unsubscribing() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[]);
    hub.publish();
    subscriber.told();
    // The lease is of no meaning here, whatever it says.
    hub.ask_for("unsubscribe", &subscriber.url("/cb"), &[("hub.lease_seconds", "soon")]);
    let asked = subscriber.asked();
    assert_eq!(asked.parameter("hub.mode").as_deref(), Some("unsubscribe"));
    assert_eq!(asked.parameter("hub.topic").as_deref(), Some(ATOM.0));
    assert_eq!(asked.parameter("hub.lease_seconds"), None);
    hub.settled(1);
    assert!(hub.subscriptions().is_empty());
    let other = Subscriber::start();
    hub.subscribed(&other, "/cb", &[]);
    for _ in 0..2 {
        hub.publish();
        other.told();
    }
    assert!(subscriber.rest().is_empty());
}

#[test]
fn websub_hub_105_another_media_type() {
    is_sent("feed.rss");
}

#[test]
fn websub_hub_106_json() {
    is_sent("feed.json");
}

#[test]
fn feeds_and_pages_name_their_hub() {
    let hub = Hub::start();
    let terms = "categories/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90";
    for path in ["feed.atom", "feed.rss", "feed.json", &format!("{terms}.atom")] {
        let (found, topic, _) = discovered(&hub, path);
        assert_eq!((found.as_str(), topic), (HUB, format!("https://blog.example.com/feeds/{path}")));
    }
    for (path, link) in [
        ("feed.atom", format!("<link href=\"{HUB}\" rel=\"hub\"/>")),
        ("feed.rss", format!("<atom:link href=\"{HUB}\" rel=\"hub\">")),
        ("index.html", format!("<link rel=\"hub\" href=\"{HUB}\">")),
        (&format!("{terms}.html"), format!("<link rel=\"hub\" href=\"{HUB}\">")),
    ] {
        let text = hub.daemon.get(path);
        assert_eq!(text.matches(&link).count(), 1, "{path}: {text}");
        assert_eq!(text.matches("rel=\"self\"").count(), 1, "{path}");
    }
    let json: serde_json::Value = serde_json::from_str(&hub.daemon.get("feed.json")).unwrap();
    assert_eq!(json["hubs"], serde_json::json!([{"type": "WebSub", "url": HUB}]));
}

#[test]
fn a_page_is_a_topic_of_its_own() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    let topic = "https://blog.example.com/feeds/index.html";
    let form = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", &subscriber.url("/cb"))];
    assert_eq!(hub.ask(&form).status, 202);
    subscriber.asked();
    hub.settled(1);
    hub.publish();
    let told = subscriber.told();
    assert_eq!(told.body, hub.daemon.get("index.html"));
    assert_eq!(told.header("content-type"), Some("text/html; charset=utf-8"));
}

#[test]
fn a_scan_that_changes_nothing_rings_no_bell() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[]);
    hub.daemon.rescan();
    hub.publish();
    subscriber.told();
    hub.daemon.rescan();
    assert!(subscriber.rest().is_empty());
}

#[test]
fn old_subscribers_get_the_signature_that_they_know() {
    let subscriber = Subscriber::start();
    let mut hub = Hub::start_with("websub: {signatures: {127.0.0.2: sha1, 127.0.0.3: sha512}}\n");
    for (last, prefix, digits) in [(1, "sha256=", 64), (2, "sha1=", 40), (3, "sha512=", 128)] {
        hub.subscribe(&subscriber.url_on([127, 0, 0, last], &format!("/{last}")), &[("hub.secret", "s")]);
        subscriber.asked();
        hub.settled(1);
        hub.publish();
        let calls: Vec<_> = (0..last).map(|_| subscriber.told()).collect();
        let call = calls.iter().find(|call| call.target == format!("/{last}")).unwrap();
        let signature = call.header("x-hub-signature").unwrap();
        assert_eq!(signature.strip_prefix(prefix).map(str::len), Some(digits), "{signature}");
    }
}

#[test]
fn a_redirect_is_no_success_and_not_followed() {
    let elsewhere = Subscriber::start();
    let target = elsewhere.url("/elsewhere");
    let subscriber =
        Subscriber::behaving(
            move |call| {
                if call.is_verification() { Reply::Well } else { Reply::To(307, target.clone()) }
            },
        );
    let mut hub = Hub::start();
    hub.subscribed(&subscriber, "/cb", &[]);
    hub.publish();
    subscriber.told();
    hub.daemon.line(|line| line["error"] == "redirect");
    hub.clock(100);
    subscriber.told();
    assert!(elsewhere.rest().is_empty());
}

#[test]
fn h_4_nothing_is_sent_after_the_end_of_a_lease() {
    let is_ill = Arc::new(AtomicBool::new(true));
    let ill = is_ill.clone();
    let subscriber = Subscriber::behaving(move |call| match ill.load(Ordering::SeqCst) && !call.is_verification() {
        true => Reply::Status(500),
        false => Reply::Well,
    });
    let mut hub = Hub::start();
    hub.subscribed(&subscriber, "/short", &[("hub.lease_seconds", "86400")]);
    hub.subscribed(&subscriber, "/long", &[]);
    hub.publish();
    subscriber.told();
    subscriber.told();
    for _ in 0..2 {
        hub.daemon.line(|line| line["error"] == "status");
    }
    is_ill.store(false, Ordering::SeqCst);
    hub.clock(DAY + 60);
    assert_eq!(subscriber.told().target, "/long", "its retry came, and the other's did not");
    hub.publish();
    assert_eq!(subscriber.told().target, "/long");
    assert_eq!(hub.subscriptions().len(), 2, "commands go by the true time");
    assert!(subscriber.rest().is_empty());
}

#[test]
fn h_5_gone_ends_a_subscription_and_failures_do_not() {
    let status = Arc::new(AtomicU16::new(500));
    let answers = status.clone();
    let subscriber = Subscriber::behaving(move |call| match call.is_verification() {
        true => Reply::Well,
        false => Reply::Status(answers.load(Ordering::SeqCst)),
    });
    let mut hub = Hub::start();
    hub.subscribed(&subscriber, "/cb", &[]);
    hub.publish();
    for (tries, after) in [70, 500, 3_000, 12_000, 40_000, 90_000, 90_000].into_iter().enumerate() {
        subscriber.told();
        let line = hub.daemon.line(|line| line["error"] == "status");
        assert_eq!(line["attempt"], tries + 1);
        let is_last = line["message"].as_str().unwrap().ends_with("not sent it again");
        assert_eq!(is_last, tries == 6, "{line}");
        hub.clock(after);
    }
    let listed = hub.site.ok(&["hub", "subscriptions"]).stdout;
    assert!(listed.contains("failed (status), waits for the next change"), "{listed}");

    status.store(410, Ordering::SeqCst);
    hub.publish();
    subscriber.told();
    hub.daemon.line(|line| line["message"] == "a subscriber is gone");
    hub.publish();
    assert!(hub.subscriptions().is_empty());
}

#[test]
fn h_7_a_slow_subscriber_gets_the_newest_and_nothing_in_between() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (began, begun) = mpsc::channel::<()>();
    let subscriber = Subscriber::behaving(move |call| {
        if !call.is_verification() {
            began.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        }
        Reply::Well
    });
    let mut hub = Hub::start();
    hub.subscribed(&subscriber, "/cb", &[("hub.secret", "s3cret")]);
    let first = hub.publish();
    begun.recv_timeout(crate::harness::PATIENCE).unwrap();
    let newest = (0..3).map(|_| hub.publish()).last().unwrap();
    release.send(()).unwrap();
    assert_eq!(subscriber.told().body, first);
    begun.recv_timeout(crate::harness::PATIENCE).unwrap();
    release.send(()).unwrap();
    let told = subscriber.told();
    assert_eq!(told.body, newest);
    assert_eq!(told.header("x-hub-signature"), Some(signature("s3cret", newest.as_bytes()).as_str()));

    release.send(()).unwrap();
    let after = hub.publish();
    assert_eq!(subscriber.told().body, after, "and then the next, with nothing in between");
}

/// A site whose process died when it had committed a scan, and its subscriber, who was not told.
fn committed_and_not_told() -> (Site, Subscriber) {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[]);
    let Hub { site, daemon, .. } = hub;
    daemon.stop();
    site.post("03-01-new", "新しい記事", "本文");
    Daemon::start_to_die(&site, "scan.committed").dies();
    (site, subscriber)
}

#[test]
fn a_crash_after_the_commit_loses_no_notice() {
    let (site, subscriber) = committed_and_not_told();
    assert!(subscriber.rest().is_empty());
    let daemon = start(&site);
    assert_eq!(subscriber.told().body, daemon.get(ATOM.1));
}

#[test]
fn documents_that_are_lost_before_a_start_cost_no_notice() {
    let (site, subscriber) = committed_and_not_told();
    let lost = site.read("feeds/feed.atom");
    std::fs::remove_dir_all(site.file("feeds")).unwrap();
    site.write("feeds", "in the way of the first scan");
    let daemon = start(&site);
    assert_eq!(fetch(&format!("{}/{}", daemon.public(), ATOM.1)).0, 503);
    let mut hub = Hub { site, daemon, posts: 1 };
    let ask = |hub: &Hub, topic| {
        let form = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", &subscriber.url("/other"))];
        let answer = hub.ask(&form);
        (answer.status, answer.headers.contains_key("retry-after"))
    };
    assert_eq!(ask(&hub, ATOM.0), (503, true));
    assert_eq!(ask(&hub, "https://blog.example.com/feeds/tags/x.html"), (503, true), "it may come");
    assert_eq!(ask(&hub, "https://blog.example.com/feeds/feed.zip"), (400, false));
    assert!(subscriber.rest().is_empty());

    hub.site.remove("feeds");
    hub.daemon.rescan();
    assert_eq!(subscriber.told().body, lost);
    assert_eq!(hub.daemon.get(ATOM.1), lost);
    assert_eq!(ask(&hub, ATOM.0), (202, false));
    subscriber.asked();
}

#[test]
fn a_scan_by_hand_sends_what_is_due() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[]);
    let Hub { site, daemon, .. } = hub;
    daemon.stop();
    site.post("03-01-new", "新しい記事", "本文");
    let scan = |args: &[&str]| {
        let mut command = site.command(args);
        assert!(command.env("TIDINGS_CALLBACKS", "127.0.0.0/8").status().unwrap().success());
    };
    scan(&["scan", "--no-wait", "-q"]);
    assert!(subscriber.rest().is_empty());
    scan(&["scan", "-q"]);
    assert_eq!(subscriber.told().body, site.read("feeds/feed.atom"));
    scan(&["scan", "-q"]);
}

#[test]
fn who_subscribed_to_a_feed_that_goes_is_told() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.site.write("_posts/2025-01-05-rare.md", "---\ntitle: 珍しい記事\ntags: [rare]\n---\n本文\n");
    hub.daemon.rescan();
    let topic = "https://blog.example.com/feeds/tags/rare.atom";
    let form = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", &subscriber.url("/cb?x"))];
    assert_eq!(hub.ask(&form).status, 202);
    subscriber.asked();
    hub.settled(1);
    hub.site.remove("_posts/2025-01-05-rare.md");
    hub.daemon.rescan();
    let denied = subscriber.asked();
    assert_eq!(denied.parameter("hub.mode").as_deref(), Some("denied"));
    assert_eq!(denied.parameter("hub.topic").as_deref(), Some(topic));
    assert!(denied.parameter("hub.reason").is_some() && denied.target.starts_with("/cb?x&"));
    assert_eq!(denied.parameter("hub.challenge"), None);
    assert!(hub.subscriptions().is_empty());
    assert_eq!(hub.ask(&form).status, 400);
}

#[test]
fn a_subscription_is_listed_without_what_would_give_it_away() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/tokén-in-path?token=t0ken", &[("hub.secret", "s3cret")]);
    hub.publish();
    subscriber.told();
    hub.daemon.line(|line| line["message"] == "a subscriber was sent the feed");
    let text = hub.site.ok(&["hub", "subscriptions"]).stdout;
    let json = hub.site.ok(&["hub", "subscriptions", "--format", "json"]).stdout;
    let shown = format!("http://127.0.0.1:{}/…", subscriber.port());
    for listed in [&text, &json] {
        assert!(listed.contains(&shown) && listed.contains(ATOM.0), "{listed}");
        assert!(!["t0ken", "path", "s3cret"].iter().any(|secret| listed.contains(secret)), "{listed}");
    }
    assert!(text.contains("up to date") && text.contains("yes"), "{text}");
}
