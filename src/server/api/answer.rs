//! What the API answers: JSON, or problem details (RFC 9457).
//!
//! In: values, and reasons why there are none. Out: responses that nobody caches. Never: an error's own text; that is for the
//! log.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;

/// A value as JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => answer(StatusCode::OK, "application/json", body),
            Err(error) => {
                tracing::error!(%error, "an answer of the admin API cannot be written");
                Trouble::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written").into_response()
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    status: StatusCode,
    detail: &'static str,
}

#[derive(Serialize)]
struct Details {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
}

impl Trouble {
    pub(super) const fn new(status: StatusCode, detail: &'static str) -> Self {
        Self { status, detail }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the admin API waits for the store in vain");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer: the log says why")
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or_default();
        let details = Details { r#type: "about:blank", title, status: self.status.as_u16(), detail: self.detail };
        let body = serde_json::to_vec(&details).unwrap_or_default();
        let mut response = answer(self.status, "application/problem+json", body);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn answer(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response {
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, body).into_response()
}
