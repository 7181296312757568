//! Discord: one embed an item.
//!
//! In: items. Out: the body for a webhook, and the address that waits until the message is taken. Never: a mention: none is
//! allowed, whatever a text says.

use serde_json::{Value, json};

use super::item::Item;
use super::layout::{BYLINE, HEADING, Style, Written, text};
use super::text::{escape, fit, markdown_url, utf16};
use super::{Message, Told};
use crate::config::Webhook;

/// Embeds in a message.
const EMBEDS: usize = 10;

/// UTF-16 units in titles, descriptions and footers of all embeds.
const ALL: usize = 6000;

/// UTF-16 units in one description.
const DESCRIPTION: usize = 4096;

struct Markdown;

impl Style for Markdown {
    fn cost(&self, plain: &str) -> usize {
        utf16(&self.plain(plain))
    }

    fn plain(&self, plain: &str) -> String {
        escape(plain, |c| match c {
            '\\' => Some(r"\\"),
            '*' => Some(r"\*"),
            '_' => Some(r"\_"),
            '~' => Some(r"\~"),
            '`' => Some(r"\`"),
            '|' => Some(r"\|"),
            '<' => Some(r"\<"),
            '>' => Some(r"\>"),
            '[' => Some(r"\["),
            ']' => Some(r"\]"),
            '(' => Some(r"\("),
            ')' => Some(r"\)"),
            '#' => Some(r"\#"),
            '-' => Some(r"\-"),
            '@' => Some(r"\@"),
            _ => None,
        })
    }

    fn link(&self, plain: &str, address: &str) -> Written {
        let text = format!("[{}]({})", self.plain(plain), markdown_url(address));
        Written { cost: utf16(&text), text }
    }
}

/// `wait`: without it, Discord says that all is well before it has looked.
pub(super) fn message(message: Message, items: &[Item], told: &[Told<'_>], webhook: &Webhook) -> Message {
    let mut url = webhook.url.clone();
    if !url.query_pairs().any(|(name, _)| name == "wait") {
        url.query_pairs_mut().append_pair("wait", "true");
    }
    Message { url: Some(url), ..message.with(body(items, told)) }
}

fn body(items: &[Item], told: &[Told<'_>]) -> String {
    let shown = items.len().min(EMBEDS);
    let mut left = ALL - shown * (HEADING + BYLINE);
    let mut embeds = Vec::new();
    for (at, (item, told)) in items.iter().zip(told).take(shown).enumerate() {
        let description = description(item, (left / (shown - at)).min(DESCRIPTION));
        left -= utf16(&description);
        embeds.push(embed(item, description, &told.time()));
    }
    let rest = items.get(shown..).and_then(|rest| Some(rest.last()?.words.more(rest.len())));
    json!({ "content": rest.unwrap_or_default(), "embeds": embeds, "allowed_mentions": { "parse": [] } }).to_string()
}

fn description(item: &Item, room: usize) -> String {
    text(&Markdown, item, room).text.trim_start().to_owned()
}

fn embed(item: &Item, description: String, time: &str) -> Value {
    let mut embed = json!({
        "title": Markdown.plain(&fit(&item.heading, HEADING, |text| Markdown.cost(text))),
        "url": item.link,
        "description": description,
        "timestamp": time,
        // Plain text, here.
        "footer": { "text": fit(&item.byline(), BYLINE, utf16) },
    });
    if let Some(image) = &item.image {
        embed["thumbnail"] = json!({ "url": image });
    }
    embed
}
