//! From a post's text to HTML.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use pulldown_cmark::html::push_html;
use pulldown_cmark::{Options, Parser};
use tidings::posts::html;
use tidings::posts::markdown::{Dialect, Goldmark, to_html};

use crate::blog::Blog;

/// What references are relative to.
const BASE: &str = "https://blog.example.com/2023/01/01/post/";

pub(crate) fn all(criterion: &mut Criterion) {
    let blog = Blog::new(0);
    let posts = blog.posts();
    let bodies: Vec<&str> = posts.iter().zip(&blog.files).map(|(post, (_, file))| &file[post.body_start..]).collect();
    let mut group = criterion.benchmark_group("rendering");
    group.throughput(Throughput::Elements(bodies.len() as u64));
    let dialects = [
        ("kramdown", Dialect::Kramdown),
        ("goldmark", Dialect::Goldmark(Goldmark::default())),
        ("github", Dialect::GitHub),
    ];
    for (name, dialect) in dialects {
        group.bench_function(format!("markdown, {name}"), |bencher| {
            bencher.iter(|| bodies.iter().map(|body| to_html(black_box(body), BASE, dialect).len()).sum::<usize>());
        });
    }
    // What any dialect costs at least: the parser and its own writer, with tables, footnotes and definitions.
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_DEFINITION_LIST;
    group.bench_function("markdown, the parser alone", |bencher| {
        let bare = |body| {
            let mut html = String::new();
            push_html(&mut html, Parser::new_ext(body, options));
            html.len()
        };
        bencher.iter(|| bodies.iter().map(|body| bare(black_box(body))).sum::<usize>());
    });
    let pages: Vec<String> = bodies.iter().map(|body| to_html(body, BASE, Dialect::GitHub)).collect();
    group.bench_function("clean", |bencher| {
        bencher.iter(|| pages.iter().map(|page| html::clean(black_box(page), BASE).len()).sum::<usize>());
    });
    let liquid = Blog::new(100);
    let templates = liquid.posts();
    group.bench_function("liquid", |bencher| {
        let both = || templates.iter().zip(&liquid.files);
        bencher.iter(|| both().map(|(post, (_, file))| liquid.expanded(post, black_box(file))).sum::<usize>());
    });
    group.finish();
}
