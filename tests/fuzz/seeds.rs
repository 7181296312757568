//! What inputs grow from: the example blog, the vectors, and the configs of this repository.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Front matter in TOML.
pub(crate) const TOML: &str = "title = \"a \\u65e5\"\ndate = 2025-01-01T12:00:00+09:00\ndraft = false\nweight = 1_0\n\
    tags = ['a', \"b\"]\n[author]\nname.first = 'c'\n[[x.y]]\nz = \"\"\"\nd\n\"\"\"\n";

/// Front matter in JSON.
pub(crate) const JSON: &str =
    "{\"title\": \"a \\u65e5\", \"n\": [1, 1.10, -2e3, null, true], \"x\": {\"y\": {}}}\n\nbody\n";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of this file of the repository.
pub(crate) fn file(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whole posts: front matter and text.
pub(crate) fn posts() -> Vec<String> {
    let mut posts = Vec::new();
    collect(&repository("examples/blog"), &mut posts);
    posts.sort();
    posts.extend(vectors("files"));
    posts.sort();
    posts.dedup();
    posts
}

/// The front matter of [`posts`], between its lines.
pub(crate) fn front_matter() -> Vec<String> {
    posts().iter().filter_map(|post| Some(post.strip_prefix("---\n")?.split("\n---").next()?.to_owned())).collect()
}

/// The text of [`posts`], without front matter.
pub(crate) fn bodies() -> Vec<String> {
    posts().iter().filter_map(|post| Some(post.split_once("\n---\n")?.1.to_owned())).collect()
}

/// Jekyll's settings.
pub(crate) fn settings() -> Vec<String> {
    let mut settings: Vec<_> = vectors("config").collect();
    settings.push(file("examples/blog/_config.yml"));
    settings.sort();
    settings.dedup();
    settings
}

/// A file of the vectors' cases, or all texts of their `files`.
fn vectors(key: &'static str) -> impl Iterator<Item = String> {
    let vectors: Value = serde_json::from_str(&file("tests/vectors/jekyll_4.3.1.json")).expect("the vectors are JSON");
    let cases = vectors["cases"].as_array().cloned().unwrap_or_default();
    cases.into_iter().flat_map(move |case| match &case[key] {
        Value::String(text) => vec![text.clone()],
        Value::Object(files) => files.values().filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
        _ => Vec::new(),
    })
}

fn collect(dir: &Path, posts: &mut Vec<String>) {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for path in entries.map(|entry| entry.expect("the example blog can be read").path()) {
        if path.is_dir() {
            collect(&path, posts);
        } else if path.extension().is_some_and(|extension| extension == "md" || extension == "markdown") {
            posts.extend(fs::read_to_string(path));
        }
    }
}
