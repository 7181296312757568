//! What a process took: time and memory.
//!
//! A process is started by another one of this program, which waits for nothing else, since the system tells of ended children
//! only how much the largest of all took.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};

/// Tells this program to run another one, and to say what that took.
pub(crate) const FLAG: &str = "--measure";

/// A program to run, with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    words: Vec<OsString>,
    dir: PathBuf,
}

/// What a process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) seconds: f64,
    /// Its largest resident set.
    pub(crate) peak_mib: f64,
}

impl Task {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self { words: vec![program.as_ref().to_owned()], dir: PathBuf::from(".") }
    }

    /// A line for the shell.
    pub(crate) fn shell(line: &str) -> Self {
        Self::new("sh").args(["-c", line])
    }

    pub(crate) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    pub(crate) fn args<const N: usize>(self, words: [&str; N]) -> Self {
        words.into_iter().fold(self, |task, word| task.arg(word))
    }

    /// Where it runs.
    pub(crate) fn within(self, dir: &Path) -> Self {
        Self { dir: dir.to_owned(), ..self }
    }

    /// Runs it to its end, which must be a good one.
    pub(crate) fn run(&self) -> anyhow::Result<Took> {
        settle()?;
        let told = Command::new(std::env::current_exe()?)
            .arg(FLAG)
            .args(&self.words)
            .current_dir(&self.dir)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(told.status.success(), "{:?} failed", self.words);
        let told = String::from_utf8(told.stdout)?;
        let numbers = told.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [seconds, peak_kib] = numbers[..] else { bail!("{told:?} are not two numbers") };
        Ok(Took { seconds, peak_mib: peak_kib / 1024.0 })
    }
}

/// Lets the disk take what others have written: it is not the next one's to wait for.
pub(crate) fn settle() -> anyhow::Result<()> {
    let status = Command::new("sync").status().context("sync")?;
    ensure!(status.success(), "sync ended with {status}");
    Ok(())
}

/// Runs the program that the arguments name, and prints how many seconds and KiB it took.
pub(crate) fn main(words: &[String]) -> ExitCode {
    let Some((program, words)) = words.split_first() else { return ExitCode::FAILURE };
    let start = Instant::now();
    let status = Command::new(program).args(words).stdout(Stdio::null()).status();
    let seconds = start.elapsed().as_secs_f64();
    match (status, getrusage(UsageWho::RUSAGE_CHILDREN)) {
        (Ok(status), Ok(usage)) if status.success() => {
            // BSDs count bytes.
            let unit = if cfg!(target_vendor = "apple") { 1024 } else { 1 };
            println!("{seconds} {}", usage.max_rss() / unit);
            ExitCode::SUCCESS
        }
        (status, _) => {
            eprintln!("{program}: {status:?}");
            ExitCode::FAILURE
        }
    }
}

/// The middle one of these numbers, of which there is at least one.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// The smallest of these numbers that is no smaller than this part of them.
pub(crate) fn quantile(numbers: &[f64], part: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (part * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}
