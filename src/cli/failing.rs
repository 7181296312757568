//! Scans that fail one after the other: operators are told once, and once more when it is over.
//!
//! In: how each scan went. Out: a line in the log, a gauge, an event for the webhooks that name it. Never: a word of a streak
//! that is over before anybody could have looked.
//!
//! Under way, a streak is in memory; what was told of one is in the store, so that a restart neither tells of it again nor
//! forgets to tell of its end.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use crate::config::{Config, EventType};
use crate::events::Event;
use crate::events::notices::{Streak, scan_failing, scan_recovered};
use crate::scan::{Report, ScanError};
use crate::store::{Store, StoreError};

/// A streak is told of from so many failures on,
const ENOUGH: u32 = 3;
/// if it has lasted so long.
const LONG_ENOUGH: TimeDelta = TimeDelta::minutes(1);
/// Characters of a reason.
const MAX_REASON: usize = 500;

const FAILING: &str = "tidings_scan_failing";

/// The streak that is under way, if there is one.
#[derive(Debug, Default)]
pub(super) struct Failing {
    streak: Option<Streak>,
    is_told: bool,
}

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Failing(Streak),
    Recovered(Streak),
}

impl Failing {
    /// As the last process left it.
    pub(super) async fn new(store: &Store) -> Self {
        metrics::describe_gauge!(FAILING, "1 while scans have failed for so long that it was told, else 0");
        let streak = store.scans_failing().await.ok().flatten();
        Self { is_told: streak.is_some(), streak }
    }

    /// Notes how a scan went that began at `now`, and tells what there is to tell. If the store fails, the next scan tells it.
    pub(super) async fn note(
        &mut self,
        result: &Result<Report, ScanError>,
        config: &Arc<Config>,
        store: &Store,
        now: DateTime<Utc>,
    ) {
        let news = self.news(result.is_err(), now);
        if let Some(news) = news
            && let Err(error) = tell(news, result, config, store, now).await
        {
            tracing::warn!(%error, "a notice about scans could not be recorded: the next scan does it");
            return;
        }
        self.settle(news);
        metrics::gauge!(FAILING).set(if self.is_told { 1.0 } else { 0.0 });
    }

    /// Counts a scan. What is told by it stays to be told until [`Failing::settle`].
    fn news(&mut self, has_failed: bool, now: DateTime<Utc>) -> Option<News> {
        if !has_failed {
            if !self.is_told {
                self.streak = None;
            }
            return self.streak.map(News::Recovered);
        }
        let streak = self.streak.get_or_insert(Streak { since: now.trunc_subsecs(3), failures: 0 });
        streak.failures = streak.failures.saturating_add(1);
        let is_long = streak.failures >= ENOUGH && now - streak.since >= LONG_ENOUGH;
        (is_long && !self.is_told).then_some(News::Failing(*streak))
    }

    fn settle(&mut self, news: Option<News>) {
        match news {
            Some(News::Failing(_)) => self.is_told = true,
            Some(News::Recovered(_)) => *self = Self::default(),
            None => {}
        }
    }
}

/// Tells the log, and owes the event to the webhooks that name it.
async fn tell(
    news: News,
    result: &Result<Report, ScanError>,
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let event = event(news, result, config, now);
    let wants = |event_type: EventType| {
        let hooks = config.webhooks.iter().filter(move |hook| hook.enabled && hook.events.contains(&event_type));
        hooks.map(|hook| hook.name.clone()).collect::<Vec<_>>()
    };
    let deliveries = store.owe(&event, &wants(event.event_type)).await?;
    match news {
        News::Failing(Streak { since, failures }) => {
            tracing::error!(failures, deliveries, since = %since.to_rfc3339(), "scans keep failing: see the errors above");
        }
        News::Recovered(Streak { since, failures }) => {
            tracing::info!(failures, deliveries, since = %since.to_rfc3339(), "scans work again");
        }
    }
    Ok(())
}

fn event(news: News, result: &Result<Report, ScanError>, config: &Config, now: DateTime<Utc>) -> Event {
    let site = config.site.url.as_str();
    match news {
        News::Failing(streak) => {
            let reason = result.as_ref().err().map(reason).unwrap_or_default();
            scan_failing(site, streak, &reason, now)
        }
        News::Recovered(streak) => scan_recovered(site, streak, now),
    }
}

/// Errors hold no secrets: the log has them, too.
fn reason(error: &ScanError) -> String {
    let text = match error {
        ScanError::Config(problems) => problems.first().map_or_else(|| error.to_string(), ToString::to_string),
        _ => error.to_string(),
    };
    text.chars().take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    /// What is told of scans that end at these times, if telling works.
    fn told(failing: &mut Failing, scans: &[(bool, i64)]) -> Vec<(i64, News)> {
        let note = |&(has_failed, seconds): &(bool, i64)| {
            let news = failing.news(has_failed, at(seconds));
            failing.settle(news);
            Some((seconds, news?))
        };
        scans.iter().filter_map(note).collect()
    }

    #[test]
    fn a_streak_is_told_once_and_so_is_its_end() {
        let scans = [(true, 0), (true, 2), (true, 6), (true, 62), (true, 126), (false, 254), (false, 300)];
        let streak = |failures| Streak { since: at(0), failures };
        let expected = [(62, News::Failing(streak(4))), (254, News::Recovered(streak(5)))];
        assert_eq!(told(&mut Failing::default(), &scans), expected);
    }

    #[test]
    fn a_short_streak_and_one_of_few_failures_are_nobodys_business() {
        let short = [(true, 0), (true, 2), (true, 6), (true, 14), (false, 30)];
        let few = [(true, 100), (true, 4000), (false, 8000)];
        assert_eq!(told(&mut Failing::default(), &[&short[..], &few].concat()), []);
        assert_eq!(told(&mut Failing::default(), &[&few[..2], &[(true, 4001)]].concat()).len(), 1);
    }

    #[test]
    fn what_could_not_be_recorded_is_told_after_the_next_scan() {
        let mut failing = Failing::default();
        told(&mut failing, &[(true, 0), (true, 2)]);
        assert!(matches!(failing.news(true, at(60)), Some(News::Failing(_))), "and nothing settles it");
        assert_eq!(told(&mut failing, &[(true, 70)]).len(), 1);
        assert!(matches!(failing.news(false, at(80)), Some(News::Recovered(_))), "nor this");
        assert_eq!(told(&mut failing, &[(false, 90), (false, 100)]).len(), 1);
    }

    #[test]
    fn after_a_restart_a_streak_that_was_told_goes_on() {
        let mut failing = Failing { streak: Some(Streak { since: at(0), failures: 3 }), is_told: true };
        let expected = News::Recovered(Streak { since: at(0), failures: 4 });
        assert_eq!(told(&mut failing, &[(true, 5000), (false, 6000)]), [(6000, expected)]);
    }
}
