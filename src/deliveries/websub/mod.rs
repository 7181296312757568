//! The hub calls its subscribers (WebSub): asks those who made a request whether they meant it, and sends documents to those
//! who did.
//!
//! In: what the store says is due, and the documents that are visible. Out: requests to callbacks, and a record of each.
//! Never: a call to an address that is not public, a redirect followed, an answer's body read beyond what is asked for, or a
//! word of a callback's path in the log.
//!
//! ```text
//!  store ──claim──► round ──► verification (GET, a challenge)      ──► phone ──► the callback
//!    ▲                │  └──► distribution (POST, bodies, signature) ──┘
//!    └────record──────┴─ verdict ◄── what was heard
//! ```

mod bodies;
mod distribution;
mod phone;
mod report;
mod round;
mod signature;
mod verdict;
mod verification;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::bodies::Bodies;
use self::phone::Phone;
use self::round::Round;
use super::Clock;
use super::client::{Clients, Resolver, Timeouts};
use super::turns::take_turns;
use crate::config::Websub;
use crate::publish::Published;
use crate::store::Store;

/// How long a callback may take.
const TIMEOUTS: Timeouts = Timeouts { connect: Duration::from_secs(3), total: Duration::from_secs(15) };

/// What every call needs.
#[derive(Debug)]
struct Desk {
    phone: Phone,
    bodies: Bodies,
    websub: Websub,
}

/// Does what the hub owes until it is told to stop.
#[derive(Debug)]
pub struct Distributor {
    store: Store,
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
    wake: Arc<Notify>,
}

impl Distributor {
    /// A distributor of these documents. `wake` is notified after every scan, and every commit that may have made something due.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up.
    pub fn new(
        store: Store,
        published: Published,
        websub: &Websub,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolver>,
        wake: Arc<Notify>,
    ) -> anyhow::Result<Self> {
        report::describe();
        let phone = Phone::new(Clients::new(resolver, TIMEOUTS).for_strangers()?, TIMEOUTS);
        let desk = Desk { phone, bodies: Bodies::new(published), websub: websub.clone() };
        Ok(Self { store, desk: Arc::new(desk), clock, wake })
    }

    /// Works until `stop`; then begins nothing more, waits for what is under way, and records it. Before a scan has said which
    /// documents there are nobody is called: one that is not there may only not be there yet.
    pub async fn run(&self, stop: CancellationToken) {
        while !self.desk.bodies.are_whole() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
            }
        }
        let mut round = Round::new(self);
        take_turns(&mut round, &self.wake, &stop).await;
        if let Err(error) = round.drain().await {
            tracing::error!(%error, "calls of the hub could not be recorded: they will be made again");
        }
    }

    /// Does everything that is due at this moment, by the clock; what becomes due meanwhile is left for later. Returns how
    /// many calls were made.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn run_due(&self) -> anyhow::Result<usize> {
        Ok(Round::new(self).all_due(self.clock.now()).await?)
    }
}
