//! Liquid's own filters, but for those that Jekyll replaces.

mod lists;
mod numbers;
mod text;

use super::value::Value;
use super::{Fault, Fuel, ruby};

pub use super::condition::ordering;
pub use lists::end_of;

/// What stands behind a filter's colon.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// In order.
    pub positional: Vec<Value>,
    /// By name.
    pub named: Vec<(String, Value)>,
}

impl Args {
    /// The argument at this place; `nil` if there is none.
    #[must_use]
    pub fn at(&self, place: usize) -> &Value {
        self.positional.get(place).unwrap_or(&Value::Nil)
    }

    /// The text of the argument at this place; empty if there is none.
    ///
    /// # Errors
    ///
    /// If the run has used up its bounds.
    pub fn text(&self, place: usize, fuel: &Fuel) -> Result<std::borrow::Cow<'_, str>, Fault> {
        printed(self.at(place), fuel)
    }
}

/// Applies a filter; `None` if it is none of Liquid's.
pub(super) fn apply(name: &str, input: &Value, args: &Args, fuel: &Fuel) -> Result<Option<Value>, Fault> {
    if let Some(made) = lists::apply(name, input, args, fuel)? {
        return Ok(Some(made));
    }
    if let Some(made) = numbers::apply(name, input, args)? {
        return Ok(Some(made));
    }
    text::apply(name, input, args, fuel)
}

/// A whole number, or a text that is one.
///
/// # Errors
///
/// If it is neither.
pub fn integer(value: &Value) -> Result<i64, Fault> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::Text(text) if text.trim().parse::<i64>().is_ok() => Ok(ruby::to_i(text)),
        other => Err(Fault::said(format!("{} is no whole number", ruby::inspect(other)))),
    }
}

/// Ruby's `to_i`, which makes a whole number of anything.
#[must_use]
pub fn to_i(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        Value::Float(number) => ruby::truncated(*number),
        Value::Bool(true) => 1,
        Value::Text(text) => ruby::to_i(text),
        Value::Time(at) => at.timestamp(),
        _ => 0,
    }
}

/// A value as it is printed.
fn printed<'v>(value: &'v Value, fuel: &Fuel) -> Result<std::borrow::Cow<'v, str>, Fault> {
    fuel.spend(value.weight())?;
    Ok(value.printed())
}
