//! How a plan becomes a [`Feed`], and a post an [`Entry`] of it.
//!
//! In: plans, posts, bodies. Out: the format-neutral form. Never: a choice of posts; that is the plan's.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeZone as _, Utc};

use super::plan::{Home, Planned, document_url};
use super::{Category, Entry, Feed, budget, history};
use crate::catalog::{Catalog, Given, Naming};
use crate::config::{Config, Content, Taxonomy};
use crate::posts::{Post, Rendered};

/// Makes a feed of a plan, without entries. `newest` is when the newest of [`Planned::posts`] changed.
#[must_use]
pub fn compose(plan: &Planned, newest: Option<DateTime<FixedOffset>>, catalog: &Catalog, config: &Config) -> Feed {
    let page_url = document_url(&config.server.public_url, &plan.place.page);
    Feed {
        id: plan.id.clone(),
        place: plan.place.clone(),
        group: plan.group,
        edition: plan.edition.clone(),
        title: plan.title.clone(),
        name: plan.name.clone(),
        description: plan.description.clone(),
        home_url: match &plan.home {
            Home::Site(url) => url.clone(),
            Home::Page => page_url.clone(),
        },
        urls: history::urls(&plan.place, config),
        page_url,
        hubs: config.websub.hubs().map(ToString::to_string).collect(),
        page_hub: config.websub.hub.as_ref().map(|hub| hub.url.to_string()),
        language: plan.language.clone(),
        author: config.site.author.clone(),
        icon: config.site.icon.clone(),
        logo: config.site.logo.clone(),
        updated: newest.or_else(|| Some(catalog.posts.first()?.published)).unwrap_or_else(nothing_yet),
        posts: plan.of,
        history: history::of_feed(plan, config),
        podcast: plan.podcast.clone(),
        entries: Vec::new(),
    }
}

/// Makes an entry of a post. `id` and `updated` come from what the store remembers of it. The sizes of its attachments are
/// those that the author gives.
#[must_use]
pub fn entry(
    post: &Post,
    id: &str,
    updated: DateTime<FixedOffset>,
    body: Option<&Rendered>,
    plan: &Planned,
    config: &Config,
) -> Entry {
    let summary = body.filter(|_| plan.content != Content::None).map(|body| Arc::clone(&body.summary));
    let html = body.filter(|_| plan.content == Content::Full && !post.excerpt_only).map(|body| Arc::clone(&body.html));
    let language = post.language.as_ref().or(config.site.language.as_ref());
    let mut entry = Entry {
        id: id.to_owned(),
        url: post.url.clone(),
        title: post.title.clone(),
        summary: summary.filter(|text| !text.is_empty()),
        html: html.filter(|text| !text.is_empty()),
        published: post.published,
        updated,
        authors: post.authors.clone(),
        categories: categories(post, config),
        language: language.filter(|language| Some(*language) != plan.language.as_ref()).cloned(),
        image: post.image.clone(),
        attachments: post.attachments.clone(),
        episode: post.episode.clone(),
        extra: post.extra.clone(),
    };
    if entry.html.as_ref().is_some_and(|html| html.len() > budget::MAX_ENTRY) {
        entry.drop_text();
    }
    entry
}

/// One a term, so that no (scheme, term) stands twice, nor one feed's term in two spellings.
fn categories(post: &Post, config: &Config) -> Vec<Category> {
    let given = Given::new();
    let naming = Naming::new(&config.feeds, &given);
    let of = |taxonomy: Taxonomy, terms: &[String]| {
        let scheme = document_url(&config.server.public_url, &format!("{}/", taxonomy.dir()));
        let category = |term: &String| Category { taxonomy, term: term.clone(), scheme: scheme.clone() };
        naming.distinct(terms).map(category).collect::<Vec<_>>()
    };
    [of(Taxonomy::Category, &post.categories), of(Taxonomy::Tag, &post.tags)].concat()
}

/// A feed must say when it changed (RFC 4287, 4.2.15), even one of a site that has no post yet.
fn nothing_yet() -> DateTime<FixedOffset> {
    Utc.timestamp_opt(946_684_800, 0).single().unwrap_or_default().fixed_offset()
}
