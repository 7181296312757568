//! The public listener: documents by path, for feed readers and browsers.
//!
//! In: requests from anybody. Out: documents with the validators of the store, the same after a restart.
//! Never: a path outside the index of published documents, or anything that depends on `Host` or the query.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LAST_MODIFIED, LINK, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use super::bodies::Bodies;
use super::coding::Coding;
use super::complaints::Complaints;
use super::conditional::not_modified;
use super::prefix::Prefix;
use crate::config::Websub;
use crate::feeds::Media;
use crate::feeds::history::is_archive;
use crate::publish::{Published, PublishedDocument, Set};

/// A quarter of an hour: readers wait this long between polls, so a longer one delays news.
const CACHE: &str = "public, max-age=900";
/// A week: an archive gets another name if its posts become others, and is corrected now and then.
const CACHE_ARCHIVE: &str = "public, max-age=604800";
const METHODS: &str = "GET, HEAD, OPTIONS";
/// The pages have inline styles and show pictures of posts; they have no scripts and no forms.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src *; base-uri 'none'; form-action 'none'";
/// Seconds that a client shall wait if a document cannot be read, or is not there yet: a scan brings it.
const RETRY: &str = "60";

const REQUESTS: &str = "tidings_http_requests_total";
const DURATION: &str = "tidings_http_request_duration_seconds";

struct Site {
    published: Published,
    prefix: Prefix,
    bodies: Bodies,
    complaints: Complaints,
    websub: Websub,
}

/// Why there is no document at a path.
enum Missing {
    /// There is none by this name.
    Unknown,
    /// No scan has said yet whether there is.
    NotYet,
}

/// The routes of all documents.
pub(super) fn router(published: Published, prefix: Prefix, websub: Websub) -> Router {
    metrics::describe_counter!(REQUESTS, "Requests to the public listener, by status and by what was asked for");
    metrics::describe_histogram!(DURATION, metrics::Unit::Seconds, "From a request's head to its answer's head");
    let (bodies, complaints) = (Bodies::new(published.clone()), Complaints::default());
    let site = Site { bodies, published, prefix, complaints, websub };
    Router::new().fallback(measured).with_state(Arc::new(site))
}

/// Answers, and counts the answer.
async fn measured(State(site): State<Arc<Site>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let begun = Instant::now();
    let found = site.find(uri.path());
    let kind = found.as_ref().map_or("none", |(_, document)| label(document.media));
    let mut response = site.answer(&method, &headers, found).await;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

    let status = response.status().as_str().to_owned();
    metrics::counter!(REQUESTS, "status" => status, "kind" => kind).increment(1);
    metrics::histogram!(DURATION, "kind" => kind).record(begun.elapsed());
    response
}

/// What the metrics call it.
const fn label(media: Media) -> &'static str {
    match media {
        Media::Atom => "atom",
        Media::Rss => "rss",
        Media::JsonFeed => "json",
        Media::Opml => "opml",
        Media::Html => "html",
        Media::Json => "map",
    }
}

impl Site {
    /// The document that a request path names, below the prefix or without it.
    fn find(&self, path: &str) -> Result<(String, Arc<PublishedDocument>), Missing> {
        let path = percent_decode_str(path).decode_utf8().map_err(|_| Missing::Unknown)?;
        let Set { documents, is_whole } = self.published.set();
        let mut missing = Missing::Unknown;
        for name in self.prefix.names(&path) {
            let index = if name.is_empty() || name.ends_with('/') { "index.html" } else { "" };
            let name = format!("{name}{index}");
            if let Some(document) = documents.get(&name).cloned() {
                return Ok((name, document));
            }
            // Nothing else can become a document.
            if !is_whole && Media::of_path(&name).is_some() {
                missing = Missing::NotYet;
            }
        }
        Err(missing)
    }

    async fn answer(
        &self,
        method: &Method,
        headers: &HeaderMap,
        found: Result<(String, Arc<PublishedDocument>), Missing>,
    ) -> Response {
        match (method, found) {
            (&Method::OPTIONS, _) => preflight(),
            (_, Err(Missing::Unknown)) => refusal(StatusCode::NOT_FOUND, None, "There is no such document.\n"),
            (_, Err(Missing::NotYet)) => {
                // A reader that is told 404 may well give the feed up.
                let text = "The feeds are being made: this document may come.\n";
                refusal(StatusCode::SERVICE_UNAVAILABLE, Some((RETRY_AFTER, RETRY)), text)
            }
            (&Method::GET | &Method::HEAD, Ok((path, document))) => self.document(headers, &path, &document).await,
            _ => refusal(StatusCode::METHOD_NOT_ALLOWED, Some((ALLOW, METHODS)), "Documents can only be read.\n"),
        }
    }

    /// The answer to `GET`. The HTTP layer leaves the body out for `HEAD`.
    async fn document(&self, request: &HeaderMap, path: &str, document: &PublishedDocument) -> Response {
        let Some(coding) = Coding::negotiate(request, document.len) else {
            let text = "There is no such coding: gzip, br and identity are.\n";
            return refusal(StatusCode::NOT_ACCEPTABLE, Some((VARY, "accept-encoding")), text);
        };
        let mut headers = self.common_headers(path, document);
        if not_modified(request, &document.state) {
            add_validators(&mut headers, &coding.etag(&document.state.etag), Some(document.state.modified));
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let body = match self.bodies.get(path, document, coding).await {
            Ok(body) => body,
            Err(error) => return self.unreadable(path, &error),
        };
        self.complaints.settle(path);
        add_validators(&mut headers, &coding.etag(&body.fingerprint), body.modified);
        headers.insert(CONTENT_LENGTH, body.bytes.len().into());
        if let Some(token) = coding.token() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(token));
        }
        (headers, Body::from(body.bytes)).into_response()
    }

    /// What 200 and 304 have in common, but for the validators.
    fn common_headers(&self, path: &str, document: &PublishedDocument) -> HeaderMap {
        let fixed: [(HeaderName, &'static str); 4] = [
            (CONTENT_TYPE, document.media.content_type()),
            (CACHE_CONTROL, if is_archive(path) { CACHE_ARCHIVE } else { CACHE }),
            (VARY, "accept-encoding"),
            (ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Link"),
        ];
        let mut headers: HeaderMap =
            fixed.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
        match document.media {
            Media::Html => {
                headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
            }
            Media::Atom | Media::Rss | Media::JsonFeed => {
                // Nothing new comes into an archive.
                let alone = Websub::default();
                let websub = if is_archive(path) { &alone } else { &self.websub };
                insert_text(&mut headers, LINK, &websub.link_header(&document.url));
            }
            Media::Opml | Media::Json => {}
        }
        headers
    }

    fn unreadable(&self, path: &str, error: &io::Error) -> Response {
        if self.complaints.raise(path) {
            tracing::error!(path, %error, "a published document cannot be read; the next scan writes it again, or says what is in its way");
        }
        let text = "The document cannot be read at the moment.\n";
        refusal(StatusCode::SERVICE_UNAVAILABLE, Some((RETRY_AFTER, RETRY)), text)
    }
}

/// An answer without a document, which no cache shall keep: the next one may be another.
fn refusal(status: StatusCode, header: Option<(HeaderName, &'static str)>, text: &'static str) -> Response {
    let mut response = (status, [(CACHE_CONTROL, "no-store")], text).into_response();
    response.headers_mut().extend(header.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// For a browser that asks whether a script may read feeds (Fetch, 3.2.2).
fn preflight() -> Response {
    let headers = [
        (ALLOW, METHODS),
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn add_validators(headers: &mut HeaderMap, etag: &str, modified: Option<DateTime<Utc>>) {
    insert_text(headers, ETAG, etag);
    if let Some(modified) = modified {
        // RFC 9110, 5.6.7.
        let mut text = String::new();
        let date = modified.format("%a, %d %b %Y %H:%M:%S GMT");
        write!(text, "{date}").expect("the format has no time zone to fail on");
        insert_text(headers, LAST_MODIFIED, &text);
    }
}

/// Leaves the header out if its text has no place in one: it is worth less than the document.
fn insert_text(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = text.parse() {
        headers.insert(name, value);
    }
}
