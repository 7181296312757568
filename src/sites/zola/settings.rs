//! `zola.toml` or `config.toml`: what of it decides on posts and feeds.

use globset::{Glob, GlobSet, GlobSetBuilder};
use url::Url;

use crate::config::{FeedDefaults, SiteDefaults, SiteLanguage};
use crate::posts::front_matter::{self, Map, Value};
use crate::posts::{markdown, text};
use crate::problems::Code;
use crate::sites::report::{NOTHING_READ, Report, Words};
use crate::sites::{Files, SettingsError, files, people};

use super::name::CONTENT;
use super::slugs::Slugify;

/// Zola's settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) default_language: String,
    /// The codes of the others.
    pub(super) languages: Vec<String>,
    pub(super) slugify: Slugify,
    /// Dates stay in URLs.
    pub(super) keeps_dates: bool,
    /// Files that are passed over.
    pub(super) ignored: GlobSet,
    /// Directories of sections that are drafts, with a slash at the end.
    pub(super) drafts: Vec<String>,
    pub(super) markdown: markdown::Zola,
}

/// In the order they are looked for.
pub(in crate::sites) const SETTINGS_FILES: [&str; 2] = ["zola.toml", "config.toml"];

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_language: "en".to_owned(),
            languages: Vec::new(),
            slugify: Slugify::On,
            keeps_dates: false,
            ignored: GlobSet::empty(),
            drafts: Vec::new(),
            markdown: markdown::Zola::default(),
        }
    }
}

impl Settings {
    /// Reads the settings, and says where they are; without any, Zola's own defaults.
    ///
    /// # Errors
    ///
    /// If the file is not TOML, or says what cannot be.
    pub(in crate::sites) fn read(files: &dyn Files) -> Result<(Self, SiteDefaults, Option<String>), SettingsError> {
        let drafts = drafts(files)?;
        let Some((name, text)) = files::first(&SETTINGS_FILES, files)? else {
            return Ok((Self { drafts, ..Self::default() }, SiteDefaults::default(), None));
        };
        let (settings, defaults) = parse(name, &text)?;
        Ok((Self { drafts, ..settings }, defaults, Some(name.to_owned())))
    }

    /// Whether a path is in a section that is a draft, or is passed over by name.
    pub(super) fn ignores(&self, path: &str) -> bool {
        self.drafts.iter().any(|dir| path.starts_with(dir.as_str())) || self.ignored.is_match(path)
    }
}

/// The directories whose `_index.md` says `draft = true`: Zola goes past them.
fn drafts(files: &dyn Files) -> Result<Vec<String>, SettingsError> {
    let mut drafts = Vec::new();
    for path in files.picked(CONTENT, |path| path.ends_with("/_index.md"))? {
        let text = files.text(&path)?.unwrap_or_default();
        // What cannot be read hides nothing: it is a section's page, and no post.
        let is_draft = front_matter::read_any(&text).is_ok_and(|(data, _)| data.says("draft", true));
        if is_draft {
            drafts.extend(path.strip_suffix("_index.md").map(str::to_owned));
        }
    }
    Ok(drafts)
}

fn parse(path: &str, text: &str) -> Result<(Settings, SiteDefaults), SettingsError> {
    let mut report = Report::new(path, text);
    let data = front_matter::parse_toml(text, 0..text.len()).unwrap_or_else(|error| {
        report.broken("the site's configuration", &error, NOTHING_READ);
        Map::default()
    });
    let (settings, site) = (settings(&data, &mut report), site(&data, &mut report));
    match report.into_problems().into_iter().next() {
        Some(problem) => Err(SettingsError(Box::new(problem))),
        None => Ok((settings, site)),
    }
}

fn settings(data: &Map, report: &mut Report<'_>) -> Settings {
    let slugify = data.get("slugify").and_then(Value::as_map);
    let default_language = data.text("default_language").unwrap_or("en").to_owned();
    let languages = data.get("languages").and_then(Value::as_map);
    let codes = languages.into_iter().flat_map(|all| all.iter().map(|(code, _)| code.to_owned()));
    Settings {
        languages: codes.filter(|code| *code != default_language).collect(),
        default_language,
        slugify: slugify.map_or(Slugify::On, |slugify| strategy(slugify, report)),
        keeps_dates: slugify.is_some_and(|slugify| slugify.says("paths_keep_dates", true)),
        ignored: ignored(data, report),
        drafts: Vec::new(),
        markdown: data.get("markdown").and_then(Value::as_map).map(markdown).unwrap_or_default(),
    }
}

fn markdown(data: &Map) -> markdown::Zola {
    markdown::Zola {
        smart_punctuation: data.says("smart_punctuation", true),
        github_alerts: data.says("github_alerts", true),
        definition_list: data.says("definition_list", true),
    }
}

fn strategy(slugify: &Map, report: &mut Report<'_>) -> Slugify {
    let Some(written) = slugify.text("paths") else { return Slugify::On };
    Slugify::named(written).unwrap_or_else(|| {
        let message = format!("`slugify.paths` cannot be `{written}`");
        report.error(Code::Field, slugify.span("paths"), Words::new(message, NOTHING_READ, "write on, safe or off"));
        Slugify::On
    })
}

fn ignored(data: &Map, report: &mut Report<'_>) -> GlobSet {
    let mut globs = GlobSetBuilder::new();
    for pattern in data.get("ignored_content").map(Value::scalars).unwrap_or_default() {
        match Glob::new(&pattern.text) {
            Ok(glob) => drop(globs.add(glob)),
            Err(error) => {
                let message = format!("`{}` is no glob: {}", pattern.text, error.kind());
                let words = Words::new(message, NOTHING_READ, "write patterns like `*.tmp` or `**/drafts/*`");
                report.error(Code::Field, data.span("ignored_content"), words);
            }
        }
    }
    globs.build().unwrap_or_default()
}

fn site(data: &Map, report: &mut Report<'_>) -> SiteDefaults {
    SiteDefaults {
        url: url(data, report),
        title: data.text("title").map(text::one_line),
        description: data.text("description").map(text::one_line),
        language: text::language(data.text("default_language").unwrap_or("en")),
        author: data
            .get("author")
            .and_then(|author| people::read(author, &people::Known::default()).into_iter().next()),
        languages: languages(data),
        feed: FeedDefaults { limit: limit(data), ..FeedDefaults::default() },
        ..SiteDefaults::default()
    }
}

/// The languages besides the site's own; what is no language tag has no feeds of its own.
fn languages(data: &Map) -> Vec<SiteLanguage> {
    let own = data.text("default_language").unwrap_or("en");
    let all = data.get("languages").and_then(Value::as_map).into_iter().flat_map(Map::iter);
    let others = all.filter(|(code, _)| *code != own);
    let language = |(code, options): (&str, &Value)| {
        let title = options.as_map().and_then(|options| options.text("title")).map(text::one_line);
        Some(SiteLanguage { code: text::language(code)?, title })
    };
    others.filter_map(language).collect()
}

/// Entries a feed, where the site sets a limit.
fn limit(data: &Map) -> Option<usize> {
    data.text("feed_limit")?.parse().ok().filter(|limit| *limit > 0)
}

fn url(data: &Map, report: &mut Report<'_>) -> Option<String> {
    // Zola's own way to say that links start at the root.
    let written = data.text("base_url").filter(|url| *url != "/")?;
    let url = Url::parse(written).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none() {
        let message = format!("`base_url` is no web address: `{written}`");
        let words = Words::new(message, NOTHING_READ, "write it with its scheme: `base_url = \"https://example.com\"`");
        report.error(Code::Field, data.span("base_url"), words);
    }
    url.map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::testing;

    fn read(toml: &str) -> (Settings, SiteDefaults) {
        let (settings, defaults, path) = Settings::read(&testing::files([("config.toml", toml)])).unwrap();
        assert_eq!(path.as_deref(), Some("config.toml"));
        (settings, defaults)
    }

    #[test]
    fn the_site_is_described() {
        let (_, site) = read(
            "base_url = \"https://example.com/b\"\ntitle = \"T\"\ndescription = '''two\nlines'''\nauthor = \"Ada\"\n\
             default_language = \"ja\"\nfeed_limit = 7\n",
        );
        assert_eq!(site.url.as_deref(), Some("https://example.com/b"));
        assert_eq!((site.title.as_deref(), site.description.as_deref()), (Some("T"), Some("two lines")));
        assert_eq!((site.language.as_deref(), site.author.map(|one| one.name).as_deref()), (Some("ja"), Some("Ada")));
        assert_eq!(site.feed.limit, Some(7));
        let bare = read("base_url = \"/\"\nfeed_limit = 0").1;
        assert_eq!((bare.url, bare.feed.limit), (None, None));
    }

    #[test]
    fn further_languages_are_named_with_their_titles() {
        let (_, site) =
            read("default_language = \"ja\"\n[languages.ja]\n[languages.en]\ntitle = \"T\"\n[languages.zh-hans]\n");
        let named: Vec<_> = site.languages.iter().map(|one| (one.code.as_str(), one.title.as_deref())).collect();
        assert_eq!(named, [("en", Some("T")), ("zh-hans", None)]);
    }

    #[test]
    fn posts_follow_the_settings() {
        let (settings, _) = read(
            "ignored_content = [\"*.tmp.md\", \"**/old/*\"]\n[languages.fr]\ntitle = \"F\"\n[languages.en]\n\
             [slugify]\npaths = \"safe\"\npaths_keep_dates = true\n",
        );
        assert_eq!((settings.languages.as_slice(), settings.slugify), (&["fr".to_owned()][..], Slugify::Safe));
        assert!(settings.keeps_dates);
        assert!(settings.ignores("content/a.tmp.md") && settings.ignores("content/old/a.md"));
        assert!(!settings.ignores("content/a.md"));
    }

    #[test]
    fn sections_that_are_drafts_are_passed_over() {
        let files = testing::files([
            ("zola.toml", ""),
            ("content/a/_index.md", "+++\ndraft = true\n+++\n"),
            ("content/b/_index.md", "---\ndraft: false\n---\n"),
            ("content/c/_index.md", "+++\n="),
        ]);
        let (settings, ..) = Settings::read(&files).unwrap();
        assert_eq!(settings.drafts, ["content/a/"]);
        assert!(settings.ignores("content/a/b/x.md"));
    }

    #[test]
    fn what_cannot_be_is_an_error_with_its_place() {
        let problem = |toml| Settings::read(&testing::files([("config.toml", toml)])).unwrap_err().0.to_string();
        assert!(problem("title = [").starts_with("config.toml:1:"), "{}", problem("title = ["));
        assert_eq!(
            problem("base_url = \"example.com\""),
            "config.toml:1:13: error [T006]: `base_url` is no web address: `example.com`"
        );
        assert!(problem("[slugify]\npaths = \"maybe\"").contains("`slugify.paths` cannot be `maybe`"));
        assert!(problem("ignored_content = [\"a[\"]").contains("is no glob"));
    }
}
