//! How a repository's files become posts: one module a generator, all of one shape.
//!
//! In: the site's own settings, and the bytes of one file. Out: a [`Reading`]; later, when all are read, the text of a post
//! whose template asks for others. Never: I/O (what a site has beside posts comes through [`Files`]), a clock.

pub mod hugo;
pub mod jekyll;
pub mod plain;
pub mod zola;

mod compose;
mod crosslinks;
mod dated;
mod detect;
mod files;
mod known_by;
mod links;
mod media;
mod mistakes;
mod people;
mod report;
mod revision;
mod slug;
mod terms;
mod titles;

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::{Generator, SiteDefaults};
use crate::posts::text::{self, MAX_MARKS};
use crate::posts::{Post, Revision, Source, lfs};
use crate::problems::{Code, Place, Problem, Severity};
pub use files::{Expanded, Files, Pages};
use plain::Flavour;
use report::{LEFT_OUT, Report, Words};

/// What reading one file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it is.
    pub outcome: Outcome,
    /// What was found on the way; at least one error if it is broken.
    pub problems: Vec<Problem>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A post, live in its time.
    Post(Box<Post>),
    /// A post that its author keeps from readers (a draft, `published: false`), or no post at all.
    Hidden,
    /// A post that cannot be read.
    Broken,
}

/// What the checked config adds to a generator's own rules.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Whose posts these are: base URL, time zone, author.
    pub site: &'a crate::config::Site,
    /// URL template of the generators `plain`, `eleventy` and `astro`, such as `/{dir}/{slug}/`.
    pub permalink: &'a str,
    /// Larger files are not read.
    pub max_post_bytes: u64,
    /// Whether texts get fingerprints ([`Post::text`]), without which a post's revision says nothing of its text. Whoever
    /// remembers nothing of posts needs none, and saves a tenth of the time that reading takes.
    pub prints: bool,
}

/// A site's rules, ready to read its files.
#[derive(Debug, Clone)]
pub enum Site {
    /// Jekyll's.
    Jekyll(Box<jekyll::Settings>),
    /// Zola's.
    Zola(Box<zola::Settings>),
    /// Those of plain Markdown, Eleventy and Astro.
    Plain(plain::Flavour),
    /// Hugo's.
    Hugo(Box<hugo::Settings>),
}

/// Why a site's own config cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct SettingsError(pub Box<Problem>);

/// A site whose settings were read.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its rules.
    pub site: Arc<Site>,
    /// What its settings say of it.
    pub defaults: SiteDefaults,
    /// Why these rules: what in the repository tells the generator.
    pub because: String,
    /// What its settings leave open, unless `source.permalink` is set.
    pub doubt: Option<Problem>,
    /// Where its settings are; `None` if it has none.
    pub settings: Option<String>,
    /// What is wrong with files beside the settings, such as data for templates.
    pub problems: Vec<Problem>,
}

impl Site {
    /// Finds out the generator, unless one is wanted, and reads its settings.
    ///
    /// # Errors
    ///
    /// If the settings cannot be read, do not parse, or hold something that cannot be.
    pub fn open(wanted: Option<Generator>, files: &dyn Files) -> Result<Opened, SettingsError> {
        Self::open_with(wanted, &[], files)
    }

    /// The same, with the settings in the files that are `named` instead of those where the generator has them.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], and if one of them is missing.
    pub fn open_with(wanted: Option<Generator>, named: &[String], files: &dyn Files) -> Result<Opened, SettingsError> {
        let (generator, because) = match wanted {
            Some(generator) => (generator, "`source.generator` says so".to_owned()),
            None => detect::generator(files)?,
        };
        let mut problems = Vec::new();
        let (site, defaults, doubt, settings) = match generator {
            Generator::Jekyll => {
                let (settings, defaults, path) = jekyll::Settings::read(files, named)?;
                let (settings, found) = settings.with_library(files);
                problems = found;
                (Self::Jekyll(settings.into()), defaults, None, path)
            }
            Generator::Zola => {
                let (settings, defaults, path) = zola::Settings::read(files)?;
                (Self::Zola(settings.into()), defaults, None, path)
            }
            Generator::Eleventy => Flavour::eleventy(files)?,
            Generator::Astro => Flavour::astro(files)?,
            Generator::Plain => (Self::Plain(Flavour::Markdown), SiteDefaults::default(), None, None),
            Generator::Hugo => {
                let (settings, defaults, path) = hugo::Settings::read(files)?;
                (Self::Hugo(settings.into()), defaults, None, path)
            }
        };
        Ok(Opened { site: Arc::new(site), defaults, because, doubt, settings, problems })
    }

    /// Which generator's rules these are.
    #[must_use]
    pub fn generator(&self) -> Generator {
        match self {
            Self::Jekyll(_) => Generator::Jekyll,
            Self::Zola(_) => Generator::Zola,
            Self::Plain(Flavour::Eleventy(_)) => Generator::Eleventy,
            Self::Plain(Flavour::Astro) => Generator::Astro,
            Self::Plain(Flavour::Markdown) => Generator::Plain,
            Self::Hugo(_) => Generator::Hugo,
        }
    }

    /// Leaves those of the live posts that the site's own settings allow at once.
    pub fn cut(&self, posts: &mut Vec<Arc<Post>>) {
        if let Self::Jekyll(settings) = self {
            settings.cut(posts);
        }
    }

    /// Whether they allow only so many.
    #[must_use]
    pub fn cuts(&self) -> bool {
        matches!(self, Self::Jekyll(settings) if settings.cuts())
    }

    /// Whether the walk goes into this directory (relative to the root, with `/`).
    #[must_use]
    pub fn enters(&self, dir: &str) -> bool {
        match self {
            Self::Jekyll(settings) => settings.enters(dir),
            Self::Zola(_) => zola::enters(dir),
            Self::Plain(flavour) => flavour.enters(dir),
            Self::Hugo(settings) => settings.enters(dir),
        }
    }

    /// Whether this file may be a post and has to be read. Looks at all directories above it, too.
    #[must_use]
    pub fn wants(&self, path: &str) -> bool {
        match self {
            Self::Jekyll(settings) => settings.wants(path),
            Self::Zola(settings) => settings.wants(path),
            Self::Plain(flavour) => flavour.wants(path),
            Self::Hugo(settings) => settings.wants(path),
        }
    }

    /// Reads one file.
    #[must_use]
    pub fn read(&self, path: &str, bytes: &[u8], rules: &Rules<'_>) -> Reading {
        if bytes.len() as u64 > rules.max_post_bytes {
            return Reading::broken(too_large(path, rules.max_post_bytes));
        }
        if lfs::size_elsewhere(bytes).is_some() {
            return Reading::broken(elsewhere(path));
        }
        let decoded = match text::decode(bytes) {
            Ok(decoded) => decoded,
            Err(at) => return Reading::broken(not_utf8(path, bytes, at)),
        };
        let text = &*decoded.text;
        let mut report = Report::new(path, text);
        tell_forbidden(&decoded.dropped, &mut report);
        let outcome = match self {
            Self::Jekyll(settings) => settings.read_post(path, text, rules, &mut report),
            Self::Zola(settings) => settings.read_post(path, text, rules, &mut report),
            Self::Plain(flavour) => plain::read(flavour, path, text, rules, &mut report),
            Self::Hugo(settings) => settings.read_post(path, text, rules, &mut report),
        };
        Reading { outcome, problems: report.into_problems() }
    }

    /// Runs what stands in the text of a post with [`Post::template`]. `file` is the whole text of its file.
    #[must_use]
    pub fn expand<'a>(&self, post: &Post, file: &'a str, rules: &Rules<'_>, pages: &dyn Pages) -> Expanded<'a> {
        let mut report = Report::new(&post.path, file);
        let source = match self {
            Self::Jekyll(settings) => settings.expand(post, file, rules, pages, &mut report),
            Self::Zola(_) => zola::expand(post, file, pages, &mut report),
            Self::Plain(flavour) => plain::expand(flavour, post, file, rules, pages, &mut report),
            Self::Hugo(settings) => settings.expand(post, file, pages, &mut report),
        };
        Expanded { source: bounded(source, &mut report), problems: report.into_problems() }
    }

    /// The fingerprint of a post whose template made this of the text that `raw` covers.
    #[must_use]
    pub fn revision(raw: Revision, source: &Source<'_>) -> Revision {
        revision::expanded(raw, source)
    }

    /// The URL of the page that a file which is no post becomes; `None` if it becomes none. `text` is empty if it is none.
    #[must_use]
    pub fn page_url(&self, path: &str, text: &str, rules: &Rules<'_>) -> Option<String> {
        match self {
            Self::Jekyll(settings) => settings.page_url(path, text, rules),
            Self::Zola(settings) => settings.page_url(path, text, rules),
            Self::Plain(_) => None,
            Self::Hugo(settings) => settings.page_url(path, text, rules),
        }
    }
}

impl Reading {
    fn broken(problem: Problem) -> Self {
        Self { outcome: Outcome::Broken, problems: vec![problem] }
    }
}

/// What templates made, as far as [`text::bounded`] goes: few marks can stand for many.
fn bounded<'a>(source: Source<'a>, report: &mut Report<'_>) -> Source<'a> {
    let fits = |text: &str| text::bounded(text).len() == text.len();
    if fits(&source.body) && source.head.as_deref().is_none_or(fits) {
        return source;
    }
    let message = format!("its templates make a text of more than {MAX_MARKS} line ends and characters of markup");
    let words =
        Words::new(message, "the rest of it is left out", "have them make less, or link to a page that has it all");
    report.warning(Code::TooLarge, None, words);
    let cut = |text: Cow<'a, str>| match text {
        Cow::Borrowed(text) => Cow::Borrowed(text::bounded(text)),
        Cow::Owned(mut text) => {
            text.truncate(text::bounded(&text).len());
            Cow::Owned(text)
        }
    };
    Source { body: cut(source.body), head: source.head.map(cut) }
}

/// How large it is stays unknown: a reader stops one byte past the limit.
fn too_large(path: &str, limit: u64) -> Problem {
    Problem {
        code: Code::TooLarge,
        severity: Severity::Error,
        path: path.to_owned(),
        place: None,
        message: format!("the file has more than {limit} bytes, which is what `guard.max_post_bytes` allows"),
        effect: LEFT_OUT.to_owned(),
        remedy: "move images and data out of the text, or raise `guard.max_post_bytes`".to_owned(),
    }
}

fn elsewhere(path: &str) -> Problem {
    Problem {
        code: Code::Unreadable,
        severity: Severity::Error,
        path: path.to_owned(),
        place: None,
        message: "it is a pointer of Git LFS: the text is kept elsewhere".to_owned(),
        effect: LEFT_OUT.to_owned(),
        remedy: "take posts out of Git LFS (`git lfs migrate export`); in a checkout, `git lfs pull` brings them"
            .to_owned(),
    }
}

/// `at` is the first byte that is not UTF-8.
fn not_utf8(path: &str, bytes: &[u8], at: usize) -> Problem {
    let before = String::from_utf8_lossy(bytes.get(..at).unwrap_or(bytes));
    let line = bytes.get(at..).unwrap_or_default().split(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = format!("{before}{}", String::from_utf8_lossy(line));
    Problem {
        code: Code::NotUtf8,
        severity: Severity::Error,
        path: path.to_owned(),
        place: Some(Place::of(&text, before.len(), 1)),
        message: "the file is not UTF-8".to_owned(),
        effect: LEFT_OUT.to_owned(),
        remedy: "save it as UTF-8".to_owned(),
    }
}

fn tell_forbidden(dropped: &[(usize, char)], report: &mut Report<'_>) {
    let Some(&(at, first)) = dropped.first() else { return };
    let count = dropped.len();
    let (characters, they, them) = if count == 1 { ("character", "it", "it") } else { ("characters", "they", "them") };
    let message = format!("{count} {characters} that XML forbids, first U+{:04X}", u32::from(first));
    let words = Words::new(
        message,
        "the text is read without",
        format!("delete what {they} came from; editors rarely show {them}"),
    );
    report.warning(Code::ForbiddenCharacter, Some(at..at + 1), words);
}

#[cfg(test)]
pub(crate) use files::testing;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::posts::Person;

    pub(super) fn site(url: &str) -> config::Site {
        config::Site {
            url: url.parse().unwrap(),
            title: "Site".into(),
            description: String::new(),
            language: Some("ja".into()),
            author: Person { name: "Site".into(), email: None, uri: None },
            timezone: chrono_tz::Tz::UTC,
            icon: None,
            logo: None,
            languages: Vec::new(),
        }
    }

    fn read(path: &str, bytes: &[u8]) -> Reading {
        let site = site("https://example.com/");
        let rules = Rules { site: &site, permalink: "/{dir}/{slug}/", max_post_bytes: 1000, prints: true };
        Site::open(None, &testing::files([("_config.yml", "")])).unwrap().site.read(path, bytes, &rules)
    }

    #[test]
    fn files_that_are_too_large_or_not_utf8_are_broken() {
        let large = read("_posts/2025-01-01-x.md", &[b'x'; 1001]);
        assert_eq!((large.outcome, large.problems[0].code), (Outcome::Broken, Code::TooLarge));
        assert!(large.problems[0].message.starts_with("the file has more than 1000 bytes"), "{}", large.problems[0]);
        let latin = read("_posts/2025-01-01-x.md", b"---\n---\ncaf\xe9 x\nz");
        assert_eq!(latin.outcome, Outcome::Broken);
        let place = latin.problems[0].place.clone().unwrap();
        assert_eq!((latin.problems[0].code, place.line, place.column), (Code::NotUtf8, 3, 4));
    }

    #[test]
    fn forbidden_characters_are_told_once() {
        let reading = read("_posts/2025-01-01-x.md", b"---\ntitle: T\n---\na\x08b\x0b");
        assert!(matches!(reading.outcome, Outcome::Post(_)));
        assert_eq!(reading.problems.len(), 1);
        assert_eq!(reading.problems[0].message, "2 characters that XML forbids, first U+0008");
        assert_eq!(reading.problems[0].place.as_ref().map(|place| place.line), Some(4));
    }
}
