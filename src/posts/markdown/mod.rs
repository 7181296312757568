//! Markdown to HTML that is fit for a feed: CommonMark with the GitHub extensions, and emphasis that works beside CJK text.
//!
//! In: the body of a post, and the URL its references are relative to. Out: HTML without relative URLs, balanced by
//! construction. Never: an HTML parser, unless the body holds raw HTML; then everything goes through [`html::clean`]
//! once.

mod attributes;
mod blocks;
mod contents;
mod dialect;
mod events;
mod footnotes;
mod headings;
mod items;
mod linkify;
mod merge;
mod omit;
mod smarten;
mod stage;
mod summary;
mod tables;

use std::borrow::Cow;
use std::cell::OnceCell;

use memchr::memmem;
use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser};

pub use self::dialect::{Dialect, Goldmark, Zola};
pub use self::summary::{comment, first_words, more_marker};

use self::blocks::CONTENTS;
use self::events::Events;
use self::tables::EMPTY_HEAD;
use super::emphasis::Marked;
use super::html::{self, Base};
use super::text;

/// Renders a whole body; relative URLs are resolved against `base`.
#[must_use]
pub fn to_html(body: &str, base: &str, dialect: Dialect) -> String {
    let prepared = dialect.prepare(body);
    let marked = Marked::new(&prepared.text, dialect.emphasis());
    let parsed = Parser::new_ext(&marked.text, dialect.options()).into_offset_iter();
    let adapted = dialect.adapt(parsed, &marked, &prepared.blocks);
    let resolver = Base::new(base);
    write(Events::new(adapted, &resolver), body.len(), &resolver)
}

/// Renders `head`, the beginning of `body`, with the link reference definitions that `body` holds after it.
///
/// Footnotes are left out, references and all: an excerpt has no place for them.
#[must_use]
pub fn excerpt_to_html(head: &str, body: &str, base: &str, dialect: Dialect) -> String {
    let head = dialect.prepare(head);
    let marked = Marked::new(&head.text, dialect.emphasis());
    // Both are read on the first use: few excerpts hold such a link.
    let prepared = OnceCell::new();
    let mut whole = None;
    let look_up = |mut link: BrokenLink<'_>| {
        let text = || &prepared.get_or_init(|| dialect.prepare(body)).text;
        let whole = whole.get_or_insert_with(|| Parser::new_ext(text(), dialect.options()));
        marked.unmark_str(&mut link.reference);
        let found = whole.reference_definitions().get(&link.reference)?.clone().into_static();
        Some((found.dest, found.title.unwrap_or(CowStr::Borrowed(""))))
    };
    // The older footnotes are recognised without their definition, which may come later in the body.
    let options = dialect.options() | Options::ENABLE_OLD_FOOTNOTES;
    let parsed = Parser::new_with_broken_link_callback(&marked.text, options, Some(look_up)).into_offset_iter();
    let adapted = dialect.adapt(parsed, &marked, &head.blocks);
    let resolver = Base::new(base);
    write(Events::without_footnotes(adapted, &resolver), head.text.len(), &resolver)
}

fn write<'a>(mut events: Events<'a, '_, impl Iterator<Item = Event<'a>>>, len: usize, base: &Base) -> String {
    let mut written = String::with_capacity(len + len / 4);
    pulldown_cmark::html::push_html(&mut written, &mut events);
    let holds = |text: &str, what: &str| memmem::find(text.as_bytes(), what.as_bytes()).is_some();
    if holds(&written, CONTENTS) {
        written = written.replacen(CONTENTS, &events.contents().to_html(base), 1);
    }
    if holds(&written, EMPTY_HEAD) {
        written = written.replace(EMPTY_HEAD, "");
    }
    if events.have_raw_html() {
        return html::clean_against(&written, base);
    }
    // Characters that a reference like `&#8;` brought in; markup is not made of them, so they can go at the end.
    match text::allowed(&written) {
        Cow::Borrowed(_) => written,
        Cow::Owned(kept) => kept,
    }
}

#[cfg(test)]
mod tests;
