//! What is fuzzed. To add one: a function here, a line in [`all`].
//!
//! A target takes a text and does the work that is timed; what it returns checks the result, untimed, and gives its bytes,
//! which have to be the same each time.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use tidings::catalog::{Catalog, Given, Naming};
use tidings::config::{Config, ConfigFile, Generator, SiteDefaults, Surroundings};
use tidings::feeds::plan::{Planned, plan};
use tidings::feeds::{self, Document, Entry, Feed, budget, compose};
use tidings::posts::dates::{self, Naive};
use tidings::posts::front_matter::{self, Scalar};
use tidings::posts::liquid::Value;
use tidings::posts::{self, Post, Source as Text};
use tidings::sites::{Files, Outcome, Pages, Reading, Rules, SettingsError, Site};

use crate::inputs::Source;
use crate::{rules, seeds, tokens};

/// Checks what a target made, and gives its bytes. Not every input is worth every check: without `Look::Thorough` it does
/// what is quick, and gives no bytes.
pub(crate) type Check = Box<dyn FnOnce(Look) -> Result<Vec<u8>, String>>;

/// How closely a result is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Quick,
    Thorough,
}

/// One target.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn Fn(&str) -> Check>,
    pub(crate) source: Source,
}

/// All targets.
pub(crate) fn all() -> Vec<Target> {
    vec![
        target("front-matter", front_matter("---"), seeds::front_matter(), tokens::YAML),
        target("toml", front_matter("+++"), vec![seeds::TOML.to_owned()], tokens::TOML),
        target("json", front_matter(""), vec![seeds::JSON.to_owned()], tokens::JSON),
        target("dates", date, tokens::DATES.iter().map(|&date| date.to_owned()).collect(), tokens::DATE_PARTS),
        target("markdown", post("_posts/2025-01-01-x.md"), seeds::bodies(), tokens::MARKDOWN),
        target("html", post("_posts/2025-01-01-x.html"), seeds::bodies(), tokens::HTML),
        target("titles", title, Vec::new(), tokens::MARKDOWN),
        target("posts", file("_posts/2025-01-01-x.md", Reader::jekyll()), seeds::posts(), tokens::YAML),
        target("plain", file("2025-01-01-x.md", Reader::of(Generator::Plain)), seeds::posts(), tokens::YAML),
        target(
            "eleventy",
            file("posts/2025-01-01-x.md", Reader::of(Generator::Eleventy)),
            seeds::posts(),
            tokens::LIQUID,
        ),
        target(
            "astro",
            file("src/content/blog/2025-01-01-x.mdx", Reader::of(Generator::Astro)),
            seeds::posts(),
            tokens::MDX,
        ),
        target("zola", zola(), seeds::bodies(), tokens::ZOLA),
        target("slugs", slugs(), Vec::new(), tokens::SLUGS),
        target("liquid", post("_posts/2025-01-01-x.md"), seeds::bodies(), tokens::LIQUID),
        target(
            "config",
            config,
            vec![seeds::file("examples/blog/tidings.yaml"), seeds::file("src/cli/init.yaml")],
            tokens::CONFIG,
        ),
        target("hugo", hugo, seeds::front_matter(), tokens::YAML),
        target("shortcodes", shortcodes(), seeds::bodies(), tokens::SHORTCODES),
        target("settings", settings, seeds::settings(), tokens::YAML),
    ]
}

fn target(
    name: &'static str,
    run: impl Fn(&str) -> Check + 'static,
    seeds: Vec<String>,
    tokens: &'static [&'static str],
) -> Target {
    Target { name, run: Box::new(run), source: Source { seeds, tokens } }
}

/// What is only to be the same each time.
fn same(result: impl std::fmt::Debug + 'static) -> Check {
    Box::new(move |look| Ok(debugged(look, &result)))
}

fn debugged(look: Look, result: &impl std::fmt::Debug) -> Vec<u8> {
    if look == Look::Thorough { format!("{result:?}").into_bytes() } else { Vec::new() }
}

/// Front matter between lines like this one, or as it is without.
fn front_matter(fence: &'static str) -> impl Fn(&str) -> Check {
    move |input| match fence {
        "" => values(input.to_owned()),
        _ => values(format!("{fence}\n{input}\n{fence}\nbody\n")),
    }
}

fn values(file: String) -> Check {
    let read = front_matter::read_any(&file);
    Box::new(move |look| {
        let start = read.as_ref().map_or_else(|error| error.at, |(_, start)| *start);
        if !file.is_char_boundary(start) {
            return Err(format!("{start} is no place in the file"));
        }
        Ok(debugged(look, &read))
    })
}

fn date(input: &str) -> Check {
    let read = |quoted, zone, naive| dates::read(&Scalar { text: input.to_owned(), quoted, at: None }, zone, naive);
    let zones = [chrono_tz::UTC, chrono_tz::Asia::Tokyo, chrono_tz::America::New_York, chrono_tz::Africa::Casablanca];
    let all = zones.map(|zone| {
        [read(true, zone, Naive::Local), read(false, zone, Naive::Local), read(false, zone, Naive::Timestamp)]
    });
    Box::new(move |look| {
        for date in all.iter().flatten().flatten() {
            let written = date.at.to_rfc3339();
            if chrono::DateTime::parse_from_rfc3339(&written).is_err() {
                return Err(format!("{written} is a date that feeds cannot have"));
            }
        }
        Ok(debugged(look, &all))
    })
}

/// Three tags, two of which may meet in one path.
fn slugs() -> impl Fn(&str) -> Check {
    let reader = Reader::jekyll();
    move |input| slugs_of(&reader, input)
}

fn slugs_of(reader: &Reader, input: &str) -> Check {
    let tags = [input.to_owned(), input.to_lowercase(), format!("{input}-")];
    let tags = serde_json::to_string(&tags).expect("texts are JSON");
    let Outcome::Post(post) = reader.read("_posts/2025-01-01-x.md", &format!("---\ntags: {tags}\n---\n")).outcome
    else {
        return same(());
    };
    let given = Given::default();
    let naming = Naming::new(&reader.config.feeds, &given);
    let catalog = Catalog::new(vec![Arc::from(post)], &reader.config.site, &naming);
    Box::new(move |_| {
        let slugs: Vec<_> = catalog.terms().map(|term| term.slug.as_str()).collect();
        let distinct: HashSet<_> = slugs.iter().map(|slug| slug.to_lowercase()).collect();
        let is_file_name = |slug: &&&str| {
            let holds_other =
                slug.contains(|c: char| c.is_whitespace() || c.is_control() || "/\\?#%:*\"<>|".contains(c));
            !slug.is_empty() && !slug.starts_with('.') && slug.len() <= 200 && !holds_other
        };
        match slugs.iter().find(|slug| !is_file_name(slug)) {
            Some(slug) => Err(format!("{slug:?} is no file name")),
            None if distinct.len() < slugs.len() => Err(format!("two of {slugs:?} are one file on some systems")),
            None => Ok(slugs.join("\n").into_bytes()),
        }
    })
}

fn config(input: &str) -> Check {
    let parsed = ConfigFile::parse("tidings.yaml", Path::new(env!("CARGO_MANIFEST_DIR")), input.to_owned());
    let env = |_: &str| Some("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned());
    let around = Surroundings { out: None, env: Some(&env) };
    let defaults = SiteDefaults { url: Some("https://example.com".to_owned()), ..SiteDefaults::default() };
    match parsed {
        Err(problem) => same(problem),
        Ok(file) => match file.check(&defaults, &around) {
            Err(problems) => same(problems),
            Ok(config) => same((config.site, config.feeds)),
        },
    }
}

fn settings(input: &str) -> Check {
    match Site::open(Some(Generator::Jekyll), &Settings { path: "_config.yml", text: input.into() }) {
        Err(error) => same(error),
        Ok(opened) => same((opened.site.wants("_posts/2025-01-01-x.md"), opened.defaults)),
    }
}

/// A body with front matter that is fine.
fn post(path: &'static str) -> impl Fn(&str) -> Check {
    let reader = Reader::jekyll();
    move |input| reader.documents(path, &format!("---\ntitle: t\n---\n{input}"))
}

/// A title, as text that may hold anything.
fn title(input: &str) -> Check {
    thread_local!(static READER: Reader = Reader::jekyll());
    let title = serde_json::to_string(input).expect("texts are JSON");
    READER.with(|reader| reader.documents("_posts/2025-01-01-x.md", &format!("---\ntitle: {title}\n---\n")))
}

/// A whole file.
fn file(path: &'static str, reader: Reader) -> impl Fn(&str) -> Check {
    move |input| reader.documents(path, input)
}

/// A body of a Zola site.
fn zola() -> impl Fn(&str) -> Check {
    let reader = Reader::of(Generator::Zola);
    move |input| reader.documents("content/x.md", &format!("+++\ndate = 2025-01-01\n+++\n{input}"))
}

/// Front matter of a Hugo site.
fn hugo(input: &str) -> Check {
    thread_local!(static READER: Reader = Reader::hugo());
    READER.with(|reader| reader.documents("content/posts/x.md", &format!("---\n{input}\n---\n{input}")))
}

/// A body of a Hugo site.
fn shortcodes() -> impl Fn(&str) -> Check {
    let reader = Reader::hugo();
    move |input| reader.documents("content/posts/x.md", &format!("---\ntitle: t\ndate: 2025-01-01\n---\n{input}"))
}

/// A site of nothing but its settings.
struct Settings {
    path: &'static str,
    text: Arc<str>,
}

impl Files for Settings {
    fn text(&self, path: &str) -> Result<Option<Arc<str>>, SettingsError> {
        Ok((path == self.path).then(|| Arc::clone(&self.text)))
    }

    fn below(&self, _dir: &str) -> Result<Vec<String>, SettingsError> {
        Ok(Vec::new())
    }

    fn picked(&self, _dir: &str, _passes: fn(&str) -> bool) -> Result<Vec<String>, SettingsError> {
        Ok(Vec::new())
    }

    fn is_directory(&self, _path: &str) -> bool {
        false
    }
}

/// A post without others beside it.
struct Alone;

impl Pages for Alone {
    fn text(&self, _: &str) -> Option<Arc<str>> {
        None
    }

    fn url(&self, _path: &str) -> Option<String> {
        None
    }

    fn named(&self, _stem: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn posts(&self) -> &[Arc<Post>] {
        &[]
    }

    fn kept(&self, _: &'static str, make: &dyn Fn() -> Value) -> Value {
        make()
    }
}

/// What makes documents of a file, as a scan does.
struct Reader {
    site: Arc<Site>,
    config: Config,
    /// Without posts: one post at a time is read.
    catalog: Catalog,
    plan: Planned,
}

impl Reader {
    fn jekyll() -> Self {
        Self::of(Generator::Jekyll)
    }

    fn hugo() -> Self {
        Self::of(Generator::Hugo)
    }

    fn of(generator: Generator) -> Self {
        let (path, text) = match generator {
            Generator::Jekyll => ("_config.yml", "url: https://example.com\ntimezone: Asia/Tokyo\n"),
            Generator::Hugo => ("hugo.toml", "baseURL = 'https://example.com'\ntimeZone = 'Asia/Tokyo'\n"),
            Generator::Zola => ("config.toml", "base_url = 'https://example.com'\n"),
            Generator::Eleventy | Generator::Astro | Generator::Plain => ("", ""),
        };
        let settings = Settings { path, text: text.into() };
        let opened = Site::open(Some(generator), &settings).expect("the settings are sound");
        let around = Surroundings { out: None, env: None };
        let config = ConfigFile::parse("tidings.yaml", Path::new(env!("CARGO_MANIFEST_DIR")), String::new())
            .expect("nothing is sound");
        let url = Some("https://example.com".to_owned());
        let config = config.check(&SiteDefaults { url, ..opened.defaults }, &around).expect("the defaults are sound");
        let given = Given::default();
        let catalog = Catalog::new(Vec::new(), &config.site, &Naming::new(&config.feeds, &given));
        let plan = plan(&catalog, &config).feeds.swap_remove(0);
        Self { site: opened.site, config, catalog, plan }
    }

    fn rules(&self) -> Rules<'_> {
        Rules { site: &self.config.site, permalink: "/{slug}/", max_post_bytes: 2 << 20, prints: true }
    }

    fn read(&self, path: &str, file: &str) -> Reading {
        self.site.read(path, file.as_bytes(), &self.rules())
    }

    /// All documents of a feed with this one post. A file that is no post has none.
    fn documents(&self, path: &str, file: &str) -> Check {
        let reading = self.read(path, file);
        let Outcome::Post(post) = reading.outcome else { return same(reading.problems) };
        let Ok(decoded) = posts::text::decode(file.as_bytes()) else { return same(reading.problems) };
        let feed = self.feed(&post, &decoded.text);
        let documents = [feeds::atom::render(&feed), feeds::rss::render(&feed), feeds::json::render(&feed)];
        Box::new(move |look| checked(&documents, look))
    }

    fn feed(&self, post: &Post, file: &str) -> Feed {
        let source = match post.template {
            true => self.site.expand(post, file, &self.rules(), &Alone).source,
            false => Text::of(post, file),
        };
        let rendered = posts::render(post, &source);
        let shown = once_due(post);
        let entry = compose::entry(post, &post.id, shown, Some(&rendered), &self.plan, &self.config);
        let mut entries = vec![Arc::new(Entry { published: shown, ..entry })];
        budget::fit(&mut entries);
        Feed { entries, ..compose::compose(&self.plan, Some(shown), &self.catalog, &self.config) }
    }
}

/// The date of a post that feeds show. One of the future is in none before its day, and then its date is past.
fn once_due(post: &Post) -> DateTime<FixedOffset> {
    let is_due = post.live_from.is_none_or(|from| from <= Utc::now());
    if is_due { post.published } else { DateTime::UNIX_EPOCH.fixed_offset() }
}

/// Quickly: that the XML is well-formed. Thoroughly: all rules that documents have to keep, such as HTML that a strict parser
/// takes.
fn checked(documents: &[Document], look: Look) -> Result<Vec<u8>, String> {
    if look == Look::Quick {
        let xml = documents.iter().filter(|document| !document.path.ends_with(".json"));
        return xml.map(well_formed).collect::<Result<Vec<()>, _>>().map(|_| Vec::new());
    }
    let base = "https://example.com/feeds/";
    let broken: Vec<_> =
        documents.iter().flat_map(|document| rules::broken(&document.path, &document.bytes, base)).collect();
    if broken.is_empty() {
        Ok(documents.iter().flat_map(|document| document.bytes.iter().copied()).collect())
    } else {
        Err(broken.join("\n"))
    }
}

fn well_formed(document: &Document) -> Result<(), String> {
    let broken = |error: &dyn std::fmt::Display| format!("{}: {error}", document.path);
    let mut reader = quick_xml::Reader::from_reader(document.bytes.as_slice());
    loop {
        match reader.read_event().map_err(|error| broken(&error))? {
            quick_xml::events::Event::Eof => return Ok(()),
            quick_xml::events::Event::Text(text) => {
                let text = text.decode().map_err(|error| broken(&error))?;
                quick_xml::escape::unescape(&text).map_err(|error| broken(&error))?;
            }
            _ => {}
        }
    }
}
