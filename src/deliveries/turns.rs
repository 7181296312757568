//! Turn after turn, until told to stop.
//!
//! In: somebody who sends what the store owes, and what may wake them. Out: nothing, once they are to stop. Never: a commit slept
//! through, or a store that fails asked again at once.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::store::StoreError;

/// Who records what has ended, and begins what is due.
pub(super) trait Turns {
    /// What the log says when the store fails.
    const WAITS: &'static str;

    /// Does so once. Returns how long nothing else is to be done, if nothing ends before.
    async fn turn(&mut self) -> Result<Duration, StoreError>;

    /// Whether the end of something under way would be a reason for another turn.
    fn is_waiting(&self) -> bool;

    /// Waits until something under way ends. Can be dropped at any point: nothing is lost.
    async fn finish_one(&mut self);
}

/// How long to wait after so many failures of the store in a row.
pub(super) fn patience(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(5))
}

/// Takes turns until `stop`. What is under way then is not waited for.
pub(super) async fn take_turns<T: Turns>(round: &mut T, wake: &Notify, stop: &CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        // Before the store is asked, so that a commit in between is not slept through.
        let mut woken = pin!(wake.notified());
        woken.as_mut().enable();
        let nap = match round.turn().await {
            Ok(nap) => {
                failures = 0;
                nap
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, failures, "{}", T::WAITS);
                patience(failures)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = round.finish_one(), if round.is_waiting() => {}
            () = tokio::time::sleep(nap) => {}
        }
    }
}
