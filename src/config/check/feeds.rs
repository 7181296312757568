//! The `feeds` section.

use super::Checker;
use crate::config::feeds::is_plain;
use crate::config::file::Step;
use crate::config::raw::{RawArchive, RawCustomFeed};
use crate::config::{
    Archive, CollectionFeed, Content, CustomFeed, FeedDefaults, Feeds, Filter, Format, Paths, Pattern, Site,
    SiteDefaults, Taxonomy,
};
use crate::posts::text;

const DEFAULT_LIMIT: usize = 20;
const DEFAULT_ARCHIVE: usize = 50;

impl Checker<'_> {
    pub(super) fn feeds(&mut self, site: Option<&Site>, defaults: &SiteDefaults) -> Feeds {
        let raw = self.file.raw.feeds.clone().unwrap_or_default();
        let formats = distinct(raw.formats.unwrap_or_else(|| vec![Format::Atom, Format::Rss, Format::Json]));
        if formats.is_empty() {
            self.error(
                &[Step::Key("feeds"), Step::Key("formats")],
                "without a format there are no feeds",
                "name at least one of atom, rss, json, or leave the key out for all three",
            );
        }
        let own = &defaults.feed;
        let limit = raw.limit.map_or(Some(own.limit.unwrap_or(DEFAULT_LIMIT)), |limit| limit.0);
        let content = raw.content.or(own.content).unwrap_or(Content::Full);
        let own_podcast = raw.podcast.clone().zip(site);
        let podcast =
            own_podcast.and_then(|(raw, site)| self.podcast(&[Step::Key("feeds"), Step::Key("podcast")], raw, site));
        let mut custom = Vec::with_capacity(raw.custom.len());
        for (index, mut feed) in raw.custom.into_iter().enumerate() {
            let own_podcast = feed.podcast.take().map(|own| own.or(raw.podcast.as_ref())).zip(site);
            let steps = [Step::Key("feeds"), Step::Key("custom"), Step::Index(index), Step::Key("podcast")];
            let podcast = own_podcast.and_then(|(raw, site)| self.podcast(&steps, raw, site));
            custom.push(CustomFeed { podcast, ..self.custom_feed(index, feed, limit, content) });
        }
        for (index, feed) in custom.iter().enumerate() {
            self.check_collection(index, feed, own);
            if custom[..index].iter().any(|earlier| earlier.name == feed.name) {
                self.name_error(index, &format!("two feeds are called `{}`", feed.name));
            }
        }
        let paths = self.paths(raw.paths, defaults);
        let collections = own.collections.iter().flat_map(|feed| collection_feeds(feed, &paths, limit, content));
        let collections: Vec<_> =
            collections.filter(|feed| custom.iter().all(|other| other.name != feed.name)).collect();
        custom.extend(collections);
        Feeds {
            formats,
            by: distinct(raw.by.unwrap_or_else(|| Taxonomy::ALL.to_vec())),
            limit,
            content,
            fold: raw.fold,
            slugs: raw.slugs,
            listed: own.categories.clone(),
            min_posts: raw.min_posts.unwrap_or(1).max(1),
            paths,
            archive: self.archive(raw.archive),
            autodiscovery: raw.autodiscovery,
            podcast,
            custom,
        }
    }

    fn custom_feed(&mut self, index: usize, raw: RawCustomFeed, limit: Option<usize>, content: Content) -> CustomFeed {
        if !is_document_path(&raw.name) {
            self.name_error(index, "a feed's name is its path: letters, digits, `-`, `_`, `.` and `/`");
        }
        let first = raw.name.split('/').next().unwrap_or_default();
        if matches!(raw.name.as_str(), "feed" | "feeds" | "index")
            || first == "autodiscovery"
            || Taxonomy::ALL.iter().any(|taxonomy| taxonomy.dir() == first)
        {
            self.name_error(index, &format!("`{}` belongs to a feed that Tidings makes by itself", raw.name));
        }
        CustomFeed {
            title: raw
                .title
                .map(|title| text::one_line(&title))
                .filter(|title| !title.is_empty())
                .unwrap_or_else(|| raw.name.clone()),
            name: raw.name,
            collection: raw.collection,
            filter: raw.filter,
            limit: raw.limit.map_or(limit, |limit| limit.0),
            content: raw.content.unwrap_or(content),
            podcast: None,
        }
    }

    fn archive(&mut self, raw: Option<RawArchive>) -> Option<Archive> {
        let size = match raw? {
            RawArchive::Off => return None,
            RawArchive::On { size } => size.unwrap_or(DEFAULT_ARCHIVE),
        };
        if size == 0 {
            self.error(
                &[Step::Key("feeds"), Step::Key("archive"), Step::Key("size")],
                "an archive without posts is none",
                "set it to 1 or more; 50 is the default",
            );
        }
        Some(Archive { size })
    }

    fn check_collection(&mut self, index: usize, feed: &CustomFeed, defaults: &FeedDefaults) {
        let Some(wanted) = &feed.collection else { return };
        if defaults.collections.iter().all(|collection| collection.label != *wanted) {
            self.error(
                &[Step::Key("feeds"), Step::Key("custom"), Step::Index(index), Step::Key("collection")],
                &format!("no documents are read of a collection `{wanted}`"),
                "name it under `feed.collections` in the site's own config, where it needs `output: true`",
            );
        }
    }

    fn name_error(&mut self, index: usize, message: &str) {
        let steps = [Step::Key("feeds"), Step::Key("custom"), Step::Index(index), Step::Key("name")];
        self.error(&steps, message, "give it another name, such as `investing` or `topics/ai`");
    }
}

/// The feeds of a collection that the site's own settings name: one of all its documents, and one of each category named.
fn collection_feeds(feed: &CollectionFeed, paths: &Paths, limit: Option<usize>, content: Content) -> Vec<CustomFeed> {
    let label = &feed.label;
    let usual = format!("{}/{label}", if paths.are_jekyll_feeds() { "feed" } else { "collections" });
    let given = feed.path.as_deref().filter(|_| paths.are_jekyll_feeds()).map(|path| path.trim_matches('/'));
    let given = given.and_then(|path| path.strip_suffix(".xml")).filter(|path| is_plain(path));
    let custom = |name, title, categories| CustomFeed {
        name,
        title,
        collection: Some(label.clone()),
        filter: Filter { categories, ..Filter::default() },
        limit,
        content,
        podcast: None,
    };
    let all = custom(given.unwrap_or(&usual).to_owned(), label.clone(), Vec::new());
    let named = feed.categories.iter().map(|category| (category, format!("{usual}/{category}")));
    let named = named.filter(|(_, name)| is_plain(name));
    let of_categories =
        named.map(|(category, name)| custom(name, format!("{label}: {category}"), vec![Pattern::term(category)]));
    [all].into_iter().chain(of_categories).collect()
}

fn is_document_path(name: &str) -> bool {
    name.split('/').all(|segment| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
    })
}

fn distinct<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}
