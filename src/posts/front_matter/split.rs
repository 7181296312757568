//! Where the front matter ends and the body begins.

use std::ops::Range;

/// A file, split: the front matter's YAML (if there is any) and where the body starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The bytes of the YAML, without its fences.
    pub yaml: Option<Range<usize>>,
    /// Where the body starts.
    pub body_start: usize,
}

/// Splits a file by the rule of Jekyll: `---` at byte 0, closed by `---` or `...` on a line of its own.
///
/// Blank lines after the closing fence belong to it. Without a closing fence everything is body.
#[must_use]
pub fn split(file: &str) -> Split {
    let all_body = Split { yaml: None, body_start: 0 };
    let mut lines = file.split_inclusive('\n');
    let Some(opening) = lines.next().filter(|line| is_fence(line, &["---"]) && line.ends_with('\n')) else {
        return all_body;
    };
    let mut at = opening.len();
    for line in lines {
        if is_fence(line, &["---", "..."]) {
            let body_start = at + line.len();
            return Split { yaml: Some(opening.len()..at), body_start: body_start + blank_lines(&file[body_start..]) };
        }
        at += line.len();
    }
    all_body
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
        let split = split(file);
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
        for file in ["", "text", "\n---\na: 1\n---\n", "---\na: 1\n", "---", " ---\n---\n", "----\n---\n"] {
            assert_eq!(parts(file), (None, file));
        }
    }
}
