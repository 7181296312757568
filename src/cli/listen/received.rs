//! One request, as it is shown to people and to programs.
//!
//! In: its head and body. Out: text, or one line of JSON. Never: a control character of the sender's on the terminal.

use std::collections::{HashMap, VecDeque};

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::answers::Answer;
use crate::deliveries::sign::{ID_HEADER, TIMESTAMP_HEADER, VerifyError};

/// So many ids are remembered, the newest.
const REMEMBERED: usize = 10_000;

/// Whether a message is what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// One of its signatures fits, and it is fresh.
    Verified,
    /// It has none, and needs none.
    Unsigned,
    /// It is not to be trusted.
    Refused(VerifyError),
}

/// A request.
pub(super) struct Received<'a> {
    at: DateTime<Utc>,
    path: &'a str,
    id: Option<&'a str>,
    timestamp: Option<&'a str>,
    content_type: Option<&'a str>,
    event_type: Option<String>,
    title: Option<String>,
    body: Value,
    pub(super) trust: Trust,
    /// How often this id came, with this time.
    times: usize,
    pub(super) answered: Option<Answer>,
}

/// The ids that came.
#[derive(Debug, Default)]
pub(super) struct Seen {
    times: HashMap<String, usize>,
    order: VecDeque<String>,
}

impl<'a> Received<'a> {
    pub(super) fn new(at: DateTime<Utc>, path: &'a str, headers: &'a HeaderMap, body: &[u8], trust: Trust) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let body = serde_json::from_slice(body).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body)));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let title = body.pointer("/data/title").or_else(|| body.get("title")).and_then(text);
        let event_type = body.get("type").and_then(text).or_else(|| header("ce-type").map(str::to_owned));
        Self {
            at,
            path,
            // Binary CloudEvents have theirs in headers of their own.
            id: header(ID_HEADER).or_else(|| header("ce-id")),
            timestamp: header(TIMESTAMP_HEADER),
            content_type: header(CONTENT_TYPE.as_str()),
            event_type,
            title,
            body,
            trust,
            times: 1,
            answered: None,
        }
    }

    /// Counts it among those that came before.
    pub(super) fn count(&mut self, seen: &mut Seen) {
        if let Some(id) = self.id {
            self.times = seen.count(id);
        }
    }

    /// For people: a line on what it is, and the body below.
    pub(super) fn text(&self) -> String {
        let id = self.id.map_or_else(|| "a message without an id".to_owned(), |id| printable(id, false));
        let mut line = match self.trust {
            Trust::Verified => format!("verified {id}"),
            Trust::Unsigned => format!("unsigned {id}"),
            Trust::Refused(reason) => return format!("refused {id}: {reason}"),
        };
        let title = self.title.as_ref().map(|title| format!("\"{title}\""));
        for part in [self.event_type.clone(), title].into_iter().flatten() {
            line.push_str(&format!("  {}", printable(&part, false)));
        }
        if self.times > 1 {
            line.push_str(&format!("  seen before: {} times with this one", self.times));
        }
        if let Some(answer) = self.answered {
            line.push_str(&format!("  -> {answer}"));
        }
        let body = match &self.body {
            Value::String(text) => printable(text, true),
            json => printable(&format!("{json:#}"), true),
        };
        format!("{line}\n{body}")
    }

    /// For programs: everything in one line.
    pub(super) fn json(&self) -> String {
        let (trust, error) = match self.trust {
            Trust::Verified => ("verified", None),
            Trust::Unsigned => ("unsigned", None),
            Trust::Refused(reason) => ("refused", Some(reason.to_string())),
        };
        json!({
            "at": self.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "path": self.path,
            "id": self.id,
            "timestamp": self.timestamp,
            "signature": trust,
            "error": error,
            "times": self.times,
            "type": self.event_type,
            "title": self.title,
            "answered": self.answered.map(|answer| answer.to_string()),
            "content_type": self.content_type,
            "body": self.body,
        })
        .to_string()
    }
}

impl Seen {
    /// How often this id has come, with this time.
    fn count(&mut self, id: &str) -> usize {
        if let Some(times) = self.times.get_mut(id) {
            *times += 1;
            return *times;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.times.remove(&oldest);
        }
        self.times.insert(id.to_owned(), 1);
        self.order.push_back(id.to_owned());
        1
    }
}

/// A stranger's text without what would steer a terminal. `lines`: line ends may stay.
fn printable(text: &str, lines: bool) -> String {
    let safe = |c: char| !c.is_control() || (lines && matches!(c, '\n' | '\t'));
    text.chars().map(|c| if safe(c) { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn text(headers: &HeaderMap, body: &[u8], trust: Trust) -> String {
        Received::new(DateTime::UNIX_EPOCH, "/hook", headers, body, trust).text()
    }

    #[test]
    fn a_message_shows_what_it_is_and_its_body() {
        let headers = headers(&[("webhook-id", "msg_a")]);
        let body = r#"{"type":"post.published","data":{"title":"題名"}}"#;
        let text = text(&headers, body.as_bytes(), Trust::Verified);
        assert!(text.starts_with("verified msg_a  post.published  \"題名\"\n{\n  \"type\""), "{text}");
    }

    #[test]
    fn other_formats_are_shown_as_they_are() {
        let none = headers(&[]);
        assert_eq!(
            text(&none, br#"{"text":"hi"}"#, Trust::Unsigned),
            "unsigned a message without an id\n{\n  \"text\": \"hi\"\n}"
        );
        let event = headers(&[("ce-id", "msg_a"), ("ce-type", "post.updated")]);
        assert!(
            text(&event, br#"{"title":"t"}"#, Trust::Unsigned).starts_with("unsigned msg_a  post.updated  \"t\"\n")
        );
        assert_eq!(text(&none, b"plain\ntext", Trust::Unsigned), "unsigned a message without an id\nplain\ntext");
    }

    #[test]
    fn nothing_that_a_stranger_sends_steers_the_terminal() {
        let headers = headers(&[("webhook-id", "msg_a")]);
        let json = "{\"type\":\"a\\u001b[2J\",\"data\":{\"title\":\"b\\u0007\\nc\\u009b\"}}";
        for body in [json.as_bytes(), b"\x1b]0;x\x07", b"\xff\x9b"] {
            let text = text(&headers, body, Trust::Verified);
            assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
        }
    }

    #[test]
    fn a_repeat_is_known_by_its_id() {
        let mut seen = Seen::default();
        assert_eq!(["a", "b", "a", "a"].map(|id| seen.count(id)), [1, 1, 2, 3]);
        for n in 0..REMEMBERED {
            seen.count(&n.to_string());
        }
        assert_eq!(seen.count("a"), 1, "what is long ago is forgotten");
        assert!(seen.times.len() <= REMEMBERED && seen.order.len() <= REMEMBERED);
    }
}
