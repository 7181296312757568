//! Dates as people write them.
//!
//! In: a front matter scalar, or the day in a file name, and the site's time zone. Out: an instant in that zone, and
//! what had to be repaired to get there. Never: a clock. Ruby fills in what is missing from today's date; here a date
//! without its year, month or day is refused.
//!
//! The grammar is that of Ruby's `Time.parse` (`Date._parse`), as far as dates go that have a year, a month and a day.

mod instant;
mod tokens;
mod written;
mod zone;

use std::ops::Range;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;

use super::front_matter::Scalar;
use written::{Clock, Written};

/// What to make of a date with a time and without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naive {
    /// As YAML 1.1 does, and so Jekyll: an unquoted `2025-11-08 16:38:45` is a timestamp, which is UTC; anything else
    /// (quoted, without seconds, with slashes) is in the site's zone.
    Timestamp,
    /// As people expect: in the site's zone, quoted or not.
    Local,
}

/// A date that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date {
    /// To the second, in the site's time zone.
    pub at: DateTime<FixedOffset>,
    /// What was repaired; empty for a sound date.
    pub repairs: Vec<Repair>,
}

/// Something about a date that is not as it should be, and was made good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// There is no such day (or hour 24): it counts into the next month (or day).
    RolledOver,
    /// The zone is not known: the time was taken to be in the site's.
    UnknownZone,
    /// The site's clocks skip this time: it was moved forward by as much.
    Skipped,
    /// The site's clocks show this time twice: the earlier one was taken.
    Ambiguous,
    /// Part of the text means nothing and was left out: its bytes in the scalar's text.
    Ignored(Range<usize>),
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is nothing.
    Empty,
    /// It does not name a year, a month and a day.
    NotADate,
    /// It names a month, a day, an hour or the like that cannot be.
    OutOfRange,
}

/// The longest text that may be a date, in bytes: Ruby refuses longer ones, too (`Date._parse`, `limit:`).
const MAX_LEN: usize = 128;

/// Reads a date.
///
/// # Errors
///
/// If it is no date; see [`Refused`].
pub fn read(scalar: &Scalar, zone: Tz, naive: Naive) -> Result<Date, Refused> {
    if scalar.text.len() > MAX_LEN {
        return Err(Refused::NotADate);
    }
    if scalar.text.trim().is_empty() {
        return Err(Refused::Empty);
    }
    let written = written::read(&scalar.text).ok_or(Refused::NotADate)?;
    let utc = naive == Naive::Timestamp && !scalar.quoted && written.is_timestamp;
    let mut date = instant::of(&written, zone, utc)?;
    // An offset that could not be read and is the site's own changes nothing.
    let is_lost = |part: &Range<usize>| scalar.text[part.clone()] != date.at.offset().to_string();
    date.repairs.extend(written.ignored.filter(is_lost).map(Repair::Ignored));
    Ok(date)
}

/// The first moment of a day, as in a file name. Years below 69 are in this century, others below 100 in the last.
///
/// # Errors
///
/// [`Refused::OutOfRange`].
pub fn of_day(year: i32, month: u32, day: u32, zone: Tz) -> Result<Date, Refused> {
    let year = if year < 100 { written::full_year(year) } else { year };
    let clock = Clock::default();
    instant::of(&Written { year, month, day, clock, zone: None, is_timestamp: false, ignored: None }, zone, false)
}

/// An instant in a zone, with an offset of whole minutes, as RFC 3339 wants it.
#[must_use]
pub fn in_zone(at: DateTime<FixedOffset>, zone: Tz) -> DateTime<FixedOffset> {
    instant::shown(at.naive_utc(), zone)
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::New_York;
    use chrono_tz::Asia::Tokyo;
    use chrono_tz::Tz;

    use super::*;

    fn in_zone(text: &str, quoted: bool, zone: Tz, naive: Naive) -> Result<Date, Refused> {
        read(&Scalar { text: text.into(), quoted, at: None }, zone, naive)
    }

    fn tokyo(text: &str, quoted: bool) -> String {
        match in_zone(text, quoted, Tokyo, Naive::Timestamp) {
            Ok(date) => {
                let repairs: String = date.repairs.iter().map(|repair| format!(" {repair:?}")).collect();
                date.at.to_rfc3339() + &repairs
            }
            Err(refused) => format!("{refused:?}"),
        }
    }

    #[test]
    fn unquoted_dates_are_what_jekyll_makes_of_them() {
        for (text, expected) in [
            ("2025-11-08 16:38:45 +0000", "2025-11-09T01:38:45+09:00"),
            ("2025-11-08 16:38:45 Z", "2025-11-09T01:38:45+09:00"),
            ("2025-11-08 16:38:45 UTC", "2025-11-09T01:38:45+09:00"),
            ("2025-11-08T16:38:45Z", "2025-11-09T01:38:45+09:00"),
            ("2025-11-08 16:38:45 +0900", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08 16:38:45+09:00", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08 16:38:45 +9", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08 16:38:45 JST", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08 16:38:45 Asia/Tokyo", "2025-11-08T16:38:45+09:00 UnknownZone Ignored(24..30)"),
            ("2025-11-08 16:38:45 EST", "2025-11-09T06:38:45+09:00"),
            ("2025-11-08 16:38:45 PST", "2025-11-09T09:38:45+09:00"),
            ("2025-11-08 16:38:45 +0545", "2025-11-08T19:53:45+09:00"),
            ("2025-11-08 16:38:45", "2025-11-09T01:38:45+09:00"),
            ("2025-11-08T16:38:45", "2025-11-09T01:38:45+09:00"),
            ("2025-11-08 16:38:45.5", "2025-11-09T01:38:45+09:00"),
            ("2025-11-08 16:38", "2025-11-08T16:38:00+09:00"),
            ("2025-11-08", "2025-11-08T00:00:00+09:00"),
            ("2025-11-8", "2025-11-08T00:00:00+09:00"),
            ("20251108", "2025-11-08T00:00:00+09:00"),
            ("20251108163845", "2025-11-08T16:38:45+09:00"),
            ("20251108T163845Z", "2025-11-09T01:38:45+09:00"),
            ("8 Nov 2025", "2025-11-08T00:00:00+09:00"),
            ("8th November, 2025", "2025-11-08T00:00:00+09:00"),
            ("November 8, 2025", "2025-11-08T00:00:00+09:00"),
            ("Nov 8 2025 10:00", "2025-11-08T10:00:00+09:00"),
            ("8-Nov-2025", "2025-11-08T00:00:00+09:00"),
            ("2025-Nov-08", "2025-11-08T00:00:00+09:00"),
            ("08/11/2025", "2025-11-08T00:00:00+09:00"),
            ("2025.11.08", "2025-11-08T00:00:00+09:00"),
            ("2025/11/08 16:38:45", "2025-11-08T16:38:45+09:00"),
            ("2025-11-08 4:38pm", "2025-11-08T16:38:00+09:00"),
            ("2025-11-08 4 p.m.", "2025-11-08T16:00:00+09:00"),
            ("2025-11-08 12:05 AM", "2025-11-08T00:05:00+09:00"),
            ("2025-11-08 04:38:45 PM +0900", "2025-11-08T16:38:45+09:00"),
            ("Sat, 08 Nov 2025 16:38:45 GMT", "2025-11-09T01:38:45+09:00"),
            ("Sat Nov  8 16:38:45 UTC 2025", "2025-11-09T01:38:45+09:00"),
            ("2025-11-08T16:38:45.123+09:00", "2025-11-08T16:38:45+09:00"),
            ("25-11-08", "2025-11-08T00:00:00+09:00"),
            ("70-11-08", "1970-11-08T00:00:00+09:00"),
            ("2025-04-01 20:00.000000000 +08:00", "2025-04-01T20:00:00+09:00 Ignored(27..33)"),
            ("2025-04-01 20:00.000000000 +09:00", "2025-04-01T20:00:00+09:00"),
            ("2025-04-01 20:00.000", "2025-04-01T20:00:00+09:00"),
            ("2025-04-01 20:00.5 x", "2025-04-01T20:00:00+09:00 Ignored(16..20)"),
            (" İ 2025-04-01 x", "2025-04-01T00:00:00+09:00 Ignored(1..3)"),
            ("2023-01-29 18:30:22 2023 -0800", "2023-01-29T18:30:22+09:00 Ignored(20..30)"),
        ] {
            assert_eq!(tokyo(text, false), expected, "{text}");
        }
    }

    #[test]
    fn a_quoted_time_without_a_zone_is_local() {
        assert_eq!(tokyo("2025-11-08 16:38:45", true), "2025-11-08T16:38:45+09:00");
        assert_eq!(tokyo("2025-11-08T16:38:45", true), "2025-11-08T16:38:45+09:00");
        assert_eq!(tokyo("2025-11-08 16:38:45 +0000", true), "2025-11-09T01:38:45+09:00");
    }

    #[test]
    fn people_expect_local_time() {
        let date = in_zone("2025-11-08 16:38:45", false, Tokyo, Naive::Local).unwrap();
        assert_eq!(date.at.to_rfc3339(), "2025-11-08T16:38:45+09:00");
    }

    #[test]
    fn impossible_days_roll_over_with_a_warning() {
        assert_eq!(tokyo("2024-02-30", false), "2024-03-01T00:00:00+09:00 RolledOver");
        assert_eq!(tokyo("2025-02-29", false), "2025-03-01T00:00:00+09:00 RolledOver");
        assert_eq!(tokyo("2025-11-08 24:00:00", true), "2025-11-09T00:00:00+09:00 RolledOver");
        assert_eq!(tokyo("2025-12-31 23:59:60 +0900", false), "2026-01-01T00:00:00+09:00");
        assert_eq!(tokyo("2025-02-29 10:00:00", false), "2025-03-01T10:00:00+09:00 RolledOver");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["2025-11", "1762619925", "16:38", "tomorrow", "Nov 2025", "2025", "2025-11-08-09-10", "2025年11月8日"]
        {
            assert_eq!(tokyo(text, false), "NotADate", "{text}");
        }
        for text in
            ["2025-13-01", "2025-11-32", "2025-11-00", "2025-11-08 25:00", "2025-11-08 24:01", "99999-01-01", "0-0-0"]
        {
            assert_eq!(tokyo(text, false), "OutOfRange", "{text}");
        }
        assert_eq!(tokyo("  ", false), "Empty");
        assert_eq!(tokyo("1-1-1 1:1+1:0036636635", false), "2001-01-01T01:01:00+09:00 Ignored(9..22)");
    }

    #[test]
    fn a_date_has_at_most_128_bytes() {
        let padded = |len: usize| tokyo(&format!("2025-11-08{}", " ".repeat(len - 10)), true);
        assert_eq!((padded(128).as_str(), padded(129).as_str()), ("2025-11-08T00:00:00+09:00", "NotADate"));
        assert_eq!(tokyo(&"\n".repeat(1_000_000), true), "NotADate");
    }

    #[test]
    fn times_that_clocks_skip_or_show_twice() {
        let date = |text| in_zone(text, true, New_York, Naive::Local).unwrap();
        let gap = date("2025-03-09 02:30");
        assert_eq!(
            (gap.at.to_rfc3339().as_str(), &gap.repairs[..]),
            ("2025-03-09T03:30:00-04:00", &[Repair::Skipped][..])
        );
        let twice = date("2025-11-02 01:30");
        assert_eq!(
            (twice.at.to_rfc3339().as_str(), &twice.repairs[..]),
            ("2025-11-02T01:30:00-04:00", &[Repair::Ambiguous][..])
        );
        let day = in_zone("2011-12-30 12:00", true, chrono_tz::Pacific::Apia, Naive::Local).unwrap();
        assert_eq!(day.at.to_rfc3339(), "2011-12-31T12:00:00+14:00");
    }

    #[test]
    fn summer_time_names_are_known_where_they_are_the_sites_own() {
        let date = in_zone("2025-07-08 16:38:45 CEST", true, chrono_tz::Europe::Berlin, Naive::Local).unwrap();
        assert_eq!((date.at.to_rfc3339().as_str(), date.repairs.len()), ("2025-07-08T16:38:45+02:00", 0));
        let date = in_zone("2025-07-08 16:38:45 CEST", true, Tokyo, Naive::Local).unwrap();
        assert_eq!(date.repairs, [Repair::UnknownZone]);
    }

    #[test]
    fn days_of_file_names() {
        let day = |y, m, d| of_day(y, m, d, Tokyo).map(|date| (date.at.to_rfc3339(), date.repairs));
        assert_eq!(day(25, 1, 13), Ok(("2025-01-13T00:00:00+09:00".into(), vec![])));
        assert_eq!(day(2025, 2, 30), Ok(("2025-03-02T00:00:00+09:00".into(), vec![Repair::RolledOver])));
        assert_eq!(day(2025, 13, 40), Err(Refused::OutOfRange));
    }

    #[test]
    fn offsets_of_old_dates_have_whole_minutes() {
        assert_eq!(of_day(1800, 1, 1, Tokyo).unwrap().at.to_rfc3339(), "1799-12-31T23:59:01+09:18");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,60}", quoted: bool) {
            let _ = in_zone(&text, quoted, New_York, Naive::Timestamp);
        }

        #[test]
        fn never_panics_on_what_looks_like_dates(text in "[0-9]{0,5}[-/. ](Nov|[0-9]{1,3})[-/. ][0-9]{0,5}[T ][0-9]{1,3}:[0-9]{1,3}(:[0-9]{1,3})? ?(pm)? ?([-+][0-9:]{0,9}|[A-Z]{1,4})?") {
            let _ = in_zone(&text, false, New_York, Naive::Timestamp);
        }

        #[test]
        fn every_instant_that_is_written_is_read(seconds in 0_i64..4_000_000_000) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            for text in [at.to_rfc3339(), at.to_rfc2822(), at.format("%Y-%m-%d %H:%M:%S").to_string()] {
                proptest::prop_assert_eq!(in_zone(&text, false, New_York, Naive::Timestamp).unwrap().at, at);
            }
        }
    }
}
