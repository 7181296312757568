//! A webhook's receiver whose answers can be scripted, and which verifies what it gets with an independent judge.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::{PATIENCE, SECRET};

/// What the receiver answers to one request.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A message that arrived, its signature verified.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Such as `POST /hook`.
    pub(crate) line: String,
    pub(crate) id: String,
    pub(crate) headers: HashMap<String, String>,
    /// A text, if it is not JSON.
    pub(crate) body: Value,
}

impl Message {
    pub(crate) fn event(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    pub(crate) fn data(&self, key: &str) -> &Value {
        &self.body["data"][key]
    }
}

type Script = Arc<Mutex<VecDeque<Answer>>>;
/// Called with each message before it is answered.
type Hook = Arc<Mutex<Option<Box<dyn Fn(&Message) + Send>>>>;

#[derive(Clone)]
struct Shared {
    verify: fn(&HeaderMap, &[u8]) -> Result<(), String>,
    script: Script,
    hook: Hook,
    sender: mpsc::Sender<Message>,
}

/// A real server on a free port. Answers 204 unless told otherwise. Dropping it fails the test if a message was not looked at.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Shared,
    messages: mpsc::Receiver<Message>,
    _runtime: tokio::runtime::Runtime,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        Self::new(|headers, body| judge().verify(body, headers).map_err(|error| format!("{error:?}")))
    }

    /// For messages that a test clock stamps.
    pub(crate) fn start_out_of_time() -> Self {
        Self::new(verify_untimed)
    }

    /// Takes what is not signed, as chats do.
    pub(crate) fn start_trusting() -> Self {
        Self::new(|_, _| Ok(()))
    }

    fn new(verify: fn(&HeaderMap, &[u8]) -> Result<(), String>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sender, messages) = mpsc::channel();
        let shared = Shared { verify, script: Script::default(), hook: Hook::default(), sender };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(receive).with_state(shared.clone());
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, messages, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next requests are answered so.
    pub(crate) fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.script.lock().unwrap().extend(answers);
    }

    /// Called with each message, before it is answered.
    pub(crate) fn on_message(&self, hook: impl Fn(&Message) + Send + 'static) {
        *self.shared.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// Waits for the next message.
    pub(crate) fn next(&self) -> Message {
        self.messages.recv_timeout(PATIENCE).expect("a message")
    }

    /// What has arrived and was not looked at.
    pub(crate) fn rest(&self) -> Vec<Message> {
        self.messages.try_iter().collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty() || std::thread::panicking(), "messages that nobody expected: {rest:#?}");
    }
}

async fn receive(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(error) = (shared.verify)(&headers, &body) {
        return (StatusCode::UNAUTHORIZED, error).into_response();
    }
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
    };
    let message = Message {
        line: format!("{method} {uri}"),
        id: headers.get("webhook-id").map(|id| id.to_str().unwrap().to_owned()).unwrap_or_default(),
        headers: headers.iter().map(text).collect(),
        body: serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8(body.to_vec()).unwrap().into()),
    };
    if let Some(hook) = &*shared.hook.lock().unwrap() {
        hook(&message);
    }
    let answer = shared.script.lock().unwrap().pop_front().unwrap_or(Answer::status(204));
    shared.sender.send(message).unwrap();
    let mut response = StatusCode::from_u16(answer.status).unwrap().into_response();
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn verify_untimed(headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    let header = |name: &str| headers[name].to_str().unwrap();
    let expected = judge().sign(header("webhook-id"), header("webhook-timestamp").parse().unwrap(), body).unwrap();
    (header("webhook-signature") == expected).then_some(()).ok_or_else(|| format!("expected {expected}"))
}

fn judge() -> standardwebhooks::Webhook {
    standardwebhooks::Webhook::new(SECRET).unwrap()
}
