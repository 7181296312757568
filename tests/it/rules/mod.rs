//! What every document has to keep: the rules of Atom, RSS, JSON Feed and OPML, and those by which the W3C feed validator
//! warns, as far as a document alone can break them.
//!
//! In: a directory of documents and the URL that it is published under. Out: all that is wrong, as texts. Never: the network.

mod atom;
mod html;
mod json;
mod opml;
mod rss;
mod text;
mod xml;

use std::path::Path;

use crate::harness::Site;

/// The validator parses no more.
const MOST_BYTES: usize = 5_000_000;

/// What is wrong with one document, with the place in it.
pub(crate) struct Findings {
    document: String,
    found: Vec<String>,
}

impl Findings {
    fn add(&mut self, place: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{}: {place}: {what}", self.document));
    }

    /// Notes `what` unless it holds.
    fn hold(&mut self, holds: bool, place: &str, what: impl std::fmt::Display) {
        if !holds {
            self.add(place, what);
        }
    }
}

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

fn broken(name: &str, bytes: &[u8], base: &str) -> Vec<String> {
    let mut findings = Findings { document: name.to_owned(), found: Vec::new() };
    let document = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{name} is not UTF-8: {error}"));
    findings.hold(bytes.len() < MOST_BYTES, "document", format_args!("{} bytes", bytes.len()));
    let forbidden = document.chars().find(|&c| text::is_forbidden(c));
    findings.hold(forbidden.is_none(), "document", format_args!("holds {forbidden:?}"));
    let url = text::url_of(base, name);
    match (name.rsplit_once('.').map(|(_, extension)| extension), xml::parse(document)) {
        (Some("json"), _) => json::check(document, &url, &mut findings),
        (_, Err(error)) => findings.add("document", error),
        (Some("atom"), Ok(root)) => atom::check(&root, &url, &mut findings),
        (Some("rss"), Ok(root)) => rss::check(&root, &url, &mut findings),
        (_, Ok(root)) => opml::check(&root, &mut findings),
    }
    findings.found
}

#[test]
fn the_example_blogs_documents_keep_every_rule() {
    let dir = crate::harness::repository("feeds");
    assert!(hold(&dir, "https://blog.example.com/feeds/") > 60);
}

#[test]
fn each_rule_can_be_broken() {
    let dir = crate::harness::repository("feeds");
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
