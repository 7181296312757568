//! What was measured, where, and when.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use chrono::Utc;

use crate::place;

/// One paragraph for the head of a table.
pub(crate) fn describe(program: &Path) -> String {
    let version = said(program, &["--version"]).unwrap_or_default();
    let commit = said("git", &["describe", "--always", "--dirty"]).filter(|_| program == Path::new(place::PROGRAM));
    let commit = commit.map_or(format!("{}", program.display()), |commit| format!("commit {commit}"));
    let system = said("uname", &["-srm"]).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").and_then(|kib| kib.trim_end_matches(" kB").parse::<u64>().ok());
    let memory = memory.map_or(String::new(), |kib| format!(", {} GiB", kib >> 20));
    format!(
        "{}: {version} ({commit}), {cpu}, {cores} cores{memory}, {system}.",
        Utc::now().format("%Y-%m-%d %H:%M UTC"),
    )
}

fn said(program: impl AsRef<OsStr>, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What such a file of the system says behind a name and a colon.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
