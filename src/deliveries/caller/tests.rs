use std::process::{Command, Stdio};

use tokio::net::TcpListener;

use super::*;
use crate::config::{EventType, Rate, Secret};
use crate::deliveries::client::{Resolver, SystemResolver};
use crate::deliveries::testing::*;

fn caller_with(webhook: Webhook, resolver: Arc<dyn Resolver>, timeouts: Timeouts) -> anyhow::Result<Caller> {
    let webhook = Webhook { timeout: timeouts.total, ..webhook };
    Caller::new(&Arc::new(webhook), &Arc::new(site()), &mut Clients::new(resolver, timeouts), timeouts)
}

fn message() -> Result<Message, Failure> {
    let webhook = webhook("hook", "http://a.example/");
    let message = Message::new(&[told("msg_1", "{}")], &webhook, &site()).unwrap();
    Ok(Message { body: r#"{"type":"ping"}"#.into(), ..message })
}

async fn call(url: &str, timeouts: Timeouts) -> Answer {
    let caller = caller_with(webhook("hook", url), Scripture::failing(), timeouts).unwrap();
    caller.call(message(), start()).await
}

async fn call_by_name(url: &str, answers: &[&[&str]], allowed: &[&str]) -> Answer {
    let allow_networks = allowed.iter().map(|net| net.parse().unwrap()).collect();
    let webhook = Webhook { allow_networks, ..webhook("hook", url) };
    caller_with(webhook, Scripture::new(answers), PATIENT).unwrap().call(message(), start()).await
}

/// The error's word and its sentence.
fn failure(answer: &Answer) -> (&str, &str) {
    let Attempt { error, note, .. } = &answer.attempt;
    (error.as_deref().unwrap_or("no error"), note.as_deref().unwrap_or_default())
}

#[tokio::test]
async fn a_request_is_what_standard_webhooks_wants() {
    let mut receiver = Receiver::new(vec![]).await;
    let headers = [(http::header::AUTHORIZATION, http::HeaderValue::from_static("Bearer t"))].into_iter().collect();
    let webhook = Webhook { headers, ..webhook("hook", &receiver.url()) };
    let caller = caller_with(webhook, Scripture::failing(), PATIENT).unwrap();

    let answer = caller.call(message(), start()).await;

    assert_eq!((answer.attempt.status, answer.attempt.at), (Some(200), start()));
    assert_eq!((answer.attempt.error, answer.attempt.note), (None, None));
    let request = receiver.request().await;
    assert_eq!(request.line, "POST /hook HTTP/1.1");
    assert_eq!(request.body, br#"{"type":"ping"}"#);
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("user-agent"), Some(concat!("Tidings/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(header("authorization"), Some("Bearer t"));
    assert_eq!(header("accept-encoding"), None);
    assert_eq!(header("webhook-timestamp"), Some(start().timestamp().to_string().as_str()));
    let signed = sign::Signed {
        id: header("webhook-id").unwrap(),
        timestamp: header("webhook-timestamp").unwrap(),
        signature: header("webhook-signature").unwrap(),
        body: &request.body,
    };
    assert_eq!(sign::verify(&[sign::VerifyingKey::parse(&Secret::new(SECRET)).unwrap()], &signed, start()), Ok(()));
}

#[tokio::test]
async fn a_secret_that_was_replaced_signs_until_its_end() {
    let mut receiver = Receiver::new(vec![]).await;
    let old = Secret::new(SECRET).ending(start() + TimeDelta::seconds(60));
    let webhook = Webhook { secrets: vec![Secret::new(SECRET), old], ..webhook("hook", &receiver.url()) };
    let caller = caller_with(webhook, Scripture::failing(), PATIENT).unwrap();
    for (seconds, signatures) in [(0, 2), (59, 2), (60, 1)] {
        caller.call(message(), start() + TimeDelta::seconds(seconds)).await;
        assert_eq!(receiver.request().await.headers["webhook-signature"].split(' ').count(), signatures, "{seconds}");
    }
}

#[tokio::test]
async fn a_refusal_is_noted_with_what_the_receiver_says() {
    let step = Step::Answer("500 Oh No", "", b"<p>out of\r\n order</p>".to_vec());
    let receiver = Receiver::new(vec![step, status("404 Not Found")]).await;
    let answer = call(&receiver.url(), PATIENT).await;
    assert_eq!(answer.attempt.status, Some(500));
    assert_eq!(failure(&answer), ("status", "answered 500 Internal Server Error: <p>out of order</p>"));
    assert_eq!(failure(&call(&receiver.url(), PATIENT).await), ("status", "answered 404 Not Found"));
}

#[tokio::test]
async fn what_the_receiver_echoes_is_not_noted() {
    let receiver =
        Receiver::new(vec![Step::Answer("404 Not Found", "", b"Cannot POST /T0/SECRET-PATH".to_vec())]).await;
    let answer = call(&format!("http://{}/T0/SECRET-PATH", receiver.address), PATIENT).await;
    assert_eq!(failure(&answer), ("status", "answered 404 Not Found: Cannot POST [secret]"));
}

#[tokio::test]
async fn retry_after_is_read_relative_to_the_answer() {
    let date = "retry-after: Sun, 01 Mar 2026 10:00:00 GMT\r\n";
    let answers =
        [("429 Slow Down", "retry-after: 60\r\n"), ("503 Later", date), ("503 Later", "retry-after: soon\r\n")];
    let receiver = Receiver::new(answers.map(|(status, headers)| Step::Answer(status, headers, vec![])).into()).await;
    assert_eq!(call(&receiver.url(), PATIENT).await.retry_after, Some(Duration::from_mins(1)));
    let until_ten = call(&receiver.url(), PATIENT).await.retry_after.unwrap();
    assert!(until_ten <= Duration::from_hours(1) && until_ten > Duration::from_mins(59), "{until_ten:?}");
    assert_eq!(call(&receiver.url(), PATIENT).await.retry_after, None);
}

fn format(format: MessageFormat, url: &str) -> Webhook {
    Webhook { format, secrets: Vec::new(), ..webhook("hook", url) }
}

/// Sends a ping in the webhook's format.
async fn ping(webhook: Webhook) -> Answer {
    let caller = caller_with(webhook, Scripture::failing(), PATIENT).unwrap();
    let ping = Told { event_type: EventType::Ping, ..told("msg_1", "{}") };
    caller.call(caller.message(&[ping]), start()).await
}

#[tokio::test]
async fn chats_say_in_the_body_how_long_to_wait() {
    let body = br#"{"message": "You are being rate limited.", "retry_after": 64.57, "global": false}"#.to_vec();
    let receiver = Receiver::new(vec![Step::Answer("429 Slow Down", "retry-after: 1\r\n", body)]).await;
    let answer = ping(format(MessageFormat::Discord, &receiver.url())).await;
    assert_eq!((answer.retry_after, answer.is_final), (Some(Duration::from_secs(65)), false));
}

#[tokio::test]
async fn a_message_that_a_chat_refuses_is_not_sent_again() {
    let receiver = Receiver::new(vec![status("404 Not Found"), status("404 Not Found"), status("500 Oh No")]).await;
    assert!(ping(format(MessageFormat::Slack, &receiver.url())).await.is_final);
    assert!(!call(&receiver.url(), PATIENT).await.is_final, "a receiver of ours may be on its way back");
    assert!(!ping(format(MessageFormat::Slack, &receiver.url())).await.is_final);
}

#[tokio::test]
async fn without_a_secret_there_is_no_signature() {
    let mut receiver = Receiver::new(vec![]).await;
    ping(format(MessageFormat::Ntfy, &receiver.url())).await;
    let request = receiver.request().await;
    assert_eq!(request.line, "POST / HTTP/1.1", "the topic is in the body");
    assert!(!request.headers.contains_key("webhook-signature"));
    assert_eq!(request.headers["webhook-id"], "msg_1");
}

#[tokio::test]
async fn a_message_that_cannot_be_made_is_an_attempt_that_failed() {
    let receiver = Receiver::new(vec![]).await;
    let template = MessageFormat::Template { text: "{{ data.x }}".to_owned(), content_type: "text/plain".to_owned() };
    let answer = ping(format(template, &receiver.url())).await;
    let (word, note) = failure(&answer);
    assert_eq!((word, answer.attempt.status, answer.is_final), ("template", None, false));
    assert!(note.starts_with("line 1 of the template: undefined value"), "{note}");
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_clock_that_is_far_off_is_noted() {
    let on_time = |date: &'static str| Step::Answer("200 OK", date, vec![]);
    let receiver = Receiver::new(vec![
        on_time("date: Sun, 01 Mar 2026 09:04:00 GMT\r\n"),
        on_time("date: Sun, 01 Mar 2026 09:30:00 GMT\r\n"),
        on_time("date: Sun, 01 Mar 2026 08:30:00 GMT\r\n"),
        on_time("date: today\r\n"),
    ])
    .await;
    for (minutes, way) in [(0, ""), (29, "29 minutes ahead of ours"), (30, "30 minutes behind ours"), (0, "")] {
        let answer = call(&receiver.url(), PATIENT).await;
        assert_eq!((answer.attempt.status, answer.attempt.note.is_some()), (Some(200), minutes > 0));
        assert!(failure(&answer).1.contains(way), "{:?}", failure(&answer));
    }
}

mod handshake {
    use super::*;

    fn asking(url: &str) -> Webhook {
        let rate = Some(Rate { messages: 2, per: Duration::from_secs(1) });
        Webhook { rate, ..format(MessageFormat::CloudEvents { structured: false, validate: true }, url) }
    }

    fn consent(headers: &'static str) -> Step {
        Step::Answer("405 Method Not Allowed", headers, vec![])
    }

    #[tokio::test]
    async fn a_receiver_that_agrees_is_asked_once() {
        let consent = consent("webhook-allowed-origin: Example.com\r\nwebhook-allowed-rate: 120\r\n");
        let mut receiver = Receiver::new(vec![consent]).await;
        let caller = caller_with(asking(&receiver.url()), Scripture::failing(), PATIENT).unwrap();
        for _ in 0..2 {
            let answer = caller.call(caller.message(&[told("msg_1", "{}")]), start()).await;
            assert_eq!(answer.attempt.status, Some(200), "{:?}", failure(&answer));
        }
        let requests = receiver.requests();
        let lines: Vec<_> = requests.iter().map(|request| request.line.as_str()).collect();
        assert_eq!(lines, ["OPTIONS /hook HTTP/1.1", "POST /hook HTTP/1.1", "POST /hook HTTP/1.1"]);
        assert_eq!(requests[0].headers["webhook-request-rate"], "120");
        assert!(requests.iter().all(|request| request.headers["webhook-request-origin"] == "example.com"));
        assert_eq!(requests[1].headers["ce-type"], "post.published");
    }

    #[tokio::test]
    async fn without_consent_nothing_is_sent_and_it_is_asked_again() {
        for headers in ["", "webhook-allowed-origin: other.example\r\n", "allow: POST\r\nwebhook-allowed-rate: *\r\n"] {
            let script = vec![consent(headers), consent("webhook-allowed-origin: *\r\n")];
            let mut receiver = Receiver::new(script).await;
            let caller = caller_with(asking(&receiver.url()), Scripture::failing(), PATIENT).unwrap();
            let first = caller.call(caller.message(&[told("msg_1", "{}")]), start()).await;
            let (word, note) = failure(&first);
            assert_eq!((word, first.attempt.status), ("refused", None));
            assert!(note.contains("405 Method Not Allowed, without `WebHook-Allowed-Origin: example.com`"), "{note}");
            let second = caller.call(caller.message(&[told("msg_1", "{}")]), start()).await;
            assert_eq!(second.attempt.status, Some(200));
            assert_eq!(receiver.requests().len(), 3);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_its_target_is_never_visited() {
    let target = Receiver::new(vec![]).await;
    for line in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("location: http://{}/secret-token?x\r\n", target.address).leak();
        let mut receiver = Receiver::new(vec![Step::Answer(line, location, vec![])]).await;
        let answer = call(&receiver.url(), PATIENT).await;
        let (word, note) = failure(&answer);
        assert_eq!(word, "redirect");
        assert!(note.contains(&format!("points to http://{}/…;", target.address)), "{note}");
        assert!(!note.contains("secret-token"), "{note}");
        assert_eq!((receiver.requests().len(), target.connections()), (1, 0));
    }
}

#[tokio::test]
async fn odd_redirect_targets_are_described() {
    for (location, shown) in [
        ("", "points to nowhere;"),
        ("location: http://[::bad\r\n", "points to something that is no URL;"),
        ("location: /other/secret\r\n", "/…;"),
    ] {
        let receiver = Receiver::new(vec![Step::Answer("302 Found", location, vec![])]).await;
        let answer = call(&receiver.url(), PATIENT).await;
        assert!(failure(&answer).1.contains(shown), "{:?}", failure(&answer));
    }
}

#[tokio::test]
async fn no_answer_in_time_is_a_timeout() {
    for sent in ["", "HTTP/1.1 200 OK\r\nX-Slow"] {
        let receiver = Receiver::new(vec![Step::Stall(sent.into())]).await;
        let answer = call(&receiver.url(), HASTY).await;
        assert_eq!(failure(&answer), ("timeout", "there was no answer within 1s"));
        assert!(answer.attempt.status.is_none() && answer.attempt.took >= HASTY.total);
    }
}

#[tokio::test]
async fn the_status_line_decides_whatever_becomes_of_the_body() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc";
    let receiver = Receiver::new(vec![Step::Stall(head.into()), Step::Raw(head.into())]).await;
    for (timeouts, note) in [
        (HASTY, "answered 200 OK, but its body did not end in time"),
        (PATIENT, "answered 200 OK, but its body broke off"),
    ] {
        let answer = call(&receiver.url(), timeouts).await;
        assert_eq!((answer.attempt.status, failure(&answer)), (Some(200), ("no error", note)));
    }
}

#[tokio::test]
async fn broken_answers_have_words_of_their_own() {
    let many_headers = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(1_000_000));
    for (step, word) in [
        (Step::Raw(vec![]), "closed"),
        (Step::Raw(b"HTTP/1.1 200".to_vec()), "closed"),
        (Step::Reset, "closed"),
        (Step::Raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()), "bad_response"),
        (Step::Raw(many_headers.into_bytes()), "bad_response"),
    ] {
        let receiver = Receiver::new(vec![step]).await;
        let answer = call(&receiver.url(), PATIENT).await;
        assert_eq!(failure(&answer).0, word, "{:?}", failure(&answer));
    }
}

#[tokio::test]
async fn of_an_endless_body_16_kib_are_read_and_2_kept() {
    let head = "HTTP/1.1 500 No\r\ncontent-length: 10000000000\r\n\r\n";
    let receiver =
        Receiver::new(vec![Step::Endless(head, vec![b'a'; 65_536]), Step::Endless(head, vec![b'a'; 999])]).await;
    let answer = call(&receiver.url(), PATIENT).await;
    let note = failure(&answer).1;
    assert!(note.ends_with("aaa…") && note.len() < 2100, "{note}");
    let client = Clients::new(Scripture::failing(), PATIENT).get(&webhook("hook", &receiver.url())).unwrap();
    let response = client.post(receiver.url()).send().await.unwrap();
    let (body, end) = read(response, Instant::now() + PATIENT.total).await;
    assert_eq!((body.len(), end), (BODY_LIMIT, None));
}

#[tokio::test]
async fn a_compressed_body_is_not_decoded() {
    let bomb = [&b"\x1f\x8b\x08\0"[..], &[7; 100]].concat();
    let receiver = Receiver::new(vec![Step::Answer("500 No", "content-encoding: gzip\r\n", bomb)]).await;
    let answer = call(&receiver.url(), PATIENT).await;
    assert!(failure(&answer).1.contains(r": \u{1f}\x8b\u{8}\0\u{7}"), "{:?}", failure(&answer));
}

#[tokio::test]
async fn short_answers_leave_the_connection_usable() {
    let mut receiver = Receiver::new(vec![Step::Answer("200 OK", "", vec![b'a'; 1000])]).await;
    let caller = caller_with(webhook("hook", &receiver.url()), Scripture::failing(), PATIENT).unwrap();
    for _ in 0..3 {
        assert_eq!(caller.call(message(), start()).await.attempt.status, Some(200));
        receiver.request().await;
    }
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_public_name_that_leads_inside_is_refused_without_a_connection() {
    let inside = Receiver::new(vec![]).await;
    let url = format!("http://hooks.example.com:{}/", inside.address.port());
    let answer = call_by_name(&url, &[&["127.0.0.1", "::1"]], &[]).await;
    let (word, note) = failure(&answer);
    assert_eq!(word, "blocked");
    assert!(note.contains("hooks.example.com leads to 127.0.0.1, a loopback address"), "{note}");
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn of_a_mixed_answer_the_allowed_address_is_called() {
    let mut inside = Receiver::new(vec![]).await;
    let url = format!("http://hooks.example.com.:{}/", inside.address.port());
    let answer = call_by_name(&url, &[&["10.0.0.1", "127.0.0.1"]], &["127.0.0.0/8"]).await;
    assert_eq!(answer.attempt.status, Some(200), "{:?}", failure(&answer));
    assert_eq!(inside.requests().len(), 1);
}

#[tokio::test]
async fn a_name_is_judged_anew_at_each_connection() {
    let close = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec();
    let receiver = Receiver::new(vec![Step::Raw(close)]).await;
    let url = format!("http://hooks.example.com:{}/", receiver.address.port());
    let webhook = Webhook { allow_networks: vec!["127.0.0.1/32".parse().unwrap()], ..webhook("hook", &url) };
    let resolver = Scripture::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let caller = caller_with(webhook, resolver, PATIENT).unwrap();
    assert_eq!(caller.call(message(), start()).await.attempt.status, Some(200));
    assert_eq!(failure(&caller.call(message(), start()).await).0, "blocked");
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_literal_metadata_service_is_refused() {
    for url in ["http://169.254.169.254/latest", "http://2852039166/", "http://[::ffff:a9fe:a9fe]/"] {
        let answer = call(url, PATIENT).await;
        assert_eq!(failure(&answer).0, "blocked", "{url}");
    }
}

#[tokio::test]
async fn localhost_goes_where_it_says_by_the_systems_resolver() {
    let mut receiver = Receiver::new(vec![]).await;
    let url = format!("http://localhost:{}/", receiver.address.port());
    let caller = caller_with(webhook("hook", &url), Arc::new(SystemResolver), PATIENT).unwrap();
    assert_eq!(caller.call(message(), start()).await.attempt.status, Some(200));
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn look_ups_and_connections_that_fail_have_words_of_their_own() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let answer = call(&format!("http://{closed}/"), PATIENT).await;
    assert_eq!(failure(&answer).0, "connect", "{:?}", failure(&answer));

    let answer = call("http://nowhere.example/", PATIENT).await;
    assert_eq!(failure(&answer), ("dns", "the name cannot be looked up: no such name"));
    let answer = call_by_name("http://nowhere.example/", &[&[]], &[]).await;
    assert_eq!(failure(&answer), ("dns", "the name cannot be looked up: the name has no address"));

    let timeouts = Timeouts { connect: Duration::from_millis(50), ..PATIENT };
    let slow = caller_with(webhook("hook", "http://slow.example/"), Arc::new(Mute), timeouts).unwrap();
    let answer = slow.call(message(), start()).await;
    assert_eq!(failure(&answer), ("timeout", "there was no connection within 50ms"));
}

/// Runs this very test again in a process of its own, because the environment belongs to the whole process.
#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    if let Ok(url) = std::env::var("TIDINGS_TEST_PROXY_TARGET") {
        assert_eq!(call(&url, PATIENT).await.attempt.status, Some(200));
        return;
    }
    let (proxy, mut receiver) = (Receiver::new(vec![]).await, Receiver::new(vec![]).await);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "deliveries::caller::tests::proxies_of_the_environment_are_not_used"]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, format!("http://{}", proxy.address));
    }
    child.env("TIDINGS_TEST_PROXY_TARGET", receiver.url()).env_remove("NO_PROXY").env_remove("no_proxy");
    child.stdout(Stdio::null()).stderr(Stdio::null());
    let status = tokio::task::spawn_blocking(move || child.status().unwrap()).await.unwrap();
    assert!(status.success());
    assert_eq!((receiver.requests().len(), proxy.connections()), (1, 0));
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_is_sent() {
    let refusal = |webhook| format!("{:#}", caller_with(webhook, Scripture::failing(), PATIENT).err().unwrap());
    let plain = || webhook("hook", "https://hooks.example.com/");
    assert!(
        refusal(Webhook { secrets: vec![Secret::new("short")], ..plain() }).starts_with("webhook `hook`: a signing")
    );
    let dir = tempfile::tempdir().unwrap();
    let with_ca = |text: Option<&str>| {
        let path = dir.path().join("ca.pem");
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        refusal(Webhook { ca_file: Some(path), ..plain() })
    };
    assert!(with_ca(None).contains("cannot be read"));
    assert!(with_ca(Some("no certificate\n")).contains("holds no certificate in PEM form"));
    assert!(
        with_ca(Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).starts_with("webhook `hook`: ")
    );
}

mod tls {
    use std::io::{Read, Write};
    use std::path::PathBuf;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tempfile::TempDir;

    use super::*;

    /// An authority nobody knows, and a server with a certificate by it.
    struct Private {
        dir: TempDir,
        issuer: CertifiedIssuer<'static, KeyPair>,
    }

    impl Private {
        fn new() -> Self {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let mut params = CertificateParams::new(vec![]).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
            Self { dir, issuer }
        }

        fn ca_file(&self) -> PathBuf {
            self.dir.path().join("ca.pem")
        }

        /// Answers one request with 200. Joins to the plain text it got.
        fn serve(&self, host: &str, not_after: Option<i32>) -> (u16, std::thread::JoinHandle<String>) {
            let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
            if let Some(year) = not_after {
                params.not_after = rcgen::date_time_ymd(year, 1, 1);
            }
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &self.issuer).unwrap();
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            let config = rustls::ServerConfig::builder()
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key)
                .unwrap();
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            (port, std::thread::spawn(move || answer_once(&listener, config)))
        }
    }

    fn answer_once(listener: &std::net::TcpListener, config: rustls::ServerConfig) -> String {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        let mut request = vec![0; 4096];
        let Ok(length) = stream.read(&mut request) else { return String::new() };
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        String::from_utf8_lossy(&request[..length]).into_owned()
    }

    async fn call_tls(port: u16, ca_file: Option<PathBuf>) -> Answer {
        let webhook = Webhook { ca_file, ..webhook("hook", &format!("https://localhost:{port}/")) };
        let caller = caller_with(webhook, Scripture::new(&[&["127.0.0.1"]]), PATIENT).unwrap();
        caller.call(message(), start()).await
    }

    #[tokio::test]
    async fn a_private_authority_is_trusted_where_ca_file_names_it() {
        let private = Private::new();
        let (port, server) = private.serve("localhost", None);
        assert_eq!(call_tls(port, Some(private.ca_file())).await.attempt.status, Some(200));
        assert!(server.join().unwrap().starts_with("POST / HTTP/1.1"));
    }

    #[tokio::test]
    async fn to_a_server_that_cannot_prove_itself_nothing_is_sent() {
        let private = Private::new();
        for (host, not_after, ca_file, reason) in [
            ("localhost", None, None, "ca_file"),
            ("other.example", None, Some(private.ca_file()), "not valid for name"),
            ("localhost", Some(2020), Some(private.ca_file()), "expired"),
        ] {
            let (port, server) = private.serve(host, not_after);
            let answer = call_tls(port, ca_file).await;
            let (word, note) = failure(&answer);
            assert_eq!(word, "tls");
            assert!(note.contains(reason), "{note}");
            assert_eq!(server.join().unwrap(), "");
        }
    }

    #[tokio::test]
    async fn plain_http_under_an_https_url_is_a_tls_failure() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            let _ = socket.read(&mut [0; 4096]);
        });
        assert_eq!(failure(&call_tls(port, None).await).0, "tls");
    }
}
