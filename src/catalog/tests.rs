//! The catalog of made-up posts: made at once, and patched while they come, change and go.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::config::testing::{feeds, site};
use crate::config::{Content, CustomFeed, Feeds, Filter, Fold, Pattern};
use crate::posts::testing::post;

fn of(posts: Vec<Arc<Post>>, site: &Site) -> Catalog {
    Catalog::new(posts, site, &Naming::new(&feeds(), &Given::new()))
}

fn catalog(posts: impl IntoIterator<Item = Post>) -> Catalog {
    of(posts.into_iter().map(Arc::new).collect(), &site())
}

fn term<'a>(catalog: &'a Catalog, slug: &str) -> &'a Term {
    catalog.terms().find(|term| term.slug == slug).unwrap()
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
    let tagged = |path: &str, tags: &[&str]| Post { tags: tags.iter().map(|&t| t.into()).collect(), ..post(path, 1) };
    let catalog = catalog([tagged("a", &["rust"]), tagged("b", &["Rust"]), tagged("c", &["Rust", "rust", "AI"])]);
    assert_eq!(term(&catalog, "rust").label, "Rust");
    assert!(term(&catalog, "rust").posts.iter().eq(0..3), "a post with both spellings stands there once");
    assert!(term(&catalog, "ai").posts.iter().eq([2]));
    let tie = self::catalog([tagged("a", &["rust"]), tagged("b", &["Rust"])]);
    assert_eq!(term(&tie, "rust").label, "Rust");
}

#[test]
fn the_sites_author_stands_in_where_one_is_named() {
    let guest = Person { name: "客".into(), email: None, uri: None };
    let posts = || [post("a", 1), Post { authors: vec![guest.clone()], ..post("b", 2) }].map(Arc::new).to_vec();
    let authors = |catalog: Catalog| catalog.terms().map(|term| term.label.clone()).collect::<Vec<_>>();
    let named = Site { author: Person { name: "編集部".into(), email: None, uri: None }, ..site() };
    assert_eq!(authors(of(posts(), &named)), ["客", "編集部"]);
    assert_eq!(authors(of(posts(), &site())), ["客"], "the title is nobody to subscribe to");
}

#[test]
fn each_taxonomy_has_terms_of_its_own() {
    let both = Post { categories: vec!["投資".into()], tags: vec!["投資".into()], ..post("a", 1) };
    let taxonomies: Vec<_> = catalog([both]).terms().map(|term| term.taxonomy).collect();
    assert_eq!(taxonomies, [Taxonomy::Category, Taxonomy::Tag]);
}

/// Labels of which some are one term, by slug, by case, or not at all.
const LABELS: [&str; 8] = ["rust", "Rust", "a b", "a-b", "A B", "C#", "c", "か\u{3099}"];

/// Authors of posts and of the site.
const NAMES: [&str; 3] = ["客", "編集部", "Ann"];

fn label() -> impl Strategy<Value = String> {
    prop::sample::select(&LABELS[..]).prop_map(str::to_owned)
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), email: None, uri: None }
}

/// One of few posts, so that many come twice: then they changed.
fn any_post() -> impl Strategy<Value = Post> {
    let terms = || prop::collection::vec(label(), 0..4);
    let language = prop::option::of(prop::sample::select(&["fr", "de"][..]));
    let collection = prop::option::weighted(0.1, Just("notes".to_owned()));
    let author = prop::option::of(prop::sample::select(&NAMES[..]));
    (0..12_u32, 1..5_u32, terms(), terms(), language, collection, author).prop_map(
        |(number, day, categories, tags, language, collection, author)| Post {
            categories,
            tags,
            language: language.map(str::to_owned),
            collection,
            authors: author.map(person).into_iter().collect(),
            ..post(&format!("p{number}"), day)
        },
    )
}

/// Posts that come, or stand where another state of them stood, and numbers of posts that go.
fn any_step() -> impl Strategy<Value = (Vec<Post>, Vec<u32>)> {
    (prop::collection::vec(any_post(), 0..5), prop::collection::vec(0..12_u32, 0..3))
}

fn any_feeds() -> impl Strategy<Value = Feeds> {
    let fold = prop::sample::select(&[Fold::None, Fold::Case, Fold::Slug][..]);
    let slugs = prop::collection::btree_map(label(), label(), 0..3);
    let listed = prop::collection::vec(label(), 0..3);
    (fold, slugs, listed, prop::collection::vec(label(), 0..2)).prop_map(|(fold, slugs, listed, categories)| {
        let news = CustomFeed {
            name: "news".into(),
            title: "News".into(),
            collection: None,
            filter: Filter {
                categories: categories.iter().map(|term| Pattern::term(term)).collect(),
                ..Filter::default()
            },
            limit: None,
            content: Content::Full,
            podcast: None,
        };
        Feeds { fold, slugs, listed, custom: vec![news], ..feeds() }
    })
}

fn any_site() -> impl Strategy<Value = Site> {
    let author = prop::option::of(prop::sample::select(&NAMES[..]));
    let language = |code: &str| SiteLanguage { code: code.into(), title: None };
    (author, any::<bool>()).prop_map(move |(author, french)| Site {
        author: person(author.unwrap_or("Example")),
        languages: french.then(|| language("fr")).into_iter().collect(),
        ..site()
    })
}

/// All that a catalog says.
fn told(catalog: &Catalog) -> (Vec<Arc<Post>>, Vec<Term>, Vec<Members>, Vec<Edition>) {
    let Catalog { posts, custom, editions, .. } = catalog;
    (posts.clone(), catalog.terms().cloned().collect(), custom.clone(), editions.clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_patched_catalog_is_the_same_as_one_made_anew(
        first in any_step(),
        steps in prop::collection::vec((any_step(), any::<bool>()), 1..6),
        feeds in any_feeds(),
        (site, other) in (any_site(), prop::option::weighted(0.1, any_site())),
    ) {
        let mut live: BTreeMap<String, Arc<Post>> = BTreeMap::new();
        let mut given = Given::new();
        let come = |posts: Vec<Post>, live: &mut BTreeMap<String, Arc<Post>>| {
            let last: BTreeMap<_, _> = posts.into_iter().map(|post| (post.path.clone(), Arc::new(post))).collect();
            let before: Vec<_> = last.iter().filter_map(|(path, post)| live.insert(path.clone(), Arc::clone(post))).collect();
            (before, last.into_values().collect::<Vec<_>>())
        };
        let (_, new) = come(first.0, &mut live);
        let mut catalog = Catalog::new(new, &site, &Naming::new(&feeds, &given));
        let last = steps.len() - 1;
        for (step, ((posts, goers), remembers)) in steps.into_iter().enumerate() {
            let left: Vec<_> = goers.iter().filter_map(|number| live.remove(&format!("p{number}"))).collect();
            let (before, new) = come(posts, &mut live);
            let site = other.as_ref().filter(|_| step == last).unwrap_or(&site);
            if remembers {
                let news = Naming::new(&feeds, &given).news(catalog.terms());
                given.extend(news.into_iter().map(|(taxonomy, key, slug)| ((taxonomy, key), slug)));
            }
            let naming = Naming::new(&feeds, &given);
            catalog.patch(&[left, before].concat(), new, site, &naming);
            let anew = Catalog::new(live.values().cloned().collect(), site, &naming);
            prop_assert_eq!(told(&catalog), told(&anew));
        }
    }
}

#[test]
fn what_never_was_there_cannot_be_taken_out() {
    let (feeds, given) = (feeds(), Given::new());
    let naming = Naming::new(&feeds, &given);
    let tagged = |path: &str| Arc::new(Post { tags: vec!["x".into()], ..post(path, 1) });
    let mut catalog = Catalog::new(vec![tagged("a")], &site(), &naming);
    catalog.patch(&[tagged("b"), tagged("a"), tagged("a")], Vec::new(), &site(), &naming);
    assert!(catalog.posts.is_empty() && catalog.terms().next().is_none());
}
