//! How much work strangers may make.
//!
//! In: what each wrong attempt cost, and the time. Out: whether there may be another one. Never: a clock of its own, or a
//! difference between strangers: behind a proxy they all have one address.

use std::time::Duration;

use tokio::time::Instant;

/// What hashing a byte in vain costs. So some 8 MiB a second are done in the long run: a few percent of a core.
const PRICE: Duration = Duration::from_nanos(120);
/// In bytes, what the shortest attempt counts for: there is a request around it.
const LEAST: usize = 64 << 10;
/// How far strangers may be in debt: a thousand short attempts at once, or two or three of the longest.
const CREDIT: Duration = Duration::from_secs(8);

/// What strangers have done in vain, and time pays for.
#[derive(Debug)]
pub(super) struct Budget {
    /// When everything will be paid.
    paid: Instant,
}

impl Budget {
    pub(super) const fn new(now: Instant) -> Self {
        Self { paid: now }
    }

    /// Takes what a wrong attempt with a body of so many bytes cost.
    pub(super) fn charge(&mut self, bytes: usize, now: Instant) {
        let bytes = u32::try_from(bytes.max(LEAST)).unwrap_or(u32::MAX);
        self.paid = self.paid.max(now) + PRICE * bytes;
    }

    /// How long nobody may try, if that is too much at the moment.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        self.paid.saturating_duration_since(now).checked_sub(CREDIT).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    /// Attempts of this length that are let through, one after the other at one moment.
    fn let_through(budget: &mut Budget, bytes: usize, now: Instant) -> usize {
        let mut count = 0;
        while budget.wait(now).is_none() {
            budget.charge(bytes, now);
            count += 1;
        }
        count
    }

    #[test]
    fn wrong_attempts_are_limited_by_what_they_cost() {
        let now = Instant::now();
        assert_eq!(let_through(&mut Budget::new(now), 25 * MIB, now), 3);
        let short = let_through(&mut Budget::new(now), 10, now);
        assert!((1_000..1_100).contains(&short), "{short}");
    }

    #[test]
    fn time_pays() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let_through(&mut budget, 0, start);
        let wait = budget.wait(start).unwrap();
        assert!(wait < Duration::from_millis(10), "{wait:?}");
        assert_eq!(budget.wait(start + wait / 2), Some(wait - wait / 2));
        assert_eq!(budget.wait(start + wait), None);
        let second = let_through(&mut budget, 0, start + Duration::from_secs(1));
        assert!((120..=130).contains(&second), "{second} a second");
    }

    #[test]
    fn nothing_is_saved_up() {
        let now = Instant::now();
        let first = let_through(&mut Budget::new(now), 0, now);
        let later = now + Duration::from_secs(3600);
        assert_eq!(let_through(&mut Budget::new(now), 0, later), first);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_is_no_harm() {
        let now = Instant::now() + Duration::from_secs(60);
        let mut budget = Budget::new(now);
        budget.charge(usize::MAX, now - Duration::from_secs(30));
        assert!(budget.wait(now - Duration::from_secs(30)).is_some());
    }
}
