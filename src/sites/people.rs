//! Authors as front matter and site settings name them.

use std::collections::BTreeMap;

use crate::posts::front_matter::{Map, Value};
use crate::posts::{Person, html, text};

use super::report::Report;

/// People that posts name by a key instead of by their name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known(BTreeMap<String, Person>);

impl Known {
    /// The people in a mapping from key to name, or to a mapping with a `name`; the key stands in for a name that is missing.
    pub(super) fn read(data: &Map) -> Self {
        let person = |key: &str, value: &Value| match value {
            Value::Map(map) => from_map(map, Some(key)),
            Value::Scalar(scalar) => from_text(&scalar.text),
            Value::Null | Value::List(_) => None,
        };
        Self(data.iter().filter_map(|(key, value)| Some((key.to_owned(), person(key, value)?))).collect())
    }

    /// One more, as a mapping with a `name`.
    pub(super) fn add(&mut self, key: &str, data: &Map) {
        self.0.extend(from_map(data, Some(key)).map(|person| (key.to_owned(), person)));
    }
}

/// The post's own authors: `author`, else `authors`; a text, a mapping, or a list of either.
pub(super) fn authors(data: &Map, known: &Known, report: &mut Report<'_>) -> Vec<Person> {
    let named = |key: &&str| data.get(key).is_some_and(Value::is_truthy);
    let Some(key) = ["author", "authors"].into_iter().find(named) else { return Vec::new() };
    let people = data.get(key).map(|value| read(value, known)).unwrap_or_default();
    if people.is_empty() {
        report.odd_field(data, key, "a name, or a mapping with a `name`");
    }
    people
}

/// The people in a value, without repeats; whoever has neither name nor address is left out.
pub(super) fn read(value: &Value, known: &Known) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for person in all(value, known) {
        if !people.contains(&person) {
            people.push(person);
        }
    }
    people
}

/// No post has more authors than this; what is beyond is left out.
const MAX: usize = 100;

fn all(value: &Value, known: &Known) -> Vec<Person> {
    match value {
        Value::Null => Vec::new(),
        Value::Scalar(scalar) => {
            known.0.get(scalar.text.trim()).cloned().or_else(|| from_text(&scalar.text)).into_iter().collect()
        }
        Value::Map(map) => from_map(map, None).into_iter().collect(),
        Value::List(items) => items.iter().take(MAX).flat_map(|item| all(item, known)).take(MAX).collect(),
    }
}

/// `Ada`, `ada@example.com`, `Ada <ada@example.com>`.
fn from_text(written: &str) -> Option<Person> {
    let line = text::one_line(written);
    let with_address = line.strip_suffix('>').and_then(|rest| rest.split_once('<'));
    let (name, email) = match with_address.filter(|(_, address)| is_email(address)) {
        Some((name, address)) => (name.trim_end().to_owned(), Some(address.to_owned())),
        None => (line.clone(), Some(line).filter(|line| is_email(line))),
    };
    let name = if name.is_empty() { user(email.as_deref()?) } else { without_addresses(&name) };
    Some(Person { name, email, uri: None })
}

/// `key` is what the mapping is known by.
fn from_map(map: &Map, key: Option<&str>) -> Option<Person> {
    let get = |key| map.get(key).and_then(Value::as_text).map(text::one_line).filter(|text| !text.is_empty());
    let email = get("email").filter(|email| is_email(email));
    let uri = ["uri", "url", "website", "homepage", "link"]
        .into_iter()
        .find_map(|key| get(key).as_deref().and_then(web_address));
    let name = get("name").or_else(|| key.map(text::one_line)).map(|name| without_addresses(&name));
    let name = name.or_else(|| email.as_deref().map(user))?;
    Some(Person { name, email, uri })
}

/// An addr-spec that feed validators take for one: of the marks that RFC 5322 (3.4.1) allows, only those in use.
fn is_email(text: &str) -> bool {
    let (user, host) = text.split_once('@').unwrap_or_default();
    let is_word = |text: &str, marks: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
    };
    is_word(user, "_-+.'") && host.contains('.') && host.split('.').all(|label| is_word(label, "-"))
}

/// A name without the words of it that hold addresses; if it is nothing else, what the first is called. One that begins with
/// its `@` is a name on a network, and stays.
fn without_addresses(name: &str) -> String {
    let is_address =
        |part: &str| part.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    let words: Vec<&str> = name.split(' ').filter(|word| !word.split(is_separator).any(is_address)).collect();
    if words.is_empty() { user(name) } else { words.join(" ") }
}

/// What stands for a name where only an address is given: feed validators take an address for no name.
fn user(email: &str) -> String {
    email.split(|c| c == '@' || is_separator(c)).find(|part| !part.is_empty()).unwrap_or(email).to_owned()
}

/// What stands between a name and an address, or between two of either.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>')
}

fn web_address(text: &str) -> Option<String> {
    html::absolute(text, "").filter(|url| url.starts_with("http:") || url.starts_with("https:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse;

    /// Name, e-mail, URI.
    type Told = (String, Option<String>, Option<String>);

    fn people(yaml: &str) -> (Vec<Told>, usize) {
        let data = parse(yaml, 0..yaml.len()).unwrap();
        let mut report = Report::new("x.md", yaml);
        let people =
            authors(&data, &Known::default(), &mut report).into_iter().map(|p| (p.name, p.email, p.uri)).collect();
        (people, report.into_problems().len())
    }

    fn named(name: &str) -> Told {
        (name.into(), None, None)
    }

    #[test]
    fn authors_are_texts_mappings_or_lists() {
        assert_eq!(people("author: Ada"), (vec![named("Ada")], 0));
        assert_eq!(people("authors: [Ada, Bob, Ada, ~, '']"), (vec![named("Ada"), named("Bob")], 0));
        assert_eq!(people("author: 2024"), (vec![named("2024")], 0));
        let full = ("Ada".into(), Some("a@example.com".into()), Some("https://example.com/%C3%A9".into()));
        assert_eq!(
            people("author: {name: Ada, email: a@example.com, url: 'https://example.com/é', x: y}"),
            (vec![full], 0)
        );
    }

    #[test]
    fn addresses_are_told_from_names() {
        for other in ["a@example.co😀", "a@example", "a b@example.com", "a@example..com", "@example.com"] {
            assert!(!is_email(other), "{other}");
        }
        let email = |name: &str| (name.to_owned(), Some("a@example.com".to_owned()), None);
        assert_eq!(people("author: Ada <a@example.com>"), (vec![email("Ada")], 0));
        assert_eq!(people("author: a@example.com"), (vec![email("a")], 0), "an address is no name");
        assert_eq!(people("author: '@ada'"), (vec![named("@ada")], 0));
        assert_eq!(people("author: a@b@example.com"), (vec![named("a")], 0), "nobody has two at signs");
        assert_eq!(people("author: Ada a@example.com"), (vec![named("Ada")], 0));
        assert_eq!(people("author: {name: a@b@example.com}"), (vec![named("a")], 0));
        assert_eq!(people("author: '@ada@social.example'"), (vec![named("@ada@social.example")], 0));
        assert_eq!(people("author: {name: 'Ada @<a@example.com>'}"), (vec![named("Ada")], 0));
        assert_eq!(people("author: {name: '@<a@example.com>'}"), (vec![named("a")], 0));
        assert_eq!(people("author: {name: '@>a@example.com'}"), (vec![named("a")], 0));
    }

    #[test]
    fn a_key_stands_for_the_person_it_is_known_by() {
        let yaml = "ada: {name: Ada Lovelace, uri: 'https://ada.example/'}\nbob: Bob Bobson\ncy: {email: c@example.com}\n\
                    no: [x]\nauthors: [ada, bob, cy, no, Dee, ada]";
        let data = parse(yaml, 0..yaml.len()).unwrap();
        let people = authors(&data, &Known::read(&data), &mut Report::new("x.md", yaml));
        let said: Vec<_> = people.iter().map(|person| (person.name.as_str(), person.uri.as_deref())).collect();
        let ada = ("Ada Lovelace", Some("https://ada.example/"));
        assert_eq!(said, [ada, ("Bob Bobson", None), ("cy", None), ("no", None), ("Dee", None)]);
        assert_eq!(people[2].email.as_deref(), Some("c@example.com"));
    }

    #[test]
    fn what_cannot_be_is_left_out() {
        assert_eq!(people("author: {name: Ada, email: no, url: 'javascript:x'}"), (vec![named("Ada")], 0));
        assert_eq!(people("author: {twitter: ada}"), (vec![], 1));
        assert_eq!(people("author: ~\ntitle: x"), (vec![], 0));
        assert_eq!(people("author: no\nauthors: Ada"), (vec![named("Ada")], 0));
    }
}
