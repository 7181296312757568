//! How many deliveries a second the real program makes, beside what bare sockets post to the same receiver in the same run.
//!
//!     cargo bench --bench deliveries -- [--deliveries 100000] [--repeats 3] [--wrk wrk]
//!
//! Everything is on this machine: the receiver takes its share of the processors too. It fails when something does not arrive,
//! never because it is slow. `cargo test` has it run with a few deliveries.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for development: it has files and a clock of its own, and says what it does"
)]

mod backlog;
mod idle;
mod program;
mod raw;
mod receiver;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use idle::Others;
use program::Run;
use receiver::Receiver;

/// Measures deliveries beside what the machine allows
#[derive(Parser)]
struct Args {
    /// How many deliveries are owed when the program starts
    #[arg(long, default_value_t = 100_000)]
    deliveries: usize,
    /// How often each thing is measured; the median counts
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Between how many receivers they are shared out
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100])]
    receivers: Vec<usize>,
    /// How many single events an idle courier is given
    #[arg(long, default_value_t = 300)]
    idle: usize,
    /// A wrk to compare with, beside our own bare sockets
    #[arg(long)]
    wrk: Option<PathBuf>,
    /// The program that is measured, if it is not this version's
    #[arg(long, default_value = env!("CARGO_BIN_EXE_tidings"))]
    program: PathBuf,
    /// Said by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.first().map(String::as_str) {
        Some(receiver::FLAG) => receiver::main(),
        None => run(&Args::parse_from(["deliveries", "--deliveries=400", "--repeats=1", "--idle=5"])),
        // `cargo test NAME` wants others.
        Some(_) if !args.iter().any(|arg| arg == "--bench") => return ExitCode::SUCCESS,
        Some(_) => run(&Args::parse()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    let mut lines = vec!["| what | median | all |".to_owned(), "|---|---|---|".to_owned()];
    let raw = rates(args.repeats, || raw::posts_a_second(&Receiver::start()?, args.deliveries))?;
    lines.push(row("bare sockets, posts a second", &raw));
    if let Some(wrk) = &args.wrk {
        let wrk = rates(args.repeats, || raw::wrk(&Receiver::start()?, wrk))?;
        lines.push(row("wrk, posts a second", &wrk));
    }
    for (endpoints, runs) in drained(args)? {
        let of = |what: fn(&Run) -> f64| runs.iter().map(what).collect::<Vec<_>>();
        lines.push(row(&format!("deliveries a second, {endpoints} receivers"), &of(|run| run.rate)));
        lines.push(row(
            "… of what bare sockets post, %",
            &of(|run| run.rate).iter().map(|rate| 100.0 * rate / median(&raw)).collect::<Vec<_>>(),
        ));
        lines.push(row("… processor time of the program, µs each", &of(|run| run.cpu_micros)));
        lines.push(row("… peak memory, MiB", &of(|run| run.peak_mib)));
    }
    for (what, hanging) in [("nobody", 0), ("a tenth", 10)] {
        let rate = rates(args.repeats, || Ok(program::drain(args, 100, hanging)?.rate))?;
        lines.push(row(&format!("deliveries a second to healthy ones of 100 receivers, while {what} hangs"), &rate));
    }
    let others = |hanging| Others { healthy: 100 - hanging, hanging };
    for (what, others) in [
        ("idle", Others::default()),
        ("one of 101 receivers, while nobody hangs", others(0)),
        ("one of 101 receivers, while a tenth hangs", others(10)),
    ] {
        let waits = idle::measure(args.idle, others)?;
        lines.push(row(&format!("commit to first byte, {what}, p50 ms"), &[percentile(&waits, 50)]));
        lines.push(row(&format!("commit to first byte, {what}, p99 ms"), &[percentile(&waits, 99)]));
    }
    if args.bench {
        println!("{}", lines.join("\n"));
    } else {
        println!("deliveries: {} lines of figures could be measured", lines.len());
    }
    Ok(())
}

/// One run after the other for each number of receivers, in turns, so that all have the same hours of the machine.
fn drained(args: &Args) -> anyhow::Result<Vec<(usize, Vec<Run>)>> {
    let mut all: Vec<(usize, Vec<Run>)> = args.receivers.iter().map(|&endpoints| (endpoints, Vec::new())).collect();
    for _ in 0..args.repeats {
        for (endpoints, runs) in &mut all {
            runs.push(program::drain(args, *endpoints, 0).with_context(|| format!("{endpoints} receivers"))?);
        }
    }
    Ok(all)
}

fn rates(repeats: usize, one: impl Fn() -> anyhow::Result<f64>) -> anyhow::Result<Vec<f64>> {
    (0..repeats).map(|_| one()).collect()
}

fn row(what: &str, values: &[f64]) -> String {
    let shown = |value: f64| if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    let all: Vec<String> = values.iter().map(|value| shown(*value)).collect();
    format!("| {what} | {} | {} |", shown(median(values)), all.join(", "))
}

fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}
