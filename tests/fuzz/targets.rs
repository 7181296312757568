//! What is fuzzed. To add one: a function here, a line in [`all`].
//!
//! A target takes a text and does the work that is timed; what it returns checks the result, untimed, and gives its bytes,
//! which have to be the same each time.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use tidings::catalog::{Catalog, Given, Naming};
use tidings::config::{Config, ConfigFile, Format, Generator, SiteDefaults, Surroundings};
use tidings::feeds::{self, Document, Entry, Feed, History, Place};
use tidings::posts::dates::{self, Naive};
use tidings::posts::front_matter::{self, Scalar};
use tidings::posts::{self, Post, Source as Text};
use tidings::sites::{Files, Outcome, Pages, Reading, Rules, SettingsError, Site};

use crate::inputs::Source;
use crate::{rules, seeds, tokens};

/// Checks what a target made, and gives its bytes.
pub(crate) type Check = Box<dyn FnOnce() -> Result<Vec<u8>, String>>;

/// One target.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn Fn(&str) -> Check>,
    pub(crate) source: Source,
}

/// All targets.
pub(crate) fn all() -> Vec<Target> {
    vec![
        target("front-matter", front_matter, seeds::front_matter(), tokens::YAML),
        target("dates", date, tokens::DATES.iter().map(|&date| date.to_owned()).collect(), tokens::DATE_PARTS),
        target("markdown", post("_posts/2025-01-01-x.md"), seeds::bodies(), tokens::MARKDOWN),
        target("html", post("_posts/2025-01-01-x.html"), seeds::bodies(), tokens::HTML),
        target("posts", whole_post, seeds::posts(), tokens::YAML),
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
    Box::new(move || Ok(format!("{result:?}").into_bytes()))
}

/// YAML; other languages of front matter get targets of their own.
fn front_matter(input: &str) -> Check {
    let file = format!("---\n{input}\n---\nbody\n");
    let read = front_matter::read(&file);
    Box::new(move || {
        let start = read.as_ref().map_or_else(|error| error.at, |(_, start)| *start);
        if !file.is_char_boundary(start) {
            return Err(format!("{start} is no place in the file"));
        }
        Ok(format!("{read:?}").into_bytes())
    })
}

fn date(input: &str) -> Check {
    let read = |quoted, zone, naive| dates::read(&Scalar { text: input.to_owned(), quoted, at: None }, zone, naive);
    let zones = [chrono_tz::UTC, chrono_tz::Asia::Tokyo, chrono_tz::America::New_York, chrono_tz::Africa::Casablanca];
    let all = zones.map(|zone| {
        [read(true, zone, Naive::Local), read(false, zone, Naive::Local), read(false, zone, Naive::Timestamp)]
    });
    Box::new(move || {
        for date in all.iter().flatten().flatten() {
            let written = date.at.to_rfc3339();
            if chrono::DateTime::parse_from_rfc3339(&written).is_err() {
                return Err(format!("{written} is a date that feeds cannot have"));
            }
        }
        Ok(format!("{all:?}").into_bytes())
    })
}

/// Three tags, two of which may meet in one path.
fn slugs() -> impl Fn(&str) -> Check {
    let reader = Reader::new();
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
    let terms = Catalog::new(vec![Arc::from(post)], &reader.config.site, &naming).terms;
    Box::new(move || {
        let slugs: Vec<_> = terms.iter().map(|term| term.slug.as_str()).collect();
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
    let reader = Reader::new();
    move |input| reader.documents(path, &format!("---\ntitle: t\n---\n{input}"))
}

fn whole_post(input: &str) -> Check {
    thread_local!(static READER: Reader = Reader::new());
    READER.with(|reader| reader.documents("_posts/2025-01-01-x.md", input))
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

    fn ending(&self, _dir: &str, _suffix: &str) -> Result<Vec<String>, SettingsError> {
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
}

/// What makes documents of a file, as a scan does.
struct Reader {
    site: Arc<Site>,
    config: Config,
}

impl Reader {
    fn new() -> Self {
        Self::of("_config.yml", "url: https://example.com\ntimezone: Asia/Tokyo\n")
    }

    fn hugo() -> Self {
        Self::of("hugo.toml", "baseURL = 'https://example.com'\ntimeZone = 'Asia/Tokyo'\n")
    }

    fn of(path: &'static str, text: &str) -> Self {
        let settings = Settings { path, text: text.into() };
        let opened = Site::open(None, &settings).expect("the settings are sound");
        let around = Surroundings { out: None, env: None };
        let config = ConfigFile::parse("tidings.yaml", Path::new(env!("CARGO_MANIFEST_DIR")), String::new())
            .expect("nothing is sound");
        let config = config.check(&opened.defaults, &around).expect("the defaults are sound");
        Self { site: opened.site, config }
    }

    fn rules(&self) -> Rules<'_> {
        Rules { site: &self.config.site, permalink: "/{slug}/", max_post_bytes: 2 << 20 }
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
        Box::new(move || checked(&documents))
    }

    fn feed(&self, post: &Post, file: &str) -> Feed {
        let source = match post.template {
            true => self.site.expand(post, file, &self.rules(), &Alone).source,
            false => Text::of(post, file),
        };
        let rendered = posts::render(post, &source);
        let url = "https://example.com/feeds/feed";
        let entry = Entry {
            id: post.id.clone(),
            url: post.url.clone(),
            title: post.title.clone(),
            summary: Some(rendered.summary),
            html: Some(rendered.html),
            published: post.published,
            updated: post.published,
            authors: post.authors.clone(),
            categories: Vec::new(),
            language: post.language.clone(),
            image: post.image.clone(),
            attachments: post.attachments.clone(),
            episode: post.episode.clone(),
            extra: post.extra.clone(),
        };
        Feed {
            id: url.to_owned(),
            place: Place::of_site(&self.config.feeds.paths),
            group: None,
            edition: None,
            title: self.config.site.title.clone(),
            name: self.config.site.title.clone(),
            description: String::new(),
            home_url: "https://example.com/".to_owned(),
            urls: [Format::Atom, Format::Rss, Format::Json]
                .map(|format| (format, format!("{url}.{}", format!("{format:?}").to_lowercase())))
                .into(),
            page_url: format!("{url}.html"),
            language: None,
            author: self.config.site.author.clone(),
            icon: None,
            logo: None,
            updated: post.published,
            posts: 1,
            history: History::Untold,
            podcast: None,
            entries: vec![Arc::new(entry)],
        }
    }
}

/// All rules that documents have to keep: well-formed XML, HTML that a strict parser takes, and so on.
fn checked(documents: &[Document]) -> Result<Vec<u8>, String> {
    let base = "https://example.com/feeds/";
    let broken: Vec<_> =
        documents.iter().flat_map(|document| rules::broken(&document.path, &document.bytes, base)).collect();
    if broken.is_empty() {
        Ok(documents.iter().flat_map(|document| document.bytes.iter().copied()).collect())
    } else {
        Err(broken.join("\n"))
    }
}
