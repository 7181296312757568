//! `tidings deliveries`: what was sent, is owed, or was given up.

use chrono::Utc;
use serde::Serialize;

use super::args::{Common, Deliveries, DeliveriesCommand, ListFormat, Listing};
use super::failure::{Exit, Failure};
use super::{output, site};
use crate::store::{Attempt, Delivery, DeliveryState, Selection};

#[derive(Serialize)]
struct Story {
    #[serde(flatten)]
    delivery: Delivery,
    history: Vec<Attempt>,
}

pub(super) async fn run(common: &Common, args: &Deliveries) -> Result<Exit, Failure> {
    match &args.command {
        DeliveriesCommand::List { listing, endpoint, state, limit } => {
            let selection = Selection { endpoint: endpoint.clone(), state: *state, event_id: None, limit: *limit };
            list(common, listing, &selection).await
        }
        DeliveriesCommand::Show { id, listing } => show(common, listing, id).await,
        DeliveriesCommand::Retry { id, dir, endpoint, all_dead } => {
            if id.is_none() && endpoint.is_none() && !all_dead {
                return Err(Failure::Usage("say which: a message id, --endpoint NAME, or --all-dead".to_owned()));
            }
            let state = all_dead.then_some(DeliveryState::Dead);
            let selection = Selection { endpoint: endpoint.clone(), state, event_id: id.clone(), limit: 0 };
            let store = site::guest_store(common, dir.as_deref()).await?;
            let count = store.retry(&selection, Utc::now()).await?;
            if count == 0 {
                return Err(Failure::Failed(anyhow::anyhow!("no such delivery is dead or waiting")));
            }
            let count = output::plural(usize::try_from(count).unwrap_or(usize::MAX), "delivery is", "deliveries are");
            output::line(format!("{count} due again; the daemon or the next scan sends what is due"));
            Ok(Exit::Done)
        }
    }
}

async fn list(common: &Common, args: &Listing, selection: &Selection) -> Result<Exit, Failure> {
    let store = site::guest_store(common, args.dir.as_deref()).await?;
    let deliveries = store.deliveries(selection).await?;
    match args.format {
        ListFormat::Json => output::json(&deliveries)?,
        ListFormat::Text => {
            let row = |delivery: &Delivery| {
                vec![
                    delivery.event_id.clone(),
                    delivery.endpoint.clone(),
                    delivery.event_type.as_str().to_owned(),
                    delivery.state.as_str().to_owned(),
                    delivery.attempts.to_string(),
                    output::maybe_time(delivery.due_at.or(delivery.finished_at)),
                    delivery.title.clone().unwrap_or_default(),
                ]
            };
            output::table(
                &["MESSAGE", "ENDPOINT", "EVENT", "STATE", "TRIES", "DUE OR DONE", "TITLE"],
                &deliveries.iter().map(row).collect::<Vec<_>>(),
            );
        }
    }
    Ok(Exit::Done)
}

async fn show(common: &Common, args: &Listing, id: &str) -> Result<Exit, Failure> {
    let store = site::guest_store(common, args.dir.as_deref()).await?;
    let selection = Selection { event_id: Some(id.to_owned()), ..Selection::default() };
    let mut stories = Vec::new();
    for delivery in store.deliveries(&selection).await? {
        let history = store.attempts(id, &delivery.endpoint).await?;
        stories.push(Story { delivery, history });
    }
    if stories.is_empty() {
        return Err(Failure::Failed(anyhow::anyhow!("no webhook was ever owed a message {id}")));
    }
    match args.format {
        ListFormat::Json => output::json(&stories)?,
        ListFormat::Text => stories.iter().for_each(tell),
    }
    Ok(Exit::Done)
}

fn tell(story: &Story) {
    let delivery = &story.delivery;
    output::line(format!("{} {} -> {}", delivery.event_id, delivery.event_type.as_str(), delivery.endpoint));
    if let Some(title) = &delivery.title {
        output::line(format!("  {title}  {}", delivery.url.as_deref().unwrap_or_default()));
    }
    output::line(format!("  owed since {}", output::time(delivery.created_at)));
    for (n, attempt) in story.history.iter().enumerate() {
        let status = attempt.status.map(|status| status.to_string());
        let outcome = [status, attempt.error.clone(), attempt.note.clone()];
        output::line(format!(
            "  {:>2}. {}  {:>5} ms  {}",
            n + 1,
            output::time(attempt.at),
            attempt.took.as_millis(),
            outcome.into_iter().flatten().collect::<Vec<_>>().join("  ")
        ));
    }
    let end = match (delivery.state, delivery.due_at) {
        (DeliveryState::Pending, Some(due)) => format!("pending, next try at {}", output::time(due)),
        (state, _) => format!("{} at {}", state.as_str(), output::maybe_time(delivery.finished_at)),
    };
    output::line(format!("  {end}"));
}
