//! All documents of one scan, rendered one at a time and published.

use std::sync::Arc;

use super::memory::Memory;
use super::pass::Pass;
use super::{Run, ScanError, attachments, complaints};
use crate::config::Format;
use crate::feeds::changed::{Changed, Shown};
use crate::feeds::compose::{compose, entry};
use crate::feeds::plan::{Planned, document_url, opml_path};
use crate::feeds::{Document, Entry, Feed, atom, autodiscovery, budget, history, json, opml, page, rss};
use crate::publish::{Durability, Output as Directory, Publication, Publisher};

/// What came of all feeds.
pub(super) struct Output {
    pub(super) publication: Publication,
    /// What each feed shows now, by path.
    pub(super) feeds: Vec<(String, Shown)>,
    /// Those of them that showed something else before.
    pub(super) shown: Vec<(String, Shown)>,
}

/// Renders and writes every document; the new set is visible when this returns.
pub(super) fn publish(
    pass: &mut Pass<'_>,
    memory: &Memory,
    directory: &mut Directory,
    run: &Run<'_>,
) -> Result<Output, ScanError> {
    // Nobody is told of a mere build, and it can be repeated.
    let durability = if run.store.is_some() { Durability::Synced } else { Durability::Unsynced };
    let publisher = directory.open(&pass.config.output.dir, durability)?;
    publisher.claim(paths(pass));
    let changed = Changed::new(&memory.feeds, pass.catalog, run.now, pass.config.site.timezone);
    let mut states = Vec::with_capacity(pass.plans.len());
    let mut feeds: Vec<Feed> = Vec::with_capacity(pass.plans.len());
    for (done, plan) in pass.plans.iter().enumerate() {
        (run.progress)("writing feeds", done, pass.plans.len());
        let mut feed = compose(plan, entries(pass, plan, &plan.posts)?, pass.catalog, pass.config);
        states.push((plan.place.path.clone(), changed.apply(&mut feed, plan)));
        put(&feed, &publisher, pass)?;
        if let Some(site) = feeds.first() {
            publisher.put(&page::render(&feed, site))?;
            // The lists of all feeds need what a feed is, not what stands in it.
            feed.entries.clear();
        }
        for (number, block) in plan.archives.iter().enumerate() {
            let entries = entries(pass, plan, &block.posts)?;
            put(&history::archive(&feed, plan, number, entries, pass.config), &publisher, pass)?;
        }
        feeds.push(feed);
    }
    put_lists(&feeds, &publisher, pass)?;
    let publication = publisher.finish(&memory.documents, run.now)?;
    run.published.replace(publication.documents.clone());
    let shown = states.iter().filter(|(path, shown)| memory.feeds.get(path) != Some(shown)).cloned().collect();
    Ok(Output { publication, feeds: states, shown })
}

/// Makes every entry, and nothing of them, for what is found wrong on the way.
pub(super) fn look(pass: &mut Pass<'_>) -> Result<(), ScanError> {
    for plan in pass.plans {
        entries(pass, plan, &plan.posts)?;
        for block in &plan.archives {
            entries(pass, plan, &block.posts)?;
        }
    }
    Ok(())
}

fn put(feed: &Feed, publisher: &Publisher<'_>, pass: &Pass<'_>) -> Result<(), ScanError> {
    for &format in &pass.config.feeds.formats {
        publisher.put(&render(feed, format))?;
    }
    Ok(())
}

/// One format's document of a feed.
fn render(feed: &Feed, format: Format) -> Document {
    match format {
        Format::Atom => atom::render(feed),
        Format::Rss => rss::render(feed),
        Format::Json => json::render(feed),
    }
}

/// What lists all feeds.
fn put_lists(feeds: &[Feed], publisher: &Publisher<'_>, pass: &Pass<'_>) -> Result<(), ScanError> {
    let url = |path: &str| document_url(&pass.config.server.public_url, path);
    let opml = opml_path(pass.config);
    publisher.put(&opml::render(feeds, &opml, &url(&opml)))?;
    publisher.put(&page::render_site(feeds, &opml))?;
    if pass.config.feeds.autodiscovery {
        for document in autodiscovery::documents(feeds, &url) {
            publisher.put(&document)?;
        }
    }
    Ok(())
}

fn paths(pass: &Pass<'_>) -> Vec<String> {
    let feeds = &pass.config.feeds;
    let of_plan = |plan: &Planned| -> Vec<String> {
        let archives = plan.archives.iter().flat_map(|block| block.place.all(&feeds.formats));
        let snippet = feeds.autodiscovery.then(|| autodiscovery::snippet_path(&plan.place.path));
        plan.place.all(&feeds.formats).chain(archives).chain(snippet).collect()
    };
    let map = feeds.autodiscovery.then(|| autodiscovery::map_path().to_owned());
    pass.plans.iter().flat_map(of_plan).chain([opml_path(pass.config)]).chain(map).collect()
}

/// The entries of these posts, none of them too large, nor all of them together.
fn entries(pass: &mut Pass<'_>, plan: &Planned, posts: &[usize]) -> Result<Vec<Arc<Entry>>, ScanError> {
    let mut entries = posts.iter().map(|&at| make_entry(pass, at, plan)).collect::<Result<Vec<_>, _>>()?;
    let lost = budget::fit(&mut entries);
    pass.problems.extend(complaints::large_feed(&plan.place.path, lost));
    Ok(entries)
}

fn make_entry(pass: &mut Pass<'_>, at: usize, plan: &Planned) -> Result<Arc<Entry>, ScanError> {
    let post = &pass.catalog.posts[at];
    let body = pass.body(post)?;
    let mut entry = entry(post, pass.id(post), pass.updated(post), body.as_ref(), plan, pass.config);
    entry.attachments = attachments::with_sizes(post, pass.posts, pass.config);
    pass.problems.extend(complaints::about(post, body.as_ref(), plan));
    Ok(Arc::new(entry))
}
