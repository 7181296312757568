//! All documents of one scan, rendered one at a time and published.

use std::collections::HashMap;
use std::sync::Arc;

use super::pass::Pass;
use super::{Run, ScanError};
use crate::config::Format;
use crate::feeds::plan::{OPML, Planned, compose, document_url, entry};
use crate::feeds::{Document, Entry, Feed, atom, json, opml, page, rss};
use crate::publish::{Publication, Publisher};
use crate::store::DocumentState;

/// Renders and writes every document; the new set is visible when this returns.
pub(super) fn publish(
    pass: &mut Pass<'_>,
    before: &HashMap<String, DocumentState>,
    run: &Run<'_>,
) -> Result<Publication, ScanError> {
    let mut publisher = Publisher::open(&pass.config.output.dir)?;
    publisher.claim(paths(pass))?;
    let mut feeds: Vec<Feed> = Vec::with_capacity(pass.plans.len());
    for (done, plan) in pass.plans.iter().enumerate() {
        (run.progress)("writing feeds", done, pass.plans.len());
        let entries = plan.posts.iter().map(|&at| make_entry(pass, at, plan)).collect::<Result<_, _>>()?;
        let mut feed = compose(plan, entries, pass.catalog, pass.config);
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
    let publication = publisher.finish(before, run.now)?;
    run.published.replace(publication.documents.clone());
    Ok(publication)
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
