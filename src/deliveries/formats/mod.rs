//! What goes over the wire for one delivery: the body that the receiver understands, and what belongs to it.
//!
//! In: one event, or several of one scan, for one webhook. Out: a message; and what the service says in its answers about
//! waiting and giving up. Never: other bytes at a second attempt, because receivers that compare or log messages would take
//! it for another one; a text of a post that could be taken for markup, or for a mention of somebody.
//!
//! | format | limit, in what the service counts |
//! |---|---|
//! | `slack` | 3,000 UTF-16 units a block, 50 blocks |
//! | `discord` | 10 embeds, 6,000 UTF-16 units in all of them |
//! | `teams` | 28,000 bytes, as sent |
//! | `mattermost` | 16,383 characters |
//! | `ntfy` | 4,096 bytes of text, 1,000 bytes of title, 512 bytes of tags |
//! | `telegram` | 4,096 UTF-16 units, markup not counted |

mod answers;
mod cloudevents;
mod discord;
mod indexnow;
mod item;
mod layout;
mod mattermost;
mod ntfy;
mod slack;
mod standard;
mod teams;
mod telegram;
mod template;
mod text;
mod websub_ping;
mod words;

use std::borrow::Cow;

use axum::body::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use url::Url;

pub(super) use answers::{advice, asked_wait, is_final};

use super::failure::Failure;
use crate::config::{EventType, MessageFormat, Payload, Site, Webhook};
use crate::events::{Event, message_id};
use crate::store::Claim;
use item::Item;

/// One event, for one endpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    /// The event's id.
    pub(super) id: &'a str,
    pub(super) event_type: EventType,
    /// When the scan saw it.
    pub(super) timestamp: DateTime<Utc>,
    /// JSON text.
    pub(super) data: &'a str,
    /// The post's text; left out where the webhook does not want it.
    pub(super) html: Option<&'a str>,
    /// The event's place among those that the endpoint gets, if it wants them in order.
    pub(super) sequence: Option<i64>,
}

/// One message, the same at every attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// `webhook-id`: the event's; of several events, an id made of theirs.
    pub(super) id: String,
    pub(super) body: Bytes,
    pub(super) content_type: HeaderValue,
    /// What the format has in headers besides.
    pub(super) headers: HeaderMap,
    /// Where it goes, if not to the webhook's own URL.
    pub(super) url: Option<Url>,
}

impl Message {
    /// The message about these events, of which there are no more than the webhook takes at once, and at least one.
    ///
    /// # Errors
    ///
    /// If the template cannot be rendered; says why and where.
    pub(super) fn new(told: &[Told<'_>], webhook: &Webhook, site: &Site) -> Result<Self, Failure> {
        let wanted = |_: &&str| webhook.payload == Payload::Full;
        let told: Vec<_> = told.iter().map(|&one| Told { html: one.html.filter(wanted), ..one }).collect();
        let items = || told.iter().map(|told| Item::of(told, site)).collect::<Vec<_>>();
        let message = Self::json(id(&told), Bytes::new());
        Ok(match &webhook.format {
            MessageFormat::Standard => message.with(standard::body(single(&told)?)),
            &MessageFormat::CloudEvents { structured, .. } => cloudevents::message(message, &told, structured, site)?,
            MessageFormat::Slack => message.with(slack::body(&items())),
            MessageFormat::Discord => discord::message(message, &items(), &told, webhook),
            MessageFormat::Teams => message.with(teams::body(&items())),
            MessageFormat::Mattermost => message.with(mattermost::body(&items())),
            MessageFormat::Ntfy => ntfy::message(message, &items(), webhook, site),
            MessageFormat::Telegram { chat } => telegram::message(message, &items(), chat, webhook),
            MessageFormat::Template { text, content_type } => {
                template::message(message, &told, text, content_type, site)?
            }
            MessageFormat::WebSubPing => Self {
                content_type: HeaderValue::from_static(websub_ping::CONTENT_TYPE),
                ..message.with(websub_ping::body(single(&told)?.data))
            },
            MessageFormat::IndexNow { host, key, key_location } => Self {
                content_type: HeaderValue::from_static(indexnow::CONTENT_TYPE),
                ..message.with(indexnow::body(single(&told)?.data, host, key, key_location))
            },
        })
    }

    /// A message with a body in JSON.
    fn json(id: String, body: Bytes) -> Self {
        let content_type = HeaderValue::from_static("application/json");
        Self { id, body, content_type, headers: HeaderMap::new(), url: None }
    }

    fn with(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }
}

impl<'a> From<&'a Claim> for Told<'a> {
    fn from(claim: &'a Claim) -> Self {
        Self {
            id: &claim.event_id,
            event_type: claim.event_type,
            timestamp: claim.timestamp,
            data: &claim.data,
            html: claim.html.as_deref(),
            sequence: claim.sequence,
        }
    }
}

impl<'a> Told<'a> {
    /// An event that no store has seen; `data` is the text of its data.
    pub(super) fn of(event: &'a Event, data: &'a str) -> Self {
        let html = event.html.as_deref();
        Self { id: &event.id, event_type: event.event_type, timestamp: event.timestamp, data, html, sequence: None }
    }

    /// RFC 3339.
    fn time(&self) -> String {
        self.timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// The text of the data, with the post's text as `content_html` where it is wanted.
    fn full_data(&self) -> Cow<'a, str> {
        let members = self.data.trim_end().strip_suffix('}').map(str::trim_end);
        match (members, self.html) {
            (Some(members), Some(html)) => {
                let comma = if members == "{" { "" } else { "," };
                format!(r#"{members}{comma}"content_html":{}}}"#, Value::from(html)).into()
            }
            _ => self.data.into(),
        }
    }
}

/// A batch is the same message whenever the same events are in it, in the same order.
fn id(told: &[Told<'_>]) -> String {
    match told {
        [one] => one.id.to_owned(),
        several => message_id(several.iter().map(|told| told.id)),
    }
}

/// The event of a format that has one a message.
fn single<'a, 'b>(told: &'b [Told<'a>]) -> Result<&'b Told<'a>, Failure> {
    match told {
        [one] => Ok(one),
        _ => Err(Failure::new("internal", "this format has one event a message; this is a bug, please report it")),
    }
}

#[cfg(test)]
mod tests;
