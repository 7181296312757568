//! The documents of one scan: those that may say something new are rendered, on all cores, and published; the others are kept.

use std::sync::Arc;

use rayon::prelude::*;

use super::memory::Memory;
use super::pass::Pass;
use super::sheets::{Made, Sheet, Sheets, Stood};
use super::{Run, ScanError, complaints, last_good};
use crate::config::Format;
use crate::feeds::changed::{Changed, Shown};
use crate::feeds::compose::entry;
use crate::feeds::plan::{Planned, document_url, opml_path};
use crate::feeds::{Document, Entry, Feed, atom, autodiscovery, budget, json, opml, page, rss};
use crate::problems::Problem;
use crate::publish::{self, Durability, Publication, PublishError, Published, Publisher};
use crate::sources::Touched;

/// So many feeds are in memory at once with everything that stands in them.
const AT_ONCE: usize = 32;

/// What came of all feeds.
pub(super) struct Output {
    pub(super) publication: Publication,
    /// What each feed shows now, by path.
    pub(super) feeds: Vec<(String, Shown)>,
    /// Those of them that showed something else before.
    pub(super) shown: Vec<(String, Shown)>,
}

/// Makes everything visible that is to be; the new set is visible when this returns. `made` is what the last scan made.
pub(super) fn publish(
    pass: &mut Pass<'_>,
    memory: &Memory,
    directory: &mut publish::Output,
    made: &mut Made,
    run: &Run<'_>,
) -> Result<Output, ScanError> {
    // Freed at the end: readers need not wait for that.
    let mut before = std::mem::take(made);
    // Nobody is told of a mere build, and it can be repeated.
    let durability = if run.store.is_some() { Durability::Synced } else { Durability::Unsynced };
    let publisher = directory.open(&pass.config.output.dir, durability)?;
    publisher.recall(&memory.documents);
    // Who was told what was touched looks at nothing else, unless something tells that more is to be seen.
    if matches!(run.touched, Touched::Only(_)) {
        publisher.trust();
    }
    let (sheets, states) = sheets(pass, memory, &before);
    let now_made = render(pass, &sheets, memory, &mut before, &publisher, run)?;
    let publication = publisher.finish(&memory.documents, run.now)?;
    debug_assert!(
        !publication.problems.is_empty() || publication.documents.len() == count(pass, &sheets),
        "what is not made is refused"
    );
    if let Some(published) = run.published {
        published.replace(publication.documents.clone());
    }
    *made = now_made;
    let shown = states.iter().filter(|(path, shown)| memory.feeds.get(path) != Some(shown)).cloned().collect();
    Ok(Output { publication, feeds: states, shown })
}

/// Makes every entry, and nothing of them, for what is found wrong on the way.
pub(super) fn look(pass: &mut Pass<'_>, memory: &Memory) -> Result<(), ScanError> {
    for (plan, sheet) in pairs(pass.plans, &sheets(pass, memory, &Made::default()).0) {
        pass.prepare(sheet.posts.iter().map(|stood| &stood.post))?;
        let problems = entries(pass, plan, sheet).1;
        pass.problems.extend(problems);
    }
    Ok(())
}

/// Each sheet with its plan.
fn pairs<'s>(
    plans: &'s [Planned],
    sheets: &'s [Vec<Arc<Sheet>>],
) -> impl Iterator<Item = (&'s Planned, &'s Arc<Sheet>)> {
    plans.iter().zip(sheets).flat_map(|(plan, sheets)| sheets.iter().map(move |sheet| (plan, sheet)))
}

/// The sheets of each feed, in the order of plans, and what each feed shows now. `before` has those of the last scan.
fn sheets(pass: &Pass<'_>, memory: &Memory, before: &Made) -> (Sheets, Vec<(String, Shown)>) {
    let changed = Changed::new(&memory.feeds, pass.catalog, pass.now, pass.config.site.timezone);
    let of_plan = |(at, plan): (usize, &Planned)| {
        let shown = memory.feeds.get(&plan.place.path).filter(|_| pass.is_patched);
        let again = shown.and_then(|shown| Some((before.again(plan, pass, shown)?, shown.clone())));
        let (sheets, shown) = again.unwrap_or_else(|| Sheet::of_plan(plan, pass, &changed, at > 0));
        (sheets, (plan.place.path.clone(), shown))
    };
    pass.plans.par_iter().enumerate().map(of_plan).unzip()
}

/// Renders the sheets whose documents may say something new.
fn render(
    pass: &mut Pass<'_>,
    sheets: &[Vec<Arc<Sheet>>],
    memory: &Memory,
    before: &mut Made,
    publisher: &Publisher<'_>,
    run: &Run<'_>,
) -> Result<Made, ScanError> {
    let is_alike = before.is_with(pass.config);
    let all: Vec<(&Planned, &Arc<Sheet>)> = pairs(pass.plans, sheets).collect();
    let as_before = |(_, sheet): &(&Planned, &Arc<Sheet>)| {
        let is_it = |was: &Arc<Sheet>| Arc::ptr_eq(was, sheet) || was == *sheet;
        is_alike && before.sheets.get(sheet.path()).is_some_and(|(was, _)| is_it(was))
    };
    let same: Vec<bool> = all.par_iter().map(as_before).collect();
    let kept = keep(pass, sheets, &all, same, before, publisher)?;
    let mut made = Made::with(pass.config);
    let (mut stale, total) = (Vec::new(), all.len());
    for ((plan, sheet), is_kept) in all.into_iter().zip(kept) {
        match before.sheets.remove(sheet.path()) {
            Some(known) if is_kept => {
                // Equal to the one before, and of what is known by now.
                pass.problems.extend(known.1.iter().cloned());
                made.sheets.insert(sheet.path().to_owned(), (Arc::clone(sheet), known.1));
            }
            _ => stale.push((plan, sheet)),
        }
    }
    let is_same = is_alike && stale.is_empty() && before.sheets.is_empty();
    stale.iter().flat_map(|(_, sheet)| &sheet.posts).for_each(|stood| pass.bodies.want(&stood.post));
    let mut done = total - stale.len();
    let latest = || sheets[0][0].posts.iter().take(page::LATEST).map(|stood| &stood.post);
    let mut lists_wait = !is_same || !publisher.keep(lists(pass, sheets))?;
    let rounds = stale.len().div_ceil(AT_ONCE);
    for (number, sheets_at_once) in stale.chunks(AT_ONCE).enumerate() {
        (run.progress)("writing feeds", done, total);
        done += sheets_at_once.len();
        let shown = || sheets_at_once.iter().flat_map(|(_, sheet)| &sheet.posts).map(|stood| &stood.post);
        // The lists name no feed that is not there yet.
        let with_lists = number + 1 == rounds && std::mem::take(&mut lists_wait);
        pass.prepare(shown().chain(latest().filter(|_| with_lists)))?;
        let site = &sheets[0][0].feed;
        let put = |(plan, sheet): &(&Planned, &Arc<Sheet>)| put(pass, plan, sheet, site, publisher);
        let (problems, lists) = rayon::join(
            || sheets_at_once.par_iter().map(put).collect::<Result<Vec<_>, _>>(),
            || if with_lists { put_lists(pass, sheets, publisher) } else { Ok(()) },
        );
        lists?;
        for ((_, sheet), problems) in sheets_at_once.iter().zip(problems?) {
            pass.problems.extend(problems.iter().cloned());
            made.sheets.insert(sheet.path().to_owned(), (Arc::clone(sheet), problems));
        }
        // What the last ones show is at hand when they are visible, too, if there was room for it.
        if number + 1 < rounds || !pass.bodies.are_all_kept() {
            last_good::pack_ahead(pass, shown());
        }
        shown().for_each(|post| pass.bodies.release(post));
        // Readers who have nothing yet need not wait for all of it: the site's own feed is among the first ones.
        let has_nothing = |published: &&Published| {
            let set = published.set();
            !set.is_whole && set.documents.is_empty()
        };
        if let Some(published) = run.published.filter(|published| number + 1 < rounds && has_nothing(published)) {
            published.begin(publisher.show(&memory.documents, run.now)?);
        }
    }
    if lists_wait {
        pass.prepare(latest())?;
        put_lists(pass, sheets, publisher)?;
    }
    Ok(made)
}

/// How many documents there are.
fn count(pass: &Pass<'_>, sheets: &[Vec<Arc<Sheet>>]) -> usize {
    let of_sheet = |sheet: &Arc<Sheet>| pass.config.feeds.formats.len() + usize::from(sheet.paged);
    lists(pass, sheets).count() + sheets.iter().flatten().map(of_sheet).sum::<usize>()
}

/// Keeps the documents of the sheets that are the `same` as before. Which those are whose documents could be kept.
fn keep(
    pass: &Pass<'_>,
    sheets: &[Vec<Arc<Sheet>>],
    all: &[(&Planned, &Arc<Sheet>)],
    same: Vec<bool>,
    before: &Made,
    publisher: &Publisher<'_>,
) -> Result<Vec<bool>, PublishError> {
    let formats = &pass.config.feeds.formats;
    let lists: Vec<String> = lists(pass, sheets).collect();
    if before.is_with(pass.config) && before.is_at_the_places_of(all.iter().map(|(_, sheet)| *sheet)) {
        let stale = all.iter().zip(&same).filter(|(_, same)| !**same);
        // Whether the lists stay is not known yet.
        let anew = stale.flat_map(|((_, sheet), _)| sheet.documents(formats)).chain(lists.iter().cloned());
        if publisher.keep_others(anew, count(pass, sheets)) {
            return Ok(same);
        }
    }
    publisher.claim(all.iter().flat_map(|(_, sheet)| sheet.documents(formats)).chain(lists));
    let keeps =
        |((_, sheet), same): (&(&Planned, &Arc<Sheet>), bool)| Ok(same && publisher.keep(sheet.documents(formats))?);
    // Without a look at files there is nothing to share out.
    match publisher.is_trusting() {
        true => all.iter().zip(same).map(keeps).collect(),
        false => all.par_iter().zip(same).map(keeps).collect(),
    }
}

/// Renders and publishes the documents of a feed on all cores, its page among them if it has one. What is wrong with its
/// entries.
fn put(
    pass: &Pass<'_>,
    plan: &Planned,
    sheet: &Sheet,
    site: &Feed,
    publisher: &Publisher<'_>,
) -> Result<Vec<Problem>, PublishError> {
    let (entries, problems) = entries(pass, plan, sheet);
    let feed = Feed { entries, ..sheet.feed.clone() };
    let formats = pass.config.feeds.formats.iter().map(|format| Some(*format)).chain(sheet.paged.then_some(None));
    formats.collect::<Vec<_>>().into_par_iter().try_for_each(|format| match format {
        Some(format) => publisher.put(&rendered(&feed, format)),
        None => publisher.put(&page::render(&feed, site)),
    })?;
    Ok(problems)
}

/// One format's document of a feed.
fn rendered(feed: &Feed, format: Format) -> Document {
    match format {
        Format::Atom => atom::render(feed),
        Format::Rss => rss::render(feed),
        Format::Json => json::render(feed),
    }
}

/// The paths of what lists all feeds.
fn lists(pass: &Pass<'_>, sheets: &[Vec<Arc<Sheet>>]) -> impl Iterator<Item = String> {
    let snippets = sheets.iter().map(|sheets| autodiscovery::snippet_path(sheets[0].path()));
    let maps = snippets.chain([autodiscovery::map_path().to_owned()]).filter(|_| pass.config.feeds.autodiscovery);
    maps.chain([opml_path(pass.config), sheets[0][0].feed.place.page.clone()])
}

/// Renders what lists all feeds. The bodies of the site's latest posts are at hand.
fn put_lists(pass: &Pass<'_>, sheets: &[Vec<Arc<Sheet>>], publisher: &Publisher<'_>) -> Result<(), PublishError> {
    // The lists need what a feed is; only of the site's own they show what stands in it, and not much of that.
    let mut site = Sheet::clone(&sheets[0][0]);
    site.posts.truncate(page::LATEST);
    let site = Feed { entries: entries(pass, &pass.plans[0], &site).0, ..site.feed };
    let others = sheets[1..].iter().map(|sheets| &sheets[0].feed);
    let feeds: Vec<&Feed> = [&site].into_iter().chain(others).collect();
    let url = |path: &str| document_url(&pass.config.server.public_url, path);
    let opml = opml_path(pass.config);
    let put_opml = || publisher.put(&opml::render(&feeds, &opml, &url(&opml)));
    let put_page = || publisher.put(&page::render_site(&feeds, &opml));
    let (of_opml, of_page) = rayon::join(put_opml, put_page);
    of_opml.and(of_page)?;
    if pass.config.feeds.autodiscovery {
        for document in autodiscovery::documents(&feeds, &url) {
            publisher.put(&document)?;
        }
    }
    Ok(())
}

/// The entries of a sheet whose bodies are at hand, none of them too large, nor all of them together; and what is wrong with
/// them.
fn entries(pass: &Pass<'_>, plan: &Planned, sheet: &Sheet) -> (Vec<Arc<Entry>>, Vec<Problem>) {
    let (mut entries, mut problems) = (Vec::with_capacity(sheet.posts.len()), Vec::new());
    for Stood { post, id, updated, attachments, .. } in &sheet.posts {
        let body = pass.bodies.get(post);
        let entry = entry(post, id, *updated, body, plan, pass.config);
        problems.extend(complaints::about(post, body, plan));
        entries.push(Arc::new(Entry { attachments: attachments.clone(), ..entry }));
    }
    let lost = budget::fit(&mut entries);
    problems.extend(complaints::large_feed(sheet.path(), lost));
    (entries, problems)
}
