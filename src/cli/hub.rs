//! `tidings hub`: who has subscribed to the feeds.

use super::args::{Common, Hub, HubCommand, ListFormat, Listing};
use super::failure::{Exit, Failure};
use super::installation::Installation;
use super::output;
use crate::store::hub::Subscription;

pub(super) async fn run(common: &Common, args: &Hub) -> Result<Exit, Failure> {
    match &args.command {
        HubCommand::Subscriptions(listing) => subscriptions(common, listing).await,
    }
}

async fn subscriptions(common: &Common, args: &Listing) -> Result<Exit, Failure> {
    let subscriptions = Installation::open(common, args.dir.as_deref(), &args.admin).await?.subscriptions().await?;
    match args.format {
        ListFormat::Json => output::json(&subscriptions)?,
        ListFormat::Text => output::table(
            &["TOPIC", "CALLBACK", "SIGNED", "UNTIL", "LAST SENT", "STATE"],
            &subscriptions.iter().map(row).collect::<Vec<_>>(),
        ),
    }
    Ok(Exit::Done)
}

fn row(subscription: &Subscription) -> Vec<String> {
    vec![
        subscription.topic.clone(),
        subscription.callback.clone(),
        if subscription.signed { "yes" } else { "no" }.to_owned(),
        output::time(subscription.ends_at),
        output::maybe_time(subscription.delivered_at),
        state(subscription),
    ]
}

fn state(subscription: &Subscription) -> String {
    match (&subscription.last_error, subscription.due_at) {
        (Some(error), Some(due)) => format!("failed ({error}), next try at {}", output::time(due)),
        (Some(error), None) => format!("failed ({error}), waits for the next change"),
        (None, Some(due)) => format!("due at {}", output::time(due)),
        (None, None) => "up to date".to_owned(),
    }
}
