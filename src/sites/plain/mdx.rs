//! MDX: Markdown with JavaScript in it.
//!
//! In: a body. Out: the same without `import` and `export`, without `{expressions}` and without the tags of components; the text
//! between the tags stays. Never: JavaScript run. Code is left as it is.

use std::ops::Range;

/// A body without JavaScript.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stripped {
    pub(super) text: String,
    /// The first component or expression that meant something which is now missing: its bytes in the body.
    pub(super) dropped: Option<Range<usize>>,
}

/// Longer tags and expressions are taken for text.
const MAX_LEN: usize = 10_000;

/// After so many that never end, what looks like one is text.
const MAX_OPEN: usize = 1000;

/// Takes the JavaScript out of `body`.
pub(super) fn strip(body: &str) -> Stripped {
    let mut pass = Pass { body, out: String::with_capacity(body.len()), open: 0, dropped: None };
    let (mut at, mut fence, mut after_blank) = (0, None, true);
    while at < body.len() {
        let line = &body[at..at + body[at..].find('\n').map_or(body.len() - at, |len| len + 1)];
        let text = line.trim_start();
        let marker = ["```", "~~~"].into_iter().find(|marker| text.starts_with(marker));
        let is_code = fence.is_some() || marker.is_some();
        fence = match fence {
            Some(open) if marker == Some(open) => None,
            None => marker,
            open => open,
        };
        at = if is_code {
            pass.out.push_str(line);
            at + line.len()
        } else if after_blank && ["import ", "export "].iter().any(|word| line.starts_with(word)) {
            at + statement_len(&body[at..])
        } else {
            pass.line(at, at + line.len())
        };
        after_blank = line.chars().all(char::is_whitespace);
    }
    Stripped { text: pass.out, dropped: pass.dropped }
}

/// Up to the next blank line.
fn statement_len(text: &str) -> usize {
    let mut len = 0;
    for line in text.split_inclusive('\n').take_while(|line| !line.trim().is_empty()) {
        len += line.len();
    }
    len
}

struct Pass<'a> {
    body: &'a str,
    out: String,
    /// How many tags and expressions never ended.
    open: usize,
    dropped: Option<Range<usize>>,
}

impl Pass<'_> {
    /// Goes through one line, and past its end if a tag does; where to go on.
    fn line(&mut self, start: usize, end: usize) -> usize {
        let mut at = start;
        while at < end {
            let text = &self.body[at..end];
            let plain = text.bytes().position(|byte| matches!(byte, b'`' | b'\\' | b'<' | b'{'));
            self.out.push_str(&text[..plain.unwrap_or(text.len())]);
            let Some(plain) = plain else { return end };
            at += plain;
            let rest = &self.body[at..];
            let c = rest.chars().next().unwrap_or_default();
            let len = match c {
                '`' => code_len(&self.body[at..end]),
                '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
                '<' if self.open < MAX_OPEN && is_component(&rest[1..]) => {
                    self.skip(at, tag_len(rest), is_closing(rest))
                }
                '{' if self.open < MAX_OPEN => self.expression(at),
                _ => c.len_utf8(),
            };
            // What was skipped is not printed.
            if !(matches!(c, '<' | '{') && len > 1) {
                self.out.push_str(&self.body[at..at + len]);
            }
            at += len;
        }
        at
    }

    fn skip(&mut self, at: usize, len: Option<usize>, is_silent: bool) -> usize {
        let Some(len) = len else {
            self.open += 1;
            return 1;
        };
        if !is_silent {
            self.dropped.get_or_insert(at..at + len);
        }
        len
    }

    /// `{"text"}` is text, a comment is nothing, anything else is missing.
    fn expression(&mut self, at: usize) -> usize {
        let Some(len) = braces_len(&self.body[at..]) else { return self.skip(at, None, true) };
        let inside = self.body[at + 1..at + len - 1].trim();
        let literal = ["\"", "'", "`"].iter().find_map(|quote| {
            inside.strip_prefix(quote)?.strip_suffix(quote).filter(|text| !text.contains(quote) && !text.contains("${"))
        });
        self.out.push_str(literal.unwrap_or_default());
        let is_silent = literal.is_some() || inside.is_empty() || inside.starts_with("/*");
        self.skip(at, Some(len), is_silent)
    }
}

/// `Name`, `/Name`, `name.part`, or the `>` of a fragment.
fn is_component(rest: &str) -> bool {
    let name = rest.strip_prefix('/').unwrap_or(rest);
    let end = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '$'))).unwrap_or(name.len());
    let is_member = name[..end].contains('.') && name.starts_with(|c: char| c.is_ascii_alphabetic());
    // `<first.last@example.com>` is an address.
    name.starts_with(|c: char| c == '>' || c.is_ascii_uppercase()) || (is_member && !name[end..].starts_with('@'))
}

fn is_closing(rest: &str) -> bool {
    rest.starts_with("</") || rest.starts_with("<>")
}

/// How long the tag is that `text` starts with, quotes and braces in it respected.
fn tag_len(text: &str) -> Option<usize> {
    let mut at = 1;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()).filter(|_| at < MAX_LEN) {
        match c {
            '>' => return Some(at + 1),
            '"' | '\'' => at += 2 + text[at + 1..].find(c)?,
            '{' => at += braces_len(&text[at..])?,
            c => at += c.len_utf8(),
        }
    }
    None
}

/// How long the braces are that `text` starts with.
fn braces_len(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().take(MAX_LEN) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// How long the code span is that `line` starts with; of ticks without a partner, the ticks.
fn code_len(line: &str) -> usize {
    let ticks = line.len() - line.trim_start_matches('`').len();
    let mut at = ticks;
    while let Some(found) = line[at..].find('`').filter(|_| at < MAX_LEN) {
        let start = at + found;
        let run = line[start..].len() - line[start..].trim_start_matches('`').len();
        if run == ticks {
            return start + run;
        }
        at = start + run;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(body: &str) -> (String, Option<&str>) {
        let Stripped { text, dropped } = strip(body);
        (text, dropped.map(|range| &body[range]))
    }

    #[test]
    fn imports_and_exports_go() {
        let body = "import A from 'a'\nimport {\n  B\n} from 'b'\n\n# T\n\nimport is a word\nexport too\n\nexport const x = 1;\n";
        assert_eq!(stripped(body), ("\n# T\n\n\n".into(), None));
        assert_eq!(stripped("a\nimport b\n"), ("a\nimport b\n".into(), None));
    }

    #[test]
    fn components_go_and_their_text_stays() {
        let (text, dropped) =
            stripped("<Note kind={`x > ${y}`} t=\"a>b\">\n\nA *b*.\n\n</Note>\n<Img\n  src={i}\n/> c <>d</> <i>e</i>");
        assert_eq!(text, "\n\nA *b*.\n\n\n c d <i>e</i>");
        assert_eq!(dropped, Some("<Note kind={`x > ${y}`} t=\"a>b\">"));
        assert_eq!(
            stripped("<https://example.com> <a@b.example> 1 < 2"),
            ("<https://example.com> <a@b.example> 1 < 2".into(), None)
        );
    }

    #[test]
    fn expressions_go_but_literals_stay() {
        assert_eq!(stripped("a{\" \"}b {/* c */}{'d'}\\{e}"), ("a b d\\{e}".into(), None));
        assert_eq!(stripped("a {props.x} b"), ("a  b".into(), Some("{props.x}")));
        assert_eq!(stripped("a { b"), ("a { b".into(), None));
    }

    #[test]
    fn code_is_left_alone() {
        let body = "`<A />` ``{`b`}``\n\n```jsx\nimport x\n<A b={c} />\n```\n~~~\n{d}\n```\n~~~\n";
        assert_eq!(stripped(body), (body.into(), None));
    }

    #[test]
    fn long_bodies_take_linear_time() {
        for unit in ["<A ", "{", "`", "``` ", "<A b={", "import x\n", "<>", "`\n"] {
            let _ = strip(&unit.repeat(100_000 / unit.len()));
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body in "[<>/A{}a.\"'`\\\\é\n -]{0,60}") {
            let _ = strip(&body);
        }
    }
}
