//! What goes over the wire for one delivery: an id and the bytes of its body.
//!
//! In: a claim and how much of the post the webhook wants. Out: a Standard Webhooks payload. Never: other bytes at a
//! second attempt, because receivers that compare or log payloads would take it for another message.

use axum::body::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};

use super::formats;
use crate::config::{EventType, MessageFormat, Payload};
use crate::events::Event;
use crate::store::Claim;

/// A body's media type.
pub const CONTENT_TYPE: &str = "application/json";

/// One message, the same at every attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `webhook-id`.
    pub id: String,
    /// `{"type": …, "timestamp": RFC 3339, "data": {…}}`, UTF-8.
    pub body: Bytes,
}

impl Message {
    /// The message for a claim. The text of `data` is taken over as it is; `payload: full` adds the post's text to it as
    /// `content_html`, if the event has one.
    #[must_use]
    pub fn new(claim: &Claim, payload: Payload) -> Self {
        let html = claim.html.as_deref().filter(|_| payload == Payload::Full);
        Self { id: claim.event_id.clone(), body: body(claim.event_type, claim.timestamp, &claim.data, html) }
    }

    /// The message for an event that no store has seen.
    #[must_use]
    pub fn of_event(event: &Event, payload: Payload) -> Self {
        let html = event.html.as_deref().filter(|_| payload == Payload::Full);
        Self { id: event.id.clone(), body: body(event.event_type, event.timestamp, &event.data.to_string(), html) }
    }

    /// The same message as this format has it.
    pub(super) fn written(self, data: &str, format: &MessageFormat) -> Self {
        let body = formats::body(format, data).unwrap_or(self.body);
        Self { id: self.id, body }
    }
}

fn body(event_type: EventType, timestamp: DateTime<Utc>, data: &str, html: Option<&str>) -> Bytes {
    let (event_type, timestamp) = (event_type.as_str(), timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let mut body = format!(r#"{{"type":"{event_type}","timestamp":"{timestamp}","data":"#);
    match html.and_then(|html| Some((members(data)?, html))) {
        Some((members, html)) => {
            let comma = if members == "{" { "" } else { "," };
            body.extend([members, comma, r#""content_html":"#, &serde_json::Value::from(html).to_string(), "}"]);
        }
        None => body.push_str(data),
    }
    body.push('}');
    body.into()
}

/// An object's text without its end; `None` if it is no object.
fn members(data: &str) -> Option<&str> {
    Some(data.trim_end().strip_suffix('}')?.trim_end())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn claim(data: &str, html: Option<&str>) -> Claim {
        Claim {
            id: 1,
            message: 1,
            sequence: None,
            event_id: "msg_1".to_owned(),
            endpoint: "hook".to_owned(),
            event_type: EventType::PostPublished,
            timestamp: "2026-03-01T09:00:00Z".parse().unwrap(),
            data: data.to_owned(),
            html: html.map(str::to_owned),
            attempts: 0,
            first_failed_at: None,
            lease_token: 1,
        }
    }

    fn text(message: &Message) -> &str {
        std::str::from_utf8(&message.body).unwrap()
    }

    #[test]
    fn data_is_spliced_unchanged() {
        let message = Message::new(&claim(r#"{"b": 1.0,  "a":"\u3042"}"#, Some("<p>")), Payload::Thin);
        assert_eq!(message.id, "msg_1");
        assert_eq!(
            message.body,
            r#"{"type":"post.published","timestamp":"2026-03-01T09:00:00Z","data":{"b": 1.0,  "a":"\u3042"}}"#
        );
    }

    #[test]
    fn a_full_payload_has_the_text_as_html() {
        let message = Message::new(&claim(r#"{"title":"t"}"#, Some("<p>\"あ\"</p>\n")), Payload::Full);
        assert!(
            text(&message).ends_with(r#""data":{"title":"t","content_html":"<p>\"あ\"</p>\n"}}"#),
            "{}",
            text(&message)
        );
        let empty = Message::new(&claim("{}", Some("<p>")), Payload::Full);
        assert!(text(&empty).ends_with(r#""data":{"content_html":"<p>"}}"#), "{}", text(&empty));
    }

    #[test]
    fn a_full_payload_without_a_text_is_a_thin_one() {
        let claim = claim(r#"{"title":"t"}"#, None);
        assert_eq!(Message::new(&claim, Payload::Full), Message::new(&claim, Payload::Thin));
    }

    proptest! {
        #[test]
        fn every_body_is_json_that_says_what_the_claim_says(title in ".*", html in proptest::option::of(".*")) {
            let data = serde_json::json!({ "title": title });
            let message = Message::new(&claim(&data.to_string(), html.as_deref()), Payload::Full);
            let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap();
            prop_assert_eq!(body["data"]["title"].as_str(), Some(title.as_str()));
            prop_assert_eq!(body["data"]["content_html"].as_str(), html.as_deref());
        }
    }
}
