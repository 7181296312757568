//! From posts to documents: a feed of twenty whole posts.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use tidings::catalog::{Catalog, Given, Naming};
use tidings::feeds::plan::plan;
use tidings::feeds::{Document, Feed, atom, json, page, rss};

use crate::blog::Blog;

/// One format's.
type Render = fn(&Feed) -> Document;

pub(crate) fn all(criterion: &mut Criterion) {
    let blog = Blog::new(0);
    let (posts, feed) = (blog.posts(), blog.feed());
    let mut group = criterion.benchmark_group("feeds");
    let given = Given::default();
    let naming = Naming::new(&blog.config.feeds, &given);
    group.throughput(Throughput::Elements(posts.len() as u64));
    group.bench_function("catalog", |bencher| {
        bencher.iter(|| Catalog::new(black_box(&posts).clone(), &blog.config.site, &naming).terms().count());
    });
    let catalog = Catalog::new(posts.clone(), &blog.config.site, &naming);
    group.bench_function("plan", |bencher| bencher.iter(|| plan(black_box(&catalog), &blog.config).feeds.len()));
    for (name, render) in [("atom", atom::render as Render), ("rss", rss::render), ("json", json::render)] {
        group.throughput(Throughput::Bytes(render(&feed).bytes.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| render(black_box(&feed))));
    }
    group.throughput(Throughput::Bytes(page::render(&feed, &feed).bytes.len() as u64));
    group.bench_function("page", |bencher| bencher.iter(|| page::render(black_box(&feed), &feed)));
    group.finish();
}
