//! One file of a Zola site becomes a post.

use chrono::{DateTime, FixedOffset};

use crate::posts::dates::Naive;
use crate::posts::front_matter::{self, Map, Scalar, Value};
use crate::posts::{Excerpt, Markup, text};
use crate::problems::Code;
use crate::sites::compose::{Decided, File, title_or_words};
use crate::sites::report::{LEFT_OUT, Report, Words};
use crate::sites::terms::{self, Split};
use crate::sites::{Outcome, Rules, dated, links, plain, titles};

use super::name::Name;
use super::settings::Settings;
use super::{more, shortcodes};

/// Front matter keys that only Zola gives a meaning.
const KNOWN: &[&str] =
    &["aliases", "in_search_index", "insert_anchor_links", "path", "render", "taxonomies", "template", "weight"];

/// Reads the file at `path`.
pub(super) fn read(settings: &Settings, path: &str, text: &str, rules: &Rules<'_>, report: &mut Report<'_>) -> Outcome {
    let Some(name) = Name::of(path, settings) else { return Outcome::Hidden };
    let (own, body_start) = match front_matter::read_any(text) {
        Ok(read) => read,
        Err(error) => {
            report.broken("the front matter", &error, LEFT_OUT);
            return Outcome::Broken;
        }
    };
    if body_start == 0 {
        let words =
            Words::new("there is no front matter", "it is no post", "begin it with `+++`, and `date = 2025-11-08`");
        report.note(Code::Undated, None, words);
        return Outcome::Hidden;
    }
    if own.says("draft", true) || own.says("render", false) {
        return Outcome::Hidden;
    }
    let Some(data) = with_what_is_implied(&own, &name) else {
        let remedy = "if it is a post, give it a `date`, or a name like `2025-11-08-name.md`";
        report.note(Code::Undated, None, Words::new("the page has no date", "it is no post", remedy));
        return Outcome::Hidden;
    };
    let page = Page { settings, name, own: &own };
    let file = File { path, text, body_start, own: &own, data: &data, rules };
    let Some(decided) = page.decided(&file, report) else { return Outcome::Broken };
    Outcome::Post(Box::new(file.post(decided, report)))
}

/// The URL of any page or section.
pub(super) fn url(settings: &Settings, path: &str, text: &str, rules: &Rules<'_>) -> Option<String> {
    let name = Name::of(path, settings)?;
    let (own, _) = front_matter::read_any(text).ok()?;
    if own.says("draft", true) || own.says("render", false) {
        return None;
    }
    let path = Page { settings, name, own: &own }.path();
    Some(format!("{}{}", links::base(&rules.site.url), links::normal(&links::escape(&path))))
}

/// The front matter over its own `extra`, with language and date, wherever that comes from; `None` without a date.
///
/// A date that stands only in `path` is what a site shows that sorts by URL.
fn with_what_is_implied(own: &Map, name: &Name<'_>) -> Option<Map> {
    let mut extra = own.get("extra").and_then(Value::as_map).cloned().unwrap_or_default();
    if own.get("authors").is_some_and(Value::is_truthy) {
        extra = extra.with("author", Value::Null);
    }
    let mut data = extra.merged(own.clone());
    if let Some(code) = name.language {
        data = data.with("lang", Value::Scalar(Scalar::unquoted(code)));
    }
    if own.get("date").is_some_and(Value::is_truthy) {
        return Some(data);
    }
    let date = name.date.map(Scalar::unquoted).or_else(|| date_in(own.get("path")?.as_scalar()?))?;
    Some(data.with("date", Value::Scalar(date)))
}

/// `news/2024/02/19/x` → `2024-02-19`, which is known to stand there.
fn date_in(path: &Scalar) -> Option<Scalar> {
    let text = &path.text;
    let day = |start: usize| {
        let day = text.get(start..start + 10).filter(|day| dated::is_like(day, "0000/00/00"))?;
        matches!(text.as_bytes().get(start + 10), None | Some(b'/')).then_some((start, day))
    };
    let starts = std::iter::once(0).chain(text.match_indices('/').map(|(slash, _)| slash + 1));
    let (start, day) = starts.filter_map(day).next()?;
    Some(Scalar { text: day.replace('/', "-"), quoted: false, at: path.at.map(|at| at + start) })
}

struct Page<'a> {
    settings: &'a Settings,
    name: Name<'a>,
    own: &'a Map,
}

impl Page<'_> {
    fn decided(&self, file: &File<'_>, report: &mut Report<'_>) -> Option<Decided> {
        // Zola knows no zone but UTC.
        let dates = dated::Reading { zone: chrono_tz::Tz::UTC, naive: Naive::Local };
        let local = |at: DateTime<FixedOffset>| at.with_timezone(&file.rules.site.timezone).fixed_offset();
        let published = local(dates.published(file.data, "date", report)?);
        let (base, path) = (links::base(&file.rules.site.url), self.path());
        let url = format!("{base}{}", links::normal(&links::escape(&path)));
        let markup = Markup::Zola(self.settings.markdown);
        Some(Decided {
            id: id(base, &path).unwrap_or_else(|| url.clone()),
            image_base: url.clone(),
            url,
            title: title_or_words(self.title(report), file, markup, published),
            updated: dates.updated(self.own, &["updated"], published, report).map(local),
            categories: self.terms("categories", report),
            tags: self.terms("tags", report),
            excerpt: excerpt(file, report),
            markup,
            template: shortcodes::are_in(file.body()) || file.body().contains("@/"),
            live_from: None,
            live_until: None,
            known: KNOWN,
            published,
        })
    }

    fn title(&self, report: &mut Report<'_>) -> String {
        if matches!(self.own.get("title"), Some(Value::List(_) | Value::Map(_))) {
            report.odd_field(self.own, "title", "a text");
        }
        let given = self.own.get("title").and_then(Value::as_text).map(titles::plain);
        let of_name = || text::one_line(&self.name.after_date.unwrap_or(self.name.stem).replace(['-', '_'], " "));
        given.filter(|title| !title.is_empty()).unwrap_or_else(of_name)
    }

    fn terms(&self, taxonomy: &str, report: &mut Report<'_>) -> Vec<String> {
        let Some(taxonomies) = self.own.get("taxonomies").and_then(Value::as_map) else { return Vec::new() };
        let terms = terms::read(taxonomies, taxonomy, Split::Never, report);
        terms::shown(&terms, taxonomies, taxonomy, report)
    }

    /// As Zola writes it: not encoded, with a slash at both ends.
    fn path(&self) -> String {
        if let Some(path) = self.own.text("path").filter(|_| !self.name.is_section) {
            return format!("/{}/", path.trim_matches('/')).replace("//", "/");
        }
        let slug = if self.name.is_section { String::new() } else { self.slug() };
        let parts = [self.name.language.unwrap_or_default(), self.name.section, &slug];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "/".to_owned() } else { format!("/{}/", parts.join("/")) }
    }

    fn slug(&self) -> String {
        let after_date = self.name.after_date.filter(|_| !self.settings.keeps_dates);
        self.settings.slugify.apply(self.own.text("slug").or(after_date).unwrap_or(self.name.stem))
    }
}

/// Zola's Atom id is the permalink, which it does not encode; `None` if that is no IRI.
fn id(base: &str, path: &str) -> Option<String> {
    let is_iri = !path.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`%#?[]".contains(c));
    is_iri.then(|| format!("{base}{path}"))
}

/// What stands before `<!-- more -->`, else the description, else the first paragraph.
fn excerpt(file: &File<'_>, report: &mut Report<'_>) -> Excerpt {
    if let Some(at) = more::find(file.body()) {
        return Excerpt::Head(at);
    }
    let given = file.given_excerpt(&["description"], report);
    given.unwrap_or_else(|| plain::first_paragraph(file.body()))
}
