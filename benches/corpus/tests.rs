//! That the generator makes what is said of it.

#![expect(clippy::disallowed_methods, reason = "tests read what was written")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use crate::corpus::{Corpus, Layout};

fn corpus(posts: usize, seed: u64, layout: Layout) -> Corpus {
    Corpus { posts, seed, layout, by_year: false, liquid: 20, bytes: 12_000 }
}

/// All files, by path.
fn files(corpus: &Corpus) -> BTreeMap<String, String> {
    let dir = tempfile::tempdir().unwrap();
    corpus.write(dir.path()).unwrap();
    let mut files = BTreeMap::new();
    read(dir.path(), dir.path(), &mut files);
    files
}

fn read(root: &Path, dir: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let files = |seed| files(&corpus(30, seed, Layout::Jekyll));
    assert_eq!(files(1), files(1));
    assert_ne!(files(1), files(2));
}

#[test]
fn every_machine_makes_this_corpus() {
    let all: String = files(&corpus(50, 1, Layout::Jekyll)).into_iter().map(|(path, text)| path + &text).collect();
    assert_eq!(tidings::publish::fingerprint(all.as_bytes()), "9d7f3c213282f978bbe007c3a8bf2335267716fe");
}

#[test]
fn a_post_says_the_same_wherever_it_is_put() {
    let flat = files(&corpus(40, 3, Layout::Hugo));
    let by_year = files(&Corpus { by_year: true, ..corpus(40, 3, Layout::Hugo) });
    let texts = |files: BTreeMap<String, String>| files.into_values().collect::<BTreeSet<_>>();
    assert!(by_year.contains_key("hugo.toml") && by_year.keys().any(|path| path.starts_with("content/posts/2009/")));
    assert_eq!(texts(flat), texts(by_year));
}

#[test]
fn posts_are_about_as_long_as_asked_for() {
    let files = files(&corpus(200, 1, Layout::Hugo));
    let bytes: usize = files.values().map(String::len).sum();
    assert!((11_000..13_500).contains(&(bytes / 200)), "{}", bytes / 200);
}

#[test]
fn there_are_three_hundred_tags_and_the_first_comes_twice_as_often_as_the_second() {
    let files = files(&Corpus { bytes: 0, ..corpus(8_000, 1, Layout::Jekyll) });
    let lines = files.values().flat_map(|text| text.lines().take(8));
    let lists = lines.filter_map(|line| line.strip_prefix("tags: [")?.strip_suffix(']'));
    let mut counts: HashMap<&str, u32> = HashMap::new();
    lists.flat_map(|list| list.split(", ")).for_each(|tag| *counts.entry(tag).or_default() += 1);
    let mut counts: Vec<u32> = counts.into_values().collect();
    counts.sort_unstable();
    // No post has one twice, which the first feels most.
    let ratio = f64::from(counts[299]) / f64::from(counts[298]);
    assert!(counts.len() == 300 && (1.4..2.2).contains(&ratio), "{} tags, {ratio}", counts.len());
}
