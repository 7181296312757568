//! Whole requests, with the providers' own examples of signatures.

use axum::body::Bytes;
use proptest::prelude::*;

use super::*;
use crate::config::Secret;

/// GitHub's and Bitbucket's documentation sign with this.
const SECRET: &str = "It's a Secret to Everybody";
/// GitHub: "Validating webhook deliveries", for the body `Hello, World!`.
const GITHUB: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
/// Bitbucket Cloud: "Manage webhooks", for the body `Hello World!`.
const BITBUCKET: &str = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
/// Of the specification of Standard Webhooks, with its id, time and body.
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STANDARD: [(&str, &str); 3] = [
    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
    ("webhook-timestamp", "1614265330"),
    ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
];
const STANDARD_BODY: &str = r#"{"test": 2432232314}"#;
const TOKEN: &str = "a token of sixteen and more";

fn secret(text: &str) -> Option<Secret> {
    Some(Secret::new(text))
}

fn all() -> config::Trigger {
    config::Trigger {
        github: secret(SECRET),
        gitlab: secret("a secret token of GitLab"),
        gitea: secret("a secret of Gitea's own"),
        bitbucket: secret(SECRET),
        token: secret(TOKEN),
        branch: None,
    }
}

struct Desk {
    trigger: Trigger,
    asked: Arc<Notify>,
}

impl Desk {
    fn new(config: &config::Trigger) -> Self {
        let asked = Arc::new(Notify::new());
        Self { trigger: Trigger::new(config, Prefix::new("/"), Arc::clone(&asked)), asked }
    }

    async fn answer(&self, headers: &HeaderMap, body: impl Into<Bytes>) -> Response {
        let outcome = self.trigger.judge(headers, Body::from(body.into())).await;
        self.trigger.conclude(&outcome)
    }

    async fn status(&self, pairs: &[(&str, &str)], body: &str) -> u16 {
        self.answer(&headers(pairs), body.to_owned()).await.status().as_u16()
    }

    /// Whether a scan was asked for since this was asked last.
    fn was_asked(&self) -> bool {
        let mut notified = std::pin::pin!(self.asked.notified());
        notified.as_mut().enable()
    }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_signature_of_githubs_documentation_is_known() {
    let desk = Desk::new(&all());
    let signed = [("x-hub-signature-256", GITHUB), ("x-github-event", "ping")];
    assert_eq!(desk.status(&signed, "Hello, World!").await, 202);
    assert!(!desk.was_asked(), "a ping is no push");
    assert_eq!(desk.status(&signed, "Hello, World?").await, 401);
    let upper = GITHUB.to_uppercase().replace("SHA", "sha");
    assert_eq!(desk.status(&[("x-hub-signature-256", &upper)], "Hello, World!").await, 202);
}

#[tokio::test]
async fn a_signature_of_bitbuckets_documentation_is_known() {
    let desk = Desk::new(&all());
    let signed = [("x-hub-signature", BITBUCKET), ("x-event-key", "diagnostics:ping")];
    assert_eq!(desk.status(&signed, "Hello World!").await, 202);
    assert_eq!(desk.status(&[("x-hub-signature-256", BITBUCKET)], "Hello, World!").await, 401);
    assert_eq!(desk.status(&[("x-hub-signature", "sha1=a4771c39fbe90f317c7824e83ddef3ca")], "Hello World!").await, 401);
}

#[tokio::test]
async fn gitlab_sends_its_token_or_signs_with_it() {
    let desk = Desk::new(&all());
    let push = r#"{"object_kind": "push", "ref": "refs/heads/main"}"#;
    let sent = [("x-gitlab-token", "a secret token of GitLab"), ("x-gitlab-event", "Push Hook")];
    assert_eq!((desk.status(&sent, push).await, desk.was_asked()), (202, true));
    assert_eq!(desk.status(&[("x-gitlab-token", "a secret token of GitLub")], push).await, 401);

    let desk = Desk::new(&config::Trigger { gitlab: secret(WHSEC), ..config::Trigger::default() });
    assert_eq!(desk.status(&STANDARD, STANDARD_BODY).await, 202);
    assert_eq!(desk.status(&STANDARD, r#"{"test": 2432232315}"#).await, 401);
    assert_eq!(desk.status(&STANDARD[1..], STANDARD_BODY).await, 401);
    assert_eq!(desk.status(&[("x-gitlab-token", WHSEC)], STANDARD_BODY).await, 401, "it is never sent");
    let rotated = format!("v1,{} v1a,x {}", "A".repeat(44), STANDARD[2].1);
    assert_eq!(desk.status(&[STANDARD[0], STANDARD[1], ("webhook-signature", &rotated)], STANDARD_BODY).await, 202);
}

#[tokio::test]
async fn gitea_and_its_kin_sign_in_plain_hex_beside_githubs_header() {
    let desk = Desk::new(&config::Trigger { gitea: secret(SECRET), ..all() });
    let digits = GITHUB.trim_start_matches("sha256=");
    for name in ["x-gitea-signature", "x-forgejo-signature", "x-gogs-signature"] {
        assert_eq!(desk.status(&[(name, digits)], "Hello, World!").await, 202, "{name}");
        assert_eq!(desk.status(&[(name, &digits.replace('7', "8"))], "Hello, World!").await, 401, "{name}");
    }
    // The secret of one provider is enough, whoever else signed it.
    let desk = Desk::new(&all());
    assert_eq!(
        desk.status(&[("x-gitea-signature", digits), ("x-hub-signature-256", GITHUB)], "Hello, World!").await,
        202
    );
}

#[tokio::test]
async fn who_has_the_bearer_token_gets_a_scan_whatever_else_is_said() {
    let desk = Desk::new(&all());
    for value in [format!("Bearer {TOKEN}"), format!("bearer  {TOKEN}")] {
        assert_eq!((desk.status(&[("authorization", &value)], "not json").await, desk.was_asked()), (202, true));
    }
    for value in [format!("Basic {TOKEN}"), TOKEN.to_owned(), "Bearer".to_owned(), format!("Bearer {TOKEN}x")] {
        assert_eq!((desk.status(&[("authorization", &value)], "").await, desk.was_asked()), (401, false), "{value}");
    }
}

#[tokio::test]
async fn strangers_learn_nothing() {
    let (open, shut) = (Desk::new(&all()), Desk::new(&config::Trigger { token: secret(TOKEN), ..Default::default() }));
    let wrong = "0".repeat(64);
    for pairs in [
        &[][..],
        &[("x-hub-signature-256", &*format!("sha256={wrong}"))],
        &[("x-hub-signature", &*format!("sha256={wrong}"))],
        &[("x-gitea-signature", &*wrong)],
        &[("x-gitea-signature", "zz")],
        &[("x-gitlab-token", "")],
        &[("authorization", "Bearer ")],
        &STANDARD,
        &[("x-some-forge-signature", "1")],
    ] {
        for desk in [&open, &shut] {
            let response = desk.answer(&headers(pairs), "{}").await;
            assert_eq!((response.status().as_u16(), desk.was_asked()), (401, false), "{pairs:?}");
            assert_eq!(response.headers().iter().count(), 1, "{:?}", response.headers());
            assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
            assert!(axum::body::to_bytes(response.into_body(), 1).await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_payload_that_is_none_is_said_to_who_is_known() {
    let desk = Desk::new(&all());
    let signed = [("x-hub-signature-256", GITHUB), ("x-github-event", "push")];
    assert_eq!((desk.status(&signed, "Hello, World!").await, desk.was_asked()), (400, false));
}

#[tokio::test]
async fn strangers_who_have_spent_their_budget_are_sent_away_and_tokens_still_count() {
    let desk = Desk::new(&all());
    let mut statuses = Vec::new();
    for _ in 0..1_500 {
        statuses.push(desk.status(&[("x-gitlab-token", "wrong")], "").await);
    }
    assert!(statuses[..1_000].iter().all(|status| *status == 401));
    assert!(statuses.contains(&429));
    desk.trigger.budget().charge(usize::MAX, Instant::now());
    let response = desk.answer(&headers(&[("x-hub-signature-256", GITHUB)]), "Hello, World!").await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(response.headers()[RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() > 1);
    let token = format!("Bearer {TOKEN}");
    assert_eq!(desk.status(&[("authorization", &token)], "").await, 202);
    assert_eq!(desk.status(&[("x-gitlab-token", "a secret token of GitLab")], "").await, 202);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_before_it_is_read() {
    let desk = Desk::new(&all());
    let long = Bytes::from(vec![b' '; body::LONGEST + 1]);
    let signed = headers(&[("x-hub-signature-256", GITHUB)]);
    assert_eq!(desk.answer(&signed, long.clone()).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(desk.answer(&HeaderMap::new(), long).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_is_hashed_in_vain_is_paid_for_each_signature_and_without_an_end_too() {
    let spent = async |headers: &HeaderMap, body: Body| {
        let desk = Desk::new(&all());
        let now = Instant::now();
        desk.trigger.judge(headers, body).await;
        // Further attempts that are let through.
        (0..)
            .take_while(|_| desk.trigger.budget().wait(now).is_none())
            .map(|_| desk.trigger.budget().charge(0, now))
            .count()
    };
    let tag = "0".repeat(64);
    let one = headers(&[("x-gitea-signature", &tag)]);
    let two = headers(&[("x-gitea-signature", &tag), ("x-hub-signature-256", &format!("sha256={tag}"))]);
    let body = || Body::from(vec![b' '; 10 << 20]);
    let (of_one, of_two) = (spent(&one, body()).await, spent(&two, body()).await);
    assert!(of_two + 150 < of_one, "{of_two} {of_one}");
    let endless = spent(&one, Body::new(body::tests::Endless)).await;
    assert!(endless + 200 < of_one, "{endless} {of_one}");
}

fn any_header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let names = proptest::sample::select(vec![
        "x-hub-signature-256",
        "x-hub-signature",
        "x-gitea-signature",
        "x-gitlab-token",
        "authorization",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-github-event",
        "x-gitlab-event",
        "x-event-key",
        "content-type",
    ]);
    let hex = "(sha256=|v1,|Bearer )?[0-9a-f]{62,66}".prop_map(String::into_bytes);
    let values = prop_oneof![hex, any::<Vec<u8>>(), "push|Push Hook|repo:push".prop_map(String::into_bytes)];
    (names.prop_map(str::to_owned), values)
}

proptest! {
    #[test]
    fn nobody_is_let_in_without_a_secret(given in prop::collection::vec(any_header(), 0..6), body in any::<Vec<u8>>()) {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(name.parse::<axum::http::HeaderName>().unwrap(), value);
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let desk = Desk::new(&all());
            assert_eq!(desk.answer(&headers, body).await.status(), StatusCode::UNAUTHORIZED);
            assert!(!desk.was_asked());
        });
    }
}
