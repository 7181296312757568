//! What the log has been told already.
//!
//! In: documents that could be read or not. Out: whether that is news. Never: grows with the number of requests, or of
//! documents.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Paths that are remembered. Where more are unreadable at once, some are told of again.
const MOST: usize = 256;

/// Documents that could not be read the last time, by path.
#[derive(Debug, Default)]
pub(super) struct Complaints(Mutex<HashSet<String>>);

impl Complaints {
    /// Whether nobody knows yet that this document cannot be read.
    pub(super) fn raise(&self, path: &str) -> bool {
        let mut paths = self.paths();
        if paths.len() >= MOST && !paths.contains(path) {
            paths.clear();
        }
        paths.insert(path.to_owned())
    }

    /// This document can be read; if that changes, it is news.
    pub(super) fn settle(&self, path: &str) {
        self.paths().remove(path);
    }

    fn paths(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_complained_of_once_until_it_can_be_read() {
        let complaints = Complaints::default();
        assert!(complaints.raise("feed.atom") && complaints.raise("feed.rss"));
        assert!(!complaints.raise("feed.atom"));
        complaints.settle("feed.atom");
        assert!(complaints.raise("feed.atom"));
        assert!(!complaints.raise("feed.rss"));
    }

    #[test]
    fn no_more_than_a_few_are_remembered() {
        let complaints = Complaints::default();
        for n in 0..3 * MOST {
            assert!(complaints.raise(&n.to_string()));
            assert!(complaints.paths().len() <= MOST);
        }
    }
}
