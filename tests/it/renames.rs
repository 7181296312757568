//! A post whose file, URL or site has another name stays the post it was.

use serde_json::Value;

use crate::harness::{Message, Receiver, Site};

const TEXT: &str = "十分に長い本文なので、ほかの記事と取り違えられることはありません。\n\n二段落目もあります。\n";

fn plain() -> (Site, Receiver) {
    let (site, receiver) = (Site::bare(), Receiver::start());
    site.webhook(&receiver, "site: {url: \"https://blog.example.com\"}\n");
    (site, receiver)
}

fn post(site: &Site, path: &str, front_matter: &str, text: &str) {
    site.write(path, format!("---\ntitle: 題\ndate: 2025-01-01\n{front_matter}\n---\n{text}"));
}

/// The only entry of the site's feed.
fn entry(site: &Site) -> Value {
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    let items = feed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{items:#?}");
    items[0].clone()
}

/// The post's events of one scan, in an order that does not depend on the road they took.
fn events<const N: usize>(receiver: &Receiver) -> [Message; N] {
    let mut messages = std::array::from_fn(|_| receiver.next());
    messages.sort_by_key(|message| message.event().to_owned());
    messages
}

#[test]
fn case_15_a_file_renamed_with_its_text_keeps_id_and_dates_and_is_updated_once() {
    let (site, receiver) = plain();
    post(&site, "old.md", "", TEXT);
    site.ok(&["scan"]);
    let before = entry(&site);
    site.remove("old.md");
    post(&site, "sub/new.md", "", &TEXT.replace('\n', "\r\n"));
    site.ok(&["scan"]);
    let message = receiver.next();
    assert_eq!((message.event(), message.data("id")), ("post.updated", &before["id"]));
    assert_eq!(message.data("url"), "https://blog.example.com/sub/new/");
    let after = entry(&site);
    assert_eq!((&after["id"], &after["url"]), (&before["id"], &"https://blog.example.com/sub/new/".into()));
    for date in ["date_published", "date_modified"] {
        assert_eq!(after[date], before[date], "{date}");
    }
    site.ok(&["scan"]);
    assert_eq!(entry(&site), after);
}

#[test]
fn case_15_former_urls_are_followed_whatever_became_of_the_text() {
    for former in
        ["redirect_from: /old/", "redirect_from: [/x/, old]", "aliases: [/old]", "aliases:\n  - ../old/index.html"]
    {
        let (site, receiver) = plain();
        post(&site, "old.md", "", TEXT);
        site.ok(&["scan"]);
        let before = entry(&site);
        site.remove("old.md");
        post(&site, "new.md", former, "書き直した本文");
        site.ok(&["scan"]);
        assert_eq!(receiver.next().event(), "post.updated", "{former}");
        let after = entry(&site);
        assert_eq!(after["id"], before["id"], "{former}");
        assert_ne!(after["date_modified"], before["date_modified"], "the text is another");
    }
}

#[test]
fn case_15_a_site_that_moves_keeps_its_ids_and_says_nothing() {
    let (site, receiver) = plain();
    let moved = |to: &str| {
        site.webhook(&receiver, &format!("site: {{url: \"{to}\"}}\n"));
        site.ok(&["scan"]);
        entry(&site)
    };
    post(&site, "a.md", "", TEXT);
    let http = moved("http://blog.example.com");
    let https = moved("https://blog.example.com");
    let other = moved("https://other.example/base");
    assert_eq!([&https["id"], &other["id"]], [&http["id"]; 2]);
    assert_eq!(other["url"], "https://other.example/base/a/");
    assert_eq!(other["date_modified"], http["date_modified"]);
}

#[test]
fn texts_that_several_posts_share_are_followed_by_name_only() {
    let (site, receiver) = plain();
    for name in ["a", "b", "c"] {
        post(&site, &format!("{name}.md"), "", TEXT);
    }
    site.ok(&["scan"]);
    for name in ["a", "b", "c"] {
        site.remove(&format!("{name}.md"));
    }
    post(&site, "moved/a.md", "", TEXT);
    post(&site, "x.md", "", TEXT);
    site.ok(&["scan", "--allow-removals"]);
    let [published, first, second, updated] = events(&receiver);
    assert_eq!((published.event(), published.data("url")), ("post.published", &"https://blog.example.com/x/".into()));
    assert_eq!([first.event(), second.event()], ["post.removed"; 2]);
    assert_eq!((updated.event(), updated.data("id")), ("post.updated", &"https://blog.example.com/a/".into()));
}

#[test]
fn short_texts_under_other_titles_are_no_renames() {
    let (site, receiver) = plain();
    post(&site, "a.md", "", "短い");
    site.ok(&["scan"]);
    site.remove("a.md");
    site.write("b.md", "---\ntitle: 別\ndate: 2025-01-01\n---\n短い");
    site.ok(&["scan"]);
    assert_eq!(
        events(&receiver).map(|message: Message| message.event().to_owned()),
        ["post.published", "post.removed"]
    );
}

#[test]
fn a_name_that_was_left_belongs_to_the_next_post_and_not_to_its_old_one() {
    let (site, receiver) = plain();
    post(&site, "a.md", "", TEXT);
    site.ok(&["scan"]);
    let id = entry(&site)["id"].clone();
    std::fs::rename(site.file("a.md"), site.file("b.md")).unwrap();
    site.ok(&["scan"]);
    assert_eq!((receiver.next().event(), &entry(&site)["id"]), ("post.updated", &id));
    post(&site, "a.md", "", "新しい記事");
    site.ok(&["scan"]);
    let message = receiver.next();
    assert_eq!((message.event(), message.data("url")), ("post.published", &"https://blog.example.com/a/".into()));
    assert_ne!(message.data("id"), &id);
    site.remove("b.md");
    site.ok(&["scan", "--allow-removals"]);
    let removed = receiver.next();
    assert_eq!((removed.event(), removed.data("id")), ("post.removed", &id));
    std::fs::rename(site.file("a.md"), site.file("c.md")).unwrap();
    site.ok(&["scan"]);
    let renamed = receiver.next();
    assert_eq!((renamed.event(), renamed.data("id")), ("post.updated", message.data("id")));
}

#[test]
fn case_17_the_id_of_a_removed_post_is_never_given_to_another() {
    let (site, receiver) = plain();
    post(&site, "a.md", "permalink: /p/", TEXT);
    site.ok(&["scan"]);
    let id = entry(&site)["id"].clone();
    site.remove("a.md");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.removed");
    post(&site, "b.md", "permalink: /p/", "別の記事");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.published");
    assert_ne!(entry(&site)["id"], id);
    site.remove("b.md");
    post(&site, "c.md", "permalink: /q/", TEXT);
    site.ok(&["scan"]);
    let [published, removed]: [Message; 2] = events(&receiver);
    assert_eq!((removed.event(), published.event()), ("post.removed", "post.published"));
    assert_eq!(published.data("id"), &id, "the same text is the same post come back");
}
