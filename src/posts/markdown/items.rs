//! Lists whose items are loose or tight one by one, as kramdown decides it.
//!
//! In: the events of one body and their places. Out: the same without the paragraphs around the text of tight items.
//! Never: the whole list at once; an empty line behind the text tells.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::stage::Stage;

/// Takes the tags of such paragraphs away.
pub(super) struct Items<'a> {
    source: &'a str,
    /// The open lists, outermost first.
    lists: Vec<List>,
    /// Whether an item has just begun, and where it ends.
    item: Option<usize>,
    /// Whether the paragraph that is open lost its tags.
    open_tight: bool,
}

#[derive(Debug, Default)]
struct List {
    end: usize,
    items: usize,
    /// Whether an item before has no paragraph around its text.
    has_tight: bool,
}

impl<'a> Items<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, lists: Vec::new(), item: None, open_tight: false }
    }

    /// Whether the first paragraph of an item is written without its tags.
    fn is_tight(&mut self, paragraph: &Range<usize>, item_end: usize) -> bool {
        let Some(list) = self.lists.last_mut() else { return false };
        let behind = &self.source[paragraph.end..];
        let blank = behind.lines().next().is_none_or(|line| line.trim_matches(['>', ' ', '\t']).is_empty());
        let has = |from: usize, to: usize| self.source.get(from..to).is_some_and(|text| !is_blank(text));
        let is_last = !has(item_end, list.end);
        let alone = !has(paragraph.end, item_end);
        let tight = (!blank || is_last && alone) && (!is_last || list.items == 1 || list.has_tight);
        list.has_tight |= tight;
        tight
    }
}

impl<'a> Stage<'a> for Items<'a> {
    fn pass(&mut self, event: &mut Event<'a>, range: &Range<usize>) -> bool {
        let item = self.item.take();
        match event {
            Event::Start(Tag::List(_)) => self.lists.push(List { end: range.end, ..List::default() }),
            Event::End(TagEnd::List(_)) => {
                self.lists.pop();
            }
            Event::Start(Tag::Item) => {
                self.item = Some(range.end);
                if let Some(list) = self.lists.last_mut() {
                    list.items += 1;
                }
            }
            Event::Start(Tag::Paragraph) => {
                if item.is_some_and(|end| self.is_tight(range, end)) {
                    self.open_tight = true;
                    return false;
                }
            }
            Event::End(TagEnd::Paragraph) if std::mem::take(&mut self.open_tight) => return false,
            // An item that begins with something else, or whose list the parser took for tight.
            _ => {
                if let Some(list) = self.lists.last_mut().filter(|_| item.is_some()) {
                    list.has_tight = true;
                }
            }
        }
        true
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '>')
}
