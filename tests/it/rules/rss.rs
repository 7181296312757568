//! RSS 2.0, the RSS Advisory Board's profile, and what the validator warns of.

use std::collections::HashSet;

use super::xml::Element;
use super::{Findings, text};

pub(super) fn check(rss: &Element, url: &str, findings: &mut Findings) {
    findings.hold(rss.name == "rss" && rss.attribute("version") == Some("2.0"), "rss", "is no RSS 2.0");
    let Some(channel) = rss.all("channel").next() else { return findings.add("rss", "has no channel") };
    for name in ["title", "link", "description"] {
        findings.hold(channel.count(name) == 1, "channel", format_args!("{} elements <{name}>", channel.count(name)));
    }
    findings.hold(text::is_web_address(channel.text_of("link")), "channel", "the link is no address");
    let language = channel.text_of("language");
    findings.hold(!language.contains('_'), "channel", format_args!("the language {language}"));
    let selfs: Vec<_> = channel.all("atom:link").filter(|link| link.attribute("rel") == Some("self")).collect();
    let is_self = selfs.len() == 1 && selfs[0].attribute("href") == Some(url);
    findings.hold(is_self, "channel", format_args!("its self link is not {url}"));
    dates(channel, "channel", findings);
    image(channel, findings);
    let first = channel.position("item").unwrap_or(channel.children.len());
    let misplaced = channel.children[first..].iter().find(|child| child.name != "item");
    findings.hold(misplaced.is_none(), "channel", "metadata stands behind an item");
    let mut ids = HashSet::new();
    for item in channel.all("item") {
        let guid = item.text_of("guid");
        findings.hold(item.count("guid") == 1 && ids.insert(guid), guid, "the guid is missing, or stands twice");
        self::item(item, guid, findings);
    }
}

fn item(item: &Element, guid: &str, findings: &mut Findings) {
    let link = item.text_of("link");
    findings.hold(text::is_web_address(link), guid, format_args!("the link {link:?}"));
    let is_permalink = item.all("guid").any(|guid| guid.attribute("isPermaLink") != Some("false"));
    findings.hold(!is_permalink || guid == link, guid, "is a permalink, and not the link");
    for name in ["title", "link", "description", "content:encoded", "pubDate", "author", "enclosure"] {
        findings.hold(item.count(name) <= 1, guid, format_args!("{} elements <{name}>", item.count(name)));
    }
    let title = item.text_of("title");
    findings.hold(!title.trim().is_empty(), guid, "the title is blank");
    findings.hold(!text::looks_like_html(title), guid, format_args!("{title:?} looks like HTML"));
    findings.hold(!item.text_of("description").trim().is_empty(), guid, "has no description");
    let places = ["description", "content:encoded"].map(|name| item.position(name));
    findings.hold(places[1].is_none() || places[0] < places[1], guid, "the description stands behind the content");
    findings.html(item.text_of("description"), guid);
    findings.html(item.text_of("content:encoded"), guid);
    dates(item, guid, findings);
    people(item, guid, findings);
    let mut seen = HashSet::new();
    for category in item.all("category") {
        let term = (category.attribute("domain"), category.text.as_str());
        findings.hold(!term.1.trim().is_empty() && seen.insert(term), guid, format_args!("the category {term:?}"));
    }
    for enclosure in item.all("enclosure") {
        let [url, length, kind] = ["url", "length", "type"].map(|name| enclosure.attribute(name).unwrap_or_default());
        let fine = text::is_web_address(url) && length.parse::<u64>().is_ok() && kind.contains('/');
        findings.hold(fine, guid, format_args!("the enclosure {url:?}, {length:?}, {kind:?}"));
    }
}

fn dates(parent: &Element, place: &str, findings: &mut Findings) {
    for name in ["pubDate", "lastBuildDate"] {
        for date in parent.all(name) {
            findings.hold(text::rfc822(&date.text).is_some(), place, format_args!("<{name}> is {:?}", date.text));
        }
    }
}

fn people(item: &Element, guid: &str, findings: &mut Findings) {
    let author = item.text_of("author");
    findings.hold(item.count("author") == 0 || author.contains('@'), guid, format_args!("the author {author:?}"));
    let twice = item.count("author") > 0 && item.count("dc:creator") > 0;
    findings.hold(!twice, guid, "has an author and a dc:creator");
}

fn image(channel: &Element, findings: &mut Findings) {
    for image in channel.all("image") {
        for name in ["title", "link"] {
            findings.hold(image.text_of(name) == channel.text_of(name), "image", format_args!("its {name} is another"));
        }
        findings.hold(!image.text_of("url").ends_with(".svg"), "image", "is an SVG");
    }
}
