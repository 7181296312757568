//! Front matter values, and what a reader may take them for.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Number, Value as Json};

use crate::posts::text;

/// A front matter value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `~`, `null` or nothing.
    Null,
    /// Text, with what YAML would make of it left to the reader.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Value>),
    /// A mapping; of a key that stands twice, the last.
    Map(Map),
}

/// A scalar as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its text, escapes resolved.
    pub text: String,
    /// In quotes or as a block (or `!!str`): always text, never a number, boolean or timestamp.
    pub quoted: bool,
    /// Where it stands in the file, if that is known.
    pub at: Option<usize>,
}

/// A mapping in the order written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Option<usize>,
    pub(super) value: Value,
}

impl Value {
    /// The text of a scalar.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// A scalar.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// A mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            Self::Null | Self::List(_) | Self::Scalar(_) => None,
        }
    }

    /// The truth value of YAML 1.1: unquoted `true`, `yes`, `on` and their opposites, in any case.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        let scalar = self.as_scalar().filter(|scalar| !scalar.quoted)?;
        let is = |words: [&str; 3]| words.iter().any(|word| scalar.text.eq_ignore_ascii_case(word));
        if is(["true", "yes", "on"]) {
            Some(true)
        } else if is(["false", "no", "off"]) {
            Some(false)
        } else {
            None
        }
    }

    /// Whether Ruby takes it for true: everything but null and false (0 and the empty text are true).
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        !matches!(self, Self::Null) && self.as_bool() != Some(false)
    }

    /// All scalars in it, lists flattened, nulls and mappings left out.
    #[must_use]
    pub fn scalars(&self) -> Vec<&Scalar> {
        match self {
            Self::Scalar(scalar) => vec![scalar],
            Self::List(items) => items.iter().flat_map(Self::scalars).collect(),
            Self::Null | Self::Map(_) => Vec::new(),
        }
    }

    /// The same without places, for values that are laid under those of another file.
    #[must_use]
    pub fn without_places(self) -> Self {
        match self {
            Self::Null => Self::Null,
            Self::Scalar(scalar) => Self::Scalar(Scalar { at: None, ..scalar }),
            Self::List(items) => Self::List(items.into_iter().map(Self::without_places).collect()),
            Self::Map(map) => Self::Map(map.without_places()),
        }
    }

    fn with_keys_lowercased(self) -> Self {
        match self {
            Self::List(items) => Self::List(items.into_iter().map(Self::with_keys_lowercased).collect()),
            Self::Map(map) => Self::Map(map.lowercased()),
            other => other,
        }
    }

    /// As JSON, without the characters that feeds may not hold. A number stays one only if JSON writes it the same way, so
    /// that `1.10` does not become 1.1.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Scalar(scalar) => self.as_bool().map_or_else(|| scalar.to_json(), Json::Bool),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => Json::Object(
                map.iter().map(|(key, value)| (text::allowed(key).into_owned(), value.to_json())).collect(),
            ),
        }
    }
}

impl Scalar {
    /// A scalar that stands in no file.
    #[must_use]
    pub fn unquoted(text: impl Into<String>) -> Self {
        Self { text: text.into(), quoted: false, at: None }
    }

    fn to_json(&self) -> Json {
        let number = (!self.quoted).then(|| serde_json::from_str::<Number>(&self.text).ok()).flatten();
        match number.filter(|number| number.to_string() == self.text) {
            Some(number) => Json::Number(number),
            None => Json::String(text::allowed(&self.text).into_owned()),
        }
    }
}

impl Map {
    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The text under `key`, trimmed, if it is one and not blank.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Whether `key` says just this; nothing, or something else, says neither.
    #[must_use]
    pub fn says(&self, key: &str, word: bool) -> bool {
        self.get(key).and_then(Value::as_bool) == Some(word)
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|entry| (entry.key.as_str(), &entry.value))
    }

    /// The same without places; see [`Value::without_places`].
    #[must_use]
    pub fn without_places(self) -> Self {
        let forget = |entry: Entry| Entry { at: None, value: entry.value.without_places(), ..entry };
        Self { entries: self.entries.into_iter().map(forget).collect() }
    }

    /// The same, with `change` made of the values of these keys.
    #[must_use]
    pub(crate) fn changed(mut self, keys: &[&str], change: impl Fn(Value) -> Value) -> Self {
        for entry in self.entries.iter_mut().filter(|entry| keys.contains(&entry.key.as_str())) {
            entry.value = change(std::mem::replace(&mut entry.value, Value::Null));
        }
        self
    }

    /// The bytes of the file that the value of `key` stands at, or else the key itself, if either is known.
    #[must_use]
    pub fn span(&self, key: &str) -> Option<Range<usize>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        match entry.value.as_scalar().and_then(|scalar| Some((scalar.at?, scalar.text.len()))) {
            Some((at, len)) => Some(at..at + len),
            None => entry.at.map(|at| at..at + key.len()),
        }
    }

    /// `self` with `over` laid on top: mappings are merged deeply, a null leaves what is there, the rest is replaced.
    #[must_use]
    pub fn merged(self, over: Self) -> Self {
        let mut entries = self.entries;
        let mut places: HashMap<String, usize> =
            entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
        for new in over.entries {
            match places.get(&new.key) {
                Some(&at) => entries[at].cover(new),
                None => {
                    places.insert(new.key.clone(), entries.len());
                    entries.push(new);
                }
            }
        }
        Self { entries }
    }

    /// The same with `value` under `key`, in the place of what stands there.
    #[must_use]
    pub fn with(self, key: &str, value: Value) -> Self {
        let mut entries = self.entries;
        match entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.value = value,
            None => entries.push(Entry { key: key.to_owned(), at: None, value }),
        }
        Self { entries }
    }

    /// The same with all keys in lower case, at every depth, for generators that do not tell them apart.
    #[must_use]
    pub fn lowercased(self) -> Self {
        let lower =
            |entry: Entry| Entry { key: entry.key.to_lowercase(), value: entry.value.with_keys_lowercased(), ..entry };
        Self::from_entries(self.entries.into_iter().map(lower).collect())
    }

    /// A mapping of these entries; of a key that stands twice, the first place and the last value.
    pub(super) fn from_entries(all: Vec<Entry>) -> Self {
        /// Of so few, comparing each with each is faster than hashing, and nearly no front matter has more.
        const FEW: usize = 24;
        let has = |entries: &[Entry], key: &str| entries.iter().any(|entry| entry.key == key);
        if all.len() <= FEW && (1..all.len()).all(|at| !has(&all[..at], &all[at].key)) {
            return Self { entries: all };
        }
        let mut places: HashMap<String, usize> = HashMap::with_capacity(all.len());
        let mut entries: Vec<Entry> = Vec::with_capacity(all.len());
        for entry in all {
            match places.get(&entry.key) {
                Some(&at) => entries[at] = entry,
                None => {
                    places.insert(entry.key.clone(), entries.len());
                    entries.push(entry);
                }
            }
        }
        Self { entries }
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl Entry {
    fn cover(&mut self, new: Self) {
        match (&mut self.value, new.value) {
            (_, Value::Null) => {}
            (Value::Map(old), Value::Map(over)) => *old = std::mem::take(old).merged(over),
            (old, value) => {
                *old = value;
                self.at = new.at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse;
    use super::*;

    fn read(yaml: &str) -> Map {
        parse(yaml, 0..yaml.len()).unwrap()
    }

    #[test]
    fn booleans_are_those_of_yaml_1_1_and_never_quoted() {
        let map = read("a: yes\nb: Off\nc: TRUE\nd: 'no'\ne: y\nf: 0\ng: ~\nh: ''");
        let bools: Vec<_> = map.iter().map(|(_, v)| v.as_bool()).collect();
        assert_eq!(bools, [Some(true), Some(false), Some(true), None, None, None, None, None]);
        let truth: Vec<_> = map.iter().map(|(_, v)| v.is_truthy()).collect();
        assert_eq!(truth, [true, false, true, true, true, true, false, true]);
    }

    #[test]
    fn lists_flatten_and_nulls_go() {
        let map = read("k: [2024, [true, ~, 1.10], {a: b}, 2025-01-01]");
        let texts: Vec<_> = map.get("k").unwrap().scalars().into_iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["2024", "true", "1.10", "2025-01-01"]);
    }

    #[test]
    fn json_keeps_numbers_that_it_would_write_the_same_way() {
        let map = read("k: [5, 1.10, 1.5, '5', no, ~, 2025-01-01, -3, 0x1F, 1e3, {a: [b]}]");
        assert_eq!(
            map.get("k").unwrap().to_json(),
            json!([5, "1.10", 1.5, "5", false, null, "2025-01-01", -3, "0x1F", "1e3", {"a": ["b"]}])
        );
    }

    #[test]
    fn json_holds_no_character_that_feeds_may_not() {
        let map = read(r#"k: {"a\f": "b\x01\u0085c\uFFFE", d: ["\0"]}"#);
        assert_eq!(Value::Map(map).to_json(), json!({"k": {"a": "bc", "d": [""]}}));
    }

    #[test]
    fn keys_in_lower_case_are_one_and_the_last_wins() {
        let map = read("Title: 1\nB: [{Cc: 1}]\ntitle: 2\n").lowercased();
        assert_eq!(Value::Map(map).to_json(), json!({"title": 2, "b": [{"cc": 1}]}));
    }

    #[test]
    fn merging_is_deep_and_a_null_keeps_what_is_there() {
        let merged = read("a: 1\nm: {x: 1, y: 2}\nn: 1").merged(read("m: {y: 3}\nn: ~\nz: ~\na: [2]"));
        assert_eq!(Value::Map(merged).to_json(), json!({"a": [2], "m": {"x": 1, "y": 3}, "n": 1, "z": null}));
    }
}
