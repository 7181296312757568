//! Collects what is wrong with one file.

use std::ops::Range;

use crate::posts::front_matter::{self, Map};
use crate::problems::{Code, Place, Problem, Severity};

use super::SettingsError;
use super::mistakes::Mistake;

/// What happens to a post that cannot be read.
pub(super) const LEFT_OUT: &str = "the post is not read; if it was in the feeds before, its last good entry stays";

/// What happens to a site whose settings cannot be read.
pub(super) const NOTHING_READ: &str = "nothing is read";

/// The problems of one file.
#[derive(Debug)]
pub(super) struct Report<'a> {
    path: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

/// What a problem says to people.
#[derive(Debug)]
pub(super) struct Words {
    /// What is wrong, and why.
    pub(super) message: String,
    /// What happens now.
    pub(super) effect: &'static str,
    /// What to do.
    pub(super) remedy: String,
}

impl Words {
    pub(super) fn new(message: impl Into<String>, effect: &'static str, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), effect, remedy: remedy.into() }
    }
}

impl<'a> Report<'a> {
    /// A report on the file at `path`, whose text is `text`.
    pub(super) fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, text, problems: Vec::new() }
    }

    pub(super) fn error(&mut self, code: Code, span: Option<Range<usize>>, words: Words) {
        self.add(Severity::Error, code, span, words);
    }

    pub(super) fn warning(&mut self, code: Code, span: Option<Range<usize>>, words: Words) {
        self.add(Severity::Warning, code, span, words);
    }

    pub(super) fn note(&mut self, code: Code, span: Option<Range<usize>>, words: Words) {
        self.add(Severity::Note, code, span, words);
    }

    /// A front matter field that cannot have this value, and is read as if it were not there.
    pub(super) fn odd_field(&mut self, data: &Map, key: &str, expected: &str) {
        let message = format!("`{key}` cannot be this: it has to be {expected}");
        let words = Words::new(message, "the field is left out", format!("make `{key}` {expected}, or delete it"));
        self.warning(Code::Field, data.span(key), words);
    }

    /// YAML, TOML or JSON that does not parse; `what` is what it would have been.
    pub(super) fn broken(&mut self, what: &str, error: &front_matter::Error, effect: &'static str) {
        let mistake = Mistake::of(self.text, error);
        let (message, remedy) = (format!("{what} cannot be read: {}", mistake.message), mistake.remedy);
        self.error(Code::FrontMatter, Some(error.at..error.at + 1), Words { message, effect, remedy });
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn add(&mut self, severity: Severity, code: Code, span: Option<Range<usize>>, words: Words) {
        self.problems.push(Problem {
            code,
            severity,
            path: self.path.to_owned(),
            place: span.map(|span| Place::of(self.text, span.start, span.len())),
            message: words.message,
            effect: words.effect.to_owned(),
            remedy: words.remedy,
        });
    }
}

impl SettingsError {
    /// That the file at `path`, which is `what`, does not parse.
    pub(super) fn broken(path: &str, text: &str, what: &str, error: &front_matter::Error) -> Self {
        let mut report = Report::new(path, text);
        report.broken(what, error, NOTHING_READ);
        Self(Box::new(report.into_problems().remove(0)))
    }
}

/// `text` in backquotes, cut after so many characters.
pub(super) fn quoted(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("`{}…`", &text[..at]),
        None => format!("`{text}`"),
    }
}
