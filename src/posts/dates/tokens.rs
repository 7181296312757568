//! The words, numbers and signs of a date.

use std::ops::Range;

/// A piece of a date, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A run of ASCII digits.
    Number(String),
    /// A run of letters.
    Word(String),
    /// Anything else; runs of white space are one `' '`.
    Sign(char),
}

/// The pieces of a date, and which of them have found a meaning.
#[derive(Debug)]
pub(super) struct Tokens {
    all: Vec<Token>,
    /// Where each stands in the text.
    spans: Vec<Range<usize>>,
    used: Vec<bool>,
}

impl Tokens {
    pub(super) fn of(text: &str) -> Self {
        let (mut all, mut spans): (Vec<Token>, Vec<Range<usize>>) = (Vec::new(), Vec::new());
        let blank = text.len() - text.trim_start().len();
        let places = text.trim().char_indices().map(|(at, c)| (blank + at..blank + at + c.len_utf8(), c));
        for (place, c) in places.flat_map(|(place, c)| c.to_lowercase().map(move |c| (place.clone(), c))) {
            let goes_on = all.last_mut().is_some_and(|last| last.takes(c));
            match spans.last_mut().filter(|_| goes_on) {
                Some(span) => span.end = place.end,
                None => {
                    all.push(Token::of(c));
                    spans.push(place);
                }
            }
        }
        Self { used: vec![false; all.len()], all, spans }
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
        match self.all.get(at)? {
            Token::Number(digits) if !self.used[at] => Some(digits),
            Token::Number(_) | Token::Word(_) | Token::Sign(_) => None,
        }
    }

    pub(super) fn word(&self, at: usize) -> Option<&str> {
        match self.all.get(at)? {
            Token::Word(letters) => Some(letters),
            Token::Number(_) | Token::Sign(_) => None,
        }
    }

    pub(super) fn is_sign(&self, at: usize, sign: char) -> bool {
        self.all.get(at) == Some(&Token::Sign(sign))
    }

    pub(super) fn mark(&mut self, range: Range<usize>) {
        self.used[range].fill(true);
    }

    /// The places of the numbers that have no meaning yet.
    pub(super) fn numbers(&self) -> Vec<usize> {
        (0..self.len()).filter(|&at| self.number(at).is_some()).collect()
    }

    /// Where in the text the first stretch is that has no meaning, besides what may stand between the parts of a date.
    pub(super) fn left(&self) -> Option<Range<usize>> {
        let first = (0..self.len()).find(|&at| !self.used[at] && !self.is_filler(at))?;
        let end = (first..self.len()).find(|&at| self.used[at]).unwrap_or(self.len());
        let last = (first..end).rfind(|&at| !self.is_filler(at))?;
        Some(self.spans[first].start..self.spans[last].end)
    }

    fn is_filler(&self, at: usize) -> bool {
        match &self.all[at] {
            Token::Sign(' ' | ',') => true,
            Token::Sign('.') => self.is_zero(at + 1),
            Token::Sign(_) => false,
            Token::Word(word) => matches!(word.as_str(), "t" | "st" | "nd" | "rd" | "th") || is_weekday(word),
            Token::Number(_) => at > 0 && self.is_sign(at - 1, '.') && self.is_zero(at),
        }
    }

    /// No time is lost with a fraction of zeros.
    fn is_zero(&self, at: usize) -> bool {
        self.number(at).is_some_and(|digits| digits.bytes().all(|digit| digit == b'0'))
    }
}

impl Token {
    fn of(c: char) -> Self {
        match c {
            c if c.is_ascii_digit() => Self::Number(c.into()),
            c if c.is_alphabetic() => Self::Word(c.into()),
            c => Self::Sign(if c.is_whitespace() { ' ' } else { c }),
        }
    }

    /// Makes `c` a part of this token, if it is more of the same.
    fn takes(&mut self, c: char) -> bool {
        match self {
            Self::Number(digits) if c.is_ascii_digit() => digits.push(c),
            Self::Word(letters) if c.is_alphabetic() => letters.push(c),
            Self::Sign(' ') if c.is_whitespace() => {}
            Self::Number(_) | Self::Word(_) | Self::Sign(_) => return false,
        }
        true
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
