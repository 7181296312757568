//! OPML 2.0 of all feeds: site, then custom feeds, then categories, tags and authors in outlines of their own; then the same
//! of each further language in an outline of its own.
//!
//! In: all feeds (their entries may be left out) and the document's place. Out: the document. Never: what is in a feed.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::wording::Wording;
use super::{Document, Feed, Media, rfc822};
use crate::config::{Format, Taxonomy};

/// Renders `feeds`, whose first is the site's own. `path` and `url` are where the document will be.
///
/// # Panics
///
/// If there is no feed: the site's own always is.
#[must_use]
pub fn render(feeds: &[&Feed], path: &str, url: &str) -> Document {
    let site = feeds.first().expect("the site's own feed is always there");
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, site, feeds).expect("writing to memory does not fail");
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Document { path: path.to_owned(), url: url.to_owned(), media: Media::Opml, bytes }
}

fn write(writer: &mut Writer<Vec<u8>>, site: &Feed, feeds: &[&Feed]) -> io::Result<()> {
    let wording = Wording::of(site.language.as_deref());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    writer.create_element("opml").with_attribute(("version", "2.0")).write_inner_content(|writer| {
        writer.create_element("head").write_inner_content(|writer| head(writer, site, feeds, wording))?;
        writer.create_element("body").write_inner_content(|writer| body(writer, feeds, wording))?;
        Ok(())
    })?;
    Ok(())
}

fn head(writer: &mut Writer<Vec<u8>>, site: &Feed, feeds: &[&Feed], wording: &Wording) -> io::Result<()> {
    let title = format!("{}{}", site.title, wording.feeds_of);
    writer.create_element("title").write_text_content(BytesText::new(&title))?;
    let newest = feeds.iter().map(|feed| feed.updated).max().unwrap_or(site.updated);
    writer.create_element("dateModified").write_text_content(BytesText::new(&rfc822::format(newest)))?;
    writer.create_element("ownerName").write_text_content(BytesText::new(&site.author.name))?;
    Ok(())
}

fn body(writer: &mut Writer<Vec<u8>>, feeds: &[&Feed], wording: &Wording) -> io::Result<()> {
    let (own, further): (Vec<_>, Vec<_>) = feeds.iter().copied().partition(|feed| feed.edition.is_none());
    edition(writer, &own, wording)?;
    for members in further.chunk_by(|a, b| a.edition == b.edition) {
        writer
            .create_element("outline")
            .with_attribute(("text", members[0].name.as_str()))
            .write_inner_content(|writer| edition(writer, members, Wording::of(members[0].language.as_deref())))?;
    }
    Ok(())
}

fn edition(writer: &mut Writer<Vec<u8>>, feeds: &[&Feed], wording: &Wording) -> io::Result<()> {
    for feed in feeds.iter().filter(|feed| feed.group.is_none()) {
        outline(writer, feed)?;
    }
    for taxonomy in Taxonomy::ALL {
        let members: Vec<_> = feeds.iter().filter(|feed| feed.group == Some(taxonomy)).collect();
        if members.is_empty() {
            continue;
        }
        let heading = wording.group(taxonomy);
        writer
            .create_element("outline")
            .with_attribute(("text", heading))
            .write_inner_content(|writer| members.into_iter().try_for_each(|feed| outline(writer, feed)))?;
    }
    Ok(())
}

/// One feed. `type` is `rss` for Atom too, and `version` has no word for Atom (OPML 2.0, "Subscription lists").
fn outline(writer: &mut Writer<Vec<u8>>, feed: &Feed) -> io::Result<()> {
    let Some((format, url)) = subscription(feed) else { return Ok(()) };
    let version = (format == Format::Rss).then_some(("version", "RSS2"));
    let language = feed.language.as_deref().map(|language| ("language", language));
    writer
        .create_element("outline")
        .with_attributes([("text", feed.name.as_str()), ("title", &feed.title), ("type", "rss")])
        .with_attributes(version)
        .with_attributes([("xmlUrl", url), ("htmlUrl", &feed.home_url)])
        .with_attributes(language)
        .write_empty()?;
    Ok(())
}

/// The document to subscribe to: XML, which every reader of OPML knows, if there is one.
fn subscription(feed: &Feed) -> Option<(Format, &str)> {
    let xml = feed.urls.iter().find(|(format, _)| *format != Format::Json);
    xml.or(feed.urls.first()).map(|(format, url)| (*format, url.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::samples;
    use proptest::prelude::*;
    use quick_xml::{Reader, XmlVersion};

    const URL: &str = "https://example.com/feeds/feeds.opml";

    fn text(feeds: &[Feed]) -> String {
        samples::text(&render(&feeds.iter().collect::<Vec<_>>(), "feeds.opml", URL))
    }

    #[test]
    fn all_feeds_as_opml() {
        insta::assert_snapshot!(text(&samples::all_feeds()));
    }

    #[test]
    fn the_newest_feed_dates_the_document() {
        let mut feeds = samples::all_feeds();
        feeds[3].updated = "2026-01-02T03:04:05+05:45".parse().unwrap();
        assert!(text(&feeds).contains("<dateModified>Thu, 01 Jan 2026 21:19:05 +0000</dateModified>"));
    }

    #[test]
    fn a_feed_without_xml_is_listed_by_what_it_has() {
        let mut site = samples::empty_feed();
        site.urls.retain(|(format, _)| *format == Format::Json);
        assert!(text(&[site]).contains("xmlUrl=\"https://example.com/feeds/feed.json\""));
    }

    #[test]
    fn rss_alone_has_a_version() {
        let mut site = samples::empty_feed();
        assert!(!text(&[site.clone()]).contains("RSS2"));
        site.urls.rotate_left(1);
        assert!(text(&[site]).contains("version=\"RSS2\" xmlUrl=\"https://example.com/feeds/feed.rss\""));
    }

    /// The `text` and `title` of every feed's outline.
    fn outlines(opml: &str) -> Vec<(String, String)> {
        let mut reader = Reader::from_str(opml);
        let mut all = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Empty(outline) => all.push(
                    ["text", "title"]
                        .map(|name| {
                            let attribute = outline.try_get_attribute(name).unwrap().unwrap();
                            attribute.normalized_value(XmlVersion::default()).unwrap().into_owned()
                        })
                        .into(),
                ),
                Event::Eof => return all,
                _ => {}
            }
        }
    }

    proptest! {
        #[test]
        fn any_name_and_title_reads_back(feeds in proptest::collection::vec(samples::any_feed(), 1..4)) {
            let expected: Vec<_> = feeds.iter().map(|feed| (feed.name.clone(), feed.title.clone())).collect();
            prop_assert_eq!(outlines(&text(&feeds)), expected);
        }
    }
}
