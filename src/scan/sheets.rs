//! What a feed's documents are made of, so that those that would say the same again need not be made again.
//!
//! In: plans, what is known of their posts. Out: [`Sheet`]s that can be compared with those of the last scan. Never: bodies.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::attachments;
use super::pass::Pass;
use crate::config::{Config, Content, Format, Updated};
use crate::events::Dated;
use crate::feeds::changed::{Changed, Shown};
use crate::feeds::compose::compose;
use crate::feeds::plan::Planned;
use crate::feeds::{Feed, Place, history};
use crate::posts::Post;
use crate::posts::media::Attachment;
use crate::problems::Problem;

/// A feed, or an archive of one, without what stands in its entries.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    pub(super) feed: Feed,
    content: Content,
    pub(super) posts: Vec<Stood>,
    /// Whether it has a page of its own beside it.
    pub(super) paged: bool,
}

/// The sheets of each plan: its feed's, then its archives'.
pub(super) type Sheets = Vec<Vec<Arc<Sheet>>>;

/// A post in a feed: all that its entry follows from, and how sure that is. Two are equal if their entries are.
#[derive(Debug, Clone)]
pub(super) struct Stood {
    pub(super) post: Arc<Post>,
    pub(super) id: String,
    pub(super) updated: DateTime<FixedOffset>,
    /// With the sizes of local files.
    pub(super) attachments: Vec<Attachment>,
    /// Whether all of this stays as it is for as long as its post does.
    is_settled: bool,
}

/// The sheets whose documents are visible, by path, and what came up when they were made.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The config that they were made with.
    config: Option<Arc<Config>>,
    pub(super) sheets: HashMap<String, (Arc<Sheet>, Vec<Problem>)>,
    /// What they were made of, by the path of each plan's feed.
    plans: HashMap<String, Planned>,
}

impl Made {
    pub(super) fn with(config: &Arc<Config>) -> Self {
        Self { config: Some(Arc::clone(config)), ..Self::default() }
    }

    pub(super) fn is_with(&self, config: &Arc<Config>) -> bool {
        self.config.as_ref().is_some_and(|made| Arc::ptr_eq(made, config))
    }

    /// Whether the documents of these sheets are where those of the last scan were, each and no other.
    pub(super) fn is_at_the_places_of<'s>(&self, mut sheets: impl ExactSizeIterator<Item = &'s Arc<Sheet>>) -> bool {
        let is_there = |sheet: &Arc<Sheet>| {
            let was = self.sheets.get(sheet.path()).map(|(was, _)| (&was.feed.place, was.paged));
            was == Some((&sheet.feed.place, sheet.paged))
        };
        sheets.len() == self.sheets.len() && sheets.all(is_there)
    }

    /// Remembers what the sheets were made of.
    pub(super) fn of_plans(&mut self, plans: Vec<Planned>) {
        self.plans = plans.into_iter().map(|plan| (plan.place.path.clone(), plan)).collect();
    }

    /// The sheets of a plan as they were, if they would be made the same again: of the very same posts, with the same dates.
    /// `shown` is what is remembered of the feed. To be asked only where posts were patched, so that their ids are those of
    /// the last scan, nothing but what that scan recorded is remembered of them, and it is no earlier than it was then: a
    /// settled date holds for later times alone.
    pub(super) fn again(&self, plan: &Planned, pass: &Pass<'_>, shown: &Shown) -> Option<Vec<Arc<Sheet>>> {
        let sheet = |place: &Place, posts: &[usize]| {
            let (sheet, _) = self.sheets.get(&place.path)?;
            (!posts.is_empty() && sheet.still_shows(posts, pass)).then(|| Arc::clone(sheet))
        };
        // Dates may come from elsewhere, and those in the future are not kept.
        let is_steady =
            self.is_with(pass.config) && pass.config.source.updated != Updated::Git && shown.updated <= pass.now;
        self.plans.get(&plan.place.path).filter(|before| is_steady && before.is_alike(plan))?;
        let archives = plan.archives.iter().map(|block| sheet(&block.place, &block.posts));
        [sheet(&plan.place, &plan.posts)].into_iter().chain(archives).collect()
    }
}

impl PartialEq for Stood {
    fn eq(&self, other: &Self) -> bool {
        (Arc::ptr_eq(&self.post, &other.post) || self.post == other.post)
            && (&self.id, self.updated, &self.attachments) == (&other.id, other.updated, &other.attachments)
    }
}

impl Sheet {
    /// The sheet of a feed, the sheets of its archives, and what is to be remembered of it.
    pub(super) fn of_plan(
        plan: &Planned,
        pass: &Pass<'_>,
        changed: &Changed<'_>,
        paged: bool,
    ) -> (Vec<Arc<Self>>, Shown) {
        let posts = stood(&plan.posts, pass);
        let mut feed = compose(plan, newest(&posts), pass.catalog, pass.config);
        let shown = changed.apply(&mut feed, plan);
        let archives = plan.archives.iter().enumerate().map(|(number, block)| {
            let posts = stood(&block.posts, pass);
            let feed = history::archive(&feed, plan, number, newest(&posts), pass.config);
            Self { feed, content: plan.content, posts, paged: false }
        });
        let archives: Vec<Self> = archives.collect();
        let sheet = Self { feed, content: plan.content, posts, paged };
        ([sheet].into_iter().chain(archives).map(Arc::new).collect(), shown)
    }

    /// Whether it shows these very posts, with the dates that they have by now, and the sizes of no files that may be others.
    fn still_shows(&self, posts: &[usize], pass: &Pass<'_>) -> bool {
        let is_same = |(stood, &at): (&Stood, &usize)| {
            let is_as_it_was = || is_sized(&stood.post) && stood.updated == pass.updated(&stood.post).at;
            Arc::ptr_eq(&stood.post, &pass.catalog.posts[at]) && (stood.is_settled || is_as_it_was())
        };
        self.posts.len() == posts.len() && self.posts.iter().zip(posts).all(is_same)
    }

    pub(super) fn path(&self) -> &str {
        &self.feed.place.path
    }

    /// The paths of its documents.
    pub(super) fn documents(&self, formats: &[Format]) -> impl Iterator<Item = String> {
        let place = &self.feed.place;
        formats.iter().map(|format| place.document(*format)).chain(self.paged.then(|| place.page.clone()))
    }
}

fn stood(posts: &[usize], pass: &Pass<'_>) -> Vec<Stood> {
    let stood = |&at: &usize| {
        let post = &pass.catalog.posts[at];
        let attachments = attachments::with_sizes(post, pass.posts, pass.config);
        let Dated { at: updated, is_settled } = pass.updated(post);
        let is_settled = is_settled && is_sized(post);
        Stood { post: Arc::clone(post), id: pass.id(post).to_owned(), updated, attachments, is_settled }
    };
    posts.iter().map(stood).collect()
}

/// Whether the author says how large everything is that comes with a post.
fn is_sized(post: &Post) -> bool {
    post.attachments.iter().all(|file| file.length.is_some())
}

fn newest(posts: &[Stood]) -> Option<DateTime<FixedOffset>> {
    posts.iter().map(|stood| stood.updated).max()
}
