//! A template's text becomes a tree. Nothing is an error here: what cannot be understood is a node that says so.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::condition::Condition;
use super::expression::{Chain, Expr};
use super::loops::{Cycle, Loop};
use super::tags::{Scanner, Tag};
use super::{Host, Kind, MAX_DEPTH, scan};

/// Nodes, one after the other.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    /// Whether there is nothing in it but white space and tags that print nothing: then it prints nothing at all.
    pub(super) blank: bool,
}

/// A piece of a template, with its place in the text.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) range: Range<usize>,
    pub(super) what: What<'a>,
}

#[derive(Debug)]
pub(super) enum What<'a> {
    Text(Cow<'a, str>),
    Output(Chain<'a>),
    Assign(&'a str, Chain<'a>),
    Capture(&'a str, Block<'a>),
    /// Each branch with its condition, which has to hold (or, for `unless`, not to); without one, it is the `else`.
    If(Vec<(Option<(Condition<'a>, bool)>, Block<'a>)>),
    /// Each branch with the values it is for; without any, it is the `else`.
    Case(Expr<'a>, Vec<(Option<Vec<Expr<'a>>>, Block<'a>)>),
    For(Loop<'a>, Block<'a>, Block<'a>),
    TableRow(Loop<'a>, Block<'a>),
    Cycle(Cycle<'a>),
    /// Counts by one, up (printed before) or down (printed after).
    Count(&'a str, i64),
    Break,
    Continue,
    IfChanged(Block<'a>),
    /// A tag of the host's.
    Hosted {
        name: &'a str,
        markup: &'a str,
        body: Option<Block<'a>>,
    },
    /// A tag that nothing is known of, or that makes no sense: it is left out, and this is why.
    Left(String),
}

/// Reads a template.
pub(super) fn parse<'a>(text: &'a str, host: &dyn Host) -> Block<'a> {
    let mut parser = Parser { text, host, tags: Scanner::new(text), at: 0, trim: false, open: Vec::new(), ends: None };
    parser.block(None).0
}

/// Text that stands at `start`, if there is any.
fn plain(start: usize, text: &str) -> Option<Node<'_>> {
    (!text.is_empty()).then(|| Node { range: start..start + text.len(), what: What::Text(without_openers(text)) })
}

/// What opens a tag that has no end must not be printed; nor must what is left open one.
fn without_openers(text: &str) -> Cow<'_, str> {
    if !text.contains("{%") {
        return text.into();
    }
    let mut kept = String::with_capacity(text.len());
    for piece in text.split("{%") {
        if piece.starts_with('%') && kept.ends_with('{') {
            kept.push(' ');
        }
        kept.push_str(piece);
    }
    kept.into()
}

struct Parser<'a, 'h> {
    text: &'a str,
    host: &'h dyn Host,
    tags: Scanner<'a>,
    at: usize,
    /// Whether the last tag eats the white space behind it.
    trim: bool,
    /// The names of the tags whose blocks are being read.
    open: Vec<&'a str>,
    /// Where the last tag of each name starting with `end` is; made when it is first asked for.
    ends: Option<HashMap<&'a str, usize>>,
}

impl<'a> Parser<'a, '_> {
    /// Reads up to the tag that ends the block of `name`, or divides it; that tag, if there is one.
    fn block(&mut self, name: Option<&'a str>) -> (Block<'a>, Option<Tag<'a>>) {
        let mut nodes = Vec::new();
        while let Some(tag) = self.tags.next(self.at) {
            self.literal(tag.range.start, tag.eats_before, &mut nodes);
            let divides = name.is_some_and(|name| !tag.is_output && divides(name, tag.name()));
            if !divides && !tag.is_output && self.is_end_of_outer(tag.name()) {
                self.at = tag.range.start;
                return (Block::of(nodes), None);
            }
            (self.at, self.trim) = (tag.range.end, tag.eats_after);
            if divides {
                return (Block::of(nodes), Some(tag));
            }
            let range = tag.range.clone();
            if let Some(what) = if tag.is_output { Some(What::Output(Chain::parse(tag.inner))) } else { self.tag(&tag) }
            {
                nodes.push(Node { range, what });
            }
        }
        self.literal(self.text.len(), false, &mut nodes);
        self.at = self.text.len();
        (Block::of(nodes), None)
    }

    /// The text up to `end`.
    fn literal(&mut self, end: usize, eaten: bool, nodes: &mut Vec<Node<'a>>) {
        let whole = self.text.get(self.at..end).unwrap_or_default();
        let mut text = if self.trim { whole.trim_start_matches(scan::is_space) } else { whole };
        let mut start = self.at + whole.len() - text.len();
        text = if eaten { text.trim_end_matches(scan::is_space) } else { text };
        self.trim = false;
        // Said once: a megabyte of these would be as many nodes.
        if let Some(at) = text.find("{%") {
            nodes.extend(plain(start, &text[..at]));
            let why = "a template tag is opened with `{%` and never closed".to_owned();
            nodes.push(Node { range: start + at..start + at + 2, what: What::Left(why) });
            (start, text) = (start + at + 2, &text[at + 2..]);
        }
        nodes.extend(plain(start, text));
    }

    /// Whether this tag ends a block around the one that is being read, which has lost its own end.
    fn is_end_of_outer(&self, name: &str) -> bool {
        let ended = name.strip_prefix("end").unwrap_or_default();
        let around = self.open.split_last().map_or(&[][..], |(_, around)| around);
        !ended.is_empty() && around.contains(&ended)
    }

    /// What a tag means; `None` if it means nothing and is no loss.
    fn tag(&mut self, tag: &Tag<'a>) -> Option<What<'a>> {
        let name = tag.name();
        let markup = tag.markup();
        Some(match name {
            "raw" => {
                let inside = self.skip_to("endraw");
                What::Text(self.text[inside].into())
            }
            "comment" => {
                self.skip_comment();
                return None;
            }
            "assign" => match markup.split_once('=') {
                Some((to, value)) => What::Assign(variable(to), Chain::parse(value)),
                None => unsound(tag, "an assignment is `{% assign name = value %}`"),
            },
            "capture" => What::Capture(variable(markup), self.body("capture").0),
            "if" | "unless" => self.branches(name, markup),
            "case" => self.cases(markup),
            "for" => match Loop::parse(markup) {
                Some(header) => self.for_loop(header),
                None => unsound(tag, "a loop is `{% for item in list %}`"),
            },
            "tablerow" => match Loop::parse(markup) {
                Some(header) => What::TableRow(header, self.body("tablerow").0),
                None => unsound(tag, "a table is `{% tablerow item in list %}`"),
            },
            "cycle" => What::Cycle(Cycle::parse(markup)),
            "increment" => What::Count(markup, 1),
            "decrement" => What::Count(markup, -1),
            "break" => What::Break,
            "continue" => What::Continue,
            "ifchanged" => What::IfChanged(self.body("ifchanged").0),
            "echo" => What::Output(Chain::parse(markup)),
            "" => return None,
            _ if name.starts_with('#') => return None,
            _ => return self.foreign(tag, name, markup),
        })
    }

    fn foreign(&mut self, tag: &Tag<'a>, name: &'a str, markup: &'a str) -> Option<What<'a>> {
        match self.host.kind(name) {
            Kind::Inline => Some(What::Hosted { name, markup, body: None }),
            Kind::Block => Some(What::Hosted { name, markup, body: Some(self.body(name).0) }),
            Kind::Unknown if name.starts_with("end") => None,
            Kind::Unknown if matches!(name, "else" | "elsif" | "when") => None,
            Kind::Unknown => {
                let what_stays = if self.ends_later(name, tag.range.end) { "; what it encloses stays" } else { "" };
                Some(What::Left(format!("the template tag `{name}` is not known{what_stays}")))
            }
        }
    }

    fn ends_later(&mut self, name: &str, from: usize) -> bool {
        let tags = &self.tags;
        let ends = self.ends.get_or_insert_with(|| {
            let (mut ends, mut at) = (HashMap::new(), 0);
            while let Some(tag) = tags.next(at) {
                at = tag.range.end;
                if let Some(ended) = tag.name().strip_prefix("end") {
                    ends.insert(ended, tag.range.start);
                }
            }
            ends
        });
        ends.get(name).is_some_and(|at| *at >= from)
    }

    /// The block of the tag `name`, and the tag that ended or divided it.
    fn body(&mut self, name: &'a str) -> (Block<'a>, Option<Tag<'a>>) {
        if self.open.len() >= MAX_DEPTH {
            let at = self.at..self.at;
            let why = format!("blocks are nested more than {MAX_DEPTH} levels deep");
            return (Block::of(vec![Node { range: at, what: What::Left(why) }]), None);
        }
        self.open.push(name);
        let read = self.block(Some(name));
        self.open.pop();
        read
    }

    fn branches(&mut self, name: &'a str, markup: &'a str) -> What<'a> {
        let mut condition = Some((Condition::parse(markup), name == "if"));
        let mut branches = Vec::new();
        loop {
            let (block, ended) = self.body(name);
            branches.push((condition, block));
            let next = ended.map(|tag| (tag.name(), tag.markup()));
            condition = match next {
                Some(("else", _)) => None,
                Some(("elsif", markup)) => Some((Condition::parse(markup), true)),
                _ => return What::If(branches),
            };
        }
    }

    fn cases(&mut self, markup: &'a str) -> What<'a> {
        let subject = scan::fragment(markup, 0).map_or(Expr::parse(""), |range| Expr::parse(&markup[range]));
        // What stands before the first `when` is never shown.
        let (_, mut ended) = self.body("case");
        let mut branches = Vec::new();
        loop {
            let next = ended.as_ref().map(|tag| (tag.name(), tag.markup()));
            let values = match next {
                Some(("when", markup)) => Some(choices(markup)),
                Some(("else", _)) => None,
                _ => return What::Case(subject, branches),
            };
            let (block, next) = self.body("case");
            branches.push((values, block));
            ended = next;
        }
    }

    fn for_loop(&mut self, header: Loop<'a>) -> What<'a> {
        let (block, ended) = self.body("for");
        let otherwise = match ended.as_ref().map(Tag::name) {
            Some("else") => self.body("for").0,
            _ => Block::default(),
        };
        What::For(header, block, otherwise)
    }

    /// Goes past the next tag of this name; what lies before it.
    fn skip_to(&mut self, name: &str) -> Range<usize> {
        let end = self.text.len();
        let tag = self.tags.named(name, self.at..end).unwrap_or(end..end);
        let inside = self.at..tag.start;
        self.at = tag.end;
        inside
    }
}

impl<'a> Parser<'a, '_> {
    /// Goes past the end of a comment, which may hold comments, and anything else.
    fn skip_comment(&mut self) {
        let mut open = 1_usize;
        while open > 0 {
            let inside = self.skip_to("endcomment");
            let mut at = inside.start;
            while let Some(tag) = self.tags.named("comment", at..inside.end) {
                (at, open) = (tag.end, open + 1);
            }
            open -= 1;
            self.trim = self.text[..self.at].ends_with("-%}");
            if self.at >= self.text.len() {
                return;
            }
        }
    }
}

impl<'a> Block<'a> {
    fn of(nodes: Vec<Node<'a>>) -> Self {
        let blank = nodes.iter().all(|node| node.what.is_blank());
        Self { nodes, blank }
    }
}

impl What<'_> {
    fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.trim_matches(scan::is_space).is_empty(),
            Self::Assign(..) | Self::Capture(..) | Self::Break | Self::Continue => true,
            Self::If(branches) => branches.iter().all(|(_, block)| block.blank),
            Self::Case(_, branches) => branches.iter().all(|(_, block)| block.blank),
            Self::For(_, block, otherwise) => block.blank && otherwise.nodes.iter().all(|node| node.what.is_blank()),
            _ => false,
        }
    }
}

/// Whether the tag `tag` ends or divides the block of `name`.
fn divides(name: &str, tag: &str) -> bool {
    match (name, tag) {
        ("if" | "unless", "elsif" | "else") | ("case", "when" | "else") | ("for", "else") => true,
        _ => tag.strip_prefix("end") == Some(name),
    }
}

fn unsound(tag: &Tag<'_>, right: &str) -> What<'static> {
    What::Left(format!("`{}` makes no sense: {right}", tag.name()))
}

/// The name in what stands where a variable's name has to.
fn variable(written: &str) -> &str {
    let name = written.trim().trim_matches(['"', '\'']);
    &name[..name.find(|c: char| c.is_whitespace()).unwrap_or(name.len())]
}

/// `a, b or c`
fn choices(markup: &str) -> Vec<Expr<'_>> {
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some(range) = scan::fragment(markup, at) {
        at = range.end;
        let word = &markup[range];
        if word != "or" {
            all.push(Expr::parse(word));
        }
    }
    all
}
