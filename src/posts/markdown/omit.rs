//! Markdown without its raw HTML, as Hugo writes it unless told otherwise.
//!
//! In: the events of one body and their places. Out: the same without HTML; what stands between two tags stays. Never: a
//! trace of a tag, or the comment that Hugo leaves in its place.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::stage::Stage;

/// Takes it away.
pub(super) struct WithoutRawHtml;

impl<'a> Stage<'a> for WithoutRawHtml {
    fn pass(&mut self, event: &mut Event<'a>, _: &Range<usize>) -> bool {
        !matches!(
            event,
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock)
        )
    }
}
