//! The part of the `source` section that says where posts are.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::{Lookup, normal};
use crate::config::file::{ConfigFile, Step};
use crate::config::git::{Address, Git, Place};
use crate::config::raw::{RawSource, TextOrSecret};
use crate::config::{Secret, StoreUrl};
use crate::problems::Problem;

const DEFAULT_MAX_BYTES: u64 = 4 << 30;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// Where mirrors are, beside the database.
const MIRRORS: &str = "git";

impl ConfigFile {
    /// Where posts are, which has to be known before the site's own config can be read. A directory is there.
    ///
    /// # Errors
    ///
    /// All problems with the settings that say so; at least one.
    pub fn place(&self, env: Lookup<'_>) -> Result<Place, Vec<Problem>> {
        let raw = self.raw.source.clone().unwrap_or_default();
        let Some(written) = &raw.git else { return self.directory(&raw) };
        let mut problems = Vec::new();
        let mut tell = |key: &str, message: &str, remedy: &str| {
            problems.push(self.problem(&[Step::Key("source"), Step::Key(key)], message, remedy));
        };
        let address = address(written, &self.dir, env).map_err(|(message, remedy)| tell("git", &message, remedy)).ok();
        if raw.branch.as_ref().is_some_and(|branch| !is_branch(branch)) {
            tell("branch", "no branch can have this name", "write its name alone, like `main`");
        }
        let path = raw.path.as_deref().map_or(Some(String::new()), within);
        if path.is_none() {
            tell(
                "path",
                "this leads out of the repository",
                "name a directory of the repository, relative to its root",
            );
        }
        if raw.max_git_bytes.is_some_and(|size| size.0 == 0) {
            tell("max_git_bytes", "no repository fits in this", "set it to something like 4GiB");
        }
        if raw.git_timeout.is_some_and(|time| time.0.is_zero()) {
            tell("git_timeout", "no remote answers in this", "set it to something like 60s");
        }
        let mirrors = self.mirrors().map_err(|problem| problems.push(problem)).ok();
        match (address, path, mirrors) {
            (Some(address), Some(path), Some(mirrors)) if problems.is_empty() => Ok(Place::Git(Git {
                address,
                branch: raw.branch,
                path,
                mirrors,
                max_bytes: raw.max_git_bytes.map_or(DEFAULT_MAX_BYTES, |size| size.0),
                timeout: raw.git_timeout.map_or(DEFAULT_TIMEOUT, |time| time.0),
            })),
            _ => Err(problems),
        }
    }

    /// What the paths of files are below, for people: the directory, absolute; in a repository elsewhere, the directory in it.
    pub(super) fn source_path(&self) -> PathBuf {
        let raw = self.raw.source.clone().unwrap_or_default();
        let path = raw.path.unwrap_or_default();
        match &raw.git {
            None => normal(&self.dir.join(path)),
            Some(TextOrSecret::Text(text)) => match Address::parse(text, &self.dir) {
                Ok(Address::Local(repository)) => normal(&repository.join(path)),
                _ => path,
            },
            Some(TextOrSecret::Secret(_)) => path,
        }
    }

    fn directory(&self, raw: &RawSource) -> Result<Place, Vec<Problem>> {
        let step = |key| [Step::Key("source"), Step::Key(key)];
        let given = [
            ("branch", raw.branch.is_some()),
            ("max_git_bytes", raw.max_git_bytes.is_some()),
            ("git_timeout", raw.git_timeout.is_some()),
        ];
        let mut problems: Vec<_> = given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(key, _)| {
                self.problem(
                    &step(key),
                    "this is about a git repository, and none is named",
                    "set `source.git` to its URL or path",
                )
            })
            .collect();
        let path = self.source_path();
        if !path.is_dir() {
            problems.push(self.problem(
                &step("path"),
                &format!("there is no directory {}", path.display()),
                "set `source.path` to the directory that holds the posts, relative to the site's directory",
            ));
        }
        if problems.is_empty() { Ok(Place::Directory(path)) } else { Err(problems) }
    }

    /// Beside the database, whether there is one or not.
    fn mirrors(&self) -> Result<PathBuf, Problem> {
        let StoreUrl::Sqlite(path) = self.store_url()?;
        Ok(path.with_file_name(MIRRORS))
    }
}

fn address(written: &TextOrSecret, dir: &Path, env: Lookup<'_>) -> Result<Address, (String, &'static str)> {
    const REMEDY: &str = "write a URL like https://host/blog.git, git@host:blog.git, or the path of a repository";
    let text = match written {
        TextOrSecret::Text(text) => Secret::new(text.as_str()),
        TextOrSecret::Secret(kept) => kept.resolve(dir, env).map_err(|reason| (reason, "put the address there"))?,
    };
    match Address::parse(text.expose(), dir).map_err(|reason| (reason.to_owned(), REMEDY))? {
        Address::Remote(remote) if remote.password.is_some() && matches!(written, TextOrSecret::Text(_)) => Err((
            "there is a password in this address, for everybody to read".to_owned(),
            "leave it to a credential helper of git, or put the whole address elsewhere: `git: {env: NAME}`",
        )),
        Address::Local(path) => Ok(Address::Local(normal(&path))),
        address => Ok(address),
    }
}

/// git-check-ref-format(1), as far as it matters: nothing that git would take for more than a name.
fn is_branch(name: &str) -> bool {
    gix::validate::reference::name(format!("refs/heads/{name}").as_str().into()).is_ok() && !name.starts_with('-')
}

/// A directory of the repository, without `.` and with `/`.
fn within(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str()?),
            _ => return None,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(source: &str) -> Result<Place, Vec<Problem>> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = ConfigFile::parse("tidings.yaml", dir, format!("source: {source}\n")).unwrap();
        file.place(&|name| (name == "BLOG").then(|| "https://me:hunter2@h/x.git".to_owned()))
    }

    fn git(source: &str) -> Git {
        match place(source).unwrap() {
            Place::Git(git) => git,
            Place::Directory(path) => panic!("{} is a directory", path.display()),
        }
    }

    #[test]
    fn a_repository_has_a_branch_a_directory_and_bounds() {
        let usual = git("{git: 'git@h:x.git'}");
        assert_eq!((usual.branch, usual.path.as_str()), (None, ""));
        assert_eq!((usual.max_bytes, usual.timeout), (4 << 30, Duration::from_secs(60)));
        assert!(usual.mirrors.ends_with(".tidings/git"), "{:?}", usual.mirrors);
        let all = git("{git: 'https://h/x', branch: a/b, path: ./site/blog/, max_git_bytes: 1GiB, git_timeout: 2m}");
        assert_eq!((all.branch.as_deref(), all.path.as_str()), (Some("a/b"), "site/blog"));
        assert_eq!((all.max_bytes, all.timeout), (1 << 30, Duration::from_secs(120)));
    }

    #[test]
    fn what_makes_no_sense_is_said_where_it_stands() {
        for (source, key) in [
            ("{branch: main}", "source.git"),
            ("{git_timeout: 5}", "source.git"),
            ("{max_git_bytes: 5}", "source.git"),
            ("{git: 'https://h/x', branch: 'a..b'}", "like `main`"),
            ("{git: 'https://h/x', branch: -x}", "like `main`"),
            ("{git: 'https://h/x', path: ../x}", "directory of the repository"),
            ("{git: 'https://h/x', path: /x}", "directory of the repository"),
            ("{git: 'https://h/x', max_git_bytes: 0}", "4GiB"),
            ("{git: 'https://h/x', git_timeout: 0}", "60s"),
            ("{git: 'ext::sh'}", "a URL like"),
            ("{git: {env: NONE}}", "put the address there"),
            ("{path: no/such/directory}", "source.path"),
        ] {
            let problems = place(source).unwrap_err();
            assert_eq!(problems.len(), 1, "{source}: {problems:?}");
            assert!(problems[0].remedy.contains(key), "{source}: {problems:?}");
        }
    }

    #[test]
    fn a_password_is_kept_elsewhere_and_never_shown() {
        let elsewhere = git("{git: {env: BLOG}}");
        assert!(!format!("{elsewhere:?} {}", elsewhere.address).contains("hunter2"));
        let problems = place("{git: 'https://me:hunter2@h/x.git'}").unwrap_err();
        assert!(problems[0].remedy.contains("{env: NAME}") && !format!("{problems:?}").contains("hunter2"));
    }
}
