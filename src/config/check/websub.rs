//! The `websub` section.

use super::Checker;
use crate::config::Websub;

impl Checker<'_> {
    pub(super) fn websub(&mut self) -> Websub {
        let raw = self.file.raw.websub.clone().unwrap_or_default();
        Websub { ping: self.pings(&raw.ping) }
    }
}
