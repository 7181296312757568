//! A request that is in order (section 5.1).
//!
//! In: a form. Out: a request for the store, or why it is refused. Never: an opinion on who asks.

use super::form::Form;
use super::topic::Topics;
use super::{Refusal, callback};
use crate::config::Secret;
use crate::store::hub::{Mode, Request};

const DAY: i64 = 86_400;
/// What is granted, in seconds, however little or much is asked for.
const LEASES: std::ops::RangeInclusive<i64> = DAY..=30 * DAY;
/// What is granted if nothing is asked for (section 8.2 calls it a good default).
const DEFAULT_LEASE: i64 = 10 * DAY;
/// In bytes; it has to be shorter.
const SECRET: usize = 200;
/// In bytes.
const LONGEST_TOKEN: usize = 512;

/// Checks a form.
pub(super) fn check(form: &Form, topics: &Topics) -> Result<Request, Refusal> {
    let mode = mode(form)?;
    let topic = form.get("hub.topic").ok_or(Refusal::bad("hub.topic is missing."))?;
    let callback = callback::check(form.get("hub.callback").ok_or(Refusal::bad("hub.callback is missing."))?)?;
    let (path, etag) = topics.find(topic)?;
    let secret = form.get("hub.secret").filter(|_| mode == Mode::Subscribe);
    if secret.is_some_and(|secret| secret.len() >= SECRET) {
        return Err(Refusal::bad("hub.secret has to be shorter than 200 bytes."));
    }
    let verify_token = form.get("hub.verify_token");
    if verify_token.is_some_and(|token| token.len() > LONGEST_TOKEN) {
        return Err(Refusal::bad("hub.verify_token is longer than 512 bytes."));
    }
    Ok(Request {
        mode,
        path,
        topic: topic.to_owned(),
        callback,
        secret: secret.map(Secret::new),
        lease_seconds: if mode == Mode::Subscribe { lease(form.get("hub.lease_seconds"))? } else { 0 },
        verify_token: verify_token.map(str::to_owned),
        etag,
    })
}

fn mode(form: &Form) -> Result<Mode, Refusal> {
    match form.get("hub.mode") {
        Some("subscribe") => Ok(Mode::Subscribe),
        Some("unsubscribe") => Ok(Mode::Unsubscribe),
        Some("publish") => {
            Err(Refusal::bad("This hub knows by itself when its feeds change: it takes no hub.mode=publish."))
        }
        Some(_) => Err(Refusal::bad("hub.mode has to be subscribe or unsubscribe.")),
        None => Err(Refusal::bad("hub.mode is missing.")),
    }
}

fn lease(asked: Option<&str>) -> Result<i64, Refusal> {
    let Some(asked) = asked else { return Ok(DEFAULT_LEASE) };
    if !asked.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::bad("hub.lease_seconds has to be a number of seconds."));
    }
    // Digits that do not fit ask for longer than anybody gets.
    Ok(asked.parse().unwrap_or(i64::MAX).clamp(*LEASES.start(), *LEASES.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_of_one_to_thirty_days() {
        for (asked, granted) in [
            (None, 10 * DAY),
            (Some("0"), DAY),
            (Some("86399"), DAY),
            (Some("86401"), 86_401),
            (Some("2592001"), 30 * DAY),
            (Some("99999999999999999999999999"), 30 * DAY),
        ] {
            assert_eq!(lease(asked), Ok(granted), "{asked:?}");
        }
        for asked in ["-1", "1.5", "ten", "1e6", "+5", "１"] {
            assert!(lease(Some(asked)).is_err(), "{asked}");
        }
    }
}
