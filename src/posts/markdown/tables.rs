//! Tables without a head.
//!
//! In: the events of one body and their places. Out: the same, with heads of which every cell is empty made [`EMPTY_HEAD`].
//! Never: a look at the cells' events, which come too late: what stands in the source tells.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::stage::Stage;

/// What the writer makes of such a head; it has to go from what is written.
pub(super) const EMPTY_HEAD: &str = "<thead><tr></tr></thead>";

/// What the parser takes away at the edges of a cell, and what ends its line.
const BLANK: &[u8] = b" \t\x0B\x0C\r\n";

/// Takes the cells of such heads away. The head stays: the writer has to know where the body begins.
pub(super) struct Tables<'a> {
    source: &'a str,
    in_empty_head: bool,
}

impl<'a> Tables<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, in_empty_head: false }
    }
}

impl<'a> Stage<'a> for Tables<'a> {
    fn pass(&mut self, event: &mut Event<'a>, range: &Range<usize>) -> bool {
        match event {
            Event::Start(Tag::TableHead) => {
                // White space of other kinds is text to the parser.
                let is_empty = |row: &str| row.bytes().all(|byte| byte == b'|' || BLANK.contains(&byte));
                self.in_empty_head = self.source.get(range.clone()).is_some_and(is_empty);
            }
            Event::End(TagEnd::TableHead) => self.in_empty_head = false,
            Event::Start(Tag::TableCell) | Event::End(TagEnd::TableCell) => return !self.in_empty_head,
            _ => {}
        }
        true
    }
}
