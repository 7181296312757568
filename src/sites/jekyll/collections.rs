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

    /// What is left of a path (below the collections' directory) in its directory; `None` if it does not lead there.
    pub(super) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix('_')?.strip_prefix(self.label.as_str())?.strip_prefix('/')
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
    fn a_collection_has_a_directory_of_its_name() {
        let notes = Collection { label: "notes".into(), permalink: String::new(), future: false };
        assert_eq!((notes.below("_notes/x.md"), notes.below("_notes/a/x.md")), (Some("x.md"), Some("a/x.md")));
        for path in ["_notes", "_notes2/x.md", "notes/x.md", "a/_notes/x.md"] {
            assert_eq!(notes.below(path), None, "{path}");
        }
    }
}
