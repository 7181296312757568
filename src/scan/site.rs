//! The site as its own settings describe it now, and the config that follows from them.

use std::io;
use std::path::PathBuf;

use super::Env;
use crate::config::{Config, ConfigFile, Surroundings};
use crate::problems::{Code, Problem, Severity};
use crate::sites::{SETTINGS_FILES, Site};
use crate::sources::directory::Directory;

/// Larger settings are an accident.
const MAX_SETTINGS: u64 = 1 << 20;

/// The site's rules and the config, made anew when the site's own settings change.
#[derive(Debug)]
pub(super) struct Opener {
    file: ConfigFile,
    out: Option<PathBuf>,
    env: Option<Env>,
    opened: Option<Opened>,
}

/// What followed from one state of the settings.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) site: Site,
    pub(super) config: Config,
    found: Found,
}

/// What a generator is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    settings: Option<(&'static str, String)>,
    has_posts_dir: bool,
}

impl Opener {
    pub(super) fn new(file: ConfigFile, out: Option<PathBuf>, env: Option<Env>) -> Self {
        Self { file, out, env, opened: None }
    }

    /// The site as it was when it was opened last.
    pub(super) fn site(&self) -> Option<&Site> {
        self.opened.as_ref().map(|opened| &opened.site)
    }

    /// The site and its config as they are now, and whether they are others than the last time.
    pub(super) fn open(&mut self, source: &Directory) -> Result<(Opened, bool), Vec<Problem>> {
        let found = look(source).map_err(|problem| vec![problem])?;
        if let Some(opened) = self.opened.as_ref().filter(|opened| opened.found == found) {
            return Ok((opened.clone(), false));
        }
        let had_settings = self.opened.as_ref().is_some_and(|opened| opened.found.settings.is_some());
        if had_settings && found.settings.is_none() {
            return Err(vec![vanished()]);
        }
        let settings = found.settings.as_ref().map(|(name, text)| (*name, text.as_str()));
        let (site, defaults) =
            Site::open(self.file.generator(), settings, found.has_posts_dir).map_err(|error| vec![*error.0])?;
        let around = Surroundings { out: self.out.clone(), env: self.env.as_ref().map(|env| env as _) };
        let config = self.file.check(&defaults, &around)?;
        let opened = Opened { site, config, found };
        self.opened = Some(opened.clone());
        Ok((opened, true))
    }
}

impl Opened {
    /// Whether this file may be a post.
    pub(super) fn wants(&self, path: &str) -> bool {
        let source = &self.config.source;
        self.site.wants(path)
            && !source.exclude.is_match(path)
            && (source.include.is_empty() || source.include.is_match(path))
    }
}

/// Finds what tells the generator. Settings that are there and cannot be read are an error: without them every URL would be
/// another one.
fn look(source: &Directory) -> Result<Found, Problem> {
    let mut settings = None;
    for name in SETTINGS_FILES {
        match source.read(name, MAX_SETTINGS).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other)) {
            Ok(text) => {
                settings = Some((name, text));
                break;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(name, &error)),
        }
    }
    Ok(Found { settings, has_posts_dir: source.has_directory("_posts") })
}

fn unreadable(name: &str, error: &io::Error) -> Problem {
    let message = format!("the site's settings cannot be read: {error}");
    problem(name, &message, "make them readable for the user that Tidings runs as, as UTF-8")
}

/// Without them every URL would be another one; a checkout in progress may take them away for a moment.
fn vanished() -> Problem {
    let message = "the site's settings were there before, and are gone";
    problem(SETTINGS_FILES[0], message, "put them back, or start tidings anew if the site is to go without")
}

fn problem(name: &str, message: &str, remedy: &str) -> Problem {
    Problem {
        code: Code::Config,
        severity: Severity::Error,
        path: name.to_owned(),
        place: None,
        message: message.to_owned(),
        effect: "nothing was done".to_owned(),
        remedy: remedy.to_owned(),
    }
}
