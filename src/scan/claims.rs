//! What posts have claimed, for telling whether a new claim can meet another: keys, paths, URLs, ids, texts.
//!
//! Only fingerprints are kept. Two that are alike by chance cost a whole pass, and nothing else.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use super::live::Live;
use super::memory::Memory;
use crate::events::Seen;
use crate::posts::{Post, TextPrint};

/// All claims of one moment, and those that were given up since.
#[derive(Debug)]
pub(super) struct Claims {
    hasher: RandomState,
    keys: HashSet<u64>,
    paths: HashSet<u64>,
    urls: HashSet<u64>,
    ids: HashSet<u64>,
    /// Texts of posts that are not live: a file that has one may be such a post, back under another name.
    texts: HashSet<TextPrint>,
    /// Paths of posts that are neither live nor gone: their files are broken, or out of sight.
    hidden: HashSet<u64>,
}

impl Claims {
    /// Those of live posts, and of what is remembered.
    pub(super) fn of(live: &Live, memory: &Memory) -> Self {
        let hasher = RandomState::new();
        let hash = |text: &str| hasher.hash_one(text);
        let (seen, posts) = (memory.seen.values(), live.posts.iter());
        let live_keys: HashSet<u64> = posts.clone().map(|post| hash(&post.key)).collect();
        let is_live = |seen: &Seen| live_keys.contains(&hash(&seen.key));
        let hidden = seen.clone().filter(|seen| !seen.gone && !is_live(seen)).map(|seen| hash(&seen.path)).collect();
        let texts = seen.clone().filter(|seen| seen.gone || !is_live(seen)).filter_map(|seen| seen.text).collect();
        let keys = seen.clone().map(|seen| hash(&seen.key)).chain(live_keys.iter().copied()).collect();
        let entry_ids = seen.clone().map(|seen| &seen.entry_id).chain(live.ids.values());
        let ids = entry_ids.chain(posts.clone().map(|post| &post.id)).map(|id| hash(id)).collect();
        let paths = seen.map(|seen| hash(&seen.path)).collect();
        let urls = posts.map(|post| hash(&post.url)).collect();
        Self { hasher, keys, paths, urls, ids, texts, hidden }
    }

    /// Whether nobody can contest anything of this post, whose file is new.
    pub(super) fn is_free(&self, post: &Post) -> bool {
        !self.has(&self.keys, &post.key)
            && !self.has(&self.paths, &post.path)
            && !self.has(&self.ids, &post.id)
            && self.is_free_url(post)
            && post.text.is_none_or(|text| !self.texts.contains(&text))
    }

    /// Whether the file at `path` is that of a post which was seen, is not live, and nobody was told to be gone.
    pub(super) fn is_hidden(&self, path: &str) -> bool {
        self.has(&self.hidden, path)
    }

    pub(super) fn is_free_url(&self, post: &Post) -> bool {
        !self.has(&self.urls, &post.url)
    }

    /// Takes down what a post claims.
    pub(super) fn add(&mut self, post: &Post) {
        let hash = |text: &str| self.hasher.hash_one(text);
        self.keys.insert(hash(&post.key));
        self.paths.insert(hash(&post.path));
        self.urls.insert(hash(&post.url));
        self.ids.insert(hash(&post.id));
    }

    fn has(&self, claims: &HashSet<u64>, text: &str) -> bool {
        claims.contains(&self.hasher.hash_one(text))
    }
}
