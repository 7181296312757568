//! What is wrong with an input: what, where, why, what happens now, and what to do.
//!
//! A broken post is data, not a failure: readers return what they could read *and* a list of these.
//! Nothing here prints; `cli::report` draws them with the source line and a caret, the log has one line each.

mod capped;
mod explain;

use std::fmt;

use serde::Serialize;

pub use self::capped::{SHOWN, capped};

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, nothing is lost: an undated page beside the posts.
    Note,
    /// Something was repaired or left out; the post is in the feeds.
    Warning,
    /// The post (or the document) is not in the feeds as its author wrote it.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A kind of problem. The codes are an interface: scripts match on them, so they are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The file could not be read from the disk.
    Unreadable,
    /// The file is not UTF-8.
    NotUtf8,
    /// The file is larger than `guard.max_post_bytes`.
    TooLarge,
    /// The front matter does not parse.
    FrontMatter,
    /// A date that is missing where one is needed, or that cannot be understood.
    Date,
    /// A front matter field has a type that it cannot have.
    Field,
    /// A permalink template or URL that cannot be used.
    Permalink,
    /// Two posts claim one URL.
    DuplicateUrl,
    /// Characters that XML forbids were dropped.
    ForbiddenCharacter,
    /// A template tag in the text was left out.
    Template,
    /// A page without a date, which is therefore no post.
    Undated,
    /// A file that Tidings did not write stands where a document belongs, or one that it wrote was changed by somebody else.
    Occupied,
    /// A name or a date that was repaired (a day that rolls over, a trailing comma in a tag).
    Repaired,
    /// The post's last good text is no longer at hand, so its entries show their title and link only.
    LastGoodLost,
    /// Two posts had one id; the later one took its URL.
    DuplicateId,
    /// Two terms would have one path.
    TermPath,
    /// A setting that cannot be used, in `tidings.yaml` or in the site's own config.
    Config,
    /// The source holds no live post.
    NoPosts,
    /// The store knows a webhook that the config does not have, or has switched off.
    Untold,
}

impl Code {
    /// Every code, for tables and tests.
    pub const ALL: [Self; 19] = [
        Self::Unreadable,
        Self::NotUtf8,
        Self::TooLarge,
        Self::FrontMatter,
        Self::Date,
        Self::Field,
        Self::Permalink,
        Self::DuplicateUrl,
        Self::ForbiddenCharacter,
        Self::Template,
        Self::Undated,
        Self::Occupied,
        Self::Repaired,
        Self::LastGoodLost,
        Self::DuplicateId,
        Self::Config,
        Self::TermPath,
        Self::NoPosts,
        Self::Untold,
    ];

    /// The stable name, `T001` and up.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "T001",
            Self::NotUtf8 => "T002",
            Self::TooLarge => "T003",
            Self::FrontMatter => "T004",
            Self::Date => "T005",
            Self::Field => "T006",
            Self::Permalink => "T007",
            Self::DuplicateUrl => "T008",
            Self::ForbiddenCharacter => "T009",
            Self::Template => "T010",
            Self::Undated => "T011",
            Self::Occupied => "T012",
            Self::Repaired => "T013",
            Self::LastGoodLost => "T014",
            Self::DuplicateId => "T015",
            Self::Config => "T016",
            Self::TermPath => "T017",
            Self::NoPosts => "T018",
            Self::Untold => "T019",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A spot in a file, with the line it is on, so that it can be shown without reading the file again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// How many characters the caret underlines, at least 1.
    pub len: usize,
    /// The whole line, without its end.
    pub source: String,
}

impl Place {
    /// The place of the byte range `start..start + len` in `text`; past the end, the last character.
    #[must_use]
    pub fn of(text: &str, start: usize, len: usize) -> Self {
        let mut start = start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let source = text[line_start..line_end].trim_end_matches('\r');
        let mut end = (start + len).min(line_start + source.len()).max(start);
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self {
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            len: text[start..end].chars().count().max(1),
            source: source.to_owned(),
        }
    }
}

/// One thing that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Its kind.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The file, relative to the source's root, with `/`.
    pub path: String,
    /// Where in the file, if that is known.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// What is wrong and why, in one sentence without a full stop.
    pub message: String,
    /// What happens to the post now, in one sentence without a full stop.
    pub effect: String,
    /// What to do about it, in one sentence without a full stop.
    pub remedy: String,
}

impl Problem {
    /// Its line, 0 where that is not known: for sorting.
    #[must_use]
    pub fn line(&self) -> usize {
        self.place.as_ref().map_or(0, |place| place.line)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(place) = &self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": {} [{}]: {}", self.severity, self.code, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_stays_inside_the_line() {
        let text = "一行目\n題: x\r\n末";
        let at = text.find('x').unwrap();
        assert_eq!(Place::of(text, at, 99), Place { line: 2, column: 4, len: 1, source: "題: x".into() });
        assert_eq!(Place::of(text, 10_000, 1).line, 3);
    }

    #[test]
    fn codes_are_distinct_and_consecutive() {
        for (at, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code.as_str(), format!("T{:03}", at + 1));
        }
    }
}
