//! `tidings endpoints`: the webhooks of an installation.

use std::path::Path;
use std::sync::Arc;

use chrono::Utc;

use super::args::{Common, Endpoints, EndpointsCommand, ListFormat, Listing};
use super::failure::{Exit, Failure};
use super::{output, site, status};
use crate::config::Config;
use crate::deliveries::client::SystemResolver;
use crate::deliveries::probe;
use crate::events;

pub(super) async fn run(common: &Common, args: &Endpoints) -> Result<Exit, Failure> {
    match &args.command {
        EndpointsCommand::List(listing) => list(common, listing).await,
        EndpointsCommand::Test { name, dir } => test(&*site::config(common, dir.as_deref())?, name).await,
        EndpointsCommand::Enable { name, dir } => enable(common, name, dir.as_deref()).await,
    }
}

async fn enable(common: &Common, name: &str, dir: Option<&Path>) -> Result<Exit, Failure> {
    if !site::guest_store(common, dir).await?.enable(name).await? {
        return Err(Failure::Usage(format!("the store knows no webhook `{name}`: see `tidings endpoints list`")));
    }
    output::line(format!("{name} is enabled; the daemon or the next scan sends what it is owed"));
    Ok(Exit::Done)
}

async fn list(common: &Common, args: &Listing) -> Result<Exit, Failure> {
    let store = site::guest_store(common, args.dir.as_deref()).await?;
    let endpoints = store.endpoints().await?;
    match args.format {
        ListFormat::Json => output::json(&endpoints)?,
        ListFormat::Text => status::endpoints(&endpoints),
    }
    Ok(Exit::Done)
}

/// Sends one ping past the store: a test is to show what happens now, and owes nobody anything.
async fn test(config: &Config, name: &str) -> Result<Exit, Failure> {
    let Some(hook) = config.webhooks.iter().find(|hook| hook.name == name) else {
        let names: Vec<_> = config.webhooks.iter().map(|hook| hook.name.as_str()).collect();
        return Err(Failure::Usage(match names.is_empty() {
            true => format!("there is no webhook `{name}`, nor any other in the config"),
            false => format!("there is no webhook `{name}`: there is {}", names.join(", ")),
        }));
    };
    let ping = events::ping(config.site.url.as_str(), rand::random(), Utc::now());
    let attempt = probe(hook, &config.site, &ping, Arc::new(SystemResolver)).await.map_err(Failure::failed)?;
    let status = attempt.status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
    let note = attempt.note.map(|note| format!(": {note}")).unwrap_or_default();
    output::line(format!("{} -> {name}: {status} in {} ms{note}", ping.id, attempt.took.as_millis()));
    match attempt.error {
        None => Ok(Exit::Done),
        Some(kind) => Err(Failure::Failed(anyhow::anyhow!("the webhook `{name}` did not take the ping ({kind})"))),
    }
}
