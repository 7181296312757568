//! Text that the parser gives in pieces, put together again.
//!
//! In: the events of one body and their places. Out: the same, with neighbouring pieces of text that stand in the source as
//! they are made one. Never: a merge across an escape or a character reference, which later stages have to tell from text.

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{CowStr, Event};

/// An iterator over the merged events.
pub(super) struct Merged<'a, I: Iterator> {
    parsed: Peekable<I>,
    source: &'a str,
}

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> Merged<'a, I> {
    pub(super) fn new(parsed: I, source: &'a str) -> Self {
        Self { parsed: parsed.peekable(), source }
    }
}

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> Iterator for Merged<'a, I> {
    type Item = (Event<'a>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let (event, mut range) = self.parsed.next()?;
        if !is_literal(&event, &range, self.source) {
            return Some((event, range));
        }
        let follows =
            |(next, at): &(Event<'_>, Range<usize>), end| at.start == end && is_literal(next, at, self.source);
        while let Some((_, at)) = self.parsed.next_if(|next| follows(next, range.end)) {
            range.end = at.end;
        }
        Some((Event::Text(CowStr::Borrowed(&self.source[range.clone()])), range))
    }
}

/// Whether an event is text that stands in the source as it is.
pub(super) fn is_literal(event: &Event<'_>, range: &Range<usize>, source: &str) -> bool {
    let Event::Text(text) = event else { return false };
    // Mostly it is the very place, and what stands there need not be compared.
    let is = |there: &str| std::ptr::eq(there, &**text) || there == &**text;
    text.len() == range.len() && source.get(range.clone()).is_some_and(is)
}
