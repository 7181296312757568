//! JSON Feed 1.1.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Findings, text};

const FEED: [&str; 14] = [
    "version",
    "title",
    "home_page_url",
    "feed_url",
    "description",
    "user_comment",
    "next_url",
    "icon",
    "favicon",
    "authors",
    "language",
    "expired",
    "hubs",
    "items",
];
const ITEM: [&str; 15] = [
    "id",
    "url",
    "external_url",
    "title",
    "content_html",
    "content_text",
    "summary",
    "image",
    "banner_image",
    "date_published",
    "date_modified",
    "authors",
    "tags",
    "language",
    "attachments",
];
const ADDRESSES: [&str; 9] =
    ["home_page_url", "feed_url", "next_url", "icon", "favicon", "url", "external_url", "image", "banner_image"];
/// What is no string.
const OTHERS: [&str; 6] = ["authors", "hubs", "items", "tags", "attachments", "expired"];

pub(super) fn check(document: &str, url: &str, findings: &mut Findings) {
    let feed: Value = match serde_json::from_str(document) {
        Ok(feed) => feed,
        Err(error) => return findings.add("document", error),
    };
    characters(&feed, findings);
    let Some(feed) = feed.as_object() else { return findings.add("document", "is no object") };
    object(feed, &FEED, "feed", findings);
    findings.hold(text_of(feed, "version") == "https://jsonfeed.org/version/1.1", "feed", "the version");
    findings.hold(!text_of(feed, "title").is_empty(), "feed", "has no title");
    findings.hold(text_of(feed, "feed_url") == url, "feed", format_args!("its feed_url is not {url}"));
    findings.hold(feed.get("next_url") != feed.get("feed_url"), "feed", "goes on with itself");
    let Some(items) = feed.get("items").and_then(Value::as_array) else { return findings.add("feed", "has no items") };
    let mut ids = HashSet::new();
    for item in items.iter().filter_map(Value::as_object) {
        let id = text_of(item, "id");
        findings.hold(!id.is_empty() && ids.insert(id), id, "the id is missing, or stands twice");
        self::item(item, id, findings);
    }
}

fn item(item: &Map<String, Value>, id: &str, findings: &mut Findings) {
    object(item, &ITEM, id, findings);
    let has = |key| item.contains_key(key);
    findings.hold(has("content_html") || has("content_text"), id, "has no content");
    findings.html(text_of(item, "content_html"), id);
    let title = text_of(item, "title");
    findings.hold(!title.trim().is_empty(), id, format_args!("the title {title:?}"));
    for key in ["date_published", "date_modified"] {
        let date = text_of(item, key);
        findings.hold(!has(key) || text::rfc3339(date).is_some(), id, format_args!("{key} is {date:?}"));
    }
    let mut seen = HashSet::new();
    for tag in list(item, "tags") {
        let fine = tag.as_str().is_some_and(|tag| !tag.trim().is_empty() && seen.insert(tag));
        findings.hold(fine, id, format_args!("the tag {tag}"));
    }
    for attachment in list(item, "attachments") {
        let fine = attachment["url"].as_str().is_some_and(text::is_web_address) && attachment["mime_type"].is_string();
        findings.hold(fine, id, format_args!("the attachment {attachment}"));
    }
}

/// What feeds and items share: known keys of the right type, addresses, authors.
fn object(object: &Map<String, Value>, known: &[&str], place: &str, findings: &mut Findings) {
    for (key, value) in object {
        match key.strip_prefix('_') {
            Some(name) => {
                let fine = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains('.');
                findings.hold(fine, place, format_args!("the extension {key}"));
            }
            None => {
                let fine = known.contains(&key.as_str()) && (OTHERS.contains(&key.as_str()) || value.is_string());
                findings.hold(fine, place, format_args!("{key} is {value}"));
            }
        }
    }
    for key in ADDRESSES.iter().filter(|key| object.contains_key(**key)) {
        findings.hold(text::is_web_address(text_of(object, key)), place, format_args!("{key} is no address"));
    }
    for author in list(object, "authors") {
        let named =
            ["name", "url", "avatar"].iter().any(|key| author[key].as_str().is_some_and(|text| !text.is_empty()));
        findings.hold(named, place, format_args!("the author {author}"));
    }
    for hub in list(object, "hubs") {
        findings.hold(hub["type"].is_string() && hub["url"].is_string(), place, format_args!("the hub {hub}"));
    }
}

/// What a string holds once its escapes are read.
fn characters(value: &Value, findings: &mut Findings) {
    match value {
        Value::String(string) => {
            let forbidden = string.chars().find(|&c| text::is_forbidden(c));
            findings.hold(forbidden.is_none(), "document", format_args!("holds {forbidden:?}"));
        }
        Value::Array(values) => values.iter().for_each(|value| characters(value, findings)),
        Value::Object(object) => object.values().for_each(|value| characters(value, findings)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn text_of<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
}
