//! The hub's memory (WebSub): who asked for what, who is sent what, and what each is owed.
//!
//! In: requests of strangers, documents that changed or went, how calls went. Out: calls to make, under leases.
//! Never: more than one revision of a document owed to a subscriber, or a subscription changed by a request that its
//! callback has not confirmed.
//!
//! ```text
//!  request ──► intent ──claim──► (ask the callback) ──record──► subscription
//!                                                                  ▲      │
//!  scan: documents ──owe── the newest revision ────────────────────┘    claim ──► (send) ──► record
//!        gone ──deny──► intent
//! ```

mod claiming;
mod intents;
mod listing;
mod notices;
mod owing;
mod requests;
#[cfg(test)]
mod tests;
mod tidy;

use std::fmt;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, query};
use url::Url;

pub use claiming::Seats;
pub use intents::{Answer, Intent};
pub use listing::{Owed, Subscription};
pub use notices::{Notice, Outcome};
pub use requests::{Admission, Limits, Request};

pub(super) use owing::{deny, owe};

use super::values::decode;

/// Where a subscriber is called. Whoever knows it can pretend to be the hub, so it is shown up to its host and no further.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback(Url);

impl Callback {
    /// `None` if the URL has no host.
    #[must_use]
    pub fn new(url: Url) -> Option<Self> {
        url.has_host().then_some(Self(url))
    }

    /// The URL itself.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Whom its requests burden, however many callbacks and ports there are.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.host())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str("/…")
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a callback is asked or told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Whether it wants to be sent a document.
    Subscribe,
    /// Whether it wants to be sent it no more.
    Unsubscribe,
    /// That it cannot be sent it.
    Denied,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Subscribe, Self::Unsubscribe, Self::Denied];

    /// As `hub.mode` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Denied => "denied",
        }
    }
}

/// Ends the leases of a process that is gone.
pub(super) async fn release(db: &mut SqliteConnection) -> sqlx::Result<()> {
    query("UPDATE subscription SET lease_until = NULL WHERE lease_until IS NOT NULL").execute(&mut *db).await?;
    query("UPDATE intent SET lease_until = NULL WHERE lease_until IS NOT NULL").execute(db).await?;
    Ok(())
}

fn mode(row: &SqliteRow) -> sqlx::Result<Mode> {
    let read = |name| Mode::ALL.into_iter().find(|mode| mode.as_str() == name);
    decode("mode", row.try_get::<&str, _>("mode")?, read)
}

fn callback(row: &SqliteRow) -> sqlx::Result<Callback> {
    // An error would repeat the value.
    let url = row.try_get::<&str, _>("callback")?.parse().ok().and_then(Callback::new);
    decode("callback", (), |()| url)
}
