//! What kramdown writes in braces on lines of their own: attribute lists, definitions of them, and extensions.
//!
//! In: the text from the start of a line. Out: what the line asks for and how far it goes. Never: the attributes
//! themselves, which mean nothing in a feed; but a heading keeps the id that it is given.

use std::ops::Range;

use super::lines::indent_of;
use super::near::MAX_SPAN;

/// An instruction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Braces<'a> {
    /// So many bytes say nothing to a reader.
    Dropped(usize),
    /// HTML to be left as it is.
    Raw { inside: Range<usize>, len: usize },
    /// `{: … }`, with what is inside.
    Attributes { list: &'a str, len: usize },
}

impl<'a> Braces<'a> {
    /// Reads the line at the start of `text`. `endless` remembers the extensions that nothing ends from here on.
    pub(super) fn read(text: &'a str, endless: &mut Vec<String>) -> Option<Self> {
        let indent = indent_of(text);
        let bare = &text[indent..];
        let inside = bare.strip_prefix("{:")?;
        let end = inside[..inside.floor_char_boundary(MAX_SPAN)].find('}')?;
        let list = &inside[..end];
        let behind = &inside[end + 1..];
        let line_end = behind.find('\n').map_or(behind.len(), |end| end + 1);
        if !behind[..line_end].trim().is_empty() || list.contains("\n\n") {
            return None;
        }
        let len = indent + 2 + end + 1 + line_end;
        if let Some(extension) = list.strip_prefix(':') {
            return Self::extension(extension, text, len, endless);
        }
        if list.starts_with('/') || list.trim().is_empty() || list.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        Some(Self::Attributes { list, len })
    }

    fn extension(extension: &str, text: &str, len: usize, endless: &mut Vec<String>) -> Option<Self> {
        let name = extension.split([' ', '/']).next().unwrap_or_default();
        if extension.ends_with('/') || name == "options" {
            return matches!(name, "options" | "comment" | "nomarkdown").then_some(Self::Dropped(len));
        }
        if !matches!(name, "comment" | "nomarkdown") || endless.iter().any(|endless| endless == name) {
            return None;
        }
        let Some((inside, end)) = stop(text, len, name) else {
            endless.push(name.to_owned());
            return None;
        };
        Some(if name == "comment" { Self::Dropped(end) } else { Self::Raw { inside: len..inside, len: end } })
    }
}

/// Where the line that ends an extension begins and ends.
fn stop(text: &str, from: usize, name: &str) -> Option<(usize, usize)> {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        let inside = line.trim().strip_prefix("{:/").and_then(|rest| rest.strip_suffix('}'));
        if inside.is_some_and(|inside| inside.is_empty() || inside == name) {
            return Some((at, at + line.len()));
        }
        at += line.len();
    }
    None
}

/// Whether a list asks for the table of contents.
pub(super) fn is_contents(list: &str) -> bool {
    list.split_whitespace().any(|word| word == "toc")
}

/// Gives the heading at the end of `out` the id of `list`, and the class that keeps it out of the table of contents.
pub(super) fn name_heading(out: &mut String, list: &str) {
    // Many lists may follow one long line, and each of them looks back.
    let recent = &out[out.ceil_char_boundary(out.len().saturating_sub(2 * MAX_SPAN))..];
    let Some(lines) = recent.strip_suffix('\n') else { return };
    let line = &lines[lines.rfind('\n').map_or(0, |at| at + 1)..];
    if !super::lines::is_heading(line) || line.ends_with('}') {
        return;
    }
    let words = list.split_whitespace();
    let kept = words.filter(|word| {
        word.strip_prefix('#').is_some_and(|id| id.starts_with(|c: char| c.is_ascii_alphabetic())) || *word == ".no_toc"
    });
    let kept = kept.collect::<Vec<_>>().join(" ");
    if !kept.is_empty() {
        out.pop();
        out.push_str(&format!(" {{{kept}}}\n"));
    }
}
