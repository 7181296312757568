//! The documents that tests make keep the [`rules`], and each rule can be broken.

use std::path::Path;

use crate::harness::{Site, repository};
use crate::rules::broken;

/// Checks all documents below `dir`, published under `base`, and fails if any breaks a rule. Returns how many there were.
pub(crate) fn hold(dir: &Path, base: &str) -> usize {
    let documents: Vec<_> = crate::sample::files(dir).into_iter().filter(|(name, _)| is_document(name)).collect();
    let found: Vec<_> = documents.iter().flat_map(|(name, bytes)| broken(name, bytes, base)).collect();
    assert!(found.is_empty(), "{} rules are broken:\n{}", found.len(), found.join("\n"));
    documents.len()
}

/// As [`hold`], for a site of the harness.
pub(crate) fn hold_for(site: &Site) {
    assert!(hold(&site.file("feeds"), "https://blog.example.com/feeds/") > 0);
}

fn is_document(name: &str) -> bool {
    [".atom", ".rss", ".json", ".opml"].iter().any(|extension| name.ends_with(extension)) && !name.starts_with('.')
}

#[test]
fn the_example_blogs_documents_keep_every_rule() {
    let dir = repository("feeds");
    assert!(hold(&dir, "https://blog.example.com/feeds/") > 60);
}

#[test]
fn each_rule_can_be_broken() {
    let dir = repository("feeds");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let (atom, rss, json) = (read("feed.atom"), read("feed.rss"), read("feed.json"));
    let breaks = |name: &str, document: &str, from: &str, to: &str| {
        assert!(document.contains(from), "{name} has no {from}");
        let found = broken(name, document.replacen(from, to, 1).as_bytes(), "https://blog.example.com/feeds/");
        assert!(!found.is_empty(), "{name} may have {to} for {from}");
    };
    for (from, to) in [
        ("<title>", "<title>&#8;"),
        ("<updated>", "<updated>x"),
        ("rel=\"self\"", "rel=\"related\""),
        ("feeds/feed.atom\"", "feeds/other.atom\""),
        ("&lt;/code&gt;", ""),
        ("&lt;p&gt;", "&lt;p onclick=\"x\"&gt;"),
        ("&lt;p&gt;", "&lt;script&gt;&lt;/script&gt;&lt;p&gt;"),
        ("lt;a href=&quot;https:", "lt;a href=&quot;"),
        ("</entry>", ""),
        ("<id>https", "<id>HTTPS"),
        ("<name>", "<name>a@b.example "),
        ("<name>", "<name>a&lt;a@b.example&gt;"),
    ] {
        breaks("feed.atom", &atom, from, to);
    }
    for (from, to) in [
        ("<pubDate>", "<pubDate>x"),
        ("<guid isPermaLink=\"false\">", "<guid>x"),
        ("rel=\"self\"", "rel=\"hub\""),
        ("<link>https", "<link>ftp"),
        ("<language>ja", "<language>ja_JP"),
        ("<description>", "<description>&nbsp;"),
    ] {
        breaks("feed.rss", &rss, from, to);
    }
    for (from, to) in [
        ("\"version\"", "\"verson\""),
        ("\"id\"", "\"_id\""),
        ("\"date_published\": \"", "\"date_published\": \"x"),
        ("\"_tidings\"", "\"tidings\""),
        ("feeds/feed.json\"", "feeds/x.json\""),
    ] {
        breaks("feed.json", &json, from, to);
    }
}
