//! One file of a Jekyll site becomes a post.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};
use memchr::memchr_iter;

use crate::posts::dates::Naive;
use crate::posts::front_matter::{self, Map, Value};
use crate::posts::{Excerpt, Markup, markdown, text};
use crate::problems::Code;
use crate::sites::compose::{Decided, File, title_or_words};
use crate::sites::report::{LEFT_OUT, Report, Words};
use crate::sites::terms::{self, Split};
use crate::sites::{Outcome, Rules, dated, links, titles};

use super::collections::{Collection, Place};
use super::files::Name;
use super::permalink::{self, Parts};
use super::scalars;
use super::settings::Settings;

/// Front matter keys that only Jekyll gives a meaning.
const KNOWN: &[&str] = &["excerpt_separator", "render_with_liquid"];

/// Reads the file at `path`.
pub(super) fn read(settings: &Settings, path: &str, text: &str, rules: &Rules<'_>, report: &mut Report<'_>) -> Outcome {
    let inside = settings.inside_collections(path);
    let Some((place, _)) = settings.place(inside) else { return Outcome::Hidden };
    let Some(name) = place.name(inside) else {
        let words =
            Words::new("the name does not start with a date", "it is no post", "rename it to `YYYY-MM-DD-name.md`");
        report.note(Code::Undated, None, words);
        return Outcome::Hidden;
    };
    let (own, body_start) = match front_matter::read(text) {
        Ok(read) => read,
        Err(error) => {
            report.broken("the front matter", &error, LEFT_OUT);
            return Outcome::Broken;
        }
    };
    // Jekyll copies such a file as it is.
    if matches!(place, Place::Collection(_)) && body_start == 0 {
        return Outcome::Hidden;
    }
    let collection = place.collection(&settings.posts);
    let own = own.changed(PRINTED, scalars::printed);
    let defaults = settings.defaults.for_path(inside, &collection.label).changed(PRINTED, scalars::printed);
    let data = if defaults.is_empty() { Cow::Borrowed(&own) } else { Cow::Owned(defaults.clone().merged(own.clone())) };
    let file = File { path, text, body_start, own: &own, data: &data, rules };
    let post = JekyllPost { settings, collection, inside, name, file, defaults: &defaults };
    if post.is_hidden() {
        return Outcome::Hidden;
    }
    if post.is_undated() {
        let words = Words::new("it has no date", "it is no post", "add `date: YYYY-MM-DD` to its front matter");
        report.note(Code::Undated, None, words);
        return Outcome::Hidden;
    }
    let Some(decided) = post.decided(report) else { return Outcome::Broken };
    let mut post = file.post_among(&settings.people, decided, report);
    post.collection = matches!(place, Place::Collection(_)).then(|| collection.label.clone());
    Outcome::Post(Box::new(post))
}

/// What is printed the way Ruby prints it.
const PRINTED: &[&str] = &["title", "categories", "category", "tags", "tag"];

struct JekyllPost<'a> {
    settings: &'a Settings,
    collection: &'a Collection,
    /// The path below the collections' directory.
    inside: &'a str,
    name: Name<'a>,
    file: File<'a>,
    defaults: &'a Map,
}

impl JekyllPost<'_> {
    /// `published` hides where it is there and false; `draft` hides from feeds.
    fn is_hidden(&self) -> bool {
        let data = self.file.data;
        let unpublished = data.get("published").is_some_and(|published| !published.is_truthy());
        let draft = data.get("draft").is_some_and(Value::is_truthy);
        (unpublished && !self.settings.unpublished) || (draft && !self.settings.show_drafts)
    }

    /// Jekyll dates a draft by its file and a document by the clock: neither is when it was published.
    fn is_undated(&self) -> bool {
        self.name.day.is_none() && self.file.data.get("date").is_none()
    }

    /// What Jekyll's rules say; `None` if they say that this is an error.
    fn decided(&self, report: &mut Report<'_>) -> Option<Decided> {
        let dates = dated::Reading { zone: self.file.rules.site.timezone, naive: Naive::Timestamp };
        let published = match self.name.day.filter(|_| self.file.data.get("date").is_none()) {
            Some(day) => dates.day(day, report)?,
            None => dates.published(self.file.data, "date", report)?,
        };
        let categories = self.categories(self.defaults, self.file.own, self.file.data, report);
        let slug = self.slug();
        let path = self.path(published, &categories, &slug, report)?;
        let base = links::base(&self.file.rules.site.url);
        Some(Decided {
            id: format!("{base}{}", links::normal_nfkc(&id_path(&path, &slug))),
            url: format!("{base}{}", links::normal(&path)),
            updated: dates.updated(self.file.data, &["last_modified_at", "updated", "lastmod"], published, report),
            categories: terms::shown(&categories, self.file.data, "categories", report),
            tags: terms::shown(&self.tags(report), self.file.data, "tags", report),
            excerpt: self.excerpt(report),
            markup: self.markup(),
            template: self.is_template(),
            live_from: (!self.collection.future).then(|| published.to_utc()),
            live_until: None,
            image_base: self.file.rules.site.url.to_string(),
            known: KNOWN,
            title: title_or_words(self.title(report), &self.file, self.markup(), published),
            published,
        })
    }

    fn title(&self, report: &mut Report<'_>) -> String {
        let given = self.file.data.get("title").filter(|title| title.is_truthy());
        if matches!(given, Some(Value::List(_) | Value::Map(_))) {
            report.odd_field(self.file.data, "title", "a text");
        }
        given.and_then(Value::as_text).map_or_else(|| self.title_of_name(), titles::smart)
    }

    /// The words of the file's name, capitalised.
    fn title_of_name(&self) -> String {
        let capitalised = |word: &str| {
            let mut chars = word.chars();
            let first = chars.next().into_iter().flat_map(char::to_uppercase);
            first.chain(chars.flat_map(char::to_lowercase)).collect::<String>()
        };
        let words: Vec<String> = self.name.slug.trim_end_matches('.').split('-').map(capitalised).collect();
        text::one_line(&words.join(" "))
    }

    fn slug(&self) -> String {
        let given = self.file.data.get("slug").filter(|slug| slug.is_truthy()).and_then(Value::as_text);
        given.unwrap_or_else(|| self.name.slug.trim_end_matches('.')).to_owned()
    }

    /// The directories above `_posts`, the defaults' categories, the post's own, and `category`.
    fn categories(&self, defaults: &Map, own: &Map, data: &Map, report: &mut Report<'_>) -> Vec<String> {
        let mut all: Vec<String> = self.name.above.iter().map(|&dir| dir.to_owned()).collect();
        all.extend(terms::read(defaults, "categories", Split::Spaces, report));
        let written = terms::read(own, "categories", Split::Spaces, report);
        terms::check_commas(own, "categories", &written, report);
        all.extend(written);
        if data.get("category").is_some_and(Value::is_truthy) {
            all.extend(terms::read(data, "category", Split::Never, report));
        }
        all
    }

    /// `tag` stands instead of `tags`.
    fn tags(&self, report: &mut Report<'_>) -> Vec<String> {
        let data = self.file.data;
        if data.get("tag").is_some_and(Value::is_truthy) {
            return terms::read(data, "tag", Split::Never, report);
        }
        let tags = terms::read(data, "tags", Split::Spaces, report);
        terms::check_commas(data, "tags", &tags, report);
        tags
    }

    /// The same as paths have them; `shown` is what readers see.
    fn categories_in_path<'a>(&self, shown: &'a [String]) -> Cow<'a, [String]> {
        const KEYS: [&str; 2] = ["categories", "category"];
        let differs = |value: &Value| scalars::in_paths(value.clone()) != *value;
        let maps = [self.defaults, self.file.own];
        if !maps.iter().any(|data| KEYS.iter().filter_map(|key| data.get(key)).any(differs)) {
            return Cow::Borrowed(shown);
        }
        let [defaults, own, data] =
            [self.defaults, self.file.own, self.file.data].map(|data| data.clone().changed(&KEYS, scalars::in_paths));
        // What is wrong with them was said before.
        Cow::Owned(self.categories(&defaults, &own, &data, &mut Report::new(self.file.path, self.file.text)))
    }

    fn path(
        &self,
        published: DateTime<FixedOffset>,
        categories: &[String],
        slug: &str,
        report: &mut Report<'_>,
    ) -> Option<String> {
        let data = self.file.data;
        let own = data.get("permalink").filter(|permalink| permalink.is_truthy());
        if own.is_some_and(|permalink| permalink.as_text().is_none()) {
            report.odd_field(data, "permalink", "a path such as `/:year/:title/`");
        }
        let template = own.and_then(Value::as_text).unwrap_or(&self.collection.permalink);
        let categories = self.categories_in_path(categories);
        let (stem, collection) = (self.name.stem, self.collection.label.as_str());
        let path = without_directory(self.inside, &self.collection.directory(), self.name.extension);
        let extension = self.output_extension();
        let parts = Parts { published, categories: &categories, slug, stem, collection, path: &path, extension };
        permalink::expand(template, &parts)
            .map_err(|error| {
                let words = Words::new(error.to_string(), LEFT_OUT, permalink::REMEDY);
                report.error(Code::Permalink, data.span("permalink"), words);
            })
            .ok()
    }

    fn output_extension(&self) -> &str {
        match self.markup() {
            Markup::Html | Markup::Text => self.name.extension,
            _ => ".html",
        }
    }

    fn markup(&self) -> Markup {
        let extension = self.name.extension.trim_start_matches('.').to_ascii_lowercase();
        if self.settings.markdown_extensions.contains(&extension) {
            Markup::Kramdown
        } else if matches!(extension.as_str(), "html" | "htm" | "xhtml") {
            Markup::Html
        } else {
            Markup::Text
        }
    }

    fn is_template(&self) -> bool {
        let off = self.file.data.get("render_with_liquid").and_then(Value::as_bool) == Some(false);
        let body = self.file.body().as_bytes();
        !off && memchr_iter(b'{', body).any(|at| matches!(body.get(at + 1), Some(b'%' | b'{')))
    }

    fn excerpt(&self, report: &mut Report<'_>) -> Excerpt {
        if let Some(given) = self.file.given_excerpt(&["description", "excerpt"], report) {
            return given;
        }
        let own = self.file.data.get("excerpt_separator").filter(|value| value.is_truthy()).and_then(Value::as_text);
        head(self.file.body(), own.unwrap_or(&self.settings.excerpt_separator), self.markup())
    }
}

/// What comes before the separator. A comment in code, which Jekyll takes for the separator, is shown.
fn head(body: &str, separator: &str, markup: Markup) -> Excerpt {
    let at = match separator {
        "" => None,
        _ if separator.starts_with("<!--") && markup == Markup::Kramdown => markdown::comment(body, separator),
        _ => body.find(separator),
    };
    at.map_or(Excerpt::Whole, Excerpt::Head)
}

/// Jekyll's `post.id`: the path's directory with the slug below it, as written.
fn id_path(path: &str, slug: &str) -> String {
    let dir = path.trim_end_matches('/').rsplit_once('/').map_or("", |(dir, _)| dir);
    format!("{dir}/{}", slug.trim_start_matches('/'))
}

/// `a/_posts/b/2025-01-01-x.md` → `a//b/2025-01-01-x`
fn without_directory<'a>(path: &'a str, directory: &str, extension: &str) -> Cow<'a, str> {
    let path = path.strip_suffix(extension).unwrap_or(path).trim_end_matches('.');
    match path.split_once(directory) {
        Some((above, below)) => Cow::Owned(format!("{above}{below}")),
        None => Cow::Borrowed(path),
    }
}
