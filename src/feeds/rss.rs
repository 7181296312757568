//! RSS 2.0 with the RSS Advisory Board's Best Practices Profile.
//!
//! In: a [`Feed`]. Out: its `.rss` [`Document`]. Never: relative links, dates that are not the feed's.

use std::collections::BTreeMap;

use quick_xml::escape::partial_escape;
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};

use super::references::plain;
use super::written::{self, Written};
use super::{Document, Entry, Feed, history, itunes, rfc822};
use crate::config::Format;
use crate::posts::Person;
use crate::posts::media::Attachment;

/// For `atom:link` and `atom:updated`.
const ATOM: &str = "http://www.w3.org/2005/Atom";

/// Media RSS, for pictures.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// Minutes that readers may wait before they ask again.
const TTL: &str = "60";

/// Renders the feed as RSS.
///
/// # Panics
///
/// If the feed has no URL in this format.
#[must_use]
pub fn render(feed: &Feed) -> Document {
    let written = channel(feed).pretty_write_to(Written::new(b"", feed, written::as_cdata), b' ', 2);
    let mut bytes = written.expect("writing to memory does not fail").into_bytes();
    bytes.push(b'\n');
    feed.document(Format::Rss, bytes)
}

fn channel(feed: &Feed) -> rss::Channel {
    let description = if feed.description.is_empty() { &feed.title } else { &feed.description };
    rss::Channel {
        title: plain(&feed.title),
        link: feed.home_url.clone(),
        description: plain(description),
        language: feed.language.clone(),
        last_build_date: Some(rfc822::format(feed.updated)),
        generator: Some(concat!("Tidings ", env!("CARGO_PKG_VERSION")).to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some(TTL.to_owned()),
        image: image(feed),
        extensions: channel_extensions(feed),
        itunes_ext: itunes::channel(feed),
        namespaces: namespaces(feed),
        items: feed.entries.iter().map(|entry| item(entry, feed)).collect(),
        ..rss::Channel::default()
    }
}

/// Those that the crate does not declare by itself.
fn namespaces(feed: &Feed) -> BTreeMap<String, String> {
    let illustrated = feed.entries.iter().any(|entry| entry.image.is_some());
    let media = illustrated.then_some(("media", MEDIA));
    let history = feed.history.mark().map(|_| ("fh", history::NAMESPACE));
    [("atom", ATOM)]
        .into_iter()
        .chain(media)
        .chain(history)
        .map(|(prefix, url)| (prefix.to_owned(), url.to_owned()))
        .collect()
}

/// The logo, else the icon, if it is in a format that RSS knows. Title and link must be the channel's.
fn image(feed: &Feed) -> Option<rss::Image> {
    let url = [&feed.logo, &feed.icon].into_iter().flatten().find(|url| is_raster(url))?;
    Some(rss::Image {
        url: url.clone(),
        title: plain(&feed.title),
        link: feed.home_url.clone(),
        ..rss::Image::default()
    })
}

/// By its path, and by what stands behind its last dot, which the W3C validator goes by.
fn is_raster(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let extension =
        |of: &str| of.rsplit_once('.').map_or(String::new(), |(_, extension)| extension.to_ascii_lowercase());
    let is_known = |extension: &str| ["gif", "jpeg", "jpg", "png"].contains(&extension);
    let last = extension(url);
    let is_word = last.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_known(&extension(path)) && (is_known(&last) || !is_word)
}

/// Itself, its hubs, and its other documents (RFC 5005, appendix B).
fn channel_extensions(feed: &Feed) -> ExtensionMap {
    let own = ("self", feed.own_url(Format::Rss));
    let links = [own].into_iter().chain(feed.history.links(Format::Rss)).map(|(relation, url)| {
        element("atom:link", "", &[("rel", relation), ("type", Format::Rss.media_type()), ("href", url)])
    });
    let hubs = feed.hubs.iter().map(|url| element("atom:link", "", &[("rel", "hub"), ("href", url)]));
    let mark = feed.history.mark().map(|mark| element(&format!("fh:{mark}"), "", &[]));
    let mut all = extensions("atom", links.chain(hubs));
    all.extend(extensions("fh", mark));
    all
}

fn item(entry: &Entry, feed: &Feed) -> rss::Item {
    let authors = if entry.authors.is_empty() { std::slice::from_ref(&feed.author) } else { &entry.authors };
    let author = address(authors);
    rss::Item {
        title: Some(plain(&entry.title)),
        link: Some(entry.url.clone()),
        guid: Some(rss::Guid { value: entry.id.clone(), permalink: entry.id == entry.url }),
        pub_date: Some(rfc822::format(entry.published)),
        dublin_core_ext: author.is_none().then(|| creators(authors)),
        author,
        categories: entry
            .categories
            .iter()
            .map(|category| rss::Category { name: plain(&category.term), domain: Some(category.scheme.clone()) })
            .collect(),
        description: Some(partial_escape(entry.stand_in()).into_owned()),
        content: entry.body().map(|_| written::BODY.to_owned()),
        enclosure: entry.attachments.first().map(enclosure),
        itunes_ext: itunes::item(entry, feed.podcast.as_ref()),
        extensions: item_extensions(entry),
        ..rss::Item::default()
    }
}

/// An item has room for one. Nobody knows of an unknown length but by a 0 (RSS Advisory Board's profile, enclosure).
fn enclosure(file: &Attachment) -> rss::Enclosure {
    rss::Enclosure {
        url: file.url.clone(),
        length: file.length.unwrap_or(0).to_string(),
        mime_type: file.media_type.clone(),
    }
}

/// `author` is for one e-mail address; who has none, and several, go into `dc:creator`. Never both.
fn address(authors: &[Person]) -> Option<String> {
    let [Person { name, email: Some(email), .. }] = authors else { return None };
    // Inside the parentheses of a comment these would have a meaning (RFC 822, 3.3).
    let is_plain = !name.contains(['(', ')', '\\']);
    is_plain.then(|| format!("{email} ({})", plain(name)))
}

fn creators(authors: &[Person]) -> DublinCoreExtension {
    DublinCoreExtension {
        creators: authors.iter().map(|author| author.name.clone()).collect(),
        ..DublinCoreExtension::default()
    }
}

fn item_extensions(entry: &Entry) -> ExtensionMap {
    let changed = entry.updated != entry.published;
    let updated = changed.then(|| element("atom:updated", &entry.updated.to_rfc3339(), &[]));
    // Readers that know Media RSS take `media:content` for what the item is about, and pass its enclosure over.
    let is_content = entry.attachments.is_empty();
    let media = entry.image.as_deref().into_iter().flat_map(|url| {
        let content = is_content.then(|| element("media:content", "", &[("medium", "image"), ("url", url)]));
        content.into_iter().chain([element("media:thumbnail", "", &[("url", url)])])
    });
    let mut all = extensions("atom", updated);
    all.extend(extensions("media", media));
    all
}

/// As the crate keeps them: by prefix, then by name.
fn extensions(prefix: &str, elements: impl IntoIterator<Item = Extension>) -> ExtensionMap {
    let mut by_name = BTreeMap::<String, Vec<Extension>>::new();
    for one in elements {
        by_name.entry(one.name.clone()).or_default().push(one);
    }
    ExtensionMap::from([(prefix.to_owned(), by_name)])
}

/// Has a value even where it is empty, so that the writer does not break the line inside the element.
fn element(name: &str, value: &str, attributes: &[(&str, &str)]) -> Extension {
    Extension {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        attrs: attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Extension::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::samples;

    #[test]
    fn the_nasty_feed_as_rss() {
        insta::assert_snapshot!(samples::text(&render(&samples::nasty_feed())));
    }

    #[test]
    fn a_feed_without_entries_as_rss() {
        insta::assert_snapshot!(samples::text(&render(&samples::empty_feed())));
    }

    #[test]
    fn only_a_single_author_with_an_address_is_an_author_the_rest_are_creators() {
        let [with, without] = [Some("a@example.com"), None].map(|email| Person {
            name: "A".into(),
            email: email.map(str::to_owned),
            uri: None,
        });
        let written = |authors: &[Person]| {
            let feed = Feed { author: without.clone(), ..samples::empty_feed() };
            let item = item(&Entry { authors: authors.to_vec(), ..samples::bare_entry() }, &feed);
            (item.author, item.dublin_core_ext.map_or(0, |dc| dc.creators.len()))
        };
        assert_eq!(written(std::slice::from_ref(&with)), (Some("a@example.com (A)".to_owned()), 0));
        assert_eq!(written(std::slice::from_ref(&without)), (None, 1));
        assert_eq!(written(&[with, without.clone()]), (None, 2));
        assert_eq!(written(&[]), (None, 1));
    }

    #[test]
    fn a_guid_is_a_permalink_only_if_it_is_the_link() {
        let own = samples::bare_entry();
        let other = Entry { id: "tag:example.com,2025:x".into(), ..own.clone() };
        let permalink = |entry| item(entry, &samples::empty_feed()).guid.map(|guid| guid.permalink);
        assert_eq!([permalink(&own), permalink(&other)], [Some(true), Some(false)]);
    }

    #[test]
    fn the_image_is_one_of_the_formats_rss_knows() {
        let image_of = |logo: &str, icon: &str| {
            let feed = Feed { logo: Some(logo.into()), icon: Some(icon.into()), ..samples::empty_feed() };
            image(&feed).map(|image| image.url)
        };
        assert_eq!(
            image_of("https://a.example/l.svg", "https://a.example/i.JPG?x=.svg&y").as_deref(),
            Some("https://a.example/i.JPG?x=.svg&y")
        );
        assert_eq!(image_of("https://a.example/l.svg?x=.png", "https://a.example/png"), None);
        assert_eq!(image_of("https://a.example/l.png?v=1.2", "https://a.example/i.png?x=.svg"), None);
    }
}
