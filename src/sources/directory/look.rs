//! A look at some paths only, where that is enough to know what a walk over everything would find.
//!
//! In: the paths that were touched since the last walk. Out: what is there now, or that everything has to be looked at.
//! Never: follows a link.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::super::Snapshot;
use super::Directory;
use super::walk::{MAX_DEPTH, Place, Walk};

impl Directory {
    /// What is at and below the touched paths now; what was known there and is not found is gone. Paths that only lead to
    /// what was touched, like a second name of a file, have to be named themselves.
    ///
    /// `None` if that cannot be told from these paths alone: links are among them, or a path is not one that a walk would
    /// give. What was found through links before has other names as well: after a snapshot with [`Snapshot::links`], or
    /// without [`Snapshot::whole`], take another snapshot instead.
    #[must_use]
    pub fn look(
        &self,
        touched: &BTreeSet<String>,
        enters: &(dyn Fn(&str) -> bool + Sync),
        wants: &(dyn Fn(&str) -> bool + Sync),
    ) -> Option<Snapshot> {
        let walk = Walk::new(&self.root, enters, wants);
        let mut starts = Vec::new();
        for path in touched.iter().filter(|path| !is_below_any(path, touched)) {
            starts.extend(self.stands(path, &walk)?);
        }
        walk.without_links(starts)
    }

    /// The directory that stands at `path`, if it is one that a walk would enter; a file is found at once. The outer `None`
    /// says that a walk over everything has to tell.
    fn stands(&self, path: &str, walk: &Walk<'_>) -> Option<Option<Place>> {
        let above = path.matches('/').count();
        if !is_as_walked(path) || above > MAX_DEPTH {
            return None;
        }
        for (at, _) in path.match_indices('/') {
            let dir = &path[..at];
            if !walk.enters(dir) {
                return Some(None);
            }
            match fs::symlink_metadata(self.root.join(dir)) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(metadata) if metadata.is_symlink() => return None,
                Ok(_) => return Some(None),
                Err(error) => return gone(&error),
            }
        }
        let (enters, wants) = (walk.enters(path), walk.wants(path));
        if !enters && !wants {
            return Some(None);
        }
        let real = self.root.join(path);
        let metadata = match fs::symlink_metadata(&real) {
            Ok(metadata) => metadata,
            Err(error) => return gone(&error),
        };
        // A disk that does not tell `A` from `a` would have one file found under both.
        if metadata.is_symlink() || real.canonicalize().ok()? != real {
            return None;
        }
        if metadata.is_file() && wants {
            walk.found(path, &metadata);
        }
        Some((metadata.is_dir() && enters).then(|| Place { path: path.to_owned(), real, depth: above + 1 }))
    }
}

fn is_below_any(path: &str, touched: &BTreeSet<String>) -> bool {
    path.match_indices('/').any(|(at, _)| touched.contains(&path[..at]))
}

/// Whether a walk could come to something under this name: nothing but names, with one `/` between them.
fn is_as_walked(path: &str) -> bool {
    path.split('/').all(|part| Path::new(part).file_name() == Some(part.as_ref()))
}

fn gone(error: &io::Error) -> Option<Option<Place>> {
    (error.kind() == io::ErrorKind::NotFound).then_some(None)
}
