//! What the last scan came to, and how a small change is put into it.
//!
//! In: the files that say something else. Out: the live posts and the catalog as a whole pass would have them, and which posts
//! are new in it. Never: a guess; wherever a change may touch more than the post itself, a whole pass is asked for.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::ScanError;
use super::claims::Claims;
use super::known::State;
use super::live::Live;
use super::memory::Memory;
use super::posts::{Posts, Times};
use super::refresh::Changed;
use super::renames::Followed;
use crate::catalog::{Catalog, Naming};
use crate::posts::Post;

/// More changes than this are put in by a whole pass.
const MAX_CHANGES: usize = 1000;

/// The posts of one moment, and what has to be known to put a change in.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) live: Live,
    pub(super) catalog: Catalog,
    /// When that was.
    at: DateTime<Utc>,
    /// `None` until [`Standing::get_ready`].
    claims: Option<Claims>,
}

/// One post that takes the place of another, or comes in between.
struct Swap {
    old: Option<Arc<Post>>,
    new: Arc<Post>,
}

impl Standing {
    pub(super) fn new(live: Live, catalog: Catalog, at: DateTime<Utc>) -> Self {
        Self { live, catalog, at, claims: None }
    }

    /// Has at hand what the next change needs, so that it need not wait for it. `memory` is what is remembered by now.
    pub(super) fn get_ready(&mut self, memory: &Memory) {
        self.claims.get_or_insert_with(|| Claims::of(&self.live, memory));
    }

    /// Puts in what these files say now. `None`, with nothing changed, if that takes a whole pass; else where the posts stand
    /// in the catalog.
    pub(super) fn patch(
        &mut self,
        files: &[Changed],
        posts: &mut Posts,
        memory: &Memory,
        now: DateTime<Utc>,
    ) -> Result<Option<BTreeSet<usize>>, ScanError> {
        // Dates in feeds are trusted to be what they were, too, for as long as time goes forward.
        let is_same_time = self.at <= now && self.live.next_due.is_none_or(|due| due > now);
        let is_simple = !self.live.contested && !self.live.site.cuts();
        if !is_same_time || !is_simple || files.len() > MAX_CHANGES {
            return Ok(None);
        }
        let claims = self.claims.get_or_insert_with(|| Claims::of(&self.live, memory));
        let followed = memory.followed();
        let (mut swaps, mut next_due) = (Vec::with_capacity(files.len()), self.live.next_due);
        for file in files {
            let Some(swap) = swap(file, &self.live, posts, claims, &followed, now, &mut next_due)? else {
                return Ok(None);
            };
            if let Some(swap) = swap {
                claims.add(&swap.new);
                swaps.push(swap);
            }
        }
        for file in files.iter().filter(|file| posts.known(&file.path).is_none_or(|known| known.state != State::Broken))
        {
            self.live.unreadable.remove(&file.path);
        }
        self.live.next_due = next_due;
        self.live.files = posts.count();
        self.at = now;
        Ok(Some(self.put_in(swaps, posts, memory)))
    }

    fn put_in(&mut self, swaps: Vec<Swap>, posts: &mut Posts, memory: &Memory) -> BTreeSet<usize> {
        let (mut gone, mut new) = (Vec::new(), Vec::with_capacity(swaps.len()));
        for Swap { old, new: post } in swaps {
            posts.was_live(&post.path);
            match self.live.find(&post.path) {
                Ok(at) => self.live.posts[at] = Arc::clone(&post),
                Err(at) => self.live.posts.insert(at, Arc::clone(&post)),
            }
            gone.extend(old);
            new.push(post);
        }
        if new.is_empty() {
            return BTreeSet::new();
        }
        let config = &*self.live.config;
        let naming = Naming::new(&config.feeds, &memory.terms);
        self.catalog.patch(&gone, new.clone(), &config.site, &naming);
        let order = |post: &Post| (Reverse(post.published), post.key.clone());
        let place = |new: &Arc<Post>| self.catalog.posts.binary_search_by_key(&order(new), |post| order(post)).ok();
        new.iter().filter_map(place).collect()
    }
}

/// What comes of one file: no swap if it is and was no live post; `None` if only a whole pass can tell.
fn swap(
    file: &Changed,
    live: &Live,
    posts: &mut Posts,
    claims: &Claims,
    followed: &Followed<'_>,
    now: DateTime<Utc>,
    next_due: &mut Option<DateTime<Utc>>,
) -> Result<Option<Option<Swap>>, ScanError> {
    let there = live.find(&file.path).ok().map(|at| Arc::clone(&live.posts[at]));
    if there.is_none() && claims.is_hidden(&file.path) {
        return Ok(None);
    }
    let was_due = file.before.as_ref().filter(|post| post.listed).and_then(|post| Times::of(post, followed, now).next);
    if was_due.is_some() && was_due == live.next_due {
        return Ok(None);
    }
    let Some(known) = posts.known(&file.path) else {
        return Ok(there.is_none().then_some(None));
    };
    if known.state == State::Broken {
        return Ok(None);
    }
    let Some(new) = known.post().filter(|post| post.listed).cloned() else {
        return Ok(there.is_none().then_some(None));
    };
    let times = Times::of(&new, followed, now);
    *next_due = times.next.into_iter().chain(*next_due).min();
    let was = there.as_ref().zip(file.before.as_ref());
    let is_clear = match (was, times.is_live) {
        (None, false) => return Ok(there.is_none().then_some(None)),
        (Some(_), false) => false,
        (None, true) => there.is_none() && claims.is_free(&new) && !posts.asks.for_urls,
        (Some((old, before)), true) => {
            let is_there = before.url == new.url;
            // What it is known by follows from these two and from its path alone.
            (&before.key, &before.id) == (&new.key, &new.id)
                && (is_there || (claims.is_free_url(&new) && !posts.asks.for_urls))
                && old.path == new.path
        }
    };
    if !is_clear || posts.asks.for_all {
        return Ok(None);
    }
    let Some(new) = posts.expand_alone(new, live)? else { return Ok(None) };
    let new = match &there {
        Some(old) if old.key != new.key => Arc::new(Post { key: old.key.clone(), ..Post::clone(&new) }),
        _ => new,
    };
    Ok(Some(Some(Swap { old: there, new })))
}
