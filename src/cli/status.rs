//! `tidings status`: how an installation stands.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::args::{Common, ListFormat, Listing};
use super::failure::{Exit, Failure};
use super::{output, site};
use crate::store::{EndpointState, Store};

#[derive(Serialize)]
struct Status {
    last_scan: Option<DateTime<Utc>>,
    posts: usize,
    documents: usize,
    endpoints: Vec<EndpointState>,
}

pub(super) async fn run(common: &Common, args: &Listing) -> Result<Exit, Failure> {
    let store = site::guest_store(common, args.dir.as_deref()).await?;
    let status = look(&store).await?;
    match args.format {
        ListFormat::Json => output::json(&status)?,
        ListFormat::Text => {
            output::line(format!("last scan   {}", output::maybe_time(status.last_scan)));
            output::line(format!("posts       {}", status.posts));
            output::line(format!("documents   {}", status.documents));
            if !status.endpoints.is_empty() {
                output::line("");
                endpoints(&status.endpoints);
            }
        }
    }
    Ok(Exit::Done)
}

async fn look(store: &Store) -> Result<Status, Failure> {
    Ok(Status {
        last_scan: store.last_scan().await?,
        posts: store.seen().await?.values().filter(|seen| !seen.gone).count(),
        documents: store.documents().await?.len(),
        endpoints: store.endpoints().await?,
    })
}

/// Endpoints as a table.
pub(super) fn endpoints(endpoints: &[EndpointState]) {
    let row = |endpoint: &EndpointState| {
        let state = match (&endpoint.disabled, endpoint.not_before) {
            (Some(reason), _) => format!("disabled: {reason}"),
            (None, Some(until)) if until > Utc::now() => format!("paused until {}", output::time(until)),
            _ if endpoint.failures > 0 => format!("{} in a row", output::count(endpoint.failures as usize, "failure")),
            _ => "fine".to_owned(),
        };
        vec![
            endpoint.name.clone(),
            endpoint.pending.to_string(),
            endpoint.dead.to_string(),
            output::maybe_time(endpoint.last_success_at),
            state,
        ]
    };
    output::table(
        &["ENDPOINT", "PENDING", "DEAD", "LAST SUCCESS", "STATE"],
        &endpoints.iter().map(row).collect::<Vec<_>>(),
    );
}
