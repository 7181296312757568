//! Text that the parser gives in pieces, put together again.
//!
//! In: the events of one body and their places. Out: the same, with neighbouring pieces of text that stand in the source as
//! they are made one. Never: a merge across an escape or a character reference, which later stages have to tell from text.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event};

/// An iterator over the merged events.
pub(super) struct Merged<'a, I> {
    parsed: I,
    source: &'a str,
    /// What came behind a text.
    next: Option<(Event<'a>, Range<usize>)>,
}

impl<'a, I> Merged<'a, I> {
    pub(super) fn new(parsed: I, source: &'a str) -> Self {
        Self { parsed, source, next: None }
    }

    /// Whether no text can come right behind one: at the end of its line is a break or the end of its block.
    fn ends_line(&self, range: &Range<usize>) -> bool {
        self.source.as_bytes().get(range.end).is_none_or(|byte| *byte == b'\n')
    }

    fn is_literal(&self, event: &Event<'_>, range: &Range<usize>) -> bool {
        matches!(event, Event::Text(text) if is_literal(text, range, self.source))
    }
}

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> Iterator for Merged<'a, I> {
    type Item = (Event<'a>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let next = if self.next.is_some() { self.next.take() } else { self.parsed.next() };
        let (event, range) = next.as_ref()?;
        if !self.is_literal(event, range) || self.ends_line(range) {
            return next;
        }
        let mut range = range.clone();
        while let Some((event, at)) = self.parsed.next() {
            if at.start != range.end || !self.is_literal(&event, &at) {
                self.next = Some((event, at));
                break;
            }
            range.end = at.end;
        }
        Some((Event::Text(CowStr::Borrowed(&self.source[range.clone()])), range))
    }
}

/// Whether a text stands in the source as it is.
pub(super) fn is_literal(text: &str, range: &Range<usize>, source: &str) -> bool {
    // Mostly it is the very place, and what stands there need not be compared.
    let is = |there: &str| std::ptr::eq(there, text) || there == text;
    text.len() == range.len() && source.get(range.clone()).is_some_and(is)
}
