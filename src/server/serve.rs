//! One listener's connections.
//!
//! In: a bound socket and the routes, both of which may be replaced. Out: answers, until told to stop. Never: more connections
//! than it has room for, a client that takes for ever, or one listener in the way of another.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a client may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connections at once; more wait in the kernel's queue.
    connections: usize,
    /// For the head of the first request: who connects has something to ask.
    first_head: Duration,
    /// For the head of a request, from the moment it may come; so an idle connection is closed after it too.
    head: Duration,
    /// For a connection in all. Whoever still reads an answer then has `grace` left for it.
    lifetime: Duration,
    /// For answers under way when the process or the connection ends.
    grace: Duration,
    /// For a request's head, in bytes.
    head_bytes: usize,
}

const LIMITS: Limits = Limits {
    // Half of the files that a process may usually open: the rest is for the database, the scan and deliveries.
    connections: 512,
    first_head: Duration::from_secs(10),
    head: Duration::from_secs(30),
    lifetime: Duration::from_secs(600),
    grace: Duration::from_secs(10),
    head_bytes: 64 << 10,
};

/// Between two tries to accept, if the process has run out of something.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// A listener that is being served. What is served can be replaced.
#[derive(Debug)]
pub struct Listening {
    doors: mpsc::UnboundedSender<Door>,
    routes: watch::Sender<Router>,
}

/// A socket, and where requests go that come in there.
#[derive(Debug)]
struct Door {
    listener: TcpListener,
    routes: watch::Receiver<Router>,
}

impl Listening {
    fn new(listener: TcpListener, routes: Router) -> (Self, Door, mpsc::UnboundedReceiver<Door>) {
        let ((doors, others), (routes, current)) = (mpsc::unbounded_channel(), watch::channel(routes));
        (Self { doors, routes }, Door { listener, routes: current }, others)
    }

    /// Gives the next request of every connection to other routes.
    pub fn replace(&self, routes: Router) {
        drop(self.routes.send_replace(routes));
    }

    /// Accepts connections on another socket from now on, and gives them to these routes. Connections that are open stay,
    /// with the routes that they have.
    pub fn move_to(&mut self, listener: TcpListener, routes: Router) {
        let (sender, routes) = watch::channel(routes);
        self.routes = sender;
        // There is nobody to take it only if the process is on its way out.
        let _ = self.doors.send(Door { listener, routes });
    }
}

/// Answers HTTP/1.1 on `listener` until `stop`, then finishes what is under way, for ten seconds at most.
pub fn serve(
    listener: TcpListener,
    routes: Router,
    stop: CancellationToken,
) -> (Listening, impl Future<Output = ()> + Send) {
    serve_within(LIMITS, listener, routes, stop)
}

fn serve_within(
    limits: Limits,
    listener: TcpListener,
    routes: Router,
    stop: CancellationToken,
) -> (Listening, impl Future<Output = ()> + Send) {
    let (listening, door, others) = Listening::new(listener, routes);
    (listening, answer(limits, door, others, stop))
}

async fn answer(limits: Limits, mut door: Door, mut others: mpsc::UnboundedReceiver<Door>, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let slots = Arc::new(Semaphore::new(limits.connections));
    let accepting = async {
        loop {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            let stream = tokio::select! {
                stream = accept(&door.listener) => stream,
                Some(other) = others.recv() => {
                    door = other;
                    continue;
                }
            };
            let connection = connection(limits, stream, door.routes.clone(), stop.clone());
            connections.spawn(async move {
                connection.await;
                drop(slot);
            });
        }
    };
    stop.run_until_cancelled(accepting).await;
    // Refuses newcomers while the others finish.
    drop((door, others));
    connections.close();
    connections.wait().await;
}

/// The next client, however long it takes.
async fn accept(listener: &TcpListener) -> TcpStream {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // That client is gone; the next one is not.
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; trying again in a second");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One client, to its end, which is not news: clients come and go.
async fn connection(limits: Limits, stream: TcpStream, routes: watch::Receiver<Router>, stop: CancellationToken) {
    // Answers are written whole, so there is nothing to wait for; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let asked = Notify::new();
    let peer = stream.peer_addr().map(ConnectInfo).ok();
    let routes = service_fn(|mut request: hyper::Request<Incoming>| {
        asked.notify_one();
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let answer = TowerToHyperService::new(routes.borrow().clone()).call(request);
        async { answer.await.map(without_false_length) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        .serve_connection(TokioIo::new(stream), routes);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        Err(_) = timeout(limits.first_head, asked.notified()) => return,
        () = stop.cancelled() => {}
        () = sleep(limits.lifetime) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.grace, connection).await;
}

/// axum says `Content-Length: 0` of every empty body, but in a 304 that would speak of the document (RFC 9110, 8.6).
fn without_false_length(mut response: Response) -> Response {
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const SHORT: Duration = Duration::from_millis(20);

    async fn start(limits: Limits, router: Router) -> (std::net::SocketAddr, CancellationToken, JoinHandle<()>) {
        let (address, stop, served, _) = start_to_change(limits, router).await;
        (address, stop, served)
    }

    async fn start_to_change(
        limits: Limits,
        router: Router,
    ) -> (std::net::SocketAddr, CancellationToken, JoinHandle<()>, Listening) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let (listening, served) = serve_within(limits, listener, router, stop.clone());
        (address, stop, tokio::spawn(served), listening)
    }

    /// Everything until the server closes.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut text = Vec::new();
        // A reset is a way of closing, too.
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8(text).unwrap()
    }

    fn hello() -> Router {
        Router::new().route("/", get(|| async { "hello" }))
    }

    #[tokio::test]
    async fn an_answer_under_way_is_finished_when_the_server_stops() {
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (inside, may_leave) = (Arc::clone(&entered), Arc::clone(&leave));
        let slow = get(async move || {
            inside.notify_one();
            may_leave.notified().await;
            "late"
        });
        let (address, stop, served) = start(LIMITS, Router::new().route("/", slow)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        entered.notified().await;
        stop.cancel();
        leave.notify_one();
        assert!(rest(&mut stream).await.ends_with("late"));
        served.await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_that_takes_for_ever_does_not_keep_the_server_from_stopping() {
        let entered = Arc::new(Notify::new());
        let inside = Arc::clone(&entered);
        let stuck = get(async move || {
            inside.notify_one();
            std::future::pending::<()>().await;
        });
        let limits = Limits { grace: SHORT, ..LIMITS };
        let (address, stop, served) = start(limits, Router::new().route("/", stuck)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        entered.notified().await;
        stop.cancel();
        served.await.unwrap();
    }

    #[tokio::test]
    async fn idle_connections_end_at_once_when_the_server_stops() {
        let (address, stop, served) = start(LIMITS, hello()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        stop.cancel();
        served.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_sends_no_whole_request_is_dropped() {
        let (address, _stop, _served) = start(Limits { head: SHORT, ..LIMITS }, hello()).await;
        for beginning in [&b""[..], b"GET / HTTP/1.1\r\nHost:", REQUEST] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(beginning).await.unwrap();
            let answer = rest(&mut stream).await;
            assert_eq!(answer.contains("200 OK"), beginning == REQUEST, "{answer}");
        }
    }

    #[tokio::test]
    async fn the_first_request_has_less_time_to_come_than_the_next() {
        let (address, _stop, _served) = start(Limits { first_head: 15 * SHORT, ..LIMITS }, hello()).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(REQUEST).await.unwrap();
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
        assert_eq!((rest(&mut silent).await, rest(&mut slow).await), (String::new(), String::new()));
        // Those were dropped after the time was up; this one is still heard.
        idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        assert_eq!(rest(&mut idle).await.matches("200 OK").count(), 2);
    }

    #[tokio::test]
    async fn a_connection_has_an_end_and_its_place_is_free_again() {
        let limits = Limits { connections: 1, lifetime: 10 * SHORT, grace: SHORT, ..LIMITS };
        let (address, _stop, _served) = start(limits, hello()).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        assert_eq!(rest(&mut first).await, "");
        assert!(rest(&mut second).await.contains("200 OK"));
    }

    #[tokio::test]
    async fn routes_are_replaced_under_open_connections() {
        let (address, _stop, _served, listening) = start_to_change(LIMITS, hello()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        listening.replace(Router::new().route("/", get(|| async { "goodbye" })));
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let answers = rest(&mut stream).await;
        assert!(answers.contains("hello") && answers.ends_with("goodbye"), "{answers}");
    }

    #[tokio::test]
    async fn another_socket_takes_over_and_open_connections_stay() {
        let (old, _stop, _served, mut listening) = start_to_change(LIMITS, hello()).await;
        let mut open = TcpStream::connect(old).await.unwrap();
        open.write_all(REQUEST).await.unwrap();
        let mut first = [0; 12];
        open.read_exact(&mut first).await.unwrap();
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let new = other.local_addr().unwrap();
        listening.move_to(other, Router::new().route("/", get(|| async { "from here" })));
        let mut fresh = TcpStream::connect(new).await.unwrap();
        for (stream, text) in [(&mut fresh, "from here"), (&mut open, "hello")] {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
            let answer = rest(stream).await;
            assert!(answer.ends_with(text), "{answer}");
        }
        assert!(TcpStream::connect(old).await.is_err());
    }

    #[tokio::test]
    async fn a_head_that_is_too_long_is_refused() {
        let (address, _stop, _served) = start(LIMITS, hello()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET / HTTP/1.1\r\nCookie: {}", "x".repeat(LIMITS.head_bytes));
        stream.write_all(head.as_bytes()).await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431 "));
    }
}
