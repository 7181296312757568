//! When a feed changed last: with its newest entry, and when it lost one. Never with the clock alone, and never backwards.
//!
//! In: what each feed showed at the last scan, the catalog, now. Out: each feed's `updated`, and what it shows. Never: I/O.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use chrono::{DateTime, SubsecRound as _, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::Feed;
use super::plan::Planned;
use crate::catalog::Catalog;

/// A post in what is remembered of a feed: the first bytes of its key's SHA-256.
pub type Member = [u8; 8];

/// What a feed was when it was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// [`Feed::updated`], whole milliseconds.
    pub updated: DateTime<Utc>,
    /// The posts that it showed, in feed order.
    pub members: Vec<Member>,
}

/// What a scan knows when it comes to its feeds.
#[derive(Debug)]
pub struct Changed<'a> {
    before: &'a HashMap<String, Shown>,
    catalog: &'a Catalog,
    /// Where each post stands; made when a feed lost a post that does not stand right behind the last one shown.
    places: OnceLock<HashMap<Member, usize>>,
    now: DateTime<Utc>,
    timezone: Tz,
}

impl<'a> Changed<'a> {
    /// `before` has what each feed was last, by path: nothing where nothing is remembered.
    #[must_use]
    pub fn new(before: &'a HashMap<String, Shown>, catalog: &'a Catalog, now: DateTime<Utc>, timezone: Tz) -> Self {
        Self { before, catalog, places: OnceLock::new(), now: now.trunc_subsecs(0), timezone }
    }

    /// Sets the `updated` of `feed`, which holds that of its newest entry, and says what is to be remembered of it.
    #[must_use]
    pub fn apply(&self, feed: &mut Feed, plan: &Planned) -> Shown {
        let members: Vec<Member> = self.members(&plan.posts).collect();
        if let Some(before) = self.before.get(&plan.place.path) {
            // A date in the future was a mistake, and would stand for long.
            let known = Some(before.updated).filter(|updated| *updated <= self.now);
            let floor = if self.lost(before, &members, plan) { Some(self.now) } else { known };
            if let Some(floor) = floor.filter(|floor| *floor > feed.updated) {
                feed.updated = floor.with_timezone(&self.timezone).fixed_offset();
            }
        }
        Shown { updated: feed.updated.to_utc().trunc_subsecs(3), members }
    }

    /// Whether a post that was shown is not, for another reason than that newer ones took its place.
    fn lost(&self, before: &Shown, members: &[Member], plan: &Planned) -> bool {
        if before.members == members {
            return false;
        }
        let shown: HashSet<Member> = members.iter().copied().collect();
        let mut missing: Vec<&Member> = before.members.iter().filter(|member| !shown.contains(*member)).collect();
        if missing.is_empty() {
            return false;
        }
        let Some(&last) = plan.posts.last().filter(|_| plan.of > plan.posts.len()) else { return true };
        let next: HashSet<Member> = self.members(&plan.beyond).collect();
        missing.retain(|member| !next.contains(*member));
        missing.into_iter().any(|member| self.place(member).is_none_or(|at| at <= last))
    }

    fn members<'p>(&'p self, posts: &'p [usize]) -> impl Iterator<Item = Member> + 'p {
        posts.iter().map(|&at| member(&self.catalog.posts[at].key))
    }

    fn place(&self, member: &Member) -> Option<usize> {
        let posts = self.catalog.posts.iter().enumerate();
        let places = self.places.get_or_init(|| posts.map(|(at, post)| (self::member(&post.key), at)).collect());
        places.get(member).copied()
    }
}

fn member(key: &str) -> Member {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let mut first = Member::default();
    first.copy_from_slice(&digest[..8]);
    first
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::{Given, Naming};
    use crate::config::testing::{feeds, site};
    use crate::feeds::samples::{empty_feed, planned};
    use crate::posts::testing::post;

    fn date(day: u32) -> DateTime<Utc> {
        format!("2025-01-{day:02}T00:00:00Z").parse().unwrap()
    }

    /// A feed of at most two of the posts of these days, on day 20; `before` has what it showed.
    fn scan(days: &[u32], before: Option<&Shown>) -> Shown {
        let posts: Vec<_> = days.iter().map(|&day| Arc::new(post(&format!("p{day}"), day))).collect();
        let catalog = Catalog::new(posts, &site(), &Naming::new(&feeds(), &Given::new()));
        let posts: Vec<usize> = (0..days.len().min(2)).collect();
        let plan = planned(posts, days.len());
        let newest = catalog.posts.first().map_or(date(1), |post| post.published.to_utc());
        let mut feed = Feed { updated: newest.fixed_offset(), ..empty_feed() };
        let before = before.map(|shown| ("feed".to_owned(), shown.clone())).into_iter().collect();
        Changed::new(&before, &catalog, date(20), chrono_tz::UTC).apply(&mut feed, &plan)
    }

    #[test]
    fn case_17_a_feed_changes_with_its_newest_entry_and_with_a_removal() {
        let first = scan(&[1, 2], None);
        assert_eq!(first.updated, date(2));
        assert_eq!(scan(&[1, 2], Some(&first)), first, "not with the clock");
        let more = scan(&[1, 2, 3], Some(&first));
        assert_eq!(more.updated, date(3), "the oldest made room for the newest");
        for left in [&[1, 2][..], &[1, 3], &[2], &[]] {
            assert_eq!(scan(left, Some(&more)).updated, date(20), "{left:?}");
        }
    }

    #[test]
    fn a_post_that_is_merely_beyond_the_last_one_is_found_near_and_far() {
        let posts: Vec<_> = (1..9).map(|day| Arc::new(post(&format!("p{day}"), day))).collect();
        let catalog = Catalog::new(posts, &site(), &Naming::new(&feeds(), &Given::new()));
        let lost = |shown: &[&str], beyond: &[usize]| {
            let members = shown.iter().map(|key| member(key)).collect();
            let before = HashMap::from([("feed".to_owned(), Shown { updated: date(1), members })]);
            let plan = Planned { beyond: beyond.to_vec(), ..planned(vec![0, 1], 8) };
            let mut feed = Feed { updated: date(8).fixed_offset(), ..empty_feed() };
            Changed::new(&before, &catalog, date(20), chrono_tz::UTC).apply(&mut feed, &plan).updated == date(20)
        };
        for beyond in [&[2, 3][..], &[]] {
            assert!(!lost(&["p7", "p6"], beyond), "the next one");
            assert!(!lost(&["p7", "p2"], beyond), "one far behind");
            assert!(lost(&["p7", "gone"], beyond));
            assert!(lost(&["gone", "p6"], beyond));
        }
    }

    #[test]
    fn it_never_goes_back_but_from_the_future() {
        let shown = |day| Shown { updated: date(day), ..scan(&[1, 2], None) };
        assert_eq!(scan(&[1, 2], Some(&shown(9))).updated, date(9));
        assert_eq!(scan(&[1, 2], Some(&shown(21))).updated, date(2));
    }
}
