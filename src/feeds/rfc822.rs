//! Dates as RSS and OPML write them (RFC 822, section 5, with four-digit years).
//!
//! In: an instant with its offset. Out: `Sun, 09 Nov 2025 01:38:45 +0900`. Never: zone names, a clock.

use chrono::{DateTime, FixedOffset, Offset, Utc};

/// Half an hour, in seconds.
const HALF_HOUR: i32 = 1800;

/// Writes `date`. Offsets that are not whole or half hours become `+0000`: the W3C validator, and parsers like it, take
/// Nepal's `+0545` for a mistake.
pub(super) fn format(date: DateTime<FixedOffset>) -> String {
    let usual = date.offset().local_minus_utc() % HALF_HOUR == 0;
    let date = if usual { date } else { date.with_timezone(&Utc.fix()) };
    date.format("%a, %d %b %Y %H:%M:%S %z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rfc822(date: &str) -> String {
        format(date.parse().unwrap())
    }

    #[test]
    fn whole_and_half_hours_keep_their_offset() {
        assert_eq!(rfc822("2025-11-09T01:38:45+09:00"), "Sun, 09 Nov 2025 01:38:45 +0900");
        assert_eq!(rfc822("2025-11-08T12:00:00-03:30"), "Sat, 08 Nov 2025 12:00:00 -0330");
        assert_eq!(rfc822("2024-02-29T00:00:00Z"), "Thu, 29 Feb 2024 00:00:00 +0000");
    }

    #[test]
    fn other_offsets_become_utc() {
        assert_eq!(rfc822("2025-11-09T01:38:45+05:45"), "Sat, 08 Nov 2025 19:53:45 +0000");
    }

    proptest! {
        #[test]
        fn every_date_reads_back_as_the_same_instant(seconds in 0_i64..4_000_000_000, minutes in -840..=840) {
            let offset = FixedOffset::east_opt(minutes * 60).unwrap();
            let date = DateTime::from_timestamp(seconds, 0).unwrap().with_timezone(&offset);
            prop_assert_eq!(DateTime::parse_from_rfc2822(&format(date)).unwrap(), date);
        }
    }
}
