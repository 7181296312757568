//! Atom 1.0 (RFC 4287).
//!
//! In: a [`Feed`]. Out: its `.atom` [`Document`]. Never: CDATA, relative links, dates that are not the feed's.

use std::collections::BTreeMap;

use atom_syndication as atom;
use atom_syndication::extension::{Extension, ExtensionMap};
use quick_xml::escape::escape;

use super::references::{looks_like_html, plain};
use super::written::{self, Written};
use super::{Category, Document, Entry, Feed, history};
use crate::config::Format;
use crate::posts::{Person, media};

/// With the encoding, which the crate's own declaration lacks.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Media RSS, for pictures.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// Renders the feed as Atom.
///
/// # Panics
///
/// If the feed has no URL in this format.
#[must_use]
pub fn render(feed: &Feed) -> Document {
    let config = atom::WriteConfig { write_document_declaration: false, indent_size: Some(2) };
    let written = to_atom(feed).write_with_config(Written::new(DECLARATION, feed, written::as_text), config);
    let mut bytes = written.expect("writing to memory does not fail").into_bytes();
    bytes.push(b'\n');
    if let Some(mark) = feed.history.mark() {
        bytes = with_mark(&bytes, mark);
    }
    feed.document(Format::Atom, bytes)
}

fn to_atom(feed: &Feed) -> atom::Feed {
    atom::Feed {
        id: feed.id.clone(),
        title: plain(&feed.title).into(),
        subtitle: Some(feed.description.as_str()).filter(|text| !text.is_empty()).map(|text| plain(text).into()),
        updated: feed.updated,
        lang: feed.language.clone(),
        links: links(feed),
        authors: vec![person(&feed.author)],
        generator: Some(atom::Generator {
            value: "Tidings".to_owned(),
            uri: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        icon: feed.icon.clone(),
        logo: feed.logo.clone(),
        namespaces: namespaces(feed),
        entries: feed.entries.iter().map(|one| entry(one, feed.language.as_deref())).collect(),
        ..atom::Feed::default()
    }
}

/// Those that the crate does not declare by itself.
fn namespaces(feed: &Feed) -> BTreeMap<String, String> {
    let media = feed.entries.iter().any(|entry| entry.image.is_some()).then_some(("media", MEDIA));
    let history = feed.history.mark().map(|_| ("fh", history::NAMESPACE));
    media.into_iter().chain(history).map(|(prefix, url)| (prefix.to_owned(), url.to_owned())).collect()
}

/// Puts an empty element of the history namespace before the entries. The crate would put it behind them, where readers no
/// longer look for what a feed says of itself.
fn with_mark(xml: &[u8], mark: &str) -> Vec<u8> {
    // As in all texts `<` is written as a reference, these are nothing but tags.
    let find = |tag: &[u8]| xml.windows(tag.len()).position(|window| window == tag);
    let at = find(b"  <entry>").or_else(|| find(b"</feed>")).unwrap_or(xml.len());
    [&xml[..at], format!("  <fh:{mark}/>\n").as_bytes(), &xml[at..]].concat()
}

/// Itself, its hubs, what people read, and the same feed in other formats. No two alternates share type and language (RFC 4287, 4.1.1).
fn links(feed: &Feed) -> Vec<atom::Link> {
    let own = atom::Link {
        rel: "self".to_owned(),
        href: feed.own_url(Format::Atom).to_owned(),
        mime_type: Some(Format::Atom.media_type().to_owned()),
        ..atom::Link::default()
    };
    let hubs =
        feed.hubs.iter().map(|url| atom::Link { rel: "hub".to_owned(), href: url.clone(), ..atom::Link::default() });
    let twins = feed.urls.iter().filter(|(format, _)| *format != Format::Atom).map(|(format, url)| atom::Link {
        rel: "alternate".to_owned(),
        href: url.clone(),
        mime_type: Some(format.media_type().to_owned()),
        ..atom::Link::default()
    });
    let history = feed.history.links(Format::Atom).into_iter().map(|(relation, url)| atom::Link {
        rel: relation.to_owned(),
        href: url.to_owned(),
        mime_type: Some(Format::Atom.media_type().to_owned()),
        ..atom::Link::default()
    });
    let page = web_page(&feed.home_url, feed.language.as_deref());
    [own].into_iter().chain(hubs).chain([page]).chain(twins).chain(history).collect()
}

fn web_page(url: &str, language: Option<&str>) -> atom::Link {
    atom::Link {
        rel: "alternate".to_owned(),
        href: url.to_owned(),
        mime_type: Some("text/html".to_owned()),
        hreflang: language.map(str::to_owned),
        ..atom::Link::default()
    }
}

fn person(person: &Person) -> atom::Person {
    atom::Person {
        name: plain(&person.name),
        email: person.email.clone(),
        uri: person.uri.clone(),
        ..atom::Person::default()
    }
}

fn entry(entry: &Entry, feed_language: Option<&str>) -> atom::Entry {
    let language = entry.language.as_deref();
    let text = |text: atom::Text| atom::Text { lang: language.map(str::to_owned), ..text };
    let content = entry.body().map(|_| atom::Content {
        lang: language.map(str::to_owned),
        value: Some(written::BODY.to_owned()),
        content_type: Some("html".to_owned()),
        ..atom::Content::default()
    });
    // An entry without content should have a summary that is not empty (RFC 4287, 4.1.1.1).
    let summary = if content.is_some() { entry.abstract_text() } else { Some(entry.stand_in()) };
    atom::Entry {
        id: entry.id.clone(),
        title: text(plain(&entry.title).into()),
        updated: entry.updated,
        published: Some(entry.published),
        authors: entry.authors.iter().map(person).collect(),
        categories: entry.categories.iter().map(category).collect(),
        links: [web_page(&entry.url, language.or(feed_language))].into_iter().chain(enclosures(entry)).collect(),
        summary: summary.map(|summary| text(prose(summary))),
        content,
        extensions: entry.image.as_deref().map(picture).unwrap_or_default(),
        ..atom::Entry::default()
    }
}

fn category(category: &Category) -> atom::Category {
    atom::Category {
        term: category.term.clone(),
        scheme: Some(category.scheme.clone()),
        label: Some(plain(&category.term)),
    }
}

/// A plain text that may be long: as HTML where it could be taken for some, for it may be about code.
fn prose(text: &str) -> atom::Text {
    if looks_like_html(text) { atom::Text::html(escape(text)) } else { atom::Text::plain(text) }
}

/// The files that go with the entry, its picture the last of them.
fn enclosures(entry: &Entry) -> impl Iterator<Item = atom::Link> {
    let link = |href: &str, media_type: Option<&str>| atom::Link {
        rel: "enclosure".to_owned(),
        href: href.to_owned(),
        mime_type: media_type.map(str::to_owned),
        ..atom::Link::default()
    };
    let files = entry.attachments.iter().map(move |file| atom::Link {
        title: file.title.as_deref().map(plain),
        length: file.length.map(|length| length.to_string()),
        ..link(&file.url, Some(&file.media_type))
    });
    let is_file = |url: &str| entry.attachments.iter().any(|file| file.url == url);
    let picture = entry.image.as_deref().filter(|url| !is_file(url));
    files.chain(picture.map(move |url| link(url, media::type_of(url))))
}

/// `media:thumbnail` and `media:content` of a picture. The crate writes the attributes of extensions as they are, so they
/// are escaped here.
fn picture(url: &str) -> ExtensionMap {
    let url = ("url".to_owned(), escape(url).into_owned());
    let medium = ("medium".to_owned(), "image".to_owned());
    let element = |name: &str, attrs: BTreeMap<String, String>| {
        // A value, though empty, keeps the writer from breaking the line inside the element.
        let extension =
            Extension { name: format!("media:{name}"), value: Some(String::new()), attrs, ..<_>::default() };
        (name.to_owned(), vec![extension])
    };
    let elements =
        [element("content", BTreeMap::from([medium, url.clone()])), element("thumbnail", BTreeMap::from([url]))];
    ExtensionMap::from([("media".to_owned(), BTreeMap::from(elements))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::samples;

    #[test]
    fn the_nasty_feed_as_atom() {
        insta::assert_snapshot!(samples::text(&render(&samples::nasty_feed())));
    }

    #[test]
    fn a_feed_without_entries_as_atom() {
        insta::assert_snapshot!(samples::text(&render(&samples::empty_feed())));
    }

    #[test]
    fn all_metadata_stands_before_the_first_entry() {
        let text = samples::text(&render(&samples::nasty_feed()));
        let (_, entries) = text.split_once("<entry>").unwrap();
        let after_last = entries.rsplit_once("</entry>").unwrap().1;
        assert_eq!(after_last.trim(), "</feed>");
    }

    #[test]
    fn an_entry_with_content_needs_no_stand_in_for_its_summary() {
        let with_content = Entry { html: Some("<p>x</p>".into()), ..samples::bare_entry() };
        assert_eq!(entry(&with_content, None).summary, None);
        assert!(entry(&samples::bare_entry(), None).summary.is_some());
    }
}
