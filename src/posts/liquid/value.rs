//! What templates reckon with, bounded in size and depth however it is put together.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::ruby;

/// A list in a list in a list: what is nested deeper is nothing, so that recursion ends.
const MAX_DEPTH: u16 = 150;

/// What a value may weigh: a list that is put into itself over and over would grow without end.
const MAX_WEIGHT: u64 = 256 << 20;

/// What a value weighs beside its text.
const BASE_WEIGHT: u64 = 16;

/// A value; cheap to copy.
#[derive(Debug, Clone)]
pub enum Value {
    /// `nil`: what is not there.
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// An instant in the site's time zone.
    Time(DateTime<FixedOffset>),
    /// A list; made by [`Value::list`].
    List(Arc<List>),
    /// A mapping; made by [`Value::map`].
    Map(Arc<Map>),
    /// All whole numbers from the first to the second.
    Range(i64, i64),
    /// Something whose parts are made when they are asked for.
    Object(Arc<dyn Object>),
    /// `empty`, which equals every text, list and mapping that is.
    Empty,
    /// `blank`, which equals nothing: Ruby's own values do not know whether they are.
    Blank,
}

/// Something whose parts are made when they are asked for.
pub trait Object: fmt::Debug + Send + Sync {
    /// One part; `None` if there is none of this name.
    fn get(&self, key: &str) -> Option<Value>;

    /// All of it, as a mapping.
    fn whole(&self) -> Value;
}

/// Values in order, with their weight and depth.
#[derive(Debug)]
pub struct List {
    items: Vec<Value>,
    weight: u64,
    depth: u16,
}

/// Values by name, in order, with their weight and depth.
#[derive(Debug)]
pub struct Map {
    entries: Vec<(Arc<str>, Value)>,
    places: HashMap<Arc<str>, usize>,
    weight: u64,
    depth: u16,
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// A list; nothing at all if it were nested too deeply or too large.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        let (weight, depth) = measure(items.iter());
        let fits = weight <= MAX_WEIGHT && depth <= MAX_DEPTH;
        if fits { Self::List(Arc::new(List { items, weight, depth })) } else { Self::Nil }
    }

    /// A mapping, of whose equal keys the last counts; nothing at all if it were nested too deeply or too large.
    pub fn map(all: impl IntoIterator<Item = (Arc<str>, Self)>) -> Self {
        let mut entries: Vec<(Arc<str>, Self)> = Vec::new();
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        for (key, value) in all {
            match places.get(&key) {
                Some(&at) => entries[at].1 = value,
                None => {
                    places.insert(Arc::clone(&key), entries.len());
                    entries.push((key, value));
                }
            }
        }
        let (weight, depth) = measure(entries.iter().map(|(_, value)| value));
        let weight = entries.iter().fold(weight, |sum, (key, _)| sum.saturating_add(key.len() as u64));
        let fits = weight <= MAX_WEIGHT && depth <= MAX_DEPTH;
        if fits { Self::Map(Arc::new(Map { entries, places, weight, depth })) } else { Self::Nil }
    }

    /// Everything but `nil` and `false` is true.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    /// What it costs to look at all of it.
    #[must_use]
    pub fn weight(&self) -> u64 {
        match self {
            Self::Text(text) => BASE_WEIGHT + text.len() as u64,
            Self::List(list) => list.weight,
            Self::Map(map) => map.weight,
            Self::Range(from, to) => to.saturating_sub(*from).max(0).unsigned_abs().saturating_mul(4 * BASE_WEIGHT),
            Self::Object(_) => 1024,
            Self::Nil | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Time(_) | Self::Empty | Self::Blank => {
                BASE_WEIGHT
            }
        }
    }

    /// What it costs to look at what is directly in it.
    #[must_use]
    pub fn width(&self) -> u64 {
        match self {
            Self::List(list) => BASE_WEIGHT * (1 + list.items.len() as u64),
            Self::Map(map) => BASE_WEIGHT * (1 + map.entries.len() as u64),
            other => other.weight(),
        }
    }

    fn depth(&self) -> u16 {
        match self {
            Self::List(list) => list.depth,
            Self::Map(map) => map.depth,
            _ => 0,
        }
    }

    /// The part of this name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        match self {
            Self::Map(map) => map.get(key).cloned(),
            Self::Object(object) => object.get(key),
            _ => None,
        }
    }

    /// The item at this place; from the end if it is negative.
    #[must_use]
    pub fn at(&self, index: i64) -> Option<Self> {
        let items = self.as_items()?;
        let from_end = || items.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?);
        let place = usize::try_from(index).ok().or_else(from_end)?;
        items.get(place).cloned()
    }

    /// A text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn as_items(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(&list.items),
            _ => None,
        }
    }

    /// The entries of a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// How many characters, items or entries; `None` for what has no size.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::List(list) => Some(list.items.len()),
            Self::Map(map) => Some(map.entries.len()),
            Self::Range(from, to) => Some(usize::try_from(to.saturating_sub(*from).saturating_add(1)).unwrap_or(0)),
            _ => None,
        }
    }

    /// Whether it is a text, list or mapping with nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(list) => list.items.is_empty(),
            Self::Map(map) => map.entries.is_empty(),
            _ => false,
        }
    }

    /// As it is printed. Costs [`Value::weight`].
    #[must_use]
    pub fn printed(&self) -> Cow<'_, str> {
        match self {
            Self::Nil | Self::Empty | Self::Blank => "".into(),
            Self::Bool(is) => if *is { "true" } else { "false" }.into(),
            Self::Int(number) => number.to_string().into(),
            Self::Float(number) => ruby::float(*number).into(),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Time(at) => at.format("%Y-%m-%d %H:%M:%S %z").to_string().into(),
            Self::List(list) => list.items.iter().map(Self::printed).collect::<String>().into(),
            Self::Map(_) => ruby::inspect(self).into(),
            Self::Range(from, to) => format!("{from}..{to}").into(),
            Self::Object(object) => object.whole().printed().into_owned().into(),
        }
    }
}

impl Map {
    /// The value of this name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.places.get(key).map(|&at| &self.entries[at].1)
    }

    /// All entries in order.
    #[must_use]
    pub fn entries(&self) -> &[(Arc<str>, Value)] {
        &self.entries
    }
}

impl PartialEq for Value {
    /// As `==` in a template. Costs the smaller of the two weights.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) | (Self::Empty, Self::Empty) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Int(a), Self::Float(b)) | (Self::Float(b), Self::Int(a)) => ruby::as_float(*a) == *b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.weight == b.weight && a.items == b.items,
            (Self::Map(a), Self::Map(b)) => {
                let has = |(key, value): &(Arc<str>, Self)| b.get(key) == Some(value);
                a.weight == b.weight && a.entries.len() == b.entries.len() && a.entries.iter().all(has)
            }
            (Self::Range(a, b), Self::Range(c, d)) => (a, b) == (c, d),
            (Self::Object(a), Self::Object(b)) => Arc::ptr_eq(a, b) || a.whole() == b.whole(),
            (Self::Empty, value) | (value, Self::Empty) => value.is_empty(),
            _ => false,
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Nil,
            Json::Bool(is) => Self::Bool(*is),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Self::Int(number),
                None => number.as_f64().map_or(Self::Nil, Self::Float),
            },
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(items) => Self::list(items.iter().map(Self::from).collect()),
            Json::Object(map) => Self::map(map.iter().map(|(key, value)| (key.as_str().into(), Self::from(value)))),
        }
    }
}

fn measure<'a>(values: impl Iterator<Item = &'a Value>) -> (u64, u16) {
    values.fold((BASE_WEIGHT, 1), |(weight, depth), value| {
        (weight.saturating_add(value.weight()), depth.max(value.depth().saturating_add(1)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_print_as_ruby_does() {
        for (json, printed) in [
            (json!(null), ""),
            (json!(1.0), "1.0"),
            (json!([1, [2, "a"], null, true]), "12atrue"),
            (json!({"a": {"b": [1, "x\"y", null]}}), r#"{"a"=>{"b"=>[1, "x\"y", nil]}}"#),
        ] {
            assert_eq!(Value::from(&json).printed(), printed);
        }
    }

    #[test]
    fn what_is_put_into_itself_ends_somewhere() {
        let mut wide = Value::list(vec![Value::text("x")]);
        let mut deep = Value::list(Vec::new());
        for _ in 0..1000 {
            wide = Value::list(vec![wide.clone(), wide]);
            deep = Value::list(vec![deep]);
        }
        assert!(wide.weight() <= MAX_WEIGHT && deep.depth() <= MAX_DEPTH);
    }

    #[test]
    fn equality_is_that_of_templates() {
        assert_eq!(Value::Int(1), Value::Float(1.0));
        assert_eq!(Value::Empty, Value::text(""));
        assert_ne!(Value::Empty, Value::Nil);
        assert_ne!(Value::text("1"), Value::Int(1));
        assert_eq!(Value::from(&json!({"a": 1, "b": 2})), Value::from(&json!({"b": 2, "a": 1})));
    }
}
