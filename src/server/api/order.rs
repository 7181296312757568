//! What is to be done to which deliveries, as JSON.
//!
//! In: the body of a request. Out: a selection. Never: everything, only because nothing was said.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::store::{DeliveryState, Mode, Selection};

/// Which deliveries are meant: those that fit all that is said. At least one of the first four has to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// Of this message.
    pub id: Option<String>,
    /// To this endpoint.
    pub endpoint: Option<String>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Committed then or later.
    pub since: Option<DateTime<Utc>>,
    /// Nothing is done, only counted.
    pub dry_run: bool,
}

/// What an order came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// How many deliveries.
    pub count: u64,
    /// Whether they were only counted.
    pub dry_run: bool,
}

impl Order {
    /// The deliveries that it names; `None` if it names none.
    #[must_use]
    pub fn selection(&self) -> Option<Selection> {
        let Self { id, endpoint, state, since, .. } = self;
        let says = id.is_some() || endpoint.is_some() || state.is_some() || since.is_some();
        says.then(|| Selection {
            endpoint: endpoint.clone(),
            state: *state,
            event_id: id.clone(),
            since: *since,
            ..Selection::default()
        })
    }

    /// Whether it is to be done.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.dry_run { Mode::Dry } else { Mode::Real }
    }
}
