//! Texts that fit.
//!
//! In: a text, the room there is, and what a text costs in the unit in which a service counts. Out: as much of it as fits.
//! Never: half of what a reader takes for one character.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Stands where a text was cut.
const ELLIPSIS: &str = "…";

/// An `@` that begins no mention: what is invisible behind it is no part of a name.
pub(super) const MUTED_AT: &str = "@\u{2060}";

/// The text, or its beginning and an ellipsis if it costs more than `room`. What a text costs must be what its graphemes
/// cost together.
pub(super) fn fit(text: &str, room: usize, cost: impl Fn(&str) -> usize) -> Cow<'_, str> {
    if cost(text) <= room {
        return Cow::Borrowed(text);
    }
    let Some(mut left) = room.checked_sub(cost(ELLIPSIS)) else { return Cow::Borrowed("") };
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        match left.checked_sub(cost(grapheme)) {
            Some(rest) => (left, end) = (rest, at + grapheme.len()),
            None => break,
        }
    }
    Cow::Owned(format!("{}{ELLIPSIS}", text[..end].trim_end()))
}

/// The text in one line, without what controls terminals or turns the direction of what comes behind it.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' ' | '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if !line.is_empty() && !line.ends_with(' ') {
                    line.push(' ');
                }
            }
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => line.push(c),
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// The text with these characters written otherwise.
pub(super) fn escape(text: &str, otherwise: impl Fn(char) -> Option<&'static str>) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match otherwise(c) {
            Some(other) => escaped.push_str(other),
            None => escaped.push(c),
        }
    }
    escaped
}

/// What a text costs where UTF-16 units are counted.
pub(super) fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// What a text costs where characters are counted.
pub(super) fn characters(text: &str) -> usize {
    text.chars().count()
}

/// What a text costs within a JSON document of which the bytes are counted.
pub(super) fn json_bytes(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '"' | '\\' | '\u{8}' | '\u{9}' | '\u{a}' | '\u{c}' | '\u{d}' => 2,
            '\0'..='\u{1f}' => 6,
            c => c.len_utf8(),
        })
        .sum()
}

/// A URL that ends where a Markdown link's does: parentheses would.
pub(super) fn markdown_url(url: &str) -> String {
    escape(url, |c| match c {
        '(' => Some("%28"),
        ')' => Some("%29"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One character for a reader, eleven UTF-16 units.
    const FAMILY: &str = "👨\u{200d}👩\u{200d}👧\u{200d}👦";

    #[test]
    fn a_text_that_fits_is_left_as_it_is() {
        assert_eq!(fit("日本語", 3, characters), "日本語");
        assert_eq!(fit("日本語", 9, str::len), "日本語");
        assert_eq!(fit("", 0, str::len), "");
    }

    #[test]
    fn a_text_is_cut_between_what_readers_take_for_characters() {
        assert_eq!(utf16(FAMILY), 11);
        assert_eq!(fit(&format!("a{FAMILY}b"), 12, utf16), "a…");
        assert_eq!(fit(&format!("a{FAMILY}bc"), 13, utf16), format!("a{FAMILY}…"));
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 4, characters), "e\u{301}…");
        assert_eq!(fit("が\u{3099}日本語", 9, str::len), "が\u{3099}…");
        assert_eq!(fit("one two", 5, characters), "one…", "no space before the ellipsis");
        assert_eq!(fit("日本語", 2, str::len), "", "there is not even room for an ellipsis");
    }

    #[test]
    fn one_line_holds_nothing_that_breaks_it_or_turns_it_around() {
        assert_eq!(one_line(" a\r\n\tb\u{2028}c\u{0}d\u{202e}e\u{1b}[31m "), "a b cde[31m");
        assert_eq!(one_line("全角　空白"), "全角　空白");
    }

    #[test]
    fn a_markdown_url_has_no_parentheses() {
        assert_eq!(markdown_url("https://a.example/Rust_(language)"), "https://a.example/Rust_%28language%29");
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_its_room(text in r"(\PC|\u{200d}|\u{301}|👩|あ){0,60}", room in 0usize..80) {
            for cost in [utf16, characters, str::len, json_bytes] {
                let fitted = fit(&text, room, cost);
                prop_assert!(cost(&fitted) <= room);
                let kept = fitted.strip_suffix(ELLIPSIS).unwrap_or(&fitted);
                prop_assert!(text.starts_with(kept));
            }
        }

        #[test]
        fn json_bytes_are_those_of_the_document(text in r"(\PC|[\x00-\x7f]){0,60}") {
            prop_assert_eq!(json_bytes(&text), serde_json::to_string(&text).unwrap().len() - 2);
        }
    }
}
