//! The dates of commits, where the config asks for them.
//!
//! In: the config. Out: [`GitTimes`] of the commit that is checked out, or what is wrong with asking for them. Never: a guess.

use super::ScanError;
use crate::config::{Config, FILE_NAME, Updated};
use crate::problems::{Code, Problem, Severity};
use crate::sources::Source;
use crate::sources::git::CommandError;
use crate::sources::git_times::{GitError, GitTimes};

/// Has the dates at hand, if they are asked for.
pub(super) fn refresh(times: &mut GitTimes, config: &Config, source: &Source) -> Result<(), ScanError> {
    if config.source.updated != Updated::Git {
        return Ok(());
    }
    times.refresh(&source.history()).map_err(|error| {
        match &error {
            GitError::Command(CommandError::Refused(said)) => source.distrust(said).map(ScanError::from),
            _ => None,
        }
        .unwrap_or_else(|| ScanError::Config(vec![problem(&error)]))
    })
}

fn problem(error: &GitError) -> Problem {
    let remedy = match error {
        GitError::Command(CommandError::NotRun(_)) => "install git, or set `source.updated` to `scan`",
        GitError::Command(CommandError::Refused(_)) => {
            "set `source.path` to a clone that this user may read, or `source.updated` to `scan`"
        }
        GitError::Shallow => {
            "fetch the whole history (`git fetch --unshallow`; in GitHub's checkout action `fetch-depth: 0`)"
        }
        GitError::Command(CommandError::Ended(_)) => "set `source.updated` to `scan`",
    };
    Problem {
        code: Code::Config,
        severity: Severity::Error,
        path: FILE_NAME.to_owned(),
        place: None,
        message: format!("`source.updated` is `git`, and {error}"),
        effect: "nothing was done".to_owned(),
        remedy: remedy.to_owned(),
    }
}
