//! Tables without a head.
//!
//! In: the events of one body and their places. Out: the same, with heads of which every cell is empty made [`EMPTY_HEAD`].
//! Never: a head with text in it held back for longer than that text.

use std::collections::VecDeque;
use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

/// What the writer makes of such a head; it has to go from what is written.
pub(super) const EMPTY_HEAD: &str = "<thead><tr></tr></thead>";

/// An iterator over the events that are left.
pub(super) struct Tables<'a, I> {
    parsed: I,
    /// The head, until it is known whether it is empty.
    held: VecDeque<(Event<'a>, Range<usize>)>,
}

impl<I> Tables<'_, I> {
    pub(super) fn new(parsed: I) -> Self {
        Self { parsed, held: VecDeque::new() }
    }
}

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> Iterator for Tables<'a, I> {
    type Item = (Event<'a>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(held) = self.held.pop_front() {
            return Some(held);
        }
        let next = self.parsed.next()?;
        if next.0 != Event::Start(Tag::TableHead) {
            return Some(next);
        }
        self.held.push_back(next);
        for (event, range) in self.parsed.by_ref() {
            let is_cell = matches!(event, Event::Start(Tag::TableCell) | Event::End(TagEnd::TableCell));
            let ends = event == Event::End(TagEnd::TableHead);
            self.held.push_back((event, range));
            if ends {
                // The writer has to know that the body begins here.
                self.held.retain(|(event, _)| {
                    !matches!(event, Event::Start(Tag::TableCell) | Event::End(TagEnd::TableCell))
                });
                break;
            }
            if !is_cell {
                break;
            }
        }
        self.held.pop_front()
    }
}
