//! Filters for lists.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::{Args, printed};
use crate::posts::liquid::value::Value;
use crate::posts::liquid::{Fault, Fuel, ruby};

pub(super) fn apply(name: &str, input: &Value, args: &Args, fuel: &Fuel) -> Result<Option<Value>, Fault> {
    Ok(Some(match name {
        "size" => match input {
            // The bytes of a machine word, as in Ruby.
            Value::Int(_) => Value::Int(8),
            other => Value::Int(other.len().and_then(|len| i64::try_from(len).ok()).unwrap_or(0)),
        },
        "first" => end_of(input, true).unwrap_or(Value::Nil),
        "last" => end_of(input, false).unwrap_or(Value::Nil),
        "join" => join(&flat(input, fuel)?, args, fuel)?,
        "reverse" => Value::list(flat(input, fuel)?.into_iter().rev().collect()),
        "compact" => {
            let is_there = |item: &Value| !matches!(property(item, args), Value::Nil);
            Value::list(flat(input, fuel)?.into_iter().filter(is_there).collect())
        }
        "concat" => {
            let more = args.at(0).as_items().ok_or_else(|| Fault::said("`concat` needs a list"))?;
            fuel.spend(args.at(0).width())?;
            Value::list(flat(input, fuel)?.iter().chain(more).cloned().collect())
        }
        "map" => {
            let key = args.text(0, fuel)?;
            Value::list(flat(input, fuel)?.iter().map(|item| item.get(&key).unwrap_or(Value::Nil)).collect())
        }
        "uniq" => uniq(flat(input, fuel)?, args, fuel)?,
        "sort_natural" => sort_natural(flat(input, fuel)?, args, fuel)?,
        _ => return Ok(None),
    }))
}

/// The first or last item of a list, or number of a range; of a mapping, the first pair.
#[must_use]
pub fn end_of(value: &Value, first: bool) -> Option<Value> {
    match value {
        Value::List(_) => {
            let items = value.as_items()?;
            if first { items.first() } else { items.last() }.cloned()
        }
        Value::Map(map) if first => {
            map.entries().first().map(|(key, value)| Value::list(vec![Value::Text(key.clone()), value.clone()]))
        }
        Value::Range(from, to) => Some(Value::Int(if first { *from } else { *to })),
        _ => None,
    }
}

/// The items of a list and of the lists in it; anything else is its only item.
fn flat(input: &Value, fuel: &Fuel) -> Result<Vec<Value>, Fault> {
    fuel.spend(input.width())?;
    match input {
        Value::Nil => Ok(Vec::new()),
        Value::Range(from, to) => Ok((*from..=*to).map(Value::Int).collect()),
        Value::List(_) => {
            let mut all = Vec::new();
            for item in input.as_items().unwrap_or_default() {
                match item {
                    Value::List(_) => all.extend(flat(item, fuel)?),
                    item => all.push(item.clone()),
                }
            }
            Ok(all)
        }
        other => Ok(vec![other.clone()]),
    }
}

fn join(items: &[Value], args: &Args, fuel: &Fuel) -> Result<Value, Fault> {
    let glue = if args.positional.is_empty() { " ".into() } else { args.text(0, fuel)? };
    fuel.spend((glue.len() as u64).saturating_mul(items.len() as u64))?;
    let parts: Vec<_> = items.iter().map(|item| printed(item, fuel)).collect::<Result<_, _>>()?;
    Ok(Value::text(parts.join(&glue)))
}

/// What the first argument names of an item; without one, the item itself.
fn property(item: &Value, args: &Args) -> Value {
    match args.positional.first() {
        Some(Value::Text(key)) => item.get(key).unwrap_or(Value::Nil),
        _ => item.clone(),
    }
}

fn uniq(items: Vec<Value>, args: &Args, fuel: &Fuel) -> Result<Value, Fault> {
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for item in items {
        let key = property(&item, args);
        fuel.spend(key.weight())?;
        // What is inspected alike is alike.
        if seen.insert(ruby::inspect(&key)) {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

/// In alphabetical order whatever the case; what is not there comes last.
fn sort_natural(items: Vec<Value>, args: &Args, fuel: &Fuel) -> Result<Value, Fault> {
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = match property(&item, args) {
            Value::Nil => None,
            key => Some(printed(&key, fuel)?.to_ascii_lowercase()),
        };
        keyed.push((key, item));
    }
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    Ok(Value::list(keyed.into_iter().map(|(_, item)| item).collect()))
}
