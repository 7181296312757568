//! The routers, asked through real sockets.

use std::collections::HashMap;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use axum::Router;
use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::admin::{self, Admin, Probe};
use super::{public, serve, with_key};
use crate::config::{IndexNow, Secret, Websub};
use crate::feeds::{Document, Media};
use crate::publish::{Durability, Output, Published, PublishedDocument, fingerprint};
use crate::store::{DocumentState, StoreError};

/// A running listener, stopped when dropped.
struct Server {
    address: SocketAddr,
    _stop: DropGuard,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Server {
    async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, router, stop.clone()).1);
        Self { address, _stop: stop.drop_guard() }
    }

    /// `start` is a request line without the version; `headers` are whole lines.
    async fn ask(&self, start: &str, headers: &[&str]) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let request = format!("{start} HTTP/1.1\r\nHost: elsewhere.invalid\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await.unwrap();
        Reply::parse(&raw)
    }
}

impl Reply {
    fn parse(raw: &[u8]) -> Self {
        let end = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&raw[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        Self { status, headers: lines.map(pair).collect(), body: raw[end + 4..].to_owned() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn modified() -> DateTime<Utc> {
    "2026-02-03T04:05:06Z".parse().unwrap()
}

fn long() -> String {
    "<entry>news</entry>".repeat(200)
}

/// Publishes a small site; the validators are those a store would give back.
fn site(dir: &Path, known: &HashMap<String, DocumentState>, now: DateTime<Utc>) -> Published {
    let mut output = Output::default();
    let publisher = output.open(dir, Durability::Unsynced).unwrap();
    for (path, media, text) in [
        ("feed.atom", Media::Atom, long()),
        ("feed/archive-1-0123abcd.atom", Media::Atom, "<feed/>".to_owned()),
        ("small.rss", Media::Rss, "<rss/>".to_owned()),
        ("categories/技術.json", Media::JsonFeed, "{}".to_owned()),
        ("feeds.opml", Media::Opml, "<opml/>".to_owned()),
        ("index.html", Media::Html, "<!doctype html>".to_owned()),
        ("categories/index.html", Media::Html, "<!doctype html><p>categories".to_owned()),
    ] {
        let url = format!("https://example.org/blog/{}", path.replace("技術", "%E6%8A%80%E8%A1%93"));
        publisher.put(&Document { path: path.into(), url, media, bytes: text.into() }).unwrap();
    }
    let published = Published::default();
    published.replace(publisher.finish(known, now).unwrap().documents);
    published
}

/// A server of the small site below `/blog/`.
async fn blog() -> (tempfile::TempDir, Published, Server) {
    let dir = tempfile::tempdir().unwrap();
    let published = site(dir.path(), &HashMap::new(), modified());
    let server =
        Server::start(public(published.clone(), "/blog/", None, &Arc::default(), &Websub::default(), None)).await;
    (dir, published, server)
}

#[tokio::test]
async fn a_feed_carries_everything_that_readers_and_caches_need() {
    let (_dir, _, server) = blog().await;
    let reply = server.ask("GET /blog/feed.atom", &[]).await;
    assert_eq!((reply.status, reply.text()), (200, long().as_str()));
    for (name, value) in [
        ("content-type", "application/atom+xml; charset=utf-8"),
        ("etag", &format!("\"{}\"", fingerprint(long().as_bytes()))),
        ("last-modified", "Tue, 03 Feb 2026 04:05:06 GMT"),
        ("cache-control", "public, max-age=900"),
        ("vary", "accept-encoding"),
        ("link", "<https://example.org/blog/feed.atom>; rel=\"self\""),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", "*"),
        ("content-length", &long().len().to_string()),
        ("content-encoding", ""),
        ("content-security-policy", ""),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
    assert!(reply.headers.contains_key("date"));
}

#[tokio::test]
async fn an_archive_is_kept_longer_than_a_feed() {
    let (_dir, _, server) = blog().await;
    let reply = server.ask("GET /feed/archive-1-0123abcd.atom", &[]).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "public, max-age=604800"));
}

#[tokio::test]
async fn a_page_has_a_policy_and_no_self_link() {
    let (_dir, _, server) = blog().await;
    let reply = server.ask("GET /", &[]).await;
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert!(reply.header("content-security-policy").starts_with("default-src 'none';"));
    assert_eq!(reply.header("link"), "");
}

#[tokio::test]
async fn documents_answer_with_and_without_the_prefix_whatever_the_query() {
    let (_dir, _, server) = blog().await;
    for (path, want) in [
        ("/blog/small.rss", "<rss/>"),
        ("/small.rss", "<rss/>"),
        ("/small.rss?null", "<rss/>"),
        ("/small.rss?utm_source=x&a=%FF", "<rss/>"),
        ("/%73mall.rss", "<rss/>"),
        ("/blog/categories/%E6%8A%80%E8%A1%93.json", "{}"),
        ("/categories/技術.json", "{}"),
        ("/", "<!doctype html>"),
        ("/blog/", "<!doctype html>"),
        ("/blog", "<!doctype html>"),
        ("/blog/categories/", "<!doctype html><p>categories"),
    ] {
        let reply = server.ask(&format!("GET {path}"), &[]).await;
        assert_eq!((reply.status, reply.text()), (200, want), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_document_is_not_found() {
    let (_dir, _, server) = blog().await;
    for path in [
        "/feed",
        "/.tidings-manifest.json",
        "/blog/../feed.atom",
        "/%2e%2e/feed.atom",
        "//feed.atom",
        "/blog/blog/feed.atom",
        "/categories",
        "/small.rss/",
        "/%FF",
        "/small.rss%00",
    ] {
        let reply = server.ask(&format!("GET {path}"), &[]).await;
        assert_eq!((reply.status, reply.header("content-type")), (404, "text/plain; charset=utf-8"), "{path}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    assert_eq!(server.ask("POST /feed", &[]).await.status, 404);
}

#[tokio::test]
async fn other_methods_are_refused_and_preflights_answered() {
    let (_dir, _, server) = blog().await;
    for method in ["POST", "PUT", "DELETE", "TRACE", "BREW"] {
        let reply = server.ask(&format!("{method} /feed.atom"), &[]).await;
        assert_eq!((reply.status, reply.header("allow")), (405, "GET, HEAD, OPTIONS"), "{method}");
    }
    let reply = server.ask("OPTIONS /feed.atom", &["Origin: https://a.example"]).await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert_eq!(reply.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
    assert_eq!(reply.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let (_dir, _, server) = blog().await;
    for headers in [&[][..], &["Accept-Encoding: gzip"], &["If-None-Match: *"]] {
        let (mut get, mut head) =
            (server.ask("GET /feed.atom", headers).await, server.ask("HEAD /feed.atom", headers).await);
        assert_eq!(head.body, b"");
        get.headers.remove("date");
        head.headers.remove("date");
        assert_eq!((head.status, head.headers), (get.status, get.headers), "{headers:?}");
    }
}

#[tokio::test]
async fn each_coding_has_its_own_tag_and_the_same_content() {
    let (_dir, _, server) = blog().await;
    let print = fingerprint(long().as_bytes());
    let mut gzip = String::new();
    let reply = server.ask("GET /feed.atom", &["Accept-Encoding: gzip"]).await;
    assert_eq!(
        (reply.header("content-encoding"), reply.header("etag")),
        ("gzip", format!("\"{print}-gzip\"").as_str())
    );
    flate2::read::GzDecoder::new(&reply.body[..]).read_to_string(&mut gzip).unwrap();
    assert_eq!(gzip, long());

    let mut brotli = String::new();
    let reply = server.ask("GET /feed.atom", &["Accept-Encoding: gzip", "Accept-Encoding: br"]).await;
    assert_eq!((reply.header("content-encoding"), reply.header("etag")), ("br", format!("\"{print}-br\"").as_str()));
    brotli::Decompressor::new(&reply.body[..], 4096).read_to_string(&mut brotli).unwrap();
    assert_eq!(brotli, long());

    let reply = server.ask("GET /small.rss", &["Accept-Encoding: gzip, br"]).await;
    assert_eq!((reply.header("content-encoding"), reply.text()), ("", "<rss/>"));
    assert_eq!(server.ask("GET /feed.atom", &["Accept-Encoding: identity;q=0"]).await.status, 406);
}

#[tokio::test]
async fn a_reader_that_has_the_bytes_gets_304_with_the_headers_of_200() {
    let (_dir, _, server) = blog().await;
    let date = "If-Modified-Since: Tue, 03 Feb 2026 04:05:06 GMT";
    for accept in ["Accept-Encoding: identity", "Accept-Encoding: br"] {
        let full = server.ask("GET /feed.atom", &[accept]).await;
        let tag = format!("If-None-Match: \"x\", W/{}", full.header("etag"));
        for condition in [&tag, date] {
            let reply = server.ask("GET /feed.atom", &[accept, condition]).await;
            assert_eq!((reply.status, reply.body.len()), (304, 0), "{condition}");
            for name in ["etag", "last-modified", "cache-control", "vary", "link", "access-control-allow-origin"] {
                assert_eq!(reply.header(name), full.header(name), "{name}");
            }
        }
        assert_eq!(server.ask("GET /feed.atom", &[accept, date, "If-None-Match: \"x\""]).await.status, 200);
    }
}

#[tokio::test]
async fn validators_survive_a_restart_and_a_fresh_checkout() {
    let (dir, published, server) = blog().await;
    let before = server.ask("GET /feed.atom", &["Accept-Encoding: gzip"]).await;
    let known = published.current().iter().map(|(path, document)| (path.clone(), document.state.clone())).collect();
    std::fs::remove_file(dir.path().join("feed.atom")).unwrap();
    let server = Server::start(public(
        site(dir.path(), &known, Utc::now()),
        "/blog/",
        None,
        &Arc::default(),
        &Websub::default(),
        None,
    ))
    .await;
    let after = server.ask("GET /feed.atom", &["Accept-Encoding: gzip"]).await;
    assert_eq!(after.body, before.body);
    for name in ["etag", "last-modified"] {
        assert_eq!(after.header(name), before.header(name));
    }
}

#[tokio::test]
async fn bytes_are_never_sent_under_the_tag_of_others() {
    let (dir, published, server) = blog().await;
    let file = dir.path().join("small.rss");
    std::fs::write(&file, "<rss>2</rss>").unwrap();
    // A scan has written the file, and the index does not know yet.
    let reply = server.ask("GET /small.rss", &[]).await;
    assert_eq!(reply.header("etag"), format!("\"{}\"", fingerprint(b"<rss>2</rss>")));
    assert_eq!((reply.text(), reply.header("last-modified")), ("<rss>2</rss>", ""));

    // That of an earlier version of the program, too.
    for etag in [fingerprint(b"<rss>2</rss>"), "ee489b63ccead6fbf9c882eaa65ca313".to_owned()] {
        let mut documents = HashMap::clone(&published.current());
        let state = DocumentState { etag, modified: modified() };
        let known: &mut PublishedDocument = Arc::make_mut(documents.get_mut("small.rss").unwrap());
        known.state = state;
        published.replace(documents);
        let reply = server.ask("GET /small.rss", &[]).await;
        assert_eq!((reply.text(), reply.header("last-modified")), ("<rss>2</rss>", "Tue, 03 Feb 2026 04:05:06 GMT"));
    }

    // From the cache: the document was whole when the index learned of it.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(server.ask("GET /small.rss", &[]).await.status, 200);
    std::fs::remove_file(dir.path().join("feeds.opml")).unwrap();
    let reply = server.ask("GET /feeds.opml", &[]).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "60"));
}

#[tokio::test]
async fn what_is_no_document_is_not_kept_by_caches() {
    let (dir, _, server) = blog().await;
    std::fs::remove_file(dir.path().join("feeds.opml")).unwrap();
    for (request, accept, status, header) in [
        ("GET /none", "Accept: */*", 404, ("content-type", "text/plain; charset=utf-8")),
        ("POST /feed.atom", "Accept: */*", 405, ("allow", "GET, HEAD, OPTIONS")),
        ("GET /feed.atom", "Accept-Encoding: identity;q=0", 406, ("vary", "accept-encoding")),
        ("GET /feeds.opml", "Accept: */*", 503, ("retry-after", "60")),
    ] {
        let reply = server.ask(request, &[accept]).await;
        assert_eq!((reply.status, reply.header("cache-control")), (status, "no-store"), "{request}");
        assert_eq!(reply.header(header.0), header.1);
    }
}

#[tokio::test]
async fn what_no_scan_has_spoken_of_is_not_said_to_be_missing() {
    let (dir, published) = (tempfile::tempdir().unwrap(), Published::default());
    let server =
        Server::start(public(published.clone(), "/blog/", None, &Arc::default(), &Websub::default(), None)).await;
    let paths = ["/blog/feed.atom", "/blog/", "/tags/x.rss", "/favicon.ico", "/%FF.atom", "/../feed.atom"];
    let answers = async || {
        let mut answers = Vec::new();
        for path in paths {
            let reply = server.ask(&format!("GET {path}"), &[]).await;
            if reply.status == 503 {
                assert_eq!((reply.header("retry-after"), reply.header("cache-control")), ("60", "no-store"));
            }
            answers.push(reply.status);
        }
        answers
    };
    assert_eq!(answers().await, [503, 503, 503, 404, 404, 503]);
    let whole = site(dir.path(), &HashMap::new(), modified()).current();
    let first = whole.iter().filter(|(path, _)| *path == "feed.atom").map(|(path, it)| (path.clone(), it.clone()));
    published.begin(first.collect());
    assert_eq!(answers().await, [200, 503, 503, 404, 404, 503]);
    published.replace(HashMap::clone(&whole));
    assert_eq!(answers().await, [200, 200, 404, 404, 404, 404]);
}

#[test]
fn an_unreadable_document_is_logged_once_until_it_can_be_read_again() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let talk = async {
        let (dir, _, server) = blog().await;
        let file = dir.path().join("feeds.opml");
        for (there, lines) in [(false, 1), (false, 1), (true, 1), (false, 2)] {
            drop(std::fs::remove_file(&file));
            if there {
                // Other bytes than the index has, so that they are not kept.
                std::fs::write(&file, "<opml>2</opml>").unwrap();
            }
            let reply = server.ask("GET /feeds.opml", &[]).await;
            assert_eq!((reply.status == 200, log.lines()), (there, lines));
        }
    };
    tracing::subscriber::with_default(subscriber, || runtime.block_on(talk));
}

/// What was logged.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> usize {
        std::str::from_utf8(&self.0.lock().unwrap()).unwrap().matches("cannot be read").count()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn only_regular_files_of_a_modest_length_are_given_out() {
    use std::os::unix::fs::symlink;
    let (dir, _, server) = blog().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let secret = elsewhere.path().join("index.html");
    std::fs::write(&secret, "secret").unwrap();

    let file = dir.path().join("small.rss");
    let replaced = async |make: &dyn Fn()| {
        std::fs::remove_file(&file).unwrap();
        make();
        let reply = server.ask("GET /small.rss", &[]).await;
        (reply.status, reply.body.len())
    };
    let text = "The document cannot be read at the moment.\n".len();
    assert_eq!(replaced(&|| symlink(&secret, &file).unwrap()).await, (503, text));
    let pipe = || assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    assert_eq!(replaced(&pipe).await, (503, text));
    let of_length = |len| std::fs::File::create(&file).unwrap().set_len(len).unwrap();
    assert_eq!(replaced(&|| of_length(1 << 40)).await, (503, text));
    assert_eq!(replaced(&|| of_length((8 << 20) + 1)).await, (503, text));
    assert_eq!(replaced(&|| of_length(8 << 20)).await, (200, 8 << 20));

    std::fs::remove_dir_all(dir.path().join("categories")).unwrap();
    symlink(elsewhere.path(), dir.path().join("categories")).unwrap();
    assert_eq!(server.ask("GET /categories/", &[]).await.status, 503);
}

/// A store that answers, or does not.
#[derive(Debug, Clone)]
struct Answers(bool);

impl Probe for Answers {
    async fn ping(&self) -> Result<(), StoreError> {
        let error = || StoreError::Missing { path: "/secret/place".into() };
        self.0.then_some(()).ok_or_else(error)
    }
}

fn admin_of(recorder: &PrometheusRecorder, ready: bool, store: bool, token: Option<&str>) -> Router {
    admin::router(Admin {
        store: Answers(store),
        ready: Arc::new(AtomicBool::new(ready)),
        metrics: recorder.handle(),
        token: token.map(Secret::new),
    })
}

#[tokio::test]
async fn health_is_open_and_says_what_is_missing() {
    let recorder = PrometheusBuilder::new().build_recorder();
    for (ready, store, want) in [
        (true, true, (200, "ok\n")),
        (false, true, (503, "the first scan is not through yet\n")),
        (true, false, (503, "the store does not answer\n")),
    ] {
        let server = Server::start(admin_of(&recorder, ready, store, Some("t0ken"))).await;
        let reply = server.ask("GET /readyz", &[]).await;
        assert_eq!((reply.status, reply.text()), want);
        let reply = server.ask("GET /livez", &[]).await;
        assert_eq!((reply.status, reply.text()), (200, "ok\n"));
    }
}

#[tokio::test]
async fn metrics_need_the_token_where_there_is_one() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let server = Server::start(admin_of(&recorder, true, true, Some("t0ken"))).await;
    for (header, want) in [
        ("X-Nothing: 1", 401),
        ("Authorization: Bearer t0ke", 401),
        ("Authorization: Bearer t0kenn", 401),
        ("Authorization: Basic t0ken", 401),
        ("Authorization: t0ken", 401),
        ("Authorization: Bearer t0ken", 200),
        ("Authorization: bearer  t0ken", 200),
    ] {
        let reply = server.ask("GET /metrics", &[header]).await;
        assert_eq!(reply.status, want, "{header}");
        assert_eq!(reply.header("www-authenticate"), if want == 401 { "Bearer" } else { "" });
    }
    assert_eq!(server.ask("GET /", &[]).await.status, 404);
    let reply = server.ask("POST /metrics", &[]).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET,HEAD"));
    let open = Server::start(admin_of(&recorder, true, true, None)).await;
    assert_eq!(open.ask("GET /metrics", &[]).await.status, 200);
}

#[test]
fn requests_are_counted_by_kind_and_status() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let talk = async {
        let (_dir, _, server) = blog().await;
        for path in ["/feed.atom", "/blog/feed.atom", "/none", "/none/2"] {
            server.ask(&format!("GET {path}"), &[]).await;
        }
        let server = Server::start(admin_of(&recorder, true, true, None)).await;
        server.ask("GET /metrics", &[]).await
    };
    let reply = metrics::with_local_recorder(&recorder, || runtime.block_on(talk));
    for line in [
        "tidings_http_requests_total{status=\"200\",kind=\"atom\"} 2",
        "tidings_http_requests_total{status=\"404\",kind=\"none\"} 2",
        "tidings_http_request_duration_seconds_count{kind=\"atom\"} 2",
    ] {
        assert!(reply.text().lines().any(|found| found == line), "{line} in\n{}", reply.text());
    }
}

#[tokio::test]
async fn a_search_engine_finds_the_key_and_everybody_else_the_documents() {
    let (_dir, published, _server) = blog().await;
    let indexnow = IndexNow {
        key: "0123abcd".into(),
        endpoint: "https://api.example/".parse().unwrap(),
        key_location: "https://example.org/0123abcd.txt".parse().unwrap(),
    };
    let routes =
        with_key(public(published, "/blog/", None, &Arc::default(), &Websub::default(), None), "/blog/", &indexnow);
    let server = Server::start(routes).await;
    for path in ["/0123abcd.txt", "/blog/0123abcd.txt"] {
        let reply = server.ask(&format!("GET {path}"), &[]).await;
        assert_eq!(
            (reply.status, reply.text(), reply.header("content-type")),
            (200, "0123abcd", "text/plain; charset=utf-8")
        );
        let head = server.ask(&format!("HEAD {path}"), &[]).await;
        assert_eq!((head.status, head.text(), head.header("content-length")), (200, "", "8"));
    }
    assert_eq!(server.ask("GET /blog/feed.atom", &[]).await.status, 200);
    assert_eq!(server.ask("POST /0123abcd.txt", &[]).await.status, 404);
    assert_eq!(server.ask("GET /0123abcd", &[]).await.status, 404);
}
