//! `POST /trigger` of the real daemon, whose schedule is yearly.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use crate::harness::{Daemon, Site, client};
use crate::serving::get;

const TOKEN: &str = "a-token-of-sixteen-or-more";
const GITHUB: &str = "what-github-signs-with";

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

/// Sends one request after the other over one connection, until `enough`; gives back the last answer.
fn post_until(
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
    most: usize,
    enough: impl Fn(&Answer) -> bool,
) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = client();
        for _ in 0..most {
            // Whoever is sent away before his body was read may find the connection closed under it.
            let sent = client.post(url).headers(headers.clone()).body(body.to_owned()).send().await;
            let Ok(response) = sent else { continue };
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let answer = Answer { status, headers, body: response.text().await.unwrap() };
            if enough(&answer) {
                return answer;
            }
        }
        panic!("{most} requests were not enough")
    })
}

fn post(daemon: &Daemon, headers: &[(&str, &str)], body: &str) -> Answer {
    post_until(&format!("{}/trigger", daemon.public()), headers, body, 1, |_| true)
}

/// Asks for a scan with a bearer token; the status that this is answered with.
pub(crate) fn pull(daemon: &Daemon, token: &str) -> u16 {
    post(daemon, &[("authorization", &format!("Bearer {token}"))], "").status
}

/// A push as GitHub tells of it, signed with the secret.
fn push(daemon: &Daemon, secret: &str, branch: &str) -> Answer {
    let body = format!(
        r#"{{"ref": "refs/heads/{branch}", "after": "1f2e", "repository": {{"default_branch": "main"}}, "commits": []}}"#
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let signature = format!("sha256={digits}");
    post(daemon, &[("x-github-event", "push"), ("x-hub-signature-256", &signature)], &body)
}

/// A site whose trigger knows GitHub and a bearer token.
fn site() -> Site {
    let site = Site::new();
    site.write("github", GITHUB);
    site.write("token", TOKEN);
    site.config("trigger: {github: {file: github}, token: {file: token}}\n");
    site.post("01-01-old", "前からある記事", "本文");
    site
}

#[test]
fn a_signed_push_brings_a_post_although_the_schedule_is_yearly() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    site.post("01-02-new", "新しい記事", "本文");
    let answer = push(&daemon, GITHUB, "main");
    assert_eq!((answer.status, answer.body.as_str()), (202, "A scan begins.\n"));
    daemon.scanned();
    assert!(daemon.get("feed.atom").contains("新しい記事"));
}

#[test]
fn a_push_to_another_branch_and_a_ping_are_taken_and_ignored() {
    let site = site();
    let daemon = Daemon::start(&site);
    let answer = push(&daemon, GITHUB, "drafts");
    assert_eq!(answer.status, 202);
    assert!(answer.body.starts_with("Ignored"), "{}", answer.body);
    let metrics = get(&format!("{}/metrics", daemon.admin())).1;
    let counted: Vec<_> = metrics.lines().filter(|line| line.starts_with("tidings_triggers_total{")).collect();
    assert_eq!(counted, ["tidings_triggers_total{provider=\"github\",outcome=\"ignored\"} 1"]);
}

#[test]
fn the_branch_that_the_config_names_is_the_one_that_counts() {
    let site = site();
    site.config("trigger: {github: {file: github}, branch: live}\n");
    let mut daemon = Daemon::start(&site);
    assert!(push(&daemon, GITHUB, "main").body.starts_with("Ignored"));
    assert!(push(&daemon, GITHUB, "live").body.starts_with("A scan"));
    daemon.scanned();
}

#[test]
fn the_bearer_token_is_enough_below_the_public_path_too() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    site.post("01-02-new", "新しい記事", "本文");
    let url = format!("{}/feeds/trigger", daemon.public());
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(post_until(&url, &[("authorization", &bearer)], "", 1, |_| true).status, 202);
    daemon.scanned();
    assert!(daemon.get("feed.atom").contains("新しい記事"));
    // The second one is not lost, however soon it comes.
    site.post("01-03-newer", "もっと新しい記事", "本文");
    assert_eq!(pull(&daemon, TOKEN), 202);
    daemon.scanned();
    assert!(daemon.get("feed.atom").contains("もっと新しい記事"));
}

#[test]
fn who_knows_no_secret_is_told_nothing() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    for answer in [
        push(&daemon, "what-github-signs-with-not", "main"),
        post(&daemon, &[], "{}"),
        post(&daemon, &[("authorization", "Bearer guess")], ""),
        post(&daemon, &[("x-gitlab-token", TOKEN)], "{}"),
    ] {
        assert_eq!((answer.status, answer.body.as_str()), (401, ""));
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let line =
        daemon.line(|line| line["message"].as_str().is_some_and(|text| text.starts_with("a trigger was refused")));
    assert_eq!(line["level"], "WARN");
}

#[test]
fn without_a_trigger_there_is_no_such_path_and_with_one_it_is_for_post() {
    let site = site();
    let daemon = Daemon::start(&site);
    let url = format!("{}/trigger", daemon.public());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let response = runtime.block_on(async { client().get(&url).send().await.unwrap() });
    assert_eq!((response.status().as_u16(), response.headers()["allow"].to_str().unwrap()), (405, "POST"));
    daemon.stop();

    site.config("");
    let daemon = Daemon::start(&site);
    assert_eq!(pull(&daemon, TOKEN), 404);
    assert_eq!(get(&format!("{}/trigger", daemon.public())).0, 404);
}

#[test]
fn a_body_that_is_too_long_is_refused_unread() {
    let site = site();
    let daemon = Daemon::start(&site);
    let mut stream = TcpStream::connect(daemon.public().trim_start_matches("http://")).unwrap();
    let (zeros, long) = ("0".repeat(64), 26 << 20);
    write!(
        stream,
        "POST /trigger HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256={zeros}\r\nContent-Length: {long}\r\n\r\n"
    )
    .unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

#[test]
fn a_flood_of_wrong_signatures_is_sent_away_and_the_token_still_counts() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    let url = format!("{}/trigger", daemon.public());
    let zeros = format!("sha256={}", "0".repeat(64));
    let headers = [("x-github-event", "push"), ("x-hub-signature-256", zeros.as_str())];
    let answer = post_until(&url, &headers, &"x".repeat(1 << 20), 200, |answer| answer.status != 401);
    assert_eq!((answer.status, answer.body.as_str()), (429, ""));
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(pull(&daemon, TOKEN), 202);
    daemon.scanned();
}
