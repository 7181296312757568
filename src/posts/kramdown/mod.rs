//! kramdown's Markdown rewritten as CommonMark that means the same.
//!
//! In: a body as Jekyll's users write it. Out: text for the parser, and the blocks that have to be put back into its events:
//! HTML that kramdown leaves alone, and where the table of contents goes. Never: a tree; lines are read once, in order.
//!
//! What differs: braces (`{: .note}`, `{:toc}`, `{::comment}`) are instructions; HTML blocks end at their end tag, not at an
//! empty line; a fence without an end, a heading without text and `1)` are plain text; tables need no head; `$$` is
//! mathematics. Everything that has no meaning in CommonMark stays as it is.

mod braces;
mod html;
mod items;
mod lines;
mod near;
mod spans;
mod tables;

use std::borrow::Cow;

use memchr::memchr;

use self::braces::Braces;
use self::items::Items;
use self::lines::{Fences, indent_of, item_width};

/// What the parser must not see, in the order it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Raw HTML, balanced or not.
    Html(String),
    /// The table of contents.
    Contents,
    /// Nothing: it only ends the block before.
    End,
}

/// A body ready for the parser.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) blocks: Vec<Block>,
}

impl Prepared<'_> {
    fn into_owned<'b>(self) -> Prepared<'b> {
        Prepared { text: Cow::Owned(self.text.into_owned()), blocks: self.blocks }
    }
}

/// A character that the parser takes for text and that never reaches a feed: what stands behind it begins no block.
const GUARD: &str = "&#8;";

/// The info string of the empty code block that stands for the block of this number.
fn placeholder(number: usize) -> String {
    format!("{{::{number}}}")
}

/// The number in an info string that [`prepare`] wrote.
pub(super) fn number_of(info: &str) -> Option<usize> {
    info.strip_prefix("{::")?.strip_suffix('}')?.parse().ok()
}

/// Rewrites a body.
#[must_use]
pub(super) fn prepare(body: &str) -> Prepared<'_> {
    if memchr(b'\r', body.as_bytes()).is_some() {
        return prepare(&body.replace("\r\n", "\n").replace('\r', "\n")).into_owned();
    }
    let mut writer = Writer {
        source: body,
        at: 0,
        out: String::with_capacity(body.len() + body.len() / 16),
        blocks: Vec::new(),
        chunk: None,
        last_item: None,
        items: Items::default(),
        at_boundary: true,
        in_code: false,
        open: Vec::new(),
        fences: Fences::default(),
        endless: Vec::new(),
    };
    while writer.at < body.len() {
        writer.line();
    }
    writer.flush(true);
    let text = if writer.out == body { Cow::Borrowed(body) } else { Cow::Owned(writer.out) };
    Prepared { text, blocks: writer.blocks }
}

struct Writer<'a> {
    source: &'a str,
    /// The start of the next line, or of what is left of one.
    at: usize,
    out: String,
    blocks: Vec<Block>,
    /// Where in the source the lines of text begin that are not written yet, and whether a block may begin there.
    chunk: Option<(usize, bool)>,
    /// Where in `out` the last list item begins, if nothing but its text came behind it.
    last_item: Option<usize>,
    items: Items,
    /// Whether a block may begin: after an empty line or the end of a block.
    at_boundary: bool,
    in_code: bool,
    /// The HTML elements around that let Markdown in, each with the elements around it that do not.
    open: Vec<Vec<String>>,
    fences: Fences,
    /// The extensions that nothing ends from here on.
    endless: Vec<String>,
}

impl<'a> Writer<'a> {
    fn line(&mut self) {
        let rest = &self.source[self.at..];
        let len = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        let line = &rest[..len];
        if line.chars().all(char::is_whitespace) {
            self.flush(true);
            self.out.push('\n');
            self.at += len;
            self.at_boundary = true;
            return;
        }
        // Most lines begin with a word.
        if lines::begins_with_letter(line) {
            self.in_code = false;
            if self.at_boundary {
                self.items.leave(line);
            }
            return self.take(line.len());
        }
        if self.is_code(line) {
            self.flush(false);
            self.copy(len);
            self.in_code = true;
            return;
        }
        self.in_code = false;
        let may_be_block = line.trim_start_matches(' ').starts_with(['`', '~', '<', '{', '^', '*']);
        if may_be_block && (self.fence(line) || self.html(line) || self.braces(line) || self.mark(line)) {
            return;
        }
        self.text(line);
    }

    /// Takes a line of text, which may begin a list item.
    fn text(&mut self, line: &str) {
        if lines::is_heading(line) {
            self.flush(false);
            self.chunk = Some((self.at, false));
            self.at += line.len();
            self.flush(false);
            self.at_boundary = true;
            return;
        }
        let Some(width) = item_width(&line[indent_of(line)..]) else { return self.take(line.len()) };
        let len = self.item(line, width);
        self.chunk = Some((self.at, self.at_boundary));
        self.at += line.len() - len;
        self.at_boundary = false;
    }

    /// Takes a line of text that begins nothing.
    fn take(&mut self, len: usize) {
        if self.at_boundary {
            self.last_item = None;
            self.out.push_str(&" ".repeat(self.items.shift()));
        }
        self.chunk.get_or_insert((self.at, self.at_boundary));
        self.at += len;
        self.at_boundary = false;
    }

    /// Writes the marker of an item, in the place and of the kind that the parser needs. How long it was.
    fn item(&mut self, line: &str, width: usize) -> usize {
        self.flush(false);
        self.last_item = Some(self.out.len());
        let indent = indent_of(line);
        self.items.marker(&line[indent..indent + width], indent, self.at_boundary, &mut self.out);
        let mut len = indent + width;
        if let Some(list) = line[len..].strip_prefix("{:").filter(|list| !list.starts_with(':'))
            && let Some(end) = list.find('}')
        {
            len += 2 + end + 1;
            len += line[len..].len() - line[len..].trim_start_matches(' ').len();
        }
        self.at += len;
        len
    }

    /// Writes the text that was held back. `ended`: what comes next is no text.
    fn flush(&mut self, ended: bool) {
        let Some((start, at_boundary)) = self.chunk.take() else { return };
        let chunk = &self.source[start..self.at];
        let outermost = self.items.are_closed();
        if !(at_boundary && outermost && tables::rewrite(chunk, ended, &mut self.out)) {
            spans::rewrite(chunk, outermost, &mut self.out);
        }
    }

    fn copy(&mut self, len: usize) {
        self.out.push_str(&self.source[self.at..self.at + len]);
        self.at += len;
        self.at_boundary = false;
    }

    /// Indented code begins after an empty line.
    fn is_code(&mut self, line: &str) -> bool {
        let indent = indent_of(line);
        if self.at_boundary {
            self.items.leave(line);
        }
        let column = self.items.column();
        (self.at_boundary || self.in_code) && indent >= column + 4
    }

    fn fence(&mut self, line: &str) -> bool {
        let indent = indent_of(line);
        let Some(mark) = lines::fence(&line[indent..]) else { return false };
        if !lines::is_fence_start(line) {
            return false;
        }
        let Some(end) = self.fences.end(self.source, self.at + line.len(), mark) else { return false };
        self.flush(false);
        self.copy(end - self.at);
        self.last_item = None;
        self.at_boundary = true;
        true
    }

    /// An HTML block, or the end of one that lets Markdown in.
    fn html(&mut self, line: &str) -> bool {
        let indent = indent_of(line);
        let bare = &line[indent..];
        if !bare.starts_with('<') || indent >= self.items.column() + 4 {
            return false;
        }
        let start = self.at + indent;
        if let Some(names) = self.open.pop_if(|names| names.last().is_some_and(|name| html::ends(bare, name))) {
            self.flush(true);
            self.raw(start, html::rest(self.source, start, names), indent);
            return true;
        }
        if !html::starts_block(bare) {
            return false;
        }
        self.flush(true);
        self.raw(start, html::rest(self.source, start, Vec::new()), indent);
        true
    }

    /// Puts the HTML from `start` on aside.
    fn raw(&mut self, start: usize, scan: html::Scan, indent: usize) {
        if !scan.open.is_empty() {
            self.open.push(scan.open);
        }
        let html = &self.source[start..scan.end];
        self.put(Block::Html(html::without_markdown_attributes(html)), indent);
        let rest = &self.source[scan.end..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        self.at = scan.end + blank;
        if rest[blank..].starts_with('\n') {
            self.at += 1;
        }
        self.at_boundary = true;
    }

    /// Writes what stands for a block.
    fn put(&mut self, block: Block, indent: usize) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        let indent = " ".repeat(indent);
        let fence = format!("{indent}```{}\n{indent}```\n", placeholder(self.blocks.len()));
        self.out.push_str(&fence);
        self.blocks.push(block);
        self.last_item = None;
        self.at_boundary = true;
    }

    /// A line that is an instruction.
    fn braces(&mut self, line: &str) -> bool {
        let Some(braces) = Braces::read(&self.source[self.at..], &mut self.endless) else { return false };
        let indent = indent_of(line);
        self.flush(true);
        let len = match braces {
            Braces::Dropped(len) => len,
            Braces::Raw { inside, len } => {
                self.put(Block::Html(self.source[self.at + inside.start..self.at + inside.end].to_owned()), indent);
                len
            }
            Braces::Attributes { list, len } => {
                self.attributes(list, indent);
                len
            }
        };
        self.at += len;
        true
    }

    /// An attribute list for the block before or behind it.
    fn attributes(&mut self, list: &str, indent: usize) {
        if braces::is_contents(list)
            && let Some(item) = self.last_item.take()
        {
            self.out.truncate(item);
            self.items = Items::default();
            return self.put(Block::Contents, 0);
        }
        let next_ends = |next: &str| next.trim().is_empty() || item_width(next.trim_start()).is_some();
        let rest = &self.source[self.at..];
        let next = rest.find('\n').map_or("", |end| &rest[end + 1..]);
        let next = next.lines().next().unwrap_or_default();
        braces::name_heading(&mut self.out, list);
        // It ends the block before it; but an empty line in a list would make the list a loose one.
        if !self.at_boundary && indent == 0 && !next_ends(next) && !next.starts_with(' ') {
            self.out.push('\n');
            self.at_boundary = true;
        }
    }

    /// The end-of-block mark, and definitions of abbreviations.
    fn mark(&mut self, line: &str) -> bool {
        let is_end = line.trim_end() == "^";
        if !is_end && !lines::is_abbreviation(line) {
            return false;
        }
        self.flush(true);
        self.at += line.len();
        if is_end {
            self.items = Items::default();
            self.put(Block::End, 0);
        }
        true
    }
}

#[cfg(test)]
mod tests;
