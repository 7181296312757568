//! Hugo's rules.
//!
//! In: the site's settings, and the files of its content. Out: posts with the URLs, dates, terms and ids that Hugo gives
//! them. Never: templates, themes, content adapters, or pages without a date.

mod dates;
mod languages;
mod layers;
mod names;
mod patterns;
mod permalink;
mod post;
mod sections;
mod settings;
mod shortcodes;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod vectors;

use super::report::Report;
use super::{Files, Outcome, Pages, Rules, SettingsError};
use crate::config::SiteDefaults;
use crate::posts::{Post, Source};

pub(super) use layers::{DIRECTORIES, FILES};
use names::{FOREIGN, Name};
pub use settings::Settings;

impl Settings {
    /// Reads the settings and the pages of sections, and says where the settings are.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, does not parse, or says what cannot be.
    pub(super) fn read(files: &dyn Files) -> Result<(Self, SiteDefaults, Option<String>), SettingsError> {
        settings::read(files)
    }

    pub(super) fn enters(&self, dir: &str) -> bool {
        let leads = |root: &settings::Root| format!("{}/", root.dir).starts_with(&format!("{dir}/"));
        let inside = |root: &settings::Root| root.below(dir).is_some_and(|_| !self.is_ignored(dir));
        self.roots.iter().any(|root| leads(root) || inside(root))
    }

    pub(super) fn wants(&self, path: &str) -> bool {
        let mut dirs = path.match_indices('/').map(|(at, _)| &path[..at]);
        let is_content = |name: Name<'_>| {
            let is_read = name.is_markup() || FOREIGN.contains(&name.extension.as_str());
            is_read && !names::is_resource(path, name.kind, &self.sections.bundles)
        };
        self.name(path).is_some_and(is_content) && !self.is_ignored(path) && dirs.all(|dir| self.enters(dir))
    }

    pub(super) fn read_post(&self, path: &str, text: &str, rules: &Rules<'_>, report: &mut Report<'_>) -> Outcome {
        post::read(self, path, text, rules, report)
    }

    pub(super) fn page_url(&self, path: &str, text: &str, rules: &Rules<'_>) -> Option<String> {
        post::page_url(self, path, text, rules)
    }

    pub(super) fn expand<'a>(
        &self,
        post: &Post,
        file: &'a str,
        pages: &dyn Pages,
        report: &mut Report<'_>,
    ) -> Source<'a> {
        shortcodes::expand(self, post, file, pages, report)
    }

    fn name<'a>(&self, path: &'a str) -> Option<Name<'a>> {
        Name::of(path, &self.roots, &self.languages)
    }

    /// What `ignoreFiles` means, and what Hugo passes over anyway: hidden files, and those that editors leave.
    fn is_ignored(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.starts_with(['.', '#']) || name.ends_with('~') || self.ignored.is_match(&format!("/{path}"))
    }
}
