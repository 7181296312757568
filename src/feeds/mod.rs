//! Which feeds there are, what stands in them, and how each format writes it.
//!
//! In: the catalog and the posts' rendered bodies. Out: [`Document`]s, byte for byte the same for the same input.
//! Never: I/O, a clock.

pub mod atom;
pub mod autodiscovery;
pub mod budget;
pub mod changed;
pub mod compose;
mod entry;
mod format;
pub mod history;
pub mod itunes;
pub mod json;
pub mod opml;
pub mod page;
mod place;
pub mod plan;
#[cfg(test)]
mod reading;
mod references;
mod rfc822;
pub mod rss;
#[cfg(test)]
mod samples;
mod wording;
mod written;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

pub use history::History;
pub use place::Place;

use crate::config::{Format, Podcast, Taxonomy};
use crate::posts::Person;
use crate::posts::media::{Attachment, Episode};

/// The format-neutral form of one feed. Every text is free of characters that XML forbids; every URL is absolute and
/// percent-encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Never changes once published (RFC 4287, 4.2.6).
    pub id: String,
    /// Where its documents are.
    pub place: Place,
    /// Among which feeds it is listed: those of a taxonomy's terms; `None` for the site's own and custom ones.
    pub group: Option<Taxonomy>,
    /// Among those of which further language of a multilingual site it is listed.
    pub edition: Option<String>,
    /// Plain text, never empty.
    pub title: String,
    /// What it is called where the site is named already, as in a list of the site's feeds: a term's spelling, else the
    /// title. Plain text, never empty.
    pub name: String,
    /// Plain text; may be empty.
    pub description: String,
    /// What a person reads: the site, or the feed's own page.
    pub home_url: String,
    /// URLs of its documents, one a format, in the order configured.
    pub urls: Vec<(Format, String)>,
    /// URL of its HTML page.
    pub page_url: String,
    /// URLs of the hubs that tell subscribers when its documents change (WebSub), our own first.
    pub hubs: Vec<String>,
    /// URL of the hub that tells when its page changes: our own. Others are told of feeds only.
    pub page_hub: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Who stands in for entries without an author.
    pub author: Person,
    /// Absolute URL.
    pub icon: Option<String>,
    /// Absolute URL.
    pub logo: Option<String>,
    /// The newest of its entries' `updated`; the site's newest post where it has none.
    pub updated: DateTime<FixedOffset>,
    /// How many posts it is about: those its entries show and those its limit leaves out.
    pub posts: usize,
    /// What it says of its other documents.
    pub history: History,
    /// Set if it is a podcast.
    pub podcast: Option<Podcast>,
    /// Newest first.
    pub entries: Vec<Arc<Entry>>,
}

impl Feed {
    /// The URL of its document in `format`, if there is one.
    #[must_use]
    pub fn url(&self, format: Format) -> Option<&str> {
        self.urls.iter().find(|(f, _)| *f == format).map(|(_, url)| url.as_str())
    }
}

/// The format-neutral form of one post in a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Never changes once published.
    pub id: String,
    /// The post's page.
    pub url: String,
    /// Plain text, never empty.
    pub title: String,
    /// Plain text, where the feed shows summaries; may be empty.
    pub summary: Option<Arc<str>>,
    /// Balanced HTML without relative links, where the feed shows whole texts; may be empty.
    pub html: Option<Arc<str>>,
    /// First publication.
    pub published: DateTime<FixedOffset>,
    /// Last change that matters; `published` if there was none.
    pub updated: DateTime<FixedOffset>,
    /// Empty where the feed's author stands in.
    pub authors: Vec<Person>,
    /// Without repeats of (scheme, term).
    pub categories: Vec<Category>,
    /// Where it differs from the feed's.
    pub language: Option<String>,
    /// Absolute URL.
    pub image: Option<String>,
    /// In the order given, no URL twice.
    pub attachments: Vec<Attachment>,
    /// What it says of itself as an episode of a podcast.
    pub episode: Option<Episode>,
    /// For JSON Feed's extension.
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// A term as an entry carries it (RFC 4287, 4.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its taxonomy.
    pub taxonomy: Taxonomy,
    /// The text that readers show: its spelling in this post.
    pub term: String,
    /// Absolute IRI of its taxonomy.
    pub scheme: String,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Media {
    /// `application/atom+xml`
    Atom,
    /// `application/rss+xml`
    Rss,
    /// `application/feed+json`
    JsonFeed,
    /// `text/x-opml`
    Opml,
    /// `text/html`
    Html,
    /// `application/json`
    Json,
}

impl Media {
    /// What the document at this path is, by its extension; `None` if it is no document.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        if path == autodiscovery::MAP {
            return Some(Self::Json);
        }
        Some(match path.rsplit_once('.')?.1 {
            // jekyll-feed's Atom documents have this one.
            "atom" | "xml" => Self::Atom,
            "rss" => Self::Rss,
            "json" => Self::JsonFeed,
            "opml" => Self::Opml,
            "html" => Self::Html,
            _ => return None,
        })
    }

    /// For `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::JsonFeed => "application/feed+json; charset=utf-8",
            Self::Opml => "text/x-opml; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// A rendered feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Below the output directory, with `/`, with extension. Not percent-encoded.
    pub path: String,
    /// Where it is fetched from: what its `self` link says.
    pub url: String,
    /// What it is.
    pub media: Media,
    /// Its content.
    pub bytes: Vec<u8>,
}
