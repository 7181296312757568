//! What posts have claimed, for telling whether a new claim can meet another: keys, paths, URLs, ids, texts.
//!
//! Only fingerprints are kept. Two that are alike by chance cost a whole pass, and nothing else.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use super::live::Live;
use super::memory::Memory;
use crate::posts::{Post, TextPrint};

/// All claims of one moment, and those that were given up since.
#[derive(Debug, Default)]
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
        let mut claims = Self::default();
        live.posts.iter().for_each(|post| claims.add(post));
        for seen in memory.seen.values() {
            let [key, path, id] = [&seen.key, &seen.path, &seen.entry_id].map(|text| claims.hash(text));
            let is_live = !claims.keys.insert(key);
            claims.paths.insert(path);
            claims.ids.insert(id);
            if !is_live {
                claims.texts.extend(seen.text);
                claims.hidden.extend((!seen.gone).then_some(path));
            }
        }
        let ids: Vec<u64> = live.ids.values().map(|id| claims.hash(id)).collect();
        claims.ids.extend(ids);
        claims
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
        let [key, path, url, id] = [&post.key, &post.path, &post.url, &post.id].map(|text| self.hash(text));
        self.keys.insert(key);
        self.paths.insert(path);
        self.urls.insert(url);
        self.ids.insert(id);
    }

    fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    fn has(&self, claims: &HashSet<u64>, text: &str) -> bool {
        claims.contains(&self.hash(text))
    }
}
