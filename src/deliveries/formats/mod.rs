//! What goes over the wire for one delivery, where that is no Standard Webhooks payload.

pub(super) mod indexnow;
pub(super) mod websub_ping;

use axum::body::Bytes;

use super::message;
use crate::config::MessageFormat;

/// The body and its media type; `None`: a Standard Webhooks payload. `data` is JSON text.
pub(super) fn body(format: &MessageFormat, data: &str) -> Option<Bytes> {
    match format {
        MessageFormat::WebSubPing => Some(websub_ping::body(data).into()),
        MessageFormat::IndexNow { host, key, key_location } => {
            Some(indexnow::body(data, host, key, key_location).into())
        }
        _ => None,
    }
}

/// A body's media type.
pub(super) fn content_type(format: &MessageFormat) -> &'static str {
    match format {
        MessageFormat::WebSubPing => websub_ping::CONTENT_TYPE,
        MessageFormat::IndexNow { .. } => indexnow::CONTENT_TYPE,
        _ => message::CONTENT_TYPE,
    }
}

/// Whether it is no use to try again: a public service that says that a request is wrong will say so tomorrow.
pub(super) fn is_final(format: &MessageFormat, status: u16) -> bool {
    let is_public = matches!(format, MessageFormat::WebSubPing | MessageFormat::IndexNow { .. });
    is_public && matches!(status, 400..=499) && !matches!(status, 408 | 410 | 429)
}

/// What the operator is told beside a refusal.
pub(super) fn advice(format: &MessageFormat, status: u16) -> Option<&'static str> {
    matches!(format, MessageFormat::IndexNow { .. }).then(|| indexnow::advice(status)).flatten()
}
