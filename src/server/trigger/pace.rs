//! Scans are asked for at most once a second, however many pushes there are, and the last push is never lost.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// Between two scans that triggers ask for.
const PAUSE: Duration = Duration::from_secs(1);

/// Hands on to `rescan` what is asked for by `asked`: at once, unless the last time was less than a second ago. Works until
/// it is dropped.
pub async fn pace(asked: &Notify, rescan: &Notify) {
    let mut pace = Pace::default();
    loop {
        asked.notified().await;
        sleep(pace.wait(Instant::now())).await;
        rescan.notify_one();
    }
}

/// When something was handed on last, or will be.
#[derive(Debug, Default)]
struct Pace(Option<Instant>);

impl Pace {
    /// How long what is asked for now has to wait.
    fn wait(&mut self, now: Instant) -> Duration {
        let at = self.0.map_or(now, |last| now.max(last + PAUSE));
        self.0 = Some(at);
        at.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_goes_at_once_and_the_next_a_second_later() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::default();
        let waits: Vec<_> = [0, 0, 1_300, 1_400, 60_000].map(|ms| pace.wait(at(ms)).as_millis()).into();
        assert_eq!(waits, [0, 1_000, 700, 1_600, 0]);
    }

    #[tokio::test]
    async fn what_is_asked_for_is_handed_on() {
        let (asked, rescan) = (Notify::new(), Notify::new());
        asked.notify_one();
        tokio::select! {
            () = pace(&asked, &rescan) => {}
            () = rescan.notified() => {}
        }
    }
}
