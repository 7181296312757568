//! Pages that stand for directories: sections with what they hand down, and bundles.
//!
//! In: every `index` and `_index` file below the content. Out: where bundles are, and what a page inherits. Never: URLs.

use std::collections::{HashMap, HashSet};

use globset::{GlobBuilder, GlobMatcher};

use crate::posts::front_matter::{self, Map, Value};
use crate::sites::{Files, SettingsError};

use super::languages::Languages;
use super::names::{self, Kind, Name};
use super::settings::Root;

/// All sections and bundles of a site.
#[derive(Debug, Clone, Default)]
pub(super) struct Sections {
    /// By language, and directory below the content.
    pages: HashMap<(usize, String), Section>,
    /// Directories from the source's root.
    pub(super) bundles: HashSet<String>,
    /// What the site's settings hand down.
    site: Vec<Cascade>,
}

#[derive(Debug, Clone)]
struct Section {
    title: String,
    slug: String,
    cascade: Vec<Cascade>,
    /// It could not be read, and hands something down.
    is_lost: bool,
}

/// Values for the pages that a target means.
#[derive(Debug, Clone)]
struct Cascade {
    path: Option<GlobMatcher>,
    kind: Option<String>,
    language: Option<String>,
    environment: Option<String>,
    values: Map,
}

impl Sections {
    /// Reads the section pages below the roots. One that does not parse is reported when it is read as a file.
    pub(super) fn read(
        files: &dyn Files,
        settings: &Map,
        roots: &[Root],
        languages: &Languages,
    ) -> Result<Self, SettingsError> {
        let mut sections = Self { site: Cascade::all(settings.get("cascade")), ..Self::default() };
        for root in roots {
            for path in files.picked(&root.dir, names::is_index)? {
                let Some(name) = Name::of(&path, roots, languages) else { continue };
                match name.kind {
                    Kind::Bundle => drop(sections.bundles.insert(name.parent.to_owned())),
                    Kind::Section => {
                        let text = files.text(&path)?.unwrap_or_default();
                        sections.pages.insert((name.language, name.dir), Section::read(&text));
                    }
                    Kind::Single => {}
                }
            }
        }
        Ok(sections)
    }

    /// The sections that a page in `dir` is in, from the top: each one's directory, and its slug or else its title.
    /// Directories at the top are sections, those below where they have a page.
    pub(super) fn above(&self, language: usize, dir: &str) -> Vec<(String, String)> {
        let current =
            ancestors(dir).find(|dir| !dir.contains('/') || self.pages.contains_key(&(language, (*dir).to_owned())));
        let mut above: Vec<(String, String)> = Vec::new();
        let mut dirs: Vec<&str> = current.into_iter().flat_map(ancestors).filter(|dir| !dir.is_empty()).collect();
        dirs.reverse();
        for dir in dirs {
            let own = dir.rsplit('/').next().unwrap_or(dir);
            let page = self.pages.get(&(language, dir.to_owned()));
            let title = page.map(|page| if page.slug.is_empty() { &page.title } else { &page.slug });
            above
                .push((own.to_owned(), title.filter(|title| !title.is_empty()).map_or(own, String::as_str).to_owned()));
        }
        above
    }

    /// A section above a page in `dir` that hands something down and cannot be read.
    pub(super) fn lost_above<'a>(&self, language: usize, dir: &'a str) -> Option<&'a str> {
        ancestors(dir).find(|dir| self.pages.get(&(language, (*dir).to_owned())).is_some_and(|page| page.is_lost))
    }

    /// The front matter of a page with what is handed down to it: the page's own values win, then those of the nearest
    /// section, and in one section the first.
    pub(super) fn inherited(&self, own: Map, page: &Heir<'_>) -> Map {
        let pages = ancestors(page.dir).filter_map(|dir| self.pages.get(&(page.language, dir.to_owned())));
        let all = pages.flat_map(|section| &section.cascade).chain(&self.site);
        all.filter(|cascade| cascade.means(page)).fold(own, |data, cascade| cascade.values.clone().merged(data))
    }
}

/// A page, as targets ask for it.
pub(super) struct Heir<'a> {
    pub(super) language: usize,
    pub(super) language_key: &'a str,
    /// Below the content.
    pub(super) dir: &'a str,
    /// As Hugo looks it up: `/blog/name`.
    pub(super) path: &'a str,
    pub(super) is_section: bool,
}

impl Section {
    fn read(text: &str) -> Self {
        let read = front_matter::read_any(text).map(|(map, _)| map.without_places().lowercased());
        let is_lost = read.is_err() && text.to_lowercase().contains("cascade");
        let data = read.unwrap_or_default();
        let value = |key: &str| data.get(key).and_then(Value::as_text).unwrap_or_default().to_owned();
        Self { title: value("title"), slug: value("slug"), cascade: Cascade::all(data.get("cascade")), is_lost }
    }
}

impl Cascade {
    /// One mapping, or a list of them.
    fn all(value: Option<&Value>) -> Vec<Self> {
        match value {
            Some(Value::Map(map)) => vec![Self::read(map)],
            Some(Value::List(items)) => items.iter().filter_map(Value::as_map).map(Self::read).collect(),
            _ => Vec::new(),
        }
    }

    fn read(values: &Map) -> Self {
        let target = values.get("target").or_else(|| values.get("_target")).and_then(Value::as_map);
        let text = |key: &str| Some(target?.get(key)?.as_text()?.to_lowercase());
        Self {
            path: text("path").and_then(|path| glob(&path)),
            kind: text("kind"),
            language: text("lang"),
            environment: text("environment"),
            values: values.clone(),
        }
    }

    fn means(&self, page: &Heir<'_>) -> bool {
        let kind = if page.is_section { "section" } else { "page" };
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| glob(wanted).is_none_or(|wanted| wanted.is_match(found)))
        };
        self.path.as_ref().is_none_or(|path| path.is_match(page.path))
            && is(&self.kind, kind)
            && is(&self.language, page.language_key)
            && is(&self.environment, "production")
    }
}

/// A pattern of paths; `None` if it is none.
pub(super) fn glob(pattern: &str) -> Option<GlobMatcher> {
    GlobBuilder::new(pattern).literal_separator(true).build().ok().map(|glob| glob.compile_matcher())
}

/// A directory and all above it, the nearest first, the content's own (empty) last.
fn ancestors(dir: &str) -> impl Iterator<Item = &str> {
    let ends = dir.rmatch_indices('/').map(|(at, _)| at).chain((!dir.is_empty()).then_some(0));
    std::iter::once(dir).chain(ends.map(|at| &dir[..at]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sites::testing;

    fn sections() -> Sections {
        let files = testing::files([
            ("content/_index.md", "---\ncascade: {type: home, params: {a: 1, b: 1}}\n---\n"),
            (
                "content/blog/_index.md",
                "+++\ntitle = 'The Blog'\n[[cascade]]\ntype = 'post'\n[cascade.params]\nb = 2\n[cascade.target]\npath = '/blog/{in,sub}*/**'\n+++\n",
            ),
            (
                "content/blog/old/_index.md",
                "---\nslug: was\ncascade:\n- {draft: true, _target: {kind: section}}\n---\n",
            ),
            ("content/blog/bad/_index.md", "---\na: b: c\ncascade: {draft: true}\n---\n"),
            ("content/blog/leaf/index.md", ""),
        ]);
        let settings = "cascade: {site: yes, type: site}";
        let settings = front_matter::parse(settings, 0..settings.len()).unwrap();
        Sections::read(&files, &settings, &[Root::plain("content", 0)], &Languages::of(&["en"])).unwrap()
    }

    fn inherited(dir: &str, path: &str, own: &str) -> serde_json::Value {
        let own = front_matter::parse(own, 0..own.len()).unwrap();
        let page = Heir { language: 0, language_key: "en", dir, path, is_section: false };
        let data = sections().inherited(own, &page);
        let kept = |key: &str| data.get(key).map_or(json!(null), Value::to_json);
        json!([kept("type"), kept("params"), kept("site"), kept("draft")])
    }

    #[test]
    fn the_nearest_section_wins_and_the_page_itself_before_it() {
        assert_eq!(inherited("", "/x", ""), json!(["home", {"a": 1, "b": 1}, true, null]));
        assert_eq!(inherited("blog/in", "/blog/in/x", "params: {b: 3}"), json!(["post", {"a": 1, "b": 3}, true, null]));
        assert_eq!(inherited("blog", "/blog/x", "type: own"), json!(["own", {"a": 1, "b": 1}, true, null]));
        assert_eq!(inherited("blog/old", "/blog/old/x", ""), json!(["home", {"a": 1, "b": 1}, true, null]));
    }

    #[test]
    fn directories_below_the_top_are_sections_where_they_have_a_page() {
        let above =
            |dir| sections().above(0, dir).into_iter().map(|(dir, name)| format!("{dir}={name}")).collect::<Vec<_>>();
        assert_eq!(above("blog/2025"), ["blog=The Blog"]);
        assert_eq!(above("blog/old/x"), ["blog=The Blog", "old=was"]);
        assert_eq!(above("notes"), ["notes=notes"]);
        assert!(above("").is_empty());
    }

    #[test]
    fn bundles_and_lost_sections_are_known() {
        assert_eq!(sections().bundles, HashSet::from(["content/blog/leaf".to_owned()]));
        assert_eq!(sections().lost_above(0, "blog/bad/x"), Some("blog/bad"));
        assert_eq!(sections().lost_above(0, "blog/old"), None);
    }
}
