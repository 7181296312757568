//! `site.*`.

use std::sync::Arc;

use crate::posts::Post;
use crate::posts::liquid::Value;
use crate::sites::links;

use super::Jekyll;
use super::values::OtherPost;

/// How many posts `site.related_posts` has.
const RELATED: usize = 10;

impl Jekyll<'_> {
    /// One part of the site.
    pub(super) fn site(&self, key: &str) -> Option<Value> {
        let (origin, path) = self.base();
        match key {
            "url" => Some(Value::text(origin)),
            "baseurl" => Some(Value::text(path)),
            "data" => Some(self.settings.library.data.clone()),
            "time" => Some(Value::Time(self.pages.posts().first()?.published)),
            "posts" => Some(self.pages.kept("posts", &|| self.posts(self.pages.posts().iter()))),
            "related_posts" => {
                let others = self.pages.posts().iter().filter(|post| post.path != self.post.path);
                Some(self.posts(others.take(RELATED)))
            }
            "categories" => Some(self.pages.kept("categories", &|| self.by_term(|post| &post.categories))),
            "tags" => Some(self.pages.kept("tags", &|| self.by_term(|post| &post.tags))),
            key => self.settings.library.config.get(key),
        }
    }

    /// The site's address without its path, and the path.
    pub(super) fn base(&self) -> (&str, &str) {
        let base = links::base(&self.rules.site.url);
        let host = base.find("://").map_or(0, |at| at + 3);
        base.split_at(base[host..].find('/').map_or(base.len(), |at| host + at))
    }

    /// A URL of the site as templates write it: without the address.
    pub(super) fn without_origin<'u>(&self, url: &'u str) -> &'u str {
        url.strip_prefix(self.base().0).filter(|path| path.starts_with('/')).unwrap_or(url)
    }

    fn posts<'p>(&self, posts: impl Iterator<Item = &'p Arc<Post>>) -> Value {
        let base: Arc<str> = links::base(&self.rules.site.url).into();
        let other = |post: &Arc<Post>| OtherPost { post: Arc::clone(post), base: Arc::clone(&base) };
        Value::list(posts.map(|post| Value::Object(Arc::new(other(post)))).collect())
    }

    fn by_term(&self, terms: impl Fn(&Post) -> &[String]) -> Value {
        let mut all: Vec<(Arc<str>, Vec<&Arc<Post>>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for post in self.pages.posts() {
            for term in terms(post) {
                let place = *places.entry(term.as_str()).or_insert_with(|| {
                    all.push((term.as_str().into(), Vec::new()));
                    all.len() - 1
                });
                all[place].1.push(post);
            }
        }
        Value::map(all.into_iter().map(|(term, posts)| (term, self.posts(posts.into_iter()))))
    }
}
