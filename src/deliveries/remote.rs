//! A client of a daemon's own admin API, for the commands.
//!
//! In: where the daemon's admin listener is, a token, requests. Out: what it answers, read as JSON. Never: a redirect followed,
//! a proxy used, an answer of more than 32 MiB, or the token in an error.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::Secret;

/// For a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// For an answer: a test waits for the receiver, a minute at most.
const TOTAL: Duration = Duration::from_secs(90);
/// A page of a thousand deliveries has less than a megabyte.
const LONGEST_ANSWER: usize = 32 << 20;

/// A daemon on another machine, or in a container.
#[derive(Debug)]
pub struct Remote {
    client: Client,
    base: Url,
    token: Option<Secret>,
}

/// Why a daemon did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// It did not answer, or not as a daemon does.
    #[error("{0}")]
    Silent(String),
    /// It wants another token, or any.
    #[error("the daemon wants a token that was not given: set it in the environment, see --token-env")]
    Stranger,
    /// It does not know what was named.
    #[error("{0}")]
    Unknown(String),
    /// It refused.
    #[error("{0}")]
    Refused(String),
}

/// Problem details (RFC 9457), as far as they are read.
#[derive(Deserialize)]
struct Details {
    detail: String,
}

impl Remote {
    /// A client for the admin listener at `base`.
    ///
    /// # Errors
    ///
    /// If `base` is no http or https URL, or TLS cannot be set up.
    pub fn new(base: &Url, token: Option<Secret>) -> anyhow::Result<Self> {
        anyhow::ensure!(
            matches!(base.scheme(), "http" | "https") && base.has_host(),
            "the admin listener's address is an http or https URL, like http://127.0.0.1:8081"
        );
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("Tidings/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .build()?;
        Ok(Self { client, base: base.clone(), token })
    }

    /// What `path` below `/api/v1` holds.
    ///
    /// # Errors
    ///
    /// See [`RemoteError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, String)]) -> Result<T, RemoteError> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        read(&self.ask(Method::GET, url, None).await?)
    }

    /// Has something done.
    ///
    /// # Errors
    ///
    /// See [`RemoteError`].
    pub async fn post<T: DeserializeOwned>(&self, path: &[&str], order: &impl Serialize) -> Result<T, RemoteError> {
        let body = serde_json::to_vec(order).map_err(|error| RemoteError::Silent(error.to_string()))?;
        read(&self.ask(Method::POST, self.url(path), Some(body)).await?)
    }

    /// Has the config read again.
    ///
    /// # Errors
    ///
    /// See [`RemoteError`].
    pub async fn reload(&self) -> Result<(), RemoteError> {
        self.ask(Method::POST, self.url(&["reload"]), Some(b"{}".to_vec())).await.map(drop)
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        url
    }

    async fn ask(&self, method: Method, url: Url, body: Option<Vec<u8>>) -> Result<Vec<u8>, RemoteError> {
        let mut request = self.client.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let response = request.send().await.map_err(|error| self.silent(&error))?;
        let status = response.status();
        let body = self.body(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        let detail = serde_json::from_slice::<Details>(&body).map(|details| details.detail);
        Err(match (status, detail) {
            (StatusCode::UNAUTHORIZED, _) => RemoteError::Stranger,
            (StatusCode::NOT_FOUND, Ok(detail)) => RemoteError::Unknown(detail),
            (_, Ok(detail)) => RemoteError::Refused(detail),
            (_, Err(_)) => RemoteError::Silent(format!("{} answers {status}, as no daemon does", self.place())),
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, RemoteError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.silent(&error))? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(RemoteError::Silent(format!("{} answers without end", self.place())));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn silent(&self, error: &reqwest::Error) -> RemoteError {
        let what = match error {
            error if error.is_timeout() => "does not answer in time",
            error if error.is_connect() => "cannot be reached",
            _ => "breaks off",
        };
        RemoteError::Silent(format!("the daemon at {} {what}", self.place()))
    }

    /// Where the daemon is, without what the URL may hold beside that.
    fn place(&self) -> String {
        self.base.origin().ascii_serialization()
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RemoteError> {
    serde_json::from_slice(body)
        .map_err(|_| RemoteError::Silent("the daemon's answer cannot be read: is it of another version?".to_owned()))
}
