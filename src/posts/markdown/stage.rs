//! Steps that events go through, each where it lies.
//!
//! In: the parser's events and their places. Out: those that are left, changed. Never: an event moved from step to step: there
//! are hundreds in a post, and each is a hundred bytes.

use std::ops::Range;

use pulldown_cmark::Event;

use crate::posts::emphasis::Marked;

/// One step; it sees every event that those before it let pass.
pub(super) trait Stage<'a> {
    /// Looks at an event, and may change it. Whether it stays.
    fn pass(&mut self, event: &mut Event<'a>, range: &Range<usize>) -> bool;
}

/// Nothing to do.
impl<'a> Stage<'a> for () {
    fn pass(&mut self, _: &mut Event<'a>, _: &Range<usize>) -> bool {
        true
    }
}

/// One after the other.
impl<'a, A: Stage<'a>, B: Stage<'a>> Stage<'a> for (A, B) {
    fn pass(&mut self, event: &mut Event<'a>, range: &Range<usize>) -> bool {
        self.0.pass(event, range) && self.1.pass(event, range)
    }
}

/// Only where it is asked for.
impl<'a, S: Stage<'a>> Stage<'a> for Option<S> {
    fn pass(&mut self, event: &mut Event<'a>, range: &Range<usize>) -> bool {
        self.as_mut().is_none_or(|stage| stage.pass(event, range))
    }
}

/// An iterator over the events that are left, without the marks that were put into the text for the parser.
pub(super) struct Staged<'a, I, S> {
    parsed: I,
    stage: S,
    marked: &'a Marked<'a>,
}

impl<'a, I, S> Staged<'a, I, S> {
    pub(super) fn new(parsed: I, stage: S, marked: &'a Marked<'a>) -> Self {
        Self { parsed, stage, marked }
    }
}

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>, S: Stage<'a>> Iterator for Staged<'a, I, S> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            let mut next = self.parsed.next()?;
            if self.stage.pass(&mut next.0, &next.1) {
                self.marked.unmark(&mut next.0);
                return Some(next.0);
            }
        }
    }
}
