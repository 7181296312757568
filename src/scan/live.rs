//! The live posts of one moment, as they are found and then settled: every key, URL and id is one post's.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::site::Detected;
use crate::config::Config;
use crate::events::self_and_above;
use crate::posts::Post;
use crate::problems::{Code, Problem, Severity};
use crate::sites::Site;

/// The live posts of one moment.
#[derive(Debug, Clone)]
pub struct Live {
    /// The config with the site's own settings, as they were.
    pub config: Arc<Config>,
    /// By whose rules they were read.
    pub detected: Detected,
    /// Those rules.
    pub(super) site: Arc<Site>,
    /// By path.
    pub posts: Vec<Arc<Post>>,
    /// The entry ids of posts that have another than [`Post::id`], by key.
    pub ids: HashMap<String, String>,
    /// Files that the rules asked for.
    pub files: usize,
    /// When the next post comes due, or runs out.
    pub next_due: Option<DateTime<Utc>>,
    /// What is wrong with the site, and between posts. What is wrong within a file is known with the file.
    pub problems: Vec<Problem>,
    /// Whether two posts claimed the same key, URL or id.
    pub(super) contested: bool,
    /// Whether every directory could be looked into: otherwise what is not found may be there all the same.
    pub(super) whole: bool,
    /// Paths of files and directories that are there and could not be read, or not understood.
    pub(super) unreadable: HashSet<String>,
}

impl Live {
    /// Whether the file at `path`, which was not found or not understood, may well be there.
    #[must_use]
    pub fn may_be_there(&self, path: &str) -> bool {
        !self.whole || self.is_unreadable(path)
    }

    /// What is to be said if there is no post, unless an error among `problems` has said why.
    pub(super) fn if_empty(&self, problems: &[Problem]) -> Option<Problem> {
        let is_explained = problems.iter().any(|problem| problem.severity >= Severity::Error);
        (self.posts.is_empty() && !is_explained).then(|| no_posts(self.files))
    }

    /// Whether the file at `path` is there, or may be there, but says nothing now.
    pub(super) fn is_unreadable(&self, path: &str) -> bool {
        self_and_above(path).any(|path| self.unreadable.contains(path))
    }

    /// Where the post of the file at `path` is, or belongs.
    pub(super) fn find(&self, path: &str) -> Result<usize, usize> {
        self.posts.binary_search_by(|post| post.path.as_str().cmp(path))
    }
}

fn no_posts(files: usize) -> Problem {
    Problem {
        code: Code::NoPosts,
        severity: Severity::Warning,
        path: ".".to_owned(),
        place: None,
        message: match files {
            0 => "there is no file that may be a post".to_owned(),
            1 => "the only file that may be a post is not live".to_owned(),
            _ => format!("of {files} files that may be posts none is live"),
        },
        effect: "the feeds are valid, and empty".to_owned(),
        remedy: "look at `source.path`, `source.generator`, and drafts and dates in the future".to_owned(),
    }
}
