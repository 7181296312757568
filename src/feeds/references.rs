//! Plain texts in XML that readers tend to take for HTML: titles, names, terms.
//!
//! In: a text. Out: the same for a crate to write, so that nothing in it can be taken for markup. Never: another text to look
//! at.
//!
//! Readers decode a title twice, or take it for HTML where it holds what looks like a reference or an end tag. The RSS
//! Advisory Board's profile therefore wants `&`, `<` and `>` as hexadecimal references, and the W3C validator believes texts
//! that have them, in Atom as well. The crates have escapes of their own and no way to change them. So a control character,
//! which XML forbids and no text of a feed therefore holds, goes through them in the place of each
//! ([`Written`](super::written::Written)).

/// What stands for what, and how it is written in the end.
const REFERENCES: [(char, u8, &[u8]); 3] = [('&', 0x01, b"&#x26;"), ('<', 0x02, b"&#x3C;"), ('>', 0x03, b"&#x3E;")];

/// Unicode's word joiner, which shows nothing. Behind the `<` of an end tag it keeps the validator from its warning, and
/// those readers that strip tags from every title from stripping this one.
const JOINER: char = '\u{2060}';

/// Plain text, with control characters where references belong.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let stand_in = REFERENCES.iter().find(|(written, ..)| *written == c);
        out.push(stand_in.map_or(c, |(_, control, _)| char::from(*control)));
        if c == '<' && is_end_tag(&text[at..]) {
            out.push(JOINER);
        }
    }
    out
}

/// Whether a plain text holds what looks like an end tag or a character reference.
pub(super) fn looks_like_html(text: &str) -> bool {
    let is_reference = |rest: &str| rest[1..].starts_with(|c: char| c == '#' || c.is_alphanumeric());
    let is_at = |at: usize| is_end_tag(&text[at..]) || text[at..].starts_with('&') && is_reference(&text[at..]);
    text.match_indices(['<', '&']).any(|(at, _)| is_at(at))
}

/// The reference that a control character stands for.
pub(super) fn written(control: u8) -> Option<&'static [u8]> {
    REFERENCES.iter().find(|(_, stand_in, _)| *stand_in == control).map(|(.., reference)| *reference)
}

fn is_end_tag(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix("</") else { return false };
    let after = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    after.len() < rest.len() && after.starts_with('>')
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::feeds::samples;
    use crate::feeds::written::{Written, as_text};

    fn shown(text: &str) -> String {
        let feed = samples::empty_feed();
        let mut written = Written::new(b"", &feed, as_text);
        written.write_all(plain(text).as_bytes()).unwrap();
        String::from_utf8(written.into_bytes()).unwrap()
    }

    #[test]
    fn titles_keep_what_readers_would_take_for_markup() {
        assert_eq!(shown("a & b <T> &amp;"), "a &#x26; b &#x3C;T&#x3E; &#x26;amp;");
    }

    #[test]
    fn an_end_tag_is_none_any_more() {
        assert_eq!(shown("</b></ b></>"), "&#x3C;\u{2060}/b&#x3E;&#x3C;/ b&#x3E;&#x3C;/&#x3E;");
    }

    #[test]
    fn what_readers_guess_from() {
        for text in ["a</b>", "&amp;", "&#8212", "Q&A1", "&日"] {
            assert!(looks_like_html(text), "{text}");
        }
        for text in ["a <b> c", "R & D", "</", "</ b>", "&", "a </b", "1 < 2 && 3 > 2"] {
            assert!(!looks_like_html(text), "{text}");
        }
    }

    #[test]
    fn long_texts_take_linear_time() {
        for unit in ["</", "</b", "&", "<"] {
            let text = unit.repeat(500_000);
            assert!(!looks_like_html(&text[..text.len() - 1]) || unit.contains('b'));
            assert!(plain(&text).len() >= text.len());
        }
    }
}
