//! `tidings endpoints`: the webhooks of an installation.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::args::{Common, Endpoints, EndpointsCommand, ListFormat, Listing, Named};
use super::failure::{Exit, Failure};
use super::installation::{self, Installation, Step};
use super::{output, rotate, site};
use crate::deliveries::client::SystemResolver;
use crate::deliveries::{self, Tested};
use crate::store::EndpointState;

pub(super) async fn run(common: &Common, args: &Endpoints) -> Result<Exit, Failure> {
    match &args.command {
        EndpointsCommand::List(listing) => list(common, listing).await,
        EndpointsCommand::Show(named) => show(common, named).await,
        EndpointsCommand::Test(named) => test(common, named).await,
        EndpointsCommand::Pause(named) => steer(common, named, Step::Pause).await,
        EndpointsCommand::Resume(named) => steer(common, named, Step::Resume).await,
        EndpointsCommand::Enable(named) => steer(common, named, Step::Enable).await,
        EndpointsCommand::RotateSecret(args) => rotate::run(common, args).await,
    }
}

/// Endpoints as a table.
pub(super) fn table(endpoints: &[EndpointState]) {
    let row = |endpoint: &EndpointState| {
        vec![
            endpoint.name.clone(),
            endpoint.pending.to_string(),
            endpoint.dead.to_string(),
            output::maybe_time(endpoint.last_success_at),
            state(endpoint, Utc::now()),
        ]
    };
    output::table(
        &["ENDPOINT", "PENDING", "DEAD", "LAST SUCCESS", "STATE"],
        &endpoints.iter().map(row).collect::<Vec<_>>(),
    );
}

async fn list(common: &Common, args: &Listing) -> Result<Exit, Failure> {
    let endpoints = Installation::open(common, args.dir.as_deref(), &args.admin).await?.endpoints().await?;
    match args.format {
        ListFormat::Json => output::json(&endpoints)?,
        ListFormat::Text => table(&endpoints),
    }
    Ok(Exit::Done)
}

async fn show(common: &Common, Named { name, listing }: &Named) -> Result<Exit, Failure> {
    let installation = Installation::open(common, listing.dir.as_deref(), &listing.admin).await?;
    let endpoint = installation.endpoint(name).await?;
    match listing.format {
        ListFormat::Json => output::json(&endpoint)?,
        ListFormat::Text => {
            output::line(name);
            output::line(format!("  state         {}", state(&endpoint, Utc::now())));
            output::line(format!("  pending       {}", endpoint.pending));
            output::line(format!("  dead          {}", endpoint.dead));
            output::line(format!("  last success  {}", output::maybe_time(endpoint.last_success_at)));
        }
    }
    Ok(Exit::Done)
}

async fn steer(common: &Common, Named { name, listing }: &Named, step: Step) -> Result<Exit, Failure> {
    let installation = Installation::open(common, listing.dir.as_deref(), &listing.admin).await?;
    let endpoint = installation.steer(name, step).await?;
    match listing.format {
        ListFormat::Json => output::json(&endpoint)?,
        ListFormat::Text => output::line(told(&endpoint, step)),
    }
    Ok(Exit::Done)
}

async fn test(common: &Common, Named { name, listing }: &Named) -> Result<Exit, Failure> {
    let tested = match listing.admin.remote()? {
        Some(remote) => installation::test_there(&remote, name).await?,
        None => test_here(common, listing.dir.as_deref(), name).await?,
    };
    match listing.format {
        ListFormat::Json => output::json(&tested)?,
        ListFormat::Text => {
            let attempt = &tested.attempt;
            let status = attempt.status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
            let note = attempt.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            output::line(format!("{} -> {name}: {status} in {} ms{note}", tested.id, attempt.took.as_millis()));
        }
    }
    match tested.attempt.error {
        None => Ok(Exit::Done),
        Some(kind) => Err(Failure::Failed(anyhow!("the webhook `{name}` did not take the ping ({kind})"))),
    }
}

async fn test_here(common: &Common, dir: Option<&Path>, name: &str) -> Result<Tested, Failure> {
    let config = site::config(common, dir)?;
    let Some(hook) = config.webhooks.iter().find(|hook| hook.name == name) else {
        let names: Vec<_> = config.webhooks.iter().map(|hook| hook.name.as_str()).collect();
        return Err(Failure::Usage(match names.is_empty() {
            true => format!("there is no webhook `{name}`, nor any other in the config"),
            false => format!("there is no webhook `{name}`: there is {}", names.join(", ")),
        }));
    };
    deliveries::test(hook, &config.site, Arc::new(SystemResolver)).await.map_err(Failure::Failed)
}

/// How an endpoint stands. What keeps it from getting anything comes first.
fn state(endpoint: &EndpointState, now: DateTime<Utc>) -> String {
    let later = |at: Option<DateTime<Utc>>| at.filter(|at| *at > now).map(output::time);
    let mut parts = Vec::new();
    if !endpoint.enabled {
        parts.push("switched off in the config".to_owned());
    }
    if let Some(reason) = &endpoint.disabled {
        parts.push(format!("disabled: {reason}"));
    }
    if endpoint.paused {
        parts.push("paused by the operator".to_owned());
    }
    parts.extend(later(endpoint.not_before).map(|at| format!("asked to be left alone until {at}")));
    parts.extend(later(endpoint.opens_at).map(|at| format!("tried again at {at}")));
    if endpoint.failures > 0 && endpoint.disabled.is_none() {
        let since = endpoint.failing_since.map(|at| format!(" since {}", output::time(at))).unwrap_or_default();
        parts.push(format!("{} in a row{since}", output::count(endpoint.failures as usize, "failure")));
    }
    if parts.is_empty() { "fine".to_owned() } else { parts.join("; ") }
}

/// What was done, what it does not do, and which command does that.
fn told(endpoint: &EndpointState, step: Step) -> String {
    let name = &endpoint.name;
    let disabled = match &endpoint.disabled {
        Some(_) => format!("; it stays disabled until `tidings endpoints enable {name}`"),
        None => String::new(),
    };
    match step {
        Step::Pause => format!(
            "{name} is paused: it is owed everything and gets nothing until `tidings endpoints resume {name}`; \
             what is under way is finished{disabled}"
        ),
        Step::Resume => {
            format!("{name} is not paused any more; the daemon or the next scan sends what it is owed{disabled}")
        }
        Step::Enable if endpoint.paused => {
            format!("{name} is enabled; it stays paused until `tidings endpoints resume {name}`")
        }
        Step::Enable => format!("{name} is enabled; the daemon or the next scan sends what it is owed"),
    }
}
