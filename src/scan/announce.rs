//! What the store is to remember of each change, and what subscribers are told of it.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, Utc};

use super::bodies::Bodies;
use super::posts::Posts;
use crate::catalog::Catalog;
use crate::config::{Config, EventType, Payload};
use crate::events::{self, Change, Event, PostData, Seen};
use crate::feeds::plan::{Planned, feed_url};
use crate::posts::{self, Post, Rendered};
use crate::problems::{Code, Problem, Severity};

/// An event, with the names of the endpoints that are owed it.
pub(super) type Owed = (Event, Vec<String>);

/// What all steps after reading look at.
pub(super) struct Pass<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) plans: &'a [Planned],
    pub(super) config: &'a Config,
    pub(super) ids: &'a HashMap<String, String>,
    pub(super) seen: &'a HashMap<String, Seen>,
    pub(super) now: DateTime<Utc>,
    pub(super) bodies: &'a mut Bodies,
    pub(super) posts: &'a Posts,
    pub(super) problems: Vec<Problem>,
}

impl Pass<'_> {
    pub(super) fn announce(&mut self, changes: &[Change<'_>]) -> (Vec<Seen>, Vec<Owed>) {
        let mut events = Vec::new();
        let mut memory = self.moved();
        for change in changes {
            let (seen, event) = self.one(change);
            memory.push(seen);
            events.extend(event);
        }
        if events.len() > self.config.guard.max_events_per_scan {
            events = vec![events::digest(&events, self.now)];
        }
        (memory, events.into_iter().map(|event| self.owed(event)).collect())
    }

    /// A post's rendered body. A broken file's last good one, if it is still kept.
    pub(super) fn body(&mut self, post: &Post) -> Option<Rendered> {
        let (posts, max) = (self.posts, self.config.guard.max_post_bytes);
        let render = || posts.body(&post.path, max).map(|file| posts::render(post, &file));
        let body = match posts.is_stale(&post.path) {
            true => self.bodies.get(post, || None),
            false => self.bodies.get(post, render),
        };
        if body.is_none() && !self.problems.iter().any(|problem| problem.path == post.path) {
            self.problems.push(last_good_lost(post));
        }
        body
    }

    pub(super) fn updated(&self, post: &Post) -> DateTime<FixedOffset> {
        events::updated(post, self.seen.get(&post.key), self.now)
    }

    pub(super) fn id<'b>(&'b self, post: &'b Post) -> &'b str {
        self.ids.get(&post.key).map_or(post.id.as_str(), String::as_str)
    }

    fn one(&mut self, change: &Change<'_>) -> (Seen, Option<Event>) {
        let site = self.config.site.url.as_str();
        let Some(at) = change.post else {
            let gone = events::forget(change.seen.expect("a change without a post is about one that was seen"));
            let event =
                change.announced.then(|| events::about(site, change.event_type, &gone, &gone.post, None, self.now));
            return (gone, event);
        };
        let post = &self.catalog.posts[at];
        let mut data = self.data(at, change.seen);
        let remembered = events::remember(post, self.id(post), change.seen, data.clone(), self.now);
        if !change.announced {
            return (remembered, None);
        }
        let body = self.body(post);
        data.summary = body.as_ref().map(|body| body.summary.to_string());
        let feeds = self.plans.iter().filter(|plan| plan.posts.contains(&at));
        data.feeds = feeds.filter_map(|plan| feed_url(plan, self.config)).collect();
        let html = body.filter(|_| self.wants_html()).map(|body| body.html.to_string());
        let event = events::about(site, change.event_type, &remembered, &data, html, self.now);
        (remembered, Some(event))
    }

    /// Posts whose file has moved and nothing else: no event, but the store is to know the new path.
    fn moved(&self) -> Vec<Seen> {
        let moved = |post: &std::sync::Arc<Post>| {
            let seen = self.seen.get(&post.key)?;
            (!seen.gone && seen.revision == post.revision && seen.path != post.path)
                .then(|| Seen { path: post.path.clone(), ..seen.clone() })
        };
        self.catalog.posts.iter().filter_map(moved).collect()
    }

    fn data(&self, at: usize, seen: Option<&Seen>) -> PostData {
        let (post, site) = (&self.catalog.posts[at], &self.config.site);
        PostData {
            id: self.id(post).to_owned(),
            url: post.url.clone(),
            title: post.title.clone(),
            summary: None,
            language: post.language.clone().or_else(|| site.language.clone()),
            authors: if post.authors.is_empty() { vec![site.author.clone()] } else { post.authors.clone() },
            categories: post.categories.clone(),
            tags: post.tags.clone(),
            published: post.published,
            updated: self.updated(post),
            image: post.image.clone(),
            reading_time: post.extra.get("reading_time").cloned(),
            revision: seen.map_or(0, |seen| seen.changes) + 1,
            feeds: Vec::new(),
        }
    }

    fn owed(&self, event: Event) -> Owed {
        let wants = |hook: &&std::sync::Arc<crate::config::Webhook>| {
            hook.events.contains(&event.event_type) && event.matches(&hook.filter)
        };
        let names = self.config.webhooks.iter().filter(wants).map(|hook| hook.name.clone()).collect();
        (event, names)
    }

    fn wants_html(&self) -> bool {
        self.config.webhooks.iter().any(|hook| hook.payload == Payload::Full && hook.events.iter().any(is_with_text))
    }
}

fn is_with_text(event: &EventType) -> bool {
    matches!(event, EventType::PostPublished | EventType::PostUpdated)
}

fn last_good_lost(post: &Post) -> Problem {
    Problem {
        code: Code::LastGoodLost,
        severity: Severity::Warning,
        path: post.path.clone(),
        place: None,
        message: "its last good text is no longer at hand".to_owned(),
        effect: "its entries show no text until the file is mended".to_owned(),
        remedy: "mend the file".to_owned(),
    }
}
