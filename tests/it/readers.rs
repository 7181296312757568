//! An independent reader, Python's feedparser, understands what we wrote as we meant it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::documents;
use crate::harness::{Site, repository, suite};

/// All Atom and RSS documents in a directory.
fn feeds(dir: &Path) -> Vec<PathBuf> {
    let files = crate::sample::files(dir).into_keys().filter(|name| name.ends_with(".atom") || name.ends_with(".rss"));
    files.map(|name| dir.join(name)).collect()
}

#[test]
fn the_example_blogs_feeds_are_understood() {
    let Some(python) = suite("READER") else { return };
    let site = Site::bare();
    let out = site.file("feeds");
    site.ok(&["build", repository("examples/blog").to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert!(agree(&python, &feeds(&out)) > 100);
}

#[test]
fn the_first_users_posts_are_understood() {
    let Some(python) = suite("READER") else { return };
    for site in [Some(documents::own()), documents::first_users()].into_iter().flatten() {
        assert_eq!(agree(&python, &feeds(&site.file("feeds"))), 2 * 8, "the site, a category, five tags and an author");
    }
}

/// Holds what feedparser understands of each document against what feed-rs does. Returns how many entries there were.
fn agree(python: &Path, files: &[PathBuf]) -> usize {
    let output = Command::new(python).arg(repository("tests/it/readers.py")).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), files.len());
    for (file, value) in files.iter().zip(&read) {
        let name = file.display();
        assert_eq!(value["bozo"], "", "{name}");
        let ours = feed_rs::parser::parse(&std::fs::read(file).unwrap()[..]).unwrap();
        let theirs = value["entries"].as_array().unwrap();
        assert_eq!(theirs.len(), ours.entries.len(), "{name}");
        for (entry, theirs) in ours.entries.iter().zip(theirs) {
            assert_eq!(theirs["title"], entry.title.as_ref().unwrap().content.as_str(), "{name}");
            assert_eq!(theirs["link"], entry.links[0].href.as_str(), "{name}");
            assert_eq!(theirs["id"], entry.id.as_str(), "{name}");
            let published = entry.published.unwrap().format("[%Y,%-m,%-d,%-H,%-M,%-S]").to_string();
            assert_eq!(theirs["published"].to_string(), published, "{name}");
            let categories: Vec<_> = entry.categories.iter().map(|category| category.term.as_str()).collect();
            assert_eq!(theirs["categories"], serde_json::json!(categories), "{name}");
        }
    }
    read.iter().map(|value| value["entries"].as_array().unwrap().len()).sum()
}
