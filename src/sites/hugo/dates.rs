//! When a page was written, changed and published, by Hugo's `frontmatter` lists and its forms of a date.

use std::borrow::Cow;

use chrono::{DateTime, Datelike as _, FixedOffset};
use chrono_tz::Tz;

use crate::posts::dates::{self, Naive, Repair};
use crate::posts::front_matter::{Map, Scalar, Value};
use crate::problems::Code;
use crate::sites::dated::forms;
use crate::sites::report::{Report, Words, quoted};

/// Where each date is looked for, in order: front matter keys in lower case, and `:filename`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys {
    date: Vec<String>,
    lastmod: Vec<String>,
    publish: Vec<String>,
    expiry: Vec<String>,
}

/// The dates of one page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Dates {
    /// With the offset it was written with.
    pub(super) date: Option<DateTime<FixedOffset>>,
    pub(super) lastmod: Option<DateTime<FixedOffset>>,
    pub(super) publish: Option<DateTime<FixedOffset>>,
    pub(super) expiry: Option<DateTime<FixedOffset>>,
    /// What follows the date in the file's name, if the date is from there.
    pub(super) slug: Option<String>,
    /// The first key that holds no date, where one was to be read.
    pub(super) unreadable: Option<String>,
}

const DEFAULTS: [(&str, &[&str]); 4] = [
    ("date", &["date", "publishdate", "lastmod"]),
    ("lastmod", &[":git", "lastmod", "date", "publishdate"]),
    ("publishdate", &["publishdate", "date"]),
    ("expirydate", &["expirydate"]),
];

impl Keys {
    /// Reads the setting `frontmatter`.
    pub(super) fn read(setting: Option<&Value>) -> Self {
        let list = |(name, defaults): (&str, &[&str])| {
            let given = setting.and_then(Value::as_map).and_then(|map| map.get(name)).map(Value::scalars);
            let given = given.filter(|given| !given.is_empty());
            let Some(given) = given else { return defaults.iter().flat_map(|key| with_aliases(key)).collect() };
            let named = |scalar: &Scalar| scalar.text.to_lowercase();
            let keys = given.into_iter().map(named).flat_map(|key| match key.as_str() {
                ":default" => defaults.iter().flat_map(|key| with_aliases(key)).collect(),
                key => with_aliases(key),
            });
            keys.collect()
        };
        let [date, lastmod, publish, expiry] = DEFAULTS.map(list);
        Self { date, lastmod, publish, expiry }
    }

    /// The dates of a page whose file, or whose bundle's directory, is called `stem`.
    pub(super) fn dates(&self, data: &Map, stem: &str, zone: Tz, report: &mut Report<'_>) -> Dates {
        let [date, lastmod, publish, expiry] =
            [&self.date, &self.lastmod, &self.publish, &self.expiry].map(|keys| Found::first(keys, data, stem, zone));
        if let Some((_, key)) = date.at.as_ref().zip(date.key.as_deref()) {
            tell(&date.repairs, data, key, report);
        }
        Dates {
            date: date.at,
            lastmod: lastmod.at,
            publish: publish.at,
            expiry: expiry.at,
            slug: date.slug.filter(|slug| !slug.is_empty()),
            unreadable: date.unreadable.or(expiry.unreadable),
        }
    }
}

/// What came of looking under one date's keys.
#[derive(Default)]
struct Found {
    at: Option<DateTime<FixedOffset>>,
    /// Where it was found, unless that is the file's name.
    key: Option<String>,
    repairs: Vec<Repair>,
    slug: Option<String>,
    unreadable: Option<String>,
}

impl Found {
    fn first(keys: &[String], data: &Map, stem: &str, zone: Tz) -> Self {
        let mut unreadable = None;
        for key in keys {
            if key == ":filename" {
                if let Some((at, slug)) = of_name(stem, zone) {
                    return Self { at: Some(at), slug: Some(slug), unreadable, ..Self::default() };
                }
                continue;
            }
            // `published: true` is no date, and an empty key is none either.
            let value = data.get(key).filter(|value| value.as_bool().is_none());
            let scalar = value.and_then(Value::as_scalar).filter(|scalar| !scalar.text.trim().is_empty());
            let Some(scalar) = scalar else { continue };
            match read(scalar, zone) {
                Some((at, repairs)) => {
                    return Self { at: Some(at), key: Some(key.clone()), repairs, slug: None, unreadable };
                }
                None => unreadable = unreadable.or_else(|| Some(key.clone())),
            }
        }
        Self { unreadable, ..Self::default() }
    }
}

fn with_aliases(key: &str) -> Vec<String> {
    let aliases: &[&str] = match key {
        "lastmod" => &["modified"],
        "publishdate" => &["pubdate", "published"],
        "expirydate" => &["unpublishdate"],
        _ => &[],
    };
    [key].iter().chain(aliases).map(|&key| key.to_owned()).collect()
}

/// A date that Hugo understands, and what had to be repaired. What feeds cannot write (RFC 3339, 5.6) is none, and neither is the
/// year 1, which says that there is no date.
fn read(scalar: &Scalar, zone: Tz) -> Option<(DateTime<FixedOffset>, Vec<Repair>)> {
    written(scalar, zone).filter(|(at, _)| (2..=9998).contains(&at.year()))
}

/// A date in one of Hugo's forms; a whole number is seconds since 1970.
fn written(scalar: &Scalar, zone: Tz) -> Option<(DateTime<FixedOffset>, Vec<Repair>)> {
    if !scalar.quoted
        && let Ok(seconds) = scalar.text.replace('_', "").parse()
    {
        return DateTime::from_timestamp(seconds, 0).map(|at| (at.fixed_offset(), Vec::new()));
    }
    let text = one_spaced(scalar.text.trim());
    let text = without_doubled_zone(&text);
    let (form, local_part) = form(text)?;
    let read = |text: &str| {
        let scalar = Scalar { text: text.to_owned(), quoted: true, at: None };
        dates::read(&scalar, zone, Naive::Local).ok().filter(|date| !date.repairs.contains(&Repair::RolledOver))
    };
    match form {
        // A zone's name is passed over: the time is the site's.
        Form::Local => read(local_part).map(|date| (date.at, date.repairs)),
        Form::Offset => {
            let instant = read(text)?.at;
            // The same clock read as UTC tells the offset that it was written with.
            let as_utc =
                dates::read(&Scalar { text: local_part.to_owned(), quoted: true, at: None }, Tz::UTC, Naive::Local);
            let offset = i32::try_from((as_utc.ok()?.at - instant).num_seconds()).ok()?;
            Some((instant.with_timezone(&FixedOffset::east_opt(offset)?), Vec::new()))
        }
    }
}

/// Where Hugo takes one space between two digits it takes many.
fn one_spaced(text: &str) -> Cow<'_, str> {
    let starts_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if starts_with_digit(text) && text.contains("  ") {
        return text.split_ascii_whitespace().collect::<Vec<_>>().join(" ").into();
    }
    text.into()
}

/// `… +0900 JST`: what Go itself writes, where the name says nothing beside the offset.
fn without_doubled_zone(text: &str) -> &str {
    let Some((rest, name)) = text.rsplit_once(' ') else { return text };
    let is_name = (3..=4).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_uppercase());
    let ends_in_offset =
        rest.rsplit_once(" +").or_else(|| rest.rsplit_once(" -")).is_some_and(|(_, offset)| shape(offset) == "0000");
    if is_name && ends_in_offset { rest } else { text }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Without a zone, or with a name that says nothing.
    Local,
    /// With an offset from UTC.
    Offset,
}

/// Which of Hugo's forms a text has, and the part of it that is without a zone; `None` if it has none of them.
fn form(text: &str) -> Option<(Form, &str)> {
    /// Digits are `0` here, words `a`; what follows may be a fraction of a second and a zone.
    const WITH_TIME: [&str; 9] = [
        "0000-00-00T00:00:00",
        "0000-00-00t00:00:00",
        "0000-00-00 00:00:00",
        "a, 00 a 0000 00:00:00",
        "00 a 00 00:00",
        "a, 00-a-00 00:00:00",
        "a a 0 00:00:00 0000",
        "a a  0 00:00:00 0000",
        "a a 00 00:00:00 0000",
    ];
    const DAYS: [&str; 2] = ["0000-00-00", "00 a 0000"];
    if DAYS.contains(&shape(text).as_str()) {
        return Some((Form::Local, text));
    }
    let (local, zone) = split_zone(text);
    let whole_seconds = local.rsplit_once('.').filter(|(_, fraction)| fraction.bytes().all(|b| b.is_ascii_digit()));
    let known = WITH_TIME.contains(&shape(whole_seconds.map_or(local, |(whole, _)| whole)).as_str());
    known.then_some(())?;
    let has_name = local.starts_with(|c: char| c.is_ascii_alphabetic()) || local.get(2..3) == Some(" ");
    match zone {
        "" => Some((Form::Local, local)),
        "Z" | "z" => Some((Form::Offset, local)),
        zone if zone.starts_with(['+', '-']) => Some((Form::Offset, local)),
        // Only the forms with a month's name take a zone's.
        _ => has_name.then_some((Form::Local, local)),
    }
}

/// What stands before the zone at the end, and the zone: an offset, `Z`, or a name.
fn split_zone(text: &str) -> (&str, &str) {
    let (before, last) = text.rsplit_once(' ').unwrap_or(("", text));
    let is_zone = |word: &str| {
        let digits = word.strip_prefix(['+', '-']).unwrap_or_default();
        matches!(shape(digits).as_str(), "0000" | "00:00") || matches!(shape(word).as_str(), "a")
    };
    if !before.is_empty() && is_zone(last) {
        return (before, last);
    }
    let at = match text.strip_suffix(['Z', 'z']) {
        Some(rest) => rest.len(),
        None => [5, 6]
            .into_iter()
            .filter_map(|len| text.len().checked_sub(len))
            .find(|at| text.get(*at..).is_some_and(is_zone))
            .unwrap_or(text.len()),
    };
    text.split_at(at)
}

/// A text with `0` for digits and one `a` for a run of letters; a `T` between digits stays.
fn shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        let is_divider =
            matches!(c, 'T' | 't') && before.is_ascii_digit() && rest.peek().is_some_and(char::is_ascii_digit);
        match c {
            '0'..='9' => shape.push('0'),
            c if c.is_ascii_alphabetic() && !is_divider => {
                if !before.is_ascii_alphabetic() {
                    shape.push('a');
                }
            }
            c => shape.push(c),
        }
        before = c;
    }
    shape
}

/// The date that a file's name starts with, and the rest of it: `2025-01-31-name`, `2025-01-31-16-38-45-name`.
fn of_name(stem: &str, zone: Tz) -> Option<(DateTime<FixedOffset>, String)> {
    let day = stem.get(..10).filter(|day| shape(day) == "0000-00-00")?;
    let clock = stem.get(10..19).filter(|clock| shape(clock) == "-00-00-00");
    let (text, len) = match clock {
        Some(clock) => (format!("{day}T{}", clock[1..].replace('-', ":")), 19),
        None => (day.to_owned(), 10),
    };
    let (at, _) = read(&Scalar { text, quoted: true, at: None }, zone)?;
    Some((at, stem[len..].trim_matches([' ', '-', '_']).to_owned()))
}

fn tell(repairs: &[Repair], data: &Map, key: &str, report: &mut Report<'_>) {
    for repair in repairs {
        let (message, effect) = match repair {
            Repair::Skipped => ("clocks skip this time when summer time begins", "it moves forward by what is skipped"),
            Repair::Ambiguous => {
                ("clocks show this time twice when summer time ends", "the earlier of the two is taken")
            }
            Repair::RolledOver | Repair::UnknownZone | Repair::Ignored(_) => continue,
        };
        report.warning(
            Code::Repaired,
            data.span(key),
            Words::new(message, effect, "write the offset from UTC with it"),
        );
    }
}

/// What to say of a date that Hugo cannot read.
pub(super) fn refusal(data: &Map, key: &str, effect: &'static str) -> Words {
    let written = quoted(data.get(key).and_then(Value::as_text).unwrap_or_default(), 40);
    let message = format!("{written} is no date that Hugo reads");
    Words::new(message, effect, forms(key))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Asia::Tokyo;

    use super::*;
    use crate::posts::front_matter::parse;

    fn tokyo(text: &str, quoted: bool) -> Option<String> {
        read(&Scalar { text: text.to_owned(), quoted, at: None }, Tokyo).map(|(at, _)| at.to_rfc3339())
    }

    #[test]
    fn the_forms_that_hugo_takes_are_read() {
        for (text, expected) in [
            ("2025-11-08", "2025-11-08T00:00:00+09:00"),
            ("2025-11-08T16:38:45", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08 16:38:45", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08T16:38:45.123Z", "2025-11-08T16:38:45+00:00"),
            ("2025-11-08T16:38:45-05:00", "2025-11-08T16:38:45-05:00"),
            ("2025-11-08T16:38:45-0500", "2025-11-08T16:38:45-05:00"),
            ("2025-11-08 16:38:45 +0545", "2025-11-08T16:38:45+05:45"),
            ("2025-11-08 16:38:45 +09:00", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08 16:38:45Z", "2025-11-08T16:38:45+00:00"),
            ("2025-11-08  16:38:45", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08 16:38:45 +0000 UTC", "2025-11-08T16:38:45+00:00"),
            ("2025-11-08 16:38:45.123 -0700 MST", "2025-11-08T16:38:45-07:00"),
            ("08 Nov 2025", "2025-11-08T00:00:00+09:00"),
            ("Sat, 08 Nov 2025 16:38:45 GMT", "2025-11-08T16:38:45+09:00"),
            ("Tue, 11 Nov 2025 16:38:45 +0000", "2025-11-11T16:38:45+00:00"),
            ("Sat Nov  8 16:38:45 2025", "2025-11-08T16:38:45+09:00"),
        ] {
            assert_eq!(tokyo(text, true).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(tokyo("1762619925", false).as_deref(), Some("2025-11-08T16:38:45+00:00"));
        assert_eq!(tokyo("20251108", false).as_deref(), Some("1970-08-23T09:18:28+00:00"));
    }

    #[test]
    fn other_forms_are_no_dates() {
        assert_eq!(tokyo("2025123456789", false), None);
        for text in [
            "2025-11-08 16:38",
            "2025/11/08",
            "8 Nov 2025",
            "November 8, 2025",
            "2025-11",
            "2025-11-8",
            "2025-11-08 16:38:45 JST",
            "2025-02-30",
            "tomorrow",
            "1762619925",
            "0001-01-01T00:00:00Z",
            "2025-11-08T",
            "",
        ] {
            assert_eq!(tokyo(text, true), None, "{text}");
        }
    }

    fn dates(frontmatter: &str, data: &str, stem: &str) -> Dates {
        let setting = parse(frontmatter, 0..frontmatter.len()).unwrap();
        let data = parse(data, 0..data.len()).unwrap();
        Keys::read(setting.get("f")).dates(&data, stem, Tz::UTC, &mut Report::new("", ""))
    }

    #[test]
    fn one_date_stands_in_for_another() {
        let days = |data: &str| {
            let dates = dates("", data, "x");
            [dates.date, dates.lastmod, dates.publish, dates.expiry]
                .map(|at| at.map(|at| at.format("%-d").to_string()).unwrap_or_default())
        };
        assert_eq!(days("date: 2025-01-01"), ["1", "1", "1", ""]);
        assert_eq!(days("pubdate: 2025-01-02\nunpublishdate: 2025-01-09"), ["2", "2", "2", "9"]);
        assert_eq!(days("date: 2025-01-01\npublished: true\nmodified: 2025-01-03"), ["1", "3", "1", ""]);
        assert_eq!(days("lastmod: 2025-01-03\npublishdate: 2025-01-02"), ["2", "3", "2", ""]);
        assert_eq!(days("date: nonsense\nlastmod: 2025-01-03"), ["3", "3", "", ""]);
        assert_eq!(dates("", "date: nonsense\n", "x").unreadable.as_deref(), Some("date"));
        assert_eq!(dates("", "expirydate: soon\ndate: 2025-01-01\n", "x").unreadable.as_deref(), Some("expirydate"));
    }

    #[test]
    fn a_file_name_counts_only_where_the_site_says_so() {
        assert_eq!(dates("", "", "2025-03-04-x").date, None);
        let named = |stem| dates("f: {date: [':filename', ':default']}", "date: 2025-01-01", stem);
        let found = named("2025-03-04-_a-b ");
        assert_eq!(
            (found.date.unwrap().to_rfc3339().as_str(), found.slug.as_deref()),
            ("2025-03-04T00:00:00+00:00", Some("a-b"))
        );
        assert_eq!(named("2025-03-04-16-38-45-x").date.unwrap().to_rfc3339(), "2025-03-04T16:38:45+00:00");
        assert_eq!(named("x").date.unwrap().to_rfc3339(), "2025-01-01T00:00:00+00:00");
        let own = dates("f: {date: [Created, ':default']}", "created: 2025-05-05\ndate: 2025-01-01", "x");
        assert_eq!(own.date.unwrap().to_rfc3339(), "2025-05-05T00:00:00+00:00");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[0-9TZ:+ ./,a-z日-]{0,40}") {
            let _ = (tokyo(&text, true), tokyo(&text, false), of_name(&text, Tokyo));
        }
    }
}
