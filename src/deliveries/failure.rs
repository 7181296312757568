//! What went wrong with a request, in one word and in one sentence.
//!
//! In: a transport error. Out: the word that metrics and scripts know, and the sentence for the operator. Never: a URL
//! beyond its host, an error's kind guessed from its text.

use std::error::Error;
use std::io;

use reqwest::Url;

use super::addresses::Refused;
use super::client::Timeouts;

/// A failed attempt, for the record: [`crate::store::Attempt::error`] and [`crate::store::Attempt::note`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: &'static str,
    pub(super) note: String,
}

impl Failure {
    pub(super) fn new(kind: &'static str, note: impl Into<String>) -> Self {
        Self { kind, note: note.into() }
    }

    /// The answer did not come in time.
    pub(super) fn late(timeouts: &Timeouts) -> Self {
        Self::new("timeout", format!("there was no answer within {:?}", timeouts.total))
    }

    /// There was no answer because of `error`.
    pub(super) fn of(error: &reqwest::Error, timeouts: &Timeouts) -> Self {
        if let Some(refused) = find::<Refused>(error) {
            return refused.into();
        }
        if let Some(tls) = find::<rustls::Error>(error) {
            return Self::new("tls", tls_note(tls));
        }
        let cause = root_cause(error);
        if error.is_dns() {
            return Self::new("dns", format!("the name cannot be looked up: {cause}"));
        }
        if error.is_timeout() {
            return Self::new("timeout", format!("there was no connection within {:?}", timeouts.connect));
        }
        if error.is_connect() {
            return Self::new("connect", format!("there is no connection: {cause}"));
        }
        match find::<hyper::Error>(error) {
            Some(http) if http.is_parse() => Self::new("bad_response", format!("the answer is not HTTP: {cause}")),
            _ => Self::new("closed", format!("the connection ended without an answer: {cause}")),
        }
    }
}

impl From<&Refused> for Failure {
    fn from(refused: &Refused) -> Self {
        Self::new("blocked", refused.to_string())
    }
}

/// As much of a URL as may be shown: path, query and user may be secrets.
pub(super) fn mask(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}/…", url.scheme())
}

fn tls_note(error: &rustls::Error) -> String {
    let issuer = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let remedy = if *error == issuer { "; if it is your own, name its issuer in ca_file" } else { "" };
    format!("the connection is not safe: {error}{remedy}")
}

/// The first error of this type among an error and what caused it.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        // `io::Error` hides what it was made from: it gives that error's cause as its own.
        Some(inner) => Some(inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_ends_after_host_and_port() {
        for (url, shown) in [
            ("https://user:pass@hooks.example.com/services/T0/B0?token=x#y", "https://hooks.example.com/…"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/…"),
            ("https://[::1]:443/secret", "https://[::1]/…"),
        ] {
            assert_eq!(mask(&Url::parse(url).unwrap()), shown);
        }
    }

    #[test]
    fn an_unknown_issuer_comes_with_the_remedy() {
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert!(tls_note(&unknown).ends_with("name its issuer in ca_file"));
        assert!(!tls_note(&rustls::Error::HandshakeNotComplete).contains("ca_file"));
    }

    #[test]
    fn an_error_is_found_inside_io_errors() {
        let error = io::Error::other(io::Error::other(rustls::Error::HandshakeNotComplete));
        assert_eq!(find::<rustls::Error>(&error), Some(&rustls::Error::HandshakeNotComplete));
        assert_eq!(find::<Refused>(&error), None);
    }
}
