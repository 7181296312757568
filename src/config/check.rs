//! From a config as written to a [`Config`] that holds: every value is looked at once, here, and every problem is listed.

mod feeds;
mod formats;
mod git;
mod neighbours;
mod paths;
mod podcast;
mod server;
mod site;
mod trigger;
mod webhooks;
mod websub;

use std::path::PathBuf;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::file::{ConfigFile, Step};
use super::raw::RawGenerator;
use super::{Config, Generator, Guard, Output, Schedule, Secret, SecretRef, SiteDefaults, Source};
use crate::problems::Problem;

const DEFAULT_SCHEDULE: &str = "*/5 * * * *";
const DEFAULT_OUTPUT: &str = "feeds";
const DEFAULT_PERMALINK: &str = "/{dir}/{slug}/";
/// Posts are held in memory one at a time; a file beyond this is an accident.
const LARGEST_POST: u64 = 64 << 20;

/// Looks up an environment variable.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the command line and the environment add to the config file.
pub struct Surroundings<'a> {
    /// `--out`, absolute.
    pub out: Option<PathBuf>,
    /// Looks up an environment variable. `None`: no secret is needed, and without secrets there are neither webhooks nor a
    /// token.
    pub env: Option<Lookup<'a>>,
}

impl ConfigFile {
    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// All problems found; at least one.
    pub fn check(&self, defaults: &SiteDefaults, around: &Surroundings<'_>) -> Result<Config, Vec<Problem>> {
        let mut checker = Checker { file: self, around, problems: Vec::new() };
        let site = checker.site(defaults);
        let source = checker.source(defaults);
        let schedule = checker.schedule();
        let output = checker.output();
        let feeds = checker.feeds(site.as_ref(), defaults);
        let server = checker.server(site.as_ref());
        let store = checker.store();
        let mut webhooks = checker.webhooks();
        let websub = checker.websub(server.as_ref());
        let indexnow = checker.indexnow(site.as_ref(), server.as_ref());
        checker.add_neighbours(&websub, indexnow.as_ref(), &mut webhooks);
        let trigger = checker.trigger();
        let guard = checker.guard();
        match (site, schedule, server, store) {
            (Some(site), Some(schedule), Some(server), Some(store)) if checker.problems.is_empty() => Ok(Config {
                site,
                source,
                schedule,
                output,
                feeds,
                server,
                store,
                webhooks,
                websub,
                indexnow,
                trigger,
                guard,
                backfill: self.raw.backfill.unwrap_or(0),
            }),
            _ => Err(checker.problems),
        }
    }

    /// Whether the config says what the URLs of posts are.
    #[must_use]
    pub fn names_permalink(&self) -> bool {
        self.raw.source.as_ref().is_some_and(|source| source.permalink.is_some())
    }

    /// The files with the site's own settings that the config names, the later winning; none: those its generator looks for.
    #[must_use]
    pub fn settings(&self) -> &[String] {
        self.raw.source.as_ref().map_or(&[], |source| &source.settings)
    }

    /// The generator that the config names, if it does.
    #[must_use]
    pub fn generator(&self) -> Option<Generator> {
        match self.raw.source.as_ref()?.generator? {
            RawGenerator::Auto => None,
            RawGenerator::Jekyll => Some(Generator::Jekyll),
            RawGenerator::Zola => Some(Generator::Zola),
            RawGenerator::Eleventy => Some(Generator::Eleventy),
            RawGenerator::Astro => Some(Generator::Astro),
            RawGenerator::Hugo => Some(Generator::Hugo),
            RawGenerator::Plain => Some(Generator::Plain),
        }
    }
}

struct Checker<'a> {
    file: &'a ConfigFile,
    around: &'a Surroundings<'a>,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn error(&mut self, steps: &[Step<'_>], message: &str, remedy: &str) {
        self.problems.push(self.file.problem(steps, message, remedy));
    }

    fn source(&mut self, defaults: &SiteDefaults) -> Source {
        let raw = self.file.raw.source.clone().unwrap_or_default();
        let permalink =
            raw.permalink.or_else(|| defaults.permalink.clone()).unwrap_or_else(|| DEFAULT_PERMALINK.to_owned());
        if !permalink.starts_with('/') {
            self.error(
                &[Step::Key("source"), Step::Key("permalink")],
                "a URL template begins with `/`",
                "write it like `/{dir}/{slug}/`",
            );
        }
        Source {
            path: self.file.source_path(),
            generator: self.file.generator(),
            include: self.globs("include", &raw.include),
            exclude: self.globs("exclude", &raw.exclude),
            permalink,
            updated: raw.updated,
            watch: raw.watch.unwrap_or(true),
        }
    }

    fn globs(&mut self, key: &str, patterns: &[String]) -> GlobSet {
        let mut set = GlobSetBuilder::new();
        for (index, pattern) in patterns.iter().enumerate() {
            match Glob::new(pattern) {
                Ok(glob) => drop(set.add(glob)),
                Err(error) => self.error(
                    &[Step::Key("source"), Step::Key(key), Step::Index(index)],
                    &format!("this is no glob: {}", error.kind()),
                    "write patterns like `notes/**` or `*.txt`, relative to `source.path`",
                ),
            }
        }
        set.build().unwrap_or_default()
    }

    fn schedule(&mut self) -> Option<Schedule> {
        let expression = self.file.raw.schedule.as_deref().unwrap_or(DEFAULT_SCHEDULE);
        match Schedule::parse(expression) {
            Ok(schedule) => Some(schedule),
            Err(error) => {
                self.error(
                    &[Step::Key("schedule")],
                    &error.to_string(),
                    "write five fields as in crontab(5): minute, hour, day of month, month, day of week",
                );
                None
            }
        }
    }

    fn output(&mut self) -> Output {
        let dir = match &self.around.out {
            Some(out) => out.clone(),
            None => self.file.dir.join(self.configured_dir()),
        };
        Output { dir: normal(&dir) }
    }

    /// `output.dir` as it is written.
    fn configured_dir(&self) -> PathBuf {
        let raw = self.file.raw.output.as_ref().and_then(|output| output.dir.clone());
        raw.unwrap_or_else(|| DEFAULT_OUTPUT.into())
    }

    fn resolve(&self, reference: &SecretRef) -> Result<Secret, String> {
        let env = self.around.env.ok_or("no secret is looked up")?;
        reference.resolve(&self.file.dir, env)
    }

    fn resolve_all(&self, reference: &SecretRef) -> Result<Vec<Secret>, String> {
        let env = self.around.env.ok_or("no secret is looked up")?;
        reference.resolve_all(&self.file.dir, env)
    }

    fn guard(&mut self) -> Guard {
        let raw = self.file.raw.guard.clone().unwrap_or_default();
        let guard = Guard {
            max_removed_percent: raw.max_removed_percent.unwrap_or(20),
            max_events_per_scan: raw.max_events_per_scan.unwrap_or(50),
            max_post_bytes: raw.max_post_bytes.map_or(2 << 20, |size| size.0),
        };
        if guard.max_removed_percent > 100 {
            self.error(
                &[Step::Key("guard"), Step::Key("max_removed_percent")],
                "this is more than all posts",
                "set it to 0 to 100",
            );
        }
        if guard.max_events_per_scan == 0 {
            self.error(
                &[Step::Key("guard"), Step::Key("max_events_per_scan")],
                "with 0 nobody is told of anything but digests",
                "set it to 1 or more",
            );
        }
        if !(1..=LARGEST_POST).contains(&guard.max_post_bytes) {
            self.error(
                &[Step::Key("guard"), Step::Key("max_post_bytes")],
                "no post fits in this, or a post could fill the memory",
                "set it to something between 1 and 64MiB",
            );
        }
        guard
    }
}

/// `path` without `.` and `..`, by its text alone.
fn normal(path: &std::path::Path) -> PathBuf {
    use std::path::Component;
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => drop(normal.pop()),
            component => normal.push(component),
        }
    }
    normal
}
