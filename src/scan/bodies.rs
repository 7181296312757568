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
    /// The body of this state of a post: kept, or else what `render` makes of it.
    pub(super) fn get(&mut self, post: &Post, render: impl FnOnce() -> Option<Rendered>) -> Option<Rendered> {
        if let Some(kept) = self.kept.get_mut(&post.path)
            && kept.revision == post.revision
            && kept.url == post.url
        {
            kept.used = true;
            return Some(kept.body.clone());
        }
        let body = render()?;
        let size = body.html.len() + body.summary.len();
        self.drop(&post.path);
        if self.bytes + size <= MAX_BYTES {
            self.bytes += size;
            let kept = Kept { revision: post.revision, url: post.url.clone(), body: body.clone(), used: true };
            self.kept.insert(post.path.clone(), kept);
        }
        Some(body)
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
    fn a_body_is_rendered_once_a_revision_and_dropped_when_unused() {
        let mut bodies = Bodies::default();
        let p = post("a", 1);
        let edited = Post { revision: Revision([1; 16]), ..p.clone() };
        assert_eq!(bodies.get(&p, || Some(body("1"))), Some(body("1")));
        assert_eq!(bodies.get(&p, || unreachable!()), Some(body("1")));
        assert_eq!(bodies.get(&edited, || Some(body("22"))), Some(body("22")));
        assert_eq!(bodies.bytes, 2);
        bodies.sweep();
        assert_eq!(bodies.get(&edited, || unreachable!()), Some(body("22")));
        bodies.sweep();
        bodies.sweep();
        assert_eq!((bodies.get(&edited, || None), bodies.bytes), (None, 0));
    }

    #[test]
    fn what_does_not_fit_is_not_kept() {
        let mut bodies = Bodies::default();
        let huge = "x".repeat(MAX_BYTES + 1);
        assert!(bodies.get(&post("a", 1), || Some(body(&huge))).is_some());
        assert_eq!((bodies.kept.len(), bodies.bytes), (0, 0));
    }
}
