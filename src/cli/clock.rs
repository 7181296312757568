//! What time it is, if the clock on the wall is not always right.
//!
//! In: the clock on the wall, and the one that nobody sets. Out: the time that scans go by, and whether it has leapt. A clock
//! that leaps for a moment must not publish what is for next year: it is believed when it has stayed there for a while.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::alarm;
use crate::failpoint::clocks_off;

/// A clock that differs by less from what it should be has been set right.
const LEAP: TimeDelta = TimeDelta::hours(12);
/// One that differs by more is believed after so long.
const DOUBT: Duration = Duration::from_secs(60);

/// The clock that the daemon's scans go by.
pub(super) struct Clock {
    belief: Belief,
    leapt: bool,
}

impl Clock {
    /// Believes what the wall says.
    pub(super) fn new() -> Self {
        Self { belief: Belief::new(Reading::now()), leapt: false }
    }

    /// What time it is.
    pub(super) fn now(&mut self) -> DateTime<Utc> {
        let had_doubt = self.belief.doubt.is_some();
        let (now, leapt) = self.belief.at(Reading::now());
        if !had_doubt && self.belief.doubt.is_some() {
            tracing::warn!(believed = %now, "the clock has leapt: it is believed if it stays there for a minute");
        }
        if leapt {
            tracing::warn!(%now, "the clock has leapt, and is believed now");
        }
        self.leapt |= leapt;
        now
    }

    /// Whether it has leapt since somebody asked.
    pub(super) fn has_leapt(&mut self) -> bool {
        std::mem::take(&mut self.leapt)
    }

    /// Waits until it may be `at`; another look says whether it is.
    pub(super) async fn until(&mut self, at: DateTime<Utc>) {
        let left = (at - self.now()).to_std().unwrap_or_default();
        match self.belief.doubt_left() {
            Some(doubt) => tokio::time::sleep(left.min(doubt).min(alarm::LONGEST)).await,
            None => alarm::until(at, left).await,
        }
    }
}

/// Two clocks at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    wall: DateTime<Utc>,
    /// How long the machine has been running, asleep or not; `None` where nobody knows.
    running: Option<Duration>,
}

impl Reading {
    fn now() -> Self {
        let (off, more) = clocks_off();
        Self { wall: Utc::now() + off, running: running().map(|running| running + more) }
    }
}

#[cfg(target_os = "linux")]
fn running() -> Option<Duration> {
    Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::Boottime)).ok()
}

#[cfg(not(target_os = "linux"))]
fn running() -> Option<Duration> {
    None
}

/// What is believed of the time.
#[derive(Debug)]
struct Belief {
    /// When the wall was believed last.
    last: Reading,
    doubt: Option<Doubt>,
}

/// A wall that says something else than it should.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    /// How far it is off.
    off: TimeDelta,
    since: Duration,
    until_now: Duration,
}

impl Belief {
    fn new(reading: Reading) -> Self {
        Self { last: reading, doubt: None }
    }

    /// The time to believe, and whether that has leapt.
    fn at(&mut self, reading: Reading) -> (DateTime<Utc>, bool) {
        let passed = reading.running.zip(self.last.running).map(|(now, then)| now.saturating_sub(then));
        let expected = passed.and_then(|passed| self.last.wall.checked_add_signed(TimeDelta::from_std(passed).ok()?));
        let (Some(expected), Some(running)) = (expected, reading.running) else {
            self.last = reading;
            return (reading.wall, false);
        };
        let off = reading.wall - expected;
        if off.abs() < LEAP {
            *self = Self::new(reading);
            return (reading.wall, false);
        }
        let before = self.doubt.filter(|doubt| (doubt.off - off).abs() < LEAP);
        let doubt = Doubt { off, since: before.map_or(running, |doubt| doubt.since), until_now: running };
        self.doubt = Some(doubt);
        if self.doubt_left().is_none() {
            *self = Self::new(reading);
            return (reading.wall, true);
        }
        (expected, false)
    }

    /// How much longer the wall is doubted.
    fn doubt_left(&self) -> Option<Duration> {
        let doubt = self.doubt?;
        DOUBT.checked_sub(doubt.until_now.saturating_sub(doubt.since)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: i64 = 365 * 86_400;

    fn reading(running: u64, wall: i64) -> Reading {
        let start: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        Reading { wall: start + TimeDelta::seconds(wall), running: Some(Duration::from_secs(running)) }
    }

    /// What is believed, in seconds since the start, and whether it has leapt.
    fn believed(belief: &mut Belief, running: u64, wall: i64) -> (i64, bool) {
        let (now, leapt) = belief.at(reading(running, wall));
        ((now - reading(0, 0).wall).num_seconds(), leapt)
    }

    #[test]
    fn a_clock_that_leaps_for_a_moment_is_not_believed() {
        for leap in [YEAR, -YEAR] {
            let mut belief = Belief::new(reading(0, 0));
            assert_eq!(believed(&mut belief, 10, 10 + leap), (10, false));
            assert_eq!(believed(&mut belief, 69, 69 + leap), (69, false));
            assert_eq!(belief.doubt_left(), Some(Duration::from_secs(1)));
            assert_eq!(believed(&mut belief, 70, 70), (70, false));
            assert_eq!(belief.doubt_left(), None);
        }
    }

    #[test]
    fn one_that_stays_there_is() {
        for leap in [YEAR, -YEAR] {
            let mut belief = Belief::new(reading(0, 0));
            assert_eq!(believed(&mut belief, 10, 10 + leap), (10, false));
            assert_eq!(believed(&mut belief, 70, 70 + leap), (70 + leap, true));
            assert_eq!(believed(&mut belief, 71, 71 + leap), (71 + leap, false));
        }
    }

    #[test]
    fn each_leap_is_doubted_anew() {
        let mut belief = Belief::new(reading(0, 0));
        believed(&mut belief, 10, 10 + YEAR);
        assert_eq!(believed(&mut belief, 65, 65 - YEAR), (65, false));
        assert_eq!(believed(&mut belief, 124, 124 - YEAR), (124, false));
        assert_eq!(believed(&mut belief, 125, 125 - YEAR), (125 - YEAR, true));
    }

    #[test]
    fn a_clock_that_is_set_right_and_a_machine_that_slept_are_believed_at_once() {
        let mut belief = Belief::new(reading(0, 0));
        assert_eq!(believed(&mut belief, 10, 3_600), (3_600, false));
        assert_eq!(believed(&mut belief, 20, -3_600), (-3_600, false));
        assert_eq!(believed(&mut belief, 20 + YEAR.unsigned_abs(), YEAR), (YEAR, false));
    }

    #[test]
    fn where_nobody_knows_how_long_it_runs_the_wall_is_right() {
        let blind = |wall| Reading { running: None, ..reading(0, wall) };
        let mut belief = Belief::new(blind(0));
        assert_eq!(belief.at(blind(YEAR)), (blind(YEAR).wall, false));
    }
}
