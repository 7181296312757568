//! Plain Markdown: any repository of Markdown files, with or without front matter; and the sites of generators whose rules are
//! programs, as far as these can be known without running them.
//!
//! In: a Markdown file. Out: a post, if it says when it was published. Never: file times, which a fresh clone changes, or
//! JavaScript.

pub mod eleventy;

mod astro;
mod body;
mod expand;
mod javascript;
mod mdx;
mod name;
mod post;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use chrono_tz::Tz;

use super::compose::File;
use super::dated::{Day, day_in};
use super::terms::Split;
use super::{Files, SettingsError, Site};
use crate::config::SiteDefaults;
use crate::posts::front_matter::{Map, Value};
use crate::problems::Problem;

pub(super) use astro::SETTINGS_FILES as ASTRO_FILES;
pub(super) use body::first_paragraph;
pub(super) use eleventy::SETTINGS_FILES as ELEVENTY_FILES;
pub(super) use expand::expand;
pub(super) use post::read;

use name::Name;

/// Whose conventions a repository follows beyond being Markdown.
#[derive(Debug, Clone)]
pub enum Flavour {
    /// Nobody's.
    Markdown,
    /// Eleventy's.
    Eleventy(Box<eleventy::Settings>),
    /// Astro's.
    Astro,
}

const EXTENSIONS: [&str; 6] = ["md", "markdown", "mkd", "mkdn", "mkdown", "mdx"];

/// Directories that hold other people's files.
const SKIPPED: [&str; 3] = ["node_modules", "target", "vendor"];

/// Directories of Eleventy that hold no pages.
const ELEVENTY_SKIPPED: [&str; 4] = ["_includes", "_layouts", "_data", "_site"];

/// Tags by which Eleventy's sites gather pages, and which they hide from readers.
const COLLECTIONS: [&str; 11] =
    ["all", "article", "articles", "blog", "nav", "note", "notes", "page", "pages", "post", "posts"];

/// What opening a site gave: its rules, what its settings say, what they leave open, and where they are.
type Opened = (Site, SiteDefaults, Option<Problem>, Option<String>);

impl Flavour {
    pub(super) fn eleventy(files: &dyn Files) -> Result<Opened, SettingsError> {
        let (settings, defaults, path) = eleventy::Settings::read(files)?;
        Ok((Site::Plain(Self::Eleventy(settings.into())), defaults, None, path))
    }

    pub(super) fn astro(files: &dyn Files) -> Result<Opened, SettingsError> {
        let (defaults, doubt, path) = astro::read(files)?;
        Ok((Site::Plain(Self::Astro), defaults, Some(doubt), path))
    }

    pub(super) fn enters(&self, dir: &str) -> bool {
        let name = dir.rsplit('/').next().unwrap_or(dir);
        let is_skipped = name.starts_with('.') || SKIPPED.contains(&name);
        match self {
            Self::Markdown | Self::Astro => !is_skipped && !name.starts_with('_'),
            Self::Eleventy(settings) => !is_skipped && !ELEVENTY_SKIPPED.contains(&name) && settings.enters(dir),
        }
    }

    pub(super) fn wants(&self, path: &str) -> bool {
        let is_inside = match self {
            Self::Markdown => true,
            Self::Eleventy(settings) => settings.inside(path).is_some(),
            Self::Astro => !path.rsplit('/').next().unwrap_or(path).starts_with('_'),
        };
        is_inside && is_markdown(path) && path.match_indices('/').all(|(at, _)| self.enters(&path[..at]))
    }

    fn is_plain(&self) -> bool {
        matches!(self, Self::Markdown)
    }

    /// The path from where posts are.
    fn inside<'a>(&self, path: &'a str) -> &'a str {
        match self {
            Self::Markdown => path,
            Self::Eleventy(settings) => settings.inside(path).unwrap_or(path),
            Self::Astro => astro::inside(path),
        }
    }

    /// Front matter over what it inherits.
    fn data(&self, path: &str, own: &Map) -> Map {
        match self {
            Self::Eleventy(settings) => settings.data(path, own),
            Self::Markdown | Self::Astro => own.clone(),
        }
    }

    /// In which dates without a zone are read: JavaScript knows none but UTC.
    fn zone(&self, site: Tz) -> Tz {
        if self.is_plain() { site } else { Tz::UTC }
    }

    fn split(&self) -> Split {
        if self.is_plain() { Split::Commas } else { Split::Never }
    }

    /// Whether this tag says where a post is listed, and nothing of what it is about.
    fn is_collection(&self, tag: &str) -> bool {
        matches!(self, Self::Eleventy(_)) && COLLECTIONS.contains(&tag.trim())
    }

    /// Whether the generator keeps a page with this front matter from its lists.
    fn hides(&self, data: &Map) -> bool {
        let is_off = data.says("permalink", false) || data.says("eleventyExcludeFromCollections", true);
        matches!(self, Self::Eleventy(_)) && is_off
    }

    /// The date that a file's path says: Eleventy takes the first in all of it.
    fn day(&self, path: &str, name: &Name<'_>) -> Option<Day> {
        match self {
            Self::Eleventy(_) => day_in(path),
            Self::Markdown | Self::Astro => name.day,
        }
    }

    /// What `{dir}` and `{name}` stand for.
    fn place<'a>(&self, file: &File<'a>, name: &Name<'a>) -> (Cow<'a, str>, Cow<'a, str>) {
        match self {
            Self::Markdown => (name.dir.into(), name.stem.into()),
            // `a/a.md` is shown where `a/index.md` would be.
            Self::Eleventy(_) if name.dir.rsplit('/').next() == Some(name.stem) => (name.dir.into(), "".into()),
            Self::Eleventy(_) => (name.dir.into(), name.stem.into()),
            // A slug is the whole of an entry's id.
            Self::Astro => match file.data.get("slug").and_then(Value::as_text) {
                Some(slug) => (
                    astro::id(file.path, name.dir.split('/').next().unwrap_or_default()).into(),
                    slug.to_owned().into(),
                ),
                None => (astro::id(file.path, name.dir).into(), astro::id(file.path, name.stem).into()),
            },
        }
    }
}

/// Whether a path is that of a file in Markdown.
fn is_markdown(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
    })
}
