//! What services say in their answers about waiting and giving up.
//!
//! In: the status, headers and first bytes of an answer. Out: how long to wait, or that trying again is no use. Never: a
//! wait that is shorter than any of those the answer names.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde_json::Value;

use super::indexnow;
use crate::config::MessageFormat;
use crate::deliveries::retry::parse_retry_after;

/// How long until Discord's budget for this webhook is full again, in seconds with a fraction.
const RESET_AFTER: &str = "x-ratelimit-reset-after";

/// How long the receiver wants to be left alone: the longest of what the `Retry-After` header, Discord's `retry_after` and
/// Telegram's `parameters.retry_after` say. Discord's budget counts where nothing else is said.
pub(in crate::deliveries) fn asked_wait(
    format: &MessageFormat,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Option<Duration> {
    let header = |name: &str| parse_retry_after(headers.get(name)?.to_str().ok()?, now);
    let said = header(RETRY_AFTER.as_str()).max(in_body(format, body));
    match format {
        MessageFormat::Discord => said.or_else(|| header(RESET_AFTER)),
        _ => said,
    }
}

/// Whether it is no use to try again: a public service that says that a message or an address is wrong will say so tomorrow,
/// and shut out who insists. To other receivers 404 may be the hour in which they are deployed.
pub(in crate::deliveries) fn is_final(format: &MessageFormat, status: u16) -> bool {
    let is_public = match format {
        MessageFormat::Slack
        | MessageFormat::Discord
        | MessageFormat::Teams
        | MessageFormat::Mattermost
        | MessageFormat::Ntfy
        | MessageFormat::Telegram { .. }
        | MessageFormat::WebSubPing
        | MessageFormat::IndexNow { .. } => true,
        MessageFormat::Standard | MessageFormat::CloudEvents { .. } | MessageFormat::Template { .. } => false,
    };
    is_public && matches!(status, 400..=499) && !matches!(status, 408 | 409 | 425 | 429)
}

/// What the operator is told beside a refusal.
pub(in crate::deliveries) fn advice(format: &MessageFormat, status: u16) -> Option<&'static str> {
    matches!(format, MessageFormat::IndexNow { .. }).then(|| indexnow::advice(status)).flatten()
}

fn in_body(format: &MessageFormat, body: &[u8]) -> Option<Duration> {
    let path = match format {
        MessageFormat::Discord => "/retry_after",
        MessageFormat::Telegram { .. } => "/parameters/retry_after",
        _ => return None,
    };
    let seconds = serde_json::from_slice::<Value>(body).ok()?.pointer(path)?.as_f64()?;
    if seconds < 0.0 {
        return None;
    }
    // Rounded up, as the header is. What does not fit asks for longer than anybody gets.
    Some(Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wait(format: &MessageFormat, headers: &[(&'static str, &str)], body: &str) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        asked_wait(format, &headers, body.as_bytes(), now).map(|wait| wait.as_secs())
    }

    fn telegram() -> MessageFormat {
        MessageFormat::Telegram { chat: "1".to_owned() }
    }

    #[test]
    fn the_longest_of_header_and_body_counts() {
        let discord = &MessageFormat::Discord;
        let body = r#"{"message": "You are being rate limited.", "retry_after": 64.57, "global": false}"#;
        assert_eq!(wait(discord, &[], body), Some(65));
        assert_eq!(wait(discord, &[("retry-after", "65"), (RESET_AFTER, "64.57")], body), Some(65));
        assert_eq!(wait(discord, &[("retry-after", "90")], body), Some(90));
        assert_eq!(wait(discord, &[("retry-after", "1")], body), Some(65));
        assert_eq!(wait(discord, &[(RESET_AFTER, "1.5")], "{}"), Some(2));
        let body = r#"{"ok":false,"error_code":429,"parameters":{"retry_after":35}}"#;
        assert_eq!(wait(&telegram(), &[], body), Some(35));
        assert_eq!(wait(&telegram(), &[("retry-after", "40")], body), Some(40));
    }

    #[test]
    fn each_service_is_understood_in_its_own_words_only() {
        let body = r#"{"retry_after": 9, "parameters": {"retry_after": 9}}"#;
        for format in [MessageFormat::Standard, MessageFormat::Slack, MessageFormat::Teams] {
            assert_eq!(wait(&format, &[(RESET_AFTER, "9")], body), None, "{}", format.as_str());
        }
        assert_eq!(wait(&MessageFormat::Slack, &[("retry-after", "30")], ""), Some(30));
    }

    #[test]
    fn nonsense_asks_for_nothing() {
        for body in
            ["", "[]", "{\"retry_after\": -1}", "{\"retry_after\": \"9\"}", "{\"retry_after\": null}", "{\"retry"]
        {
            assert_eq!(wait(&MessageFormat::Discord, &[], body), None, "{body}");
        }
        assert_eq!(wait(&MessageFormat::Discord, &[], r#"{"retry_after": 1e300}"#), Some(u64::MAX));
    }

    #[test]
    fn a_chat_that_refuses_a_message_refuses_it_for_good() {
        for format in [MessageFormat::Slack, MessageFormat::Discord, MessageFormat::Teams, telegram()] {
            for status in [400, 401, 403, 404, 410, 413, 499] {
                assert!(is_final(&format, status), "{status}");
            }
            for status in [200, 301, 399, 408, 409, 425, 429, 500, 503] {
                assert!(!is_final(&format, status), "{status}");
            }
        }
        for format in [MessageFormat::Standard, MessageFormat::CloudEvents { structured: true, validate: true }] {
            assert!((100..1000).all(|status| !is_final(&format, status)));
        }
    }

    proptest! {
        #[test]
        fn no_body_is_too_odd(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let now = "2026-03-01T09:00:00Z".parse().unwrap();
            let _ = asked_wait(&MessageFormat::Discord, &HeaderMap::new(), &body, now);
        }
    }
}
