//! Plain Markdown: any repository of Markdown files, with or without front matter.
//!
//! In: a Markdown file. Out: a post, if it says when it was published. Never: file times, which a fresh clone changes.

mod body;
mod name;
#[cfg(test)]
mod tests;

use chrono::{DateTime, FixedOffset};

use super::compose::{Decided, File, title_or_words};
use super::dated;
use super::report::{LEFT_OUT, Report, Words};
use super::terms::{self, Split};
use super::{Outcome, Rules, links, slug, titles};
use crate::posts::dates::Naive;
use crate::posts::front_matter::{self, Map, Value};
use crate::posts::{Excerpt, Markup, text};
use crate::problems::Code;
use body::{Heading, first_heading, first_paragraph};
use name::Name;

const EXTENSIONS: [&str; 5] = ["md", "markdown", "mkd", "mkdn", "mkdown"];

/// Directories that hold other people's files.
const SKIPPED: [&str; 3] = ["node_modules", "target", "vendor"];

/// The first of these that is there says when a post was published.
const DATES: [&str; 6] = ["date", "published", "publishDate", "publish_date", "pubDate", "created"];

/// The first of these that is there says when it was changed.
const UPDATES: [&str; 5] = ["updated", "lastmod", "last_modified_at", "modified", "updatedDate"];

/// Front matter keys that have a meaning here.
const KNOWN: &[&str] =
    &["publishDate", "publish_date", "pubDate", "created", "modified", "updatedDate", "summary", "url"];

pub(super) fn enters(dir: &str) -> bool {
    let name = dir.rsplit('/').next().unwrap_or(dir);
    !name.starts_with(['.', '_']) && !SKIPPED.contains(&name)
}

pub(super) fn wants(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_markdown = name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
    });
    is_markdown && path.match_indices('/').all(|(at, _)| enters(&path[..at]))
}

pub(super) fn read(path: &str, text: &str, rules: &Rules<'_>, report: &mut Report<'_>) -> Outcome {
    if let Some(fence) = toml_fence(text) {
        let remedy = "write the front matter as YAML, between two lines `---`";
        let words = Words::new("front matter in TOML (`+++`) is not read yet", "it is no post", remedy);
        report.warning(Code::FrontMatter, Some(0..fence.len()), words);
        return Outcome::Hidden;
    }
    let (data, body_start) = match front_matter::read(text) {
        Ok(read) => read,
        Err(error) => {
            report.broken_yaml("the front matter", &error, LEFT_OUT);
            return Outcome::Broken;
        }
    };
    let heading = if has_title(&data) { None } else { first_heading(&text[body_start..]) };
    // A heading on top that is the title is no part of the text: readers show the title above it.
    let body_start = body_start + heading.filter(|heading| heading.is_on_top).map_or(0, |heading| heading.end);
    let file = File { path, text, body_start, own: &data, data: &data, rules };
    let post = PlainPost { file, name: Name::of(path), heading };
    if post.is_hidden() {
        return Outcome::Hidden;
    }
    let published = match post.published(report) {
        Dated::At(at) => at,
        Dated::Broken => return Outcome::Broken,
        Dated::Never => return Outcome::Hidden,
    };
    let Some(decided) = post.decided(published, report) else { return Outcome::Broken };
    Outcome::Post(Box::new(file.post(decided, report)))
}

/// What is known of a file's date.
enum Dated {
    At(DateTime<FixedOffset>),
    /// Nothing: it is a page.
    Never,
    /// It has one that cannot be read, and that was reported.
    Broken,
}

struct PlainPost<'a> {
    file: File<'a>,
    name: Name<'a>,
    /// Where the front matter has no title.
    heading: Option<Heading<'a>>,
}

impl PlainPost<'_> {
    fn is_hidden(&self) -> bool {
        let is = |key, word| self.file.data.get(key).is_some_and(|value| says(value, word));
        is("draft", "true") || is("draft", "yes") || is("published", "false") || is("published", "no")
    }

    fn published(&self, report: &mut Report<'_>) -> Dated {
        let (data, dates) = (self.file.data, self.dates());
        // `published: true` is no date, and an empty key is none either.
        let is_date = |key: &&str| data.get(key).is_some_and(|value| value.is_truthy() && value.as_bool().is_none());
        let read = match (DATES.iter().find(|key| is_date(key)), self.name.day) {
            (Some(key), _) => dates.published(data, key, report),
            (None, Some(day)) => dates.day(day, report),
            (None, None) => {
                let remedy = "if it is a post, give it a `date` or a name like `2025-11-08-name.md`";
                report.note(Code::Undated, None, Words::new("the page has no date", "it is no post", remedy));
                return Dated::Never;
            }
        };
        read.map_or(Dated::Broken, Dated::At)
    }

    fn dates(&self) -> dated::Reading {
        dated::Reading { zone: self.file.rules.site.timezone, naive: Naive::Local }
    }

    fn decided(&self, published: DateTime<FixedOffset>, report: &mut Report<'_>) -> Option<Decided> {
        let url = self.url(published, report)?;
        Some(Decided {
            id: url.clone(),
            image_base: url.clone(),
            title: title_or_words(self.title(report), &self.file, Markup::Markdown, published),
            updated: self.dates().updated(self.file.data, &UPDATES, published, report),
            categories: self.terms(["categories", "category"], report),
            tags: self.terms(["tags", "tag"], report),
            excerpt: self.excerpt(report),
            markup: Markup::Markdown,
            template: false,
            live_from: Some(published.to_utc()),
            live_until: None,
            known: KNOWN,
            url,
            published,
        })
    }

    /// The front matter's title, else the first heading, else the file's name.
    fn title(&self, report: &mut Report<'_>) -> String {
        if matches!(self.file.data.get("title"), Some(Value::List(_) | Value::Map(_))) {
            report.odd_field(self.file.data, "title", "a text");
        }
        let given = self.file.text_of("title").or(self.heading.map(|heading| heading.text)).map(titles::plain);
        given
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| text::one_line(&self.name.slug.replace(['-', '_'], " ")))
    }

    /// Of both keys, the plural first; a text holds terms with commas between.
    fn terms(&self, keys: [&str; 2], report: &mut Report<'_>) -> Vec<String> {
        let all: Vec<String> =
            keys.iter().flat_map(|key| terms::read(self.file.data, key, Split::Commas, report)).collect();
        terms::shown(&all, self.file.data, keys[0], report)
    }

    fn excerpt(&self, report: &mut Report<'_>) -> Excerpt {
        let given = self.file.given_excerpt(&["description", "summary", "excerpt"], report);
        given.unwrap_or_else(|| first_paragraph(self.file.body()))
    }

    /// The front matter's `permalink` or `url`, else the template.
    fn url(&self, published: DateTime<FixedOffset>, report: &mut Report<'_>) -> Option<String> {
        let base = links::base(&self.file.rules.site.url);
        match self.file.text_of("permalink").or_else(|| self.file.text_of("url")).map(str::trim) {
            Some(given) if given.contains("://") => self.absolute(given, report),
            Some(given) => Some(format!("{base}{}", links::normal(&format!("/{}", given.trim_start_matches('/'))))),
            None => Some(format!("{base}{}", self.path(published))),
        }
    }

    fn absolute(&self, given: &str, report: &mut Report<'_>) -> Option<String> {
        let url = url::Url::parse(given).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            let key = if self.file.text_of("permalink").is_some() { "permalink" } else { "url" };
            let message = format!("`{given}` is no web address");
            let words = Words::new(message, LEFT_OUT, "write a path such as `/posts/name/`");
            report.error(Code::Permalink, self.file.data.span(key), words);
        }
        url.map(String::from)
    }

    fn path(&self, published: DateTime<FixedOffset>) -> String {
        let written = self.file.text_of("slug").unwrap_or(self.name.slug);
        // A name of nothing but emoji is better kept than lost.
        let slug = Some(slug::pretty(written)).filter(|slug| !slug.is_empty()).unwrap_or_else(|| written.to_owned());
        let mut path = format!("/{}", self.file.rules.permalink);
        for (placeholder, value) in [
            ("{dir}", self.name.dir),
            ("{slug}", slug.as_str()),
            ("{name}", self.name.stem),
            ("{year}", &published.format("%Y").to_string()),
            ("{month}", &published.format("%m").to_string()),
            ("{day}", &published.format("%d").to_string()),
        ] {
            path = path.replace(placeholder, &links::escape(value));
        }
        while path.contains("//") {
            path = path.replace("//", "/");
        }
        links::normal(&path)
    }
}

/// The line that opens a block of TOML. What the block says (that it is a draft, for one) is not known here, so that even
/// a file with a date in its name must not be taken for all text.
fn toml_fence(text: &str) -> Option<&str> {
    text.lines().next().map(str::trim_end).filter(|line| *line == "+++")
}

fn has_title(data: &Map) -> bool {
    data.get("title").and_then(Value::as_text).is_some_and(|title| !title.trim().is_empty())
}

/// People write `draft: "true"` too.
fn says(value: &Value, word: &str) -> bool {
    value.as_text().is_some_and(|text| text.eq_ignore_ascii_case(word))
}
