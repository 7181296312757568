//! Text from outside, made fit for a feed.
//!
//! In: the bytes of a file, or a string that came from one. Out: text that XML 1.0 and the feed validator accept.
//! Never: a guess at an encoding, or a replacement character in place of what could not be read.

use std::borrow::Cow;

use memchr::memchr;

use super::bytes::position_of_pair;

/// How many dropped characters are remembered; a binary file would list millions.
const MAX_RECORDED: usize = 100;

/// The text of a file: decoded from bytes, without what XML forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// UTF-8 without a byte order mark, without the characters that [`is_allowed`] refuses, its lines ended by a line feed:
    /// another way to end them is nothing that readers see, and must not publish every post anew. Borrowed where the bytes
    /// are all that already.
    pub text: Cow<'a, str>,
    /// Byte offsets in `text` where forbidden characters were dropped, with the first of them; at most 100.
    pub dropped: Vec<(usize, char)>,
}

/// Decodes a file. UTF-8, with or without a byte order mark; UTF-16 only with one.
///
/// # Errors
///
/// The byte offset of the first byte that is not UTF-8 (or, after a UTF-16 mark, not UTF-16).
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, usize> {
    match bytes {
        [0xFF, 0xFE, units @ ..] => utf16(units, u16::from_le_bytes).map(|text| clean(text.into())),
        [0xFE, 0xFF, units @ ..] => utf16(units, u16::from_be_bytes).map(|text| clean(text.into())),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest).map_err(|at| at + 3),
        _ => utf8(bytes),
    }
}

/// How many marks the text of a post may have. Those of real posts have some thousands.
pub const MAX_MARKS: usize = 1 << 16;

/// The beginning of a text that has at most [`MAX_MARKS`] marks, up to a line end; mostly all of it.
///
/// What a text costs to read is a matter of its marks far more than of its bytes, so that this bounds the time a post takes.
#[must_use]
pub fn bounded(text: &str) -> &str {
    if text.len() <= MAX_MARKS {
        return text;
    }
    match marks(text).nth(MAX_MARKS) {
        Some(end) => &text[..text[..end].rfind('\n').map_or(end, |at| at + 1)],
        None => text,
    }
}

/// Where the marks of a text are. The blank that may make a list's item of what stands before it is one, too.
pub fn marks(text: &str) -> impl Iterator<Item = usize> {
    let mut before = b'\n';
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        let ends_marker = byte == b' ' && matches!(before, b'.' | b')' | b'+' | b'-');
        before = byte;
        (is_mark(byte) || ends_marker).then_some(at)
    })
}

/// Line ends, and the characters that Markdown, HTML or templates may give a meaning wherever they stand.
const fn is_mark(byte: u8) -> bool {
    matches!(
        byte,
        b'\n' | b'!' | b'"' | b'$'..=b'\'' | b'*' | b'<' | b'>' | b'['..=b']' | b'_' | b'`' | b'{'..=b'~'
    )
}

/// Whether feeds may hold this character.
///
/// Refused are what XML 1.0 forbids (section 2.2), what the feed validator warns of (C1 controls, U+FFFD), and what
/// makes it call HTML invalid (U+007F and the Unicode noncharacters).
#[must_use]
pub const fn is_allowed(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | ' '..='\x7E' => true,
        '\0'..='\u{9F}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FFFD}' => false,
        _ => (c as u32) & 0xFFFE != 0xFFFE,
    }
}

/// `s` without the characters that [`is_allowed`] refuses; borrows where nothing is dropped.
#[must_use]
pub fn allowed(s: &str) -> Cow<'_, str> {
    let Some(first) = find_forbidden(s, 0) else { return Cow::Borrowed(s) };
    let mut kept = String::with_capacity(s.len());
    kept.push_str(&s[..first]);
    kept.extend(s[first..].chars().filter(|&c| is_allowed(c)));
    Cow::Owned(kept)
}

/// White space folded to single spaces and trimmed, bidi controls and forbidden characters dropped: for titles and names.
///
/// An ideographic space between words is the author's choice and stays.
#[must_use]
pub fn one_line(s: &str) -> String {
    let mut line = String::with_capacity(s.len());
    push_folded(&mut line, s);
    trim(&mut line);
    line
}

/// Takes the white space from both ends.
pub(super) fn trim(line: &mut String) {
    line.truncate(line.trim_end().len());
    let leading = line.len() - line.trim_start().len();
    line.drain(..leading);
}

/// A language tag in the form of BCP 47, `en_US` repaired to `en-US`; `None` if it is none.
#[must_use]
pub fn language(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-");
    let mut subtags = tag.split('-');
    let primary = subtags.next()?;
    let is_known = match primary.len() {
        2 => ISO_639_1.as_bytes().chunks(2).any(|code| code.eq_ignore_ascii_case(primary.as_bytes())),
        3 => primary.chars().all(|c| c.is_ascii_alphabetic()),
        _ => false,
    };
    let valid = is_known
        && subtags.all(|subtag| (1..=8).contains(&subtag.len()) && subtag.chars().all(|c| c.is_ascii_alphanumeric()));
    valid.then_some(tag)
}

/// All codes of two letters, without spaces between them. `jp` and `cn`, which people write, are countries.
const ISO_639_1: &str = "aaabaeafakamanarasavayazbabebgbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoesetfafffifjfofrfyga\
                         gdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwkylalblglilnlolt\
                         lulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqurmrnrorurwsascsdsesgsiskslsm\
                         snsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivowawoxhyiyozazhzu";

/// Appends `s` with its white space folded, as if it went on where `line` ends.
pub(super) fn push_folded(line: &mut String, s: &str) {
    let mut from = 0;
    let mut at = 0;
    while let Some(&byte) = s.as_bytes().get(at) {
        let lone_space = byte == b' '
            && if from < at { s.as_bytes()[at - 1] != b' ' } else { !line.is_empty() && !line.ends_with(' ') };
        if lone_space || !MAY_CHANGE[usize::from(byte)] {
            at += 1;
            continue;
        }
        line.push_str(&s[from..at]);
        let Some(c) = s[at..].chars().next() else { break };
        if folds(c) {
            push_space(line);
        } else if is_allowed(c) && !is_bidi_control(c) {
            line.push(c);
        }
        at += c.len_utf8();
        from = at;
    }
    line.push_str(&s[from..]);
}

/// Appends a space unless `line` is empty or ends in one.
pub(super) fn push_space(line: &mut String) {
    if !line.is_empty() && !line.ends_with(' ') {
        line.push(' ');
    }
}

fn folds(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\u{85}' | '\u{A0}' | '\u{2028}' | '\u{2029}')
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn utf8(bytes: &[u8]) -> Result<Decoded<'_>, usize> {
    simdutf8::compat::from_utf8(bytes).map(|text| clean(text.into())).map_err(|e| e.valid_up_to())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut at = 2;
    let mut text = String::with_capacity(bytes.len());
    for decoded in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        let c = decoded.map_err(|_| at)?;
        at += 2 * c.len_utf16();
        text.push(c);
    }
    if rest.is_empty() { Ok(text) } else { Err(at) }
}

fn clean(text: Cow<'_, str>) -> Decoded<'_> {
    let text = if memchr(b'\r', text.as_bytes()).is_some() { text.replace("\r\n", "\n").into() } else { text };
    let Some(mut from) = find_forbidden(&text, 0) else { return Decoded { text, dropped: Vec::new() } };
    let mut kept = String::with_capacity(text.len());
    kept.push_str(&text[..from]);
    let mut dropped: Vec<(usize, char)> = Vec::new();
    while let Some(c) = text[from..].chars().next() {
        if dropped.len() < MAX_RECORDED && dropped.last().is_none_or(|&(at, _)| at != kept.len()) {
            dropped.push((kept.len(), c));
        }
        let start = from + c.len_utf8();
        from = find_forbidden(&text, start).unwrap_or(text.len());
        kept.push_str(&text[start..from]);
    }
    Decoded { text: kept.into(), dropped }
}

/// Where the first forbidden character at or after `from` starts.
fn find_forbidden(s: &str, mut from: usize) -> Option<usize> {
    loop {
        let at = may_forbid(s.as_bytes(), from)?;
        let c = s[at..].chars().next()?;
        if !is_allowed(c) {
            return Some(at);
        }
        from = at + c.len_utf8();
    }
}

/// Where the first two bytes stand, at `from` or behind it, with which a forbidden character may start.
fn may_forbid(bytes: &[u8], from: usize) -> Option<usize> {
    position_of_pair(bytes, from, |byte, next| {
        let is_control = (byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r');
        // U+0080 to U+009F; U+FDD0 to U+FDEF, U+FFFD to U+FFFF; the last two of every plane.
        let is_long =
            (byte == 0xC2) & (next < 0xA0) | (byte == 0xEF) & ((next == 0xB7) | (next == 0xBF)) | (byte >= 0xF0);
        is_control | (byte == 0x7F) | is_long
    })
}

/// Whether a character which folding drops or replaces can start with a byte.
const MAY_CHANGE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte <= 0x20 || matches!(byte, 0x7F | 0xC2 | 0xE2 | 0xEF..);
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text_of(bytes: &[u8]) -> String {
        decode(bytes).unwrap().text.into_owned()
    }

    #[test]
    fn languages_are_those_of_iso_639() {
        for (written, expected) in [
            ("en_US", Some("en-US")),
            (" ja ", Some("ja")),
            ("zh-Hant", Some("zh-Hant")),
            ("yue", Some("yue")),
            ("zu", Some("zu")),
        ] {
            assert_eq!(language(written).as_deref(), expected, "{written}");
        }
        for written in ["jp", "cn", "english", "e", "", "en us", "日本"] {
            assert_eq!(language(written), None, "{written}");
        }
    }

    #[test]
    fn utf8_loses_its_byte_order_mark() {
        assert_eq!(text_of("日本語".as_bytes()), "日本語");
        assert_eq!(text_of("\u{FEFF}日本語".as_bytes()), "日本語");
        assert_eq!(text_of(b""), "");
    }

    #[test]
    fn utf16_is_read_when_it_is_marked() {
        let le: Vec<u8> = "\u{FEFF}日本 😀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "\u{FEFF}日本 😀".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text_of(&le), "日本 😀");
        assert_eq!(text_of(&be), "日本 😀");
    }

    #[test]
    fn broken_bytes_are_named_by_their_offset() {
        assert_eq!(decode(b"ab\xFFc"), Err(2));
        assert_eq!(decode(b"\xEF\xBB\xBFa\xC3"), Err(4));
        assert_eq!(decode(b"\xFF\xFEa\0\0\xD8b\0"), Err(4));
        assert_eq!(decode(b"\xFF\xFEa\0b"), Err(4));
    }

    #[test]
    fn forbidden_characters_are_dropped_and_listed_once_a_place() {
        let decoded = decode("a\u{8}\u{1}b\r\n\tc\u{FFFD}\u{85}".as_bytes()).unwrap();
        assert_eq!(decoded.text, "ab\n\tc");
        assert_eq!(decoded.dropped, [(1, '\u{8}'), (5, '\u{FFFD}')]);
    }

    #[test]
    fn the_list_of_dropped_characters_is_bounded() {
        let bytes = b"a\0".repeat(10_000);
        let decoded = decode(&bytes).unwrap();
        assert_eq!(decoded.text.len(), 10_000);
        assert_eq!(decoded.dropped.len(), MAX_RECORDED);
    }

    #[test]
    fn a_text_is_bounded_by_its_marks_at_a_line_end() {
        let lines = "日本語 *a*\n".repeat(MAX_MARKS);
        assert_eq!(bounded(&lines), "日本語 *a*\n".repeat(MAX_MARKS / 3));
        let line = "日<".repeat(MAX_MARKS + 1);
        assert_eq!(
            bounded(&line).len(),
            "日<".len() * MAX_MARKS + "日".len(),
            "without a line end it ends before the mark"
        );
        let words = "word, another word; 日本語 ".repeat(MAX_MARKS);
        assert_eq!(bounded(&words).len(), words.len());
    }

    #[test]
    fn what_begins_an_item_is_a_mark() {
        assert_eq!(marks("1. a) - b. c-d").collect::<Vec<_>>(), [2, 5, 7, 10]);
    }

    #[test]
    fn allowed_borrows_clean_text() {
        assert!(matches!(allowed("「日本語」！ ok\n"), Cow::Borrowed(_)));
        assert_eq!(allowed("a\u{B}b\u{FFFE}c\u{9C}"), "abc");
    }

    #[test]
    fn one_line_folds_trims_and_drops_direction_overrides() {
        assert_eq!(one_line(" \u{3000}a\r\n\t b \u{202E}c\u{2069}\u{1}　 "), "a b c");
        assert_eq!(one_line("第1回　はじめに"), "第1回　はじめに");
        assert_eq!(one_line(" \n "), "");
    }

    proptest! {
        #[test]
        fn decoding_any_bytes_gives_allowed_text_or_an_offset_inside(bytes: Vec<u8>) {
            match decode(&bytes) {
                Ok(decoded) => {
                    prop_assert!(decoded.text.chars().all(is_allowed));
                    prop_assert!(decoded.dropped.iter().all(|&(at, c)| decoded.text.is_char_boundary(at) && !is_allowed(c)));
                }
                Err(at) => prop_assert!(at < bytes.len()),
            }
        }

        #[test]
        fn the_fast_search_finds_what_the_definition_refuses(s: String) {
            let plain: String = s.chars().filter(|&c| is_allowed(c)).collect();
            prop_assert_eq!(&allowed(&s), &plain);
            let lines = s.trim_start_matches('\u{FEFF}').replace("\r\n", "\n");
            let plain: String = lines.chars().filter(|&c| is_allowed(c)).collect();
            prop_assert_eq!(decode(lines.as_bytes()).unwrap().text, plain);
        }

        #[test]
        fn one_line_is_one_line_and_stays(s in "[ -~\\s\u{3000}\u{202A}-\u{202E}あ-ん]{0,40}") {
            let line = one_line(&s);
            prop_assert!(line.chars().all(|c| c == ' ' || !folds(c) && !is_bidi_control(c)));
            prop_assert_eq!(one_line(&line), line);
        }
    }
}
