//! JSON Feed 1.1.
//!
//! In: a [`Feed`]. Out: its `.json` [`Document`], indented, so that a change shows as one in a diff.
//! Never: HTML outside `content_html`.

use std::io::{self, Write as _};

use chrono::{DateTime, FixedOffset};
use memchr::memmem;
use serde::Serialize;
use serde_json::{Map, Value};

use super::written::{self, BODY, Written};
use super::{Document, Entry, Feed};
use crate::config::Format;
use crate::posts::{Person, media};

/// Renders the feed as JSON.
///
/// # Panics
///
/// If the feed has no URL in this format.
#[must_use]
pub fn render(feed: &Feed) -> Document {
    let frame = serde_json::to_vec_pretty(&Top::from(feed)).expect("structs with string keys serialise");
    let mut written = Written::new(b"", feed, written::as_json);
    fill(&frame, &mut written).expect("writing to memory does not fail");
    let mut bytes = written.into_bytes();
    bytes.push(b'\n');
    feed.document(Format::Json, bytes)
}

/// Writes a document in which [`BODY`] stands for each body.
fn fill(frame: &[u8], written: &mut Written<'_>) -> io::Result<()> {
    // No text can hold this: a quote in a text has a backslash before it.
    const STAND_IN: &[u8] = br#""content_html": "\u0004""#;
    const BEHIND_BODY: usize = 1;
    const BEFORE_BODY: usize = STAND_IN.len() - br"\u0004".len() - BEHIND_BODY;
    let mut from = 0;
    for at in memmem::find_iter(frame, STAND_IN) {
        written.write_all(&frame[from..at + BEFORE_BODY])?;
        written.write_all(BODY.as_bytes())?;
        from = at + STAND_IN.len() - BEHIND_BODY;
    }
    written.write_all(&frame[from..])
}

#[derive(Serialize)]
struct Top<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    protocol: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    date_published: DateTime<FixedOffset>,
    date_modified: DateTime<FixedOffset>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(rename = "_tidings", skip_serializing_if = "Map::is_empty")]
    extra: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u64>,
}

/// One of them has to be there.
#[derive(Serialize)]
enum Content<'a> {
    #[serde(rename = "content_html")]
    Html(&'a str),
    #[serde(rename = "content_text")]
    Text(&'a str),
}

impl<'a> From<&'a Feed> for Top<'a> {
    fn from(feed: &'a Feed) -> Self {
        Self {
            version: "https://jsonfeed.org/version/1.1",
            title: &feed.title,
            home_page_url: &feed.home_url,
            feed_url: feed.own_url(Format::Json),
            next_url: older(feed),
            description: &feed.description,
            // Not as `icon`, which is to be square and 512 pixels wide: an icon may be small, and a logo is not square.
            favicon: feed.icon.as_deref(),
            language: feed.language.as_deref(),
            authors: vec![Author::from(&feed.author)],
            hubs: feed.hubs.iter().map(|url| Hub { protocol: "WebSub", url }).collect(),
            items: feed.entries.iter().map(|entry| Item::from(entry.as_ref())).collect(),
        }
    }
}

/// The document with the next older posts.
fn older(feed: &Feed) -> Option<&str> {
    let links = feed.history.links(Format::Json);
    links.into_iter().find(|(relation, _)| *relation == "prev-archive").map(|(_, url)| url)
}

impl<'a> From<&'a media::Attachment> for Attachment<'a> {
    fn from(file: &'a media::Attachment) -> Self {
        Self {
            url: &file.url,
            mime_type: &file.media_type,
            title: file.title.as_deref(),
            size_in_bytes: file.length,
            duration_in_seconds: file.duration,
        }
    }
}

impl<'a> From<&'a Person> for Author<'a> {
    fn from(person: &'a Person) -> Self {
        Self { name: &person.name, url: person.uri.as_deref() }
    }
}

impl<'a> From<&'a Entry> for Item<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            id: &entry.id,
            url: &entry.url,
            title: &entry.title,
            content: entry.body().map_or(Content::Text(entry.stand_in()), |_| Content::Html(BODY)),
            summary: entry.abstract_text(),
            image: entry.image.as_deref(),
            attachments: entry.attachments.iter().map(Attachment::from).collect(),
            date_published: entry.published,
            date_modified: entry.updated,
            tags: entry.terms(),
            authors: entry.authors.iter().map(Author::from).collect(),
            language: entry.language.as_deref(),
            extra: &entry.extra,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::samples;

    #[test]
    fn the_nasty_feed_as_json() {
        insta::assert_snapshot!(samples::text(&render(&samples::nasty_feed())));
    }

    #[test]
    fn a_feed_without_entries_as_json() {
        insta::assert_snapshot!(samples::text(&render(&samples::empty_feed())));
    }

    #[test]
    fn no_text_is_taken_for_a_body() {
        let title = r#"{"content_html": "\u0004"}"#;
        let entry = Entry { title: title.into(), html: Some("<p>\"x\"</p>".into()), ..samples::bare_entry() };
        let feed = Feed { entries: vec![entry.into()], title: title.into(), ..samples::empty_feed() };
        let document: Value = serde_json::from_slice(&render(&feed).bytes).unwrap();
        assert_eq!((&document["title"], &document["items"][0]["title"]), (&title.into(), &title.into()));
        assert_eq!(document["items"][0]["content_html"], "<p>\"x\"</p>");
    }

    #[test]
    fn an_item_has_html_or_text_never_both() {
        let with_html = Entry { html: Some("<p>x</p>".into()), ..samples::bare_entry() };
        for (entry, key) in [(with_html, "content_html"), (samples::bare_entry(), "content_text")] {
            let item = serde_json::to_value(Item::from(&entry)).unwrap();
            let content: Vec<_> = item.as_object().unwrap().keys().filter(|key| key.starts_with("content")).collect();
            assert_eq!(content, [key]);
        }
    }
}
