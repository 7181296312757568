//! Which post a file is, when its name does not say so: one that was seen under another name.
//!
//! In: the posts as their files name them, what was seen. Out: the same posts under the keys that the store knows them by.
//! Never: a key for a post that is known already, or one key for two.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::live::Live;
use crate::events::Seen;
use crate::posts::{Post, TextPrint};

/// What is remembered of the post in a file, whatever the file's name was at first.
pub(super) struct Followed<'a> {
    pub(super) seen: &'a HashMap<String, Seen>,
    /// When the last of them was first seen.
    pub(super) latest: Option<DateTime<Utc>>,
    /// By the file's name now; made when it is asked for.
    by_path: OnceCell<HashMap<&'a str, &'a Seen>>,
}

impl<'a> Followed<'a> {
    pub(super) fn new(seen: &'a HashMap<String, Seen>, latest: Option<DateTime<Utc>>) -> Self {
        Self { seen, latest, by_path: OnceCell::new() }
    }

    /// `post` as its file names it. `None` if it was never seen.
    pub(super) fn row(&self, post: &Post) -> Option<&'a Seen> {
        let own = || self.seen.get(&post.key).filter(|_| is_explicit(&post.key));
        let by_path = || {
            let row = self.by_path.get_or_init(|| by_path(self.seen)).get(post.path.as_str());
            row.copied().filter(|row| !contradict(&row.key, &post.key))
        };
        own().filter(|own| !own.gone).or_else(by_path).or_else(own)
    }

    /// A file that was followed to another name is known by its first one ever after, so that its path belongs to that post,
    /// and the name to none that comes later.
    pub(super) fn resume(&self, posts: &mut [Arc<Post>]) {
        if self.seen.is_empty() {
            return;
        }
        for post in posts {
            let key = match self.row(post) {
                Some(row) => row.key.clone(),
                None if is_explicit(&post.key) => continue,
                None => own_key(&post.path, self.seen),
            };
            if post.key != key {
                Arc::make_mut(post).key = key;
            }
        }
    }
}

fn by_path(seen: &HashMap<String, Seen>) -> HashMap<&str, &Seen> {
    let rank = |row: &Seen| (!row.gone, row.key == row.path, row.first_seen);
    let mut by_path: HashMap<&str, &Seen> = HashMap::new();
    for row in seen.values() {
        let best = by_path.entry(&row.path).or_insert(row);
        if (rank(row), &row.key) > (rank(best), &best.key) {
            *best = row;
        }
    }
    by_path
}

/// The key of a post that has no other than its path; marked where the path is the name of a post that went elsewhere.
pub(super) fn own_key(path: &str, seen: &HashMap<String, Seen>) -> String {
    let mut key = path.to_owned();
    while seen.get(&key).is_some_and(|row| row.path != path) {
        key.push('\'');
    }
    key
}

impl Live {
    /// A post that is nowhere to be found, and another that was never seen, at the URL of the first, at one that names it
    /// as a former URL, or with its text: its file was renamed. It stays the post it was, with its id and its count of changes.
    pub(super) fn follow_renames(&mut self, seen: &HashMap<String, Seen>) {
        if seen.is_empty() {
            return;
        }
        let live: HashSet<&str> = self.posts.iter().map(|post| post.key.as_str()).collect();
        let lost = |row: &&Seen| !live.contains(row.key.as_str()) && !self.is_unreadable(&row.path);
        let mut lost: Vec<&Seen> = seen.values().filter(lost).collect();
        // Of two that fit, it has to be the same one every time.
        lost.sort_unstable_by_key(|row| &row.key);
        let (gone, lost): (Vec<&Seen>, Vec<&Seen>) = lost.into_iter().partition(|row| row.gone);
        let is_new = |at: &usize| seen.get(&self.posts[*at].key).is_none_or(|row| row.gone);
        let mut search =
            Search { posts: &self.posts, new: (0..self.posts.len()).filter(is_new).collect(), found: Vec::new() };
        search.by_url(&lost, |post| vec![post.url.as_str()]);
        search.by_url(&lost, |post| post.former_urls.iter().map(String::as_str).collect());
        search.by_text(&lost);
        search.new.retain(|&at| !seen.contains_key(&self.posts[at].key));
        search.by_text(&gone);
        for (at, key) in search.found {
            Arc::make_mut(&mut self.posts[at]).key = key;
        }
    }
}

/// The search for what new posts were before.
struct Search<'a> {
    posts: &'a [Arc<Post>],
    /// Those that nothing was found for yet.
    new: Vec<usize>,
    /// The key of each that something was found for.
    found: Vec<(usize, String)>,
}

impl Search<'_> {
    fn by_url<'p>(&mut self, lost: &[&Seen], urls: impl Fn(&'p Post) -> Vec<&'p str>)
    where
        Self: 'p,
    {
        let rows = self.left(lost);
        let mut lost: HashMap<&str, &Seen> = HashMap::new();
        for row in rows {
            lost.entry(page(&row.post.url)).or_insert(row);
        }
        if lost.is_empty() {
            return;
        }
        for at in std::mem::take(&mut self.new) {
            match urls(&self.posts[at]).into_iter().find_map(|url| lost.remove(page(url))) {
                Some(row) => self.found.push((at, row.key.clone())),
                None => self.new.push(at),
            }
        }
    }

    /// Where several posts share a text, only those that share the last part of their URL too.
    fn by_text(&mut self, lost: &[&Seen]) {
        let mut groups: HashMap<TextPrint, Vec<&Seen>> = HashMap::new();
        for row in self.left(lost) {
            if let Some(text) = row.text {
                groups.entry(text).or_default().push(row);
            }
        }
        let mut claims: HashMap<TextPrint, Vec<usize>> = HashMap::new();
        for &at in &self.new {
            if let Some(text) = self.posts[at].text.filter(|text| groups.contains_key(text)) {
                claims.entry(text).or_default().push(at);
            }
        }
        let pairs = claims.iter().flat_map(|(text, new)| pairs(self.posts, new, &groups[text]));
        let pairs: HashMap<usize, String> = pairs.collect();
        self.new.retain(|at| !pairs.contains_key(at));
        self.found.extend(pairs);
    }

    /// Those of `lost` that nothing was found to be yet.
    fn left<'a>(&self, lost: &[&'a Seen]) -> impl Iterator<Item = &'a Seen> {
        let found: HashSet<&str> = self.found.iter().map(|(_, key)| key.as_str()).collect();
        lost.iter().copied().filter(|row| !found.contains(row.key.as_str())).collect::<Vec<_>>().into_iter()
    }
}

/// Which of these new posts is which of these lost ones, all of one text.
fn pairs(posts: &[Arc<Post>], new: &[usize], lost: &[&Seen]) -> Vec<(usize, String)> {
    // Of what is gone for long, another post may have the text by chance; an id that readers know would hide it from them.
    let is_same = |at: usize, row: &Seen| !row.gone || row.post.title == posts[at].title;
    let pair = |at: usize, row: &Seen| {
        (is_same(at, row) && !contradict(&row.key, &posts[at].key)).then(|| (at, row.key.clone()))
    };
    if let ([at], [row]) = (new, lost) {
        return pair(*at, row).into_iter().collect();
    }
    let mut by_name: HashMap<&str, (Vec<usize>, Vec<&Seen>)> = HashMap::new();
    for &at in new {
        by_name.entry(name(&posts[at].url)).or_default().0.push(at);
    }
    for row in lost {
        by_name.entry(name(&row.post.url)).or_default().1.push(row);
    }
    let only = |(new, lost): (Vec<usize>, Vec<&Seen>)| match (new.as_slice(), lost.as_slice()) {
        ([at], [row]) => pair(*at, row),
        _ => None,
    };
    by_name.into_values().filter_map(only).collect()
}

fn is_explicit(key: &str) -> bool {
    key.starts_with("id:")
}

/// Two ids that an author gave mean two posts.
fn contradict(one: &str, other: &str) -> bool {
    is_explicit(one) && is_explicit(other) && one != other
}

/// A URL without what is written in one way or another: the slash at the end, `index.html`, `.html`.
fn page(url: &str) -> &str {
    let url = url.strip_suffix("index.html").unwrap_or(url);
    url.trim_end_matches('/').trim_end_matches(".html")
}

/// The last part of a URL's path.
fn name(url: &str) -> &str {
    page(url).rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::events::{PostData, remember};
    use crate::posts::testing::post;

    /// A post at this path, with the text and the former URL of these numbers.
    fn known(path: &str, text: u8, former: u8) -> Post {
        let former_urls = vec![format!("https://example.com/{former}.html")];
        Post { text: (text > 0).then_some(TextPrint([text; 16])), former_urls, ..post(path, 1) }
    }

    fn row(post: &Post) -> Seen {
        let data = serde_json::json!({
            "id": post.id, "url": post.url, "title": post.title, "authors": [], "categories": [], "tags": [],
            "published": post.published, "updated": post.published, "revision": 1,
        });
        let data: PostData = serde_json::from_value(data).unwrap();
        remember(post, &post.id, None, data, post.published.to_utc())
    }

    fn rows(posts: &[Post]) -> HashMap<String, Seen> {
        posts.iter().map(|post| (post.key.clone(), row(post))).collect()
    }

    fn resumed(posts: &[Post], seen: &HashMap<String, Seen>) -> Vec<String> {
        let mut posts: Vec<_> = posts.iter().cloned().map(Arc::new).collect();
        Followed::new(seen, None).resume(&mut posts);
        posts.iter().map(|post| post.key.clone()).collect()
    }

    #[test]
    fn a_file_is_known_by_what_it_was_followed_as_and_the_name_it_left_is_free() {
        let moved = Post { path: "b".into(), ..known("a", 1, 0) };
        assert_eq!(resumed(&[known("a", 2, 0), known("b", 1, 0)], &rows(&[moved])), ["a'", "a"]);
    }

    #[test]
    fn an_id_of_the_authors_goes_before_the_path() {
        let id = |path: &str, id: &str| Post { key: format!("id:{id}"), ..known(path, 1, 0) };
        let seen = rows(&[id("x", "1"), id("y", "2")]);
        assert_eq!(resumed(&[id("x", "2"), id("y", "1")], &seen), ["id:2", "id:1"], "two files changed places");
        assert_eq!(resumed(&[id("x", "3")], &seen), ["id:3"], "another post in its place");
        assert_eq!(resumed(&[known("x", 1, 0)], &seen), ["id:1"], "the id was taken out");
        assert_eq!(resumed(&[id("a", "9")], &rows(&[known("a", 1, 0)])), ["a"], "an id was put in");
    }

    #[test]
    fn a_url_is_a_page_however_it_is_written() {
        for url in ["https://x/a", "https://x/a/", "https://x/a.html", "https://x/a/index.html"] {
            assert_eq!((page(url), name(url)), ("https://x/a", "a"));
        }
    }

    proptest! {
        #[test]
        fn nothing_is_found_to_be_two_posts_and_no_two_to_be_one(
            lost in vec((0..4u8, any::<bool>()), 0..6),
            new in vec((0..4u8, 0..6u8), 0..6),
        ) {
            let lost: Vec<Seen> = lost.into_iter().enumerate().map(|(at, (text, gone))| {
                Seen { gone, ..row(&known(&at.to_string(), text, 99)) }
            }).collect();
            let posts: Vec<Arc<Post>> =
                new.into_iter().enumerate().map(|(at, (text, former))| Arc::new(known(&format!("new{at}"), text, former))).collect();
            let lost: Vec<&Seen> = lost.iter().collect();
            let mut search = Search { posts: &posts, new: (0..posts.len()).collect(), found: Vec::new() };
            search.by_url(&lost, |post| post.former_urls.iter().map(String::as_str).collect());
            search.by_text(&lost);
            let ats: HashSet<usize> = search.found.iter().map(|(at, _)| *at).collect();
            let keys: HashSet<&String> = search.found.iter().map(|(_, key)| key).collect();
            prop_assert_eq!((ats.len(), keys.len()), (search.found.len(), search.found.len()));
            prop_assert!(search.new.iter().all(|at| !ats.contains(at)));
            prop_assert_eq!(search.new.len() + search.found.len(), posts.len());
        }
    }
}
