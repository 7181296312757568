//! What was kept from the parser, put back.
//!
//! In: the events of one body, and the blocks that kramdown's rewriting took out of it. Out: the events with HTML where it
//! stood, and a mark where the table of contents goes. Never: a change to code of the author's.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Tag, TagEnd};

use crate::posts::kramdown::{Block, number_of};

/// What stands for the table of contents until all headings are known; the writer escapes it if it is an author's text.
pub(super) const CONTENTS: &str = "<!--contents-->";

/// An iterator over all of the events.
pub(super) struct Restored<'a, I> {
    parsed: I,
    blocks: &'a [Block],
    skipping: bool,
}

impl<'a, I> Restored<'a, I> {
    pub(super) fn new(parsed: I, blocks: &'a [Block]) -> Self {
        Self { parsed, blocks, skipping: false }
    }
}

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> Iterator for Restored<'a, I> {
    type Item = (Event<'a>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (event, range) = self.parsed.next()?;
            if self.skipping {
                self.skipping = event != Event::End(TagEnd::CodeBlock);
                continue;
            }
            let number = match &event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => number_of(info),
                _ => None,
            };
            let Some(block) = number.and_then(|number| self.blocks.get(number)) else { return Some((event, range)) };
            self.skipping = true;
            match block {
                Block::Html(html) => return Some((Event::Html(CowStr::Borrowed(html)), range)),
                Block::Contents => return Some((Event::Html(CowStr::Borrowed(CONTENTS)), range)),
                Block::End => {}
            }
        }
    }
}
