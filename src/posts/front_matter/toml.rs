//! TOML front matter and settings, as the values that YAML gives: scalars keep their text and whether they are text.

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::value::Entry;
use super::{Error, Map, Scalar, Syntax, Value};

/// Reads `text`, which starts at byte `start` of the file.
pub(super) fn read(text: &str, start: usize) -> Result<Map, Error> {
    match DeTable::parse(text) {
        Ok(table) => Ok(Reader { text, start }.table(table.get_ref())),
        Err(error) => Err(Error {
            message: error.message().to_owned(),
            at: start + error.span().map_or(0, |span| span.start.min(text.len())),
            syntax: Syntax::Toml,
        }),
    }
}

struct Reader<'a> {
    text: &'a str,
    start: usize,
}

impl Reader<'_> {
    fn table(&self, table: &DeTable<'_>) -> Map {
        let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| Entry {
            key: key.get_ref().to_string(),
            at: Some(self.start + key.span().start),
            value: self.value(value),
        };
        Map::from_entries(table.iter().map(entry).collect())
    }

    fn list(&self, items: &DeArray<'_>) -> Value {
        Value::List(items.iter().map(|item| self.value(item)).collect())
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::Scalar(self.string(text, value.span().start)),
            DeValue::Array(items) => self.list(items),
            DeValue::Table(table) => Value::Map(self.table(table)),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                let text = self.text.get(value.span()).unwrap_or_default().to_owned();
                Value::Scalar(Scalar { text, quoted: false, at: Some(self.start + value.span().start) })
            }
        }
    }

    /// Its place is that of its content, if it is written without escapes.
    fn string(&self, text: &str, at: usize) -> Scalar {
        let quotes = self.text[at..].len() - self.text[at..].trim_start_matches(['"', '\'']).len();
        let inside = at + quotes.min(if text.contains('\n') { 3 } else { 1 });
        let is_plain = self.text[inside..].starts_with(text);
        Scalar { text: text.to_owned(), quoted: true, at: is_plain.then_some(self.start + inside) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text_and_place() {
        let toml = "t = \"a b\"\nn = 1_000\nf = 1.10\nd = 2025-01-01\nyes = true\nl = ['x', 2]\n[m.n]\nk = \"\\\"q\"\n";
        let map = read(toml, 4).unwrap();
        let scalar = |key: &str| map.get(key).and_then(Value::as_scalar).unwrap().clone();
        assert_eq!(scalar("t"), Scalar { text: "a b".into(), quoted: true, at: Some(9) });
        for (key, text) in [("n", "1_000"), ("f", "1.10"), ("d", "2025-01-01"), ("yes", "true")] {
            assert_eq!((scalar(key).text.as_str(), scalar(key).quoted), (text, false));
        }
        assert_eq!(map.get("yes").and_then(Value::as_bool), Some(true));
        let list = map.get("l").unwrap().scalars().into_iter().map(|scalar| scalar.text.as_str());
        assert_eq!(list.collect::<Vec<_>>(), ["x", "2"]);
        let inner = map.get("m").and_then(Value::as_map).and_then(|m| m.get("n")?.as_map());
        let quoted = inner.and_then(|n| n.get("k")?.as_scalar()).unwrap();
        assert_eq!((quoted.text.as_str(), quoted.at), ("\"q", None));
        assert_eq!(map.span("d").map(|span| &toml[span.start - 4..span.end - 4]), Some("2025-01-01"));
    }

    #[test]
    fn errors_say_where_they_are() {
        let error = read("a = 1\nb = \n", 10).unwrap_err();
        assert_eq!(error.at, 20, "{error:?}");
        assert!(read("a = 1\na = 2\n", 0).unwrap_err().message.contains("duplicate"));
        assert!(read(&format!("a = {}", "[".repeat(500_000)), 0).is_err());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[ -~\n\té日\"'=\\[\\]{}.#]{0,200}") {
            let _ = read(&text, 0);
        }
    }
}
