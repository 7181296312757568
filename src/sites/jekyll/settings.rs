//! `_config.yml`: what of it decides on posts and feeds.

use std::sync::Arc;

use chrono_tz::Tz;
use url::Url;

use crate::config::SiteDefaults;
use crate::posts::front_matter::{self, Map, Value};
use crate::posts::text;
use crate::problems::Code;
use crate::sites::SettingsError;
use crate::sites::people;
use crate::sites::report::{Report, Words};

use super::defaults::Defaults;
use super::files::{EXCLUDED, Patterns};
use super::permalink;
use super::templates::Library;

/// `_config.yml`, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// URL template of posts.
    pub(super) permalink: String,
    pub(super) defaults: Defaults,
    /// Posts of the future are shown.
    pub(super) future: bool,
    /// Posts with `published: false` are shown.
    pub(super) unpublished: bool,
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
}

const NOTHING_READ: &str = "nothing is read";

/// In the order they are looked for.
pub(in crate::sites) const SETTINGS_FILES: [&str; 2] = ["_config.yml", "_config.yaml"];

/// Reads the settings in the file at `path`.
pub(super) fn read(path: &str, text: &str) -> Result<(Settings, SiteDefaults), SettingsError> {
    let mut report = Report::new(path, text);
    let data = match front_matter::parse(text, 0..text.len()) {
        Ok(data) => data,
        Err(error) => {
            report.broken_yaml("the site's configuration", &error, NOTHING_READ);
            Map::default()
        }
    };
    let raw = Raw(&data);
    let (settings, site) = (raw.settings(&mut report), raw.site(&mut report));
    match report.into_problems().into_iter().next() {
        Some(problem) => Err(SettingsError(Box::new(problem))),
        None => Ok((settings, site)),
    }
}

/// The settings as written.
struct Raw<'a>(&'a Map);

impl Raw<'_> {
    fn settings(&self, report: &mut Report<'_>) -> Settings {
        let collections_dir = self.text("collections_dir").unwrap_or_default().trim_matches('/').to_owned();
        let posts = self.0.get("collections").and_then(Value::as_map).and_then(|all| all.get("posts")?.as_map());
        let collection = posts.map(Raw);
        let (include, exclude) = self.patterns();
        Settings {
            permalink: self.permalink(collection.as_ref(), report),
            defaults: Defaults::read(self.0.get("defaults"), &collections_dir),
            future: self.is("future") || collection.is_some_and(|posts| posts.is("future")),
            unpublished: self.is("unpublished"),
            excerpt_separator: self.0.get("excerpt_separator").and_then(Value::as_text).unwrap_or("\n\n").to_owned(),
            markdown_extensions: self.markdown_extensions(),
            collections_dir,
            include,
            exclude,
            config: self.0.clone().without_places(),
            library: Arc::default(),
        }
    }

    fn site(&self, report: &mut Report<'_>) -> SiteDefaults {
        let feed = self.0.get("feed").and_then(Value::as_map).map(Raw);
        let image = |key| feed.as_ref().and_then(|feed| feed.text(key)).or_else(|| self.text(key)).map(str::to_owned);
        SiteDefaults {
            url: self.url(report),
            title: self.line("title").or_else(|| self.line("name")),
            description: self.line("description"),
            language: self.text("lang").and_then(text::language),
            author: self.0.get("author").and_then(|author| people::read(author).into_iter().next()),
            timezone: self.timezone(report),
            icon: image("icon"),
            logo: image("logo"),
            permalink: None,
            languages: Vec::new(),
            feed_path: feed.as_ref().and_then(|feed| feed.text("path")).map(str::to_owned),
        }
    }

    /// A text that is not blank.
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty())
    }

    fn line(&self, key: &str) -> Option<String> {
        self.text(key).map(text::one_line)
    }

    fn is(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(Value::is_truthy)
    }

    fn texts(&self, key: &str) -> Vec<&str> {
        let scalars = self.0.get(key).map(Value::scalars).unwrap_or_default();
        scalars.into_iter().map(|scalar| scalar.text.as_str()).collect()
    }

    fn patterns(&self) -> (Patterns, Patterns) {
        let mut include = self.texts("include");
        if self.0.get("include").is_none() {
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

    fn permalink(&self, collection: Option<&Raw<'_>>, report: &mut Report<'_>) -> String {
        let of_posts = collection.filter(|posts| posts.text("permalink").is_some());
        let raw = of_posts.unwrap_or(self);
        let written = raw.text("permalink").unwrap_or("date");
        // Only the site's own setting may name a style.
        let template = if of_posts.is_some() { written } else { permalink::style(written) };
        if let Err(error) = permalink::check(template) {
            let words = Words::new(error.to_string(), NOTHING_READ, permalink::REMEDY);
            report.error(Code::Permalink, raw.0.span("permalink"), words);
        }
        template.to_owned()
    }

    /// The site's address, with its base path.
    fn url(&self, report: &mut Report<'_>) -> Option<String> {
        let written = self.text("url")?;
        let url = Url::parse(written).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if url.is_none() {
            let message = format!("`url` is no web address: `{written}`");
            let words = Words::new(message, NOTHING_READ, "write it with its scheme: `url: https://example.com`");
            report.error(Code::Field, self.0.span("url"), words);
        }
        let base_path = self.text("baseurl").unwrap_or_default().trim_matches('/');
        let slash = if base_path.is_empty() { "" } else { "/" };
        url.map(|url| format!("{}{slash}{base_path}", url.as_str().trim_end_matches('/')))
    }

    fn timezone(&self, report: &mut Report<'_>) -> Option<String> {
        let written = self.text("timezone")?;
        if written.parse::<Tz>().is_err() {
            let message = format!("`timezone` is not known: `{written}`");
            let words =
                Words::new(message, NOTHING_READ, "use a name of the IANA database, such as `Asia/Tokyo` or `UTC`");
            report.error(Code::Field, self.0.span("timezone"), words);
        }
        Some(written.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(yaml: &str) -> SiteDefaults {
        read("_config.yml", yaml).unwrap().1
    }

    fn problem(yaml: &str) -> String {
        read("_config.yml", yaml).unwrap_err().0.to_string()
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
        assert_eq!(site.feed_path.as_deref(), Some("/atom.xml"));
        assert_eq!((site.icon.as_deref(), site.logo.as_deref()), (Some("/i.png"), Some("/l.png")));
    }

    #[test]
    fn nothing_is_needed() {
        let (settings, site) = read("_config.yml", "").unwrap();
        assert_eq!(site, SiteDefaults::default());
        assert_eq!(settings.permalink, permalink::style("date"));
        assert_eq!(settings.excerpt_separator, "\n\n");
    }

    #[test]
    fn only_the_site_itself_may_name_a_style() {
        let permalink = |yaml| read("_config.yml", yaml).unwrap().0.permalink;
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
}
