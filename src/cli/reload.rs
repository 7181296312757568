//! HUP: `tidings.yaml` and all secrets are read again, and take over if they can be used.
//!
//! In: the same arguments as at the start, and what is at work. Out: a scanner and parts that do what the config says now, or
//! the old ones. Never: half a reload: whatever can fail comes before the first change.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;

use super::args::{Common, Serve};
use super::failure::Failure;
use super::parts::Parts;
use super::run::{State, sync_endpoints};
use super::{site, systemd};
use crate::config::Config;
use crate::scan::Scanner;
use crate::sources;

const RELOADS: &str = "tidings_reloads_total";

/// All that reading the config again needs.
pub(super) struct Reload {
    common: Common,
    dir: Option<PathBuf>,
    parts: Parts,
}

impl Reload {
    pub(super) fn new(common: &Common, args: &Serve, parts: Parts) -> Self {
        Self { common: common.clone(), dir: args.dir.clone(), parts }
    }

    /// Reads the config again. If it is of use, the parts follow it, and its scanner is to follow, too; else everything stays
    /// as it was, and the log has the reason. Not while a scan is under way: what it finds is owed to the old endpoints.
    pub(super) async fn again(&mut self, now: &Config, state: &State) -> Option<(Scanner, Arc<Config>)> {
        let result = self.take_over(now, state).await;
        let outcome = if result.is_ok() { "done" } else { "refused" };
        metrics::counter!(RELOADS, "outcome" => outcome).increment(1);
        match &result {
            Ok(_) => tracing::info!("the config was read again and has taken over"),
            // What it waited for was given up.
            Err(_) if sources::is_ending() => return None,
            Err(failure) => {
                failure.log();
                tracing::error!(
                    "the config cannot take over, so everything stays as it was: mend it and send HUP again"
                );
            }
        }
        systemd::ready();
        result.ok()
    }

    async fn take_over(&mut self, now: &Config, state: &State) -> Result<(Scanner, Arc<Config>), Failure> {
        let (scanner, config) = tokio::task::block_in_place(|| self.load())?;
        let change = self.parts.prepare(now, &config, state).await?;
        sync_endpoints(&state.store, &config).await?;
        self.parts.change(change);
        if now.store != config.store {
            tracing::warn!("store.url is another one now: that takes effect at the next start");
        }
        Ok((scanner, config))
    }

    fn load(&self) -> Result<(Scanner, Arc<Config>), Failure> {
        let mut scanner = site::scanner(&self.common, self.dir.as_deref(), Some(site::env))?;
        let config = scanner.config(Utc::now())?;
        Ok((scanner, config))
    }
}
