//! The calls that are under way.
//!
//! In: intents and notices. Out: their records, in batches. Never: more calls at once than there is room for, more to one host
//! than its share, or a live subscriber behind a dead one for long: who failed last time comes after the others and has a part
//! of the room only, and who does not answer while others wait is cut short.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::super::failure::Failure;
use super::super::turns::Turns;
use super::Distributor;
use super::distribution::{Told, tell};
use super::report;
use super::verdict::{self, LONGEST_WAIT, Moment};
use super::verification::{Asked, ask};
use crate::store::StoreError;
use crate::store::hub::{Answer, Intent, Notice, Outcome, Seats};

/// Notices under way at a time: each is a connection, and a process may usually open a thousand files.
const NOTICES: usize = 256;
/// Those of them to subscribers whose last call failed.
const FAILING: usize = NOTICES / 4;
/// Those of them to one host.
const NOTICES_A_HOST: usize = 32;
/// Verifications under way at a time.
const INTENTS: usize = 32;
/// Verifications a minute that one host gets, whoever asks for them.
const INTENTS_A_HOST: usize = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// The store is asked at least this often, for the sake of clocks that jump.
const POLL: Duration = Duration::from_secs(1);
/// How long a subscriber may take while others wait for its place.
const HURRIED: Duration = Duration::from_millis(1_500);
/// How often who takes too long is looked for while others wait.
const HURRY: Duration = Duration::from_millis(100);
/// How often what has ended is cleared away, and counted.
const TENDING: Duration = Duration::from_secs(30);
/// Beyond the longest call: enough to record its result.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// No lease that was granted is longer.
const LONGEST_LEASE: TimeDelta = TimeDelta::days(30);

/// What was claimed.
enum Call {
    Ask(Intent),
    Tell(Notice),
}

/// What was heard.
enum Heard {
    Asked(Asked),
    Told(Told),
}

struct UnderWay {
    call: Call,
    began: Instant,
    abort: AbortHandle,
}

/// Everything that one run of a distributor has under way.
pub(super) struct Round<'a> {
    hub: &'a Distributor,
    calls: JoinSet<Heard>,
    under_way: HashMap<Id, UnderWay>,
    asking: usize,
    failing: usize,
    /// Notices under way, by host.
    told: HashMap<String, usize>,
    /// Verifications of the last minute, by host, and when each began.
    asked: HashMap<String, usize>,
    minute: VecDeque<(Instant, String)>,
    answers: Vec<(Intent, Answer)>,
    outcomes: Vec<(Notice, Outcome)>,
    /// What the log is told once they are recorded, in their order.
    asked_of: Vec<(Asked, Duration)>,
    told_of: Vec<(Told, Duration)>,
    /// Whether notices wait for room.
    is_pressed: bool,
    tended: Option<Instant>,
}

impl Turns for Round<'_> {
    const WAITS: &'static str = "the hub waits for the store";

    async fn turn(&mut self) -> Result<Duration, StoreError> {
        self.take_ended();
        self.record().await?;
        self.tend().await?;
        self.hurry();
        let now = self.hub.clock.now();
        match self.hub.store.hub_due(now).await? {
            Some(due) if due <= now => {
                self.begin(now).await?;
                Ok(if self.is_pressed { HURRY } else { POLL })
            }
            Some(due) => Ok((due - now).to_std().unwrap_or_default().min(POLL)),
            None => Ok(POLL),
        }
    }

    fn is_waiting(&self) -> bool {
        self.is_calling()
    }

    async fn finish_one(&mut self) {
        if let Some(result) = self.calls.join_next_with_id().await {
            self.take(result);
        }
        self.take_ended();
    }
}

impl<'a> Round<'a> {
    pub(super) fn new(hub: &'a Distributor) -> Self {
        Self {
            hub,
            calls: JoinSet::new(),
            under_way: HashMap::new(),
            asking: 0,
            failing: 0,
            told: HashMap::new(),
            asked: HashMap::new(),
            minute: VecDeque::new(),
            answers: Vec::new(),
            outcomes: Vec::new(),
            asked_of: Vec::new(),
            told_of: Vec::new(),
            is_pressed: false,
            tended: None,
        }
    }

    fn is_calling(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Does everything that is due at `due`. Returns how many calls were made.
    pub(super) async fn all_due(&mut self, due: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut made = 0;
        loop {
            made += self.begin(due).await?;
            if !self.is_calling() {
                return Ok(made);
            }
            if tokio::time::timeout(HURRY, self.finish_one()).await.is_err() {
                self.hurry();
            }
            self.record().await?;
        }
    }

    /// Waits for all calls to end and records them.
    pub(super) async fn drain(&mut self) -> Result<(), StoreError> {
        while self.is_calling() {
            self.finish_one().await;
        }
        self.record().await
    }

    fn take_ended(&mut self) {
        while let Some(result) = self.calls.try_join_next_with_id() {
            self.take(result);
        }
    }

    /// Claims what is due, first the callbacks that are to be asked: somebody waits for the answer. Returns how many calls
    /// began.
    async fn begin(&mut self, due: DateTime<Utc>) -> Result<usize, StoreError> {
        Ok(self.begin_asking(due).await? + self.begin_telling(due).await?)
    }

    async fn begin_asking(&mut self, due: DateTime<Utc>) -> Result<usize, StoreError> {
        self.forget_minute();
        let room = INTENTS - self.asking;
        if room == 0 {
            return Ok(0);
        }
        let seats = Seats { a_host: INTENTS_A_HOST, taken: &self.asked };
        let intents = self.hub.store.claim_intents(room, seats, due, self.lease()).await?;
        let count = intents.len();
        for intent in intents {
            let host = intent.callback.host().to_owned();
            *self.asked.entry(host.clone()).or_default() += 1;
            self.minute.push_back((Instant::now(), host));
            self.asking += 1;
            let (desk, asked) = (Arc::clone(&self.hub.desk), intent.clone());
            let call = async move { Heard::Asked(ask(&desk, &asked, rand::random()).await) };
            self.spawn(Call::Ask(intent), call);
        }
        Ok(count)
    }

    async fn begin_telling(&mut self, due: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut begun = 0;
        for is_failing in [false, true] {
            let room = NOTICES - (self.under_way.len() - self.asking);
            let room = if is_failing { room.min(FAILING - self.failing) } else { room };
            if room == 0 {
                self.is_pressed |= !is_failing;
                continue;
            }
            let seats = Seats { a_host: NOTICES_A_HOST, taken: &self.told };
            let notices = self.hub.store.claim_notices(is_failing, room, seats, due, self.lease()).await?;
            if !is_failing {
                self.is_pressed = notices.len() == room;
            }
            begun += notices.len();
            notices.into_iter().for_each(|notice| self.tell(notice));
        }
        Ok(begun)
    }

    fn tell(&mut self, notice: Notice) {
        *self.told.entry(notice.callback.host().to_owned()).or_default() += 1;
        self.failing += usize::from(notice.is_failing);
        let (desk, told, now) = (Arc::clone(&self.hub.desk), notice.clone(), self.hub.clock.now());
        self.spawn(Call::Tell(notice), async move { Heard::Told(tell(&desk, &told, now).await) });
    }

    fn spawn(&mut self, call: Call, work: impl Future<Output = Heard> + Send + 'static) {
        let abort = self.calls.spawn(work);
        self.under_way.insert(abort.id(), UnderWay { call, began: Instant::now(), abort });
    }

    /// Ends notices that have taken too long, if others wait for their room.
    fn hurry(&mut self) {
        if !std::mem::take(&mut self.is_pressed) {
            return;
        }
        let is_slow = |call: &&UnderWay| matches!(call.call, Call::Tell(_)) && call.began.elapsed() >= HURRIED;
        self.under_way.values().filter(is_slow).for_each(|call| call.abort.abort());
    }

    fn take(&mut self, result: Result<(Id, Heard), JoinError>) {
        let id = result.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let UnderWay { call, began, .. } = self.under_way.remove(&id).expect("every call is under way");
        let moment = Moment { now: self.hub.clock.now(), random: rand::random() };
        let heard = result.map(|(_, heard)| heard);
        match call {
            Call::Ask(intent) => {
                self.asking -= 1;
                let asked = match heard {
                    Ok(Heard::Asked(asked)) => asked,
                    Ok(Heard::Told(_)) | Err(_) => Asked::Nothing(broken()),
                };
                let answer = verdict::answer(&asked, intent.attempts, moment);
                self.answers.push((intent, answer));
                self.asked_of.push((asked, began.elapsed()));
            }
            Call::Tell(notice) => {
                self.hang_up(&notice);
                let told = match heard {
                    Ok(Heard::Told(told)) => told,
                    Err(error) if error.is_cancelled() => Told::Nothing(cut_short()),
                    Ok(Heard::Asked(_)) | Err(_) => Told::Nothing(broken()),
                };
                let outcome = verdict::outcome(&told, notice.attempts, notice.ends_at, moment);
                self.outcomes.push((notice, outcome));
                self.told_of.push((told, began.elapsed()));
            }
        }
    }

    fn hang_up(&mut self, notice: &Notice) {
        self.failing -= usize::from(notice.is_failing);
        if let Some(taken) = self.told.get_mut(notice.callback.host()) {
            *taken -= 1;
            if *taken == 0 {
                self.told.remove(notice.callback.host());
            }
        }
    }

    /// Hands the store all results.
    async fn record(&mut self) -> Result<(), StoreError> {
        let now = self.hub.clock.now();
        if !self.answers.is_empty() {
            let counted = self.hub.store.record_answers(&self.answers, now).await?;
            let of = self.asked_of.drain(..).zip(counted);
            for ((intent, answer), ((asked, took), counts)) in self.answers.drain(..).zip(of) {
                report::asked(&intent, &asked, answer, counts, took);
            }
        }
        if !self.outcomes.is_empty() {
            self.hub.store.record_notices(&self.outcomes, now).await?;
            for ((notice, outcome), (told, took)) in self.outcomes.drain(..).zip(self.told_of.drain(..)) {
                report::told(&notice, &told, &outcome, took);
            }
        }
        Ok(())
    }

    async fn tend(&mut self) -> Result<(), StoreError> {
        if self.tended.is_some_and(|last| last.elapsed() < TENDING) {
            return Ok(());
        }
        let (store, now) = (&self.hub.store, self.hub.clock.now());
        store.tidy_hub(now, LONGEST_WAIT, LONGEST_LEASE).await?;
        report::owed(store.hub_owed(now).await?);
        self.tended = Some(Instant::now());
        Ok(())
    }

    fn forget_minute(&mut self) {
        while let Some((_, host)) = self.minute.pop_front_if(|(began, _)| began.elapsed() >= MINUTE) {
            if let Some(taken) = self.asked.get_mut(&host) {
                *taken -= 1;
                if *taken == 0 {
                    self.asked.remove(&host);
                }
            }
        }
    }

    fn lease(&self) -> DateTime<Utc> {
        self.hub.clock.now() + LEASE
    }
}

fn cut_short() -> Failure {
    Failure::new("timeout", format!("there was no answer within {HURRIED:?}, and others waited"))
}

/// A call whose task panicked.
fn broken() -> Failure {
    Failure::new("internal", "Tidings itself failed; this is a bug, please report it")
}
