//! Slack: blocks for those who look, a text for those who are notified.
//!
//! In: items. Out: the body for an incoming webhook. Never: a character that Slack reads as the beginning of a mention, a
//! channel or a link (its three are `&`, `<` and `>`).

use serde_json::{Value, json};

use super::item::Item;
use super::layout::{BYLINE, HEADING, Style, Written, heading, text};
use super::text::{escape, fit, utf16};

/// UTF-16 units in the text of one block.
const BLOCK: usize = 3000;

/// Blocks in a message.
const BLOCKS: usize = 50;

/// UTF-16 units of the text that notifications show.
const FALLBACK: usize = 4000;

struct Mrkdwn;

impl Style for Mrkdwn {
    fn cost(&self, plain: &str) -> usize {
        utf16(&self.plain(plain))
    }

    fn plain(&self, plain: &str) -> String {
        escape(plain, |c| match c {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            _ => None,
        })
    }

    fn link(&self, plain: &str, address: &str) -> Written {
        let text = format!("<{}|{}>", self.plain(address), self.plain(plain));
        Written { cost: utf16(&text), text }
    }

    fn heading(&self, plain: &str, address: &str) -> Written {
        let link = self.link(plain, address);
        Written { text: format!("*{}*", link.text), cost: link.cost + 2 }
    }
}

pub(super) fn body(items: &[Item]) -> String {
    let shown = items.len().min(BLOCKS / 2 - 1);
    let mut blocks: Vec<_> = items[..shown].iter().flat_map(blocks).collect();
    if let Some(last) = items[shown..].last() {
        blocks.push(section(&Mrkdwn.plain(&last.words.more(items.len() - shown))));
    }
    json!({ "text": fallback(items), "blocks": blocks, "unfurl_links": false, "unfurl_media": false }).to_string()
}

/// What is said, and below it in small letters who says it.
fn blocks(item: &Item) -> [Value; 2] {
    let head = heading(&Mrkdwn, item);
    let text = text(&Mrkdwn, item, BLOCK - head.cost);
    let byline = Mrkdwn.plain(&fit(&item.byline(), BYLINE, |text| Mrkdwn.cost(text)));
    [section(&(head.text + &text.text)), json!({ "type": "context", "elements": [mrkdwn(&byline)] })]
}

/// Headings and addresses, as many as fit.
fn fallback(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        let line = Mrkdwn.link(&fit(&item.heading, HEADING, |text| Mrkdwn.cost(text)), &item.link);
        if utf16(&text) + line.cost + 1 > FALLBACK {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line.text);
    }
    text
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": mrkdwn(text) })
}

/// `verbatim`: nothing in the text becomes a mention or a link because it looks like one.
fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}
