//! Signals, and waiting for one of them or for a moment.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A sleep never lasts longer, so that a clock that jumps or a machine that wakes up is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Why the daemon stopped waiting.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Woken {
    ToScan,
    ToStop,
}

/// The signals that the daemon obeys: TERM and INT stop it, HUP makes it scan.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the wall clock to reach `at`, or for a signal.
    pub(super) async fn wait_until(&mut self, at: DateTime<Utc>) -> Woken {
        loop {
            let Ok(left) = (at - Utc::now()).to_std() else { return Woken::ToScan };
            tokio::select! {
                _ = self.terminate.recv() => return Woken::ToStop,
                _ = self.interrupt.recv() => return Woken::ToStop,
                _ = self.hangup.recv() => return Woken::ToScan,
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {}
            }
        }
    }

    /// Waits for a signal to stop.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
