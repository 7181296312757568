//! The file by which search engines see that an IndexNow key is the site's own.
//!
//! In: requests from anybody. Out: the key, under its own name; all other requests go on. Never: a secret.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;

use super::prefix::Prefix;
use crate::config::IndexNow;

struct KeyFile {
    prefix: Prefix,
    name: String,
    key: String,
}

/// These routes, and the file with the key below `path`, or without it.
pub(super) fn add(routes: Router, path: &str, indexnow: &IndexNow) -> Router {
    let file = KeyFile { prefix: Prefix::new(path), name: indexnow.file_name(), key: indexnow.key.clone() };
    routes.layer(from_fn_with_state(Arc::new(file), answer))
}

async fn answer(State(file): State<Arc<KeyFile>>, request: Request, next: Next) -> Response {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || !file.prefix.names(&path).any(|name| name == file.name) {
        return next.run(request).await;
    }
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=900"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (StatusCode::OK, headers, file.key.clone()).into_response()
}
