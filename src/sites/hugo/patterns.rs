//! Which pages have their URLs by which pattern: Hugo's `permalinks`.

use globset::GlobMatcher;

use crate::posts::front_matter::{Map, Value};

use super::{sections, text};

/// A rule of `permalinks`.
#[derive(Debug, Clone)]
pub(super) struct Permalink {
    pages: Pages,
    pub(super) pattern: String,
}

#[derive(Debug, Clone)]
enum Pages {
    /// In this directory, or below it; empty: at the top only.
    In(String),
    Like(GlobMatcher),
    All,
}

impl Permalink {
    /// Reads the setting `permalinks`; what is no rule is left out.
    pub(super) fn all(setting: Option<&Value>) -> Vec<Self> {
        match setting {
            Some(Value::List(rules)) => rules.iter().filter_map(Self::targeted).collect(),
            Some(Value::Map(map)) => Self::by_section(map),
            _ => Vec::new(),
        }
    }

    /// Whether the page that Hugo looks up as `path` has its URL by this rule.
    pub(super) fn means(&self, path: &str) -> bool {
        match &self.pages {
            Pages::In(section) if section.is_empty() => path.rfind('/') == Some(0),
            Pages::In(section) => {
                let below = path.strip_prefix('/').and_then(|path| path.strip_prefix(section.as_str()));
                below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
            }
            Pages::Like(glob) => glob.is_match(path),
            Pages::All => true,
        }
    }

    /// `{pattern, target: {path, kind}}`
    fn targeted(rule: &Value) -> Option<Self> {
        let rule = rule.as_map()?;
        let target = rule.get("target").and_then(Value::as_map);
        let text = |key: &str| Some(target?.get(key)?.as_text()?.to_lowercase());
        let is_for_pages =
            text("kind").is_none_or(|kind| sections::glob(&kind).is_some_and(|kind| kind.is_match("page")));
        is_for_pages.then_some(())?;
        let pages = text("path").map_or(Some(Pages::All), |path| sections::glob(&path).map(Pages::Like))?;
        Some(Self { pages, pattern: rule.get("pattern")?.as_text()?.to_owned() })
    }

    /// `{section: pattern}`, at the top or below `page`. The rules of other kinds of pages say nothing of posts.
    fn by_section(map: &Map) -> Vec<Self> {
        let of_pages = map.get("page").and_then(Value::as_map);
        let all = of_pages.into_iter().flat_map(Map::iter).chain(map.iter());
        let rule = |(section, pattern): (&str, &Value)| {
            let section = text::logical(section.trim_matches([' ', '/']));
            Some(Self { pages: Pages::In(section), pattern: pattern.as_text()?.to_owned() })
        };
        let mut rules: Vec<Self> = all.filter_map(rule).collect();
        rules.sort_by_key(|rule| match &rule.pages {
            Pages::In(section) => std::cmp::Reverse(section.len()),
            Pages::Like(_) | Pages::All => std::cmp::Reverse(0),
        });
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse_toml;

    #[test]
    fn every_form_is_read() {
        let pattern = |toml: &str, path: &str| {
            let settings = parse_toml(toml, 0..toml.len()).unwrap().lowercased();
            Permalink::all(settings.get("permalinks"))
                .into_iter()
                .find(|rule| rule.means(path))
                .map(|rule| rule.pattern)
        };
        let by_section = "[permalinks]\nPosts = '/p/:slug'\n'posts/old' = '/o/:slug'\n'/' = '/:slug'\n'Two Words' = '/t/:slug'\n[permalinks.section]\nx = '/no'\n";
        assert_eq!(pattern(by_section, "/posts/a/b").as_deref(), Some("/p/:slug"));
        assert_eq!(pattern(by_section, "/posts/old/b").as_deref(), Some("/o/:slug"));
        assert_eq!(pattern(by_section, "/two-words/a").as_deref(), Some("/t/:slug"));
        assert_eq!(pattern(by_section, "/about").as_deref(), Some("/:slug"));
        assert_eq!((pattern(by_section, "/x/a"), pattern(by_section, "/postscript/a")), (None, None));
        assert_eq!(pattern("[permalinks.page]\nposts = '/p/:slug'", "/posts/a").as_deref(), Some("/p/:slug"));
        let list = "[[permalinks]]\npattern = '/s'\n[permalinks.target]\nkind = 'section'\n[[permalinks]]\npattern = '/1/:slug'\n\
                    [permalinks.target]\npath = '/{a,b}/**'\n[[permalinks]]\npattern = '/2/:slug'\n";
        assert_eq!(pattern(list, "/b/x").as_deref(), Some("/1/:slug"));
        assert_eq!(pattern(list, "/c/x").as_deref(), Some("/2/:slug"));
    }
}
