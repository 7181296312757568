//! Which part of a directory is watched.
//!
//! In: the rules of the site, and what is Tidings' own. Out: whether a path is of interest. Never: I/O, but to resolve links once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::names::{is_temporary, is_vim_probe};

/// Deeper directories are taken for an accident, as when they are read.
const MAX_DEPTH: usize = 64;

/// What rules say of a directory or file, given relative to the root, with `/`.
pub type Rule = dyn Fn(&str) -> bool + Send + Sync;

/// What of a directory is watched.
#[derive(Clone)]
pub struct Area {
    /// The root as it was named: where its links lead is found out again and again.
    pub(super) path: PathBuf,
    enters: Arc<Rule>,
    wants: Arc<Rule>,
    ignored: Arc<[PathBuf]>,
}

impl Area {
    /// The directories below `path` that `enters` allows, without `.git` and what is at or below the absolute paths in
    /// `ignored`. Of a file that `wants` knows, half must not be read; of others, such as a log, the end may never come.
    #[must_use]
    pub fn new(path: PathBuf, enters: Arc<Rule>, wants: Arc<Rule>, ignored: Vec<PathBuf>) -> Self {
        Self { path, enters, wants, ignored: ignored.into() }
    }

    /// The same for a root whose links are resolved.
    pub(super) fn below(&self, root: &Path) -> Inside {
        let named = self.ignored.iter().filter_map(|path| relative(&self.path, path));
        let real = self.ignored.iter().filter_map(|path| relative(root, &resolved(path)?));
        // Documents in the root itself are watched with the posts.
        let ignored = named.chain(real).filter(|path| !path.is_empty()).collect();
        Inside { enters: Arc::clone(&self.enters), wants: Arc::clone(&self.wants), ignored }
    }
}

impl PartialEq for Area {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.enters, &other.enters) && self.path == other.path && self.ignored == other.ignored
    }
}

impl fmt::Debug for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Area").field("path", &self.path).field("ignored", &self.ignored).finish_non_exhaustive()
    }
}

/// What is watched below a root. All paths are relative to it, with `/`.
pub(super) struct Inside {
    enters: Arc<Rule>,
    wants: Arc<Rule>,
    ignored: Vec<String>,
}

impl Inside {
    /// Whether a directory in one that is watched is watched, too.
    pub(super) fn enters(&self, dir: &str) -> bool {
        name(dir) != ".git" && dir.matches('/').count() < MAX_DEPTH && (self.enters)(dir) && !self.ignores(dir)
    }

    /// Whether every directory down to this one is watched. The root is.
    pub(super) fn reaches(&self, dir: &str) -> bool {
        dir.is_empty() || dir.match_indices('/').all(|(at, _)| self.enters(&dir[..at])) && self.enters(dir)
    }

    /// Whether a change of this file, in a directory that is watched, is of interest. It `may_be_dir`: those may have numbers
    /// for names.
    pub(super) fn minds(&self, path: &str, may_be_dir: bool) -> bool {
        let name = name(path);
        (!is_temporary(name) || (may_be_dir && is_vim_probe(name))) && !self.ignores(path)
    }

    /// Whether a scan would read this file.
    pub(super) fn wants(&self, path: &str) -> bool {
        (self.wants)(path)
    }

    fn ignores(&self, path: &str) -> bool {
        let is_below =
            |top: &String| path.strip_prefix(top.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.ignored.iter().any(is_below)
    }
}

/// `path` below `root`, with `/`; empty for the root itself. `None` if it is elsewhere, or no UTF-8.
pub(super) fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

/// The directory that a path is in.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Without links, even if it is not there yet.
fn resolved(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().or_else(|| Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn inside(ignored: &[&str]) -> Inside {
        let enters = |dir: &str| !name(dir).starts_with('_') || name(dir) == "_posts";
        let ignored = ignored.iter().map(PathBuf::from).collect();
        Area::new("/blog".into(), Arc::new(enters), Arc::new(|_| true), ignored).below(Path::new("/releases/2"))
    }

    #[test]
    fn the_rules_and_what_is_tidings_own_decide() {
        let inside = inside(&["/blog/feeds", "/blog/data/t.db", "/elsewhere", "/blog"]);
        assert!(inside.reaches("") && inside.reaches("_posts/2025") && inside.reaches("feeds-2"));
        assert!(
            !inside.reaches("_site/a")
                && !inside.reaches("feeds/tags")
                && !inside.reaches(".git")
                && !inside.reaches("a/.git/x")
        );
        let minds = |path| inside.minds(path, false);
        assert!(minds("_posts/a.md") && minds("data/t.db.md"));
        assert!(!minds("_posts/.a.md.swp") && !minds("data/t.db") && !minds("feeds/feed.atom"));
        assert!(!minds("_posts/4913") && inside.minds("_posts/4913", true) && !inside.minds("_posts/a~", true));
    }

    #[test]
    fn directories_are_entered_down_to_a_bound() {
        assert!(inside(&[]).reaches(&["d"; MAX_DEPTH].join("/")));
        assert!(!inside(&[]).reaches(&["d"; MAX_DEPTH + 1].join("/")));
    }

    proptest! {
        #[test]
        fn a_path_below_the_root_comes_back_with_slashes(parts in prop::collection::vec("[^/\u{0}.]{1,5}", 0..5)) {
            let path = parts.iter().fold(PathBuf::from("/blog"), |path, part| path.join(part));
            prop_assert_eq!(relative(Path::new("/blog"), &path), Some(parts.join("/")));
            prop_assert_eq!(relative(Path::new("/blog/x/y/z/1/2"), Path::new("/blog")), None);
        }

        #[test]
        fn what_is_reached_is_reached_through_its_parents(parts in prop::collection::vec("_?[a-c]|\\.git|feeds|_posts", 0..5)) {
            let (inside, path) = (inside(&["/blog/feeds"]), parts.join("/"));
            if inside.reaches(&path) {
                prop_assert!(inside.reaches(parent(&path)));
                prop_assert!(parts.iter().all(|part| part != ".git") && parts.first().is_none_or(|part| part != "feeds"));
            }
        }
    }
}
