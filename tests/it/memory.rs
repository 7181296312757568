//! What is remembered from scan to scan, by processes that know nothing of each other.

use std::process::Command;

use serde_json::Value;

use crate::harness::{Daemon, Receiver, Site};

const BROKEN: &str = "---\ntitle: [\n---\n本文\n";

fn jekyll() -> (Site, Receiver) {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    (site, receiver)
}

fn post(site: &Site, name: &str, front_matter: &str, text: &str) {
    site.write(&format!("_posts/2025-{name}.md"), format!("---\ntitle: {name}\n{front_matter}\n---\n\n{text}\n"));
}

/// All documents: their paths, and what they hold.
fn documents(site: &Site) -> Vec<(String, String)> {
    let list = Command::new("find")
        .args([".", "-type", "f", "-not", "-name", ".*"])
        .current_dir(site.file("feeds"))
        .output()
        .unwrap();
    let mut paths: Vec<String> = String::from_utf8(list.stdout).unwrap().lines().map(str::to_owned).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), site.read(&format!("feeds/{path}")))).collect()
}

fn feed(site: &Site, path: &str) -> Value {
    serde_json::from_str(&site.read(&format!("feeds/{path}.json"))).unwrap()
}

/// When a feed says that it changed.
fn updated(site: &Site, path: &str) -> chrono::DateTime<chrono::FixedOffset> {
    let atom = site.read(&format!("feeds/{path}.atom"));
    let (_, rest) = atom.split_once("<updated>").unwrap();
    rest.split_once('<').unwrap().0.parse().unwrap()
}

#[test]
fn case_4_the_last_good_entry_outlives_the_process_that_read_it() {
    let (site, _receiver) = jekyll();
    post(&site, "01-01-a", "tags: [AI]\nreading_time: 3", "よい*本文*");
    post(&site, "01-02-b", "tags: [AI]", "もう一つ");
    site.ok(&["scan"]);
    let before = documents(&site);
    site.write("_posts/2025-01-01-a.md", BROKEN);
    for _ in 0..2 {
        site.ok(&["scan"]);
        assert_eq!(documents(&site), before);
    }
    let daemon = Daemon::start(&site);
    assert_eq!(daemon.get("feed.atom"), site.read("feeds/feed.atom"));
    daemon.stop();
    assert_eq!(documents(&site), before);
    post(&site, "01-01-a", "tags: [AI]\nreading_time: 3", "よい*本文*");
    site.ok(&["scan"]);
    assert_eq!(documents(&site), before, "mended, it is what it was, and nobody is told");
}

#[test]
fn case_4_the_last_good_entry_stays_in_archives_too() {
    let site = Site::new();
    site.config("feeds: {limit: 1, archive: {size: 1}}\n");
    post(&site, "01-01-a", "", "よい*本文*");
    post(&site, "01-02-b", "", "もう一つ");
    site.ok(&["scan"]);
    let before = documents(&site);
    site.write("_posts/2025-01-01-a.md", BROKEN);
    site.ok(&["scan"]);
    assert_eq!(documents(&site), before);
}

#[test]
fn case_17_a_broken_post_that_is_removed_goes_at_last() {
    let (site, receiver) = jekyll();
    post(&site, "01-01-a", "", "本文");
    post(&site, "01-02-b", "", "本文");
    site.ok(&["scan"]);
    site.write("_posts/2025-01-01-a.md", BROKEN);
    site.ok(&["scan"]);
    site.remove("_posts/2025-01-01-a.md");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.removed");
    assert_eq!(feed(&site, "feed")["items"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_broken_at_the_baseline_is_no_news_when_it_is_mended() {
    let (site, receiver) = jekyll();
    post(&site, "01-01-a", "", "本文");
    site.write("_posts/2025-01-02-b.md", BROKEN);
    site.ok(&["scan"]);
    site.ok(&["scan"]);
    post(&site, "01-02-b", "", "直した本文");
    site.ok(&["scan"]);
    assert_eq!(feed(&site, "feed")["items"].as_array().unwrap().len(), 2);
    post(&site, "01-02-b", "", "書き足した本文");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.updated");
    site.write("_posts/2025-01-03-c.md", BROKEN);
    site.ok(&["scan"]);
    post(&site, "01-03-c", "", "新しい");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.published", "this one was not there at the baseline");
}

#[test]
fn case_17_a_feed_that_lost_a_post_says_when_it_did() {
    let (site, receiver) = jekyll();
    for (name, tag) in [("01-01-a", "x"), ("01-02-b", "x"), ("01-03-c", "y")] {
        post(&site, name, &format!("tags: [{tag}]"), "本文");
    }
    site.ok(&["scan"]);
    let (newest, other) = (updated(&site, "feed"), updated(&site, "tags/y"));
    site.remove("_posts/2025-01-02-b.md");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.removed");
    let after = updated(&site, "feed");
    assert!(after > newest && after == updated(&site, "tags/x"));
    assert_eq!(updated(&site, "tags/y"), other);
    let before = documents(&site);
    site.ok(&["scan"]);
    assert_eq!(documents(&site), before, "once, and not with the clock");
    site.ok(&["build", "--out", "elsewhere"]);
    assert!(
        site.read("elsewhere/feed.atom").contains("<updated>2025-01-03T00:00:00+09:00</updated>"),
        "nothing is remembered"
    );
}

#[test]
fn case_10_a_term_keeps_its_path_when_an_older_one_comes() {
    let (site, receiver) = jekyll();
    site.webhook(&receiver, "feeds: {fold: case}\n");
    post(&site, "01-02-b", "tags: [foo-bar]", "本文");
    site.ok(&["scan"]);
    let id = feed(&site, "tags/foo-bar")["items"][0]["id"].clone();
    post(&site, "01-01-a", "tags: [Foo Bar]", "本文");
    let done = site.ok(&["scan"]);
    assert!(done.said().contains("T017") && done.said().contains("feeds.slugs"), "{}", done.said());
    assert!(site.run(&["check"]).stdout.contains("T017"));
    receiver.next();
    assert_eq!(feed(&site, "tags/foo-bar")["items"][0]["id"], id);
    let before = documents(&site);
    assert!(before.iter().any(|(path, _)| path.starts_with("./tags/foo-bar-")), "{before:#?}");
    site.ok(&["scan"]);
    assert_eq!(documents(&site), before);
}

/// What the first version's store lacks is taken away.
fn downgrade(site: &Site) {
    use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(site.file(".tidings/tidings.db"));
        let mut db = options.connect().await.unwrap();
        for table in ["unread", "feed", "term_path", "last_good", "subscription", "intent"] {
            db.execute(sqlx::AssertSqlSafe(format!("DROP TABLE {table}"))).await.unwrap();
        }
        for index in ["event_post", "delivery_queue", "delivery_batch"] {
            db.execute(sqlx::AssertSqlSafe(format!("DROP INDEX {index}"))).await.unwrap();
        }
        let columns = [
            ("seen", &["text"][..]),
            ("endpoint", &["paused", "failing_since", "opens_at", "probes", "rate_at", "sequence"]),
            ("delivery", &["reason", "sequence", "batch"]),
        ];
        for (table, column) in columns.into_iter().flat_map(|(table, all)| all.iter().map(move |one| (table, one))) {
            db.execute(sqlx::AssertSqlSafe(format!("ALTER TABLE {table} DROP COLUMN {column}"))).await.unwrap();
        }
        // It took other things for what readers see.
        db.execute("UPDATE seen SET revision = x'07070707070707070707070707070707'").await.unwrap();
        db.execute("DELETE FROM _sqlx_migrations WHERE version > 1").await.unwrap();
        db.close().await.unwrap();
    });
}

#[test]
fn a_store_of_the_first_version_is_taken_over_in_silence() {
    let (site, receiver) = jekyll();
    post(&site, "01-01-a", "tags: [AI]\nredirect_from: /old/", "本文");
    post(&site, "01-02-b", "guid: \"urn:x:1\"", "本文");
    site.ok(&["scan"]);
    let before = documents(&site);
    downgrade(&site);
    site.ok(&["scan"]);
    assert_eq!(documents(&site), before);
    std::fs::rename(site.file("_posts/2025-01-01-a.md"), site.file("_posts/2025-01-01-c.md")).unwrap();
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.updated", "it is recognised by the text that the upgrade took down");
}
