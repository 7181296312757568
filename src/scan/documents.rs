//! All documents of one scan, rendered one at a time and published.

use std::sync::Arc;

use super::memory::Memory;
use super::pass::Pass;
use super::{Run, ScanError};
use crate::config::Format;
use crate::feeds::changed::{Changed, Shown};
use crate::feeds::plan::{OPML, Planned, compose, document_url, entry};
use crate::feeds::{Document, Entry, Feed, atom, json, opml, page, rss};
use crate::publish::{Publication, Publisher};

/// What came of all feeds.
pub(super) struct Output {
    pub(super) publication: Publication,
    /// What each feed shows now, by path.
    pub(super) feeds: Vec<(String, Shown)>,
    /// Those of them that showed something else before.
    pub(super) shown: Vec<(String, Shown)>,
}

/// Renders and writes every document; the new set is visible when this returns.
pub(super) fn publish(pass: &mut Pass<'_>, memory: &Memory, run: &Run<'_>) -> Result<Output, ScanError> {
    let mut publisher = Publisher::open(&pass.config.output.dir)?;
    publisher.claim(paths(pass))?;
    let changed = Changed::new(&memory.feeds, pass.catalog, run.now, pass.config.site.timezone);
    let mut states = Vec::with_capacity(pass.plans.len());
    let mut feeds: Vec<Feed> = Vec::with_capacity(pass.plans.len());
    for (done, plan) in pass.plans.iter().enumerate() {
        (run.progress)("writing feeds", done, pass.plans.len());
        let entries = plan.posts.iter().map(|&at| make_entry(pass, at, plan)).collect::<Result<_, _>>()?;
        let mut feed = compose(plan, entries, pass.catalog, pass.config);
        states.push((plan.path.clone(), changed.apply(&mut feed, plan)));
        for &format in &pass.config.feeds.formats {
            publisher.put(&render(&feed, format))?;
        }
        if let Some(site) = feeds.first() {
            publisher.put(&page::render(&feed, site))?;
            // The lists of all feeds need what a feed is, not what stands in it.
            feed.entries.clear();
        }
        feeds.push(feed);
    }
    publisher.put(&opml::render(&feeds, &document_url(&pass.config.server.public_url, OPML)))?;
    publisher.put(&page::render_site(&feeds))?;
    let publication = publisher.finish(&memory.documents, run.now)?;
    run.published.replace(publication.documents.clone());
    let shown = states.iter().filter(|(path, shown)| memory.feeds.get(path) != Some(shown)).cloned().collect();
    Ok(Output { publication, feeds: states, shown })
}

/// One format's document of a feed.
fn render(feed: &Feed, format: Format) -> Document {
    match format {
        Format::Atom => atom::render(feed),
        Format::Rss => rss::render(feed),
        Format::Json => json::render(feed),
    }
}

fn paths(pass: &Pass<'_>) -> Vec<String> {
    let formats = &pass.config.feeds.formats;
    let of_plan = |plan: &Planned| -> Vec<String> {
        let documents = formats.iter().map(|format| format!("{}.{}", plan.path, format.extension()));
        documents.chain([page::path(&plan.path)]).collect()
    };
    pass.plans.iter().flat_map(of_plan).chain([OPML.to_owned()]).collect()
}

fn make_entry(pass: &mut Pass<'_>, at: usize, plan: &Planned) -> Result<Arc<Entry>, ScanError> {
    let post = &pass.catalog.posts[at];
    let body = pass.body(post)?;
    Ok(Arc::new(entry(post, pass.id(post), pass.updated(post), body.as_ref(), plan.content, pass.config)))
}
