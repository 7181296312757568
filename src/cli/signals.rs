//! The signals that the daemon obeys: TERM and INT stop it, HUP makes it read its config again and scan.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The config as it is now, and a scan.
    ToReload,
    /// The end.
    ToStop,
}

/// Signals as they come.
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

    /// Waits for a signal.
    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::ToStop,
            _ = self.interrupt.recv() => Asked::ToStop,
            _ = self.hangup.recv() => Asked::ToReload,
        }
    }

    /// Waits for a signal to stop. Any other is still to come by [`next`](Self::next).
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
