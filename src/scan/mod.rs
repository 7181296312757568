//! One pass: source → posts → catalog → documents → events.
//!
//! In: the config file, the source, what the store remembers, now. Out: documents that are visible, and one transaction that
//! says what was seen, what happened and who is owed it. Documents first, the transaction second: a crash in between
//! repeats the diff, with the same message ids. Never: a clock of its own, or a transaction open while files are read.

mod announce;
mod attachments;
mod beside;
mod bodies;
mod claims;
mod complaints;
mod conflicts;
mod documents;
mod git;
mod known;
mod last_good;
mod live;
mod memory;
mod pass;
mod posts;
mod refresh;
mod renames;
mod renewed;
mod sheets;
mod site;
mod standing;
mod terms;
mod world;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::catalog::{Catalog, Naming};
use crate::config::{Config, ConfigFile};
use crate::events::{self, Change, MassRemoval};
use crate::feeds::changed::Shown;
use crate::feeds::plan::plan;
use crate::problems::{Problem, Severity};
use crate::publish::{self, PublishError, Published};
use crate::sites::{Opened, Site};
use crate::sources::git_times::GitTimes;
use crate::sources::watch::Area;
use crate::sources::{Source, SourceError, Touched};
use crate::store::{DocumentState, Kept, ScanCommit, Store, StoreError};

use self::beside::Beside;
use self::bodies::Bodies;
use self::documents::Output;
pub use self::live::Live;
use self::memory::Memory;
use self::pass::{Pass, Tools};
pub use self::posts::Posts;
use self::sheets::Made;
pub use self::site::Detected;
use self::standing::Standing;

/// Looks up an environment variable.
pub type Env = fn(&str) -> Option<String>;

/// Why a scan did not come to its end. What was visible before still is.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The config, or the site's own, cannot be used.
    #[error("the configuration cannot be used")]
    Config(Vec<Problem>),
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Too many posts are gone at once.
    #[error(transparent)]
    MassRemoval(#[from] MassRemoval),
    /// Documents cannot be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A post's file changed between its two readings, again and again.
    #[error("{0} is being written to without a pause: nothing is published until it is whole")]
    Changed(String),
    /// The store failed. What was written is visible, but nobody is told of it before a later scan can record it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Told how far it is: a step's name, how much is done, of how much.
pub type Progress<'a> = &'a (dyn Fn(&'static str, usize, usize) + Sync);

/// What one scan works with.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Remembers and records; `None` for a mere build.
    pub store: Option<&'a Store>,
    /// Told which documents are visible, the first ones early if it has none; `None` if nobody wants to know.
    pub published: Option<&'a Published>,
    /// What time it is.
    pub now: DateTime<Utc>,
    /// What may have changed since this scanner's last scan.
    pub touched: &'a Touched,
    /// Whether a repository elsewhere is asked for news; without, what is at hand will do.
    pub fetches: bool,
    /// The operator has confirmed that posts are meant to be gone.
    pub allow_removals: bool,
    /// Told how far it is.
    pub progress: Progress<'a>,
}

/// How a scan went.
#[derive(Debug, Clone)]
pub struct Report {
    /// By whose rules the posts were read.
    pub detected: Detected,
    /// Live posts.
    pub posts: usize,
    /// Documents whose bytes changed.
    pub written: usize,
    /// Documents left alone.
    pub unchanged: usize,
    /// Documents removed.
    pub removed: usize,
    /// Changes that subscribers may be told of.
    pub changes: usize,
    /// Deliveries owed anew.
    pub deliveries: u64,
    /// By path.
    pub problems: Vec<Problem>,
    /// When the next post comes due.
    pub next_due: Option<DateTime<Utc>>,
    /// Whether this was the first scan of its store.
    pub baseline: bool,
}

impl Report {
    /// How many problems are at least this bad.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity >= severity).count()
    }
}

/// A file that changes while it is scanned is given so many chances to be whole.
const CHANCES: usize = 3;

/// Scans one source again and again, and remembers what did not change in between.
#[derive(Debug)]
pub struct Scanner {
    tools: Tools,
    directory: publish::Output,
    /// What the store remembers; read again after a scan that did not come to its end.
    memory: Option<Memory>,
    /// What the last scan came to, if it came to its end.
    standing: Option<Standing>,
    made: Made,
    /// Rendered for the last scan.
    bodies: Bodies,
    /// What is visible already, but could not be recorded.
    unrecorded: ScanCommit,
}

/// The posts of a scan.
struct Step {
    standing: Standing,
    /// Those that say something new, by their place in the catalog; `None` if any may.
    new: Option<BTreeSet<usize>>,
}

impl Scanner {
    /// A scanner for the site that `file` describes, whose posts are in `source`. `out` stands in for `output.dir`. Without
    /// `env` no secret is looked up, there are no webhooks, and no store may remember what it reads.
    #[must_use]
    pub fn new(file: ConfigFile, source: Source, out: Option<PathBuf>, env: Option<Env>) -> Self {
        Self {
            tools: Tools { posts: Posts::new(file, source, out, env), git: GitTimes::default() },
            directory: publish::Output::default(),
            memory: None,
            standing: None,
            made: Made::default(),
            bodies: Bodies::default(),
            unrecorded: ScanCommit::default(),
        }
    }

    /// Goes on as `next`, unless both were told the same: then what is known of the files is still good. What is visible and
    /// could not be recorded is recorded by the next scan either way.
    pub fn replace(&mut self, next: Self) {
        if !self.tools.posts.is_told_the_same(&next.tools.posts) {
            self.tools = next.tools;
            self.standing = None;
        }
    }

    /// The config with the site's own settings, as they are at hand; where those of a repository elsewhere cannot be used, as
    /// they are there now.
    ///
    /// # Errors
    ///
    /// All problems with them.
    pub fn config(&mut self, now: DateTime<Utc>) -> Result<Arc<Config>, Vec<Problem>> {
        self.tools.posts.config(now)
    }

    /// What problems with the config file call it.
    #[must_use]
    pub fn config_name(&self) -> &str {
        self.tools.posts.opener.config_name()
    }

    /// Whether posts come from a repository elsewhere.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.tools.posts.source().is_remote()
    }

    /// What to watch, by the rules that the last scan, or [`config`](Self::config), found; `None` before either.
    #[must_use]
    pub fn area(&self) -> Option<Area> {
        self.tools.posts.area()
    }

    /// Reads all posts, and says what would come up in a build, without writing anything.
    ///
    /// # Errors
    ///
    /// If the config or the source cannot be used.
    pub fn read(&mut self, now: DateTime<Utc>) -> Result<Live, ScanError> {
        with_chances(&Touched::Anything, |_| self.look(now))
    }

    fn look(&mut self, now: DateTime<Utc>) -> Result<Live, ScanError> {
        let (memory, progress) = (Memory::default(), &|_: &'static str, _: usize, _: usize| {});
        let touched = &Touched::Anything;
        let run = Run { store: None, published: None, now, touched, fetches: true, allow_removals: true, progress };
        let Standing { mut live, catalog, .. } = self.step(&run, &memory)?.standing;
        let plan = plan(&catalog, &live.config);
        let mut pass = self.tools.pass(&live, &catalog, &plan, &memory, Bodies::default(), &run);
        documents::look(&mut pass, &memory)?;
        let problems = pass.problems;
        live.problems = self.all_problems(&live, &[&problems]);
        Ok(live)
    }

    /// Scans once.
    ///
    /// # Errors
    ///
    /// See [`ScanError`].
    pub async fn scan(&mut self, run: &Run<'_>) -> Result<Report, ScanError> {
        // As exact as the store.
        let run = &Run { now: run.now.trunc_subsecs(3), ..*run };
        let mut memory = match self.memory.take() {
            Some(memory) => memory,
            None => Memory::load(run.store, &self.unrecorded).await?,
        };
        let (mut standing, commit, mut report) = tokio::task::block_in_place(|| {
            with_chances(run.touched, |touched| self.pass(&Run { touched, ..*run }, &memory))
        })?;
        crate::failpoint::hit("scan.published");
        if let Some(store) = run.store {
            match store.commit_scan(&commit).await {
                Ok(deliveries) => report.deliveries = deliveries,
                Err(error) => {
                    self.unrecorded = commit;
                    return Err(error.into());
                }
            }
            self.unrecorded = ScanCommit::default();
            memory.apply(commit);
            standing.get_ready(&memory);
            (self.memory, self.standing) = (Some(memory), Some(standing));
        }
        crate::failpoint::hit("scan.committed");
        Ok(report)
    }

    /// The live posts, each under the key, URL and id that it had before.
    fn step(&mut self, run: &Run<'_>, memory: &Memory) -> Result<Step, ScanError> {
        // What a scan reads that does not come to its end is no news to the next one.
        let last = self.standing.take();
        let Tools { posts, git } = &mut self.tools;
        let news = posts.refresh(run.now, run.touched, run.fetches, run.progress)?;
        crate::failpoint::hit("scan.read");
        git::refresh(git, &posts.last_config(), posts.source())?;
        if let Some(mut standing) = last
            && let Some(files) = news.files(|| posts.templates_hold(&standing.live))
            && let Some(new) = standing.patch(&files, posts, memory, run.now)?
        {
            return Ok(Step { standing, new: Some(new) });
        }
        let followed = memory.followed();
        let mut live = posts.live(run.now, &followed);
        last_good::restore(&mut live, memory, &followed, run)?;
        posts.settle(&mut live, &followed)?;
        let naming = Naming::new(&live.config.feeds, &memory.terms);
        let catalog = Catalog::new(live.posts.clone(), &live.config.site, &naming);
        Ok(Step { standing: Standing::new(live, catalog, run.now), new: None })
    }

    /// Everything up to the commit: what is visible afterwards, and what is to be committed.
    fn pass(&mut self, run: &Run<'_>, memory: &Memory) -> Result<(Standing, ScanCommit, Report), ScanError> {
        let Step { standing, new } = self.step(run, memory)?;
        let Standing { live, catalog, .. } = &standing;
        let config = &*live.config;
        let changes = changes(live, catalog, new.as_ref(), memory, run)?;
        let plan = plan(catalog, config);
        let bodies = std::mem::take(&mut self.bodies);
        let mut pass = self.tools.pass(live, catalog, &plan, memory, bodies, run);
        pass.is_patched = new.is_some();
        let output = documents::publish(&mut pass, memory, &mut self.directory, &mut self.made, run)?;
        // Whatever happens from here on: readers see these now.
        self.unrecorded.documents.extend(output.publication.changed.iter().cloned());
        self.unrecorded.kept.feeds.extend(output.shown.iter().cloned());
        let ((seen, events), (good, good_gone)) = match run.store {
            Some(_) => {
                let feeds = renewed::feeds(&pass, memory, &output, &self.unrecorded.documents, &self.made);
                (announce::announce(&mut pass, &changes, new.as_ref(), &feeds)?, last_good::keep(&mut pass, live)?)
            }
            // Nobody is told, and nothing is remembered.
            None => Default::default(),
        };
        let Pass { mut bodies, problems: of_feeds, .. } = pass;
        bodies.rest();
        self.bodies = bodies;
        self.made.of_plans(plan.feeds);
        let problems = self.all_problems(live, &[&of_feeds, &output.publication.problems]);

        // A source without a single file may be one that is not mounted yet: the baseline waits.
        let is_baseline = run.store.is_some() && !memory.baseline_done && live.files > 0;
        let has_baseline = memory.baseline_done || is_baseline;
        let kept = Kept {
            terms: Naming::new(&config.feeds, &memory.terms).news(catalog.terms()),
            good,
            good_gone,
            unread: has_baseline.then(|| memory.unread(live)).flatten(),
            ..self.shown(&output, memory)
        };
        let documents = self.visible(&output);
        let report = Report {
            detected: live.detected.clone(),
            posts: catalog.posts.len(),
            written: output.publication.written.len(),
            unchanged: output.publication.unchanged,
            removed: output.publication.removed.len(),
            changes: changes.iter().filter(|change| change.announced).count(),
            deliveries: 0,
            problems,
            next_due: live.next_due,
            baseline: is_baseline,
        };
        let documents_gone = output.publication.gone;
        let at = has_baseline.then_some(run.now);
        Ok((standing, ScanCommit { seen, events, documents, documents_gone, kept, at }, report))
    }

    /// Everything that was found wrong, by path, each once.
    fn all_problems(&self, live: &Live, more: &[&[Problem]]) -> Vec<Problem> {
        let of_files = self.tools.posts.problems();
        let mut problems: Vec<Problem> = live.problems.iter().chain(of_files).cloned().collect();
        problems.extend(live.if_empty(&problems));
        problems.extend(more.iter().copied().flatten().cloned());
        problems.sort_by(|a, b| (&a.path, a.code).cmp(&(&b.path, b.code)));
        problems.dedup();
        problems
    }

    /// The documents that changed since the last commit.
    fn visible(&self, output: &Output) -> Vec<(String, DocumentState)> {
        let state = |path: &String| Some((path.clone(), output.publication.documents.get(path)?.state.clone()));
        self.unrecorded.documents.iter().filter_map(|(path, _)| state(path)).collect()
    }

    /// The feeds that changed since the last commit, and those that are gone.
    fn shown(&self, output: &Output, memory: &Memory) -> Kept {
        let now: HashMap<&String, &Shown> = output.feeds.iter().map(|(path, shown)| (path, shown)).collect();
        let changed: BTreeSet<&String> = self.unrecorded.kept.feeds.iter().map(|(path, _)| path).collect();
        let feeds = changed.into_iter().filter_map(|path| Some((path.clone(), (*now.get(path)?).clone()))).collect();
        let feeds_gone = memory.feeds.keys().filter(|path| !now.contains_key(path)).cloned().collect();
        Kept { feeds, feeds_gone, ..Kept::default() }
    }
}

/// Tries again while a file changes under way. What changes then was not among what is known to be touched.
fn with_chances<T>(
    touched: &Touched,
    mut attempt: impl FnMut(&Touched) -> Result<T, ScanError>,
) -> Result<T, ScanError> {
    let mut result = attempt(touched);
    for _ in 1..CHANCES {
        if !matches!(result, Err(ScanError::Changed(_))) {
            break;
        }
        result = attempt(&Touched::Anything);
    }
    result
}

/// What changed since the last scan that was recorded; `new` has the places of what may have.
fn changes<'m>(
    live: &Live,
    catalog: &Catalog,
    new: Option<&BTreeSet<usize>>,
    memory: &'m Memory,
    run: &Run<'_>,
) -> Result<Vec<Change<'m>>, MassRemoval> {
    let baseline = memory.baseline(live.config.backfill);
    match new {
        Some(places) => Ok(events::appeared(catalog, places.iter().copied(), &memory.seen, baseline).collect()),
        None => {
            let guard = (!run.allow_removals).then_some(&live.config.guard);
            events::changes(catalog, &memory.seen, &|path| live.may_be_there(path), baseline, guard)
        }
    }
}

/// The site in `source` that `file` describes, as its own settings say.
///
/// # Errors
///
/// If its settings cannot be used.
pub fn look(file: &ConfigFile, source: &Source, now: DateTime<Utc>) -> Result<Opened, ScanError> {
    Site::open_with(None, file.settings(), &Beside::new(source, now.into()))
        .map_err(|error| ScanError::Config(vec![*error.0]))
}

/// For logs: how long a scan took, in whole milliseconds.
#[must_use]
pub fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
