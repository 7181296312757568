//! The last good state of the posts that feeds show, kept for the day on which one of their files breaks.
//!
//! A broken post keeps its entry although the process that read it well is gone, as with every scan from cron. Beforehand only
//! what feeds show is kept: that is what readers would miss. Of another post that breaks is kept what this process knows of
//! it, so that it still counts. Text has a bound; beyond it, an entry keeps its title and link.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rayon::prelude::*;
use tokio::runtime::Handle;

use super::live::Live;
use super::memory::Memory;
use super::pass::Pass;
use super::posts::Times;
use super::renames::Followed;
use super::{Run, ScanError};
use crate::events::self_and_above;
use crate::feeds::plan::Planned;
use crate::posts::{Post, Rendered};
use crate::store::{GoodState, LastGood, Store};

/// Packed text kept, in bytes.
const MAX_BYTES: usize = 32 << 20;

/// So many bodies are packed at once.
const AT_ONCE: usize = 256;

/// What no body unpacks to.
const MAX_UNPACKED: u64 = 256 << 20;

/// Puts back posts whose files are broken or out of sight, and which this process has never read well.
pub(super) fn restore(
    live: &mut Live,
    memory: &Memory,
    followed: &Followed<'_>,
    run: &Run<'_>,
) -> Result<(), ScanError> {
    if memory.good.is_empty() {
        return Ok(());
    }
    let there: HashSet<&str> = live.posts.iter().map(|post| post.path.as_str()).collect();
    let is_missing = |state: &GoodState| !there.contains(state.path.as_str()) && live.is_unreadable(&state.path);
    let missing = memory.good.iter().filter(|(_, state)| is_missing(state));
    let missing: Vec<&str> = missing.map(|(key, _)| key.as_str()).collect();
    let Some(store) = run.store.filter(|_| !missing.is_empty()) else { return Ok(()) };
    for post in Handle::current().block_on(store.good_posts(&missing))? {
        // What was to end meanwhile has ended.
        let times = Times::of(&post, followed, run.now);
        live.next_due = times.next.into_iter().chain(live.next_due).min();
        if times.is_live {
            live.posts.push(Arc::new(post));
        }
    }
    live.posts.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(())
}

/// The body of this state of a post, if it is kept.
pub(super) fn body(post: &Post, store: Option<&Store>) -> Result<Option<Rendered>, ScanError> {
    let Some(store) = store else { return Ok(None) };
    let packed = Handle::current().block_on(store.good_body(post))?;
    Ok(packed.as_deref().and_then(unpack))
}

/// Bodies that are to be kept, packed while they were at hand; by the posts' keys.
#[derive(Debug, Default)]
pub(super) struct Packed {
    bodies: HashMap<String, Vec<u8>>,
    bytes: usize,
}

/// Packs the bodies at hand that are to be kept anew, so that they need not be rendered once more.
pub(super) fn pack_ahead<'p>(pass: &mut Pass<'_>, posts: impl Iterator<Item = &'p Arc<Post>>) {
    if pass.store.is_some() && pass.packed.bytes < MAX_BYTES {
        pack_all(pass, posts.filter(|post| !is_kept(post, pass.good)).collect());
    }
}

fn pack_all(pass: &mut Pass<'_>, mut posts: Vec<&Arc<Post>>) {
    posts.sort_unstable_by_key(|post| &post.key);
    posts.dedup_by_key(|post| &post.key);
    posts.retain(|post| !pass.packed.bodies.contains_key(&post.key));
    let bodies = &pass.bodies;
    let packed = posts.into_par_iter().filter_map(|post| Some((post.key.clone(), pack(bodies.get(post)?).ok()?)));
    let packed: Vec<_> = packed.collect();
    pass.packed.bytes += packed.iter().map(|(_, body)| body.len()).sum::<usize>();
    pass.packed.bodies.extend(packed);
}

/// What is to be kept anew, and the keys of what no feed shows any more. A post that breaks is kept until it is mended, whatever
/// feeds show: it is not to be there for one process and out of sight for the next. Its text is, if a feed showed it.
pub(super) fn keep(pass: &mut Pass<'_>, live: &Live) -> Result<(Vec<LastGood>, Vec<String>), ScanError> {
    let states = pass.good;
    // Newest first: their text is kept where there is no room for all.
    let shown: BTreeSet<usize> = pass.plans.iter().flat_map(Planned::all_posts).collect();
    let shown: Vec<Arc<Post>> = shown.into_iter().map(|at| Arc::clone(&pass.catalog.posts[at])).collect();
    let (mut new, mut known, mut used) = (Vec::new(), Vec::with_capacity(shown.len()), 0);
    for post in shown {
        let state = states.get_key_value(&post.key);
        known.extend(state.map(|(key, _)| key));
        match state.filter(|(_, state)| is_of(state, &post)) {
            Some((_, state)) => used += state.size,
            None => new.push(post),
        }
    }
    let unshown: Vec<_> = match known.len() == states.len() {
        true => Vec::new(),
        false => {
            let known: HashSet<&String> = known.into_iter().collect();
            states.iter().filter(|(key, _)| !known.contains(key)).collect()
        }
    };
    let (held, unused): (Vec<_>, Vec<_>) = unshown.into_iter().partition(|(_, state)| live.is_unreadable(&state.path));
    used += held.iter().map(|(_, state)| state.size).sum::<usize>();
    let mut room = MAX_BYTES.saturating_sub(used);
    let mut good = Vec::with_capacity(new.len());
    for posts in new.chunks(AT_ONCE) {
        let rest: Vec<_> = posts.iter().filter(|post| !pass.packed.bodies.contains_key(&post.key)).collect();
        pass.prepare(rest.iter().copied())?;
        pack_all(pass, rest);
        for post in posts {
            let body = pass.packed.bodies.remove(&post.key).filter(|body| body.len() <= room);
            room -= body.as_ref().map_or(0, Vec::len);
            good.push(LastGood { post: Post::clone(post), body });
        }
    }
    let has_state = |post: &Post| {
        let is_old = states.get(&post.key).is_some_and(|state| is_same(state, post));
        is_old || good.iter().any(|kept| kept.post.key == post.key)
    };
    let anew: Vec<&Arc<Post>> = broken(live).filter(|post| !has_state(post)).collect();
    let is_anew = |key: &String| anew.iter().any(|post| post.key == *key);
    let gone = unused.into_iter().map(|(key, _)| key).filter(|key| !is_anew(key)).cloned().collect();
    good.extend(anew.into_iter().map(|post| LastGood { post: Post::clone(post), body: None }));
    Ok((good, gone))
}

/// Live posts whose own files are broken. What is behind a closed directory may be all posts, and comes back with it.
fn broken(live: &Live) -> impl Iterator<Item = &Arc<Post>> {
    let is_closed = |path: &str| self_and_above(path).skip(1).any(|dir| live.unreadable.contains(dir));
    let own = live.unreadable.iter().filter(move |path| !is_closed(path));
    own.filter_map(|path| Some(&live.posts[live.find(path).ok()?]))
}

/// Whether just this state of a post is kept.
fn is_kept(post: &Post, states: &HashMap<String, GoodState>) -> bool {
    states.get(&post.key).is_some_and(|state| is_of(state, post))
}

fn is_of(state: &GoodState, post: &Post) -> bool {
    state.is_current && is_same(state, post)
}

fn is_same(state: &GoodState, post: &Post) -> bool {
    (state.revision, &state.url, &state.path) == (post.revision, &post.url, &post.path)
}

fn pack(body: &Rendered) -> io::Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&serde_json::to_vec(&(&body.html, &body.summary))?)?;
    packed.finish()
}

fn unpack(packed: &[u8]) -> Option<Rendered> {
    let mut text = Vec::new();
    ZlibDecoder::new(packed).take(MAX_UNPACKED).read_to_end(&mut text).ok()?;
    let (html, summary) = serde_json::from_slice(&text).ok()?;
    Some(Rendered { html, summary })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_comes_back_as_it_was(html in "\\PC{0,80}", summary in "\\PC{0,20}") {
            let body = Rendered { html: html.into(), summary: summary.into() };
            prop_assert_eq!(unpack(&pack(&body).unwrap()), Some(body));
        }

        #[test]
        fn what_is_damaged_is_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(unpack(&bytes), None);
        }
    }
}
