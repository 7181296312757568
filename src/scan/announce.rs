//! What the store is to remember of each change, and what subscribers are told of it.

use std::collections::{BTreeMap, BTreeSet};

use super::ScanError;
use super::pass::Pass;
use crate::catalog::authors_of;
use crate::config::{EventType, MessageFormat, Webhook};
use crate::events::feeds::{ChangedFeed, feed_updated, feeds_changed, topic_updated};
use crate::events::urls::urls_changed;
use crate::events::{self, Change, Event, PostData, Seen};
use crate::feeds::plan::feed_url;

/// A hub is told of so many documents of one scan, those of the site's own feeds first: a site whose every feed changes would
/// flood it.
const MAX_TOPICS: usize = 1000;

/// An event, with the names of the endpoints that are owed it.
pub(super) type Owed = (Event, Vec<String>);

/// A change before it is known whether anybody is told of it: without the post's text.
struct Draft<'a> {
    change: &'a Change<'a>,
    data: PostData,
    remembered: Seen,
}

/// What comes of all changes of a scan. `new` has the places of the posts that may be others than before, if not all may;
/// `feeds` are those whose documents changed.
pub(super) fn announce(
    pass: &mut Pass<'_>,
    changes: &[Change<'_>],
    new: Option<&BTreeSet<usize>>,
    feeds: &[ChangedFeed],
) -> Result<(Vec<Seen>, Vec<Owed>), ScanError> {
    let drafts: Vec<_> = changes.iter().map(|change| draft(pass, change)).collect();
    let (single, mut owed) = who_is_told(pass, &drafts);
    owed.extend(about_feeds(pass, feeds));
    owed.extend(about_pages(pass, &drafts));
    let feeds = if single.is_empty() { BTreeMap::new() } else { feeds_by_post(pass) };
    for (at, names) in single {
        let event = event(pass, &drafts[at], &names, &feeds)?;
        owed.push((event, names));
    }
    let moved = match new {
        Some(places) => moved(pass, places.iter().copied()),
        None => moved(pass, 0..pass.catalog.posts.len()),
    };
    Ok((drafts.into_iter().map(|draft| draft.remembered).chain(moved).collect(), owed))
}

fn draft<'a>(pass: &Pass<'_>, change: &'a Change<'a>) -> Draft<'a> {
    let Some(at) = change.post else {
        let remembered = events::forget(change.seen.expect("a change without a post is about one that was seen"));
        return Draft { change, data: remembered.post.clone(), remembered };
    };
    let post = &pass.catalog.posts[at];
    let data = data(pass, at, change.seen);
    let remembered = events::remember(post, &data.id, change.seen, data.clone(), pass.changed_at(post));
    Draft { change, data, remembered }
}

/// Which changes are told one by one, and to whom; and the digests of those endpoints for which there are too many.
fn who_is_told(pass: &Pass<'_>, drafts: &[Draft<'_>]) -> (BTreeMap<usize, Vec<String>>, Vec<Owed>) {
    let config = pass.config;
    let (mut single, mut digests) = (BTreeMap::<usize, Vec<String>>::new(), Vec::new());
    for hook in config.webhooks.iter().filter(|hook| hook.enabled) {
        let wants = |draft: &Draft<'_>| {
            let event_type = draft.change.event_type;
            draft.change.announced && hook.events.contains(&event_type) && draft.data.matches(&hook.filter)
        };
        let wanted: Vec<usize> = (0..drafts.len()).filter(|&at| wants(&drafts[at])).collect();
        if wanted.len() <= config.guard.max_events_per_scan {
            wanted.into_iter().for_each(|at| single.entry(at).or_default().push(hook.name.clone()));
            continue;
        }
        let changes: Vec<_> = wanted.iter().map(|&at| (drafts[at].change.event_type, &drafts[at].remembered)).collect();
        let digest = events::digest(config.site.url.as_str(), &hook.name, &changes, pass.now);
        digests.push((digest, vec![hook.name.clone()]));
    }
    (single, digests)
}

/// Those that are told of this, in the order of the config.
fn told<'p>(pass: &'p Pass<'_>, event_type: EventType) -> impl Iterator<Item = &'p Webhook> {
    let hooks = pass.config.webhooks.iter().map(AsRef::as_ref);
    hooks.filter(move |hook: &&Webhook| hook.enabled && hook.events.contains(&event_type))
}

/// Each feed that changed by itself, or a digest of them where there are too many; to hubs, each document by itself.
fn about_feeds(pass: &Pass<'_>, feeds: &[ChangedFeed]) -> Vec<Owed> {
    let (site, now) = (pass.config.site.url.as_str(), pass.now);
    let names = |are_hubs: bool| -> Vec<String> {
        let hooks =
            told(pass, EventType::FeedUpdated).filter(|hook| are_hubs == (hook.format == MessageFormat::WebSubPing));
        hooks.map(|hook| hook.name.clone()).collect()
    };
    let (hubs, hooks) = (names(true), names(false));
    let topics = feeds.iter().flat_map(|feed| &feed.documents).filter(|document| document.is_topic).take(MAX_TOPICS);
    let mut owed: Vec<Owed> = topics.map(|topic| (topic_updated(site, topic, now), hubs.clone())).collect();
    if feeds.len() <= pass.config.guard.max_events_per_scan {
        owed.extend(feeds.iter().map(|feed| (feed_updated(site, feed, now), hooks.clone())));
    } else {
        owed.extend(hooks.into_iter().map(|name| (feeds_changed(site, &name, feeds, now), vec![name])));
    }
    owed.retain(|(_, names)| !names.is_empty());
    owed
}

/// The pages of all posts that are told of; of a post that went to another URL, both.
fn about_pages(pass: &Pass<'_>, drafts: &[Draft<'_>]) -> Vec<Owed> {
    let names: Vec<String> = told(pass, EventType::UrlsChanged).map(|hook| hook.name.clone()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let told: Vec<_> = drafts.iter().filter(|draft| draft.change.announced).collect();
    let changes: Vec<_> = told.iter().map(|draft| (draft.change.event_type, &draft.remembered)).collect();
    let urls = told.iter().flat_map(|draft| {
        let before = draft.change.seen.filter(|seen| !seen.gone).map(|seen| seen.post.url.as_str());
        [Some(draft.data.url.as_str()), before].into_iter().flatten()
    });
    let events = urls_changed(&pass.config.site.url, &changes, urls, pass.now);
    events.into_iter().map(|event| (event, names.clone())).collect()
}

fn event(
    pass: &mut Pass<'_>,
    draft: &Draft<'_>,
    names: &[String],
    feeds: &BTreeMap<usize, Vec<String>>,
) -> Result<Event, ScanError> {
    let (event_type, site) = (draft.change.event_type, pass.config.site.url.as_str());
    let Some(at) = draft.change.post else {
        return Ok(events::about(site, event_type, &draft.remembered, &draft.data, None, pass.now));
    };
    let body = pass.body(&pass.catalog.posts[at])?;
    let data = PostData {
        summary: body.as_ref().map(|body| body.summary.to_string()),
        feeds: feeds.get(&at).cloned().unwrap_or_default(),
        ..draft.data.clone()
    };
    let hooks = pass.config.webhooks.iter().filter(|hook| names.contains(&hook.name));
    let wanted = hooks.into_iter().any(|hook| hook.wants_text(event_type));
    let html = body.filter(|_| wanted).map(|body| body.html.to_string());
    Ok(events::about(site, event_type, &draft.remembered, &data, html, pass.now))
}

fn feeds_by_post(pass: &Pass<'_>) -> BTreeMap<usize, Vec<String>> {
    let mut feeds = BTreeMap::<usize, Vec<String>>::new();
    for plan in pass.plans {
        let Some(url) = feed_url(plan, pass.config) else { continue };
        plan.posts.iter().for_each(|&at| feeds.entry(at).or_default().push(url.clone()));
    }
    feeds
}

/// Posts that are what they were for readers, but not for us: the file was moved, the site has another address, or an older
/// version remembers less of them. No event, but what is remembered follows.
fn moved(pass: &Pass<'_>, places: impl Iterator<Item = usize>) -> Vec<Seen> {
    let moved = |at: usize| {
        let post = &pass.catalog.posts[at];
        let seen = pass.seen.get(&post.key)?;
        let same = !seen.gone && seen.shows(post);
        let elsewhere = seen.path != post.path || seen.post.url != post.url || seen.text != post.text;
        (same && elsewhere).then(|| Seen {
            path: post.path.clone(),
            revision: post.revision,
            text: post.text,
            post: PostData { revision: seen.changes, ..data(pass, at, Some(seen)) },
            ..seen.clone()
        })
    };
    places.filter_map(moved).collect()
}

fn data(pass: &Pass<'_>, at: usize, seen: Option<&Seen>) -> PostData {
    let (post, site) = (&pass.catalog.posts[at], &pass.config.site);
    PostData {
        id: pass.id(post).to_owned(),
        url: post.url.clone(),
        title: post.title.clone(),
        summary: None,
        language: post.language.clone().or_else(|| site.language.clone()),
        authors: authors_of(post, &site.author),
        categories: post.categories.clone(),
        tags: post.tags.clone(),
        published: post.published,
        updated: pass.updated(post).at,
        image: post.image.clone(),
        reading_time: post.extra.get("reading_time").cloned(),
        revision: seen.map_or(0, |seen| seen.changes) + 1,
        feeds: Vec::new(),
    }
}
