//! Which feeds have documents with other bytes than at the last commit.
//!
//! In: the plans and what was made of them, what is visible, what the store remembers. Out: what is told of feeds. Never: a
//! document's bytes; a change is known by its validators.

use std::collections::HashMap;

use super::documents::Output;
use super::memory::Memory;
use super::pass::Pass;
use super::sheets::Made;
use crate::config::{EventType, Format};
use crate::events::feeds::{ChangedDocument, ChangedFeed, FeedData};
use crate::feeds::Feed;
use crate::feeds::plan::{Planned, opml_path};
use crate::store::DocumentState;

/// Documents with other bytes than at the last commit, by path: where each is fetched from, and what it was.
type Changed<'a> = HashMap<&'a str, (&'a str, String)>;

/// What changed, in the order of plans. `visible` has the documents that became others since the last commit, those of scans
/// that could not be recorded among them. Nothing at the baseline, and where nobody wants to know.
pub(super) fn feeds(
    pass: &Pass<'_>,
    memory: &Memory,
    output: &Output,
    visible: &[(String, DocumentState)],
    made: &Made,
) -> Vec<ChangedFeed> {
    let is_wanted = pass.config.webhooks.iter().any(|hook| hook.events.contains(&EventType::FeedUpdated));
    if !is_wanted || !memory.baseline_done {
        return Vec::new();
    }
    let list = opml_path(pass.config);
    let change = |path: &'_ String| {
        let now = output.publication.documents.get(path)?;
        (memory.recorded(path) != Some(&now.state)).then(|| (now.url.as_str(), before(path, memory, &list)))
    };
    let changed: Changed<'_> = visible.iter().filter_map(|(path, _)| Some((path.as_str(), change(path)?))).collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let formats = &pass.config.feeds.formats;
    let feed = |plan: &Planned| Some(feed(plan, &made.sheets.get(&plan.place.path)?.0.feed, formats, &changed));
    pass.plans.iter().filter_map(feed).filter(|feed| !feed.documents.is_empty()).collect()
}

/// What a document was at the last commit. A date stands with the fingerprint, so that bytes that come back are another state.
/// One that was not there has the state of the list of all feeds, which is another one whenever a feed comes or goes.
fn before(path: &str, memory: &Memory, list: &str) -> String {
    let was = memory.recorded(path).or_else(|| memory.recorded(list));
    was.map(|was| format!("{} {}", was.etag, was.modified.timestamp())).unwrap_or_default()
}

/// The feed of a plan, with those of its documents that are among the changed.
fn feed(plan: &Planned, feed: &Feed, formats: &[Format], changed: &Changed<'_>) -> ChangedFeed {
    let topics = formats.iter().map(|&format| (plan.place.document(format), true));
    let archives = plan.archives.iter().flat_map(|block| formats.iter().map(|&format| block.place.document(format)));
    let others = [plan.place.page.clone()].into_iter().chain(archives).map(|path| (path, false));
    let document = |(path, is_topic): (String, bool)| {
        let (url, before) = changed.get(path.as_str())?;
        Some(ChangedDocument { url: (*url).to_owned(), is_topic, before: before.clone() })
    };
    let documents: Vec<ChangedDocument> = topics.chain(others).filter_map(document).collect();
    let urls = feed.urls.iter().map(|(format, url)| (format.extension(), url.clone()));
    let data = FeedData {
        id: feed.id.clone(),
        url: feed.urls.first().map_or_else(|| feed.page_url.clone(), |(_, url)| url.clone()),
        title: feed.title.clone(),
        updated: feed.updated,
        entries: plan.posts.len(),
        urls: urls.chain([("html", feed.page_url.clone())]).collect(),
        changed: documents.iter().map(|document| document.url.clone()).collect(),
    };
    ChangedFeed { data, documents }
}
