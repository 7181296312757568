//! Content distribution (section 7): one POST of a whole document.
//!
//! In: a notice. Out: whether the subscriber took it. Never: a part of a document, or the answer's body.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue, LINK, RETRY_AFTER};
use tokio::time::Instant;

use super::super::failure::Failure;
use super::super::retry::parse_retry_after;
use super::Desk;
use super::bodies::Revision;
use super::signature;
use crate::store::hub::Notice;

/// What was heard of a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// It has this revision.
    Taken { etag: String },
    /// It answered something else.
    Refused { status: u16, retry_after: Option<Duration>, failure: Failure },
    /// It did not answer, or may not be called.
    Nothing(Failure),
    /// There is nothing to send at the moment.
    NotReady(Failure),
    /// There is nothing to send any more.
    NoTopic,
}

/// Sends a subscriber the newest revision of its document. `now` is when this began.
pub(super) async fn tell(desk: &Desk, notice: &Notice, now: DateTime<Utc>) -> Told {
    let revision = match desk.bodies.newest(&notice.path).await {
        Ok(Some(revision)) => revision,
        Ok(None) => return Told::NoTopic,
        Err(failure) => return Told::NotReady(failure),
    };
    let began = Instant::now();
    let heard = match desk.phone.call(notice.callback.url(), request(desk, notice, &revision)).await {
        Ok(heard) => heard,
        Err(failure) => return Told::Nothing(failure),
    };
    let status = heard.response.status();
    if status.is_success() {
        return Told::Taken { etag: revision.etag };
    }
    let arrived = now + TimeDelta::from_std(began.elapsed()).unwrap_or_default();
    let header = heard.response.headers().get(RETRY_AFTER).and_then(|value: &HeaderValue| value.to_str().ok());
    let retry_after = header.and_then(|value| parse_retry_after(value, arrived));
    let kind = if status.is_redirection() { "redirect" } else { "status" };
    Told::Refused { status: status.as_u16(), retry_after, failure: Failure::new(kind, format!("answered {status}")) }
}

fn request(desk: &Desk, notice: &Notice, revision: &Revision) -> reqwest::RequestBuilder {
    let request = desk
        .phone
        .request(Method::POST, notice.callback.url().clone())
        .header(CONTENT_TYPE, revision.media.content_type())
        .header(LINK, desk.websub.link_header(&revision.url));
    let request = match &notice.secret {
        Some(secret) => {
            let hashes = desk.websub.hub.as_ref().map(|hub| &hub.signatures);
            let hash = hashes.and_then(|hashes| hashes.get(notice.callback.host())).copied().unwrap_or_default();
            request.header(signature::HEADER, signature::sign(hash, secret, &revision.bytes))
        }
        None => request,
    };
    request.body(revision.bytes.clone())
}
