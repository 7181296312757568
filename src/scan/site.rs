//! The site as its own settings describe it now, and the config that follows from them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::Env;
use super::beside::{Beside, LookedInto, Record};
use crate::config::{Config, ConfigFile, Generator, StoreUrl, Surroundings};
use crate::problems::{Code, Problem, Severity};
use crate::sites::{self, Site};
use crate::sources::Source;
use crate::sources::watch::Area;

/// The site's rules and the config, made anew when what they were made of changes.
#[derive(Debug)]
pub(super) struct Opener {
    file: ConfigFile,
    out: Option<PathBuf>,
    env: Option<Env>,
    opened: Option<(Opened, Record)>,
}

/// What followed from one state of the settings.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) site: Arc<Site>,
    pub(super) config: Arc<Config>,
    pub(super) detected: Detected,
    /// What the settings leave open.
    pub(super) doubt: Option<Problem>,
    /// Where the site's settings are.
    settings: Option<String>,
    /// What is wrong beside them.
    pub(super) problems: Arc<[Problem]>,
    /// Where another state of all this, or of the posts, may come from.
    area: Area,
}

/// The generator by whose rules a site is read, and how that was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The generator.
    pub generator: Generator,
    /// What it was known by, as the end of a sentence.
    pub because: String,
    /// Whether the config names it.
    pub is_set: bool,
}

impl fmt::Display for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read as {}, because {}", self.generator, self.because)?;
        if self.is_set { Ok(()) } else { f.write_str("; `source.generator` overrides this") }
    }
}

impl Opener {
    pub(super) fn new(file: ConfigFile, out: Option<PathBuf>, env: Option<Env>) -> Self {
        Self { file, out, env, opened: None }
    }

    /// What problems with the config file call it.
    pub(super) fn config_name(&self) -> &str {
        &self.file.name
    }

    /// Whether both go by the same config file.
    pub(super) fn is_told_the_same(&self, other: &Self) -> bool {
        self.file.says_the_same(&other.file) && self.out == other.out
    }

    /// The site as it was when it was opened last.
    pub(super) fn last(&self) -> Option<&Opened> {
        self.opened.as_ref().map(|(opened, _)| opened)
    }

    /// Whether the site may be another one after the file at `path` has changed, come or gone.
    pub(super) fn concerns(&self, path: &str) -> bool {
        self.opened.as_ref().is_none_or(|(_, record)| record.concerns(path))
    }

    /// What has to be watched; `None` before anything was opened.
    pub(super) fn area(&self) -> Option<Area> {
        self.last().map(|opened| opened.area.clone())
    }

    /// The site and its config as they are now, and whether they are others than the last time.
    pub(super) fn open(&mut self, source: &Source, now: SystemTime) -> Result<(Opened, bool), Vec<Problem>> {
        if let Some((opened, record)) = &self.opened
            && record.still_holds(source)
        {
            return Ok((opened.clone(), false));
        }
        let beside = Beside::new(source, now);
        let site = sites::Site::open_with(self.file.generator(), self.file.settings(), &beside)
            .map_err(|error| vec![*error.0])?;
        if let Some(before) = self.last().and_then(|opened| opened.settings.as_ref())
            && site.settings.is_none()
        {
            return Err(vec![vanished(before)]);
        }
        let around = Surroundings { out: self.out.clone(), env: self.env.as_ref().map(|env| env as _) };
        let config = Arc::new(self.file.check(&site.defaults, &around)?);
        let is_set = self.file.generator().is_some();
        let detected = Detected { generator: site.site.generator(), because: site.because, is_set };
        let doubt = site.doubt.filter(|_| !self.file.names_permalink());
        let problems = site.problems.into();
        let record = beside.into_record();
        let area = area(&config, &site.site, record.looked_into());
        let opened = Opened { site: site.site, config, detected, doubt, settings: site.settings, problems, area };
        self.opened = Some((opened.clone(), record));
        Ok((opened, true))
    }
}

impl Opened {
    /// Whether this file may be a post.
    pub(super) fn wants(&self, path: &str) -> bool {
        wants(&self.site, &self.config, path)
    }
}

fn wants(site: &Site, config: &Config, path: &str) -> bool {
    let source = &config.source;
    site.wants(path) && !source.exclude.is_match(path) && (source.include.is_empty() || source.include.is_match(path))
}

/// All that the rules look into, and nothing that Tidings writes itself.
fn area(config: &Arc<Config>, site: &Arc<Site>, looked_into: LookedInto) -> Area {
    let StoreUrl::Sqlite(store) = &config.store;
    let written = ["", "-wal", "-shm", "-journal", ".lock"].map(|end| {
        let mut file = store.clone().into_os_string();
        file.push(end);
        PathBuf::from(file)
    });
    let ignored = written.into_iter().chain([config.output.dir.clone()]).collect();
    let entering = Arc::clone(site);
    let enters = move |dir: &str| entering.enters(dir) || looked_into.contains(dir);
    let (wanting, settings) = (Arc::clone(site), Arc::clone(config));
    let wants = move |path: &str| wants(&wanting, &settings, path);
    Area::new(config.source.path.clone(), Arc::new(enters), Arc::new(wants), ignored)
}

/// Without them every URL would be another one; a checkout in progress may take them away for a moment.
fn vanished(path: &str) -> Problem {
    Problem {
        code: Code::Config,
        severity: Severity::Error,
        path: path.to_owned(),
        place: None,
        message: "the site's settings were there before, and are gone".to_owned(),
        effect: "nothing was done".to_owned(),
        remedy: "put them back, or start tidings anew if the site is to go without".to_owned(),
    }
}
