//! Expressions: `page.tags[0]`, `"text"`, `(1..5)`, and the filters behind them.
//!
//! In: what stands between the braces. Out: what to look up and what to do with it. Never an error: what means nothing is
//! passed over, as Liquid's lax mode does.

use super::scan;
use super::value::Value;

/// How deeply brackets are followed in brackets.
const MAX_NESTED: usize = 20;

/// Something that has a value.
#[derive(Debug)]
pub(super) enum Expr<'a> {
    Literal(Value),
    /// A variable and the parts of it.
    Path(Box<Self>, Vec<Key<'a>>),
    /// The name that a path starts with.
    Name(&'a str),
    Range(Box<Self>, Box<Self>),
}

/// One step of a path.
#[derive(Debug)]
pub(super) enum Key<'a> {
    /// `.name`; also `.size`, `.first` and `.last` of what has no such part.
    Name(&'a str),
    /// `[expression]`.
    Index(Expr<'a>),
}

/// An expression with filters behind it.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub(super) start: Expr<'a>,
    pub(super) filters: Vec<Filter<'a>>,
}

#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) name: &'a str,
    pub(super) args: Vec<Expr<'a>>,
    pub(super) named: Vec<(&'a str, Expr<'a>)>,
}

impl<'a> Expr<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        Self::nested(text, 0)
    }

    fn nested(text: &'a str, depth: usize) -> Self {
        let text = text.trim();
        let inside = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
        if depth > MAX_NESTED {
            return Self::Literal(Value::Nil);
        }
        if let Some(quoted) = inside('"').or_else(|| inside('\'')) {
            return Self::Literal(Value::text(quoted));
        }
        if let Some((from, to)) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')?.split_once("..")) {
            return Self::Range(Self::nested(from, depth + 1).into(), Self::nested(to, depth + 1).into());
        }
        literal(text).map_or_else(|| Self::path(text, depth), Self::Literal)
    }

    fn path(text: &'a str, depth: usize) -> Self {
        let mut steps = Steps(text);
        let root = match steps.next() {
            Some(Step::Name(name)) => Self::Name(name),
            // The variable's name is what is in the brackets.
            Some(Step::Index(inside)) => Self::nested(inside, depth + 1),
            None => return Self::Literal(Value::Nil),
        };
        let keys = steps.map(|step| match step {
            Step::Name(name) => Key::Name(name),
            Step::Index(inside) => Key::Index(Self::nested(inside, depth + 1)),
        });
        Self::Path(root.into(), keys.collect())
    }
}

impl<'a> Chain<'a> {
    pub(super) fn parse(markup: &'a str) -> Self {
        let mut parts = scan::unquoted(markup, '|');
        let first = parts.next().unwrap_or_default();
        let start = scan::fragment(first, 0).map_or(Expr::Literal(Value::Nil), |range| Expr::parse(&first[range]));
        Self { start, filters: parts.filter_map(Filter::parse).collect() }
    }
}

impl<'a> Filter<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let start = text.find(scan::is_word)?;
        let name = scan::word(&text[start..]);
        let mut filter = Self { name, args: Vec::new(), named: Vec::new() };
        let mut rest = &text[start + name.len()..];
        while let Some(at) = rest.find([':', ',']) {
            rest = rest[at + 1..].trim_start();
            let key = scan::word(rest);
            let named = rest[key.len()..].trim_start().strip_prefix(':').filter(|_| !key.is_empty());
            let value = named.unwrap_or(rest).trim_start();
            let Some(written) = scan::starts_with_fragment(value) else { continue };
            match named {
                Some(_) => filter.named.push((key, Expr::parse(written))),
                None => filter.args.push(Expr::parse(written)),
            }
            rest = &value[written.len()..];
        }
        Some(filter)
    }
}

fn literal(text: &str) -> Option<Value> {
    Some(match text {
        "" | "nil" | "null" => Value::Nil,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "empty" => Value::Empty,
        "blank" => Value::Blank,
        _ => return number(text),
    })
}

fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    if !digits.contains('.') {
        return text.parse().ok().map(Value::Int);
    }
    let end = text.match_indices('.').nth(1).map_or(text.len(), |(at, _)| at);
    text[..end].parse().ok().map(Value::Float)
}

enum Step<'a> {
    Name(&'a str),
    Index(&'a str),
}

/// The steps of a path; what is neither a name nor in brackets only separates.
struct Steps<'a>(&'a str);

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let at = self.0.find(|c| c == '[' || is_segment(c))?;
        let rest = &self.0[at..];
        if let Some(inside) = rest.strip_prefix('[') {
            let len = scan::closing_bracket(inside)?;
            self.0 = &inside[len + 1..];
            return Some(Step::Index(&inside[..len]));
        }
        let len = rest.find(|c| !is_segment(c)).unwrap_or(rest.len());
        let len = len + usize::from(rest[len..].starts_with('?'));
        self.0 = &rest[len..];
        Some(Step::Name(&rest[..len]))
    }
}

fn is_segment(c: char) -> bool {
    scan::is_word(c) || c == '-'
}
