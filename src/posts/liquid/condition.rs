//! Conditions: `a == b and c contains d`. From the right to the left, as Liquid joins them.

use std::cmp::Ordering;

use super::expression::Expr;
use super::scan;
use super::value::Value;
use super::{Fault, ruby};

/// Comparisons, each with what joins it to the next.
#[derive(Debug)]
pub(super) struct Condition<'a> {
    pub(super) parts: Vec<(Comparison<'a>, Join)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
    /// The last has nothing behind it.
    End,
}

#[derive(Debug)]
pub(super) struct Comparison<'a> {
    pub(super) left: Expr<'a>,
    pub(super) right: Option<(&'a str, Expr<'a>)>,
}

impl<'a> Condition<'a> {
    pub(super) fn parse(markup: &'a str) -> Self {
        let mut words = Words { text: markup, at: 0 }.peekable();
        let mut parts = Vec::new();
        while let Some(left) = words.next() {
            let operator = words.next_if(|word| is_operator(word));
            let right = operator.map(|operator| (operator, Expr::parse(words.next().unwrap_or_default())));
            let join = match words.find(|word| matches!(*word, "and" | "or")) {
                Some("and") => Join::And,
                Some(_) => Join::Or,
                None => Join::End,
            };
            parts.push((Comparison { left: Expr::parse(left), right }, join));
        }
        Self { parts }
    }
}

/// Whether `left operator right` holds.
pub(super) fn holds(left: &Value, operator: &str, right: &Value) -> Result<bool, Fault> {
    let ordered = |test: fn(Ordering) -> bool| compared(left, right).map(|order| order.is_some_and(test));
    match operator {
        "==" => Ok(left == right),
        "!=" | "<>" => Ok(left != right),
        "<" => ordered(Ordering::is_lt),
        ">" => ordered(Ordering::is_gt),
        "<=" => ordered(Ordering::is_le),
        ">=" => ordered(Ordering::is_ge),
        "contains" => Ok(contains(left, right)),
        other => Err(Fault::said(format!("there is no comparison `{other}`"))),
    }
}

/// How two values are ordered; `None` if one of them has no order at all.
fn compared(left: &Value, right: &Value) -> Result<Option<Ordering>, Fault> {
    let has_order = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Time(_));
    if !has_order(left) || !has_order(right) {
        return Ok(None);
    }
    ordering(left, right).map(Some).ok_or_else(|| {
        let shown = |value| ruby::inspect(value);
        Fault::said(format!("{} and {} cannot be compared", shown(left), shown(right)))
    })
}

/// How two values of one kind are ordered; `None` if they are not, or have no order.
#[must_use]
pub fn ordering(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Float(b)) => ruby::as_float(*a).partial_cmp(b),
        (Value::Float(a), Value::Int(b)) => a.partial_cmp(&ruby::as_float(*b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) if a == b => Some(Ordering::Equal),
        (Value::List(_), Value::List(_)) => {
            let (a, b) = (left.as_items()?, right.as_items()?);
            let differing = a.iter().zip(b).map(|(a, b)| ordering(a, b)).find(|order| *order != Some(Ordering::Equal));
            differing.unwrap_or_else(|| Some(a.len().cmp(&b.len())))
        }
        _ => None,
    }
}

fn contains(left: &Value, right: &Value) -> bool {
    if !right.is_truthy() {
        return false;
    }
    match left {
        Value::Text(text) => text.contains(&*right.printed()),
        Value::List(_) => left.as_items().unwrap_or_default().contains(right),
        Value::Map(_) | Value::Object(_) => matches!(right, Value::Text(key) if left.get(key).is_some()),
        Value::Range(from, to) => matches!(right, Value::Int(number) if (from..=to).contains(&number)),
        _ => false,
    }
}

fn is_operator(word: &str) -> bool {
    word == "contains" || word.starts_with(is_comparison)
}

fn is_comparison(c: char) -> bool {
    matches!(c, '=' | '!' | '<' | '>')
}

/// Operands and operators, whether there is space between them or not.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.len() - rest.trim_start().len();
        let len = self.text[start..].find(|c| !is_comparison(c)).unwrap_or(self.text.len() - start);
        let range = match len {
            0 => scan::fragment_until(self.text, start, is_comparison)?,
            len => start..start + len,
        };
        self.at = range.end;
        Some(&self.text[range])
    }
}
