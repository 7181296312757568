//! Markdown to HTML that is fit for a feed: CommonMark with the GitHub extensions, and emphasis that works beside CJK text.
//!
//! In: the body of a post, and the URL its references are relative to. Out: HTML without relative URLs, balanced by
//! construction. Never: an HTML parser, unless the body holds raw HTML; then everything goes through [`html::clean`]
//! once.

mod events;
mod footnotes;
mod headings;

use std::borrow::Cow;

use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser};

use self::events::Events;
use super::emphasis::Marked;
use super::html::{self, Base};
use super::text;

const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_HEADING_ATTRIBUTES);

/// Renders a whole body; relative URLs are resolved against `base`.
#[must_use]
pub fn to_html(body: &str, base: &str) -> String {
    let marked = Marked::new(body);
    let parsed = Parser::new_ext(&marked.text, OPTIONS).map(|event| marked.unmark(event));
    let resolver = Base::new(base);
    write(Events::new(parsed, &resolver), body.len(), base)
}

/// Renders `head`, the beginning of `body`, with the link reference definitions that `body` holds after it.
///
/// Footnotes are left out, references and all: an excerpt has no place for them.
#[must_use]
pub fn excerpt_to_html(head: &str, body: &str, base: &str) -> String {
    let marked = Marked::new(head);
    let mut whole = None;
    let look_up = |link: BrokenLink<'_>| {
        // Read on the first use: few excerpts hold such a link.
        let whole = whole.get_or_insert_with(|| Parser::new_ext(body, OPTIONS));
        let found = whole.reference_definitions().get(&marked.unmark_str(link.reference))?.clone().into_static();
        Some((found.dest, found.title.unwrap_or(CowStr::Borrowed(""))))
    };
    // The older footnotes are recognised without their definition, which may come later in the body.
    let options = OPTIONS | Options::ENABLE_OLD_FOOTNOTES;
    let parsed = Parser::new_with_broken_link_callback(&marked.text, options, Some(look_up));
    let resolver = Base::new(base);
    write(Events::without_footnotes(parsed.map(|event| marked.unmark(event)), &resolver), head.len(), base)
}

fn write<'a>(mut events: Events<'a, '_, impl Iterator<Item = Event<'a>>>, len: usize, base: &str) -> String {
    let mut written = String::with_capacity(len + len / 4);
    pulldown_cmark::html::push_html(&mut written, &mut events);
    if events.have_raw_html() {
        return html::clean(&written, base);
    }
    // Characters that a reference like `&#8;` brought in; markup is not made of them, so they can go at the end.
    match text::allowed(&written) {
        Cow::Borrowed(_) => written,
        Cow::Owned(kept) => kept,
    }
}

#[cfg(test)]
mod tests;
