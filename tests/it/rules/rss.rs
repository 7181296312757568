//! RSS 2.0, the RSS Advisory Board's profile, and what the validator warns of.

use std::collections::HashSet;

use super::xml::Element;
use super::{Findings, atom, text};

pub(super) fn check(rss: &Element, url: &str, findings: &mut Findings) {
    findings.hold(rss.name == "rss" && rss.attribute("version") == Some("2.0"), "rss", "is no RSS 2.0");
    let Some(channel) = rss.all("channel").next() else { return findings.add("rss", "has no channel") };
    for name in ["title", "link", "description"] {
        findings.hold(channel.count(name) == 1, "channel", format_args!("{} elements <{name}>", channel.count(name)));
    }
    findings.hold(text::is_web_address(channel.text_of("link")), "channel", "the link is no address");
    let language = channel.text_of("language");
    let fine = channel.count("language") == 0 || text::is_language(language);
    findings.hold(fine, "channel", format_args!("the language {language:?}"));
    for element in ["title", "description"].into_iter().flat_map(|name| channel.all(name)) {
        findings.plain(&element.text, element, "channel");
    }
    let blank = ["title", "description"].into_iter().find(|name| channel.text_of(name).trim().is_empty());
    findings.hold(blank.is_none(), "channel", format_args!("<{blank:?}> is blank"));
    channel.all("atom:link").for_each(|link| atom::link(link, "channel", findings));
    atom::history(channel, "atom:link", findings);
    podcast(channel, findings);
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
    let is_short = guid.len() < 9 && guid.bytes().all(|byte| byte.is_ascii_digit());
    findings.hold(!is_short, guid, "is hardly unique");
    atom::media(item, guid, findings);
    for name in ["title", "link", "description", "content:encoded", "pubDate", "author", "enclosure"] {
        findings.hold(item.count(name) <= 1, guid, format_args!("{} elements <{name}>", item.count(name)));
    }
    let title = item.text_of("title");
    findings.hold(!title.trim().is_empty(), guid, "the title is blank");
    item.all("title").for_each(|title| findings.plain(&title.text, title, guid));
    findings.hold(!item.text_of("description").trim().is_empty(), guid, "has no description");
    let places = ["description", "content:encoded"].map(|name| item.position(name));
    findings.hold(places[1].is_none() || places[0] < places[1], guid, "the description stands behind the content");
    findings.html(item.text_of("description"), guid);
    findings.html(item.text_of("content:encoded"), guid);
    dates(item, guid, findings);
    people(item, guid, findings);
    let mut seen = HashSet::new();
    for category in item.all("category") {
        findings.plain(&category.text, category, guid);
        let domain = category.attribute("domain");
        findings.hold(domain.is_none_or(text::is_web_address), guid, format_args!("the domain {domain:?}"));
        let term = (category.attribute("domain"), category.text.as_str());
        findings.hold(!term.1.trim().is_empty() && seen.insert(term), guid, format_args!("the category {term:?}"));
    }
    for enclosure in item.all("enclosure") {
        let [url, length, kind] = ["url", "length", "type"].map(|name| enclosure.attribute(name).unwrap_or_default());
        let fine = text::is_file_address(url) && length.parse::<u64>().is_ok() && text::is_media_type(kind);
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
    let named = author.strip_suffix(')').and_then(|author| author.split_once(" ("));
    let fine = named.is_some_and(|(email, name)| text::is_email(email) && !name.contains(['(', ')', '\\']));
    findings.hold(item.count("author") == 0 || fine, guid, format_args!("the author {author:?}"));
    item.all("author").for_each(|author| findings.plain(&author.text, author, guid));
    let twice = item.count("author") > 0 && item.count("dc:creator") > 0;
    findings.hold(!twice, guid, "has an author and a dc:creator");
}

/// The validator goes by what stands behind the last dot, be it in the query.
fn image(channel: &Element, findings: &mut Findings) {
    for image in channel.all("image") {
        for name in ["title", "link"] {
            findings.hold(image.text_of(name) == channel.text_of(name), "image", format_args!("its {name} is another"));
        }
        let url = image.text_of("url");
        let extension = url.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_known = ["gif", "jpeg", "jpg", "png"].contains(&extension.as_str());
        let is_none = extension.contains(|c: char| !c.is_alphanumeric() && c != '_');
        findings.hold(text::is_web_address(url) && (is_known || is_none), "image", format_args!("its URL is {url:?}"));
    }
}

/// Apple's tags, where a feed has any of them.
fn podcast(channel: &Element, findings: &mut Findings) {
    let has = |parent: &Element| parent.children.iter().any(|child| child.name.starts_with("itunes:"));
    if !has(channel) && !channel.all("item").any(has) {
        return;
    }
    for name in ["language", "itunes:category", "itunes:explicit", "itunes:owner", "itunes:image"] {
        findings.hold(channel.count(name) > 0, "channel", format_args!("a podcast without <{name}>"));
    }
    let email = channel.all("itunes:owner").all(|owner| text::is_email(owner.text_of("itunes:email")));
    findings.hold(email, "channel", "nobody's address is the owner's");
    for parent in [channel].into_iter().chain(channel.all("item")) {
        let place = parent.text_of("guid");
        let images = parent.all("itunes:image").all(|image| image.attribute("href").is_some_and(text::is_file_address));
        findings.hold(images, place, "the picture of the podcast has no address");
        for author in parent.all("itunes:author") {
            findings.plain(&author.text, author, place);
            findings.hold(author.text.len() < 256, place, "the author's name is too long");
        }
        for name in ["itunes:episode", "itunes:season"] {
            let fine = parent.all(name).all(|number| number.text.parse::<u32>().is_ok_and(|number| number > 0));
            findings.hold(fine, place, format_args!("<{name}> is {:?}", parent.text_of(name)));
        }
    }
    for item in channel.all("item").filter(|item| has(item)) {
        let url = item.all("enclosure").find_map(|enclosure| enclosure.attribute("url")).unwrap_or_default();
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let extension = path.rsplit('.').next().unwrap_or_default();
        let fine = ["m4a", "mp3", "mov", "mp4", "m4v", "pdf", "epub"].contains(&extension);
        findings.hold(fine, item.text_of("guid"), format_args!("no podcast has {url:?}"));
    }
}
