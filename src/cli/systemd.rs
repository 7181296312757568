//! What systemd is told: ready, reloading, alive, stopping. Without systemd, nothing happens.

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// Microseconds until the next sign of life at the latest.
const PATIENCE: u32 = 90_000_000;

/// The listeners are there, with the config as it is; whether a first scan is through, `/readyz` tells.
pub(super) fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The config is about to be read again; [`ready`] says when that is over, well or not.
pub(super) fn reloading() {
    // `Type=notify-reload` tells by the time whether this belongs to the signal it sent.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "there is no monotonic clock for systemd"),
    }
}

/// It comes along, but takes its time: a first clone may last longer than a start usually may.
pub(super) fn starting() {
    notify(&[NotifyState::ExtendTimeoutUsec(PATIENCE)]);
}

/// The process is on its way out.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Tells systemd twice a watchdog interval that the process is alive, which it is while its store answers.
pub(super) async fn watchdog(store: Store, stop: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return stop.cancelled().await };
    let mut ticks = tokio::time::interval(interval / 2);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        match store.ping().await {
            Ok(()) => notify(&[NotifyState::Watchdog]),
            Err(error) => tracing::error!(%error, "the store does not answer, so the watchdog is not told"),
        }
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd could not be told");
    }
}
