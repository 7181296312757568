//! From the parts of a date to an instant.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::written::{Clock, Written};
use super::{Date, Refused, Repair};

/// Years that every format of a feed can write (RFC 3339, 5.6).
const YEARS: std::ops::RangeInclusive<i32> = 1..=9998;

/// The instant that `written` means; without a zone of its own, in `utc` or else in the site's.
pub(super) fn of(written: &Written, site: Tz, utc: bool) -> Result<Date, Refused> {
    let mut repairs = Vec::new();
    let (local, rolled_over) = local(written).ok_or(Refused::OutOfRange)?;
    if rolled_over {
        repairs.push(Repair::RolledOver);
    }
    let offset = match &written.zone {
        Some(zone) => zone.offset(site, written.year),
        // What YAML takes for no timestamp, because there is no such day, is a text and therefore local.
        None => (utc && !rolled_over).then_some(0),
    };
    let instant = match offset {
        Some(offset) => local - TimeDelta::seconds(offset.into()),
        None => in_site_zone(local, site, &mut repairs).ok_or(Refused::OutOfRange)?,
    };
    if written.zone.is_some() && offset.is_none() {
        repairs.push(Repair::UnknownZone);
    }
    Ok(Date { at: shown(instant, site), repairs })
}

/// The date and time, and whether it had to roll over.
fn local(written: &Written) -> Option<(NaiveDateTime, bool)> {
    let Clock { hour, minute, second } = written.clock;
    let sound = YEARS.contains(&written.year) && (1..=31).contains(&written.day) && minute < 60 && second <= 60;
    let first = NaiveDate::from_ymd_opt(written.year, written.month, 1).filter(|_| sound)?;
    if hour > 24 || (hour == 24 && minute + second > 0) {
        return None;
    }
    let day = first + TimeDelta::days((written.day - 1).into());
    let time = TimeDelta::seconds((hour * 3600 + minute * 60 + second).into());
    let rolled_over = NaiveDate::from_ymd_opt(written.year, written.month, written.day).is_none() || hour == 24;
    Some((day.and_hms_opt(0, 0, 0)? + time, rolled_over))
}

/// The instant, in UTC, at which the site's clocks show `local`.
fn in_site_zone(local: NaiveDateTime, site: Tz, repairs: &mut Vec<Repair>) -> Option<NaiveDateTime> {
    let found = site.from_local_datetime(&local);
    if let Some(at) = found.earliest() {
        if found.single().is_none() {
            repairs.push(Repair::Ambiguous);
        }
        return Some(at.naive_utc());
    }
    repairs.push(Repair::Skipped);
    // The longest gap there has been is a day (Samoa, December 2011). Going by the offset from before it moves forward.
    let before = (1..=48).find_map(|hours| site.from_local_datetime(&(local - TimeDelta::hours(hours))).latest())?;
    Some(local - TimeDelta::seconds(before.fixed_offset().offset().local_minus_utc().into()))
}

/// The instant in the site's zone, with an offset of whole minutes, as RFC 3339 wants it.
pub(super) fn shown(instant: NaiveDateTime, site: Tz) -> DateTime<FixedOffset> {
    let at = site.from_utc_datetime(&instant).fixed_offset();
    match at.offset().local_minus_utc() % 60 {
        0 => at,
        rest => {
            FixedOffset::east_opt(at.offset().local_minus_utc() - rest).map_or(at, |offset| at.with_timezone(&offset))
        }
    }
}
