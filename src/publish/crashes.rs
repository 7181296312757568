//! Whatever happens from scan to scan, the directory is at last what a first scan would make of it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::DateTime;
use proptest::prelude::*;

use super::manifest::{Manifest, NAME};
use super::{Durability, Output, Publisher, fingerprint};
use crate::feeds::{Document, Media};

/// Where documents belong, and what a user may want to put there.
const PATHS: [&str; 6] = ["feed.atom", "tags", "tags/a.atom", "tags/b.atom", "tags/x/c.atom", "authors/d.atom"];
const STEPS: [&str; 5] =
    ["publish.staged", "publish.unsettled", "publish.renamed", "publish.written", "nowhere, so that it lives"];

/// Paths and texts.
type Documents = BTreeMap<String, String>;

#[derive(Debug, Clone)]
enum Step {
    /// A scan that keeps what it knows, in this process or a new one; so many documents are shown before its end.
    Scan { documents: Documents, restart: bool, shown: usize },
    /// A scan of another process.
    Other(Documents),
    /// A scan that dies, after which this process starts anew.
    Crash { documents: Documents, step: &'static str, shown: usize },
    /// A scan that is given up after so many documents.
    GiveUp { documents: Documents, after: usize, shown: usize },
    /// A file by somebody else, if the place is free.
    Foreign(&'static str),
}

fn documents() -> impl Strategy<Value = Documents> {
    let path =
        proptest::sample::select(vec!["feed.atom", "tags/a.atom", "tags/b.atom", "tags/x/c.atom", "authors/d.atom"]);
    proptest::collection::btree_map(path.prop_map(str::to_owned), "[ab]{1,2}", 0..5)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (documents(), any::<bool>(), 0..5_usize)
            .prop_map(|(documents, restart, shown)| Step::Scan { documents, restart, shown }),
        1 => documents().prop_map(Step::Other),
        3 => (documents(), proptest::sample::select(STEPS.to_vec()), 0..5_usize)
            .prop_map(|(documents, step, shown)| Step::Crash { documents, step, shown }),
        2 => (documents(), 0..5_usize, 0..5_usize)
            .prop_map(|(documents, after, shown)| Step::GiveUp { documents, after, shown }),
        2 => proptest::sample::select(PATHS.to_vec()).prop_map(Step::Foreign),
    ];
    proptest::collection::vec(step, 1..8)
}

fn put(publisher: &Publisher<'_>, path: &str, text: &str) {
    let document = Document { path: path.into(), url: path.into(), media: Media::Atom, bytes: text.into() };
    publisher.put(&document).unwrap();
}

/// Makes visible what was put, and has what it says there.
fn show(publisher: &Publisher<'_>) {
    for (path, document) in publisher.show(&HashMap::new(), DateTime::UNIX_EPOCH).unwrap() {
        assert_eq!(fingerprint(&document.read(&path).unwrap()), document.state.etag);
    }
}

/// A scan to its end, with so many documents `shown` before; those that are `unchanged` are not rendered, unless they have to be.
fn scan(output: &mut Output, dir: &Path, documents: &Documents, shown: usize, unchanged: &Documents) {
    let publisher = output.open(dir, Durability::Synced).unwrap();
    publisher.claim(documents.keys());
    for (number, (path, text)) in documents.iter().enumerate() {
        if number == shown {
            show(&publisher);
        }
        if unchanged.get(path) != Some(text) || !publisher.keep([path]).unwrap() {
            put(&publisher, path, text);
        }
    }
    publisher.finish(&HashMap::new(), DateTime::UNIX_EPOCH).unwrap();
}

/// All files, with their texts; a manifest of nothing is like none.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(at) = dirs.pop() {
        for entry in fs::read_dir(at).unwrap().map(|entry| entry.unwrap()) {
            if entry.file_type().unwrap().is_dir() {
                dirs.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                let text = fs::read_to_string(entry.path()).unwrap();
                if name != NAME || text != Manifest::default().to_json() {
                    found.insert(name, text);
                }
            }
        }
    }
    found
}

fn write(dir: &Path, path: &str, text: &str) -> bool {
    let file = dir.join(path);
    let is_there = |file: &Path| fs::symlink_metadata(file).is_ok();
    let is_free = !is_there(&file) && fs::create_dir_all(file.parent().unwrap()).is_ok();
    is_free && fs::write(file, text).is_ok()
}

/// A first scan into an empty directory with the same files of somebody else.
fn fresh(documents: &Documents, foreign: &Documents) -> BTreeMap<String, String> {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in foreign {
        assert!(write(dir.path(), path, text));
    }
    scan(&mut Output::default(), dir.path(), documents, 0, &Documents::new());
    files(dir.path())
}

/// Scans in a process that dies at `step`, if it comes by there.
fn crash(dir: &Path, documents: &Documents, step: &str, shown: usize) {
    let scenario = serde_json::to_string(&(dir, documents, shown)).unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "publish::crashes::the_process_that_dies"])
        .env("TIDINGS_FAILPOINT", step)
        .env("TIDINGS_PUBLISH", scenario)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
}

#[test]
fn the_process_that_dies() {
    if let Ok(scenario) = std::env::var("TIDINGS_PUBLISH") {
        let (dir, documents, shown): (std::path::PathBuf, Documents, usize) = serde_json::from_str(&scenario).unwrap();
        scan(&mut Output::default(), &dir, &documents, shown, &Documents::new());
    }
}

/// A directory, and what its owner knows.
struct Story {
    dir: tempfile::TempDir,
    output: Output,
    /// As the last scan of this process published them.
    last: Documents,
    foreign: Documents,
    /// No scan broke off since the last whole one: nothing is claimed and not written.
    is_settled: bool,
}

impl Story {
    fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (output, last, foreign) = (Output::default(), Documents::new(), Documents::new());
        Self { dir, output, last, foreign, is_settled: true }
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Scan { documents, restart, shown } => {
                if restart {
                    self.output = Output::default();
                }
                scan(&mut self.output, self.dir.path(), &documents, shown, &self.last);
                self.is_as_fresh(&documents)?;
                self.last = documents;
            }
            Step::Other(documents) => {
                scan(&mut Output::default(), self.dir.path(), &documents, 0, &Documents::new());
                self.is_as_fresh(&documents)?;
            }
            Step::Crash { documents, step, shown } => {
                crash(self.dir.path(), &documents, step, shown);
                self.output = Output::default();
                self.is_settled = false;
            }
            Step::GiveUp { documents, after, shown } => {
                let publisher = self.output.open(self.dir.path(), Durability::Synced).unwrap();
                publisher.claim(documents.keys());
                for (number, (path, text)) in documents.iter().take(after).enumerate() {
                    put(&publisher, path, text);
                    if number == shown {
                        show(&publisher);
                    }
                }
                self.is_settled = false;
            }
            Step::Foreign(path) => {
                if self.is_settled && write(self.dir.path(), path, "by hand") {
                    self.foreign.insert(path.to_owned(), "by hand".to_owned());
                }
            }
        }
        let now = files(self.dir.path());
        prop_assert!(self.foreign.iter().all(|(path, text)| now.get(path) == Some(text)), "{now:?}");
        let is_whole = |path: &str| now.get(path).is_none_or(|text| (1..3).contains(&text.len()) || text == "by hand");
        prop_assert!(PATHS.into_iter().all(is_whole), "{now:?}");
        Ok(())
    }

    fn is_as_fresh(&mut self, documents: &Documents) -> Result<(), TestCaseError> {
        self.is_settled = true;
        prop_assert_eq!(files(self.dir.path()), fresh(documents, &self.foreign));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_story_ends_as_a_first_scan_would(steps in steps(), documents in documents()) {
        let mut story = Story::begin();
        for step in steps {
            story.take(step)?;
        }
        story.take(Step::Scan { documents, restart: false, shown: 0 })?;
    }
}

#[test]
fn what_a_crash_renamed_and_the_next_scan_does_not_need_is_removed() {
    let documents = |text: &str| {
        Documents::from(["feed.atom", "tags/a.atom", "tags/b.atom"].map(|path| (path.to_owned(), text.to_owned())))
    };
    let mut story = Story::begin();
    story.take(Step::Scan { documents: documents("a"), restart: false, shown: 0 }).unwrap();
    story.take(Step::Crash { documents: documents("b"), step: "publish.written", shown: 0 }).unwrap();
    assert!(files(story.dir.path()).values().any(|text| text == "b"), "it died too early");
    assert!(files(story.dir.path()).values().any(|text| text.contains("null")), "it died too late");
    story.take(Step::Scan { documents: Documents::new(), restart: true, shown: 0 }).unwrap();
}
