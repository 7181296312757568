//! Hugo's permalink patterns: `/:year/:month/:slug/`.
//!
//! In: a pattern, and what its tokens stand for. Out: a path that is not cleaned or encoded yet. Never: the site's address.

use chrono::{DateTime, Datelike as _, FixedOffset};

use super::text::PathText;

/// What tokens stand for, as written.
#[derive(Debug, Clone)]
pub(super) struct Parts<'a> {
    /// With the offset it was written with; of a page without a date, the year 1.
    pub(super) date: DateTime<FixedOffset>,
    pub(super) title: &'a str,
    /// The front matter's, or the one in a dated file name; may be empty.
    pub(super) slug: &'a str,
    /// The file's name.
    pub(super) stem: &'a str,
    /// The sections it is in, from the top: each one's directory, and its slug or else its title.
    pub(super) sections: Vec<(String, String)>,
    pub(super) text: PathText,
}

/// A pattern has a token that there is none of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no permalink token `{0}`")]
pub(super) struct UnknownToken(String);

/// What to do about it.
pub(super) const REMEDY: &str =
    "use `:year`, `:month`, `:day`, `:section`, `:slug`, `:title`, `:contentbasename` and the like";

/// Whether every token of a pattern is known.
///
/// # Errors
///
/// The first that is not.
pub(super) fn check(pattern: &str) -> Result<(), UnknownToken> {
    let text = PathText { lower: true, without_accents: false };
    let parts = Parts { date: DateTime::default(), title: "", slug: "", stem: "", sections: Vec::new(), text };
    expand(pattern, &parts).map(drop)
}

/// The pattern with its tokens replaced.
///
/// # Errors
///
/// If there is a token that is not known.
pub(super) fn expand(pattern: &str, parts: &Parts<'_>) -> Result<String, UnknownToken> {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut rest = pattern;
    while let Some(at) = rest.find(':') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        if let Some(before) = before.strip_suffix('\\') {
            out.extend([before, ":"]);
            rest = after;
            continue;
        }
        out.push_str(before);
        let name_len = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let slice_len = after[name_len..].strip_prefix('[').and_then(|inside| inside.find(']')).map_or(0, |at| at + 2);
        let (name, slice) = (&after[..name_len], &after[name_len..name_len + slice_len]);
        if name.is_empty() {
            out.push(':');
        } else {
            out.push_str(&value(name, slice, parts).ok_or_else(|| UnknownToken(format!(":{name}{slice}")))?);
        }
        rest = &after[name_len + slice_len..];
    }
    out.push_str(rest);
    Ok(out)
}

fn value(name: &str, slice: &str, parts: &Parts<'_>) -> Option<String> {
    let token = |text: &str| parts.text.token(text);
    let title = || parts.text.title_token(parts.title);
    let slug_or = |other: String| if parts.slug.is_empty() { other } else { token(parts.slug) };
    let dirs = || parts.sections.iter().map(|(dir, _)| dir.clone()).collect::<Vec<_>>();
    let slugs = || parts.sections.iter().map(|(_, slug)| token(slug)).collect::<Vec<_>>();
    Some(match (name, slice) {
        ("sections", slice) => cut(&dirs(), slice).join("/"),
        ("sectionslugs", slice) => cut(&slugs(), slice).join("/"),
        (_, slice) if !slice.is_empty() => return None,
        ("section", _) => dirs().into_iter().next().unwrap_or_default(),
        ("sectionslug", _) => slugs().into_iter().next().unwrap_or_default(),
        ("title", _) => title(),
        ("slug", _) => slug_or(title()),
        ("filename" | "contentbasename", _) => token(parts.stem),
        ("slugorfilename" | "slugorcontentbasename", _) => slug_or(token(parts.stem)),
        (name, _) => of_date(name, parts.date)?,
    })
}

fn of_date(name: &str, date: DateTime<FixedOffset>) -> Option<String> {
    Some(match name {
        "year" => date.year().to_string(),
        "month" => date.format("%m").to_string(),
        "monthname" => date.format("%B").to_string(),
        "day" => date.format("%d").to_string(),
        "weekday" => date.format("%w").to_string(),
        "weekdayname" => date.format("%A").to_string(),
        "yearday" => date.ordinal().to_string(),
        layout => return go_layout(layout, date),
    })
}

/// A date by a layout of Go's, whose pieces are those of one certain moment; `None` if there is no piece in it.
fn go_layout(layout: &str, date: DateTime<FixedOffset>) -> Option<String> {
    const PIECES: [(&str, &str); 23] = [
        ("January", "%B"),
        ("Jan", "%b"),
        ("Monday", "%A"),
        ("Mon", "%a"),
        ("2006", "%Y"),
        ("_2006", "_%Y"),
        ("__2", "%_j"),
        ("_2", "%e"),
        ("002", "%j"),
        ("01", "%m"),
        ("02", "%d"),
        ("03", "%I"),
        ("04", "%M"),
        ("05", "%S"),
        ("06", "%y"),
        ("15", "%H"),
        ("PM", "%p"),
        ("pm", "%P"),
        ("1", "%-m"),
        ("2", "%-d"),
        ("3", "%-I"),
        ("4", "%-M"),
        ("5", "%-S"),
    ];
    let (mut out, mut rest, mut found) = (String::new(), layout, false);
    while let Some(c) = rest.chars().next() {
        let piece = PIECES.iter().filter(|(piece, _)| rest.starts_with(piece)).max_by_key(|(piece, _)| piece.len());
        match piece {
            Some((piece, format)) => {
                out.push_str(&date.format(format).to_string());
                rest = &rest[piece.len()..];
                found = true;
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    found.then_some(out)
}

/// The part of `all` that `[1:]`, `[:2]`, `[0]` or `[last]` means; what is out of bounds is left out.
fn cut<'a>(all: &'a [String], slice: &str) -> &'a [String] {
    let Some(slice) = slice.strip_prefix('[').and_then(|slice| slice.strip_suffix(']')) else { return all };
    let place = |text: &str| match text.trim() {
        "last" => all.len().checked_sub(1),
        number => number.parse::<usize>().ok(),
    };
    let (from, to) = match slice.split_once(':') {
        Some((from, to)) => {
            let from = if from.is_empty() { Some(0) } else { place(from) };
            (from, if to.is_empty() { Some(all.len()) } else { place(to).map(|to| to.min(all.len())) })
        }
        None => (place(slice), place(slice).map(|at| at + 1)),
    };
    from.zip(to).and_then(|(from, to)| all.get(from..to)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(pattern: &str) -> Result<String, UnknownToken> {
        let section = |dir: &str, slug: &str| (dir.to_owned(), slug.to_owned());
        let sections = vec![section("blog", "The Blog"), section("rust", "rust"), section("news", "News")];
        let parts = Parts {
            date: DateTime::parse_from_rfc3339("2025-01-05T16:07:08+09:00").unwrap(),
            title: "Some Title: はい & C#",
            slug: "",
            stem: "File Name",
            sections,
            text: PathText { lower: true, without_accents: false },
        };
        expand(pattern, &parts)
    }

    #[test]
    fn tokens_are_replaced() {
        for (pattern, expected) in [
            ("/:year/:month/:day/:slug/", "/2025/01/05/some-title-はい-c/"),
            (":monthname-:weekdayname-:weekday-:yearday", "January-Sunday-0-5"),
            ("/:section/:sections/:sections[1:]/", "/blog/blog/rust/news/rust/news/"),
            (
                "/:sections[last]/:sections[0]/:sections[:2]/:sections[9]/:sections[1:99]",
                "/news/blog/blog/rust//rust/news",
            ),
            ("/:sectionslug/:sectionslugs[1:]", "/the-blog/rust/news"),
            ("/:slugorfilename/:contentbasename/:filename", "/file-name/file-name/file-name"),
            ("/:06/:1/:2/:Jan/:2006_01/:15h", "/25/1/5/Jan/2025_01/16h"),
            (r"/a\:b/: /:title", "/a:b/: /some-title-はい-c"),
        ] {
            assert_eq!(expanded(pattern).as_deref(), Ok(expected), "{pattern}");
        }
    }

    #[test]
    fn an_unknown_token_is_named() {
        assert_eq!(expanded("/:yeer/"), Err(UnknownToken(":yeer".into())));
        assert_eq!(check("/:slug[1:]"), Err(UnknownToken(":slug[1:]".into())));
        assert_eq!(check("/:sections[1:]/:year"), Ok(()));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(pattern in "[/:a-z0-9\\[\\]\\\\日]{0,40}") {
            let _ = expanded(&pattern);
        }
    }
}
