//! What subscribers are told: the catalog held against what was seen before.
//!
//! In: the catalog, the store's memory, now. Out: which posts are new, changed or gone, and their events. Never: I/O, a clock.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::catalog::Catalog;
use crate::config::{EventType, Filter, Guard, Terms};
use crate::posts::{Person, Post, Revision};

/// From this many known posts up, the guard looks at how many are gone at once.
const GUARD_FROM: usize = 10;
/// How many posts a digest or an error names.
const MAX_NAMED: usize = 500;

/// What the store remembers of a post that was live once.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// [`crate::posts::Post::key`].
    pub key: String,
    /// The file it was read from last.
    pub path: String,
    /// The entry id that was published; it never changes, not even if the post goes and comes back.
    pub entry_id: String,
    /// What readers saw last.
    pub revision: Revision,
    /// How often it appeared, changed or went: 1 at first sight. Tells the same change from the same text coming back.
    pub changes: u32,
    /// When a scan saw readers' content change; `None` if it never did since it was first seen.
    pub changed_at: Option<DateTime<Utc>>,
    /// When a scan saw it first.
    pub first_seen: DateTime<Utc>,
    /// It is not live any more; kept for its id.
    pub gone: bool,
    /// What a removal says of it.
    pub post: PostData,
}

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
    /// What filters look at: one for each post it is about.
    pub terms: Vec<EventTerms>,
}

/// What an endpoint's `where` looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventTerms {
    /// The post's categories.
    pub categories: Vec<String>,
    /// The post's tags.
    pub tags: Vec<String>,
    /// Names of the post's authors.
    pub authors: Vec<String>,
    /// The post's language, or its site's.
    pub language: Option<String>,
}

impl Event {
    /// Whether an endpoint with this filter wants it. What is about no post, everybody wants.
    #[must_use]
    pub fn matches(&self, filter: &Filter) -> bool {
        self.terms.is_empty()
            || self.terms.iter().any(|terms| {
                filter.matches(&Terms {
                    categories: &terms.categories,
                    tags: &terms.tags,
                    authors: &terms.authors,
                    language: terms.language.as_deref(),
                })
            })
    }
}

/// What changed for one post.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change<'a> {
    /// What happened.
    pub event_type: EventType,
    /// The post, if it is live.
    pub post: Option<usize>,
    /// What was remembered of it, if anything was.
    pub seen: Option<&'a Seen>,
    /// Whether subscribers are told.
    pub announced: bool,
}

/// Too many posts are gone at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{removed} of {known} known posts are gone at once, more than the {percent} % that guard.max_removed_percent allows \
     ({named}): the feeds stay as they were. If the posts are meant to be gone, run once with --allow-removals; \
     if not, see whether a disk is not mounted or a checkout is not complete"
)]
pub struct MassRemoval {
    /// Posts gone.
    pub removed: usize,
    /// Posts known.
    pub known: usize,
    /// The limit.
    pub percent: u8,
    /// The first few of them.
    pub named: String,
}

/// Holds the catalog against what was seen: oldest change first.
///
/// `unreadable` says of a path whether its file is there but cannot be read now; such posts are left as they are. Without
/// `baseline_done` this is the first scan: it announces the newest `backfill` posts and nothing else. `guard` is `None`
/// if the operator has confirmed the removals.
///
/// # Errors
///
/// If the guard forbids the removals.
pub fn changes<'a>(
    catalog: &Catalog,
    seen: &'a HashMap<String, Seen>,
    unreadable: &dyn Fn(&str) -> bool,
    baseline_done: bool,
    backfill: usize,
    guard: Option<&Guard>,
) -> Result<Vec<Change<'a>>, MassRemoval> {
    let live: HashSet<&str> = catalog.posts.iter().map(|post| post.key.as_str()).collect();
    let known = seen.values().filter(|seen| !seen.gone).count();
    let is_gone = |seen: &&Seen| !seen.gone && !live.contains(seen.key.as_str()) && !unreadable(&seen.path);
    let mut gone: Vec<&Seen> = seen.values().filter(is_gone).collect();
    gone.sort_unstable_by(|a, b| (a.post.published, &a.key).cmp(&(b.post.published, &b.key)));
    if let Some(guard) = guard {
        check_removals(&gone, known, guard.max_removed_percent)?;
    }
    let removed = gone.into_iter().map(|seen| Change {
        event_type: EventType::PostRemoved,
        post: None,
        seen: Some(seen),
        announced: true,
    });
    let appeared = catalog.posts.iter().enumerate().rev().filter_map(|(at, post)| {
        let seen = seen.get(&post.key);
        let event_type = match seen {
            Some(seen) if !seen.gone && seen.revision == post.revision => return None,
            Some(seen) if !seen.gone => EventType::PostUpdated,
            _ => EventType::PostPublished,
        };
        Some(Change { event_type, post: Some(at), seen, announced: baseline_done || at < backfill })
    });
    Ok(removed.chain(appeared).collect())
}

fn check_removals(gone: &[&Seen], known: usize, percent: u8) -> Result<(), MassRemoval> {
    if known < GUARD_FROM || gone.len() * 100 <= known * usize::from(percent) {
        return Ok(());
    }
    let named = gone.iter().take(3).map(|seen| seen.path.as_str()).collect::<Vec<_>>().join(", ");
    let more = if gone.len() > 3 { ", …" } else { "" };
    Err(MassRemoval { removed: gone.len(), known, percent, named: format!("{named}{more}") })
}

/// What the store is to remember of a live post after a change (or after a mere move of its file).
#[must_use]
pub fn remember(post: &Post, entry_id: &str, seen: Option<&Seen>, data: PostData, now: DateTime<Utc>) -> Seen {
    let edited = seen.is_some_and(|seen| !seen.gone && seen.revision != post.revision);
    Seen {
        key: post.key.clone(),
        path: post.path.clone(),
        entry_id: entry_id.to_owned(),
        revision: post.revision,
        changes: data.revision,
        changed_at: if edited { Some(now) } else { seen.and_then(|seen| seen.changed_at) },
        first_seen: seen.map_or(now, |seen| seen.first_seen),
        gone: false,
        post: PostData { summary: None, feeds: Vec::new(), ..data },
    }
}

/// What the store is to remember of a post that is gone.
#[must_use]
pub fn forget(seen: &Seen) -> Seen {
    let changes = seen.changes + 1;
    Seen { changes, gone: true, post: PostData { revision: changes, ..seen.post.clone() }, ..seen.clone() }
}

/// When readers' content last changed: by the author's word, else by what scans saw.
#[must_use]
pub fn updated(post: &Post, seen: Option<&Seen>, now: DateTime<Utc>) -> DateTime<FixedOffset> {
    let observed = || {
        let seen = seen.filter(|seen| !seen.gone)?;
        let at = if seen.revision == post.revision { seen.changed_at? } else { now };
        let whole_seconds = DateTime::from_timestamp(at.timestamp(), 0)?;
        Some(whole_seconds.with_timezone(post.published.offset()))
    };
    post.updated.or_else(observed).map_or(post.published, |updated| updated.max(post.published))
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
    let parts: [&[u8]; 5] = [
        site.as_bytes(),
        remembered.key.as_bytes(),
        &remembered.revision.0,
        event_type.as_str().as_bytes(),
        &remembered.changes.to_be_bytes(),
    ];
    Event {
        id: message_id(parts),
        event_type,
        key: Some(remembered.key.clone()),
        timestamp: now,
        data: serde_json::to_value(data).unwrap_or_default(),
        html,
        terms: vec![terms(data)],
    }
}

/// One event that stands for many: sent where a scan finds more changes than the guard lets through one by one.
#[must_use]
pub fn digest(events: &[Event], now: DateTime<Utc>) -> Event {
    let named = |event_type: EventType| {
        let of_type = events.iter().filter(|event| event.event_type == event_type);
        let short = |event: &Event| {
            let field = |key: &str| event.data.get(key).cloned().unwrap_or_default();
            serde_json::json!({"id": field("id"), "url": field("url"), "title": field("title")})
        };
        let count = of_type.clone().count();
        serde_json::json!({"count": count, "posts": of_type.take(MAX_NAMED).map(short).collect::<Vec<_>>()})
    };
    Event {
        id: message_id(events.iter().map(|event| event.id.as_bytes())),
        event_type: EventType::PostsChanged,
        key: None,
        timestamp: now,
        data: serde_json::json!({
            "published": named(EventType::PostPublished),
            "updated": named(EventType::PostUpdated),
            "removed": named(EventType::PostRemoved),
        }),
        html: None,
        terms: events.iter().flat_map(|event| event.terms.iter().cloned()).collect(),
    }
}

/// A test message. `nonce` makes it one of its own.
#[must_use]
pub fn ping(site: &str, nonce: u64, now: DateTime<Utc>) -> Event {
    Event {
        id: message_id([site.as_bytes(), b"ping", &nonce.to_be_bytes(), &now.timestamp_micros().to_be_bytes()]),
        event_type: EventType::Ping,
        key: None,
        timestamp: now,
        data: serde_json::json!({"site": site}),
        html: None,
        terms: Vec::new(),
    }
}

fn terms(data: &PostData) -> EventTerms {
    EventTerms {
        categories: data.categories.clone(),
        tags: data.tags.clone(),
        authors: data.authors.iter().map(|author| author.name.clone()).collect(),
        language: data.language.clone(),
    }
}

/// `msg_` and the first 16 bytes of the parts' hash. Each part is preceded by its length, so that none can run into the next.
fn message_id<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    format!("msg_{}", base32(&hasher.finalize()[..16]))
}

/// RFC 4648, section 6, in lower case and without padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0u32, 0);
    for &byte in bytes {
        buffer = buffer << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::posts::testing::post;

    const GUARD: Guard = Guard { max_removed_percent: 20, max_events_per_scan: 50, max_post_bytes: 1 };

    fn now() -> DateTime<Utc> {
        "2025-06-01T00:00:00Z".parse().unwrap()
    }

    fn data(post: &Post, revision: u32) -> PostData {
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

    fn memory(posts: &[Post]) -> HashMap<String, Seen> {
        posts.iter().map(|p| (p.key.clone(), remember(p, &p.id, None, data(p, 1), now()))).collect()
    }

    fn catalog(posts: &[Post]) -> Catalog {
        Catalog::new(posts.iter().cloned().map(Arc::new).collect())
    }

    fn diff(posts: &[Post], seen: &HashMap<String, Seen>) -> Vec<(EventType, String)> {
        let catalog = catalog(posts);
        let changes = changes(&catalog, seen, &|_| false, true, 0, Some(&GUARD)).unwrap();
        changes
            .iter()
            .map(|c| {
                (c.event_type, c.post.map_or_else(|| c.seen.unwrap().key.clone(), |at| catalog.posts[at].key.clone()))
            })
            .collect()
    }

    #[test]
    fn new_changed_and_gone_posts_are_told_oldest_first() {
        let seen = memory(&[post("a", 1), post("b", 2), post("c", 3)]);
        let edited = Post { revision: Revision([1; 16]), ..post("b", 2) };
        let found = diff(&[post("e", 5), post("d", 4), edited, post("a", 1)], &seen);
        let expected = [
            (EventType::PostRemoved, "c"),
            (EventType::PostUpdated, "b"),
            (EventType::PostPublished, "d"),
            (EventType::PostPublished, "e"),
        ];
        assert_eq!(found, expected.map(|(t, k)| (t, k.to_owned())));
    }

    #[test]
    fn the_first_scan_announces_only_the_backfill() {
        let catalog = catalog(&[post("a", 1), post("b", 2), post("c", 3)]);
        let none = HashMap::new();
        let changes = changes(&catalog, &none, &|_| false, false, 1, Some(&GUARD)).unwrap();
        let announced: Vec<_> = changes.iter().filter(|c| c.announced).map(|c| c.post.unwrap()).collect();
        assert_eq!((changes.len(), announced), (3, vec![0]), "the newest of three");
    }

    #[test]
    fn an_unreadable_post_is_not_removed() {
        let seen = memory(&[post("a", 1)]);
        let changes = changes(&catalog(&[]), &seen, &|path| path == "a", true, 0, Some(&GUARD)).unwrap();
        assert_eq!(changes, []);
    }

    #[test]
    fn the_guard_stops_a_mass_removal_from_ten_posts_up() {
        let posts: Vec<_> = (1..=10).map(|day| post(&format!("p{day}"), day)).collect();
        let seen = memory(&posts);
        let run = |left: &[Post], guard| changes(&catalog(left), &seen, &|_| false, true, 0, guard).map(|c| c.len());
        assert_eq!(run(&posts[2..], Some(&GUARD)), Ok(2), "20 % may go");
        let refused = run(&posts[3..], Some(&GUARD)).unwrap_err();
        assert_eq!((refused.removed, refused.known), (3, 10));
        assert!(refused.to_string().contains("--allow-removals"));
        assert_eq!(run(&[], None), Ok(10), "unless the operator says so");
        let few = memory(&posts[..9]);
        assert!(changes(&catalog(&[]), &few, &|_| false, true, 0, Some(&GUARD)).is_ok());
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
    fn base32_is_that_of_rfc_4648() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(b"f"), "my");
        assert_eq!(base32(b""), "");
    }

    #[test]
    fn updated_is_the_authors_word_else_what_scans_saw_and_never_before_published() {
        let p = post("a", 2);
        assert_eq!(updated(&p, None, now()), p.published);
        let seen = remember(&p, &p.id, None, data(&p, 1), now());
        let edited = Post { revision: Revision([9; 16]), ..p.clone() };
        assert_eq!(updated(&edited, Some(&seen), now()), now());
        let after = remember(&edited, &p.id, Some(&seen), data(&p, 2), now());
        assert_eq!(updated(&edited, Some(&after), now() + chrono::Duration::days(1)), now(), "remembered");
        let said = Post { updated: Some(p.published - chrono::Duration::days(9)), ..edited };
        assert_eq!(updated(&said, Some(&after), now()), p.published);
    }

    #[test]
    fn a_digest_counts_and_names_and_reaches_whoever_wants_one_of_its_posts() {
        let tagged = Post { tags: vec!["AI".into()], ..post("a", 1) };
        let event = |p: &Post| {
            let seen = remember(p, &p.id, None, data(p, 1), now());
            about("s", EventType::PostPublished, &seen, &seen.post, None, now())
        };
        let digest = digest(&[event(&tagged), event(&post("b", 2))], now());
        assert_eq!(digest.data["published"]["count"], 2);
        assert_eq!(digest.data["published"]["posts"][0]["title"], "a");
        assert_eq!(digest.data["removed"]["count"], 0);
        let wants = |tag: &str| Filter { tags: vec![tag.into()], ..Filter::default() };
        assert!(digest.matches(&wants("ai")) && !digest.matches(&wants("x")));
    }
}
