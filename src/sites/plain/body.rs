//! What a body says without being rendered: its first heading and its first paragraph.

use crate::posts::Excerpt;

/// The first heading of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heading<'a> {
    /// Without its `#`s.
    pub(super) text: &'a str,
    /// Where the line after it starts.
    pub(super) end: usize,
    /// It is a first-level one, with nothing but blank lines before it.
    pub(super) is_on_top: bool,
}

/// The first line that starts with `#` and a space, outside fenced code.
pub(super) fn first_heading(body: &str) -> Option<Heading<'_>> {
    let (mut end, mut in_code, mut is_on_top) = (0, false, true);
    for line in body.split_inclusive('\n') {
        end += line.len();
        if !line.starts_with(['#', '`', '~']) {
            is_on_top = is_on_top && is_blank(line);
            continue;
        }
        in_code ^= line.starts_with("```") || line.starts_with("~~~");
        let text = line.trim_start_matches('#');
        let level = line.len() - text.len();
        if !in_code && (1..=6).contains(&level) && text.starts_with([' ', '\t']) {
            let text = text.trim().trim_end_matches('#').trim_end();
            return Some(Heading { text, end, is_on_top: is_on_top && level == 1 });
        }
        is_on_top = false;
    }
    None
}

/// Up to the blank line after the first paragraph that is no heading.
pub(in crate::sites) fn first_paragraph(body: &str) -> Excerpt {
    let (mut at, mut in_paragraph) = (0, false);
    for line in body.split_inclusive('\n') {
        if is_blank(line) {
            if in_paragraph {
                return Excerpt::Head(at);
            }
        } else {
            in_paragraph |= !line.starts_with('#');
        }
        at += line.len();
    }
    Excerpt::Whole
}

fn is_blank(line: &str) -> bool {
    line.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_found_outside_code() {
        let heading = |body| first_heading(body).map(|heading| (heading.text, heading.end, heading.is_on_top));
        assert_eq!(heading("\n# Title #\ntext"), Some(("Title", 11, true)));
        assert_eq!(heading("```\n# x\n```\n## Sub\n"), Some(("Sub", 19, false)));
        assert_eq!(heading("text\n# Title"), Some(("Title", 12, false)));
        assert_eq!(heading("#tag\n####### seven\n"), None);
    }

    #[test]
    fn the_excerpt_ends_with_the_first_paragraph() {
        let body = "# T\n\none\ntwo\r\n\r\nthree\n";
        let Excerpt::Head(len) = first_paragraph(body) else { panic!() };
        assert_eq!(&body[..len], "# T\n\none\ntwo\r\n");
        assert_eq!(first_paragraph("only\n"), Excerpt::Whole);
    }
}
