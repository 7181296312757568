//! URL templates (Jekyll's `permalink`): `/:categories/:year/:title/`.
//!
//! In: a template and what its placeholders stand for. Out: a path that starts with `/`, with the values escaped and
//! the template's own text as it is. Never: the site's address.

use std::collections::HashSet;

use chrono::{DateTime, Datelike as _, FixedOffset};

use crate::sites::{links, slug};

/// What placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) published: DateTime<FixedOffset>,
    /// As written, in order.
    pub(super) categories: &'a [String],
    /// The front matter's or the file name's.
    pub(super) slug: &'a str,
    /// The file's name without its extension, date included.
    pub(super) stem: &'a str,
    /// `posts`, or the collection's name.
    pub(super) collection: &'a str,
    /// The file's path without the collection's directory and extension.
    pub(super) path: &'a str,
    /// With its dot; may be empty.
    pub(super) extension: &'a str,
}

/// Why a template makes no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PermalinkError {
    /// It has a placeholder that there is none of.
    #[error("`permalink` has a placeholder that Jekyll does not know: `{0}`")]
    Unknown(String),
    /// The path has more bytes than servers take (RFC 9110, 4.1).
    #[error("the path that `permalink` makes is longer than {MAX_LEN} bytes")]
    TooLong,
}

const MAX_LEN: usize = 8000;

/// What to do about any of these.
pub(super) const REMEDY: &str = "use `:categories`, `:year`, `:month`, `:day`, `:title` and the like";

/// The template that a style of `_config.yml` stands for; anything else is a template already.
pub(super) fn style(name: &str) -> &str {
    match name {
        "date" => "/:categories/:year/:month/:day/:title:output_ext",
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "ordinal" => "/:categories/:year/:y_day/:title:output_ext",
        "weekdate" => "/:categories/:year/W:week/:short_day/:title:output_ext",
        "none" => "/:categories/:title:output_ext",
        template => template,
    }
}

/// How paths of pages and documents end on a site with this `permalink`.
pub(super) fn suffix(site: &str) -> &'static str {
    match site {
        "pretty" => "/",
        "date" | "ordinal" | "none" => ":output_ext",
        template if template.ends_with('/') => "/",
        template if template.ends_with(":output_ext") => ":output_ext",
        _ => "",
    }
}

/// Whether every placeholder of a template is known.
///
/// # Errors
///
/// [`PermalinkError::Unknown`] for the first that is not.
pub(super) fn check(template: &str) -> Result<(), PermalinkError> {
    let categories = [];
    let published = DateTime::default();
    let (slug, stem, collection, path, extension) = ("", "", "", "", "");
    expand(template, &Parts { published, categories: &categories, slug, stem, collection, path, extension }).map(drop)
}

/// The path of a post.
///
/// # Errors
///
/// If the template has a placeholder that there is none of, or the path gets too long.
pub(super) fn expand(template: &str, parts: &Parts<'_>) -> Result<String, PermalinkError> {
    let mut out = String::with_capacity(template.len() * 2);
    let mut pieces = template.split(':');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let len = piece.bytes().take_while(|b| b.is_ascii_lowercase() || *b == b'_').count();
        let (name, rest) = piece.split_at(len);
        if name.is_empty() {
            out.push(':');
        } else {
            let (value, left) = placeholder(name, parts).ok_or_else(|| PermalinkError::Unknown(format!(":{name}")))?;
            out.extend([&links::escape(&value), left]);
        }
        out.push_str(rest);
        if out.len() > MAX_LEN {
            return Err(PermalinkError::TooLong);
        }
    }
    Ok(sanitized(&out))
}

/// The value of `name`, or of `name` without a `_` at its end, which then stays.
fn placeholder(name: &str, parts: &Parts<'_>) -> Option<(String, &'static str)> {
    let shorter = || name.strip_suffix('_').and_then(|name| value(name, parts)).map(|value| (value, "_"));
    value(name, parts).map(|value| (value, "")).or_else(shorter)
}

fn value(name: &str, parts: &Parts<'_>) -> Option<String> {
    Some(match name {
        "title" => slug::pretty(parts.slug),
        "slug" => slug::plain(parts.slug),
        "name" => slug::plain(parts.stem),
        "path" => parts.path.to_owned(),
        "collection" => parts.collection.to_owned(),
        "output_ext" => parts.extension.to_owned(),
        "categories" => joined(parts.categories, str::to_lowercase),
        "slugified_categories" => joined(parts.categories, slug::plain),
        // Most templates have these three, and reading a format takes several times as long. Other years have a sign.
        "year" if (0..=9999).contains(&parts.published.year()) => format!("{:04}", parts.published.year()),
        "month" => format!("{:02}", parts.published.month()),
        "day" => format!("{:02}", parts.published.day()),
        _ => parts.published.format(time_format(name)?).to_string(),
    })
}

/// English names whatever the language, as Jekyll's.
fn time_format(name: &str) -> Option<&'static str> {
    Some(match name {
        "year" => "%Y",
        "hour" => "%H",
        "minute" => "%M",
        "second" => "%S",
        "i_day" => "%-d",
        "i_month" => "%-m",
        "short_year" => "%y",
        "short_month" => "%b",
        "long_month" => "%B",
        "w_year" => "%G",
        "week" => "%V",
        "w_day" => "%u",
        "short_day" => "%a",
        "long_day" => "%A",
        "y_day" => "%j",
        _ => return None,
    })
}

fn joined(categories: &[String], part: impl Fn(&str) -> String) -> String {
    if let [category] = categories {
        return part(category);
    }
    let mut seen = HashSet::new();
    let parts: Vec<String> =
        categories.iter().map(|category| part(category)).filter(|p| seen.insert(p.clone())).collect();
    parts.join("/")
}

/// One slash at the start and between segments, and no `..` or `./`, by the very steps that Jekyll takes; most paths are so
/// already.
fn sanitized(path: &str) -> String {
    if path.starts_with('/') && !["..", "./", "//"].into_iter().any(|odd| path.contains(odd)) {
        return path.to_owned();
    }
    let path = format!("/{path}").replace("..", "/").replace("./", "");
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(template: &str) -> Result<String, PermalinkError> {
        let categories = ["Web Dev".to_owned(), "C#".to_owned(), "web dev".to_owned()];
        let parts = Parts {
            published: DateTime::parse_from_rfc3339("2025-01-05T06:07:08+09:00").unwrap(),
            categories: &categories,
            slug: "Some_Slug?",
            stem: "2025-01-05-x",
            collection: "posts",
            path: "a/2025-01-05-x",
            extension: ".html",
        };
        expand(template, &parts)
    }

    #[test]
    fn placeholders_are_replaced_and_escaped() {
        for (template, expected) in [
            (":title", "/Some_Slug"),
            ("/:slug:output_ext", "/some-slug.html"),
            ("/:categories/:name", "/web%20dev/c%23/2025-01-05-x"),
            ("/:slugified_categories/:path/", "/web-dev/c/a/2025-01-05-x/"),
            ("/:title_:day/", "/Some_Slug_05/"),
            ("/:i_month/:i_day/:short_year/:y_day", "/1/5/25/005"),
            ("/:w_year/W:week/:short_day/:long_month", "/2025/W01/Sun/January"),
            ("/:hour::minute: :x_".trim_end_matches(" :x_"), "/06:07:"),
        ] {
            assert_eq!(expanded(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn literal_text_is_cleaned_but_not_escaped() {
        assert_eq!(expanded("/../../foo/./bar//日本 x").as_deref(), Ok("/foo/bar/日本 x"));
        assert_eq!(expanded("").as_deref(), Ok("/"));
    }

    #[test]
    fn an_unknown_placeholder_is_an_error() {
        assert_eq!(expanded("/:nothing/"), Err(PermalinkError::Unknown(":nothing".into())));
        assert_eq!(check("/:categories/:short_month/:title_"), Ok(()));
        assert!(check(":titel").is_err());
    }

    #[test]
    fn a_path_does_not_grow_without_bounds() {
        assert_eq!(expanded(&":categories".repeat(100_000)), Err(PermalinkError::TooLong));
    }

    proptest::proptest! {
        #[test]
        fn a_path_starts_with_one_slash(template in "[/.:a-z_%é ]{0,40}") {
            if let Ok(path) = expanded(&template) {
                proptest::prop_assert!(path.starts_with('/') && !path.contains("//"));
            }
        }
    }
}
