//! Events reach their endpoints: claim, send, record.
//!
//! In: what the store says is owed. Out: requests to webhooks, and a record of each. The only module that calls out.
//! Claims in a short transaction, sends with none open, records in a second one that checks the lease. Never: follows a
//! redirect, uses a proxy, decodes a body, or reads more of one than 16 KiB.
//!
//! ```text
//!  store ──claim──► round ──► lane ──► caller ──► formats, sign ──► client ──► addresses
//!    ▲                │                                       │
//!    └───complete──── retry ◄──── answer (or failure) ◄───────┘
//! ```

#![expect(clippy::disallowed_methods, reason = "the clock of the delivery loop and the one HTTP client are here")]

pub mod addresses;
mod caller;
pub mod client;
mod excerpt;
mod failure;
mod formats;
mod lane;
pub mod remote;
mod report;
pub mod retry;
mod round;
pub mod sign;
mod tested;
mod turns;
pub mod websub;

#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use tested::{Tested, test};

use crate::config::{EventType, Site, Webhook};
use crate::events::{self, Event};
use crate::store::{Attempt, Store, Turn};

use caller::Caller;
use client::{Clients, Timeouts};
use formats::Told;
use round::Round;
use turns::{Turns as _, take_turns};

/// What time it is. A test's clock stands still until it is told to go on.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + crate::failpoint::clocks_off().0
    }
}

/// What the program never changes and tests do.
#[derive(Clone, Copy)]
struct Settings {
    timeouts: Timeouts,
    /// A random number in 0..1.
    jitter: fn() -> f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeouts: Timeouts::default(), jitter: rand::random }
    }
}

/// Sends one event of a site to one webhook, once, past the store: to see what happens.
///
/// # Errors
///
/// If the webhook's secret or `ca_file` is of no use.
pub async fn probe(
    webhook: &Arc<Webhook>,
    site: &Site,
    event: &Event,
    resolver: Arc<dyn client::Resolver>,
) -> anyhow::Result<Attempt> {
    let timeouts = Timeouts::default();
    let caller = Caller::new(webhook, &Arc::new(site.clone()), &mut Clients::new(resolver, timeouts), timeouts)?;
    let data = event.data.to_string();
    Ok(caller.call(caller.message(&[Told::of(event, &data)]), event.timestamp).await.attempt)
}

/// Sends what is owed until it is told to stop.
pub struct Courier {
    store: Store,
    callers: Vec<Arc<Caller>>,
    site: Url,
    /// Which webhooks want to hear how endpoints do.
    notices: BTreeMap<EventType, Vec<String>>,
    clock: Arc<dyn Clock>,
    wake: Arc<Notify>,
    settings: Settings,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.callers.iter().map(|caller| &caller.webhook.name);
        f.debug_struct("Courier").field("webhooks", &names.collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Courier {
    /// A courier for these webhooks. `wake` is notified after every commit that may have made something due.
    ///
    /// # Errors
    ///
    /// If a webhook's secret or `ca_file` is of no use; says which, and what to do.
    pub fn new(
        store: Store,
        site: &Site,
        webhooks: &[Arc<Webhook>],
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn client::Resolver>,
        wake: Arc<Notify>,
    ) -> anyhow::Result<Self> {
        Self::with(store, site, webhooks, clock, resolver, wake, Settings::default())
    }

    fn with(
        store: Store,
        site: &Site,
        webhooks: &[Arc<Webhook>],
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn client::Resolver>,
        wake: Arc<Notify>,
        settings: Settings,
    ) -> anyhow::Result<Self> {
        report::describe();
        let mut clients = Clients::new(resolver, settings.timeouts);
        let enabled = || webhooks.iter().filter(|webhook| webhook.enabled);
        let shared = Arc::new(site.clone());
        let callers = enabled()
            .map(|webhook| Ok(Arc::new(Caller::new(webhook, &shared, &mut clients, settings.timeouts)?)))
            .collect::<anyhow::Result<_>>()?;
        let wants = |event_type| {
            let names = enabled().filter(|webhook| webhook.events.contains(&event_type));
            (event_type, names.map(|webhook| webhook.name.clone()).collect())
        };
        let notices =
            [EventType::EndpointFailing, EventType::EndpointDisabled, EventType::EndpointRecovered].map(wants).into();
        Ok(Self { store, callers, site: site.url.clone(), notices, clock, wake, settings })
    }

    /// Works until `stop`; then claims no more, waits for what is under way, records it and returns. That takes no longer
    /// than one request may, if the store answers.
    pub async fn run(&self, stop: CancellationToken) {
        let mut round = Round::new(self);
        take_turns(&mut round, &self.wake, &stop).await;
        round.drain().await;
    }

    /// Attempts everything that is due at this moment, by the clock; what becomes due meanwhile is left for later. Returns
    /// how many attempts were made.
    ///
    /// # Errors
    ///
    /// If the store fails. Attempts under way are waited for all the same.
    pub async fn run_due(&self) -> anyhow::Result<usize> {
        let mut round = Round::new(self);
        let made = self.attempt_due(&mut round, self.clock.now()).await;
        round.drain().await;
        made.map(|()| round.sent)
    }

    async fn attempt_due(&self, round: &mut Round<'_>, due: DateTime<Utc>) -> anyhow::Result<()> {
        round.pull_back().await?;
        loop {
            round.claim(due).await?;
            if !round.is_sending() {
                return Ok(());
            }
            round.finish_one().await;
            round.record().await?;
        }
    }

    /// How long a lease lasts beyond the longest attempt: enough to wait for its turn and to record its result.
    const LEASE_MARGIN: Duration = Duration::from_secs(30);

    fn lease_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let timeouts = self.callers.iter().map(|caller| caller.webhook.timeout);
        now + timeouts.fold(self.settings.timeouts.total, Duration::max) + Self::LEASE_MARGIN
    }

    /// What is told of a turn in an endpoint's life, and to whom: not to the endpoint itself.
    fn notice(&self, endpoint: &str, turn: &Turn) -> Option<(Event, Vec<String>)> {
        let (event_type, data) = match turn {
            Turn::Failing { since, failures, reason } => (
                EventType::EndpointFailing,
                json!({"endpoint": endpoint, "since": since, "failures": failures, "reason": reason}),
            ),
            Turn::Disabled { reason } => (EventType::EndpointDisabled, json!({"endpoint": endpoint, "reason": reason})),
            Turn::Recovered { since } => (EventType::EndpointRecovered, json!({"endpoint": endpoint, "since": since})),
        };
        let names = self.notices.get(&event_type)?.iter().filter(|name| *name != endpoint).cloned();
        let event = events::notice(self.site.as_str(), event_type, endpoint, data, self.clock.now());
        Some((event, names.collect()))
    }
}

#[cfg(test)]
mod tests;
