//! The other pages of the site, as templates see them, with a record of what was asked: while the answers are the same, so is
//! what a template makes.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::posts::rules;
use crate::catalog;
use crate::config::Config;
use crate::posts::{Post, text};
use crate::sites::{Pages, Site};
use crate::sources::directory::Directory;

/// All pages of one moment.
pub(super) struct World<'a> {
    pub(super) site: Arc<Site>,
    pub(super) config: &'a Config,
    source: Directory,
    posts: &'a [Arc<Post>],
    index: OnceCell<Index<'a>>,
    newest_first: OnceCell<Vec<Arc<Post>>>,
    fingerprint: OnceCell<u64>,
    /// URLs of pages that are no posts, by path.
    pages: RefCell<HashMap<String, Option<String>>>,
}

struct Index<'a> {
    by_path: HashMap<&'a str, &'a Post>,
    by_stem: HashMap<&'a str, Vec<&'a Post>>,
}

/// A question, and what the answer was.
#[derive(Debug)]
pub(super) enum Asked {
    Url(String, Option<String>),
    Named(String, Vec<(String, String)>),
    /// The fingerprint of what may be asked of all posts.
    Posts(u64),
    /// The fingerprint of a file.
    Text(String, u64),
}

impl<'a> World<'a> {
    /// `posts` are all live posts, by path.
    pub(super) fn new(site: Arc<Site>, source: Directory, config: &'a Config, posts: &'a [Arc<Post>]) -> Self {
        let (index, newest_first, fingerprint) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { site, config, source, posts, index, newest_first, fingerprint, pages: RefCell::default() }
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

    /// The text of a file beside the posts.
    fn text_of(&self, path: &str) -> Option<String> {
        self.source.stamp(path)?;
        let bytes = self.source.read(path, rules(self.config).max_post_bytes).ok()?;
        let is_whole = bytes.len() as u64 <= rules(self.config).max_post_bytes;
        is_whole.then(|| text::decode(&bytes).ok()).flatten().map(|decoded| decoded.text)
    }
}

impl Pages for World<'_> {
    fn url(&self, path: &str) -> Option<String> {
        if let Some(post) = self.index().by_path.get(path) {
            return Some(post.url.clone());
        }
        if let Some(known) = self.pages.borrow().get(path) {
            return known.clone();
        }
        let url = self.page_url(path);
        self.pages.borrow_mut().insert(path.to_owned(), url.clone());
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
}

impl Asked {
    pub(super) fn would_be_answered_so(&self, world: &World<'_>) -> bool {
        match self {
            Self::Url(path, url) => world.url(path) == *url,
            Self::Named(stem, found) => world.named(stem) == *found,
            Self::Posts(fingerprint) => world.fingerprint() == *fingerprint,
            Self::Text(path, fingerprint) => hashed(&world.text(path)) == *fingerprint,
        }
    }
}

/// The world, writing down what it is asked.
pub(super) struct Asking<'a, 'w> {
    world: &'a World<'w>,
    asked: RefCell<Vec<Asked>>,
}

impl<'a, 'w> Asking<'a, 'w> {
    pub(super) fn new(world: &'a World<'w>) -> Self {
        Self { world, asked: RefCell::default() }
    }

    pub(super) fn into_asked(self) -> Vec<Asked> {
        self.asked.into_inner()
    }
}

impl Pages for Asking<'_, '_> {
    fn url(&self, path: &str) -> Option<String> {
        let url = self.world.url(path);
        self.asked.borrow_mut().push(Asked::Url(path.to_owned(), url.clone()));
        url
    }

    fn named(&self, stem: &str) -> Vec<(String, String)> {
        let found = self.world.named(stem);
        self.asked.borrow_mut().push(Asked::Named(stem.to_owned(), found.clone()));
        found
    }

    fn posts(&self) -> &[Arc<Post>] {
        self.asked.borrow_mut().push(Asked::Posts(self.world.fingerprint()));
        self.world.posts()
    }

    fn text(&self, path: &str) -> Option<Arc<str>> {
        let text = self.world.text(path);
        self.asked.borrow_mut().push(Asked::Text(path.to_owned(), hashed(&text)));
        text
    }
}

fn hashed(text: &Option<Arc<str>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A file's name without its last extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
