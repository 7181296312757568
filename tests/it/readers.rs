//! Independent readers understand what we wrote as we meant it: feed-rs, Python's feedparser, npm's feedsmith and rss-parser.
//!
//! All of them have to make the same entries of every document, and every format of a feed has to hold the same entries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::harness::{Site, repository, suite};
use crate::{documents, feeds, nasty};

/// What a reader makes of one document.
#[derive(Debug, PartialEq, Deserialize)]
struct Read {
    entries: Vec<Entry>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Entry {
    id: String,
    title: String,
    link: String,
    /// To the second, in UTC.
    published: String,
    categories: Vec<String>,
}

/// A program that takes files and prints a line of JSON for each.
struct Reader {
    program: PathBuf,
    args: Vec<PathBuf>,
    formats: &'static [&'static str],
}

fn feedparser() -> Option<Reader> {
    let program = suite("READER")?;
    Some(Reader { program, args: vec![repository("tests/it/readers.py")], formats: &["atom", "rss"] })
}

/// The readers of npm's; the suite's variable holds the directory with their modules.
fn npm() -> Option<[Reader; 2]> {
    let (dir, program) = (suite("NPM")?, suite("NODE")?);
    let reader = |name: &str, formats| {
        let args = vec![dir.join("readers.mjs"), name.into()];
        Reader { program: program.clone(), args, formats }
    };
    Some([reader("feedsmith", &["atom", "rss", "json"]), reader("rss-parser", &["atom", "rss"])])
}

#[test]
fn feedparser_reads_every_fixture_as_feed_rs_does() {
    let Some(reader) = feedparser() else { return };
    for site in fixtures() {
        agree(&site, &reader);
    }
}

#[test]
fn the_readers_of_npm_read_every_fixture_as_feed_rs_does() {
    let Some(readers) = npm() else { return };
    for site in fixtures() {
        readers.iter().for_each(|reader| agree(&site, reader));
    }
}

#[test]
fn every_format_of_a_feed_holds_the_same_entries() {
    for site in fixtures() {
        let read = |path: &Path, extension: &str| with_feed_rs(&path.with_extension(extension)).entries;
        // A term that is a category and a tag stands once where nothing tells them apart.
        let of = |entries: Vec<Entry>| -> Vec<_> {
            entries.into_iter().map(|entry| (entry.id, entry.title, entry.link, entry.published)).collect()
        };
        for path in documents_of(&site, &["atom"]) {
            let atom = of(read(&path, "atom"));
            assert_eq!(of(read(&path, "rss")), atom, "{}", path.display());
            assert_eq!(of(read(&path, "json")), atom, "{}", path.display());
        }
    }
}

/// The example blog, posts of the first user's kind, a blog with all that is nasty, and one with archives, files, a podcast
/// and two languages; built.
fn fixtures() -> Vec<Site> {
    let example = Site::bare();
    let out = example.file("feeds");
    example.ok(&["build", repository("examples/blog").to_str().unwrap(), "--out", out.to_str().unwrap()]);
    [example, documents::own(), nasty::blog(), feeds::rich()].into_iter().chain(documents::first_users()).collect()
}

/// The documents of a site in these formats.
fn documents_of(site: &Site, formats: &[&str]) -> Vec<PathBuf> {
    let dir = site.file("feeds");
    let is_one = |name: &String| formats.iter().any(|format| name.ends_with(&format!(".{format}")));
    let names = crate::sample::files(&dir).into_keys().filter(|name| is_one(name) && !name.starts_with('.'));
    names.map(|name| dir.join(name)).collect()
}

/// Holds what a reader understands of each document against what feed-rs does.
fn agree(site: &Site, reader: &Reader) {
    let files = documents_of(site, reader.formats);
    let output = Command::new(&reader.program).args(&reader.args).args(&files).output().unwrap();
    assert!(output.status.success(), "{:?}: {}", reader.args, String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let read: Vec<Read> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), files.len());
    for (file, theirs) in files.iter().zip(&read) {
        assert_eq!(*theirs, with_feed_rs(file), "{} by {:?}", file.display(), reader.args);
    }
    let counts: BTreeMap<_, _> = files.iter().zip(read.iter().map(|read| read.entries.len())).collect();
    assert!(counts.values().sum::<usize>() >= 2, "{counts:?}");
}

fn with_feed_rs(file: &Path) -> Read {
    let feed = feed_rs::parser::parse(&std::fs::read(file).unwrap()[..]).unwrap();
    let entry = |entry: feed_rs::model::Entry| Entry {
        id: entry.id,
        title: entry.title.unwrap().content,
        link: entry.links[0].href.clone(),
        published: entry.published.unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        categories: entry.categories.into_iter().map(|category| category.term).collect(),
    };
    Read { entries: feed.entries.into_iter().map(entry).collect() }
}
