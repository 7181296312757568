//! The story of one delivery: failures, a pause, success; and what `deliveries` tells of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tidings::config::{ConfigFile, StoreUrl, Surroundings};
use tidings::deliveries::client::SystemResolver;
use tidings::deliveries::{Clock, Courier};
use tidings::store::{Access, Capacity, Store};
use tokio::sync::Notify;

use crate::harness::{Answer, Receiver, SECRET, Site};

/// Stands still until it is told to go on.
#[derive(Debug)]
struct TestClock(AtomicI64);

impl TestClock {
    fn set(&self, at: DateTime<Utc>) {
        self.0.store(at.timestamp_millis(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Attempts what is owed, each at the moment it comes due, until nothing is. Returns those moments.
fn deliver(site: &Site) -> Vec<DateTime<Utc>> {
    tokio::runtime::Runtime::new().unwrap().block_on(deliver_all(site))
}

async fn deliver_all(site: &Site) -> Vec<DateTime<Utc>> {
    let file = ConfigFile::load(site.path(), None).unwrap();
    let defaults = tidings::config::SiteDefaults { url: Some("https://blog.example.com".into()), ..Default::default() };
    let around = Surroundings { out: None, env: Some(&|_| Some(SECRET.to_owned())) };
    let config = file.check(&defaults, &around).unwrap();
    let StoreUrl::Sqlite(_) = &config.store;
    let store = Store::open(&config.store, Access::Owner).await.unwrap();
    let clock = Arc::new(TestClock(AtomicI64::new(0)));
    let (resolver, wake) = (Arc::new(SystemResolver), Arc::new(Notify::new()));
    let courier = Courier::new(store.clone(), &config.site, &config.webhooks, clock.clone(), resolver, wake).unwrap();
    let mut moments = Vec::new();
    while let Some(due) = store.next_due(&[Capacity::one("hook")]).await.unwrap() {
        clock.set(due);
        assert_eq!(courier.run_due().await.unwrap(), 1);
        moments.push(due);
    }
    store.close().await;
    moments
}

fn owe_one(site: &Site) {
    site.post("01-01-old", "前からある記事", "本文");
    site.ok(&["scan"]);
    site.post("01-02-new", "新しい記事", "本文");
    site.ok(&["scan", "--no-wait"]);
}

#[test]
fn attempts_come_at_their_times_and_show_tells_the_story() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    owe_one(&site);
    receiver.script([Answer::status(500), Answer::status(429).header("retry-after", "60"), Answer::status(200)]);

    let moments = deliver(&site);

    let gaps: Vec<_> = moments.windows(2).map(|pair| (pair[1] - pair[0]).num_milliseconds()).collect();
    assert!((5_000..6_100).contains(&gaps[0]), "after a failure 5 s and up to a fifth: {gaps:?}");
    assert!((60_000..72_100).contains(&gaps[1]), "after Retry-After: 60 never earlier: {gaps:?}");
    assert_eq!(gaps.len(), 2);
    let arrived = receiver.rest();
    assert!(arrived.len() == 3 && arrived.iter().all(|message| message.id == arrived[0].id));
    let stamps: Vec<_> = arrived.iter().map(|message| message.headers["webhook-timestamp"].clone()).collect();
    assert_eq!(stamps, moments.iter().map(|at| at.timestamp().to_string()).collect::<Vec<_>>());

    let story = site.ok(&["deliveries", "show", &arrived[0].id]).stdout;
    for part in ["post.published -> hook", "新しい記事", "500", "429", "200", "delivered at"] {
        assert!(story.contains(part), "{part} is not in\n{story}");
    }
    let story: Value =
        serde_json::from_str(&site.ok(&["deliveries", "show", &arrived[0].id, "--format", "json"]).stdout).unwrap();
    let statuses: Vec<_> =
        story[0]["history"].as_array().unwrap().iter().map(|attempt| attempt["status"].clone()).collect();
    assert_eq!(statuses, [500, 429, 200]);
}

#[test]
fn twelve_tries_over_three_days_then_a_dead_letter_that_can_be_sent_again() {
    let (site, receiver) = (Site::new(), Receiver::start_out_of_time());
    site.webhook(&receiver, "");
    owe_one(&site);
    receiver.script(vec![Answer::status(500); 12]);
    let moments = deliver(&site);
    let hours = (*moments.last().unwrap() - moments[0]).num_hours();
    assert!(moments.len() == 12 && (70..86).contains(&hours), "{} tries in {hours} hours", moments.len());
    assert_eq!(receiver.rest().len(), 12);

    let dead = site.ok(&["deliveries", "list", "--state", "dead"]).stdout;
    assert!(dead.contains("post.published") && dead.contains("新しい記事"), "{dead}");
    assert!(site.ok(&["status"]).stdout.contains("hook"));
    let retried = site.ok(&["deliveries", "retry", "--all-dead"]).stdout;
    assert!(retried.starts_with("1 delivery is due again"), "{retried}");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.published");
    assert!(site.ok(&["deliveries", "list"]).stdout.contains("delivered"));
    assert_eq!(site.run(&["deliveries", "retry", "--all-dead"]).status, 3);
}

#[test]
fn gone_disables_the_endpoint_and_keeps_what_it_is_owed() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    owe_one(&site);
    receiver.script([Answer::status(410)]);
    assert_eq!(deliver(&site).len(), 1);
    receiver.next();
    let status = site.ok(&["endpoints", "list"]).stdout;
    assert!(status.contains("disabled") && status.contains("410"), "{status}");
    let enabled = site.ok(&["endpoints", "enable", "hook"]).stdout;
    assert!(enabled.contains("hook"), "{enabled}");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.published");
}

#[test]
fn endpoints_choose_events_posts_and_payload() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(
        &receiver,
        "    events: [post.published]\n    where: {tags: [ai]}\n    payload: full\n    headers: {X-Site: blog}\n",
    );
    site.post("01-01-old", "前からある記事", "本文");
    site.ok(&["scan"]);
    site.write("_posts/2025-01-01-other.md", "---\ntitle: 別の話\ntags: [other]\n---\n本文\n");
    site.post("01-02-ai", "AIの話", "**太字（強調）**です。");
    site.ok(&["scan"]);
    let message = receiver.next();
    assert_eq!(message.data("title"), "AIの話");
    assert_eq!(message.data("content_html"), "<p><strong>太字（強調）</strong>です。</p>\n");
    assert_eq!(message.headers["x-site"], "blog");
    assert!(message.headers["user-agent"].starts_with("Tidings/"));
    site.post("01-02-ai", "AIの話", "直した。");
    site.remove("_posts/2025-01-01-other.md");
    site.ok(&["scan"]);
}
