//! The small pieces that markup is made of.

use std::ops::Range;

/// White space as Ruby's `strip` has it: an ideographic space is text.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\0')
}

pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The letters, digits and underscores that `text` starts with.
pub(super) fn word(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// The first text in quotes, or run of anything but white space, commas and bars, from `from` on.
pub(super) fn fragment(text: &str, from: usize) -> Option<Range<usize>> {
    fragment_until(text, from, |_| false)
}

/// The same, ending also before an unquoted character that `ends` says.
pub(super) fn fragment_until(text: &str, from: usize, ends: impl Fn(char) -> bool) -> Option<Range<usize>> {
    let mut start = None;
    let mut at = from;
    while let Some(c) = text[at..].chars().next() {
        let quoted = || text[at + 1..].find(c).map(|len| len + 2);
        let len = match c {
            // A text in quotes is a fragment of its own, unless it stands within one.
            '"' | '\'' if start.is_none() => match quoted() {
                Some(len) => return Some(at..at + len),
                None => None,
            },
            '"' | '\'' => quoted(),
            ',' | '|' => None,
            c if c.is_whitespace() || ends(c) => None,
            c => Some(c.len_utf8()),
        };
        match (len, start) {
            (Some(len), _) => {
                start.get_or_insert(at);
                at += len;
            }
            (None, Some(start)) => return Some(start..at),
            (None, None) => at += c.len_utf8(),
        }
    }
    start.map(|start| start..at)
}

/// The parts of `text` between separators that do not stand in quotes.
pub(super) fn unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut at = 0;
        while let Some(found) = text[at..].find([separator, '"', '\'']) {
            let here = at + found;
            let c = text[here..].chars().next().unwrap_or(separator);
            if c == separator {
                rest = Some(&text[here + c.len_utf8()..]);
                return Some(&text[..here]);
            }
            at = here + 1 + text[here + 1..].find(c).map_or(0, |len| len + 1);
        }
        rest = None;
        Some(text)
    })
}

/// Where the bracket closes that was opened before `text`.
pub(super) fn closing_bracket(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 0 => return Some(at),
            b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The fragment that `text` starts with.
pub(super) fn starts_with_fragment(text: &str) -> Option<&str> {
    if text.starts_with([',', '|']) {
        return None;
    }
    fragment(text, 0).filter(|range| range.start == 0).map(|range| &text[range])
}

/// `key: value` pairs anywhere in `text`.
pub(super) fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let colon = at + text[at..].find(':')?;
            let before = text[at..colon].trim_end();
            let is_key = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
            let key = &before[before.len() - before.bytes().rev().take_while(is_key).count()..];
            let value = text[colon + 1..].trim_start();
            let written = if key.is_empty() { None } else { starts_with_fragment(value) };
            let Some(written) = written else {
                at = colon + 1;
                continue;
            };
            at = text.len() - value.len() + written.len();
            return Some((key, written));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_end_where_liquid_ends_them() {
        for (text, found) in [
            (" a.b | c", Some("a.b")),
            ("'a | b' | c", Some("'a | b'")),
            ("x['a b'].c, d", Some("x['a b'].c")),
            ("'a", Some("a")),
            (", | ", None),
            ("日本|", Some("日本")),
        ] {
            assert_eq!(fragment(text, 0).map(|range| &text[range]), found, "{text}");
        }
    }

    #[test]
    fn separators_in_quotes_do_not_separate() {
        let parts = |text| unquoted(text, '|').collect::<Vec<_>>();
        assert_eq!(parts("a | 'b|c' | \"d'|\""), ["a ", " 'b|c' ", " \"d'|\""]);
        assert_eq!(parts("'a|b"), ["'a", "b"]);
        assert_eq!(parts(""), [""]);
    }

    #[test]
    fn attributes_are_found_anywhere() {
        let found = |text| attributes(text).collect::<Vec<_>>();
        assert_eq!(
            found("i in x reversed limit:2 offset : n.a, cols:'3'"),
            [("limit", "2"), ("offset", "n.a"), ("cols", "'3'")]
        );
        assert_eq!(found(":::a: ,b:"), []);
    }
}
