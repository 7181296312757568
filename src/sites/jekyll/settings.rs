//! `_config.yml`: what of it decides on posts and feeds.

use std::sync::Arc;

use chrono_tz::Tz;
use url::Url;

use crate::config::{CollectionFeed, SiteDefaults};
use crate::posts::front_matter::{Map, Value};
use crate::posts::text;
use crate::problems::Code;
use crate::sites::people::{self, Known};
use crate::sites::report::{NOTHING_READ, Words};
use crate::sites::{Files, SettingsError};

use super::collections::Collection;
use super::defaults::Defaults;
use super::files::{EXCLUDED, Patterns};
use super::templates::Library;
use super::written::Written;
use super::{authors, feed, permalink};

/// `_config.yml`, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) posts: Collection,
    /// Those whose documents are posts, too.
    pub(super) collections: Vec<Collection>,
    pub(super) defaults: Defaults,
    /// No more than this many of the newest posts are live.
    pub(super) limit_posts: Option<usize>,
    /// Posts with `published: false` are shown.
    pub(super) unpublished: bool,
    /// Posts with `draft: true`, and files in `_drafts`, are shown.
    pub(super) show_drafts: bool,
    /// Empty: the whole body.
    pub(super) excerpt_separator: String,
    /// Without dots.
    pub(super) markdown_extensions: Vec<String>,
    /// Without a slash at the end; empty: the root.
    pub(super) collections_dir: String,
    pub(super) include: Patterns,
    pub(super) exclude: Patterns,
    /// All of it as written, for what is read later.
    pub(super) config: Map,
    /// What templates may ask for.
    pub(super) library: Arc<Library>,
    /// Whom posts name by a key.
    pub(super) people: Known,
}

/// Reads the settings in the files that are `named`, or where Jekyll has them; says which file it is, if there is one.
pub(super) fn read(
    files: &dyn Files,
    named: &[String],
) -> Result<(Settings, SiteDefaults, Option<String>), SettingsError> {
    let written = Written::read(files, named)?;
    let raw = Raw { map: &written.data, written: &written };
    let data_dir = raw.text("data_dir").unwrap_or("_data").trim_matches('/');
    let people = authors::read(files, data_dir)?;
    let mut site = raw.site(&people)?;
    let settings = raw.settings(&site, people)?;
    let is_read = |feed: &CollectionFeed| settings.collections.iter().any(|collection| collection.label == feed.label);
    site.feed.collections.retain(is_read);
    Ok((settings, site, written.path().map(str::to_owned)))
}

/// The settings as written, or a section of them.
struct Raw<'a> {
    map: &'a Map,
    written: &'a Written,
}

impl<'a> Raw<'a> {
    fn settings(&self, site: &SiteDefaults, people: Known) -> Result<Settings, SettingsError> {
        let collections_dir = self.text("collections_dir").unwrap_or_default().trim_matches('/').to_owned();
        let (include, exclude) = self.patterns();
        Ok(Settings {
            posts: self.posts()?,
            collections: self.collections(site)?,
            defaults: Defaults::read(self.map.get("defaults"), &collections_dir),
            limit_posts: self.text("limit_posts").and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0),
            unpublished: self.is("unpublished"),
            show_drafts: self.is("show_drafts"),
            excerpt_separator: self.map.get("excerpt_separator").and_then(Value::as_text).unwrap_or("\n\n").to_owned(),
            markdown_extensions: self.markdown_extensions(),
            collections_dir,
            include,
            exclude,
            people,
            config: self.map.clone().without_places(),
            library: Arc::default(),
        })
    }

    fn site(&self, people: &Known) -> Result<SiteDefaults, SettingsError> {
        let feed = self.section(&["feed"]);
        let image = |key| feed.as_ref().and_then(|feed| feed.text(key)).or_else(|| self.text(key)).map(str::to_owned);
        Ok(SiteDefaults {
            url: self.url()?,
            title: self.line("title").or_else(|| self.line("name")),
            description: self.line("description"),
            language: self.text("lang").and_then(text::language),
            author: self.map.get("author").and_then(|author| people::read(author, people).into_iter().next()),
            timezone: self.timezone()?,
            icon: image("icon"),
            logo: image("logo"),
            permalink: None,
            languages: Vec::new(),
            feed: feed::read(self.map.get("feed")),
        })
    }

    fn section(&self, keys: &[&str]) -> Option<Raw<'a>> {
        let map = keys.iter().try_fold(self.map, |map, key| map.get(key).and_then(Value::as_map))?;
        Some(Raw { map, written: self.written })
    }

    /// A text that is not blank.
    fn text(&self, key: &str) -> Option<&'a str> {
        self.map.get(key).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty())
    }

    fn line(&self, key: &str) -> Option<String> {
        self.text(key).map(text::one_line)
    }

    fn is(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(Value::is_truthy)
    }

    fn texts(&self, key: &str) -> Vec<&'a str> {
        let scalars = self.map.get(key).map(Value::scalars).unwrap_or_default();
        scalars.into_iter().map(|scalar| scalar.text.as_str()).collect()
    }

    fn patterns(&self) -> (Patterns, Patterns) {
        let mut include = self.texts("include");
        if self.map.get("include").is_none() {
            include.push(".htaccess");
        }
        let exclude = EXCLUDED.into_iter().chain(self.texts("exclude")).filter(|pattern| !include.contains(pattern));
        let exclude = Patterns::new(exclude);
        (Patterns::new(include), exclude)
    }

    fn markdown_extensions(&self) -> Vec<String> {
        let listed = self.text("markdown_ext").unwrap_or("markdown,mkdown,mkdn,mkd,md");
        listed.split(',').map(|extension| extension.trim().to_ascii_lowercase()).collect()
    }

    fn posts(&self) -> Result<Collection, SettingsError> {
        // Only the site's own setting may name a style.
        let template = match self.section(&["collections", "posts"]).and_then(|posts| posts.text("permalink")) {
            Some(own) => self.template(&["collections", "posts", "permalink"], own)?,
            None => self.template(&["permalink"], permalink::style(self.text("permalink").unwrap_or("date")))?,
        };
        Ok(Collection { label: "posts".to_owned(), permalink: template, future: self.shows_future("posts") })
    }

    /// Those that have pages and, as jekyll-feed is told, a feed.
    fn collections(&self, site: &SiteDefaults) -> Result<Vec<Collection>, SettingsError> {
        let mut collections = Vec::new();
        let labels = site.feed.collections.iter().map(|feed| feed.label.as_str());
        for label in labels.filter(|label| is_label(label)) {
            let Some(section) = self.section(&["collections", label]).filter(|section| section.is("output")) else {
                continue;
            };
            let permalink = match section.text("permalink") {
                Some(own) => self.template(&["collections", label, "permalink"], own)?,
                None => format!("/:collection/:path{}", permalink::suffix(self.text("permalink").unwrap_or("date"))),
            };
            collections.push(Collection { label: label.to_owned(), permalink, future: self.shows_future(label) });
        }
        Ok(collections)
    }

    fn shows_future(&self, label: &str) -> bool {
        self.is("future") || self.section(&["collections", label]).is_some_and(|section| section.is("future"))
    }

    /// A URL template, which stands under these keys.
    fn template(&self, keys: &[&str], template: &str) -> Result<String, SettingsError> {
        permalink::check(template).map_err(|error| {
            self.written.error(Code::Permalink, keys, Words::new(error.to_string(), NOTHING_READ, permalink::REMEDY))
        })?;
        Ok(template.to_owned())
    }

    /// The site's address, with its base path.
    fn url(&self) -> Result<Option<String>, SettingsError> {
        let Some(written) = self.text("url") else { return Ok(None) };
        let url = Url::parse(written).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or_else(|| {
            let message = format!("`url` is no web address: `{written}`");
            let words = Words::new(message, NOTHING_READ, "write it with its scheme: `url: https://example.com`");
            self.written.error(Code::Field, &["url"], words)
        })?;
        let base_path = self.text("baseurl").unwrap_or_default().trim_matches('/');
        let slash = if base_path.is_empty() { "" } else { "/" };
        Ok(Some(format!("{}{slash}{base_path}", url.as_str().trim_end_matches('/'))))
    }

    fn timezone(&self) -> Result<Option<String>, SettingsError> {
        let Some(written) = self.text("timezone") else { return Ok(None) };
        if written.parse::<Tz>().is_err() {
            let message = format!("`timezone` is not known: `{written}`");
            let words =
                Words::new(message, NOTHING_READ, "use a name of the IANA database, such as `Asia/Tokyo` or `UTC`");
            return Err(self.written.error(Code::Field, &["timezone"], words));
        }
        Ok(Some(written.to_owned()))
    }
}

/// Whether Jekyll leaves such a name as it is.
fn is_label(label: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !label.is_empty() && !label.starts_with('.') && label.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Content;
    use crate::sites::testing;

    fn open(yaml: &str) -> Result<(Settings, SiteDefaults), SettingsError> {
        let (settings, site, _) = read(&testing::files([("_config.yml", yaml)]), &[])?;
        Ok((settings, site))
    }

    fn site(yaml: &str) -> SiteDefaults {
        open(yaml).unwrap().1
    }

    fn problem(yaml: &str) -> String {
        open(yaml).unwrap_err().0.to_string()
    }

    #[test]
    fn the_site_is_described() {
        let site = site(
            "name: The  Name\nurl: https://example.com/\nbaseurl: b/\nlang: en_US\ntimezone: America/Lower_Princes\n\
             description: >\n  two\n  lines\nauthor: {name: Ada, email: a@example.com}\nfeed: {icon: /i.png, path: /atom.xml}\nlogo: /l.png\n",
        );
        assert_eq!(site.url.as_deref(), Some("https://example.com/b"));
        assert_eq!(site.title.as_deref(), Some("The Name"));
        assert_eq!(site.language.as_deref(), Some("en-US"));
        assert_eq!(site.description.as_deref(), Some("two lines"));
        assert_eq!(site.author.map(|author| author.name).as_deref(), Some("Ada"));
        assert_eq!(site.feed.path.as_deref(), Some("/atom.xml"));
        assert_eq!((site.icon.as_deref(), site.logo.as_deref()), (Some("/i.png"), Some("/l.png")));
    }

    #[test]
    fn nothing_is_needed() {
        let (settings, site) = open("").unwrap();
        assert_eq!(site, SiteDefaults::default());
        assert_eq!(settings.posts.permalink, permalink::style("date"));
        assert_eq!(settings.excerpt_separator, "\n\n");
    }

    #[test]
    fn only_the_site_itself_may_name_a_style() {
        let permalink = |yaml: &str| open(yaml).unwrap().0.posts.permalink;
        assert_eq!(permalink("permalink: none"), "/:categories/:title:output_ext");
        assert_eq!(permalink("permalink: none\ncollections: {posts: {permalink: pretty}}"), "pretty");
        assert_eq!(permalink("permalink: :title"), ":title");
    }

    #[test]
    fn what_cannot_be_is_an_error_with_its_place() {
        assert_eq!(
            problem("a: 1\ntimezone: Mars/Olympus"),
            "_config.yml:2:11: error [T006]: `timezone` is not known: `Mars/Olympus`"
        );
        assert_eq!(
            problem("url: example.com"),
            "_config.yml:1:6: error [T006]: `url` is no web address: `example.com`"
        );
        assert!(problem("permalink: /:titel/").starts_with("_config.yml:1:12: error [T007]: "));
        assert!(problem("title: a: b").starts_with("_config.yml:1:9: error [T004]: "));
    }

    #[test]
    fn the_sites_author_may_be_named_by_a_key() {
        let all = [
            ("_config.yml", "author: ada\ndata_dir: /d/"),
            ("d/authors.yml", "ada: {name: Ada, email: a@example.com}"),
        ];
        let (_, site, path) = read(&testing::files(all), &[]).unwrap();
        assert_eq!(site.author.map(|author| author.name).as_deref(), Some("Ada"));
        assert_eq!(path.as_deref(), Some("_config.yml"));
        assert_eq!(self::site("author: {email: a@example.com}").author.unwrap().name, "a");
        assert_eq!(self::site("author: unknown").author.unwrap().name, "unknown");
    }

    #[test]
    fn settings_may_be_toml() {
        let toml = "title = \"T\"\n[feed]\nposts_limit = 5\n[collections.posts]\npermalink = \"/:title/\"\n";
        let (settings, site, _) = read(&testing::files([("_config.toml", toml)]), &[]).unwrap();
        assert_eq!((site.title.as_deref(), site.feed.limit), (Some("T"), Some(5)));
        assert_eq!(settings.posts.permalink, "/:title/");
    }

    #[test]
    fn collections_are_read_if_they_have_pages_and_a_feed() {
        let collections = |yaml: &str| -> Vec<(String, String, bool)> {
            let read = open(yaml).unwrap().0.collections;
            read.into_iter().map(|collection| (collection.label, collection.permalink, collection.future)).collect()
        };
        let own = "{a: {output: true, permalink: pretty, future: true}, b: {output: true}, c: {}, d: {output: true}}";
        let yaml = format!("permalink: /:title/\nfeed: {{collections: [a, b, c, e]}}\ncollections: {own}");
        let expected = [("a".into(), "pretty".into(), true), ("b".into(), "/:collection/:path/".into(), false)];
        assert_eq!(collections(&yaml), expected);
        assert_eq!(collections("feed: {collections: [a]}\ncollections: [a]"), []);
        assert_eq!(
            collections(
                "feed: {collections: [../a, .a, a b]}\ncollections: {../a: {output: true}, .a: {output: true}}"
            ),
            []
        );
        let feeds: Vec<_> = site(&yaml).feed.collections.into_iter().map(|feed| feed.label).collect();
        assert_eq!(feeds, ["a", "b"]);
        assert_eq!(
            problem("feed: {collections: [a]}\ncollections:\n  a: {output: yes, permalink: ':x'}"),
            "_config.yml:3:32: error [T007]: `permalink` has a placeholder that Jekyll does not know: `:x`"
        );
    }

    #[test]
    fn the_feed_plugins_settings_are_the_feeds_defaults() {
        let feed = site("feed: {posts_limit: 7, excerpt_only: true}").feed;
        assert_eq!((feed.limit, feed.content), (Some(7), Some(Content::Excerpt)));
    }
}
