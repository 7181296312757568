//! Parser events made fit for a feed, one by one.
//!
//! In: the events of one body. Out: the events to write, with absolute URLs, heading ids and numbered footnotes, nested no
//! deeper than a bound, and whether raw HTML is among them. Never: the whole body at once; only headings and footnotes are
//! held back.

use std::collections::VecDeque;

use pulldown_cmark::{Alignment, CowStr, Event, LinkType, Tag, TagEnd};

use super::blocks::CONTENTS;
use super::contents::Contents;
use super::footnotes::Footnotes;
use super::headings::HeadingIds;
use crate::posts::html::Base;

/// Deeper quotes, lists and emphasis lose their tags and keep their text; no post that a person wrote comes close.
const MAX_DEPTH: usize = 64;

/// An iterator over what is to be written.
pub(super) struct Events<'a, 'b, I> {
    parsed: I,
    base: &'b Base,
    /// To be written before anything more is read.
    ready: VecDeque<Event<'a>>,
    /// To be read again before anything more is parsed.
    held: VecDeque<Event<'a>>,
    /// `None` where footnotes are left out.
    footnotes: Option<Footnotes<'a>>,
    heading_ids: HeadingIds,
    contents: Contents,
    table: Table,
    /// For every link and image that is open: whether its tags are written.
    written: Vec<bool>,
    /// How many images are open: what is inside becomes their alternative text.
    images: usize,
    /// How many links are open: inside, nothing else may link.
    links: usize,
    depth: usize,
    has_raw_html: bool,
}

#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    in_head: bool,
    column: usize,
}

impl<'a, 'b, I: Iterator<Item = Event<'a>>> Events<'a, 'b, I> {
    pub(super) fn new(parsed: I, base: &'b Base) -> Self {
        Self { footnotes: Some(Footnotes::default()), ..Self::without_footnotes(parsed, base) }
    }

    pub(super) fn without_footnotes(parsed: I, base: &'b Base) -> Self {
        Self {
            parsed,
            base,
            ready: VecDeque::new(),
            held: VecDeque::new(),
            footnotes: None,
            heading_ids: HeadingIds::default(),
            contents: Contents::default(),
            table: Table::default(),
            written: Vec::new(),
            images: 0,
            links: 0,
            depth: 0,
            has_raw_html: false,
        }
    }

    /// Whether the author's own HTML is among the events given out.
    pub(super) fn have_raw_html(&self) -> bool {
        self.has_raw_html
    }

    /// The headings given out.
    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The next event to look at: held back ones first, then from the parser, then the footnotes.
    fn read(&mut self) -> Option<Event<'a>> {
        if let Some(event) = self.held.pop_front() {
            return Some(event);
        }
        for event in self.parsed.by_ref() {
            self.has_raw_html |= matches!(&event, Event::Html(html) | Event::InlineHtml(html) if **html != *CONTENTS);
            self.depth += usize::from(matches!(event, Event::Start(_)));
            let too_deep = self.depth > MAX_DEPTH && nests(&event);
            self.depth -= usize::from(matches!(event, Event::End(_)));
            if !too_deep {
                return Some(event);
            }
        }
        self.footnotes.as_mut()?.next(self.base, &mut self.held);
        self.held.pop_front()
    }

    /// What becomes of an event. Whether it is written, and now.
    fn step(&mut self, event: &mut Event<'a>) -> bool {
        match event {
            Event::Start(tag) => match tag {
                Tag::Heading { .. } => {
                    self.heading(tag);
                    true
                }
                Tag::Link { .. } | Tag::Image { .. } => self.link(tag),
                Tag::Table(alignments) => {
                    // The writer would align with a style.
                    self.table.alignments = std::mem::take(alignments);
                    true
                }
                Tag::TableHead | Tag::TableRow => {
                    self.table.in_head = *tag == Tag::TableHead;
                    self.table.column = 0;
                    true
                }
                Tag::TableCell => {
                    *event = self.table.cell();
                    true
                }
                Tag::FootnoteDefinition(label) => {
                    let content = self.definition();
                    if let Some(footnotes) = &mut self.footnotes {
                        footnotes.define(label, content);
                    }
                    false
                }
                _ => true,
            },
            Event::End(tag @ (TagEnd::Link | TagEnd::Image)) => {
                let written = self.written.pop().expect("the parser's events are balanced");
                if written {
                    *self.open_of(*tag == TagEnd::Image) -= 1;
                }
                written
            }
            Event::FootnoteReference(_) if self.images > 0 => false,
            Event::FootnoteReference(label) => {
                let Some(footnotes) = &mut self.footnotes else { return false };
                *event = Event::InlineHtml(footnotes.refer(label, self.base).into());
                true
            }
            _ => true,
        }
    }

    /// A link that leads nowhere loses its tags and keeps its text; so does an image, whose text is the alternative.
    fn link(&mut self, tag: &mut Tag<'a>) -> bool {
        let is_image = matches!(tag, Tag::Image { .. });
        let resolves = match tag {
            // The parser lets a link through when it stands in brackets that could have been an image.
            Tag::Link { .. } if self.links > 0 => false,
            // The writer puts the scheme before an address.
            Tag::Link { link_type: LinkType::Email, .. } => true,
            Tag::Link { dest_url, .. } => self.base.link(dest_url).map(|url| *dest_url = url.into()).is_some(),
            Tag::Image { dest_url, .. } => self.base.image(dest_url).map(|url| *dest_url = url.into()).is_some(),
            _ => true,
        };
        self.written.push(resolves);
        if resolves {
            *self.open_of(is_image) += 1;
        }
        resolves
    }

    fn open_of(&mut self, image: bool) -> &mut usize {
        if image { &mut self.images } else { &mut self.links }
    }

    /// Reads a heading to its end, because its id comes from its text.
    fn heading(&mut self, tag: &mut Tag<'a>) {
        let Tag::Heading { level, id, classes, attrs } = tag else { return };
        let mut text = String::new();
        while let Some(mut event) = self.read() {
            if let Event::Text(piece) | Event::Code(piece) = &event {
                text.push_str(piece);
            }
            let last = matches!(event, Event::End(TagEnd::Heading(_)));
            if self.step(&mut event) {
                self.ready.push_back(event);
            }
            if last {
                break;
            }
        }
        let given = self.heading_ids.assign(id.as_deref(), &text);
        if let Some(id) = given.as_deref().filter(|_| !classes.iter().any(|class| **class == *"no_toc")) {
            self.contents.add(*level, id, &text);
        }
        *id = given.map(CowStr::from);
        // Attributes that are neither id nor class could be anything, handlers too.
        attrs.clear();
    }

    /// Reads a footnote to its end.
    fn definition(&mut self) -> Vec<Event<'a>> {
        let mut content = Vec::new();
        let mut nested = 0_usize;
        while let Some(event) = self.read() {
            match event {
                Event::Start(Tag::FootnoteDefinition(_)) => nested += 1,
                Event::End(TagEnd::FootnoteDefinition) if nested == 0 => break,
                Event::End(TagEnd::FootnoteDefinition) => nested -= 1,
                _ => {}
            }
            content.push(event);
        }
        content
    }
}

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for Events<'a, '_, I> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let mut event = self.read()?;
            if self.step(&mut event) {
                return Some(event);
            }
        }
    }
}

/// Whether an event starts or ends what can stand inside its own kind.
fn nests(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item | Tag::Emphasis | Tag::Strong | Tag::Strikethrough)
            | Event::End(
                TagEnd::BlockQuote(_)
                    | TagEnd::List(_)
                    | TagEnd::Item
                    | TagEnd::Emphasis
                    | TagEnd::Strong
                    | TagEnd::Strikethrough
            )
    )
}

impl Table {
    fn cell<'a>(&mut self) -> Event<'a> {
        let alignment = self.alignments.get(self.column).copied().unwrap_or(Alignment::None);
        self.column += 1;
        let tag = match (alignment, self.in_head) {
            (Alignment::None, _) => return Event::Start(Tag::TableCell),
            (Alignment::Left, true) => "<th align=\"left\">",
            (Alignment::Left, false) => "<td align=\"left\">",
            (Alignment::Center, true) => "<th align=\"center\">",
            (Alignment::Center, false) => "<td align=\"center\">",
            (Alignment::Right, true) => "<th align=\"right\">",
            (Alignment::Right, false) => "<td align=\"right\">",
        };
        Event::InlineHtml(tag.into())
    }
}
