//! Two posts cannot have one key, one URL or one id. Who was published under it before keeps it, else the first by path.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use rayon::prelude::*;

use super::live::Live;
use super::renames::{Followed, own_key};
use crate::events::Seen;
use crate::posts::Post;
use crate::problems::{Code, Problem, Severity};

impl Live {
    /// Leaves every key, URL and id to one post, and says so.
    pub(super) fn settle_conflicts(&mut self, followed: &Followed<'_>) {
        let (before, seen) = (self.problems.len(), followed.seen);
        followed.resume(&mut self.posts);
        self.settle_keys(seen);
        self.settle_urls(seen);
        self.follow_renames(seen);
        self.settle_ids(seen);
        self.contested = self.problems.len() > before;
    }

    fn settle_keys(&mut self, seen: &HashMap<String, Seen>) {
        if are_distinct(&self.posts, |post| &post.key) {
            return;
        }
        let mut order: Vec<usize> = (0..self.posts.len()).collect();
        order.sort_by_key(|&at| {
            let post = &self.posts[at];
            seen.get(&post.key).is_none_or(|seen| seen.gone || seen.path != post.path)
        });
        let mut taken: HashMap<String, String> = HashMap::new();
        for at in order {
            if let Some(first) = taken.get(&self.posts[at].key) {
                self.problems.push(duplicate_key(&self.posts[at], first));
                let post = Arc::make_mut(&mut self.posts[at]);
                post.key = own_key(&post.path, seen);
                while taken.contains_key(&post.key) {
                    post.key.push('\'');
                }
            }
            taken.insert(self.posts[at].key.clone(), self.posts[at].path.clone());
        }
    }

    fn settle_urls(&mut self, seen: &HashMap<String, Seen>) {
        if are_distinct(&self.posts, |post| &post.url) {
            return;
        }
        let mut order = self.posts.clone();
        // A site that moved has other URLs: there it counts that a post was published at all.
        order.sort_by_key(|post| {
            let seen = seen.get(&post.key).filter(|seen| !seen.gone);
            (seen.is_none_or(|seen| seen.post.url != post.url), seen.is_none())
        });
        let mut taken: HashMap<&str, &Arc<Post>> = HashMap::new();
        for post in &order {
            match taken.get(post.url.as_str()) {
                Some(first) => {
                    self.problems.push(duplicate_url(post, first));
                    self.unreadable.insert(post.path.clone());
                }
                None => drop(taken.insert(&post.url, post)),
            }
        }
        let kept: HashSet<&str> = taken.values().map(|post| post.path.as_str()).collect();
        self.posts.retain(|post| kept.contains(post.path.as_str()));
    }

    fn settle_ids(&mut self, seen: &HashMap<String, Seen>) {
        let Self { posts, ids, problems, .. } = self;
        if seen.is_empty() && are_distinct(posts, |post| &post.id) {
            return;
        }
        let live: HashSet<&str> = posts.iter().map(|post| post.key.as_str()).collect();
        // An id is nobody else's when its post is gone: readers that know it would take the new post for the old one.
        let absent = |seen: &&Seen| !live.contains(seen.key.as_str());
        let mut taken: HashSet<Cow<'_, str>> =
            seen.values().filter(absent).map(|seen| Cow::from(&seen.entry_id)).collect();
        let mut order: Vec<(u8, &Arc<Post>)> = posts.iter().map(|post| (rank(seen.get(&post.key)), post)).collect();
        order.sort_by_key(|(rank, _)| *rank);
        for (_, post) in order {
            let before = seen.get(&post.key).map(|seen| Cow::from(&seen.entry_id));
            let wanted = before.into_iter().chain([Cow::from(&post.id), Cow::from(&post.url)]);
            let others = (1..).map(|n| Cow::from(format!("{}#{n}", post.url)));
            let id = wanted.chain(others).find(|id| !taken.contains(id));
            let id = id.expect("of endlessly many ids one is free");
            if !seen.contains_key(&post.key) && id != post.id {
                problems.push(duplicate_id(post));
            }
            if id != post.id {
                ids.insert(post.key.clone(), id.clone().into_owned());
            }
            taken.insert(id);
        }
    }
}

/// Whether what `text` gives of each post is surely different, as it is in most sites: to settle who keeps what takes many
/// times as long.
fn are_distinct(posts: &[Arc<Post>], text: impl Fn(&Post) -> &str + Sync) -> bool {
    let random = RandomState::new();
    let mut hashes: Vec<u64> = posts.par_iter().map(|post| random.hash_one(text(post))).collect();
    hashes.par_sort_unstable();
    hashes.array_windows().all(|[a, b]| a != b)
}

/// Who chooses an id first: what is live, what was live once, what is new.
fn rank(seen: Option<&Seen>) -> u8 {
    match seen {
        Some(seen) if !seen.gone => 0,
        Some(_) => 1,
        None => 2,
    }
}

fn duplicate_key(post: &Post, first: &str) -> Problem {
    Problem {
        code: Code::DuplicateId,
        severity: Severity::Warning,
        path: post.path.clone(),
        place: None,
        message: format!("its front matter gives the id that {first} has already: {}", post.key),
        effect: "it is known by its path instead".to_owned(),
        remedy: "give each post an id of its own, or none".to_owned(),
    }
}

fn duplicate_url(post: &Post, first: &Post) -> Problem {
    Problem {
        code: Code::DuplicateUrl,
        severity: Severity::Error,
        path: post.path.clone(),
        place: None,
        message: format!("its URL is that of {} too: {}", first.path, post.url),
        effect: "it is left out of the feeds".to_owned(),
        remedy: "change the slug, the permalink or the file name of one of them".to_owned(),
    }
}

fn duplicate_id(post: &Post) -> Problem {
    Problem {
        code: Code::DuplicateId,
        severity: Severity::Note,
        path: post.path.clone(),
        place: None,
        message: format!("the generator gives it an id that another post has or had: {}", post.id),
        effect: "it has another one, made of its URL".to_owned(),
        remedy: "nothing needs to be done".to_owned(),
    }
}
