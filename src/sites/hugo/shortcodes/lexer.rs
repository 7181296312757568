//! Where shortcodes stand in a text.
//!
//! In: a text. Out: its pieces in order, and which closing tag belongs to which opening one. Never: what a shortcode means.

use std::collections::HashMap;
use std::ops::Range;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Text(&'a str),
    /// `{{</* name */>}}`, which Hugo prints as a shortcode: its delimiters, and what stands between them.
    Escaped([&'a str; 2], &'a str),
    Open(Tag<'a>),
    Close(&'a str),
    /// A tag that never ends.
    Broken(Range<usize>),
}

/// An opening tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    /// With the names that they have, in order.
    pub(super) arguments: Vec<(Option<&'a str>, String)>,
    /// Where it stands in the text.
    pub(super) range: Range<usize>,
    /// Its closing tag, as an index.
    pub(super) close: Option<usize>,
}

/// Shortcodes in shortcodes are followed this far.
const MAX_DEPTH: usize = 32;

const DELIMITERS: [[&str; 2]; 2] = [["{{<", ">}}"], ["{{%", "%}}"]];

/// Whether a text may hold a shortcode.
pub(super) fn may_hold(text: &str) -> bool {
    DELIMITERS.iter().any(|[open, _]| text.contains(open))
}

/// The pieces of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, quotes_count: true, missing: [false; 2], tokens: Vec::new() };
    let (mut from, mut at) = (0, 0);
    while let Some(next) = text[at..].find("{{").map(|found| at + found) {
        at = next + 1;
        if let Some(kind) = DELIMITERS.iter().position(|[open, _]| text[next..].starts_with(open)) {
            lexer.text(from..next);
            at = lexer.tag(next, kind);
            from = at;
        }
    }
    lexer.text(from..text.len());
    let mut tokens = lexer.tokens;
    pair(&mut tokens);
    tokens
}

struct Lexer<'a> {
    text: &'a str,
    /// Whether the end of a tag may stand in quotes. No longer after the first quote without an end, so that no text is
    /// searched to its end again and again.
    quotes_count: bool,
    /// Delimiters that do not come any more.
    missing: [bool; 2],
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn text(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.tokens.push(Token::Text(&self.text[range]));
        }
    }

    /// Reads the tag at `start`, and says where it ends.
    fn tag(&mut self, start: usize, kind: usize) -> usize {
        let [open, close] = DELIMITERS[kind];
        let inside = start + open.len();
        let Some(end) = self.end(inside, kind) else {
            self.tokens.push(Token::Broken(start..inside));
            return inside;
        };
        let range = start..end + close.len();
        let content = self.text[inside..end].trim();
        let escaped = content.strip_prefix("/*").and_then(|content| content.strip_suffix("*/"));
        let after = range.end;
        self.tokens.push(match (escaped, content.strip_prefix('/')) {
            (Some(escaped), _) => Token::Escaped([open, close], escaped),
            (None, Some(name)) => Token::Close(name.trim()),
            (None, None) => Token::Open(Tag::read(content.strip_suffix('/').unwrap_or(content), range)),
        });
        after
    }

    /// Where the delimiter is that ends the tag whose content starts at `inside`.
    fn end(&mut self, inside: usize, kind: usize) -> Option<usize> {
        let close = DELIMITERS[kind][1];
        if self.missing[kind] {
            return None;
        }
        if self.quotes_count {
            if let Some(end) = end_outside_quotes(&self.text[inside..], close) {
                return Some(inside + end);
            }
            self.quotes_count = false;
        }
        let found = self.text[inside..].find(close).map(|end| inside + end);
        self.missing[kind] = found.is_none();
        found
    }
}

fn end_outside_quotes(text: &str, close: &str) -> Option<usize> {
    let mut quote: Option<u8> = None;
    let mut skip = false;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            _ if skip => skip = false,
            (Some(b'"'), b'\\') => skip = true,
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'`') => quote = Some(byte),
            (None, _) if text.as_bytes()[at..].starts_with(close.as_bytes()) => return Some(at),
            (None, _) => {}
        }
    }
    None
}

impl<'a> Tag<'a> {
    fn read(content: &'a str, range: Range<usize>) -> Self {
        let content = content.trim();
        let name_len = content.find(char::is_whitespace).unwrap_or(content.len());
        let (name, mut rest) = content.split_at(name_len);
        let mut arguments = Vec::new();
        while let Some((argument, after)) = argument(rest.trim_start()) {
            arguments.push(argument);
            rest = after;
        }
        Self { name, arguments, range, close: None }
    }

    /// The argument of this name, or else the one in this place among those without a name.
    pub(super) fn get(&self, name: &str, place: usize) -> Option<&str> {
        self.named(name).or_else(|| self.placed(place))
    }

    /// The argument of this name, in any case, unless it is blank.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        let is = |key: Option<&str>| key.is_some_and(|key| key.eq_ignore_ascii_case(name));
        let value = self.arguments.iter().find(|(key, _)| is(*key)).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    pub(super) fn placed(&self, place: usize) -> Option<&str> {
        let mut without_name = self.arguments.iter().filter(|(key, _)| key.is_none());
        without_name.nth(place).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

type Argument<'a> = (Option<&'a str>, String);

/// The argument that `text` starts with, and what follows it.
fn argument(text: &str) -> Option<(Argument<'_>, &str)> {
    let key_len = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(text.len());
    let after_key = text[key_len..].trim_start();
    let value = after_key.strip_prefix('=').filter(|_| key_len > 0).map(str::trim_start);
    let (key, written) = match value {
        Some(value) => (Some(&text[..key_len]), value),
        None => (None, text),
    };
    let (value, rest) = match written.chars().next() {
        Some(quote @ ('"' | '`')) => quoted(&written[1..], quote),
        Some(_) => {
            let (word, rest) = written.split_at(written.find(char::is_whitespace).unwrap_or(written.len()));
            (word.to_owned(), rest)
        }
        None if key.is_some() => (String::new(), ""),
        None => return None,
    };
    Some(((key, value), rest))
}

/// What stands before the closing quote, and what follows it. Only in double quotes a backslash says something.
fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return (value, &text[at + c.len_utf8()..]),
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, c)) => value.push(c),
                None => {}
            },
            c => value.push(c),
        }
    }
    (value, "")
}

/// Finds the closing tag of each opening one that has one.
fn pair(tokens: &mut [Token<'_>]) {
    let mut open: Vec<usize> = Vec::new();
    let mut waiting: HashMap<String, usize> = HashMap::new();
    for at in 0..tokens.len() {
        match &tokens[at] {
            Token::Open(tag) if open.len() < MAX_DEPTH => {
                *waiting.entry(tag.name.to_owned()).or_default() += 1;
                open.push(at);
            }
            Token::Close(name) if waiting.get(*name).is_some_and(|count| *count > 0) => {
                let name = (*name).to_owned();
                // What was opened in between is never closed.
                while let Some(opened) = open.pop() {
                    let Token::Open(tag) = &mut tokens[opened] else { continue };
                    waiting.entry(tag.name.to_owned()).and_modify(|count| *count -= 1);
                    if tag.name == name {
                        tag.close = Some(at);
                        break;
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Tag<'_> {
        match tokens(text).into_iter().next() {
            Some(Token::Open(tag)) => tag,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_have_names_or_places() {
        let tag = tag("{{< img src=\"a \\\"b\\\" >}}\" alt=`x\\y` \"first\" second width = 5 />}}");
        assert_eq!((tag.name, tag.named("SRC"), tag.get("alt", 9)), ("img", Some("a \"b\" >}}"), Some("x\\y")));
        assert_eq!((tag.placed(0), tag.placed(1), tag.named("width")), (Some("first"), Some("second"), Some("5")));
        assert_eq!((tag.placed(2), tag.get("none", 0)), (None, Some("first")));
    }

    #[test]
    fn tags_are_paired_inside_out() {
        let closes = |text| {
            let close = |token: Token<'_>| match token {
                Token::Open(tag) => Some(tag.close),
                _ => None,
            };
            tokens(text).into_iter().filter_map(close).collect::<Vec<_>>()
        };
        assert_eq!(closes("{{< a >}}{{% b %}}{{< c >}}{{% /b %}}{{< /a >}}"), [Some(4), Some(3), None]);
        assert_eq!(closes("{{< a >}}{{< a >}}x{{< /a >}}"), [None, Some(3)]);
        assert_eq!(closes("{{< /a >}}{{< a >}}"), [None]);
    }

    #[test]
    fn what_is_escaped_or_never_ends_is_no_tag() {
        assert_eq!(tokens("{{</* x \"y\" */>}}"), [Token::Escaped(["{{<", ">}}"], " x \"y\" ")]);
        assert_eq!(tokens("{{ x }}{{< y"), [Token::Text("{{ x }}"), Token::Broken(7..10), Token::Text(" y")]);
        assert!(matches!(tokens("{{< y \"z >}}")[..], [Token::Open(_)]));
    }

    #[test]
    fn large_texts_take_linear_time() {
        for unit in ["{{< a", "{{<a>}}", "{{< \"", "{{< ` \" ", "{{</a>}}", "{{%", "{"] {
            assert!(!tokens(&unit.repeat(200_000)).is_empty(), "{unit}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[{}<>%/*a \"`=\\\\日]{0,80}") {
            let _ = tokens(&text);
        }
    }
}
