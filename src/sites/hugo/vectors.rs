//! What Hugo 0.168.0 itself made of some forty little sites (`tests/vectors/hugo_0.168.0.json`).
//!
//! Every row is held against what is read here, field by field. Where the two differ on purpose, [`DELIBERATE`] says so.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::Settings;
use crate::config;
use crate::posts::{self, Post, Source};
use crate::sites::{Opened, Outcome, Rules, Site, testing};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    config: String,
    files: BTreeMap<String, String>,
    expect: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Page(Page),
    Term(Term),
}

#[derive(Deserialize)]
struct Page {
    path: String,
    rel: String,
    abs: String,
    date: String,
    lastmod: String,
    publishdate: String,
    title: String,
    summary: String,
    tags: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Term {
    taxonomy: String,
    rel: String,
    title: String,
    count: usize,
}

/// Case, row, and why it is not what Hugo says.
const DELIBERATE: [(&str, &str, &str); 2] = [
    ("taxonomies", "/series/s-one/", "a taxonomy of the site's own stays in the posts' data and has no feeds"),
    ("taxonomies", "/tags/t/", "its only page has no date, and so is no post"),
];

/// What Hugo says of a page without a date.
const NO_DATE: &str = "0001-01-01T00:00:00Z";

#[test]
fn hugo_0_168_agrees() {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../tests/vectors/hugo_0.168.0.json")).unwrap();
    let (mut rows, mut deliberate, mut faults) = (0, 0, Vec::new());
    for case in &vectors.cases {
        let made = Made::of(case);
        let dated = |row: &&Row| matches!(row, Row::Page(page) if page.date != NO_DATE && !page.rel.is_empty());
        let expected = case.expect.iter().filter(dated).count();
        let shown = made.posts.len();
        faults.extend((shown != expected).then(|| format!("{}: {shown} posts, not {expected}", case.name)));
        rows += case.expect.len();
        for row in &case.expect {
            let (name, differences) = match row {
                Row::Page(page) => (&page.path, made.page(case, page)),
                Row::Term(term) => (&term.rel, made.term(term)),
            };
            let is_deliberate = DELIBERATE.iter().any(|(of, row, _)| *of == case.name && row == name);
            deliberate += usize::from(is_deliberate && !differences.is_empty());
            let differences = differences.into_iter().filter(|_| !is_deliberate);
            faults.extend(differences.map(|difference| format!("{}: {name} {difference}", case.name)));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert_eq!((vectors.cases.len(), rows, deliberate), (41, 250, 2));
}

struct Made {
    site: config::Site,
    opened: Opened,
    /// Live on New Year 2026.
    posts: BTreeMap<String, Post>,
}

impl Made {
    fn of(case: &Case) -> Self {
        let files = case.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let opened = Site::open(None, &testing::gathered(files.chain([("hugo.toml", case.config.as_str())]))).unwrap();
        let url = opened.defaults.url.clone().unwrap();
        let zone = opened.defaults.timezone.as_deref().map_or(chrono_tz::Tz::UTC, |zone| zone.parse().unwrap());
        let site = config::Site { timezone: zone, language: None, ..crate::sites::tests::site(&url) };
        let rules = rules(&site);
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut posts = BTreeMap::new();
        for (path, text) in case.files.iter().filter(|(path, _)| opened.site.wants(path)) {
            if let Outcome::Post(post) = opened.site.read(path, text.as_bytes(), &rules).outcome
                && post.live_from.is_none_or(|from| from <= now)
                && post.live_until.is_none_or(|until| until > now)
            {
                posts.insert(path.strip_prefix("content/").unwrap().to_owned(), *post);
            }
        }
        Self { site, opened, posts }
    }

    fn page(&self, case: &Case, row: &Page) -> Vec<String> {
        let path = format!("content/{}", row.path);
        let Some(post) = self.posts.get(&row.path) else {
            let url = self.opened.site.page_url(&path, &case.files[&path], &rules(&self.site)).unwrap_or_default();
            let is_same = url == row.abs && (row.date == NO_DATE || row.rel.is_empty());
            return (!is_same)
                .then(|| format!("is no post, and its URL is {url}, not {}", row.abs))
                .into_iter()
                .collect();
        };
        let updated = post.updated.unwrap_or(post.published);
        let fields = [
            ("url", row.abs.clone(), post.url.clone()),
            ("id", row.abs.clone(), post.id.clone()),
            ("date", instant(&row.date), post.published.to_utc().to_rfc3339()),
            ("lastmod", instant(&row.lastmod), updated.to_utc().to_rfc3339()),
            ("publishdate", instant(&row.publishdate), post.live_from.unwrap().to_rfc3339()),
            ("title", row.title.clone(), post.title.clone()),
            ("summary", row.summary.trim().to_owned(), summary(post, &case.files[&path])),
            ("tags", self.distinct(row.tags.as_ref()), post.tags.join("|")),
        ];
        let differing = fields.into_iter().filter(|(_, expected, found)| expected != found);
        differing.map(|(field, expected, found)| format!("{field}: {expected:?}, not {found:?}")).collect()
    }

    /// As written, but for those that are one term under Hugo's own rule: such a term is shown once.
    fn distinct(&self, tags: Option<&serde_json::Value>) -> String {
        let written: Vec<&str> = match tags {
            Some(serde_json::Value::Array(tags)) => tags.iter().filter_map(|tag| tag.as_str()).collect(),
            other => other.and_then(|tag| tag.as_str()).into_iter().collect(),
        };
        let mut seen = std::collections::HashSet::new();
        let distinct: Vec<&str> = written.into_iter().filter(|tag| seen.insert(self.hugo().term_path(tag))).collect();
        distinct.join("|")
    }

    /// That as many posts have the term, and that a title in some spelling of theirs would be Hugo's, but for its capitals.
    fn term(&self, row: &Term) -> Vec<String> {
        let of_post = |post: &Post| if row.taxonomy == "tags" { post.tags.clone() } else { post.categories.clone() };
        let path = |term: &str| self.hugo().term_path(term);
        let rel = percent_decode_str(&row.rel).decode_utf8_lossy().to_lowercase();
        let expected = rel.strip_suffix(".html").unwrap_or(&rel).trim_end_matches('/');
        let is = |term: &String| expected.ends_with(&format!("/{}/{}", row.taxonomy, path(term)));
        let spellings: Vec<String> = self.posts.values().flat_map(of_post).filter(is).collect();
        let hyphens = |text: &str| text.to_lowercase().replace(' ', "-");
        let is_same = spellings.len() == row.count && spellings.iter().any(|term| hyphens(term) == hyphens(&row.title));
        (!is_same).then(|| format!("{} {}: {spellings:?}", row.title, row.count)).into_iter().collect()
    }

    fn hugo(&self) -> &Settings {
        match &*self.opened.site {
            Site::Hugo(settings) => settings,
            other => panic!("{:?}", other.generator()),
        }
    }
}

fn rules(site: &config::Site) -> Rules<'_> {
    Rules { site, permalink: "", max_post_bytes: 1 << 20, prints: true }
}

fn instant(written: &str) -> String {
    DateTime::parse_from_rfc3339(written).unwrap().to_utc().to_rfc3339()
}

fn summary(post: &Post, file: &str) -> String {
    posts::render(post, &Source::of(post, file)).summary.to_string()
}
