//! From front matter and what a generator's rules decided to a post: the part that all generators share.

use chrono::{DateTime, FixedOffset, Utc};
use url::Url;

use crate::posts::front_matter::{Map, Value};
use crate::posts::text::{self, MAX_MARKS};
use crate::posts::{Excerpt, Markup, Post, Revision, html};
use crate::problems::Code;

use super::report::{Report, Words, quoted};
use super::{Rules, known_by, links, media, people, revision, titles};

/// What a generator's rules decide.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) url: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) published: DateTime<FixedOffset>,
    pub(super) updated: Option<DateTime<FixedOffset>>,
    pub(super) categories: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) excerpt: Excerpt,
    pub(super) markup: Markup,
    /// See [`Post::template`].
    pub(super) template: bool,
    /// See [`Post::live_from`].
    pub(super) live_from: Option<DateTime<Utc>>,
    /// See [`Post::live_until`].
    pub(super) live_until: Option<DateTime<Utc>>,
    /// What the path of an image, or of another file that goes with the post, is relative to, unless it starts with `/`.
    pub(super) image_base: String,
    /// Front matter keys that this generator gives a meaning, beside [`KNOWN`].
    pub(super) known: &'static [&'static str],
}

/// One file, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) body_start: usize,
    /// Its own front matter.
    pub(super) own: &'a Map,
    /// The same with the generator's defaults below it.
    pub(super) data: &'a Map,
    pub(super) rules: &'a Rules<'a>,
}

/// Front matter keys that have a meaning with every generator.
const KNOWN: &[&str] = &[
    "author",
    "authors",
    "categories",
    "category",
    "date",
    "description",
    "draft",
    "enclosure",
    "enclosures",
    "excerpt",
    "feed",
    "guid",
    "hidden",
    "id",
    "image",
    "lang",
    "language",
    "last_modified_at",
    "lastmod",
    "permalink",
    "published",
    "slug",
    "tag",
    "tags",
    "title",
    "unlisted",
    "updated",
];

impl File<'_> {
    pub(super) fn body(&self) -> &str {
        text::bounded(self.text.get(self.body_start..).unwrap_or_default())
    }

    /// The text under `key`, if it is one and not blank.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.data
            .get(key)
            .filter(|value| value.is_truthy())
            .and_then(Value::as_text)
            .filter(|text| !text.trim().is_empty())
    }

    /// The first of `keys` that gives a text to stand for the post.
    pub(super) fn given_excerpt(&self, keys: &[&str], report: &mut Report<'_>) -> Option<Excerpt> {
        keys.iter().find_map(|key| {
            if matches!(self.data.get(key), Some(Value::List(_) | Value::Map(_))) {
                report.odd_field(self.data, key, "a text");
            }
            self.text_of(key).map(|text| Excerpt::Given(text.to_owned()))
        })
    }

    /// The post.
    pub(super) fn post(&self, decided: Decided, report: &mut Report<'_>) -> Post {
        self.post_among(&people::Known::default(), decided, report)
    }

    /// The post, on a site where authors may be named by what they are `known` by.
    pub(super) fn post_among(&self, known: &people::Known, decided: Decided, report: &mut Report<'_>) -> Post {
        let explicit = self.explicit_id();
        let mut post = Post {
            path: self.path.to_owned(),
            key: explicit.map_or_else(|| self.path.to_owned(), |id| format!("id:{id}")),
            id: explicit.and_then(iri).unwrap_or(decided.id),
            authors: people::authors(self.data, known, report),
            collection: None,
            language: self.language(report),
            image: self.image(&decided.image_base, report),
            attachments: media::attachments(self.data, &|path| self.resolve(path, &decided.image_base), report),
            episode: media::episode(self.data),
            excerpt_only: self.excerpt_only() || self.is_cut(report),
            extra: self.extra(decided.known),
            url: decided.url,
            title: decided.title,
            published: decided.published,
            updated: decided.updated,
            categories: decided.categories,
            tags: decided.tags,
            excerpt: decided.excerpt,
            markup: decided.markup,
            template: decided.template,
            body_start: self.body_start,
            revision: Revision([0; 16]),
            listed: self.listed(),
            live_from: decided.live_from,
            live_until: decided.live_until,
            text: None,
            former_urls: Vec::new(),
        };
        if self.rules.prints {
            post.text = known_by::text(&post.title, self.body());
        }
        post.former_urls = known_by::former_urls(self.own, &self.rules.site.url, &post.url);
        post.revision = revision::of(&post, links::base(&self.rules.site.url), self.body());
        post
    }

    /// Only from the file itself: an id that all posts inherit would be none.
    fn explicit_id(&self) -> Option<&str> {
        let id = |key| self.own.get(key).and_then(Value::as_text).map(str::trim).filter(|id| !id.is_empty());
        id("id").or_else(|| id("guid"))
    }

    fn language(&self, report: &mut Report<'_>) -> Option<String> {
        let key = ["lang", "language"].into_iter().find(|key| self.data.get(key).is_some_and(Value::is_truthy))?;
        let language = self.text_of(key).and_then(text::language);
        if language.is_none() {
            report.odd_field(self.data, key, "a language tag such as `ja` or `en-GB`");
        }
        language.filter(|language| self.rules.site.language.as_ref() != Some(language))
    }

    fn image(&self, base: &str, report: &mut Report<'_>) -> Option<String> {
        let value = self.data.get("image").filter(|value| value.is_truthy())?;
        let path = match value {
            Value::Map(map) => ["path", "url", "src"].into_iter().find_map(|key| map.get(key)?.as_text()),
            other => other.as_text(),
        };
        let image = path.map(str::trim).filter(|path| !path.is_empty()).and_then(|path| self.resolve(path, base));
        if image.is_none() {
            report.odd_field(self.data, "image", "the path or URL of an image");
        }
        image
    }

    /// A path that starts with `/` starts at the site's address, base path included.
    fn resolve(&self, path: &str, base: &str) -> Option<String> {
        match path.strip_prefix('/').filter(|rest| !rest.starts_with('/')) {
            Some(rest) => html::absolute(rest, self.rules.site.url.as_str()),
            None => html::absolute(path, base),
        }
    }

    fn listed(&self) -> bool {
        let data = self.data;
        !data.says("feed", false) && !data.says("hidden", true) && !data.says("unlisted", true)
    }

    /// As jekyll-feed has it: `feed: {excerpt_only: true}`.
    fn excerpt_only(&self) -> bool {
        let feed = self.data.get("feed").and_then(Value::as_map);
        feed.and_then(|feed| feed.get("excerpt_only")).is_some_and(Value::is_truthy)
    }

    /// Whether the text has more marks than are read, of which it warns.
    fn is_cut(&self, report: &mut Report<'_>) -> bool {
        let end = self.body_start + self.body().len();
        let is_cut = end < self.text.len();
        if is_cut {
            let message =
                format!("up to here the text has {MAX_MARKS} line ends and characters of markup, and it goes on");
            let words = Words::new(
                message,
                "its entries have the summary and the link only",
                "put tables and other data into a file of their own, and link to it",
            );
            report.warning(Code::TooLarge, Some(end..end), words);
        }
        is_cut
    }

    /// Only what stands in the file itself, so that a change of the site's defaults does not change every post.
    fn extra(&self, known: &[&str]) -> serde_json::Map<String, serde_json::Value> {
        let extra = self.own.iter().filter(|(key, _)| !KNOWN.contains(key) && !known.contains(key));
        extra.map(|(key, value)| (text::allowed(key).into_owned(), value.to_json())).collect()
    }
}

/// A title, or what stands in for one, for no entry of a feed is without: the first words of the body, else the date.
pub(super) fn title_or_words(
    title: String,
    file: &File<'_>,
    markup: Markup,
    published: DateTime<FixedOffset>,
) -> String {
    if !title.is_empty() {
        return title;
    }
    titles::of_body(file.body(), markup).unwrap_or_else(|| published.format("%Y-%m-%d").to_string())
}

/// Warns of the first template tag that was left out of the body.
pub(super) fn tell_dropped(post: &Post, file: &str, dropped: Option<std::ops::Range<usize>>, report: &mut Report<'_>) {
    let Some(range) = dropped else { return };
    let range = post.body_start + range.start..post.body_start + range.end;
    let tag = quoted(&file[range.clone()], 60);
    let message = format!("the template tag {tag} is not run here");
    let words = Words::new(
        message,
        "it and others like it are left out of the text",
        "write the text itself, or accept the gap",
    );
    report.warning(Code::Template, Some(range), words);
}

/// An id as it was written, where it is the address of something on the web, a tag (RFC 4151) or a URN (RFC 8141); what no URI
/// may hold is percent-encoded (RFC 4287, 4.2.6.1). Any other, such as `2025:1`, names a post on this site only.
fn iri(id: &str) -> Option<String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b";/?:@&=+$.-_!~*'()%,#".contains(&byte);
    let url = Url::parse(id).ok().filter(|_| !id.contains(char::is_whitespace))?;
    let is_known = match url.scheme() {
        "http" | "https" => true,
        "tag" => is_tag(url.path()),
        "urn" => url.path().split_once(':').is_some_and(|(space, name)| space.len() > 1 && !name.is_empty()),
        _ => false,
    };
    let id = if id.bytes().all(is_allowed) { id } else { url.as_str() };
    (is_known && id.bytes().all(is_allowed)).then(|| id.to_owned())
}

/// Whose tag, since when, and which: `example.com,2025:1`.
fn is_tag(text: &str) -> bool {
    let is_date = |date: &str| date.len() >= 4 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let parts = text.split_once(',').and_then(|(who, rest)| Some((who, rest.split_once(':')?)));
    parts.is_some_and(|(who, (date, which))| who.contains('.') && is_date(date) && !which.is_empty())
}
