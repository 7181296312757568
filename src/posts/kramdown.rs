//! What kramdown writes in braces (`{: .note}`, `{:toc}`, `{::comment}`), taken out of Markdown: attributes mean nothing in a
//! feed, and a CommonMark parser would show them.
//!
//! In: a body. Out: the same without them. Never: a change inside fenced code or a code span.

use std::borrow::Cow;

/// `text` without attribute lists and extensions; borrows where there are none.
#[must_use]
pub fn without_attributes(text: &str) -> Cow<'_, str> {
    if !text.contains("{:") {
        return Cow::Borrowed(text);
    }
    let mut out = Output { text: String::with_capacity(text.len()), last: "" };
    let (mut fence, mut in_comment) = (None, false);
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let bare = line.trim();
        if in_comment {
            in_comment = !matches!(bare, "{:/comment}" | "{:/}");
            continue;
        }
        if let Some(open) = fence {
            fence = (!closes(bare, open)).then_some(open);
            out.push(line, line);
            continue;
        }
        fence = opening(bare);
        in_comment = bare == "{::comment}";
        match braces(bare) {
            Some(list) if !out.is_code(line) => out.attributes(list, line, lines.peek().copied()),
            _ => out.push(&spans(line), line),
        }
    }
    Cow::Owned(out.text)
}

/// What was kept so far.
struct Output<'a> {
    text: String,
    /// The last line of the source that was kept, as it was.
    last: &'a str,
}

impl<'a> Output<'a> {
    fn push(&mut self, text: &str, line: &'a str) {
        self.text.push_str(text);
        self.last = line;
    }

    /// Takes a line of nothing but an attribute list out; `{:toc}` takes the list item with it that it stands for.
    fn attributes(&mut self, list: &str, line: &str, next: Option<&str>) {
        if list.trim() == "toc" && is_item(self.last) {
            let kept = self.text.len() - self.last.len();
            self.text.truncate(kept);
        }
        // It ends the block before it; but an empty line in a list would make the list a loose one.
        let parts_blocks = !self.last.trim().is_empty()
            && next.is_some_and(|next| !next.trim().is_empty() && !is_item(next) && !next.starts_with(' '));
        if parts_blocks && !line.starts_with(' ') {
            self.text.push('\n');
        }
    }

    /// Indented code begins after an empty line.
    fn is_code(&self, line: &str) -> bool {
        let indented = line.starts_with("    ") || line.starts_with('\t');
        indented && self.last.trim().is_empty()
    }
}

/// The inside of `{: … }` or `{:: … }`, if that is all there is.
fn braces(bare: &str) -> Option<&str> {
    let inside = bare.strip_prefix("{:")?.strip_suffix('}')?;
    (!inside.contains(['{', '}'])).then_some(inside)
}

/// The character and length of a code fence that opens here.
fn opening(bare: &str) -> Option<(char, usize)> {
    let mark = bare.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let len = bare.chars().take_while(|c| *c == mark).count();
    let info = &bare[len..];
    (len >= 3 && !(mark == '`' && info.contains('`'))).then_some((mark, len))
}

fn closes(bare: &str, (mark, len): (char, usize)) -> bool {
    bare.len() >= len && bare.chars().all(|c| c == mark)
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let bullet = line.strip_prefix(['*', '-', '+']);
    let number = (rest.len() < line.len()).then(|| rest.strip_prefix(['.', ')'])).flatten();
    bullet.or(number).is_some_and(|rest| rest.starts_with([' ', '\t']))
}

/// A line without the attribute lists behind its spans, as in `[text](url){: .button}`.
fn spans(line: &str) -> Cow<'_, str> {
    if !line.contains("{:") {
        return Cow::Borrowed(line);
    }
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['`', '{']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match attribute_list(rest) {
            Some(len) if kept.ends_with([')', ']', '*', '_', '`', '~', '>']) => {
                rest = &rest[len..];
                continue;
            }
            _ => code_span(rest).unwrap_or(1),
        };
        kept.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

fn attribute_list(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("{:")?;
    let end = inside.find(['{', '}', '\n'])?;
    inside[end..].starts_with('}').then_some(end + 3)
}

/// The length of the code span, or of the lone backticks, that `text` begins with.
fn code_span(text: &str) -> Option<usize> {
    let len = text.bytes().take_while(|byte| *byte == b'`').count();
    if len == 0 {
        return None;
    }
    let mut at = len;
    while let Some(next) = text[at..].find('`') {
        at += next;
        let run = text[at..].bytes().take_while(|byte| *byte == b'`').count();
        at += run;
        if run == len {
            return Some(at);
        }
    }
    Some(len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::without_attributes;

    #[test]
    fn attribute_lists_go_and_their_blocks_stay() {
        for (source, expected) in [
            ("A paragraph.\n{: .note}\n\nNext.\n", "A paragraph.\n\nNext.\n"),
            ("A paragraph.\n{: .note}\nNext.\n", "A paragraph.\n\nNext.\n"),
            ("{: .note}\nA paragraph.\n", "A paragraph.\n"),
            ("- a\n{: .x}\n- b\n", "- a\n- b\n"),
            ("* TOC\n{:toc}\n\n# One\n", "\n# One\n"),
            ("1. Contents\n{:toc}\n", ""),
            ("[a](b){: .button} and **c**{:.d}\n", "[a](b) and **c**\n"),
            ("`code`{: .language-ruby}\n", "`code`\n"),
            ("a {::nomarkdown}\n", "a {::nomarkdown}\n"),
            ("{::comment}\nhidden\n{:/comment}\nshown\n", "shown\n"),
            ("{::nomarkdown}\n<b>x</b>\n{:/nomarkdown}\n", "<b>x</b>\n"),
        ] {
            assert_eq!(without_attributes(source), expected, "{source:?}");
        }
    }

    #[test]
    fn code_and_plain_braces_stay() {
        for source in [
            "```\n{: .note}\n```\n",
            "~~~ ruby\n[a](b){: .c}\n~~~\n",
            "`[a](b){: .c}`\n",
            "\n    {: .note}\n",
            "{ : not }\n",
            "a {: b}\n",
            "no braces at all",
        ] {
            assert_eq!(without_attributes(source), source);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_none_is_made_longer(text in "[-{}:`~*() \n\tａa1.x]{0,80}") {
            let kept = without_attributes(&text);
            prop_assert!(kept.len() <= text.len() + text.matches('\n').count());
        }
    }
}
