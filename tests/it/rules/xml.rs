//! A document as a tree. Only what is well-formed becomes one.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element; its texts are joined.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// With its prefix, as written.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
    /// Whether its text or an attribute has characters that are written by number.
    pub(super) by_number: bool,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.all(name).count()
    }

    /// The text of the first child of this name; empty if there is none.
    pub(super) fn text_of(&self, name: &str) -> &str {
        self.children.iter().find(|child| child.name == name).map_or("", |child| &child.text)
    }

    /// Where the first child of this name stands among all.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.children.iter().position(|child| child.name == name)
    }
}

/// Parses a document with its declaration.
pub(super) fn parse(document: &str) -> Result<Element, String> {
    if !document.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>") {
        return Err("has no declaration in UTF-8".into());
    }
    let mut reader = Reader::from_str(document);
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|error| format!("at byte {}: {error}", reader.error_position()))?;
        let top = open.last_mut().ok_or("an element is closed twice")?;
        match event {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => top.children.push(element(&start)?),
            Event::End(_) => {
                let closed = open.pop().ok_or("an element is closed twice")?;
                open.last_mut().ok_or("an element is closed twice")?.children.push(closed);
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|error| error.to_string())?;
                if text.contains("]]>") {
                    return Err("`]]>` stands in a text".into());
                }
                top.text.push_str(&text);
            }
            Event::CData(data) => top.text.push_str(&data.decode().map_err(|error| error.to_string())?),
            Event::GeneralRef(reference) => {
                let reference = reference.decode().map_err(|error| error.to_string())?;
                top.by_number |= reference.starts_with("#x");
                top.text.push_str(&resolved(&reference)?);
            }
            Event::DocType(_) => return Err("has a DOCTYPE".into()),
            Event::Eof => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    match (open.len(), open.pop()) {
        (1, Some(mut document)) if document.children.len() == 1 => document.children.pop().ok_or_else(String::new),
        _ => Err("is not one whole element".into()),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    let (mut attributes, mut by_number) = (Vec::new(), false);
    // Checks that no attribute stands twice.
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("<{name}>: {error}"))?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = String::from_utf8_lossy(&attribute.value).into_owned();
        by_number |= value.contains("&#x");
        let value = quick_xml::escape::unescape(&value).map_err(|error| format!("<{name} {key}>: {error}"))?;
        attributes.push((key, value.into_owned()));
    }
    Ok(Element { name, attributes, by_number, ..Element::default() })
}

fn resolved(reference: &str) -> Result<String, String> {
    let text = quick_xml::escape::unescape(&format!("&{reference};")).map_err(|error| error.to_string())?.into_owned();
    match text.chars().find(|&c| super::text::is_forbidden(c)) {
        Some(c) => Err(format!("&{reference}; is {c:?}")),
        None => Ok(text),
    }
}
