//! Tokens in `Authorization`.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// The bearer token that a request carries (RFC 6750, 2.1).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
