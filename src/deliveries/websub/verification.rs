//! Verification of intent (section 5.3), and denial (section 5.2): one GET.
//!
//! In: an intent. Out: what the callback says to it. Never: the same challenge twice, a callback's own query changed, or
//! anything but the challenge itself taken for a confirmation.

use base64::engine::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Url};

use super::super::failure::Failure;
use super::Desk;
use crate::store::hub::{Intent, Mode};

/// What was heard of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// It confirmed.
    Yes,
    /// It answered something else, or may not be called.
    No(Failure),
    /// It did not answer.
    Nothing(Failure),
    /// It was told that it cannot subscribe.
    Denied,
}

/// Asks a callback whether it meant what was requested, or tells it that it cannot have it: there may be no such document any
/// more.
pub(super) async fn ask(desk: &Desk, intent: &Intent, challenge: [u8; 24]) -> Asked {
    let (phone, challenge) = (&desk.phone, URL_SAFE_NO_PAD.encode(challenge));
    let is_denied = intent.mode == Mode::Denied || (intent.mode == Mode::Subscribe && !desk.bodies.has(&intent.path));
    let url = address(intent, is_denied, &challenge);
    let heard = match phone.call(&url, phone.request(Method::GET, url.clone())).await {
        Ok(heard) => heard,
        Err(failure) if failure.kind == "blocked" => return Asked::No(failure),
        Err(failure) => return Asked::Nothing(failure),
    };
    if is_denied {
        return Asked::Denied;
    }
    let status = heard.response.status();
    if !status.is_success() {
        return Asked::No(Failure::new("status", format!("answered {status}")));
    }
    match phone.says(heard, challenge.as_bytes()).await {
        Ok(true) => Asked::Yes,
        Ok(false) => Asked::No(Failure::new("challenge", "answered something other than the challenge")),
        Err(failure) => Asked::Nothing(failure),
    }
}

fn address(intent: &Intent, is_denied: bool, challenge: &str) -> Url {
    let lease = intent.lease_seconds.to_string();
    let mode = if is_denied { Mode::Denied } else { intent.mode };
    let proof = match mode {
        Mode::Denied => [Some(("hub.reason", "there is no such feed any more")), None],
        Mode::Unsubscribe => [Some(("hub.challenge", challenge)), None],
        Mode::Subscribe => [Some(("hub.challenge", challenge)), Some(("hub.lease_seconds", lease.as_str()))],
    };
    // Subscribers of the protocol's version 0.3 know us by it.
    let token = intent.verify_token.as_deref().map(|token| ("hub.verify_token", token));
    let what = [("hub.mode", mode.as_str()), ("hub.topic", intent.topic.as_str())];
    with_parameters(intent.callback.url(), what.into_iter().chain(proof.into_iter().flatten()).chain(token))
}

/// The callback with our parameters behind its own (section 5.1.1).
fn with_parameters<'a>(callback: &Url, ours: impl IntoIterator<Item = (&'a str, &'a str)>) -> Url {
    let mut url = callback.clone();
    url.query_pairs_mut().extend_pairs(ours);
    url
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(callback: &str, ours: &[(&str, &str)]) -> String {
        with_parameters(&callback.parse().unwrap(), ours.iter().copied()).to_string()
    }

    #[test]
    fn our_parameters_stand_behind_the_callbacks_own() {
        let ours = [("hub.mode", "subscribe"), ("hub.topic", "https://a.example/?x=1&y")];
        let query = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y";
        for (callback, joint) in [
            ("https://a.example/cb", "?"),
            ("https://a.example/cb?", ""),
            ("https://a.example/cb?b&b=%2F&hub.mode=x", "&"),
        ] {
            assert_eq!(with(callback, &ours), format!("{callback}{joint}{query}"));
        }
    }

    proptest! {
        #[test]
        fn a_callbacks_own_query_stays_byte_for_byte(query in "[a-z0-9=&%+.~-]{0,30}", value in any::<String>()) {
            let callback: Url = format!("https://a.example/cb?{query}").parse().unwrap();
            let url = with_parameters(&callback, [("hub.topic", value.as_str())]);
            prop_assert!(url.as_str().starts_with(callback.as_str()));
            let last = url.query_pairs().last().unwrap();
            prop_assert_eq!((&*last.0, &*last.1), ("hub.topic", value.as_str()));
        }
    }
}
