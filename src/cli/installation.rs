//! An installation that a command looks at or steers: its database on this machine, whether its daemon runs or not, or a
//! running daemon somewhere else, through its admin API.
//!
//! In: what was written on the command line. Out: the same values either way. Never: a difference between the two that a
//! command has to know of.

use std::path::Path;

use anyhow::anyhow;
use chrono::Utc;

use super::args::{Admin, Common};
use super::failure::Failure;
use super::site;
use crate::config::{ConfigFile, Secret};
use crate::deliveries::Tested;
use crate::deliveries::remote::{Remote, RemoteError};
use crate::server::api::{Changed, Order, PAGE};
use crate::store::hub::Subscription;
use crate::store::{CANCELLED, Delivery, EndpointState, Selection, Status, Store, Story};

/// An installation.
pub(super) enum Installation {
    /// Its config and its database.
    Here(Box<ConfigFile>, Store),
    /// Its daemon.
    There(Remote),
}

/// What is done to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Pause,
    Resume,
    Enable,
}

impl Step {
    /// The last part of its path in the API.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Enable => "enable",
        }
    }
}

/// What is done to deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Retry,
    Cancel,
}

impl Fate {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Cancel => "cancel",
        }
    }
}

impl Admin {
    /// The daemon that is meant, if one is.
    pub(super) fn remote(&self) -> Result<Option<Remote>, Failure> {
        let Some(url) = &self.admin else { return Ok(None) };
        let token = site::env(&self.token_env).map(|token| Secret::new(token.trim()));
        Remote::new(url, token).map(Some).map_err(|error| Failure::Usage(error.to_string()))
    }
}

impl Installation {
    pub(super) async fn open(common: &Common, dir: Option<&Path>, admin: &Admin) -> Result<Self, Failure> {
        Ok(match admin.remote()? {
            Some(remote) => Self::There(remote),
            None => {
                let (file, store) = site::as_guest(common, dir).await?;
                Self::Here(Box::new(file), store)
            }
        })
    }

    pub(super) async fn status(&self) -> Result<Status, Failure> {
        Ok(match self {
            Self::Here(file, store) => {
                let status = store.status(Utc::now()).await?;
                let endpoints = status.endpoints.into_iter().map(|endpoint| known(endpoint, file)).collect();
                Status { endpoints, ..status }
            }
            Self::There(remote) => remote.get(&["status"], &[]).await?,
        })
    }

    pub(super) async fn endpoints(&self) -> Result<Vec<EndpointState>, Failure> {
        Ok(match self {
            Self::Here(file, store) => {
                store.endpoints().await?.into_iter().map(|endpoint| known(endpoint, file)).collect()
            }
            Self::There(remote) => remote.get(&["endpoints"], &[]).await?,
        })
    }

    pub(super) async fn subscriptions(&self) -> Result<Vec<Subscription>, Failure> {
        Ok(match self {
            Self::Here(_, store) => store.subscriptions(Utc::now()).await?,
            Self::There(remote) => remote.get(&["subscriptions"], &[]).await?,
        })
    }

    pub(super) async fn endpoint(&self, name: &str) -> Result<EndpointState, Failure> {
        match self {
            Self::Here(file, store) => match store.endpoint(name).await? {
                Some(endpoint) => Ok(known(endpoint, file)),
                None => Err(unknown(name)),
            },
            Self::There(remote) => remote.get(&["endpoints", name], &[]).await.map_err(|error| named(error, name)),
        }
    }

    /// Does something to an endpoint. Returns how it stands then.
    pub(super) async fn steer(&self, name: &str, step: Step) -> Result<EndpointState, Failure> {
        match self {
            Self::Here(_, store) => {
                let known = match step {
                    Step::Pause => store.pause(name).await?,
                    Step::Resume => store.resume(name).await?,
                    Step::Enable => store.enable(name).await?,
                };
                if known { self.endpoint(name).await } else { Err(unknown(name)) }
            }
            Self::There(remote) => {
                let path = ["endpoints", name, step.as_str()];
                remote.post(&path, &Order::default()).await.map_err(|error| named(error, name))
            }
        }
    }

    /// Deliveries, newest first, however many pages that takes.
    pub(super) async fn deliveries(&self, selection: &Selection) -> Result<Vec<Delivery>, Failure> {
        let most = if selection.limit == 0 { usize::MAX } else { selection.limit };
        let mut all = Vec::new();
        while all.len() < most {
            let limit = PAGE.min(most - all.len());
            let below = all.last().map(|last: &Delivery| last.number);
            let page = self.page(&Selection { limit, below, ..selection.clone() }).await?;
            let is_last = page.len() < limit;
            all.extend(page);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    async fn page(&self, selection: &Selection) -> Result<Vec<Delivery>, Failure> {
        Ok(match self {
            Self::Here(_, store) => store.deliveries(selection).await?,
            Self::There(remote) => remote.get(&["deliveries"], &query(selection)).await?,
        })
    }

    pub(super) async fn stories(&self, id: &str) -> Result<Vec<Story>, Failure> {
        let stories = match self {
            Self::Here(_, store) => store.stories(id).await?,
            Self::There(remote) => match remote.get(&["deliveries", id], &[]).await {
                Err(RemoteError::Unknown(_)) => Vec::new(),
                result => result?,
            },
        };
        if stories.is_empty() {
            return Err(Failure::Failed(anyhow!("no webhook was ever owed a message {id}")));
        }
        Ok(stories)
    }

    /// Sends deliveries again, or not at all.
    pub(super) async fn order(&self, fate: Fate, order: &Order) -> Result<Changed, Failure> {
        let store = match self {
            Self::Here(_, store) => store,
            Self::There(remote) => return Ok(remote.post(&["deliveries", fate.as_str()], order).await?),
        };
        let selection = order.selection().ok_or_else(|| {
            Failure::Usage("say which: a message id, --endpoint NAME, --since TIME, or --all-dead".to_owned())
        })?;
        let (now, mode) = (Utc::now(), order.mode());
        let count = match fate {
            Fate::Retry => store.retry(&selection, now, mode).await?,
            Fate::Cancel => store.cancel(&selection, CANCELLED, now, mode).await?,
        };
        Ok(Changed { count, dry_run: order.dry_run })
    }
}

/// Has a daemon send a ping.
pub(super) async fn test_there(remote: &Remote, name: &str) -> Result<Tested, Failure> {
    remote.post(&["endpoints", name, "test"], &Order::default()).await.map_err(|error| named(error, name))
}

fn query(selection: &Selection) -> Vec<(&'static str, String)> {
    let mut query = vec![("limit", selection.limit.to_string())];
    query.extend(selection.endpoint.clone().map(|name| ("endpoint", name)));
    query.extend(selection.state.map(|state| ("state", state.as_str().to_owned())));
    query.extend(selection.since.map(|since| ("since", since.to_rfc3339())));
    query.extend(selection.below.map(|number| ("cursor", number.to_string())));
    query
}

/// An endpoint's state, as it is by the config, too.
fn known(endpoint: EndpointState, file: &ConfigFile) -> EndpointState {
    endpoint.known_to(|name| file.switched_off().contains(&name))
}

fn named(error: RemoteError, endpoint: &str) -> Failure {
    match error {
        RemoteError::Unknown(_) => unknown(endpoint),
        error => error.into(),
    }
}

fn unknown(endpoint: &str) -> Failure {
    Failure::Usage(format!("there is no webhook `{endpoint}`: see `tidings endpoints list`"))
}
