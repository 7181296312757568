//! Cron expressions with crontab(5)'s meaning, on top of the `cron` crate.
//!
//! In: an expression, and the moment after which to look, in the site's zone. Out: the next moment. Never: a clock.
//!
//! The crate finds dates; everything in which it differs from crontab(5) is done here. It is asked for wall times as if
//! they were UTC, so that it neither skips those in a daylight-saving gap nor doubles those in an overlap; its Sunday is 1;
//! and where crontab joins day of month and day of week with OR, it is asked twice.

mod field;
#[cfg(test)]
mod oracle;

use std::collections::BTreeSet;

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, Tz};

use self::field::{KINDS, Values};

/// How far clocks go back at once: the change that crontab(5) takes for daylight saving.
const LONGEST_OVERLAP: TimeDelta = TimeDelta::hours(3);

/// When scans run.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Each names wall times as if they were UTC; a time counts if one of them names it.
    rules: Vec<cron::Schedule>,
    /// It names every hour, so it says how often rather than when.
    every_hour: bool,
}

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ScheduleError {
    /// In one sentence without a full stop; names the field and what it may hold.
    pub reason: String,
}

impl Schedule {
    /// Reads five fields (minute, hour, day of month, month, day of week), or a nickname such as `@hourly`.
    ///
    /// A field is a list of numbers, names (`jan`–`dec`, `sun`–`sat`, in any case), ranges and `*`; a step may follow a
    /// range or `*`, but not a single number. Sunday is 0 and 7. If both day fields are restricted, that is, if neither
    /// starts with `*`, a day counts that either of them names; otherwise one that both name.
    ///
    /// # Errors
    ///
    /// If the expression is not crontab(5)'s, or no date ever matches it.
    pub fn parse(expression: &str) -> Result<Self, ScheduleError> {
        let long = nickname(expression.trim())?;
        let texts: Vec<&str> = long.split_ascii_whitespace().collect();
        let Ok(texts) = <[&str; 5]>::try_from(texts.as_slice()) else {
            return Err(wrong_number(texts.len()));
        };
        let mut fields = Vec::with_capacity(KINDS.len());
        for (kind, text) in KINDS.iter().zip(texts) {
            fields.push(kind.parse(text)?);
        }
        let schedule = Self { rules: rules(&fields), every_hour: fields[1].set.len() == 24 };
        match schedule.wall_after(DateTime::UNIX_EPOCH.naive_utc()) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError {
                reason: format!("no date is day {} of month {}: choose a day that the month has", texts[2], texts[3]),
            }),
        }
    }

    /// The first instant after `now` that it names, in `now`'s zone; `None` once the year 2100 is over.
    ///
    /// When the clocks change, an expression that names certain hours runs once a time named: one in the gap runs at the
    /// first instant after it, and one in the overlap runs in the first pass. An expression that names every hour, such
    /// as `*/5 * * * *`, goes on as the clock shows: what falls into the gap is left out, and both passes of the overlap
    /// count, so that the intervals stay even.
    #[must_use]
    pub fn next_after(&self, now: DateTime<Tz>) -> Option<DateTime<Tz>> {
        let zone = now.timezone();
        let mut wall = now.naive_local() - LONGEST_OVERLAP;
        let mut best = None;
        while let Some(next) = self.wall_after(wall) {
            wall = next;
            let (first, second) = self.instants(zone, wall);
            best = [best, first, second].into_iter().flatten().filter(|at| *at > now).min();
            // First instants only grow with the wall time, so nothing that comes later is sooner.
            if first.is_some_and(|first| first > now) {
                break;
            }
        }
        best
    }

    fn wall_after(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let wall = wall.and_utc();
        self.rules.iter().filter_map(|rule| rule.after(&wall).next()).min().map(|next| next.naive_utc())
    }

    /// When a job for this wall time runs.
    fn instants(&self, zone: Tz, wall: NaiveDateTime) -> (Option<DateTime<Tz>>, Option<DateTime<Tz>>) {
        match zone.from_local_datetime(&wall) {
            LocalResult::Single(at) => (Some(at), None),
            LocalResult::Ambiguous(first, second) => (Some(first), self.every_hour.then_some(second)),
            LocalResult::None if self.every_hour => (None, None),
            LocalResult::None => (GapInfo::new(&wall, &zone).and_then(|gap| gap.end), None),
        }
    }
}

/// The expression that a nickname stands for; anything else as it is.
fn nickname(expression: &str) -> Result<&str, ScheduleError> {
    let known = match expression.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@reboot" => {
            return Err(ScheduleError {
                reason: "`@reboot` is no time: a scan runs at every start anyway, so say when the next ones do".into(),
            });
        }
        other if other.starts_with('@') => {
            return Err(ScheduleError {
                reason: format!(
                    "`{expression}` is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually"
                ),
            });
        }
        _ => expression,
    };
    Ok(known)
}

fn wrong_number(count: usize) -> ScheduleError {
    let hint = match count {
        6 => ": leave out the seconds, which come first elsewhere",
        7 => ": leave out the seconds and the years, which come first and last elsewhere",
        _ => "",
    };
    ScheduleError {
        reason: format!("it has {count} fields instead of five, minute hour day-of-month month day-of-week{hint}"),
    }
}

/// The crate's schedules that together name the wall times of five fields.
fn rules(fields: &[Values]) -> Vec<cron::Schedule> {
    let [minutes, hours, days, months, weekdays] = fields else { unreachable!("five fields were read") };
    let numbered_from_one = weekdays.set.iter().map(|day| day % 7 + 1).collect();
    let (times, months) = (format!("0 {} {}", list(&minutes.set), list(&hours.set)), list(&months.set));
    let (days_list, weekdays_list) = (list(&days.set), list(&numbered_from_one));
    let expressions = if days.starred || weekdays.starred {
        vec![format!("{times} {days_list} {months} {weekdays_list}")]
    } else {
        vec![format!("{times} {days_list} {months} *"), format!("{times} * {months} {weekdays_list}")]
    };
    let parse = |text: String| text.parse().expect("lists of values within their bounds are the crate's grammar");
    expressions.into_iter().map(parse).collect()
}

fn list(values: &BTreeSet<u32>) -> String {
    values.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instants that follow `from` in `zone`, as RFC 3339 without seconds.
    fn upcoming(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let zone: Tz = zone.parse().unwrap();
        let schedule = Schedule::parse(expression).unwrap();
        let mut now = DateTime::parse_from_rfc3339(from).unwrap().with_timezone(&zone);
        let mut found = Vec::new();
        for _ in 0..count {
            now = schedule.next_after(now).unwrap();
            found.push(now.format("%Y-%m-%dT%H:%M%:z").to_string());
        }
        found
    }

    #[test]
    fn a_calendar_agrees() {
        let tokyo = "Asia/Tokyo";
        for (expression, from, want) in [
            ("0 9 * * 1", "2026-01-01T00:00:00+09:00", ["2026-01-05T09:00+09:00", "2026-01-12T09:00+09:00"]),
            ("0 9 * * mon", "2026-01-05T09:00:00+09:00", ["2026-01-12T09:00+09:00", "2026-01-19T09:00+09:00"]),
            ("0 9 * * 0", "2026-01-01T00:00:00+09:00", ["2026-01-04T09:00+09:00", "2026-01-11T09:00+09:00"]),
            ("0 9 * * 7", "2026-01-01T00:00:00+09:00", ["2026-01-04T09:00+09:00", "2026-01-11T09:00+09:00"]),
            ("*/5 * * * *", "2025-12-31T23:54:59+09:00", ["2025-12-31T23:55+09:00", "2026-01-01T00:00+09:00"]),
            ("59 23 31 12 *", "2026-01-01T00:00:00+09:00", ["2026-12-31T23:59+09:00", "2027-12-31T23:59+09:00"]),
            ("0 0 29 2 *", "2026-01-01T00:00:00+09:00", ["2028-02-29T00:00+09:00", "2032-02-29T00:00+09:00"]),
            ("0 0 31 * *", "2026-01-31T00:00:00+09:00", ["2026-03-31T00:00+09:00", "2026-05-31T00:00+09:00"]),
            ("@weekly", "2026-01-01T00:00:00+09:00", ["2026-01-04T00:00+09:00", "2026-01-11T00:00+09:00"]),
            ("@Monthly", "2026-01-01T00:00:00+09:00", ["2026-02-01T00:00+09:00", "2026-03-01T00:00+09:00"]),
            ("@yearly", "2026-01-01T00:00:00+09:00", ["2027-01-01T00:00+09:00", "2028-01-01T00:00+09:00"]),
            ("@midnight", "2026-01-01T00:00:00+09:00", ["2026-01-02T00:00+09:00", "2026-01-03T00:00+09:00"]),
            ("@hourly", "2026-01-01T00:00:00+09:00", ["2026-01-01T01:00+09:00", "2026-01-01T02:00+09:00"]),
        ] {
            assert_eq!(upcoming(expression, tokyo, from, 2), want, "{expression}");
        }
    }

    #[test]
    fn two_restricted_day_fields_are_joined_with_or_and_a_starred_one_with_and() {
        let from = "2026-02-01T00:00:00+00:00";
        let days = |expression, count| -> Vec<String> {
            upcoming(expression, "UTC", from, count).iter().map(|at| at[5..10].to_owned()).collect()
        };
        assert_eq!(days("0 0 12 * 5", 4), ["02-06", "02-12", "02-13", "02-20"]);
        assert_eq!(days("0 0 */2 * 1", 3), ["02-09", "02-23", "03-09"]);
        assert_eq!(days("0 0 1-7 * */7", 2), ["03-01", "04-05"]);
        assert_eq!(days("0 0 30 2 1", 2), ["02-02", "02-09"]);
    }

    #[test]
    fn a_named_hour_in_the_gap_runs_once_after_it_and_one_in_the_overlap_runs_once() {
        for (expression, zone, from, want) in [
            // New York: 2026-03-08 02:00 → 03:00, 2026-11-01 02:00 → 01:00.
            (
                "30 2 * * *",
                "America/New_York",
                "2026-03-07T02:30:00-05:00",
                ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"],
            ),
            (
                "*/20 2 * * *",
                "America/New_York",
                "2026-03-07T02:40:00-05:00",
                ["2026-03-08T03:00-04:00", "2026-03-09T02:00-04:00"],
            ),
            (
                "30 2,3 * * *",
                "America/New_York",
                "2026-03-08T00:00:00-05:00",
                ["2026-03-08T03:00-04:00", "2026-03-08T03:30-04:00"],
            ),
            (
                "0 2,3 * * *",
                "America/New_York",
                "2026-03-08T00:00:00-05:00",
                ["2026-03-08T03:00-04:00", "2026-03-09T02:00-04:00"],
            ),
            (
                "0 */2 * * *",
                "America/New_York",
                "2026-03-08T00:00:00-05:00",
                ["2026-03-08T03:00-04:00", "2026-03-08T04:00-04:00"],
            ),
            (
                "30 1 * * *",
                "America/New_York",
                "2026-11-01T00:00:00-04:00",
                ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
            ),
            // Asked in the second pass of the overlap.
            (
                "30 1 * * *",
                "America/New_York",
                "2026-11-01T01:10:00-05:00",
                ["2026-11-02T01:30-05:00", "2026-11-03T01:30-05:00"],
            ),
            // Berlin: 2026-03-29 02:00 → 03:00, 2026-10-25 03:00 → 02:00.
            (
                "15 2 * * 0",
                "Europe/Berlin",
                "2026-03-28T00:00:00+01:00",
                ["2026-03-29T03:00+02:00", "2026-04-05T02:15+02:00"],
            ),
            (
                "15 2 * * 0",
                "Europe/Berlin",
                "2026-10-24T00:00:00+02:00",
                ["2026-10-25T02:15+02:00", "2026-11-01T02:15+01:00"],
            ),
            // Lord Howe changes by half an hour: 2026-10-04 02:00 → 02:30, 2026-04-05 02:00 → 01:30.
            (
                "15 2 * * *",
                "Australia/Lord_Howe",
                "2026-10-04T00:00:00+10:30",
                ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"],
            ),
            (
                "45 1 * * *",
                "Australia/Lord_Howe",
                "2026-04-05T00:00:00+11:00",
                ["2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"],
            ),
        ] {
            assert_eq!(upcoming(expression, zone, from, 2), want, "{expression} in {zone}");
        }
    }

    #[test]
    fn every_hour_keeps_its_pace_when_the_clocks_change() {
        for (expression, zone, from, want) in [
            (
                "*/30 * * * *",
                "America/New_York",
                "2026-03-08T01:15:00-05:00",
                ["2026-03-08T01:30-05:00", "2026-03-08T03:00-04:00", "2026-03-08T03:30-04:00"],
            ),
            (
                "30 * * * *",
                "America/New_York",
                "2026-11-01T00:45:00-04:00",
                ["2026-11-01T01:30-04:00", "2026-11-01T01:30-05:00", "2026-11-01T02:30-05:00"],
            ),
            (
                "*/15 * * * *",
                "Australia/Lord_Howe",
                "2026-04-05T01:30:00+11:00",
                ["2026-04-05T01:45+11:00", "2026-04-05T01:30+10:30", "2026-04-05T01:45+10:30"],
            ),
        ] {
            assert_eq!(upcoming(expression, zone, from, 3), want, "{expression} in {zone}");
        }
    }

    #[test]
    fn what_is_no_crontab_expression_is_refused_with_a_hint() {
        for (expression, hint) in [
            ("", "it has 0 fields instead of five"),
            ("* * * *", "it has 4 fields"),
            ("0 0 9 * * 1", "leave out the seconds, which"),
            ("0 0 9 * * 1 2026", "leave out the seconds and the years"),
            ("0 0 30 2 *", "no date is day 30 of month 2"),
            ("0 0 31 apr,jun */2", "no date is day 31 of month apr,jun"),
            ("0 24 * * *", "the hour field `24`"),
            ("@reboot", "`@reboot` is no time"),
            ("@fortnightly", "`@fortnightly` is none of @hourly"),
        ] {
            let reason = Schedule::parse(expression).unwrap_err().reason;
            assert!(reason.contains(hint), "{reason}");
        }
    }
}
