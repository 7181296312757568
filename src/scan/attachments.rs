//! How large the files are that go with posts, where they are the site's own.

use percent_encoding::percent_decode_str;

use super::posts::Posts;
use crate::config::Config;
use crate::posts::Post;
use crate::posts::media::Attachment;

/// Where generators keep files that they copy to the site's root.
const ROOTS: [&str; 4] = ["", "static/", "public/", "assets/"];

/// The post's attachments, with the sizes of local files where their author gives none.
pub(super) fn with_sizes(post: &Post, posts: &Posts, config: &Config) -> Vec<Attachment> {
    let size = |file: &Attachment| posts.size(candidates(&file.url, &post.path, config.site.url.as_str()));
    let whole = |file: &Attachment| Attachment { length: file.length.or_else(|| size(file)), ..file.clone() };
    post.attachments.iter().map(whole).collect()
}

/// The files in the source that may be the one at `url`; none if that is not below the site's address `base`.
fn candidates(url: &str, post: &str, base: &str) -> Vec<String> {
    let path = url.strip_prefix(base).and_then(|path| path.split(['?', '#']).next()).unwrap_or_default();
    let Ok(path) = percent_decode_str(path).decode_utf8() else { return Vec::new() };
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        return Vec::new();
    }
    let beside = post.rsplit_once('/').map_or_else(|| name.to_owned(), |(dir, _)| format!("{dir}/{name}"));
    ROOTS.iter().map(|root| format!("{root}{path}")).chain([beside]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_file_is_looked_for_where_generators_keep_them() {
        let found = candidates("https://e.example/b/a/%E4%B8%80.mp3?x", "content/p/index.md", "https://e.example/b/");
        assert_eq!(found, ["a/一.mp3", "static/a/一.mp3", "public/a/一.mp3", "assets/a/一.mp3", "content/p/一.mp3"]);
    }

    #[test]
    fn what_is_elsewhere_is_no_local_file() {
        for url in ["https://cdn.example/x.mp3", "https://e.example/", "https://e.example/%FF.mp3"] {
            assert!(candidates(url, "x.md", "https://e.example/").is_empty(), "{url}");
        }
    }
}
