//! Brings one branch of a remote into a mirror, with the git program: its credential helpers, keys and proxies just work.
//!
//! In: a bare repository, the remote, bounds. Out: a reference that leads to the branch's commit, and how far it is on the way.
//! Never: a prompt, another branch, a tag, or a password in an argument or in what is said.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::command::{self, Bounds, CommandError};
use crate::config::{Git, Remote};

/// Told how far it is: a step's name, how much is done, of how much.
pub type Progress<'a> = &'a (dyn Fn(&'static str, usize, usize) + Sync);

/// Whatever a remote says in between.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);
/// Packing objects together, now and then.
const LONGEST_UPKEEP: Duration = Duration::from_secs(600);

const USER: &str = "TIDINGS_GIT_USER";
const PASSWORD: &str = "TIDINGS_GIT_PASSWORD";
/// Answers git's question for credentials from the environment, which others cannot read as they can arguments.
const HELPER: &str = "!f() { test \"$1\" != get || printf 'username=%s\\npassword=%s\\n' \"$TIDINGS_GIT_USER\" \"$TIDINGS_GIT_PASSWORD\"; }; f";

/// What git calls its steps, and what they are called here.
const STEPS: [(&str, &str); 6] = [
    ("remote: Counting objects:", "counting objects"),
    ("remote: Compressing objects:", "compressing objects"),
    ("Receiving objects:", "receiving objects"),
    ("Unpacking objects:", "unpacking objects"),
    ("Resolving deltas:", "resolving deltas"),
    ("Checking connectivity:", "checking objects"),
];
/// What it says when all is well.
const CHATTER: [&str; 7] =
    ["remote: Enumerating objects:", "remote: Total ", "From ", "* ", "+ ", "= ", "Auto packing "];

/// Why a remote could not be fetched from. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The git program gave up, or was ended.
    #[error("{error}{}", remedy(error))]
    Command {
        /// What the program said, or how it ended.
        error: CommandError,
    },
    /// There is no such branch.
    #[error("it has no branch `{0}`; set `source.branch` to one that it has")]
    NoBranch(String),
    /// Its HEAD leads to no commit.
    #[error("it has no commit yet, or its HEAD names a branch that is not there; set `source.branch`")]
    NoCommit,
    /// It has more than the config allows.
    #[error("it has more than {0} bytes; raise `source.max_git_bytes` if that is meant to be")]
    TooLarge(u64),
    /// Another process is at it.
    #[error("another process is fetching it already")]
    Busy,
    /// The mirror cannot be written.
    #[error("its mirror {path} cannot be written: {reason}")]
    Mirror {
        /// The file or directory.
        path: String,
        /// What the system says.
        reason: std::io::Error,
    },
}

/// Fetches into `dir`. `bytes` says how large the mirror is.
pub(super) fn fetch(
    dir: &Path,
    (git, remote): (&Git, &Remote),
    reference: &str,
    bytes: &(dyn Fn() -> u64 + Sync),
    progress: Progress<'_>,
) -> Result<(), FetchError> {
    let is_over = || bytes() > git.max_bytes;
    let stop = || is_over().then(|| "it brings too much".to_owned());
    let bounds = Bounds { total: LONGEST, silence: git.timeout, stop: &stop };
    let heard = |line: &str| tell(line, progress) || CHATTER.iter().any(|said| line.starts_with(said));
    let result = command::run(&mut fetching(dir, git, remote, reference), &bounds, &heard, |out| {
        std::io::copy(out, &mut std::io::sink())
    });
    match result {
        _ if is_over() => Err(FetchError::TooLarge(git.max_bytes)),
        Ok(_) => Ok(()),
        Err(CommandError::Refused(said)) if said.contains("couldn't find remote ref") => {
            Err(git.branch.clone().map_or(FetchError::NoCommit, FetchError::NoBranch))
        }
        Err(CommandError::Refused(said)) => {
            Err(FetchError::Command { error: CommandError::Refused(remote.without_secrets(&said)) })
        }
        Err(error) => Err(FetchError::Command { error }),
    }
}

/// Packs together what many fetches brought, if there is much of it.
pub(super) fn keep_up(dir: &Path) {
    let bounds = Bounds { total: LONGEST_UPKEEP, silence: LONGEST_UPKEEP, stop: &|| None };
    let result = command::run(&mut command::git(dir, &["gc", "--auto", "--quiet"]), &bounds, &|_| false, |_| Ok(()));
    if let Err(error) = result {
        tracing::debug!("{} could not be packed: {error}", dir.display());
    }
}

/// Makes an empty bare repository.
pub(super) fn init(dir: &Path) -> Result<(), FetchError> {
    let bounds = Bounds { total: LONGEST_UPKEEP, silence: LONGEST_UPKEEP, stop: &|| None };
    let mut command = command::git(Path::new("."), &["init", "--quiet", "--bare", "--template="]);
    command::run(command.arg("--").arg(dir), &bounds, &|_| false, |_| Ok(()))
        .map_err(|error| FetchError::Command { error })
}

fn fetching(dir: &Path, git: &Git, remote: &Remote, reference: &str) -> Command {
    let wanted = git.branch.as_ref().map_or_else(|| "HEAD".to_owned(), |branch| format!("refs/heads/{branch}"));
    let mut args = vec!["-c", "fetch.writeCommitGraph=false"];
    // Only where its own host asks for them: a remote can send git to another one, and so can a proxy. What those want to
    // know is for the user's own helpers.
    let origin = remote.origin().filter(|_| remote.user.is_some());
    let helpers = origin.filter(|_| remote.password.is_some()).map(|origin| {
        // Nobody else's word counts then.
        ["", HELPER].map(|helper| format!("credential.{origin}.helper={helper}"))
    });
    args.extend(helpers.iter().flatten().flat_map(|helper| ["-c", helper]));
    args.extend([
        "fetch",
        "--progress",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--no-auto-gc",
        "--update-shallow",
    ]);
    if dir.join("shallow").exists() {
        // Dates of changes want the history that was not to be had once.
        args.push("--unshallow");
    }
    args.extend(["--", &remote.url]);
    let refspec = format!("+{wanted}:{reference}");
    args.push(&refspec);
    let mut command = command::git(dir, &args);
    match (origin, &remote.user, &remote.password) {
        (Some(_), Some(user), Some(password)) => {
            command.env(USER, user.expose()).env(PASSWORD, password.expose());
        }
        // The user's own helpers are asked for the password, or the name is a token that says all.
        (Some(origin), Some(user), None) => {
            let count = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0_usize);
            command.env("GIT_CONFIG_COUNT", (count + 1).to_string());
            command.env(format!("GIT_CONFIG_KEY_{count}"), format!("credential.{origin}.username"));
            command.env(format!("GIT_CONFIG_VALUE_{count}"), user.expose());
        }
        _ => {}
    }
    command
}

/// Whether the line says how far a step is; hands that on.
fn tell(line: &str, progress: Progress<'_>) -> bool {
    let Some((said, step)) = STEPS.iter().find(|(said, _)| line.starts_with(said)) else { return false };
    let counts = line[said.len()..].split_once('(').and_then(|(_, rest)| rest.split_once(')')?.0.split_once('/'));
    if let Some((done, of)) = counts.and_then(|(done, of)| done.parse().ok().zip(of.parse().ok())) {
        progress(step, done, of);
    }
    true
}

/// What to do about some of the things that git says.
fn remedy(error: &CommandError) -> &'static str {
    let CommandError::Refused(said) = error else { return "" };
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["prompts disabled", "Authentication failed", "Permission denied", "could not read Username"]) {
        "; let a credential helper or an SSH key of this user open it, or put an address with the password where \
         `source.git: {env: NAME}` finds it"
    } else if says(&["Host key verification failed"]) {
        "; put the host's key into this user's known_hosts"
    } else if says(&["No space left"]) {
        "; make room on the disk"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_git_says_of_its_progress_is_handed_on() {
        let told = Mutex::new(Vec::new());
        let progress = |step, done, of| told.lock().unwrap().push((step, done, of));
        assert!(tell("Receiving objects:  45% (450/1000), 1.20 MiB | 3.00 MiB/s", &progress));
        assert!(tell("remote: Counting objects: 100% (7/7), done.", &progress));
        assert!(tell("Resolving deltas: ?", &progress));
        assert!(!tell("fatal: Receiving objects: 45% (450/1000)", &progress));
        assert_eq!(*told.lock().unwrap(), [("receiving objects", 450, 1000), ("counting objects", 7, 7)]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(step in 0..STEPS.len(), rest in ".{0,30}") {
            tell(&format!("{}{rest}", STEPS[step].0), &|_, _, _| {});
        }
    }
}
