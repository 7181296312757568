//! YAML to [`Value`]s, through serde.
//!
//! The YAML reader resolves `1.10` to a number before a visitor sees it, and the text is gone. So a block that holds
//! such scalars is read twice: the first pass notes what kind of node follows which, the second asks for each scalar
//! as text. Scalars that the reader hands out as slices of the input tell their place by their address.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::value::{Entry, Map, Scalar, Value};
use super::{Error, Syntax, plain};

/// Reads the first document of `yaml`, which stands at byte `start` of its file.
pub(super) fn document(yaml: &str, start: usize) -> Result<Value, Error> {
    let Some(value) = plain::document(yaml, start) else { return by_reader(yaml, start) };
    // The reader is not asked for what only looks nested, brackets in quotes.
    debug_assert!(
        too_deep(yaml).is_some() || by_reader(yaml, start).is_ok_and(|other| other == value),
        "front matter is read in one way: {yaml:?}"
    );
    Ok(value)
}

/// The same by the YAML reader, whatever it holds.
pub(super) fn by_reader(yaml: &str, start: usize) -> Result<Value, Error> {
    if let Some(offset) = too_deep(yaml) {
        return Err(Error { message: "it is nested too deeply".into(), at: start + offset, syntax: Syntax::Yaml });
    }
    let reader = Reader::new(yaml, start);
    let value = reader.pass()?;
    if reader.text_lost.get() { reader.replayed().pass() } else { Ok(value) }
}

/// Where more brackets are open than any settings need, in quotes or not: the YAML reader's time goes with the
/// square of them, and it looks at its own limit only afterwards.
pub(crate) fn too_deep(yaml: &str) -> Option<usize> {
    let mut open = 0_usize;
    yaml.bytes().position(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > 1000
    })
}

/// What kind of node was met, in the order of the document.
#[derive(Clone, Copy)]
enum Kind {
    Null,
    Scalar { tagged_text: bool },
    List,
    Map,
}

struct Reader<'de> {
    yaml: &'de str,
    start: usize,
    /// What is left of the nodes and bytes that values may take; only aliases can use it up.
    budget: Cell<usize>,
    text_lost: Cell<bool>,
    /// Written in the first pass.
    met: RefCell<Vec<Kind>>,
    /// Followed in the second.
    expected: Option<RefCell<std::vec::IntoIter<Kind>>>,
}

impl<'de> Reader<'de> {
    fn new(yaml: &'de str, start: usize) -> Self {
        Self {
            yaml,
            start,
            budget: Cell::new(4 * yaml.len() + 1024),
            text_lost: Cell::new(false),
            met: RefCell::default(),
            expected: None,
        }
    }

    fn replayed(self) -> Self {
        let met = self.met.into_inner().into_iter();
        Self { expected: Some(RefCell::new(met)), ..Self::new(self.yaml, self.start) }
    }

    fn pass(&self) -> Result<Value, Error> {
        let Some(document) = serde_yaml::Deserializer::from_str(self.yaml).next() else { return Ok(Value::Null) };
        Node::new(self).deserialize(document).map_err(|error| self.error(&error))
    }

    fn error(&self, error: &serde_yaml::Error) -> Error {
        let message = error.to_string();
        let at = opening(self.yaml, &message).or_else(|| Some(error.location()?.index())).unwrap_or(0);
        Error { message: without_positions(&message), at: self.start + at.min(self.yaml.len()), syntax: Syntax::Yaml }
    }

    fn meet<E: serde::de::Error>(&self, kind: Kind, bytes: usize) -> Result<(), E> {
        let left = self.budget.get().checked_sub(1 + bytes);
        self.budget.set(left.ok_or_else(|| E::custom("its aliases expand to too much"))?);
        self.met.borrow_mut().push(kind);
        Ok(())
    }

    /// Where a slice of the input stands in the input.
    fn offset(&self, slice: &str) -> Option<usize> {
        let offset = (slice.as_ptr() as usize).checked_sub(self.yaml.as_ptr() as usize)?;
        (offset + slice.len() <= self.yaml.len()).then_some(offset)
    }

    fn borrowed(&self, text: &str, tagged_text: bool) -> Scalar {
        let offset = self.offset(text);
        let before = offset.and_then(|offset| self.yaml.get(..offset)).unwrap_or_default();
        let quoted = tagged_text || before.ends_with(['"', '\'']) || before.trim_end().ends_with("!!str");
        Scalar { text: text.to_owned(), quoted, at: offset.map(|offset| self.start + offset) }
    }
}

/// One node of the document.
struct Node<'r, 'de> {
    reader: &'r Reader<'de>,
    /// It has the tag `!`, which makes it text whatever it looks like.
    tagged_text: bool,
}

impl<'r, 'de> Node<'r, 'de> {
    fn new(reader: &'r Reader<'de>) -> Self {
        Self { reader, tagged_text: false }
    }

    fn scalar<E: serde::de::Error>(&self, scalar: Scalar) -> Result<Value, E> {
        self.reader.meet(Kind::Scalar { tagged_text: self.tagged_text }, scalar.text.len())?;
        Ok(Value::Scalar(scalar))
    }

    /// A scalar that came as something else than text: the second pass will bring its text.
    fn lost<E: serde::de::Error>(&self) -> Result<Value, E> {
        self.reader.text_lost.set(true);
        self.scalar(Scalar { text: String::new(), quoted: false, at: None })
    }

    fn null<E: serde::de::Error>(&self) -> Result<Value, E> {
        self.reader.meet(Kind::Null, 0)?;
        Ok(Value::Null)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, 'de> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(expected) = &self.reader.expected else { return deserializer.deserialize_any(self) };
        let next = expected.borrow_mut().next();
        match next {
            Some(Kind::Null) => deserializer.deserialize_ignored_any(self),
            Some(Kind::Scalar { tagged_text }) => deserializer.deserialize_str(Node { tagged_text, ..self }),
            Some(Kind::List) => deserializer.deserialize_seq(self),
            Some(Kind::Map) => deserializer.deserialize_map(self),
            None => Err(D::Error::custom("it was read differently a second time")),
        }
    }
}

impl<'de> Visitor<'de> for Node<'_, 'de> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Value, E> {
        self.lost()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Value, E> {
        self.lost()
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Value, E> {
        self.lost()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Value, E> {
        self.lost()
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Value, E> {
        self.lost()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Value, E> {
        self.lost()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.null()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.null()
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Value, E> {
        self.scalar(self.reader.borrowed(text, self.tagged_text))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.scalar(Scalar { text: text.to_owned(), quoted: true, at: None })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        self.reader.meet(Kind::List, 0)?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Node::new(self.reader))? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.reader.meet(Kind::Map, 0)?;
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        while let Some((key, at)) = map.next_key_seed(Key(self.reader))? {
            let value = map.next_value_seed(Node::new(self.reader))?;
            if key == "<<" { merge(value, &mut merged) } else { entries.push(Entry { key, at, value }) }
        }
        merged.append(&mut entries);
        Ok(Value::Map(Map::from_entries(merged)))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (tag, content) = tagged.variant::<String>()?;
        if tag.starts_with("ruby/") {
            return Err(A::Error::custom(format_args!(
                "`!{tag}` asks for a Ruby object, which front matter cannot hold"
            )));
        }
        content.newtype_variant_seed(Node { tagged_text: tag == "!", ..self })
    }
}

/// What a merge key (`<<`) brings in; of several mappings the first wins.
fn merge(value: Value, entries: &mut Vec<Entry>) {
    match value {
        Value::Map(map) => entries.extend(map.into_entries()),
        Value::List(items) => items.into_iter().rev().for_each(|item| merge(item, entries)),
        Value::Null | Value::Scalar(_) => {}
    }
}

/// The key of a mapping: its text, and where it stands.
struct Key<'r, 'de>(&'r Reader<'de>);

impl<'de> DeserializeSeed<'de> for Key<'_, 'de> {
    type Value = (String, Option<usize>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, 'de> {
    type Value = (String, Option<usize>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that is text")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok((text.to_owned(), self.0.offset(text).map(|offset| self.0.start + offset)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok((text.to_owned(), None))
    }
}

/// Where the quote or bracket begins that is never closed: the parser itself gives up at the end of the block.
fn opening(yaml: &str, message: &str) -> Option<usize> {
    let is_unclosed = ["found unexpected end of stream", "',' or"].iter().any(|part| message.contains(part));
    let (_, context) = message.split_once(", while ").filter(|_| is_unclosed)?;
    let (line, column) = context.split_once(" at line ")?.1.split_once(" column ")?;
    let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    let start: usize = yaml.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let (offset, _) = yaml[start..].char_indices().nth(column.checked_sub(1)?)?;
    Some(start + offset)
}

/// The reader's message without ` at line 3 column 5` and ` at position 7`, which count from the block's own start.
fn without_positions(message: &str) -> String {
    let mut kept = String::with_capacity(message.len());
    let mut words = message.split(' ').peekable();
    while let Some(word) = words.next() {
        let numbers = match words.peek() {
            Some(&"line") if word == "at" => 4,
            Some(&"position") if word == "at" => 2,
            _ => 0,
        };
        if numbers == 0 {
            kept.extend([if kept.is_empty() { "" } else { " " }, word]);
        } else if words.by_ref().take(numbers).last().is_some_and(|last| last.ends_with(',')) {
            kept.push(',');
        }
    }
    kept
}
