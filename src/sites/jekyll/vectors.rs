//! What Jekyll 4.3.1 itself made of some hundred little sites: `tests/vectors/jekyll_4.3.1.json` has many posts under many
//! settings, `tests/vectors/jekyll_sites.json` whole sites with collections, data and several settings files.
//!
//! Every row is held against what is read here, field by field. Where the two differ on purpose, [`DELIBERATE`] names the case in
//! the table of `docs/jekyll.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::config::{self, Generator};
use crate::posts::{self, Person, Post, Source, text};
use crate::sites::{self, Opened, Outcome, Rules, links, terms, testing::gathered};

#[derive(Deserialize)]
struct Vectors<R> {
    cases: Vec<Case<R>>,
}

#[derive(Deserialize)]
struct Case<R> {
    name: String,
    #[serde(default)]
    config: String,
    #[serde(default)]
    settings: Vec<String>,
    files: BTreeMap<String, String>,
    #[serde(default = "Vec::new")]
    expect: Vec<R>,
    #[serde(default)]
    build_fails: bool,
}

/// A row of the first file.
#[derive(Deserialize)]
struct PostRow {
    path: String,
    url: String,
    abs_url: String,
    abs_id: String,
    date: String,
    title: String,
    categories: Vec<String>,
    tags: Vec<String>,
    excerpt_text: String,
}

/// A row of the second.
#[derive(Deserialize)]
struct DocumentRow {
    path: String,
    collection: String,
    url: String,
    id: String,
    date: String,
    title: String,
    categories: Vec<String>,
    tags: Vec<String>,
    /// Name, e-mail, URI.
    author: [String; 3],
}

/// Path, field, and the case in the table of `docs/jekyll.md` that it is.
const DELIBERATE: [(&str, &str, &str); 4] = [
    ("_posts/2025-02-12-ﾊﾝｶｸ-①.md", "abs_url", "a path with characters that NFKC changes"),
    ("_posts/2025-01-01-a.md", "title", FRACTION),
    ("_posts/2025-01-01-a.md", "categories", FRACTION),
    ("_posts/2025-01-02-b.md", "categories", FRACTION),
];

const FRACTION: &str = "a number with a fraction as title or term";

/// What makes the one other collection of the first file one that is read.
const FEED: &str = "\nfeed: {collections: [notes]}\n";

trait Row {
    fn path(&self) -> &str;

    /// Which fields of the post read from `text` are others than expected: field, expected, found.
    fn differences(&self, site: &Site, post: &Post, text: &str) -> Vec<(&'static str, String, String)>;
}

/// The site that a case is about.
struct Site {
    base: String,
    author: Option<Person>,
}

#[test]
fn jekyll_agrees_on_posts() {
    let mut vectors: Vectors<PostRow> =
        serde_json::from_str(include_str!("../../../tests/vectors/jekyll_4.3.1.json")).unwrap();
    for case in &mut vectors.cases {
        case.files.insert("_config.yml".to_owned(), format!("{}{FEED}", case.config));
    }
    assert_eq!(tally(&vectors), Tally { cases: 89, rows: 454, broken: 14, deliberate: 10 });
}

#[test]
fn jekyll_agrees_on_sites() {
    let vectors: Vectors<DocumentRow> =
        serde_json::from_str(include_str!("../../../tests/vectors/jekyll_sites.json")).unwrap();
    assert_eq!(tally(&vectors), Tally { cases: 28, rows: 148, broken: 0, deliberate: 2 });
}

#[test]
fn the_docs_say_where_jekyll_is_not_followed() {
    let docs = include_str!("../../../docs/jekyll.md");
    for (_, _, case) in DELIBERATE {
        assert!(docs.contains(&format!("\n| {case}")), "{case}");
    }
}

/// How many there are. `deliberate` are rows.
#[derive(Debug, PartialEq, Default)]
struct Tally {
    cases: usize,
    rows: usize,
    broken: usize,
    deliberate: usize,
}

fn tally<R: Row>(vectors: &Vectors<R>) -> Tally {
    let mut tally = Tally { cases: vectors.cases.len(), ..Tally::default() };
    let mut faults = Vec::new();
    for case in &vectors.cases {
        let (site, made) = read(case);
        if case.build_fails {
            tally.broken += 1;
            let all_broken = made.values().all(|outcome| matches!(outcome, Outcome::Broken));
            faults.extend((!all_broken).then(|| format!("{}: {made:?}", case.name)));
            continue;
        }
        tally.rows += case.expect.len();
        let shown = made.values().filter(|outcome| matches!(outcome, Outcome::Post(_))).count();
        faults.extend((shown != case.expect.len()).then(|| format!("{}: {shown} posts", case.name)));
        for row in &case.expect {
            let Some(Outcome::Post(post)) = made.get(row.path()) else {
                faults.push(format!("{}: {} is no post", case.name, row.path()));
                continue;
            };
            let differences = row.differences(&site, post, &case.files[row.path()]);
            let is_meant = |field: &str| DELIBERATE.iter().any(|(path, of, _)| *path == row.path() && *of == field);
            let (meant, others): (Vec<_>, Vec<_>) = differences.into_iter().partition(|(field, ..)| is_meant(field));
            tally.deliberate += usize::from(!meant.is_empty());
            faults.extend(others.into_iter().map(|(field, expected, found)| {
                format!("{}: {} {field}: {expected:?}, not {found:?}", case.name, row.path())
            }));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    tally
}

fn read<R>(case: &Case<R>) -> (Site, BTreeMap<String, Outcome>) {
    let files = gathered(case.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let Opened { site, defaults, .. } =
        sites::Site::open_with(Some(Generator::Jekyll), &case.settings, &files).unwrap();
    let base = defaults.url.unwrap();
    let config = config::Site {
        timezone: defaults.timezone.unwrap().parse().unwrap(),
        ..sites::tests::site(&format!("{base}/"))
    };
    let rules = Rules { site: &config, permalink: "", max_post_bytes: 1 << 20, prints: true };
    let wanted = case.files.iter().filter(|(path, _)| site.wants(path));
    let read =
        |(path, text): (&String, &String)| (path.clone(), live(site.read(path, text.as_bytes(), &rules).outcome));
    let mut made: BTreeMap<String, Outcome> = wanted.map(read).collect();
    let posts = made.values().filter_map(|outcome| if let Outcome::Post(post) = outcome { Some(post) } else { None });
    let mut posts: Vec<_> = posts.map(|post| Arc::new(Post::clone(post))).collect();
    site.cut(&mut posts);
    made.retain(|path, outcome| !matches!(outcome, Outcome::Post(_)) || posts.iter().any(|post| post.path == *path));
    (Site { base, author: defaults.author }, made)
}

/// What a post of the future is to those who look now.
fn live(outcome: Outcome) -> Outcome {
    let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    match outcome {
        Outcome::Post(post) if post.live_from.is_some_and(|from| from > now) => Outcome::Hidden,
        other => other,
    }
}

impl Row for PostRow {
    fn path(&self) -> &str {
        &self.path
    }

    fn differences(&self, site: &Site, post: &Post, text: &str) -> Vec<(&'static str, String, String)> {
        let rendered = posts::render(post, &Source::of(post, text));
        let fields = [
            ("url", format!("{}{}", site.base, links::normal(&self.url)), post.url.clone()),
            ("abs_url", self.abs_url.clone(), post.url.clone()),
            ("abs_id", self.abs_id.clone(), post.id.clone()),
            ("date", self.date.clone(), post.published.to_rfc3339()),
            ("title", self.title.clone(), post.title.clone()),
            ("categories", self.categories.join("|"), post.categories.join("|")),
            ("tags", terms::distinct(&self.tags).join("|"), post.tags.join("|")),
            ("excerpt", self.excerpt_text.replace("&amp;", "&"), rendered.summary.to_string()),
        ];
        fields.into_iter().filter(|(_, expected, found)| expected != found).collect()
    }
}

impl Row for DocumentRow {
    fn path(&self) -> &str {
        &self.path
    }

    fn differences(&self, site: &Site, post: &Post, _: &str) -> Vec<(&'static str, String, String)> {
        let author = post.authors.first().or(site.author.as_ref());
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let author = [
            text(author.map(|author| &author.name)),
            text(author.and_then(|author| author.email.as_ref())),
            text(author.and_then(|author| author.uri.as_ref())),
        ];
        let fields = [
            ("url", format!("{}{}", site.base, links::normal(&self.url)), post.url.clone()),
            ("id", format!("{}{}", site.base, links::normal_nfkc(&self.id)), post.id.clone()),
            ("date", self.date.clone(), post.published.to_rfc3339()),
            ("title", text::one_line(&self.title), post.title.clone()),
            ("categories", terms::distinct(&self.categories).join("|"), post.categories.join("|")),
            ("tags", terms::distinct(&self.tags).join("|"), post.tags.join("|")),
            ("author", self.author.join("|"), author.join("|")),
            ("collection", self.collection.clone(), post.collection.clone().unwrap_or_else(|| "posts".to_owned())),
        ];
        fields.into_iter().filter(|(_, expected, found)| expected != found).collect()
    }
}
