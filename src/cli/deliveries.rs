//! `tidings deliveries`: what was sent, is owed, or was given up.

use anyhow::anyhow;
use chrono::Utc;

use super::args::{Chosen, Common, Deliveries, DeliveriesCommand, ListFormat, Listing};
use super::failure::{Exit, Failure};
use super::installation::{Fate, Installation};
use super::output;
use crate::server::api::{Changed, Order};
use crate::store::{Delivery, DeliveryState, Selection, Story};

pub(super) async fn run(common: &Common, args: &Deliveries) -> Result<Exit, Failure> {
    match &args.command {
        DeliveriesCommand::List { listing, endpoint, state, since, limit } => {
            let since = since.map(|since| since.before(Utc::now()));
            let (endpoint, limit) = (endpoint.clone(), *limit);
            let selection = Selection { endpoint, state: *state, since, limit, ..Selection::default() };
            list(common, listing, &selection).await
        }
        DeliveriesCommand::Show { id, listing } => show(common, listing, id).await,
        DeliveriesCommand::Retry(chosen) => steer(common, chosen, Fate::Retry).await,
        DeliveriesCommand::Cancel(chosen) => steer(common, chosen, Fate::Cancel).await,
    }
}

async fn list(common: &Common, args: &Listing, selection: &Selection) -> Result<Exit, Failure> {
    let installation = Installation::open(common, args.dir.as_deref(), &args.admin).await?;
    let deliveries = installation.deliveries(selection).await?;
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
    let stories = Installation::open(common, args.dir.as_deref(), &args.admin).await?.stories(id).await?;
    match args.format {
        ListFormat::Json => output::json(&stories)?,
        ListFormat::Text => stories.iter().for_each(tell),
    }
    Ok(Exit::Done)
}

async fn steer(common: &Common, args: &Chosen, fate: Fate) -> Result<Exit, Failure> {
    let order = Order {
        id: args.id.clone(),
        endpoint: args.endpoint.clone(),
        state: args.all_dead.then_some(DeliveryState::Dead),
        since: args.since.map(|since| since.before(Utc::now())),
        dry_run: args.dry_run,
    };
    let installation = Installation::open(common, args.dir.as_deref(), &args.admin).await?;
    let changed = installation.order(fate, &order).await?;
    match args.format {
        ListFormat::Json => output::json(&changed)?,
        ListFormat::Text => output::line(outcome(fate, changed)),
    }
    match (changed.count, fate) {
        (0, Fate::Retry) => Err(Failure::Failed(anyhow!("no such delivery is dead or waiting"))),
        (0, Fate::Cancel) if args.all_dead => Err(Failure::Failed(anyhow!("no such delivery is dead"))),
        (0, Fate::Cancel) => {
            Err(Failure::Failed(anyhow!("no such delivery is pending (--all-dead cancels dead ones)")))
        }
        _ => Ok(Exit::Done),
    }
}

fn outcome(fate: Fate, changed: Changed) -> String {
    let count = usize::try_from(changed.count).unwrap_or(usize::MAX);
    let (one, many) =
        if changed.dry_run { ("delivery would be", "deliveries would be") } else { ("delivery is", "deliveries are") };
    let count = output::plural(count, one, many);
    match (fate, changed.dry_run) {
        (Fate::Retry, true) => format!("{count} due again"),
        (Fate::Retry, false) => format!("{count} due again; the daemon or the next scan sends what is due"),
        (Fate::Cancel, _) => format!("{count} cancelled"),
    }
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
    let reason = delivery.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let end = match (delivery.state, delivery.due_at) {
        (DeliveryState::Pending, Some(due)) => format!("pending, next try at {}", output::time(due)),
        (DeliveryState::Pending, None) => {
            "pending; its endpoint gets nothing now: see `tidings endpoints list`".to_owned()
        }
        (state, _) => format!("{} at {}{reason}", state.as_str(), output::maybe_time(delivery.finished_at)),
    };
    output::line(format!("  {end}"));
}
