//! H-6: many subscribers, a tenth of them dead, one update.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use tidings::config::StoreUrl;
use tidings::store::hub::{Answer, Callback, Limits, Mode, Request, Seats};
use tidings::store::{Access, Store};

use super::subscriber::{Call, Reply, Subscriber};
use super::{ATOM, Hub, start};
use crate::harness::Site;

const LIMIT: Duration = Duration::from_secs(10);
const SECRET: &str = "s3cret";

/// Who a subscriber is, by its number: one in ten is dead, in one way or another.
#[derive(Clone, Copy)]
struct Crowd<'a> {
    live: &'a Subscriber,
    silent: &'a Subscriber,
}

impl Crowd<'_> {
    fn is_dead(n: usize) -> bool {
        n % 10 == 3
    }

    /// Each on a host of its own.
    fn callback(self, n: usize) -> String {
        let (a, b) = (u8::try_from(n / 250).unwrap(), u8::try_from(n % 250 + 1).unwrap());
        match (Self::is_dead(n), n / 10 % 4) {
            (false, _) => self.live.url_on([127, 1, a, b], &format!("/{n}")),
            // Nobody listens.
            (true, 0) => format!("http://127.2.{a}.{b}:1/{n}"),
            // Somebody does, and never answers.
            (true, _) => self.silent.url_on([127, 3, a, b], &format!("/{n}")),
        }
    }
}

/// Puts confirmed subscriptions into the store of a site.
async fn enrol(site: &Site, callbacks: impl Iterator<Item = String>) {
    let store = StoreUrl::Sqlite(site.file(".tidings/tidings.db"));
    let store = Store::open(&store, Access::Owner).await.unwrap();
    let wide = Limits { total: i64::MAX, topic: i64::MAX, host: i64::MAX, intents: i64::MAX, host_intents: i64::MAX };
    let etag = store.documents().await.unwrap()[ATOM.1].etag.clone();
    let now = Utc::now();
    for callback in callbacks {
        let request = Request {
            mode: Mode::Subscribe,
            path: ATOM.1.to_owned(),
            topic: ATOM.0.to_owned(),
            callback: Callback::new(callback.parse().unwrap()).unwrap(),
            secret: Some(tidings::config::Secret::new(SECRET)),
            lease_seconds: 864_000,
            verify_token: None,
            etag: etag.clone(),
        };
        store.request(&request, &wide, now).await.unwrap();
    }
    let seats = Seats { a_host: usize::MAX, taken: &HashMap::new() };
    let intents = store.claim_intents(1_000_000, seats, now, now).await.unwrap();
    let answers: Vec<_> = intents.into_iter().map(|intent| (intent, Answer::Confirmed)).collect();
    store.record_answers(&answers, now).await.unwrap();
    store.close().await;
}

/// Has one update sent to so many subscribers, and holds what arrives against it.
fn one_update_for(subscribers: usize) {
    let live = Subscriber::start();
    let silent = Subscriber::behaving(|_| Reply::Never);
    let crowd = Crowd { live: &live, silent: &silent };
    let Hub { site, daemon, .. } = Hub::start();
    daemon.stop();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(enrol(&site, (0..subscribers).map(|n| crowd.callback(n))));
    let mut hub = Hub { daemon: start(&site), site, posts: 0 };
    let resting = peak(hub.daemon.id());

    let began = Instant::now();
    let feed = hub.publish();
    let expected: Vec<usize> = (0..subscribers).filter(|n| !Crowd::is_dead(*n)).collect();
    let arrivals: Vec<(Call, Duration)> = expected.iter().map(|_| (live.told(), began.elapsed())).collect();
    let last = arrivals.last().unwrap().1;
    let grown = peak(hub.daemon.id()) - resting;

    println!(
        "{subscribers} subscribers, a tenth dead, {} bytes: half of the live ones after {:?}, 99 % after {:?}, all after \
         {last:?}; memory grew by {grown} kB",
        feed.len(),
        arrivals[arrivals.len() / 2].1,
        arrivals[arrivals.len() * 99 / 100].1,
    );
    let expected_signature = super::signature(SECRET, feed.as_bytes());
    for (call, _) in &arrivals {
        assert!(call.body == feed && call.header("x-hub-signature") == Some(&expected_signature));
    }
    let mut arrived: Vec<usize> = arrivals.iter().map(|(call, _)| call.target[1..].parse().unwrap()).collect();
    arrived.sort_unstable();
    assert_eq!(arrived, expected, "each once");
    assert!(last < LIMIT, "{last:?}");
    assert!(grown < 64 << 10, "{grown} kB: the body is held once, not by subscriber");
    // Those that never answer may be under way.
    silent.rest();
}

/// The most memory that a process ever had, in kB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[test]
fn h_6_a_few_hundred_subscribers() {
    one_update_for(400);
}

#[test]
#[ignore = "a minute; CONTRIBUTING.md says how to run it"]
fn h_6_ten_thousand_subscribers() {
    one_update_for(10_000);
}
