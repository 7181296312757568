//! The source's files as posts: which are live, what their templates make, what stands in their text. A broken file keeps its
//! last good state. What the files say is read in `refresh`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::known::{Expansion, Good, Known, State};
use super::live::Live;
use super::refresh::{Outline, unreadable_problem};
use super::renames::Followed;
use super::site::Opener;
use super::world::{Asked, Asking, Asks, Wanted, World};
use super::{Env, ScanError};
use crate::config::{Config, ConfigFile};
use crate::posts::{Post, Revision, text};
use crate::problems::Problem;
use crate::sites::{Outcome, Rules, Site};
use crate::sources::Source;
use crate::sources::watch::Area;

/// What a post's file says when its body is needed.
pub(super) enum Text {
    /// The same as before: the post, if it had to be read again to know, and the file's text.
    Same(Option<Box<Post>>, String),
    /// Something else than earlier in this scan.
    Changed,
    /// Nothing that can be used: it was broken when it was read.
    Lost,
}

/// What is known of the source's files from the last time they were read.
#[derive(Debug)]
pub struct Posts {
    pub(super) opener: Opener,
    pub(super) source: Source,
    /// By path.
    pub(super) known: BTreeMap<String, Known>,
    /// How the source looked beside its files.
    pub(super) outline: Option<Outline>,
    /// Paths of files with problems.
    pub(super) troubled: BTreeSet<String>,
    /// Paths of live posts with templates that were run.
    pub(super) templates: BTreeSet<String>,
    /// What those asked for.
    pub(super) asks: Asks,
    /// The files among that, each with the most that is asked of it.
    asked_for: HashMap<String, Wanted>,
    /// Whether a store remembers what is read.
    remembers: bool,
}

impl Posts {
    pub(super) fn new(file: ConfigFile, source: Source, out: Option<PathBuf>, env: Option<Env>) -> Self {
        Self {
            // Who can tell nobody remembers nothing.
            remembers: env.is_some(),
            opener: Opener::new(file, out, env),
            source,
            known: BTreeMap::new(),
            outline: None,
            troubled: BTreeSet::new(),
            templates: BTreeSet::new(),
            asks: Asks::default(),
            asked_for: HashMap::new(),
        }
    }

    /// Where the files are, as it was when they were read last.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn config(&mut self, now: DateTime<Utc>) -> Result<Arc<Config>, Vec<Problem>> {
        let problems = match self.opener.open(&self.source, now.into()) {
            Ok((opened, _)) => return Ok(opened.config),
            Err(problems) => problems,
        };
        // What is at hand of a repository elsewhere may be mended there already.
        let newer = self.source.is_remote().then(|| self.source.refreshed(true, &|_, _, _| {}));
        let Some(Ok(newer)) = newer else { return Err(problems) };
        self.source = newer;
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

    /// Whether a text has a fingerprint: for the store, or because the file's stamp does not vouch for it.
    pub(super) fn has_print(&self, is_settled: bool) -> bool {
        self.remembers || !is_settled
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
            return Text::Same(None, decoded.text.into_owned());
        }
        if !self.has_print(known.settled) {
            return Text::Changed;
        }
        match opened.site.read(&post.path, &bytes, &rules(config)).outcome {
            Outcome::Post(again) if again.revision == good.raw => {
                Text::Same(Some(Box::new(Post { revision: post.revision, ..*again })), decoded.text.into_owned())
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

    /// Whether another state of this file may make a template say something else. Where a live post is, is seen by the post.
    pub(super) fn is_asked_for(&self, path: &str) -> bool {
        let is_live = || self.known.get(path).and_then(|known| known.good.as_ref()).is_some_and(|good| good.was_live);
        self.asked_for.get(path).is_some_and(|wanted| *wanted == Wanted::Text || !is_live())
    }

    /// The live posts, of whom two may still claim one key, URL or id: see [`Posts::settle`].
    pub(super) fn live(&self, now: DateTime<Utc>, followed: &Followed<'_>) -> Live {
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
        self.collect(&mut live, followed, now);
        live
    }

    /// Leaves every key, URL and id to one post, then runs their templates.
    pub(super) fn settle(&mut self, live: &mut Live, followed: &Followed<'_>) -> Result<(), ScanError> {
        live.site.cut(&mut live.posts);
        live.settle_conflicts(followed);
        self.note_live(live);
        self.expand(live)
    }

    fn collect(&self, live: &mut Live, followed: &Followed<'_>, now: DateTime<Utc>) {
        for (path, known) in &self.known {
            let broken = known.state == State::Broken;
            if broken {
                live.unreadable.insert(path.clone());
            }
            // What was not live before it broke does not come alive broken, now or later.
            let may_be_live = |good: &&Good| good.post.listed && (!broken || good.was_live);
            let Some(good) = known.good.as_ref().filter(may_be_live) else { continue };
            let times = Times::of(&good.post, followed, now);
            live.next_due = times.next.into_iter().chain(live.next_due).min();
            if times.is_live {
                live.posts.push(Arc::clone(&good.post));
            }
        }
    }

    /// Notes which files are live posts: one that is none, because its time has not come or another has its URL, is none either
    /// when it breaks. What broken ones were, they stay.
    fn note_live(&mut self, live: &Live) {
        let mut posts = live.posts.iter().map(|post| post.path.as_str()).peekable();
        for (path, known) in &mut self.known {
            while posts.next_if(|live| *live < path.as_str()).is_some() {}
            let is_live = posts.peek() == Some(&path.as_str());
            if let Some(good) = known.good.as_mut().filter(|_| known.state != State::Broken) {
                good.was_live = is_live;
            }
        }
    }

    /// Runs the templates of live posts, where what they are or what they ask for has changed. What readers see of such a
    /// post is what its template makes of it, and so is its fingerprint.
    fn expand(&mut self, live: &mut Live) -> Result<(), ScanError> {
        let mut revisions = Vec::new();
        let world = self.world(live);
        (self.asks, self.templates, self.asked_for) = Default::default();
        for (at, post) in live.posts.iter().enumerate().filter(|(_, post)| post.template) {
            if !self.known.get(&post.path).is_some_and(|known| known.is_expanded(&world)) {
                self.expand_post(post, &world)?;
            }
            let expansion = self.known.get(&post.path).and_then(|known| known.expansion.as_ref());
            let Some(expansion) = expansion else { continue };
            self.asks.add(&expansion.asked);
            note_files(&mut self.asked_for, &expansion.asked);
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
        note_files(&mut self.asked_for, &expansion.asked);
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
                Text::Same(again, text) => (again.map_or_else(|| post.clone(), |again| *again), text),
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
    pub(super) fn of(post: &Post, followed: &Followed<'_>, now: DateTime<Utc>) -> Self {
        let (from, until) = (post.live_from, post.live_until);
        let is_to_come = |at: &DateTime<Utc>| *at > now;
        // What was shown at a time that is yet to come stays until then: the clock was ahead, or is behind, and knows no better.
        let is_behind = followed.latest.is_some_and(|latest| latest > now);
        let shown = from
            .filter(|from| is_behind && is_to_come(from))
            .and_then(|_| followed.row(post))
            .filter(|seen| !seen.gone);
        let shown = shown.map(|seen| seen.first_seen).filter(is_to_come);
        Self {
            is_live: (shown.is_some() || from.is_none_or(|from| from <= now)) && until.is_none_or(|until| until > now),
            next: [from, until, shown].into_iter().flatten().filter(is_to_come).min(),
        }
    }
}

fn note_files(files: &mut HashMap<String, Wanted>, asked: &Asked) {
    for (path, wanted) in asked.files() {
        let most = files.entry(path.clone()).or_insert(wanted);
        *most = wanted.max(*most);
    }
}

pub(super) fn rules(config: &Config) -> Rules<'_> {
    Rules {
        site: &config.site,
        permalink: &config.source.permalink,
        max_post_bytes: config.guard.max_post_bytes,
        prints: true,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files that are read")]
mod tests {
    use super::*;
    use crate::sources::Touched;

    fn read(posts: &mut Posts, now: &str) -> Live {
        let now = now.parse().unwrap();
        posts.refresh(now, &Touched::Anything, true, &|_, _, _| {}).unwrap();
        let (seen, mut live) = (HashMap::new(), posts.live(now, &Followed::new(&HashMap::new(), None)));
        posts.settle(&mut live, &Followed::new(&seen, None)).unwrap();
        live
    }

    #[test]
    fn a_body_is_taken_only_from_the_text_that_was_read() {
        let env: Env = |_| None;
        // Whether a store remembers what is read, and whether the files' stamps vouch for them.
        for (env, now) in [
            (None, "2026-01-01T00:00:00Z"),
            (None, "2100-01-01T00:00:00Z"),
            (Some(env), "2026-01-01T00:00:00Z"),
            (Some(env), "2100-01-01T00:00:00Z"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let write = |text: &str| std::fs::write(dir.path().join("a.md"), text).unwrap();
            let config = "site: {url: \"https://example.com\"}\n";
            let file = ConfigFile::parse("tidings.yaml", dir.path(), config.to_owned()).unwrap();
            let source = Source::directory(dir.path()).unwrap();
            let mut posts = Posts::new(file, source, None, env);
            write("---\ntitle: a\ndate: 2025-01-01\n---\nfirst\n");
            let live = read(&mut posts, now);
            let text = |posts: &Posts| match posts.text(&live.posts[0], &live.config) {
                Text::Same(again, file) => file[again.as_deref().unwrap_or(&live.posts[0]).body_start..].to_owned(),
                Text::Changed => "changed".to_owned(),
                Text::Lost => "lost".to_owned(),
            };
            assert_eq!(text(&posts), "first\n");
            write("---\ntitle: a\ndate: 2025-01-01\n---\nlater on\n");
            assert_eq!(text(&posts), "changed");
            write("---\ntitle: a\ndate: 2025-01-01\nprivate: a longer head\n---\nsecond\n");
            assert_eq!(text(&posts), "changed", "the old place of the body would show the head");
            write("---\ntitle: [\n---\nfirst\n");
            assert_eq!(text(&posts), "changed");
            assert_eq!(read(&mut posts, now).posts, live.posts, "broken, it keeps its last good state");
            assert_eq!(text(&posts), "lost");
        }
    }
}
