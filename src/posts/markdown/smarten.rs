//! Running text made typographic, and nothing else.
//!
//! In: the events of one body and their places. Out: the same with the quotes, dashes and dots of a [`Smart`]. Never: a
//! change to code, to a URL that stands for itself, or to what the author escaped.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::merge::is_literal;
use super::stage::Stage;
use crate::posts::emphasis::Marked;
use crate::posts::smart::{Interruption, Smart, has_symbols};

/// Makes text typographic.
pub(super) struct Smartened<'a, S> {
    marked: &'a Marked<'a>,
    smart: S,
    /// How many elements are open whose text stays.
    protected: usize,
    /// What came before, if it was no text.
    between: Option<Between>,
    /// Where the last text ended.
    last_end: usize,
}

#[derive(Debug, Clone, Copy)]
enum Between {
    Line,
    Markup,
    Block,
}

impl<'a, S: Smart> Smartened<'a, S> {
    pub(super) fn new(marked: &'a Marked<'a>, smart: S) -> Self {
        Self { marked, smart, protected: 0, between: Some(Between::Block), last_end: 0 }
    }

    /// What text becomes; `None` if it stays.
    fn text(&mut self, text: &str, range: &Range<usize>) -> Option<String> {
        let source: &str = &self.marked.text;
        let before = self.marked.last_char(&source[..range.start]);
        match self.between.take() {
            Some(Between::Line) => self.smart.interrupt(Interruption::Line),
            Some(Between::Markup) => self.smart.interrupt(Interruption::Markup(before.unwrap_or('\n'))),
            Some(Between::Block) => self.smart.interrupt(Interruption::Block),
            None => {}
        }
        let escaped = before == Some('\\') && self.last_end < range.start;
        self.last_end = range.end;
        if !is_literal(text, range, source) {
            self.smart.push_verbatim(&mut String::new(), text);
            return None;
        }
        let first = if escaped { text.chars().next().map_or(0, char::len_utf8) } else { 0 };
        if first == 0 && !has_symbols(text) {
            self.smart.pass(text);
            return None;
        }
        let mut out = String::with_capacity(text.len() + 8);
        if first > 0 {
            self.smart.push_verbatim(&mut out, &text[..first]);
        }
        let mut rest = &text[first..];
        // Marks are none of the author's text, so they stand between no quote and its neighbours.
        while let Some((before, mark, behind)) = self.marked.split(rest) {
            self.smart.push(&mut out, before, &source[range.end - behind.len()..]);
            out.push_str(mark);
            rest = behind;
        }
        self.smart.push(&mut out, rest, &source[range.end..]);
        (out != text).then_some(out)
    }
}

impl<'a, S: Smart> Stage<'a> for Smartened<'a, S> {
    fn pass(&mut self, event: &mut Event<'a>, range: &Range<usize>) -> bool {
        match event {
            Event::Text(text) if self.protected == 0 => {
                if let Some(smart) = self.text(text, range) {
                    *text = smart.into();
                }
            }
            other => {
                self.protected = match other {
                    Event::Start(tag) if protects(tag) => self.protected + 1,
                    Event::End(TagEnd::CodeBlock) => self.protected.saturating_sub(1),
                    Event::End(TagEnd::Link) if self.protected > 0 => self.protected - 1,
                    Event::Start(Tag::Link { .. }) if self.protected > 0 => self.protected + 1,
                    _ => self.protected,
                };
                self.between = Some(between(other));
            }
        }
        true
    }
}

fn protects(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::CodeBlock(_) | Tag::Link { link_type: LinkType::Autolink | LinkType::Email, .. })
}

fn between(event: &Event<'_>) -> Between {
    match event {
        Event::SoftBreak | Event::HardBreak => Between::Line,
        Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
        | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
        | Event::Text(_)
        | Event::Code(_)
        | Event::InlineHtml(_)
        | Event::InlineMath(_)
        | Event::DisplayMath(_)
        | Event::FootnoteReference(_)
        | Event::TaskListMarker(_) => Between::Markup,
        _ => Between::Block,
    }
}
