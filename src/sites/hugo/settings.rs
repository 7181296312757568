//! Hugo's settings: what of them decides on posts and feeds.

use chrono_tz::Tz;
use regex::RegexSet;
use url::Url;

use crate::config::{FeedDefaults, SiteDefaults};
use crate::posts::front_matter::{Map, Value};
use crate::posts::markdown::Goldmark;
use crate::posts::text;
use crate::problems::Code;
use crate::sites::report::{NOTHING_READ, Report, Words};
use crate::sites::{Files, SettingsError, people};

use super::dates::Keys;
use super::languages::Languages;
use super::patterns::Permalink;
use super::sections::Sections;
use super::text::PathText;
use super::{layers, permalink};

/// The site's settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) roots: Vec<Root>,
    pub(super) languages: Languages,
    pub(super) sections: Sections,
    /// The first that means a page makes its path.
    pub(super) permalinks: Vec<Permalink>,
    pub(super) text: PathText,
    pub(super) ugly: Ugly,
    pub(super) dates: Keys,
    pub(super) taxonomies: Taxonomies,
    pub(super) shown: Shown,
    pub(super) summary: Summary,
    /// Files that are passed over (`ignoreFiles`).
    pub(super) ignored: RegexSet,
    /// What `{{< param >}}` may ask for.
    pub(super) params: Map,
    /// How Markdown is read.
    pub(super) goldmark: Goldmark,
}

/// A directory of content.
#[derive(Debug, Clone)]
pub(super) struct Root {
    /// From the source's root, without slashes at the ends; empty: the source's root itself.
    pub(super) dir: String,
    /// Of what lies in it, unless a file's name says another one.
    pub(super) language: usize,
    /// Where it stands below the content; empty at its top.
    pub(super) into: String,
}

/// Pages whose URL ends in `.html`.
#[derive(Debug, Clone, Default)]
pub(super) struct Ugly {
    all: bool,
    sections: Vec<String>,
}

/// Under which front matter keys terms stand; `None` where the site has no such taxonomy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taxonomies {
    pub(super) categories: Option<String>,
    pub(super) tags: Option<String>,
}

/// What is published beside what is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) drafts: bool,
    pub(super) future: bool,
    pub(super) expired: bool,
}

/// How long a summary gets where the author says nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    pub(super) words: usize,
    /// Texts may be in Chinese, Japanese or Korean, and are counted by characters then.
    pub(super) may_be_cjk: bool,
}

/// Reads the settings and the pages of sections.
pub(super) fn read(files: &dyn Files) -> Result<(Settings, SiteDefaults, Option<String>), SettingsError> {
    let (map, path) = layers::read(files)?;
    let named = path.clone().unwrap_or_else(|| layers::FILES[0].to_owned());
    let mut report = Report::new(&named, "");
    let raw = Raw(&map);
    let languages = Languages::read(&map);
    let roots = raw.roots(&languages);
    let site = raw.site(&languages, &mut report);
    let settings = Settings {
        sections: Sections::read(files, &map, &roots, &languages)?,
        permalinks: raw.permalinks(&mut report),
        text: PathText { lower: !raw.is("disablepathtolower"), without_accents: raw.is("removepathaccents") },
        ugly: raw.ugly(),
        dates: Keys::read(map.get("frontmatter")),
        taxonomies: raw.taxonomies(),
        shown: Shown { drafts: raw.is("builddrafts"), future: raw.is("buildfuture"), expired: raw.is("buildexpired") },
        summary: raw.summary(),
        ignored: raw.ignored(&mut report),
        params: map.get("params").and_then(Value::as_map).cloned().unwrap_or_default(),
        goldmark: raw.goldmark(),
        roots,
        languages,
    };
    match report.into_problems().into_iter().next() {
        Some(problem) => Err(SettingsError(Box::new(problem))),
        None => Ok((settings, site, path)),
    }
}

/// The settings as written, keys in lower case.
struct Raw<'a>(&'a Map);

impl<'a> Raw<'a> {
    fn at(&self, steps: &[&str]) -> Option<&'a Value> {
        let (last, above) = steps.split_last()?;
        above.iter().try_fold(self.0, |map, step| map.get(step)?.as_map())?.get(last)
    }

    /// A text that is not blank.
    fn text(&self, steps: &[&str]) -> Option<&'a str> {
        self.at(steps).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty())
    }

    fn is(&self, key: &str) -> bool {
        self.0.says(key, true)
    }

    fn site(&self, languages: &Languages, report: &mut Report<'_>) -> SiteDefaults {
        let own = languages.get(0);
        let line = |text: &str| text::one_line(text);
        let of_language = |key: &str| self.text(&["languages", &own.key, "params", key]);
        let author =
            self.at(&["params", "author"]).or_else(|| self.at(&["author"])).or_else(|| self.at(&["params", "authors"]));
        SiteDefaults {
            url: own.base_url.clone().or_else(|| self.text(&["baseurl"]).map(str::to_owned)).filter(|url| is_web(url)),
            title: own.title.clone().or_else(|| self.text(&["title"]).map(line)),
            description: of_language("description").or_else(|| self.text(&["params", "description"])).map(line),
            language: own.code.clone(),
            author: author.and_then(|author| people::read(author, &people::Known::default()).into_iter().next()),
            timezone: self.timezone(report),
            languages: languages.others(),
            feed: FeedDefaults { limit: self.feed_limit(), ..FeedDefaults::default() },
            ..SiteDefaults::default()
        }
    }

    /// Of the generator's own feed; it has no limit where none is set.
    fn feed_limit(&self) -> Option<usize> {
        let written = self.text(&["services", "rss", "limit"]).or_else(|| self.text(&["rsslimit"]))?;
        written.parse().ok().filter(|limit| *limit > 0)
    }

    fn timezone(&self, report: &mut Report<'_>) -> Option<String> {
        let written = self.text(&["timezone"])?;
        if written.parse::<Tz>().is_err() {
            let message = format!("`timeZone` is not known: `{written}`");
            let remedy = "use a name of the IANA database, such as `Asia/Tokyo` or `UTC`";
            report.error(Code::Field, None, Words::new(message, NOTHING_READ, remedy));
        }
        Some(written.to_owned())
    }

    /// Where content is: what `module.mounts` says, else `contentDir`, and each language's own.
    fn roots(&self, languages: &Languages) -> Vec<Root> {
        let mounted = self.mounted(languages);
        if !mounted.is_empty() {
            return mounted;
        }
        let shared = self.text(&["contentdir"]).unwrap_or("content").trim_matches(['/', '.']);
        let mut roots: Vec<Root> = languages
            .all()
            .filter_map(|(at, language)| Some(Root::plain(language.content_dir.as_deref()?, at)))
            .collect();
        if roots.len() < languages.all().count() {
            let first_without = languages.all().find(|(_, language)| language.content_dir.is_none());
            roots.push(Root::plain(shared, first_without.map_or(0, |(at, _)| at)));
        }
        roots
    }

    fn mounted(&self, languages: &Languages) -> Vec<Root> {
        let mounts = match self.at(&["module", "mounts"]) {
            Some(Value::List(mounts)) => mounts.as_slice(),
            _ => &[],
        };
        let root = |mount: &Value| {
            let text = |key: &str| mount.as_map()?.get(key)?.as_text().map(|text| text.trim_matches('/'));
            let into = text("target")?.strip_prefix("content")?;
            let source = text("source").filter(|source| !source.starts_with(".."))?;
            let language = text("lang").and_then(|key| languages.position(key)).unwrap_or(0);
            (into.is_empty() || into.starts_with('/')).then_some(())?;
            Some(Root { dir: source.to_owned(), language, into: into.trim_matches('/').to_owned() })
        };
        mounts.iter().filter_map(root).collect()
    }

    fn permalinks(&self, report: &mut Report<'_>) -> Vec<Permalink> {
        let rules = Permalink::all(self.0.get("permalinks"));
        for error in rules.iter().filter_map(|rule| permalink::check(&rule.pattern).err()) {
            report.error(Code::Permalink, None, Words::new(error.to_string(), NOTHING_READ, permalink::REMEDY));
        }
        rules
    }

    fn ugly(&self) -> Ugly {
        match self.0.get("uglyurls") {
            Some(Value::Map(map)) => {
                let on = map.iter().filter(|(_, value)| value.as_bool() == Some(true));
                Ugly { all: false, sections: on.map(|(section, _)| section.to_owned()).collect() }
            }
            value => Ugly { all: value.and_then(Value::as_bool) == Some(true), sections: Vec::new() },
        }
    }

    /// By the singular or the plural name, `category` is that of categories and `tag` that of tags.
    fn taxonomies(&self) -> Taxonomies {
        let Some(map) = self.0.get("taxonomies").and_then(Value::as_map) else {
            return Taxonomies { categories: Some("categories".to_owned()), tags: Some("tags".to_owned()) };
        };
        let key = |singular: &str, plural: &str| {
            let found = map.get(singular).and_then(Value::as_text).map(str::to_lowercase);
            found.or_else(|| map.iter().any(|(_, value)| value.as_text() == Some(plural)).then(|| plural.to_owned()))
        };
        Taxonomies { categories: key("category", "categories"), tags: key("tag", "tags") }
    }

    fn goldmark(&self) -> Goldmark {
        let at = |steps: [&str; 2]| self.at(&[&["markup", "goldmark"], &steps[..]].concat());
        let says = |steps| at(steps).and_then(Value::as_bool);
        let attributes = self.at(&["markup", "goldmark", "parser", "attribute", "block"]).and_then(Value::as_bool);
        // An extension may be switched in a mapping of its own.
        let switch = |name: &str, word: &str| {
            at(["extensions", name]).and_then(Value::as_map).and_then(|map| map.get(word)?.as_bool())
        };
        let is_off = switch("typographer", "disable") == Some(true);
        let footnotes = switch("footnote", "enable").or_else(|| says(["extensions", "footnote"]));
        Goldmark {
            unsafe_html: says(["renderer", "unsafe"]).unwrap_or(Goldmark::DEFAULT.unsafe_html),
            hard_wraps: says(["renderer", "hardwraps"]).unwrap_or(Goldmark::DEFAULT.hard_wraps),
            linkify: says(["extensions", "linkify"]).unwrap_or(Goldmark::DEFAULT.linkify),
            typographer: !is_off && says(["extensions", "typographer"]).unwrap_or(Goldmark::DEFAULT.typographer),
            block_attributes: attributes.unwrap_or(Goldmark::DEFAULT.block_attributes),
            definition_list: says(["extensions", "definitionlist"]).unwrap_or(Goldmark::DEFAULT.definition_list),
            footnotes: footnotes.unwrap_or(Goldmark::DEFAULT.footnotes),
        }
    }

    fn summary(&self) -> Summary {
        let words = self.text(&["summarylength"]).and_then(|length| length.parse().ok()).unwrap_or(70);
        Summary { words, may_be_cjk: self.is("hascjklanguage") }
    }

    fn ignored(&self, report: &mut Report<'_>) -> RegexSet {
        let patterns = self.0.get("ignorefiles").map(Value::scalars).unwrap_or_default();
        RegexSet::new(patterns.iter().map(|pattern| pattern.text.as_str())).unwrap_or_else(|error| {
            let remedy = "write regular expressions, such as `\\\\.bak$`";
            let message = format!("`ignoreFiles` cannot be read: {error}");
            report.error(Code::Field, None, Words::new(message, NOTHING_READ, remedy));
            RegexSet::empty()
        })
    }
}

impl Root {
    /// A directory whose content stands at the top.
    pub(super) fn plain(dir: &str, language: usize) -> Self {
        Self { dir: dir.to_owned(), language, into: String::new() }
    }

    /// A path below it, without what leads to it.
    pub(super) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.dir.is_empty() { Some(path) } else { path.strip_prefix(&self.dir)?.strip_prefix('/') }
    }

    /// Where a directory in it stands below the content.
    pub(super) fn placed(&self, dir: &str) -> String {
        let below = self.below(dir).unwrap_or_default();
        let slash = if self.into.is_empty() || below.is_empty() { "" } else { "/" };
        format!("{}{slash}{below}", self.into)
    }
}

impl Ugly {
    pub(super) fn is(&self, section: &str) -> bool {
        self.all || self.sections.iter().any(|ugly| ugly == section)
    }
}

fn is_web(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::testing;

    fn open(toml: &str) -> Result<(Settings, SiteDefaults), String> {
        let read = read(&testing::files([("hugo.toml", toml)]));
        read.map(|(settings, site, _)| (settings, site)).map_err(|error| error.0.to_string())
    }

    #[test]
    fn the_site_is_described() {
        let toml = "BaseURL = 'https://example.com/b/'\ntitle = 'The  Site'\ntimeZone = 'Asia/Tokyo'\n\
                    languageCode = 'ja'\n[params]\ndescription = 'What'\n[params.author]\nname = 'Ada'\n\
                    [services.rss]\nlimit = 9\n";
        let site = open(toml).unwrap().1;
        assert_eq!(site.url.as_deref(), Some("https://example.com/b/"));
        assert_eq!((site.title.as_deref(), site.description.as_deref()), (Some("The Site"), Some("What")));
        assert_eq!((site.language.as_deref(), site.timezone.as_deref()), (Some("ja"), Some("Asia/Tokyo")));
        assert_eq!(site.author.map(|author| author.name).as_deref(), Some("Ada"));
        assert_eq!(open("baseURL = '/'").unwrap().1, SiteDefaults::default());
        let limit = |toml: &str| open(toml).unwrap().1.feed.limit;
        assert_eq!(limit("rssLimit = 7\n[services.rss]\nlimit = 5"), Some(5));
        assert_eq!((limit("rssLimit = 7"), limit("[services.rss]\nlimit = -1")), (Some(7), None));
    }

    #[test]
    fn content_is_where_the_settings_say() {
        let dirs = |toml: &str| {
            let roots = open(toml).unwrap().0.roots;
            roots.into_iter().map(|root| format!("{}={} {}", root.dir, root.language, root.into)).collect::<Vec<_>>()
        };
        assert_eq!(dirs(""), ["content=0 "]);
        assert_eq!(dirs("contentDir = './docs/'"), ["docs=0 "]);
        assert_eq!(dirs("[languages.en]\n[languages.fr]\ncontentDir = 'fr'"), ["fr=1 ", "content=0 "]);
        let mounts = "[[module.mounts]]\nsource = 'a'\ntarget = 'content/blog'\n[[module.mounts]]\nsource = '../x'\n\
                      target = 'content'\n[[module.mounts]]\nsource = 's'\ntarget = 'static'\n";
        assert_eq!(dirs(mounts), ["a=0 blog"]);
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error = |toml: &str| open(toml).unwrap_err();
        assert_eq!(error("timeZone = 'Mars'"), "hugo.toml: error [T006]: `timeZone` is not known: `Mars`");
        assert_eq!(error("[permalinks]\na = '/:yeer'"), "hugo.toml: error [T007]: there is no permalink token `:yeer`");
        assert!(error("ignoreFiles = ['(']").contains("`ignoreFiles` cannot be read"));
    }

    #[test]
    fn taxonomies_are_known_by_either_name() {
        let taxonomies = |toml: &str| {
            let Taxonomies { categories, tags } = open(toml).unwrap().0.taxonomies;
            [categories, tags].map(Option::unwrap_or_default)
        };
        assert_eq!(taxonomies(""), ["categories", "tags"]);
        assert_eq!(taxonomies("[taxonomies]\ncategory = 'topics'\nlabel = 'tags'"), ["topics", "tags"]);
        assert_eq!(taxonomies("[taxonomies]\nseries = 'series'"), ["", ""]);
    }

    #[test]
    fn markdown_is_read_as_the_settings_say() {
        let goldmark = |toml: &str| open(&format!("[markup.goldmark]\n{toml}")).unwrap().0.goldmark;
        assert_eq!(goldmark(""), Goldmark::DEFAULT);
        let toml = "[markup.goldmark.parser.attribute]\nblock = true\n[markup.goldmark.extensions]\nfootnote = false\n\
                    definitionList = false\n";
        let changed =
            Goldmark { block_attributes: true, footnotes: false, definition_list: false, ..Goldmark::DEFAULT };
        assert_eq!(goldmark(toml), changed);
        assert!(!goldmark("[markup.goldmark.extensions.footnote]\nenable = false\n").footnotes);
        assert!(!goldmark("[markup.goldmark.extensions.typographer]\ndisable = true\n").typographer);
    }
}
