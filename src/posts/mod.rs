//! One Markdown file becomes a post: front matter, dates, Markdown, HTML that is safe in a feed.
//!
//! In: the text of one file. Out: values, and the problems found on the way.
//! Never: I/O, a clock, or knowledge of a generator; what Jekyll does with these parts is in [`crate::sites`].

mod bytes;
pub mod dates;
pub mod emphasis;
pub mod front_matter;
pub mod html;
mod kramdown;
pub mod lfs;
pub mod liquid;
pub mod markdown;
pub mod media;
pub(crate) mod smart;
pub mod text;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};

use self::media::{Attachment, Episode};

/// A person as feeds know them (RFC 4287, 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// Never empty, plain text.
    pub name: String,
    /// An addr-spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// An absolute URL, percent-encoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// How a post's body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Markup {
    /// CommonMark with the GitHub extensions.
    Markdown,
    /// kramdown's, as Jekyll has it.
    Kramdown,
    /// Goldmark's, as Hugo has it.
    Goldmark(markdown::Goldmark),
    /// CommonMark with what Zola adds.
    Zola(markdown::Zola),
    /// HTML as it is.
    Html,
    /// Plain text: shown as it is, in a `pre`.
    Text,
}

impl Markup {
    /// Which Markdown it is; `None` if it is something else.
    #[must_use]
    pub fn dialect(self) -> Option<markdown::Dialect> {
        match self {
            Self::Markdown => Some(markdown::Dialect::GitHub),
            Self::Kramdown => Some(markdown::Dialect::Kramdown),
            Self::Goldmark(goldmark) => Some(markdown::Dialect::Goldmark(goldmark)),
            Self::Zola(zola) => Some(markdown::Dialect::Zola(zola)),
            Self::Html | Self::Text => None,
        }
    }
}

/// Where the text that stands in for a post's summary comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Excerpt {
    /// Given by the author; plain text, or HTML whose tags are dropped.
    Given(String),
    /// The first bytes of the body, as Markdown, up to this many.
    Head(usize),
    /// None: the body itself is all there is.
    Whole,
}

/// One post, read and checked: everything but its body, which is read again when a document needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Relative to the source's root, with `/`.
    pub path: String,
    /// What the store knows it by: `id:` and the front matter's `id` or `guid`, else the path.
    pub key: String,
    /// The id that the generator's own feed gives it. An absolute IRI.
    pub id: String,
    /// Absolute and percent-encoded.
    pub url: String,
    /// Plain text, one line, never empty.
    pub title: String,
    /// First publication, in the site's time zone.
    pub published: DateTime<FixedOffset>,
    /// When the author says it changed; never before `published`.
    pub updated: Option<DateTime<FixedOffset>>,
    /// In the order given; empty where the site's author stands in.
    pub authors: Vec<Person>,
    /// The collection that it belongs to, where that is not the site's posts: it stands in that collection's feed only.
    #[serde(default)]
    pub collection: Option<String>,
    /// In the order given, without repeats.
    pub categories: Vec<String>,
    /// In the order given, without repeats.
    pub tags: Vec<String>,
    /// BCP 47, where the post differs from the site.
    pub language: Option<String>,
    /// What becomes the summary.
    pub excerpt: Excerpt,
    /// An absolute URL.
    pub image: Option<String>,
    /// In the order given, no URL twice.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// What it says of itself as an episode of a podcast.
    #[serde(default)]
    pub episode: Option<Episode>,
    /// Its entries have the summary only, whatever the feed shows of others.
    #[serde(default)]
    pub excerpt_only: bool,
    /// Front matter keys that Tidings has no meaning for, as written: for templates and JSON Feed's extension.
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// How the body is written.
    pub markup: Markup,
    /// Its text is no markup yet: it holds template tags, or refers to other files by their path.
    pub template: bool,
    /// Where in the file the body starts, in bytes.
    pub body_start: usize,
    /// Changes when, and only when, something that readers see changes.
    pub revision: Revision,
    /// Shown in lists, feeds and events. `false` for `feed: false` and the like.
    pub listed: bool,
    /// It is live from this instant on; `None`: from the start.
    pub live_from: Option<DateTime<Utc>>,
    /// It is not live any more from this instant on.
    pub live_until: Option<DateTime<Utc>>,
    /// What its text is recognised by when its file has another name; `None` where there is no text.
    #[serde(default)]
    pub text: Option<TextPrint>,
    /// Where its author says it was before: absolute URLs. For recognising it, never for readers.
    #[serde(default)]
    pub former_urls: Vec<String>,
}

impl Post {
    /// Its text as it stands in its file, whose whole text is `file` as [`text::decode`] gives it, as far as [`text::bounded`]
    /// goes.
    #[must_use]
    pub fn body<'a>(&self, file: &'a str) -> &'a str {
        text::bounded(file.get(self.body_start..).unwrap_or_default())
    }
}

/// The fingerprint of what readers see of a post: the first 16 bytes of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Revision(pub [u8; 16]);

/// The fingerprint of a post's text without its blank ends: the first 16 bytes of a BLAKE3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TextPrint(pub [u8; 16]);

impl TextPrint {
    /// That of a text which an older version saw, and took down nothing of. No post has it.
    pub const UNKNOWN: Self = Self([0; 16]);
}

/// A body made into HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Balanced HTML without scripts, styles or relative links; empty if the body is.
    pub html: Arc<str>,
    /// Plain text, white space folded; empty if there is none.
    pub summary: Arc<str>,
}

/// A post's text as markup: what stands in its file, or what its template made of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// The whole.
    pub body: Cow<'a, str>,
    /// The beginning that stands for it, where that is its excerpt.
    pub head: Option<Cow<'a, str>>,
}

impl<'a> Source<'a> {
    /// The text of a post as it stands in its file, whose whole text is `file` as [`text::decode`] gives it.
    #[must_use]
    pub fn of(post: &Post, file: &'a str) -> Self {
        let body = post.body(file);
        let head = match post.excerpt {
            Excerpt::Head(len) => Some(body.get(..len).unwrap_or(body).into()),
            Excerpt::Given(_) | Excerpt::Whole => None,
        };
        Self { body: body.into(), head }
    }
}

/// Renders a post's text.
#[must_use]
pub fn render(post: &Post, source: &Source<'_>) -> Rendered {
    let body = &source.body;
    let html = match (post.markup.dialect(), post.markup) {
        (Some(dialect), _) => markdown::to_html(body, &post.url, dialect),
        (None, Markup::Text) => html::preformatted(body),
        (None, _) => html::clean(body, &post.url),
    };
    let summary = match (&post.excerpt, &source.head) {
        (Excerpt::Given(given), _) => html::plain_text(given),
        (_, Some(head)) => html::plain_text(&match (post.markup.dialect(), post.markup) {
            (Some(dialect), _) => Cow::Owned(markdown::excerpt_to_html(head, body, &post.url, dialect)),
            (None, Markup::Text) => Cow::Owned(html::escape(head)),
            (None, _) => Cow::Borrowed(&**head),
        }),
        (_, None) => html::plain_text(&html),
    };
    Rendered { html: html.into(), summary: summary.into() }
}

/// Posts for the tests of other modules.
#[cfg(test)]
pub(crate) mod testing {
    use chrono::TimeZone as _;

    use super::{Excerpt, FixedOffset, Markup, Post, Revision};

    /// A post at `path`, published on this day of January 2025 (UTC).
    pub(crate) fn post(path: &str, day: u32) -> Post {
        let utc = FixedOffset::east_opt(0).unwrap();
        Post {
            path: path.to_owned(),
            key: path.to_owned(),
            id: format!("https://example.com/{path}"),
            url: format!("https://example.com/{path}.html"),
            title: path.to_owned(),
            published: utc.with_ymd_and_hms(2025, 1, day, 0, 0, 0).unwrap(),
            updated: None,
            authors: Vec::new(),
            collection: None,
            categories: Vec::new(),
            tags: Vec::new(),
            language: None,
            excerpt: Excerpt::Whole,
            image: None,
            attachments: Vec::new(),
            episode: None,
            excerpt_only: false,
            extra: serde_json::Map::new(),
            markup: Markup::Markdown,
            template: false,
            body_start: 0,
            revision: Revision([0; 16]),
            listed: true,
            live_from: None,
            live_until: None,
            text: None,
            former_urls: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(markup: Markup, excerpt: Excerpt) -> Post {
        let url = "https://example.com/a/".to_owned();
        Post { url, markup, excerpt, body_start: 4, ..testing::post("_posts/a.md", 1) }
    }

    fn rendered(markup: Markup, excerpt: Excerpt, body: &str) -> (String, String) {
        let (post, file) = (post(markup, excerpt), format!("---\n{body}"));
        let rendered = render(&post, &Source::of(&post, &file));
        (rendered.html.to_string(), rendered.summary.to_string())
    }

    #[test]
    fn a_head_is_read_as_the_body_is() {
        let head = Excerpt::Head(7);
        let (html, summary) = rendered(Markup::Markdown, head.clone(), "a *b* [\n\nc\n");
        assert_eq!((html.as_str(), summary.as_str()), ("<p>a <em>b</em> [</p>\n<p>c</p>\n", "a b ["));
        assert_eq!(rendered(Markup::Html, head.clone(), "<p>a b </p><p>c").1, "a b");
        assert_eq!(rendered(Markup::Text, head, "<b>&amp; c").1, "<b>&amp");
    }

    #[test]
    fn a_given_excerpt_loses_its_tags() {
        let given = Excerpt::Given("<b>a</b> &amp; Vec<T>\n".to_owned());
        assert_eq!(rendered(Markup::Markdown, given, "b").1, "a & Vec<T>");
    }

    #[test]
    fn an_empty_body_gives_nothing() {
        for markup in [Markup::Markdown, Markup::Kramdown, Markup::Html, Markup::Text] {
            assert_eq!(rendered(markup, Excerpt::Whole, " \n\n"), (String::new(), String::new()), "{markup:?}");
        }
    }

    #[test]
    fn a_body_that_starts_nowhere_is_empty() {
        let post = post(Markup::Markdown, Excerpt::Head(9));
        assert_eq!(render(&post, &Source::of(&post, "日")).html.as_ref(), "");
    }
}
