//! Jekyll 4's rules.
//!
//! In: `_config.yml`, the files below `_posts` directories, and those of collections that have a feed. Out: posts with the
//! URLs, dates, terms and ids that Jekyll 4 and jekyll-feed give them. Never: Ruby, plugins, layouts.

mod authors;
mod collections;
mod defaults;
mod feed;
mod files;
mod pages;
mod permalink;
mod post;
mod scalars;
mod settings;
mod templates;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
mod written;

use std::sync::Arc;

use self::collections::{Collection, Place};
use super::report::Report;
use super::{Files, Outcome, Pages, Rules, SettingsError};
use crate::config::SiteDefaults;
use crate::posts::{Post, Source};
use crate::problems::Problem;

pub use settings::Settings;
pub(super) use written::SETTINGS_FILES;

impl Settings {
    /// Reads the settings in the files that are `named`, or where Jekyll has them, and says which file it is; without any,
    /// Jekyll's own defaults.
    ///
    /// # Errors
    ///
    /// If a file is missing or does not parse, or says what cannot be.
    pub(super) fn read(
        files: &dyn Files,
        named: &[String],
    ) -> Result<(Self, SiteDefaults, Option<String>), SettingsError> {
        settings::read(files, named)
    }

    /// The same with what templates may ask for, and what of that cannot be read.
    pub(super) fn with_library(self, files: &dyn Files) -> (Self, Vec<Problem>) {
        let (library, problems) = templates::Library::read(files, &self.config);
        (Self { library: Arc::new(library), ..self }, problems)
    }

    pub(super) fn enters(&self, dir: &str) -> bool {
        let leads_to_collections = format!("{}/", self.collections_dir).starts_with(&format!("{dir}/"));
        let inside = self.inside_collections(dir);
        (leads_to_collections && !self.collections_dir.is_empty())
            || self.collections.iter().any(|collection| collection.directory() == inside)
            || self.sees(dir, true)
    }

    pub(super) fn wants(&self, path: &str) -> bool {
        let inside = self.inside_collections(path);
        let mut dirs = path.match_indices('/').map(|(at, _)| &path[..at]);
        let is_outside = !self.collections_dir.is_empty() && inside.len() == path.len();
        !is_outside
            && self.place(inside).is_some_and(|(place, _)| self.may_be_document(place, inside))
            && self.sees(path, false)
            && dirs.all(|dir| self.enters(dir))
    }

    pub(super) const fn cuts(&self) -> bool {
        self.limit_posts.is_some()
    }

    /// No more posts are live at once than `limit_posts`, the newest; documents of other collections do not count.
    pub(super) fn cut(&self, posts: &mut Vec<Arc<Post>>) {
        let Some(limit) = self.limit_posts else { return };
        let mut newest: Vec<_> = posts.iter().filter(|post| post.collection.is_none()).cloned().collect();
        newest.sort_by(|a, b| (b.published, &b.path).cmp(&(a.published, &a.path)));
        let Some(last) = newest.get(limit) else { return };
        let is_newer = |post: &Post| (post.published, &post.path) > (last.published, &last.path);
        posts.retain(|post| post.collection.is_some() || is_newer(post));
    }

    pub(super) fn read_post(&self, path: &str, text: &str, rules: &Rules<'_>, report: &mut Report<'_>) -> Outcome {
        post::read(self, path, text, rules, report)
    }

    pub(super) fn expand<'a>(
        &self,
        post: &Post,
        file: &'a str,
        rules: &Rules<'_>,
        pages: &dyn Pages,
        report: &mut Report<'_>,
    ) -> Source<'a> {
        templates::expand(self, post, file, rules, pages, report)
    }

    fn sees(&self, path: &str, is_dir: bool) -> bool {
        let (include, exclude) = (&self.include, &self.exclude);
        let inside = self.inside_collections(path);
        match self.place(inside) {
            Some((Place::Collection(_), below)) => files::is_seen_below(below, inside, is_dir, include, exclude),
            // Jekyll does not see directories there that begin with a dot, however deep.
            Some((Place::Posts | Place::Drafts, below)) => {
                !below.split('/').any(|part| is_dir && part.starts_with('.'))
                    && files::is_seen_below(below, path, is_dir, include, exclude)
            }
            None => files::is_seen(path, is_dir, self.special(), include, exclude),
        }
    }

    /// The directories at any depth that hold posts.
    fn special(&self) -> &'static [&'static str] {
        if self.show_drafts { &[files::POSTS, files::DRAFTS] } else { &[files::POSTS] }
    }

    /// In which directory of documents a path (below the collections' directory) leads, and what is left of it there.
    fn place<'p>(&self, path: &'p str) -> Option<(Place<'_>, &'p str)> {
        let of_collection = |collection| Some((Place::Collection(collection), Collection::below(collection, path)?));
        let of_posts = || {
            let (dir, below) = files::below(path, self.special())?;
            Some((if dir == files::DRAFTS { Place::Drafts } else { Place::Posts }, below))
        };
        self.collections.iter().find_map(of_collection).or_else(of_posts)
    }

    /// In `_posts` that is any file whose name has a date. Jekyll passes other Markdown files there over in silence; here
    /// their author is told. Elsewhere it is the text formats, which need a date in their front matter.
    fn may_be_document(&self, place: Place<'_>, path: &str) -> bool {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_markdown = self.markdown_extensions.iter().any(|known| known == extension);
        match place {
            Place::Posts => place.name(path).is_some() || is_markdown,
            Place::Drafts | Place::Collection(_) => is_markdown || matches!(extension, "html" | "htm" | "txt"),
        }
    }

    /// The path below the collections' directory; the path itself if it is not in it.
    fn inside_collections<'a>(&self, path: &'a str) -> &'a str {
        let inside = path.strip_prefix(self.collections_dir.as_str()).and_then(|rest| rest.strip_prefix('/'));
        inside.unwrap_or(path)
    }
}
