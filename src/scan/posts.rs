//! Reading: the source's files become posts. Unchanged files are not read again; a broken one keeps its last good state.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::known::{Expansion, Known, State};
use super::live::Live;
use super::site::{Opened, Opener};
use super::world::{Asking, Asks, World};
use super::{Env, Progress, ScanError};
use crate::config::{Config, ConfigFile};
use crate::events::{Seen, self_and_above};
use crate::posts::{Post, Revision, text};
use crate::problems::{Code, Problem, Severity};
use crate::sites::{Outcome, Reading, Rules, Site};
use crate::sources::watch::Area;
use crate::sources::{Found, Snapshot, Source, Stamp, Touched, Unreadable};

/// A file system may give two states of a file one time stamp if they are this close together, so that a file is read again
/// until it has been left alone for this long.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Texts of templates kept from reading to expanding, in bytes. Those beyond are read twice.
const MAX_TEXTS: usize = 32 << 20;

/// So many files are read before what is known of them is put away.
const AT_ONCE: usize = 4096;

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
    /// How the source looked beside its files.
    outline: Option<Outline>,
    /// Paths of files with problems.
    troubled: BTreeSet<String>,
    /// Paths of live posts with templates that were run.
    templates: BTreeSet<String>,
    /// What those asked for.
    pub(super) asks: Asks,
}

/// The source without what is in its files.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outline {
    whole: bool,
    /// See [`Snapshot::links`].
    links: bool,
    unreadable: Vec<Unreadable>,
}

/// What another look at the source showed.
#[derive(Debug)]
pub(super) enum News {
    /// The site, its settings or what can be looked into are others than before.
    All,
    /// These files say something else.
    Files(Vec<Changed>),
    /// These say something else, and nothing else was looked at, since nothing else was touched.
    Part(Vec<Changed>),
}

impl News {
    /// The files that say something else, if nothing else is another thing. `templates_hold` says whether what templates ask
    /// for beside posts is what it was.
    pub(super) fn files(self, templates_hold: impl FnOnce() -> bool) -> Option<Vec<Changed>> {
        match self {
            Self::Part(files) => Some(files),
            Self::Files(files) if templates_hold() => Some(files),
            Self::Files(_) | Self::All => None,
        }
    }
}

/// A file that says something else than before.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub(super) path: String,
    /// The post that it was.
    pub(super) before: Option<Arc<Post>>,
}

impl Posts {
    pub(super) fn new(file: ConfigFile, source: Source, out: Option<PathBuf>, env: Option<Env>) -> Self {
        Self {
            opener: Opener::new(file, out, env),
            source,
            known: BTreeMap::new(),
            outline: None,
            troubled: BTreeSet::new(),
            templates: BTreeSet::new(),
            asks: Asks::default(),
        }
    }

    /// Where the files are, as it was when they were read last.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn config(&mut self, now: DateTime<Utc>) -> Result<Arc<Config>, Vec<Problem>> {
        Ok(self.opener.open(&self.source, now.into())?.0.config)
    }

    pub(super) fn area(&self) -> Option<Area> {
        self.opener.area()
    }

    /// Whether both go by the same config file, to the same place.
    pub(super) fn is_told_the_same(&self, other: &Self) -> bool {
        self.opener.is_told_the_same(&other.opener) && self.source.is_where(&other.source)
    }

    /// What these live posts' templates may ask for.
    pub(super) fn world<'a>(&self, live: &'a Live) -> World<'a> {
        World::new(Arc::clone(&live.site), self.source.clone(), &live.config, &live.posts)
    }

    /// The text of a post's file, if it still says what was read from it in this scan.
    pub(super) fn text(&self, post: &Post, config: &Config) -> Text {
        let usable = |known: &&Known| known.state != State::Broken;
        let known = self.known.get(&post.path).filter(usable);
        let (Some(known), Some(opened)) = (known, self.opener.last()) else { return Text::Lost };
        let Some(good) = &known.good else { return Text::Lost };
        let limit = config.guard.max_post_bytes;
        let Ok((bytes, stamp)) = self.source.read_stamped(&post.path, limit) else { return Text::Changed };
        let Ok(decoded) = text::decode(&bytes) else { return Text::Changed };
        if known.settled && known.stamp == stamp {
            return Text::Same(Box::new(post.clone()), decoded.text);
        }
        match opened.site.read(&post.path, &bytes, &rules(config)).outcome {
            Outcome::Post(again) if again.revision == good.raw => {
                Text::Same(Box::new(Post { revision: post.revision, ..*again }), decoded.text)
            }
            _ => Text::Changed,
        }
    }

    /// The size of the first of these files that is there, in bytes.
    pub(super) fn size(&self, candidates: impl IntoIterator<Item = String>) -> Option<u64> {
        candidates.into_iter().find_map(|path| self.source.size(&path))
    }

    /// What is known of one file.
    pub(super) fn known(&self, path: &str) -> Option<&Known> {
        self.known.get(path)
    }

    /// How many files are known.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// Notes that the file at `path` is a live post: it stays one if it breaks.
    pub(super) fn was_live(&mut self, path: &str) {
        let good = self.known.get_mut(path).and_then(|known| known.good.as_mut());
        good.into_iter().for_each(|good| good.was_live = true);
    }

    /// What is wrong with the files, and with what the templates of live posts ask for.
    pub(super) fn problems(&self) -> impl Iterator<Item = &Problem> {
        let known = |path: &String| self.known.get(path);
        let of_files = self.troubled.iter().filter_map(known).flat_map(|known| &known.problems);
        let expansions = self.templates.iter().filter_map(known).filter_map(|known| known.expansion.as_ref());
        of_files.chain(expansions.flat_map(|expansion| &expansion.problems))
    }

    /// The config as it was when the source was looked at.
    pub(super) fn last_config(&self) -> Arc<Config> {
        let opened = self.opener.last().expect("a source is looked at first of all");
        Arc::clone(&opened.config)
    }

    /// Whether what the templates of these posts ask for beside posts is what it was.
    pub(super) fn templates_hold(&self, live: &Live) -> bool {
        let world = self.world(live);
        self.templates.iter().all(|path| self.known.get(path).is_none_or(|known| known.is_expanded(&world)))
    }

    /// Looks at the source again, and reads what may have changed.
    pub(super) fn refresh(
        &mut self,
        now: DateTime<Utc>,
        touched: &Touched,
        progress: Progress<'_>,
    ) -> Result<News, ScanError> {
        let source = self.source.refreshed(progress)?;
        let before = std::mem::replace(&mut self.source, source);
        // Between two commits, the source itself knows best what differs.
        let touched = match self.source.touched_since(&before) {
            Touched::Only(paths) => &self.with_unsettled(paths),
            Touched::Anything => touched,
        };
        if let Touched::Only(paths) = touched
            && let Some(changed) = self.refresh_part(now, paths, progress)
        {
            return Ok(News::Part(changed));
        }
        let (opened, is_new) = self.opener.open(&self.source, now.into()).map_err(ScanError::Config)?;
        let Snapshot { files, unreadable, whole, links } =
            self.source.snapshot(&|dir| opened.site.enters(dir), &|path| opened.wants(path))?;
        let (stale, gone) = compare(self.known.iter(), files, is_new);
        let outline = Outline { whole, links, unreadable };
        let is_alike = !is_new && self.outline.as_ref() == Some(&outline);
        let changed = [self.drop_files(gone, &outline), self.read_files(stale, &opened, now, progress)].concat();
        self.outline = Some(outline);
        Ok(if is_alike { News::Files(changed) } else { News::All })
    }

    /// These paths, and those of files that may say something else now though nothing tells.
    fn with_unsettled(&self, mut paths: BTreeSet<String>) -> Touched {
        let unsettled = self.known.iter().filter(|(_, known)| !known.settled);
        paths.extend(unsettled.map(|(path, _)| path.clone()));
        Touched::Only(paths)
    }

    /// Looks at these paths only; `None`, with nothing changed, if something else may be another thing because of them.
    fn refresh_part(
        &mut self,
        now: DateTime<Utc>,
        paths: &BTreeSet<String>,
        progress: Progress<'_>,
    ) -> Option<Vec<Changed>> {
        let opened = self.opener.last()?.clone();
        let outline = self.outline.clone().filter(|outline| outline.whole && !outline.links)?;
        let is_known = |path: &String| {
            // A template may ask for any file.
            let is_indifferent = self.templates.is_empty() || opened.wants(path);
            is_indifferent && !self.opener.concerns(path) && !self.source.has_directory(path)
        };
        if !outline.unreadable.is_empty() || !paths.iter().all(is_known) {
            return None;
        }
        let part = self.source.look(paths, &|dir| opened.site.enters(dir), &|path| opened.wants(path))?;
        if !part.whole || part.links || !part.unreadable.is_empty() {
            return None;
        }
        let at_or_below = paths.iter().flat_map(|path| {
            let below = self.known.range(format!("{path}/")..format!("{path}0"));
            self.known.get_key_value(path).into_iter().chain(below)
        });
        let known: BTreeMap<&String, &Known> = at_or_below.collect();
        let (stale, gone) = compare(known.into_iter(), part.files, false);
        Some([self.drop_files(gone, &outline), self.read_files(stale, &opened, now, progress)].concat())
    }

    /// Forgets files that are gone. What was not found may be behind what could not be looked into.
    fn drop_files(&mut self, gone: Vec<String>, outline: &Outline) -> Vec<Changed> {
        let hidden: HashSet<&str> = outline.unreadable.iter().map(|unreadable| unreadable.path.as_str()).collect();
        let mut dropped = Vec::new();
        for path in gone {
            let is_hidden = self_and_above(&path).any(|path| hidden.contains(path));
            let before = match self.known.get_mut(&path) {
                Some(known) if is_hidden => {
                    let before = known.post().cloned();
                    known.break_off();
                    before
                }
                _ => self.known.remove(&path).and_then(|known| known.post().cloned()),
            };
            self.troubled.remove(&path);
            dropped.push(Changed { path, before });
        }
        dropped
    }

    /// Reads these files on all cores; those that say something else than before are told.
    fn read_files(
        &mut self,
        mut stale: Vec<Found>,
        opened: &Opened,
        now: DateTime<Utc>,
        progress: Progress<'_>,
    ) -> Vec<Changed> {
        let (done, room, of) = (AtomicUsize::new(0), AtomicUsize::new(MAX_TEXTS), stale.len());
        let mut changed = Vec::new();
        while !stale.is_empty() {
            let now_read = stale.split_off(stale.len().saturating_sub(AT_ONCE));
            let now_read: Vec<_> = now_read.into_iter().map(|found| (self.known.remove(&found.path), found)).collect();
            let source = &self.source;
            let read = |(before, found): (Option<Known>, Found)| {
                progress("reading posts", done.fetch_add(1, Ordering::Relaxed), of);
                let was = before.as_ref().and_then(|before| before.post().cloned());
                let (known, is_same) = reread(source, &found, before, opened, now, &room);
                (known, (!is_same).then(|| Changed { path: found.path.clone(), before: was }), found.path)
            };
            let read: Vec<_> = now_read.into_par_iter().map(read).collect();
            for (known, news, path) in read {
                match known.problems.is_empty() {
                    true => drop(self.troubled.remove(&path)),
                    false => drop(self.troubled.insert(path.clone())),
                }
                changed.extend(news);
                self.known.insert(path, known);
            }
        }
        changed
    }

    /// The live posts, of whom two may still claim one key, URL or id: see [`Posts::settle`].
    pub(super) fn live(&mut self, now: DateTime<Utc>, seen: &HashMap<String, Seen>) -> Live {
        let opened = self.opener.last().expect("a source is looked at before its posts are live").clone();
        let outline = self.outline.clone().expect("a source is looked at before its posts are live");
        let mut live = Live {
            detected: opened.detected,
            site: opened.site,
            config: opened.config,
            posts: Vec::new(),
            ids: HashMap::new(),
            files: self.known.len(),
            next_due: None,
            contested: false,
            whole: outline.whole,
            problems: opened
                .problems
                .iter()
                .cloned()
                .chain(opened.doubt)
                .chain(outline.unreadable.iter().map(unreadable_problem))
                .collect(),
            unreadable: outline.unreadable.into_iter().map(|unreadable| unreadable.path).collect(),
        };
        self.collect(&mut live, seen, now);
        live
    }

    /// Leaves every key, URL and id to one post, then runs their templates.
    pub(super) fn settle(&mut self, live: &mut Live, seen: &HashMap<String, Seen>) -> Result<(), ScanError> {
        live.settle_conflicts(seen);
        self.expand(live)
    }

    fn collect(&mut self, live: &mut Live, seen: &HashMap<String, Seen>, now: DateTime<Utc>) {
        for (path, known) in &mut self.known {
            let broken = known.state == State::Broken;
            if broken {
                live.unreadable.insert(path.clone());
            }
            let Some(good) = known.good.as_mut().filter(|good| good.post.listed) else { continue };
            let times = Times::of(&good.post, seen, now);
            live.next_due = times.next.into_iter().chain(live.next_due).min();
            // What was not live before it broke does not come alive broken.
            if times.is_live && (!broken || good.was_live) {
                good.was_live = true;
                live.posts.push(Arc::clone(&good.post));
            }
        }
        live.site.cut(&mut live.posts);
    }

    /// Runs the templates of live posts, where what they are or what they ask for has changed. What readers see of such a
    /// post is what its template makes of it, and so is its fingerprint.
    fn expand(&mut self, live: &mut Live) -> Result<(), ScanError> {
        let mut revisions = Vec::new();
        let world = self.world(live);
        (self.asks, self.templates) = (Asks::default(), BTreeSet::new());
        for (at, post) in live.posts.iter().enumerate().filter(|(_, post)| post.template) {
            if !self.known.get(&post.path).is_some_and(|known| known.is_expanded(&world)) {
                self.expand_post(post, &world)?;
            }
            let expansion = self.known.get(&post.path).and_then(|known| known.expansion.as_ref());
            let Some(expansion) = expansion else { continue };
            self.asks.add(&expansion.asked);
            self.templates.insert(post.path.clone());
            if post.revision != expansion.revision {
                revisions.push((at, expansion.revision));
            }
        }
        for (at, revision) in revisions {
            self.note_revision(&mut live.posts[at], revision);
        }
        self.known.values_mut().for_each(|known| known.text = None);
        Ok(())
    }

    /// Runs the template of one post, if it is one, among these; `None` if it asks for another.
    pub(super) fn expand_alone(&mut self, mut post: Arc<Post>, live: &Live) -> Result<Option<Arc<Post>>, ScanError> {
        if !post.template {
            return Ok(Some(post));
        }
        self.expand_post(&post, &self.world(live))?;
        let Some(known) = self.known.get_mut(&post.path) else { return Ok(None) };
        known.text = None;
        let mut asks = Asks::default();
        let Some(expansion) = &known.expansion else { return Ok(None) };
        asks.add(&expansion.asked);
        let revision = expansion.revision;
        self.templates.insert(post.path.clone());
        self.note_revision(&mut post, revision);
        Ok((asks == Asks::default()).then_some(post))
    }

    fn note_revision(&mut self, post: &mut Arc<Post>, revision: Revision) {
        Arc::make_mut(post).revision = revision;
        let good = self.known.get_mut(&post.path).and_then(|known| known.good.as_mut());
        good.into_iter().for_each(|good| Arc::make_mut(&mut good.post).revision = revision);
    }

    fn expand_post(&mut self, post: &Post, world: &World<'_>) -> Result<(), ScanError> {
        let kept = self.known.get_mut(&post.path).and_then(|known| known.text.take());
        let (post, text) = match kept {
            Some(text) => (post.clone(), text.into_string()),
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
        let expansion = Expansion { raw, revision, problems: expanded.problems, asked: asking.into_asked() };
        known.expansion = Some(Box::new(expansion));
        Ok(())
    }
}

/// Whether a post is live at a moment, and when that changes next.
pub(super) struct Times {
    pub(super) is_live: bool,
    pub(super) next: Option<DateTime<Utc>>,
}

impl Times {
    pub(super) fn of(post: &Post, seen: &HashMap<String, Seen>, now: DateTime<Utc>) -> Self {
        let (from, until) = (post.live_from, post.live_until);
        // What was shown at a time that is yet to come stays: the clock was ahead, or is behind, and knows no better.
        let was_shown = || seen.get(&post.key).is_some_and(|seen| !seen.gone && seen.first_seen > now);
        let has_begun = from.is_none_or(|from| from <= now || was_shown());
        Self {
            is_live: has_begun && until.is_none_or(|until| until > now),
            next: [from, until].into_iter().flatten().filter(|at| *at > now).min(),
        }
    }
}

/// Which files have to be read, and which are gone. Both lists are by path.
fn compare<'k>(
    known: impl Iterator<Item = (&'k String, &'k Known)>,
    files: Vec<Found>,
    is_new: bool,
) -> (Vec<Found>, Vec<String>) {
    let (mut stale, mut gone) = (Vec::new(), Vec::new());
    let mut known = known.peekable();
    for found in files {
        while let Some((path, _)) = known.next_if(|(path, _)| **path < found.path) {
            gone.push(path.clone());
        }
        let old = known.next_if(|(path, _)| **path == found.path);
        let as_before = |old: &Known| !is_new && old.settled && old.stamp == found.stamp;
        if !old.is_some_and(|(_, old)| as_before(old)) {
            stale.push(found);
        }
    }
    gone.extend(known.map(|(path, _)| path.clone()));
    (stale, gone)
}

/// Reads a file, and says whether it says what it did before. `room` is what texts may still be kept.
fn reread(
    source: &Source,
    found: &Found,
    before: Option<Known>,
    opened: &Opened,
    now: DateTime<Utc>,
    room: &AtomicUsize,
) -> (Known, bool) {
    let mut settled = is_settled(&found.stamp, now.into());
    let rules = rules(&opened.config);
    let (reading, text) = match source.read(&found.path, rules.max_post_bytes) {
        Ok(bytes) => {
            let reading = opened.site.read(&found.path, &bytes, &rules);
            let is_template = matches!(&reading.outcome, Outcome::Post(post) if post.template);
            let fits = is_template && takes(room, bytes.len());
            let text = fits.then(|| text::decode(&bytes).ok()).flatten();
            (reading, text.map(|decoded| decoded.text.into_boxed_str()))
        }
        Err(error) => {
            let problems = vec![unreadable_problem(&Unreadable::io(&found.path, &error))];
            // A disk that is back leaves no mark on the file.
            settled = false;
            (Reading { outcome: Outcome::Broken, problems }, None)
        }
    };
    let known = Known::read(found.stamp, settled, reading, text);
    let Some(before) = before else { return (known, false) };
    if known.says_the_same(&before) {
        return (Known { stamp: found.stamp, settled, ..before }, true);
    }
    let good = if known.state == State::Broken { before.good } else { known.good };
    (Known { good, ..known }, false)
}

/// Takes so much of what there is room for, if there is enough.
fn takes(room: &AtomicUsize, size: usize) -> bool {
    room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(size)).is_ok()
}

/// Whether a file in this state has been left alone for so long that its stamp vouches for its content. A tool can set the
/// time of the last change back, but not that of the inode's.
pub(super) fn is_settled(stamp: &Stamp, now: SystemTime) -> bool {
    let Stamp::File { modified, changed, .. } = stamp else { return true };
    let changed = changed.and_then(|(seconds, _)| u64::try_from(seconds).ok());
    let changed = changed.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let last = (*modified).max(changed);
    last.and_then(|last| now.duration_since(last).ok()).is_some_and(|age| age > SETTLED_AFTER)
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files that are read")]
mod tests {
    use super::*;

    fn read(posts: &mut Posts) -> Live {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        posts.refresh(now, &Touched::Anything, &|_, _, _| {}).unwrap();
        posts.live(now, &HashMap::new())
    }

    #[test]
    fn a_body_is_taken_only_from_the_text_that_was_read() {
        let dir = tempfile::tempdir().unwrap();
        let write = |text: &str| std::fs::write(dir.path().join("a.md"), text).unwrap();
        let config = "site: {url: \"https://example.com\"}\n";
        let file = ConfigFile::parse("tidings.yaml", dir.path(), config.to_owned()).unwrap();
        let source = Source::directory(dir.path()).unwrap();
        let mut posts = Posts::new(file, source, None, None);
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
