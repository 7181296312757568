//! What follows from a call.
//!
//! In: what was heard, and how many calls there were before. Out: an answer or an outcome for the store. Never: a clock, or a
//! try after the end of a lease.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::retry::MAX_RETRY_AFTER;
use super::distribution::Told;
use super::verification::Asked;
use crate::store::hub::{Answer, Outcome};

/// Between tries to ask a callback that does not answer: three within an hour.
const ASKING: [Duration; 2] = [Duration::from_secs(30), Duration::from_mins(15)];
/// Between tries to send a revision: seven within a day. Then the notice is given up, and the next revision is tried anew
/// (section 7).
const TELLING: [Duration; 6] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
];
/// Until a document whose file is being replaced is looked at again.
const NOT_READY: TimeDelta = TimeDelta::seconds(2);
/// A random part of each wait is added to it, so that what failed together does not come back together.
const JITTER: f64 = 0.2;

/// No wait is longer.
pub(super) const LONGEST_WAIT: TimeDelta = TimeDelta::hours(29);

/// When something happens, and by chance a bit later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: DateTime<Utc>,
    /// In 0..1.
    pub(super) random: f64,
}

/// What a callback's answer means for its request, after so many calls before.
pub(super) fn answer(asked: &Asked, attempts: u32, moment: Moment) -> Answer {
    match asked {
        Asked::Yes => Answer::Confirmed,
        Asked::No(_) | Asked::Denied => Answer::Refused,
        Asked::Nothing(_) => match wait(&ASKING, attempts) {
            Some(wait) => Answer::None { again: moment.after(wait) },
            None => Answer::Refused,
        },
    }
}

/// What becomes of a notice, after so many calls before, to a subscriber whose lease ends then.
pub(super) fn outcome(told: &Told, attempts: u32, ends_at: DateTime<Utc>, moment: Moment) -> Outcome {
    let (retry_after, failure) = match told {
        Told::Taken { etag } => return Outcome::Delivered { etag: etag.clone() },
        Told::Refused { status: 410, .. } => return Outcome::Gone,
        Told::NoTopic => return Outcome::Dropped { error: "no_topic".to_owned() },
        Told::NotReady(_) => return Outcome::Postponed { at: moment.now + NOT_READY },
        Told::Refused { retry_after, failure, .. } => (retry_after.unwrap_or_default(), failure),
        Told::Nothing(failure) => (Duration::ZERO, failure),
    };
    let error = failure.kind.to_owned();
    match wait(&TELLING, attempts).map(|wait| moment.after(wait.max(retry_after.min(MAX_RETRY_AFTER)))) {
        Some(at) if at < ends_at => Outcome::Retry { at, error },
        _ => Outcome::Dropped { error },
    }
}

impl Moment {
    fn after(self, wait: Duration) -> DateTime<Utc> {
        self.now + TimeDelta::from_std(wait.mul_f64(1.0 + JITTER * self.random)).unwrap_or(LONGEST_WAIT)
    }
}

fn wait(schedule: &[Duration], attempts: u32) -> Option<Duration> {
    schedule.get(usize::try_from(attempts).unwrap_or(usize::MAX)).copied()
}

#[cfg(test)]
mod tests {
    use super::super::super::failure::Failure;
    use super::*;

    fn moment() -> Moment {
        Moment { now: "2026-03-01T09:00:00Z".parse().unwrap(), random: 0.0 }
    }

    fn failure() -> Failure {
        Failure::new("timeout", "")
    }

    fn refused(status: u16, retry_after: Option<u64>) -> Told {
        Told::Refused { status, retry_after: retry_after.map(Duration::from_secs), failure: failure() }
    }

    /// Seconds until the next try; `None` if it is given up.
    fn again(told: &Told, attempts: u32, random: f64) -> Option<i64> {
        let moment = Moment { random, ..moment() };
        match outcome(told, attempts, moment.now + TimeDelta::days(10), moment) {
            Outcome::Retry { at, error } if error == "timeout" => Some((at - moment.now).num_seconds()),
            Outcome::Dropped { error } if error == "timeout" => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_callback_is_asked_three_times_within_an_hour() {
        let (nothing, now) = (Asked::Nothing(failure()), moment().now);
        assert_eq!(answer(&nothing, 0, moment()), Answer::None { again: now + TimeDelta::seconds(30) });
        assert_eq!(answer(&nothing, 1, moment()), Answer::None { again: now + TimeDelta::minutes(15) });
        assert_eq!(answer(&nothing, 2, moment()), Answer::Refused);
        assert_eq!(answer(&Asked::No(failure()), 0, moment()), Answer::Refused, "who answers is not asked again");
        assert_eq!(answer(&Asked::Yes, 2, moment()), Answer::Confirmed);
    }

    #[test]
    fn a_notice_is_tried_seven_times_within_a_day() {
        let waits: Vec<_> = (0..7).map(|attempts| again(&refused(500, None), attempts, 0.0)).collect();
        let expected = [60, 300, 1_800, 7_200, 18_000, 36_000].map(Some);
        assert_eq!(waits[..6], expected);
        assert_eq!(waits[6], None);
        assert_eq!(again(&Told::Nothing(failure()), 0, 1.0), Some(72));
    }

    #[test]
    fn retry_after_may_only_delay_and_for_no_more_than_a_day() {
        assert_eq!(again(&refused(429, Some(1)), 0, 0.0), Some(60));
        assert_eq!(again(&refused(503, Some(3_600)), 0, 0.0), Some(3_600));
        assert_eq!(again(&refused(503, Some(u64::MAX)), 0, 0.0), Some(86_400));
        assert!(again(&refused(503, Some(u64::MAX)), 0, 1.0).unwrap() <= LONGEST_WAIT.num_seconds());
    }

    #[test]
    fn h_4_nothing_is_tried_after_the_end_of_a_lease() {
        let Moment { now, .. } = moment();
        let dropped = Outcome::Dropped { error: "timeout".into() };
        assert_eq!(outcome(&refused(500, None), 0, now + TimeDelta::seconds(60), moment()), dropped);
        assert_ne!(outcome(&refused(500, None), 0, now + TimeDelta::seconds(61), moment()), dropped);
    }

    #[test]
    fn gone_is_the_end_and_what_cannot_be_read_is_nobodys_fault() {
        let outcome = |told: &Told| outcome(told, 0, moment().now + TimeDelta::days(1), moment());
        assert_eq!(outcome(&refused(410, Some(60))), Outcome::Gone);
        assert_eq!(outcome(&Told::NotReady(failure())), Outcome::Postponed { at: moment().now + NOT_READY });
        assert_eq!(outcome(&Told::NoTopic), Outcome::Dropped { error: "no_topic".into() });
    }
}
