//! What crontab(5) says, minute by minute: slow, and without the `cron` crate.

use std::collections::BTreeSet;

use chrono::offset::LocalResult;
use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::Schedule;

/// A field as text, with the values that it was made from.
#[derive(Debug, Clone)]
struct Field {
    text: String,
    values: BTreeSet<u32>,
}

fn field(min: u32, max: u32) -> impl Strategy<Value = Field> {
    let value = min..=max;
    prop_oneof![
        3 => Just(Field { text: "*".into(), values: (min..=max).collect() }),
        1 => (1..=max).prop_map(move |step| Field {
            text: format!("*/{step}"),
            values: (min..=max).filter(|value| (value - min).is_multiple_of(step)).collect(),
        }),
        2 => proptest::collection::btree_set(value.clone(), 1..4).prop_map(|values| Field {
            text: values.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
            values,
        }),
        1 => (value.clone(), value, 1..=max).prop_map(|(a, b, step)| Field {
            text: format!("{}-{}/{step}", a.min(b), a.max(b)),
            values: (a.min(b)..=a.max(b)).filter(|value| (value - a.min(b)).is_multiple_of(step)).collect(),
        }),
    ]
}

#[derive(Debug, Clone)]
struct Oracle {
    fields: [Field; 5],
}

impl Oracle {
    fn expression(&self) -> String {
        self.fields.each_ref().map(|field| field.text.as_str()).join(" ")
    }

    fn names(&self, wall: NaiveDateTime) -> bool {
        let [minute, hour, day, month, weekday] = &self.fields;
        let on_day = day.values.contains(&wall.day());
        let sunday_based = wall.weekday().num_days_from_sunday();
        let on_weekday = weekday.values.contains(&sunday_based) || (sunday_based == 0 && weekday.values.contains(&7));
        let today = match day.text.starts_with('*') || weekday.text.starts_with('*') {
            true => on_day && on_weekday,
            false => on_day || on_weekday,
        };
        today
            && minute.values.contains(&wall.minute())
            && hour.values.contains(&wall.hour())
            && month.values.contains(&wall.month())
    }

    fn runs_at(&self, at: DateTime<Tz>) -> bool {
        let wall = at.naive_local();
        if self.fields[1].values.len() == 24 {
            return self.names(wall);
        }
        let first_pass = match at.timezone().from_local_datetime(&wall) {
            LocalResult::Ambiguous(first, _) => first == at,
            _ => true,
        };
        let before = (at - TimeDelta::minutes(1)).naive_local();
        let mut skipped = before + TimeDelta::minutes(1);
        let mut in_gap = false;
        while skipped < wall {
            in_gap |= self.names(skipped);
            skipped += TimeDelta::minutes(1);
        }
        in_gap || (first_pass && self.names(wall))
    }

    fn next_after(&self, now: DateTime<Tz>, minutes: i64) -> Option<DateTime<Tz>> {
        (1..=minutes).map(|later| now + TimeDelta::minutes(later)).find(|at| self.runs_at(*at))
    }
}

fn oracle() -> impl Strategy<Value = Oracle> {
    (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
        .prop_map(|(minute, hour, day, month, weekday)| Oracle { fields: [minute, hour, day, month, weekday] })
}

/// Holds the schedule against the oracle for `days` from `start`, a whole minute.
fn compare(oracle: &Oracle, start: DateTime<Tz>, days: i64) -> Result<(), TestCaseError> {
    let Ok(schedule) = Schedule::parse(&oracle.expression()) else {
        prop_assert!(oracle.next_after(start, 366 * 24 * 60).is_none(), "{} was refused", oracle.expression());
        return Ok(());
    };
    let minutes = days * 24 * 60;
    let found = schedule.next_after(start).filter(|at| *at <= start + TimeDelta::minutes(minutes));
    prop_assert_eq!(found, oracle.next_after(start, minutes), "{} after {}", oracle.expression(), start);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_next_time_is_the_first_minute_that_matches(oracle in oracle(), minute in 0i64..40_000_000) {
        let start = Tz::UTC.timestamp_opt(946_684_800 + minute * 60, 0).unwrap();
        compare(&oracle, start, 40)?;
    }

    #[test]
    fn clock_changes_are_met_as_crontab_says(
        mut oracle in oracle(),
        (zone, change) in prop_oneof![
            Just((Tz::America__New_York, "2026-03-08T07:00:00Z")),
            Just((Tz::America__New_York, "2026-11-01T06:00:00Z")),
            Just((Tz::Australia__Lord_Howe, "2026-10-03T15:30:00Z")),
            Just((Tz::Australia__Lord_Howe, "2026-04-04T15:00:00Z")),
            Just((Tz::Europe__Berlin, "2026-03-29T01:00:00Z")),
            Just((Tz::Antarctica__Casey, "2010-03-04T15:00:00Z")),
        ],
        minute in -300i64..300,
    ) {
        for wide in [2, 3, 4] {
            oracle.fields[wide] = Field { text: "*".into(), values: (0..=31).collect() };
        }
        let change = DateTime::parse_from_rfc3339(change).unwrap().with_timezone(&zone);
        compare(&oracle, change + TimeDelta::minutes(minute), 2)?;
    }
}
