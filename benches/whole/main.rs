//! How fast the program is as a whole, beside what the machine allows and what other programs take, all in one run.
//!
//!     cargo bench --bench whole -- [--posts 10000,100000] [--repeats 5] [--hugo PROGRAM] [--jekyll] …
//!
//! Prints a table for docs/benchmarks.md, and writes the cost of a post for blogs of many sizes as CSV and SVG. It fails when
//! something does not work, never because it is slow. `cargo test` has it run through a tiny blog.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for development: it has files and a clock of its own, and says what it does"
)]

mod builds;
#[path = "../corpus/mod.rs"]
mod corpus;
mod curve;
mod daemon;
mod git;
mod least;
mod machine;
mod measure;
mod peers;
mod place;
mod running;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
// The allocator.
use tidings as _;

use place::Place;
use table::Table;

/// Measures the whole program beside the machine's limits and other programs
#[derive(Parser)]
struct Args {
    /// Sizes of blogs, in posts
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000])]
    posts: Vec<usize>,
    /// How often each thing is measured; the median counts
    #[arg(long, default_value_t = 5)]
    repeats: usize,
    /// How many posts are saved, and how many scanned for in vain, while the daemon runs
    #[arg(long, default_value_t = 50)]
    saves: usize,
    /// How many commits are pushed
    #[arg(long, default_value_t = 10)]
    pushes: usize,
    /// Sizes of blogs whose cost for a post is shown; `--curve 1000,10000,100000,1000000` takes 16 GB of disk
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 3_000, 10_000, 30_000, 100_000])]
    curve: Vec<usize>,
    /// Seed of the blogs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The Hugo to compare with
    #[arg(long, env = "HUGO", default_value = "hugo")]
    hugo: PathBuf,
    /// Compare with Jekyll and jekyll-feed too, which takes minutes
    #[arg(long)]
    jekyll: bool,
    /// The program that is measured, if it is not this version's
    #[arg(long, default_value = place::PROGRAM)]
    program: PathBuf,
    /// Where blogs and feeds are written; each run empties it
    #[arg(long, default_value = concat!(env!("CARGO_TARGET_TMPDIR"), "/whole"))]
    dir: PathBuf,
    /// Where cost.csv and cost.svg are written
    #[arg(long, default_value = concat!(env!("CARGO_TARGET_TMPDIR")))]
    plot: PathBuf,
    /// Said by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    /// What `cargo test` does: everything once, on next to nothing.
    fn tiny() -> Self {
        let tiny = ["whole", "--posts=100", "--repeats=1", "--saves=2", "--pushes=1", "--curve=50,100", "--hugo=none"];
        Self::parse_from(tiny)
    }

    /// Programs run elsewhere than this one.
    fn absolute(self) -> std::io::Result<Self> {
        // A mere name is looked for on the PATH.
        let is_name = self.hugo.components().count() == 1;
        let hugo = if is_name { self.hugo } else { std::path::absolute(self.hugo)? };
        let (program, dir) = (std::path::absolute(self.program)?, std::path::absolute(self.dir)?);
        Ok(Self { hugo, program, dir, ..self })
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.first().map(String::as_str) {
        Some(measure::FLAG) => return measure::main(&args[1..]),
        None => run(Args::tiny()),
        // `cargo test NAME` wants others.
        Some(_) if !args.iter().any(|arg| arg == "--bench") => return ExitCode::SUCCESS,
        Some(_) => run(Args::parse()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<()> {
    let args = &args.absolute()?;
    let mut table = Table::default();
    remove(&args.dir)?;
    for &posts in &args.posts {
        let place = place(args, "blog", posts)?;
        let cold = builds::measure(&place, args, &mut table).context("cold builds")?;
        running::measure(&place, args, cold, &mut table).context("the daemon")?;
        // A history of every size would say the same.
        if Some(&posts) == args.posts.first() {
            git::measure(&place, args, &mut table).context("the git source")?;
        }
    }
    let costs = curve::measure(args).context("the cost of a post")?;
    tell(args, &format!("{}\n\n{table}\n{costs}", machine::describe(&args.program)));
    remove(&args.dir)
}

/// A tiny blog's figures say nothing, but that there are any.
fn tell(args: &Args, figures: &str) {
    if args.bench {
        println!("{figures}");
    } else {
        println!("whole: {} lines of figures could be measured", figures.lines().count());
    }
}

/// A blog of this size, in a place of its own.
fn place(args: &Args, name: &str, posts: usize) -> anyhow::Result<Place> {
    eprintln!("whole: writing {posts} posts");
    Place::new(&args.dir.join(format!("{name}-{posts}")), &args.program, posts, args.seed)
}

fn remove(dir: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context(dir.display().to_string()),
        _ => Ok(()),
    }
}
