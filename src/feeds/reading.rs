//! What a feed reader gets out of the documents: they are read back with `feed-rs` and held against the feed.

use chrono::{DateTime, Utc};
use feed_rs::model;
use proptest::prelude::*;

use super::{Document, Entry, Feed, atom, json, rss, samples};
use crate::config::{Format, Taxonomy};

/// What all formats can say of a feed.
#[derive(Debug, PartialEq)]
struct Seen {
    title: String,
    self_link: Option<String>,
    entries: Vec<SeenEntry>,
}

/// What all formats can say of an entry.
#[derive(Debug, PartialEq)]
struct SeenEntry {
    id: String,
    link: String,
    title: String,
    published: DateTime<Utc>,
    updated: DateTime<Utc>,
    body: Option<String>,
    summary: Option<String>,
    categories: Vec<(String, Option<String>)>,
    image: Option<String>,
}

fn render(feed: &Feed, format: Format) -> Document {
    match format {
        Format::Atom => atom::render(feed),
        Format::Rss => rss::render(feed),
        Format::Json => json::render(feed),
    }
}

fn read(document: &Document) -> model::Feed {
    feed_rs::parser::parse(document.bytes.as_slice()).unwrap()
}

fn seen(feed: model::Feed, format: Format) -> Seen {
    let own = |link: &&model::Link| link.rel.as_deref() == Some("self") || format == Format::Json;
    Seen {
        title: feed.title.unwrap().content,
        // JSON Feed's own URL comes last.
        self_link: feed.links.iter().rev().find(own).map(|link| link.href.clone()),
        entries: feed.entries.into_iter().map(|entry| seen_entry(entry, format)).collect(),
    }
}

fn seen_entry(entry: model::Entry, format: Format) -> SeenEntry {
    let unescape = |text: String| quick_xml::escape::unescape(&text).unwrap().into_owned();
    let summary = entry.summary.map(|text| text.content);
    let image = entry.media.first().and_then(|media| media.content.first()?.url.clone());
    SeenEntry {
        id: entry.id,
        link: entry.links[0].href.clone(),
        title: entry.title.unwrap().content,
        published: entry.published.unwrap(),
        updated: entry.updated.unwrap(),
        body: entry.content.and_then(|content| content.body),
        // RSS has HTML where the others have plain text.
        summary: if format == Format::Rss { summary.map(unescape) } else { summary },
        categories: entry.categories.into_iter().map(|category| (category.term, category.scheme)).collect(),
        image: image.map(String::from),
    }
}

fn expected(feed: &Feed, format: Format) -> Seen {
    Seen {
        title: feed.title.clone(),
        self_link: feed.url(format).map(str::to_owned),
        entries: feed.entries.iter().map(|entry| expected_entry(entry, format)).collect(),
    }
}

fn expected_entry(entry: &Entry, format: Format) -> SeenEntry {
    let (body, summary) = texts(entry, format);
    SeenEntry {
        id: entry.id.clone(),
        link: entry.url.clone(),
        title: entry.title.clone(),
        published: entry.published.to_utc(),
        updated: entry.updated.to_utc(),
        body,
        summary,
        categories: categories(entry, format),
        // The reader does not look at JSON Feed's.
        image: entry.image.clone().filter(|_| format != Format::Json),
    }
}

/// RSS always has a description, Atom a summary or content, JSON Feed a content.
fn texts(entry: &Entry, format: Format) -> (Option<String>, Option<String>) {
    let (html, summary) = (entry.html.as_deref(), entry.summary.as_deref());
    let stand_in = summary.unwrap_or(&entry.title);
    let (body, summary) = match format {
        Format::Atom => (html, summary.or(html.is_none().then_some(stand_in))),
        Format::Rss => (html, Some(stand_in)),
        Format::Json => (html.or(Some(stand_in)), summary),
    };
    (body.map(str::to_owned), summary.map(str::to_owned))
}

/// JSON Feed has no schemes, and no term twice.
fn categories(entry: &Entry, format: Format) -> Vec<(String, Option<String>)> {
    let of = |taxonomy| entry.categories.iter().filter(move |category| category.taxonomy == taxonomy);
    if format != Format::Json {
        return entry.categories.iter().map(|one| (one.term.clone(), Some(one.scheme.clone()))).collect();
    }
    let mut all: Vec<(String, Option<String>)> = Vec::new();
    for category in of(Taxonomy::Category).chain(of(Taxonomy::Tag)) {
        if all.iter().all(|(term, _)| *term != category.term) {
            all.push((category.term.clone(), None));
        }
    }
    all
}

fn assert_reads_back(feed: &Feed) {
    for format in [Format::Atom, Format::Rss, Format::Json] {
        let document = render(feed, format);
        assert_eq!(seen(read(&document), format), expected(feed, format), "{format:?}");
        assert_eq!(render(feed, format), document, "{format:?} differs from itself");
    }
}

#[test]
fn readers_get_back_what_the_nasty_feed_says() {
    assert_reads_back(&samples::nasty_feed());
}

#[test]
fn readers_get_back_a_feed_without_entries() {
    assert_reads_back(&samples::empty_feed());
}

#[test]
fn documents_stand_beside_each_other() {
    let feed = samples::nasty_feed();
    let places = [Format::Atom, Format::Rss, Format::Json].map(|format| {
        let Document { path, url, .. } = render(&feed, format);
        assert_eq!(Some(url.as_str()), feed.url(format));
        path
    });
    assert_eq!(places, ["categories/技術.atom", "categories/技術.rss", "categories/技術.json"]);
}

proptest! {
    #[test]
    fn readers_get_back_any_feed(feed in samples::any_feed()) {
        assert_reads_back(&feed);
    }
}
