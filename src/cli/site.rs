//! What a command works on: the site's directory, its config, its scanner, its store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;

use super::args::Common;
use super::failure::Failure;
use super::progress::Progress;
use super::systemd;
use crate::config::{Config, ConfigFile};
use crate::problems::{self, Problem, Severity};
use crate::scan::{Env, Report, Scanner};
use crate::sources::Source;
use crate::store::{Access, Store};

/// Looks up an environment variable.
pub(super) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The site's directory: what was said, else where the config file is, else here.
pub(super) fn directory(common: &Common, dir: Option<&Path>) -> PathBuf {
    let of_config = || common.config.as_deref().and_then(Path::parent).filter(|dir| !dir.as_os_str().is_empty());
    dir.or_else(of_config).unwrap_or(Path::new(".")).to_owned()
}

/// A scanner for the site, not used yet. Without `env` no secret is needed, and nobody can be told anything.
pub(super) fn scanner(common: &Common, dir: Option<&Path>, env: Option<Env>) -> Result<Scanner, Failure> {
    let file = ConfigFile::load(&directory(common, dir), common.config.as_deref())?;
    let out = common.out.as_deref().map(std::path::absolute).transpose()?;
    let source = source(&file, common.quiet)?;
    Ok(Scanner::new(file, source, out, env))
}

/// Where the config says that posts are, as it is at hand.
pub(super) fn source(file: &ConfigFile, quiet: bool) -> Result<Source, Failure> {
    let progress = Progress::new(!quiet);
    let tell = |step, done, of| {
        systemd::starting();
        progress.show(step, done, of);
    };
    Ok(Source::open(&file.place(&|name| env(name))?, &tell)?)
}

/// The config of the site, checked.
pub(super) fn config(common: &Common, dir: Option<&Path>) -> Result<Arc<Config>, Failure> {
    Ok(scanner(common, dir, Some(env))?.config(Utc::now())?)
}

/// The config of an installation and its store, for looking and steering. Needs no secret, and no post.
pub(super) async fn as_guest(common: &Common, dir: Option<&Path>) -> Result<(ConfigFile, Store), Failure> {
    let file = ConfigFile::load(&directory(common, dir), common.config.as_deref())?;
    let store = Store::open(&file.store_url()?, Access::Guest).await?;
    Ok((file, store))
}

/// Logs what a command's one scan found.
pub(super) fn log_report(report: &Report) {
    tracing::info!("{}", report.detected);
    log_problems(&report.problems);
}

/// Logs problems, each in one line: of errors and warnings a few of each kind, of notes, which few ask for, all.
pub(super) fn log_problems<'a>(problems: impl IntoIterator<Item = &'a Problem>) {
    let (notes, told): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| problem.severity == Severity::Note);
    for note in notes {
        tracing::debug!(code = %note.code, "{note}");
    }
    let (shown, left_out) = problems::capped(told, problems::SHOWN);
    for problem in shown {
        if problem.severity == Severity::Error {
            tracing::error!(code = %problem.code, remedy = problem.remedy, "{problem}");
        } else {
            tracing::warn!(code = %problem.code, remedy = problem.remedy, "{problem}");
        }
    }
    for (code, count) in left_out {
        tracing::warn!(%code, "and {count} more of {code}: see `tidings check --all`");
    }
}
