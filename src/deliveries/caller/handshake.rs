//! Asking a receiver whether it wants to be called (HTTP 1.1 Web Hooks for Event Delivery 1.0.2, 4).
//!
//! In: a webhook with `validate: true`. Out: its consent, or why there is none. Never: a status taken for consent: anything
//! may answer `OPTIONS`.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderName;
use tokio::time::Instant;

use super::{Caller, Failure, text};
use crate::config::Rate;

/// Names the sender, in the question and with every message.
pub(super) const ORIGIN_HEADER: HeaderName = HeaderName::from_static("webhook-request-origin");

const RATE_HEADER: HeaderName = HeaderName::from_static("webhook-request-rate");
const ALLOWED_ORIGIN_HEADER: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE_HEADER: HeaderName = HeaderName::from_static("webhook-allowed-rate");

/// What its rates are counted by.
const MINUTE: Duration = Duration::from_mins(1);

impl Caller {
    /// The site's host.
    pub(super) fn origin(&self) -> &str {
        self.site.url.host_str().unwrap_or_default()
    }

    /// Asks; only consent is a success. Gives the rate that the receiver allows, if it is lower than the webhook's.
    pub(super) async fn ask(&self, deadline: Instant) -> Result<Option<Rate>, Failure> {
        let mut request = self
            .client
            .request(Method::OPTIONS, self.webhook.url.clone())
            .headers(self.webhook.headers.clone())
            .header(ORIGIN_HEADER, self.origin());
        let wanted = self.webhook.rate.map(|rate| MINUTE.div_duration_f64(rate.interval()).ceil());
        if let Some(wanted) = wanted {
            request = request.header(RATE_HEADER, wanted.to_string());
        }
        let response = self.send(request, deadline).await?;
        let origins = text(response.headers(), &ALLOWED_ORIGIN_HEADER).unwrap_or_default();
        let consents = |origin: &str| origin == "*" || origin.eq_ignore_ascii_case(self.origin());
        if !origins.split(',').map(str::trim).any(consents) {
            let (status, origin) = (response.status(), self.origin());
            let note = format!(
                "the receiver did not agree to be called: it answered OPTIONS with {status}, without \
                 `WebHook-Allowed-Origin: {origin}`; let it do so, or set `validate: false`"
            );
            return Err(Failure::new("refused", note));
        }
        let allowed = text(response.headers(), &ALLOWED_RATE_HEADER).and_then(|rate| rate.trim().parse().ok());
        let allowed = allowed.filter(|messages| *messages > 0).map(|messages| Rate { messages, per: MINUTE });
        let lower = allowed.filter(|allowed| self.webhook.rate.is_none_or(|rate| rate.interval() < allowed.interval()));
        if let Some(Rate { messages, .. }) = lower {
            let endpoint = &self.webhook.name;
            tracing::warn!(endpoint, "the receiver allows {messages} messages a minute, and gets no more");
        }
        Ok(lower)
    }
}
