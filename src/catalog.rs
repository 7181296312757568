//! All live posts, indexed by term, in feed order.
//!
//! In: posts as the generator's rules read them. Out: the [`Catalog`]. Never: I/O, a clock, bodies.

mod slug;
mod terms;

use std::cmp::Reverse;
use std::sync::Arc;

pub use terms::{Given, Naming, Term};

use crate::config::{Site, Taxonomy, Terms};
use crate::posts::{Person, Post};

/// All live posts.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// In feed order: newest first, then by key.
    pub posts: Vec<Arc<Post>>,
    /// By taxonomy, then by slug.
    pub terms: Vec<Term>,
}

impl Catalog {
    /// Sorts the posts of `site`, and indexes them by terms that are called as `naming` says.
    #[must_use]
    pub fn new(mut posts: Vec<Arc<Post>>, site: &Site, naming: &Naming<'_>) -> Self {
        newest_first(&mut posts);
        let terms = Taxonomy::ALL.into_iter().flat_map(|taxonomy| naming.index(taxonomy, &posts, site)).collect();
        Self { posts, terms }
    }
}

/// What a post's terms are, for a filter. `language` is the site's.
#[must_use]
pub fn terms_of<'a>(post: &'a Post, authors: &'a [String], language: Option<&'a str>) -> Terms<'a> {
    Terms { categories: &post.categories, tags: &post.tags, authors, language: post.language.as_deref().or(language) }
}

/// Who wrote a post: those it names, else the site's author.
#[must_use]
pub fn authors_of(post: &Post, site: &Person) -> Vec<Person> {
    if post.authors.is_empty() { vec![site.clone()] } else { post.authors.clone() }
}

/// The names of [`authors_of`] a post.
#[must_use]
pub fn author_names(post: &Post, site: &Person) -> Vec<String> {
    authors_of(post, site).into_iter().map(|author| author.name).collect()
}

/// The terms whose feeds a post stands in.
///
/// Where nobody is named at all the site's title stands in for an author, but it is none that one could subscribe to.
fn labels<'a>(taxonomy: Taxonomy, post: &'a Post, site: &'a Site) -> Vec<&'a str> {
    match taxonomy {
        _ if post.collection.is_some() => Vec::new(),
        Taxonomy::Category => post.categories.iter().map(String::as_str).collect(),
        Taxonomy::Tag => post.tags.iter().map(String::as_str).collect(),
        Taxonomy::Author if post.authors.is_empty() => {
            Some(site.author.name.as_str()).filter(|name| *name != site.title).into_iter().collect()
        }
        Taxonomy::Author => post.authors.iter().map(|author| author.name.as_str()).collect(),
    }
}

/// Puts posts into feed order.
pub(crate) fn newest_first(posts: &mut [Arc<Post>]) {
    posts.sort_by(|a, b| (Reverse(a.published), &a.key).cmp(&(Reverse(b.published), &b.key)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{feeds, site};
    use crate::posts::testing::post;

    fn of(posts: Vec<Arc<Post>>, site: &Site) -> Catalog {
        Catalog::new(posts, site, &Naming::new(&feeds(), &Given::new()))
    }

    fn catalog(posts: impl IntoIterator<Item = Post>) -> Catalog {
        of(posts.into_iter().map(Arc::new).collect(), &site())
    }

    fn term<'a>(catalog: &'a Catalog, slug: &str) -> &'a Term {
        catalog.terms.iter().find(|term| term.slug == slug).unwrap()
    }

    #[test]
    fn newest_first_then_by_key() {
        let day = |path: &str, day: u32| post(path, day);
        let catalog = catalog([day("b.md", 1), day("c.md", 2), day("a.md", 1)]);
        let paths: Vec<_> = catalog.posts.iter().map(|post| post.path.as_str()).collect();
        assert_eq!(paths, ["c.md", "a.md", "b.md"]);
    }

    #[test]
    fn spellings_that_meet_are_one_term_under_the_most_used() {
        let tagged =
            |path: &str, tags: &[&str]| Post { tags: tags.iter().map(|&t| t.into()).collect(), ..post(path, 1) };
        let catalog = catalog([tagged("a", &["rust"]), tagged("b", &["Rust"]), tagged("c", &["Rust", "rust", "AI"])]);
        assert_eq!(term(&catalog, "rust").label, "Rust");
        assert_eq!(term(&catalog, "rust").posts, [0, 1, 2], "a post with both spellings stands there once");
        assert_eq!(term(&catalog, "ai").posts, [2]);
        let tie = self::catalog([tagged("a", &["rust"]), tagged("b", &["Rust"])]);
        assert_eq!(term(&tie, "rust").label, "Rust");
    }

    #[test]
    fn the_sites_author_stands_in_where_one_is_named() {
        let guest = Person { name: "客".into(), email: None, uri: None };
        let posts = || [post("a", 1), Post { authors: vec![guest.clone()], ..post("b", 2) }].map(Arc::new).to_vec();
        let authors = |catalog: Catalog| catalog.terms.into_iter().map(|term| term.label).collect::<Vec<_>>();
        let named = Site { author: Person { name: "編集部".into(), email: None, uri: None }, ..site() };
        assert_eq!(authors(of(posts(), &named)), ["客", "編集部"]);
        assert_eq!(authors(of(posts(), &site())), ["客"], "the title is nobody to subscribe to");
    }

    #[test]
    fn each_taxonomy_has_terms_of_its_own() {
        let both = Post { categories: vec!["投資".into()], tags: vec!["投資".into()], ..post("a", 1) };
        let taxonomies: Vec<_> = catalog([both]).terms.iter().map(|term| term.taxonomy).collect();
        assert_eq!(taxonomies, [Taxonomy::Category, Taxonomy::Tag]);
    }
}
