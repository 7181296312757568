//! Writes a blog of any size: `cargo run --release --example corpus -- --posts 10000 DIR`.

#[path = "mod.rs"]
mod corpus;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::Parser;

use corpus::{Corpus, Layout};

/// Writes a blog of made-up posts; the same options give the same bytes
#[derive(Parser)]
struct Args {
    /// How many posts
    #[arg(long, default_value_t = 10_000)]
    posts: usize,
    /// Another seed, other words
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Whose conventions the files follow
    #[arg(long, value_enum, default_value_t = Layout::Jekyll)]
    layout: Layout,
    /// A directory for each year
    #[arg(long)]
    by_year: bool,
    /// How many posts of a hundred hold Liquid
    #[arg(long, default_value_t = 0)]
    liquid: usize,
    /// About how many bytes a post has
    #[arg(long, default_value_t = 12_000)]
    bytes: usize,
    /// Where to; it need not be there
    dir: PathBuf,
}

fn main() -> std::io::Result<()> {
    let Args { posts, seed, layout, by_year, liquid, bytes, dir } = Args::parse();
    Corpus { posts, seed, layout, by_year, liquid, bytes }.write(&dir)
}
