//! Goldmark's block attributes: a line `{.lead #id key="value"}` below a block.
//!
//! In: a body. Out: the body with such lines made empty. Never: lines in fenced code; what the attributes say.

use std::borrow::Cow;

/// The body without block attributes, which feeds have no use for.
pub(super) fn without_block_attributes(body: &str) -> Cow<'_, str> {
    // Most bodies have none.
    if !body.lines().any(is_attributes) {
        return Cow::Borrowed(body);
    }
    let mut out = String::with_capacity(body.len());
    let mut fence: Option<&str> = None;
    for line in body.split_inclusive('\n') {
        let marks = marks(line);
        match fence {
            None if !marks.is_empty() => fence = Some(marks),
            Some(open) if closes(line, marks, open) => fence = None,
            _ => {}
        }
        if fence.is_none() && is_attributes(line) {
            out.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
        } else {
            out.push_str(line);
        }
    }
    Cow::Owned(out)
}

/// The marks of a fence that a line begins with; empty if it begins with none.
fn marks(line: &str) -> &str {
    let bare = line.trim_start_matches([' ', '\t', '>']);
    let len = ['`', '~'].map(|mark| bare.len() - bare.trim_start_matches(mark).len()).into_iter().max().unwrap_or(0);
    if len < 3 { "" } else { &bare[..len] }
}

fn closes(line: &str, marks: &str, open: &str) -> bool {
    marks.starts_with(open) && line.trim_matches([' ', '\t', '>', '\r', '\n']) == marks
}

/// Whether a line holds attributes and nothing else.
fn is_attributes(line: &str) -> bool {
    let inside = line.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let Some(mut rest) = inside.map(|inside| inside.trim_matches([' ', ','])).filter(|inside| !inside.is_empty())
    else {
        return false;
    };
    while !rest.is_empty() {
        let Some(after) = after_attribute(rest) else { return false };
        if !after.is_empty() && !after.starts_with([' ', ',', '\t']) {
            return false;
        }
        rest = after.trim_start_matches([' ', ',', '\t']);
    }
    true
}

/// What follows the attribute that a text begins with: `.class`, `#id`, `key=value`, `key="value"`.
fn after_attribute(text: &str) -> Option<&str> {
    let after_name = |text: &str| text.find(|c: char| !c.is_alphanumeric() && !"-_:".contains(c)).unwrap_or(text.len());
    if let Some(name) = text.strip_prefix(['.', '#']) {
        let end = after_name(name);
        return (end > 0).then(|| &name[end..]);
    }
    let end = after_name(text);
    let value = text[end..].strip_prefix('=').filter(|_| end > 0)?;
    match value.strip_prefix('"') {
        Some(quoted) => quoted.find('"').map(|end| &quoted[end + 1..]),
        None => Some(&value[value.find([' ', ',', '\t']).unwrap_or(value.len())..]).filter(|rest| *rest != value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_attributes_go() {
        let body = "para\n{.lead}\n\n> q\n{.a #b}\n\n| a |\n|---|\n{.t width=\"1 2\", n=3}\n{ .x }\n";
        assert_eq!(without_block_attributes(body), "para\n\n\n> q\n\n\n| a |\n|---|\n\n\n");
    }

    #[test]
    fn what_is_code_or_no_attributes_stays() {
        for body in [
            "```\n{.x}\n```\n",
            "~~~~\n~~~\n{.x}\n~~~~\n",
            "{x}\n{}\n{.}\n{a b}\n{{.x}}\n{.x} y\n{a=\"b}\n{{< x >}}\n{.日本。}\n",
        ] {
            assert_eq!(without_block_attributes(body), body);
        }
        assert_eq!(without_block_attributes("> ```\n> x\n> ```\n{.x}\n"), "> ```\n> x\n> ```\n\n");
    }

    proptest::proptest! {
        #[test]
        fn lines_stay_lines(body in "[{}.#a=\" `~>\n日]{0,60}") {
            proptest::prop_assert_eq!(without_block_attributes(&body).matches('\n').count(), body.matches('\n').count());
        }
    }
}
