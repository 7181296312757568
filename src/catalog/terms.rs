//! Which spellings are one term, and which path each term's feeds have.
//!
//! In: posts, how terms are folded, which paths were given before. Out: [`Term`]s. Never: a path for two terms, or another
//! path for a term than it had, unless the operator says so.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use super::slug::{hash, slug};
use crate::config::{Feeds, Fold, Site, Taxonomy};
use crate::posts::Post;

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
    /// Indices into [`super::Catalog::posts`], in feed order.
    pub posts: Vec<usize>,
    /// It is there because the site's own settings name it, with or without posts.
    pub listed: bool,
}

/// The slug of each term that was given one before, by taxonomy and key.
pub type Given = HashMap<(Taxonomy, String), String>;

/// How terms are told apart, and named.
#[derive(Debug)]
pub struct Naming<'a> {
    fold: Fold,
    /// The operator's own slugs, by folded spelling.
    chosen: HashMap<String, String>,
    given: &'a Given,
    /// Categories that are terms even without a post.
    listed: &'a [String],
}

/// Spellings that are one term.
#[derive(Debug, Default)]
struct Group<'a> {
    spellings: HashMap<&'a str, usize>,
    members: Vec<usize>,
    chosen: Option<String>,
    listed: bool,
}

impl<'a> Naming<'a> {
    /// The naming that the operator asks for. What was given before holds where terms of one slug may be two; where they are
    /// one, a slug follows from the spelling alone.
    #[must_use]
    pub fn new(feeds: &'a Feeds, given: &'a Given) -> Self {
        let chosen = feeds.slugs.iter().map(|(label, wanted)| (folded(label, feeds.fold), slug(wanted)));
        Self { fold: feeds.fold, chosen: chosen.collect(), given, listed: &feeds.listed }
    }

    /// The terms of one taxonomy, by slug.
    pub(super) fn index(&self, taxonomy: Taxonomy, posts: &[Arc<Post>], site: &Site) -> Vec<Term> {
        let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
        let listed = self.listed.iter().filter(|_| taxonomy == Taxonomy::Category);
        for label in listed {
            let group = self.group(label, &mut groups);
            group.spellings.entry(label).or_default();
            group.listed = true;
        }
        for (at, post) in posts.iter().enumerate() {
            for label in super::labels(taxonomy, post, site) {
                let group = self.group(label, &mut groups);
                *group.spellings.entry(label).or_default() += 1;
                if group.members.last() != Some(&at) {
                    group.members.push(at);
                }
            }
        }
        let mut terms = self.name(taxonomy, groups);
        terms.sort_unstable_by(|a, b| a.slug.cmp(&b.slug));
        terms
    }

    /// Of one post's labels one for each term, in its first spelling.
    pub fn distinct<'b>(&self, labels: &'b [String]) -> impl Iterator<Item = &'b String> {
        let mut seen = HashSet::with_capacity(labels.len());
        labels.iter().filter(move |label| seen.insert(self.key(label).0))
    }

    /// The group that a spelling belongs to.
    fn group<'g, 'p>(&self, label: &str, groups: &'g mut BTreeMap<String, Group<'p>>) -> &'g mut Group<'p> {
        let (key, chosen) = self.key(label);
        let group = groups.entry(key).or_default();
        group.chosen = chosen.cloned();
        group
    }

    /// Of which term a label is a spelling, and the slug that the operator chose for it.
    fn key(&self, label: &str) -> (String, Option<&String>) {
        let chosen = self.chosen.get(&folded(label, self.fold));
        let key = match self.fold {
            Fold::Slug => chosen.cloned().unwrap_or_else(|| slug(label)),
            fold => folded(label, fold),
        };
        (key, chosen)
    }

    /// Whoever has a path keeps it: the operator's choice first, then what was given before, then the term of the oldest post.
    fn name(&self, taxonomy: Taxonomy, groups: BTreeMap<String, Group<'_>>) -> Vec<Term> {
        let mut owners: HashMap<String, String> = HashMap::new();
        for (key, group) in &groups {
            if let Some(chosen) = &group.chosen {
                owners.entry(chosen.clone()).or_insert_with(|| key.clone());
            }
        }
        let mut given: Vec<_> = self.given.iter().filter(|_| self.fold != Fold::Slug).collect();
        given.sort_unstable();
        for ((_, key), slug) in given.into_iter().filter(|((of, _), _)| *of == taxonomy) {
            owners.entry(slug.clone()).or_insert_with(|| key.clone());
        }
        let mut order: Vec<(String, Group<'_>)> = groups.into_iter().collect();
        // Posts stand newest first, so that of two terms the one with the later last member is the older.
        order.sort_by_key(|(key, group)| (Reverse(group.members.last().copied()), key.clone()));
        order.into_iter().map(|(key, group)| self.term(taxonomy, key, group, &mut owners)).collect()
    }

    fn term(&self, taxonomy: Taxonomy, key: String, group: Group<'_>, owners: &mut HashMap<String, String>) -> Term {
        let wanted = match self.fold {
            Fold::Slug => key.clone(),
            _ => group.chosen.unwrap_or_else(|| slug(&key)),
        };
        let given = Some((taxonomy, key.clone())).filter(|_| self.fold != Fold::Slug);
        let given = given.and_then(|term| self.given.get(&term)).filter(|_| owners.get(&wanted) != Some(&key));
        let marked = format!("{wanted}-{}", hash(&key));
        let more = (2..).map(|n| format!("{marked}-{n}"));
        let names = given.cloned().into_iter().chain([wanted.clone(), marked.clone()]).chain(more);
        let slug = names.into_iter().find(|name| owners.get(name).is_none_or(|owner| *owner == key));
        let slug = slug.expect("of endlessly many names one is free");
        owners.insert(slug.clone(), key.clone());
        // Of spellings used equally often the first in code point order, so that the label does not flip.
        let label = group.spellings.into_iter().max_by_key(|&(label, uses)| (uses, Reverse(label)));
        let label = label.map(|(label, _)| label).unwrap_or_default().to_owned();
        Term { taxonomy, key, label, slug, wanted, posts: group.members, listed: group.listed }
    }

    /// Which of these terms have a path that they were not given before.
    #[must_use]
    pub fn news(&self, terms: &[Term]) -> Vec<(Taxonomy, String, String)> {
        let as_given = |term: &&Term| self.given.get(&(term.taxonomy, term.key.clone())) == Some(&term.slug);
        let new = terms.iter().filter(|term| self.fold != Fold::Slug && !as_given(term));
        new.map(|term| (term.taxonomy, term.key.clone(), term.slug.clone())).collect()
    }
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
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::Catalog;
    use crate::config::testing::{feeds, site};
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
        let news = naming.news(&catalog.terms).into_iter().map(|(taxonomy, key, slug)| ((taxonomy, key), slug));
        let given = given.clone().into_iter().chain(news).collect();
        (catalog.terms.into_iter().map(|term| (term.label, term.slug)).collect(), given)
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
        let found: Vec<_> = catalog.terms.iter().map(|term| (term.taxonomy, term.posts.len())).collect();
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
