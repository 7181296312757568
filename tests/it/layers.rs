//! The modules' dependencies are those of the picture in `src/lib.rs`.

use std::path::Path;

use crate::harness::repository;

/// Modules, lowest first: each may use those before it. `failpoint` belongs to none.
const LAYERS: [&str; 15] = [
    "failpoint",
    "problems",
    "posts",
    "config",
    "sources",
    "sites",
    "catalog",
    "events",
    "feeds",
    "store",
    "publish",
    "deliveries",
    "server",
    "scan",
    "cli",
];

/// Calls back with each source file's module and text.
pub(crate) fn for_each_source(with: &mut dyn FnMut(&str, &str)) {
    fn walk(dir: &Path, root: &Path, with: &mut dyn FnMut(&str, &str)) {
        let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, root, with);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(root).unwrap();
                let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
                with(first.trim_end_matches(".rs"), &std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let root = repository("src");
    walk(&root, &root, with);
}

/// The modules that a file names after `crate::`, outside its tests.
fn used(text: &str) -> Vec<String> {
    let production = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code = production.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    code.split("crate::").skip(1).map(name).collect()
}

#[test]
fn modules_use_only_what_is_below_them() {
    let rank = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    let mut wrong = Vec::new();
    for_each_source(&mut |module, text| {
        if matches!(module, "lib" | "main") {
            return;
        }
        let own = rank(module).unwrap_or_else(|| panic!("{module} has no place in the picture"));
        for other in used(text) {
            if rank(&other).is_none_or(|rank| rank > own) {
                wrong.push(format!("{module} uses {other}"));
            }
        }
    });
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    for_each_source(&mut |module, text| {
        let test_only = text.starts_with("use ") || text.contains("use super::*;");
        assert!(
            text.starts_with("//!") || test_only,
            "a file of {module} opens with code:\n{}",
            &text[..80.min(text.len())]
        );
    });
}
