//! Fuzzing: foreign input of every kind, made from a seed, so that every run can be had again.
//!
//!     cargo test --profile fuzz --test fuzz -- [TARGET]... [--inputs N] [--seconds S] [--seed N] [--limit-ms MS]
//!                                              [--only N | --shape N]
//!
//! An input fails its target if it panics, takes longer than the limit (which a megabyte is given; for less the same), gives
//! other bytes the second time, or a document that is not well-formed. The input is then written to a file, and the number
//! under which `--only` (or `--shape`, if it is one text repeated up to a megabyte) makes it again is told. Without arguments,
//! as in `cargo test`, each target gets a few small inputs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program for tests: it reads seeds, and says what it does"
)]

mod inputs;
mod random;
#[path = "../it/rules/mod.rs"]
mod rules;
mod seeds;
mod targets;
mod tokens;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use random::Random;
use targets::{Look, Target};

/// What was asked for.
struct Asked {
    targets: Vec<String>,
    inputs: Option<u64>,
    time: Option<Duration>,
    seed: u64,
    only: Option<u64>,
    shape: Option<usize>,
    limit: Option<Duration>,
}

/// Inputs a target when nothing is asked for.
const FEW: u64 = 100;
/// A second and thorough look is dear, so that not every input gets one.
const SECOND_LOOKS: u64 = 8;
/// Less is not measured again: the system counts processor time in ticks.
const LONG: Duration = Duration::from_millis(20);
/// What was slow is tried so often; the machine may be busy just now.
const TRIES: usize = 5;

fn main() -> ExitCode {
    let asked = Asked::read(std::env::args().skip(1));
    let mut all = targets::all();
    let unknown = asked.targets.iter().find(|name| all.iter().all(|target| target.name != name.as_str()));
    if let Some(name) = unknown {
        let names: Vec<_> = all.iter().map(|target| target.name).collect();
        println!("no target is called `{name}`; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    all.retain(|target| asked.targets.is_empty() || asked.targets.iter().any(|name| name == target.name));
    let failed = all.iter().filter(|target| !fuzz(target, &asked)).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs one target; whether nothing was found.
fn fuzz(target: &Target, asked: &Asked) -> bool {
    let (start, mut slowest, mut count) = (Instant::now(), Slowest::default(), 0);
    let mut found = None;
    if asked.only.is_none() && (asked.limit.is_some() || asked.shape.is_some()) {
        let mut worst = Duration::ZERO;
        for (at, input) in target.source.shapes().enumerate() {
            if asked.shape.is_some_and(|shape| shape != at) {
                continue;
            }
            let mut took = slowest.took;
            let what = wrong(target, &input, asked, false, &mut took);
            slowest.note(took, || format!("--shape {at}"));
            if let Some(what) = &what {
                println!("{}: shape {at}, {:?}…: {what}", target.name, input.chars().take(24).collect::<String>());
            }
            // Of those that take too long, the one that takes longest tells most.
            if let Some(what) = what.filter(|_| found.is_none() || took > worst) {
                worst = took;
                found = Some((format!("--shape {at}"), what, input));
            }
        }
    }
    let inputs = if asked.shape.is_some() { 0 } else { asked.inputs.unwrap_or(u64::MAX) };
    let numbers = asked.only.map_or(0..inputs, |only| only..only + 1);
    let many = Instant::now();
    for number in numbers {
        if found.is_some() || asked.time.is_some_and(|time| start.elapsed() > time) {
            break;
        }
        let input = target.source.make(&mut Random::new(asked.seed, target.name, number));
        let twice = number % SECOND_LOOKS == 0 || asked.only.is_some();
        let mut took = slowest.took;
        found = wrong(target, &input, asked, twice, &mut took).map(|what| (format!("--only {number}"), what, input));
        slowest.note(took, || format!("--only {number}"));
        count += 1;
    }
    match found {
        Some((which, what, input)) => tell(target, &which, &what, &input),
        None => {
            let each = count as f64 / many.elapsed().as_secs_f64();
            let Slowest { took, which } = slowest;
            println!("{:14}{count:>10} inputs, {each:>8.0} a second, slowest {took:.1?} ({which})", target.name);
            true
        }
    }
}

/// The input that took longest.
#[derive(Default)]
struct Slowest {
    took: Duration,
    which: String,
}

impl Slowest {
    fn note(&mut self, took: Duration, which: impl FnOnce() -> String) {
        if took > self.took {
            *self = Self { took, which: which() };
        }
    }
}

/// What is wrong with what the target makes of this input. `took`: the longest so far, and then how long this one took.
fn wrong(target: &Target, input: &str, asked: &Asked, twice: bool, took: &mut Duration) -> Option<String> {
    let run = || {
        let start = Instant::now();
        let check = (target.run)(input);
        (start.elapsed(), check)
    };
    let worked = || {
        let start = on_processor();
        let (elapsed, _) = run();
        start.zip(on_processor()).map_or(elapsed, |(start, end)| end.saturating_sub(start).min(elapsed))
    };
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let longest = *took;
        let check;
        (*took, check) = run();
        let limit = asked.limit.unwrap_or(Duration::MAX);
        let tries = if *took > longest.max(LONG).min(limit) { TRIES } else { 1 };
        *took = (1..tries).map(|_| worked()).fold(*took, Duration::min);
        if *took > limit {
            return Err(format!("{} bytes took {took:.1?}", input.len()));
        }
        if !twice {
            return check(Look::Quick).map(|_| ());
        }
        if check(Look::Thorough)? != run().1(Look::Thorough)? {
            return Err("the second time its bytes are others".to_owned());
        }
        Ok(())
    }));
    match checked {
        Ok(checked) => checked.err(),
        Err(_) => Some("it panics".to_owned()),
    }
}

/// How long this thread had a processor so far, where the system tells: with others at work, that is less than the time that
/// passed.
fn on_processor() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Says what was found, and keeps the input.
fn tell(target: &Target, which: &str, what: &str, input: &str) -> bool {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}.txt", target.name));
    let kept = std::fs::write(&file, input);
    println!("{}: {which}: {}", target.name, what.chars().take(4000).collect::<String>());
    println!("    the input is in {} ({kept:?})", file.display());
    false
}

impl Asked {
    fn read(mut args: impl Iterator<Item = String>) -> Self {
        let mut asked =
            Self { targets: Vec::new(), inputs: None, time: None, seed: 1, only: None, shape: None, limit: None };
        while let Some(arg) = args.next() {
            let mut number = || -> u64 {
                let value = args.next().unwrap_or_default();
                value.parse().unwrap_or_else(|_| panic!("{arg} needs a number, and `{value}` is none"))
            };
            match arg.as_str() {
                "--inputs" => asked.inputs = Some(number()),
                "--seconds" => asked.time = Some(Duration::from_secs(number())),
                "--seed" => asked.seed = number(),
                "--only" => asked.only = Some(number()),
                "--shape" => asked.shape = usize::try_from(number()).ok(),
                "--limit-ms" => asked.limit = Some(Duration::from_millis(number())),
                // What `cargo test` passes on to every test program.
                flag if flag.starts_with('-') => {}
                _ => asked.targets.push(arg),
            }
        }
        if asked.inputs.is_none() && asked.time.is_none() {
            asked.inputs = Some(FEW);
        }
        asked
    }
}
