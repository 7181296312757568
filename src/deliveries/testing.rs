//! What the tests of deliveries share: a receiver that answers by a script, a clock that stands still, a resolver that says
//! what it is told, a store with deliveries owed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::client::{Resolver, Timeouts};
use super::formats::Told;
use super::{Clock, Courier, Settings};
pub(super) use crate::config::testing::site;
use crate::config::{EventType, Secret, StoreUrl, Webhook};
use crate::events::Event;
use crate::store::{Access, ScanCommit, Store};

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request as the receiver saw it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    /// Such as `POST /hook HTTP/1.1`.
    pub(super) line: String,
    /// By lower-case name.
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

/// What the receiver does when a request has arrived.
pub(super) enum Step {
    /// Answers, and keeps the connection.
    Answer(&'static str, &'static str, Vec<u8>),
    /// Answers 200 when it is told to.
    Hold(Arc<Notify>),
    /// Sends these bytes and closes.
    Raw(Vec<u8>),
    /// Sends these bytes and then nothing, without closing.
    Stall(Vec<u8>),
    /// Sends the first bytes and then the second ones again and again, until nobody listens any more.
    Endless(&'static str, Vec<u8>),
    /// Cuts the connection.
    Reset,
}

/// An answer without headers and body.
pub(super) fn status(line: &'static str) -> Step {
    Step::Answer(line, "", Vec::new())
}

/// A receiver on loopback. After its script it answers 200.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
    requests: mpsc::UnboundedReceiver<Request>,
    _server: AbortOnDropHandle<()>,
}

struct Scripted {
    script: Mutex<VecDeque<Step>>,
    requests: mpsc::UnboundedSender<Request>,
    at_once: AtomicUsize,
    most_at_once: Arc<AtomicUsize>,
}

impl Receiver {
    pub(super) async fn new(script: Vec<Step>) -> Self {
        Self::bound(TcpListener::bind("127.0.0.1:0").await.unwrap(), script)
    }

    pub(super) fn bound(listener: TcpListener, script: Vec<Step>) -> Self {
        let (sender, requests) = mpsc::unbounded_channel();
        let (connections, most_at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let scripted = Arc::new(Scripted {
            script: Mutex::new(script.into()),
            requests: sender,
            at_once: AtomicUsize::new(0),
            most_at_once: Arc::clone(&most_at_once),
        });
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(serve(listener, scripted, Arc::clone(&connections)));
        Self { address, connections, most_at_once, requests, _server: AbortOnDropHandle::new(server) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The most requests that waited for their answer at once.
    pub(super) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// Waits for the next request.
    pub(super) async fn request(&mut self) -> Request {
        self.requests.recv().await.unwrap()
    }

    /// The requests that arrived and were not asked for yet.
    pub(super) fn requests(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

async fn serve(listener: TcpListener, scripted: Arc<Scripted>, connections: Arc<AtomicUsize>) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        open.spawn(converse(BufReader::new(stream), Arc::clone(&scripted)));
    }
}

async fn converse(mut stream: BufReader<TcpStream>, scripted: Arc<Scripted>) {
    while let Ok(Some(request)) = read_request(&mut stream).await {
        let at_once = scripted.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        scripted.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        let _ = scripted.requests.send(request);
        let step = scripted.script.lock().unwrap().pop_front().unwrap_or(status("200 OK"));
        let goes_on = act(&mut stream, step, &scripted.at_once).await;
        if !goes_on {
            return;
        }
    }
}

/// Returns whether the connection is kept.
async fn act(stream: &mut BufReader<TcpStream>, step: Step, at_once: &AtomicUsize) -> bool {
    if let Step::Hold(signal) = &step {
        signal.notified().await;
    }
    // Before the answer: who has it may call again at once.
    at_once.fetch_sub(1, Ordering::SeqCst);
    match step {
        Step::Answer(status, headers, body) => {
            let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).await.is_ok()
        }
        Step::Hold(_) => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_ok(),
        Step::Raw(bytes) => {
            let _ = stream.write_all(&bytes).await;
            false
        }
        Step::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
            false
        }
        Step::Endless(head, again) => {
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&again).await.is_ok() {}
            false
        }
        Step::Reset => {
            let _ = stream.get_ref().set_zero_linger();
            false
        }
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let headers: HashMap<_, _> = lines.iter().skip(1).filter_map(header).collect();
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await?;
    Ok(Some(Request { line: lines.swap_remove(0), headers, body }))
}

/// A clock that stands still.
#[derive(Debug)]
pub(super) struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(start())))
    }

    pub(super) fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap() = now;
    }

    pub(super) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// When the manual clock begins.
pub(super) fn start() -> DateTime<Utc> {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

/// Says these addresses, in turn; the last ones for ever. Panics if there are none.
#[derive(Debug)]
pub(super) struct Scripture(Mutex<VecDeque<io::Result<Vec<IpAddr>>>>);

impl Scripture {
    pub(super) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| Ok(answer.iter().map(|ip| ip.parse().unwrap()).collect()));
        Arc::new(Self(Mutex::new(answers.collect())))
    }

    pub(super) fn failing() -> Arc<Self> {
        Arc::new(Self(Mutex::new([Err(io::Error::other("no such name"))].into())))
    }
}

impl Resolver for Scripture {
    fn resolve(&self, _host: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let mut answers = self.0.lock().unwrap();
        let answer = match answers.len() {
            0 => panic!("nobody told this resolver anything"),
            1 => answers[0].as_ref().map(Clone::clone).map_err(|error| io::Error::other(error.to_string())),
            _ => answers.pop_front().unwrap(),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// Never answers.
#[derive(Debug)]
pub(super) struct Mute;

impl Resolver for Mute {
    fn resolve(&self, _host: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(std::future::pending())
    }
}

/// Timeouts for receivers that answer.
pub(super) const PATIENT: Timeouts = Timeouts { connect: Duration::from_secs(20), total: Duration::from_secs(20) };

/// Timeouts for receivers that do not; long enough for a busy machine to connect first.
pub(super) const HASTY: Timeouts = Timeouts { connect: PATIENT.connect, total: Duration::from_secs(1) };

pub(super) fn webhook(name: &str, url: &str) -> Webhook {
    Webhook { secrets: vec![Secret::new(SECRET)], ..Webhook::new(name, url.parse().unwrap()) }
}

/// A courier for some webhooks, with a store of its own.
pub(super) struct Desk {
    pub(super) courier: Arc<Courier>,
    pub(super) store: Store,
    pub(super) clock: Arc<ManualClock>,
    pub(super) wake: Arc<Notify>,
    pub(super) database: std::path::PathBuf,
    _dir: TempDir,
}

impl Desk {
    pub(super) async fn new(webhooks: Vec<Webhook>) -> Self {
        Self::with(webhooks, Scripture::failing()).await
    }

    pub(super) async fn with(webhooks: Vec<Webhook>, resolver: Arc<dyn Resolver>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("tidings.db");
        let store = Store::open(&StoreUrl::Sqlite(database.clone()), Access::Owner).await.unwrap();
        let names: Vec<_> = webhooks.iter().map(|webhook| webhook.name.clone()).collect();
        store.sync_endpoints(&names, start()).await.unwrap();
        let (clock, wake) = (ManualClock::new(), Arc::new(Notify::new()));
        let webhooks: Vec<_> = webhooks.into_iter().map(Arc::new).collect();
        let settings = Settings { timeouts: PATIENT, jitter: || 0.0 };
        let (time, bell) = (Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&wake));
        let courier = Courier::with(store.clone(), &site(), &webhooks, time, resolver, bell, settings).unwrap();
        Self { courier: Arc::new(courier), store, clock, wake, database, _dir: dir }
    }

    /// Owes these events to these endpoints.
    pub(super) async fn owe(&self, events: &[&str], endpoints: &[&str]) {
        let endpoints: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
        let events = events.iter().map(|id| (event(id), endpoints.clone())).collect();
        let commit = ScanCommit { events, at: Some(start()), ..ScanCommit::default() };
        self.store.commit_scan(&commit).await.unwrap();
    }

    /// Where each delivery stands: by endpoint, and the event's id.
    pub(super) async fn states(&self) -> BTreeMap<(String, String), &'static str> {
        let deliveries = self.store.deliveries(&Default::default()).await.unwrap();
        deliveries.into_iter().map(|d| ((d.endpoint, d.event_id), d.state.as_str())).collect()
    }

    /// Status and error of each attempt.
    pub(super) async fn attempts(&self, event: &str, endpoint: &str) -> Vec<(Option<u16>, Option<String>)> {
        let attempts = self.store.attempts(event, endpoint).await.unwrap();
        attempts.into_iter().map(|attempt| (attempt.status, attempt.error)).collect()
    }
}

/// A new post, for one endpoint.
pub(super) fn told<'a>(id: &'a str, data: &'a str) -> Told<'a> {
    Told { id, event_type: EventType::PostPublished, timestamp: start(), data, html: None, sequence: None }
}

fn event(id: &str) -> Event {
    Event {
        id: id.to_owned(),
        event_type: EventType::PostPublished,
        key: Some(format!("{id}.md")),
        timestamp: start(),
        data: serde_json::json!({"title": id}),
        html: None,
        first_id: None,
    }
}
