//! Mattermost: one Markdown text.
//!
//! In: items. Out: the body for an incoming webhook. Never: a mention. Mattermost looks for them beside its Markdown, so a
//! backslash before an `@` is not enough, nor before the `<` of Slack's `<!channel>`, which it knows too.

use serde_json::json;

use super::item::Item;
use super::layout::{Style, Written, compose};
use super::text::{MUTED_AT, characters, escape, markdown_url};

/// Characters in a post.
const POST: usize = 16_383;

struct Markdown;

impl Style for Markdown {
    fn cost(&self, plain: &str) -> usize {
        characters(&self.plain(plain))
    }

    fn plain(&self, plain: &str) -> String {
        escape(plain, |c| match c {
            '@' => Some(MUTED_AT),
            '<' => Some("\\<\u{2060}"),
            '>' => Some(r"\>"),
            '\\' => Some(r"\\"),
            '*' => Some(r"\*"),
            '_' => Some(r"\_"),
            '~' => Some(r"\~"),
            '`' => Some(r"\`"),
            '|' => Some(r"\|"),
            '[' => Some(r"\["),
            ']' => Some(r"\]"),
            '#' => Some(r"\#"),
            '!' => Some(r"\!"),
            _ => None,
        })
    }

    fn link(&self, plain: &str, address: &str) -> Written {
        let text = format!("[{}]({})", self.plain(plain), markdown_url(address));
        Written { cost: characters(&text), text }
    }

    fn heading(&self, plain: &str, address: &str) -> Written {
        let link = self.link(plain, address);
        Written { text: format!("**{}**", link.text), cost: link.cost + 4 }
    }
}

pub(super) fn body(items: &[Item]) -> String {
    json!({ "text": compose(&Markdown, items, POST) }).to_string()
}
