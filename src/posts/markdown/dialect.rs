//! The dialects of Markdown that generators speak.
//!
//! In: how a post is written. Out: what the parser has to know, and what happens to its events on the way. Never: a second
//! parser; what a dialect has beyond CommonMark is rewritten before it or mended behind it.

use std::ops::Range;

use pulldown_cmark::{Event, Options};
use serde::{Deserialize, Serialize};

use super::attributes::without_block_attributes;
use super::blocks::Restored;
use super::items::Items;
use super::linkify::Linkify;
use super::merge::Merged;
use super::omit::WithoutRawHtml;
use super::smarten::Smartened;
use super::stage::{Stage, Staged};
use super::tables::Tables;
use crate::posts::emphasis::{Marked, Rule};
use crate::posts::kramdown::{self, Block, Prepared};
use crate::posts::smart;

/// Hugo's Markdown, as `markup.goldmark` configures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Goldmark {
    /// Raw HTML stays (`renderer.unsafe`); without it Hugo leaves it out.
    pub unsafe_html: bool,
    /// Bare URLs and addresses become links (`extensions.linkify`).
    pub linkify: bool,
    /// Typographic quotes, dashes and dots (`extensions.typographer`).
    pub typographer: bool,
    /// Line breaks are kept as they are typed (`renderer.hardWraps`).
    pub hard_wraps: bool,
    /// Lines like `{.lead}` below a block are its attributes (`parser.attribute.block`).
    pub block_attributes: bool,
    /// Terms and definitions (`extensions.definitionList`).
    pub definition_list: bool,
    /// Footnotes (`extensions.footnote`).
    pub footnotes: bool,
}

impl Goldmark {
    /// What Hugo does unless it is told otherwise.
    pub const DEFAULT: Self = Self {
        unsafe_html: false,
        linkify: true,
        typographer: true,
        hard_wraps: false,
        block_attributes: false,
        definition_list: true,
        footnotes: true,
    };
}

impl Default for Goldmark {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Zola's Markdown, as `[markdown]` in its settings configures it; its defaults are all `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Zola {
    /// Typographic quotes, dashes and dots (`smart_punctuation`).
    pub smart_punctuation: bool,
    /// Quotes that begin with `[!NOTE]` and its like are alerts (`github_alerts`).
    pub github_alerts: bool,
    /// Terms and definitions (`definition_list`).
    pub definition_list: bool,
}

/// How a body in Markdown is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// CommonMark with the GitHub extensions.
    GitHub,
    /// The same by kramdown's rules, as Jekyll uses them.
    Kramdown,
    /// Hugo's.
    Goldmark(Goldmark),
    /// Zola's.
    Zola(Zola),
}

/// The events of a dialect, as those of CommonMark.
pub(super) type Adapted<'a> = Box<dyn Iterator<Item = Event<'a>> + 'a>;

impl Dialect {
    /// What the parser is told.
    pub(super) fn options(self) -> Options {
        let common = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES;
        let also = |on: bool, option: Options| if on { option } else { Options::empty() };
        match self {
            Self::GitHub => common | Options::ENABLE_GFM,
            Self::Kramdown => common | Options::ENABLE_DEFINITION_LIST,
            Self::Goldmark(goldmark) => {
                (common - also(!goldmark.footnotes, Options::ENABLE_FOOTNOTES))
                    | Options::ENABLE_GFM
                    | also(goldmark.definition_list, Options::ENABLE_DEFINITION_LIST)
            }
            Self::Zola(zola) => {
                common
                    | also(zola.smart_punctuation, Options::ENABLE_SMART_PUNCTUATION)
                    | also(zola.github_alerts, Options::ENABLE_GFM)
                    | also(zola.definition_list, Options::ENABLE_DEFINITION_LIST)
            }
        }
    }

    /// The text for the parser, and what it must not see.
    pub(super) fn prepare(self, body: &str) -> Prepared<'_> {
        match self {
            Self::Kramdown => kramdown::prepare(body),
            Self::Goldmark(goldmark) if goldmark.block_attributes => {
                Prepared { text: without_block_attributes(body), blocks: Vec::new() }
            }
            Self::GitHub | Self::Goldmark(_) | Self::Zola(_) => Prepared { text: body.into(), blocks: Vec::new() },
        }
    }

    /// What decides whether stars emphasise.
    pub(super) fn emphasis(self) -> Rule {
        if self == Self::Kramdown { Rule::Spaces } else { Rule::Friendly }
    }

    /// What becomes of the parser's events before anything else looks at them.
    pub(super) fn adapt<'a>(
        self,
        parsed: impl Iterator<Item = (Event<'a>, Range<usize>)> + 'a,
        marked: &'a Marked<'a>,
        blocks: &'a [Block],
    ) -> Adapted<'a> {
        let source: &str = &marked.text;
        match self {
            Self::GitHub | Self::Zola(_) => Box::new(Staged::new(parsed, (), marked)),
            Self::Kramdown => {
                let restored = (Items::new(source), Restored::new(blocks));
                let written = (Tables::new(source), Smartened::new(marked, smart::Kramdown::default()));
                Box::new(Staged::new(Merged::new(parsed, source), (restored, written), marked))
            }
            Self::Goldmark(options) if options.linkify => {
                let linked = Linkify::new(Merged::new(parsed, source), source);
                Box::new(Staged::new(linked, options.stages(marked), marked))
            }
            Self::Goldmark(options) => {
                Box::new(Staged::new(Merged::new(parsed, source), options.stages(marked), marked))
            }
        }
    }
}

impl Goldmark {
    fn stages<'a>(self, marked: &'a Marked<'a>) -> impl Stage<'a> {
        let smart = self.typographer.then(|| Smartened::new(marked, smart::Goldmark::default()));
        let left = (!self.unsafe_html).then_some(WithoutRawHtml);
        (smart, (left, self.hard_wraps.then_some(Hardened)))
    }
}

/// Ends every line where it ends in the source.
struct Hardened;

impl<'a> Stage<'a> for Hardened {
    fn pass(&mut self, event: &mut Event<'a>, _: &Range<usize>) -> bool {
        if *event == Event::SoftBreak {
            *event = Event::HardBreak;
        }
        true
    }
}
