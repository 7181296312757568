//! Where the documents of a feed are, below the output directory.
//!
//! In: a path without extension. Out: the paths of its documents, not percent-encoded. Never: URLs.

use crate::config::{Format, Paths};

/// The documents of one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Without extension: `categories/技術`.
    pub path: String,
    /// The Atom document.
    pub atom: String,
    /// The HTML page.
    pub page: String,
}

impl Place {
    /// The place at `path`, without extension.
    #[must_use]
    pub fn new(path: String, paths: &Paths) -> Self {
        Self { atom: format!("{path}.{}", paths.atom_extension), page: format!("{path}.html"), path }
    }

    /// The place of the site's own feed.
    #[must_use]
    pub fn of_site(paths: &Paths) -> Self {
        Self { atom: paths.site_atom.clone(), page: format!("{}.html", paths.index), path: paths.site.clone() }
    }

    /// The document in `format`.
    #[must_use]
    pub fn document(&self, format: Format) -> String {
        match format {
            Format::Atom => self.atom.clone(),
            Format::Rss | Format::Json => format!("{}.{}", self.path, format.extension()),
        }
    }

    /// All documents in these formats, and the page.
    pub fn all(&self, formats: &[Format]) -> impl Iterator<Item = String> {
        formats.iter().map(|&format| self.document(format)).chain([self.page.clone()])
    }

    /// From its page to the output directory, as a relative reference.
    pub(super) fn up(&self) -> String {
        "../".repeat(self.page.matches('/').count())
    }
}
