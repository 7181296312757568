//! `tidings.yaml` and the site's own settings: raw as written, then checked.
//!
//! In: the text of the config file, and what the site's generator says of the site ([`SiteDefaults`]). Out: a [`Config`]
//! that nobody needs to check again. Never: reading posts, or writing anything.

#![expect(clippy::disallowed_methods, reason = "this is where settings are read")]

mod check;
mod feeds;
mod file;
mod filter;
mod git;
mod neighbours;
mod raw;
pub mod rotation;
mod schedule;
mod secret;
pub mod template;
mod trigger;
mod webhooks;
mod websub;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use chrono_tz::Tz;
use url::Url;

pub use check::{Lookup, Surroundings};
pub use feeds::{Archive, CustomFeed, Feeds, Paths, Podcast, PodcastCategory, Template};
pub use file::{ConfigFile, FILE_NAME};
pub use filter::{Filter, Pattern, Terms};
pub use git::{Address, Git, Place, Remote};
pub use neighbours::IndexNow;
pub use schedule::{Schedule, ScheduleError};
pub use secret::{Secret, SecretRef, WebhookKey};
pub use trigger::Trigger;
pub use webhooks::{EventType, MessageFormat, Payload, Rate, Webhook};
pub use websub::{Hub, Signature, Websub};

use crate::posts::Person;

/// What a site's own configuration says of it; `tidings.yaml` wins where both speak.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteDefaults {
    /// The site's address, with its base path.
    pub url: Option<String>,
    /// Plain text.
    pub title: Option<String>,
    /// Plain text.
    pub description: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Who writes where a post names nobody.
    pub author: Option<Person>,
    /// An IANA name.
    pub timezone: Option<String>,
    /// URL or path of a square image.
    pub icon: Option<String>,
    /// URL or path of a wide image.
    pub logo: Option<String>,
    /// URL template of posts, where the site's conventions have one; see [`Source::permalink`].
    pub permalink: Option<String>,
    /// The languages of a multilingual site besides its own.
    pub languages: Vec<SiteLanguage>,
    /// What its feed plugin was told.
    pub feed: FeedDefaults,
}

/// What a site's own configuration says of its feeds (jekyll-feed's `feed:`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedDefaults {
    /// Where the site's feed lies, as written: `/feed.xml`, `atom.xml`.
    pub path: Option<String>,
    /// Entries a feed; never 0.
    pub limit: Option<usize>,
    /// How much of a post an entry holds.
    pub content: Option<Content>,
    /// Categories with a feed of their own, as written.
    pub categories: Vec<String>,
    /// Which tags have a feed of their own; `None`: none has.
    pub tags: Option<TagFeeds>,
    /// Collections beside the posts that have feeds of their own.
    pub collections: Vec<CollectionFeed>,
}

/// Which tags have a feed, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct TagFeeds {
    /// Where their feeds lie: what stands before `<tag>.xml`.
    pub path: String,
    /// These and no others; `None`: all.
    pub only: Option<Vec<String>>,
    /// Not these.
    pub except: Vec<String>,
}

/// A collection with a feed of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectionFeed {
    /// Its name: letters, digits, `-`, `_`, `.`.
    pub label: String,
    /// Where its feed lies, as written.
    pub path: Option<String>,
    /// Categories within it that have a feed.
    pub categories: Vec<String>,
}

/// A language of a multilingual site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteLanguage {
    /// BCP 47; what its posts have for [`Post::language`](crate::posts::Post::language), and the directory of its feeds.
    pub code: String,
    /// The site's title in it. Plain text.
    pub title: Option<String>,
}

/// Everything Tidings was told, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who speaks.
    pub site: Site,
    /// Where posts are.
    pub source: Source,
    /// When to scan.
    pub schedule: Schedule,
    /// Where documents go.
    pub output: Output,
    /// Which documents there are, and what is in them.
    pub feeds: Feeds,
    /// Who may ask for them, and how.
    pub server: Server,
    /// Where state is kept.
    pub store: StoreUrl,
    /// Who is told, in the order given, then what `websub.ping` and `indexnow` come to; names are unique.
    pub webhooks: Vec<Arc<Webhook>>,
    /// Who tells subscribers of feeds that they changed.
    pub websub: Websub,
    /// Whether search engines are told of posts.
    pub indexnow: Option<IndexNow>,
    /// Who may ask for a scan over HTTP; `None`: nobody.
    pub trigger: Option<Trigger>,
    /// What stops a scan.
    pub guard: Guard,
    /// How many of the newest posts the first scan announces.
    pub backfill: usize,
}

/// The site whose posts these are.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Absolute, http or https, with a trailing slash.
    pub url: Url,
    /// Never empty.
    pub title: String,
    /// May be empty.
    pub description: String,
    /// BCP 47.
    pub language: Option<String>,
    /// Who writes where a post names nobody. The site's title where nobody is named at all (RFC 4287, 4.1.1, wants an author).
    pub author: Person,
    /// In which dates without a zone are read and schedules are kept.
    pub timezone: Tz,
    /// Absolute URL of a square image.
    pub icon: Option<String>,
    /// Absolute URL of a wide image.
    pub logo: Option<String>,
    /// The languages besides [`language`](Self::language) that have feeds of their own. If there are any, the other feeds
    /// show no posts in them. Each is a plain path segment.
    pub languages: Vec<SiteLanguage>,
}

/// A static-site generator whose conventions a repository follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generator {
    /// Jekyll 4.
    Jekyll,
    /// Zola.
    Zola,
    /// Eleventy 3.
    Eleventy,
    /// Astro 5.
    Astro,
    /// Hugo.
    Hugo,
    /// Markdown files with or without front matter, URLs from a template.
    Plain,
}

/// Its name within a sentence.
impl fmt::Display for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jekyll => "Jekyll",
            Self::Zola => "Zola",
            Self::Eleventy => "Eleventy",
            Self::Astro => "Astro",
            Self::Hugo => "Hugo",
            Self::Plain => "plain Markdown",
        })
    }
}

/// Where posts are kept.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the paths of files are below, for people: the directory, absolute; in a repository elsewhere, the directory in it.
    pub path: PathBuf,
    /// `None`: found out from the files.
    pub generator: Option<Generator>,
    /// If not empty, only files that match one of these are posts.
    pub include: globset::GlobSet,
    /// Files that match one of these are no posts.
    pub exclude: globset::GlobSet,
    /// URL template of the generators `plain`, `eleventy` and `astro`, such as `/{dir}/{slug}/`.
    pub permalink: String,
    /// Where the date of a post's last change comes from.
    pub updated: Updated,
    /// Whether a file that is saved is read at once, and not at the next scan by schedule.
    pub watch: bool,
}

/// Where documents go.
#[derive(Debug, Clone)]
pub struct Output {
    /// The directory, absolute.
    pub dir: PathBuf,
}

/// A document format that is a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

/// A way of grouping posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Taxonomy {
    /// The front matter's `categories`.
    Category,
    /// The front matter's `tags`.
    Tag,
    /// The front matter's `author`.
    Author,
}

impl Taxonomy {
    /// All, in the order documents list them.
    pub const ALL: [Self; 3] = [Self::Category, Self::Tag, Self::Author];

    /// The directory of its feeds: `categories`, `tags`, `authors`.
    #[must_use]
    pub const fn dir(self) -> &'static str {
        match self {
            Self::Category => "categories",
            Self::Tag => "tags",
            Self::Author => "authors",
        }
    }
}

/// How much of a post an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// Summary and the whole text.
    Full,
    /// The summary.
    Excerpt,
    /// Title and link.
    None,
}

/// Which spellings of a term are one term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fold {
    /// Those whose slugs are one: `Foo Bar`, `foo-bar`.
    #[default]
    Slug,
    /// Those that differ in case only: `Rust`, `rust`.
    Case,
    /// Each is a term of its own.
    None,
}

/// Where the date of a post's last change comes from, unless its front matter has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Updated {
    /// The scan that saw readers' content change.
    #[default]
    Scan,
    /// The git commit that changed the post's file.
    Git,
    /// Nowhere: only front matter counts.
    Never,
}

/// Who may ask for what.
#[derive(Debug, Clone)]
pub struct Server {
    /// The public listener.
    pub listen: std::net::SocketAddr,
    /// What stands before every document's path in links: absolute, with a trailing slash.
    pub public_url: Url,
    /// The admin listener.
    pub admin: std::net::SocketAddr,
    /// Needed on the admin listener; always set where it is not loopback.
    pub admin_token: Option<Secret>,
}

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A SQLite database in this file, absolute.
    Sqlite(PathBuf),
}

/// What stops a scan, or a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// If more of the known posts than this vanish at once (from 10 known posts up), the scan stops.
    pub max_removed_percent: u8,
    /// If a scan finds more changes than this, one digest event is sent.
    pub max_events_per_scan: usize,
    /// Larger files are not read.
    pub max_post_bytes: u64,
}

/// Settings for the tests of other modules.
#[cfg(test)]
pub(crate) mod testing {
    use super::{Content, Feeds, Fold, Format, Paths, Person, Site, Taxonomy};

    /// The feeds that a config without a word about them asks for.
    pub(crate) fn feeds() -> Feeds {
        Feeds {
            formats: vec![Format::Atom, Format::Rss, Format::Json],
            by: Taxonomy::ALL.to_vec(),
            limit: Some(20),
            content: Content::Full,
            min_posts: 1,
            fold: Fold::default(),
            slugs: std::collections::BTreeMap::new(),
            listed: Vec::new(),
            paths: Paths::default(),
            archive: None,
            autodiscovery: false,
            podcast: None,
            custom: Vec::new(),
        }
    }

    /// A site that names no author.
    pub(crate) fn site() -> Site {
        Site {
            url: "https://example.com/".parse().unwrap(),
            title: "Example".into(),
            description: String::new(),
            language: None,
            author: Person { name: "Example".into(), email: None, uri: None },
            timezone: chrono_tz::UTC,
            icon: None,
            logo: None,
            languages: Vec::new(),
        }
    }
}
