//! What Goldmark's typographer, which Hugo turns on, makes of quotes, dashes and dots.
//!
//! In: running text, piece by piece. Out: it with typographic characters. Never: a closing double quote without an opening
//! one in the same block.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::{Interruption, Smart, next_symbol};

/// The state between two pieces of text.
#[derive(Debug)]
pub(crate) struct Goldmark {
    before: char,
    open_single: usize,
    open_double: usize,
}

impl Default for Goldmark {
    fn default() -> Self {
        Self { before: '\n', open_single: 0, open_double: 0 }
    }
}

impl Smart for Goldmark {
    fn push(&mut self, out: &mut String, text: &str, after: &str) {
        let mut rest = text;
        while let Some(at) = next_symbol(rest) {
            out.push_str(&rest[..at]);
            self.before = rest[..at].chars().next_back().unwrap_or(self.before);
            let read = &rest[at..];
            let (becomes, len) = symbol(read).unwrap_or_else(|| (self.quote(read, after), 1));
            out.push_str(becomes);
            self.before = read[..len].chars().next_back().unwrap_or(self.before);
            rest = &read[len..];
        }
        out.push_str(rest);
        self.pass(rest);
    }

    fn pass(&mut self, text: &str) {
        self.before = text.chars().next_back().unwrap_or(self.before);
    }

    fn push_verbatim(&mut self, out: &mut String, text: &str) {
        out.push_str(text);
        self.pass(text);
    }

    fn interrupt(&mut self, by: Interruption) {
        match by {
            Interruption::Line => self.before = '\n',
            Interruption::Markup(last) => self.before = last,
            Interruption::Block => *self = Self::default(),
        }
    }
}

/// A dash, dots or guillemets, and how long they were.
fn symbol(read: &str) -> Option<(&'static str, usize)> {
    const SYMBOLS: [(&str, &str); 5] = [("---", "—"), ("--", "–"), ("...", "…"), ("<<", "«"), (">>", "»")];
    SYMBOLS.into_iter().find(|(from, _)| read.starts_with(from)).map(|(from, to)| (to, from.len()))
}

impl Goldmark {
    /// What the first character of `read` becomes.
    fn quote<'t>(&mut self, read: &'t str, after: &str) -> &'t str {
        let next: Vec<char> = read[1..].chars().chain(after.chars()).take(4).take_while(|c| *c != '\n').collect();
        let following = next.first().copied().unwrap_or('\n');
        let (opens, closes) = flanking(self.before, following);
        let becomes = match read.as_bytes()[0] {
            b'"' if opens || closes => self.double(opens, closes, &next),
            b'\'' if opens || closes => self.single(opens, closes, &next),
            _ => None,
        };
        becomes.unwrap_or(&read[..1])
    }

    fn double(&mut self, opens: bool, closes: bool, next: &[char]) -> Option<&'static str> {
        if opens && !closes {
            self.open_double += 1;
            return Some("“");
        }
        if self.open_double == 0 || !ends(opens, closes, next) {
            return None;
        }
        if next.first() == Some(&'"') && self.before.is_ascii_digit() {
            return None;
        }
        self.open_double -= 1;
        Some("”")
    }

    fn single(&mut self, opens: bool, closes: bool, next: &[char]) -> Option<&'static str> {
        let first = next.first().copied();
        let within_word = self.before.is_alphanumeric() && first.is_some_and(char::is_alphabetic);
        if opens && !closes && is_decade(next) || is_shortened(self.before, first) || within_word {
            return Some("’");
        }
        if opens && !closes {
            if is_suffix(next) {
                return Some("’");
            }
            self.open_single += 1;
            return Some("‘");
        }
        // The end of a line or a digit behind it: then only what was opened is closed.
        if first.is_some_and(|c| !c.is_numeric()) {
            return Some("’");
        }
        let closed = self.open_single > 0 && ends(opens, closes, next);
        self.open_single -= usize::from(closed);
        closed.then_some("’")
    }
}

/// Left- and right-flanking (CommonMark 0.31, section 6.2).
fn flanking(before: char, after: char) -> (bool, bool) {
    let (punctuated, punctuates) = (is_punctuation(before), is_punctuation(after));
    let opens = !after.is_whitespace() && (!punctuates || before.is_whitespace() || punctuated);
    let closes = !before.is_whitespace() && (!punctuated || after.is_whitespace() || punctuates);
    (opens, closes)
}

/// Whether a quote that can close does.
fn ends(opens: bool, closes: bool, next: &[char]) -> bool {
    let surely = closes && !opens;
    let between = next.first().is_some_and(|c| is_punctuation(*c))
        && next.get(1).is_none_or(|c| c.is_ascii_punctuation() || c.is_ascii_whitespace());
    surely || closes && opens && between
}

/// `'90s`.
fn is_decade(next: &[char]) -> bool {
    matches!(next, [a, b, 's', rest @ ..] if a.is_ascii_digit() && b.is_ascii_digit()
        && rest.first().is_none_or(|c| c.is_whitespace() || is_punctuation(*c)))
}

/// `'twas`, `'em`, `'net`.
fn is_shortened(before: char, first: Option<char>) -> bool {
    (before.is_whitespace() || is_punctuation(before)) && matches!(first, Some('t' | 'e' | 'n' | 'l'))
}

/// `Alice's`, `I'm`, `you're` behind markup.
fn is_suffix(next: &[char]) -> bool {
    let rest = match next {
        ['s' | 'm' | 't' | 'd', rest @ ..] => rest,
        ['v' | 'r', 'e', rest @ ..] | ['l', 'l', rest @ ..] => rest,
        _ => return false,
    };
    rest.first().is_none_or(|c| c.is_ascii_punctuation() || c.is_ascii_whitespace())
}

fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation();
    }
    matches!(c.general_category_group(), GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol)
}
