//! `tidings listen`: a receiver to develop against.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::Utc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::args::Listen;
use super::failure::{Exit, Failure};
use super::output;
use crate::config::Secret;
use crate::deliveries::sign::{self, SigningKey};
use crate::server;

/// A thin payload is a few kilobytes; a full one holds a post.
const MAX_BODY: usize = 16 << 20;

pub(super) async fn run(args: &Listen) -> Result<Exit, Failure> {
    let name = &args.secret_env;
    let secret = super::site::env(name).ok_or_else(|| {
        Failure::Usage(format!("the environment variable {name} is not set: set it to the webhook's secret"))
    })?;
    let key = SigningKey::parse(&Secret::new(secret.trim()))
        .map_err(|reason| Failure::Usage(format!("the secret in {name} cannot verify anything: {reason}")))?;
    let listener = TcpListener::bind(args.address)
        .await
        .map_err(|error| Failure::Failed(anyhow::anyhow!("cannot listen on {}: {error}", args.address)))?;
    output::line(format!(
        "listening on http://{}/ - every path takes webhooks; stop with Ctrl-C",
        listener.local_addr()?
    ));
    let stop = CancellationToken::new();
    let routes = Router::new()
        .route("/", post(receive))
        .route("/{*path}", post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(std::sync::Arc::new(vec![key]));
    let serving = tokio::spawn(server::serve(listener, routes, stop.clone()).1);
    tokio::signal::ctrl_c().await?;
    stop.cancel();
    serving.await.map_err(Failure::failed)?;
    Ok(Exit::Done)
}

async fn receive(
    State(keys): State<std::sync::Arc<Vec<SigningKey>>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let message = sign::Signed {
        id: header(sign::ID_HEADER),
        timestamp: header(sign::TIMESTAMP_HEADER),
        signature: header(sign::SIGNATURE_HEADER),
        body: &body,
    };
    match sign::verify(&keys, &message, Utc::now()) {
        Ok(()) => {
            let body = String::from_utf8_lossy(&body);
            let pretty = serde_json::from_str::<serde_json::Value>(&body).ok();
            let pretty = pretty.and_then(|value| serde_json::to_string_pretty(&value).ok());
            output::line(format!("verified {}\n{}", message.id, pretty.as_deref().unwrap_or(&body)));
            (StatusCode::NO_CONTENT, String::new())
        }
        Err(error) => {
            output::line(format!("refused {}: {error}", if message.id.is_empty() { "a message" } else { message.id }));
            (StatusCode::UNAUTHORIZED, format!("{error}\n"))
        }
    }
}
