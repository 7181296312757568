//! What outputs print, where that can be known without running the template.
//!
//! In: the expression between the braces. Out: its text. Never: variables of the template's own, or filters other than
//! those for paths.

use super::Known;

/// What an output such as `site.baseurl` or `"/x" | relative_url` prints, if that is known.
pub(super) fn value(expression: &str, known: &Known<'_>) -> Option<String> {
    let mut parts = expression.split('|').map(str::trim);
    let (origin, path) = split_base(known.base);
    let start = match parts.next()? {
        "site.url" => origin.to_owned(),
        "site.baseurl" => path.to_owned(),
        "page.title" => known.title.to_owned(),
        other => match other.strip_prefix("site.") {
            Some(key) => known.settings.get(key)?.clone(),
            None => unquoted(other)?.to_owned(),
        },
    };
    parts.try_fold(start, |text, filter| match filter {
        "relative_url" | "url" if !text.contains("://") => Some(format!("{path}/{}", text.trim_start_matches('/'))),
        "absolute_url" if !text.contains("://") => Some(format!("{origin}{path}/{}", text.trim_start_matches('/'))),
        "relative_url" | "url" | "absolute_url" | "strip" => Some(text),
        _ => None,
    })
}

fn unquoted(literal: &str) -> Option<&str> {
    let inside = |quote| literal.strip_prefix(quote)?.strip_suffix(quote).filter(|text| !text.contains(quote));
    inside('"').or_else(|| inside('\''))
}

/// `https://example.com` and `/blog`.
fn split_base(base: &str) -> (&str, &str) {
    let host = base.find("://").map_or(0, |at| at + 3);
    let path = base[host..].find('/').map_or(base.len(), |at| host + at);
    base.split_at(path)
}
