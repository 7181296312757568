//! Named steps at which a test can kill the process, to see what a crash there costs.
//!
//! In: `TIDINGS_FAILPOINT`, the name of one step. Out: a dead process. Never: anything in a release build.

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
