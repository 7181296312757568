//! Runs the tree of a template, within bounds.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::condition::{self, Condition, Join};
use super::expression::{Chain, Expr, Key};
use super::filters::{self, Args};
use super::links::GAP;
use super::loops::{self, Cycle, Loop, Offset, Position};
use super::parse::{self, Block, Node, What};
use super::value::Value;
use super::{Fault, Fuel, Host, MAX_DEPTH, MAX_OUTPUT, Spot};

/// More spots than this are not told: one mistake in a loop would fill the log.
const MAX_SPOTS: usize = 20;

/// What each tag and each turn of a loop costs.
const STEP: u64 = 50;

/// One run of a template.
pub struct Run<'h> {
    host: &'h dyn Host,
    /// What may still be spent.
    pub fuel: Fuel,
    /// Variables; the last are the innermost, the first those that `assign` makes.
    scopes: Vec<HashMap<Arc<str>, Value>>,
    counters: HashMap<String, i64>,
    cycles: HashMap<String, usize>,
    /// Where the last loop of each name stopped.
    stopped: HashMap<String, usize>,
    last_shown: HashMap<usize, String>,
    interrupt: Option<Interrupt>,
    /// Blocks and includes around what runs now.
    depth: usize,
    /// Includes around it.
    included: usize,
    /// Where in the template of the post the run is.
    at: Range<usize>,
    spots: Vec<Spot>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interrupt {
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
        }?;
        if out.len() > MAX_OUTPUT {
            out.truncate(before);
            return Err(Fault::Spent);
        }
        Ok(())
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
            What::Count(name, step) => self.count(name, *step, out),
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

    fn print(&self, text: &str, out: &mut String) -> Result<(), Fault> {
        self.fuel.spend(text.len() as u64)?;
        out.push_str(text);
        Ok(())
    }

    fn captured(&mut self, block: &Block<'_>) -> Result<String, Fault> {
        let mut text = String::new();
        self.deeper(|run| run.block(block, &mut text))?;
        Ok(text)
    }

    /// A block in a block; one that prints nothing but white space prints nothing.
    fn nested(&mut self, block: &Block<'_>, out: &mut String) -> Result<(), Fault> {
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

    fn branch(
        &mut self,
        branches: &[(Option<(Condition<'_>, bool)>, Block<'_>)],
        out: &mut String,
    ) -> Result<(), Fault> {
        for (condition, block) in branches {
            let holds = match condition {
                Some((condition, wanted)) => self.holds(condition)? == *wanted,
                None => true,
            };
            if holds {
                return self.nested(block, out);
            }
        }
        Ok(())
    }

    fn case(
        &mut self,
        subject: &Expr<'_>,
        branches: &[(Option<Vec<Expr<'_>>>, Block<'_>)],
        out: &mut String,
    ) -> Result<(), Fault> {
        let subject = self.value(subject)?;
        let mut found = false;
        for (values, block) in branches {
            let is_it = match values {
                None => !found,
                Some(values) => {
                    let mut is_it = false;
                    for value in values {
                        self.fuel.spend(subject.weight())?;
                        is_it |= self.value(value)? == subject;
                    }
                    is_it
                }
            };
            if is_it {
                found = true;
                self.nested(block, out)?;
            }
        }
        Ok(())
    }

    fn holds(&mut self, condition: &Condition<'_>) -> Result<bool, Fault> {
        let mut held = false;
        // From the right: `a and b or c` is `a and (b or c)`.
        for (comparison, join) in condition.parts.iter().rev() {
            let left = self.value(&comparison.left)?;
            let this = match &comparison.right {
                Some((operator, right)) => {
                    let right = self.value(right)?;
                    self.fuel.spend(left.weight().saturating_add(right.weight()))?;
                    condition::holds(&left, operator, &right)?
                }
                None => left.is_truthy(),
            };
            held = match join {
                Join::End => this,
                Join::And => this && held,
                Join::Or => this || held,
            };
        }
        Ok(held)
    }

    /// The list, and where to start and stop in it.
    fn bounds(&mut self, header: &Loop<'_>) -> Result<(Value, usize, Option<usize>), Fault> {
        let list = match self.value(&header.list)? {
            Value::Object(object) => object.whole(),
            list => list,
        };
        let from = match &header.offset {
            Offset::None => 0,
            Offset::Continue => self.stopped.get(&header.name).copied().unwrap_or(0),
            Offset::At(offset) => self.count_of(offset)?.unwrap_or(0),
        };
        let limit = header.limit.as_ref().map(|limit| self.count_of(limit)).transpose()?.flatten();
        Ok((list, from, limit))
    }

    /// A number of items; `None` for nothing at all.
    fn count_of(&mut self, expr: &Expr<'_>) -> Result<Option<usize>, Fault> {
        let value = self.value(expr)?;
        match value {
            Value::Nil => Ok(None),
            value => Ok(Some(usize::try_from(filters::integer(&value)?).unwrap_or(0))),
        }
    }

    fn for_loop(
        &mut self,
        header: &Loop<'_>,
        block: &Block<'_>,
        otherwise: &Block<'_>,
        out: &mut String,
    ) -> Result<(), Fault> {
        let (list, from, limit) = self.bounds(header)?;
        let items = loops::items(&list, from, limit, header.reversed);
        let len = items.len();
        self.stopped.insert(header.name.clone(), from.saturating_add(len));
        if len == 0 {
            return self.nested(otherwise, out);
        }
        let around = self.scopes.iter().rev().find_map(|scope| scope.get("forloop")).cloned().unwrap_or(Value::Nil);
        let (name, variable): (Arc<str>, Arc<str>) = (header.name.as_str().into(), header.variable.into());
        self.scopes.push(HashMap::new());
        let mut done = Ok(());
        for (index, item) in items.enumerate() {
            let position = Position { name: Arc::clone(&name), len, index, around: around.clone(), columns: 0 };
            self.enter(&variable, item, "forloop", position);
            done = self.fuel.spend(STEP);
            if done.is_err() {
                break;
            }
            done = self.nested(block, out);
            if done.is_err() || self.interrupt.take() == Some(Interrupt::Break) {
                break;
            }
        }
        self.scopes.pop();
        done
    }

    fn enter(&mut self, variable: &Arc<str>, item: Value, loop_name: &'static str, position: Position) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(Arc::clone(variable), item);
            scope.insert(loop_name.into(), Value::Object(Arc::new(position)));
        }
    }

    fn table(&mut self, header: &Loop<'_>, block: &Block<'_>, out: &mut String) -> Result<(), Fault> {
        let (list, from, limit) = self.bounds(header)?;
        let items = loops::items(&list, from, limit, false);
        let len = items.len();
        let columns = header.columns.as_ref().map(|columns| self.count_of(columns)).transpose()?.flatten();
        let columns = columns.filter(|columns| *columns > 0).unwrap_or(len.max(1));
        let variable: Arc<str> = header.variable.into();
        self.print("<tr class=\"row1\">\n", out)?;
        self.scopes.push(HashMap::new());
        let mut done = Ok(());
        for (index, item) in items.enumerate() {
            let position = Position { name: "".into(), len, index, around: Value::Nil, columns };
            self.enter(&variable, item, "tablerowloop", position);
            out.push_str(&format!("<td class=\"col{}\">", index % columns + 1));
            done = self.nested(block, out);
            if done.is_err() || self.interrupt.take() == Some(Interrupt::Break) {
                break;
            }
            out.push_str("</td>");
            if (index + 1) % columns == 0 && index + 1 != len {
                out.push_str(&format!("</tr>\n<tr class=\"row{}\">", index / columns + 2));
            }
        }
        self.scopes.pop();
        done?;
        self.print("</tr>\n", out)
    }

    fn cycle(&mut self, cycle: &Cycle<'_>, out: &mut String) -> Result<(), Fault> {
        let key = match &cycle.name {
            Some(name) => self.value(name)?.printed().into_owned(),
            None => cycle.written.to_owned(),
        };
        let at = self.cycles.get(&key).copied().unwrap_or(0);
        let Some(value) = cycle.values.get(at) else { return Ok(()) };
        self.cycles.insert(key, (at + 1) % cycle.values.len());
        let value = self.value(value)?;
        self.fuel.spend(value.weight())?;
        self.print(&value.printed(), out)
    }

    fn count(&mut self, name: &str, step: i64, out: &mut String) {
        let counter = self.counters.entry(name.to_owned()).or_insert(0);
        let shown = if step > 0 { *counter } else { counter.saturating_add(step) };
        *counter = counter.saturating_add(step);
        out.push_str(&shown.to_string());
    }

    fn if_changed(&mut self, node: &Node<'_>, block: &Block<'_>, out: &mut String) -> Result<(), Fault> {
        let text = self.captured(block)?;
        if self.last_shown.get(&node.range.start) != Some(&text) {
            self.print(&text, out)?;
            self.last_shown.insert(node.range.start, text);
        }
        Ok(())
    }

    fn chain(&mut self, chain: &Chain<'_>) -> Result<Value, Fault> {
        let mut value = self.value(&chain.start)?;
        for filter in &chain.filters {
            let mut args = Args::default();
            for arg in &filter.args {
                args.positional.push(self.value(arg)?);
            }
            for (name, arg) in &filter.named {
                args.named.push(((*name).to_owned(), self.value(arg)?));
            }
            self.fuel.spend(value.width())?;
            let host = self.host;
            value = match host.filter(filter.name, &value, &args, self)? {
                Some(made) => made,
                // As in Jekyll, a filter that nobody knows changes nothing.
                None => match filters::apply(filter.name, &value, &args, &self.fuel)? {
                    Some(made) => made,
                    None => self.unknown(filter.name).map(|_| value)?,
                },
            };
            self.fuel.spend(value.width())?;
        }
        Ok(value)
    }

    fn value(&mut self, expr: &Expr<'_>) -> Result<Value, Fault> {
        self.fuel.spend(4)?;
        Ok(match expr {
            Expr::Literal(value) => value.clone(),
            Expr::Range(from, to) => {
                let bound = |value: Value| filters::to_i(&value);
                Value::Range(bound(self.value(from)?), bound(self.value(to)?))
            }
            Expr::Name(name) => self.named(name).map_or_else(|| self.unknown(name), Ok)?,
            Expr::Path(root, keys) => self.path(root, keys)?,
        })
    }

    fn path(&mut self, root: &Expr<'_>, keys: &[Key<'_>]) -> Result<Value, Fault> {
        let name = match root {
            Expr::Name(name) => (*name).to_owned(),
            other => self.value(other)?.printed().into_owned(),
        };
        let mut keys = keys.iter();
        let mut value = match self.variable(&name) {
            Some(value) => value,
            // The parts of the host's own variables are asked for one by one: all of them would be a lot.
            None => match keys.next() {
                Some(key) => {
                    let key = self.key(key)?;
                    match key.as_ref().and_then(|key| self.host.part(&name, key)) {
                        Some(part) => part,
                        None => return self.unknown(&name),
                    }
                }
                None => return self.host.variable(&name).map_or_else(|| self.unknown(&name), Ok),
            },
        };
        for key in keys {
            value = self.step(&value, key)?;
        }
        Ok(value)
    }

    /// A key as text.
    fn key(&mut self, key: &Key<'_>) -> Result<Option<String>, Fault> {
        Ok(match key {
            Key::Name(name) => Some((*name).to_owned()),
            Key::Index(expr) => match self.value(expr)? {
                Value::Text(text) => Some(text.as_ref().to_owned()),
                _ => None,
            },
        })
    }

    fn step(&mut self, value: &Value, key: &Key<'_>) -> Result<Value, Fault> {
        self.fuel.spend(4)?;
        let found = match key {
            Key::Name(name) => value.get(name).or_else(|| command(value, name)),
            Key::Index(expr) => match self.value(expr)? {
                Value::Int(index) => value.at(index),
                Value::Text(key) => value.get(&key),
                _ => None,
            },
        };
        Ok(found.unwrap_or(Value::Nil))
    }

    /// A variable of the template's own.
    fn variable(&self, name: &str) -> Option<Value> {
        let own = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        own.cloned().or_else(|| self.counters.get(name).map(|number| Value::Int(*number)))
    }

    /// What is made of something that nothing is known of.
    fn unknown(&self, name: &str) -> Result<Value, Fault> {
        if self.host.is_lax() { Ok(Value::Nil) } else { Err(Fault::said(format!("`{name}` is not known here"))) }
    }

    fn named(&self, name: &str) -> Option<Value> {
        self.variable(name).or_else(|| self.host.variable(name))
    }
}

/// `.size`, `.first` and `.last`.
fn command(value: &Value, name: &str) -> Option<Value> {
    match name {
        "size" => value.len().map(|len| Value::Int(i64::try_from(len).unwrap_or(i64::MAX))),
        "first" => filters::end_of(value, true),
        "last" => filters::end_of(value, false),
        _ => None,
    }
}
