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
use super::omit::without_raw_html;
use super::smarten::Smartened;
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

/// Events with where in the source they come from.
pub(super) type Parsed<'a> = Box<dyn Iterator<Item = (Event<'a>, Range<usize>)> + 'a>;

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
    ) -> Parsed<'a> {
        match self {
            Self::GitHub | Self::Zola(_) => Box::new(parsed),
            Self::Kramdown => {
                let items = Items::new(Merged::new(parsed, &marked.text), &marked.text);
                let headed = Tables::new(Restored::new(items, blocks));
                Box::new(Smartened::new(headed, marked, smart::Kramdown::default()))
            }
            Self::Goldmark(options) => options.adapt(Box::new(Merged::new(parsed, &marked.text)), marked),
        }
    }
}

impl Goldmark {
    fn adapt<'a>(self, mut parsed: Parsed<'a>, marked: &'a Marked<'a>) -> Parsed<'a> {
        if self.linkify {
            parsed = Box::new(Linkify::new(parsed, &marked.text));
        }
        if self.typographer {
            parsed = Box::new(Smartened::new(parsed, marked, smart::Goldmark::default()));
        }
        if !self.unsafe_html {
            parsed = Box::new(without_raw_html(parsed));
        }
        if self.hard_wraps {
            let harden = |event| if event == Event::SoftBreak { Event::HardBreak } else { event };
            parsed = Box::new(parsed.map(move |(event, range)| (harden(event), range)));
        }
        parsed
    }
}
