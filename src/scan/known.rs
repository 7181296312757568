//! What is known of one of the source's files from the last time it was read.

use std::sync::Arc;

use super::world::{Asked, World};
use crate::posts::{Post, Revision};
use crate::problems::Problem;
use crate::sites::{Outcome, Reading};
use crate::sources::Stamp;

/// One file.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) stamp: Stamp,
    /// Whether the stamp vouches for the content.
    pub(super) settled: bool,
    pub(super) state: State,
    pub(super) problems: Box<[Problem]>,
    pub(super) good: Option<Good>,
    /// What came of the template, if it is one.
    pub(super) expansion: Option<Box<Expansion>>,
    /// The file's text, kept from reading to expanding.
    pub(super) text: Option<Box<str>>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A post, as [`Known::good`] has it.
    Post,
    /// None, or one that its author keeps from readers.
    Hidden,
    /// One that cannot be read: [`Known::good`] has its last good state.
    Broken,
}

/// The last good state of a post.
#[derive(Debug, Clone)]
pub(super) struct Good {
    /// With the fingerprint of what its template made of it, once that is known.
    pub(super) post: Arc<Post>,
    /// The fingerprint of what stands in the file.
    pub(super) raw: Revision,
    /// Whether it was live before its file broke.
    pub(super) was_live: bool,
}

/// What came of a template, and of what.
#[derive(Debug)]
pub(super) struct Expansion {
    pub(super) raw: Revision,
    pub(super) asked: Asked,
    pub(super) revision: Revision,
    pub(super) problems: Vec<Problem>,
}

impl Known {
    /// A file as it was just read.
    pub(super) fn read(stamp: Stamp, settled: bool, reading: Reading, text: Option<Box<str>>) -> Self {
        let problems = reading.problems.into_boxed_slice();
        let (state, good) = match reading.outcome {
            Outcome::Post(post) => {
                (State::Post, Some(Good { raw: post.revision, post: Arc::new(*post), was_live: false }))
            }
            Outcome::Broken => (State::Broken, None),
            Outcome::Hidden => (State::Hidden, None),
        };
        Self { stamp, settled, state, problems, good, expansion: None, text }
    }

    /// Makes it a file that cannot be looked at any more.
    pub(super) fn break_off(&mut self) {
        (self.settled, self.state, self.problems) = (false, State::Broken, Box::default());
    }

    /// The post that the file is, if it is one.
    pub(super) fn post(&self) -> Option<&Arc<Post>> {
        self.good.as_ref().filter(|_| self.state == State::Post).map(|good| &good.post)
    }

    pub(super) fn is_template(&self) -> bool {
        self.post().is_some_and(|post| post.template)
    }

    /// Whether the file said just this before.
    pub(super) fn says_the_same(&self, before: &Self) -> bool {
        let is_same_post = match (&self.good, &before.good) {
            (Some(now), Some(then)) => {
                now.raw == then.raw && *now.post == Post { revision: then.raw, ..Post::clone(&then.post) }
            }
            (now, then) => now.is_none() && then.is_none(),
        };
        self.state == before.state && self.problems == before.problems && is_same_post
    }

    /// Whether its template was run, and would do the same again.
    pub(super) fn is_expanded(&self, world: &World<'_>) -> bool {
        let expansion = self.expansion.as_ref().zip(self.good.as_ref());
        expansion.is_some_and(|(expansion, good)| expansion.raw == good.raw && expansion.asked.still_holds(world))
    }
}
