//! One webhook, made ready for calling, and one call.
//!
//! In: a message. Out: an attempt for the record, and how long the receiver wants to be left alone. Never: a second
//! request of its own accord, an opinion on whether there should be one, more than 16 KiB read of a body.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response};
use tokio::time::{Instant, timeout_at};

use super::addresses::check_host;
use super::client::{Clients, Timeouts};
use super::excerpt::Secrets;
use super::failure::{Failure, mask};
use super::formats;
use super::message::Message;
use super::retry::parse_retry_after;
use super::sign::{self, SigningKey};
use crate::config::{Secret, Webhook};
use crate::store::Attempt;

/// Bytes of a body that are read, so that short answers leave the connection usable.
const BODY_LIMIT: usize = 16 * 1024;

/// A webhook and all that is needed to call it.
pub(super) struct Caller {
    pub(super) webhook: Arc<Webhook>,
    keys: Vec<SigningKey>,
    secrets: Secrets,
    client: Client,
    timeouts: Timeouts,
}

/// How a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) attempt: Attempt,
    /// How long the receiver wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// An answer's status line and what follows from it.
struct Reply {
    status: u16,
    failure: Option<&'static str>,
    note: Option<String>,
    retry_after: Option<Duration>,
}

impl Caller {
    /// Makes a webhook ready.
    ///
    /// # Errors
    ///
    /// If a secret or the `ca_file` is of no use.
    pub(super) fn new(webhook: &Arc<Webhook>, clients: &mut Clients, timeouts: Timeouts) -> anyhow::Result<Self> {
        let context = || format!("webhook `{}`", webhook.name);
        let keys: Result<Vec<_>, _> = webhook.secrets.iter().map(SigningKey::parse).collect();
        let headers = webhook.headers.values().filter_map(|value| value.to_str().ok());
        let others = webhook.secrets.iter().map(Secret::expose).chain(headers);
        Ok(Self {
            keys: keys.map_err(|text| anyhow!(text)).with_context(context)?,
            secrets: Secrets::new(&webhook.url, others),
            client: clients.get(webhook).with_context(context)?,
            webhook: Arc::clone(webhook),
            timeouts,
        })
    }

    /// Sends a message, once. Takes no longer than the total timeout.
    pub(super) async fn call(&self, message: &Message, now: DateTime<Utc>) -> Answer {
        let began = Instant::now();
        let result = self.exchange(message, now, began).await;
        let (status, error, note, retry_after) = match result {
            Ok(reply) => (Some(reply.status), reply.failure, reply.note, reply.retry_after),
            Err(failure) => (None, Some(failure.kind), Some(failure.note), None),
        };
        let attempt = Attempt { at: now, took: began.elapsed(), status, error: error.map(str::to_owned), note };
        Answer { attempt, retry_after }
    }

    async fn exchange(&self, message: &Message, now: DateTime<Utc>, began: Instant) -> Result<Reply, Failure> {
        // The resolver is not asked about literals, so they are checked here.
        if let Some(host) = self.webhook.url.host() {
            check_host(&host, &self.webhook.allow_networks).map_err(|refused| Failure::from(&refused))?;
        }
        let deadline = began + self.timeouts.total;
        let response = timeout_at(deadline, self.request(message, now).send())
            .await
            .map_err(|_| Failure::late(&self.timeouts))?
            .map_err(|error| Failure::of(&error, &self.timeouts))?;
        let arrived = now + TimeDelta::from_std(began.elapsed()).unwrap_or_default();
        Ok(self.judge(response, arrived, deadline).await)
    }

    fn request(&self, message: &Message, now: DateTime<Utc>) -> reqwest::RequestBuilder {
        let request = self
            .client
            .post(self.webhook.url.clone())
            .headers(self.webhook.headers.clone())
            .header(CONTENT_TYPE, formats::content_type(&self.webhook.format))
            .body(message.body.clone());
        if self.keys.is_empty() {
            return request;
        }
        let timestamp = now.timestamp();
        let signature = sign::sign(&self.keys, &message.id, timestamp, &message.body);
        request
            .header(sign::ID_HEADER, &message.id)
            .header(sign::TIMESTAMP_HEADER, timestamp)
            .header(sign::SIGNATURE_HEADER, signature)
    }

    /// The status line decides; what is wrong with the body of a success is worth a note and no more.
    async fn judge(&self, response: Response, arrived: DateTime<Utc>, deadline: Instant) -> Reply {
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let retry_after = header(RETRY_AFTER).and_then(|value| parse_retry_after(value, arrived));
        let target = header(LOCATION).map_or_else(|| "nowhere".to_owned(), |target| self.masked_target(target));
        let (body, end) = read(response, deadline).await;
        let (failure, note) = if status.is_success() {
            (None, end.map(|end| format!("answered {status}, but {end}")))
        } else if status.is_redirection() {
            let note =
                format!("answered {status}, which points to {target}; redirects are not followed: correct the url");
            (Some("redirect"), Some(note))
        } else {
            let advice = formats::advice(&self.webhook.format, status.as_u16());
            let excerpt = advice.map_or_else(|| self.secrets.excerpt(&body), str::to_owned);
            let colon = if excerpt.is_empty() { "" } else { ": " };
            (Some("status"), Some(format!("answered {status}{colon}{excerpt}")))
        };
        Reply { status: status.as_u16(), failure, note, retry_after }
    }

    fn masked_target(&self, location: &str) -> String {
        match self.webhook.url.join(location) {
            // A host of any length may come from the receiver.
            Ok(url) => self.secrets.excerpt(mask(&url).as_bytes()),
            Err(_) => "something that is no URL".to_owned(),
        }
    }
}

/// The beginning of a body, and what went wrong with it, if anything.
async fn read(mut response: Response, deadline: Instant) -> (Vec<u8>, Option<&'static str>) {
    let mut body = Vec::new();
    while body.len() < BODY_LIMIT {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk[..chunk.len().min(BODY_LIMIT - body.len())]),
            Ok(Ok(None)) => break,
            Ok(Err(_)) => return (body, Some("its body broke off")),
            Err(_) => return (body, Some("its body did not end in time")),
        }
    }
    (body, None)
}

#[cfg(test)]
mod tests;
