//! State that outlives the process: posts seen, events, deliveries owed, attempts made, documents' validators.
//!
//! The outbox: what was seen, the events and the deliveries owed are committed in one transaction, after the documents
//! are visible. Everything that speaks SQL is here. Times are kept as milliseconds since 1970, UTC.
//! Never: holds a transaction open while anything else is waited for, or reads a clock.
//!
//! ```text
//!  open ─► schema ─► Store
//!
//!  scan: seen, documents ─┐
//!                         ├─ one transaction ─► due ─► claim ─► (send) ─► complete ─► prune
//!  outbox: events, owed ──┘                              endpoints: sync, pause, resume, enable, list
//!                                                        deliveries: list, stories; steer: retry, cancel
//! ```
//!
//! One file a step; each holds the types it speaks, and adds its methods to [`Store`].

mod claim;
mod clock;
mod complete;
mod deliveries;
mod due;
mod endpoints;
mod health;
pub mod hub;
mod kept;
mod lock;
mod open;
mod outbox;
mod prune;
mod rate;
mod scan;
mod schema;
mod status;
mod steer;
mod values;

#[cfg(test)]
mod fixtures;

use std::sync::Arc;

use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};

pub use claim::{Capacity, Claim};
pub use complete::{Attempt, Completed, Completion, Notices, Verdict};
pub use deliveries::{Delivery, DeliveryState, Selection, Story};
pub use endpoints::{EndpointState, Left};
pub use health::Turn;
pub use kept::{GoodState, Kept, LastGood};
pub use open::Access;
pub use scan::{DocumentState, ScanCommit};
pub use status::Status;
pub use steer::{CANCELLED, Mode};

use lock::OwnerLock;

/// The store. Clones share one set of connections; an owner's lock is held until the last of them is dropped.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection: SQLite has one writer, and waiting for it here is fair.
    writer: SqlitePool,
    readers: SqlitePool,
    recent: Arc<claim::Recent>,
    _lock: Option<Arc<OwnerLock>>,
}

impl Store {
    /// A transaction that may write. It takes the write lock at once: one that read first and wrote later could fail with
    /// `SQLITE_BUSY_SNAPSHOT`, which no busy timeout cures.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }
}

/// Why the store cannot be used. Each text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another live process owns it.
    #[error("{path} is in use by another tidings process: stop that one first, or give this one its own `store.url`")]
    InUse {
        /// The database.
        path: String,
    },
    /// A newer version has migrated it.
    #[error(
        "{path} was written by a newer version of tidings (schema {found}, this one knows {known}): \
         use that version, or move the file away and start anew"
    )]
    Newer {
        /// The database.
        path: String,
        /// Its schema's version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// An older version wrote it, and only an owner may migrate it.
    #[error(
        "{path} was written by an older version of tidings (schema {found}, this one knows {known}): \
         `tidings serve` or `tidings scan` of this version brings it up to date"
    )]
    Older {
        /// The database.
        path: String,
        /// Its schema's version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// It is not a database of ours, or it is damaged.
    #[error("{path} is not a usable database ({reason}): restore a backup, or move the file away and start anew")]
    Corrupt {
        /// The database.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing there yet.
    #[error("there is no store at {path} yet: `tidings serve` or `tidings scan` makes it")]
    Missing {
        /// The database.
        path: String,
    },
    /// It cannot be created or opened.
    #[error("{path} cannot be opened: {reason}")]
    Open {
        /// The database.
        path: String,
        /// Why.
        reason: String,
    },
    /// A statement failed: the disk is full, the database is locked for too long, and the like.
    #[error("the store failed: {0}")]
    Sql(#[from] sqlx::Error),
}
