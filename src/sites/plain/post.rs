//! One Markdown file becomes a post.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};

use crate::posts::dates::Naive;
use crate::posts::front_matter::{self, Map, Value};
use crate::posts::{Excerpt, Markup, text};
use crate::problems::Code;
use crate::sites::compose::{Decided, File, title_or_words};
use crate::sites::report::{LEFT_OUT, Report, Words, quoted};
use crate::sites::terms;
use crate::sites::{Outcome, Rules, dated, links, slug, titles};

use super::body::{Heading, first_heading, first_paragraph};
use super::name::Name;
use super::{Flavour, eleventy, expand};

/// The first of these that is there says when a post was published.
const DATES: [&str; 8] =
    ["date", "published", "publishDate", "publish_date", "pubDate", "pubDatetime", "publishedAt", "created"];

/// The first of these that is there says when it was changed.
const UPDATES: [&str; 7] =
    ["updated", "lastmod", "last_modified_at", "modified", "updatedDate", "modDatetime", "updatedAt"];

/// Dates that Eleventy takes from the file or from git: neither is asked here.
const FROM_FILES: [&str; 4] = ["created", "last modified", "git created", "git last modified"];

/// Front matter keys that have a meaning here.
const KNOWN: &[&str] = &[
    "by",
    "created",
    "eleventyExcludeFromCollections",
    "heroImage",
    "modDatetime",
    "modified",
    "pubDate",
    "pubDatetime",
    "publishDate",
    "publish_date",
    "publishedAt",
    "summary",
    "updatedAt",
    "updatedDate",
    "url",
];

pub(in crate::sites) fn read(
    flavour: &Flavour,
    path: &str,
    text: &str,
    rules: &Rules<'_>,
    report: &mut Report<'_>,
) -> Outcome {
    let (own, body_start) = match front_matter::read_any(text) {
        Ok(read) => read,
        Err(error) => {
            report.broken("the front matter", &error, LEFT_OUT);
            return Outcome::Broken;
        }
    };
    let data = with_other_names(flavour.data(path, &own));
    let heading = if has_title(&data) { None } else { first_heading(&text[body_start..]) };
    // A heading on top that is the title is no part of the text: readers show the title above it.
    let body_start = body_start + heading.filter(|heading| heading.is_on_top).map_or(0, |heading| heading.end);
    let file = File { path, text, body_start, own: &own, data: &data, rules };
    let post = PlainPost { flavour, file, name: Name::of(flavour.inside(path)), heading };
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

/// `by` names authors, and `heroImage` an image, if it is one that is served as it is.
fn with_other_names(mut data: Map) -> Map {
    let is = |key: &str| data.get(key).is_some_and(Value::is_truthy);
    let by = data.get("by").filter(|_| !is("author") && !is("authors")).cloned();
    let is_served = |value: &&Value| value.as_text().is_some_and(|text| text.starts_with('/') || text.contains("://"));
    let image = data.get("heroImage").filter(|_| !is("image")).filter(is_served).cloned();
    for (key, value) in [("author", by), ("image", image)] {
        if let Some(value) = value {
            data = data.with(key, value);
        }
    }
    data
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
    flavour: &'a Flavour,
    file: File<'a>,
    name: Name<'a>,
    /// Where the front matter has no title.
    heading: Option<Heading<'a>>,
}

impl PlainPost<'_> {
    fn is_hidden(&self) -> bool {
        let is = |key, word| self.file.data.get(key).is_some_and(|value| says(value, word));
        is("draft", "true")
            || is("draft", "yes")
            || is("published", "false")
            || is("published", "no")
            || self.is_elsewhere()
            || self.flavour.hides(self.file.data)
    }

    /// A stub that sends readers to another page.
    fn is_elsewhere(&self) -> bool {
        self.file.text_of("redirect").is_some() && self.file.text_of("title").is_none()
    }

    fn published(&self, report: &mut Report<'_>) -> Dated {
        let (data, dates) = (self.file.data, self.dates());
        // `published: true` is no date, and an empty key is none either.
        let is_of_file = |text: &str| FROM_FILES.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        let is_date = |key: &&str| {
            let value = data.get(key).filter(|value| value.is_truthy() && value.as_bool().is_none());
            value.is_some_and(|value| !value.as_text().is_some_and(is_of_file))
        };
        let day = self.flavour.day(self.file.path, &self.name);
        let read = match (DATES.iter().find(|key| is_date(key)), day) {
            (Some(key), _) => dates.published(data, key, report),
            (None, Some(day)) => dates.day(day, report),
            (None, None) => {
                let remedy = "if it is a post, give it a `date` or a name like `2025-11-08-name.md`";
                report.note(Code::Undated, None, Words::new("the page has no date", "it is no post", remedy));
                return Dated::Never;
            }
        };
        read.map_or(Dated::Broken, |at| Dated::At(self.local(at)))
    }

    fn dates(&self) -> dated::Reading {
        dated::Reading { zone: self.flavour.zone(self.file.rules.site.timezone), naive: Naive::Local }
    }

    fn local(&self, at: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        at.with_timezone(&self.file.rules.site.timezone).fixed_offset()
    }

    fn decided(&self, published: DateTime<FixedOffset>, report: &mut Report<'_>) -> Option<Decided> {
        let url = self.url(published, report)?;
        Some(Decided {
            id: url.clone(),
            image_base: url.clone(),
            title: title_or_words(self.title(report), &self.file, Markup::Markdown, published),
            updated: self.dates().updated(self.file.data, &UPDATES, published, report).map(|at| self.local(at)),
            categories: self.terms(["categories", "category"], report),
            tags: self.terms(["tags", "tag"], report),
            excerpt: self.excerpt(report),
            markup: Markup::Markdown,
            template: expand::is_template(self.flavour, &self.file),
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
        let heading = || self.heading.map(|heading| expand::heading(self.flavour, &self.file, heading.text));
        let given = self.file.text_of("title").map(Cow::from).or_else(heading).map(|title| titles::plain(&title));
        given
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| text::one_line(&self.name.slug.replace(['-', '_'], " ")))
    }

    /// Of both keys, the plural first; a text holds terms with commas between.
    fn terms(&self, keys: [&str; 2], report: &mut Report<'_>) -> Vec<String> {
        let split = self.flavour.split();
        let mut all: Vec<String> =
            keys.iter().flat_map(|key| terms::read(self.file.data, key, split, report)).collect();
        all.retain(|term| !self.flavour.is_collection(term));
        terms::shown(&all, self.file.data, keys[0], report)
    }

    fn excerpt(&self, report: &mut Report<'_>) -> Excerpt {
        let given = self.file.given_excerpt(&["description", "summary", "excerpt"], report);
        given.unwrap_or_else(|| first_paragraph(self.file.body()))
    }

    /// The front matter's `permalink` or `url`, else the template.
    fn url(&self, published: DateTime<FixedOffset>, report: &mut Report<'_>) -> Option<String> {
        let base = links::base(&self.file.rules.site.url);
        let in_urls = published.with_timezone(&self.flavour.zone(self.file.rules.site.timezone)).fixed_offset();
        // Eleventy has a mapping, too, of which this is the page's own.
        let nested = || self.file.data.get("permalink")?.as_map()?.text("build");
        let given = match self.file.text_of("permalink").or_else(nested) {
            Some(template) => self.permalink(template.trim(), in_urls, report),
            // On sites of programs it is what a post is about.
            None if self.flavour.is_plain() => self.file.text_of("url").map(|url| url.trim().to_owned()),
            None => None,
        };
        match given {
            Some(given) if given.contains("://") => self.absolute(&given, report),
            Some(given) => Some(format!("{base}{}", links::normal(&format!("/{}", given.trim_start_matches('/'))))),
            None => Some(format!("{base}{}", self.path(in_urls))),
        }
    }

    /// What the front matter's permalink says; `None` if it is a template that asks for too much.
    fn permalink(&self, written: &str, date: DateTime<FixedOffset>, report: &mut Report<'_>) -> Option<String> {
        let Flavour::Eleventy(_) = self.flavour else { return Some(written.to_owned()) };
        let slug = self.name.slug;
        let stem = if self.name.dir.is_empty() { slug.to_owned() } else { format!("{}/{slug}", self.name.dir) };
        let page = eleventy::Page { date, slug, stem: &stem, data: self.file.data };
        match eleventy::expand(written, &page) {
            Ok(path) => Some(path.strip_suffix("index.html").unwrap_or(&path).to_owned()),
            Err(part) => {
                let message = format!("this part of the permalink is not understood: {}", quoted(part, 60));
                let words = Words::new(
                    message,
                    "the post has the URL that it would have without a permalink",
                    "use `page.date`, `page.fileSlug`, and texts of the front matter, with the filters date, slugify or lower",
                );
                report.warning(Code::Permalink, self.file.data.span("permalink"), words);
                None
            }
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
        url.map(|url| {
            format!("{}{}", &url[..url::Position::BeforePath], links::normal(&url[url::Position::BeforePath..]))
        })
    }

    fn path(&self, date: DateTime<FixedOffset>) -> String {
        let written = self.file.text_of("slug").unwrap_or(self.name.slug);
        // A name of nothing but emoji is better kept than lost.
        let slug = Some(slug::pretty(written)).filter(|slug| !slug.is_empty()).unwrap_or_else(|| written.to_owned());
        let (dir, name) = self.flavour.place(&self.file, &self.name);
        let mut path = format!("/{}", self.file.rules.permalink);
        for (placeholder, value) in [
            ("{dir}", dir.as_ref()),
            ("{slug}", slug.as_str()),
            ("{name}", name.as_ref()),
            ("{year}", &date.format("%Y").to_string()),
            ("{month}", &date.format("%m").to_string()),
            ("{day}", &date.format("%d").to_string()),
        ] {
            path = path.replace(placeholder, &links::escape(value));
        }
        while path.contains("//") {
            path = path.replace("//", "/");
        }
        links::normal(&path)
    }
}

fn has_title(data: &Map) -> bool {
    data.get("title").and_then(Value::as_text).is_some_and(|title| !title.trim().is_empty())
}

/// People write `draft: "true"` too.
fn says(value: &Value, word: &str) -> bool {
    value.as_text().is_some_and(|text| text.eq_ignore_ascii_case(word))
}
