//! Scans that put in only what changed come to what whole scans come to; a scanner hands on what it knows.

#![expect(clippy::disallowed_methods, reason = "tests write the files that are read")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use tempfile::TempDir;

use super::memory::Memory;
use super::{Report, Run, ScanError, Scanner};
use crate::config::{ConfigFile, StoreUrl};
use crate::publish::Published;
use crate::sources::{Source, Touched};
use crate::store::{Access, DocumentState, Selection, Store};

const CONFIG: &str = "site: {url: \"https://example.com\", title: T}\nsource: {generator: jekyll}\n\
                      guard: {max_removed_percent: 100}\n\
                      webhooks: [{name: cdn, url: \"https://x.example\", secret: {env: S}, events: [feed.updated, urls.changed]}]\n\
                      websub: {ping: [\"https://hub.example\"]}\n";

/// With these, every post stands in some feed.
const ALL_SHOWN: &str = "feeds: {limit: 3, archive: {size: 4}, autodiscovery: true}\n";
/// With these, most stand in none.
const FEW_SHOWN: &str = "feeds: {limit: 2, min_posts: 5}\n";

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// Something that happens to the post with this number.
#[derive(Debug, Clone)]
enum Step {
    /// It is written, with this title, tag, URL and hour of publication, and this kind of text.
    Write {
        post: usize,
        title: u8,
        tag: u8,
        url: Option<u8>,
        hour: u8,
        /// The hour in which its author says it was changed, perhaps one to come.
        changed: Option<u8>,
        text: usize,
        /// Which of two keys that mean the same its category stands under.
        plural: bool,
    },
    Delete(usize),
    Rename(usize, usize),
    /// An hour passes.
    Wait,
    /// The clock is set back by so many hours.
    Back(u8),
    /// An include changes.
    Include(u8),
    /// Somebody deletes a document.
    Lose(usize),
    /// Its author keeps it from readers.
    Hide(usize),
    /// The process that has scanned so far is another one from now on.
    Restart,
}

/// A list without an end in the front matter.
const BROKEN: &str = "more: [\n---\ntext";

/// Texts: plain ones, one that cannot be read, one with a template that asks for others.
const TEXTS: [&str; 9] = [
    "plain text",
    "another *text*, longer",
    BROKEN,
    "{% for post in site.posts %}{{ post.title }} {% endfor %}",
    "{% post_url 2025-01-01-p0 %}",
    "{% include_relative note.txt %}",
    "{{ page.category }}",
    "{% include_relative 2025-01-01-p1.md %}",
    "{% link _posts/2025-01-01-p2.md %}",
];

/// Documents that somebody may delete: each alone, while those beside it stay.
const LOST: [&str; 5] = ["feed.atom", "feed.json", "index.html", "tags/t1.rss", "categories/c.html"];

fn writing() -> impl Strategy<Value = Step> {
    let url = proptest::option::weighted(0.1, 0..3_u8);
    // The clock begins at noon.
    let hour = prop_oneof![4 => 0..12_u8, 1 => 12..30_u8];
    let changed = proptest::option::weighted(0.2, 0..30_u8);
    let text = prop_oneof![8 => 0..16_usize, 1 => Just(2)];
    let write = (0..8_usize, 0..3_u8, 0..4_u8, url, hour, changed, text, any::<bool>());
    write.prop_map(|(post, title, tag, url, hour, changed, text, plural)| Step::Write {
        post,
        title,
        tag,
        url,
        hour,
        changed,
        text,
        plural,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        9 => writing(),
        1 => (0..LOST.len()).prop_map(Step::Lose),
        2 => (0..8_usize).prop_map(Step::Delete),
        1 => (0..8_usize, 0..8_usize).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => Just(Step::Wait),
        1 => (1..30_u8).prop_map(Step::Back),
        1 => (0..3_u8).prop_map(Step::Include),
        1 => (0..8_usize).prop_map(Step::Hide),
        1 => Just(Step::Restart),
    ]
}

/// A blog and its clock.
struct Blog {
    dir: TempDir,
    /// What the config says of feeds.
    feeds: &'static str,
    now: DateTime<Utc>,
    /// Every file that is written is as old as the number of writes before it.
    writes: u64,
}

impl Blog {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("_posts")).unwrap();
        Self { dir, feeds: ALL_SHOWN, now: "2025-01-01T12:00:00Z".parse().unwrap(), writes: 0 }
    }

    fn file(&self, post: usize) -> std::path::PathBuf {
        self.dir.path().join(format!("_posts/2025-01-01-p{post}.md"))
    }

    /// No two writes leave one time stamp, however fast they follow each other.
    fn write(&mut self, path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        self.writes += 1;
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + self.writes);
        File::options().append(true).open(path).unwrap().set_modified(modified).unwrap();
    }

    /// Lets it happen, and says what a watcher would.
    fn take(&mut self, step: &Step) -> Touched {
        let name = |post: &usize| format!("_posts/2025-01-01-p{post}.md");
        let touched = match step {
            Step::Write { post, .. } | Step::Delete(post) | Step::Hide(post) => vec![name(post)],
            Step::Rename(from, to) => vec![name(from), name(to)],
            Step::Wait | Step::Back(_) | Step::Lose(_) | Step::Restart => Vec::new(),
            Step::Include(_) => vec!["_posts/note.txt".to_owned()],
        };
        self.happen(step);
        Touched::Only(touched.into_iter().collect())
    }

    fn happen(&mut self, step: &Step) {
        match step {
            Step::Write { post, title, tag, url, hour, changed, text, plural } => {
                let text = TEXTS.get(*text).unwrap_or(&TEXTS[0]);
                let url = url.map_or_else(String::new, |url| format!("permalink: /u{url}/\n"));
                let time = |hour: &u8| format!("2025-01-0{} {}:30:00 +0000", 1 + hour / 24, hour % 24);
                let changed = changed.map_or_else(String::new, |hour| format!("last_modified_at: {}\n", time(&hour)));
                let key = if *plural { "categories" } else { "category" };
                let head = format!(
                    "---\ntitle: T{title}\n{key}: c\ntags: [t{tag}, T{}]\ndate: {}\n{changed}{url}",
                    tag % 2,
                    time(hour),
                );
                let end = if *text == BROKEN { "" } else { "---\n" };
                self.write(&self.file(*post), &format!("{head}{end}{text} {post}\n"));
            }
            Step::Delete(post) => drop(fs::remove_file(self.file(*post))),
            Step::Rename(from, to) => drop(fs::rename(self.file(*from), self.file(*to))),
            Step::Wait => self.now += TimeDelta::hours(1),
            Step::Back(hours) => self.now -= TimeDelta::hours(i64::from(*hours)),
            Step::Hide(post) => self.write(&self.file(*post), "---\npublished: false\n---\n"),
            Step::Lose(_) | Step::Restart => {}
            Step::Include(text) => self.write(&self.dir.path().join("_posts/note.txt"), &format!("note {text}")),
        }
        self.now += TimeDelta::seconds(1);
    }
}

/// Somebody who scans it.
struct Reader {
    out: TempDir,
    store: Store,
    scanner: Scanner,
}

impl Reader {
    async fn new(blog: &Blog) -> Self {
        let out = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(out.path().join("store.db"));
        let store = Store::open(&url, Access::Owner).await.unwrap();
        store.sync_endpoints(&["cdn".to_owned(), "ping:hub.example".to_owned()], blog.now).await.unwrap();
        Self { scanner: scanner(blog, out.path()), out, store }
    }

    async fn scan(&mut self, now: DateTime<Utc>, touched: &Touched) -> Result<Report, ScanError> {
        self.scanner.scan(&run(&self.store, now, touched)).await
    }

    fn lose(&self, document: &str) {
        drop(fs::remove_file(self.out.path().join("feeds").join(document)));
    }

    /// Who is told what, by ids.
    async fn told(&self) -> BTreeSet<(String, String)> {
        let deliveries = self.store.deliveries(&Selection::default()).await.unwrap();
        deliveries.into_iter().map(|delivery| (delivery.endpoint, delivery.event_id)).collect()
    }

    /// All documents, and what is remembered of posts.
    async fn outcome(&self) -> (BTreeMap<String, String>, Vec<String>) {
        let mut documents = BTreeMap::new();
        collect(&self.out.path().join("feeds"), &mut documents);
        let mut seen: Vec<String> = self.store.seen().await.unwrap().values().map(|seen| format!("{seen:?}")).collect();
        seen.sort();
        (documents, seen)
    }
}

fn run<'a>(store: &'a Store, now: DateTime<Utc>, touched: &'a Touched) -> Run<'a> {
    let progress = &|_: &'static str, _: usize, _: usize| {};
    Run { store: Some(store), published: None, now, touched, fetches: true, allow_removals: false, progress }
}

fn scanner(blog: &Blog, out: &Path) -> Scanner {
    let file = ConfigFile::parse("tidings.yaml", blog.dir.path(), format!("{CONFIG}{}", blog.feeds)).unwrap();
    let source = Source::directory(blog.dir.path()).unwrap();
    Scanner::new(file, source, Some(out.join("feeds")), Some(|_| Some(SECRET.to_owned())))
}

fn collect(dir: &Path, documents: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, documents),
            false => drop(documents.insert(path.display().to_string(), fs::read_to_string(&path).unwrap())),
        }
    }
}

fn told(dir: &Path, yaml: &str) -> Scanner {
    let yaml = format!("site: {{url: \"https://example.com\"}}\n{yaml}");
    let file = ConfigFile::parse("tidings.yaml", dir, yaml).unwrap();
    let mut scanner = Scanner::new(file, Source::directory(dir).unwrap(), None, None);
    scanner.config(DateTime::UNIX_EPOCH).unwrap();
    scanner
}

#[test]
fn a_scanner_is_replaced_if_it_is_told_otherwise_and_keeps_what_was_not_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let mut current = told(dir.path(), "");
    let config = |scanner: &mut Scanner| scanner.config(DateTime::UNIX_EPOCH).unwrap();
    let state = DocumentState { etag: "0".into(), modified: DateTime::UNIX_EPOCH };
    current.unrecorded.documents.push(("feed.atom".into(), state));
    let before = config(&mut current);

    current.replace(told(dir.path(), ""));
    assert!(Arc::ptr_eq(&config(&mut current), &before), "it knows what it knew");
    current.replace(told(dir.path(), "feeds: {limit: 5}\n"));
    assert_eq!(config(&mut current).feeds.limit, Some(5));
    assert_eq!(current.unrecorded.documents.len(), 1);
}

/// A plain post with this number and tag.
fn write(post: usize, tag: u8) -> Step {
    Step::Write { post, title: 0, tag, url: None, hour: 0, changed: None, text: 0, plural: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_nothing_to_serve_has_the_first_feeds_before_the_last_ones() {
    let mut blog = Blog::new();
    (0..40).for_each(|post| blog.happen(&write(post.into(), post)));
    let mut reader = Reader::new(&blog).await;
    let (published, shown) = (Published::default(), Mutex::new(Vec::new()));
    let look = |step: &str, _, _| {
        if step == "writing feeds" {
            shown.lock().unwrap().push((published.current(), published.set().is_whole));
        }
    };
    let first =
        Run { published: Some(&published), progress: &look, ..run(&reader.store, blog.now, &Touched::Anything) };
    reader.scanner.scan(&first).await.unwrap();
    let (shown, whole) = (shown.into_inner().unwrap(), published.current());
    assert!(
        shown[0].0.is_empty()
            && shown[1..].iter().all(|(documents, is_whole)| {
                let early = &documents["feed.atom"];
                early == &whole["feed.atom"] && documents.len() < whole.len() && !is_whole
            })
    );
    assert!(shown.len() > 2 && published.set().is_whole);

    // Who has something keeps it until all is new.
    (0..40).for_each(|post| blog.happen(&write(post.into(), post + 40)));
    let shown = Mutex::new(Vec::new());
    let look = |_: &'static str, _, _| shown.lock().unwrap().push(published.current());
    let next = Run { published: Some(&published), progress: &look, ..run(&reader.store, blog.now, &Touched::Anything) };
    reader.scanner.scan(&next).await.unwrap();
    let shown = shown.into_inner().unwrap();
    assert!(shown.len() > 3 && shown.iter().all(|documents| Arc::ptr_eq(documents, &whole)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_goes_with_a_post_is_looked_at_again_when_it_was_touched() {
    let mut blog = Blog::new();
    let (post, file) = (blog.file(0), blog.dir.path().join("a.mp3"));
    blog.write(&post, "---\ntitle: T\ndate: 2025-01-01\nenclosure: /a.mp3\n---\ntext\n");
    blog.write(&file, "1");
    let mut reader = Reader::new(&blog).await;
    reader.scan(blog.now, &Touched::Anything).await.unwrap();
    for (text, length) in [("12", 2), ("123", 3)] {
        blog.write(&file, text);
        reader.scan(blog.now, &Touched::Only(["a.mp3".to_owned()].into())).await.unwrap();
        let feed = fs::read_to_string(reader.out.path().join("feeds/feed.rss")).unwrap();
        assert!(feed.contains(&format!("length=\"{length}\"")), "{feed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authors_date_is_shown_once_it_has_come() {
    let mut blog = Blog::new();
    blog.happen(&Step::Write {
        post: 0,
        title: 0,
        tag: 0,
        url: None,
        hour: 0,
        changed: Some(13),
        text: 0,
        plural: false,
    });
    let mut reader = Reader::new(&blog).await;
    for (hours, is_shown) in [(0, false), (2, true)] {
        reader.scan(blog.now + TimeDelta::hours(hours), &Touched::nothing()).await.unwrap();
        let feed = fs::read_to_string(reader.out.path().join("feeds/feed.atom")).unwrap();
        assert_eq!(feed.contains("<updated>2025-01-01T13:30:00+00:00</updated>"), is_shown, "{feed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_was_shown_stays_when_the_clock_is_set_back_whatever_its_file_was_called() {
    let mut blog = Blog::new();
    let mut reader = Reader::new(&blog).await;
    // A file that was renamed, and another post under its first name.
    for step in [write(0, 0), Step::Rename(0, 1), write(0, 1)] {
        blog.happen(&step);
        reader.scan(blog.now, &Touched::Anything).await.unwrap();
    }
    let told = reader.told().await;
    blog.happen(&Step::Back(20));
    for _ in 0..2 {
        let report = reader.scan(blog.now, &Touched::Anything).await.unwrap();
        assert_eq!((report.posts, report.changes), (2, 0), "at {}, before both were written", blog.now);
    }
    assert_eq!(reader.told().await, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_broken_at_first_is_announced_when_it_comes_after_it_was_hidden() {
    let mut blog = Blog::new();
    blog.happen(&write(1, 0));
    let broken = blog.file(0);
    blog.write(&broken, "---\ntitle: [\n---\n");
    let mut reader = Reader::new(&blog).await;
    reader.scan(blog.now, &Touched::Anything).await.unwrap();
    for (step, changes) in [(Step::Hide(0), 0), (write(0, 1), 1)] {
        let touched = blog.take(&step);
        assert_eq!(reader.scan(blog.now, &touched).await.unwrap().changes, changes, "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_goes_and_comes_back_is_told_of_each_time() {
    let mut blog = Blog::new();
    blog.happen(&write(0, 0));
    let mut reader = Reader::new(&blog).await;
    reader.scan(blog.now, &Touched::Anything).await.unwrap();
    for _ in 0..3 {
        for step in [write(1, 2), Step::Delete(1)] {
            blog.happen(&step);
            reader.scan(blog.now, &Touched::Anything).await.unwrap();
        }
    }
    let deliveries = reader.store.deliveries(&Selection::default()).await.unwrap();
    let told = deliveries.iter().filter(|delivery| delivery.title.as_deref() == Some("T — #t2")).count();
    assert_eq!(told, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_visible_and_could_not_be_recorded_is_told_with_the_ids_that_it_had() {
    let mut blog = Blog::new();
    blog.happen(&write(0, 0));
    blog.happen(&write(1, 0));
    let mut reader = Reader::new(&blog).await;
    reader.scan(blog.now, &Touched::Anything).await.unwrap();
    assert_eq!(reader.told().await, BTreeSet::new(), "the baseline");

    blog.happen(&Step::Delete(0));
    let memory = Memory::load(Some(&reader.store), &reader.scanner.unrecorded).await.unwrap();
    let commit = tokio::task::block_in_place(|| {
        reader.scanner.pass(&run(&reader.store, blog.now, &Touched::Anything), &memory).unwrap().1
    });
    let lost =
        commit.events.iter().flat_map(|(event, names)| names.iter().map(|name| (name.clone(), event.id.clone())));
    let lost: BTreeSet<_> = lost.collect();
    assert!(lost.len() > 4, "{lost:?}");
    (reader.scanner.unrecorded, reader.scanner.memory) = (commit, None);
    reader.scan(blog.now + TimeDelta::hours(1), &Touched::Anything).await.unwrap();
    assert_eq!(reader.told().await, lost);
    reader.scan(blog.now + TimeDelta::hours(2), &Touched::Anything).await.unwrap();
    assert_eq!(reader.told().await, lost, "and once");
}

/// A blog, who scans what was touched, and who does all of it each time.
struct Pair {
    blog: Blog,
    one: Reader,
    other: Reader,
    /// Whether a watcher tells what was touched.
    is_watched: bool,
}

impl Pair {
    async fn new(blog: Blog, is_watched: bool) -> Self {
        Self { one: Reader::new(&blog).await, other: Reader::new(&blog).await, blog, is_watched }
    }

    /// Lets it happen; both come to the same, which is returned.
    async fn take(&mut self, step: &Step) -> Result<Report, TestCaseError> {
        let Self { blog, one, other, .. } = self;
        let touched = blog.take(step);
        let touched = if self.is_watched { touched } else { Touched::Anything };
        if let Step::Lose(document) = step {
            for reader in [&one, &other] {
                reader.lose(LOST[*document]);
            }
        }
        let restarts = matches!(step, Step::Restart);
        if restarts {
            one.scanner = scanner(blog, one.out.path());
        }
        match blog.feeds == ALL_SHOWN || restarts {
            true => other.scanner = scanner(blog, other.out.path()),
            // What no feed shows, only a process that lives on has when it breaks.
            false => other.scanner.standing = None,
        }
        let now = one.scan(blog.now, &touched).await.unwrap();
        let whole = other.scan(blog.now, &Touched::Anything).await.unwrap();
        let counts = |report: &Report| (report.posts, report.changes, report.next_due, report.problems.clone());
        prop_assert_eq!(counts(&now), counts(&whole), "after {:?}", step);
        let ((documents, seen), (expected, remembered)) = (one.outcome().await, other.outcome().await);
        let named = |documents: BTreeMap<String, String>, out: &Path| -> Vec<(String, String)> {
            let name = |path: String| path.replace(&out.display().to_string(), "");
            documents.into_iter().map(|(path, text)| (name(path), text)).collect()
        };
        prop_assert_eq!(named(documents, one.out.path()), named(expected, other.out.path()));
        prop_assert_eq!(seen, remembered);
        prop_assert_eq!(one.told().await, other.told().await, "after {:?}", step);
        Ok(now)
    }
}

/// A post with this text, published in this hour.
fn text(post: u8, hour: u8, text: usize) -> Step {
    Step::Write { post: post.into(), title: 0, tag: 0, url: None, hour, changed: None, text, plural: false }
}

/// A post published in the hour of its number, and the same when its file is broken.
fn nth(post: u8) -> Step {
    text(post, post, 0)
}

fn broken(post: u8) -> Step {
    text(post, post, 2)
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_that_went_wrong_once_come_to_the_same() {
    let renamed = [text(5, 0, 0), Step::Rename(5, 0), text(5, 0, 0), Step::Back(12), text(1, 0, 0)];
    let templates =
        [text(4, 0, 0), Step::Wait, Step::Back(2), text(4, 12, 0), text(0, 0, 7), text(0, 0, 7), Step::Wait];
    let never_due = [text(0, 12, 0), text(0, 0, 2), Step::Delete(0)];
    let set_back = [text(0, 0, 0), text(0, 0, 2), Step::Back(12)];
    let pushed_out = [text(4, 0, 0), text(2, 0, 3), text(4, 0, 2), Step::Restart, text(1, 0, 0), Step::Wait];
    for steps in [&renamed[..], &templates, &never_due, &set_back, &pushed_out] {
        for (feeds, is_watched) in [(ALL_SHOWN, true), (ALL_SHOWN, false), (FEW_SHOWN, true), (FEW_SHOWN, false)] {
            let mut pair = Pair::new(Blog { feeds, ..Blog::new() }, is_watched).await;
            for step in steps {
                pair.take(step).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_post_that_no_feed_shows_stays_over_a_restart_until_its_file_goes_or_is_mended() {
    for (last, posts, changes) in [(Step::Delete(0), 3, 1), (Step::Hide(0), 3, 1), (nth(0), 4, 0)] {
        let mut pair = Pair::new(Blog { feeds: FEW_SHOWN, ..Blog::new() }, true).await;
        for post in 0..4 {
            pair.take(&nth(post)).await.unwrap();
        }
        for step in [broken(0), Step::Restart, Step::Wait] {
            assert_eq!(pair.take(&step).await.unwrap().posts, 4, "{step:?}");
        }
        let report = pair.take(&last).await.unwrap();
        assert_eq!((report.posts, report.changes), (posts, changes), "{last:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_ran_out_while_its_file_was_broken_is_told_of_when_the_file_goes() {
    let mut blog = Blog::new();
    let mut reader = Reader::new(&blog).await;
    let file = ConfigFile::parse("tidings.yaml", blog.dir.path(), CONFIG.replace("jekyll", "hugo")).unwrap();
    let (source, out) = (Source::directory(blog.dir.path()).unwrap(), reader.out.path().join("feeds"));
    reader.scanner = Scanner::new(file, source, Some(out), Some(|_| Some(SECRET.to_owned())));
    fs::create_dir_all(blog.dir.path().join("content/posts")).unwrap();
    let path = blog.dir.path().join("content/posts/a.md");
    blog.write(&path, "---\ntitle: A\ndate: 2025-01-01\nexpiryDate: 2025-01-01T15:00:00Z\n---\ntext\n");
    blog.write(&blog.dir.path().join("content/posts/b.md"), "---\ntitle: B\ndate: 2025-01-01\n---\nother\n");
    assert_eq!(reader.scan(blog.now, &Touched::Anything).await.unwrap().posts, 2);

    let touched = Touched::Only(BTreeSet::from(["content/posts/a.md".to_owned()]));
    let hours = TimeDelta::hours;
    blog.write(&path, "---\ntitle: [\n---\ntext\n");
    let mut reports = vec![reader.scan(blog.now + hours(1), &touched).await.unwrap()];
    reports.push(reader.scan(blog.now + hours(4), &Touched::Only(BTreeSet::new())).await.unwrap());
    fs::remove_file(&path).unwrap();
    reports.push(reader.scan(blog.now + hours(5), &touched).await.unwrap());
    let came: Vec<_> = reports.iter().map(|report| (report.posts, report.changes)).collect();
    assert_eq!(came, [(2, 0), (1, 0), (1, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_term_keeps_its_feeds_over_a_restart_though_a_post_that_they_do_not_show_is_broken() {
    let mut pair = Pair::new(Blog { feeds: FEW_SHOWN, ..Blog::new() }, true).await;
    for post in 0..5 {
        pair.take(&nth(post)).await.unwrap();
    }
    let feed = pair.one.out.path().join("feeds/tags/t0.atom");
    let before = fs::read(&feed).unwrap();
    for step in [broken(0), Step::Restart, nth(0)] {
        pair.take(&step).await.unwrap();
        assert!(fs::read(&feed).unwrap() == before, "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_wants_the_url_of_another_is_left_out_and_not_said_to_be_gone() {
    let of_url = |post, url| Step::Write {
        post,
        title: 0,
        tag: 0,
        url: Some(url),
        hour: 0,
        changed: None,
        text: 0,
        plural: false,
    };
    let mut pair = Pair::new(Blog::new(), true).await;
    for (step, posts, changes) in [
        (of_url(0, 0), 1, 0),
        (of_url(1, 1), 2, 1),
        (of_url(1, 0), 1, 0),
        (Step::Wait, 1, 0),
        (of_url(1, 1), 2, 0),
        (of_url(1, 0), 1, 0),
        (Step::Delete(1), 1, 1),
    ] {
        let report = pair.take(&step).await.unwrap();
        assert_eq!((report.posts, report.changes), (posts, changes), "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_posts_are_live_than_may_be_whatever_stands_for_broken_ones() {
    let mut blog = Blog::new();
    blog.write(&blog.dir.path().join("_config.yml"), "limit_posts: 3\n");
    let mut pair = Pair::new(blog, true).await;
    for post in 1..4 {
        pair.take(&nth(post)).await.unwrap();
    }
    for step in [broken(2), Step::Restart, nth(4), nth(5)] {
        assert_eq!(pair.take(&step).await.unwrap().posts, 3, "{step:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_changed_makes_what_all_makes(
        first in proptest::collection::vec(writing(), 0..12),
        steps in proptest::collection::vec(step(), 1..24),
        watched: bool,
        limited in proptest::bool::weighted(0.3),
        are_all_shown: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let feeds = if are_all_shown { ALL_SHOWN } else { FEW_SHOWN };
            let mut blog = Blog { feeds, ..Blog::new() };
            let limit = if limited { "limit_posts: 3\n" } else { "" };
            blog.write(&blog.dir.path().join("_config.yml"), limit);
            first.iter().for_each(|step| blog.happen(step));
            let mut pair = Pair::new(blog, watched).await;
            for step in &steps {
                pair.take(step).await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
