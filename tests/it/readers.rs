//! An independent reader, Python's feedparser, understands what we wrote as we meant it.

use std::process::Command;

use serde_json::Value;

use crate::harness::{Site, repository, suite};

#[test]
fn feedparser_and_feed_rs_understand_the_same() {
    let Some(python) = suite("READER") else { return };
    let blog = Site::bare();
    let out = blog.file("feeds");
    let example = repository("examples/blog");
    blog.ok(&["build", example.to_str().unwrap(), "--out", out.to_str().unwrap()]);

    let files: Vec<_> = ["feed.atom", "feed.rss", "tags/ai.atom", "tags/ai.rss"].map(|path| out.join(path)).into();
    let output = Command::new(python).arg(repository("tests/it/readers.py")).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), files.len());
    for (file, value) in files.iter().zip(&read) {
        let name = file.display();
        assert_eq!(value["bozo"], "", "{name}");
        let ours = feed_rs::parser::parse(&std::fs::read(file).unwrap()[..]).unwrap();
        let theirs = value["entries"].as_array().unwrap();
        assert!(!theirs.is_empty() && theirs.len() == ours.entries.len(), "{name}");
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
}
