//! Tokens in `Authorization`.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::Secret;

/// The bearer token that a request carries (RFC 6750, 2.1).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a request carries the token. Digests are compared, so that time tells neither text nor length.
pub(super) fn bears(headers: &HeaderMap, token: &Secret) -> bool {
    bearer(headers).is_some_and(|given| Sha256::digest(given).ct_eq(&Sha256::digest(token.expose())).into())
}
