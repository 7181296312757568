//! Rendered bodies, up to a bound: those that documents to come want, and some that the next scan may want.
//!
//! In: posts and their bodies. Out: the same bodies, as long as their posts say what they said. Never: more text than the
//! bound, but for what the documents take that are made right now.

use std::collections::HashMap;
use std::sync::Arc;

use crate::posts::{Post, Rendered};

/// Text kept during a scan, in bytes. Beyond it, bodies are rendered again whenever a document needs them.
const MAX_BYTES: usize = 34 << 20;

/// Text kept from scan to scan: whoever saves one post has its neighbours in all of its feeds written again, and often
/// saves it once more.
const MAX_BETWEEN: usize = 8 << 20;

/// Rendered bodies by path.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    kept: HashMap<String, Body>,
    bytes: usize,
    /// Those that did not fit, for the documents that are made now.
    at_hand: HashMap<String, Body>,
    /// In how many documents to come each post stands.
    wanted: HashMap<String, usize>,
    /// Counts the uses.
    uses: u64,
    /// How many there were when the documents that are made now were begun with.
    uses_before: u64,
}

#[derive(Debug)]
struct Body {
    post: Arc<Post>,
    rendered: Rendered,
    used: u64,
}

impl Body {
    fn size(&self) -> usize {
        self.rendered.html.len() + self.rendered.summary.len()
    }
}

impl Bodies {
    /// Notes that a document to come shows a post.
    pub(super) fn want(&mut self, post: &Post) {
        *self.wanted.entry(post.path.clone()).or_default() += 1;
    }

    /// Notes that one of these documents is made.
    pub(super) fn release(&mut self, post: &Post) {
        if let Some(wanted) = self.wanted.get_mut(&post.path) {
            *wanted -= 1;
            if *wanted == 0 {
                self.wanted.remove(&post.path);
            }
        }
    }

    /// A post's body, if it is kept.
    pub(super) fn get(&self, post: &Arc<Post>) -> Option<&Rendered> {
        let body = self.kept.get(&post.path).or_else(|| self.at_hand.get(&post.path))?;
        (Arc::ptr_eq(&body.post, post) || body.post == *post).then_some(&body.rendered)
    }

    /// Whether there was room for all bodies of the documents that are made now.
    pub(super) fn are_all_kept(&self) -> bool {
        self.at_hand.is_empty()
    }

    /// Says that a kept body was of use again.
    pub(super) fn touch(&mut self, post: &Post) {
        self.uses += 1;
        if let Some(body) = self.kept.get_mut(&post.path) {
            body.used = self.uses;
        }
    }

    /// Keeps a post's body, in the place of those that no document to come wants; if there is no room, until other documents
    /// are made.
    pub(super) fn keep(&mut self, post: &Arc<Post>, rendered: &Rendered) {
        self.uses += 1;
        let body = Body { post: Arc::clone(post), rendered: rendered.clone(), used: self.uses };
        self.forget(&post.path);
        if self.bytes + body.size() > MAX_BYTES {
            let (wanted, before) = (&self.wanted, self.uses_before);
            self.kept.retain(|path, body| wanted.contains_key(path) || body.used > before);
            self.bytes = self.kept.values().map(Body::size).sum();
        }
        if self.bytes + body.size() <= MAX_BYTES {
            self.bytes += body.size();
            self.kept.insert(post.path.clone(), body);
        } else {
            self.at_hand.insert(post.path.clone(), body);
        }
    }

    /// Other documents are made now.
    pub(super) fn turn(&mut self) {
        self.at_hand.clear();
        self.uses_before = self.uses;
    }

    /// The scan has ended: what was used last stays for the next one.
    pub(super) fn rest(&mut self) {
        self.turn();
        self.wanted = HashMap::new();
        if self.bytes <= MAX_BETWEEN {
            return;
        }
        let mut uses: Vec<(u64, usize)> = self.kept.values().map(|body| (body.used, body.size())).collect();
        uses.sort_unstable_by(|a, b| b.cmp(a));
        let mut room = MAX_BETWEEN;
        let stays = |&&(_, size): &&(u64, usize)| {
            let rest = room.checked_sub(size);
            room = rest.unwrap_or_default();
            rest.is_some()
        };
        let since = uses.iter().take_while(stays).last().map_or(u64::MAX, |(used, _)| *used);
        self.kept.retain(|_, body| body.used >= since);
        self.kept.shrink_to_fit();
        self.bytes = self.kept.values().map(Body::size).sum();
    }

    fn forget(&mut self, path: &str) {
        self.bytes -= self.kept.remove(path).map_or(0, |body| body.size());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::{Revision, testing};

    fn body(text: &str) -> Rendered {
        Rendered { html: text.into(), summary: "".into() }
    }

    fn post(path: &str) -> Arc<Post> {
        Arc::new(testing::post(path, 1))
    }

    fn large() -> Rendered {
        body(&"x".repeat(MAX_BYTES / 2))
    }

    #[test]
    fn what_does_not_fit_is_kept_until_other_documents_are_made() {
        let (small, large) = (post("a"), post("b"));
        let mut bodies = Bodies::default();
        bodies.want(&small);
        bodies.keep(&small, &body("1"));
        bodies.keep(&large, &body(&"x".repeat(MAX_BYTES)));
        assert!(bodies.get(&small).is_some() && bodies.get(&large).is_some());
        bodies.turn();
        assert!(bodies.get(&small).is_some() && bodies.get(&large).is_none());
    }

    #[test]
    fn what_no_document_to_come_wants_makes_room() {
        let posts = ["a", "b", "c"].map(post);
        let mut bodies = Bodies::default();
        posts.iter().chain(&posts[..1]).for_each(|post| bodies.want(post));
        posts[..2].iter().for_each(|post| bodies.keep(post, &large()));
        posts[..2].iter().for_each(|post| bodies.release(post));
        bodies.keep(&posts[2], &large());
        let are_there = |bodies: &Bodies| posts.each_ref().map(|post| bodies.get(post).is_some());
        assert_eq!(are_there(&bodies), [true; 3], "the documents that are made now show all three");
        bodies.turn();
        assert_eq!(are_there(&bodies), [true, true, false]);
        bodies.keep(&posts[2], &large());
        bodies.turn();
        assert_eq!(are_there(&bodies), [true, false, true]);
    }

    #[test]
    fn a_body_is_that_of_what_the_post_says_now() {
        let (before, same) = (post("a"), post("a"));
        let after = Arc::new(Post { revision: Revision([1; 16]), ..testing::post("a", 1) });
        let mut bodies = Bodies::default();
        bodies.keep(&before, &body("1"));
        assert_eq!((bodies.get(&same), bodies.get(&after)), (Some(&body("1")), None));
        bodies.keep(&after, &body("22"));
        assert_eq!((bodies.get(&before), bodies.get(&after)), (None, Some(&body("22"))));
        assert_eq!(bodies.bytes, 2);
    }

    #[test]
    fn what_was_used_last_stays_for_the_next_scan() {
        let posts = ["a", "b", "c"].map(post);
        let mut bodies = Bodies::default();
        posts.iter().for_each(|post| bodies.keep(post, &body(&"x".repeat(MAX_BETWEEN / 2))));
        bodies.touch(&posts[0]);
        bodies.rest();
        assert_eq!(posts.each_ref().map(|post| bodies.get(post).is_some()), [true, false, true]);
        assert_eq!(bodies.bytes, MAX_BETWEEN / 2 * 2);
    }
}
