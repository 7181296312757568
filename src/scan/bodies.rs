//! Rendered bodies, kept for the length of one scan, up to a bound.

use std::collections::HashMap;

use crate::posts::{Post, Rendered};

/// Text kept, in bytes. Beyond it, bodies are rendered again whenever a document needs them.
const MAX_BYTES: usize = 40 << 20;

/// Rendered bodies by path.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    kept: HashMap<String, Rendered>,
    bytes: usize,
    /// Those that did not fit, for the documents that are made now.
    at_hand: HashMap<String, Rendered>,
}

impl Bodies {
    /// A post's body, if it is kept.
    pub(super) fn get(&self, post: &Post) -> Option<Rendered> {
        self.kept.get(&post.path).or_else(|| self.at_hand.get(&post.path)).cloned()
    }

    /// Keeps a post's body; if there is no room, until other documents are made.
    pub(super) fn keep(&mut self, post: &Post, body: &Rendered) {
        let size = body.html.len() + body.summary.len();
        if self.bytes + size <= MAX_BYTES {
            self.bytes += size;
            self.kept.insert(post.path.clone(), body.clone());
        } else {
            self.at_hand.insert(post.path.clone(), body.clone());
        }
    }

    /// Other documents are made now.
    pub(super) fn turn(&mut self) {
        self.at_hand.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::testing::post;

    fn body(text: &str) -> Rendered {
        Rendered { html: text.into(), summary: "".into() }
    }

    #[test]
    fn what_does_not_fit_is_kept_until_other_documents_are_made() {
        let (small, large) = (post("a", 1), post("b", 2));
        let mut bodies = Bodies::default();
        bodies.keep(&small, &body("1"));
        bodies.keep(&large, &body(&"x".repeat(MAX_BYTES)));
        assert!(bodies.get(&small).is_some() && bodies.get(&large).is_some());
        bodies.turn();
        assert!(bodies.get(&small).is_some() && bodies.get(&large).is_none());
    }
}
