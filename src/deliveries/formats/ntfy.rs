//! ntfy: a notification, published as JSON at the root of the server.
//!
//! In: items, and the topic at the end of the webhook's URL. Out: the body and the address. Of one post, a later message
//! takes the place of an earlier one (`sequence_id`). Never: a message so long that ntfy makes an attachment of it.

use serde_json::json;
use url::Url;

use super::Message;
use super::item::Item;
use super::layout::{self, Style, Written, compose};
use super::text::fit;
use crate::config::{Site, Webhook};
use crate::events::message_id;

/// Bytes of a message.
const MESSAGE: usize = 4096;

/// Bytes of a title.
const TITLE: usize = 1000;

/// Bytes of all tags, with a comma between two.
const TAGS: usize = 512;

struct Plain;

impl Style for Plain {
    fn cost(&self, plain: &str) -> usize {
        plain.len()
    }

    fn plain(&self, plain: &str) -> String {
        plain.to_owned()
    }

    /// Addresses are links by themselves.
    fn link(&self, plain: &str, address: &str) -> Written {
        let text = format!("{plain}\n{address}");
        Written { cost: text.len(), text }
    }
}

pub(super) fn message(message: Message, items: &[Item], webhook: &Webhook, site: &Site) -> Message {
    let (url, topic) = server(&webhook.url);
    let mut body = match items {
        [one] => notification(one),
        several => json!({
            "title": fit(&heading(several, site), TITLE, str::len),
            "message": compose(&Plain, several, MESSAGE),
            "click": site.url,
        }),
    };
    body["topic"] = topic.into();
    Message { url: Some(url), ..message.with(body.to_string()) }
}

fn notification(item: &Item) -> serde_json::Value {
    let mut body = json!({
        "title": fit(&item.heading, TITLE, str::len),
        "message": layout::body(&Plain, item, MESSAGE).text.trim_start(),
        "click": item.link,
    });
    if let Some(post) = &item.post {
        body["sequence_id"] = message_id([post]).into();
        body["tags"] = tags(&item.terms).into();
    }
    body
}

/// So many of what, and where.
fn heading(items: &[Item], site: &Site) -> String {
    let words = items.last().map(|item| item.words.several(items.len())).unwrap_or_default();
    format!("{words} · {}", site.title)
}

/// As many as fit; a comma would make two of one.
fn tags(terms: &[String]) -> Vec<&str> {
    let mut left = TAGS;
    let mut tags = Vec::new();
    for term in terms.iter().filter(|term| !term.contains(',')) {
        if let Some(rest) = left.checked_sub(term.len() + 1) {
            left = rest;
            tags.push(term.as_str());
        }
    }
    tags
}

/// The server, and the topic at the end of the URL.
fn server(url: &Url) -> (Url, String) {
    let mut server = url.clone();
    let segment = url.path_segments().and_then(|segments| segments.rev().find(|segment| !segment.is_empty()));
    let topic = percent_encoding::percent_decode_str(segment.unwrap_or_default()).decode_utf8_lossy().into_owned();
    if let Ok(mut segments) = server.path_segments_mut() {
        segments.pop_if_empty().pop().push("");
    }
    (server, topic)
}
