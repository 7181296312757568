//! A subscriber: a server on loopback that keeps what it is told and answers as a test wants it.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use url::Url;

use crate::harness::PATIENCE;

/// What a subscriber was asked or told.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Path and query, as they came.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// The values of a parameter.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let url = Url::parse("http://x").unwrap().join(&self.target).unwrap();
        url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }

    /// The last value of a parameter, which is the hub's.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.all(name).pop()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn is_verification(&self) -> bool {
        self.method == "GET"
    }
}

/// What a subscriber answers.
#[derive(Clone)]
pub(crate) enum Reply {
    /// The challenge to a verification, 200 to everything else.
    Well,
    Status(u16),
    Text(u16, String),
    /// With a `Location`.
    To(u16, String),
    /// A body without end.
    Endless,
    /// Nothing, ever.
    Never,
}

impl Reply {
    /// The challenge of a verification, changed.
    pub(crate) fn challenge(call: &Call, change: impl Fn(String) -> String) -> Self {
        Self::Text(200, change(call.parameter("hub.challenge").unwrap_or_default()))
    }
}

type Behaviour = Arc<dyn Fn(&Call) -> Reply + Send + Sync>;

/// A real server on a free port of every loopback address. Dropping it fails the test if a call was not looked at.
pub(crate) struct Subscriber {
    port: u16,
    calls: mpsc::Receiver<Call>,
    _runtime: tokio::runtime::Runtime,
}

impl Subscriber {
    /// One that behaves well.
    pub(crate) fn start() -> Self {
        Self::behaving(|_| Reply::Well)
    }

    pub(crate) fn behaving(behaviour: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sender, calls) = mpsc::channel();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("0.0.0.0:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = (Arc::new(behaviour) as Behaviour, sender);
        let router = Router::new().fallback(take).with_state(state);
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { port, calls, _runtime: runtime }
    }

    /// The URL of this path and query, on 127.0.0.1.
    pub(crate) fn url(&self, target: &str) -> String {
        self.url_on([127, 0, 0, 1], target)
    }

    /// As [`Self::url`], on another address of loopback.
    pub(crate) fn url_on(&self, address: [u8; 4], target: &str) -> String {
        format!("http://{}{target}", SocketAddr::from((address, self.port)))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the next call.
    pub(crate) fn next(&self) -> Call {
        self.calls.recv_timeout(PATIENCE).expect("a call")
    }

    /// Waits for the next call, which is a verification.
    pub(crate) fn asked(&self) -> Call {
        let call = self.next();
        assert!(call.is_verification(), "{call:?}");
        call
    }

    /// Waits for the next call, which brings a document.
    pub(crate) fn told(&self) -> Call {
        let call = self.next();
        assert_eq!(call.method, "POST", "{call:?}");
        call
    }

    /// What has arrived and was not looked at.
    pub(crate) fn rest(&self) -> Vec<Call> {
        self.calls.try_iter().collect()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty() || std::thread::panicking(), "calls that nobody expected: {rest:#?}");
    }
}

async fn take(State((behaviour, calls)): State<(Behaviour, mpsc::Sender<Call>)>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let call = Call {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body: axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default(),
    };
    // A behaviour may wait for the test.
    let (call, reply) = tokio::task::spawn_blocking(move || {
        let reply = behaviour(&call);
        (call, reply)
    })
    .await
    .unwrap();
    let challenge = call.parameter("hub.challenge").unwrap_or_default();
    // The test may be over.
    let _ = calls.send(call);
    match reply {
        Reply::Well => challenge.into_response(),
        Reply::Status(status) => code(status).into_response(),
        Reply::Text(status, text) => (code(status), text).into_response(),
        Reply::To(status, target) => (code(status), [("location", target)]).into_response(),
        Reply::Endless => Body::new(Endless).into_response(),
        Reply::Never => std::future::pending().await,
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}

/// Says `x` for ever.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from_static(&[b'x'; 4096])))))
    }
}
