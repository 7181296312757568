//! Where the front matter ends and the body begins.

use std::ops::Range;

use super::{Error, Syntax};

/// What [`Error::message`] says of a block without an end.
pub(crate) const UNCLOSED: &str = "the block that `---` opens is never closed";

/// The same of a block of TOML.
pub(crate) const UNCLOSED_TOML: &str = "the block that `+++` opens is never closed";

/// A file with TOML on top.
pub(super) struct Toml {
    /// The bytes of the TOML, without its fences.
    pub(super) block: Range<usize>,
    /// Where the body starts.
    pub(super) body_start: usize,
}

/// Splits a file that starts, after white space, with a line `+++`; `None` if it does not.
pub(super) fn toml(file: &str) -> Result<Option<Toml>, Error> {
    let opening = file.len() - file.trim_ascii_start().len();
    let mut lines = file[opening..].split_inclusive('\n');
    let Some(fence) = lines.next().filter(|line| is_fence(line, &["+++"])) else { return Ok(None) };
    let start = opening + fence.len();
    let mut at = start;
    for line in lines {
        if is_fence(line, &["+++"]) {
            let body_start = at + line.len();
            let body_start = body_start + blank_lines(&file[body_start..]);
            return Ok(Some(Toml { block: start..at, body_start }));
        }
        at += line.len();
    }
    Err(Error { message: UNCLOSED_TOML.to_owned(), at: opening, syntax: Syntax::Toml })
}

/// Whether a file starts with a JSON object, and not with a template tag.
pub(super) fn opens_object(file: &str) -> bool {
    let inside = file.strip_prefix('{').map(str::trim_ascii_start);
    inside.is_some_and(|inside| inside.starts_with(['"', '}']))
}

/// How many bytes of `text` end the line and are blank lines.
pub(super) fn blank_lines_after(text: &str) -> usize {
    let line = text.find('\n').map_or(text.len(), |at| at + 1);
    if text[..line].trim_ascii().is_empty() { line + blank_lines(&text[line..]) } else { 0 }
}

/// A file, split: the front matter's YAML (if there is any) and where the body starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Split {
    /// The bytes of the YAML, without its fences.
    pub(super) yaml: Option<Range<usize>>,
    /// Where the body starts.
    pub(super) body_start: usize,
}

/// Splits a file by the rule of Jekyll: `---` at byte 0, closed by `---` or `...` on a line of its own.
///
/// Blank lines after the closing fence belong to it.
///
/// # Errors
///
/// If a block opens and never closes. Jekyll takes the whole file for the body then, and so publishes a post whose lost
/// `published: false` says not to. Here that is only done where no `key:` follows: a `---` on top may be a thematic
/// break.
pub(super) fn split(file: &str) -> Result<Split, Error> {
    let all_body = Split { yaml: None, body_start: 0 };
    let mut lines = file.split_inclusive('\n');
    let Some(opening) = lines.next().filter(|line| is_fence(line, &["---"]) && line.ends_with('\n')) else {
        return Ok(all_body);
    };
    let mut at = opening.len();
    for line in lines {
        if is_fence(line, &["---", "..."]) {
            let body_start = at + line.len();
            let body_start = body_start + blank_lines(&file[body_start..]);
            return Ok(Split { yaml: Some(opening.len()..at), body_start });
        }
        at += line.len();
    }
    if starts_with_key(&file[opening.len()..]) {
        return Err(Error { message: UNCLOSED.to_owned(), at: 0, syntax: Syntax::Yaml });
    }
    Ok(all_body)
}

/// Whether the first line that is neither blank nor a comment is `key:`, with or without a value.
fn starts_with_key(text: &str) -> bool {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let Some((key, value)) = line.and_then(|line| line.split_once(':')) else { return false };
    let key = key.trim_end().trim_matches(['"', '\'']);
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    is_key && (value.is_empty() || value.starts_with(char::is_whitespace))
}

fn is_fence(line: &str, fences: &[&str]) -> bool {
    fences.contains(&line.trim_end_matches(|c: char| c.is_ascii_whitespace()))
}

/// How many bytes of blank lines `text` starts with.
fn blank_lines(text: &str) -> usize {
    text.split_inclusive('\n')
        .take_while(|line| line.ends_with('\n') && line.trim_ascii().is_empty())
        .map(str::len)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(file: &str) -> (Option<&str>, &str) {
        let split = split(file).unwrap();
        (split.yaml.map(|range| &file[range]), &file[split.body_start..])
    }

    #[test]
    fn a_block_between_fences_is_front_matter() {
        assert_eq!(parts("---\na: 1\n---\nbody\n"), (Some("a: 1\n"), "body\n"));
        assert_eq!(parts("---  \r\na: 1\r\n---\t\r\nbody"), (Some("a: 1\r\n"), "body"));
        assert_eq!(parts("---\na: 1\n...\nbody"), (Some("a: 1\n"), "body"));
        assert_eq!(parts("---\n---\n"), (Some(""), ""));
        assert_eq!(parts("---\na: 1\n---"), (Some("a: 1\n"), ""));
    }

    #[test]
    fn blank_lines_before_the_body_go_with_the_fence() {
        assert_eq!(parts("---\n---\n\n  \n    code\n"), (Some(""), "    code\n"));
        assert_eq!(parts("---\n---\n\n  "), (Some(""), "  "));
    }

    #[test]
    fn only_a_fence_on_its_own_line_closes() {
        assert_eq!(parts("---\na: |\n  --- x\n  ---x\n--- y\n---\nb"), (Some("a: |\n  --- x\n  ---x\n--- y\n"), "b"));
    }

    #[test]
    fn without_a_block_everything_is_body() {
        for file in [
            "",
            "text",
            "\n---\na: 1\n---\n",
            "---",
            "---\ntext\n",
            "---\n\n# Title\n\nSaid Ada: x",
            "---\n- a: b\n",
            "---\nhttp://x",
            " ---\n---\n",
            "----\n---\n",
        ] {
            assert_eq!(parts(file), (None, file));
        }
    }

    #[test]
    fn a_block_that_looks_like_front_matter_has_to_be_closed() {
        for file in
            ["---\ntitle: x\n", "---\n\n# why\npublished:\nbody", "---\r\n'title': x", "---\n題-1_a : x\n--- y\n"]
        {
            let error = Error { message: UNCLOSED.to_owned(), at: 0, syntax: Syntax::Yaml };
            assert_eq!(split(file), Err(error), "{file}");
        }
    }
}
