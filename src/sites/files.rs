//! What a site's rules look at beside one post: other files while the site is opened, other pages while a text is expanded.

use std::sync::Arc;

use super::SettingsError;
use crate::posts::liquid::Value;
use crate::posts::{Post, Source};
use crate::problems::Problem;

/// Files beside the posts: settings, data, includes, section pages. Paths are relative to the source's root, with `/`.
pub trait Files {
    /// The text of the file at `path`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If there is one that cannot be read, or that is not UTF-8.
    fn text(&self, path: &str) -> Result<Option<Arc<str>>, SettingsError>;

    /// The paths of all files at any depth below a directory, sorted; empty if there is no such directory.
    ///
    /// # Errors
    ///
    /// If there is one that cannot be read.
    fn below(&self, dir: &str) -> Result<Vec<String>, SettingsError>;

    /// Those of the files [below](Self::below) a directory (empty: the root) whose path passes, outside directories of programs
    /// (`node_modules`, or a name with a dot first): files that do not may come and go unseen.
    ///
    /// # Errors
    ///
    /// If there is one that cannot be read.
    fn picked(&self, dir: &str, passes: fn(&str) -> bool) -> Result<Vec<String>, SettingsError>;

    /// Whether there is such a directory.
    fn is_directory(&self, path: &str) -> bool;
}

/// The first of these files that is there, and its text.
pub(super) fn first(
    names: &[&'static str],
    files: &dyn Files,
) -> Result<Option<(&'static str, Arc<str>)>, SettingsError> {
    for name in names {
        if let Some(text) = files.text(name)? {
            return Ok(Some((name, text)));
        }
    }
    Ok(None)
}

/// The pages of a site, once all posts are read.
pub trait Pages {
    /// The URL of the page that the file at `path` becomes; `None` if there is no such file, or it becomes none.
    fn url(&self, path: &str) -> Option<String>;

    /// Path and URL of all live posts whose file's name, without its last extension, is `stem`, by path.
    fn named(&self, stem: &str) -> Vec<(String, String)>;

    /// All live posts, newest first.
    fn posts(&self) -> &[Arc<Post>];

    /// The text of the file at `path`; `None` if there is none that can be read.
    fn text(&self, path: &str) -> Option<Arc<str>>;

    /// What is made of all live posts under this name. A site of many posts keeps it for the next template that asks: ten
    /// thousand templates with a list of ten thousand posts would take the square of their number.
    fn kept(&self, _name: &'static str, make: &dyn Fn() -> Value) -> Value {
        make()
    }
}

/// What came of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded<'a> {
    /// The text without template tags.
    pub source: Source<'a>,
    /// What could not be run.
    pub problems: Vec<Problem>,
}

/// Sites in memory, for tests.
#[cfg(test)]
pub(crate) mod testing {
    use std::collections::BTreeMap;

    use super::{Arc, Files, Pages, Post, SettingsError};

    /// Files by path.
    pub(crate) struct InMemory(BTreeMap<String, Arc<str>>);

    /// These files, as path and text.
    pub(crate) fn files<const N: usize>(all: [(&str, &str); N]) -> InMemory {
        gathered(all)
    }

    /// However many files, as path and text.
    pub(crate) fn gathered<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> InMemory {
        InMemory(all.into_iter().map(|(path, text)| (path.to_owned(), text.into())).collect())
    }

    impl InMemory {
        /// These files, as path and text.
        pub(crate) fn of<'a>(all: impl Iterator<Item = (&'a String, &'a String)>) -> Self {
            Self(all.map(|(path, text)| (path.clone(), text.as_str().into())).collect())
        }
    }

    impl Files for InMemory {
        fn text(&self, path: &str) -> Result<Option<Arc<str>>, SettingsError> {
            Ok(self.0.get(path).cloned())
        }

        fn below(&self, dir: &str) -> Result<Vec<String>, SettingsError> {
            let dir = format!("{dir}/");
            Ok(self.0.keys().filter(|path| path.starts_with(&dir)).cloned().collect())
        }

        fn picked(&self, dir: &str, passes: fn(&str) -> bool) -> Result<Vec<String>, SettingsError> {
            let inside = |path: &String| dir.is_empty() || path.starts_with(&format!("{dir}/"));
            Ok(self.0.keys().filter(|path| inside(path) && passes(path)).cloned().collect())
        }

        fn is_directory(&self, path: &str) -> bool {
            self.below(path).is_ok_and(|files| !files.is_empty())
        }
    }

    /// A site of these posts, and of pages known by path and URL.
    #[derive(Default)]
    pub(crate) struct Known {
        pub(crate) posts: Vec<Arc<Post>>,
        pub(crate) pages: BTreeMap<String, String>,
        pub(crate) texts: BTreeMap<String, Arc<str>>,
    }

    impl Pages for Known {
        fn url(&self, path: &str) -> Option<String> {
            let post = self.posts.iter().find(|post| post.path == path).map(|post| post.url.clone());
            post.or_else(|| self.pages.get(path).cloned())
        }

        fn named(&self, stem: &str) -> Vec<(String, String)> {
            let name = |post: &Post| {
                post.path.rsplit('/').next().unwrap_or_default().rsplit_once('.').map(|(s, _)| s.to_owned())
            };
            let named = self.posts.iter().filter(|post| name(post).as_deref() == Some(stem));
            named.map(|post| (post.path.clone(), post.url.clone())).collect()
        }

        fn posts(&self) -> &[Arc<Post>] {
            &self.posts
        }

        fn text(&self, path: &str) -> Option<Arc<str>> {
            self.texts.get(path).cloned()
        }
    }
}
