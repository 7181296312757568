//! What the crates for RSS, Atom and JSON write a document into, and how each format writes a body.
//!
//! In: the document as they write it, and the bodies of its entries. Out: its bytes. Never: a body that goes through a crate.
//!
//! Control characters, which XML forbids and no text of a feed therefore holds, stand for what is put in here: references (see
//! [`references`]), and bodies, which are most of a document. The crates would copy those three times and look at every byte
//! for itself; so they are given [`BODY`] in their place.

use std::io::{self, Write};
use std::vec::IntoIter;

use super::{Feed, references};

/// Stands for the next entry's body.
pub(super) const BODY: &str = "\u{4}";

/// How a format writes a body.
type WriteBody = fn(&mut Vec<u8>, &str);

#[derive(Debug)]
pub(super) struct Written<'a> {
    bytes: Vec<u8>,
    /// Those that are to come.
    bodies: IntoIter<&'a str>,
    write_body: WriteBody,
}

impl<'a> Written<'a> {
    /// For the document of a feed, which begins with `start`.
    pub(super) fn new(start: &[u8], feed: &'a Feed, write_body: WriteBody) -> Self {
        let bodies: Vec<&str> = feed.entries.iter().filter_map(|entry| entry.body()).collect();
        let text: usize = bodies.iter().map(|body| body.len()).sum();
        // A quarter more is enough for markup that is escaped, and so much for what stands beside a body, mostly.
        let mut bytes = Vec::with_capacity(text + text / 4 + 2048 * (feed.entries.len() + 1));
        bytes.extend_from_slice(start);
        Self { bytes, bodies: bodies.into_iter(), write_body }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        debug_assert!(self.bodies.as_slice().is_empty(), "a body has no place: {:?}", self.bodies);
        self.bytes
    }
}

impl Write for Written<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, 1..=4)) {
            self.bytes.extend_from_slice(&rest[..at]);
            match references::written(rest[at]) {
                Some(reference) => self.bytes.extend_from_slice(reference),
                None => self.bodies.next().into_iter().for_each(|body| (self.write_body)(&mut self.bytes, body)),
            }
            rest = &rest[at + 1..];
        }
        self.bytes.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a body as text, as the crate would.
pub(super) fn as_text(out: &mut Vec<u8>, html: &str) {
    let is_special = |byte| (byte == b'<') | (byte == b'>') | (byte == b'&') | (byte == b'\'') | (byte == b'"');
    // The length of each reference is known where it is copied, which is faster than one that is not.
    escape(out, html, is_special, |out, byte| match byte {
        b'<' => out.extend_from_slice(b"&lt;"),
        b'>' => out.extend_from_slice(b"&gt;"),
        b'&' => out.extend_from_slice(b"&amp;"),
        b'\'' => out.extend_from_slice(b"&apos;"),
        b'"' => out.extend_from_slice(b"&quot;"),
        _ => out.push(byte),
    });
}

/// Writes a body inside of a JSON string, as the crate would.
pub(super) fn as_json(out: &mut Vec<u8>, html: &str) {
    let is_special = |byte| (byte == b'"') | (byte == b'\\') | (byte < b' ');
    escape(out, html, is_special, |out, byte| match byte {
        b'"' => out.extend_from_slice(br#"\""#),
        b'\\' => out.extend_from_slice(br"\\"),
        b'\n' => out.extend_from_slice(br"\n"),
        b'\t' => out.extend_from_slice(br"\t"),
        b'\r' => out.extend_from_slice(br"\r"),
        b'\x08' => out.extend_from_slice(br"\b"),
        b'\x0C' => out.extend_from_slice(br"\f"),
        _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    });
}

/// Writes a body with something else in the place of each special byte.
#[inline]
fn escape(out: &mut Vec<u8>, html: &str, is_special: impl Fn(u8) -> bool, push: impl Fn(&mut Vec<u8>, u8)) {
    let html = html.as_bytes();
    let (blocks, rest) = html.as_chunks::<AT_ONCE>();
    let masks = blocks.iter().map(|block| specials(block, &is_special)).chain([specials(rest, &is_special)]);
    let mut from = 0;
    for (number, mut left) in masks.enumerate() {
        while left != 0 {
            let at = number * AT_ONCE + left.trailing_zeros() as usize;
            left &= left - 1;
            out.extend_from_slice(&html[from..at]);
            push(out, html[at]);
            from = at + 1;
        }
    }
    out.extend_from_slice(&html[from..]);
}

/// Writes a body inside of CDATA, as the crate would.
pub(super) fn as_cdata(out: &mut Vec<u8>, html: &str) {
    let mut from = 0;
    for at in memchr::memmem::find_iter(html.as_bytes(), b"]]>") {
        out.extend_from_slice(&html.as_bytes()[from..at]);
        out.extend_from_slice(b"]]]]><![CDATA[");
        from = at + 2;
    }
    out.extend_from_slice(&html.as_bytes()[from..]);
}

/// So many bytes of a body are looked at together: as many as [`specials`] has bits.
const AT_ONCE: usize = 32;

/// Which of at most [`AT_ONCE`] bytes are not written as themselves, the lowest bit for the first. Nothing branches between
/// them, so that all are compared at once; most blocks have none.
#[inline]
fn specials(block: &[u8], is_special: impl Fn(u8) -> bool) -> u32 {
    if block.iter().fold(0, |any, &byte| any | u8::from(is_special(byte))) == 0 {
        return 0;
    }
    block.iter().enumerate().fold(0, |mask, (at, &byte)| mask | u32::from(is_special(byte)) << at)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::feeds::{Entry, samples};

    fn feed(bodies: &[&str]) -> Feed {
        let entry = |body: &&str| Arc::new(Entry { html: Some((*body).into()), ..samples::bare_entry() });
        Feed { entries: bodies.iter().map(entry).collect(), ..samples::empty_feed() }
    }

    #[test]
    fn each_stand_in_is_the_next_body_however_the_crate_cuts_its_writing() {
        let feed = feed(&["<a>", "", "<b>"]);
        let mut written = Written::new(b"start ", &feed, as_text);
        for part in ["x\u{1}\u{4}", "y", "\u{4}", "", "\u{4}z"] {
            written.write_all(part.as_bytes()).unwrap();
        }
        assert_eq!(written.into_bytes(), b"start x&#x26;&lt;a&gt;y&lt;b&gt;z");
    }

    proptest! {
        #[test]
        fn bodies_are_written_as_the_crates_would(html in "([]<>&'\"aあ\n\\\\\t\r\u{8}\u{c}\u{1f}-]|plain text){0,40}") {
            let mut text = Vec::new();
            as_text(&mut text, &html);
            prop_assert_eq!(String::from_utf8(text).unwrap(), quick_xml::escape::escape(&html));

            let mut json = b"\"".to_vec();
            as_json(&mut json, &html);
            json.push(b'"');
            prop_assert_eq!(String::from_utf8(json).unwrap(), serde_json::to_string(&html).unwrap());

            let mut by_crate = quick_xml::Writer::new(Vec::new());
            quick_xml::events::BytesCData::escaped(&html)
                .try_for_each(|event| by_crate.write_event(quick_xml::events::Event::CData(event)))
                .unwrap();
            let mut cdata = b"<![CDATA[".to_vec();
            as_cdata(&mut cdata, &html);
            cdata.extend_from_slice(b"]]>");
            let by_crate = String::from_utf8(by_crate.into_inner()).unwrap();
            prop_assert_eq!(String::from_utf8(cdata).unwrap(), if html.is_empty() { "<![CDATA[]]>".to_owned() } else { by_crate });
        }
    }
}
