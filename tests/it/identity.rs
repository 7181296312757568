//! Who is who: keys, ids and URLs stay with the post that had them.

use serde_json::Value;

use crate::harness::{Receiver, Site};

fn plain() -> (Site, Receiver) {
    let (site, receiver) = (Site::bare(), Receiver::start());
    site.webhook(&receiver, "site: {url: \"https://blog.example.com\"}\n");
    (site, receiver)
}

fn post(site: &Site, path: &str, front_matter: &str) {
    site.write(path, format!("---\ntitle: {path}\ndate: 2025-01-01\n{front_matter}\n---\n本文\n"));
}

/// The ids of the site's feed, by the titles of its entries.
fn ids(site: &Site) -> Vec<(String, String)> {
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    feed["items"].as_array().unwrap().iter().map(|item| (text(item, "title"), text(item, "id"))).collect()
}

#[test]
fn a_key_that_two_posts_claim_makes_no_endless_events() {
    let (site, _receiver) = plain();
    post(&site, "a.md", "id: b.md");
    post(&site, "b.md", "");
    for _ in 0..3 {
        site.ok(&["scan"]);
    }
    assert_eq!(ids(&site).len(), 2);
}

#[test]
fn a_copy_does_not_take_the_identity_of_its_original() {
    let (site, receiver) = plain();
    post(&site, "z.md", "id: \"urn:example:1\"");
    site.ok(&["scan"]);
    post(&site, "a.md", "id: \"urn:example:1\"");
    site.ok(&["scan"]);
    let message = receiver.next();
    assert_eq!((message.event(), message.data("title")), ("post.published", &"a.md".into()));
    assert!(ids(&site).contains(&("z.md".into(), "urn:example:1".into())), "{:?}", ids(&site));
}

#[test]
fn no_two_entries_ever_have_one_id() {
    let (site, receiver) = plain();
    post(&site, "a.md", "permalink: /p/");
    site.ok(&["scan"]);
    post(&site, "a.md", "permalink: /old/");
    post(&site, "b.md", "permalink: /p/");
    site.ok(&["scan"]);
    let mut events = [receiver.next(), receiver.next()].map(|message| message.event().to_owned());
    events.sort();
    assert_eq!(events, ["post.published", "post.updated"]);
    let found = ids(&site);
    assert!(found.contains(&("a.md".into(), "https://blog.example.com/p/".into())), "{found:?}");
    assert_ne!(found[0].1, found[1].1);
}

#[test]
fn a_file_that_moves_within_its_url_stays_the_post_it_was() {
    let (site, _receiver) = plain();
    post(&site, "drafty/a.md", "permalink: /p/\nid: \"tag:example.com,2025:p\"");
    post(&site, "b.md", "permalink: /q/");
    site.ok(&["scan"]);
    let before = ids(&site);
    std::fs::rename(site.file("b.md"), site.file("c.md")).unwrap();
    std::fs::rename(site.file("drafty"), site.file("done")).unwrap();
    site.ok(&["scan"]);
    let after: Vec<_> = ids(&site).into_iter().map(|(_, id)| id).collect();
    assert_eq!(after, before.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
}

#[test]
fn a_post_that_comes_back_has_its_old_id_and_is_told_anew() {
    let (site, receiver) = plain();
    post(&site, "a.md", "");
    post(&site, "b.md", "");
    site.ok(&["scan"]);
    post(&site, "a.md", "published: false");
    site.ok(&["scan"]);
    let gone = receiver.next();
    post(&site, "a.md", "");
    site.ok(&["scan"]);
    let back = receiver.next();
    assert_eq!((gone.event(), back.event()), ("post.removed", "post.published"));
    assert_eq!(gone.data("id"), back.data("id"));
    assert!(gone.data("revision").as_u64() < back.data("revision").as_u64());
    let first = site.read("feeds/feed.atom");
    site.ok(&["scan"]);
    assert_eq!(site.read("feeds/feed.atom"), first, "nothing changed, so no byte does");
}

#[test]
fn an_empty_source_is_no_baseline() {
    let (site, receiver) = plain();
    site.ok(&["scan"]);
    post(&site, "a.md", "");
    post(&site, "b.md", "");
    let done = site.ok(&["scan"]);
    assert!(done.stdout.contains("a baseline"), "{}", done.stdout);
    assert!(receiver.rest().is_empty());
}

#[test]
fn each_endpoint_gets_a_digest_of_what_it_asked_for() {
    let (site, receiver) = (Site::bare(), Receiver::start());
    let hook = |name: &str, more: &str| {
        format!("  - {{name: {name}, url: \"{}\", secret: {{env: HOOK_SECRET}}, {more}}}\n", receiver.url())
    };
    site.config(&format!(
        "site: {{url: \"https://blog.example.com\"}}\nguard: {{max_events_per_scan: 2}}\nwebhooks:\n{}{}{}",
        hook("all", ""),
        hook("few", "where: {tags: [rare]}"),
        hook("removals", "events: [post.removed]"),
    ));
    post(&site, "old.md", "");
    site.ok(&["scan"]);
    for name in ["a.md", "b.md", "c.md"] {
        post(&site, name, "tags: common");
    }
    post(&site, "d.md", "tags: rare");
    site.ok(&["scan"]);
    let mut arrived = [receiver.next(), receiver.next()];
    arrived.sort_by_key(|message| message.event().to_owned());
    assert_eq!((arrived[0].event(), arrived[0].data("title")), ("post.published", &"d.md".into()));
    assert_eq!((arrived[1].event(), &arrived[1].data("published")["count"]), ("posts.changed", &4.into()));
}

#[test]
fn settings_that_vanish_and_a_broken_future_post_change_nothing() {
    use crate::harness::Daemon;
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "site: {url: \"https://blog.example.com\"}\n");
    site.post("01-01-a", "記事", "本文");
    let mut daemon = Daemon::start(&site);
    let before = daemon.get("feed.atom");
    let settings = site.read("_config.yml");
    site.remove("_config.yml");
    let scan = daemon.rescan();
    assert!(scan["message"].as_str().unwrap().contains("the feeds stay as they were"), "{scan}");
    site.write("_config.yml", settings);
    daemon.rescan();
    assert_eq!(daemon.get("feed.atom"), before);

    let due = (chrono::Utc::now() + chrono::TimeDelta::seconds(5)).format("%Y-%m-%d %H:%M:%S +0000");
    site.write("_posts/2025-01-02-f.md", format!("---\ntitle: 予約\ndate: {due}\n---\n本文\n"));
    daemon.rescan();
    site.write("_posts/2025-01-02-f.md", "---\ntitle: Rust: a language\n---\n本文\n");
    site.write("_posts/2025-01-03-g.md", format!("---\ntitle: 時間どおり\ndate: {due}\n---\n本文\n"));
    daemon.rescan();
    assert_eq!(daemon.get("feed.atom"), before);
    // The moment at which both would have come due.
    daemon.scanned();
    let after = daemon.get("feed.atom");
    assert!(after.contains("時間どおり") && !after.contains("予約"), "{after}");
    assert_eq!(receiver.next().data("title"), "時間どおり");
}
