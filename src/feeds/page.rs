//! HTML for people: a page beside each feed, and one of all feeds for the site.
//!
//! In: feeds. Out: `index.html` and `<path>.html`, with everything they need in them. Never: scripts, pictures, fonts or
//! anything else that a browser would have to fetch.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::autodiscovery::links;
use super::wording::Wording;
use super::{Document, Entry, Feed, Media};
use crate::config::Taxonomy;

/// So many posts a page, however many entries the feed has.
pub const LATEST: usize = 20;

/// Characters of a summary that a page shows.
const SUMMARY: usize = 200;

const STYLE: &str = include_str!("page.css");

/// Renders the page of a feed other than the site's own, which is `site`.
#[must_use]
pub fn render(feed: &Feed, site: &Feed) -> Document {
    let wording = Wording::of(feed.language.as_deref());
    let content = html! {
        (header(feed, site, wording))
        main {
            (subscribe(feed, wording))
            (latest(feed, wording))
        }
        "\n"
        footer { nav {
            a href={ (feed.place.up()) (site.place.page) } { (wording.to_feeds) }
            a href=(site.home_url) { (wording.to_site) }
        } }
    };
    let alternates = html! { (links(feed)) (links(site)) };
    document(feed, wording, &alternates, &content)
}

/// Renders the page of all `feeds`, whose first is the site's own; the entries of the others may be left out. `opml` is the
/// path of the list of them.
///
/// # Panics
///
/// If there is no feed: the site's own always is.
#[must_use]
pub fn render_site(feeds: &[&Feed], opml: &str) -> Document {
    let (site, others) = feeds.split_first().expect("the site's own feed is always there");
    let wording = Wording::of(site.language.as_deref());
    let content = html! {
        (header(site, site, wording))
        main {
            (subscribe(site, wording))
            (all_feeds(others, &format!("{}{opml}", site.place.up()), wording))
            (latest(site, wording))
        }
        "\n"
        footer { nav { a href=(site.home_url) { (wording.to_site) } } }
    };
    document(site, wording, &links(site), &content)
}

fn document(feed: &Feed, wording: &Wording, alternates: &Markup, content: &Markup) -> Document {
    let page = html! {
        (DOCTYPE) "\n"
        html lang=(wording.language) {
            "\n"
            head {
                "\n" meta charset="utf-8";
                "\n" title { (feed.title) }
                "\n" meta name="viewport" content="width=device-width, initial-scale=1";
                "\n" meta name="color-scheme" content="light dark";
                "\n" meta name="generator" content={ "Tidings " (env!("CARGO_PKG_VERSION")) };
                @if let Some(hub) = &feed.page_hub {
                    "\n" link rel="self" href=(feed.page_url);
                    "\n" link rel="hub" href=(hub);
                }
                (alternates)
                "\n" style { "\n" (PreEscaped(STYLE)) }
                "\n"
            }
            "\n"
            body { (content) }
            "\n"
        }
        "\n"
    };
    let (path, url) = (feed.place.page.clone(), feed.page_url.clone());
    Document { path, url, media: Media::Html, bytes: page.into_string().into_bytes() }
}

fn header(feed: &Feed, site: &Feed, wording: &Wording) -> Markup {
    html! {
        "\n"
        header {
            @if feed.id != site.id {
                p.site { a href=(site.home_url) lang=[foreign(site.language.as_deref(), wording)] { (site.title) } }
            }
            h1 lang=[foreign(feed.language.as_deref(), wording)] { (feed.title) }
            @if !feed.description.is_empty() {
                p.lead lang=[foreign(feed.language.as_deref(), wording)] { (feed.description) }
            }
            p { (wording.explanation) }
        }
        "\n"
    }
}

fn subscribe(feed: &Feed, wording: &Wording) -> Markup {
    html! {
        "\n"
        section {
            h2 { (wording.subscribe) }
            ul.addresses {
                @for (format, url) in &feed.urls {
                    "\n"
                    li { a href=(url) type=(format.media_type()) { (format.name()) } " " code { (url) } }
                }
            }
        }
    }
}

fn latest(feed: &Feed, wording: &Wording) -> Markup {
    html! {
        "\n"
        section {
            h2 { (wording.latest) }
            @if feed.entries.is_empty() { p { (wording.no_posts) } }
            @for entry in feed.entries.iter().take(LATEST) { (article(entry, feed, wording)) }
        }
    }
}

fn article(entry: &Entry, feed: &Feed, wording: &Wording) -> Markup {
    let language = entry.language.as_deref().or(feed.language.as_deref());
    html! {
        "\n"
        article lang=[foreign(language, wording)] {
            h3 { a href=(entry.url) { (entry.title) } }
            p.meta {
                time datetime=(entry.published.to_rfc3339()) lang=(wording.language) { (wording.day(entry.published)) }
                @for term in entry.terms() { " " span { (term) } }
            }
            @if let Some(summary) = entry.abstract_text() { p { (shortened(summary)) } }
        }
    }
}

/// The site's own language first, by taxonomy; then each further one under its own feed's name.
fn all_feeds(feeds: &[&Feed], opml: &str, wording: &Wording) -> Markup {
    let groups = [None].into_iter().chain(Taxonomy::ALL.map(Some));
    let (own, further): (Vec<_>, Vec<_>) = feeds.iter().copied().partition(|feed| feed.edition.is_none());
    html! {
        @if !feeds.is_empty() {
            "\n"
            section {
                h2 { (wording.all_feeds) }
                p { a href=(opml) { (wording.to_opml) } }
                @for group in groups {
                    (listed(group.map_or(wording.more, |taxonomy| wording.group(taxonomy)), own.iter().filter(|feed| feed.group == group), wording))
                }
                @for edition in further.chunk_by(|a, b| a.edition == b.edition) {
                    (listed(&edition[0].name, edition.iter(), wording))
                }
            }
        }
    }
}

fn listed<'a>(heading: &str, members: impl Iterator<Item = &'a &'a Feed>, wording: &Wording) -> Markup {
    let mut members = members.peekable();
    html! {
        @if members.peek().is_some() {
            h3 { (heading) }
            ul.feeds {
                @for feed in members {
                    "\n"
                    li {
                        a href=(feed.page_url) lang=[foreign(feed.language.as_deref(), wording)] { (feed.name) }
                        " " small { (wording.count(feed.posts)) }
                    }
                }
            }
        }
    }
}

/// The language of a post's or feed's own text, where the page's is another.
fn foreign<'a>(language: Option<&'a str>, wording: &Wording) -> Option<&'a str> {
    language.filter(|language| *language != wording.language)
}

/// The beginning of `text`; a summary may be as long as its post.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(SUMMARY) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::samples;
    use std::sync::Arc;

    /// Without the style, which says nothing about a feed.
    fn text(document: &Document) -> String {
        samples::text(document).replace(STYLE, "")
    }

    #[test]
    fn the_page_of_a_term_in_japanese() {
        insta::assert_snapshot!(text(&render(&samples::nasty_feed(), &samples::all_feeds()[0])));
    }

    #[test]
    fn the_page_of_a_feed_without_posts_in_english() {
        insta::assert_snapshot!(text(&render(
            &Feed { id: "x".into(), ..samples::empty_feed() },
            &samples::empty_feed()
        )));
    }

    #[test]
    fn the_page_of_the_site() {
        let feeds = samples::all_feeds();
        insta::assert_snapshot!(text(&render_site(&feeds.iter().collect::<Vec<_>>(), "feeds.opml")));
    }

    #[test]
    fn pages_stand_beside_their_feeds() {
        let feeds = samples::all_feeds();
        assert_eq!(render_site(&feeds.iter().collect::<Vec<_>>(), "feeds.opml").path, "index.html");
        let page = render(&feeds[2], &feeds[0]);
        assert_eq!(page.path, "categories/技術.html");
        assert!(text(&page).contains("href=\"../index.html\""));
    }

    #[test]
    fn a_page_shows_the_newest_posts_and_no_more() {
        let mut feed = samples::empty_feed();
        feed.entries = std::iter::repeat_n(Arc::new(samples::bare_entry()), LATEST + 1).collect();
        assert_eq!(text(&render_site(&[&feed], "feeds.opml")).matches("<article").count(), LATEST);
    }

    #[test]
    fn long_summaries_are_cut_between_characters() {
        assert_eq!(shortened("短い"), "短い");
        let exact = "あ".repeat(SUMMARY);
        assert_eq!(shortened(&exact), exact);
        assert_eq!(shortened(&format!("{exact}い")), format!("{exact}…"));
    }
}
