//! Jekyll 4's rules.
//!
//! In: `_config.yml`, and the files below `_posts` directories. Out: posts with the URLs, dates, terms and ids that
//! Jekyll 4 and jekyll-feed give them. Never: Ruby, plugins, layouts, drafts, or collections other than posts.

mod defaults;
mod files;
mod pages;
mod permalink;
mod post;
mod settings;
mod templates;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use std::sync::Arc;

use super::report::Report;
use super::{Files, Outcome, Pages, Rules, SettingsError};
use crate::config::SiteDefaults;
use crate::posts::{Post, Source};
use crate::problems::Problem;

pub(super) use settings::SETTINGS_FILES;
pub use settings::Settings;

impl Settings {
    /// Reads the settings, and says where they are; without any, Jekyll's own defaults.
    ///
    /// # Errors
    ///
    /// If the file is not YAML, or says what cannot be.
    pub(super) fn read(files: &dyn Files) -> Result<(Self, SiteDefaults, Option<String>), SettingsError> {
        for name in SETTINGS_FILES {
            if let Some(text) = files.text(name)? {
                let (settings, defaults) = settings::read(name, &text)?;
                return Ok((settings, defaults, Some(name.to_owned())));
            }
        }
        let (settings, defaults) = settings::read(SETTINGS_FILES[0], "")?;
        Ok((settings, defaults, None))
    }

    /// The same with what templates may ask for, and what of that cannot be read.
    pub(super) fn with_library(self, files: &dyn Files) -> (Self, Vec<Problem>) {
        let (library, problems) = templates::Library::read(files, &self.config);
        (Self { library: Arc::new(library), ..self }, problems)
    }

    pub(super) fn enters(&self, dir: &str) -> bool {
        let leads_to_collections = format!("{}/", self.collections_dir).starts_with(&format!("{dir}/"));
        (leads_to_collections && !self.collections_dir.is_empty()) || self.sees(dir, true)
    }

    pub(super) fn wants(&self, path: &str) -> bool {
        let inside = self.inside_collections(path);
        let mut dirs = path.match_indices('/').map(|(at, _)| &path[..at]);
        let is_outside = !self.collections_dir.is_empty() && inside.len() == path.len();
        !is_outside
            && (files::name(inside).is_some() || self.may_lack_a_date(inside))
            && self.sees(path, false)
            && dirs.all(|dir| self.enters(dir))
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
        files::is_seen(path, is_dir, &self.include, &self.exclude)
    }

    /// Jekyll passes such a file over in silence; here its author is told.
    fn may_lack_a_date(&self, path: &str) -> bool {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        files::above_posts(path).is_some() && self.markdown_extensions.iter().any(|known| known == extension)
    }

    /// The path below the collections' directory; the path itself if it is not in it.
    fn inside_collections<'a>(&self, path: &'a str) -> &'a str {
        let inside = path.strip_prefix(self.collections_dir.as_str()).and_then(|rest| rest.strip_prefix('/'));
        inside.unwrap_or(path)
    }
}
