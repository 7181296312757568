//! Rendered bodies, kept from scan to scan while they are used, up to a bound.

use std::collections::HashMap;

use crate::posts::{Post, Rendered, Revision};

/// Text kept, in bytes. Beyond it, bodies are rendered again whenever a document needs them.
const MAX_BYTES: usize = 64 << 20;

/// Rendered bodies by path.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    kept: HashMap<String, Kept>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    revision: Revision,
    url: String,
    body: Rendered,
    used: bool,
}

impl Bodies {
    /// The body of this state of a post, if it is kept.
    pub(super) fn get(&mut self, post: &Post) -> Option<Rendered> {
        let kept = self.kept.get_mut(&post.path)?;
        if kept.revision != post.revision || kept.url != post.url {
            return None;
        }
        kept.used = true;
        Some(kept.body.clone())
    }

    /// Keeps the body of this state of a post, if there is room.
    pub(super) fn keep(&mut self, post: &Post, body: &Rendered) {
        let size = body.html.len() + body.summary.len();
        self.drop(&post.path);
        if self.bytes + size <= MAX_BYTES {
            self.bytes += size;
            let kept = Kept { revision: post.revision, url: post.url.clone(), body: body.clone(), used: true };
            self.kept.insert(post.path.clone(), kept);
        }
    }

    /// Drops what was not used since the last time.
    pub(super) fn sweep(&mut self) {
        self.kept.retain(|_, kept| std::mem::replace(&mut kept.used, false));
        self.bytes = self.kept.values().map(|kept| kept.body.html.len() + kept.body.summary.len()).sum();
    }

    fn drop(&mut self, path: &str) {
        if let Some(kept) = self.kept.remove(path) {
            self.bytes -= kept.body.html.len() + kept.body.summary.len();
        }
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
    fn a_body_is_kept_for_one_state_of_a_post_and_dropped_when_unused() {
        let mut bodies = Bodies::default();
        let p = post("a", 1);
        let edited = Post { revision: Revision([1; 16]), ..p.clone() };
        assert_eq!(bodies.get(&p), None);
        bodies.keep(&p, &body("1"));
        assert_eq!((bodies.get(&p), bodies.get(&edited)), (Some(body("1")), None));
        bodies.keep(&edited, &body("22"));
        assert_eq!((bodies.get(&edited), bodies.get(&p), bodies.bytes), (Some(body("22")), None, 2));
        bodies.sweep();
        assert_eq!(bodies.get(&edited), Some(body("22")));
        bodies.sweep();
        bodies.sweep();
        assert_eq!((bodies.get(&edited), bodies.bytes), (None, 0));
    }

    #[test]
    fn what_does_not_fit_is_not_kept() {
        let mut bodies = Bodies::default();
        bodies.keep(&post("a", 1), &body(&"x".repeat(MAX_BYTES + 1)));
        assert_eq!((bodies.kept.len(), bodies.bytes), (0, 0));
    }
}
