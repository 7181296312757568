//! How a command ends. The numbers are an interface.

use std::process::ExitCode;

use super::args::LogFormat;
use super::{report, site};
use crate::deliveries::remote::RemoteError;
use crate::problems::Problem;
use crate::scan::ScanError;
use crate::sources::SourceError;
use crate::store::StoreError;

/// How a command that did its work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// 0: done.
    Done,
    /// 1: done, with problems.
    Problems,
    /// 3: part of it could not be done; what could not has been told.
    Partly,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Problems => 1,
            Exit::Partly => 3,
        })
    }
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// 2: the configuration cannot be used.
    Config(Vec<Problem>),
    /// 3: the settings in a repository elsewhere cannot be used, which others than this command's user may mend.
    Settings(Vec<Problem>),
    /// 2: what was asked for makes no sense.
    Usage(String),
    /// 3: it could not be done.
    Failed(anyhow::Error),
}

impl Failure {
    pub(super) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self::Failed(error.into())
    }

    /// Says in the log what is the matter.
    pub(super) fn log(&self) {
        match self {
            Self::Config(problems) | Self::Settings(problems) => site::log_problems(problems),
            Self::Usage(message) => tracing::error!("{message}"),
            Self::Failed(error) => tracing::error!("{error:#}"),
        }
    }

    /// Says on standard error what is the matter: to people, or as one more line of a log that programs read.
    pub(super) fn tell(&self, format: LogFormat) -> ExitCode {
        // A filter may let nothing of ours pass; but this has to be told.
        let is_logged = format == LogFormat::Json && tracing::enabled!(tracing::Level::ERROR);
        match self {
            _ if is_logged => self.log(),
            Self::Config(problems) | Self::Settings(problems) => report::to_stderr(problems),
            Self::Usage(message) => report::error(message),
            Self::Failed(error) => report::error(&format!("{error:#}")),
        }
        ExitCode::from(match self {
            Self::Config(_) | Self::Usage(_) => 2,
            Self::Settings(_) | Self::Failed(_) => 3,
        })
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Config(problems)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Config(vec![problem])
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Config(problems) => Self::Config(problems),
            error => Self::failed(error),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::failed(error)
    }
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        Self::failed(error)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::failed(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}
