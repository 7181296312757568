//! JSON front matter and settings, as the values that YAML gives.

use serde_json::Value as Json;

use super::value::Entry;
use super::{Error, Map, Scalar, Syntax, Value};

/// Reads the object that `text` begins with, and how many bytes it takes; `text` starts at byte `start` of the file.
pub(super) fn read(text: &str, start: usize) -> Result<(Map, usize), Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Map<String, Json>>();
    match values.next() {
        Some(Ok(object)) => Ok((map(object), values.byte_offset())),
        Some(Err(error)) => {
            let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            let mut at = (before + error.column().saturating_sub(1)).min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            Err(Error { message, at: start + at, syntax: Syntax::Json })
        }
        None => Ok((Map::default(), text.len())),
    }
}

fn map(object: serde_json::Map<String, Json>) -> Map {
    let entries = object.into_iter().map(|(key, json)| Entry { key, at: None, value: value(json) });
    Map::from_entries(entries.collect())
}

fn value(json: Json) -> Value {
    let scalar = |text, quoted| Value::Scalar(Scalar { text, quoted, at: None });
    match json {
        Json::Null => Value::Null,
        Json::Bool(is) => scalar(is.to_string(), false),
        Json::Number(number) => scalar(number.to_string(), false),
        Json::String(text) => scalar(text, true),
        Json::Array(items) => Value::List(items.into_iter().map(value).collect()),
        Json::Object(object) => Value::Map(map(object)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_and_what_follows_is_left() {
        let text = "{\"t\": \"日本\", \"n\": 5, \"no\": false, \"z\": null, \"l\": [{\"a\": \"b\"}]}\nbody {";
        let (map, len) = read(text, 0).unwrap();
        assert_eq!(&text[len..], "\nbody {");
        assert_eq!(map.get("t").and_then(Value::as_text), Some("日本"));
        assert!(map.get("t").and_then(Value::as_scalar).is_some_and(|scalar| scalar.quoted));
        assert_eq!(map.get("no").and_then(Value::as_bool), Some(false));
        assert_eq!(map.get("z"), Some(&Value::Null));
    }

    #[test]
    fn errors_say_where_they_are() {
        let error = read("{\"a\": 1,\n \"日\": x}", 3).unwrap_err();
        assert_eq!((error.message.as_str(), error.at), ("expected value", 3 + 9 + 8));
        assert!(read("[1]", 0).is_err() && read(&format!("{{\"a\": {}", "[".repeat(9_999)), 0).is_err());
    }
}
