//! The tags that choose, repeat and count.

use std::collections::HashMap;
use std::sync::Arc;

use super::condition::{self, Condition, Join};
use super::expression::Expr;
use super::loops::{self, Cycle, Loop, Offset, Position};
use super::parse::{Block, Node};
use super::run::{Interrupt, Run, STEP};
use super::value::Value;
use super::{Fault, filters};

impl Run<'_> {
    pub(super) fn branch(
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

    pub(super) fn case(
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

    pub(super) fn holds(&mut self, condition: &Condition<'_>) -> Result<bool, Fault> {
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

    pub(super) fn for_loop(
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
        self.scoped(|run| {
            for (index, item) in items.enumerate() {
                let position = Position { name: Arc::clone(&name), len, index, around: around.clone(), columns: 0 };
                run.enter(&variable, item, "forloop", position);
                run.fuel.spend(STEP)?;
                run.nested(block, out)?;
                if run.interrupt.take() == Some(Interrupt::Break) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Does something with a scope of its own.
    fn scoped(&mut self, run: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        self.scopes.push(HashMap::new());
        let done = run(self);
        self.scopes.pop();
        done
    }

    fn enter(&mut self, variable: &Arc<str>, item: Value, loop_name: &'static str, position: Position) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(Arc::clone(variable), item);
            scope.insert(loop_name.into(), Value::Object(Arc::new(position)));
        }
    }

    pub(super) fn table(&mut self, header: &Loop<'_>, block: &Block<'_>, out: &mut String) -> Result<(), Fault> {
        let (list, from, limit) = self.bounds(header)?;
        let items = loops::items(&list, from, limit, false);
        let len = items.len();
        let columns = header.columns.as_ref().map(|columns| self.count_of(columns)).transpose()?.flatten();
        let columns = columns.filter(|columns| *columns > 0).unwrap_or(len.max(1));
        let variable: Arc<str> = header.variable.into();
        self.print("<tr class=\"row1\">\n", out)?;
        self.scoped(|run| {
            for (index, item) in items.enumerate() {
                let position = Position { name: "".into(), len, index, around: Value::Nil, columns };
                run.enter(&variable, item, "tablerowloop", position);
                run.fuel.spend(STEP)?;
                run.print(&format!("<td class=\"col{}\">", index % columns + 1), out)?;
                run.nested(block, out)?;
                if run.interrupt.take() == Some(Interrupt::Break) {
                    break;
                }
                run.print("</td>", out)?;
                if (index + 1) % columns == 0 && index + 1 != len {
                    run.print(&format!("</tr>\n<tr class=\"row{}\">", index / columns + 2), out)?;
                }
            }
            Ok(())
        })?;
        self.print("</tr>\n", out)
    }

    pub(super) fn cycle(&mut self, cycle: &Cycle<'_>, out: &mut String) -> Result<(), Fault> {
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

    pub(super) fn count(&mut self, name: &str, step: i64, out: &mut String) -> Result<(), Fault> {
        let counter = self.counters.entry(name.to_owned()).or_insert(0);
        let shown = if step > 0 { *counter } else { counter.saturating_add(step) };
        *counter = counter.saturating_add(step);
        self.print(&shown.to_string(), out)
    }

    pub(super) fn if_changed(&mut self, node: &Node<'_>, block: &Block<'_>, out: &mut String) -> Result<(), Fault> {
        let text = self.captured(block)?;
        if self.last_shown.get(&node.range.start) != Some(&text) {
            self.print(&text, out)?;
            self.last_shown.insert(node.range.start, text);
        }
        Ok(())
    }
}
