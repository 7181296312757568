//! What the path of a file says: section, language, date, slug.

use super::settings::Settings;
use crate::sites::dated::is_like;

/// The directory of all pages and sections.
pub(super) const CONTENT: &str = "content";

/// A path below [`CONTENT`], taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The directories of its sections, joined; empty for the root.
    pub(super) section: &'a str,
    /// The file's name without language and extension; of a bundle's `index.md`, the bundle's directory.
    pub(super) stem: &'a str,
    /// A date, or a date with time and zone, that the stem starts with and that something follows.
    pub(super) date: Option<&'a str>,
    /// What follows it.
    pub(super) after_date: Option<&'a str>,
    /// `None`: the site's own.
    pub(super) language: Option<&'a str>,
    /// It is `_index.md`: a section's page.
    pub(super) is_section: bool,
}

impl<'a> Name<'a> {
    /// `None` if the path is not that of a page or section.
    pub(super) fn of(path: &'a str, settings: &Settings) -> Option<Self> {
        let inside = path.strip_prefix(CONTENT)?.strip_prefix('/')?;
        let (dir, file) = inside.rsplit_once('/').unwrap_or(("", inside));
        let whole = file.strip_suffix(".md").filter(|stem| !stem.is_empty() && !file.starts_with('.'))?;
        let (stem, language) = match whole.split_once('.') {
            Some((stem, code)) if code == settings.default_language => (stem, None),
            Some((stem, code)) if settings.languages.iter().any(|known| known == code) => (stem, Some(code)),
            _ => (whole, None),
        };
        let is_section = stem == "_index";
        let (section, stem) = match stem {
            "index" if !dir.is_empty() => dir.rsplit_once('/').unwrap_or(("", dir)),
            "index" => ("", ""),
            stem => (dir, stem),
        };
        let (date, after_date) = dated(stem).unzip();
        Some(Self { section, stem, date, after_date, language, is_section })
    }
}

/// The date (RFC 3339, with or without a time) that `stem` starts with, and what comes after it and a `_` or `-`.
fn dated(stem: &str) -> Option<(&str, &str)> {
    let day = stem.get(..10).filter(|day| is_like(day, "0000-00-00"))?;
    let (date, rest) = match time_len(&stem[10..]) {
        Some(len) => stem.split_at(10 + len),
        None => (day, &stem[10..]),
    };
    let after = rest.strip_prefix(char::is_whitespace).unwrap_or(rest).strip_prefix(['_', '-'])?;
    (!after.is_empty()).then_some((date, after))
}

/// How long the `T10:00:00Z` or `T10:00:00.5+09:00` is that `rest` starts with.
fn time_len(rest: &str) -> Option<usize> {
    rest.get(..9).filter(|time| is_like(time, "T00:00:00"))?;
    let fraction = rest[9..].strip_prefix('.').map_or(0, |digits| {
        let len = digits.bytes().take_while(u8::is_ascii_digit).count();
        if len == 0 { 0 } else { len + 1 }
    });
    let (zone, at) = (&rest[9 + fraction..], 9 + fraction);
    if zone.starts_with('Z') {
        return Some(at + 1);
    }
    let offset = zone.get(..6).filter(|offset| is_like(offset, "+00:00") || is_like(offset, "-00:00"));
    offset.map(|offset| at + offset.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> (String, String, Option<String>, Option<String>, Option<String>) {
        let settings = Settings { languages: vec!["ja".into(), "zh-hans".into()], ..Settings::default() };
        let name = Name::of(path, &settings).unwrap();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        (name.section.into(), name.stem.into(), owned(name.date), owned(name.after_date), owned(name.language))
    }

    fn named(section: &str, stem: &str) -> (String, String, Option<String>, Option<String>, Option<String>) {
        (section.into(), stem.into(), None, None, None)
    }

    #[test]
    fn bundles_have_their_directorys_name() {
        assert_eq!(parts("content/a/b/post.md"), named("a/b", "post"));
        assert_eq!(parts("content/a/post/index.md"), named("a", "post"));
        assert_eq!(parts("content/post/index.md"), named("", "post"));
        assert_eq!(parts("content/index.md"), named("", ""));
        let settings = Settings::default();
        assert_eq!(Name::of("content/a/_index.md", &settings).map(|name| name.is_section), Some(true));
        for path in ["README.md", "content/a/pic.png", "content/.md", "content/.x.md", "contents/a.md"] {
            assert_eq!(Name::of(path, &settings), None, "{path}");
        }
    }

    #[test]
    fn known_languages_are_suffixes() {
        let language = |path| (parts(path).1, parts(path).4);
        assert_eq!(language("content/a.ja.md"), ("a".into(), Some("ja".into())));
        assert_eq!(language("content/b/a/index.zh-hans.md"), ("a".into(), Some("zh-hans".into())));
        assert_eq!(language("content/a.en.md"), ("a".into(), None));
        assert_eq!(language("content/v1.2.md"), ("v1.2".into(), None));
    }

    #[test]
    fn names_start_with_a_date() {
        let date = |stem: &str| {
            let (.., date, after, _) = parts(&format!("content/{stem}.md"));
            (date, after)
        };
        let some = |date: &str, after: &str| (Some(date.to_owned()), Some(after.to_owned()));
        assert_eq!(date("2025-01-31-a b"), some("2025-01-31", "a b"));
        assert_eq!(date("2025-01-31_x"), some("2025-01-31", "x"));
        assert_eq!(date("2025-01-31 - x"), some("2025-01-31", " x"));
        assert_eq!(date("2025-01-31T10:20:30Z-x"), some("2025-01-31T10:20:30Z", "x"));
        assert_eq!(date("2025-01-31T10:20:30.25+09:00-x"), some("2025-01-31T10:20:30.25+09:00", "x"));
        for stem in ["2025-1-31-x", "日2025-01-31-x", "x", "2025-01-31", "2025-01-31-", "2025-01-31T10:20:30-x"] {
            assert_eq!(date(stem), (None, None), "{stem}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(path in "content/(a/)?(2025-01-31)?(T10:00:00)?[.0-9Z+:é-]{0,9}(index)?[.]?(ja)?\\.md") {
            let _ = Name::of(&path, &Settings::default());
        }
    }
}
