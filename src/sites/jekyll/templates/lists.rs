//! Jekyll's filters for lists.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::posts::liquid::{Args, Fault, Run, Value, integer, ordering};

pub(super) fn apply(name: &str, input: &Value, args: &Args, run: &mut Run<'_>) -> Result<Option<Value>, Fault> {
    if !matches!(
        name,
        "where"
            | "where_exp"
            | "find"
            | "find_exp"
            | "group_by"
            | "group_by_exp"
            | "sort"
            | "pop"
            | "push"
            | "shift"
            | "unshift"
            | "sample"
            | "array_to_sentence_string"
    ) {
        return Ok(None);
    }
    let Some(items) = items(input) else {
        return match name {
            "sort" => Err(Fault::said("`sort` needs a list")),
            // As in Jekyll, what is no list passes as it is.
            _ => Ok(Some(input.clone())),
        };
    };
    run.fuel.spend(32 * items.len() as u64)?;
    let made = match name {
        "where" => Value::list(that_are(&items, args, run)?),
        "find" => that_are(&items, args, run)?.into_iter().next().unwrap_or(Value::Nil),
        "where_exp" | "find_exp" => matching(&items, args, name == "find_exp", run)?,
        "group_by" => {
            let key = args.text(0, &run.fuel)?;
            grouped(&items, |item| Ok(property(item, &key).printed().into_owned()))?
        }
        "group_by_exp" => {
            let (variable, markup) = (args.text(0, &run.fuel)?.into_owned(), args.text(1, &run.fuel)?.into_owned());
            grouped(&items, |item| {
                run.naming(&variable, item, |run| run.filtered(&markup)).map(|value| value.printed().into_owned())
            })?
        }
        "sort" => sorted(items, args, run)?,
        "array_to_sentence_string" => Value::text(sentence(&items, args, run)?),
        _ => ends(name, items, args)?,
    };
    Ok(Some(made))
}

/// The items of a list; of a mapping, its values.
fn items(input: &Value) -> Option<Vec<Value>> {
    match input {
        Value::List(_) => input.as_items().map(<[Value]>::to_vec),
        Value::Map(map) => Some(map.entries().iter().map(|(_, value)| value.clone()).collect()),
        _ => None,
    }
}

/// The items whose property is the second argument: its text, or one of its items' texts.
fn that_are(items: &[Value], args: &Args, run: &Run<'_>) -> Result<Vec<Value>, Fault> {
    let (key, target) = (args.text(0, &run.fuel)?, args.at(1));
    if key.is_empty() || matches!(target, Value::List(_) | Value::Map(_)) {
        return Ok(items.to_vec());
    }
    let text = args.text(1, &run.fuel)?;
    let mut kept = Vec::new();
    for item in items {
        let property = property(item, &key);
        run.fuel.spend(property.weight().min(1 << 16))?;
        let is_it = match (target, &property) {
            (Value::Nil, property) => matches!(property, Value::Nil),
            (Value::Empty | Value::Blank, property) => matches!(property, Value::Nil) || property.is_empty(),
            (_, Value::List(_)) => property.as_items().unwrap_or_default().iter().any(|item| item.printed() == text),
            (_, Value::Nil) => false,
            (_, property) => property.printed() == text,
        };
        if is_it {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

fn matching(items: &[Value], args: &Args, only_first: bool, run: &mut Run<'_>) -> Result<Value, Fault> {
    let (variable, condition) = (args.text(0, &run.fuel)?, args.text(1, &run.fuel)?);
    let mut kept = Vec::new();
    let first = run.each_that(items, &variable, &condition, |item| {
        if !only_first {
            kept.push(item.clone());
        }
        only_first.then(|| item.clone())
    })?;
    Ok(if only_first { first.unwrap_or(Value::Nil) } else { Value::list(kept) })
}

/// A property, which may be one of a property (`a.b`). Texts that are numbers are taken for them, as Jekyll does.
fn property(item: &Value, key: &str) -> Value {
    let whole = item.get(key).filter(|_| !key.contains('.'));
    let found = whole.or_else(|| key.split('.').try_fold(item.clone(), |value, key| value.get(key)));
    match found {
        Some(Value::Text(text)) => number(&text).unwrap_or(Value::Text(text)),
        found => found.unwrap_or(Value::Nil),
    }
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().any(|byte| byte.is_ascii_digit()) || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    match digits.contains('.') {
        true => text.parse().ok().map(Value::Float),
        false => text.parse().ok().map(Value::Int),
    }
}

fn grouped(items: &[Value], mut key: impl FnMut(&Value) -> Result<String, Fault>) -> Result<Value, Fault> {
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for item in items {
        let key = key(item)?;
        let place = *places.entry(key.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((key, Vec::new()));
        }
        groups[place].1.push(item.clone());
    }
    let group = |(name, items): (String, Vec<Value>)| {
        let size = Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX));
        let parts = [("name", Value::text(name)), ("items", Value::list(items)), ("size", size)];
        Value::map(parts.map(|(key, value)| (Arc::from(key), value)))
    };
    Ok(Value::list(groups.into_iter().map(group).collect()))
}

fn sorted(items: Vec<Value>, args: &Args, run: &Run<'_>) -> Result<Value, Fault> {
    let by_key = !matches!(args.at(0), Value::Nil);
    let key = args.text(0, &run.fuel)?;
    let nil_first = match &*args.text(1, &run.fuel)? {
        "" | "first" => true,
        "last" => false,
        other => return Err(Fault::said(format!("`sort` puts what has no value `first` or `last`, not `{other}`"))),
    };
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = if by_key { property(&item, &key) } else { item.clone() };
        run.fuel.spend(key.weight().saturating_mul(8))?;
        keyed.push((key, item));
    }
    if !by_key && keyed.windows(2).any(|pair| ordering(&pair[0].0, &pair[1].0).is_none()) {
        return Err(Fault::said("what is sorted is not all of one kind"));
    }
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Value::Nil, Value::Nil) => Ordering::Equal,
        (Value::Nil, _) => {
            if nil_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (_, Value::Nil) => {
            if nil_first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (a, b) => kind(a).cmp(&kind(b)).then_with(|| ordering(a, b).unwrap_or_else(|| a.printed().cmp(&b.printed()))),
    });
    Ok(Value::list(keyed.into_iter().map(|(_, item)| item).collect()))
}

/// Values of different kinds are kept apart, so that there is one order of them all.
fn kind(value: &Value) -> u8 {
    match value {
        Value::Int(_) | Value::Float(_) => 0,
        Value::Time(_) => 1,
        Value::Text(_) => 2,
        _ => 3,
    }
}

fn sentence(items: &[Value], args: &Args, run: &Run<'_>) -> Result<String, Fault> {
    let connector = if args.positional.is_empty() { "and".into() } else { args.text(0, &run.fuel)? };
    let total = items.iter().fold(0_u64, |sum, item| sum.saturating_add(item.weight()));
    run.fuel.spend(total)?;
    let texts: Vec<_> = items.iter().map(Value::printed).collect();
    Ok(match texts.split_last() {
        None => String::new(),
        Some((last, [])) => last.to_string(),
        Some((last, [first])) => format!("{first} {connector} {last}"),
        Some((last, others)) => format!("{}, {connector} {last}", others.join(", ")),
    })
}

/// The filters that add or take items at the ends.
fn ends(name: &str, mut items: Vec<Value>, args: &Args) -> Result<Value, Fault> {
    let count = || match args.positional.first() {
        None => Ok(1),
        Some(count) => integer(count).map(|count| usize::try_from(count).unwrap_or(0)),
    };
    match name {
        "pop" => items.truncate(items.len().saturating_sub(count()?)),
        "shift" => drop(items.drain(..count()?.min(items.len()))),
        "push" => items.push(args.at(0).clone()),
        "unshift" => items.insert(0, args.at(0).clone()),
        // `sample`: chance would change the feed with every scan, so the first have it.
        _ if args.positional.is_empty() => return Ok(items.into_iter().next().unwrap_or(Value::Nil)),
        _ => items.truncate(count()?),
    }
    Ok(Value::list(items))
}
