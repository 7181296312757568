//! All live posts, indexed by term, in feed order.
//!
//! In: posts as the generator's rules read them, then those that went and those that came. Out: the [`Catalog`], the same
//! whichever way it came about. Never: I/O, a clock, bodies.

mod index;
mod members;
mod settings;
mod slug;
mod terms;

use std::cmp::{Ordering, Reverse};
use std::collections::VecDeque;
use std::sync::Arc;

use rayon::prelude::*;

pub use members::Members;
pub use terms::{Given, Naming, Term};

use self::index::Index;
use self::members::{Moves, small};
use self::settings::Settings;
use crate::config::{Site, SiteLanguage, Taxonomy, Terms};
use crate::posts::{Person, Post};

/// So many posts are not worth sharing out.
const FEW: usize = 100;

/// All live posts.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// In feed order: newest first, then by key.
    pub posts: Vec<Arc<Post>>,
    indices: [Index; 3],
    /// Of each of the operator's own feeds.
    custom: Vec<Members>,
    /// Of each post.
    editions: Vec<Edition>,
    settings: Settings,
}

/// Among whose feeds a post stands: 0 are the site's own, 1 those of the first of [`Site::languages`].
type Edition = u32;

/// Posts of a collection stand in its own feed only.
const APART: Edition = Edition::MAX;

impl Catalog {
    /// Sorts the posts of `site`, no two of which have one path, and indexes them by terms that are called as `naming` says.
    #[must_use]
    pub fn new(posts: Vec<Arc<Post>>, site: &Site, naming: &Naming<'_>) -> Self {
        let mut catalog = Self {
            posts: Vec::new(),
            indices: Taxonomy::ALL.map(|taxonomy| Index::new(taxonomy, naming)),
            custom: vec![Members::default(); naming.feeds.custom.len()],
            editions: Vec::new(),
            settings: Settings::new(site, naming.feeds),
        };
        catalog.change(&[], posts, site, naming);
        catalog
    }

    /// Takes out what is gone and puts in what is new; a post that changed is both. What comes of it is what [`Self::new`]
    /// makes of the posts that are there now. It costs little for few posts, unless `site` or the feeds are others than before.
    pub fn patch(&mut self, gone: &[Arc<Post>], new: Vec<Arc<Post>>, site: &Site, naming: &Naming<'_>) {
        let mut places: Vec<usize> = gone.iter().filter_map(|post| self.place(post)).collect();
        places.sort_unstable();
        places.dedup();
        if self.settings.hold(site, naming.feeds) {
            return self.change(&places, new, site, naming);
        }
        let mut posts = std::mem::take(&mut self.posts);
        merge(&mut posts, &places, new);
        *self = Self::new(posts, site, naming);
    }

    /// By taxonomy, then by slug.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.indices.iter().flat_map(Index::terms)
    }

    /// The posts of each of the operator's own feeds.
    #[must_use]
    pub fn custom(&self) -> &[Members] {
        &self.custom
    }

    /// Whether all posts stand among the site's own feeds.
    #[must_use]
    pub fn is_one_edition(&self) -> bool {
        self.editions.iter().all(|&edition| edition == 0)
    }

    /// Whether this post stands among the site's own feeds, or among those of the language with this number, from 1 up.
    #[must_use]
    pub fn is_in_edition(&self, at: usize, edition: usize) -> bool {
        self.editions[at] as usize == edition
    }

    /// Where exactly this post stands.
    fn place(&self, post: &Post) -> Option<usize> {
        self.posts.binary_search_by(|other| feed_order(other, post)).ok()
    }

    fn change(&mut self, gone: &[usize], new: Vec<Arc<Post>>, site: &Site, naming: &Naming<'_>) {
        for &at in gone {
            for index in &mut self.indices {
                labels(index.taxonomy(), &self.posts[at], site).for_each(|label| index.remove(label, naming));
            }
        }
        let (moves, places) = merge(&mut self.posts, gone, new);
        self.indices.iter_mut().for_each(|index| index.follow(&moves));
        self.custom.iter_mut().for_each(|members| members.follow(&moves));
        moves.carry(&mut self.editions);
        let posts = &self.posts;
        let put_in = |index: &mut Index| {
            let taxonomy = index.taxonomy();
            for &at in &places {
                labels(taxonomy, &posts[at], site).for_each(|label| index.add(label, at, naming));
            }
            index.settle(naming);
        };
        // Waking other threads takes longer than a few posts.
        match places.len() {
            0..FEW => self.indices.iter_mut().for_each(put_in),
            _ => self.indices.par_iter_mut().for_each(put_in),
        }
        for at in places {
            self.put_in(at, site, naming);
        }
        self.custom.iter_mut().for_each(Members::settle);
    }

    /// Notes among whose feeds a post stands, and in which of the operator's own.
    fn put_in(&mut self, at: usize, site: &Site, naming: &Naming<'_>) {
        let post = &self.posts[at];
        self.editions[at] = edition(post, site);
        if self.custom.is_empty() {
            return;
        }
        let authors = author_names(post, &site.author);
        let terms = terms_of(post, &authors, site.language.as_deref());
        for (members, custom) in self.custom.iter_mut().zip(&naming.feeds.custom) {
            if post.collection == custom.collection && custom.filter.matches(&terms) {
                members.add(at);
            }
        }
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
fn labels<'a>(taxonomy: Taxonomy, post: &'a Post, site: &'a Site) -> impl Iterator<Item = &'a str> {
    let (mut terms, mut authors, mut stand_in): (&[String], &[Person], _) = (&[], &[], None);
    match taxonomy {
        _ if post.collection.is_some() => {}
        Taxonomy::Category => terms = &post.categories,
        Taxonomy::Tag => terms = &post.tags,
        Taxonomy::Author if post.authors.is_empty() => {
            stand_in = Some(site.author.name.as_str()).filter(|name| *name != site.title);
        }
        Taxonomy::Author => authors = &post.authors,
    }
    let authors = authors.iter().map(|author| author.name.as_str());
    terms.iter().map(String::as_str).chain(authors).chain(stand_in)
}

/// A post in a language that has no feeds of its own stands in those of the site's own.
fn edition(post: &Post, site: &Site) -> Edition {
    let is_its = |language: &SiteLanguage| post.language.as_ref() == Some(&language.code);
    match &post.collection {
        Some(_) => APART,
        None => site.languages.iter().position(is_its).map_or(0, |at| small(at + 1)),
    }
}

/// Puts posts into feed order.
pub(crate) fn newest_first(posts: &mut Vec<Arc<Post>>) {
    let mut dated: Vec<_> = posts.drain(..).map(|post| (Reverse(post.published), post)).collect();
    // With the dates at hand most comparisons need no look at a post.
    dated.sort_by(|(a, post), (b, other)| a.cmp(b).then_with(|| feed_order(post, other)));
    posts.extend(dated.into_iter().map(|(_, post)| post));
}

fn feed_order(a: &Post, b: &Post) -> Ordering {
    (Reverse(a.published), &a.key, &a.path).cmp(&(Reverse(b.published), &b.key, &b.path))
}

/// Leaves out the posts at the places `gone`, and puts `new` in. Says where the others went, and where the new ones stand.
fn merge(posts: &mut Vec<Arc<Post>>, gone: &[usize], mut new: Vec<Arc<Post>>) -> (Moves, Vec<usize>) {
    newest_first(&mut new);
    let before = |post: &Arc<Post>| posts.partition_point(|other| feed_order(other, post).is_lt());
    let mut new: VecDeque<(usize, Arc<Post>)> = new.into_iter().map(|post| (before(&post), post)).collect();
    let len = posts.len();
    let of_new = || new.front().into_iter().chain(new.back()).map(|(before, _)| *before);
    let from = gone.first().copied().into_iter().chain(of_new()).min().unwrap_or(len);
    let until = gone.last().map(|at| at + 1).into_iter().chain(of_new()).max().unwrap_or(len);
    let (mut moves, mut places) = (Moves::new(from), Vec::with_capacity(new.len()));
    let mut gone = gone.iter().peekable();
    let behind = posts.split_off(until);
    let old = posts.split_off(from);
    for (at, post) in (from..).zip(old) {
        while let Some((_, post)) = new.pop_front_if(|(before, _)| *before == at) {
            places.push(posts.len());
            posts.push(post);
        }
        if gone.next_if(|&&gone| gone == at).is_some() {
            moves.goes();
        } else {
            moves.stays(posts.len());
            posts.push(post);
        }
    }
    places.extend(posts.len()..posts.len() + new.len());
    posts.extend(new.into_iter().map(|(_, post)| post));
    moves.follow_from(posts.len(), behind.len());
    posts.extend(behind);
    (moves, places)
}

#[cfg(test)]
mod tests;
