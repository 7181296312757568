//! Runs the git program within bounds.
//!
//! In: arguments, and how long it may take. Out: what it prints, or why it did not come to its end, in its own words.
//! Never: a shell, a prompt, a hook, or a process that is left behind.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often it is looked whether a process keeps to its bounds.
const TICK: Duration = Duration::from_millis(100);

/// More of what git complains about helps nobody; the end says what was fatal.
const MAX_COMPLAINT: usize = 4096;

/// What leads git to another repository than the one that is meant, or asks somebody for a password.
const REMOVED: [&str; 16] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_EXTERNAL_DIFF",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
];

/// Settings of a repository, or of the user, that would run a program, leave one behind, or have git do something else than is
/// meant.
const SETTINGS: [&str; 8] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "log.showSignature=false",
    "gc.autoDetach=false",
    "maintenance.autoDetach=false",
    "log.showRoot=true",
    "safe.bareRepository=all",
];

/// Why a git program is ended with this process.
const ENDING: &str = "tidings is to end";

/// Whether this process is to end.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// Ends the git programs that are at work, and begins no more: this process is to end, and a remote may be silent for longer
/// than whoever stops it waits.
pub(crate) fn end_all() {
    IS_ENDING.store(true, Ordering::Relaxed);
}

pub(crate) fn is_ending() -> bool {
    IS_ENDING.load(Ordering::Relaxed)
}

/// Why the git program did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such program.
    #[error("`git` cannot be run: {0}")]
    NotRun(io::Error),
    /// It ended with an error.
    #[error("git says: {0}")]
    Refused(String),
    /// It was ended, because it took too long or said nothing for too long.
    #[error("git was ended: {0}")]
    Ended(String),
}

/// When a process is ended.
pub(crate) struct Bounds<'a> {
    /// After so long.
    pub(crate) total: Duration,
    /// After so long without a word.
    pub(crate) silence: Duration,
    /// When this says why.
    pub(crate) stop: &'a (dyn Fn() -> Option<String> + Sync),
}

/// The git program at work in `dir`, a repository or a directory of one.
pub(crate) fn git(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("--no-pager");
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.arg("-C").arg(dir).args(args);
    for variable in REMOVED {
        command.env_remove(variable);
    }
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GCM_INTERACTIVE", "never")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        // Of new repositories: what `gix` reads.
        .env("GIT_DEFAULT_REF_FORMAT", "files")
        .env("GIT_DEFAULT_HASH", "sha1")
        .env("LC_ALL", "C");
    if ["GIT_SSH_COMMAND", "GIT_SSH"].iter().all(|variable| std::env::var_os(variable).is_none()) {
        // A connection that is shared would outlive the fetch.
        command.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oControlMaster=no");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Its helpers are in its group, and are ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// Runs `command`, reads what it prints, and waits for its end. `heard` is told each line that it says beside that, and
/// whether it says it as progress, which is no complaint.
pub(crate) fn run<T>(
    command: &mut Command,
    bounds: &Bounds<'_>,
    heard: &(dyn Fn(&str) -> bool + Sync),
    read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
) -> Result<T, CommandError> {
    if is_ending() {
        return Err(CommandError::Ended(ENDING.to_owned()));
    }
    let mut child = command.spawn().map_err(CommandError::NotRun)?;
    let (out, words) = (child.stdout.take(), child.stderr.take());
    let (child, last_word) = (Mutex::new(child), Mutex::new(Instant::now()));
    let (done, wait) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let (child, last_word) = (&child, &last_word);
        let watchdog = scope.spawn(move || watch(child, last_word, bounds, &wait));
        let complaint = scope.spawn(move || words.map(|pipe| listen(pipe, last_word, heard)).unwrap_or_default());
        let result = out.map_or_else(|| Err(io::ErrorKind::BrokenPipe.into()), |out| read(&mut BufReader::new(out)));
        let complaint = complaint.join().unwrap_or_default();
        drop(done);
        let ended = watchdog.join().unwrap_or_default();
        let status = lock(child).wait().map_err(CommandError::NotRun)?;
        match (ended, result) {
            (Some(why), _) => Err(CommandError::Ended(why)),
            (None, _) if !status.success() => Err(CommandError::Refused(complaint)),
            (None, result) => result.map_err(CommandError::NotRun),
        }
    })
}

/// Ends the process when it does not keep to its bounds, and says why.
fn watch(
    child: &Mutex<Child>,
    last_word: &Mutex<Instant>,
    bounds: &Bounds<'_>,
    done: &mpsc::Receiver<()>,
) -> Option<String> {
    let started = Instant::now();
    while done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let silent = lock(last_word).elapsed();
        let why = if is_ending() {
            Some(ENDING.to_owned())
        } else if started.elapsed() >= bounds.total {
            Some(format!("it was not done within {} s", bounds.total.as_secs()))
        } else if silent >= bounds.silence {
            Some(format!("nothing was heard from the other side for {} s", bounds.silence.as_secs()))
        } else {
            (bounds.stop)()
        };
        if why.is_some() {
            kill(&mut lock(child));
            return why;
        }
    }
    None
}

/// Ends a process that was not waited for, and what it started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended by itself just now, which is as good.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

/// Hears a process out; what is left is the end of its complaint.
fn listen(pipe: impl Read, last_word: &Mutex<Instant>, heard: &dyn Fn(&str) -> bool) -> String {
    let mut complaint = String::new();
    let mut pipe = BufReader::new(pipe);
    while let Some(line) = line(&mut pipe) {
        *lock(last_word) = Instant::now();
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() || heard(line) {
            continue;
        }
        if !complaint.is_empty() {
            complaint.push_str("; ");
        }
        // A terminal would take some of a remote's words for commands.
        complaint.extend(line.chars().filter(|c| !c.is_control()));
        let over = complaint.len().saturating_sub(MAX_COMPLAINT);
        complaint.drain(..complaint.ceil_char_boundary(over));
    }
    complaint
}

/// Up to the end of a line, of progress (a carriage return), or of a bounded length.
fn line(pipe: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    loop {
        let read = pipe.fill_buf().ok()?;
        if read.is_empty() {
            return (!line.is_empty()).then_some(line);
        }
        let end = read.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        line.extend_from_slice(&read[..end.unwrap_or(read.len())]);
        let used = end.map_or(read.len(), |end| end + 1);
        pipe.consume(used);
        if end.is_some() || line.len() > MAX_COMPLAINT {
            return Some(line);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str, bounds: &Bounds<'_>) -> Result<String, CommandError> {
        let dir = tempfile::tempdir().unwrap();
        let alias = format!("alias.x=!{script}");
        run(&mut git(dir.path(), &["-c", &alias, "x"]), bounds, &|_| false, |out| {
            let mut text = String::new();
            out.read_to_string(&mut text).map(|_| text)
        })
    }

    #[test]
    fn what_it_prints_and_what_it_complains_about() {
        let bounds = Bounds { total: LONG, silence: LONG, stop: &|| None };
        assert_eq!(shell("echo a", &bounds).unwrap(), "a\n");
        let error = shell("echo one >&2; echo two >&2; false", &bounds).unwrap_err();
        assert!(matches!(&error, CommandError::Refused(text) if text == "one; two"), "{error}");
    }

    #[test]
    fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let short = Duration::from_millis(1);
        for bounds in [
            Bounds { total: short, silence: LONG, stop: &|| None },
            Bounds { total: LONG, silence: short, stop: &|| None },
            Bounds { total: LONG, silence: LONG, stop: &|| Some("enough".to_owned()) },
        ] {
            // Its child holds the pipes open: were it left alone, this would last an hour.
            let error = shell("sleep 3600 & wait", &bounds).unwrap_err();
            assert!(matches!(error, CommandError::Ended(_)), "{error}");
        }
    }

    #[test]
    fn of_a_long_complaint_the_end_is_kept() {
        let text = "日".repeat(5000) + "\nfatal: it";
        let complaint = listen(text.as_bytes(), &Mutex::new(Instant::now()), &|_| false);
        assert!(complaint.len() <= MAX_COMPLAINT && complaint.ends_with("fatal: it"), "{complaint}");
    }

    proptest! {
        #[test]
        fn whatever_it_says_is_heard(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let lines = Mutex::new(0);
            listen(bytes.as_slice(), &Mutex::new(Instant::now()), &|_| { *lock(&lines) += 1; false });
            prop_assert!(*lock(&lines) <= bytes.len());
        }
    }
}
