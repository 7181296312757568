//! What holds after every fault, whatever it was.
//!
//! | | |
//! |---|---|
//! | I1 | each event was delivered to each endpoint, or is visibly waiting, dead, cancelled or parked, and there is a reason |
//! | I2 | a repeat has the id, the body and a good signature of the first |
//! | I3 | nothing was sent that was not committed |
//! | I4 | no address that may not be called was called |
//! | I5 | the attempts recorded are those that the receiver saw |
//! | I6 | memory is bounded |
//! | I7 | another endpoint was not kept waiting for a second |

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::Row as _;

use super::judge::Entry;
use super::machine;
use super::rig::Rig;
use crate::harness::Daemon;

/// A debug build's most: its code alone takes a third. A post has its share, for scans know all of them.
const MOST_MEMORY: usize = 100 << 20;
const MOST_A_POST: usize = 8 << 10;

/// How long the healthy endpoint may wait.
const PROMPTLY: Duration = Duration::from_secs(1);

/// Requests to one endpoint that a process which dies leaves without a record: a batch of answers, and as many as may be under
/// way.
pub(super) const MOST_LOST: usize = 256 + 64;

/// Endpoint, event, whether there was an answer.
const ATTEMPTS: &str = "
    SELECT d.endpoint, d.event_id, a.status IS NOT NULL FROM attempt a JOIN delivery d ON d.id = a.delivery_id";

/// What there is of one delivery.
#[derive(Debug, Default)]
struct Count {
    seen: usize,
    recorded: usize,
    answered: usize,
}

impl Rig {
    /// Stops the daemon, which must end well, and holds everything against the invariants.
    pub(super) fn holds(&self, daemon: Daemon) {
        let memory = machine::peak(daemon.id());
        assert!(memory < MOST_MEMORY + MOST_A_POST * self.told.len(), "I6: {memory} bytes");
        daemon.stop();
        self.holds_stopped();
    }

    /// As [`Rig::holds`], without a daemon.
    pub(super) fn holds_stopped(&self) {
        let (deliveries, journal) = (self.deliveries(), self.journals());
        self.all_are_owed(&deliveries);
        self.are_delivered_or_have_a_reason(&deliveries, &journal);
        let committed: HashSet<&str> = deliveries.iter().filter_map(|delivery| delivery["event_id"].as_str()).collect();
        let mut ids = HashMap::new();
        for entry in &journal {
            self.repeats_are_the_same(&mut ids, entry);
            let is_ping = entry.json()["type"] == "ping";
            assert!(is_ping || committed.contains(entry.id()), "I3: {} was sent and never committed", entry.id());
        }
        assert_eq!(self.trap.connections(), 0, "I4: somebody called where nobody may");
        self.attempts_are_what_came(&journal);
        self.others_did_not_wait();
    }

    /// I1, for posts that have no delivery at all.
    fn all_are_owed(&self, deliveries: &[Value]) {
        let mut owed: HashMap<&str, HashSet<&str>> = HashMap::new();
        for delivery in deliveries {
            let text = |key: &str| delivery[key].as_str().unwrap_or_default();
            owed.entry(text("title")).or_default().insert(text("endpoint"));
        }
        for title in self.told.keys() {
            let endpoints = owed.get(title.as_str()).unwrap_or_else(|| panic!("I1: nobody is owed {title}"));
            assert!(endpoints.contains("other") && endpoints.len() >= 2, "I1: {title} is owed to {endpoints:?} only");
        }
    }

    fn are_delivered_or_have_a_reason(&self, deliveries: &[Value], journal: &[Entry]) {
        let came: HashSet<_> = journal.iter().map(|entry| (entry.endpoint(), entry.id())).collect();
        let tried: HashSet<(String, String)> =
            self.query(ATTEMPTS).iter().map(|row| (row.get(0), row.get(1))).collect();
        for delivery in deliveries {
            let (endpoint, id) = (delivery["endpoint"].as_str().unwrap(), delivery["event_id"].as_str().unwrap());
            let holds = match delivery["state"].as_str().unwrap() {
                "delivered" => came.contains(&(endpoint, id)),
                "pending" => delivery["due_at"].is_string() || self.is_parked(endpoint),
                "dead" => tried.contains(&(endpoint.to_owned(), id.to_owned())),
                "cancelled" => true,
                other => panic!("I1: {other}?"),
            };
            assert!(holds, "I1: {delivery:#}");
        }
    }

    fn is_parked(&self, endpoint: &str) -> bool {
        let endpoint = self.endpoint(endpoint);
        endpoint["disabled"].is_string() || endpoint["paused"] == true
    }

    /// I5. What died with the process was seen and not recorded; what was cut off on its way was recorded and not seen.
    fn attempts_are_what_came(&self, journal: &[Entry]) {
        let mut counts: HashMap<(String, String), Count> = HashMap::new();
        for entry in journal {
            counts.entry((entry.endpoint().to_owned(), entry.id().to_owned())).or_default().seen += 1;
        }
        for row in self.query(ATTEMPTS) {
            let count = counts.entry((row.get(0), row.get(1))).or_default();
            count.recorded += 1;
            count.answered += usize::from(row.get::<bool, _>(2));
        }
        let wrong = counts.iter().find(|(_, count)| count.answered > count.seen);
        assert!(wrong.is_none(), "I5: answered more often than seen: {wrong:?}");
        let mut lost: HashMap<&str, usize> = HashMap::new();
        for ((endpoint, _), count) in &counts {
            *lost.entry(endpoint).or_default() += count.seen.saturating_sub(count.recorded);
        }
        assert!(lost.values().all(|&lost| lost <= self.kills * MOST_LOST), "I5: not on record: {lost:?}");
    }

    /// I7.
    fn others_did_not_wait(&self) {
        let mut first: HashMap<String, Instant> = HashMap::new();
        for entry in self.other.journal() {
            first.entry(entry.title()).or_insert(entry.at);
        }
        for (title, since) in &self.told {
            let Some((&at, &since)) = first.get(title).zip(since.as_ref()) else { continue };
            let (waited, excused) = (at.saturating_duration_since(since), machine::stalled(since, at));
            assert!(
                waited < PROMPTLY + excused,
                "I7: {title} waited {waited:?}, of which {excused:?} are the machine's"
            );
        }
    }

    /// All that arrived anywhere.
    fn journals(&self) -> Vec<Entry> {
        [&self.hook, &self.other].iter().flat_map(|judge| judge.journal()).collect()
    }

    /// Asks the database itself.
    pub(super) fn query(&self, sql: &'static str) -> Vec<sqlx::sqlite::SqliteRow> {
        use sqlx::Connection as _;
        let url = format!("sqlite:{}", self.site.file(".tidings/tidings.db").display());
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            rows
        })
    }

    /// I2. An id belongs to one change of one post, and all messages of it have the same bytes.
    fn repeats_are_the_same(&self, ids: &mut HashMap<String, Entry>, entry: &Entry) {
        let ((good, all), body) = (entry.signatures, entry.json());
        // Chats have a form of their own, and no signatures.
        let is_chat = body.get("type").is_none();
        assert!(good == all && (all > 0 || is_chat), "I2: {} has {good} good signatures of {all}", entry.id());
        let change = format!("{} {} {}", body["type"], body["data"]["id"], body["data"]["revision"]);
        let is_of_post = body["type"].as_str().is_some_and(|event| event.starts_with("post."));
        let id = if is_chat { format!("{} {}", entry.path, entry.id()) } else { entry.id().to_owned() };
        for key in is_of_post.then_some(change).into_iter().chain([id]) {
            let first = ids.entry(key).or_insert_with(|| entry.clone());
            assert_eq!(first.id(), entry.id(), "I2: one change, two ids");
            let same = if self.is_restored { first.json()["data"] == body["data"] } else { first.body == entry.body };
            assert!(same, "I2: {} has two bodies", entry.id());
        }
    }
}
