//! The first gate: foreign HTML rewritten, token by token, as a balanced outline of what may stay.
//!
//! In: HTML as it was typed, and the base of its URLs. Out: HTML in which every element is listed in
//! [`super::elements`], is closed where a parser would close it, and has absolute URLs. Frames have become links, drawings
//! and formulas their text. Never: a tree; of what was read, only the names of the open elements are remembered.

use std::cell::RefCell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::Base;
use super::elements::{self as rules, Element};
use super::foreign::{Foreign, Step};
use super::frames;
use super::nest::Nest;
use super::urls;
use crate::posts::text;

const IMG: Element = Element::of("img");
const INPUT: Element = Element::of("input");

/// Rewrites `html`, in time linear to its length.
pub(super) fn outline(html: &str, base: &Base) -> String {
    let outline = RefCell::new(Outline::new(base, html.len()));
    let tokenizer = Tokenizer::new(Sink(outline), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // The sink never asks for a pause, so one call reads it all.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().finish()
}

struct Sink<'a>(RefCell<Outline<'a>>);

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut outline = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return outline.tag(&tag),
            Token::CharacterTokens(text) => outline.text(&text),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.0.borrow().foreign.is_some()
    }
}

struct Outline<'a> {
    base: &'a Base,
    nest: Nest,
    /// The element that is left out with its content, and how many of its name are open.
    skipped: Option<(String, usize)>,
    foreign: Option<Foreign>,
}

impl<'a> Outline<'a> {
    fn new(base: &'a Base, len: usize) -> Self {
        Self { base, nest: Nest::with_capacity(len), skipped: None, foreign: None }
    }

    fn finish(mut self) -> String {
        self.end_foreign();
        self.nest.finish()
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        if let Some((name, depth)) = &mut self.skipped {
            if *name == *tag.name {
                *depth = if tag.kind == TagKind::StartTag { *depth + 1 } else { *depth - 1 };
            }
            if *depth == 0 {
                self.skipped = None;
            }
            return raw_text(tag);
        }
        if let Some(foreign) = &mut self.foreign {
            match foreign.tag(tag) {
                Step::Inside => return TokenSinkResult::Continue,
                Step::Ended => {
                    self.end_foreign();
                    return TokenSinkResult::Continue;
                }
                Step::BrokenOut => self.end_foreign(),
            }
        }
        match tag.kind {
            TagKind::StartTag => self.start(tag),
            TagKind::EndTag => {
                if let Some(element) = Element::find(current_name(&tag.name)) {
                    self.nest.end(element);
                }
            }
        }
        if self.foreign.is_some() { TokenSinkResult::Continue } else { raw_text(tag) }
    }

    fn end_foreign(&mut self) {
        if let Some(foreign) = self.foreign.take() {
            self.text(&foreign.into_text());
        }
    }

    fn text(&mut self, piece: &str) {
        if self.skipped.is_some() {
            return;
        }
        match &mut self.foreign {
            Some(foreign) => foreign.text(piece),
            None => self.nest.text(&text::allowed(piece)),
        }
    }

    fn start(&mut self, tag: &Tag) {
        let name = current_name(&tag.name);
        match Element::find(name) {
            Some(INPUT) => self.checkbox(tag),
            Some(IMG) if value(tag, "src").and_then(|src| self.base.image(src)).is_none() => {
                self.text(&value(tag, "alt").map(str::to_owned).unwrap_or_default());
            }
            Some(element) => self.element(element, tag),
            None => self.unlisted(name, tag),
        }
    }

    /// What may not stay loses its tags, and some of it more.
    fn unlisted(&mut self, name: &str, tag: &Tag) {
        if name == "iframe" {
            self.frame(tag);
        }
        if rules::goes_with_its_content(name) {
            self.skipped = Some((name.to_owned(), 1));
        } else if let Some(foreign) = Foreign::start(tag) {
            self.foreign = (!tag.self_closing).then_some(foreign);
        }
    }

    fn element(&mut self, element: Element, tag: &Tag) {
        if !self.nest.make_room(element) {
            return;
        }
        self.nest.begin(element);
        for attribute in &tag.attrs {
            let local = &*attribute.name.local;
            if (element.attributes().contains(&local) || rules::EVERYWHERE.contains(&local))
                && let Some(value) = self.attribute(element.name(), local, &attribute.value)
            {
                self.nest.attribute(local, &value);
            }
        }
        self.nest.begun();
    }

    fn attribute(&self, element: &str, name: &str, value: &str) -> Option<String> {
        match (element, name) {
            (_, "href" | "cite") => self.base.link(value),
            ("img", "src") | (_, "poster") => self.base.image(value),
            (_, "src") => self.base.media(value),
            (_, "srcset") => self.base.srcset(value),
            _ => plain(value),
        }
    }

    /// What readers can show in place of a frame: a link to what would be in it.
    fn frame(&mut self, tag: &Tag) {
        // Scripts that load frames late keep the address elsewhere.
        let src = ["src", "data-src"].into_iter().find_map(|name| value(tag, name));
        let Some(url) = src.and_then(|src| self.base.media(src)) else { return };
        let url = frames::page_of(&url).unwrap_or(url);
        let title = value(tag, "title").map(text::one_line).filter(|title| !title.is_empty());
        let label = title.unwrap_or_else(|| url.strip_prefix("https://").unwrap_or(&url).to_owned());
        self.nest.link(&url, &label);
    }

    /// Of all inputs only the box of a task list stays, and it cannot be ticked.
    fn checkbox(&mut self, tag: &Tag) {
        let is_box = value(tag, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox"));
        if !is_box || !self.nest.make_room(INPUT) {
            return;
        }
        self.nest.begin(INPUT);
        self.nest.attribute("type", "checkbox");
        self.nest.attribute("disabled", "");
        if value(tag, "checked").is_some() {
            self.nest.attribute("checked", "");
        }
        self.nest.begun();
    }
}

/// A value that is no address: its lines end as a parser ends them, and what an address may not be, it may not be either.
fn plain(value: &str) -> Option<String> {
    let mut value = text::allowed(value).into_owned();
    if value.contains('\r') {
        value = value.replace("\r\n", "\n").replace('\r', "\n");
    }
    (!urls::is_other_data(&value)).then_some(value)
}

/// Obsolete names for what has another.
fn current_name(name: &str) -> &str {
    match name {
        "image" => "img",
        "listing" | "plaintext" | "xmp" => "pre",
        _ => name,
    }
}

fn value<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

/// Elements whose content is no markup; to be told to the tokenizer, which does not know by itself.
fn raw_text(tag: &Tag) -> TokenSinkResult<()> {
    match (tag.kind, &*tag.name) {
        (TagKind::EndTag, _) => TokenSinkResult::Continue,
        (_, "plaintext") => TokenSinkResult::Plaintext,
        (_, "script") => TokenSinkResult::RawData(RawKind::ScriptData),
        (_, "iframe" | "noembed" | "noframes" | "style" | "xmp") => TokenSinkResult::RawData(RawKind::Rawtext),
        (_, "textarea" | "title") => TokenSinkResult::RawData(RawKind::Rcdata),
        _ => TokenSinkResult::Continue,
    }
}
