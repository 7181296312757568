//! What is under way: attempts being made, and results that the store does not have yet.
//!
//! In: claims. Out: records. Never: a result dropped while the process lives, or a claim while results wait: the lease of
//! one of them may be over, and the delivery would be sent again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::Courier;
use super::caller::{Answer, Caller};
use super::message::Message;
use super::report::{self, Outcome};
use super::retry::{LONGEST_WAIT, Tries, decide};
use crate::config::{Payload, Webhook};
use crate::failpoint;
use crate::store::{Attempt, Capacity, Claim, StoreError};

/// The store is asked at least this often, for the sake of commits by other processes and of clocks that jump.
const POLL: Duration = Duration::from_secs(1);

/// The store is asked at most this often while it says that something is due and gives nothing.
const BREATH: Duration = Duration::from_millis(10);

/// How often what is pending is counted, for the metrics, and waits are looked at, for clocks that were set back.
const TENDING: Duration = Duration::from_secs(15);

/// How often the store is asked to take the last results before the process ends.
const LAST_TRIES: u32 = 4;

/// Attempts under way at a time, over all endpoints: each holds a message and a connection.
const MOST: usize = 64;

/// Everything that one run of a courier has under way.
pub(super) struct Round<'a> {
    courier: &'a Courier,
    sending: JoinSet<Answer>,
    claims: HashMap<Id, (Claim, DateTime<Utc>)>,
    unrecorded: VecDeque<Outcome>,
    /// The endpoints' callers, those that were served last at the end.
    turns: Vec<Arc<Caller>>,
    tended: Option<Instant>,
}

/// How long to wait after so many failures of the store in a row.
pub(super) fn patience(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(5))
}

impl<'a> Round<'a> {
    pub(super) fn new(courier: &'a Courier) -> Self {
        Self {
            courier,
            sending: JoinSet::new(),
            claims: HashMap::new(),
            unrecorded: VecDeque::new(),
            turns: courier.callers.values().cloned().collect(),
            tended: None,
        }
    }

    pub(super) fn is_sending(&self) -> bool {
        !self.sending.is_empty()
    }

    /// Records what has ended, begins what is due. Returns how long nothing else is to be done, if nothing ends before.
    pub(super) async fn turn(&mut self) -> Result<Duration, StoreError> {
        self.take_ended();
        self.record().await?;
        self.tend().await?;
        let free = self.capacities().into_iter().map(|capacity| capacity.endpoint).collect::<Vec<_>>();
        if free.is_empty() {
            return Ok(POLL);
        }
        let now = self.courier.clock.now();
        match self.courier.store.next_due(&free).await? {
            Some(due) if due <= now => {
                self.claim(now).await?;
                Ok(BREATH)
            }
            Some(due) => Ok((due - now).to_std().unwrap_or_default().clamp(BREATH, POLL)),
            None => Ok(POLL),
        }
    }

    /// Begins an attempt at everything that is due at `due`, as far as each endpoint has room. Returns how many.
    pub(super) async fn claim(&mut self, due: DateTime<Utc>) -> Result<usize, StoreError> {
        let (courier, capacities) = (self.courier, self.capacities());
        if capacities.is_empty() {
            return Ok(0);
        }
        let now = courier.clock.now();
        let room = MOST - self.sending.len();
        let claims = courier.store.claim(&capacities, room, due, courier.lease_from(now)).await?;
        if !claims.is_empty() {
            failpoint::hit("deliveries.claimed");
        }
        let mut begun = 0;
        for claim in claims {
            if !self.renew(&claim) {
                self.begin(claim, now);
                begun += 1;
            }
        }
        Ok(begun)
    }

    /// Waits until an attempt ends, and takes its result and those of all others that have ended. Can be dropped at any
    /// point: nothing is lost.
    pub(super) async fn finish_one(&mut self) {
        if let Some(result) = self.sending.join_next_with_id().await {
            self.take(result);
        }
        self.take_ended();
    }

    fn take_ended(&mut self) {
        while let Some(result) = self.sending.try_join_next_with_id() {
            self.take(result);
        }
    }

    /// Hands the store all results, in the order in which they came.
    pub(super) async fn record(&mut self) -> Result<(), StoreError> {
        while let Some(Outcome { claim, attempt, verdict }) = self.unrecorded.front() {
            failpoint::hit("deliveries.sent");
            let ours = self.courier.store.complete(claim, attempt, verdict, self.courier.clock.now()).await?;
            failpoint::hit("deliveries.recorded");
            if let Some(outcome) = self.unrecorded.pop_front() {
                report::attempt(&outcome, ours);
            }
        }
        Ok(())
    }

    /// Waits for all attempts to end and records them.
    pub(super) async fn drain(&mut self) {
        while self.is_sending() {
            self.finish_one().await;
        }
        let mut failures = 0;
        while let Err(error) = self.record().await {
            failures += 1;
            if failures == LAST_TRIES {
                let lost = self.unrecorded.len();
                tracing::error!(%error, lost, "results could not be recorded: these deliveries will be sent again");
                return;
            }
            tokio::time::sleep(patience(failures)).await;
        }
    }

    /// Whether an attempt at this delivery is still under way here: its lease ran out because the process or the machine
    /// was suspended. It goes on under the new one, and nothing is sent twice.
    fn renew(&mut self, claim: &Claim) -> bool {
        let same = |held: &Claim| held.event_id == claim.event_id && held.endpoint == claim.endpoint;
        let held = self.claims.values_mut().map(|(held, _)| held).find(|held| same(held));
        if let Some(held) = held {
            held.lease_token = claim.lease_token;
            return true;
        }
        false
    }

    fn begin(&mut self, mut claim: Claim, now: DateTime<Utc>) {
        let caller = self.serve(&claim.endpoint);
        let message = Message::new(&claim, caller.webhook.payload);
        // The message has both now; a record needs neither, and may have to wait long for the store.
        (claim.data, claim.html) = (String::new(), None);
        let task = self.sending.spawn(async move { caller.call(&message, now).await });
        self.claims.insert(task.id(), (claim, now));
    }

    /// The endpoint's caller, which goes to the end of the line.
    fn serve(&mut self, endpoint: &str) -> Arc<Caller> {
        let is_it = |caller: &Arc<Caller>| caller.webhook.name == endpoint;
        let place = self.turns.iter().position(is_it).expect("only the callers' endpoints were asked for");
        let caller = self.turns.remove(place);
        self.turns.push(Arc::clone(&caller));
        caller
    }

    fn take(&mut self, result: Result<(Id, Answer), JoinError>) {
        let id = result.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let (claim, began) = self.claims.remove(&id).expect("every attempt has its claim");
        let answer = result.map_or_else(|_| panicked(began), |(_, answer)| answer);
        let tries = Tries { before: claim.attempts, first_failed_at: claim.first_failed_at };
        let (now, random) = (self.courier.clock.now(), (self.courier.settings.jitter)());
        let verdict = decide(answer.attempt.status, answer.retry_after, tries, now, random);
        self.unrecorded.push_back(Outcome { claim, attempt: answer.attempt, verdict });
    }

    /// What may begin: nothing while results wait or when too much is under way. Nobody has more than an equal share of
    /// the whole, so that receivers which do not answer take no place from others.
    fn capacities(&self) -> Vec<Capacity> {
        if !self.unrecorded.is_empty() || self.sending.len() >= MOST {
            return Vec::new();
        }
        let mut busy: HashMap<&str, usize> = HashMap::new();
        for (claim, _) in self.claims.values() {
            *busy.entry(&claim.endpoint).or_default() += 1;
        }
        let share = (MOST / self.turns.len().max(1)).max(1);
        let capacity = |webhook: &Webhook| Capacity {
            endpoint: webhook.name.clone(),
            free: webhook.concurrency.min(share).saturating_sub(busy.get(&*webhook.name).copied().unwrap_or_default()),
            html: webhook.payload == Payload::Full,
        };
        let all = self.turns.iter().map(|caller| capacity(&caller.webhook));
        all.filter(|capacity| capacity.free > 0).collect()
    }

    async fn tend(&mut self) -> Result<(), StoreError> {
        if self.tended.is_none_or(|tended| tended.elapsed() >= TENDING) {
            self.pull_back().await?;
            report::pending(&self.courier.store.endpoints().await?);
            self.tended = Some(Instant::now());
        }
        Ok(())
    }

    /// Ends waits that only a clock can have made that was ahead and has been set back.
    pub(super) async fn pull_back(&self) -> Result<(), StoreError> {
        let ended = self.courier.store.pull_back(self.courier.clock.now(), LONGEST_WAIT).await?;
        if ended > 0 {
            tracing::warn!(
                ended,
                "waits were longer than any should be, as if the clock had been set back: they end now"
            );
        }
        Ok(())
    }
}

/// A panic is a failed attempt like any other: it is tried again, and given up after twelve.
fn panicked(at: DateTime<Utc>) -> Answer {
    let attempt = Attempt {
        at,
        took: Duration::ZERO,
        status: None,
        error: Some("internal".to_owned()),
        note: Some("Tidings itself failed; this is a bug, please report it".to_owned()),
    };
    Answer { attempt, retry_after: None }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::super::testing::*;
    use super::*;

    fn hook(name: &str, receiver: &Receiver) -> Webhook {
        Webhook { concurrency: MOST, ..webhook(name, &receiver.url()) }
    }

    /// A receiver that answers one request at each signal.
    async fn holding(signal: &Arc<Notify>) -> Receiver {
        Receiver::new((0..=MOST).map(|_| Step::Hold(Arc::clone(signal))).collect()).await
    }

    #[tokio::test]
    async fn receivers_that_do_not_answer_leave_the_others_their_share() {
        let receiver = holding(&Arc::default()).await;
        let desk = Desk::new(vec![hook("busy", &receiver), hook("quiet", &receiver)]).await;
        let events: Vec<String> = (0..=MOST).map(|n| format!("msg_{n}")).collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        desk.owe(&events, &["busy"]).await;
        let mut round = Round::new(&desk.courier);
        assert_eq!(round.claim(start()).await.unwrap(), MOST / 2);

        desk.owe(&["later"], &["quiet"]).await;

        assert_eq!(round.claim(start()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn there_is_a_limit_to_what_is_under_way_and_everyone_has_a_turn() {
        let signal = Arc::new(Notify::new());
        let receiver = holding(&signal).await;
        let names: Vec<String> = (0..=MOST).map(|n| format!("hook_{n:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let desk = Desk::new(names.iter().map(|name| hook(name, &receiver)).collect()).await;
        desk.owe(&["msg_1", "msg_2"], &names).await;
        let mut round = Round::new(&desk.courier);
        assert_eq!(round.claim(start()).await.unwrap(), MOST);
        assert_eq!(round.claim(start()).await.unwrap(), 0);
        let last = *names.last().unwrap();
        assert!(round.claims.values().all(|(claim, _)| claim.endpoint != last));

        signal.notify_one();
        round.finish_one().await;
        round.record().await.unwrap();

        assert_eq!(round.claim(start()).await.unwrap(), 1);
        assert!(round.claims.values().any(|(claim, _)| claim.endpoint == last), "it waited longest");
    }

    #[tokio::test]
    async fn what_is_under_way_is_held_once() {
        let receiver = holding(&Arc::default()).await;
        let full = Webhook { payload: Payload::Full, ..hook("hook", &receiver) };
        let desk = Desk::new(vec![full]).await;
        desk.owe(&["msg_1"], &["hook"]).await;
        let mut round = Round::new(&desk.courier);
        round.claim(start()).await.unwrap();
        assert!(round.claims.values().all(|(claim, _)| claim.data.is_empty() && claim.html.is_none()));
    }
}
