//! Jekyll's own settings and data, as far as feeds show them.

use serde_json::Value;

use crate::harness::{Daemon, Site};

fn feed(site: &Site, path: &str) -> Value {
    serde_json::from_str(&site.read(&format!("feeds/{path}.json"))).unwrap()
}

fn items(feed: &Value, key: &str) -> Vec<String> {
    let items = feed["items"].as_array().unwrap();
    items.iter().map(|item| item[key].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_collection_that_jekyll_feed_is_told_of_has_a_feed_of_its_own() {
    let site = Site::new();
    site.write(
        "_config.yml",
        "url: https://blog.example.com\ncollections: {notes: {output: true}}\nfeed: {collections: [notes], posts_limit: 2}\n",
    );
    site.config("feeds: {custom: [{name: long, collection: notes, where: {tags: [long]}}]}\n");
    for day in 1..4 {
        site.write(&format!("_posts/2025-01-0{day}-p.md"), format!("---\ntitle: Post {day}\ntags: [post]\n---\nx\n"));
    }
    site.write("_notes/2025-02-01-a.md", "---\ntitle: A\ntags: [long]\n---\nx\n");
    site.write("_notes/b.md", "---\ntitle: B\ndate: 2025-02-02\n---\nx\n");
    site.write("_notes/undated.md", "---\ntitle: C\n---\nx\n");
    site.ok(&["build"]);
    assert_eq!(items(&feed(&site, "feed"), "title"), ["Post 3", "Post 2"]);
    let notes = feed(&site, "collections/notes");
    assert_eq!(items(&notes, "url"), ["b", "2025-02-01-a"].map(|n| format!("https://blog.example.com/notes/{n}.html")));
    assert_eq!(items(&feed(&site, "long"), "title"), ["A"]);
    assert!(site.file("feeds/tags/post.json").exists() && !site.file("feeds/tags/long.json").exists());
    site.config("feeds: {custom: [{name: x, collection: nots}]}\n");
    let refused = site.run(&["build"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("no documents are read of a collection `nots`"), "{}", refused.stderr);
}

#[test]
fn of_several_settings_files_the_later_wins() {
    let site = Site::new();
    site.write("_config/base.toml", "url = \"https://base.example\"\npermalink = \"/:title/\"\n");
    site.write("_config/live.yml", "url: https://live.example\n");
    site.config("source: {settings: [_config/base.toml, _config/live.yml]}\n");
    site.post("01-01-x", "X", "x\n");
    site.ok(&["build"]);
    assert_eq!(items(&feed(&site, "feed"), "url"), ["https://live.example/x/"]);
}

#[test]
fn a_change_in_the_list_of_authors_shows_in_the_next_scan() {
    let site = Site::new();
    site.write("_data/authors.yml", "ada: {name: Ada}\n");
    site.write("_posts/2025-01-01-x.md", "---\ntitle: X\nauthor: ada\n---\nx\n");
    let mut daemon = Daemon::start(&site);
    assert_eq!(feed(&site, "feed")["items"][0]["authors"][0]["name"], "Ada");
    site.write("_data/authors.yml", "ada: {name: Ada Lovelace}\n");
    daemon.rescan();
    assert_eq!(feed(&site, "feed")["items"][0]["authors"][0]["name"], "Ada Lovelace");
    daemon.stop();
}
