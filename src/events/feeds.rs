//! What is told of feeds: to webhooks, for caches that hold them, and to other hubs, one document at a time.
//!
//! In: feeds whose documents are others than before. Out: their events. Never: an id that depends on when a scan came by: it
//! is made of what the documents were before, which a crash between their becoming visible and the commit leaves as it was.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Utc};
use serde::Serialize;

use super::Event;
use super::id::message_id;
use crate::config::EventType;

/// How many feeds a digest names.
const MAX_NAMED: usize = 500;

/// A feed as events describe it. The payload's `data`; field names are an interface.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedData {
    /// The feed's id, the same in all formats; it never changes.
    pub id: String,
    /// The document that stands for it in the events of posts: that in the first format configured.
    pub url: String,
    /// Plain text.
    pub title: String,
    /// The newest change in it. RFC 3339.
    pub updated: DateTime<FixedOffset>,
    /// Posts that it shows.
    pub entries: usize,
    /// URLs of its documents: `atom`, `rss`, `json` as far as there are any, and `html`, its page for people.
    pub urls: BTreeMap<&'static str, String>,
    /// URLs of those of its documents, archives among them, whose bytes are others.
    pub changed: Vec<String>,
}

/// A feed of which at least one document has other bytes than before.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedFeed {
    /// What its event says.
    pub data: FeedData,
    /// Those that changed, in the order of [`FeedData::changed`].
    pub documents: Vec<ChangedDocument>,
}

/// A document with other bytes than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDocument {
    /// Where it is fetched from.
    pub url: String,
    /// Whether it is what readers subscribe to, and no archive or page.
    pub is_topic: bool,
    /// What it was before, in words that fit no other state of the same document.
    pub before: String,
}

/// The event about one feed.
#[must_use]
pub fn feed_updated(site: &str, feed: &ChangedFeed, now: DateTime<Utc>) -> Event {
    event(feed_id(site, feed), EventType::FeedUpdated, None, &feed.data, now)
}

/// One event for one endpoint that stands for many: sent where more feeds changed than the guard lets through one by one.
#[must_use]
pub fn feeds_changed(site: &str, endpoint: &str, feeds: &[ChangedFeed], now: DateTime<Utc>) -> Event {
    let ids: Vec<String> = feeds.iter().map(|feed| feed_id(site, feed)).collect();
    let id = message_id(ids.iter().map(String::as_bytes).chain([endpoint.as_bytes()]));
    let named: Vec<_> = feeds.iter().take(MAX_NAMED).map(|feed| &feed.data).collect();
    event(id, EventType::FeedsChanged, None, &serde_json::json!({"count": feeds.len(), "feeds": named}), now)
}

/// The event about one document, for hubs: the topic of a subscription (WebSub, section 2).
#[must_use]
pub fn topic_updated(site: &str, document: &ChangedDocument, now: DateTime<Utc>) -> Event {
    let id = message_id([site.as_bytes(), b"topic", document.url.as_bytes(), document.before.as_bytes()]);
    let data = serde_json::json!({"topic": document.url});
    event(id, EventType::FeedUpdated, Some(document.url.clone()), &data, now)
}

/// What makes a change of a feed this change and no other.
fn feed_id(site: &str, feed: &ChangedFeed) -> String {
    let documents = feed.documents.iter().flat_map(|document| [&document.url, &document.before]);
    message_id([site, "feed.updated", &feed.data.id].into_iter().chain(documents.map(String::as_str)))
}

fn event(
    id: String,
    event_type: EventType,
    key: Option<String>,
    data: &impl Serialize,
    timestamp: DateTime<Utc>,
) -> Event {
    Event {
        id,
        event_type,
        key,
        timestamp,
        data: serde_json::to_value(data).unwrap_or_default(),
        html: None,
        first_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::now;
    use super::*;

    fn feed(name: &str, before: &str) -> ChangedFeed {
        let document = |format: &str, is_topic| ChangedDocument {
            url: format!("https://x/{name}.{format}"),
            is_topic,
            before: before.to_owned(),
        };
        let documents = vec![document("atom", true), document("html", false)];
        let data = FeedData {
            id: format!("https://x/{name}"),
            url: documents[0].url.clone(),
            title: name.to_owned(),
            updated: now().fixed_offset(),
            entries: 3,
            urls: BTreeMap::from([("atom", documents[0].url.clone()), ("html", documents[1].url.clone())]),
            changed: documents.iter().map(|document| document.url.clone()).collect(),
        };
        ChangedFeed { data, documents }
    }

    #[test]
    fn the_same_change_of_a_feed_has_the_same_id_whatever_the_feed_says_by_now() {
        let first = feed_updated("s", &feed("a", "1"), now());
        let mut later = feed("a", "1");
        later.data.updated += chrono::TimeDelta::hours(1);
        assert_eq!(first.id, feed_updated("s", &later, now() + chrono::TimeDelta::hours(1)).id);
        for other in [feed("a", "2"), feed("b", "1"), feed("a", "")] {
            assert_ne!(first.id, feed_updated("s", &other, now()).id, "{other:?}");
        }
        assert_ne!(first.id, feed_updated("t", &feed("a", "1"), now()).id);
    }

    #[test]
    fn the_event_names_all_documents_and_those_that_changed() {
        let event = feed_updated("s", &feed("a", "1"), now());
        assert_eq!((event.event_type, &event.key), (EventType::FeedUpdated, &None));
        let expected = serde_json::json!({
            "id": "https://x/a", "url": "https://x/a.atom", "title": "a", "updated": "2025-06-01T00:00:00Z", "entries": 3,
            "urls": {"atom": "https://x/a.atom", "html": "https://x/a.html"},
            "changed": ["https://x/a.atom", "https://x/a.html"],
        });
        assert_eq!(event.data, expected);
    }

    #[test]
    fn a_digest_of_feeds_counts_all_names_some_and_is_the_endpoints_own() {
        let feeds: Vec<_> = (0..=MAX_NAMED).map(|number| feed(&number.to_string(), "1")).collect();
        let digest = feeds_changed("s", "cdn", &feeds, now());
        assert_eq!(digest.event_type, EventType::FeedsChanged);
        assert_eq!(digest.data["count"], MAX_NAMED + 1);
        assert_eq!(digest.data["feeds"].as_array().unwrap().len(), MAX_NAMED);
        assert_eq!(digest, feeds_changed("s", "cdn", &feeds, now()));
        assert_ne!(digest.id, feeds_changed("s", "other", &feeds, now()).id);
        assert_ne!(digest.id, feeds_changed("s", "cdn", &feeds[1..], now()).id);
    }

    #[test]
    fn a_topic_is_told_of_by_itself_under_an_id_of_its_own() {
        let feed = feed("a", "1");
        let topic = topic_updated("s", &feed.documents[0], now());
        assert_eq!(topic.data, serde_json::json!({"topic": "https://x/a.atom"}));
        assert_eq!(topic.key.as_deref(), Some("https://x/a.atom"), "a newer one takes the place of one that waits");
        assert_ne!(topic.id, topic_updated("s", &feed.documents[1], now()).id);
        assert_ne!(topic.id, feed_updated("s", &feed, now()).id);
    }
}
