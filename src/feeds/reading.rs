//! What a feed reader gets out of the documents: they are read back with `feed-rs` and held against the feed.

use chrono::{DateTime, Utc};
use feed_rs::model;
use proptest::prelude::*;

use super::{Document, Entry, Feed, atom, json, rss, samples};
use crate::config::{Format, Taxonomy};
use crate::posts::media::Attachment;

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
    attachments: Vec<SeenFile>,
}

/// URL, type, length, title.
type SeenFile = (String, String, Option<u64>, Option<String>);

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
        title: looks(&feed.title.unwrap().content),
        // JSON Feed's own URL comes last.
        self_link: feed.links.iter().rev().find(own).map(|link| link.href.clone()),
        entries: feed.entries.into_iter().map(|entry| seen_entry(entry, format)).collect(),
    }
}

fn seen_entry(entry: model::Entry, format: Format) -> SeenEntry {
    let unescape = |text: String| quick_xml::escape::unescape(&text).unwrap().into_owned();
    let attachments = files(&entry, format);
    // RSS has HTML where the others have plain text; Atom, where that might be taken for HTML.
    let is_html = |text: &model::Text| format == Format::Rss || text.content_type.as_ref() == "text/html";
    let summary = entry.summary.map(|text| if is_html(&text) { unescape(text.content) } else { text.content });
    let mut pictures = entry.media.iter().flat_map(|media| &media.thumbnails);
    let image = pictures.next().map(|picture| picture.image.uri.clone());
    SeenEntry {
        id: entry.id,
        link: entry.links[0].href.clone(),
        title: looks(&entry.title.unwrap().content),
        published: entry.published.unwrap(),
        updated: entry.updated.unwrap(),
        body: entry.content.and_then(|content| content.body),
        summary,
        categories: entry.categories.into_iter().map(|one| (looks(&one.term), one.scheme)).collect(),
        image,
        attachments,
    }
}

/// A text without what shows nothing, and is there for readers that would take it for HTML.
fn looks(text: &str) -> String {
    text.replace('\u{2060}', "")
}

/// The files that go with the entry, but for its picture.
fn files(entry: &model::Entry, format: Format) -> Vec<SeenFile> {
    if format == Format::Rss {
        let contents = entry.media.iter().flat_map(|media| &media.content);
        return contents
            .filter_map(|content| Some((content, content.content_type.as_ref()?.to_string())))
            .map(|(content, of_type)| (content.url.as_ref().unwrap().to_string(), of_type, content.size, None))
            .collect();
    }
    let is_file = |link: &&model::Link| match format {
        Format::Atom => link.rel.as_deref() == Some("enclosure"),
        Format::Rss | Format::Json => link.media_type.is_some(),
    };
    let files = entry.links.iter().filter(is_file).filter(|link| link.media_type.as_deref() != Some("image/png"));
    files
        .map(|link| {
            (link.href.clone(), link.media_type.clone().unwrap(), link.length, link.title.as_deref().map(looks))
        })
        .collect()
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
        // The reader does not look at JSON Feed's, nor at one beside an enclosure in RSS.
        image: entry.image.clone().filter(|_| match format {
            Format::Atom => true,
            Format::Rss => entry.attachments.is_empty(),
            Format::Json => false,
        }),
        attachments: expected_files(entry, format),
    }
}

/// RSS has room for one, without a title; its length is 0 if nobody knows it.
fn expected_files(entry: &Entry, format: Format) -> Vec<SeenFile> {
    let file = |file: &Attachment| match format {
        Format::Rss => (file.url.clone(), file.media_type.clone(), file.length.or(Some(0)), None),
        _ => (file.url.clone(), file.media_type.clone(), file.length, file.title.clone()),
    };
    let most = if format == Format::Rss { 1 } else { usize::MAX };
    entry.attachments.iter().take(most).map(file).collect()
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
