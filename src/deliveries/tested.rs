//! A ping to one webhook, now, past the store: a test is to show what happens, and owes nobody anything.
//!
//! In: a webhook. Out: how the attempt went. Never: a second one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::client::Resolver;
use super::{Clock as _, SystemClock, probe};
use crate::config::{Site, Webhook};
use crate::events;
use crate::store::Attempt;

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// The message id.
    pub id: String,
    /// The webhook's name.
    pub endpoint: String,
    /// Without an error, it was taken.
    #[serde(flatten)]
    pub attempt: Attempt,
}

/// Sends a ping in the name of a site.
///
/// # Errors
///
/// If the webhook's secret or `ca_file` is of no use.
pub async fn test(webhook: &Arc<Webhook>, site: &Site, resolver: Arc<dyn Resolver>) -> anyhow::Result<Tested> {
    let ping = events::ping(site.url.as_str(), rand::random(), SystemClock.now());
    let attempt = probe(webhook, site, &ping, resolver).await?;
    Ok(Tested { id: ping.id, endpoint: webhook.name.clone(), attempt })
}
