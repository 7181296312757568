//! What is under way: messages being sent, and results that the store does not have yet.
//!
//! In: claims. Out: records. Never: a result dropped while the process lives, or a delivery sent a second time because the
//! store was slow to take the first one's result.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use super::Courier;
use super::lane::{Ended, Lane, Parcel, work};
use super::report::{self, Outcome};
use super::retry::{LONGEST_WAIT, Tries, decide};
use super::turns::{Turns, patience};
use crate::failpoint;
use crate::store::{Capacity, Claim, Completion, StoreError, Verdict};

/// The store is asked at least this often, for the sake of commits by other processes and of clocks that jump.
const POLL: Duration = Duration::from_secs(1);

/// The store is asked at most this often while it says that something is due and gives nothing.
const BREATH: Duration = Duration::from_millis(10);

/// While others are under way, results wait for company for so long: a commit costs the same for one and for many.
const LINGER: Duration = Duration::from_millis(5);

/// The same while a backlog goes out and everybody has been given enough in advance.
const LINGER_FLOWING: Duration = Duration::from_millis(50);

/// Results a commit: so many deliveries may arrive twice if the process is killed just before.
const BATCH: usize = 2048;

/// How often what is pending is counted, for the metrics, and waits are looked at, for clocks that were set back.
const TENDING: Duration = Duration::from_secs(15);

/// How often the store is asked to take the last results before the process ends.
const LAST_TRIES: u32 = 4;

/// Messages under way at a time, over all endpoints: each holds a connection.
pub(super) const MOST: usize = 256;

/// Everything that one run of a courier has under way.
pub(super) struct Round<'a> {
    courier: &'a Courier,
    /// Those that were served last at the end.
    lanes: Vec<Arc<Lane>>,
    by_name: HashMap<String, Arc<Lane>>,
    ended: UnboundedReceiver<Ended>,
    end: UnboundedSender<Ended>,
    /// Messages that are on a lane or under way.
    begun: usize,
    /// Messages that were sent.
    pub(super) sent: usize,
    /// What is claimed and not recorded, by its row.
    held: HashMap<i64, Claim>,
    unrecorded: Vec<Outcome>,
    /// When the first of those came.
    waiting_since: Option<Instant>,
    /// Whether they wait for others.
    is_gathering: bool,
    /// Whether somebody has nothing to do until they are recorded.
    is_awaited: bool,
    /// Claimed and not sent after all.
    unsent: Vec<i64>,
    tended: Option<Instant>,
    /// Whether the last claim brought something.
    is_flowing: bool,
}

impl Turns for Round<'_> {
    const WAITS: &'static str = "deliveries wait for the store";

    async fn turn(&mut self) -> Result<Duration, StoreError> {
        self.take_ended();
        let rest = self.linger();
        self.is_gathering = rest.is_some();
        if let Some(rest) = rest {
            return Ok(rest.min(LINGER));
        }
        self.record().await?;
        self.tend().await?;
        self.dispatch(HashMap::new());
        let now = self.courier.clock.now();
        // Where there was something a moment ago, there is more most of the time.
        if self.is_flowing {
            self.is_flowing = self.claim(now).await? > 0;
            return Ok(if self.is_flowing { BREATH } else { Duration::ZERO });
        }
        let capacities = self.capacities();
        if capacities.is_empty() {
            return Ok(POLL);
        }
        match self.courier.store.next_due(&capacities).await? {
            Some(due) if due <= now => {
                self.is_flowing = self.claim(now).await? > 0;
                Ok(BREATH)
            }
            Some(due) => Ok((due - now).to_std().unwrap_or_default().clamp(BREATH, POLL)),
            None => Ok(POLL),
        }
    }

    fn is_waiting(&self) -> bool {
        self.is_sending() && !self.is_gathering
    }

    async fn finish_one(&mut self) {
        if let Some(ended) = self.ended.recv().await {
            self.take(ended);
        }
        self.take_ended();
    }
}

impl<'a> Round<'a> {
    pub(super) fn new(courier: &'a Courier) -> Self {
        let (end, ended) = mpsc::unbounded_channel();
        let lanes: Vec<_> = courier.callers.iter().map(|caller| Arc::new(Lane::new(Arc::clone(caller)))).collect();
        Self {
            courier,
            by_name: lanes.iter().map(|lane| (lane.name().to_owned(), Arc::clone(lane))).collect(),
            lanes,
            ended,
            end,
            begun: 0,
            sent: 0,
            held: HashMap::new(),
            unrecorded: Vec::new(),
            waiting_since: None,
            is_gathering: false,
            is_awaited: false,
            unsent: Vec::new(),
            tended: None,
            is_flowing: false,
        }
    }

    pub(super) fn is_sending(&self) -> bool {
        self.begun > 0
    }

    /// How long results may still wait for others, if they may.
    fn linger(&self) -> Option<Duration> {
        let longest = if self.is_flowing && !self.is_awaited { LINGER_FLOWING } else { LINGER };
        let company = self.is_sending() && self.unrecorded.len() < BATCH;
        let waited = self.waiting_since.filter(|_| company)?.elapsed();
        longest.checked_sub(waited).filter(|rest| !rest.is_zero())
    }

    /// Begins an attempt at everything that is due at `due`, as far as each endpoint has room. Returns how many messages.
    pub(super) async fn claim(&mut self, due: DateTime<Utc>) -> Result<usize, StoreError> {
        let (courier, capacities) = (self.courier, self.capacities());
        if capacities.is_empty() {
            return Ok(0);
        }
        let ahead = self.lanes.iter().map(|lane| lane.ahead(self.lanes.len())).sum::<usize>();
        let room = self.spare() + ahead;
        let lease_until = courier.lease_from(courier.clock.now());
        let claims = courier.store.claim(&capacities, room, due, lease_until).await?;
        if !claims.is_empty() {
            failpoint::hit("deliveries.claimed");
        }
        let claimed = Instant::now();
        let mut by_lane: HashMap<Arc<str>, Vec<Parcel>> = HashMap::new();
        for claim in claims {
            if self.renew(&claim) {
                continue;
            }
            self.held.insert(claim.id, outline(&claim));
            let parcels = by_lane.entry(Arc::clone(&claim.endpoint)).or_default();
            match parcels.last_mut().filter(|last| last.claims[0].message == claim.message) {
                Some(parcel) => parcel.claims.push(claim),
                None => parcels.push(Parcel { claims: vec![claim], claimed }),
            }
        }
        let begun = by_lane.values().map(Vec::len).sum();
        self.begun += begun;
        self.dispatch(by_lane);
        Ok(begun)
    }

    /// Puts messages on their lanes, and finds workers for what is there. Lanes that got something go to the end of the line.
    fn dispatch(&mut self, mut by_lane: HashMap<Arc<str>, Vec<Parcel>>) {
        let share = self.share();
        let (served, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.lanes).into_iter().partition(|lane| by_lane.contains_key(lane.name()));
        self.lanes = others.into_iter().chain(served).collect();
        let mut spare = self.spare();
        for lane in &self.lanes {
            let parcels = by_lane.remove(lane.name()).unwrap_or_default();
            let new = lane.push(parcels, share, spare).unwrap_or_else(|refused| {
                self.begun -= refused.len();
                self.unsent.extend(refused.iter().flat_map(Parcel::ids));
                0
            });
            spare -= new;
            for _ in 0..new {
                tokio::spawn(work(Arc::clone(lane), Arc::clone(&self.courier.clock), self.end.clone()));
            }
        }
    }

    fn take_ended(&mut self) {
        while let Ok(ended) = self.ended.try_recv() {
            self.take(ended);
        }
    }

    fn take(&mut self, ended: Ended) {
        self.begun -= 1;
        let Some(answer) = ended.answer else { return self.unsent.extend(ended.ids) };
        self.sent += 1;
        self.waiting_since.get_or_insert_with(Instant::now);
        let (now, random) = (self.courier.clock.now(), (self.courier.settings.jitter)());
        for (at, id) in ended.ids.into_iter().enumerate() {
            let claim = self.held.get(&id).expect("what was sent is held until it is recorded");
            let lane = &self.by_name[&*claim.endpoint];
            self.is_awaited |= lane.is_dry();
            let schedule = &lane.caller.webhook.retry;
            let tries = Tries { schedule, before: claim.attempts, first_failed_at: claim.first_failed_at };
            let verdict = match decide(answer.attempt.status, answer.retry_after, tries, now, random) {
                Verdict::Retry { .. } if answer.is_final => Verdict::Dead,
                verdict => verdict,
            };
            self.unrecorded.push(Outcome { id, attempt: answer.attempt.clone(), verdict, is_first: at == 0 });
        }
    }

    /// Hands the store all results, in the order in which they came, and gives back what was not sent.
    pub(super) async fn record(&mut self) -> Result<(), StoreError> {
        while !self.unrecorded.is_empty() {
            failpoint::hit("deliveries.sent");
            let batch = &self.unrecorded[..self.unrecorded.len().min(BATCH)];
            let completions: Vec<_> = batch.iter().map(|outcome| self.completion(outcome)).collect();
            let courier = self.courier;
            let notices = |endpoint: &str, turn: &_| courier.notice(endpoint, turn);
            let completed = courier.store.complete(&completions, &notices, courier.clock.now()).await?;
            failpoint::hit("deliveries.recorded");
            let size = completed.ours.len();
            let reported = self.unrecorded.drain(..size).zip(completed.ours);
            let reported: Vec<_> =
                reported.filter_map(|(outcome, ours)| Some((self.held.remove(&outcome.id)?, outcome, ours))).collect();
            for (claim, ..) in
                reported.iter().filter(|(_, outcome, _)| outcome.is_first && !outcome.attempt.has_arrived())
            {
                self.by_name[&*claim.endpoint].go_on();
            }
            report::attempts(&reported);
            completed.turns.iter().for_each(|(endpoint, turn)| report::turn(endpoint, turn));
        }
        self.waiting_since = None;
        self.is_awaited = false;
        self.release().await
    }

    fn completion(&self, outcome: &Outcome) -> Completion {
        let claim = self.held.get(&outcome.id).expect("what was sent is held until it is recorded");
        Completion {
            id: outcome.id,
            lease_token: claim.lease_token,
            endpoint: Arc::clone(&claim.endpoint),
            attempt: outcome.attempt.clone(),
            verdict: outcome.verdict.clone(),
            is_first: outcome.is_first,
        }
    }

    async fn release(&mut self) -> Result<(), StoreError> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let token = |id: &i64| Some((*id, self.held.get(id)?.lease_token));
        let leases: Vec<_> = self.unsent.iter().filter_map(token).collect();
        self.courier.store.release(&leases).await?;
        for id in self.unsent.drain(..) {
            self.held.remove(&id);
        }
        Ok(())
    }

    /// Waits for all attempts to end and records them. What was not begun is given back.
    pub(super) async fn drain(&mut self) {
        for lane in &self.lanes {
            let waiting = lane.clear();
            self.begun -= waiting.len();
            self.unsent.extend(waiting.iter().flat_map(Parcel::ids));
        }
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
    /// was suspended, or because the store was slow. It goes on under the new one, and nothing is sent twice.
    fn renew(&mut self, claim: &Claim) -> bool {
        let held = self.held.get_mut(&claim.id);
        held.map(|held| held.lease_token = claim.lease_token).is_some()
    }

    /// What may begin. Nobody has more than an equal share of the whole, so that receivers which do not answer take no place
    /// from others.
    fn capacities(&self) -> Vec<Capacity> {
        let (share, spare) = (self.share(), self.spare());
        let all = self.lanes.iter().map(|lane| lane.capacity(share, spare, self.lanes.len()));
        all.filter(|capacity| capacity.free > 0).collect()
    }

    fn share(&self) -> usize {
        (MOST / self.lanes.len().max(1)).max(1)
    }

    /// How many workers more there may be.
    fn spare(&self) -> usize {
        MOST.saturating_sub(self.lanes.iter().map(|lane| lane.workers()).sum())
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

/// What a record needs of a claim: it may have to wait long for the store.
fn outline(claim: &Claim) -> Claim {
    Claim {
        event_id: Arc::clone(&claim.event_id),
        endpoint: Arc::clone(&claim.endpoint),
        data: Arc::default(),
        html: None,
        ..*claim
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::super::testing::*;
    use super::*;
    use crate::config::{Payload, Webhook};

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
        assert!(round.held.values().all(|claim| *claim.endpoint != *last));

        signal.notify_one();
        round.finish_one().await;
        round.record().await.unwrap();
        // A worker tells of its answer first, and ends then.
        while round.spare() == 0 {
            tokio::task::yield_now().await;
        }

        assert!(round.claim(start()).await.unwrap() > 0);
        assert!(round.held.values().any(|claim| *claim.endpoint == *last), "it waited longest");
    }

    #[tokio::test]
    async fn what_is_under_way_is_held_once() {
        let receiver = holding(&Arc::default()).await;
        let full = Webhook { payload: Payload::Full, ..hook("hook", &receiver) };
        let desk = Desk::new(vec![full]).await;
        desk.owe(&["msg_1"], &["hook"]).await;
        let mut round = Round::new(&desk.courier);
        round.claim(start()).await.unwrap();
        assert!(round.held.values().all(|claim| claim.data.is_empty() && claim.html.is_none()));
    }
}
