//! Waiting for a time on the wall.
//!
//! In: a time. Out: the wait's end, then or sooner: when the clock was set, and now and then where nobody tells. Never: late,
//! because a machine was asleep.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// No wait lasts longer, so that a clock that is set is noticed where the system does not tell, too.
pub(super) const LONGEST: Duration = Duration::from_secs(30);

/// Waits until the wall's clock shows `at`, which is `left` from now, or until another look at it is due.
pub(super) async fn until(at: DateTime<Utc>, left: Duration) {
    tokio::select! {
        () = tokio::time::sleep(left.min(LONGEST)) => {}
        Ok(()) = rings(at) => {}
    }
}

/// Ends at this time, by a timer that goes with the wall's clock, or when that clock is set.
///
/// # Errors
///
/// If there is no such timer.
#[cfg(target_os = "linux")]
async fn rings(at: DateTime<Utc>) -> std::io::Result<()> {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    #[expect(
        deprecated,
        reason = "what replaces it is unsafe, for types that may close what they hold: this one does not"
    )]
    let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
    let never = Timespec { tv_sec: 0, tv_nsec: 0 };
    let value = Timespec { tv_sec: at.timestamp().max(1), tv_nsec: at.timestamp_subsec_nanos().into() };
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    timerfd_settime(timer.get_ref(), flags, &Itimerspec { it_interval: never, it_value: value })?;
    timer.readable().await?.retain_ready();
    Ok(())
}

/// There is none.
///
/// # Errors
///
/// Always.
#[cfg(not(target_os = "linux"))]
async fn rings(_at: DateTime<Utc>) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[tokio::test]
    async fn a_timer_of_the_system_rings_at_the_instant() {
        let at = Utc::now() + TimeDelta::milliseconds(40);
        rings(at).await.unwrap();
        assert!(Utc::now() >= at);
        rings(at).await.unwrap();
        rings(DateTime::<Utc>::MIN_UTC).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_looked_at_now_and_then_all_the_same() {
        let begun = tokio::time::Instant::now();
        until(Utc::now() + TimeDelta::days(1), Duration::from_secs(86_400)).await;
        assert_eq!(begun.elapsed(), LONGEST);
    }
}
