//! How fast the parts are: `cargo bench --bench parts`, or `cargo bench --bench parts -- markdown` for some of them.
//!
//! Each works on posts of the corpus that `benches/corpus` makes, through the library's public interface. None is a test.

mod blog;
#[path = "../corpus/mod.rs"]
mod corpus;
mod feeds;
mod reading;
mod rendering;
mod storing;

use criterion::{criterion_group, criterion_main};

criterion_group!(parts, reading::all, rendering::all, feeds::all, storing::all);
criterion_main!(parts);
