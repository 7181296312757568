//! What kramdown makes of quotes, dashes and dots; Jekyll's `smartify` filter is the same.
//!
//! In: running text, piece by piece. Out: it with typographic characters. Never: a change to what stands behind a backslash.
//!
//! kramdown's rules are those of SmartyPants, an ordered list that looks at the character before a quote and at one or
//! two behind it. One that became part of something else, a code span or another quote, counts as none.

use super::{Interruption, Smart, next_symbol};

/// The state between two pieces of text.
#[derive(Debug, Default)]
pub(crate) struct Kramdown {
    /// The character before, unless it is part of something that was read already.
    before: Option<char>,
}

/// What a quote becomes, and how many characters more were read with it.
struct Quote {
    becomes: &'static str,
    more: usize,
}

impl Kramdown {
    /// A line of text with tags and character references in it, both of which stay as they are.
    pub(crate) fn line(text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 8);
        let mut smart = Self::default();
        let mut rest = text;
        while let Some(at) = rest.find(['<', '&']) {
            let len = protected(&rest[at..]);
            let end = if len == 0 {
                rest[at..].find(|c| !matches!(c, '<' | '&' | ' ')).map_or(rest.len(), |end| at + end)
            } else {
                at
            };
            smart.push(&mut out, &rest[..end], &rest[end..]);
            if len > 0 {
                smart.push_verbatim(&mut out, &rest[at..at + len]);
            }
            rest = &rest[end + len..];
        }
        smart.push(&mut out, rest, "");
        out
    }
}

impl Smart for Kramdown {
    fn push(&mut self, out: &mut String, text: &str, after: &str) {
        let mut rest = text;
        while let Some(at) = next_symbol(rest) {
            out.push_str(&rest[..at]);
            self.before = rest[..at].chars().next_back().or(self.before);
            let (read, from) = (&rest[at..], &rest[at + 1..]);
            rest = if read.starts_with(['"', '\'']) {
                let quote = quote(read, self.before, Ahead { text: from, after });
                out.push_str(quote.becomes);
                self.before = None;
                &from[quote.more.min(from.len())..]
            } else {
                self.symbol(out, read)
            };
        }
        out.push_str(rest);
        self.pass(rest);
    }

    fn pass(&mut self, text: &str) {
        self.before = text.chars().next_back().or(self.before);
    }

    fn push_verbatim(&mut self, out: &mut String, text: &str) {
        out.push_str(text);
        self.before = None;
    }

    fn interrupt(&mut self, by: Interruption) {
        self.before = (by == Interruption::Line).then_some('\n');
    }
}

impl Kramdown {
    /// Reads a dash, dots or guillemets; returns what is left.
    fn symbol<'t>(&mut self, out: &mut String, read: &'t str) -> &'t str {
        const SYMBOLS: [(&str, &str); 6] =
            [("---", "—"), ("--", "–"), ("...", "…"), ("<< ", "«\u{A0}"), ("<<", "«"), (">>", "»")];
        let found = SYMBOLS.into_iter().find(|(from, _)| read.starts_with(from));
        let Some((from, to)) = found else {
            let (first, rest) = read.split_at(1);
            out.push_str(first);
            self.before = first.chars().next();
            return rest;
        };
        if matches!(from, "<<" | "<< " | ">>") && self.before == Some('\\') && out.ends_with('\\') {
            out.pop();
            self.push_verbatim(out, &read[..2]);
            return &read[2..];
        }
        // The space before belongs to it.
        if from == ">>" && self.before == Some(' ') && out.ends_with(' ') {
            out.pop();
            out.push('\u{A0}');
        }
        out.push_str(to);
        self.before = None;
        &read[from.len()..]
    }
}

/// The characters behind a quote: of its own text, then of the source.
#[derive(Clone, Copy)]
struct Ahead<'t> {
    text: &'t str,
    after: &'t str,
}

impl Ahead<'_> {
    fn chars(self) -> impl Iterator<Item = char> {
        self.text.chars().chain(self.after.chars()).take(4).collect::<Vec<_>>().into_iter()
    }
}

/// The first of kramdown's rules that fits.
fn quote(read: &str, before: Option<char>, ahead: Ahead<'_>) -> Quote {
    let double = read.starts_with('"');
    let (left, right) = if double { ("“", "”") } else { ("‘", "’") };
    let becomes = |becomes| Quote { becomes, more: 0 };
    let next: Vec<char> = ahead.chars().collect();
    let at = |n: usize| next.get(n).copied();
    let before = before.filter(|c| *c != '\\');
    if before.is_none() && before_emphasis(&next) {
        return becomes(left);
    }
    if before.is_none() && before_punctuation(&next) {
        return becomes(right);
    }
    let after_space = before.is_none_or(is_space);
    if after_space && at(1).is_some_and(is_word) {
        match (double, at(0)) {
            (true, Some('\'')) => return Quote { becomes: "“‘", more: 1 },
            (false, Some('"')) => return Quote { becomes: "‘“", more: 1 },
            _ => {}
        }
    }
    if after_space && !double && is_decade(&next) {
        return becomes("’");
    }
    match before {
        Some(c) if is_space(c) && at(0).is_some_and(is_word) => return becomes(left),
        Some(c) if !matches!(c, ' ' | '\t' | '\r' | '\n' | '[' | '{' | '(' | '-') => return becomes(right),
        Some(_) => return becomes(left),
        None => {}
    }
    // Two quotes where none was expected: the first stays.
    match (double, at(0)) {
        (true, Some('"')) => return Quote { becomes: "\"”", more: 1 },
        (true, Some('\'')) => return Quote { becomes: "\"’", more: 1 },
        (false, Some('"')) => return Quote { becomes: "'”", more: 1 },
        (false, Some('\'')) => return Quote { becomes: "'’", more: 1 },
        _ => {}
    }
    let ends = at(0).is_none_or(is_space) || at(0) == Some('s') && !at(1).is_some_and(is_letter);
    becomes(if ends { right } else { left })
}

/// `"*word*`, `"__word__`.
fn before_emphasis(next: &[char]) -> bool {
    let marks = next.iter().take(2).take_while(|c| matches!(c, '*' | '_')).count();
    (1..=marks).any(|len| next.get(len).is_some_and(|c| !is_space(*c)))
}

/// Punctuation that no word and no dots follow.
fn before_punctuation(next: &[char]) -> bool {
    let Some(first) = next.first().filter(|c| c.is_ascii_punctuation() && **c != '&') else { return false };
    let dots = next.get(1..3) == Some(&['.', '.']);
    let word_follows = next.get(1).is_some_and(|c| is_letter(*c));
    !dots && word_follows == (*first == '_')
}

/// `'80s`.
fn is_decade(next: &[char]) -> bool {
    matches!(next, [a, b, 's', ..] if a.is_ascii_digit() && b.is_ascii_digit())
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// To a word boundary, letters of every script belong to words.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the tag or character reference at the start of `rest`; 0 if there is none.
fn protected(rest: &str) -> usize {
    /// A longer one is none that a person wrote into a line.
    const MAX_LEN: usize = 300;
    let (close, ok): (u8, fn(&str) -> bool) = if rest.starts_with('&') {
        (b';', |inside| !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#'))
    } else {
        (b'>', |inside| inside.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    let inside = &rest[1..];
    let end = inside.bytes().take(MAX_LEN).position(|byte| byte == close);
    end.filter(|end| ok(&inside[..*end])).map_or(0, |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are those of `smartify` in Jekyll 4.3.1.
    #[test]
    fn quotes_turn_the_way_kramdown_turns_them() {
        for (typed, expected) in [
            ("What's new in \"Swift\"?", "What’s new in “Swift”?"),
            ("He said, \"'Quoted' words.\"", "He said, “‘Quoted’ words.”"),
            ("the '80s and the 90's", "the ’80s and the 90’s"),
            ("'tis \"*it*\" (\"x\")", "‘tis “*it*” (“x”)"),
            ("<i>Custer</i>'s \"<b>last</b>\" stand", "<i>Custer</i>’s “<b>last</b>” stand"),
            ("日本\"語\"です", "日本”語”です"),
            ("a -- b --- c... <<d>> << e >>", "a – b — c… «d» «\u{A0}e\u{A0}»"),
            ("\\<< R&amp;D's \"\"", "<< R&amp;D’s “”"),
            ("a < b > \"c\" & 'd'", "a < b > “c” & ‘d’"),
        ] {
            assert_eq!(Kramdown::line(typed), expected, "{typed}");
        }
    }

    #[test]
    fn a_million_quotes_take_linear_time() {
        for unit in ["\"", "'", "<", "&", "-", "<a ", "x' "] {
            assert!(Kramdown::line(&unit.repeat(300_000)).len() >= 100_000, "{unit}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_keeps_letters(line in "([a-z日é]|[-\"'.<>&;\\\\ ]|<b>|&amp;){0,40}") {
            let letters = |s: &str| s.chars().filter(|c| c.is_alphabetic()).collect::<String>();
            proptest::prop_assert_eq!(letters(&Kramdown::line(&line)), letters(&line));
        }
    }
}
