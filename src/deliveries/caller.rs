//! One webhook, made ready for calling, and one call.
//!
//! In: a message. Out: an attempt for the record, and what the receiver wants of us. Never: a second request of its own
//! accord but to ask for permission first, an opinion on whether there should be one, more than 16 KiB read of a body.

mod handshake;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION};
use reqwest::{Client, Response};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::addresses::Policy;
use super::client::{Clients, Timeouts};
use super::excerpt::Secrets;
use super::failure::{Failure, mask};
use super::formats::{Message, Told, advice, asked_wait, is_final};
use super::sign::{self, SigningKey};
use crate::config::{MessageFormat, Rate, Secret, Site, Webhook};
use crate::store::Attempt;

/// Bytes of a body that are read, so that short answers leave the connection usable.
const BODY_LIMIT: usize = 16 * 1024;

/// A webhook and all that is needed to call it.
pub(super) struct Caller {
    pub(super) webhook: Arc<Webhook>,
    site: Arc<Site>,
    keys: Vec<SigningKey>,
    secrets: Secrets,
    client: Client,
    timeouts: Timeouts,
    /// Set once the receiver has agreed to be called: the rate on which it insists.
    agreed: OnceCell<Option<Rate>>,
}

/// How a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) attempt: Attempt,
    /// How long the receiver wants to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// Whether it is no use to send this message again.
    pub(super) is_final: bool,
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
    pub(super) fn new(
        webhook: &Arc<Webhook>,
        site: &Arc<Site>,
        clients: &mut Clients,
        timeouts: Timeouts,
    ) -> anyhow::Result<Self> {
        let context = || format!("webhook `{}`", webhook.name);
        let keys: Result<Vec<_>, _> = webhook.secrets.iter().map(SigningKey::parse).collect();
        let headers = webhook.headers.values().filter_map(|value| value.to_str().ok());
        let others = webhook.secrets.iter().map(Secret::expose).chain(headers);
        Ok(Self {
            keys: keys.map_err(|text| anyhow!(text)).with_context(context)?,
            secrets: Secrets::new(&webhook.url, others),
            client: clients.get(webhook).with_context(context)?,
            webhook: Arc::clone(webhook),
            site: Arc::clone(site),
            timeouts: Timeouts { total: webhook.timeout, ..timeouts },
            agreed: OnceCell::new(),
        })
    }

    /// The message about these events, for [`Self::call`].
    pub(super) fn message(&self, told: &[Told<'_>]) -> Result<Message, Failure> {
        Message::new(told, &self.webhook, &self.site)
    }

    /// Sends a message, once. Takes no longer than the webhook's timeout. A message that could not be made is an attempt that
    /// failed.
    pub(super) async fn call(&self, message: Result<Message, Failure>, now: DateTime<Utc>) -> Answer {
        let began = Instant::now();
        let result = match &message {
            Ok(message) => self.exchange(message, now, began).await,
            Err(failure) => Err(failure.clone()),
        };
        let (status, error, note, retry_after) = match result {
            Ok(reply) => (Some(reply.status), reply.failure, reply.note, reply.retry_after),
            Err(failure) => (None, Some(failure.kind), Some(failure.note), None),
        };
        let is_final = status.is_some_and(|status| is_final(&self.webhook.format, status));
        let attempt = Attempt { at: now, took: began.elapsed(), status, error: error.map(str::to_owned), note };
        Answer { attempt, retry_after, is_final }
    }

    async fn exchange(&self, message: &Message, now: DateTime<Utc>, began: Instant) -> Result<Reply, Failure> {
        // The resolver is not asked about literals, so they are checked here.
        if let Some(host) = self.webhook.url.host() {
            Policy::from(&*self.webhook).check_host(&host).map_err(|refused| Failure::from(&refused))?;
        }
        let deadline = began + self.timeouts.total;
        if self.asks_first() {
            self.agreed.get_or_try_init(|| self.ask(deadline)).await?;
        }
        let response = self.send(self.request(message, now), deadline).await?;
        let arrived = now + TimeDelta::from_std(began.elapsed()).unwrap_or_default();
        Ok(self.judge(response, arrived, deadline).await)
    }

    async fn send(&self, request: reqwest::RequestBuilder, deadline: Instant) -> Result<Response, Failure> {
        timeout_at(deadline, request.send())
            .await
            .map_err(|_| Failure::late(&self.timeouts))?
            .map_err(|error| Failure::of(&error, &self.timeouts))
    }

    /// How often it may be called at most: the webhook's rate, or the lower one that its receiver allows.
    pub(super) fn rate(&self) -> Option<Rate> {
        self.agreed.get().copied().flatten().or(self.webhook.rate)
    }

    /// Whether the receiver has still to say whether it wants to be called, and how often.
    pub(super) fn has_to_ask(&self) -> bool {
        self.asks_first() && self.agreed.get().is_none()
    }

    fn asks_first(&self) -> bool {
        matches!(self.webhook.format, MessageFormat::CloudEvents { validate: true, .. })
    }

    fn request(&self, message: &Message, now: DateTime<Utc>) -> reqwest::RequestBuilder {
        let request = self
            .client
            .post(message.url.as_ref().unwrap_or(&self.webhook.url).clone())
            .headers(self.webhook.headers.clone())
            .headers(message.headers.clone())
            .header(CONTENT_TYPE, &message.content_type)
            .body(message.body.clone());
        let request = if self.asks_first() { request.header(handshake::ORIGIN_HEADER, self.origin()) } else { request };
        if !self.is_told_our_ids() {
            return request;
        }
        let timestamp = now.timestamp();
        let request = request.header(sign::ID_HEADER, &message.id).header(sign::TIMESTAMP_HEADER, timestamp);
        match sign::sign(self.keys_at(now), &message.id, timestamp, &message.body) {
            none if none.is_empty() => request,
            signatures => request.header(sign::SIGNATURE_HEADER, signatures),
        }
    }

    /// Hubs and search engines have a protocol of their own.
    fn is_told_our_ids(&self) -> bool {
        !matches!(self.webhook.format, MessageFormat::WebSubPing | MessageFormat::IndexNow { .. })
    }

    /// The keys of the secrets that have not ended.
    fn keys_at(&self, now: DateTime<Utc>) -> impl Iterator<Item = &SigningKey> {
        let is_of_use = move |secret: &Secret| secret.until().is_none_or(|until| now < until);
        self.webhook.secrets.iter().zip(&self.keys).filter(move |(secret, _)| is_of_use(secret)).map(|(_, key)| key)
    }

    /// The status line decides; what is wrong with the body of a success is worth a note and no more.
    async fn judge(&self, response: Response, arrived: DateTime<Utc>, deadline: Instant) -> Reply {
        let (status, headers) = (response.status(), response.headers().clone());
        let (body, end) = read(response, deadline).await;
        let retry_after = asked_wait(&self.webhook.format, &headers, &body, arrived);
        let (failure, note) = if status.is_success() {
            (None, end.map(|end| format!("answered {status}, but {end}")))
        } else if status.is_redirection() {
            let target = text(&headers, &LOCATION).map_or_else(|| "nowhere".to_owned(), |to| self.masked_target(to));
            let note =
                format!("answered {status}, which points to {target}; redirects are not followed: correct the url");
            (Some("redirect"), Some(note))
        } else {
            let advice = advice(&self.webhook.format, status.as_u16());
            let excerpt = advice.map_or_else(|| self.secrets.excerpt(&body), str::to_owned);
            let colon = if excerpt.is_empty() { "" } else { ": " };
            (Some("status"), Some(format!("answered {status}{colon}{excerpt}")))
        };
        let notes: Vec<_> = note.into_iter().chain(other_clock(&headers, arrived)).collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
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

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Says so if the receiver's clock is so far from ours that it may take our messages for replays.
fn other_clock(headers: &HeaderMap, arrived: DateTime<Utc>) -> Option<String> {
    let theirs: DateTime<Utc> = httpdate::parse_http_date(text(headers, &DATE)?).ok().map(SystemTime::into)?;
    let apart = theirs - arrived;
    let way = if apart > TimeDelta::zero() { "ahead of" } else { "behind" };
    (apart.abs() > sign::TOLERANCE).then(|| {
        let minutes = apart.num_minutes().abs();
        format!("its clock is {minutes} minutes {way} ours: one of them is wrong, and signatures may be refused for it")
    })
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
