//! Front matter in its plainest form, which most of it has: a key and a value on each line.
//!
//! In: a block of YAML. Out: what the YAML reader makes of it, in a tenth of the time; nothing if any line is more than a plain
//! key with a plain, a quoted or a listed value. Never: a judgement on YAML; whatever could mean something else is left to the
//! reader. Debug builds ask that too, each time, and compare.

use super::value::{Entry, Map, Scalar, Value};

/// No key in plain form is longer.
const MAX_KEY: usize = 100;

/// Reads `yaml`, which stands at byte `start` of its file; `None` if it takes the YAML reader.
pub(super) fn document(yaml: &str, start: usize) -> Option<Value> {
    let mut entries = Vec::with_capacity(16);
    let mut at = 0;
    for line in yaml.split_inclusive('\n') {
        let text = line.strip_suffix('\n').unwrap_or(line);
        if !text.is_empty() {
            entries.push(entry(text, start + at)?);
        }
        at += line.len();
    }
    (!entries.is_empty()).then(|| Value::Map(Map::from_entries(entries)))
}

/// `key: value`, at this byte of the file.
fn entry(line: &str, at: usize) -> Option<Entry> {
    let colon = line.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))?;
    let (key, rest) = line.split_at(colon);
    let written = rest.strip_prefix(':')?;
    let value = written.trim_start_matches(' ');
    let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.len() <= MAX_KEY;
    if !is_key || value.len() == written.len() || value.chars().any(is_odd) {
        return None;
    }
    let at_value = at + line.len() - value.len();
    let value = value.trim_end_matches(' ');
    let value = match value.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')) {
        Some(items) => list(items, at_value + 1)?,
        None => scalar(value, at_value, |text| !text.contains(": ") && !text.contains(" #") && !text.ends_with(':'))?,
    };
    Some(Entry { key: key.to_owned(), at: Some(at), value })
}

/// What ends lines to YAML or is not allowed in it; and tabs, whose meaning goes with their place.
fn is_odd(c: char) -> bool {
    matches!(c, '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// What stands in brackets on one line.
fn list(items: &str, start: usize) -> Option<Value> {
    let mut list = Vec::new();
    if items.trim_matches(' ').is_empty() {
        return Some(Value::List(list));
    }
    let mut at = start;
    for item in items.split(',') {
        let written = item.trim_start_matches(' ');
        let at_item = at + item.len() - written.len();
        // Of a comma in quotes, one half has a quote too few.
        list.push(scalar(written.trim_end_matches(' '), at_item, |text| {
            !text.contains([':', '#', '[', ']', '{', '}'])
        })?);
        at += item.len() + 1;
    }
    Some(Value::List(list))
}

/// A scalar in quotes without escapes, or one without quotes that `is_plain`.
fn scalar(written: &str, at: usize, is_plain: impl Fn(&str) -> bool) -> Option<Value> {
    let first = written.chars().next()?;
    if let '"' | '\'' = first {
        let text = written[1..].strip_suffix(first).filter(|text| !text.contains([first, '\\']))?;
        return Some(Value::Scalar(Scalar { text: text.to_owned(), quoted: true, at: Some(at + 1) }));
    }
    let begins_plainly = first.is_ascii_alphanumeric() || first == '/' || !first.is_ascii();
    match written {
        "null" | "Null" | "NULL" => Some(Value::Null),
        text if begins_plainly && is_plain(text) => {
            Some(Value::Scalar(Scalar { text: text.to_owned(), quoted: false, at: Some(at) }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read;
    use super::*;

    #[test]
    fn the_usual_is_read_without_the_yaml_reader() {
        let yaml = "title: \"季節の市場\"\ndate: 2009-01-01 18:48:36 +0900\ncategories: [半導体, 'a b']\ntags: []\n\n\
                    layout: post  \nweight: 1.10\ndraft: no\nimage: /a/b.png\nempty: ''\nnothing: null\nurl: https://a.example/#b\n";
        let value = document(yaml, 4).unwrap();
        assert_eq!(value, read::by_reader(yaml, 4).unwrap());
        let map = value.as_map().unwrap();
        assert_eq!(map.get("weight").and_then(Value::as_text), Some("1.10"));
        assert_eq!(map.get("categories").unwrap().scalars().len(), 2);
    }

    #[test]
    fn brackets_in_quotes_are_text_however_many_there_are() {
        let yaml = format!("title: \"{}\"\n", "[".repeat(2000));
        let value = read::document(&yaml, 4).unwrap();
        let title = value.as_map().unwrap().get("title").and_then(Value::as_text);
        assert_eq!(title.map(str::len), Some(2000));
    }

    #[test]
    fn words_mean_what_they_mean_to_the_yaml_reader() {
        for word in [
            "null",
            "Null",
            "NULL",
            "nULL",
            "true",
            "on",
            "1_000",
            "0x1F",
            "1e3",
            "12:30:45",
            "2025-01-01",
            "日本（語）",
        ] {
            for yaml in [format!("a: {word}\n"), format!("a: [b, {word}]\n"), format!("a: '{word}'")] {
                if let Some(value) = document(&yaml, 0) {
                    assert_eq!(value, read::by_reader(&yaml, 0).unwrap(), "{yaml}");
                }
            }
        }
    }

    #[test]
    fn whatever_may_mean_more_is_left_to_the_yaml_reader() {
        for yaml in [
            "",
            "\n",
            "a:\n",
            "a: |\n  b\n",
            "a: b\n c\n",
            "a: b: c\n",
            "a: b #c\n",
            "a: \"b\\n\"\n",
            "a: 'b''c'\n",
            "a: &b c\n",
            "- a\n",
            "a: - b\n",
            "a: {b: c}\n",
            "a: [b, [c]]\n",
            "a: [b\n",
            "a: [b,]\n",
            "a: ~\n",
            "a: !b c\n",
            "a:\tb\n",
            "a: b\tc\n",
            "a: 'b' c\n",
            "a: [\"b, c\"]\n",
            "<<: a\n",
            "a b: c\n",
            "\"a\": b\n",
            "a: *b\n",
            "a: b:\n",
            "# a\n",
            "a: b\u{2028}c\n",
            "---\na: b\n",
            "a: b\n...\n",
            "a: 'b\n",
            "a: 'b\\c'\n",
            "a: b\r\n",
        ] {
            assert_eq!(document(yaml, 0), None, "{yaml:?}");
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-c0-9.:#,'\"\\[\\]{}&*!|>%@`~<?=\\\\_ /+-]{0,6}",
            "(true|null|Null|NULL|~|1_000|0x1F|1e3|.inf|2025-01-01|12:30:45|on|日本（語）)",
            "[ \t\u{85}\u{A0}\u{2028}\u{FEFF}日é]{0,2}",
        ]
    }

    /// A line that is nearly in plain form.
    fn line() -> impl Strategy<Value = String> {
        let (key, value) = ("(a|bc|d1|e_f|null|true|y)?", (piece(), "(, |,|)", piece()));
        let (open, close) = ("(: ?|:  |)(\\[|\"|'|)", "(\\]|\"|'| |:|)(\n|)");
        (key, open, value, close)
            .prop_map(|(key, open, (first, comma, second), close)| [key, open, first, comma, second, close].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn what_is_read_is_what_the_yaml_reader_reads(lines in prop::collection::vec(line(), 1..4)) {
            let yaml = lines.concat();
            if let Some(value) = document(&yaml, 7) {
                prop_assert_eq!(Ok(value), read::by_reader(&yaml, 7).map_err(|error| error.message), "{:?}", yaml);
            }
        }
    }
}
