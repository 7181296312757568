//! Two posts cannot have one key, one URL or one id. Who was published under it before keeps it, else the first by path.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::posts::Live;
use crate::events::Seen;
use crate::posts::Post;
use crate::problems::{Code, Problem, Severity};

impl Live {
    /// Leaves every key, URL and id to one post, and says so.
    pub(super) fn settle_conflicts(&mut self, seen: &HashMap<String, Seen>) {
        self.settle_keys();
        self.settle_urls(seen);
        self.settle_ids(seen);
    }

    fn settle_keys(&mut self) {
        let mut taken: HashMap<String, String> = HashMap::new();
        for post in &mut self.posts {
            if let Some(first) = taken.get(&post.key) {
                self.problems.push(duplicate_key(post, first));
                let post = Arc::make_mut(post);
                post.key.clone_from(&post.path);
            }
            taken.insert(post.key.clone(), post.path.clone());
        }
    }

    fn settle_urls(&mut self, seen: &HashMap<String, Seen>) {
        let mut taken: HashMap<String, Arc<Post>> = HashMap::new();
        let mut order = self.posts.clone();
        order.sort_by_key(|post| !seen.get(&post.key).is_some_and(|seen| !seen.gone && seen.post.url == post.url));
        for post in order {
            if let Some(first) = taken.get(&post.url) {
                self.problems.push(duplicate_url(&post, first));
                self.unreadable.insert(post.path.clone());
                self.posts.retain(|other| other.path != post.path);
            } else {
                taken.insert(post.url.clone(), post);
            }
        }
    }

    fn settle_ids(&mut self, seen: &HashMap<String, Seen>) {
        let mut taken = HashSet::new();
        for post in &self.posts {
            if let Some(seen) = seen.get(&post.key) {
                taken.insert(seen.entry_id.clone());
                self.ids.insert(post.key.clone(), seen.entry_id.clone());
            }
        }
        for post in &self.posts {
            if self.ids.contains_key(&post.key) {
                continue;
            }
            let id = if taken.contains(&post.id) { &post.url } else { &post.id };
            if *id != post.id {
                self.problems.push(duplicate_id(post));
            }
            taken.insert(id.clone());
            self.ids.insert(post.key.clone(), id.clone());
        }
    }
}

fn duplicate_key(post: &Post, first: &str) -> Problem {
    Problem {
        code: Code::DuplicateId,
        severity: Severity::Warning,
        path: post.path.clone(),
        place: None,
        message: format!("its front matter gives the id that {first} has already: {}", post.key),
        effect: "it is known by its path instead".to_owned(),
        remedy: "give each post an id of its own, or none".to_owned(),
    }
}

fn duplicate_url(post: &Post, first: &Post) -> Problem {
    Problem {
        code: Code::DuplicateUrl,
        severity: Severity::Error,
        path: post.path.clone(),
        place: None,
        message: format!("its URL is that of {} too: {}", first.path, post.url),
        effect: "it is left out of the feeds".to_owned(),
        remedy: "change the slug, the permalink or the file name of one of them".to_owned(),
    }
}

fn duplicate_id(post: &Post) -> Problem {
    Problem {
        code: Code::DuplicateId,
        severity: Severity::Note,
        path: post.path.clone(),
        place: None,
        message: format!("the generator gives it an id that another post has already: {}", post.id),
        effect: "its URL is its id".to_owned(),
        remedy: "nothing needs to be done".to_owned(),
    }
}
