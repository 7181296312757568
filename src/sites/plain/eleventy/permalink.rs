//! Permalinks that are templates: `/blog/{{ page.date | date: '%Y/%m' }}/{{ page.fileSlug }}/`.
//!
//! In: the template, and what is known of the post. Out: its path. Never: tags, functions, or filters other than the few that
//! permalinks are made with.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset};

use crate::posts::front_matter::{Map, Value};

/// What a permalink may ask for.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Page<'a> {
    /// In UTC, as Eleventy has it.
    pub(in super::super) date: DateTime<FixedOffset>,
    /// The file's name without its date; of `index`, its directory's.
    pub(in super::super) slug: &'a str,
    /// Its directories and name, without extension and date.
    pub(in super::super) stem: &'a str,
    pub(in super::super) data: &'a Map,
}

/// A value on its way through filters.
enum Given {
    Text(String),
    Date(DateTime<FixedOffset>),
}

/// The path that `template` makes.
///
/// # Errors
///
/// The part of it that is not understood.
pub(in super::super) fn expand<'t>(template: &'t str, page: &Page<'_>) -> Result<String, &'t str> {
    let (mut out, mut rest) = (String::new(), template);
    while let Some(at) = opening(rest) {
        let (before, tag) = rest.split_at(at);
        let end = tag.find("}}").filter(|_| tag.starts_with("{{")).ok_or(tag)?;
        out.push_str(before);
        out.push_str(&value(&tag[2..end], page).ok_or(&tag[..end + 2])?);
        rest = &tag[end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Where the next tag begins.
fn opening(text: &str) -> Option<usize> {
    text.match_indices('{').map(|(at, _)| at).find(|at| text[at + 1..].starts_with(['{', '%']))
}

fn value(expression: &str, page: &Page<'_>) -> Option<String> {
    let expression = expression.trim_start_matches('-').trim_end_matches('-');
    let mut parts = expression.split('|').map(str::trim);
    let start = look_up(parts.next()?, page)?;
    match parts.try_fold(start, filter)? {
        Given::Text(text) => Some(text),
        Given::Date(_) => None,
    }
}

fn look_up(name: &str, page: &Page<'_>) -> Option<Given> {
    Some(match name {
        "page.date" | "date" => Given::Date(page.date),
        "page.fileSlug" => Given::Text(page.slug.to_owned()),
        "page.filePathStem" => Given::Text(format!("/{}", page.stem)),
        _ => Given::Text(match quoted(name) {
            Some(text) => text.to_owned(),
            None => page.data.get(name).and_then(Value::as_text)?.to_owned(),
        }),
    })
}

fn filter(given: Given, written: &str) -> Option<Given> {
    let (name, argument) =
        written.split_once(':').map_or((written, None), |(name, rest)| (name.trim(), Some(rest.trim())));
    Some(Given::Text(match (given, name, argument) {
        (Given::Date(date), "date", Some(argument)) => format(date, quoted(argument)?)?,
        (Given::Text(text), "slug" | "slugify", None) => slug::slugify(text),
        (Given::Text(text), "lower" | "downcase", None) => text.to_lowercase(),
        (Given::Text(text), "strip" | "trim" | "safe" | "url", None) => text.trim().to_owned(),
        _ => return None,
    }))
}

fn format(date: DateTime<FixedOffset>, format: &str) -> Option<String> {
    let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
    (!items.contains(&Item::Error)).then(|| date.format_with_items(items.into_iter()).to_string())
}

fn quoted(text: &str) -> Option<&str> {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote).filter(|text| !text.contains(quote));
    inside('"').or_else(|| inside('\''))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse;

    fn path(template: &str) -> Result<String, &str> {
        let yaml = "title: Hello, World!\nversion: 1.10\n";
        let data = parse(yaml, 0..yaml.len()).unwrap();
        let date = DateTime::parse_from_rfc3339("2025-01-02T03:04:05Z").unwrap();
        expand(template, &Page { date, slug: "x", stem: "blog/x", data: &data })
    }

    #[test]
    fn permalinks_are_filled_in() {
        for (template, expected) in [
            ("/blog/{{ page.date | date: '%Y/%m/%d' }}/{{ page.fileSlug }}/", "/blog/2025/01/02/x/"),
            ("{{page.filePathStem}}.html", "/blog/x.html"),
            ("{{- title | slugify -}}/{{ version }}/", "hello-world/1.10/"),
            ("/{{ 'A' | lower }}", "/a"),
            ("/plain/", "/plain/"),
        ] {
            assert_eq!(path(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (template, part) in [
            ("/{{ page.date.getFullYear() }}/x", "{{ page.date.getFullYear() }}"),
            ("/{{ page.date | readable }}/", "{{ page.date | readable }}"),
            ("/{{ page.date | date: '%Q' }}/", "{{ page.date | date: '%Q' }}"),
            ("/{% if x %}a{% endif %}", "{% if x %}a{% endif %}"),
            ("/{{ title }}/{% x %}", "{% x %}"),
            ("/{% x %}{{ title }}/", "{% x %}{{ title }}/"),
            ("/{{ nothing }}", "{{ nothing }}"),
            ("/{{ title", "{{ title"),
        ] {
            assert_eq!(path(template).map_err(|rest| rest.trim_start_matches('/')), Err(part), "{template}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(template in "(\\{\\{|\\}\\}|\\{%|\\||page.date|date|:|'%[A-Za-z%é-]{0,3}'| ){0,12}") {
            let _ = path(&template);
        }
    }
}
