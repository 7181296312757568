//! Which posts are new, changed or gone, and whether so many may be gone at once.

use std::collections::{HashMap, HashSet};

use super::Seen;
use crate::catalog::Catalog;
use crate::config::{EventType, Guard};

/// From this many known posts up, the guard looks at how many are gone at once.
const GUARD_FROM: usize = 10;

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

/// How a post that was never seen is to be taken.
#[derive(Debug, Clone, Copy)]
pub enum Baseline<'a> {
    /// This is the first scan: everything was there before, and only so many of the newest posts are announced.
    Taken(usize),
    /// New, unless its file, or a directory above it, is one of those that were there at the first scan and could not be read.
    Known(&'a HashSet<String>),
}

impl Baseline<'_> {
    /// Whether the post at `path`, number `at` in feed order, is announced as new.
    fn announces(&self, at: usize, path: &str, seen: Option<&Seen>) -> bool {
        match self {
            Self::Taken(backfill) => at < *backfill,
            Self::Known(unread) => seen.is_some() || !self_and_above(path).any(|path| unread.contains(path)),
        }
    }
}

/// A path and the directories that it is in.
pub fn self_and_above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(dir, _)| dir))
}

/// Too many posts are gone at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{removed} of {known} known posts are gone at once, more than the {percent} % that guard.max_removed_percent allows \
     ({named}): the feeds stay as they were. If the posts are meant to be gone, restart the daemon with --allow-removals, or \
     run `tidings scan --allow-removals` without one; if not, see whether a disk is not mounted or a checkout not complete"
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
/// `unreadable` says of a path whether its file is there but cannot be read now; such posts are left as they are. `guard` is
/// `None` if the operator has confirmed the removals.
///
/// # Errors
///
/// If the guard forbids the removals.
pub fn changes<'a>(
    catalog: &Catalog,
    seen: &'a HashMap<String, Seen>,
    unreadable: &dyn Fn(&str) -> bool,
    baseline: Baseline<'_>,
    guard: Option<&Guard>,
) -> Result<Vec<Change<'a>>, MassRemoval> {
    // Of a first scan nothing can be gone.
    let posts = if seen.is_empty() { &[] } else { &catalog.posts[..] };
    let live: HashSet<&str> = posts.iter().map(|post| post.key.as_str()).collect();
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
    Ok(removed.chain(appeared(catalog, 0..catalog.posts.len(), seen, baseline)).collect())
}

/// What is new or changed among the posts at these places, given newest first: oldest change first.
pub fn appeared<'a>(
    catalog: &Catalog,
    places: impl DoubleEndedIterator<Item = usize>,
    seen: &'a HashMap<String, Seen>,
    baseline: Baseline<'_>,
) -> impl Iterator<Item = Change<'a>> {
    places.rev().filter_map(move |at| {
        let post = &catalog.posts[at];
        let seen = seen.get(&post.key);
        let event_type = match seen {
            Some(seen) if !seen.gone && seen.shows(post) => return None,
            Some(seen) if !seen.gone => EventType::PostUpdated,
            _ => EventType::PostPublished,
        };
        Some(Change { event_type, post: Some(at), seen, announced: baseline.announces(at, &post.path, seen) })
    })
}

fn check_removals(gone: &[&Seen], known: usize, percent: u8) -> Result<(), MassRemoval> {
    if known < GUARD_FROM || gone.len() * 100 <= known * usize::from(percent) {
        return Ok(());
    }
    let named = gone.iter().take(3).map(|seen| seen.path.as_str()).collect::<Vec<_>>().join(", ");
    let more = if gone.len() > 3 { ", …" } else { "" };
    Err(MassRemoval { removed: gone.len(), known, percent, named: format!("{named}{more}") })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::{Given, Naming};
    use crate::config::testing::{feeds, site};
    use crate::events::remember;
    use crate::events::tests::{data, now};
    use crate::posts::testing::post;
    use crate::posts::{Post, Revision};

    const GUARD: Guard = Guard { max_removed_percent: 20, max_events_per_scan: 50, max_post_bytes: 1 };

    /// Everything could be read at the baseline.
    fn known() -> Baseline<'static> {
        static NONE: std::sync::LazyLock<HashSet<String>> = std::sync::LazyLock::new(HashSet::new);
        Baseline::Known(&NONE)
    }

    fn memory(posts: &[Post]) -> HashMap<String, Seen> {
        posts.iter().map(|p| (p.key.clone(), remember(p, &p.id, None, data(p, 1), now()))).collect()
    }

    fn catalog(posts: &[Post]) -> Catalog {
        let naming = (feeds(), Given::new());
        Catalog::new(posts.iter().cloned().map(Arc::new).collect(), &site(), &Naming::new(&naming.0, &naming.1))
    }

    fn diff(posts: &[Post], seen: &HashMap<String, Seen>) -> Vec<(EventType, String)> {
        let catalog = catalog(posts);
        let changes = changes(&catalog, seen, &|_| false, known(), Some(&GUARD)).unwrap();
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
        let changes = changes(&catalog, &none, &|_| false, Baseline::Taken(1), Some(&GUARD)).unwrap();
        let announced: Vec<_> = changes.iter().filter(|c| c.announced).map(|c| c.post.unwrap()).collect();
        assert_eq!((changes.len(), announced), (3, vec![0]), "the newest of three");
    }

    #[test]
    fn what_was_broken_at_the_first_scan_is_not_new_when_it_is_mended() {
        let unread = ["a".to_owned(), "dir".to_owned()].into();
        let announced = |seen: &HashMap<String, Seen>| -> Vec<String> {
            let catalog = catalog(&[post("a", 1), post("dir/sub/b", 2), post("ab", 3), post("c/a", 4)]);
            let changes = changes(&catalog, seen, &|_| false, Baseline::Known(&unread), None).unwrap();
            changes.iter().filter(|c| c.announced).map(|c| catalog.posts[c.post.unwrap()].path.clone()).collect()
        };
        assert_eq!(announced(&HashMap::new()), ["ab", "c/a"]);
        let gone = memory(&[post("a", 1)]).into_iter().map(|(key, seen)| (key, crate::events::forget(&seen))).collect();
        assert_eq!(announced(&gone), ["a", "ab", "c/a"], "what comes back is told of");
    }

    #[test]
    fn an_unreadable_post_is_not_removed() {
        let seen = memory(&[post("a", 1)]);
        let changes = changes(&catalog(&[]), &seen, &|path| path == "a", known(), Some(&GUARD)).unwrap();
        assert_eq!(changes, []);
    }

    #[test]
    fn the_guard_stops_a_mass_removal_from_ten_posts_up() {
        let posts: Vec<_> = (1..=10).map(|day| post(&format!("p{day}"), day)).collect();
        let seen = memory(&posts);
        let run = |left: &[Post], guard| changes(&catalog(left), &seen, &|_| false, known(), guard).map(|c| c.len());
        assert_eq!(run(&posts[2..], Some(&GUARD)), Ok(2), "20 % may go");
        let refused = run(&posts[3..], Some(&GUARD)).unwrap_err();
        assert_eq!((refused.removed, refused.known), (3, 10));
        assert!(refused.to_string().contains("--allow-removals"));
        assert_eq!(run(&[], None), Ok(10), "unless the operator says so");
        let few = memory(&posts[..9]);
        assert!(changes(&catalog(&[]), &few, &|_| false, known(), Some(&GUARD)).is_ok());
    }
}
