//! The dates of posts, with what is wrong with them told.

use std::ops::Range;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;

use crate::posts::dates::{self, Date, Naive, Refused, Repair};
use crate::posts::front_matter::{Map, Value};
use crate::problems::Code;

use super::report::{LEFT_OUT, Report, Words, quoted};

/// How dates of a site are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) zone: Tz,
    pub(super) naive: Naive,
}

impl Reading {
    /// The date under `key`, without which there is no post; an error is reported if there is none to be had.
    pub(super) fn published(self, data: &Map, key: &str, report: &mut Report<'_>) -> Option<DateTime<FixedOffset>> {
        match self.field(data, key) {
            Ok(date) => Some(told(date, Some((data, key)), report)),
            Err(refused) => {
                let message = refusal(&written(data, key), refused);
                report.error(Code::Date, data.span(key), Words::new(message, LEFT_OUT, forms(key)));
                None
            }
        }
    }

    /// The day in a file name.
    pub(super) fn day(self, (year, month, day): Day, report: &mut Report<'_>) -> Option<DateTime<FixedOffset>> {
        match dates::of_day(year, month, day, self.zone) {
            Ok(date) => Some(told(date, None, report)),
            Err(refused) => {
                let message = refusal(&format!("`{year:02}-{month:02}-{day:02}` in the file's name"), refused);
                report.error(Code::Date, None, Words::new(message, LEFT_OUT, "rename the file, or set `date`"));
                None
            }
        }
    }

    /// When the post was changed: the first of `keys` that is there, unless that is before it was published.
    pub(super) fn updated(
        self,
        data: &Map,
        keys: &[&str],
        published: DateTime<FixedOffset>,
        report: &mut Report<'_>,
    ) -> Option<DateTime<FixedOffset>> {
        let key = keys.iter().find(|key| data.get(key).is_some_and(Value::is_truthy))?;
        match self.field(data, key) {
            Ok(date) => Some(told(date, Some((data, key)), report)).filter(|at| *at >= published),
            Err(refused) => {
                let message = refusal(&written(data, key), refused);
                let words = Words::new(message, "the post has no date of change", forms(key));
                report.warning(Code::Date, data.span(key), words);
                None
            }
        }
    }

    fn field(self, data: &Map, key: &str) -> Result<Date, Refused> {
        match data.get(key) {
            None | Some(Value::Null) => Err(Refused::Empty),
            Some(Value::Scalar(scalar)) => dates::read(scalar, self.zone, self.naive),
            Some(Value::List(_) | Value::Map(_)) => Err(Refused::NotADate),
        }
    }
}

/// Year, month, day, as written.
pub(super) type Day = (i32, u32, u32);

/// The date that a file name starts with, as `2025-01-31-`, and where the rest of the name starts.
pub(super) fn day_of(name: &str) -> Option<(Day, usize)> {
    let mut at = 0;
    let mut part = |lens: std::ops::RangeInclusive<usize>| {
        let len = name[at..].bytes().take_while(u8::is_ascii_digit).count();
        let digits = name.get(at..at + len).filter(|_| lens.contains(&len) && name[at + len..].starts_with('-'))?;
        at += len + 1;
        digits.parse::<u32>().ok()
    };
    let (year, month, day) = (part(2..=4)?, part(1..=2)?, part(1..=2)?);
    Some(((i32::try_from(year).ok()?, month, day), at))
}

/// The first date that stands anywhere in a path, as `2025-01-31`.
pub(super) fn day_in(path: &str) -> Option<Day> {
    let at = path.as_bytes().windows(10).position(|day| is_like(day, "0000-00-00"))?;
    Some((path[at..at + 4].parse().ok()?, path[at + 5..at + 7].parse().ok()?, path[at + 8..at + 10].parse().ok()?))
}

/// Whether `text` is `pattern`, where `0` stands for any digit.
pub(super) fn is_like(text: impl AsRef<[u8]>, pattern: &str) -> bool {
    let fits = |(byte, wanted): (&u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { *byte == wanted };
    let text = text.as_ref();
    text.len() == pattern.len() && text.iter().zip(pattern.bytes()).all(fits)
}

fn written(data: &Map, key: &str) -> String {
    quoted(data.get(key).and_then(Value::as_text).unwrap_or_default(), 40)
}

fn refusal(written: &str, refused: Refused) -> String {
    match refused {
        Refused::Empty => "there is no date".into(),
        Refused::NotADate => format!("{written} is no date: it has to name a year, a month and a day"),
        Refused::OutOfRange => format!("{written} is no date: there is no such year, month, day or time"),
    }
}

/// In no syntax: front matter may be YAML, TOML or JSON.
pub(super) fn forms(key: &str) -> String {
    format!("write `{key}` like `2025-11-08` or `2025-11-08T16:38:45+09:00`")
}

/// The instant of `date`, with a warning for every repair; `field` is where it comes from, unless that is a file's name.
fn told(date: Date, field: Option<(&Map, &str)>, report: &mut Report<'_>) -> DateTime<FixedOffset> {
    for repair in &date.repairs {
        let words = words(repair, field, date.at);
        let span = field.and_then(|(data, key)| match repair {
            Repair::Ignored(part) => part_of(data, key, part).or_else(|| data.span(key)),
            Repair::RolledOver | Repair::UnknownZone | Repair::Skipped | Repair::Ambiguous => data.span(key),
        });
        report.warning(Code::Repaired, span, words);
    }
    date.at
}

fn words(repair: &Repair, field: Option<(&Map, &str)>, at: DateTime<FixedOffset>) -> Words {
    let (message, effect, remedy) = match repair {
        Repair::RolledOver => (
            "there is no such day or hour",
            "it counts on into the next month or day",
            "write a day that the calendar has",
        ),
        Repair::UnknownZone => (
            "its time zone is not known here",
            "the time is taken to be in the site's zone",
            "write the offset from UTC, such as `+0900`",
        ),
        Repair::Skipped => (
            "clocks skip this time when summer time begins",
            "the time moves forward by the hour that is skipped",
            "write the offset from UTC with it",
        ),
        Repair::Ambiguous => (
            "clocks show this time twice when summer time ends",
            "the earlier of the two is taken",
            "write the offset from UTC with it",
        ),
        Repair::Ignored(part) => {
            let text = field.and_then(|(data, key)| data.get(key)?.as_text()?.get(part.clone())).unwrap_or_default();
            let message = format!("{} means nothing here: the date is read as {at}", quoted(text, 40));
            return Words::new(message, "that part is left out", "write it like `2025-11-08 16:38:45 +0900`");
        }
    };
    Words::new(message, effect, remedy)
}

/// Where in the file this part of a scalar's text stands, if that is known.
fn part_of(data: &Map, key: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let start = data.get(key)?.as_scalar()?.at?;
    Some(start + part.start..start + part.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse;

    #[test]
    fn file_names_start_with_a_day() {
        assert_eq!(day_of("2025-01-31-x.md"), Some(((2025, 1, 31), 11)));
        assert_eq!(day_of("25-1-3-"), Some(((25, 1, 3), 7)));
        for name in ["2025-02-14.md", "2025-01-x.md", "20250-1-1-x", "5-1-1-x", "2025-011-1-x", "x-2025-01-01-y", ""] {
            assert_eq!(day_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_day_is_found_anywhere_in_a_path() {
        assert_eq!(day_in("日/2025-01-31/2024-02-01-x.md"), Some((2025, 1, 31)));
        assert_eq!(day_in("x12025-13-45.md"), Some((2025, 13, 45)));
        for path in ["2025-1-31-x.md", "2025/01/31/x.md", "2025-01-3日", ""] {
            assert_eq!(day_in(path), None, "{path}");
        }
    }

    #[test]
    fn a_bad_date_is_an_error_where_it_is_needed_and_a_warning_elsewhere() {
        let yaml = "date: 2025-11\nlastmod: tomorrow\nempty: ~\n";
        let data = parse(yaml, 0..yaml.len()).unwrap();
        let mut report = Report::new("x.md", yaml);
        let reading = Reading { zone: Tz::UTC, naive: Naive::Local };
        assert_eq!(reading.published(&data, "date", &mut report), None);
        assert_eq!(reading.published(&data, "empty", &mut report), None);
        assert_eq!(reading.updated(&data, &["empty", "lastmod"], DateTime::default(), &mut report), None);
        let said: Vec<_> = report.into_problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "x.md:1:7: error [T005]: `2025-11` is no date: it has to name a year, a month and a day",
                "x.md:3:1: error [T005]: there is no date",
                "x.md:2:10: warning [T005]: `tomorrow` is no date: it has to name a year, a month and a day",
            ]
        );
    }

    #[test]
    fn what_a_date_is_read_without_is_named_and_underlined() {
        let yaml = "date: \"2025-04-01 20:00.5 +08:00\"\n";
        let data = parse(yaml, 0..yaml.len()).unwrap();
        let mut report = Report::new("x.md", yaml);
        let reading = Reading { zone: chrono_tz::Asia::Tokyo, naive: Naive::Local };
        assert!(reading.published(&data, "date", &mut report).is_some());
        let problem = report.into_problems().remove(0);
        assert_eq!(
            problem.to_string(),
            "x.md:1:24: warning [T013]: `.5 +08:00` means nothing here: the date is read as 2025-04-01 20:00:00 +09:00"
        );
        assert_eq!(problem.place.map(|place| place.len), Some(9));
    }

    #[test]
    fn a_bad_day_in_a_file_name_is_quoted() {
        let mut report = Report::new("2026-13-45-x.md", "");
        let reading = Reading { zone: Tz::UTC, naive: Naive::Local };
        assert_eq!(reading.day((2026, 13, 45), &mut report), None);
        assert_eq!(
            report.into_problems()[0].message,
            "`2026-13-45` in the file's name is no date: there is no such year, month, day or time"
        );
    }

    #[test]
    fn a_change_is_never_before_publication() {
        let yaml = "updated: 2025-11-08";
        let data = parse(yaml, 0..yaml.len()).unwrap();
        let reading = Reading { zone: Tz::UTC, naive: Naive::Local };
        let mut report = Report::new("x.md", yaml);
        let mut updated = |published: &str| {
            let published = DateTime::parse_from_rfc3339(published).unwrap();
            reading.updated(&data, &["updated"], published, &mut report).map(|at| at.to_rfc3339())
        };
        assert_eq!(updated("2025-11-07T00:00:00Z").as_deref(), Some("2025-11-08T00:00:00+00:00"));
        assert_eq!(updated("2025-11-08T12:00:00Z"), None);
    }
}
