//! What was kept from the parser, put back.
//!
//! In: the events of one body, and the blocks that kramdown's rewriting took out of it. Out: the events with HTML where it
//! stood, and a mark where the table of contents goes. Never: a change to code of the author's.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Tag, TagEnd};

use super::stage::Stage;
use crate::posts::kramdown::{Block, number_of};

/// What stands for the table of contents until all headings are known; the writer escapes it if it is an author's text.
pub(super) const CONTENTS: &str = "<!--contents-->";

/// Puts them back, each in place of its empty code block.
pub(super) struct Restored<'a> {
    blocks: &'a [Block],
    skipping: bool,
}

impl<'a> Restored<'a> {
    pub(super) fn new(blocks: &'a [Block]) -> Self {
        Self { blocks, skipping: false }
    }
}

impl<'a> Stage<'a> for Restored<'a> {
    fn pass(&mut self, event: &mut Event<'a>, _: &Range<usize>) -> bool {
        if self.skipping {
            self.skipping = *event != Event::End(TagEnd::CodeBlock);
            return false;
        }
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = &*event else { return true };
        let Some(block) = number_of(info).and_then(|number| self.blocks.get(number)) else { return true };
        self.skipping = true;
        let html: &str = match block {
            Block::Html(html) => html,
            Block::Contents => CONTENTS,
            Block::End => return false,
        };
        *event = Event::Html(CowStr::Borrowed(html));
        true
    }
}
