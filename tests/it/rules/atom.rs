//! Atom: RFC 4287, and what the validator warns of.

use std::collections::HashSet;

use super::xml::Element;
use super::{Findings, text};

pub(super) fn check(feed: &Element, url: &str, findings: &mut Findings) {
    let is_atom = feed.name == "feed" && feed.attribute("xmlns") == Some("http://www.w3.org/2005/Atom");
    findings.hold(is_atom, "feed", "is no Atom feed");
    counts(feed, "feed", &["id", "title", "updated"], &["generator", "icon", "logo", "rights", "subtitle"], findings);
    let selfs: Vec<_> = links(feed, "self").collect();
    findings.hold(selfs == [url], "feed", format_args!("its self links are {selfs:?}, and its URL {url}"));
    let first = feed.position("entry").unwrap_or(feed.children.len());
    let misplaced = feed.children[first..].iter().find(|child| child.name != "entry");
    findings.hold(misplaced.is_none(), "feed", "metadata stands behind an entry");
    common(feed, "feed", findings);
    history(feed, "link", findings);
    let mut ids = HashSet::new();
    for entry in feed.all("entry") {
        let id = entry.text_of("id");
        findings.hold(ids.insert(id), id, "the id stands twice");
        findings.hold(feed.count("author") + entry.count("author") > 0, id, "nobody is its author");
        self::entry(entry, id, findings);
    }
}

fn entry(entry: &Element, id: &str, findings: &mut Findings) {
    counts(entry, id, &["id", "title", "updated"], &["content", "published", "rights", "summary"], findings);
    common(entry, id, findings);
    media(entry, id, findings);
    let history = ["current", "prev-archive", "next-archive"].into_iter().flat_map(|rel| links(entry, rel)).count();
    findings.hold(history == 0, id, "an entry has archives");
    let alternate = links(entry, "alternate").count();
    findings.hold(alternate == 1, id, format_args!("{alternate} alternate links"));
    let texts = ["content", "summary"].map(|name| !entry.text_of(name).trim().is_empty());
    findings.hold(texts.contains(&true), id, "has neither content nor summary");
    if entry.count("published") > 0 {
        let dates = ["published", "updated"].map(|name| text::rfc3339(entry.text_of(name)));
        findings.hold(dates[0].is_some() && dates[0] <= dates[1], id, "was updated before it was published");
    }
}

/// Media RSS, which RSS has as well.
pub(super) fn media(entry: &Element, place: &str, findings: &mut Findings) {
    for name in ["media:content", "media:thumbnail"] {
        let fine = entry.all(name).all(|media| media.attribute("url").is_some_and(text::is_web_address));
        findings.hold(fine && entry.count(name) <= 1, place, format_args!("<{name}> has no URL, or stands twice"));
    }
}

/// What feeds and entries share.
fn common(parent: &Element, place: &str, findings: &mut Findings) {
    findings.hold(text::is_normal_id(parent.text_of("id")), place, "the id is not normal");
    findings.hold(text::rfc3339(parent.text_of("updated")).is_some(), place, "the date is not RFC 3339");
    let title = parent.text_of("title");
    findings.hold(!title.trim().is_empty() && title.trim() == title, place, "the title is blank, or has blanks around");
    let is_text = parent.all("title").all(|title| matches!(title.attribute("type"), None | Some("text")));
    findings.hold(is_text, place, "the title is no plain text");
    parent.all("title").for_each(|title| findings.plain(&title.text, title, place));
    for name in ["icon", "logo"] {
        let fine = parent.all(name).all(|element| text::is_web_address(&element.text));
        findings.hold(fine, place, format_args!("<{name}> is {:?}", parent.text_of(name)));
    }
    let lang = [parent].into_iter().chain(&parent.children).filter_map(|element| element.attribute("xml:lang"));
    lang.for_each(|lang| findings.hold(text::is_language(lang), place, format_args!("the language {lang:?}")));
    for name in ["content", "summary", "subtitle", "rights"] {
        for element in parent.all(name) {
            match element.attribute("type") {
                Some("html") => findings.html(&element.text, place),
                None | Some("text") => {
                    let looks = text::looks_like_html(&element.text, name == "summary" || element.by_number);
                    let looks = looks || name == "summary" && text::has_reference(&element.text);
                    findings.hold(!looks, place, format_args!("<{name}> looks like HTML"));
                }
                kind => findings.add(place, format_args!("{name} is {kind:?}")),
            }
        }
    }
    let mut seen = HashSet::new();
    for link in parent.all("link") {
        let [href, rel, kind, hreflang] = ["href", "rel", "type", "hreflang"].map(|name| link.attribute(name));
        findings.hold(href.is_some_and(text::is_address), place, format_args!("the link {href:?}"));
        let twin = (href.filter(|_| rel != Some("alternate")), rel, kind, hreflang);
        findings.hold(seen.insert(twin), place, format_args!("the link {twin:?} stands twice"));
        self::link(link, place, findings);
    }
    let mut seen = HashSet::new();
    for category in parent.all("category") {
        let [term, scheme] = ["term", "scheme"].map(|name| category.attribute(name));
        findings.hold(term.is_some_and(|term| !term.trim().is_empty()), place, "a category has no term");
        findings.hold(scheme.is_none_or(text::is_web_address), place, format_args!("the scheme {scheme:?}"));
        findings.plain(category.attribute("label").unwrap_or_default(), category, place);
        findings.hold(seen.insert((term, scheme)), place, format_args!("the category {term:?} stands twice"));
    }
    for person in parent.all("author").chain(parent.all("contributor")) {
        let name = person.text_of("name");
        findings.hold(person.count("name") == 1 && !name.trim().is_empty(), place, "a person has no name");
        findings.hold(!text::holds_email(name), place, format_args!("the name {name:?} holds an address"));
        person.all("name").for_each(|name| findings.plain(&name.text, name, place));
        let uri = person.text_of("uri");
        findings.hold(person.count("uri") == 0 || text::is_address(uri), place, format_args!("the URI {uri:?}"));
        let email = person.text_of("email");
        findings.hold(person.count("email") == 0 || text::is_email(email), place, format_args!("the e-mail {email:?}"));
    }
}

/// Attributes and relations of a link, which RSS has as well.
pub(super) fn link(link: &Element, place: &str, findings: &mut Findings) {
    const RELATIONS: [&str; 8] =
        ["alternate", "self", "enclosure", "hub", "related", "prev-archive", "next-archive", "current"];
    let relation = link.attribute("rel").unwrap_or("alternate");
    findings.hold(RELATIONS.contains(&relation), place, format_args!("the relation {relation:?}"));
    findings.hold(link.text.trim().is_empty(), place, "a link is not empty");
    let is_xml = matches!(link.attribute("type"), Some("application/atom+xml" | "application/rss+xml"));
    findings.hold(relation != "self" || is_xml, place, "its self is no feed");
    let kind = link.attribute("type").is_none_or(text::is_media_type);
    findings.hold(kind, place, format_args!("the type {:?}", link.attribute("type")));
    let language = link.attribute("hreflang").is_none_or(text::is_language);
    findings.hold(language, place, format_args!("the language {:?}", link.attribute("hreflang")));
    let length = link.attribute("length").is_none_or(|length| length.parse::<u64>().is_ok());
    findings.hold(length, place, format_args!("the length {:?}", link.attribute("length")));
    if let Some(title) = link.attribute("title") {
        findings.hold(!title.trim().is_empty(), place, "the title of a link is blank");
        findings.plain(title, link, place);
    }
}

/// RFC 5005: a whole feed has no archives, an archive says where the feed is now. In `parent` are marks and links, these
/// under the names that the format has for them.
pub(super) fn history(parent: &Element, link: &str, findings: &mut Findings) {
    let of = |relation| -> Vec<_> {
        let links = parent.all(link).filter(|link| link.attribute("rel") == Some(relation));
        links.filter_map(|link| link.attribute("href")).collect()
    };
    let archives = of("prev-archive").len() + of("next-archive").len();
    if parent.count("fh:complete") > 0 {
        findings.hold(archives + of("current").len() == 0, "feed", "is whole, and has archives");
    }
    if parent.count("fh:archive") > 0 {
        findings.hold(archives > 0 && of("current").len() == 1, "feed", "is an archive by itself");
        findings.hold(of("current") != of("self"), "feed", "is its own archive");
    }
}

fn counts(parent: &Element, place: &str, one: &[&str], most_one: &[&str], findings: &mut Findings) {
    for name in one.iter().chain(most_one) {
        let count = parent.count(name);
        let fine = count == 1 || (count == 0 && most_one.contains(name));
        findings.hold(fine, place, format_args!("{count} elements <{name}>"));
    }
}

fn links<'a>(parent: &'a Element, rel: &'a str) -> impl Iterator<Item = &'a str> {
    let of = move |link: &&Element| link.attribute("rel").unwrap_or("alternate") == rel;
    parent.all("link").filter(of).filter_map(|link| link.attribute("href"))
}
