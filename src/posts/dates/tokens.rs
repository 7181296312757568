//! The words, numbers and signs of a date.

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
    used: Vec<bool>,
}

impl Tokens {
    pub(super) fn of(text: &str) -> Self {
        let mut all: Vec<Token> = Vec::new();
        for c in text.trim().chars().flat_map(char::to_lowercase) {
            match (all.last_mut(), c) {
                (Some(Token::Number(digits)), c) if c.is_ascii_digit() => digits.push(c),
                (Some(Token::Word(letters)), c) if c.is_alphabetic() => letters.push(c),
                (Some(Token::Sign(' ')), c) if c.is_whitespace() => {}
                (_, c) if c.is_ascii_digit() => all.push(Token::Number(c.into())),
                (_, c) if c.is_alphabetic() => all.push(Token::Word(c.into())),
                (_, c) => all.push(Token::Sign(if c.is_whitespace() { ' ' } else { c })),
            }
        }
        Self { used: vec![false; all.len()], all }
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

    pub(super) fn mark(&mut self, range: std::ops::Range<usize>) {
        self.used[range].fill(true);
    }

    /// The places of the numbers that have no meaning yet.
    pub(super) fn numbers(&self) -> Vec<usize> {
        (0..self.len()).filter(|&at| self.number(at).is_some()).collect()
    }

    /// Whether something is left that has no meaning, besides what may stand between the parts of a date.
    pub(super) fn any_left(&self) -> bool {
        let is_filler = |token: &Token| match token {
            Token::Sign(sign) => matches!(sign, ' ' | ','),
            Token::Word(word) => matches!(word.as_str(), "t" | "st" | "nd" | "rd" | "th") || is_weekday(word),
            Token::Number(_) => false,
        };
        self.all.iter().zip(&self.used).any(|(token, used)| !used && !is_filler(token))
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
