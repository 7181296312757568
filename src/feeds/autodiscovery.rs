//! How readers find feeds: `link` elements for the pages of a site (HTML, link type "alternate").
//!
//! In: all feeds. Out: a snippet a feed that a site's templates can include, and one JSON map of the same links by page and
//! by term. Never: pages of the site itself.

use std::collections::HashMap;

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::{Document, Feed, Media};
use crate::config::{Format, Taxonomy};

/// The map, below the output directory.
pub(super) const MAP: &str = "autodiscovery.json";

/// The snippets' directory, below the output directory.
const DIR: &str = "autodiscovery";

/// Where the snippet of the feed at this path is, without extension.
#[must_use]
pub fn snippet_path(path: &str) -> String {
    format!("{DIR}/{path}.html")
}

/// Whether a document at this path is a snippet, for other pages to take in.
#[must_use]
pub fn is_snippet(path: &str) -> bool {
    path.strip_prefix(DIR).is_some_and(|rest| rest.starts_with('/'))
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

/// The map, and a snippet a feed. `feeds` begins with the site's own; `url` tells where a path is for the world.
///
/// # Panics
///
/// If there is no feed: the site's own always is.
pub fn documents<'a>(feeds: &'a [&'a Feed], url: &'a dyn Fn(&str) -> String) -> impl Iterator<Item = Document> + 'a {
    let sites = Sites::of(feeds);
    let map = map(feeds, &sites, url(MAP));
    [map].into_iter().chain(feeds.iter().map(move |feed| snippet(feed, sites.of_feed(feed), url)))
}

/// The site's own feed in each of its languages.
struct Sites<'a> {
    own: &'a Feed,
    further: HashMap<&'a str, &'a Feed>,
}

impl<'a> Sites<'a> {
    fn of(feeds: &'a [&'a Feed]) -> Self {
        let own = feeds.first().expect("the site's own feed is always there");
        let of_sites = feeds.iter().copied().filter(|feed| feed.group.is_none());
        Self { own, further: of_sites.filter_map(|feed| Some((feed.edition.as_deref()?, feed))).collect() }
    }

    fn of_feed(&self, feed: &Feed) -> &'a Feed {
        let further = feed.edition.as_deref().and_then(|edition| self.further.get(edition).copied());
        further.unwrap_or(self.own)
    }
}

/// The lines for a page that `feed` is about: its own links, then those of `site`.
fn snippet(feed: &Feed, site: &Feed, url: &dyn Fn(&str) -> String) -> Document {
    let markup = html! { (links(feed)) @if feed.id != site.id { (links(site)) } };
    let text = format!("{}\n", markup.into_string().trim_start());
    let path = snippet_path(&feed.place.path);
    Document { url: url(&path), path, media: Media::Html, bytes: text.into_bytes() }
}

/// The same links as data: by the URL of the page, and, in the site's own language, by taxonomy and term.
fn map(feeds: &[&Feed], sites: &Sites<'_>, url: String) -> Document {
    let all = |feed: &Feed| -> Value {
        let (own, site) = (described(feed), sites.of_feed(feed));
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
    let one = |(format, url): &(Format, String)| json!({"title": title(feed, format.name()), "type": format.media_type(), "href": url});
    feed.urls.iter().map(one).collect()
}

fn title(feed: &Feed, format: &str) -> String {
    format!("{} ({format})", feed.title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::samples;

    fn all(feeds: &[Feed]) -> Vec<(String, String)> {
        let url = |path: &str| format!("https://example.com/{path}");
        documents(&feeds.iter().collect::<Vec<_>>(), &url)
            .map(|document| (document.path.clone(), samples::text(&document)))
            .collect()
    }

    #[test]
    fn the_terms_own_feeds_come_first() {
        let (path, text) = all(&samples::all_feeds()).swap_remove(3);
        assert_eq!(path, "autodiscovery/categories/技術.html");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_term_in_a_further_language_has_the_sites_feed_in_it_beside_it() {
        let (path, text) = all(&samples::all_feeds()).pop().unwrap();
        assert_eq!(path, "autodiscovery/fr/tags/rust.html");
        let lines: Vec<_> = text.lines().filter(|line| line.contains("atom+xml")).collect();
        assert!(lines[0].ends_with("/fr/tags/rust.atom\">") && lines[1].ends_with("/fr/feed.atom\">"), "{text}");
    }

    #[test]
    fn the_map_has_pages_and_terms() {
        insta::assert_snapshot!(all(&samples::all_feeds()).swap_remove(0).1);
    }

    #[test]
    fn the_sites_snippet_has_its_own_links_once() {
        let site = samples::empty_feed();
        assert_eq!(all(std::slice::from_ref(&site))[1].1.lines().count(), site.urls.len());
    }
}
