//! `tidings check`: config and posts, without making anything of them.

use chrono::Utc;
use serde::Serialize;

use super::args::{Check, Common, ListFormat};
use super::failure::{Exit, Failure};
use super::{output, report, site};
use crate::config::Generator;
use crate::problems::{Problem, Severity};

#[derive(Serialize)]
struct Checked<'a> {
    generator: Option<Generator>,
    files: usize,
    posts: usize,
    problems: &'a [Problem],
}

pub(super) fn run(common: &Common, args: &Check) -> Result<Exit, Failure> {
    let live = site::scanner(common, args.dir.as_deref(), Some(site::env))
        .and_then(|mut scanner| Ok(scanner.read(Utc::now())?))
        .map_err(|failure| tell_config(failure, args.format))?;
    let of = |severity| live.problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings, notes) = (of(Severity::Error), of(Severity::Warning), of(Severity::Note));
    match args.format {
        ListFormat::Json => output::json(&Checked {
            generator: Some(live.generator),
            files: live.files,
            posts: live.posts.len(),
            problems: &live.problems,
        })?,
        ListFormat::Text => {
            let worth_saying = |problem: &&Problem| !common.quiet || problem.severity == Severity::Error;
            report::to_stdout(live.problems.iter().filter(worth_saying));
            if !common.quiet {
                output::line(format!(
                    "{:?} site at {}: {}, {}; {}, {}, {}",
                    live.generator,
                    live.config.site.url,
                    output::count(live.files, "file"),
                    output::count(live.posts.len(), "live post"),
                    output::count(errors, "error"),
                    output::count(warnings, "warning"),
                    output::count(notes, "note"),
                ));
            }
        }
    }
    Ok(if errors + warnings > 0 { Exit::Problems } else { Exit::Done })
}

/// A program that asked for JSON gets a broken config as JSON, too.
fn tell_config(failure: Failure, format: ListFormat) -> Failure {
    match (&failure, format) {
        (Failure::Config(problems), ListFormat::Json) => {
            match output::json(&Checked { generator: None, files: 0, posts: 0, problems }) {
                Ok(()) => failure,
                Err(error) => error,
            }
        }
        _ => failure,
    }
}
