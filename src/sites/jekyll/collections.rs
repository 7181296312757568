//! Collections: the posts, and what else a site keeps in a directory of documents.

use super::files;

/// A collection whose documents are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Collection {
    /// Its name.
    pub(super) label: String,
    /// URL template of its documents.
    pub(super) permalink: String,
    /// Documents of the future are shown.
    pub(super) future: bool,
}

/// Where a file stands, and so what it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// In `_posts`.
    Posts,
    /// In `_drafts`.
    Drafts,
    /// In the directory of another collection.
    Collection(&'a Collection),
}

impl Collection {
    /// The directory's name, `_` and the label.
    pub(super) fn directory(&self) -> String {
        format!("_{}", self.label)
    }

    /// Whether the file at `path` (below the collections' directory) is in its directory.
    pub(super) fn holds(&self, path: &str) -> bool {
        let inside = path.strip_prefix('_').and_then(|path| path.strip_prefix(self.label.as_str()));
        inside.is_some_and(|rest| rest.starts_with('/'))
    }
}

impl<'p> Place<'p> {
    /// What the name of the file at `path` says; `None` if no document has such a name here.
    pub(super) fn name<'a>(&self, path: &'a str) -> Option<files::Name<'a>> {
        match self {
            Self::Posts => files::name(path, files::POSTS).filter(|name| name.day.is_some()),
            Self::Drafts => files::name(path, files::DRAFTS),
            Self::Collection(collection) => files::name(path, &collection.directory()),
        }
    }

    /// The collection that documents here belong to.
    pub(super) fn collection(&self, posts: &'p Collection) -> &'p Collection {
        match self {
            Self::Posts | Self::Drafts => posts,
            Self::Collection(collection) => collection,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_holds_what_is_in_its_directory() {
        let notes = Collection { label: "notes".into(), permalink: String::new(), future: false };
        assert!(notes.holds("_notes/x.md") && notes.holds("_notes/a/x.md"));
        for path in ["_notes", "_notes2/x.md", "notes/x.md", "a/_notes/x.md"] {
            assert!(!notes.holds(path), "{path}");
        }
    }
}
