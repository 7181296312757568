//! Liquid, the template language of Jekyll's posts, run within bounds.
//!
//! In: a body, and a [`Host`] that knows the site's own variables, filters and tags. Out: the same without template tags,
//! and the spots that had to be left out. Never: an error for the whole, I/O, a clock; or more time, memory and text than
//! the limits here allow. As lax as Jekyll is: what is not there is empty, what cannot be understood is left out where it
//! stands, and the rest is run. As in Jekyll, code blocks are no shelter: Liquid runs before Markdown.

mod condition;
mod expression;
mod filters;
mod flow;
mod links;
mod lookup;
mod loops;
mod parse;
mod ruby;
mod run;
mod scan;
mod strftime;
mod tags;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

pub use filters::{Args, end_of, integer, ordering, to_i};
pub use ruby::inspect;
pub use run::Run;
pub use strftime::strftime;
pub use value::{List, Map, Object, Value};

/// Blocks and includes in one another.
const MAX_DEPTH: usize = 100;

/// What a template may print, in bytes.
const MAX_OUTPUT: usize = 8 << 20;

/// What a run may cost: about one unit for each byte that is moved, and some for each step; a tenth of a second's work.
const MAX_FUEL: u64 = 25_000_000;

/// What the site of a template knows beyond Liquid itself.
pub trait Host {
    /// Whether what neither the template nor it knows, a variable or a filter, is nothing; otherwise it is a fault.
    fn is_lax(&self) -> bool {
        true
    }

    /// A variable of its own, such as `page`.
    fn variable(&self, name: &str) -> Option<Value>;

    /// A part of such a variable, such as `site.data`.
    fn part(&self, variable: &str, key: &str) -> Option<Value>;

    /// What kind of tag this is.
    fn kind(&self, tag: &str) -> Kind;

    /// Runs a tag that [`Host::kind`] knows. `before` is what was printed so far on the line it stands on.
    ///
    /// # Errors
    ///
    /// Why it cannot be run.
    fn run(
        &self,
        tag: &str,
        markup: &str,
        body: Option<String>,
        before: &str,
        run: &mut Run<'_>,
    ) -> Result<String, Fault>;

    /// Applies a filter; `None` if it is none of its own.
    ///
    /// # Errors
    ///
    /// Why it cannot be applied.
    fn filter(&self, name: &str, input: &Value, args: &Args, run: &mut Run<'_>) -> Result<Option<Value>, Fault>;
}

/// What kind of tag a tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It stands by itself.
    Inline,
    /// It encloses what stands before its `end` tag.
    Block,
    /// Nothing is known of it.
    Unknown,
}

/// Why something could not be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is wrong; the rest goes on.
    Said(String),
    /// The run has used up its bounds; it ends.
    Spent,
}

impl Fault {
    /// Something is wrong, and this is what.
    pub fn said(why: impl Into<String>) -> Self {
        Self::Said(why.into())
    }
}

/// What a run may still cost.
#[derive(Debug)]
pub struct Fuel(Cell<u64>);

impl Fuel {
    fn full() -> Self {
        Self(Cell::new(MAX_FUEL))
    }

    /// Takes some.
    ///
    /// # Errors
    ///
    /// [`Fault::Spent`] if there is not that much left.
    pub fn spend(&self, units: u64) -> Result<(), Fault> {
        self.0.set(self.0.get().checked_sub(units).ok_or(Fault::Spent)?);
        Ok(())
    }
}

/// A body without template tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made<'a> {
    /// What the template made.
    pub text: Cow<'a, str>,
    /// What had to be left out; one spot for each reason.
    pub spots: Vec<Spot>,
}

/// Something that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Its bytes in the body.
    pub range: Range<usize>,
    /// Why.
    pub why: String,
}

/// Runs the template that `body` is.
#[must_use]
pub fn run<'a>(body: &'a str, host: &dyn Host) -> Made<'a> {
    if !body.contains("{{") && !body.contains("{%") {
        return Made { text: body.into(), spots: Vec::new() };
    }
    let mut run = Run::new(host);
    let mut out = String::with_capacity(body.len());
    let done = run.block(&parse::parse(body, host), &mut out);
    let (mut spots, at) = run.into_spots();
    if done.is_err() {
        let why = "the template does more than it may, and was stopped; what follows is missing".to_owned();
        spots.push(Spot { range: at, why });
    }
    let text = if out.contains(links::GAP) { links::without_gaps(&out) } else { out };
    Made { text: super::text::allowed(&text).into_owned().into(), spots }
}
