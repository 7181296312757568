//! Reading: the source's files become live posts. Unchanged files are not read again; a broken one keeps its last good state.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use super::{Env, ScanError};
use crate::config::{Config, ConfigFile, Surroundings};
use crate::events::Seen;
use crate::posts::{Post, text};
use crate::problems::{Code, Problem, Severity};
use crate::sites::{Outcome, Reading, Rules, SETTINGS_FILES, Site};
use crate::sources::directory::Directory;
use crate::sources::{Found, SourceError, Stamp, Unreadable};

/// A file system may give two states of a file one time stamp if they are this close together, so that a file is read again
/// until it has been left alone for this long.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// The live posts of one moment.
#[derive(Debug, Clone)]
pub struct Live {
    /// The config with the site's own settings, as they were.
    pub config: Config,
    /// The generator whose rules were followed.
    pub generator: crate::config::Generator,
    /// By path.
    pub posts: Vec<Arc<Post>>,
    /// The entry id of each post, by key.
    pub ids: HashMap<String, String>,
    /// Files that the rules asked for.
    pub files: usize,
    /// When the next post that is not live yet comes due.
    pub next_due: Option<DateTime<Utc>>,
    /// What was found on the way.
    pub problems: Vec<Problem>,
    /// Paths of files and directories that are there and could not be read, or not understood.
    unreadable: HashSet<String>,
}

impl Live {
    /// Whether the file at `path` may well be there, but says nothing now.
    #[must_use]
    pub fn is_unreadable(&self, path: &str) -> bool {
        let ancestors = path.match_indices('/').map(|(at, _)| &path[..at]);
        self.unreadable.contains(path) || ancestors.into_iter().any(|dir| self.unreadable.contains(dir))
    }
}

/// What is known of the source's files from the last time they were read.
#[derive(Debug)]
pub struct Posts {
    file: ConfigFile,
    out: Option<PathBuf>,
    env: Env,
    source: Directory,
    settings: Option<String>,
    known: HashMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    settled: bool,
    reading: Reading,
    good: Option<Arc<Post>>,
}

impl Posts {
    pub(super) fn new(file: ConfigFile, out: Option<PathBuf>, env: Env) -> Result<Self, SourceError> {
        let source = Directory::open(&file.source_path())?;
        Ok(Self { file, out, env, source, settings: None, known: HashMap::new() })
    }

    pub(super) fn config(&mut self) -> Result<Config, Vec<Problem>> {
        Ok(self.open_site()?.1)
    }

    /// Whether the file at `path` is broken, so that only its last good state can be shown.
    pub(super) fn is_stale(&self, path: &str) -> bool {
        self.known.get(path).is_some_and(|known| known.reading.outcome == Outcome::Broken)
    }

    /// The text of a post's file as it is now; `None` if it cannot be read.
    pub(super) fn body(&self, path: &str, max_bytes: u64) -> Option<String> {
        let bytes = self.source.read(path, max_bytes).ok()?;
        text::decode(&bytes).ok().map(|decoded| decoded.text)
    }

    pub(super) fn read(
        &mut self,
        seen: &HashMap<String, Seen>,
        now: DateTime<Utc>,
        progress: &(dyn Fn(&'static str, usize, usize) + Sync),
    ) -> Result<Live, ScanError> {
        let (site, config) = self.open_site().map_err(ScanError::Config)?;
        let wants = |path: &str| {
            site.wants(path)
                && !config.source.exclude.is_match(path)
                && (config.source.include.is_empty() || config.source.include.is_match(path))
        };
        let own = self.own_directories(&config);
        let enters = |dir: &str| site.enters(dir) && !own.iter().any(|own| own == dir);
        let snapshot = self.source.snapshot(&enters, &wants)?;
        let (files, unreadable) = (snapshot.files.len(), snapshot.unreadable);
        let rules = Rules {
            site: &config.site,
            permalink: &config.source.permalink,
            max_post_bytes: config.guard.max_post_bytes,
        };
        let mut known = HashMap::with_capacity(files);
        for (done, found) in snapshot.files.into_iter().enumerate() {
            progress("reading posts", done, files);
            let old = self.known.remove(&found.path);
            let reading = self.read_file(&found, old, &site, &rules, now);
            known.insert(found.path, reading);
        }
        for gone in &unreadable {
            // What cannot even be looked at keeps its last good state, too.
            if let Some(old) = self.known.remove(&gone.path) {
                known.insert(gone.path.clone(), old.broken_by(gone));
            }
        }
        self.known = known;
        let mut live = Live {
            generator: site.generator(),
            config,
            posts: Vec::new(),
            ids: HashMap::new(),
            files,
            next_due: None,
            problems: unreadable.iter().map(unreadable_problem).collect(),
            unreadable: unreadable.into_iter().map(|unreadable| unreadable.path).collect(),
        };
        self.collect(&mut live, now);
        live.settle_conflicts(seen);
        Ok(live)
    }

    /// The generator's rules and the config, from what the site's own settings say now.
    fn open_site(&mut self) -> Result<(Site, Config), Vec<Problem>> {
        let settings = SETTINGS_FILES.into_iter().find_map(|name| {
            let bytes = self.source.read(name, 1 << 20).ok()?;
            Some((name, String::from_utf8_lossy(&bytes).into_owned()))
        });
        let text = settings.as_ref().map(|(_, text)| text.clone());
        if self.settings != text {
            // Other settings may make something else of the same files.
            for known in self.known.values_mut() {
                known.settled = false;
            }
        }
        let (site, defaults) = Site::open(
            self.file.generator(),
            settings.as_ref().map(|(name, text)| (*name, text.as_str())),
            self.source.has_directory("_posts"),
        )
        .map_err(|error| vec![*error.0])?;
        let around = Surroundings { out: self.out.clone(), env: &self.env };
        let config = self.file.check(&defaults, &around)?;
        self.settings = text;
        Ok((site, config))
    }

    /// Directories below the source that Tidings writes to itself, relative to the source.
    fn own_directories(&self, config: &Config) -> Vec<String> {
        let crate::config::StoreUrl::Sqlite(store) = &config.store;
        let own = [Some(config.output.dir.as_path()), store.parent()];
        let relative = |dir: &std::path::Path| {
            let dir = dir.strip_prefix(&config.source.path).ok()?.to_str()?;
            (!dir.is_empty()).then(|| dir.replace(std::path::MAIN_SEPARATOR, "/"))
        };
        own.into_iter().flatten().filter_map(relative).collect()
    }

    fn read_file(
        &self,
        found: &Found,
        old: Option<Known>,
        site: &Site,
        rules: &Rules<'_>,
        now: DateTime<Utc>,
    ) -> Known {
        let old = match old {
            Some(old) if old.settled && old.stamp == found.stamp => return old,
            old => old,
        };
        let settled = found.stamp.modified.is_some_and(|modified| {
            SystemTime::from(now).duration_since(modified).is_ok_and(|age| age > SETTLED_AFTER)
        });
        let reading = match self.source.read(&found.path, rules.max_post_bytes) {
            Ok(bytes) => site.read(&found.path, &bytes, rules, now),
            Err(error) => Reading {
                outcome: Outcome::Broken,
                problems: vec![unreadable_problem(&Unreadable { path: found.path.clone(), reason: error.to_string() })],
            },
        };
        let good = match &reading.outcome {
            Outcome::Post(post) | Outcome::Future(post, _) => Some(Arc::new((**post).clone())),
            Outcome::Broken => old.and_then(|old| old.good),
            Outcome::Hidden => None,
        };
        Known { stamp: found.stamp, settled, reading, good }
    }

    fn collect(&self, live: &mut Live, now: DateTime<Utc>) {
        let mut known: Vec<_> = self.known.iter().collect();
        known.sort_unstable_by_key(|(path, _)| path.as_str());
        for (path, known) in known {
            live.problems.extend(known.reading.problems.iter().cloned());
            let post = known.good.as_ref().filter(|post| post.listed);
            match &known.reading.outcome {
                Outcome::Future(_, due) if *due > now => {
                    live.next_due = Some(live.next_due.map_or(*due, |next| next.min(*due)));
                }
                Outcome::Post(_) | Outcome::Future(..) => live.posts.extend(post.cloned()),
                Outcome::Broken => {
                    live.unreadable.insert(path.clone());
                    live.posts.extend(post.filter(|post| post.published <= now).cloned());
                }
                Outcome::Hidden => {}
            }
        }
    }
}

impl Known {
    fn broken_by(self, unreadable: &Unreadable) -> Self {
        let reading = Reading { outcome: Outcome::Broken, problems: Vec::new() };
        debug_assert!(!unreadable.reason.is_empty());
        Self { settled: false, reading, ..self }
    }
}

impl Live {
    /// Two posts cannot have one key, one URL or one id. Who was published under it before keeps it, else the first by path.
    fn settle_conflicts(&mut self, seen: &HashMap<String, Seen>) {
        self.settle_keys();
        self.settle_urls(seen);
        self.settle_ids(seen);
    }

    fn settle_keys(&mut self) {
        let mut taken: HashMap<String, String> = HashMap::new();
        for post in &mut self.posts {
            if let Some(first) = taken.get(&post.key) {
                self.problems.push(duplicate_key(post, first));
                let post = Arc::make_mut(post);
                post.key.clone_from(&post.path);
            }
            taken.insert(post.key.clone(), post.path.clone());
        }
    }

    fn settle_urls(&mut self, seen: &HashMap<String, Seen>) {
        let mut taken: HashMap<String, Arc<Post>> = HashMap::new();
        let mut order = self.posts.clone();
        order.sort_by_key(|post| !seen.get(&post.key).is_some_and(|seen| !seen.gone && seen.post.url == post.url));
        for post in order {
            if let Some(first) = taken.get(&post.url) {
                self.problems.push(duplicate_url(&post, first));
                self.unreadable.insert(post.path.clone());
                self.posts.retain(|other| other.path != post.path);
            } else {
                taken.insert(post.url.clone(), post);
            }
        }
    }

    fn settle_ids(&mut self, seen: &HashMap<String, Seen>) {
        let mut taken = HashSet::new();
        for post in &self.posts {
            if let Some(seen) = seen.get(&post.key) {
                taken.insert(seen.entry_id.clone());
                self.ids.insert(post.key.clone(), seen.entry_id.clone());
            }
        }
        for post in &self.posts {
            if self.ids.contains_key(&post.key) {
                continue;
            }
            let id = if taken.contains(&post.id) { &post.url } else { &post.id };
            if *id != post.id {
                self.problems.push(duplicate_id(post));
            }
            taken.insert(id.clone());
            self.ids.insert(post.key.clone(), id.clone());
        }
    }
}

fn unreadable_problem(unreadable: &Unreadable) -> Problem {
    Problem {
        code: Code::Unreadable,
        severity: Severity::Error,
        path: unreadable.path.clone(),
        place: None,
        message: format!("it cannot be read: {}", unreadable.reason),
        effect: "what it held is neither changed nor removed in the feeds".to_owned(),
        remedy: "make it readable for the user that Tidings runs as, or exclude it".to_owned(),
    }
}

fn duplicate_key(post: &Post, first: &str) -> Problem {
    Problem {
        code: Code::DuplicateId,
        severity: Severity::Warning,
        path: post.path.clone(),
        place: None,
        message: format!("its front matter gives the id that {first} has already: {}", post.key),
        effect: "it is known by its path instead".to_owned(),
        remedy: "give each post an id of its own, or none".to_owned(),
    }
}

fn duplicate_url(post: &Post, first: &Post) -> Problem {
    Problem {
        code: Code::DuplicateUrl,
        severity: Severity::Error,
        path: post.path.clone(),
        place: None,
        message: format!("its URL is that of {} too: {}", first.path, post.url),
        effect: "it is left out of the feeds".to_owned(),
        remedy: "change the slug, the permalink or the file name of one of them".to_owned(),
    }
}

fn duplicate_id(post: &Post) -> Problem {
    Problem {
        code: Code::DuplicateId,
        severity: Severity::Note,
        path: post.path.clone(),
        place: None,
        message: format!("the generator gives it an id that another post has already: {}", post.id),
        effect: "its URL is its id".to_owned(),
        remedy: "nothing needs to be done".to_owned(),
    }
}
