//! Looking at the source again: which files say something else than before.
//!
//! In: what may have been touched. Out: [`News`], and what is known of the files, read on all cores. Never: a second reading of
//! a file whose stamp vouches for its content.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::known::{Known, State};
use super::posts::{Posts, rules};
use super::site::Opened;
use super::{Progress, ScanError};
use crate::events::self_and_above;
use crate::posts::{Post, text};
use crate::problems::{Code, Problem, Severity};
use crate::sites::{Outcome, Reading, Rules};
use crate::sources::{Found, Snapshot, Source, Stamp, Touched, Unreadable};
/// A file system may give two states of a file one time stamp if they are this close together, so that a file is read again
/// until it has been left alone for this long.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Texts of templates kept from reading to expanding, in bytes. Those beyond are read twice.
const MAX_TEXTS: usize = 32 << 20;

/// So many files are read before what is known of them is put away.
const AT_ONCE: usize = 4096;

/// The source without what is in its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) whole: bool,
    /// See [`Snapshot::links`].
    links: bool,
    pub(super) unreadable: Vec<Unreadable>,
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
    /// Looks at the source again, and reads what may have changed.
    pub(super) fn refresh(
        &mut self,
        now: DateTime<Utc>,
        touched: &Touched,
        fetches: bool,
        progress: Progress<'_>,
    ) -> Result<News, ScanError> {
        let source = self.source.refreshed(fetches, progress)?;
        let before = std::mem::replace(&mut self.source, source);
        let news = self.take_in(&before, now, touched, progress);
        if news.is_err() {
            // What this scan could not use is news to the next one.
            self.source = before.as_old();
        }
        news
    }

    /// Reads what may have changed since the source was as `before`.
    fn take_in(
        &mut self,
        before: &Source,
        now: DateTime<Utc>,
        touched: &Touched,
        progress: Progress<'_>,
    ) -> Result<News, ScanError> {
        // Between two commits, the source itself knows best what differs.
        let touched = match self.source.touched_since(before) {
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
            // A template may ask for any file, and for posts' own.
            let is_indifferent = self.templates.is_empty() || (opened.wants(path) && !self.is_asked_for(path));
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
            let posts = &*self;
            let read = |(before, found): (Option<Known>, Found)| {
                progress("reading posts", done.fetch_add(1, Ordering::Relaxed), of);
                let was = before.as_ref().and_then(|before| before.post().cloned());
                let (known, is_same) = posts.reread(&found, before, opened, now, &room);
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

    /// Reads a file, and says whether it says what it did before. `room` is what texts may still be kept.
    fn reread(
        &self,
        found: &Found,
        before: Option<Known>,
        opened: &Opened,
        now: DateTime<Utc>,
        room: &AtomicUsize,
    ) -> (Known, bool) {
        let mut settled = is_settled(&found.stamp, now.into());
        let rules = Rules { prints: self.has_print(settled), ..rules(&opened.config) };
        let (reading, text) = match self.source.read_found(found, rules.max_post_bytes) {
            Ok(bytes) => {
                let reading = opened.site.read(&found.path, &bytes, &rules);
                let is_template = matches!(&reading.outcome, Outcome::Post(post) if post.template);
                let fits = is_template && takes(room, bytes.len());
                let text = fits.then(|| text::decode(&bytes).ok()).flatten();
                (reading, text.map(|decoded| decoded.text.into()))
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
        // What a template makes may go with more of the file than the post does: which key a category stood under.
        if !known.is_template() && known.says_the_same(&before) {
            return (Known { stamp: found.stamp, settled, ..before }, true);
        }
        let good = if known.state == State::Broken { before.good } else { known.good };
        (Known { good, ..known }, false)
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

pub(super) fn unreadable_problem(unreadable: &Unreadable) -> Problem {
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
