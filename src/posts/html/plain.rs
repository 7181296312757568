//! The text of an HTML fragment.
//!
//! In: HTML that [`super::clean`] or the Markdown writer made, or a line that a person typed into front matter.
//! Out: plain text on one line. Never: a parser; what those two write needs none, and a summary is made for every post.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::memchr2;

use super::elements::{self, Element};
use crate::posts::text::{push_folded, push_space, trim};

/// How often a tag may turn out to have no end before quotes in tags are no longer believed: it keeps this linear.
const MAX_ENDLESS_TAGS: usize = 16;

/// The references that HTML is written with here, most by far of those that are read.
const WRITTEN: [(&str, char); 4] = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"')];

const BR: Element = Element::of("br");

/// The text of an HTML fragment: tags dropped, entities decoded once, white space folded.
///
/// Block boundaries and line breaks become a space. What stands in angle brackets and is no HTML (`Vec<T>`) is text.
#[must_use]
pub fn plain_text(html: &str) -> String {
    let mut reader = Reader { html, at: 0, text: String::with_capacity(html.len()), endless: 0 };
    reader.read();
    // Folded piece by piece, it is one line already.
    trim(&mut reader.text);
    reader.text
}

struct Reader<'a> {
    html: &'a str,
    at: usize,
    text: String,
    endless: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        while let Some(len) = memchr2(b'<', b'&', self.rest().as_bytes()) {
            self.take(len);
            let is_reference = self.rest().as_bytes().first() == Some(&b'&');
            let taken = if is_reference { self.reference() } else { self.markup() };
            if !taken {
                self.take(1);
            }
        }
        self.take(self.rest().len());
    }

    /// The next `len` bytes are text.
    fn take(&mut self, len: usize) {
        let piece = &self.rest()[..len];
        push_folded(&mut self.text, piece);
        self.at += len;
    }

    fn rest(&self) -> &'a str {
        &self.html[self.at..]
    }

    /// Skips to behind `end`, or to the end of it all.
    fn skip_past(&mut self, end: &str) {
        self.at = self.rest().find(end).map_or(self.html.len(), |len| self.at + len + end.len());
    }

    fn markup(&mut self) -> bool {
        let rest = self.rest();
        let second = rest.as_bytes().get(1);
        if matches!(second, Some(b'!' | b'?')) {
            self.skip_past(if rest.starts_with("<!--") { "-->" } else { ">" });
            return true;
        }
        let closing = second == Some(&b'/');
        let name = name_at(&rest[1 + usize::from(closing)..]);
        let listed = Element::find(&name);
        if listed.is_none() && !elements::is_known(&name) || !self.skip_tag() {
            return false;
        }
        match listed {
            Some(element) if element == BR || element.is_special() => push_space(&mut self.text),
            None if !closing && elements::goes_with_its_content(&name) => self.skip_content(&name),
            _ => {}
        }
        true
    }

    /// Skips a tag; `>` in a quoted value does not end it.
    fn skip_tag(&mut self) -> bool {
        let bytes = self.rest().as_bytes();
        let mut quote = None;
        for (at, &byte) in bytes.iter().enumerate() {
            match (byte, quote) {
                (b'>', None) => {
                    self.at += at + 1;
                    return true;
                }
                (b'"' | b'\'', None) if self.endless < MAX_ENDLESS_TAGS => quote = Some(byte),
                (_, Some(open)) if byte == open => quote = None,
                _ => {}
            }
        }
        self.endless += 1;
        let end = bytes.iter().position(|&byte| byte == b'>');
        self.at += end.map_or(0, |end| end + 1);
        end.is_some()
    }

    fn skip_content(&mut self, name: &str) {
        loop {
            self.skip_past("</");
            if self.rest().is_empty() || name_at(self.rest()) == name {
                return self.skip_past(">");
            }
        }
    }

    fn reference(&mut self) -> bool {
        let written = WRITTEN.iter().find(|(reference, _)| self.rest().starts_with(reference));
        if let Some((reference, c)) = written {
            self.text.push(*c);
            self.at += reference.len();
            return true;
        }
        let Some((decoded, len)) = reference(self.rest()) else { return false };
        push_folded(&mut self.text, &decoded);
        self.at += len;
        true
    }
}

/// What the character reference at the start of `text` stands for, and how long it is with its semicolon (HTML Living
/// Standard, 13.5).
pub(crate) fn reference(text: &str) -> Option<(String, usize)> {
    let body = text.strip_prefix('&')?;
    let len = body.bytes().take(32).position(|byte| byte == b';')?;
    let decoded = match body[..len].strip_prefix('#') {
        Some(number) => numeric(number),
        None => named(&body[..=len]),
    };
    Some((decoded?, len + 2))
}

fn name_at(tag: &str) -> Cow<'_, str> {
    let len = tag.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let name = &tag[..if tag.starts_with(|c: char| c.is_ascii_alphabetic()) { len } else { 0 }];
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

/// Empty for what is no character; C1 means what Windows-1252 has there.
fn numeric(number: &str) -> Option<String> {
    let value = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let value = value.ok()?;
    let replaced = value.checked_sub(0x80).and_then(|n| C1_REPLACEMENTS.get(n as usize).copied().flatten());
    Some(replaced.or_else(|| char::from_u32(value)).map(String::from).unwrap_or_default())
}

fn named(name: &str) -> Option<String> {
    let &(first, second) = NAMED_ENTITIES.get(name)?;
    Some([first, second].into_iter().filter(|&n| n != 0).filter_map(char::from_u32).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::posts::text::one_line;

    #[test]
    fn tags_go_and_text_stays() {
        for (html, text) in [
            ("<p>a <b>b</b></p>\n<p>c</p>", "a b c"),
            ("日<b>本</b>語<br>改行<hr>線", "日本語 改行 線"),
            ("<ul><li>a</li><li>b</li></ul>", "a b"),
            ("a &amp;amp; b &lt;c&gt; &#x1F600; &#150; &nbsp; &hearts;", "a &amp; b <c> 😀 – ♥"),
            ("<a title=\"x > y\" href='>'>link</a>", "link"),
            ("a<script>if (a < b) { '</p>' }</script>b<STYLE>x</style >c", "abc"),
            ("a<!-- > -->b<!DOCTYPE x><?php ?>c", "abc"),
            ("&#8;&#xFFFE;&#0;a&#x110000;", "a"),
            ("", ""),
        ] {
            assert_eq!(plain_text(html), text, "{html}");
        }
    }

    #[test]
    fn what_is_no_html_is_text() {
        for text in ["Vec<T> & Option<i32>", "a < b > c", "AT&T; &nosuch; &", "1 <2", "<", "a <b", "x </"] {
            assert_eq!(plain_text(text), text);
        }
    }

    #[test]
    fn hostile_input_takes_linear_time() {
        for piece in ["<a \"", "<", "&", "<a '>\"", "<script>", "<!--", "</script", "<b", "&#", "<a \"'"] {
            let text = plain_text(&format!("{}>", piece.repeat(200_000)));
            assert!(text.len() <= piece.len() * 200_000 + 1);
        }
    }

    proptest! {
        #[test]
        fn escaped_text_comes_back(s in "[ -~あ-ん、。]{0,60}") {
            prop_assert_eq!(plain_text(&crate::posts::html::escape(&s)), one_line(&s));
        }

        #[test]
        fn any_text_becomes_one_line(s in "(<[a-z/!?]{0,8}|[ -~\\s]|\\PC|&#?[a-z0-9]{0,8};?){0,40}") {
            let text = plain_text(&s);
            prop_assert_eq!(&one_line(&text), &text);
        }
    }
}
