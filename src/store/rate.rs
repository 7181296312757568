//! How many messages an endpoint's rate lets through now.
//!
//! In: the rate, when the next message may go, now. Out: how many may go, and when the next one may then. Never: more than
//! one second's worth at once.
//!
//! The generic cell rate algorithm: all that has to be kept is one point in time. Times are microseconds since 1970, because a
//! thousand a second leaves a millisecond between two.

use chrono::{DateTime, Utc};

use crate::config::Rate;

/// One endpoint's bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    interval: i64,
    /// Messages that may go at once after a silence.
    burst: i64,
    now: i64,
    /// When the next message may go.
    next: i64,
}

impl Bucket {
    pub(super) fn new(rate: Rate, next: Option<i64>, now: DateTime<Utc>) -> Self {
        let interval = i64::try_from(rate.interval().as_micros()).unwrap_or(i64::MAX).max(1);
        let now = now.timestamp_micros();
        let longest = now.saturating_add(interval);
        // No longer than a clock that was not set back would have it.
        let next = next.unwrap_or(now).min(longest);
        Self { interval, burst: (1_000_000 / interval).max(1), now, next }
    }

    /// How many messages may go now.
    pub(super) fn room(&self) -> usize {
        if self.next > self.now {
            return 0;
        }
        let saved = (self.now - self.next) / self.interval + 1;
        usize::try_from(saved.min(self.burst)).unwrap_or(usize::MAX)
    }

    /// When the next message may go, after this many.
    pub(super) fn after(&self, messages: usize) -> i64 {
        let oldest = self.now - (self.burst - 1) * self.interval;
        let messages = i64::try_from(messages).unwrap_or(i64::MAX);
        self.next.max(oldest).saturating_add(self.interval.saturating_mul(messages))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::fixtures::at;
    use super::*;

    fn rate(messages: u32, seconds: u64) -> Rate {
        Rate { messages, per: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_slow_rate_lets_one_through_at_a_time() {
        let first = Bucket::new(rate(30, 60), None, at(0));
        assert_eq!(first.room(), 1);
        let next = Some(first.after(1));
        assert_eq!(Bucket::new(rate(30, 60), next, at(1)).room(), 0);
        assert_eq!(Bucket::new(rate(30, 60), next, at(2)).room(), 1);
        assert_eq!(Bucket::new(rate(30, 60), next, at(3_600)).room(), 1, "nothing is saved up");
    }

    #[test]
    fn a_fast_rate_lets_a_seconds_worth_through() {
        let first = Bucket::new(rate(100, 1), None, at(0));
        let next = Some(first.after(1));
        assert_eq!(Bucket::new(rate(100, 1), next, at(10)).room(), 100);
        let next = Some(Bucket::new(rate(100, 1), next, at(10)).after(100));
        assert_eq!(Bucket::new(rate(100, 1), next, at(10)).room(), 0);
        assert_eq!(Bucket::new(rate(100, 1), next, at(11)).room(), 100);
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nothing_for_long() {
        let next = Some(Bucket::new(rate(1, 1), None, at(1_000_000)).after(1));
        let now = Bucket::new(rate(1, 1), next, at(0));
        assert_eq!((now.room(), now.next), (0, at(1).timestamp_micros()));
    }

    proptest! {
        #[test]
        fn over_any_time_no_more_goes_than_the_rate_and_one_seconds_worth(
            messages in 1..200_u32, seconds in 1..100_u64, steps in proptest::collection::vec((0..2_000_i64, 0..40_usize), 1..60),
        ) {
            let (rate, mut now, mut next, mut sent) = (rate(messages, seconds), at(0), None, 0);
            for (wait, wanted) in steps {
                now += chrono::TimeDelta::milliseconds(wait);
                let bucket = Bucket::new(rate, next, now);
                let taken = bucket.room().min(wanted);
                if taken > 0 {
                    next = Some(bucket.after(taken));
                    sent += taken;
                }
            }
            let passed = (now - at(0)).as_seconds_f64();
            let each = f64::from(messages) / f64::from(u32::try_from(seconds).unwrap());
            prop_assert!(sent as f64 <= passed * each + each.max(1.0) + 1.0, "{sent} in {passed} s at {each} a second");
        }
    }
}
