//! Searches for what ends a span, each in time that goes with the text and not with how many spans begin in it.
//!
//! In: a text, and where a span begins in it; the places of one text are asked for in order. Out: where the span ends.
//! Never: a second look at where something was not found.

use memchr::memchr;

use super::html;

/// No span and no URL is longer.
pub(super) const MAX_SPAN: usize = 2_048;

/// Looks for one thing, no further than [`MAX_SPAN`].
pub(super) struct Nearby {
    what: &'static str,
    /// From where on it was not looked for yet.
    none_before: usize,
}

impl Nearby {
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, none_before: 0 }
    }

    /// Where the text begins and ends, from `at` on.
    pub(super) fn text(&mut self, text: &str, at: usize) -> Option<(usize, usize)> {
        let (start, end) = self.window(text, at)?;
        if let Some(found) = text[start..end].find(self.what) {
            return Some((start + found, start + found + self.what.len()));
        }
        self.none_before = start.max(text.floor_char_boundary((end + 1).saturating_sub(self.what.len())));
        None
    }

    /// Where the end tag of the element of this name begins, from `at` on.
    pub(super) fn end_tag(&mut self, text: &str, at: usize) -> Option<usize> {
        let (mut start, end) = self.window(text, at)?;
        while let Some(next) = text[start..end].find("</") {
            start += next;
            if html::ends(&text[start..], self.what) {
                return Some(start);
            }
            start += 2;
        }
        self.none_before = start.max(text.floor_char_boundary(end - 1));
        None
    }

    /// The name of the element.
    pub(super) fn is_of(&self, name: &str) -> bool {
        self.what == name
    }

    fn window(&self, text: &str, at: usize) -> Option<(usize, usize)> {
        let (start, end) = (at.max(self.none_before), text.floor_char_boundary(at + MAX_SPAN));
        (start < end).then_some((start, end))
    }
}

/// The runs of backticks in a text.
pub(super) struct Runs {
    /// The lengths that there are, in order, and where the last run of each begins. Mostly there are one or two.
    last: Vec<(usize, usize)>,
}

impl Runs {
    pub(super) fn of(text: &str) -> Self {
        let mut last: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        while let Some(next) = memchr(b'`', &text.as_bytes()[at..]) {
            at += next;
            let len = run(&text[at..]);
            match last.binary_search_by_key(&len, |(of, _)| *of) {
                Ok(known) => last[known].1 = at,
                Err(place) => last.insert(place, (len, at)),
            }
            at += len;
        }
        Self { last }
    }

    /// The length of the code span that begins at `at`.
    pub(super) fn code(&self, text: &str, at: usize) -> Option<usize> {
        let len = run(&text[at..]);
        let mut end = at + len;
        // Without this, each of many runs that nothing closes would look through all of the rest.
        let known = self.last.binary_search_by_key(&len, |(of, _)| *of).ok()?;
        if self.last[known].1 < end {
            return None;
        }
        while let Some(next) = memchr(b'`', &text.as_bytes()[end..]) {
            end += next;
            let close = run(&text[end..]);
            end += close;
            if close == len {
                return Some(end - at);
            }
        }
        None
    }
}

/// How many backticks `text` begins with.
pub(super) fn run(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_within_its_bound_or_not_at_all() {
        let text = format!("{}{{:/}}", "é".repeat(MAX_SPAN));
        let mut end = Nearby::new("{:/}");
        assert_eq!(end.text(&text, 0), None);
        assert_eq!(end.text(&text, MAX_SPAN), None);
        assert_eq!(end.text(&text, MAX_SPAN + 4), Some((2 * MAX_SPAN, 2 * MAX_SPAN + 4)));
        assert_eq!(end.text(&text, 2 * MAX_SPAN + 1), None);
    }

    #[test]
    fn an_end_tag_is_found_in_any_case() {
        let mut end = Nearby::new("code");
        assert_eq!(end.end_tag("a</b></CODE >", 1), Some(5));
        assert_eq!((end.end_tag("", 0), end.end_tag("<", 0), end.end_tag("</cod", 0)), (None, None, None));
    }

    #[test]
    fn a_code_span_ends_with_as_many_backticks_as_it_begins_with() {
        let text = "`` a ` b `` c `";
        let runs = Runs::of(text);
        assert_eq!(runs.code(text, 0), Some(11));
        assert_eq!((runs.code(text, 5), runs.code(text, 14), runs.code(text, 3)), (Some(10), None, None));
    }
}
