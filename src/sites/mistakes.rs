//! What a parser of YAML, TOML or JSON says, in the words of somebody who writes posts: what is wrong here, and how to mend it.
//!
//! In: the text, and where the parser gave up. Out: a message and a remedy. Never: a guess at what was meant.

use crate::posts::front_matter::{Error, Syntax, TOO_LONG, UNCLOSED, UNCLOSED_TOML};
use crate::problems::Place;

/// What is wrong, in one sentence, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) remedy: String,
}

impl Mistake {
    fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }

    /// What usually leads to this error.
    pub(super) fn of(text: &str, error: &Error) -> Self {
        if error.message == UNCLOSED {
            return Self::new(&error.message, "put a line `---` below its last field");
        }
        if error.message == TOO_LONG {
            return Self::new(&error.message, "keep only what describes it there, and put texts and data elsewhere");
        }
        match error.syntax {
            Syntax::Yaml => Self::of_yaml(text, error),
            Syntax::Toml => Self::of_toml(error),
            Syntax::Json => Self::new(
                &error.message,
                "look at this line and the one above it: a comma or a quote that is missing, a comma too many, a bracket that is not closed",
            ),
        }
    }

    fn of_toml(error: &Error) -> Self {
        let remedy = if error.message == UNCLOSED_TOML {
            "put a line `+++` below its last field"
        } else if error.message.contains("duplicate key") {
            "delete one of the two: TOML lets no key stand twice"
        } else {
            "look at this line and the one above it: a text without quotes, a quote or bracket that is not closed, a missing `=`"
        };
        Self::new(&error.message, remedy)
    }

    fn of_yaml(text: &str, error: &Error) -> Self {
        let spot = Spot::new(text, error.at);
        let says = |part: &str| error.message.contains(part);
        if says("mapping values are not allowed") {
            spot.colon()
        } else if says("cannot start any token") {
            spot.first_character()
        } else if says("scanning a quoted scalar") && says("end of stream") {
            Self::new("a quote is opened and never closed", "close it at the end of its value")
        } else if says("unknown escape character") {
            let message = "a backslash in double quotes begins an escape, and there is none like this";
            Self::new(message, "put the value in single quotes, or write the backslash twice")
        } else if says("',' or ']'") {
            Self::new("a `[` is opened and not closed, or a comma is missing", "write the list as `[a, b]`")
        } else if says("',' or '}'") {
            Self::new("a `{` is opened and not closed, or a comma is missing", "write the mapping as `{a: 1, b: 2}`")
        } else if says("anchor") || says("alias") {
            let message = "YAML takes a value that begins with `*` for a reference, and there is nothing of that name";
            Self::new(message, "put a value that starts with `*` or `&` in quotes")
        } else if says("expected a key that is text") {
            Self::new("YAML takes a value that begins with `{` for a mapping", "put the value in quotes")
        } else if says("did not find expected key") && spot.value.starts_with(['"', '\'']) {
            spot.behind_a_quote()
        } else {
            Self::new(
                &error.message,
                "look at this line and the one above it: a quote or bracket that is not closed, a missing `:`, uneven indentation",
            )
        }
    }
}

/// Where the parser gave up.
struct Spot<'a> {
    /// The line's text before it.
    before: String,
    /// What is there.
    after: &'a str,
    key: String,
    value: String,
    /// The line before this one.
    above: &'a str,
    line: String,
}

impl<'a> Spot<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        let at = text.floor_char_boundary(at.min(text.len()));
        let line = Place::of(text, at, 1).source;
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let (key, value) = line.split_once(':').map_or(("title", ""), |(key, value)| (key.trim(), value.trim()));
        Self {
            before: text[start..at].to_owned(),
            after: &text[at..],
            key: key.to_owned(),
            value: value.to_owned(),
            above: text[..start].trim_end_matches(['\n', '\r']).rsplit('\n').next().unwrap_or_default(),
            line,
        }
    }

    /// A colon where YAML wants none: in a value, or because of the line above.
    fn colon(&self) -> Mistake {
        let indented = |line: &str| line.len() - line.trim_start().len();
        if self.before.contains(':') {
            let message = "the value holds a colon and a space, which YAML takes for another key";
            Mistake::new(message, format!("put the value in quotes: `{}: {}`", self.key, quoted(&self.value)))
        } else if self.above.contains(':') && indented(&self.line) != indented(self.above) {
            let message = "the line is not indented as the lines above it are";
            Mistake::new(message, "begin it in the column in which the field above begins")
        } else {
            let message = "YAML reads this line and the one above it as one value, which cannot hold a `key:`";
            Mistake::new(message, "give the line above its colon, as in `key: value`")
        }
    }

    fn first_character(&self) -> Mistake {
        let indent = self.line.trim_start_matches(' ');
        if self.after.starts_with('\t') || indent.starts_with('\t') {
            return Mistake::new("a tab stands where YAML wants spaces", "indent with spaces");
        }
        let first = self.after.chars().next().unwrap_or_default();
        let remedy = format!("put the value in quotes: `{}: {}`", self.key, quoted(&self.value));
        Mistake::new(format!("YAML lets no value begin with `{first}`"), remedy)
    }

    fn behind_a_quote(&self) -> Mistake {
        let message = "the value goes on behind its closing quote";
        match self.value.starts_with('\'') {
            true => Mistake::new(message, "write a quote inside single quotes twice: `'it''s'`"),
            false => {
                Mistake::new(message, "write quotes inside double quotes as `\\\"`, or put the whole in single quotes")
            }
        }
    }
}

/// A value as YAML takes any text.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::posts::front_matter;

    fn mistake(yaml: &str) -> Mistake {
        let text = format!("---\n{yaml}\n---\nbody\n");
        let error = front_matter::read(&text).expect_err("it does not parse");
        Mistake::of(&text, &error)
    }

    #[test]
    fn what_people_get_wrong_is_said_in_their_words() {
        for (yaml, message, remedy) in [
            ("title: Rust: a \"language\"", "holds a colon", "`title: \"Rust: a \\\"language\\\"\"`"),
            ("title \"x\"\ndate: 2025-01-01", "as one value", "its colon"),
            ("title: x\n  date: y", "not indented", "column"),
            ("author:\n\tname: x", "a tab", "spaces"),
            ("title: @ada", "begin with `@`", "`title: \"@ada\"`"),
            ("title: `x`", "begin with ``", "in quotes"),
            ("title: \"never closed", "never closed", "close it"),
            ("title: [a, b", "not closed", "`[a, b]`"),
            ("title: {a: b", "not closed", "`{a: 1"),
            ("title: *star", "reference", "in quotes"),
            ("title: 'it's", "behind its closing quote", "twice"),
            ("title: \"a\" b", "behind its closing quote", "single quotes"),
            ("title: \"\\q\"", "backslash", "twice"),
            ("title: {{ site.x }}", "for a mapping", "in quotes"),
        ] {
            let found = mistake(yaml);
            assert!(found.message.contains(message) && found.remedy.contains(remedy), "{yaml}: {found:?}");
        }
    }

    #[test]
    fn remedies_are_in_the_words_of_what_was_written() {
        for (text, message, remedy) in [
            ("+++\nalias = 1\nalias = 2\n+++\n", "duplicate key", "delete one"),
            ("+++\ntitle: x\n+++\n", "", "a missing `=`"),
            ("+++\ntitle = 1\n", UNCLOSED_TOML, "`+++`"),
            ("---\ntitle: 1\n", UNCLOSED, "`---`"),
            ("{\"title\": 1,}", "trailing comma", "a comma too many"),
        ] {
            let found = Mistake::of(text, &front_matter::read_any(text).unwrap_err());
            assert!(found.message.contains(message) && found.remedy.contains(remedy), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_told_as_the_parser_has_it() {
        assert_eq!(mistake("- a\n- b").message, "this is not a list of `key: value` lines");
    }

    #[test]
    fn a_remedy_in_quotes_parses() {
        for yaml in ["title: Rust: a \"b\" \\c", "title: @a \"b\"", "title: %x: y"] {
            let remedy = mistake(yaml).remedy;
            let mended = remedy.split_once("quotes: `").unwrap().1.trim_end_matches('`');
            assert!(front_matter::read(&format!("---\n{mended}\n---\n")).is_ok(), "{mended}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_place_is_too_odd(text in "[a: \t\"'{\n日]{0,40}", at in 0usize..60, message in "(mapping values are not allowed|cannot start any token|did not find expected key)") {
            Mistake::of(&text, &Error { at, message, syntax: Syntax::Yaml });
        }
    }
}
