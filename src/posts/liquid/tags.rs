//! Finds the tags of a template.
//!
//! In: a body. Out: one tag after another, each with a beginning and an end. Never: what a tag means.

use std::ops::Range;

/// `{% … %}` or `{{ … }}`.
pub(super) struct Tag<'a> {
    /// All of it, in the body.
    pub(super) range: Range<usize>,
    /// Between the braces, without the dashes that eat white space.
    pub(super) inner: &'a str,
    pub(super) is_output: bool,
    pub(super) eats_before: bool,
    pub(super) eats_after: bool,
}

impl<'a> Tag<'a> {
    /// Its first word, which ends where a word ends: `{% if(x) %}` is an `if`.
    pub(super) fn name(&self) -> &'a str {
        let len = self.inner.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
        match len {
            Some(0) => self.inner.split_whitespace().next().unwrap_or_default(),
            len => &self.inner[..len.unwrap_or(self.inner.len())],
        }
    }

    /// What stands behind its name.
    pub(super) fn markup(&self) -> &'a str {
        self.inner[self.name().len()..].trim()
    }
}

/// Finds whole tags, in time that goes with the body's length whatever is in it.
pub(super) struct Scanner<'a> {
    body: &'a str,
    /// Where the last `%}` and the last `}}` are: what opens after them has no end.
    last_closers: [Option<usize>; 2],
}

impl<'a> Scanner<'a> {
    pub(super) fn new(body: &'a str) -> Self {
        Self { body, last_closers: [body.rfind("%}"), body.rfind("}}")] }
    }

    /// The next tag from `from` on.
    pub(super) fn next(&self, from: usize) -> Option<Tag<'a>> {
        let mut from = from;
        loop {
            let start = from + self.body.get(from..)?.find('{')?;
            let (closer, last) = match self.body.as_bytes().get(start + 1) {
                Some(b'%') => ("%}", self.last_closers[0]),
                Some(b'{') => ("}}", self.last_closers[1]),
                _ => ("", None),
            };
            if last.is_some_and(|last| last >= start + 2) {
                let len = self.body[start + 2..].find(closer)?;
                return Some(tag(self.body, start, len, closer == "}}"));
            }
            from = start + 1;
        }
    }

    /// The bytes of the first `{% name %}` in this part of the body, whatever stands before it.
    pub(super) fn named(&self, name: &str, part: Range<usize>) -> Option<Range<usize>> {
        let body = &self.body[..part.end];
        body[part.start..].match_indices("{%").find_map(|(at, _)| {
            let inside = body[part.start + at + 2..].trim_start_matches('-').trim_start();
            let rest = inside.strip_prefix(name)?.trim_start().trim_start_matches('-').strip_prefix("%}")?;
            Some(part.start + at..body.len() - rest.len())
        })
    }
}

fn tag(body: &str, start: usize, len: usize, is_output: bool) -> Tag<'_> {
    let inner = &body[start + 2..start + 2 + len];
    let (eats_before, eats_after) = (inner.starts_with('-'), inner.ends_with('-'));
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner).trim();
    Tag { range: start..start + len + 4, inner, is_output, eats_before, eats_after }
}
