//! The public and the admin listener of the real daemon.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::harness::{Daemon, Site};

/// A response, read whole.
struct Response {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Response {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).to_str().unwrap()
    }
}

fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> Response {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()));
        let client = crate::harness::client();
        let request = client.request(method.parse().unwrap(), url).headers(headers.collect());
        let response = request.send().await.unwrap();
        Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    })
}

/// Status and body of a URL.
pub(crate) fn get(url: &str) -> (u16, String) {
    let response = request("GET", url, &[]);
    (response.status, String::from_utf8(response.body).unwrap())
}

fn site() -> Site {
    let site = Site::new();
    site.post("11-08-a", "記事", "本文");
    site
}

#[test]
fn documents_have_the_headers_that_readers_expect() {
    let site = site();
    let daemon = Daemon::start(&site);
    for (path, media) in [
        ("feed.atom", "application/atom+xml; charset=utf-8"),
        ("feed.rss", "application/rss+xml; charset=utf-8"),
        ("feed.json", "application/feed+json; charset=utf-8"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
        ("", "text/html; charset=utf-8"),
        ("categories/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90.html", "text/html; charset=utf-8"),
    ] {
        let response = request("GET", &format!("{}/{path}?utm=x", daemon.public()), &[]);
        assert_eq!((response.status, response.header("content-type")), (200, media), "{path}");
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        assert_eq!(response.header("access-control-allow-origin"), "*");
        assert_eq!(response.header("vary").to_ascii_lowercase(), "accept-encoding");
        assert!(response.header("cache-control").contains("max-age="));
        assert!(response.header("etag").starts_with('"') && !response.header("last-modified").is_empty());
    }
    let atom = request("GET", &format!("{}/feed.atom", daemon.public()), &[]);
    let (hub, own) = ("<https://blog.example.com/feeds/hub>", "<https://blog.example.com/feeds/feed.atom>");
    assert_eq!(atom.header("link"), format!("{hub}; rel=\"hub\", {own}; rel=\"self\""));
    // A reverse proxy may leave the path of the public URL in place.
    assert_eq!(get(&format!("{}/feeds/feed.atom", daemon.public())).0, 200);
    assert_eq!(get(&format!("{}/etc/passwd", daemon.public())).0, 404);
    assert_eq!(get(&format!("{}/.tidings-manifest.json", daemon.public())).0, 404);
}

#[test]
fn validators_survive_a_restart_and_answer_304() {
    let site = site();
    let daemon = Daemon::start(&site);
    let url = |daemon: &Daemon| format!("{}/tags/ai.rss", daemon.public());
    let first = request("GET", &url(&daemon), &[]);
    let (etag, modified) = (first.header("etag").to_owned(), first.header("last-modified").to_owned());
    daemon.stop();
    // A fresh checkout or a restored backup changes the files' times, and no byte of them.
    let file = std::fs::File::options().write(true).open(site.file("feeds/tags/ai.rss")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();

    let daemon = Daemon::start(&site);
    let again = request("GET", &url(&daemon), &[]);
    assert_eq!((again.header("etag"), again.header("last-modified")), (etag.as_str(), modified.as_str()));
    for conditions in [
        vec![("if-none-match", etag.as_str())],
        vec![("if-modified-since", modified.as_str())],
        vec![("if-none-match", etag.as_str()), ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT")],
    ] {
        let response = request("GET", &url(&daemon), &conditions);
        assert_eq!((response.status, response.body.len()), (304, 0), "{conditions:?}");
        assert_eq!(response.header("etag"), etag);
    }
    let stale = [("if-none-match", "\"other\""), ("if-modified-since", modified.as_str())];
    assert_eq!(request("GET", &url(&daemon), &stale).status, 200, "If-None-Match alone counts");
}

#[test]
fn head_options_and_other_methods() {
    let site = site();
    let daemon = Daemon::start(&site);
    let url = format!("{}/feed.json", daemon.public());
    let (get, head) = (request("GET", &url, &[]), request("HEAD", &url, &[]));
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["etag", "last-modified", "content-type", "content-length"] {
        assert_eq!(get.header(name), head.header(name));
    }
    let post = request("POST", &url, &[]);
    assert_eq!(post.status, 405);
    assert!(post.header("allow").contains("GET") && post.header("allow").contains("HEAD"));
    assert_eq!(request("OPTIONS", &url, &[]).status, 204);
}

#[test]
fn codings_are_negotiated_and_have_tags_of_their_own() {
    let site = site();
    site.post("11-09-b", "長い記事", &"長い本文。".repeat(500));
    let daemon = Daemon::start(&site);
    let url = format!("{}/feed.atom", daemon.public());
    let with = |accept: &str| request("GET", &url, &[("accept-encoding", accept)]);
    let (plain, gzip, br) = (with("identity"), with("gzip"), with("gzip;q=0.5, br"));
    assert!(plain.headers.get("content-encoding").is_none());
    assert_eq!((gzip.header("content-encoding"), br.header("content-encoding")), ("gzip", "br"));
    assert!(gzip.body.len() < plain.body.len() / 4 && br.body.len() < plain.body.len() / 4);
    let tags = [plain.header("etag"), gzip.header("etag"), br.header("etag")];
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
    let mut unzipped = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&gzip.body[..]), &mut unzipped).unwrap();
    assert_eq!(unzipped, plain.body);
    let conditional = [("accept-encoding", "gzip"), ("if-none-match", gzip.header("etag"))];
    assert_eq!(request("GET", &url, &conditional).status, 304);
}

#[test]
fn the_admin_listener_tells_how_things_stand() {
    let site = site();
    let daemon = Daemon::start(&site);
    assert_eq!(get(&format!("{}/livez", daemon.admin())).0, 200);
    assert_eq!(get(&format!("{}/readyz", daemon.admin())).0, 200);
    get(&format!("{}/feed.atom", daemon.public()));
    let (status, metrics) = get(&format!("{}/metrics", daemon.admin()));
    assert_eq!(status, 200);
    for name in
        ["tidings_scans_total{outcome=\"done\",reason=\"start\"} 1", "tidings_posts 1", "tidings_http_requests_total{"]
    {
        assert!(metrics.contains(name), "{name} is not in {metrics}");
    }
    assert_eq!(get(&format!("{}/metrics", daemon.public())).0, 404);
}

#[test]
fn metrics_need_the_token_where_one_is_set() {
    let site = site();
    site.write("token", "open-sesame\n");
    site.write(
        "tidings.yaml",
        "server: {listen: \"127.0.0.1:0\", admin: \"0.0.0.0:0\", admin_token: {file: token}}\nschedule: \"0 0 1 1 *\"\n",
    );
    let daemon = Daemon::start(&site);
    let url = format!("{}/metrics", daemon.admin().replace("0.0.0.0", "127.0.0.1"));
    assert_eq!(request("GET", &url, &[]).status, 401);
    assert_eq!(request("GET", &url, &[("authorization", "Bearer open-sesam")]).status, 401);
    assert_eq!(request("GET", &url, &[("authorization", "Bearer open-sesame")]).status, 200);
}
