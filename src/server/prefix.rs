//! Where the public listener's paths begin.

use percent_encoding::percent_decode_str;

/// The path of the public URL, which may stand before a request's path or not: a reverse proxy may strip it.
#[derive(Debug, Clone)]
pub(super) struct Prefix(
    /// Decoded, with slashes at both ends.
    String,
);

impl Prefix {
    /// `path` is percent-encoded.
    pub(super) fn new(path: &str) -> Self {
        let path = percent_decode_str(path.trim_matches('/')).decode_utf8_lossy();
        Self(if path.is_empty() { "/".to_owned() } else { format!("/{path}/") })
    }

    /// What a request's path, decoded, may name: the most likely first.
    pub(super) fn names<'a>(&self, path: &'a str) -> impl Iterator<Item = &'a str> {
        let below = path.strip_prefix(&self.0);
        let root = (path.strip_suffix('/').unwrap_or(path) == self.0.trim_end_matches('/')).then_some("");
        [below, root, path.strip_prefix('/')].into_iter().flatten()
    }
}
