//! Archives: posts that a feed has no room for (RFC 5005).
//!
//! In: the posts of a feed. Out: which of them it shows, and which stand in which archive. Never: a post in neither.
//!
//! Archives are cut from the oldest post on, in blocks of one size, and only whole ones: a new post changes none of them.
//! The name of one is made of its number and of the posts in it, so that an old post which is inserted or taken away later
//! gives all archives from there on new names, and no cache shows an old state of them.

use chrono::{DateTime, FixedOffset};
use sha2::{Digest, Sha256};

use super::plan::{Planned, document_url};
use super::{Feed, Place};
use crate::catalog::Catalog;
use crate::config::{Archive, Config, Format, Paths};

/// What an archive's file name begins with.
const NAME: &str = "archive-";

/// Hexadecimal digits of a name.
const DIGITS: usize = 8;

/// What the documents of a feed say of its other documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum History {
    /// Nothing.
    #[default]
    Untold,
    /// That there are none: every post is in this one (RFC 5005, 2).
    Complete,
    /// Where the archive with the next older posts is.
    Current {
        /// Its URLs, one a format.
        previous: Urls,
    },
    /// That it is an archive, and where the others are (RFC 5005, 4).
    Archive {
        /// The document to subscribe to.
        current: Urls,
        /// The archive with older posts, if there is one.
        previous: Option<Urls>,
        /// The archive with newer posts, if there is one.
        next: Option<Urls>,
    },
}

/// The URLs of one document's twins, one a format.
pub type Urls = Vec<(Format, String)>;

/// One archive to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Where it is. Its page is that of its feed.
    pub place: Place,
    /// Indices into [`Catalog::posts`], in feed order.
    pub posts: Vec<usize>,
}

impl History {
    /// The links of a document in this format, by relation.
    pub(super) fn links(&self, format: Format) -> Vec<(&'static str, &str)> {
        let (current, previous, next) = match self {
            Self::Untold | Self::Complete => (None, None, None),
            Self::Current { previous } => (None, Some(previous), None),
            Self::Archive { current, previous, next } => (Some(current), previous.as_ref(), next.as_ref()),
        };
        let links = [("current", current), ("prev-archive", previous), ("next-archive", next)];
        links.into_iter().filter_map(|(relation, urls)| Some((relation, url_in(urls?, format)?))).collect()
    }

    /// The element of the history namespace that marks the document.
    pub(super) const fn mark(&self) -> Option<&'static str> {
        match self {
            Self::Untold | Self::Current { .. } => None,
            Self::Complete => Some("complete"),
            Self::Archive { .. } => Some("archive"),
        }
    }
}

/// Where the history's elements are defined (RFC 5005, 1).
pub(super) const NAMESPACE: &str = "http://purl.org/syndication/history/1.0";

/// How many of so many posts a feed shows, and the archives' posts as ranges of them, oldest first. Of posts that are more
/// than `limit`, those stay in the feed that fill no archive yet.
pub(super) fn cut(
    posts: usize,
    limit: Option<usize>,
    archive: Option<Archive>,
) -> (usize, Vec<std::ops::Range<usize>>) {
    let limit = limit.unwrap_or(posts).min(posts);
    let Some(Archive { size }) = archive else { return (limit, Vec::new()) };
    let shown = limit.max(posts % size);
    if shown == posts {
        return (shown, Vec::new());
    }
    let blocks = (0..posts / size).map(|block| posts - (block + 1) * size..posts - block * size);
    (shown, blocks.collect())
}

/// The archive with this number, from 0 up, of the feed at `feed`.
pub(super) fn block(number: usize, posts: &[usize], catalog: &Catalog, feed: &Place, paths: &Paths) -> Block {
    let mut hash = Sha256::new();
    for &at in posts {
        let key = catalog.posts[at].key.as_bytes();
        hash.update((key.len() as u64).to_be_bytes());
        hash.update(key);
    }
    let digest: String = hash.finalize().iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
    let place = Place::new(format!("{}/{NAME}{}-{digest}", feed.path, number + 1), paths);
    Block { place: Place { page: feed.page.clone(), ..place }, posts: posts.to_vec() }
}

/// Whether the document at this path is an archive, which hardly ever changes.
#[must_use]
pub fn is_archive(path: &str) -> bool {
    let name = path.rsplit('/').next().and_then(|name| name.strip_prefix(NAME));
    let parts = name.and_then(|name| name.split_once('.')?.0.split_once('-'));
    parts.is_some_and(|(number, digest)| {
        number.bytes().all(|byte| byte.is_ascii_digit())
            && digest.len() == DIGITS
            && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// What the documents that one subscribes to say.
pub(super) fn of_feed(plan: &Planned, config: &Config) -> History {
    match plan.archives.last() {
        Some(newest) => History::Current { previous: urls(&newest.place, config) },
        None if config.feeds.archive.is_some() => History::Complete,
        None => History::Untold,
    }
}

/// The archive with this number, from 0 up, as a feed without entries. `feed` is the one to subscribe to; `newest` is when the
/// newest of the archive's posts changed.
#[must_use]
pub fn archive(
    feed: &Feed,
    plan: &Planned,
    number: usize,
    newest: Option<DateTime<FixedOffset>>,
    config: &Config,
) -> Feed {
    let block = &plan.archives[number];
    let at = |number: usize| plan.archives.get(number).map(|block| urls(&block.place, config));
    Feed {
        place: block.place.clone(),
        urls: urls(&block.place, config),
        // Nothing new comes into an archive.
        hubs: Vec::new(),
        updated: newest.unwrap_or(feed.updated),
        history: History::Archive {
            current: feed.urls.clone(),
            previous: number.checked_sub(1).and_then(at),
            next: at(number + 1),
        },
        entries: Vec::new(),
        ..feed.clone()
    }
}

/// The URLs of a feed's documents, in the order configured.
pub(super) fn urls(place: &Place, config: &Config) -> Urls {
    let url = |format| (format, document_url(&config.server.public_url, &place.document(format)));
    config.feeds.formats.iter().copied().map(url).collect()
}

fn url_in(urls: &Urls, format: Format) -> Option<&str> {
    urls.iter().find(|(of, _)| *of == format).map(|(_, url)| url.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn archives_are_whole_and_cut_from_the_oldest_end() {
        let cut = |posts, limit, size: Option<usize>| -> (usize, Vec<(usize, usize)>) {
            let (shown, blocks) = cut(posts, limit, size.map(|size| Archive { size }));
            (shown, blocks.into_iter().map(|block| (block.start, block.end)).collect())
        };
        assert_eq!(cut(9, Some(3), Some(10)), (9, vec![]), "what fills no archive stays");
        assert_eq!(cut(10, Some(3), Some(10)), (3, vec![(0, 10)]));
        assert_eq!(cut(25, Some(3), Some(10)), (5, vec![(15, 25), (5, 15)]));
        assert_eq!(cut(25, Some(8), Some(10)), (8, vec![(15, 25), (5, 15)]));
        assert_eq!(cut(25, Some(25), Some(10)), (25, vec![]), "all fit");
        assert_eq!(cut(25, None, Some(10)), (25, vec![]));
        assert_eq!(cut(25, Some(8), None), (8, vec![]));
    }

    #[test]
    fn archives_are_told_from_other_documents_by_their_names() {
        for archive in ["feed/archive-1-0123abcd.atom", "tags/技術/archive-12-ffffffff.json"] {
            assert!(is_archive(archive), "{archive}");
        }
        for other in ["tags/archive-1.atom", "tags/archive-1-x.atom", "archive-1-0123abcd/feed.atom", "feed.atom"] {
            assert!(!is_archive(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_post_is_in_neither(posts in 0..200_usize, limit in 1..50_usize, size in 1..30_usize) {
            let (shown, blocks) = cut(posts, Some(limit), Some(Archive { size }));
            let kept: Vec<usize> = blocks.iter().rev().cloned().flatten().collect();
            let first = kept.first().copied().unwrap_or(posts);
            prop_assert!(shown >= limit.min(posts) && first <= shown);
            prop_assert_eq!(kept, (first..posts).collect::<Vec<_>>(), "each in one archive, in order");
        }

        #[test]
        fn a_new_post_changes_no_archive(posts in 1..200_usize, limit in 1..50_usize, size in 1..30_usize) {
            let blocks = |posts| -> Vec<_> {
                let (_, blocks) = cut(posts, Some(limit), Some(Archive { size }));
                blocks.into_iter().map(|block| posts - block.end..posts - block.start).collect()
            };
            let (before, after) = (blocks(posts), blocks(posts + 1));
            prop_assert!(before.is_empty() || after[..before.len()] == before);
        }
    }
}
