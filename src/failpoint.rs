//! Accidents that a test can bring about: a process killed at a named step, to see what a crash there costs, a clock that
//! jumps, names that lead elsewhere, and the networks that stand for the public internet.
//!
//! In: `TIDINGS_FAILPOINT`, the name of one step; `TIDINGS_CLOCK`, a file that says how far the clocks are off;
//! `TIDINGS_HOSTS`, a file that says where names lead; `TIDINGS_CALLBACKS`, networks. Out: a dead process, another time, other
//! addresses, callbacks where there is no internet. Never: anything in a release build.

use std::net::IpAddr;
use std::time::Duration;

use chrono::TimeDelta;
use ipnet::IpNet;

/// Kills the process, without any clean-up, if this is the step that `TIDINGS_FAILPOINT` names.
#[cfg(debug_assertions)]
pub(crate) fn hit(name: &str) {
    if std::env::var_os("TIDINGS_FAILPOINT").is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn hit(_name: &str) {}

/// How far the clock on the wall is off, and how long the machine has been running more than it has: two numbers of seconds
/// in the file that `TIDINGS_CLOCK` names, read again each time.
#[cfg(debug_assertions)]
pub(crate) fn clocks_off() -> (TimeDelta, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a test says what time it is in a file")]
    let text = std::env::var_os("TIDINGS_CLOCK").and_then(|file| std::fs::read_to_string(file).ok());
    let numbers: Vec<i64> = text.iter().flat_map(|text| text.split_whitespace()).flat_map(str::parse).collect();
    let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
    (TimeDelta::seconds(number(0)), Duration::from_secs(number(1).unsigned_abs()))
}

/// Not at all.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn clocks_off() -> (TimeDelta, Duration) {
    (TimeDelta::zero(), Duration::ZERO)
}

/// Networks that a stranger's callback may be in although they are not public: those that `TIDINGS_CALLBACKS` names, with
/// spaces between them.
#[cfg(debug_assertions)]
pub(crate) fn callback_networks() -> Vec<IpNet> {
    let text = std::env::var("TIDINGS_CALLBACKS").unwrap_or_default();
    text.split_whitespace().flat_map(str::parse).collect()
}

/// None.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn callback_networks() -> Vec<IpNet> {
    Vec::new()
}

/// Where the file that `TIDINGS_HOSTS` names says that a name leads, read again each time: a line has a name and its addresses,
/// or `never`, which nobody lives to hear. Names that it does not have are the system's.
#[cfg(debug_assertions)]
pub(crate) async fn look_up(name: &str) -> Option<Vec<IpAddr>> {
    #[expect(clippy::disallowed_methods, reason = "a test says in a file where names lead")]
    let text = std::env::var_os("TIDINGS_HOSTS").and_then(|file| std::fs::read_to_string(file).ok())?;
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = lines.find(|line| line.first() == Some(&name))?;
    if line.contains(&"never") {
        std::future::pending::<()>().await;
    }
    Some(line[1..].iter().flat_map(|word| word.parse()).collect())
}

/// Nowhere else.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) async fn look_up(_name: &str) -> Option<Vec<IpAddr>> {
    None
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    /// Runs this very test again in a process of its own, which comes by `there`. Returns whether it lives to its end.
    fn survives(failpoint: &str) -> bool {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "failpoint::tests::kills_at_the_named_step_of_a_debug_build_and_nowhere_else"])
            .env("TIDINGS_FAILPOINT", failpoint)
            .env("TIDINGS_FAILPOINT_CHILD", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    #[test]
    fn kills_at_the_named_step_of_a_debug_build_and_nowhere_else() {
        if std::env::var_os("TIDINGS_FAILPOINT_CHILD").is_some() {
            return super::hit("there");
        }
        assert_eq!(survives("there"), !cfg!(debug_assertions));
        assert!(survives("elsewhere"));
    }
}
