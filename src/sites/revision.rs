//! The fingerprint of what readers see of a post.

use sha2::{Digest, Sha256};

use crate::posts::media::{Episode, EpisodeKind};
use crate::posts::{Excerpt, Markup, Post, Revision, Source, TextPrint};

/// The fingerprint of `post` with this body, whose own fingerprint it has already, on a site at `base`.
///
/// Neither the site's address nor the file's path go in: a site that moves, or a file that does while its URL stays,
/// changes nothing that readers see.
pub(super) fn of(post: &Post, base: &str, body: &str) -> Revision {
    let mut hash = Hash(Sha256::new());
    hash.text(&post.title);
    hash.text(below(&post.url, base));
    hash.number(post.published.timestamp());
    hash.text(&post.updated.map(|at| at.timestamp().to_string()).unwrap_or_default());
    hash.list(post.authors.iter(), |hash, person| {
        hash.text(&person.name);
        hash.text(person.email.as_deref().unwrap_or_default());
        hash.text(person.uri.as_deref().unwrap_or_default());
    });
    hash.list(post.categories.iter(), |hash, term| hash.text(term));
    hash.list(post.tags.iter(), |hash, term| hash.text(term));
    hash.text(post.language.as_deref().unwrap_or_default());
    hash.excerpt(&post.excerpt);
    hash.text(post.image.as_deref().map(|url| below(url, base)).unwrap_or_default());
    hash.list(post.extra.iter(), |hash, (key, value)| {
        hash.text(key);
        hash.text(&value.to_string());
    });
    hash.text(match post.markup {
        Markup::Markdown | Markup::Kramdown | Markup::Goldmark(_) | Markup::Zola(_) => "markdown",
        Markup::Html => "html",
        Markup::Text => "text",
    });
    hash.body(post.text, body);
    // Behind everything else, so that a post without any of it is what it was before there were any.
    if post.excerpt_only {
        hash.text("excerpt only");
    }
    if !post.attachments.is_empty() || post.episode.is_some() {
        hash.attachments(post, base);
    }
    hash.finish()
}

/// The fingerprint of a post whose template made this of the text that `raw` covers.
pub(super) fn expanded(raw: Revision, source: &Source<'_>) -> Revision {
    let mut hash = Hash(Sha256::new());
    hash.0.update(raw.0);
    hash.text(&source.body);
    hash.text(source.head.as_deref().unwrap_or_default());
    hash.finish()
}

fn below<'a>(url: &'a str, base: &str) -> &'a str {
    url.strip_prefix(base).unwrap_or(url)
}

/// Every field goes in behind its length, and every list behind its count, so that no two posts can say the same.
struct Hash(Sha256);

impl Hash {
    fn number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    /// A body by its fingerprint, which covers all but the blank ends: it is long, and is not read twice.
    fn body(&mut self, print: Option<TextPrint>, body: &str) {
        let inside = body.trim_start();
        let (before, behind) = (body.len() - inside.len(), inside.trim_end().len());
        self.text(&body[..before]);
        self.text(&inside[behind..]);
        self.0.update(print.map(|TextPrint(print)| print).unwrap_or_default());
    }

    fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.0.update((items.len() as u64).to_be_bytes());
        items.for_each(|item| each(self, item));
    }

    fn excerpt(&mut self, excerpt: &Excerpt) {
        match excerpt {
            Excerpt::Given(text) => {
                self.text("given");
                self.text(text);
            }
            Excerpt::Head(len) => {
                self.text("head");
                self.0.update((*len as u64).to_be_bytes());
            }
            Excerpt::Whole => self.text("whole"),
        }
    }

    /// Their sizes as the author gives them: those of local files are looked up later.
    fn attachments(&mut self, post: &Post, base: &str) {
        self.list(post.attachments.iter(), |hash, attachment| {
            hash.text(below(&attachment.url, base));
            hash.text(&attachment.media_type);
            hash.text(&format!("{:?} {:?}", attachment.length, attachment.duration));
            hash.text(attachment.title.as_deref().unwrap_or_default());
        });
        if let Some(Episode { number, season, kind, explicit }) = &post.episode {
            let kind = kind.map(EpisodeKind::as_str);
            self.text(&format!("{number:?} {season:?} {kind:?} {explicit:?}"));
        }
    }

    fn finish(self) -> Revision {
        let digest: [u8; 32] = self.0.finalize().into();
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        Revision(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Generator;
    use crate::sites::{Outcome, Rules, Site, testing};

    fn read(url: &str, path: &str, text: &str) -> Post {
        let site = crate::sites::tests::site(url);
        let rules = Rules { site: &site, permalink: "", max_post_bytes: 1 << 20, prints: true };
        let jekyll = Site::open(Some(Generator::Jekyll), &testing::files([])).unwrap().site;
        match jekyll.read(path, text.as_bytes(), &rules).outcome {
            Outcome::Post(post) => *post,
            other => panic!("{other:?}"),
        }
    }

    const TEXT: &str = "---\ntitle: T\nimage: /i.png\ntags: [ab, c]\n---\nbody\n";

    fn revision(text: &str) -> Revision {
        read("https://example.com/", "_posts/2025-01-05-x.md", text).revision
    }

    #[test]
    fn neither_the_sites_address_nor_the_files_path_matter() {
        let here = revision(TEXT);
        assert_eq!(read("https://other.example/base/", "_posts/2025-01-05-x.md", TEXT).revision, here);
        assert_eq!(read("https://example.com/", "_posts/sub/2025-1-5-x.markdown", TEXT).revision, here);
        assert_eq!(revision(&TEXT.replace("title: T", "title:   'T'\nhidden: false")), here);
    }

    #[test]
    fn whatever_readers_see_matters() {
        let changes = [
            ("title: T", "title: U"),
            ("title: T", "title: T\nreading_time: 5"),
            ("title: T", "title: T\nauthor: Ada"),
            ("title: T", "title: T\ncategory: A"),
            ("title: T", "title: T\nlang: en"),
            ("title: T", "title: T\ndate: 2025-01-05 00:00:01 +0000"),
            ("title: T", "title: T\nlastmod: 2025-01-06"),
            ("title: T", "title: T\npermalink: /y/"),
            ("title: T", "title: T\nexcerpt: body"),
            ("i.png", "j.png"),
            ("[ab, c]", "[a, bc]"),
            ("[ab, c]", "[c, ab]"),
            ("title: T", "title: T\nenclosure: /x.mp3"),
            ("title: T", "title: T\nenclosure: {url: /x.mp3, size: 5}"),
            ("title: T", "title: T\nenclosure: {url: /x.mp3, episode: 5}"),
            ("title: T", "title: T\nfeed: {excerpt_only: true}"),
            ("body", "Body"),
            ("body\n", "body"),
        ];
        let mut revisions: Vec<Revision> =
            changes.iter().map(|(from, to)| revision(&TEXT.replacen(from, to, 1))).collect();
        revisions.push(revision(TEXT));
        revisions.sort();
        revisions.dedup();
        assert_eq!(revisions.len(), changes.len() + 1);
    }
}
