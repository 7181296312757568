//! A public service that is told things without a signature: a hub, a search engine. Its answers can be scripted.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};

use super::PATIENCE;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    /// The fields of a form, in the order in which they stand.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

#[derive(Clone)]
struct Shared {
    script: Arc<Mutex<VecDeque<u16>>>,
    sender: mpsc::Sender<Request>,
}

/// A real server on a free port. Answers 202 unless told otherwise. Dropping it fails the test if a request was not looked at.
pub(crate) struct Unsigned {
    address: SocketAddr,
    shared: Shared,
    requests: mpsc::Receiver<Request>,
    _runtime: tokio::runtime::Runtime,
}

impl Unsigned {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sender, requests) = mpsc::channel();
        let shared = Shared { script: Arc::default(), sender };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(receive).with_state(shared.clone());
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, requests, _runtime: runtime }
    }

    /// The URL of a path on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests get these statuses.
    pub(crate) fn script(&self, statuses: impl IntoIterator<Item = u16>) {
        self.shared.script.lock().unwrap().extend(statuses);
    }

    /// Waits for the next request.
    pub(crate) fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("a request")
    }

    /// What has arrived and was not looked at.
    pub(crate) fn rest(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

impl Drop for Unsigned {
    fn drop(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty() || std::thread::panicking(), "requests that nobody expected: {rest:#?}");
    }
}

async fn receive(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: String) -> StatusCode {
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
    };
    let path = uri.path().to_owned();
    shared.sender.send(Request { path, headers: headers.iter().map(text).collect(), body }).unwrap();
    let status = shared.script.lock().unwrap().pop_front().unwrap_or(202);
    StatusCode::from_u16(status).unwrap()
}
