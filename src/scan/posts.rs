//! Reading: the source's files become live posts. Unchanged files are not read again; a broken one keeps its last good state.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use super::site::{Detected, Opened, Opener};
use super::world::{Asked, Asking, World};
use super::{Env, ScanError};
use crate::config::{Config, ConfigFile};
use crate::events::{Seen, self_and_above};
use crate::posts::{Post, Revision, text};
use crate::problems::{Code, Problem, Severity};
use crate::sites::{Outcome, Reading, Rules, Site};
use crate::sources::{Found, Source, SourceError, Stamp, Unreadable};

/// A file system may give two states of a file one time stamp if they are this close together, so that a file is read again
/// until it has been left alone for this long.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// The live posts of one moment.
#[derive(Debug, Clone)]
pub struct Live {
    /// The config with the site's own settings, as they were.
    pub config: Arc<Config>,
    /// By whose rules they were read.
    pub detected: Detected,
    /// Those rules.
    pub(super) site: Arc<Site>,
    /// By path.
    pub posts: Vec<Arc<Post>>,
    /// The entry id of each post, by key.
    pub ids: HashMap<String, String>,
    /// Files that the rules asked for.
    pub files: usize,
    /// When the next post comes due, or runs out.
    pub next_due: Option<DateTime<Utc>>,
    /// What was found on the way.
    pub problems: Vec<Problem>,
    /// Whether every directory could be looked into: otherwise what is not found may be there all the same.
    whole: bool,
    /// Paths of files and directories that are there and could not be read, or not understood.
    pub(super) unreadable: HashSet<String>,
}

impl Live {
    /// Whether the file at `path`, which was not found or not understood, may well be there.
    #[must_use]
    pub fn may_be_there(&self, path: &str) -> bool {
        !self.whole || self.is_unreadable(path)
    }

    /// Says that there is no post, unless an error has said why.
    fn tell_if_empty(&mut self) {
        if self.posts.is_empty() && self.problems.iter().all(|problem| problem.severity < Severity::Error) {
            self.problems.push(no_posts(self.files));
        }
    }

    /// Whether the file at `path` is there, or may be there, but says nothing now.
    pub(super) fn is_unreadable(&self, path: &str) -> bool {
        self_and_above(path).any(|path| self.unreadable.contains(path))
    }
}

/// What a post's file says when its body is needed.
pub(super) enum Text {
    /// The same as before: the post as it is read now, and the file's text.
    Same(Box<Post>, String),
    /// Something else than earlier in this scan.
    Changed,
    /// Nothing that can be used: it was broken when it was read.
    Lost,
}

/// What is known of the source's files from the last time they were read.
#[derive(Debug)]
pub struct Posts {
    opener: Opener,
    source: Source,
    /// By path.
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    /// Whether the stamp vouches for the content.
    settled: bool,
    reading: Reading,
    good: Option<Good>,
    /// What came of the template, if it is one.
    expansion: Option<Expansion>,
    /// The file's text, kept from reading to expanding.
    text: Option<String>,
}

/// The last good state of a post.
#[derive(Debug, Clone)]
struct Good {
    /// With the fingerprint of what its template made of it, once that is known.
    post: Arc<Post>,
    /// The fingerprint of what stands in the file.
    raw: Revision,
    /// Whether it was live before its file broke.
    was_live: bool,
}

/// What came of a template, and of what.
#[derive(Debug)]
struct Expansion {
    raw: Revision,
    asked: Asked,
    revision: Revision,
    problems: Vec<Problem>,
}

impl Posts {
    pub(super) fn new(file: ConfigFile, out: Option<PathBuf>, env: Option<Env>) -> Result<Self, SourceError> {
        let source = Source::directory(&file.source_path())?;
        Ok(Self { opener: Opener::new(file, out, env), source, known: BTreeMap::new() })
    }

    pub(super) fn config(&mut self, now: DateTime<Utc>) -> Result<Arc<Config>, Vec<Problem>> {
        Ok(self.opener.open(&self.source, now.into())?.0.config)
    }

    /// What these live posts' templates may ask for.
    pub(super) fn world<'a>(&self, live: &'a Live) -> World<'a> {
        World::new(Arc::clone(&live.site), self.source.clone(), &live.config, &live.posts)
    }

    /// The text of a post's file, if it still says what was read from it in this scan.
    pub(super) fn text(&self, post: &Post, config: &Config) -> Text {
        let usable = |known: &&Known| known.reading.outcome != Outcome::Broken;
        let known = self.known.get(&post.path).filter(usable).and_then(|known| known.good.as_ref());
        let (Some(good), Some(opened)) = (known, self.opener.last()) else { return Text::Lost };
        let Ok(bytes) = self.source.read(&post.path, config.guard.max_post_bytes) else { return Text::Changed };
        let reading = opened.site.read(&post.path, &bytes, &rules(config));
        match (reading.outcome, text::decode(&bytes)) {
            (Outcome::Post(again), Ok(decoded)) if again.revision == good.raw => {
                Text::Same(Box::new(Post { revision: post.revision, ..*again }), decoded.text)
            }
            _ => Text::Changed,
        }
    }

    /// The size of the first of these files that is there, in bytes.
    pub(super) fn size(&self, candidates: impl IntoIterator<Item = String>) -> Option<u64> {
        candidates.into_iter().find_map(|path| self.source.size(&path))
    }

    /// The live posts, of whom two may still claim one key, URL or id: see [`Posts::settle`].
    pub(super) fn read(
        &mut self,
        now: DateTime<Utc>,
        progress: &(dyn Fn(&'static str, usize, usize) + Sync),
    ) -> Result<Live, ScanError> {
        self.source = self.source.refreshed()?;
        let (opened, is_new) = self.opener.open(&self.source, now.into()).map_err(ScanError::Config)?;
        let snapshot = self.source.snapshot(&|dir| opened.site.enters(dir), &|path| opened.wants(path))?;
        let files = snapshot.files.len();
        let mut known = BTreeMap::new();
        for (done, found) in snapshot.files.into_iter().enumerate() {
            progress("reading posts", done, files);
            let old = self.known.remove(&found.path);
            let as_before = |old: &Known| !is_new && old.settled && old.stamp == found.stamp;
            let state = match old {
                Some(old) if as_before(&old) => old,
                old => self.read_file(&found, old, &opened, now),
            };
            known.insert(found.path, state);
        }
        let mut live = Live {
            detected: opened.detected,
            site: opened.site,
            config: opened.config,
            posts: Vec::new(),
            ids: HashMap::new(),
            files,
            next_due: None,
            whole: snapshot.whole,
            problems: opened
                .problems
                .iter()
                .cloned()
                .chain(opened.doubt)
                .chain(snapshot.unreadable.iter().map(unreadable_problem))
                .collect(),
            unreadable: snapshot.unreadable.into_iter().map(|unreadable| unreadable.path).collect(),
        };
        // What was not found may be behind what could not be looked into.
        let hidden = std::mem::take(&mut self.known).into_iter().filter(|(path, _)| live.is_unreadable(path));
        known.extend(hidden.map(|(path, old)| (path, old.broken())));
        self.known = known;
        self.collect(&mut live, now);
        Ok(live)
    }

    /// Leaves every key, URL and id to one post, then runs their templates.
    pub(super) fn settle(&mut self, live: &mut Live, seen: &HashMap<String, Seen>) -> Result<(), ScanError> {
        live.settle_conflicts(seen);
        live.tell_if_empty();
        self.expand(live)
    }

    fn read_file(&self, found: &Found, old: Option<Known>, opened: &Opened, now: DateTime<Utc>) -> Known {
        let settled = is_settled(&found.stamp, now.into());
        let rules = rules(&opened.config);
        let (reading, text) = match self.source.read(&found.path, rules.max_post_bytes) {
            Ok(bytes) => {
                let reading = opened.site.read(&found.path, &bytes, &rules);
                let is_template = matches!(&reading.outcome, Outcome::Post(post) if post.template);
                let text = is_template.then(|| text::decode(&bytes).ok()).flatten();
                (reading, text.map(|decoded| decoded.text))
            }
            Err(error) => {
                let problems = vec![unreadable_problem(&Unreadable::io(&found.path, &error))];
                (Reading { outcome: Outcome::Broken, problems }, None)
            }
        };
        let before = old.and_then(|old| old.good);
        let good = match &reading.outcome {
            Outcome::Post(post) => {
                Some(Good { post: Arc::new(Post::clone(post)), raw: post.revision, was_live: false })
            }
            Outcome::Broken => before,
            Outcome::Hidden => None,
        };
        // What its template makes may go with more of the file, and of the site, than its own fingerprint does.
        Known { stamp: found.stamp, settled, reading, good, expansion: None, text }
    }

    fn collect(&mut self, live: &mut Live, now: DateTime<Utc>) {
        for (path, known) in &mut self.known {
            live.problems.extend(known.reading.problems.iter().cloned());
            let broken = known.reading.outcome == Outcome::Broken;
            if broken {
                live.unreadable.insert(path.clone());
            }
            let Some(good) = known.good.as_mut().filter(|good| good.post.listed) else { continue };
            let (from, until) = (good.post.live_from, good.post.live_until);
            let ahead = [from, until].into_iter().flatten().filter(|at| *at > now);
            live.next_due = ahead.chain(live.next_due).min();
            let is_due = from.is_none_or(|from| from <= now) && until.is_none_or(|until| until > now);
            // What was not live before it broke does not come alive broken.
            if is_due && (!broken || good.was_live) {
                good.was_live = true;
                live.posts.push(Arc::clone(&good.post));
            }
        }
        live.site.cut(&mut live.posts);
    }

    /// Runs the templates of live posts, where what they are or what they ask for has changed. What readers see of such a
    /// post is what its template makes of it, and so is its fingerprint.
    fn expand(&mut self, live: &mut Live) -> Result<(), ScanError> {
        let (mut revisions, mut problems) = (Vec::new(), Vec::new());
        let world = self.world(live);
        for (at, post) in live.posts.iter().enumerate().filter(|(_, post)| post.template) {
            if !self.known.get(&post.path).is_some_and(|known| known.is_expanded(&world)) {
                self.expand_post(post, &world)?;
            }
            let expansion = self.known.get(&post.path).and_then(|known| known.expansion.as_ref());
            let Some(expansion) = expansion else { continue };
            problems.extend(expansion.problems.iter().cloned());
            if post.revision != expansion.revision {
                revisions.push((at, expansion.revision));
            }
        }
        live.problems.extend(problems);
        for (at, revision) in revisions {
            let post = Arc::make_mut(&mut live.posts[at]);
            post.revision = revision;
            let good = self.known.get_mut(&post.path).and_then(|known| known.good.as_mut());
            good.into_iter().for_each(|good| Arc::make_mut(&mut good.post).revision = revision);
        }
        self.known.values_mut().for_each(|known| known.text = None);
        Ok(())
    }

    fn expand_post(&mut self, post: &Post, world: &World<'_>) -> Result<(), ScanError> {
        let kept = self.known.get_mut(&post.path).and_then(|known| known.text.take());
        let (post, text) = match kept {
            Some(text) => (post.clone(), text),
            None => match self.text(post, world.config) {
                Text::Same(again, text) => (*again, text),
                Text::Changed => return Err(ScanError::Changed(post.path.clone())),
                // Broken now, it stays what it was.
                Text::Lost => return Ok(()),
            },
        };
        let Some(known) = self.known.get_mut(&post.path) else { return Ok(()) };
        let Some(raw) = known.good.as_ref().map(|good| good.raw) else { return Ok(()) };
        let asking = Asking::new(world);
        let expanded = world.site.expand(&post, &text, &rules(world.config), &asking);
        let revision = Site::revision(raw, &expanded.source);
        known.expansion = Some(Expansion { raw, revision, problems: expanded.problems, asked: asking.into_asked() });
        Ok(())
    }
}

impl Known {
    /// The same, but for a file that cannot be looked at any more.
    fn broken(self) -> Self {
        let reading = Reading { outcome: Outcome::Broken, problems: Vec::new() };
        Self { settled: false, reading, ..self }
    }

    /// Whether its template was run, and would do the same again.
    fn is_expanded(&self, world: &World<'_>) -> bool {
        let expansion = self.expansion.as_ref().zip(self.good.as_ref());
        expansion.is_some_and(|(expansion, good)| expansion.raw == good.raw && expansion.asked.still_holds(world))
    }
}

/// Whether a file in this state has been left alone for so long that its stamp vouches for its content.
pub(super) fn is_settled(stamp: &Stamp, now: SystemTime) -> bool {
    let age = stamp.modified.and_then(|modified| now.duration_since(modified).ok());
    age.is_some_and(|age| age > SETTLED_AFTER)
}

pub(super) fn rules(config: &Config) -> Rules<'_> {
    Rules { site: &config.site, permalink: &config.source.permalink, max_post_bytes: config.guard.max_post_bytes }
}

fn unreadable_problem(unreadable: &Unreadable) -> Problem {
    Problem {
        code: Code::Unreadable,
        severity: Severity::Error,
        path: unreadable.path.clone(),
        place: None,
        message: format!("it cannot be read: {}", unreadable.reason),
        effect: "what it held is neither changed nor removed in the feeds".to_owned(),
        remedy: unreadable.remedy.to_owned(),
    }
}

fn no_posts(files: usize) -> Problem {
    Problem {
        code: Code::NoPosts,
        severity: Severity::Warning,
        path: ".".to_owned(),
        place: None,
        message: match files {
            0 => "there is no file that may be a post".to_owned(),
            1 => "the only file that may be a post is not live".to_owned(),
            _ => format!("of {files} files that may be posts none is live"),
        },
        effect: "the feeds are valid, and empty".to_owned(),
        remedy: "look at `source.path`, `source.generator`, and drafts and dates in the future".to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files that are read")]
mod tests {
    use super::*;

    fn read(posts: &mut Posts) -> Live {
        posts.read("2026-01-01T00:00:00Z".parse().unwrap(), &|_, _, _| {}).unwrap()
    }

    #[test]
    fn a_body_is_taken_only_from_the_text_that_was_read() {
        let dir = tempfile::tempdir().unwrap();
        let write = |text: &str| std::fs::write(dir.path().join("a.md"), text).unwrap();
        let config = "site: {url: \"https://example.com\"}\n";
        let file = ConfigFile::parse("tidings.yaml", dir.path(), config.to_owned()).unwrap();
        let mut posts = Posts::new(file, None, None).unwrap();
        write("---\ntitle: a\ndate: 2025-01-01\n---\nfirst\n");
        let live = read(&mut posts);
        let text = |posts: &Posts| match posts.text(&live.posts[0], &live.config) {
            Text::Same(post, file) => file[post.body_start..].to_owned(),
            Text::Changed => "changed".to_owned(),
            Text::Lost => "lost".to_owned(),
        };
        assert_eq!(text(&posts), "first\n");
        write("---\ntitle: a\ndate: 2025-01-01\nprivate: a longer head\n---\nsecond\n");
        assert_eq!(text(&posts), "changed", "the old place of the body would show the head");
        write("---\ntitle: [\n---\nfirst\n");
        assert_eq!(text(&posts), "changed");
        assert_eq!(read(&mut posts).posts, live.posts, "broken, it keeps its last good state");
        assert_eq!(text(&posts), "lost");
    }
}
