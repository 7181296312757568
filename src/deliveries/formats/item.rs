//! One event as a person reads it.
//!
//! In: an event and the site. Out: a heading, a link, a text. Never: markup, or a text that breaks its line: what a
//! post says is plain text, and stays it.

use serde_json::{Map, Value};
use url::Url;

use super::Told;
use super::text::one_line;
use super::words::{Words, words};
use crate::config::{EventType, Site};

/// Longer addresses are not followed by all browsers, and would leave a message no room.
const LONGEST_LINK: usize = 1500;

/// What the headings of events that are about no post are made of, the first that is there.
const NAMES: [&str; 4] = ["title", "endpoint", "name", "site"];

/// One event, for a chat.
pub(super) struct Item {
    /// What happened. Never empty.
    pub(super) heading: String,
    /// http or https, ASCII. The site, where the event has none.
    pub(super) link: String,
    /// May be empty.
    pub(super) text: String,
    /// Of a digest: headings and links.
    pub(super) list: Vec<(String, String)>,
    /// How many more than these the digest stands for.
    pub(super) unlisted: usize,
    /// The site and the authors.
    pub(super) by: Vec<String>,
    /// Categories and tags.
    pub(super) terms: Vec<String>,
    /// http or https.
    pub(super) image: Option<String>,
    /// The entry id, if it is about a post.
    pub(super) post: Option<String>,
    pub(super) words: &'static Words,
}

impl Item {
    pub(super) fn of(told: &Told<'_>, site: &Site) -> Self {
        let data = match serde_json::from_str(told.data) {
            Ok(Value::Object(data)) => data,
            _ => Map::new(),
        };
        let words = words(text(&data, "language").or(site.language.as_deref()));
        let mut item = Self {
            heading: String::new(),
            link: text(&data, "url").and_then(address).unwrap_or_else(|| site.url.to_string()),
            text: String::new(),
            list: Vec::new(),
            unlisted: 0,
            by: vec![one_line(&site.title)],
            terms: Vec::new(),
            image: text(&data, "image").and_then(address),
            post: None,
            words,
        };
        match told.event_type {
            EventType::PostPublished | EventType::PostUpdated | EventType::PostRemoved => item.post(told, &data),
            EventType::PostsChanged => item.digest(&data),
            EventType::FeedsChanged => item.several(told.event_type, data.get("feeds"), data.get("count")),
            EventType::UrlsChanged => item.several(told.event_type, data.get("urls"), None),
            _ => item.notice(told.event_type, &data, site),
        }
        item
    }

    /// Site, authors and terms in one line.
    pub(super) fn byline(&self) -> String {
        self.by.iter().chain(&self.terms).map(String::as_str).collect::<Vec<_>>().join(" · ")
    }

    fn post(&mut self, told: &Told<'_>, data: &Map<String, Value>) {
        let title = text(data, "title").map(one_line).filter(|title| !title.trim().is_empty());
        self.heading = self.words.heading(told.event_type, &title.unwrap_or_else(|| self.link.clone()));
        self.text = text(data, "summary").map(one_line).unwrap_or_default();
        self.post = text(data, "id").map(str::to_owned);
        let authors = data.get("authors").and_then(Value::as_array).into_iter().flatten();
        self.by.extend(authors.filter_map(|author| author["name"].as_str()).map(one_line));
        let terms = ["categories", "tags"].into_iter().filter_map(|key| data.get(key)?.as_array()).flatten();
        self.terms = terms.filter_map(Value::as_str).map(one_line).collect();
        // The author of a blog is often its title, and a category often a tag.
        drop_repeats(&mut self.by);
        drop_repeats(&mut self.terms);
    }

    fn digest(&mut self, data: &Map<String, Value>) {
        let kinds = [
            ("published", EventType::PostPublished),
            ("updated", EventType::PostUpdated),
            ("removed", EventType::PostRemoved),
        ];
        let counts = kinds.map(|(key, _)| data.get(key).and_then(|kind| kind["count"].as_u64()).unwrap_or_default());
        self.heading = self.words.counts(counts);
        for (key, event_type) in kinds {
            let posts = data.get(key).and_then(|kind| kind["posts"].as_array()).into_iter().flatten();
            let entry = |post| {
                let (name, link) = self.entry(post);
                (self.words.heading(event_type, &name), link)
            };
            let entries: Vec<_> = posts.map(entry).collect();
            self.list.extend(entries);
        }
        self.unlist(counts.iter().sum());
    }

    /// Feeds, or addresses.
    fn several(&mut self, event_type: EventType, of: Option<&Value>, count: Option<&Value>) {
        let named = of.and_then(Value::as_array).into_iter().flatten();
        self.list = named.map(|one| self.entry(one)).collect();
        let count = count.and_then(Value::as_u64).unwrap_or(self.list.len() as u64);
        self.heading = self.words.heading(event_type, &count.to_string());
        self.unlist(count);
    }

    /// The name and address of something with a title, or of an address.
    fn entry(&self, named: &Value) -> (String, String) {
        let url = named["url"].as_str().or_else(|| named.as_str());
        let link = url.and_then(address).unwrap_or_else(|| self.link.clone());
        let title = named["title"].as_str().map(one_line).filter(|title| !title.trim().is_empty());
        (title.unwrap_or_else(|| link.clone()), link)
    }

    fn unlist(&mut self, all: u64) {
        self.unlisted = usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(self.list.len());
    }

    fn notice(&mut self, event_type: EventType, data: &Map<String, Value>, site: &Site) {
        let name = NAMES.into_iter().find(|&key| text(data, key).is_some());
        let named = name.filter(|_| event_type != EventType::Ping).and_then(|key| text(data, key));
        self.heading = self.words.heading(event_type, &one_line(named.unwrap_or(&site.title)));
        let detail = |(key, value): (&String, &Value)| {
            let value = match value {
                Value::String(value) => one_line(value),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
            };
            let known = Some(key.as_str()) == name || matches!(key.as_str(), "id" | "url" | "site");
            (!known).then(|| format!("{}: {value}", key.replace('_', " ")))
        };
        self.text = data.iter().filter_map(detail).collect::<Vec<_>>().join(", ");
    }
}

fn text<'a>(data: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    data.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// The address in the form in which it can stand anywhere, if it is one that people can open.
fn address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let address = String::from(url).replace('|', "%7C").replace('\'', "%27");
    (address.len() <= LONGEST_LINK).then_some(address)
}

fn drop_repeats(texts: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    texts.retain(|text| !text.is_empty() && seen.insert(text.to_lowercase()));
}
