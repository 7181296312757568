//! Posts that come, go, and stand beside their like.

use feed_rs::model::Feed;

use super::{built, feeds, html, title, titles, told};
use crate::harness::Site;
use crate::kept;

fn atom(site: &Site) -> Feed {
    site.ok(&["scan"]);
    kept::hold_for(site);
    feed_rs::parser::parse(site.read("feeds/feed.atom").as_bytes()).unwrap()
}

#[test]
fn case_17_removed_withdrawn_and_future_posts() {
    let site = Site::new();
    for (day, title) in [(1, "stays"), (2, "goes"), (3, "is withdrawn")] {
        site.post(&format!("01-0{day}-p"), title, "本文");
    }
    site.write("_posts/2099-01-01-f.md", "---\ntitle: future\n---\nx\n");
    assert_eq!(atom(&site).entries.len(), 3);
    site.remove("_posts/2025-01-02-p.md");
    site.write("_posts/2025-01-03-p.md", "---\ntitle: is withdrawn\npublished: false\n---\n本文\n");
    assert_eq!(atom(&site).entries.iter().map(title).collect::<Vec<_>>(), ["stays"]);
}

#[test]
fn case_18_twins_and_posts_without_anything() {
    let same = |title: &str, body: &str| format!("---\ntitle: {title}\ndate: 2025-01-01 10:00:00\n---\n{body}");
    let site = built(&[
        ("2025-01-01-b.md", &same("twin", "b\n")),
        ("2025-01-01-a.md", &same("twin", "a\n")),
        ("2025-01-01-c.md", &same("no body", "")),
        ("2025-01-01-d.md", &same("\"\"", "A text without a title.\n")),
        ("2025-01-01-e.md", &same("\" \"", "")),
    ]);
    let before = titles(&site);
    assert_eq!(before.len(), 5);
    assert!(before.iter().all(|title| !title.trim().is_empty()), "{before:?}");
    for (format, feed) in feeds(&site) {
        let empty = feed.entries.iter().find(|entry| title(entry) == "no body").unwrap();
        assert!(!html(empty).contains("<p></p>"), "{format}");
    }
    assert!(site.ok(&["build"]).stdout.contains(" 0 written,"), "the order is stable");
    told(&site, &[]);
}

#[test]
fn a_repository_without_posts_has_valid_empty_feeds_and_a_warning() {
    let site = built(&[]);
    for (format, feed) in feeds(&site) {
        assert_eq!(feed.entries.len(), 0, "{format}");
        assert_eq!(feed.title.unwrap().content, "投資と技術", "{format}");
    }
    told(&site, &[("T018", ".")]);
    assert_eq!((site.run(&["check"]).status, site.run(&["build", "--strict"]).status), (1, 1));
}

#[test]
fn case_17_a_removal_moves_the_feed_forward() {
    let site = Site::new();
    site.post("01-01-a", "stays", "本文");
    site.post("01-02-b", "goes", "本文");
    let before = atom(&site).updated.unwrap();
    site.remove("_posts/2025-01-02-b.md");
    let after = atom(&site).updated.unwrap();
    assert!(after > before, "{after} is not after {before}");
    assert_eq!(atom(&site).updated.unwrap(), after, "the clock alone moves nothing");
}
