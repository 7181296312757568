//! Bare URLs and mail addresses made links, as Goldmark's `linkify` makes them.
//!
//! In: the events of one body and their places, text merged. Out: the same with a link around each URL that begins a word.
//! Never: a link inside a link or in code.

use std::collections::VecDeque;
use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use super::merge::is_literal;

/// An iterator over linked events.
pub(super) struct Linkify<'a, I> {
    parsed: I,
    source: &'a str,
    ready: VecDeque<(Event<'a>, Range<usize>)>,
    /// How many links and code blocks are open.
    closed_off: usize,
    /// Whether what comes next begins a line.
    line_start: bool,
}

/// A URL found in a text.
struct Found {
    len: usize,
    kind: LinkType,
    /// What goes before it to make an address of it.
    scheme: &'static str,
}

impl<'a, I> Linkify<'a, I> {
    pub(super) fn new(parsed: I, source: &'a str) -> Self {
        Self { parsed, source, ready: VecDeque::new(), closed_off: 0, line_start: true }
    }

    /// Cuts one text into links and what stands between them.
    fn text(&mut self, range: &Range<usize>) {
        let text = &self.source[range.clone()];
        let before = self.source[..range.start].chars().next_back();
        let mut may_start = self.line_start || before.is_some_and(|c| matches!(c, '*' | '_' | '~'));
        let (mut from, mut at) = (0, 0);
        while at < text.len() {
            if let Some(found) = may_start.then(|| find(&text[at..])).flatten() {
                self.push(range.start + from..range.start + at);
                self.link(range.start + at..range.start + at + found.len, &found);
                at += found.len;
                from = at;
                may_start = false;
                continue;
            }
            let Some(next) = text[at..].bytes().position(may_precede) else { break };
            at += next + 1;
            may_start = true;
        }
        self.push(range.start + from..range.end);
    }

    fn push(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.ready.push_back((Event::Text(CowStr::Borrowed(&self.source[range.clone()])), range));
        }
    }

    fn link(&mut self, range: Range<usize>, found: &Found) {
        let text = &self.source[range.clone()];
        let dest_url =
            if found.scheme.is_empty() { text.into() } else { CowStr::from(format!("{}{text}", found.scheme)) };
        let tag = Tag::Link { link_type: found.kind, dest_url, title: "".into(), id: "".into() };
        self.ready.push_back((Event::Start(tag), range.clone()));
        self.push(range.clone());
        self.ready.push_back((Event::End(TagEnd::Link), range));
    }
}

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> Iterator for Linkify<'a, I> {
    type Item = (Event<'a>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let (event, range) = self.parsed.next()?;
            match &event {
                Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_)) => self.closed_off += 1,
                Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock) => self.closed_off -= 1,
                Event::Text(text) if self.closed_off == 0 && is_literal(text, &range, self.source) => {
                    self.text(&range);
                    self.line_start = false;
                    continue;
                }
                _ => {}
            }
            self.line_start = matches!(event, Event::SoftBreak | Event::HardBreak) || starts_block(&event);
            return Some((event, range));
        }
    }
}

/// What a URL may stand behind.
fn may_precede(byte: u8) -> bool {
    matches!(byte, b' ' | b'*' | b'_' | b'~' | b'(' | b'\t')
}

fn starts_block(event: &Event<'_>) -> bool {
    let Event::Start(tag) = event else { return false };
    !matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}

fn find(text: &str) -> Option<Found> {
    url(text).or_else(|| address(text))
}

fn url(text: &str) -> Option<Found> {
    /// A longer host is none.
    const MAX_HOST: usize = 256;
    let www = text.starts_with("www.");
    let scheme = ["http://", "https://", "ftp://"].into_iter().find(|scheme| text.starts_with(scheme));
    let prefix = if www { "www.".len() } else { scheme?.len() };
    let rest = &text[prefix..];
    let host = rest.bytes().take(MAX_HOST).take_while(|byte| is_host(*byte)).count();
    // The host ends in a dot and letters; what stands behind them is not part of it.
    let (labels, last) =
        rest[..host].rsplit_once('.').filter(|(_, last)| last.starts_with(|c: char| c.is_ascii_lowercase()))?;
    if labels.is_empty() {
        return None;
    }
    let mut len = prefix + labels.len() + 1 + last.bytes().take_while(u8::is_ascii_lowercase).count();
    if !www && let Some(port) = text[len..].strip_prefix(':') {
        let digits = port.bytes().take_while(u8::is_ascii_digit).count();
        len += if digits > 0 { digits + 1 } else { 0 };
    }
    if text[len..].starts_with(['/', '#', '?']) {
        len += text[len..].bytes().take_while(|byte| is_path(*byte)).count();
    }
    let len = trimmed(&text[..len]);
    Some(Found { len, kind: LinkType::Autolink, scheme: if www { "http://" } else { "" } })
}

/// The length without the punctuation that ends a sentence, and without brackets that were opened before.
fn trimmed(url: &str) -> usize {
    let mut kept = url;
    if kept.ends_with(')') {
        let opened = kept.matches('(').count();
        let surplus = kept.matches(')').count().saturating_sub(opened);
        let at_end = kept.len() - kept.trim_end_matches(')').len();
        kept = &kept[..kept.len() - surplus.min(at_end)];
    } else if kept.ends_with(';')
        && let Some(reference) = kept.rfind('&')
        && kept[reference + 1..kept.len() - 1].bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        kept = &kept[..reference];
    }
    kept.trim_end_matches(['?', '!', '.', ',', ':', '*', '_', '~']).len()
}

fn address(text: &str) -> Option<Found> {
    /// A longer local part is none (RFC 5321, 4.5.3.1.1).
    const MAX_LOCAL: usize = 64;
    let local = text
        .bytes()
        .take(MAX_LOCAL + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-./=?^_`{|}~".contains(byte))
        .count();
    if text.starts_with(|c: char| c.is_ascii_punctuation()) || local == 0 || local > MAX_LOCAL {
        return None;
    }
    let domain = text[local..].strip_prefix('@')?;
    let len = domain.bytes().take(256).take_while(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte)).count();
    let bare = domain[..len].trim_end_matches(['.', '-']);
    let next = domain[bare.len()..].chars().next();
    let is_address = bare.contains('.') && !bare.starts_with(['.', '-']) && !bare.contains("..");
    if !is_address || matches!(next, Some('-' | '_')) {
        return None;
    }
    Some(Found { len: local + 1 + bare.len(), kind: LinkType::Email, scheme: "" })
}

fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-@:%._+~#=".contains(&byte)
}

fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-@:%_+.~#$!?&/=();,'\">^{}[]`".contains(&byte)
}
