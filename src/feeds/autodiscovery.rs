//! How readers find feeds: `link` elements for the pages of a site (HTML, link type "alternate").
//!
//! In: all feeds. Out: a snippet a feed that a site's templates can include, and one JSON map of the same links by page and
//! by term. Never: pages of the site itself.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::{Document, Feed, Media};
use crate::config::Taxonomy;

/// The map, below the output directory.
pub(super) const MAP: &str = "autodiscovery.json";

/// The snippets' directory, below the output directory.
const DIR: &str = "autodiscovery";

/// Where the snippet of the feed at this path is, without extension.
#[must_use]
pub fn snippet_path(path: &str) -> String {
    format!("{DIR}/{path}.html")
}

/// The path of the map.
#[must_use]
pub const fn map_path() -> &'static str {
    MAP
}

/// The links to one feed's documents. Their titles tell formats apart; the first is the one that readers take.
pub(super) fn links(feed: &Feed) -> Markup {
    html! {
        @for (format, url) in &feed.urls {
            "\n"
            link rel="alternate" type=(format.media_type()) title=(title(feed, format.name())) href=(url);
        }
    }
}

/// The lines for a page that `feed` is about: its own links, then those of `site`, the site's own feed.
#[must_use]
pub fn snippet(feed: &Feed, site: &Feed, url: String) -> Document {
    let markup = html! { (links(feed)) @if feed.id != site.id { (links(site)) } };
    let text = format!("{}\n", markup.into_string().trim_start());
    Document { path: snippet_path(&feed.place.path), url, media: Media::Html, bytes: text.into_bytes() }
}

/// The same links as data: by the URL of the page, and by taxonomy and term. `feeds` begins with the site's own.
///
/// # Panics
///
/// If there is no feed: the site's own always is.
#[must_use]
pub fn map(feeds: &[Feed], url: String) -> Document {
    let site = feeds.first().expect("the site's own feed is always there");
    let all = |feed: &Feed| -> Value {
        let own = described(feed);
        if feed.id == site.id { own } else { own.into_iter().chain(described(site)).collect() }.into()
    };
    let mut pages = Map::new();
    for feed in feeds {
        pages.entry(feed.home_url.clone()).or_insert_with(|| all(feed));
    }
    let mut map = Map::from_iter([("pages".to_owned(), Value::Object(pages))]);
    for taxonomy in Taxonomy::ALL {
        let members = feeds.iter().filter(|feed| feed.group == Some(taxonomy) && feed.edition.is_none());
        let terms: Map<_, _> = members.map(|feed| (feed.name.clone(), all(feed))).collect();
        map.insert(taxonomy.dir().to_owned(), Value::Object(terms));
    }
    let mut bytes = serde_json::to_vec_pretty(&map).expect("maps of strings are JSON");
    bytes.push(b'\n');
    Document { path: MAP.to_owned(), url, media: Media::Json, bytes }
}

fn described(feed: &Feed) -> Vec<Value> {
    let one = |(format, url): &(crate::config::Format, String)| json!({"title": title(feed, format.name()), "type": format.media_type(), "href": url});
    feed.urls.iter().map(one).collect()
}

fn title(feed: &Feed, format: &str) -> String {
    format!("{} ({format})", feed.title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::samples;

    #[test]
    fn the_terms_own_feeds_come_first() {
        let feeds = samples::all_feeds();
        let document = snippet(&feeds[2], &feeds[0], "x".into());
        assert_eq!(document.path, "autodiscovery/categories/技術.html");
        insta::assert_snapshot!(samples::text(&document));
    }

    #[test]
    fn the_map_has_pages_and_terms() {
        insta::assert_snapshot!(samples::text(&map(&samples::all_feeds(), "x".into())));
    }

    #[test]
    fn the_sites_snippet_has_its_own_links_once() {
        let site = samples::empty_feed();
        assert_eq!(samples::text(&snippet(&site, &site, "x".into())).lines().count(), site.urls.len());
    }
}
