//! Times and lengths of time as they are written on the command line.
//!
//! In: text. Out: a moment, given now; or a length. Never: a clock.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

/// A moment, or how long ago it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    At(DateTime<Utc>),
    Ago(Duration),
}

impl Since {
    /// The moment, if it is `now`.
    pub(super) fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Ago(length) => TimeDelta::from_std(length)
                .ok()
                .and_then(|length| now.checked_sub_signed(length))
                .unwrap_or(DateTime::<Utc>::MIN_UTC),
        }
    }
}

/// `2026-11-22T10:00:00+09:00`, `2026-11-22` (its beginning, UTC), or as [`length`].
pub(super) fn since(text: &str) -> Result<Since, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(Since::At(at.to_utc()));
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(Since::At(day.and_time(NaiveTime::MIN).and_utc()));
    }
    length(text).map(Since::Ago).map_err(|_| {
        format!("`{text}` is neither a time like 2026-11-22T10:00:00Z, nor a day like 2026-11-22, nor a length like 90m, 2h, 3d")
    })
}

/// `90s`, `15m`, `24h`, `3d`, `2w`; ten years at most.
pub(super) fn length(text: &str) -> Result<Duration, String> {
    const LONGEST: u64 = 3_660 * 24 * 60 * 60;
    let units = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60), ("w", 7 * 24 * 60 * 60)];
    units
        .into_iter()
        .find_map(|(unit, seconds)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(seconds))
        .filter(|seconds| *seconds <= LONGEST)
        .map(Duration::from_secs)
        .ok_or_else(|| format!("`{text}` is no length of time like 90s, 15m, 24h, 3d or 2w"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_moment_is_written_as_a_time_a_day_or_a_length() {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let before = |text: &str| since(text).unwrap().before(now).to_rfc3339();
        assert_eq!(before("2026-11-22T10:00:00+09:00"), "2026-11-22T01:00:00+00:00");
        assert_eq!(before("2026-11-21"), "2026-11-21T00:00:00+00:00");
        assert_eq!(before("90m"), "2026-11-22T10:30:00+00:00");
        assert_eq!(before("2d"), "2026-11-20T12:00:00+00:00");
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in ["", "x", "3", "-1h", "1.5h", "99999999999999999999s", "9999999w", "yesterday", "2026-13-01", "１h"]
        {
            assert!(since(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_has_a_moment_or_a_reason(text in "[0-9T:Z+smhdw.-]{0,24}|.{0,12}") {
            if let Ok(Since::Ago(length)) = since(&text) {
                let now = DateTime::UNIX_EPOCH;
                prop_assert_eq!((now - Since::Ago(length).before(now)).to_std().unwrap(), length);
            }
        }
    }
}
