//! Telegram: one `sendMessage`, in HTML.
//!
//! In: items and the chat. Out: the body, and the address of the method. Never: a tag that a text brought along, or a mention:
//! Telegram finds those by itself.

use serde_json::json;
use url::Url;

use super::Message;
use super::item::Item;
use super::layout::{Style, Written, compose};
use super::text::{MUTED_AT, escape, utf16};
use crate::config::Webhook;

/// UTF-16 units of text; tags are not counted.
const TEXT: usize = 4096;

const METHOD: &str = "sendMessage";

struct Html;

impl Style for Html {
    fn cost(&self, plain: &str) -> usize {
        utf16(&mute(plain))
    }

    fn plain(&self, plain: &str) -> String {
        escape(&mute(plain), |c| match c {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            '"' => Some("&quot;"),
            _ => None,
        })
    }

    fn link(&self, plain: &str, address: &str) -> Written {
        let text = format!(r#"<a href="{}">{}</a>"#, self.plain(address), self.plain(plain));
        Written { cost: self.cost(plain), text }
    }

    fn heading(&self, plain: &str, address: &str) -> Written {
        let link = self.link(plain, address);
        Written { text: format!("<b>{}</b>", link.text), cost: link.cost }
    }
}

/// A URL that ends with the bot's token gets the method behind it.
pub(super) fn message(message: Message, items: &[Item], chat: &str, webhook: &Webhook) -> Message {
    let preview = match items {
        [one] => json!({ "url": one.link, "prefer_small_media": true }),
        _ => json!({ "is_disabled": true }),
    };
    let text = compose(&Html, items, TEXT);
    let body = json!({ "chat_id": chat, "text": text, "parse_mode": "HTML", "link_preview_options": preview });
    Message { url: method(&webhook.url), ..message.with(body.to_string()) }
}

fn method(url: &Url) -> Option<Url> {
    let mut url = url.clone();
    let named = url.path_segments().and_then(|mut segments| segments.next_back()) == Some(METHOD);
    if named {
        return None;
    }
    url.path_segments_mut().ok()?.pop_if_empty().push(METHOD);
    Some(url)
}

/// Invisible behind the `@`, so that it is no mention.
fn mute(plain: &str) -> String {
    escape(plain, |c| (c == '@').then_some(MUTED_AT))
}
