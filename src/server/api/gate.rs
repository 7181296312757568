//! Who may ask the API.
//!
//! In: a request's head. Out: the request passed on, or a refusal. Never: trust in where a connection comes from; a browser on
//! this machine connects from it for every page that it shows.
//!
//! With a token, whoever bears it may do everything, and nobody else anything: a browser sends no bearer token by itself.
//! Without one, the listener is on loopback, and two things keep web pages out. A page of another site may point its own name
//! to this machine and then read what it likes (DNS rebinding), so the name that was asked for has to be this machine's. And
//! a page may send forms anywhere, so a change needs what no form can send: a JSON body, or a header of ours.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Trouble;
use crate::config::Secret;
use crate::server::bearer::bears;

/// The header that a form cannot send; its value does not matter.
const OURS: &str = "x-tidings";
/// What a browser says of where a request comes from (Fetch Metadata).
const FETCH_SITE: &str = "sec-fetch-site";

const NO_TOKEN: Trouble =
    Trouble::new(StatusCode::UNAUTHORIZED, "this needs `Authorization: Bearer` with the server.admin_token");
const OTHER_HOST: Trouble = Trouble::new(
    StatusCode::MISDIRECTED_REQUEST,
    "without a server.admin_token this answers only to localhost and loopback addresses in `Host`",
);
const CROSS_SITE: Trouble = Trouble::new(
    StatusCode::FORBIDDEN,
    "without a server.admin_token a change needs `X-Tidings: 1` or a JSON body, and may not come from another site",
);

/// Passes on what may be asked.
pub(super) async fn pass(State(token): State<Arc<Option<Secret>>>, request: Request, next: Next) -> Response {
    let changes = !request.method().is_safe();
    match judge(token.as_ref().as_ref(), request.headers(), changes) {
        Ok(()) => next.run(request).await,
        Err(trouble) => trouble.into_response(),
    }
}

fn judge(token: Option<&Secret>, headers: &HeaderMap, changes: bool) -> Result<(), Trouble> {
    match token {
        Some(token) if bears(headers, token) => Ok(()),
        Some(_) => Err(NO_TOKEN),
        None if !is_local(headers) => Err(OTHER_HOST),
        None if changes && !is_meant(headers) => Err(CROSS_SITE),
        None => Ok(()),
    }
}

/// Whether the one `Host` is this machine by name or number: names can be pointed anywhere, these cannot.
fn is_local(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| {
        let host = authority.host();
        let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost") || number.is_ok_and(|number| number.is_loopback())
    })
}

/// Whether a web page of another site cannot have sent it.
fn is_meant(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_json = text(CONTENT_TYPE.as_str()).is_some_and(|media_type| {
        media_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
    });
    let is_own = text(FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    is_own && (is_json || headers.contains_key(OURS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn with_a_token_only_its_bearer_may_ask() {
        let token = Secret::new("let me in");
        let with = |pairs| judge(Some(&token), &headers(pairs), false);
        assert_eq!(with(&[("host", "blog.example.com"), ("authorization", "Bearer let me in")]), Ok(()));
        for pairs in
            [&[("host", "127.0.0.1")][..], &[("authorization", "Bearer let me")], &[("authorization", "let me in")]]
        {
            assert_eq!(with(pairs), Err(NO_TOKEN), "{pairs:?}");
        }
    }

    #[test]
    fn without_a_token_only_this_machine_by_name_or_number_is_answered() {
        let with = |host: &'static str| judge(None, &headers(&[("host", host)]), false);
        for host in ["127.0.0.1", "127.0.0.1:8081", "127.1.2.3", "[::1]:8081", "localhost", "LocalHost:1"] {
            assert_eq!(with(host), Ok(()), "{host}");
        }
        for host in [
            "rebound.example",
            "127.0.0.1.rebound.example",
            "localhost.rebound.example",
            "192.0.2.1",
            "2130706433",
            "",
            "[",
        ] {
            assert_eq!(with(host), Err(OTHER_HOST), "{host}");
        }
        assert_eq!(judge(None, &headers(&[]), false), Err(OTHER_HOST));
        assert_eq!(judge(None, &headers(&[("host", "localhost"), ("host", "x.example")]), false), Err(OTHER_HOST));
    }

    #[test]
    fn without_a_token_a_change_needs_what_no_form_can_send() {
        let with = |pairs: &[(&'static str, &'static str)]| {
            let mut all = vec![("host", "localhost")];
            all.extend_from_slice(pairs);
            judge(None, &headers(&all), true)
        };
        for pairs in [
            &[("x-tidings", "1")][..],
            &[("content-type", "application/json; charset=utf-8")],
            &[("x-tidings", "1"), ("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(with(pairs), Ok(()), "{pairs:?}");
        }
        for pairs in [
            &[][..],
            &[("content-type", "text/plain")],
            &[("content-type", "text/plain, application/json")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[("x-tidings", "1"), ("sec-fetch-site", "cross-site")],
            &[("x-tidings", "1"), ("sec-fetch-site", "same-site")],
        ] {
            assert_eq!(with(pairs), Err(CROSS_SITE), "{pairs:?}");
        }
    }

    proptest! {
        #[test]
        fn no_name_but_localhost_is_this_machine(host in "[a-z0-9.:@\\[\\]-]{0,20}") {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
            let name = name.map_or(host.as_str(), |(name, _)| name);
            let name = name.rsplit_once('@').map_or(name, |(_, name)| name);
            if is_local(&headers) {
                prop_assert!(name == "localhost" || name == "[::1]" || name.starts_with("127."), "{}", host);
                prop_assert!(name.bytes().all(|b| b.is_ascii_digit() || b == b'.') || !name.starts_with("127."));
            }
        }
    }
}
