//! One endpoint's messages, and who sends them.
//!
//! In: messages that were claimed. Out: each with its answer, or unsent. Never: more at once than the endpoint wants, a message
//! sent whose lease may be over, or one that nobody hears of again.
//!
//! Workers take messages from the lane by themselves, so that nobody has to wait for the store between two of them.

use std::collections::VecDeque;
use std::future::{Future as _, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::Clock;
use super::caller::{Answer, Caller};
use super::formats::Told;
use crate::config::Payload;
use crate::store::{Attempt, Capacity, Claim};

/// A message that has waited here for so long is given back: its lease has just enough left for an attempt.
const PATIENCE: Duration = Duration::from_secs(10);

const SECOND: Duration = Duration::from_secs(1);

/// Messages that wait in one lane, at most, behind those under way.
const AHEAD: usize = 4096;

/// Messages that wait in all lanes together.
const ROOM: usize = 16_384;

/// An endpoint's lane.
pub(super) struct Lane {
    pub(super) caller: Arc<Caller>,
    belt: Mutex<Belt>,
}

#[derive(Default)]
struct Belt {
    waiting: VecDeque<Parcel>,
    workers: usize,
    pace: Pace,
    /// Messages that did not arrive and of which the store does not know yet: until it does, nothing more may go.
    untold: usize,
}

/// How many messages arrive in a second: as many again will not wait for longer.
#[derive(Default)]
struct Pace {
    since: Option<Instant>,
    /// Since then.
    arrived: usize,
    /// In the second before.
    before: usize,
}

impl Pace {
    fn arrive(&mut self) {
        if self.since.is_none_or(|since| since.elapsed() >= SECOND) {
            *self = Self { since: Some(Instant::now()), arrived: 0, before: self.arrived };
        }
        self.arrived += 1;
    }

    fn messages(&self) -> usize {
        self.arrived.max(self.before)
    }
}

/// A message: claims that are sent together.
pub(super) struct Parcel {
    pub(super) claims: Vec<Claim>,
    pub(super) claimed: Instant,
}

impl Parcel {
    pub(super) fn ids(&self) -> Vec<i64> {
        self.claims.iter().map(|claim| claim.id).collect()
    }
}

/// A message that is off the lane.
pub(super) struct Ended {
    /// The deliveries' rows.
    pub(super) ids: Vec<i64>,
    /// `None`: it was not sent.
    pub(super) answer: Option<Answer>,
}

impl Lane {
    pub(super) fn new(caller: Arc<Caller>) -> Self {
        Self { caller, belt: Mutex::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.caller.webhook.name
    }

    /// What may be claimed, if `share` of this endpoint's messages may be under way, `spare` workers more may work, and there are
    /// so many lanes.
    pub(super) fn capacity(&self, share: usize, spare: usize, lanes: usize) -> Capacity {
        let (webhook, ahead) = (&self.caller.webhook, self.ahead(lanes));
        let belt = self.belt();
        // The first message asks how often the others may come.
        let most = if self.caller.has_to_ask() { 1 } else { webhook.concurrency };
        let idle = most.min(share).saturating_sub(belt.workers).min(spare);
        Capacity {
            endpoint: webhook.name.clone(),
            free: if belt.untold == 0 { idle + ahead } else { 0 },
            html: webhook.payload == Payload::Full,
            batch: webhook.batch,
            ordered: webhook.ordered,
            rate: self.caller.rate(),
        }
    }

    /// How many messages may wait here beyond those that do, if there are so many lanes. None, as long as half of them do: the
    /// store is asked for many at a time.
    pub(super) fn ahead(&self, lanes: usize) -> usize {
        let (webhook, belt) = (&self.caller.webhook, self.belt());
        let may_wait = !webhook.ordered && self.caller.rate().is_none() && webhook.payload == Payload::Thin;
        let most = belt.pace.messages().min(AHEAD).min(ROOM / lanes.max(1));
        if may_wait && belt.waiting.len() <= most / 2 { most - belt.waiting.len() } else { 0 }
    }

    pub(super) fn workers(&self) -> usize {
        self.belt().workers
    }

    /// Whether nothing is left to send.
    pub(super) fn is_dry(&self) -> bool {
        self.belt().waiting.is_empty()
    }

    /// Takes messages, unless it has stopped: then it gives them back. Returns how many workers are to begin, if `share` may be
    /// at work and `spare` more in all.
    pub(super) fn push(&self, parcels: Vec<Parcel>, share: usize, spare: usize) -> Result<usize, Vec<Parcel>> {
        let mut belt = self.belt();
        if belt.untold > 0 {
            return Err(parcels);
        }
        belt.waiting.extend(parcels);
        let idle = self.caller.webhook.concurrency.min(share).saturating_sub(belt.workers);
        let new = idle.min(spare).min(belt.waiting.len());
        belt.workers += new;
        Ok(new)
    }

    /// Takes back all that is not being sent yet.
    pub(super) fn clear(&self) -> Vec<Parcel> {
        self.belt().waiting.drain(..).collect()
    }

    /// Remembers how a message went: only an endpoint that takes them gets some in advance. After one that did not arrive the
    /// lane stops, and gives back all that is not being sent yet: whether the next one may go is for the store to say, which will
    /// know of a pause, a breaker, an end.
    fn learn(&self, has_arrived: bool) -> Vec<Parcel> {
        let mut belt = self.belt();
        if has_arrived {
            belt.pace.arrive();
            return Vec::new();
        }
        belt.pace = Pace::default();
        belt.untold += 1;
        belt.waiting.drain(..).collect()
    }

    /// Goes on, if this was the last message that did not arrive and of which the store did not know.
    pub(super) fn go_on(&self) {
        self.belt().untold -= 1;
    }

    /// The next message; `None` ends the worker that asks.
    fn next(&self) -> Option<Parcel> {
        let mut belt = self.belt();
        let next = belt.waiting.pop_front();
        if next.is_none() {
            belt.workers -= 1;
        }
        next
    }

    fn belt(&self) -> std::sync::MutexGuard<'_, Belt> {
        // Nothing panics while it is held.
        self.belt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a lane's messages, one after the other, until there is none.
pub(super) async fn work(lane: Arc<Lane>, clock: Arc<dyn Clock>, ended: UnboundedSender<Ended>) {
    // Nobody listens any more only when the process is on its way out.
    let end = |ids, answer| drop(ended.send(Ended { ids, answer }));
    while let Some(parcel) = lane.next() {
        let ids = parcel.ids();
        if parcel.claimed.elapsed() >= PATIENCE {
            end(ids, None);
            continue;
        }
        let answer = send(&lane.caller, parcel.claims, clock.now()).await;
        // Before anybody hears of the answer: what is claimed from now on must not go before the store knows it.
        let unsent = lane.learn(answer.attempt.has_arrived());
        end(ids, Some(answer));
        unsent.iter().for_each(|parcel| end(parcel.ids(), None));
        // The connection is free for the next message once its own task has run.
        tokio::task::yield_now().await;
    }
}

async fn send(caller: &Caller, claims: Vec<Claim>, now: DateTime<Utc>) -> Answer {
    let mut call = pin!(async move {
        let message = caller.message(&claims.iter().map(Told::from).collect::<Vec<_>>());
        drop(claims);
        caller.call(message, now).await
    });
    // A panic ends this attempt and nothing else: what it leaves behind is not looked at again.
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(panicked(now)))
    })
    .await
}

/// A panic is a failed attempt like any other: it is tried again, and given up in the end.
fn panicked(at: DateTime<Utc>) -> Answer {
    let attempt = Attempt {
        at,
        took: Duration::ZERO,
        status: None,
        error: Some("internal".to_owned()),
        note: Some("Tidings itself failed; this is a bug, please report it".to_owned()),
    };
    Answer { attempt, retry_after: None, is_final: false }
}
