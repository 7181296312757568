//! How an installation stands, in a few numbers.
//!
//! In: the store. Out: what `tidings status` shows. Never: a list of posts or documents held in memory for their count.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::query_scalar;

use super::hub::Owed;
use super::{EndpointState, Store, StoreError};

/// How an installation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// When the last scan was committed.
    pub last_scan: Option<DateTime<Utc>>,
    /// Live posts.
    pub posts: u64,
    /// Documents that are visible.
    pub documents: u64,
    /// Who is told.
    pub endpoints: Vec<EndpointState>,
    /// Of the hub.
    pub hub: Owed,
}

impl Store {
    /// How things stand at `now`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn status(&self, now: DateTime<Utc>) -> Result<Status, StoreError> {
        Ok(Status {
            last_scan: self.last_scan().await?,
            posts: query_scalar("SELECT count(*) FROM seen WHERE gone = 0").fetch_one(&self.readers).await?,
            documents: query_scalar("SELECT count(*) FROM document").fetch_one(&self.readers).await?,
            endpoints: self.endpoints().await?,
            hub: self.hub_owed(now).await?,
        })
    }
}
