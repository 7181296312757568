//! `tidings check`: config and posts, and what a build would say of them, without writing anything.

use std::path::Path;

use chrono::Utc;
use serde::Serialize;

use super::args::{Check, CheckFormat, Common};
use super::failure::{Exit, Failure};
use super::{annotations, explain, output, report, site, untold};
use crate::config::{FILE_NAME, Generator};
use crate::problems::{self, Problem, Severity};
use crate::scan::Live;

/// What programs get: one object, whose keys stay.
#[derive(Serialize)]
struct Checked<'a> {
    generator: Option<Generator>,
    /// What the generator was known by.
    because: Option<&'a str>,
    files: usize,
    posts: usize,
    #[serde(flatten)]
    counts: Counts,
    problems: &'a [Problem],
}

/// How many problems there are of each severity.
#[derive(Clone, Copy, Serialize)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
}

pub(super) async fn run(common: &Common, args: &Check) -> Result<Exit, Failure> {
    if let Some(code) = &args.explain {
        return explain::run(code.as_deref());
    }
    let mut live = site::scanner(common, args.dir.as_deref(), Some(site::env))
        .and_then(|mut scanner| Ok(scanner.read(Utc::now())?))
        .map_err(|failure| tell_config(failure, args.format))?;
    live.problems.extend(untold::problems(&live.config, &config_file(common, args)).await);
    live.problems.sort_by(|a, b| (&a.path, a.line(), a.code).cmp(&(&b.path, b.line(), b.code)));
    let counts = Counts::of(&live.problems);
    match args.format {
        CheckFormat::Json => output::json(&Checked {
            generator: Some(live.detected.generator),
            because: Some(&live.detected.because),
            files: live.files,
            posts: live.posts.len(),
            counts,
            problems: &live.problems,
        })?,
        CheckFormat::Github => annotations::to_stdout(&live.problems, &live.config.source.path),
        CheckFormat::Text => tell(common, args, &live, counts),
    }
    Ok(if counts.errors + counts.warnings > 0 { Exit::Problems } else { Exit::Done })
}

/// The config file, as problems with its settings name it.
fn config_file(common: &Common, args: &Check) -> String {
    let dir = site::directory(common, args.dir.as_deref());
    let usual = || std::path::absolute(&dir).unwrap_or(dir).join(FILE_NAME);
    common.config.clone().unwrap_or_else(usual).display().to_string()
}

fn tell(common: &Common, args: &Check, live: &Live, counts: Counts) {
    let worth_saying = |problem: &&Problem| !common.quiet || problem.severity == Severity::Error;
    let most = if args.all { usize::MAX } else { problems::SHOWN };
    let (shown, left_out) = problems::capped(live.problems.iter().filter(worth_saying), most);
    report::to_stdout(shown);
    for (code, count) in left_out {
        output::line(format!("and {count} more of {code}, {}: `tidings check --all` shows them\n", code.title()));
    }
    if common.quiet {
        return;
    }
    let mut codes: Vec<_> = live.problems.iter().map(|problem| problem.code).collect();
    codes.sort_unstable();
    if let Some(code) = codes.first() {
        output::line(format!("`tidings check --explain {code}` says more about {code}, and so for every code"));
    }
    output::line(&live.detected);
    output::line(format!(
        "{}: {}, {}; {counts}",
        live.config.site.url,
        output::count(live.files, "file"),
        output::count(live.posts.len(), "live post"),
    ));
}

/// A program that asked for something else than text gets a broken config so, too.
fn tell_config(failure: Failure, format: CheckFormat) -> Failure {
    let Failure::Config(problems) = &failure else { return failure };
    match format {
        CheckFormat::Text => {}
        CheckFormat::Github => annotations::to_stdout(problems, Path::new("")),
        CheckFormat::Json => {
            let counts = Counts::of(problems);
            let checked = Checked { generator: None, because: None, files: 0, posts: 0, counts, problems };
            if let Err(error) = output::json(&checked) {
                return error;
            }
        }
    }
    failure
}

impl Counts {
    fn of(problems: &[Problem]) -> Self {
        let of = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
        Self { errors: of(Severity::Error), warnings: of(Severity::Warning), notes: of(Severity::Note) }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [errors, warnings, notes] = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")]
            .map(|(n, noun)| output::count(n, noun));
        write!(f, "{errors}, {warnings}, {notes}")
    }
}
