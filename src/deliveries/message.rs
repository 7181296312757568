//! What goes over the wire for one delivery: an id and the bytes of its body.
//!
//! In: a claim and how much of the post the webhook wants. Out: a Standard Webhooks payload. Never: other bytes at a
//! second attempt, because receivers that compare or log payloads would take it for another message.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::config::{EventType, Payload};
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
    pub body: String,
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
}

fn body(event_type: EventType, timestamp: DateTime<Utc>, data: &str, html: Option<&str>) -> String {
    format!(
        r#"{{"type":"{}","timestamp":"{}","data":{}}}"#,
        event_type.as_str(),
        timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        html.and_then(|html| with_html(data, html)).as_deref().unwrap_or(data),
    )
}

/// The object with one more member; `None` if it is no object.
fn with_html(data: &str, html: &str) -> Option<String> {
    let members = data.trim_end().strip_suffix('}')?.trim_end();
    let comma = if members == "{" { "" } else { "," };
    Some(format!(r#"{members}{comma}"content_html":{}}}"#, serde_json::Value::from(html)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn claim(data: &str, html: Option<&str>) -> Claim {
        Claim {
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
            message.body.ends_with(r#""data":{"title":"t","content_html":"<p>\"あ\"</p>\n"}}"#),
            "{}",
            message.body
        );
        let empty = Message::new(&claim("{}", Some("<p>")), Payload::Full);
        assert!(empty.body.ends_with(r#""data":{"content_html":"<p>"}}"#), "{}", empty.body);
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
            let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
            prop_assert_eq!(body["data"]["title"].as_str(), Some(title.as_str()));
            prop_assert_eq!(body["data"]["content_html"].as_str(), html.as_deref());
        }
    }
}
