//! Events reach their endpoints: claim, send, record.
//!
//! In: what the store says is owed. Out: requests to webhooks, and a record of each. The only module that calls out.
//! Claims in a short transaction, sends with none open, records in a second one that checks the lease. Never: follows a
//! redirect, uses a proxy, decodes a body, or reads more of one than 16 KiB.
//!
//! ```text
//!  store ──claim──► round ──► caller ──► message, sign ──► client ──► addresses
//!    ▲                │                                       │
//!    └───complete──── retry ◄──── answer (or failure) ◄───────┘
//! ```

#![expect(clippy::disallowed_methods, reason = "the clock of the delivery loop and the one HTTP client are here")]

pub mod addresses;
mod caller;
pub mod client;
mod excerpt;
mod failure;
pub mod message;
mod report;
pub mod retry;
mod round;
pub mod sign;

#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::Webhook;
use crate::events::Event;
use crate::store::{Attempt, Store};

use caller::Caller;
use client::{Clients, Timeouts};
use message::Message;
use round::Round;

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

/// Sends one event to one webhook, once, past the store: to see what happens.
///
/// # Errors
///
/// If the webhook's secret or `ca_file` is of no use.
pub async fn probe(
    webhook: &Arc<Webhook>,
    event: &Event,
    resolver: Arc<dyn client::Resolver>,
) -> anyhow::Result<Attempt> {
    let timeouts = Timeouts::default();
    let caller = Caller::new(webhook, &mut Clients::new(resolver, timeouts), timeouts)?;
    let message = Message::of_event(event, webhook.payload);
    Ok(caller.call(&message, event.timestamp).await.attempt)
}

/// Sends what is owed until it is told to stop.
pub struct Courier {
    store: Store,
    /// By the webhook's name.
    callers: BTreeMap<String, Arc<Caller>>,
    clock: Arc<dyn Clock>,
    wake: Arc<Notify>,
    settings: Settings,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("webhooks", &self.callers.keys()).finish_non_exhaustive()
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
        webhooks: &[Arc<Webhook>],
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn client::Resolver>,
        wake: Arc<Notify>,
    ) -> anyhow::Result<Self> {
        Self::with(store, webhooks, clock, resolver, wake, Settings::default())
    }

    fn with(
        store: Store,
        webhooks: &[Arc<Webhook>],
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn client::Resolver>,
        wake: Arc<Notify>,
        settings: Settings,
    ) -> anyhow::Result<Self> {
        report::describe();
        let mut clients = Clients::new(resolver, settings.timeouts);
        let callers = webhooks
            .iter()
            .map(|webhook| {
                let caller = Caller::new(webhook, &mut clients, settings.timeouts)?;
                Ok((webhook.name.clone(), Arc::new(caller)))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { store, callers, clock, wake, settings })
    }

    /// Works until `stop`; then claims no more, waits for what is under way, records it and returns. That takes no longer
    /// than one request may, if the store answers.
    pub async fn run(&self, stop: CancellationToken) {
        let mut round = Round::new(self);
        let mut failures = 0;
        while !stop.is_cancelled() {
            // Before the store is asked, so that a commit in between is not slept through.
            let mut woken = std::pin::pin!(self.wake.notified());
            woken.as_mut().enable();
            let nap = match round.turn().await {
                Ok(nap) => {
                    failures = 0;
                    nap
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "deliveries wait for the store");
                    round::patience(failures)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken => {}
                () = round.finish_one(), if round.is_sending() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
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
        made
    }

    async fn attempt_due(&self, round: &mut Round<'_>, due: DateTime<Utc>) -> anyhow::Result<usize> {
        let mut made = 0;
        round.pull_back().await?;
        loop {
            made += round.claim(due).await?;
            if !round.is_sending() {
                return Ok(made);
            }
            round.finish_one().await;
            round.record().await?;
        }
    }

    /// How long a lease lasts beyond the longest attempt: enough to record its result.
    const LEASE_MARGIN: Duration = Duration::from_secs(15);

    fn lease_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.settings.timeouts.total + Self::LEASE_MARGIN
    }
}

#[cfg(test)]
mod tests;
