//! From documents to files, and from a scan to the store and its messages.

use std::collections::HashMap;
use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{BatchSize, Criterion, Throughput};
use tempfile::TempDir;
use tidings::config::{Secret, StoreUrl};
use tidings::deliveries::sign::{SigningKey, sign};
use tidings::events::{PostData, Seen, remember};
use tidings::feeds::{Document, rss};
use tidings::publish::{Durability, Output};
use tidings::store::{Access, ScanCommit, Store};

use crate::blog::Blog;

/// Feeds of one scan.
const DOCUMENTS: usize = 100;

pub(crate) fn all(criterion: &mut Criterion) {
    let blog = Blog::new(0);
    let (document, seen) = (rss::render(&blog.feed()), seen(&blog));
    let mut group = criterion.benchmark_group("storing");
    group.sample_size(20).throughput(Throughput::Elements(DOCUMENTS as u64));
    group.bench_function("publish, all new", |bencher| {
        bencher.iter_batched(directory, |dir| (publish(&dir, &document), dir), BatchSize::PerIteration);
    });
    group.bench_function("publish, none new", |bencher| {
        let dir = directory();
        publish(&dir, &document);
        bencher.iter(|| publish(&dir, &document));
    });
    group.throughput(Throughput::Elements(seen.len() as u64));
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    group.bench_function("commit of a first scan", |bencher| {
        let commit = ScanCommit { seen: seen.clone(), at: Some(now()), ..ScanCommit::default() };
        let fresh = || runtime.block_on(store());
        let run = |(dir, store): (TempDir, Store)| {
            runtime.block_on(store.commit_scan(black_box(&commit))).expect("the store takes it");
            (dir, store)
        };
        bencher.iter_batched(fresh, run, BatchSize::PerIteration);
    });
    group.finish();
    let key = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let keys = [SigningKey::parse(&Secret::new(key)).expect("the key is sound")];
    criterion.bench_function("deliveries/sign 1.5 KB", |bencher| {
        bencher.iter(|| sign(&keys, "msg_1", 1_700_000_000, black_box(&[b'x'; 1_536])));
    });
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("there is room for a directory")
}

/// Writes the document under many names.
fn publish(dir: &TempDir, document: &Document) -> usize {
    let path = |number| format!("tags/{number}.rss");
    let mut output = Output::default();
    let publisher = output.open(dir.path(), Durability::Synced).expect("the directory is ours");
    publisher.claim((0..DOCUMENTS).map(path));
    for number in 0..DOCUMENTS {
        publisher.put(&Document { path: path(number), ..document.clone() }).expect("there is room");
    }
    publisher.finish(&HashMap::new(), now()).expect("there is room").written.len()
}

async fn store() -> (TempDir, Store) {
    let dir = directory();
    let url = StoreUrl::Sqlite(dir.path().join("tidings.db"));
    let store = Store::open(&url, Access::Owner).await.expect("there is room for a store");
    (dir, store)
}

/// What is remembered of the blog's posts after the first scan.
fn seen(blog: &Blog) -> Vec<Seen> {
    let data = |post: &tidings::posts::Post| PostData {
        id: post.id.clone(),
        url: post.url.clone(),
        title: post.title.clone(),
        summary: None,
        language: None,
        authors: post.authors.clone(),
        categories: post.categories.clone(),
        tags: post.tags.clone(),
        published: post.published,
        updated: post.published,
        image: None,
        reading_time: None,
        revision: 1,
        feeds: Vec::new(),
    };
    blog.posts().iter().map(|post| remember(post, &post.id, None, data(post), now())).collect()
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}
