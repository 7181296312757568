//! From the disk to posts.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use tidings::posts::{front_matter, text};
use tidings::sources::Source;

use crate::blog::{Blog, MAX_POST};

pub(crate) fn all(criterion: &mut Criterion) {
    let blog = Blog::new(0);
    let source = Source::directory(blog.dir.path()).expect("the blog is there");
    let mut group = criterion.benchmark_group("reading");
    group.throughput(Throughput::Elements(blog.files.len() as u64));
    group.bench_function("walk", |bencher| {
        bencher.iter(|| source.snapshot(&|_| true, &|path| path.ends_with(".md")).map(|snapshot| snapshot.files.len()));
    });
    group.bench_function("read", |bencher| {
        let read = |(path, _): &(String, String)| source.read(path, MAX_POST).map_or(0, |bytes| bytes.len());
        bencher.iter(|| blog.files.iter().map(read).sum::<usize>());
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| blog.files.iter().filter(|(_, file)| text::decode(black_box(file.as_bytes())).is_ok()).count());
    });
    group.bench_function("front matter", |bencher| {
        bencher.iter(|| blog.files.iter().filter(|(_, file)| front_matter::read(black_box(file)).is_ok()).count());
    });
    group.bench_function("post", |bencher| {
        bencher
            .iter(|| blog.files.iter().map(|(path, file)| blog.post(path, black_box(file)).tags.len()).sum::<usize>());
    });
    group.finish();
}
