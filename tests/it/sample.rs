//! `feeds/` is what Tidings writes for the example blog.

use std::collections::BTreeMap;
use std::path::Path;

use crate::harness::{Site, repository};

/// All files below a directory, with their bytes.
pub(crate) fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, root: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                true => walk(&path, root, files),
                false => drop(files.insert(name, std::fs::read(&path).unwrap())),
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found.retain(|name, _| !name.ends_with(".lock"));
    found
}

#[test]
fn feeds_is_what_a_build_of_the_example_writes() {
    let site = Site::bare();
    let out = site.file("feeds");
    site.ok(&["build", repository("examples/blog").to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let (written, kept) = (files(&out), files(&repository("feeds")));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&written), names(&kept), "run `make feeds` and commit what it writes");
    for (name, bytes) in &written {
        assert!(kept[name] == *bytes, "feeds/{name} is stale: run `make feeds` and commit what it writes");
    }
    assert!(written.contains_key("feed.atom") && written.len() > 20);
}

/// Whoever follows README runs the daemon first and the tests then.
#[test]
fn a_scan_of_the_example_writes_the_same() {
    let site = Site::bare();
    for (name, bytes) in files(&repository("examples/blog")) {
        if !name.starts_with(".tidings/") {
            site.write(&format!("examples/blog/{name}"), bytes);
        }
    }
    site.ok(&["scan", "examples/blog"]);
    let (written, kept) = (files(&site.file("feeds")), files(&repository("feeds")));
    let others: Vec<_> = kept.iter().filter(|(name, bytes)| written.get(*name) != Some(bytes)).collect();
    assert!(others.is_empty() && written.len() == kept.len(), "{:?}", others.first().map(|(name, _)| name));
}

#[test]
fn the_example_blog_has_nothing_wrong() {
    let site = Site::bare();
    let done = site.run(&["check", repository("examples/blog").to_str().unwrap()]);
    assert_eq!(done.status, 0, "{}", done.said());
}
