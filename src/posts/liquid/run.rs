//! Runs the tree of a template, within bounds.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::condition::Condition;
use super::expression::{Chain, Expr};
use super::links::GAP;
use super::parse::{self, Block, Node, What};
use super::value::Value;
use super::{Fault, Fuel, Host, MAX_DEPTH, MAX_OUTPUT, Spot};

/// More spots than this are not told: one mistake in a loop would fill the log.
const MAX_SPOTS: usize = 20;

/// What each tag and each turn of a loop costs.
pub(super) const STEP: u64 = 50;

/// One run of a template.
pub struct Run<'h> {
    pub(super) host: &'h dyn Host,
    /// What may still be spent.
    pub fuel: Fuel,
    /// Variables; the last are the innermost, the first those that `assign` makes.
    pub(super) scopes: Vec<HashMap<Arc<str>, Value>>,
    pub(super) counters: HashMap<String, i64>,
    pub(super) cycles: HashMap<String, usize>,
    /// Where the last loop of each name stopped.
    pub(super) stopped: HashMap<String, usize>,
    pub(super) last_shown: HashMap<usize, String>,
    pub(super) interrupt: Option<Interrupt>,
    /// Blocks and includes around what runs now.
    depth: usize,
    /// Includes around it.
    included: usize,
    /// Where in the template of the post the run is.
    at: Range<usize>,
    spots: Vec<Spot>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupt {
    Break,
    Continue,
}

impl<'h> Run<'h> {
    pub(super) fn new(host: &'h dyn Host) -> Self {
        Self {
            host,
            fuel: Fuel::full(),
            scopes: vec![HashMap::new()],
            counters: HashMap::new(),
            cycles: HashMap::new(),
            stopped: HashMap::new(),
            last_shown: HashMap::new(),
            interrupt: None,
            depth: 0,
            included: 0,
            at: 0..0,
            spots: Vec::new(),
        }
    }

    /// What was left out, and where the run ended.
    pub(super) fn into_spots(self) -> (Vec<Spot>, Range<usize>) {
        (self.spots, self.at)
    }

    /// Runs a template of its own, with these variables besides; for includes.
    ///
    /// # Errors
    ///
    /// The first error in it; what it printed is lost then.
    pub fn include(
        &mut self,
        text: &str,
        variables: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<String, Fault> {
        if self.depth >= MAX_DEPTH {
            return Err(Fault::said(format!("includes are nested more than {MAX_DEPTH} levels deep")));
        }
        self.fuel.spend(text.len() as u64)?;
        let block = parse::parse(text, self.host);
        self.scopes.push(variables.into_iter().map(|(name, value)| (name.into(), value)).collect());
        (self.depth, self.included) = (self.depth + 1, self.included + 1);
        let mut out = String::new();
        let done = self.block(&block, &mut out);
        (self.depth, self.included) = (self.depth - 1, self.included - 1);
        self.scopes.pop();
        done.map(|()| out)
    }

    /// What an expression such as `page.title` is.
    ///
    /// # Errors
    ///
    /// If the run has used up its bounds.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value, Fault> {
        self.value(&Expr::parse(expression))
    }

    /// What `{{ markup }}` would be.
    ///
    /// # Errors
    ///
    /// If a filter fails, or the run has used up its bounds.
    pub fn filtered(&mut self, markup: &str) -> Result<Value, Fault> {
        self.chain(&Chain::parse(markup))
    }

    /// The items for which `condition` holds when they are named `variable`.
    ///
    /// # Errors
    ///
    /// If a comparison fails, or the run has used up its bounds.
    pub fn each_that<T>(
        &mut self,
        items: &[Value],
        variable: &str,
        condition: &str,
        mut keep: impl FnMut(&Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let condition = Condition::parse(condition);
        for item in items {
            let holds = self.naming(variable, item, |run| run.holds(&condition))?;
            if let Some(found) = holds.then(|| keep(item)).flatten() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Does something while `variable` is the name of `value`.
    ///
    /// # Errors
    ///
    /// Those of what is done.
    pub fn naming<T>(
        &mut self,
        variable: &str,
        value: &Value,
        run: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.scopes.push([(variable.into(), value.clone())].into());
        let done = run(self);
        self.scopes.pop();
        done
    }

    pub(super) fn block(&mut self, block: &Block<'_>, out: &mut String) -> Result<(), Fault> {
        for node in &block.nodes {
            if self.interrupt.is_some() {
                return Ok(());
            }
            self.node(node, out)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &Node<'_>, out: &mut String) -> Result<(), Fault> {
        self.fuel.spend(STEP)?;
        if self.included == 0 {
            self.at = node.range.clone();
        }
        let before = out.len();
        match self.what(node, out) {
            Err(Fault::Said(why)) if self.included == 0 => {
                out.truncate(before);
                self.at = node.range.clone();
                self.leave(why, out);
                Ok(())
            }
            done => done,
        }
    }

    /// Leaves something out, and says why.
    fn leave(&mut self, why: String, out: &mut String) {
        out.push(GAP);
        let is_new = self.spots.iter().all(|spot| spot.why != why);
        if is_new && self.spots.len() < MAX_SPOTS {
            self.spots.push(Spot { range: self.at.clone(), why });
        }
    }

    fn what(&mut self, node: &Node<'_>, out: &mut String) -> Result<(), Fault> {
        match &node.what {
            What::Text(text) => self.print(text, out)?,
            What::Output(chain) => {
                let value = self.chain(chain)?;
                self.fuel.spend(value.weight())?;
                self.print(&value.printed(), out)?;
            }
            What::Assign(name, chain) => {
                let value = self.chain(chain)?;
                self.scopes[0].insert((*name).into(), value);
            }
            What::Capture(name, block) => {
                let text = self.captured(block)?;
                self.scopes[0].insert((*name).into(), Value::text(text));
            }
            What::If(branches) => self.branch(branches, out)?,
            What::Case(subject, branches) => self.case(subject, branches, out)?,
            What::For(header, block, otherwise) => self.for_loop(header, block, otherwise, out)?,
            What::TableRow(header, block) => self.table(header, block, out)?,
            What::Cycle(cycle) => self.cycle(cycle, out)?,
            What::Count(name, step) => self.count(name, *step, out)?,
            What::Break => self.interrupt = Some(Interrupt::Break),
            What::Continue => self.interrupt = Some(Interrupt::Continue),
            What::IfChanged(block) => self.if_changed(node, block, out)?,
            What::Hosted { name, markup, body } => {
                let body = body.as_ref().map(|body| self.captured(body)).transpose()?;
                let host = self.host;
                let line_start = out.rfind('\n').map_or(0, |at| at + 1);
                let text = host.run(name, markup, body, &out[line_start..], self)?;
                self.print(&text, out)?;
            }
            What::Left(why) => self.leave(why.clone(), out),
        }
        Ok(())
    }

    pub(super) fn print(&self, text: &str, out: &mut String) -> Result<(), Fault> {
        self.fuel.spend(text.len() as u64)?;
        if out.len() + text.len() > MAX_OUTPUT {
            return Err(Fault::Spent);
        }
        // A brace and a percent sign that a tag kept apart are no tag now that it is gone.
        if text.starts_with('%') && out.trim_end_matches(GAP).ends_with('{') {
            out.push(' ');
        }
        out.push_str(text);
        Ok(())
    }

    pub(super) fn captured(&mut self, block: &Block<'_>) -> Result<String, Fault> {
        let mut text = String::new();
        self.deeper(|run| run.block(block, &mut text))?;
        Ok(text)
    }

    /// A block in a block; one that prints nothing but white space prints nothing.
    pub(super) fn nested(&mut self, block: &Block<'_>, out: &mut String) -> Result<(), Fault> {
        let before = out.len();
        let done = self.deeper(|run| run.block(block, out));
        if block.blank {
            out.truncate(before);
        }
        done
    }

    fn deeper(&mut self, run: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.depth >= MAX_DEPTH {
            return Err(Fault::said(format!("blocks are nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let done = run(self);
        self.depth -= 1;
        done
    }
}
