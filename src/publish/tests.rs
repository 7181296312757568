//! A site's documents, published scan after scan into a real directory.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

use chrono::{DateTime, SubsecRound as _, Utc};

use super::*;
use crate::feeds::Document;
use crate::problems::{Code, Severity};

struct Site {
    dir: tempfile::TempDir,
    output: Output,
    known: HashMap<String, DocumentState>,
    clock: i64,
}

impl Site {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), output: Output::default(), known: HashMap::new(), clock: 0 }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap()
    }

    fn user_writes(&self, path: &str, text: &str) {
        fs::create_dir_all(self.file(path).parent().unwrap()).unwrap();
        fs::write(self.file(path), text).unwrap();
    }

    fn publisher(&mut self) -> Publisher<'_> {
        self.output.open(self.dir.path(), Durability::Synced).unwrap()
    }

    /// What a process finds whose store knows these.
    fn existing(&self, known: &HashMap<String, DocumentState>) -> Published {
        Published::existing(self.dir.path(), &"https://example.org/".parse().unwrap(), known)
    }

    /// Forgets what a process knows.
    fn restart(&mut self) {
        self.output = Output::default();
    }

    /// One scan, a minute after the last one, with the store's part done.
    fn scan(&mut self, documents: &[(&str, &str)]) -> Publication {
        self.scan_keeping(&[], documents)
    }

    /// The same, with documents that are not rendered again.
    fn scan_keeping(&mut self, kept: &[&str], documents: &[(&str, &str)]) -> Publication {
        self.clock += 60;
        let publisher = self.output.open(self.dir.path(), Durability::Synced).unwrap();
        publisher.recall(&self.known);
        publisher.claim(documents.iter().map(|(path, _)| *path));
        for path in kept {
            assert!(publisher.keep([*path]).unwrap(), "{path}");
        }
        for (path, text) in documents {
            publisher.put(&document(path, text)).unwrap();
        }
        let publication = publisher.finish(&self.known, at(self.clock)).unwrap();
        self.known.extend(publication.changed.iter().cloned());
        self.known.retain(|path, _| !publication.gone.contains(path));
        publication
    }

    fn files(&self) -> Vec<String> {
        fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()) {
                found.push(entry.path());
                if entry.file_type().unwrap().is_dir() {
                    walk(&entry.path(), found);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.dir.path(), &mut found);
        let below = |path: &PathBuf| path.strip_prefix(self.dir.path()).unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<String> = found.iter().map(below).collect();
        names.sort();
        names
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 750_000_000).unwrap()
}

fn document(path: &str, text: &str) -> Document {
    let url = format!("https://example.org/{path}");
    Document { path: path.into(), url, media: Media::Atom, bytes: text.into() }
}

fn modified(publication: &Publication, path: &str) -> i64 {
    let modified = publication.documents[path].state.modified;
    assert_eq!(modified.timestamp_subsec_nanos(), 0);
    modified.timestamp()
}

#[test]
fn documents_become_files_and_the_manifest_lists_them() {
    let mut site = Site::new();
    let publication = site.scan(&[("feed.atom", "a"), ("tags/技術.atom", "b")]);
    assert_eq!(publication.written, ["feed.atom", "tags/技術.atom"]);
    assert_eq!(site.files(), [".tidings-manifest.json", "feed.atom", "tags", "tags/技術.atom"]);
    assert_eq!(site.text("tags/技術.atom"), "b");
    assert!(site.text(manifest::NAME).contains(&format!("\"feed.atom\": \"{}\"", fingerprint(b"a"))));
    assert_eq!(publication.documents["feed.atom"].file, site.file("feed.atom"));
    assert_eq!(publication.documents["feed.atom"].len, 1);
}

#[test]
fn an_unchanged_document_is_not_touched_and_keeps_its_validators() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("feed.rss", "b")]);
    let inodes = |site: &Site| {
        ["feed.atom", "feed.rss", manifest::NAME].map(|path| fs::metadata(site.file(path)).unwrap().ino())
    };
    let before = inodes(&site);
    let publication = site.scan(&[("feed.atom", "a"), ("feed.rss", "b")]);
    assert_eq!((publication.unchanged, publication.written.len(), publication.changed.len()), (2, 0, 0));
    assert_eq!(inodes(&site), before);
    let publication = site.scan(&[("feed.atom", "a"), ("feed.rss", "c")]);
    assert_eq!(publication.written, ["feed.rss"]);
    assert_eq!(publication.changed.len(), 1);
    assert_eq!((modified(&publication, "feed.atom"), modified(&publication, "feed.rss")), (60, 180));
}

#[test]
fn each_text_of_a_document_has_a_date_of_its_own() {
    let mut site = Site::new();
    let modified = |site: &mut Site, clock: i64, text| {
        site.clock = clock - 60;
        modified(&site.scan(&[("feed.atom", text)]), "feed.atom")
    };
    assert_eq!(modified(&mut site, 1000, "a"), 1000);
    assert_eq!(modified(&mut site, 1000, "b"), 1001);
    // The clock was put back an hour.
    assert_eq!(modified(&mut site, 1000 - 3600, "c"), 1002);
    // It had been wrong by more than a day.
    assert_eq!(modified(&mut site, 1000 - 86_400, "d"), 1000 - 86_400);
}

#[test]
fn a_file_that_was_tampered_with_or_lost_is_written_again_with_the_validators_it_had() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "abc"), ("feed.rss", "b")]);
    site.user_writes("feed.atom", "abX");
    fs::remove_file(site.file("feed.rss")).unwrap();
    let publication = site.scan(&[("feed.atom", "abc"), ("feed.rss", "b")]);
    assert_eq!(publication.written, ["feed.atom", "feed.rss"]);
    assert_eq!((modified(&publication, "feed.atom"), modified(&publication, "feed.rss")), (60, 60));
    assert_eq!(site.text("feed.atom"), "abc");
}

#[test]
fn only_our_own_files_and_the_folders_they_leave_empty_are_removed() {
    let mut site = Site::new();
    site.user_writes("tags/readme.txt", "mine");
    site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b"), ("series/x/y.atom", "c")]);
    let publication = site.scan(&[("feed.atom", "a")]);
    assert_eq!(publication.removed, ["series/x/y.atom", "tags/a.atom"]);
    assert_eq!(publication.gone, ["series/x/y.atom", "tags/a.atom"]);
    assert_eq!(site.files(), [".tidings-manifest.json", "feed.atom", "tags", "tags/readme.txt"]);
}

#[test]
fn what_stands_in_the_way_is_left_alone_and_everything_else_is_published() {
    let mut site = Site::new();
    site.user_writes("feed.rss", "by hand");
    site.user_writes("index.html/child", "by hand");
    site.user_writes("tags", "by hand");
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), site.file("authors")).unwrap();
    let documents =
        [("feed.atom", "a"), ("feed.rss", "b"), ("index.html", "c"), ("tags/a.atom", "d"), ("authors/a.atom", "e")];
    for _ in 0..2 {
        let publication = site.scan(&documents);
        let paths: Vec<&str> = publication.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["authors/a.atom", "feed.rss", "index.html", "tags/a.atom"]);
        assert!(publication.problems.iter().all(|problem| problem.code == Code::Occupied));
        assert_eq!(publication.documents.len(), 1);
    }
    site.scan(&[]);
    assert_eq!(site.text("feed.rss"), "by hand");
    assert_eq!(site.text("tags"), "by hand");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_file_with_the_very_bytes_is_adopted() {
    let mut site = Site::new();
    site.user_writes("feed.atom", "a");
    let publication = site.scan(&[("feed.atom", "a")]);
    assert_eq!((publication.unchanged, publication.problems.len()), (1, 0));
    assert_eq!(site.scan(&[("feed.atom", "b")]).written, ["feed.atom"]);
}

#[test]
fn our_file_that_became_a_link_is_not_ours_any_more() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a")]);
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::remove_file(site.file("feed.atom")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), site.file("feed.atom")).unwrap();
    assert_eq!(site.scan(&[("feed.atom", "b")]).problems.len(), 1);
    assert_eq!(site.scan(&[]).removed.len(), 0);
    assert!(fs::symlink_metadata(site.file("feed.atom")).unwrap().is_symlink());
    assert_eq!(fs::metadata(elsewhere.path()).unwrap().len(), 0);
}

#[test]
fn our_file_that_somebody_changed_is_not_removed_but_named_and_forgotten() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b"), ("tags/b.atom", "c")]);
    site.user_writes("tags/a.atom", "X");
    let publication = site.scan(&[("feed.atom", "a")]);
    assert_eq!(
        (publication.removed, publication.gone),
        (vec!["tags/b.atom".into()], vec!["tags/a.atom".into(), "tags/b.atom".into()])
    );
    let [problem] = &publication.problems[..] else { panic!("{:?}", publication.problems) };
    assert_eq!(
        (problem.code, problem.severity, problem.path.as_str()),
        (Code::Occupied, Severity::Warning, "tags/a.atom")
    );
    assert!(problem.message.contains(site.file("tags/a.atom").to_str().unwrap()), "{}", problem.message);
    assert_eq!(site.scan(&[("feed.atom", "a")]).problems, []);
    assert_eq!(site.text("tags/a.atom"), "X");
}

#[test]
fn a_scan_that_is_given_up_leaves_everything_as_it_was() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "old")]);
    let publisher = site.publisher();
    publisher.claim(["feed.atom", "tags/a.atom"]);
    publisher.put(&document("feed.atom", "new")).unwrap();
    publisher.put(&document("tags/a.atom", "a")).unwrap();
    publisher.put(&document("late.atom", "l")).unwrap();
    drop(publisher);
    assert_eq!(site.files(), [".tidings-manifest.json", "feed.atom", "tags"]);
    assert_eq!(site.text("feed.atom"), "old");
    // Nothing was put where the places were claimed: they are nobody's again, and the folder is not needed.
    let publication = site.scan(&[("feed.atom", "newer")]);
    assert_eq!((publication.problems, publication.removed), (vec![], vec![]));
    assert_eq!(site.files(), [".tidings-manifest.json", "feed.atom"]);
}

#[test]
fn what_a_crash_left_under_temporary_names_is_cleared_away() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("tags/b.atom", "b")]);
    site.user_writes("tags/.tidings-new-7.tmp", "half a docum");
    site.user_writes(".tidings-new.tmp", "half a manif");
    site.restart();
    site.scan(&[("feed.atom", "a"), ("tags/b.atom", "b")]);
    assert_eq!(site.files(), [".tidings-manifest.json", "feed.atom", "tags", "tags/b.atom"]);
}

#[test]
fn a_folder_with_the_name_of_our_temporary_file_stands_in_nobodys_way() {
    let mut site = Site::new();
    site.user_writes("tags/.tidings-new-1.tmp/mine", "by hand");
    site.scan(&[("feed.atom", "a"), ("tags/a.atom", "a")]);
    site.restart();
    site.scan(&[("feed.atom", "b"), ("tags/a.atom", "b")]);
    assert_eq!(site.text("tags/.tidings-new-1.tmp/mine"), "by hand");
}

#[test]
fn the_manifest_says_what_is_ours_before_it_is_there() {
    let mut site = Site::new();
    let manifest = site.file(manifest::NAME);
    let text = || fs::read_to_string(&manifest).unwrap_or_default();
    let publisher = site.publisher();
    publisher.claim(["a.atom", "b.atom"]);
    assert_eq!(text(), "");
    publisher.put(&document("a.atom", "a")).unwrap();
    let claimed = text();
    assert!(claimed.contains("\"a.atom\": null") && claimed.contains("\"b.atom\": null"), "{claimed}");
    publisher.put(&document("b.atom", "b")).unwrap();
    assert_eq!(text(), claimed);
    publisher.finish(&HashMap::new(), at(0)).unwrap();
    assert!(!text().contains("null"));
}

#[test]
fn one_path_is_given_to_one_document() {
    let mut site = Site::new();
    let publication = site.scan(&[("a.atom", "1"), ("A.atom", "2"), ("a.atom", "3")]);
    let messages: Vec<&str> = publication.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["a document belongs here, but another document, a.atom, is the same file"]);
    assert_eq!(site.text("a.atom"), "1");
}

#[test]
fn a_spoilt_manifest_stops_everything_before_a_file_is_touched() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a")]);
    site.user_writes(manifest::NAME, "{\"documents\": {\"../feed.atom\": null}}");
    let error = site.output.open(site.dir.path(), Durability::Synced).unwrap_err();
    assert!(matches!(error, PublishError::Manifest { .. }), "{error}");
    assert_eq!(site.text("feed.atom"), "a");
}

#[test]
fn one_process_publishes_at_a_time() {
    let mut site = Site::new();
    let (dir, mut other) = (site.dir.path().to_owned(), Output::default());
    let first = site.publisher();
    assert!(matches!(other.open(&dir, Durability::Synced), Err(PublishError::InUse { .. })));
    drop(first);
    other.open(&dir, Durability::Synced).unwrap();
}

#[test]
#[should_panic(expected = "leads down from the output directory")]
fn a_path_that_leads_elsewhere_is_a_broken_invariant() {
    drop(Site::new().publisher().put(&document("../feed.atom", "a")));
}

#[test]
fn only_regular_files_of_ours_are_there_before_the_first_scan() {
    let mut site = Site::new();
    site.scan(&[
        ("feed.atom", "a"),
        ("linked.atom", "b"),
        ("huge.atom", "c"),
        ("tags/a.atom", "d"),
        ("lost.atom", "e"),
    ]);
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("a.atom"), "secret").unwrap();
    fs::remove_file(site.file("linked.atom")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("a.atom"), site.file("linked.atom")).unwrap();
    fs::remove_dir_all(site.file("tags")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), site.file("tags")).unwrap();
    fs::File::create(site.file("huge.atom")).unwrap().set_len(1 << 40).unwrap();
    fs::remove_file(site.file("lost.atom")).unwrap();

    let published = site.existing(&site.known);
    let found = published.current();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["feed.atom"]);
    assert_eq!(found["feed.atom"].len, 1);
}

#[test]
fn what_is_there_before_the_first_scan_is_all_if_nothing_is_lost_and_all_was_recorded() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b")]);
    assert!(site.existing(&site.known).set().is_whole);
    let unrecorded = HashMap::from([("feed.atom".to_owned(), site.known["feed.atom"].clone())]);
    assert!(!site.existing(&unrecorded).set().is_whole);
    assert!(!site.existing(&HashMap::new()).set().is_whole);
    fs::remove_file(site.file("feed.atom")).unwrap();
    assert!(!site.existing(&site.known).set().is_whole);
}

#[test]
fn what_is_shown_before_the_end_has_the_validators_that_it_has_at_the_end() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b")]);
    // The documents are lost, what is known of them is not.
    fs::remove_dir_all(site.dir.path()).unwrap();
    site.restart();
    let known = site.known.clone();
    let publisher = site.publisher();
    for (path, text) in [("feed.atom", "a"), ("tags/a.atom", "B")] {
        publisher.put(&document(path, text)).unwrap();
    }
    let shown = publisher.show(&known, at(120)).unwrap();
    assert_eq!(shown["feed.atom"].state, known["feed.atom"]);
    assert_eq!(shown["tags/a.atom"].state.modified, at(120).trunc_subsecs(0));
    for (path, document) in &shown {
        assert_eq!(fingerprint(&document.read(path).unwrap()), document.state.etag);
    }
    publisher.put(&document("tags/b.atom", "c")).unwrap();
    let mut publication = publisher.finish(&known, at(120)).unwrap();
    assert_eq!(publication.written, ["feed.atom", "tags/a.atom", "tags/b.atom"]);
    assert_eq!(publication.changed.iter().map(|(path, _)| &**path).collect::<Vec<_>>(), ["tags/a.atom", "tags/b.atom"]);
    publication.documents.remove("tags/b.atom").unwrap();
    assert_eq!(publication.documents, shown);
}

#[test]
fn what_was_shown_by_a_scan_that_broke_off_keeps_its_date_and_shares_it_with_no_other_text() {
    let mut site = Site::new();
    let publisher = site.publisher();
    for path in ["feed.atom", "tags/a.atom"] {
        publisher.put(&document(path, "a")).unwrap();
    }
    let shown = publisher.show(&HashMap::new(), at(60)).unwrap();
    drop(publisher);

    // The next attempt may begin within the same second.
    let publisher = site.publisher();
    for (path, text) in [("feed.atom", "a"), ("tags/a.atom", "b")] {
        publisher.put(&document(path, text)).unwrap();
    }
    let publication = publisher.finish(&HashMap::new(), at(60)).unwrap();
    assert_eq!(publication.documents["feed.atom"].state, shown["feed.atom"].state);
    assert!(publication.documents["tags/a.atom"].state.modified > shown["tags/a.atom"].state.modified);
    let changed: HashMap<_, _> = publication.changed.into_iter().collect();
    assert_eq!(changed["feed.atom"], shown["feed.atom"].state, "the store knows neither yet");
    assert_eq!(changed.len(), 2);
}

#[test]
fn a_kept_document_costs_no_writing_and_keeps_its_validators() {
    let mut site = Site::new();
    let first = site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b"), ("tags/b.atom", "c")]);
    let before = fs::metadata(site.file(manifest::NAME)).unwrap().ino();
    let publication = site.scan_keeping(&["feed.atom", "tags/a.atom", "tags/b.atom"], &[]);
    assert_eq!((publication.unchanged, publication.written.len(), publication.changed.len()), (3, 0, 0));
    assert_eq!(publication.documents, first.documents);
    assert_eq!(fs::metadata(site.file(manifest::NAME)).unwrap().ino(), before);
    // The third one has no document any more.
    let publication = site.scan_keeping(&["feed.atom"], &[("tags/a.atom", "B")]);
    assert_eq!((publication.written, publication.removed), (vec!["tags/a.atom".into()], vec!["tags/b.atom".into()]));
    assert_eq!((publication.unchanged, publication.changed.len()), (1, 1));
}

#[test]
fn a_document_is_kept_only_if_its_file_is_the_one_we_wrote() {
    let mut site = Site::new();
    let paths = ["edited.atom", "lost.atom", "replaced.atom", "linked.atom", "same.atom"];
    site.scan(&paths.map(|path| (path, "abc")));
    site.user_writes("edited.atom", "abX");
    fs::remove_file(site.file("lost.atom")).unwrap();
    site.user_writes("other", "abc");
    fs::rename(site.file("other"), site.file("replaced.atom")).unwrap();
    fs::rename(site.file("linked.atom"), site.file("elsewhere")).unwrap();
    std::os::unix::fs::symlink(site.file("elsewhere"), site.file("linked.atom")).unwrap();
    let publisher = site.publisher();
    assert!(!publisher.keep(["same.atom", "lost.atom"]).unwrap(), "all of them or none");
    assert_eq!(paths.map(|path| publisher.keep([path]).unwrap()), [false, false, false, false, true]);
    assert!(!publisher.keep(["never.atom"]).unwrap());
    assert!(!publisher.keep(["same.atom"]).unwrap(), "it was kept already");
}

#[test]
fn a_trusting_scan_looks_at_directories_alone() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b")]);
    site.user_writes("feed.atom", "X");
    let publisher = site.publisher();
    publisher.trust();
    assert!(publisher.is_trusting());
    assert!(publisher.keep(["feed.atom", "tags/a.atom"]).unwrap(), "no directory tells of it");
    assert!(!publisher.keep(["feed.atom"]).unwrap(), "it was kept already");
    assert!(!publisher.keep(["never.atom"]).unwrap());
    publisher.finish(&HashMap::new(), at(1)).unwrap();
    assert!(!site.publisher().keep(["feed.atom"]).unwrap(), "who is not trusting sees it");
    assert_eq!(site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b")]).written, ["feed.atom"]);

    let changes: [fn(&Site); 4] = [
        |site| fs::remove_file(site.file("feed.atom")).unwrap(),
        |site| site.user_writes("tags/foreign", ""),
        |site| fs::rename(site.file("tags"), site.file("labels")).unwrap(),
        |site| {
            fs::rename(site.file("tags"), site.file("elsewhere")).unwrap();
            std::os::unix::fs::symlink(site.file("elsewhere"), site.file("tags")).unwrap();
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut site = Site::new();
        assert!(!trusts(&mut site), "nothing is known yet");
        site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b")]);
        site.scan(&[("feed.atom", "a"), ("tags/a.atom", "B")]);
        assert!(trusts(&mut site), "what it writes itself disturbs nothing");
        // Long ago, for systems whose clocks are coarse.
        for dir in ["", "tags"] {
            File::open(site.file(dir)).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        }
        assert!(!trusts(&mut site), "somebody was there");
        site.scan_keeping(&["feed.atom", "tags/a.atom"], &[]);
        assert!(trusts(&mut site), "all was looked at");
        change(&site);
        assert!(!trusts(&mut site), "{number}");
        site.restart();
        assert!(!trusts(&mut site));
    }
}

#[test]
fn who_trusts_keeps_all_but_what_is_to_come_at_once() {
    let mut site = Site::new();
    let all = [("feed.atom", "a"), ("feed.rss", "b"), ("tags/a.atom", "c")];
    let first = site.scan(&all);
    let coming = || ["feed.rss".to_owned()];
    assert!(!site.publisher().keep_others(coming(), all.len()), "who does not trust looks at each");
    let publisher = site.output.open(site.dir.path(), Durability::Synced).unwrap();
    publisher.trust();
    assert!(!publisher.keep_others(coming(), all.len() + 1), "one of them was never visible");
    assert!(publisher.keep_others(coming(), all.len()));
    assert!(!publisher.keep(["feed.atom"]).unwrap(), "it was kept already");
    publisher.put(&document("feed.rss", "B")).unwrap();
    let second = publisher.finish(&site.known, at(120)).unwrap();
    let is_as_before = |path| second.documents[path].state == first.documents[path].state;
    assert_eq!((second.documents.len(), second.unchanged), (all.len(), all.len() - 1));
    assert_eq!((second.written, second.removed), (vec!["feed.rss".to_owned()], Vec::new()));
    assert_eq!(["feed.atom", "feed.rss", "tags/a.atom"].map(is_as_before), [true, false, true]);
    assert_eq!(site.text("feed.rss"), "B");
    let manifest = site.text(manifest::NAME);
    assert!(["a", "B", "c"].iter().all(|text| manifest.contains(&fingerprint(text.as_bytes()))), "{manifest}");

    // What is to come and does not come has no document any more.
    let publisher = site.output.open(site.dir.path(), Durability::Synced).unwrap();
    publisher.trust();
    assert!(publisher.keep_others(coming(), all.len()));
    let third = publisher.finish(&site.known, at(180)).unwrap();
    assert_eq!((third.removed, third.documents.len()), (vec!["feed.rss".to_owned()], all.len() - 1));
    assert!(!site.file("feed.rss").exists());
}

#[test]
fn what_is_removed_while_a_scan_runs_is_missed_by_the_next_one() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b")]);
    for text in ["b", "c"] {
        // Long ago, for systems whose clocks are coarse.
        File::open(site.file("tags")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        let publisher = site.output.open(site.dir.path(), Durability::Synced).unwrap();
        publisher.claim(["feed.atom", "tags/a.atom"]);
        assert!(publisher.keep(["tags/a.atom"]).unwrap());
        publisher.put(&document("feed.atom", text)).unwrap();
        fs::remove_file(site.dir.path().join("tags/a.atom")).unwrap();
        publisher.finish(&HashMap::new(), at(1)).unwrap();
        assert!(!trusts(&mut site));
        site.scan(&[("feed.atom", text), ("tags/a.atom", "b")]);
    }
}

#[test]
fn an_output_directory_behind_a_link_is_trusted_too() {
    let mut site = Site::new();
    let link = site.file("link");
    fs::create_dir(site.file("real")).unwrap();
    std::os::unix::fs::symlink(site.file("real"), &link).unwrap();
    let publisher = site.output.open(&link, Durability::Synced).unwrap();
    publisher.put(&document("tags/a.atom", "b")).unwrap();
    publisher.finish(&HashMap::new(), at(1)).unwrap();
    let publisher = site.output.open(&link, Durability::Synced).unwrap();
    publisher.trust();
    assert!(publisher.is_trusting());
}

fn trusts(site: &mut Site) -> bool {
    let publisher = site.publisher();
    publisher.trust();
    publisher.is_trusting()
}

#[test]
fn a_new_process_keeps_nothing_and_compares_everything() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a")]);
    site.restart();
    assert!(!site.publisher().keep(["feed.atom"]).unwrap());
    assert_eq!(site.scan(&[("feed.atom", "a")]).unchanged, 1);
    site.scan_keeping(&["feed.atom"], &[]);
}

#[test]
fn what_another_process_published_is_not_taken_for_ours() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("feed.rss", "b")]);
    let mut other = Output::default();
    let publisher = other.open(site.dir.path(), Durability::Unsynced).unwrap();
    publisher.put(&document("feed.atom", "a")).unwrap();
    publisher.put(&document("new.atom", "c")).unwrap();
    publisher.finish(&HashMap::new(), at(0)).unwrap();
    assert!(!site.publisher().keep(["feed.atom"]).unwrap());
    let publication = site.scan(&[("feed.atom", "a")]);
    assert_eq!((publication.unchanged, publication.removed), (1, vec!["new.atom".into()]));
}

#[test]
fn a_scan_that_failed_forgets_no_file() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("feed.rss", "b")]);
    let publisher = site.publisher();
    publisher.put(&document("feed.atom", "new")).unwrap();
    drop(publisher);
    site.scan_keeping(&["feed.atom", "feed.rss"], &[]);
    assert_eq!(site.text("feed.atom"), "a");
}

#[test]
fn a_place_that_somebody_takes_under_way_is_left_alone() {
    let mut site = Site::new();
    let file = site.file("feed.rss");
    let publisher = site.publisher();
    publisher.put(&document("feed.atom", "a")).unwrap();
    publisher.put(&document("feed.rss", "b")).unwrap();
    fs::write(&file, "by hand").unwrap();
    let publication = publisher.finish(&HashMap::new(), at(0)).unwrap();
    assert_eq!((publication.written, publication.problems.len()), (vec!["feed.atom".into()], 1));
    assert_eq!(site.scan(&[]).removed, ["feed.atom"]);
    assert_eq!(site.text("feed.rss"), "by hand");
}

#[test]
fn a_batch_that_cannot_be_finished_leaves_whole_files_and_the_next_scan_works() {
    let mut site = Site::new();
    site.scan(&[("feed.atom", "a"), ("tags/a.atom", "b")]);
    let tags = site.file("tags");
    let publisher = site.publisher();
    publisher.put(&document("feed.atom", "A")).unwrap();
    publisher.put(&document("tags/a.atom", "B")).unwrap();
    // The folder goes, with the new bytes in it.
    fs::remove_dir_all(&tags).unwrap();
    publisher.finish(&HashMap::new(), at(0)).unwrap_err();
    assert_eq!(site.files(), [".tidings-manifest.json", "feed.atom"]);
    let publication = site.scan(&[("feed.atom", "A"), ("tags/a.atom", "B")]);
    assert_eq!((publication.problems, site.text("tags/a.atom")), (vec![], "B".to_owned()));
}

#[test]
fn a_large_batch_becomes_visible_before_the_end() {
    let mut site = Site::new();
    let (small, large) = (site.file("feed.atom"), "x".repeat(65 << 20));
    let publisher = site.publisher();
    publisher.put(&document("feed.atom", "a")).unwrap();
    assert!(!small.exists());
    publisher.put(&document("large.atom", &large)).unwrap();
    assert!(small.exists());
    drop(publisher);
    assert_eq!(site.scan(&[]).removed, ["feed.atom", "large.atom"]);
}

#[test]
fn many_threads_publish_at_once_and_the_report_is_the_same() {
    let paths: Vec<String> = (0..200).map(|number| format!("tags/{}/{number}.atom", number % 7)).collect();
    let publish = || {
        let mut site = Site::new();
        site.user_writes("tags/0/0.atom", "by hand");
        site.user_writes("tags/3", "by hand");
        let publisher = site.publisher();
        publisher.claim(&paths);
        std::thread::scope(|scope| {
            for part in paths.chunks(20) {
                let publisher = &publisher;
                scope.spawn(move || part.iter().for_each(|path| publisher.put(&document(path, path)).unwrap()));
            }
        });
        let publication = publisher.finish(&HashMap::new(), at(0)).unwrap();
        assert!(publication.written.iter().all(|path| site.text(path) == *path));
        let problems: Vec<String> = publication.problems.into_iter().map(|problem| problem.path).collect();
        (publication.written, problems, publication.changed, site.text(manifest::NAME))
    };
    let (once, again) = (publish(), publish());
    assert_eq!(once, again);
    // One by hand, and those below the folder that is a file: 3, 10, … 199.
    assert_eq!((once.0.len(), once.1.len()), (200 - 1 - 29, 1 + 29));
}

#[test]
fn fingerprints_of_both_kinds_are_parts_of_digests() {
    assert_eq!(fingerprint(b""), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9");
    assert_eq!(fingerprint_as(Some("e3b0c44298fc1c149afbf4c8996fb924"), b""), "e3b0c44298fc1c149afbf4c8996fb924");
    for other in [None, Some(""), Some("e3b0c44298fc1c149afbf4c8996fb924"), Some(&*fingerprint(b""))] {
        assert_eq!(fingerprint_as(other, b"a"), fingerprint(b"a"), "{other:?}");
    }
}

#[test]
fn tags_of_the_former_kind_last_as_long_as_their_documents_whatever_is_lost() {
    let of_before = "ca978112ca1bbdcafac231b39a23dc4d";
    let documents = [("feed.atom", "a"), ("gone.atom", "a"), ("edited.atom", "a")];
    let upgraded = || {
        let mut site = Site::new();
        site.scan(&documents);
        let manifest = site.text(manifest::NAME).replace(&fingerprint(b"a"), of_before);
        site.user_writes(manifest::NAME, &manifest);
        site.known.values_mut().for_each(|state| state.etag = of_before.to_owned());
        site.restart();
        site
    };
    let lose_prints = |site: &Site| {
        let manifest = site.text(manifest::NAME).replace(&format!("\"{of_before}\""), "null");
        site.user_writes(manifest::NAME, &manifest);
    };
    let build = |site: &Site| {
        let mut other = Output::default();
        let publisher = other.open(site.dir.path(), Durability::Unsynced).unwrap();
        documents.iter().for_each(|(path, text)| publisher.put(&document(path, text)).unwrap());
        publisher.finish(&HashMap::new(), at(0)).unwrap();
    };
    let losses: [&dyn Fn(&Site); 5] = [
        &|_| {},
        &lose_prints,
        &|site| fs::remove_file(site.file(manifest::NAME)).unwrap(),
        &|site| fs::remove_dir_all(site.dir.path()).unwrap(),
        &build,
    ];
    for (number, lose) in losses.into_iter().enumerate() {
        let mut site = upgraded();
        let before = site.known.clone();
        lose(&site);
        let same = site.scan(&documents);
        assert!(same.changed.is_empty(), "{number}: {same:?}");
        assert_eq!(same.documents["feed.atom"].state, before["feed.atom"], "{number}");
        let changed = site.scan(&[("feed.atom", "b"), documents[1], documents[2]]);
        let paths: Vec<_> = changed.changed.iter().map(|(path, state)| (path.as_str(), state.etag.clone())).collect();
        assert_eq!(paths, [("feed.atom", fingerprint(b"b"))], "{number}");
    }

    let mut site = upgraded();
    site.user_writes("edited.atom", "by hand");
    assert_eq!(site.scan(&documents[..1]).removed, ["gone.atom"], "its bytes are known by their fingerprint");
    assert_eq!(site.text("edited.atom"), "by hand");
}

#[test]
fn errors_name_the_path_and_the_remedy() {
    let text = |kind: io::ErrorKind| PublishError::io(Path::new("out/feed.atom"), kind.into()).to_string();
    for (kind, remedy) in [
        (io::ErrorKind::StorageFull, "free some"),
        (io::ErrorKind::PermissionDenied, "let this user write"),
        (io::ErrorKind::ReadOnlyFilesystem, "choose another `output.dir`"),
        (io::ErrorKind::NotADirectory, "`output.dir` is a folder"),
    ] {
        assert!(text(kind).starts_with("out/feed.atom ") && text(kind).contains(remedy), "{}", text(kind));
    }
}
