//! A receiver on a raw socket, which does what it is told to each request, and keeps a journal of all that came: the judge of
//! what was delivered.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use serde_json::Value;

use super::script::{End, Script};
use crate::harness::{PATIENCE, SECRET};

/// A request that arrived whole.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
    pub(super) at: Instant,
    /// How many of its signatures are by a secret of ours, and how many it has.
    pub(super) signatures: (usize, usize),
}

impl Entry {
    pub(super) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// By the convention of all cases: the first word of its path.
    pub(super) fn endpoint(&self) -> &str {
        self.path[1..].split(['/', '?']).next().unwrap()
    }

    pub(super) fn timestamp(&self) -> i64 {
        self.headers["webhook-timestamp"].parse().unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn title(&self) -> String {
        self.json()["data"]["title"].as_str().unwrap_or_default().to_owned()
    }
}

/// What it does with the requests of one path: first these, then that.
struct Part {
    next: VecDeque<Script>,
    then: Script,
}

/// What has come, and how many different messages that is at each path's endpoint.
#[derive(Default)]
struct Journal {
    entries: Vec<Entry>,
    messages: HashSet<(String, String)>,
}

/// Called with the number of each request.
type Hook = Box<dyn Fn(usize) + Send>;

#[derive(Default)]
struct Shared {
    journal: Mutex<Journal>,
    arrived: Condvar,
    parts: Mutex<HashMap<String, Part>>,
    secrets: Mutex<Vec<String>>,
    hook: Mutex<Option<Hook>>,
    tls: Mutex<Option<Arc<rustls::ServerConfig>>>,
    connections: AtomicUsize,
    busy: AtomicUsize,
    busiest: AtomicUsize,
}

/// A receiver on a free port of an address of this machine. Answers 204 unless told otherwise.
pub(super) struct Judge {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Judge {
    pub(super) fn start() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
    }

    /// At this very address, if nobody else is there.
    pub(super) fn at(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let judge = Self { address: listener.local_addr().unwrap(), shared: Arc::default() };
        judge.shared.secrets.lock().unwrap().push(SECRET.to_owned());
        let shared = Arc::clone(&judge.shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || converse(&shared, stream));
            }
        });
        Ok(judge)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests to a path are treated so, after those that were promised before.
    pub(super) fn next(&self, path: &str, scripts: impl IntoIterator<Item = Script>) {
        self.parts().entry(path.to_owned()).or_default().next.extend(scripts);
    }

    /// All other requests to a path are treated so.
    pub(super) fn always(&self, path: &str, script: Script) {
        self.parts().entry(path.to_owned()).or_default().then = script;
    }

    /// Whatever was promised, all requests are answered with 204 from now on.
    pub(super) fn heal(&self) {
        self.parts().clear();
    }

    /// Signatures by this secret are good too.
    pub(super) fn knows(&self, secret: &str) {
        self.shared.secrets.lock().unwrap().push(secret.to_owned());
    }

    /// Called with the number of each request before it is answered.
    pub(super) fn on_request(&self, hook: impl Fn(usize) + Send + 'static) {
        *self.shared.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// Waits until so many requests have come, and returns all.
    pub(super) fn wait(&self, count: usize) -> Vec<Entry> {
        self.wait_until(&format!("{count} requests"), |journal| journal.entries.len() >= count)
    }

    /// Waits until so many different messages have come, and returns all requests.
    pub(super) fn wait_for_messages(&self, count: usize) -> Vec<Entry> {
        self.wait_until(&format!("{count} messages"), |journal| journal.messages.len() >= count)
    }

    /// Waits until the journal holds what is wanted, and returns it.
    pub(super) fn wait_for(&self, what: &str, wanted: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        self.wait_until(what, |journal| wanted(&journal.entries))
    }

    /// As long as more comes, more may be on its way.
    fn wait_until(&self, what: &str, wanted: impl Fn(&Journal) -> bool) -> Vec<Entry> {
        let mut journal = self.shared.journal.lock().unwrap();
        while !wanted(&journal) {
            let (woken, late) = self.shared.arrived.wait_timeout(journal, PATIENCE).unwrap();
            journal = woken;
            assert!(!late.timed_out() || wanted(&journal), "{what} did not come, but {}", journal.entries.len());
        }
        journal.entries.clone()
    }

    /// How many different messages have come so far, and how many requests.
    pub(super) fn counts(&self) -> (usize, usize) {
        let journal = self.shared.journal.lock().unwrap();
        (journal.messages.len(), journal.entries.len())
    }

    /// All that has come so far.
    pub(super) fn journal(&self) -> Vec<Entry> {
        self.shared.journal.lock().unwrap().entries.clone()
    }

    /// What has come to one path.
    pub(super) fn of(&self, path: &str) -> Vec<Entry> {
        self.journal().into_iter().filter(|entry| entry.path == path).collect()
    }

    /// From the next connection on it speaks TLS, with this certificate.
    pub(super) fn present(&self, tls: Arc<rustls::ServerConfig>) {
        *self.shared.tls.lock().unwrap() = Some(tls);
    }

    /// Connections accepted.
    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The most requests that were being answered at one moment.
    pub(super) fn busiest(&self) -> usize {
        self.shared.busiest.load(Ordering::SeqCst)
    }

    fn parts(&self) -> MutexGuard<'_, HashMap<String, Part>> {
        self.shared.parts.lock().unwrap()
    }
}

impl Default for Part {
    fn default() -> Self {
        Self { next: VecDeque::new(), then: Script::status(204) }
    }
}

fn converse(shared: &Shared, mut stream: TcpStream) {
    let tls = shared.tls.lock().unwrap().clone();
    let end = match tls {
        None => answer_all(shared, &mut stream),
        Some(tls) => {
            answer_all(shared, &mut rustls::Stream::new(&mut rustls::ServerConnection::new(tls).unwrap(), &mut stream))
        }
    };
    match end {
        End::Reset => reset(stream),
        End::Open | End::Closed => drop(stream.shutdown(Shutdown::Both)),
    }
}

fn answer_all(shared: &Shared, stream: &mut (impl Read + Write)) -> End {
    loop {
        let secrets = shared.secrets.lock().unwrap().clone();
        let Some(entry) = read(stream, &secrets) else { return End::Closed };
        let script = note(shared, entry);
        let busy = shared.busy.fetch_add(1, Ordering::SeqCst) + 1;
        shared.busiest.fetch_max(busy, Ordering::SeqCst);
        let end = script.play(stream);
        shared.busy.fetch_sub(1, Ordering::SeqCst);
        if end != End::Open {
            return end;
        }
    }
}

/// A close that must not linger is a RST.
fn reset(stream: TcpStream) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _guard = runtime.enter();
    stream.set_nonblocking(true).unwrap();
    tokio::net::TcpStream::from_std(stream).unwrap().set_zero_linger().unwrap();
}

/// Puts a request into the journal, and returns what is to be done with it.
fn note(shared: &Shared, entry: Entry) -> Script {
    let path = entry.path.clone();
    let count = {
        let mut journal = shared.journal.lock().unwrap();
        journal.messages.insert((entry.endpoint().to_owned(), entry.id().to_owned()));
        journal.entries.push(entry);
        shared.arrived.notify_all();
        journal.entries.len()
    };
    if let Some(hook) = &*shared.hook.lock().unwrap() {
        hook(count);
    }
    let mut parts = shared.parts.lock().unwrap();
    let part = parts.entry(path).or_default();
    part.next.pop_front().unwrap_or_else(|| part.then.clone())
}

/// A request, if one comes whole.
fn read(stream: &mut impl Read, secrets: &[String]) -> Option<Entry> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).ok().filter(|&length| length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut body = bytes[end + 4..].to_vec();
    let rest = headers["content-length"].parse::<usize>().unwrap() - body.len();
    let mut tail = vec![0; rest];
    stream.read_exact(&mut tail).ok()?;
    body.append(&mut tail);
    let signatures = signatures(&headers, &body, secrets);
    Some(Entry { path, headers, body, at: Instant::now(), signatures })
}

/// How many signatures are good, and how many there are, by an independent judge.
fn signatures(headers: &HashMap<String, String>, body: &[u8], secrets: &[String]) -> (usize, usize) {
    let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
    let good: Vec<String> = secrets
        .iter()
        .filter_map(|secret| {
            let timestamp = header("webhook-timestamp").parse().ok()?;
            standardwebhooks::Webhook::new(secret).ok()?.sign(header("webhook-id"), timestamp, body).ok()
        })
        .collect();
    let all = header("webhook-signature").split(' ').filter(|text| !text.is_empty());
    (all.clone().filter(|text| good.iter().any(|good| good == text)).count(), all.count())
}
