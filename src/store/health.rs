//! How an endpoint does: the breaker, pauses, and the end of patience.
//!
//! In: how an endpoint did so far, and how one more attempt went. Out: how it does now, and whether an operator should know.
//! Never: I/O, a clock.
//!
//! An endpoint whose attempts fail again and again is tried less often, whatever its deliveries' own schedules say: its breaker
//! opens, and lets one message through now and then until one arrives.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Attempt, Verdict};

/// So many failures in a row open the breaker.
const FAILURES: u32 = 5;
/// If they lie closer together than this, nobody is told yet: a restart of the receiver is no outage …
const SPREAD: TimeDelta = TimeDelta::seconds(60);
/// … and the next message is let through so soon.
const HUSH: Duration = Duration::from_secs(5);

/// From one message that an open breaker lets through to the next, once it has been open for long; the last for ever.
const STEPS: [Duration; 5] = [
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
];

/// After so long without a single success an endpoint is disabled …
const PATIENCE: TimeDelta = TimeDelta::days(5);
/// … if it was tried so often: a machine that slept for a week has tried nothing.
const EVIDENCE: u32 = 12;

/// How an endpoint does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Health {
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) disabled: Option<String>,
    /// In a row.
    pub(super) failures: u32,
    /// When the first of them began.
    pub(super) failing_since: Option<DateTime<Utc>>,
    /// Set while the breaker is open: when it lets one message through.
    pub(super) opens_at: Option<DateTime<Utc>>,
    /// How often it was found to be failing for long: from the first time on, operators know.
    pub(super) probes: u32,
    pub(super) last_success_at: Option<DateTime<Utc>>,
}

/// A turn in an endpoint's life that an operator should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Its breaker opened.
    Failing {
        /// When the first attempt of the row that failed began.
        since: DateTime<Utc>,
        /// Failures in a row.
        failures: u32,
        /// What went wrong last; holds no secret.
        reason: Option<String>,
    },
    /// It gets nothing any more.
    Disabled {
        /// Why; holds no secret.
        reason: String,
    },
    /// Its breaker closed.
    Recovered {
        /// Since when it had been failing.
        since: Option<DateTime<Utc>>,
    },
}

impl Health {
    /// Takes one more attempt into account.
    pub(super) fn learn(&mut self, attempt: &Attempt, verdict: &Verdict, now: DateTime<Utc>) -> Option<Turn> {
        match verdict {
            Verdict::Delivered => self.succeed(now),
            Verdict::Retry { .. } | Verdict::Dead => self.fail(attempt, now),
            Verdict::Paused { until } => {
                self.not_before = self.not_before.max(Some(*until));
                None
            }
            Verdict::Gone => {
                self.failures = self.failures.saturating_add(1);
                let reason = attempt.note.clone().unwrap_or_else(|| "it answered that it is gone".to_owned());
                Some(self.disable(reason))
            }
        }
    }

    /// Whether it differs by more than a success within the same second as the one before.
    pub(super) fn is_news(&self, before: &Self) -> bool {
        let seconds = |health: &Self| health.last_success_at.map(|at| at.timestamp());
        let with_their_success = Self { last_success_at: before.last_success_at, ..self.clone() };
        with_their_success != *before || seconds(self) != seconds(before)
    }

    fn succeed(&mut self, now: DateTime<Utc>) -> Option<Turn> {
        let since = self.failing_since;
        let recovered = (self.probes > 0).then_some(Turn::Recovered { since });
        let (not_before, disabled) = (self.not_before, self.disabled.take());
        *self = Self { not_before, disabled, last_success_at: Some(now), ..Self::default() };
        recovered
    }

    fn fail(&mut self, attempt: &Attempt, now: DateTime<Utc>) -> Option<Turn> {
        self.failures = self.failures.saturating_add(1);
        // A first failure that lies after this one is of a clock that was set back.
        let since = self.failing_since.map_or(attempt.at, |since| since.min(attempt.at));
        self.failing_since = Some(since);
        if now - since >= PATIENCE && self.failures >= EVIDENCE && self.disabled.is_none() {
            let reason = format!("nothing but failures since {}", since.format("%Y-%m-%d %H:%M UTC"));
            return Some(self.disable(reason));
        }
        match self.opens_at {
            // What was under way when it opened says nothing new.
            Some(at) if attempt.at < at => return None,
            None if self.failures < FAILURES => return None,
            _ => {}
        }
        if now - since < SPREAD {
            self.opens_at = Some(now + HUSH);
            return None;
        }
        self.opens_at = Some(now + step(self.probes));
        self.probes = self.probes.saturating_add(1);
        let is_news = self.probes == 1;
        is_news.then(|| Turn::Failing { since, failures: self.failures, reason: attempt.note.clone() })
    }

    fn disable(&mut self, reason: String) -> Turn {
        self.disabled = Some(reason.clone());
        Turn::Disabled { reason }
    }
}

fn step(probes: u32) -> Duration {
    STEPS[(probes as usize).min(STEPS.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{at, attempt};
    use super::*;

    fn fail(health: &mut Health, seconds: i64) -> Option<Turn> {
        health.learn(&attempt(seconds), &Verdict::Retry { at: at(seconds) }, at(seconds))
    }

    fn failing(times: impl IntoIterator<Item = i64>) -> Health {
        let mut health = Health::default();
        times.into_iter().for_each(|seconds| drop(fail(&mut health, seconds)));
        health
    }

    #[test]
    fn five_failures_in_a_row_over_a_minute_open_the_breaker() {
        assert_eq!(failing([0, 20, 40, 60]).opens_at, None, "four");
        let mut health = failing([0, 20, 40, 50]);
        let turn = fail(&mut health, 60);
        assert_eq!(turn, Some(Turn::Failing { since: at(0), failures: 5, reason: None }));
        assert_eq!(health.opens_at, Some(at(90)));
    }

    #[test]
    fn a_restart_of_the_receiver_is_waited_for_in_silence() {
        let mut health = failing([0, 1, 2, 3]);
        for seconds in [4, 9, 14] {
            assert_eq!(fail(&mut health, seconds), None);
            assert_eq!(health.opens_at, Some(at(seconds + 5)));
        }
        assert_eq!(health.learn(&attempt(19), &Verdict::Delivered, at(19)), None);
        assert_eq!(health.opens_at, None);
    }

    #[test]
    fn a_success_in_between_begins_the_count_anew() {
        let mut health = failing([0, 20, 40, 50]);
        health.learn(&attempt(55), &Verdict::Delivered, at(55));
        assert_eq!(fail(&mut health, 60), None);
        assert_eq!((health.failures, health.failing_since), (1, Some(at(60))));
    }

    #[test]
    fn an_open_breaker_waits_longer_after_each_probe_and_at_most_an_hour() {
        let mut health = failing([0, 20, 40, 50, 60]);
        let mut waits = Vec::new();
        for _ in 0..6 {
            let now = health.opens_at.unwrap();
            assert_eq!(health.learn(&Attempt { at: now, ..attempt(0) }, &Verdict::Dead, now), None);
            waits.push((health.opens_at.unwrap() - now).num_seconds());
        }
        assert_eq!(waits, [120, 600, 1800, 3600, 3600, 3600]);
    }

    #[test]
    fn what_was_under_way_when_it_opened_is_no_probe() {
        let mut health = failing([0, 20, 40, 50, 60]);
        let before = health.clone();
        fail(&mut health, 61);
        assert_eq!((health.opens_at, health.probes), (before.opens_at, 1));
    }

    #[test]
    fn one_message_that_arrives_closes_it() {
        let mut health = failing([0, 20, 40, 50, 60, 90]);
        let turn = health.learn(&attempt(300), &Verdict::Delivered, at(300));
        assert_eq!(turn, Some(Turn::Recovered { since: Some(at(0)) }));
        assert_eq!(health, Health { last_success_at: Some(at(300)), ..Health::default() });
    }

    #[test]
    fn five_days_of_nothing_but_failures_are_enough_and_two_of_them_are_not() {
        let hour = 3600;
        let mut health = failing((0..120).map(|n| n * hour));
        assert_eq!(health.disabled, None);
        let turn = fail(&mut health, 120 * hour);
        assert!(
            matches!(&turn, Some(Turn::Disabled { reason }) if reason.contains("nothing but failures")),
            "{turn:?}"
        );
        assert_eq!(fail(&mut health, 121 * hour), None, "it is said once");

        assert_eq!(failing([0, 400 * hour, 800 * hour]).disabled, None, "a machine that slept");
    }

    #[test]
    fn one_success_after_the_other_is_written_down_once_a_second() {
        let at_millis = |millis| at(0) + TimeDelta::milliseconds(millis);
        let succeeded = |millis| Health { last_success_at: Some(at_millis(millis)), ..Health::default() };
        assert!(succeeded(0).is_news(&Health::default()));
        assert!(!succeeded(999).is_news(&succeeded(0)));
        assert!(succeeded(1_000).is_news(&succeeded(999)));
        assert!(succeeded(1).is_news(&Health { failures: 1, ..succeeded(0) }));
    }

    #[test]
    fn a_pause_says_nothing_of_an_endpoints_health() {
        let mut health = failing([0]);
        health.learn(&attempt(1), &Verdict::Paused { until: at(100) }, at(1));
        health.learn(&attempt(2), &Verdict::Paused { until: at(50) }, at(2));
        assert_eq!((health.not_before, health.failures), (Some(at(100)), 1), "the longer of two pauses");
    }

    #[test]
    fn an_endpoint_that_is_gone_is_disabled_at_once() {
        let mut health = Health::default();
        let gone = Attempt { note: Some("answered 410 Gone".to_owned()), ..attempt(1) };
        let turn = health.learn(&gone, &Verdict::Gone, at(1));
        assert_eq!(turn, Some(Turn::Disabled { reason: "answered 410 Gone".to_owned() }));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_impatient() {
        let mut health = failing([1_000_000, 20, 40, 50]);
        assert_eq!(health.failing_since, Some(at(20)));
        assert!(fail(&mut health, 80).is_some());
    }
}
