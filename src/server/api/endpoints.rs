//! Endpoints: how they stand, and what is done to them.
//!
//! In: a name. Out: the endpoint's state. Never: its URL or secrets, which only the config knows.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Api;
use super::answer::{Json, Trouble};
use crate::deliveries::client::SystemResolver;
use crate::deliveries::{self, Tested};
use crate::store::EndpointState;

const UNKNOWN: Trouble = Trouble::new(StatusCode::NOT_FOUND, "there is no endpoint of this name");

type One = Result<Json<EndpointState>, Trouble>;

pub(super) async fn list(State(api): State<Arc<Api>>) -> Result<Json<Vec<EndpointState>>, Trouble> {
    Ok(Json(api.store.endpoints().await?.into_iter().map(|endpoint| api.known(endpoint)).collect()))
}

pub(super) async fn show(State(api): State<Arc<Api>>, Path(name): Path<String>) -> One {
    one(&api, &name).await
}

pub(super) async fn pause(State(api): State<Arc<Api>>, Path(name): Path<String>) -> One {
    let known = api.store.pause(&name).await?;
    changed(&api, &name, known, "paused").await
}

pub(super) async fn resume(State(api): State<Arc<Api>>, Path(name): Path<String>) -> One {
    let known = api.store.resume(&name).await?;
    changed(&api, &name, known, "resumed").await
}

pub(super) async fn enable(State(api): State<Arc<Api>>, Path(name): Path<String>) -> One {
    let known = api.store.enable(&name).await?;
    changed(&api, &name, known, "enabled").await
}

pub(super) async fn test(State(api): State<Arc<Api>>, Path(name): Path<String>) -> Result<Json<Tested>, Trouble> {
    let hook = api.webhooks.iter().find(|hook| hook.name == name).ok_or(UNKNOWN)?;
    match deliveries::test(hook, &api.site, Arc::new(SystemResolver)).await {
        Ok(tested) => Ok(Json(tested)),
        Err(error) => {
            tracing::error!(endpoint = name, error = format!("{error:#}"), "the endpoint cannot be tested");
            Err(Trouble::new(StatusCode::INTERNAL_SERVER_ERROR, "the endpoint cannot be called: the log says why"))
        }
    }
}

async fn changed(api: &Api, name: &str, known: bool, what: &str) -> One {
    if known {
        tracing::info!(endpoint = name, "{what}, as the admin API was asked");
        api.wake.notify_one();
    }
    one(api, name).await
}

async fn one(api: &Api, name: &str) -> One {
    api.store.endpoint(name).await?.map(|endpoint| Json(api.known(endpoint))).ok_or(UNKNOWN)
}
