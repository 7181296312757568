//! The other pages of the site, as templates see them, with a record of what was asked: while the answers are the same, so is
//! what a template makes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::posts::rules;
use crate::catalog;
use crate::config::Config;
use crate::posts::liquid::Value;
use crate::posts::{Post, text};
use crate::sites::{Pages, Site};
use crate::sources::Source;

/// All pages of one moment.
pub(super) struct World<'a> {
    pub(super) site: Arc<Site>,
    pub(super) config: &'a Config,
    source: Source,
    posts: &'a [Arc<Post>],
    index: OnceLock<Index<'a>>,
    newest_first: OnceLock<Vec<Arc<Post>>>,
    fingerprint: OnceLock<u64>,
    /// URLs of pages that are no posts, by path.
    pages: Mutex<HashMap<String, Option<String>>>,
    /// What templates made of all posts, by name.
    kept: Mutex<HashMap<&'static str, Value>>,
    /// Fingerprints of files, by path: many posts ask for the same few.
    texts: Mutex<HashMap<String, u64>>,
}

struct Index<'a> {
    by_path: HashMap<&'a str, &'a Post>,
    by_stem: HashMap<&'a str, Vec<&'a Post>>,
}

/// What a template can ask.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    Url(String),
    Named(String),
    /// Anything of all posts.
    Posts,
    Text(String),
}

/// Every question once, each with the fingerprint of its answer.
#[derive(Debug, Default)]
pub(super) struct Asked(HashMap<Question, u64>);

/// What many templates ask for, in short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Asks {
    /// One asks for anything of all posts.
    pub(super) for_all: bool,
    /// One asks where a post is.
    pub(super) for_urls: bool,
}

impl Asks {
    pub(super) fn add(&mut self, asked: &Asked) {
        for question in asked.0.keys() {
            match question {
                Question::Posts => self.for_all = true,
                Question::Url(_) | Question::Named(_) => self.for_urls = true,
                Question::Text(_) => {}
            }
        }
    }
}

impl Asked {
    /// The files whose text, or whose place on the site, is asked for.
    pub(super) fn files(&self) -> impl Iterator<Item = (&String, Wanted)> {
        self.0.keys().filter_map(|question| match question {
            Question::Text(path) => Some((path, Wanted::Text)),
            Question::Url(path) => Some((path, Wanted::Url)),
            Question::Named(_) | Question::Posts => None,
        })
    }
}

/// What templates want of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    /// Where it is on the site.
    Url,
    /// All that it says.
    Text,
}

impl<'a> World<'a> {
    /// `posts` are all live posts, by path.
    pub(super) fn new(site: Arc<Site>, source: Source, config: &'a Config, posts: &'a [Arc<Post>]) -> Self {
        let (index, newest_first, fingerprint) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let (pages, kept, texts) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { site, config, source, posts, index, newest_first, fingerprint, pages, kept, texts }
    }

    fn index(&self) -> &Index<'a> {
        self.index.get_or_init(|| {
            let mut by_stem: HashMap<&str, Vec<&Post>> = HashMap::new();
            for post in self.posts {
                by_stem.entry(stem(&post.path)).or_default().push(post);
            }
            Index { by_path: self.posts.iter().map(|post| (post.path.as_str(), &**post)).collect(), by_stem }
        })
    }

    /// The URL of a page that is no post.
    fn page_url(&self, path: &str) -> Option<String> {
        self.source.stamp(path)?;
        // A picture has a URL, too.
        let text = self.text_of(path).unwrap_or_default();
        self.site.page_url(path, &text, &rules(self.config))
    }

    fn fingerprint(&self) -> u64 {
        *self.fingerprint.get_or_init(|| {
            let mut hasher = DefaultHasher::new();
            for post in self.posts {
                (&post.path, &post.url, &post.id, &post.title, post.published, &post.excerpt).hash(&mut hasher);
                (&post.authors, &post.categories, &post.tags, &post.language, &post.image).hash(&mut hasher);
                for (key, value) in &post.extra {
                    (key, value.to_string()).hash(&mut hasher);
                }
            }
            hasher.finish()
        })
    }

    fn text_fingerprint(&self, path: &str) -> u64 {
        if let Some(known) = lock(&self.texts).get(path) {
            return *known;
        }
        let fingerprint = hashed(&self.text(path));
        lock(&self.texts).insert(path.to_owned(), fingerprint);
        fingerprint
    }

    /// The text of a file beside the posts.
    fn text_of(&self, path: &str) -> Option<String> {
        self.source.stamp(path)?;
        let bytes = self.source.read(path, rules(self.config).max_post_bytes).ok()?;
        let is_whole = bytes.len() as u64 <= rules(self.config).max_post_bytes;
        is_whole.then(|| text::decode(&bytes).ok()).flatten().map(|decoded| decoded.text.into_owned())
    }
}

impl Pages for World<'_> {
    fn url(&self, path: &str) -> Option<String> {
        if let Some(post) = self.index().by_path.get(path) {
            return Some(post.url.clone());
        }
        if let Some(known) = lock(&self.pages).get(path) {
            return known.clone();
        }
        let url = self.page_url(path);
        lock(&self.pages).insert(path.to_owned(), url.clone());
        url
    }

    fn named(&self, stem: &str) -> Vec<(String, String)> {
        let posts = self.index().by_stem.get(stem).into_iter().flatten();
        posts.map(|post| (post.path.clone(), post.url.clone())).collect()
    }

    fn posts(&self) -> &[Arc<Post>] {
        self.newest_first.get_or_init(|| {
            let mut posts = self.posts.to_vec();
            catalog::newest_first(&mut posts);
            posts
        })
    }

    fn text(&self, path: &str) -> Option<Arc<str>> {
        self.text_of(path).map(Arc::from)
    }

    fn kept(&self, name: &'static str, make: &dyn Fn() -> Value) -> Value {
        let known = lock(&self.kept).get(name).cloned();
        known.unwrap_or_else(|| {
            let made = make();
            lock(&self.kept).insert(name, made.clone());
            made
        })
    }
}

impl Asked {
    /// Whether this world would answer everything alike.
    pub(super) fn still_holds(&self, world: &World<'_>) -> bool {
        self.0.iter().all(|(question, answer)| {
            let now = match question {
                Question::Url(path) => hashed(&world.url(path)),
                Question::Named(stem) => hashed(&world.named(stem)),
                Question::Posts => world.fingerprint(),
                Question::Text(path) => world.text_fingerprint(path),
            };
            now == *answer
        })
    }
}

/// The world, writing down what it is asked.
pub(super) struct Asking<'a, 'w> {
    world: &'a World<'w>,
    asked: RefCell<Asked>,
}

impl<'a, 'w> Asking<'a, 'w> {
    pub(super) fn new(world: &'a World<'w>) -> Self {
        Self { world, asked: RefCell::default() }
    }

    pub(super) fn into_asked(self) -> Asked {
        self.asked.into_inner()
    }

    fn note(&self, question: Question, answer: u64) {
        self.asked.borrow_mut().0.insert(question, answer);
    }
}

impl Pages for Asking<'_, '_> {
    fn url(&self, path: &str) -> Option<String> {
        let url = self.world.url(path);
        self.note(Question::Url(path.to_owned()), hashed(&url));
        url
    }

    fn named(&self, stem: &str) -> Vec<(String, String)> {
        let found = self.world.named(stem);
        self.note(Question::Named(stem.to_owned()), hashed(&found));
        found
    }

    fn posts(&self) -> &[Arc<Post>] {
        self.note(Question::Posts, self.world.fingerprint());
        self.world.posts()
    }

    fn text(&self, path: &str) -> Option<Arc<str>> {
        let text = self.world.text(path);
        self.note(Question::Text(path.to_owned()), hashed(&text));
        text
    }

    fn kept(&self, name: &'static str, make: &dyn Fn() -> Value) -> Value {
        self.note(Question::Posts, self.world.fingerprint());
        self.world.kept(name, make)
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hashed(answer: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    answer.hash(&mut hasher);
    hasher.finish()
}

/// A file's name without its last extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
