//! What can be subscribed to: the documents that name a hub.
//!
//! In: `hub.topic`. Out: the document's path and tag. Never: a document of somebody else, or one that never changes.

use std::time::Duration;

use axum::http::StatusCode;
use percent_encoding::percent_decode_str;
use url::Url;

use super::super::prefix::Prefix;
use super::Refusal;
use crate::feeds::history::is_archive;
use crate::feeds::{Media, autodiscovery};
use crate::posts::html::normal_escapes;
use crate::publish::{Published, Set};

/// In bytes. The path of a document is shorter.
const LONGEST: usize = 4_096;
/// Until the first scan is through, or another is tried.
const WAIT: Duration = Duration::from_secs(60);

/// The documents that can be subscribed to.
#[derive(Debug)]
pub(super) struct Topics {
    published: Published,
    prefix: Prefix,
}

impl Topics {
    pub(super) const fn new(published: Published, prefix: Prefix) -> Self {
        Self { published, prefix }
    }

    /// Path and entity tag of the document whose `self` URL this is, however its characters are escaped (section 5.1.1).
    pub(super) fn find(&self, topic: &str) -> Result<(String, String), Refusal> {
        const UNKNOWN: Refusal = Refusal::bad(
            "hub.topic is no feed of this site: it has to be the feed's rel=self URL. This hub has no other topics.",
        );
        const NOT_YET: Refusal = Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            text: "The feeds are being made: ask again later.",
            retry_after: Some(WAIT),
        };
        let url: Url = topic.parse().ok().filter(|_| topic.len() <= LONGEST).ok_or(UNKNOWN)?;
        let path = percent_decode_str(url.path()).decode_utf8().map_err(|_| UNKNOWN)?;
        let Set { documents, is_whole } = self.published.set();
        let may_come = |name: &str| Media::of_path(name).is_some_and(|media| is_topic(name, media));
        if !is_whole && self.prefix.names(&path).any(may_come) {
            return Err(NOT_YET);
        }
        let is_it = |name: &&str| {
            let document = documents.get(*name);
            document.is_some_and(|document| {
                is_topic(name, document.media) && normal_escapes(&document.url) == normal_escapes(url.as_str())
            })
        };
        let name = self.prefix.names(&path).find(is_it).ok_or(UNKNOWN)?;
        Ok((name.to_owned(), documents[name].state.etag.clone()))
    }
}

fn is_topic(path: &str, media: Media) -> bool {
    match media {
        Media::Atom | Media::Rss | Media::JsonFeed => !is_archive(path),
        Media::Html => !autodiscovery::is_snippet(path),
        Media::Opml | Media::Json => false,
    }
}
