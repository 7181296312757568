//! The words, numbers and signs of a date.

use std::ops::Range;

/// A piece of a date.
#[derive(Debug)]
struct Token {
    kind: Kind,
    /// Where it stands in the lower-case text, …
    lower: Range<usize>,
    /// … and in the text as it was written.
    written: Range<usize>,
    /// Whether it has found a meaning.
    used: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A run of ASCII digits.
    Number,
    /// A run of letters.
    Word,
    /// Anything else; runs of white space are one `' '`.
    Sign(char),
}

/// The pieces of a date, in lower case.
#[derive(Debug)]
pub(super) struct Tokens {
    lower: String,
    all: Vec<Token>,
}

impl Tokens {
    pub(super) fn of(text: &str) -> Self {
        let mut tokens = Self { lower: String::with_capacity(text.len()), all: Vec::with_capacity(16) };
        let blank = text.len() - text.trim_start().len();
        for (at, c) in text.trim().char_indices() {
            let written = blank + at..blank + at + c.len_utf8();
            c.to_lowercase().for_each(|c| tokens.push(c, written.clone()));
        }
        tokens
    }

    fn push(&mut self, c: char, written: Range<usize>) {
        let (kind, start) = (Kind::of(c), self.lower.len());
        self.lower.push(c);
        let lower = start..self.lower.len();
        match self.all.last_mut().filter(|last| last.kind == kind && kind.goes_on()) {
            Some(last) => (last.lower.end, last.written.end) = (lower.end, written.end),
            None => self.all.push(Token { kind, lower, written, used: false }),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The place of the next token from `at` on that is not white space.
    pub(super) fn after_space(&self, at: usize) -> usize {
        if self.is_sign(at, ' ') { at + 1 } else { at }
    }

    /// The digits at `at`, unless they have a meaning already.
    pub(super) fn number(&self, at: usize) -> Option<&str> {
        let token = self.all.get(at).filter(|token| token.kind == Kind::Number && !token.used)?;
        Some(&self.lower[token.lower.clone()])
    }

    pub(super) fn word(&self, at: usize) -> Option<&str> {
        let token = self.all.get(at).filter(|token| token.kind == Kind::Word)?;
        Some(&self.lower[token.lower.clone()])
    }

    pub(super) fn is_sign(&self, at: usize, sign: char) -> bool {
        self.all.get(at).is_some_and(|token| token.kind == Kind::Sign(sign))
    }

    pub(super) fn mark(&mut self, range: Range<usize>) {
        self.all[range].iter_mut().for_each(|token| token.used = true);
    }

    /// The places of the numbers that have no meaning yet.
    pub(super) fn numbers(&self) -> Vec<usize> {
        (0..self.len()).filter(|&at| self.number(at).is_some()).collect()
    }

    /// Where in the text the first stretch is that has no meaning, besides what may stand between the parts of a date.
    pub(super) fn left(&self) -> Option<Range<usize>> {
        let first = (0..self.len()).find(|&at| !self.all[at].used && !self.is_filler(at))?;
        let end = (first..self.len()).find(|&at| self.all[at].used).unwrap_or(self.len());
        let last = (first..end).rfind(|&at| !self.is_filler(at))?;
        Some(self.all[first].written.start..self.all[last].written.end)
    }

    fn is_filler(&self, at: usize) -> bool {
        match self.all[at].kind {
            Kind::Sign(' ' | ',') => true,
            Kind::Sign('.') => self.is_zero(at + 1),
            Kind::Sign(_) => false,
            Kind::Word => {
                self.word(at).is_some_and(|word| matches!(word, "t" | "st" | "nd" | "rd" | "th") || is_weekday(word))
            }
            Kind::Number => at > 0 && self.is_sign(at - 1, '.') && self.is_zero(at),
        }
    }

    /// No time is lost with a fraction of zeros.
    fn is_zero(&self, at: usize) -> bool {
        self.number(at).is_some_and(|digits| digits.bytes().all(|digit| digit == b'0'))
    }
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            c if c.is_ascii_digit() => Self::Number,
            c if c.is_alphabetic() => Self::Word,
            c => Self::Sign(if c.is_whitespace() { ' ' } else { c }),
        }
    }

    /// Whether more of the same belongs to the same token.
    fn goes_on(self) -> bool {
        matches!(self, Self::Number | Self::Word | Self::Sign(' '))
    }
}

/// 1 for `jan` or `january`.
pub(super) fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(word))?;
    u32::try_from(at + 1).ok()
}

pub(super) fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    word.len() >= 3 && DAYS.iter().any(|day| day.starts_with(word))
}
