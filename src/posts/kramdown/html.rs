//! HTML blocks as kramdown sees them: from a tag at the start of a line to its end tag, empty lines and all.
//!
//! In: the source and where a tag begins. Out: where the block ends, and which elements are still open there because the
//! last of them lets Markdown in (`markdown="1"`). Never: a judgement of what may stay; that is the cleaner's.

/// How far HTML goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) end: usize,
    /// Outermost first; not empty if Markdown follows.
    pub(super) open: Vec<String>,
}

/// A tag in the source.
struct Tag<'a> {
    name: &'a str,
    inside: &'a str,
    closing: bool,
    len: usize,
}

/// More than this many open elements are not told apart any more.
const MAX_OPEN: usize = 256;

/// Whether `bare` begins with a comment or with a tag that begins a block.
pub(super) fn starts_block(bare: &str) -> bool {
    if bare.starts_with("<!--") {
        return bare.contains("-->") || !bare.contains('\n');
    }
    tag(bare).is_some_and(|tag| !tag.closing && !is_span(tag.name))
}

/// Whether `bare` begins with the end tag of `name`.
pub(super) fn ends(bare: &str, name: &str) -> bool {
    tag(bare).is_some_and(|tag| tag.closing && tag.name.eq_ignore_ascii_case(name))
}

/// Reads HTML from `start` on until the elements in `open`, and those that begin, are closed.
pub(super) fn rest(source: &str, start: usize, mut open: Vec<String>) -> Scan {
    let mut at = start;
    loop {
        let text = &source[at..];
        if let Some(comment) = text.strip_prefix("<!--") {
            at += comment.find("-->").map_or(text.len(), |end| end + 7);
        } else if let Some(tag) = tag(text) {
            at += tag.len;
            if tag.closing {
                close(&mut open, tag.name);
            } else if !is_void(tag.name) && !tag.inside.ends_with('/') && open.len() < MAX_OPEN {
                open.push(tag.name.to_ascii_lowercase());
                if lets_markdown_in(&tag) {
                    return Scan { end: at, open };
                }
                at += raw_text(tag.name, &source[at..]);
            }
        } else {
            at += text.chars().next().map_or(0, char::len_utf8);
        }
        if open.is_empty() || at >= source.len() {
            return Scan { end: at.min(source.len()), open: Vec::new() };
        }
        at = source[at..].find('<').map_or(source.len(), |next| at + next);
        if at == source.len() {
            return Scan { end: at, open: Vec::new() };
        }
    }
}

/// The length of the tag that `text` begins with.
pub(super) fn tag_len(text: &str) -> Option<usize> {
    tag(text).map(|tag| tag.len)
}

/// The same without the attribute that only kramdown understands.
pub(super) fn without_markdown_attributes(html: &str) -> String {
    ["1", "0", "span", "block"].iter().fold(html.to_owned(), |html, value| {
        if !html.contains("markdown=") {
            return html;
        }
        let html = html.replace(&format!(" markdown=\"{value}\""), "");
        html.replace(&format!(" markdown='{value}'"), "").replace(&format!(" markdown={value}"), "")
    })
}

/// An end tag closes the innermost element of its name, with what is open inside.
fn close(open: &mut Vec<String>, name: &str) {
    if let Some(at) = open.iter().rposition(|open| open.eq_ignore_ascii_case(name)) {
        open.truncate(at);
    }
}

/// The length of what is no markup within these elements.
fn raw_text(name: &str, text: &str) -> usize {
    if matches!(name, "script" | "style" | "textarea") { raw_len(name, text) } else { 0 }
}

/// The length of what stands before the next end tag of `name`; all of it, if there is none.
fn raw_len(name: &str, text: &str) -> usize {
    let mut at = 0;
    while let Some(next) = text[at..].find("</") {
        at += next;
        if ends(&text[at..], name) {
            return at;
        }
        at += 2;
    }
    text.len()
}

fn lets_markdown_in(tag: &Tag<'_>) -> bool {
    let value = tag.inside.split("markdown=").nth(1).map(|value| value.trim_start_matches(['"', '\'']));
    value.is_some_and(|value| ["1", "block", "span"].iter().any(|word| value.starts_with(word)))
}

/// The tag that `text` begins with.
fn tag(text: &str) -> Option<Tag<'_>> {
    /// A longer one is none; it keeps a megabyte of `<a` linear.
    const MAX_LEN: usize = 4096;
    let after = text.strip_prefix('<')?;
    let closing = after.starts_with('/');
    let named = &after[usize::from(closing)..];
    let len =
        named.bytes().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    let name = &named[..len];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut quote = None;
    for (at, byte) in named.bytes().enumerate().skip(len).take(MAX_LEN) {
        match (byte, quote) {
            (b'>', None) => {
                let len = 1 + usize::from(closing) + at + 1;
                return Some(Tag { name, inside: &named[name.len()..at], closing, len });
            }
            // `<http://…>` is a link.
            (b':' | b'@', None) if at == len => return None,
            (b'<', None) => return None,
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    None
}

fn is_void(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "area"
            | "base"
            | "br"
            | "col"
            | "command"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "keygen"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Elements that begin no block.
fn is_span(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "a" | "abbr"
            | "acronym"
            | "b"
            | "big"
            | "bdo"
            | "br"
            | "button"
            | "cite"
            | "code"
            | "del"
            | "dfn"
            | "em"
            | "i"
            | "img"
            | "input"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "option"
            | "q"
            | "rb"
            | "rbc"
            | "rp"
            | "rt"
            | "rtc"
            | "ruby"
            | "samp"
            | "select"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "tt"
            | "u"
            | "var"
    )
}
