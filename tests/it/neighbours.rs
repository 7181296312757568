//! Who else is told: caches of feeds, hubs of others, search engines; and operators, of scans that fail.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{Daemon, Message, Receiver, Request, Site, Unsigned};

const FEEDS: &str = "https://blog.example.com/feeds";
const KEY: &str = "0123abcd-4567";

/// A site with a post that was there before, whose feeds are few. The baseline is done with `more` in the config.
fn blog(more: &str) -> Site {
    let site = Site::new();
    site.config(&config(more));
    site.post("01-01-old", "前からある記事", "本文");
    site.ok(&["scan"]);
    site
}

fn config(more: &str) -> String {
    format!("feeds: {{by: [category], formats: [atom, json]}}\n{more}")
}

/// A webhook that names these events.
fn hook(receiver: &Receiver, events: &str) -> String {
    let url = receiver.url();
    format!("webhooks: [{{name: cdn, url: \"{url}\", secret: {{env: HOOK_SECRET}}, events: [{events}]}}]\n")
}

fn states(site: &Site) -> Vec<String> {
    let list: Value = serde_json::from_str(&site.ok(&["deliveries", "list", "--format", "json"]).stdout).unwrap();
    list.as_array().unwrap().iter().map(|delivery| delivery["state"].as_str().unwrap().to_owned()).collect()
}

/// The topics that a hub was told of, each by a form of its own.
fn topics(hub: &Unsigned) -> Vec<String> {
    let topic = |request: Request| {
        assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
        assert!(!request.headers.keys().any(|name| name.starts_with("webhook-")), "{request:?}");
        let topic = request.form()[1].1.clone();
        let expected = [("hub.mode", "publish"), ("hub.url", &topic), ("hub.topic", &topic)];
        assert_eq!(request.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        topic
    };
    let mut topics: Vec<_> = hub.rest().into_iter().map(topic).collect();
    topics.sort();
    topics
}

#[test]
fn a_hub_is_told_of_each_document_of_each_feed_that_changed_and_of_no_other() {
    let hub = Unsigned::start();
    let site = blog(&format!("websub: {{ping: [\"{}\"]}}\n", hub.url("/publish")));
    site.write("_posts/2025-01-02-other.md", "---\ntitle: 別の話\ncategories: [notes]\n---\n本文\n");
    site.ok(&["scan"]);
    let of = |feed: &str| [format!("{FEEDS}/{feed}.atom"), format!("{FEEDS}/{feed}.json")];
    assert_eq!(topics(&hub), [of("categories/notes"), of("feed")].concat());

    site.ok(&["scan"]);
    assert_eq!(topics(&hub), [""; 0], "nothing changed");
    site.post("01-01-old", "前からある記事", "直した本文");
    site.ok(&["scan"]);
    let investing = "categories/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90";
    assert_eq!(topics(&hub), [of(investing), of("feed")].concat());
    let listed = site.ok(&["endpoints", "list"]).stdout;
    assert!(listed.contains("ping:127.0.0.1:"), "{listed}");
}

#[test]
fn a_hub_that_was_not_told_yet_is_told_once_of_two_changes() {
    let hub = Unsigned::start();
    let site = blog(&format!("websub: {{ping: [\"{}\"]}}\n", hub.url("/")));
    for text in ["直した本文", "また直した本文"] {
        site.post("01-01-old", "前からある記事", text);
        site.ok(&["scan", "--no-wait"]);
    }
    site.ok(&["scan"]);
    assert_eq!(topics(&hub).len(), 4, "two documents of two feeds");
}

#[test]
fn a_hub_that_refuses_is_not_asked_again_and_one_that_is_busy_is() {
    let hub = Unsigned::start();
    let site = blog(&format!("websub: {{ping: [\"{}\"]}}\n", hub.url("/")));
    hub.script([400, 429, 202, 503]);
    site.write("_posts/2025-01-02-other.md", "---\ntitle: 別の話\ncategories: [notes]\n---\n本文\n");
    site.ok(&["scan"]);
    assert_eq!(topics(&hub).len(), 4);
    let mut states = states(&site);
    states.sort();
    assert_eq!(states, ["dead", "delivered", "pending", "pending"]);
}

#[test]
fn search_engines_get_one_list_a_scan_and_find_the_key() {
    let engine = Unsigned::start();
    let site = blog(&format!("indexnow: {{key: {KEY}, endpoint: \"{}\"}}\n", engine.url("/indexnow")));
    site.post("01-02-gone", "消える記事", "本文");
    site.post("01-03-edited", "直す記事", "本文");
    site.ok(&["scan"]);
    engine.next();
    site.remove("_posts/2025-01-02-gone.md");
    site.post("01-03-edited", "直した記事", "本文");
    site.post("01-04-new", "新しい記事", "本文");
    let daemon = Daemon::start(&site);
    let request = engine.next();
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let page =
        |name: &str| format!("https://blog.example.com/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90/2025/01/{name}.html");
    assert_eq!(body["urlList"], json!([page("02/gone"), page("03/edited"), page("04/new")]));
    let location = format!("https://blog.example.com/{KEY}.txt");
    assert_eq!(
        (&body["host"], &body["key"], &body["keyLocation"]),
        (&json!("blog.example.com"), &json!(KEY), &json!(location))
    );
    assert_eq!((request.path.as_str(), daemon.get(&format!("{KEY}.txt")).as_str()), ("/indexnow", KEY));
    daemon.stop();
}

#[test]
fn a_key_that_search_engines_do_not_find_is_said_to_be_missing() {
    let engine = Unsigned::start();
    let site = blog(&format!("indexnow: {{key: {KEY}, endpoint: \"{}\"}}\n", engine.url("/")));
    engine.script([403]);
    site.post("01-02-new", "新しい記事", "本文");
    site.ok(&["scan"]);
    engine.next();
    let dead: Value =
        serde_json::from_str(&site.ok(&["deliveries", "list", "--state", "dead", "--format", "json"]).stdout).unwrap();
    let story = site.ok(&["deliveries", "show", dead[0]["event_id"].as_str().unwrap()]).stdout;
    assert!(story.contains("indexnow.key_location"), "{story}");
    site.ok(&["endpoints", "test", "indexnow"]);
    assert!(engine.next().body.contains("\"https://blog.example.com/\""));
}

#[test]
fn a_cache_is_told_once_a_scan_of_each_feed_that_changed() {
    let receiver = Receiver::start();
    let site = blog(&hook(&receiver, "feed.updated"));
    site.write("_posts/2025-01-02-other.md", "---\ntitle: 別の話\ncategories: [notes]\n---\n本文\n");
    site.ok(&["scan"]);
    let mut told = receiver.rest();
    told.sort_by_key(|message| message.data("id").to_string());
    let ids: Vec<_> = told.iter().map(|message| message.data("id").as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, [format!("{FEEDS}/categories/notes"), format!("{FEEDS}/feed")]);
    let feed = &told[1];
    let urls = |page: &str| {
        [("atom", "feed.atom"), ("html", page), ("json", "feed.json")]
            .map(|(key, path)| (key.to_owned(), json!(format!("{FEEDS}/{path}"))))
    };
    assert_eq!(feed.event(), "feed.updated");
    assert_eq!(*feed.data("url"), format!("{FEEDS}/feed.atom"));
    assert_eq!((feed.data("title"), feed.data("entries")), (&json!("投資と技術"), &json!(2)));
    assert_eq!(*feed.data("urls"), Value::Object(urls("index.html").into_iter().collect()));
    let changed = ["feed.atom", "feed.json", "index.html"].map(|path| format!("{FEEDS}/{path}"));
    assert_eq!(*feed.data("changed"), json!(changed));

    site.ok(&["scan"]);
    assert_eq!(receiver.rest().len(), 0, "nothing changed");
}

/// Gives all documents the entity tags that versions before made: the first half of SHA-256. How many there are.
fn with_former_tags(site: &Site) -> usize {
    use sha2::Digest as _;
    use sqlx::{Connection as _, Row as _, SqliteConnection};
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let url = format!("sqlite:{}", site.file(".tidings/tidings.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let rows = sqlx::query("SELECT path FROM document").fetch_all(&mut connection).await.unwrap();
        for row in &rows {
            let path: String = row.get("path");
            let digest = sha2::Sha256::digest(fs::read(site.file(&format!("feeds/{path}"))).unwrap());
            let etag: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            let update = sqlx::query("UPDATE document SET etag = ? WHERE path = ?").bind(etag).bind(path);
            update.execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        rows.len()
    })
}

#[test]
fn an_update_that_makes_other_entity_tags_is_no_news() {
    let receiver = Receiver::start();
    let site = blog(&hook(&receiver, "feed.updated"));
    assert!(with_former_tags(&site) > 3);
    site.ok(&["scan"]);
    fs::remove_dir_all(site.file("feeds")).unwrap();
    site.ok(&["scan"]);
    assert_eq!(receiver.rest().len(), 0, "no document says anything else");
    site.write("_posts/2025-01-02-other.md", "---\ntitle: 別の話\ncategories: [notes]\n---\n本文\n");
    site.ok(&["scan"]);
    let told: BTreeSet<String> = receiver.rest().iter().map(|message| message.data("id").to_string()).collect();
    assert_eq!(told, ["categories/notes", "feed"].map(|id| format!("\"{FEEDS}/{id}\"")).into());
}

#[test]
fn beyond_the_guard_a_cache_gets_one_digest() {
    let receiver = Receiver::start();
    let site = blog(&format!("{}guard: {{max_events_per_scan: 2}}\n", hook(&receiver, "feed.updated")));
    site.write("_posts/2025-01-02-other.md", "---\ntitle: 別の話\ncategories: [a, b]\n---\n本文\n");
    site.ok(&["scan"]);
    let digest = receiver.next();
    assert_eq!((digest.event(), digest.data("count")), ("feeds.changed", &json!(3)));
    let ids: Vec<_> = digest.data("feeds").as_array().unwrap().iter().map(|feed| feed["id"].clone()).collect();
    assert_eq!(ids, ["feed", "categories/a", "categories/b"].map(|path| json!(format!("{FEEDS}/{path}"))));
}

/// What has arrived: types and ids.
fn arrived(messages: impl IntoIterator<Item = Message>) -> BTreeSet<(String, String)> {
    messages.into_iter().map(|message| (message.event().to_owned(), message.id)).collect()
}

#[test]
fn the_same_change_has_the_same_ids_wherever_the_process_dies() {
    let receiver = Receiver::start_out_of_time();
    let site = blog(&hook(&receiver, "feed.updated, urls.changed"));
    site.post("01-02-gone", "消える記事", "本文");
    site.ok(&["scan"]);
    drop(receiver.rest());
    // A post that goes gives the feeds a date: the clock's, which is another one after the crash.
    site.remove("_posts/2025-01-02-gone.md");
    site.post("01-03-new", "新しい記事", "本文");
    site.write("clock", "100 100");
    site.copy().ok(&["scan"]);
    let expected = arrived(receiver.rest());
    assert_eq!(expected.len(), 3, "two feeds and a list of pages: {expected:?}");

    for step in ["publish.renamed", "scan.published", "scan.committed", "deliveries.sent"] {
        let site = site.copy();
        Daemon::start_to_die(&site, step).dies();
        let mut found = arrived(receiver.rest());
        let daemon = Daemon::start_with(&site, &[("TIDINGS_CLOCK", site.file("clock").to_str().unwrap())]);
        while found.len() < expected.len() {
            found.extend(arrived([receiver.next()]));
        }
        daemon.stop();
        found.extend(arrived(receiver.rest()));
        assert_eq!(found, expected, "{step}");
    }
}

#[test]
fn operators_are_told_once_that_scans_fail_and_once_that_they_work_again() {
    let receiver = Receiver::start_out_of_time();
    let site = blog(&hook(&receiver, "scan.failing, scan.recovered"));
    site.write("clock", "0 0");
    let clock = [("TIDINGS_CLOCK", site.file("clock"))];
    let clock = clock.each_ref().map(|(name, file)| (*name, file.to_str().unwrap()));
    let mut daemon = Daemon::start_with(&site, &clock);
    // A file where the directory belongs.
    fs::rename(site.file("feeds"), site.file("away")).unwrap();
    site.write("feeds", "");
    for _ in 0..3 {
        daemon.rescan();
    }
    site.write("clock", "70 0");
    daemon.rescan();
    let failing = receiver.next();
    assert_eq!(failing.event(), "scan.failing");
    assert!(failing.data("failures").as_u64().unwrap() >= 3 && failing.data("since").is_string(), "{failing:?}");
    assert!(failing.data("reason").as_str().unwrap().contains("feeds"), "{failing:?}");
    daemon.rescan();
    daemon.stop();

    let mut daemon = Daemon::start_with(&site, &clock);
    daemon.rescan();
    fs::remove_file(site.file("feeds")).unwrap();
    fs::rename(site.file("away"), site.file("feeds")).unwrap();
    daemon.rescan();
    let recovered = receiver.next();
    assert_eq!((recovered.event(), recovered.data("since")), ("scan.recovered", failing.data("since")));
    daemon.rescan();
    daemon.stop();
}
