//! What stands in running text, rewritten.
//!
//! In: lines of text, without empty ones between them. Out: the same for the parser: attribute lists gone, mathematics and
//! raw spans protected, and what only CommonMark has a meaning for escaped. Never: a change inside a code span.

use memchr::memchr;

use super::lines::{fence, indent_of, is_heading};
use super::near::{MAX_SPAN, Nearby, Runs, run};
use super::tables::is_separator;
use super::{GUARD, html};
use crate::posts::bytes::position;

/// What kramdown leaves alone or drops: how it begins and ends, and whether it is shown.
const EXTENSIONS: [(&str, &str, bool); 3] =
    [("{::nomarkdown}", "{:/nomarkdown}", true), ("{::comment}", "{:/comment}", false), ("{::", "/}", false)];

/// Appends `text` to `out`, rewritten. `outermost`: it stands in no list.
pub(super) fn rewrite(text: &str, outermost: bool, out: &mut String) {
    let mut spans = Spans {
        text,
        at: 0,
        written: 0,
        out,
        line: 0,
        outermost,
        struck: false,
        math: true,
        span_end: None,
        plain_end: None,
        runs: None,
        ends: None,
        end_tags: None,
    };
    spans.run();
}

/// All are ASCII, and searching bytes for them is several times as fast as searching characters.
fn is_special(byte: u8) -> bool {
    let is_marking = (byte == b'~') | (byte == b'`') | (byte == b'$') | (byte == b'\\');
    is_marking | (byte == b'{') | (byte == b'<') | (byte == b']') | (byte == b'\n')
}

struct Spans<'a, 'o> {
    text: &'a str,
    at: usize,
    /// What stands before this is in `out`; from there to `at` the text stays as it is, and is copied at once.
    written: usize,
    out: &'o mut String,
    line: usize,
    outermost: bool,
    /// Whether `~~` is open.
    struck: bool,
    /// Whether there may be another `$$`.
    math: bool,
    /// Where the last span ended that was read as one, to which an attribute list would belong.
    span_end: Option<usize>,
    /// Where the last character ended that looks like the end of a span and is none.
    plain_end: Option<usize>,
    /// Those of `text`, from the first one on.
    runs: Option<Runs>,
    /// What ends extensions, from the first one on.
    ends: Option<Ends>,
    /// The elements whose content is shown as it is, from the first tag on.
    end_tags: Option<[Nearby; 4]>,
}

/// What ends each of [`EXTENSIONS`], and what ends any of them.
struct Ends {
    own: [Nearby; 3],
    any: Nearby,
}

impl Ends {
    fn new() -> Self {
        Self { own: EXTENSIONS.map(|(_, close, _)| Nearby::new(close)), any: Nearby::new("{:/}") }
    }
}

impl<'a> Spans<'a, '_> {
    fn run(&mut self) {
        self.line_start();
        while let Some(at) = position(self.text.as_bytes(), self.at, is_special) {
            self.at = at;
            self.special();
        }
        self.at = self.text.len();
        self.write("");
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Writes the text so far, then `what`.
    fn write(&mut self, what: &str) {
        self.out.push_str(&self.text[self.written..self.at]);
        self.out.push_str(what);
        self.written = self.at;
    }

    /// Writes something else instead of the next bytes.
    fn replace(&mut self, len: usize, by: &str) {
        self.write(by);
        self.at += len;
        self.written = self.at;
    }

    /// Whether a span ends here. Those that are not read end like `*this*`, or like a link.
    fn is_after_span(&self) -> bool {
        let before = self.text.as_bytes()[..self.at].last();
        let looks_so = before.is_some_and(|byte| matches!(byte, b'*' | b'_' | b')' | b']'));
        self.span_end == Some(self.at) || looks_so && self.plain_end != Some(self.at)
    }

    fn special(&mut self) {
        let rest = self.rest();
        match rest.as_bytes()[0] {
            b'\\' => self.escape(),
            b'`' => self.backticks(),
            b'{' => self.braces(),
            b'~' => self.tildes(),
            b'$' => self.dollars(),
            b'<' => self.tag(),
            b']' if rest.starts_with("](") => self.link(),
            b'\n' => {
                self.at += 1;
                self.line += 1;
                self.line_start();
            }
            _ => self.at += 1,
        }
    }

    /// kramdown escapes fewer characters, and breaks a line with two backslashes.
    fn escape(&mut self) {
        let rest = self.rest();
        if rest.starts_with("\\\\\n") {
            self.replace(1, "");
            self.at += 1;
            return;
        }
        let next = rest[1..].chars().next();
        if next.is_some_and(|c| c.is_ascii_punctuation() && !"\\.*_+`<>()[]{}#!:|\"'$=-~".contains(c)) {
            self.write("\\");
        }
        self.at += 1 + next.filter(|c| *c != '\n').map_or(0, char::len_utf8);
        self.plain_end = Some(self.at);
    }

    fn backticks(&mut self) {
        let rest = self.rest();
        let run = run(rest);
        let spaced = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let before = self.text[..self.at].chars().next_back();
        if run == 1 && spaced(before) && rest[1..].starts_with(char::is_whitespace) {
            self.write("\\");
            self.at += 1;
            return;
        }
        let runs = self.runs.get_or_insert_with(|| Runs::of(self.text));
        let Some(len) = runs.code(self.text, self.at) else {
            self.at += run;
            return;
        };
        let code = &rest[..len];
        // A line within could begin with what is a block to the parser; but the mark of a quote has to stay.
        if memchr(b'\n', code.as_bytes()).is_some() && !code.contains("\n>") {
            self.write(&code.replace('\n', " "));
            self.written += len;
        }
        self.at += len;
        self.span_end = Some(self.at);
    }

    fn braces(&mut self) {
        let rest = self.rest();
        for (n, (open, _, shown)) in EXTENSIONS.into_iter().enumerate() {
            if !rest.starts_with(open) {
                continue;
            }
            let inside = self.at + open.len();
            let ends = self.ends.get_or_insert_with(Ends::new);
            let stop = ends.own[n].text(self.text, inside).or_else(|| ends.any.text(self.text, inside));
            let Some((end, after)) = stop else { continue };
            let is_after_span = self.is_after_span();
            self.replace(after - self.at, if shown { &self.text[inside..end] } else { "" });
            self.span_end = is_after_span.then_some(after);
            return;
        }
        let list = rest.strip_prefix("{:").and_then(|inside| inside.find(['{', '}']).map(|end| &inside[..end]));
        match list.filter(|list| rest[2 + list.len()..].starts_with('}') && self.is_after_span()) {
            Some(list) => {
                self.replace(list.len() + 3, "");
                // Another may follow.
                self.span_end = Some(self.at);
            }
            None => self.at += 1,
        }
    }

    /// Only two tildes strike out; of more, the inner two do.
    fn tildes(&mut self) {
        let rest = self.rest();
        let run = rest.bytes().take_while(|byte| *byte == b'~').count();
        let opens = run >= 2 && !self.struck && rest[run..].starts_with(|c: char| !c.is_whitespace());
        let closes = run >= 2 && self.struck && !self.text[..self.at].ends_with(char::is_whitespace);
        let (before, after) = match (opens, closes) {
            (true, _) => (run - 2, 0),
            (_, true) => (0, run - 2),
            _ => (run, 0),
        };
        self.write("");
        self.out.push_str(&"\\~".repeat(before));
        if opens || closes {
            self.out.push_str("~~");
            self.struck = opens;
        }
        self.out.push_str(&"\\~".repeat(after));
        self.at += run;
        self.written = self.at;
        self.span_end = closes.then_some(self.at);
    }

    /// `$$ … $$` becomes `\[ … \]` where it stands alone, `\( … \)` in a line.
    fn dollars(&mut self) {
        let rest = self.rest();
        let inside = rest.strip_prefix("$$").filter(|_| self.math);
        let Some((inside, end)) = inside.and_then(|inside| Some((inside, inside.find("$$")?))) else {
            self.math = inside.is_none();
            self.at += 1;
            return;
        };
        let alone = self.text[..self.at].trim().is_empty() && inside[end + 2..].trim().is_empty();
        let (open, close) = if alone { ("\\\\[", "\\\\]") } else { ("\\\\(", "\\\\)") };
        self.write(open);
        self.protected(inside[..end].trim());
        self.out.push_str(close);
        self.at += end + 4;
        self.written = self.at;
        self.span_end = Some(self.at);
    }

    fn tag(&mut self) {
        let rest = self.rest();
        // An angle quote, before what the parser would take for a tag.
        if rest.strip_prefix('<').is_some_and(|quoted| html::tag_len(quoted).is_some()) {
            return self.replace(2, "«");
        }
        let Some(len) = html::tag_len(rest) else {
            self.at += 1;
            return;
        };
        self.at += len;
        self.span_end = Some(self.at);
        let name = rest[1..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let end_tags = self.end_tags.get_or_insert_with(|| ["code", "kbd", "samp", "var"].map(Nearby::new));
        let end_tag = end_tags.iter_mut().find(|end| end.is_of(name) && !rest[..len].ends_with("/>"));
        if let Some(end) = end_tag.and_then(|end| end.end_tag(self.text, self.at)) {
            self.write("");
            self.protected(&self.text[self.at..end]);
            self.at = end;
            self.written = end;
        }
    }

    /// Text that is shown as it is, but for tags and references.
    fn protected(&mut self, text: &str) {
        for c in text.chars() {
            if "\\*_`~[]$\"'-.!{|^=+#(:@".contains(c) {
                self.out.push('\\');
            }
            match c {
                '\n' => self.out.push(' '),
                c => self.out.push(c),
            }
        }
    }

    /// A URL may hold spaces.
    fn link(&mut self) {
        self.at += 2;
        let Some((url, len)) = url(self.rest()) else { return };
        if url.trim().contains(char::is_whitespace) && !url.contains(['<', '>', '\n', '\\']) {
            self.write("<");
            self.out.push_str(url.trim());
            self.out.push('>');
            self.written += len;
        }
        self.at += len;
    }

    /// What means something to CommonMark at the start of a line, and nothing to kramdown.
    fn line_start(&mut self) {
        let rest = self.rest();
        // Most lines begin with a word.
        if !rest.as_bytes().first().is_some_and(|byte| b" \t#-=*_`~<+|:0123456789".contains(byte)) {
            return;
        }
        let line = &rest[..memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
        let indent = indent_of(line);
        let bare = &line[indent..];
        let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && bare[digits..].starts_with(')') {
            self.at += indent + digits;
            self.write("\\");
            self.at += 1;
            self.plain_end = Some(self.at);
            return;
        }
        self.at += indent;
        if bare.starts_with('#') && (!is_heading(bare) || indent > 0 && self.outermost) {
            self.write("\\");
            self.at += 1;
            return;
        }
        if !bare.as_bytes().first().is_some_and(|byte| b"-=*_`~<+|: \t".contains(byte)) {
            return;
        }
        let begins_other =
            self.line > 1 && is_underline(bare) || self.line > 0 && is_rule(bare) || fence(bare).is_some();
        let separates = self.line > 0 && self.outermost && bare.contains('|') && is_separator(bare);
        // A span's tag alone on a line would begin an HTML block.
        if begins_other || separates || html::tag_len(bare).is_some() {
            self.write(GUARD);
        }
    }
}

/// The URL in parentheses that `inside` begins with, and how long it is; a title may follow.
fn url(inside: &str) -> Option<(&str, usize)> {
    if inside.starts_with('<') {
        return None;
    }
    let mut nested = 0_usize;
    let mut bytes = inside.bytes().enumerate().take(MAX_SPAN).peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'(' => nested += 1,
            b')' if nested == 0 => return Some((&inside[..at], at)),
            b')' => nested -= 1,
            b']' if inside[at + 1..].starts_with('(') => return None,
            b' ' | b'\n' if bytes.peek().is_some_and(|(_, next)| matches!(next, b'"' | b'\'')) => {
                return Some((&inside[..at], at));
            }
            _ => {}
        }
    }
    None
}

fn is_underline(bare: &str) -> bool {
    let bare = bare.trim_end();
    !bare.is_empty() && (bare.bytes().all(|byte| byte == b'-') || bare.bytes().all(|byte| byte == b'='))
}

fn is_rule(bare: &str) -> bool {
    let bare = bare.trim_end();
    bare.len() >= 3 && (bare.bytes().all(|byte| byte == b'*') || bare.bytes().all(|byte| byte == b'_'))
}
