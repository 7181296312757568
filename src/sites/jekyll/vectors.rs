//! What Jekyll 4.3.1 itself made of some hundred little sites (`tests/vectors/jekyll_4.3.1.json`).
//!
//! Every row is held against what is read here, field by field. Where the two differ on purpose, [`DELIBERATE`] says so.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::config;
use crate::posts::{self, Post, Source};
use crate::sites::{Opened, Outcome, Rules, Site, links, terms, testing};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    config: String,
    files: BTreeMap<String, String>,
    #[serde(default)]
    expect: Vec<Row>,
    #[serde(default)]
    build_fails: bool,
}

#[derive(Deserialize)]
struct Row {
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

/// Path (in any case), field, and why it is not what Jekyll says.
const DELIBERATE: [(&str, &str, &str); 1] = [(
    "_posts/2025-02-12-ﾊﾝｶｸ-①.md",
    "abs_url",
    "jekyll-feed links to the NFKC form of the path, where Jekyll writes no file",
)];

/// Collections other than posts are not read.
const OTHER_COLLECTIONS: &str = "_notes/";

#[test]
fn jekyll_4_3_1_agrees() {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../tests/vectors/jekyll_4.3.1.json")).unwrap();
    let (mut rows, mut skipped, mut broken, mut deliberate, mut faults) = (0, 0, 0, 0, Vec::new());
    for case in &vectors.cases {
        let made = read(case);
        if case.build_fails {
            broken += 1;
            let all_broken = made.values().all(|outcome| matches!(outcome, Outcome::Broken));
            faults.extend((!all_broken).then(|| format!("{}: {made:?}", case.name)));
            continue;
        }
        let (posts, others): (Vec<&Row>, Vec<&Row>) =
            case.expect.iter().partition(|row| !row.path.starts_with(OTHER_COLLECTIONS));
        (rows, skipped) = (rows + posts.len(), skipped + others.len());
        let shown = made.values().filter(|outcome| matches!(outcome, Outcome::Post(_))).count();
        faults.extend((shown != posts.len()).then(|| format!("{}: {shown} posts", case.name)));
        for row in posts {
            let Some(Outcome::Post(post)) = made.get(&row.path) else {
                faults.push(format!("{}: {} is no post", case.name, row.path));
                continue;
            };
            for (field, expected, found) in differences(case, row, post) {
                match DELIBERATE.iter().any(|(path, of, _)| *path == row.path && *of == field) {
                    true => deliberate += 1,
                    false => faults.push(format!("{}: {} {field}: {expected:?}, not {found:?}", case.name, row.path)),
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert_eq!((vectors.cases.len(), rows, skipped, broken, deliberate), (89, 434, 20, 14, 10));
}

fn read(case: &Case) -> BTreeMap<String, Outcome> {
    let Opened { site, defaults, .. } = Site::open(None, &testing::files([("_config.yml", &case.config)])).unwrap();
    let config = config::Site {
        timezone: defaults.timezone.unwrap().parse().unwrap(),
        ..crate::sites::tests::site(&format!("{}/", defaults.url.unwrap()))
    };
    let rules = Rules { site: &config, permalink: "", max_post_bytes: 1 << 20 };
    let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    let wanted = case.files.iter().filter(|(path, _)| site.wants(path));
    wanted.map(|(path, text)| (path.clone(), live(site.read(path, text.as_bytes(), &rules).outcome, now))).collect()
}

/// What a post of the future is to those who look now.
fn live(outcome: Outcome, now: DateTime<Utc>) -> Outcome {
    match outcome {
        Outcome::Post(post) if post.live_from.is_some_and(|from| from > now) => Outcome::Hidden,
        other => other,
    }
}

fn differences(case: &Case, row: &Row, post: &Post) -> Vec<(&'static str, String, String)> {
    let base = if case.config.contains("baseurl: /b") { "https://example.com/b" } else { "https://example.com" };
    let rendered = posts::render(post, &Source::of(post, &case.files[&row.path]));
    let fields = [
        ("url", format!("{base}{}", links::normal(&row.url)), post.url.clone()),
        ("abs_url", row.abs_url.clone(), post.url.clone()),
        ("abs_id", row.abs_id.clone(), post.id.clone()),
        ("date", row.date.clone(), post.published.to_rfc3339()),
        ("title", row.title.clone(), post.title.clone()),
        ("categories", row.categories.join("|"), post.categories.join("|")),
        ("tags", terms::distinct(&row.tags).join("|"), post.tags.join("|")),
        ("excerpt", row.excerpt_text.replace("&amp;", "&"), rendered.summary.to_string()),
    ];
    fields.into_iter().filter(|(_, expected, found)| expected != found).collect()
}
