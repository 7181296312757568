//! Which spellings are one term, and which path each term's feeds have.
//!
//! In: spellings, how terms are folded, which paths were given before. Out: [`Term`]s' keys and slugs. Never: a path for two
//! terms, or another path for a term than it had, unless the operator says so.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use super::members::Members;
use super::slug::{hash, slug};
use crate::config::{Feeds, Fold, Taxonomy};

/// One value of a taxonomy, with its posts.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Of what it is a value.
    pub taxonomy: Taxonomy,
    /// What all its spellings have in common; unique within the taxonomy.
    pub key: String,
    /// Its most used spelling.
    pub label: String,
    /// One path segment, not percent-encoded; unique within the taxonomy.
    pub slug: String,
    /// The slug that it would have if no other term had it.
    pub wanted: String,
    /// The posts that name it.
    pub posts: Members,
    /// It is there because the site's own settings name it, with or without posts.
    pub listed: bool,
}

/// The slug of each term that was given one before, by taxonomy and key.
pub type Given = HashMap<(Taxonomy, String), String>;

/// How terms are told apart, and named.
#[derive(Debug)]
pub struct Naming<'a> {
    pub(super) feeds: &'a Feeds,
    /// The operator's own slugs, by folded spelling.
    chosen: HashMap<String, String>,
    given: &'a Given,
}

/// Which term has a slug, by key.
type Owners<'t> = HashMap<Cow<'t, str>, &'t str>;

impl<'a> Naming<'a> {
    /// The naming that the operator asks for. What was given before holds where terms of one slug may be two; where they are
    /// one, a slug follows from the spelling alone.
    #[must_use]
    pub fn new(feeds: &'a Feeds, given: &'a Given) -> Self {
        let chosen = feeds.slugs.iter().map(|(label, wanted)| (folded(label, feeds.fold), slug(wanted)));
        Self { feeds, chosen: chosen.collect(), given }
    }

    /// Of one post's labels one for each term, in its first spelling.
    pub fn distinct<'b>(&self, labels: &'b [String]) -> impl Iterator<Item = &'b String> {
        let mut seen = HashSet::with_capacity(labels.len());
        labels.iter().filter(move |label| labels.len() == 1 || seen.insert(self.key(label)))
    }

    /// Which of these terms have a path that they were not given before.
    #[must_use]
    pub fn news<'t>(&self, terms: impl IntoIterator<Item = &'t Term>) -> Vec<(Taxonomy, String, String)> {
        let as_given = |term: &&Term| self.given.get(&(term.taxonomy, term.key.clone())) == Some(&term.slug);
        let new = terms.into_iter().filter(|term| !self.is_by_slug() && !as_given(term));
        new.map(|term| (term.taxonomy, term.key.clone(), term.slug.clone())).collect()
    }

    /// Whether terms are told apart by their slugs alone, so that each has the slug that it wants, and it is its key.
    pub(super) fn is_by_slug(&self) -> bool {
        self.feeds.fold == Fold::Slug
    }

    /// Labels that are terms even without a post.
    pub(super) fn listed(&self, taxonomy: Taxonomy) -> &'a [String] {
        if taxonomy == Taxonomy::Category { &self.feeds.listed } else { &[] }
    }

    /// Of which term a label is a spelling.
    pub(super) fn key(&self, label: &str) -> String {
        match self.feeds.fold {
            Fold::Slug if self.chosen.is_empty() => slug(label),
            fold @ Fold::Slug => self.chosen.get(&folded(label, fold)).cloned().unwrap_or_else(|| slug(label)),
            fold => folded(label, fold),
        }
    }

    /// The slug that the term with this key would have if no other term had it.
    pub(super) fn wanted(&self, key: &str) -> String {
        if self.is_by_slug() { key.to_owned() } else { self.chosen.get(key).cloned().unwrap_or_else(|| slug(key)) }
    }

    /// The slugs of all terms of one taxonomy, whose posts are in order, where two may want one. Whoever has a path keeps it:
    /// the operator's choice first, then what was given before, then the term of the oldest post.
    pub(super) fn slugs<'t>(&'t self, taxonomy: Taxonomy, terms: &[&'t Term]) -> Vec<String> {
        let mut owners = self.owners(taxonomy, terms);
        let mut order: Vec<usize> = (0..terms.len()).collect();
        // Posts stand newest first, so that of two terms the one with the later last member is the older.
        let age = |at: usize| (Reverse(terms[at].posts.last()), &terms[at].key);
        order.sort_unstable_by(|&a, &b| age(a).cmp(&age(b)));
        let mut slugs = vec![String::new(); terms.len()];
        for at in order {
            slugs[at] = self.slug(terms[at], &mut owners);
        }
        slugs
    }

    /// Whose slug is settled before any term is looked at. Of two keys with one slug the first has it.
    fn owners<'t>(&'t self, taxonomy: Taxonomy, terms: &[&'t Term]) -> Owners<'t> {
        let given = self.given.iter().filter(|((of, _), _)| *of == taxonomy);
        let mut owners = first_of_each(given.map(|((_, key), slug)| (slug, key)));
        let chosen = terms.iter().filter_map(|term| Some((self.chosen.get(&term.key)?, &term.key)));
        owners.extend(first_of_each(chosen));
        owners
    }

    fn slug<'t>(&'t self, term: &'t Term, owners: &mut Owners<'t>) -> String {
        let Term { taxonomy, key, wanted, .. } = term;
        let owns_wanted = owners.get(wanted.as_str()) == Some(&key.as_str());
        let given = self.given.get(&(*taxonomy, key.clone())).filter(|_| !owns_wanted);
        let plain = given.into_iter().chain([wanted]).map(|name| Cow::Borrowed(name.as_str()));
        // Few terms need a mark, and it is dear.
        let marked = std::iter::once_with(|| format!("{wanted}-{}", hash(key)));
        let marked = marked.flat_map(|name| {
            let more = (2..).map({
                let name = name.clone();
                move |n| format!("{name}-{n}")
            });
            [name].into_iter().chain(more)
        });
        let mut names = plain.chain(marked.map(Cow::Owned));
        let slug = names.find(|name| owners.get(name).is_none_or(|owner| owner == key));
        let slug = slug.expect("of endlessly many names one is free");
        owners.insert(slug.clone(), key);
        slug.into_owned()
    }
}

fn first_of_each<'t>(pairs: impl Iterator<Item = (&'t String, &'t String)>) -> Owners<'t> {
    let mut owners = Owners::new();
    for (slug, key) in pairs {
        let owner = owners.entry(Cow::Borrowed(slug.as_str())).or_insert(key);
        *owner = (*owner).min(key.as_str());
    }
    owners
}

/// A spelling without what makes no difference: NFC, white space folded, and lower case unless case counts.
fn folded(label: &str, fold: Fold) -> String {
    let line = label.split_whitespace().collect::<Vec<_>>().join(" ");
    match fold {
        Fold::None => line.nfc().collect(),
        Fold::Case | Fold::Slug => line.nfc().flat_map(char::to_lowercase).nfc().collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::catalog::Catalog;
    use crate::config::testing::{feeds, site};
    use crate::posts::Post;
    use crate::posts::testing::post;

    /// The terms of posts that each have these tags, newest first, as (label, slug); and what is to be remembered.
    fn named(fold: Fold, slugs: &[(&str, &str)], given: &Given, tags: &[&[&str]]) -> (Vec<(String, String)>, Given) {
        let slugs = slugs.iter().map(|(label, slug)| ((*label).to_owned(), (*slug).to_owned())).collect();
        let feeds = Feeds { fold, slugs, ..feeds() };
        let posts = tags.iter().enumerate().map(|(at, tags)| {
            let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
            Arc::new(Post { tags, ..post(&format!("p{at}"), 28 - u32::try_from(at).unwrap()) })
        });
        let naming = Naming::new(&feeds, given);
        let catalog = Catalog::new(posts.collect(), &site(), &naming);
        let news = naming.news(catalog.terms()).into_iter().map(|(taxonomy, key, slug)| ((taxonomy, key), slug));
        let given = given.clone().into_iter().chain(news).collect();
        (catalog.terms().map(|term| (term.label.clone(), term.slug.clone())).collect(), given)
    }

    fn terms(fold: Fold, slugs: &[(&str, &str)], tags: &[&[&str]]) -> Vec<(String, String)> {
        named(fold, slugs, &Given::new(), tags).0
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(label, slug)| ((*label).to_owned(), (*slug).to_owned())).collect()
    }

    #[test]
    fn case_8_normal_forms_and_white_space_are_one_term_and_widths_are_not() {
        let tags: &[&[&str]] = &[&["が ぎ", "か\u{3099}\u{3000}ぎ ", "ﾊﾝｶｸ", "ハンカク"]];
        for fold in [Fold::None, Fold::Case, Fold::Slug] {
            let slugs: Vec<_> = terms(fold, &[], tags).into_iter().map(|(_, slug)| slug).collect();
            assert_eq!(slugs, ["が-ぎ", "ハンカク", "ﾊﾝｶｸ"], "{fold:?}");
        }
    }

    #[test]
    fn case_9_every_term_has_one_safe_segment_of_its_own_and_the_operator_may_choose_it() {
        let nasty = ["C#", "C++", ".NET", "a/b", "100%", "..", "con", "?x", "😀", "C"];
        for fold in [Fold::None, Fold::Case, Fold::Slug] {
            let found = terms(fold, &[("c#", "csharp")], &[&nasty]);
            assert_eq!(found.len(), nasty.len(), "{found:?}");
            let slug = |label: &str| &found.iter().find(|(of, _)| of == label).unwrap().1;
            assert!(slug("😀").starts_with("t-"));
            assert_eq!(slug("a/b"), "a-b");
            let chosen = if fold == Fold::None { "c-" } else { "csharp" };
            assert!(slug("C#").starts_with(chosen), "where case counts, `c#` is another term: {found:?}");
        }
    }

    #[test]
    fn case_10_terms_whose_slugs_meet_are_one_or_the_older_keeps_the_path() {
        let tags: &[&[&str]] = &[&["foo-bar", "rust"], &["Foo Bar", "Rust"]];
        assert_eq!(terms(Fold::Slug, &[], tags), pairs(&[("Foo Bar", "foo-bar"), ("Rust", "rust")]));
        let marked = format!("foo-bar-{}", hash("foo-bar"));
        let two = [("Foo Bar", "foo-bar"), ("foo-bar", marked.as_str()), ("Rust", "rust")];
        assert_eq!(terms(Fold::Case, &[], tags), pairs(&two));
        let rust = format!("rust-{}", hash("rust"));
        let four = [two[0], two[1], two[2], ("rust", rust.as_str())];
        assert_eq!(terms(Fold::None, &[], tags), pairs(&four));
    }

    #[test]
    fn case_10_a_path_that_was_given_is_never_given_to_another() {
        let (first, given) = named(Fold::Case, &[], &Given::new(), &[&["foo-bar"]]);
        assert_eq!(first, pairs(&[("foo-bar", "foo-bar")]));
        let (both, given) = named(Fold::Case, &[], &given, &[&["foo-bar"], &["Foo Bar"]]);
        let marked = format!("foo-bar-{}", hash("foo bar"));
        assert_eq!(both, pairs(&[("foo-bar", "foo-bar"), ("Foo Bar", &marked)]), "though the other is older now");
        let (left, given) = named(Fold::Case, &[], &given, &[&["Foo Bar"]]);
        assert_eq!(left, pairs(&[("Foo Bar", &marked)]), "though the first is gone");
        let chosen = [("foo bar", "foo-bar")];
        let (left, given) = named(Fold::Case, &chosen, &given, &[&["Foo Bar"], &["foo-bar"]]);
        let other = format!("foo-bar-{}", hash("foo-bar"));
        assert_eq!(left, pairs(&[("Foo Bar", "foo-bar"), ("foo-bar", &other)]), "the operator's word goes first");
        assert_eq!(named(Fold::Case, &chosen, &given, &[&["foo-bar"], &["Foo Bar"]]).0, left);
    }

    #[test]
    fn case_11_a_term_that_a_post_names_twice_has_it_once() {
        let twice = Post { categories: vec!["c".into(), "C".into()], tags: vec!["c".into()], ..post("a", 1) };
        let feeds = feeds();
        let given = Given::new();
        let catalog = Catalog::new(vec![Arc::new(twice)], &site(), &Naming::new(&feeds, &given));
        let found: Vec<_> = catalog.terms().map(|term| (term.taxonomy, term.posts.len())).collect();
        assert_eq!(found, [(Taxonomy::Category, 1), (Taxonomy::Tag, 1)]);
    }

    proptest! {
        #[test]
        fn no_two_terms_have_one_path_whatever_was_given(
            tags in proptest::collection::vec("[Cc#!+ -]{1,4}", 1..8),
            more in proptest::collection::vec("[Cc#!+ -]{1,4}", 1..8),
            fold in prop_oneof![Just(Fold::None), Just(Fold::Case), Just(Fold::Slug)],
        ) {
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            let more: Vec<&str> = more.iter().map(String::as_str).collect();
            let (_, given) = named(fold, &[], &Given::new(), &[&tags]);
            let (found, _) = named(fold, &[("c", "c-c")], &given, &[&more, &tags]);
            let slugs: std::collections::HashSet<_> = found.iter().map(|(_, slug)| slug).collect();
            prop_assert_eq!(slugs.len(), found.len());
        }
    }
}
