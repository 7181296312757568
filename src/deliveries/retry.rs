//! When to try again.
//!
//! In: what the receiver answered, the tries before, now, a random number. Out: a verdict. Never: I/O, a clock, its own
//! randomness, a next attempt earlier than the receiver asked for.

use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::Verdict;

/// The longest wait that a receiver's `Retry-After` is granted.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// No wait that is decided here is longer, jitter included: one that is was made by a clock that has been set back since.
pub(super) const LONGEST_WAIT: TimeDelta = TimeDelta::hours(29);

/// From this age on, an answer that asks for a pause counts as a failed try: nothing is owed for ever.
const PATIENCE: TimeDelta = TimeDelta::hours(72);

/// Waits are lengthened by up to this part, so that receivers which failed together are not called together.
const JITTER: f64 = 0.2;

/// The shortest pause, for a receiver that answers `Retry-After: 1` for hours.
const MIN_PAUSE: Duration = Duration::from_secs(5);

/// A delivery's history, as far as it decides what comes next.
#[derive(Debug, Clone, Copy)]
pub struct Tries<'a> {
    /// How long to wait before the second try, the third, and so on; when they are used up, the delivery is given up.
    pub schedule: &'a [Duration],
    /// Tries that failed before this one.
    pub before: u32,
    /// When the first of all that failed began.
    pub first_failed_at: Option<DateTime<Utc>>,
}

/// What to do after an attempt. `status` is `None` if there was no answer; `random` is in 0..1.
#[must_use]
pub fn decide(
    status: Option<u16>,
    retry_after: Option<Duration>,
    tries: Tries<'_>,
    now: DateTime<Utc>,
    random: f64,
) -> Verdict {
    let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    match status {
        Some(200..=299) => Verdict::Delivered,
        Some(410) => Verdict::Gone,
        Some(429 | 503) if !asked.is_zero() && is_young(tries, now) => {
            Verdict::Paused { until: after(asked.max(MIN_PAUSE), now, random) }
        }
        _ => match tries.schedule.get(tries.before as usize) {
            Some(&wait) => Verdict::Retry { at: after(wait.max(asked), now, random) },
            None => Verdict::Dead,
        },
    }
}

/// Reads a `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date, of which one that is past means no wait at all.
/// Fractions of seconds, which some services send, are rounded up. `None` for anything else.
#[must_use]
pub fn parse_retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    parse_seconds(value).or_else(|| {
        let date = httpdate::parse_http_date(value).ok()?;
        let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.timestamp_millis()).ok()?);
        Some(date.duration_since(now).unwrap_or_default())
    })
}

fn parse_seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // Digits that do not fit ask for longer than anybody gets.
    let seconds: u64 = whole.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds.saturating_add(u64::from(fraction.bytes().any(|b| b != b'0')))))
}

/// A clock that was set back makes the first failure lie ahead: then the delivery is young.
fn is_young(tries: Tries<'_>, now: DateTime<Utc>) -> bool {
    tries.first_failed_at.is_none_or(|first| now - first < PATIENCE)
}

fn after(wait: Duration, now: DateTime<Utc>, random: f64) -> DateTime<Utc> {
    let wait = wait.mul_f64(1.0 + JITTER * random.clamp(0.0, 1.0));
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Webhook;
    use proptest::prelude::*;

    const FRESH: Tries<'_> = Tries { schedule: &Webhook::RETRY, before: 0, first_failed_at: None };

    fn now() -> DateTime<Utc> {
        "2026-03-01T09:00:00Z".parse().unwrap()
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn retry(seconds: i64) -> Verdict {
        Verdict::Retry { at: now() + TimeDelta::seconds(seconds) }
    }

    fn paused(seconds: i64) -> Verdict {
        Verdict::Paused { until: now() + TimeDelta::seconds(seconds) }
    }

    #[test]
    fn no_wait_is_longer_than_the_longest() {
        for (status, asked) in [(500, 0), (500, u64::MAX), (429, u64::MAX)] {
            for before in 0..11 {
                let verdict = decide(Some(status), Some(secs(asked)), Tries { before, ..FRESH }, now(), 1.0);
                let (Verdict::Retry { at: until } | Verdict::Paused { until }) = verdict else { panic!("{verdict:?}") };
                assert!(until - now() < LONGEST_WAIT, "{until}");
            }
        }
    }

    #[test]
    fn twelve_tries_fill_seventy_one_hours() {
        let waits: Vec<i64> = (0..12)
            .map(|before| match decide(Some(500), None, Tries { before, ..FRESH }, now(), 0.0) {
                Verdict::Retry { at } => (at - now()).num_seconds(),
                Verdict::Dead => -1,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(waits, [5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 86_400, -1]);
        assert_eq!(waits[..11].iter().sum::<i64>() / 3600, 70);
        assert_eq!(decide(None, None, Tries { before: u32::MAX, ..FRESH }, now(), 0.0), Verdict::Dead);
    }

    #[test]
    fn only_2xx_is_a_success_and_only_410_is_the_end() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(decide(Some(status), Some(secs(60)), FRESH, now(), 0.0), Verdict::Delivered, "{status}");
        }
        assert_eq!(decide(Some(410), Some(secs(60)), FRESH, now(), 0.0), Verdict::Gone);
        for status in [101, 301, 302, 308, 400, 401, 404, 408, 409, 425, 429, 500, 502, 503, 504, 599, 999] {
            assert_eq!(decide(Some(status), None, FRESH, now(), 0.0), retry(5), "{status}");
        }
        assert_eq!(decide(None, None, FRESH, now(), 0.0), retry(5));
    }

    #[test]
    fn jitter_only_adds_up_to_a_fifth() {
        assert_eq!(decide(None, None, FRESH, now(), 1.0), retry(6));
        assert_eq!(decide(Some(500), Some(secs(100)), FRESH, now(), 0.5), retry(110));
        assert_eq!(decide(Some(429), Some(secs(100)), FRESH, now(), 0.5), paused(110));
        assert_eq!(decide(None, None, FRESH, now(), -3.0), retry(5));
    }

    #[test]
    fn retry_after_may_only_delay() {
        assert_eq!(decide(Some(500), Some(secs(60)), FRESH, now(), 0.0), retry(60));
        assert_eq!(decide(Some(500), Some(secs(1)), FRESH, now(), 0.0), retry(5));
        assert_eq!(decide(Some(404), Some(secs(60)), Tries { before: 3, ..FRESH }, now(), 0.0), retry(600));
        assert_eq!(decide(Some(500), Some(Duration::MAX), FRESH, now(), 0.0), retry(86_400));
    }

    #[test]
    fn retry_after_on_429_and_503_pauses_the_endpoint_at_any_try() {
        for before in [0, 5, 11, 400] {
            let tries = Tries { before, ..FRESH };
            assert_eq!(decide(Some(429), Some(secs(60)), tries, now(), 0.0), paused(60));
            assert_eq!(decide(Some(503), Some(secs(60)), tries, now(), 0.0), paused(60));
            assert_eq!(decide(Some(429), Some(Duration::MAX), tries, now(), 0.0), paused(86_400));
            assert_eq!(decide(Some(429), Some(secs(1)), tries, now(), 0.0), paused(5));
        }
    }

    #[test]
    fn a_pause_of_nothing_is_an_ordinary_failure() {
        assert_eq!(decide(Some(429), Some(secs(0)), FRESH, now(), 0.0), retry(5));
        assert_eq!(decide(Some(503), None, FRESH, now(), 0.0), retry(5));
    }

    #[test]
    fn pauses_burn_tries_from_the_age_of_72_hours_on() {
        let aged = |hours| Tries { before: 11, first_failed_at: Some(now() - TimeDelta::hours(hours)), ..FRESH };
        assert_eq!(decide(Some(429), Some(secs(60)), aged(71), now(), 0.0), paused(60));
        assert_eq!(decide(Some(429), Some(secs(60)), aged(72), now(), 0.0), Verdict::Dead);
        assert_eq!(decide(Some(429), Some(secs(60)), aged(-900_000), now(), 0.0), paused(60));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        for (value, seconds) in [
            ("60", Some(60)),
            (" 60 ", Some(60)),
            ("0", Some(0)),
            ("007", Some(7)),
            ("1.0", Some(1)),
            ("1.25", Some(2)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 01 Mar 2026 09:01:00 GMT", Some(60)),
            ("Sunday, 01-Mar-26 09:01:00 GMT", Some(60)),
            ("Sun, 01 Mar 2026 08:59:00 GMT", Some(0)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("-60", None),
            ("+60", None),
            ("60s", None),
            ("1.", None),
            (".5", None),
            ("1.2.3", None),
            ("1e9", None),
            ("", None),
            ("soon", None),
            ("６０", None),
        ] {
            assert_eq!(parse_retry_after(value, now()), seconds.map(secs), "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_header_and_no_clock_makes_a_wait_early_or_endless(
            value in ".*",
            status in proptest::option::of(100u16..1000),
            before in any::<u32>(),
            first in proptest::option::of(-5_000_000_000i64..5_000_000_000),
            random in any::<f64>(),
        ) {
            let tries = Tries { before, first_failed_at: first.and_then(|s| DateTime::from_timestamp(s, 0)) , ..FRESH };
            match decide(status, parse_retry_after(&value, now()), tries, now(), random) {
                Verdict::Retry { at } | Verdict::Paused { until: at } => {
                    prop_assert!(at >= now() + TimeDelta::seconds(5));
                    prop_assert!(at <= now() + TimeDelta::minutes(24 * 72));
                }
                Verdict::Delivered | Verdict::Dead | Verdict::Gone => {}
            }
        }

        #[test]
        fn whole_seconds_are_read_as_they_are(seconds in any::<u64>()) {
            prop_assert_eq!(parse_retry_after(&seconds.to_string(), now()), Some(secs(seconds)));
        }
    }
}
