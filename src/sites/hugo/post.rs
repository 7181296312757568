//! One file of a Hugo site becomes a post.

use chrono::{DateTime, FixedOffset};

use crate::posts::front_matter::{self, Map, Scalar, Value};
use crate::posts::markdown::Dialect;
use crate::posts::{Excerpt, Markup, dates, markdown, text};
use crate::problems::Code;
use crate::sites::compose::{Decided, File, title_or_words};
use crate::sites::report::{LEFT_OUT, Report, Words};
use crate::sites::terms::{self, Split};
use crate::sites::{Outcome, Rules, links, titles};

use super::dates::{Dates, refusal};
use super::names::{FOREIGN, Kind, Name};
use super::permalink::{self, Parts};
use super::sections::Heir;
use super::settings::Settings;
use super::{shortcodes, text as path_text};

/// Front matter keys that only Hugo gives a meaning, in lower case.
const KNOWN: &[&str] = &[
    "aliases",
    "build",
    "_build",
    "cascade",
    "expirydate",
    "headless",
    "iscjklanguage",
    "layout",
    "linktitle",
    "markup",
    "menu",
    "menus",
    "modified",
    "outputs",
    "params",
    "pubdate",
    "publishdate",
    "resources",
    "sitemap",
    "summary",
    "translationkey",
    "type",
    "unpublishdate",
    "url",
    "weight",
];

const NO_POST: &str = "it is no post";

/// Reads the file at `path`.
pub(super) fn read(settings: &Settings, path: &str, text: &str, rules: &Rules<'_>, report: &mut Report<'_>) -> Outcome {
    let Some(name) = settings.name(path) else { return Outcome::Hidden };
    if FOREIGN.contains(&name.extension.as_str()) {
        let message = format!("`.{}` is not read here", name.extension);
        report.note(Code::Field, None, Words::new(message, NO_POST, "write it in Markdown or HTML"));
        return Outcome::Hidden;
    }
    let (own, body_start) = match front_matter::read_any(text) {
        Ok(read) => read,
        Err(error) => {
            report.broken("the front matter", &error, LEFT_OUT);
            return Outcome::Broken;
        }
    };
    if name.kind == Kind::Section {
        return Outcome::Hidden;
    }
    if let Some(section) = settings.sections.lost_above(name.language, &name.dir) {
        let message = format!("what the section `{section}` hands down to it cannot be read");
        report.error(Code::FrontMatter, None, Words::new(message, LEFT_OUT, "mend the section's `_index` file"));
        return Outcome::Broken;
    }
    let (own, data) = settings.data(&name, own);
    let file = File { path, text, body_start, own: &own, data: &data, rules };
    let found = settings.dates.dates(&data, name.stem, rules.site.timezone, report);
    let page = Page { settings, name, file, dates: found };
    if page.is_hidden() {
        return Outcome::Hidden;
    }
    page.outcome(report)
}

/// The URL of the page that the file at `path` becomes, be it a post or not.
pub(super) fn page_url(settings: &Settings, path: &str, text: &str, rules: &Rules<'_>) -> Option<String> {
    let name = settings.name(path)?;
    let (own, body_start) = front_matter::read_any(text).ok()?;
    let (own, data) = settings.data(&name, own);
    let file = File { path, text, body_start, own: &own, data: &data, rules };
    let dates = settings.dates.dates(&data, name.stem, rules.site.timezone, &mut Report::new(path, text));
    let page = Page { settings, name, file, dates };
    (!page.is_draft() && page.is_rendered()).then(|| page.url()).flatten()
}

impl Settings {
    /// The front matter with keys in lower case and with what `params` holds beside the rest; and the same with what sections
    /// hand down, and its language.
    fn data(&self, name: &Name<'_>, own: Map) -> (Map, Map) {
        let own = own.lowercased();
        let path = self.logical(name);
        let page = Heir {
            language: name.language,
            language_key: &self.languages.get(name.language).key,
            dir: &name.dir,
            path: &path,
            is_section: name.kind == Kind::Section,
        };
        let data = self.sections.inherited(own.clone(), &page);
        let code = self.languages.get(name.language).code.as_deref().filter(|_| name.language > 0);
        let data = with_params(data);
        let data = match code {
            Some(code) => data.with("lang", Value::Scalar(Scalar::unquoted(code))),
            None => data,
        };
        (with_params(own), data)
    }

    /// The path that Hugo looks a page up by: `/blog/name`.
    fn logical(&self, name: &Name<'_>) -> String {
        let dir = if name.dir.is_empty() { String::new() } else { format!("/{}", name.dir) };
        let stem = if name.stem.is_empty() { String::new() } else { format!("/{}", name.stem) };
        path_text::logical(&format!("{dir}{stem}"))
    }
}

/// `.Params` has what stands in `params` beside the page's own keys.
fn with_params(data: Map) -> Map {
    match data.get("params").and_then(Value::as_map) {
        Some(params) => params.clone().merged(data),
        None => data,
    }
}

struct Page<'a> {
    settings: &'a Settings,
    name: Name<'a>,
    file: File<'a>,
    dates: Dates,
}

impl Page<'_> {
    fn outcome(&self, report: &mut Report<'_>) -> Outcome {
        let data = self.file.data;
        let unreadable = self.dates.unreadable.as_deref();
        let Some(date) = self.dates.date.or(self.dates.publish) else {
            let Some(key) = unreadable else {
                let remedy = "if it is a post, give it a `date`";
                report.note(Code::Undated, None, Words::new("the page has no date", NO_POST, remedy));
                return Outcome::Hidden;
            };
            report.error(Code::Date, data.span(key), refusal(data, key, LEFT_OUT));
            return Outcome::Broken;
        };
        if let Some(key) = unreadable {
            report.warning(Code::Date, data.span(key), refusal(data, key, "the post goes by its other dates"));
        }
        match self.decided(date, report) {
            Some(decided) => Outcome::Post(Box::new(self.file.post(decided, report))),
            None => Outcome::Broken,
        }
    }

    /// Drafts, pages without a URL, and those that stand in no list.
    fn is_hidden(&self) -> bool {
        let is_headless = self.says("headless", "true");
        self.is_draft() || is_headless || !self.is_rendered() || self.build("list").is_some_and(is_off)
    }

    /// `published: false` is an old way to say it.
    fn is_draft(&self) -> bool {
        (self.says("draft", "true") || self.says("draft", "1") || self.says("published", "false"))
            && !self.settings.shown.drafts
    }

    fn is_rendered(&self) -> bool {
        !self.build("render").is_some_and(|render| is_off(render) || render == "link")
    }

    fn build(&self, key: &str) -> Option<&str> {
        let build = self.file.data.get("build").or_else(|| self.file.data.get("_build"))?;
        build.as_map()?.get(key)?.as_text()
    }

    fn says(&self, key: &str, word: &str) -> bool {
        self.file.data.get(key).and_then(Value::as_text).is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    /// What Hugo's rules say; `None` if the page has no URL.
    fn decided(&self, date: DateTime<FixedOffset>, report: &mut Report<'_>) -> Option<Decided> {
        let Some(url) = self.url() else {
            let words =
                Words::new("there is no path in its `url`, or a token in it is not known", LEFT_OUT, permalink::REMEDY);
            report.error(Code::Permalink, self.file.data.span("url"), words);
            return None;
        };
        let zone = self.file.rules.site.timezone;
        let published = dates::in_zone(date, zone);
        let shown = self.settings.shown;
        let updated = self.dates.lastmod.filter(|at| *at > date);
        Some(Decided {
            id: url.clone(),
            image_base: url.clone(),
            url,
            title: title_or_words(self.title(report), &self.file, self.markup(), published),
            published,
            updated: updated.map(|at| dates::in_zone(at, zone)),
            categories: self.terms(self.settings.taxonomies.categories.as_deref(), report),
            tags: self.terms(self.settings.taxonomies.tags.as_deref(), report),
            excerpt: self.excerpt(report),
            markup: self.markup(),
            template: shortcodes::may_hold(self.file.body()),
            live_from: self.dates.publish.or(Some(date)).filter(|_| !shown.future).map(|at| at.to_utc()),
            live_until: self.dates.expiry.filter(|_| !shown.expired).map(|at| at.to_utc()),
            known: KNOWN,
        })
    }

    /// The front matter's, else the words of the file's name.
    fn title(&self, report: &mut Report<'_>) -> String {
        if matches!(self.file.data.get("title"), Some(Value::List(_) | Value::Map(_))) {
            report.odd_field(self.file.data, "title", "a text");
        }
        let given = self.file.text_of("title").or_else(|| self.file.text_of("linktitle")).map(titles::plain);
        given.unwrap_or_else(|| text::one_line(&self.name.stem.replace('-', " ")))
    }

    /// A text is one term; terms with one path text are one, in the first spelling.
    fn terms(&self, key: Option<&str>, report: &mut Report<'_>) -> Vec<String> {
        let Some(key) = key else { return Vec::new() };
        let mut all = terms::read(self.file.data, key, Split::Never, report);
        let mut seen = std::collections::HashSet::new();
        all.retain(|term| seen.insert(self.settings.term_path(term)));
        terms::shown(&all, self.file.data, key, report)
    }

    fn markup(&self) -> Markup {
        if self.name.is_html() { Markup::Html } else { Markup::Goldmark(self.settings.goldmark) }
    }

    fn excerpt(&self, report: &mut Report<'_>) -> Excerpt {
        if let Some(given) = self.file.given_excerpt(&["description"], report) {
            return given;
        }
        let body = self.file.body();
        if let Some(marker) = markdown::more_marker(body) {
            return Excerpt::Head(marker.start);
        }
        match self.file.given_excerpt(&["summary"], report) {
            Some(Excerpt::Given(written)) => {
                Excerpt::Given(markdown::to_html(&written, self.file.rules.site.url.as_str(), self.dialect()))
            }
            _ => match markdown::first_words(body, self.dialect(), self.settings.summary.words, self.is_cjk()) {
                len if body[len..].trim().is_empty() => Excerpt::Whole,
                len => Excerpt::Head(len),
            },
        }
    }

    fn dialect(&self) -> Dialect {
        Dialect::Goldmark(self.settings.goldmark)
    }

    /// Whether words are counted by characters.
    fn is_cjk(&self) -> bool {
        let says = self.file.data.get("iscjklanguage").and_then(Value::as_bool);
        says.unwrap_or_else(|| self.settings.summary.may_be_cjk && self.file.body().contains(path_text::is_cjk))
    }

    /// Its address; `None` if it has none.
    fn url(&self) -> Option<String> {
        let language = self.settings.languages.get(self.name.language);
        let site = links::base(&self.file.rules.site.url);
        let base = language.base_url.as_deref().filter(|_| self.name.language > 0).unwrap_or(site);
        let path = self.path()?;
        // A URL from the front matter that starts at the root is meant as it is.
        let prefix =
            if self.given_url().is_some_and(|url| url.starts_with('/')) { "" } else { language.prefix.as_str() };
        Some(format!("{}{}", base.trim_end_matches('/'), path_text::encoded(&format!("{prefix}{path}"))))
    }

    fn given_url(&self) -> Option<&str> {
        self.file.text_of("url").map(str::trim)
    }

    fn path(&self) -> Option<String> {
        if let Some(given) = self.given_url() {
            return Some(self.page_path(&permalink::expand(given, &self.parts()).ok()?));
        }
        let logical = self.settings.logical(&self.name);
        let is_page = self.name.kind != Kind::Section;
        let rule = self.settings.permalinks.iter().find(|rule| is_page && rule.means(&logical));
        let text = self.settings.text;
        let path = match rule {
            Some(rule) => permalink::expand(&rule.pattern, &self.parts()).ok()?,
            None => format!("{}/{}", text.place(&self.name.dir), self.last_segment()),
        };
        let path = joined(&text.clean(&path));
        let section = logical.trim_start_matches('/').split('/').next().unwrap_or_default();
        Some(match path.as_str() {
            "" => "/".to_owned(),
            path if is_page && self.settings.ugly.is(section) => format!("{path}.html"),
            path => format!("{path}/"),
        })
    }

    /// The path that a `url` means: a file if it names one, else a directory.
    fn page_path(&self, url: &str) -> String {
        let path = joined(url);
        let path = path.strip_suffix("/index.html").unwrap_or(&path);
        if path.is_empty() || url.ends_with('/') || !path.contains('.') { format!("{path}/") } else { path.to_owned() }
    }

    fn slug(&self) -> &str {
        let given = self.file.text_of("slug").map(|slug| slug.trim_matches('-')).filter(|slug| !slug.is_empty());
        given.or(self.dates.slug.as_deref()).unwrap_or_default()
    }

    fn last_segment(&self) -> String {
        let slug = self.slug();
        if slug.is_empty() { self.settings.text.place(self.name.stem) } else { slug.to_owned() }
    }

    fn parts(&self) -> Parts<'_> {
        let place = |section: (String, String)| (path_text::logical(&section.0), section.1);
        Parts {
            date: self.dates.date.or(self.dates.publish).unwrap_or_else(year_one),
            title: self.file.text_of("title").unwrap_or_default(),
            slug: self.slug(),
            stem: self.name.stem,
            sections: self.settings.sections.above(self.name.language, &self.name.dir).into_iter().map(place).collect(),
            text: self.settings.text,
        }
    }
}

impl Settings {
    /// What Hugo knows a term by: its text as a path.
    pub(super) fn term_path(&self, term: &str) -> String {
        path_text::PathText { lower: true, ..self.text }.clean(&path_text::logical(term.trim()))
    }
}

/// What Hugo takes a date for that is not there.
fn year_one() -> DateTime<FixedOffset> {
    const SECONDS: i64 = -62_135_596_800;
    DateTime::from_timestamp(SECONDS, 0).unwrap_or_default().fixed_offset()
}

/// `false` is an old way to say `never`; `local` keeps a page out of the site's lists.
fn is_off(value: &str) -> bool {
    matches!(value, "never" | "false" | "local")
}

/// One slash before every segment that is not empty; `.` and `..` as in a file system.
fn joined(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    segments.into_iter().flat_map(|segment| ["/", segment]).collect()
}
