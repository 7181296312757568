//! What Jekyll 4.3.1 with Liquid 5.4 itself made of some dozens of little templates (`tests/vectors/liquid_jekyll_4.3.1.json`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::posts::Post;
use crate::sites::{Opened, Outcome, Rules, Site, testing};

#[derive(Deserialize)]
struct Vectors {
    /// The front matter of every post.
    front: String,
    files: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    path: String,
    body: String,
    made: String,
}

/// The case, what is made here, and why it is not what Jekyll makes.
const DELIBERATE: [(&str, &str, &str); 1] = [(
    "markdownify",
    "<p><strong>a</strong> <code>b</code></p>\n",
    "classes go from every feed, and code is not coloured",
)];

#[test]
fn jekyll_4_3_1_makes_the_same() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../../../tests/vectors/liquid_jekyll_4.3.1.json")).unwrap();
    let files = testing::InMemory::of(vectors.files.iter());
    let Opened { site, problems, .. } = Site::open(None, &files).unwrap();
    assert_eq!(problems, []);
    let config = crate::sites::tests::site("https://example.com/b/");
    let rules = Rules { site: &config, permalink: "", max_post_bytes: 1 << 20, prints: true };
    let file = |case: &Case| format!("---\n{}---\n{}\n", vectors.front, case.body);
    let read = |path: &str, text: &str| match site.read(path, text.as_bytes(), &rules).outcome {
        Outcome::Post(post) => Some(Arc::new(*post)),
        _ => None,
    };
    let others = vectors.files.iter().filter(|(path, _)| site.wants(path)).filter_map(|(path, text)| read(path, text));
    let urls = vectors.files.iter().filter_map(|(path, text)| Some((path.clone(), site.page_url(path, text, &rules)?)));
    let texts = vectors.files.iter().map(|(path, text)| (path.clone(), text.as_str().into()));
    let pages = testing::Known { posts: others.collect(), pages: urls.collect(), texts: texts.collect() };
    let mut faults = Vec::new();
    for case in &vectors.cases {
        let file = file(case);
        let post: Arc<Post> = read(&case.path, &file).unwrap();
        let made = site.expand(&post, &file, &rules, &pages);
        let here = made.source.body.as_ref();
        let deliberate = DELIBERATE.iter().find(|(name, ..)| *name == case.name).map(|(_, made, _)| *made);
        if here != deliberate.unwrap_or(&case.made) {
            faults.push(format!("{}\n  {}\n  {}\n  {}\n  {:?}", case.name, case.body, case.made, here, made.problems));
        }
    }
    assert!(faults.is_empty(), "{} faults of {}\n{}", faults.len(), vectors.cases.len(), faults.join("\n"));
}
