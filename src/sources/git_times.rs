//! When a commit last changed each file of a directory that is under git.
//!
//! In: the directory, or a repository and a commit. Out: author dates, as Hugo's `:git` has them; a rename alone is no
//! change. Never: a shell, a prompt, the network, or a change to the repository.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use super::git::command::{self, Bounds, CommandError};

/// A history that takes longer to read keeps everything else waiting. Linux's own takes half of it.
const DEADLINE: Duration = Duration::from_secs(120);

/// The start of a commit among the names of files.
const COMMIT: u8 = 1;

/// Why the times are not known.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no such program; it is no repository, has no commit, or belongs to somebody else; or it took too long.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// All files seem to be of the oldest commit that is there.
    #[error("the clone is shallow, so that the history does not say when a file changed")]
    Shallow,
}

/// Whose history it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The repository, or a directory of one that is checked out.
    pub dir: PathBuf,
    /// Up to this commit; `HEAD` for what is checked out.
    pub until: String,
    /// The directory below `dir` whose files are meant, with `/`; empty for all.
    pub below: String,
}

/// The author date of the last commit that changed each file.
#[derive(Debug, Default)]
pub struct GitTimes {
    /// The commit that they were read for.
    head: String,
    times: HashMap<String, DateTime<FixedOffset>>,
}

impl GitTimes {
    /// Reads the history anew if it ends with another commit than the last time.
    ///
    /// # Errors
    ///
    /// See [`GitError`]; then the times are what they were.
    pub fn refresh(&mut self, history: &History) -> Result<(), GitError> {
        let state = run(history, &["rev-parse", "--is-shallow-repository", &history.until], |out| {
            let mut text = String::new();
            out.read_to_string(&mut text).map(|_| text)
        })?;
        let (shallow, head) = state.trim().split_once('\n').unwrap_or_default();
        if shallow == "true" {
            return Err(GitError::Shallow);
        }
        if self.head != head {
            let (relative, below) = match history.below.as_str() {
                "" => ("--relative".to_owned(), ".".to_owned()),
                below => (format!("--relative={below}/"), format!(":(top,literal){below}")),
            };
            let args = [
                "log",
                "-z",
                "--format=tformat:%x01%aI",
                "--name-status",
                "-M100%",
                &relative,
                "--no-diff-merges",
                "--no-ext-diff",
                "--no-textconv",
                head,
                "--",
                &below,
            ];
            self.times = run(history, &args, read_log)?;
            head.clone_into(&mut self.head);
        }
        Ok(())
    }

    /// When a commit last changed the file at `path` (relative to the root, with `/`).
    #[must_use]
    pub fn of(&self, path: &str) -> Option<DateTime<FixedOffset>> {
        self.times.get(path).copied()
    }
}

fn run<T>(
    history: &History,
    args: &[&str],
    read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
) -> Result<T, CommandError> {
    let bounds = Bounds { total: DEADLINE, silence: DEADLINE, stop: &|| None };
    command::run(&mut command::git(&history.dir, args), &bounds, &|_| false, read)
}

/// Reads `git log -z --name-status`, newest commit first.
fn read_log(out: &mut dyn BufRead) -> io::Result<HashMap<String, DateTime<FixedOffset>>> {
    let mut log = Log::default();
    let mut date = None;
    while let Some(token) = token(out)? {
        // The first name of a commit stands on a line of its own.
        let token = token.strip_prefix(b"\n").unwrap_or(&token);
        match token.split_first() {
            Some((&COMMIT, text)) => date = str::from_utf8(text).ok().and_then(|text| text.parse().ok()),
            Some((b'R', _)) => {
                let (old, new) = (name(out)?, name(out)?);
                log.renamed(old, new);
            }
            status => {
                let name = name(out)?;
                if matches!(status, Some((b'A', _))) {
                    log.added.insert(name.clone());
                }
                if let Some(date) = date {
                    log.changed(name, date);
                }
            }
        }
    }
    Ok(log.times)
}

fn name(out: &mut dyn BufRead) -> io::Result<String> {
    let bytes = token(out)?.unwrap_or_default();
    // A name that is no UTF-8 is no post's.
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

fn token(out: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut token = Vec::new();
    if out.read_until(0, &mut token)? == 0 {
        return Ok(None);
    }
    token.pop_if(|byte| *byte == 0);
    Ok(Some(token))
}

/// A history on its way back in time.
#[derive(Debug, Default)]
struct Log {
    times: HashMap<String, DateTime<FixedOffset>>,
    /// What files are called today that had these names then; `None` where the name was another file's.
    today: HashMap<String, Option<String>>,
    /// Names that files came under, not by being renamed.
    added: HashSet<String>,
}

impl Log {
    fn changed(&mut self, name: String, date: DateTime<FixedOffset>) {
        let Some(today) = self.today.get(&name).cloned().unwrap_or(Some(name)) else { return };
        self.times.entry(today).or_insert(date);
    }

    fn renamed(&mut self, old: String, new: String) {
        let Some(today) = self.today.insert(new.clone(), None).unwrap_or(Some(new)) else { return };
        // A branch that was merged later may have changed it under the name that it had there still.
        let is_anothers = self.added.contains(&old) || self.today.get(&old) == Some(&None);
        if !is_anothers && let Some(date) = self.times.remove(&old) {
            let newest = self.times.entry(today.clone()).or_insert(date);
            *newest = date.max(*newest);
        }
        self.today.insert(old, Some(today));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn log(text: &str) -> Vec<(String, String)> {
        let times = read_log(&mut text.as_bytes()).unwrap();
        let mut times: Vec<_> = times.into_iter().map(|(name, date)| (name, date.to_rfc3339())).collect();
        times.sort();
        times
    }

    const THIRD: &str = "2025-03-01T00:00:00+09:00";
    const SECOND: &str = "2025-02-01T00:00:00+09:00";
    const FIRST: &str = "2025-01-01T00:00:00+00:00";

    fn expected(times: &[(&str, &str)]) -> Vec<(String, String)> {
        times.iter().map(|(name, date)| ((*name).to_owned(), (*date).to_owned())).collect()
    }

    #[test]
    fn the_newest_commit_counts() {
        let text = format!(
            "\u{1}{THIRD}\0\nM\0a b\0\u{1}{SECOND}\0\nA\0日\0M\0a b\0\u{1}2025-01-01T00:00:00Z\0\nA\0a b\0D\0c\0"
        );
        assert_eq!(log(&text), expected(&[("a b", THIRD), ("c", FIRST), ("日", SECOND)]));
    }

    #[test]
    fn a_mere_rename_is_no_change_and_a_name_may_have_been_another_files() {
        let text = format!("\u{1}{THIRD}\0\nR100\0a\0b\0\u{1}{SECOND}\0\nD\0b\0\u{1}{FIRST}\0\nA\0a\0A\0b\0");
        assert_eq!(log(&text), expected(&[("b", FIRST)]));
        let twice = format!("\u{1}{THIRD}\0\nR100\0b\0c\0\u{1}{SECOND}\0\nR100\0a\0b\0\u{1}{FIRST}\0\nM\0a\0");
        assert_eq!(log(&twice), expected(&[("c", FIRST)]));
    }

    #[test]
    fn a_change_on_a_branch_that_knows_nothing_of_a_rename_counts() {
        let rename = format!("\u{1}{SECOND}\0\nR100\0a\0b\0\u{1}{FIRST}\0\nA\0a\0");
        assert_eq!(log(&format!("\u{1}{THIRD}\0\nM\0a\0{rename}")), expected(&[("b", THIRD)]));
        // Another file was renamed to the name that was left.
        let again = format!(
            "\u{1}{THIRD}\0\nM\0b\0\u{1}{SECOND}\0\nR100\0a\0b\0\u{1}{SECOND}\0\nR100\0b\0c\0\u{1}{FIRST}\0\nA\0a\0A\0b\0"
        );
        assert_eq!(log(&again), expected(&[("b", THIRD), ("c", FIRST)]));
        // Another file under the name that was left.
        let another = format!("\u{1}{THIRD}\0\nM\0a\0A\0a\0{rename}");
        assert_eq!(log(&another), expected(&[("a", THIRD), ("b", FIRST)]));
    }

    #[test]
    fn what_is_no_repository_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        // Whatever is above the temporary directory, it has no commit of ours.
        let nowhere = History { dir: dir.path().join("nowhere"), until: "HEAD".to_owned(), below: String::new() };
        let error = GitTimes::default().refresh(&nowhere).unwrap_err();
        assert!(matches!(error, GitError::Command(CommandError::Refused(_))), "{error}");
    }

    proptest! {
        #[test]
        fn whatever_git_prints_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read_log(&mut bytes.as_slice()).is_ok());
        }
    }
}
