//! What subscribers are told: the catalog held against what was seen before.
//!
//! In: the catalog, the store's memory, now. Out: which posts are new, changed or gone, what the store is to remember of them,
//! and their events; also those about feeds ([`feeds`]), pages ([`urls`]) and scans ([`notices`]). Never: I/O, a clock.

mod changes;
pub mod feeds;
mod id;
mod memory;
pub mod notices;
pub mod urls;

use chrono::{DateTime, FixedOffset, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};

pub use changes::{Baseline, Change, MassRemoval, appeared, changes, self_and_above};
pub use id::message_id;
pub use memory::{Dated, Seen, forget, remember, updated};

use crate::config::{EventType, Filter, Terms};
use crate::posts::Person;

/// How many posts a digest names of each kind.
const MAX_NAMED: usize = 500;

/// A post as events describe it. The payload's `data`; field names are an interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostData {
    /// The entry id, as in the feeds.
    pub id: String,
    /// The post's page.
    pub url: String,
    /// Plain text.
    pub title: String,
    /// Plain text; not there in a removal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// The site's author where the post names nobody.
    pub authors: Vec<Person>,
    /// As written.
    pub categories: Vec<String>,
    /// As written.
    pub tags: Vec<String>,
    /// RFC 3339.
    pub published: DateTime<FixedOffset>,
    /// RFC 3339.
    pub updated: DateTime<FixedOffset>,
    /// Absolute URL.
    pub image: Option<String>,
    /// As the front matter has it: usually minutes.
    pub reading_time: Option<serde_json::Value>,
    /// Counts the post's events: of two, the one with the higher number is newer.
    pub revision: u32,
    /// URLs of the feeds it stands in; not there in a removal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<String>,
}

/// One thing subscribers are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `msg_` and 26 characters of base 32, derived from the site, the post, its revision and the type: the same change has
    /// the same id after a crash, a second scan or a restored backup.
    pub id: String,
    /// What happened.
    pub event_type: EventType,
    /// The post it is about; `None` for a digest and a ping.
    pub key: Option<String>,
    /// When the scan saw it.
    pub timestamp: DateTime<Utc>,
    /// The payload's `data`.
    pub data: serde_json::Value,
    /// The post's text, for endpoints with `payload: full`; `None` where no endpoint wants it.
    pub html: Option<String>,
    /// The id that it has as `post.published`: for endpoints that were not told of the post before it changed. `None` for
    /// everything but a `post.updated`.
    pub first_id: Option<String>,
}

impl Event {
    /// The same news, for endpoints that have not heard of the post yet.
    #[must_use]
    pub fn as_first(&self) -> Option<Self> {
        let id = self.first_id.clone()?;
        Some(Self { id, event_type: EventType::PostPublished, first_id: None, ..self.clone() })
    }
}

impl PostData {
    /// Whether an endpoint with this filter wants to hear of the post.
    #[must_use]
    pub fn matches(&self, filter: &Filter) -> bool {
        let authors: Vec<_> = self.authors.iter().map(|author| author.name.clone()).collect();
        filter.matches(&Terms {
            categories: &self.categories,
            tags: &self.tags,
            authors: &authors,
            language: self.language.as_deref(),
        })
    }
}

/// The event about one post. `remembered` is what the store is to remember of it.
#[must_use]
pub fn about(
    site: &str,
    event_type: EventType,
    remembered: &Seen,
    data: &PostData,
    html: Option<String>,
    now: DateTime<Utc>,
) -> Event {
    Event {
        id: message_id(parts(site, event_type, remembered)),
        event_type,
        key: Some(remembered.key.clone()),
        timestamp: now,
        data: serde_json::to_value(data).unwrap_or_default(),
        html,
        first_id: (event_type == EventType::PostUpdated)
            .then(|| message_id(parts(site, EventType::PostPublished, remembered))),
    }
}

/// One event for one endpoint that stands for many: sent where a scan finds more changes for it than the guard lets through
/// one by one.
#[must_use]
pub fn digest(site: &str, endpoint: &str, changes: &[(EventType, &Seen)], now: DateTime<Utc>) -> Event {
    let named = |event_type: EventType| {
        let of_type = changes.iter().filter(|(of, _)| *of == event_type).map(|(_, seen)| &seen.post);
        let count = of_type.clone().count();
        let short = |post: &PostData| serde_json::json!({"id": post.id, "url": post.url, "title": post.title});
        serde_json::json!({"count": count, "posts": of_type.take(MAX_NAMED).map(short).collect::<Vec<_>>()})
    };
    let ids: Vec<String> =
        changes.iter().map(|(event_type, seen)| message_id(parts(site, *event_type, seen))).collect();
    Event {
        id: message_id(ids.iter().map(String::as_bytes).chain([endpoint.as_bytes()])),
        event_type: EventType::PostsChanged,
        key: None,
        timestamp: now,
        data: serde_json::json!({
            "published": named(EventType::PostPublished),
            "updated": named(EventType::PostUpdated),
            "removed": named(EventType::PostRemoved),
        }),
        html: None,
        first_id: None,
    }
}

/// A test message. `nonce` makes it one of its own.
#[must_use]
pub fn ping(site: &str, nonce: u64, now: DateTime<Utc>) -> Event {
    let now = now.trunc_subsecs(3);
    Event {
        id: message_id([site.as_bytes(), b"ping", &nonce.to_be_bytes(), &now.timestamp_micros().to_be_bytes()]),
        event_type: EventType::Ping,
        key: None,
        timestamp: now,
        data: serde_json::json!({"site": site}),
        html: None,
        first_id: None,
    }
}

/// A notice for operators: something about the service itself. `subject` is who it is about, and `at` tells one from another.
#[must_use]
pub fn notice(site: &str, event_type: EventType, subject: &str, data: serde_json::Value, at: DateTime<Utc>) -> Event {
    let at = at.trunc_subsecs(3);
    let parts =
        [site.as_bytes(), event_type.as_str().as_bytes(), subject.as_bytes(), &at.timestamp_millis().to_be_bytes()];
    Event { id: message_id(parts), event_type, key: None, timestamp: at, data, html: None, first_id: None }
}

/// What makes a change this change and no other.
fn parts(site: &str, event_type: EventType, remembered: &Seen) -> [Vec<u8>; 5] {
    [
        site.into(),
        remembered.key.clone().into(),
        remembered.revision.0.into(),
        event_type.as_str().into(),
        remembered.changes.to_be_bytes().into(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::config::Pattern;
    use crate::posts::Post;
    use crate::posts::testing::post;

    pub(super) fn now() -> DateTime<Utc> {
        "2025-06-01T00:00:00Z".parse().unwrap()
    }

    pub(super) fn data(post: &Post, revision: u32) -> PostData {
        PostData {
            id: post.id.clone(),
            url: post.url.clone(),
            title: post.title.clone(),
            summary: Some("s".into()),
            language: None,
            authors: Vec::new(),
            categories: post.categories.clone(),
            tags: post.tags.clone(),
            published: post.published,
            updated: post.published,
            image: None,
            reading_time: None,
            revision,
            feeds: vec!["f".into()],
        }
    }

    #[test]
    fn ids_are_the_same_for_the_same_change_and_differ_otherwise() {
        let p = post("a", 1);
        let first = remember(&p, &p.id, None, data(&p, 1), now());
        let id = |seen: &Seen, t| about("https://x/", t, seen, &seen.post, None, now()).id;
        let published = id(&first, EventType::PostPublished);
        assert_eq!(published, id(&first.clone(), EventType::PostPublished));
        assert_eq!(published.len(), 30);
        assert!(published.strip_prefix("msg_").unwrap().chars().all(|c| c.is_ascii_alphanumeric()));
        let gone = forget(&first);
        let back = remember(&p, &p.id, Some(&gone), data(&p, gone.changes + 1), now());
        let ids: HashSet<_> = [
            published,
            id(&first, EventType::PostUpdated),
            id(&gone, EventType::PostRemoved),
            id(&back, EventType::PostPublished),
            about("https://y/", EventType::PostPublished, &first, &first.post, None, now()).id,
        ]
        .into();
        assert_eq!(ids.len(), 5, "a post that comes back is published anew");
    }

    #[test]
    fn a_digest_counts_and_names_and_is_the_endpoints_own() {
        let seen = |p: &Post| remember(p, &p.id, None, data(p, 1), now());
        let (a, b) = (seen(&post("a", 1)), seen(&post("b", 2)));
        let changes = [(EventType::PostPublished, &a), (EventType::PostPublished, &b)];
        let first = digest("s", "hook", &changes, now());
        assert_eq!(first.data["published"]["count"], 2);
        assert_eq!(first.data["published"]["posts"][0]["title"], "a");
        assert_eq!(first.data["removed"]["count"], 0);
        assert_eq!(first, digest("s", "hook", &changes, now()));
        assert_ne!(first.id, digest("s", "other", &changes, now()).id);
        assert_ne!(first.id, digest("s", "hook", &changes[..1], now()).id);
    }

    #[test]
    fn a_filter_looks_at_the_posts_terms() {
        let tagged = data(&Post { tags: vec!["AI".into()], ..post("a", 1) }, 1);
        let wants = |tag: &str| Filter { tags: vec![Pattern::term(tag)], ..Filter::default() };
        assert!(tagged.matches(&wants("ai")) && !tagged.matches(&wants("x")));
    }
}
