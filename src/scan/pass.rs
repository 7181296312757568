//! What all steps after reading look at, and the bodies and times that several of them need.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::bodies::Bodies;
use super::last_good::{self, Packed};
use super::live::Live;
use super::memory::Memory;
use super::posts::{Posts, Text, rules};
use super::world::World;
use super::{Run, ScanError, terms};
use crate::catalog::Catalog;
use crate::config::{Config, Updated};
use crate::events::{self, Dated, Seen};
use crate::feeds::plan::{Plan, Planned};
use crate::posts::{self, Post, Rendered, Source};
use crate::problems::Problem;
use crate::sources::git_times::GitTimes;
use crate::store::{GoodState, Store};

pub(super) struct Pass<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) plans: &'a [Planned],
    pub(super) config: &'a Arc<Config>,
    pub(super) ids: &'a HashMap<String, String>,
    pub(super) seen: &'a HashMap<String, Seen>,
    /// What the last scan saw and could not record.
    pub(super) unrecorded: &'a HashMap<String, Seen>,
    pub(super) now: DateTime<Utc>,
    /// Whether the posts are those of the last scan, but for a few that came or changed.
    pub(super) is_patched: bool,
    pub(super) store: Option<&'a Store>,
    pub(super) bodies: Bodies,
    pub(super) posts: &'a Posts,
    pub(super) world: World<'a>,
    /// Empty unless the config asks for it.
    pub(super) git: &'a GitTimes,
    pub(super) problems: Vec<Problem>,
    /// The last good states that the store has.
    pub(super) good: &'a HashMap<String, GoodState>,
    pub(super) packed: Packed,
}

/// What is kept from pass to pass, and does the reading.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) posts: Posts,
    pub(super) git: GitTimes,
}

impl Tools {
    /// A pass over these posts.
    pub(super) fn pass<'a>(
        &'a self,
        live: &'a Live,
        catalog: &'a Catalog,
        plan: &'a Plan,
        memory: &'a Memory,
        bodies: Bodies,
        run: &Run<'a>,
    ) -> Pass<'a> {
        Pass {
            catalog,
            plans: &plan.feeds,
            config: &live.config,
            ids: &live.ids,
            seen: &memory.seen,
            unrecorded: &memory.unrecorded,
            now: run.now,
            is_patched: false,
            store: run.store,
            bodies,
            world: self.posts.world(live),
            posts: &self.posts,
            git: &self.git,
            good: &memory.good,
            packed: Packed::default(),
            problems: [&*plan.problems, &terms::problems(catalog)].concat(),
        }
    }
}

impl Pass<'_> {
    /// Has the bodies of these posts at hand, rendered on all cores; of broken files, the last good ones that are kept.
    pub(super) fn prepare<'p>(&mut self, posts: impl Iterator<Item = &'p Arc<Post>>) -> Result<(), ScanError> {
        self.bodies.turn();
        let mut wanted: Vec<&Arc<Post>> = posts.collect();
        wanted.sort_unstable_by_key(|post| &post.path);
        wanted.dedup_by_key(|post| &post.path);
        wanted.retain(|post| {
            self.bodies.touch(post);
            self.bodies.get(post).is_none()
        });
        let (posts, config, world) = (self.posts, self.config, &self.world);
        let rendered: Vec<_> = wanted.par_iter().map(|post| rendered(post, posts, config, world)).collect();
        for (post, body) in wanted.into_iter().zip(rendered) {
            let body = match body? {
                None => last_good::body(post, self.store)?,
                body => body,
            };
            if let Some(body) = body {
                self.bodies.keep(post, &body);
            }
        }
        Ok(())
    }

    /// A post's rendered body; of a broken file, the last good one, if that is still kept.
    pub(super) fn body(&mut self, post: &Arc<Post>) -> Result<Option<Rendered>, ScanError> {
        self.prepare([post].into_iter())?;
        Ok(self.bodies.get(post).cloned())
    }

    pub(super) fn updated(&self, post: &Post) -> Dated {
        let known = match self.config.source.updated {
            Updated::Scan => None,
            Updated::Git => self.git.of(&post.path).map(|at| at.with_timezone(post.published.offset())),
            Updated::Never => Some(post.published),
        };
        events::updated(post, known, self.seen.get(&post.key), self.changed_at(post))
    }

    /// When this state of a post was seen first, if it is another one than the store remembers: now, unless a scan that could
    /// not be recorded has shown it to readers already.
    pub(super) fn changed_at(&self, post: &Post) -> DateTime<Utc> {
        let unrecorded = self.unrecorded.get(&post.key).filter(|seen| seen.revision == post.revision);
        unrecorded.and_then(|seen| seen.changed_at).unwrap_or(self.now)
    }

    pub(super) fn id<'b>(&'b self, post: &'b Post) -> &'b str {
        self.ids.get(&post.key).map_or(post.id.as_str(), String::as_str)
    }
}

/// The body of a post whose file says what it did when it was read; `None` if it was broken then.
fn rendered(post: &Post, posts: &Posts, config: &Config, world: &World<'_>) -> Result<Option<Rendered>, ScanError> {
    match posts.text(post, config) {
        Text::Same(again, file) => {
            let post = again.as_deref().unwrap_or(post);
            let source = match post.template {
                true => world.site.expand(post, &file, &rules(config), world).source,
                false => Source::of(post, &file),
            };
            Ok(Some(posts::render(post, &source)))
        }
        Text::Lost => Ok(None),
        Text::Changed => Err(ScanError::Changed(post.path.clone())),
    }
}
