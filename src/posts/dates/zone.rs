//! Time zones as dates name them.

use chrono::TimeZone;
use chrono_tz::{OffsetName, Tz};

use super::tokens::Tokens;

/// What stands after the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Zone {
    /// Seconds east of UTC.
    Offset(i32),
    /// A name, in lower case.
    Named(String),
}

impl Zone {
    pub(super) fn is_named(&self, test: impl Fn(&str) -> bool) -> bool {
        matches!(self, Self::Named(name) if test(name))
    }

    /// Seconds east of UTC, if the name is known: the few of RFC 5322, 4.3, and what the site's own zone is called in
    /// January and July of that year.
    pub(super) fn offset(&self, site: Tz, year: i32) -> Option<i32> {
        match self {
            Self::Offset(seconds) => Some(*seconds),
            Self::Named(name) => common(name).or_else(|| own(name, site, year)),
        }
    }
}

/// The zone that is written at `at`, and where it ends.
pub(super) fn at(tokens: &Tokens, at: usize) -> Option<(Zone, usize)> {
    if let Some(name) = tokens.word(at) {
        return Some((Zone::Named(name.to_owned()), at + 1));
    }
    let sign = if tokens.is_sign(at, '-') { -1 } else { 1 };
    let digits = tokens.number(at + 1).filter(|_| sign < 0 || tokens.is_sign(at, '+'))?;
    let (hours, minutes, end) = match (digits.len(), tokens.number(at + 3).filter(|_| tokens.is_sign(at + 2, ':'))) {
        (1 | 2, Some(minutes)) => (digits, minutes, at + 4),
        (1 | 2, None) => (digits, "0", at + 2),
        (4, None) => (&digits[..2], &digits[2..], at + 2),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then(|| (Zone::Offset(sign * (hours * 3600 + minutes * 60)), end))
}

fn common(name: &str) -> Option<i32> {
    let hours = match name {
        "utc" | "ut" | "gmt" | "z" => 0,
        "edt" => -4,
        "est" | "cdt" => -5,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

fn own(name: &str, site: Tz, year: i32) -> Option<i32> {
    [1, 7].into_iter().find_map(|month| {
        let noon = site.with_ymd_and_hms(year, month, 1, 12, 0, 0).earliest()?;
        let is_it = noon.offset().abbreviation().is_some_and(|own| own.eq_ignore_ascii_case(name));
        is_it.then(|| noon.fixed_offset().offset().local_minus_utc())
    })
}
