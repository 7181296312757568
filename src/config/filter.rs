//! `where:`, the choice of posts by their terms.

use globset::{GlobBuilder, GlobMatcher};
use serde::de::{self, Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;

/// Which posts are meant. What is listed under one key is joined by "or", the keys by "and"; an empty filter means all posts.
///
/// Terms are compared without regard to case, in NFC.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub struct Filter {
    /// Posts in one of these categories.
    pub categories: Vec<Pattern>,
    /// Posts with one of these tags.
    pub tags: Vec<Pattern>,
    /// Posts by one of these authors.
    pub authors: Vec<Pattern>,
    /// Posts in one of these languages; `en` means `en-GB` too.
    pub languages: Vec<String>,
    /// Posts that one of these filters means.
    pub any: Vec<Filter>,
    /// Posts that each of these filters means.
    pub all: Vec<Filter>,
    /// Posts that none of these filters means.
    pub none: Vec<Filter>,
    /// Posts that this filter does not mean.
    pub not: Option<Box<Filter>>,
}

/// A term, or a glob that stands for several: `rust*`, `v?`, `[ab]*`.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Folded.
    text: String,
    /// Of what is more than a term.
    glob: Option<GlobMatcher>,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The post's categories.
    pub categories: &'a [String],
    /// The post's tags.
    pub tags: &'a [String],
    /// The names of the post's authors.
    pub authors: &'a [String],
    /// The post's language, or its site's.
    pub language: Option<&'a str>,
}

impl Filter {
    /// Whether a post with these terms is meant.
    #[must_use]
    pub fn matches(&self, terms: &Terms<'_>) -> bool {
        wants(&self.categories, terms.categories)
            && wants(&self.tags, terms.tags)
            && wants(&self.authors, terms.authors)
            && (self.languages.is_empty()
                || terms.language.is_some_and(|has| self.languages.iter().any(|wanted| speaks(has, wanted))))
            && (self.any.is_empty() || self.any.iter().any(|filter| filter.matches(terms)))
            && self.all.iter().all(|filter| filter.matches(terms))
            && !self.none.iter().any(|filter| filter.matches(terms))
            && !self.not.as_ref().is_some_and(|filter| filter.matches(terms))
    }
}

impl Pattern {
    /// This term and no other.
    #[must_use]
    pub fn term(term: &str) -> Self {
        Self { text: fold(term), glob: None }
    }

    /// A term is also what it looks like, so that `C*` means itself too.
    fn means(&self, folded: &str) -> bool {
        self.text == folded || self.glob.as_ref().is_some_and(|glob| glob.is_match(folded))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.glob.is_some()) == (&other.text, other.glob.is_some())
    }
}

impl Eq for Pattern {}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let term = Self::term(&written);
        if !written.contains(['*', '?', '[', '{']) {
            return Ok(term);
        }
        let glob = GlobBuilder::new(&term.text).build().map_err(|error| {
            de::Error::custom(format_args!("`{written}` is no glob: {}; `\\` takes a sign as it is", error.kind()))
        })?;
        Ok(Self { glob: Some(glob.compile_matcher()), ..term })
    }
}

fn wants(wanted: &[Pattern], has: &[String]) -> bool {
    wanted.is_empty() || has.iter().map(|term| fold(term)).any(|term| wanted.iter().any(|w| w.means(&term)))
}

/// Basic filtering of RFC 4647, 3.3.1.
fn speaks(has: &str, wanted: &str) -> bool {
    let (has, wanted) = (has.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    has.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn fold(term: &str) -> String {
    term.trim().nfc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(yaml: &str) -> Filter {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn post<'a>(categories: &'a [String], tags: &'a [String]) -> Terms<'a> {
        Terms { categories, tags, authors: &[], language: Some("ja-JP") }
    }

    #[test]
    fn keys_are_joined_by_and_and_values_by_or() {
        let (tech, news, ai) = (["技術".to_owned()], ["News".to_owned()], ["AI".to_owned()]);
        let f = filter("{categories: [技術, news], tags: [ai]}");
        assert!(f.matches(&post(&tech, &ai)));
        assert!(f.matches(&post(&news, &ai)));
        assert!(!f.matches(&post(&news, &news)));
        assert!(!f.matches(&post(&ai, &ai)));
    }

    #[test]
    fn nested_filters() {
        let (a, b, none) = (["a".to_owned()], ["b".to_owned()], []);
        let f = filter("{any: [{tags: [a]}, {categories: [a]}], none: [{tags: [b]}]}");
        assert!(f.matches(&post(&a, &none)));
        assert!(f.matches(&post(&none, &a)));
        assert!(!f.matches(&post(&a, &b)));
        assert!(!f.matches(&post(&b, &none)));
        assert!(filter("{}").matches(&post(&none, &none)));
    }

    #[test]
    fn globs_stand_for_several_terms() {
        let wants = |pattern: &str, tag: &str| {
            filter(&format!("{{tags: ['{pattern}']}}")).matches(&post(&[], &[tag.to_owned()]))
        };
        for (pattern, tag) in [
            ("rust*", "Rustlings"),
            ("RUST*", "rust"),
            ("v?", "V8"),
            ("[ab]*", "Bash"),
            ("日本*", "日本語"),
            ("*/*", "a/b"),
            ("{go,rust}", "Go"),
            ("C*", "c*"),
            (r"C\*", "c*"),
            ("[x]", "[X]"),
        ] {
            assert!(wants(pattern, tag), "{pattern} does not mean {tag}");
        }
        for (pattern, tag) in [("rust*", "trust"), ("v?", "v10"), (r"C\*", "c++"), ("rust", "rustlings"), ("*x", "")] {
            assert!(!wants(pattern, tag), "{pattern} means {tag}");
        }
    }

    #[test]
    fn a_glob_that_is_none_is_refused() {
        let error = serde_yaml::from_str::<Filter>("tags: ['[a']").unwrap_err().to_string();
        assert!(error.contains("`[a` is no glob: unclosed character class"), "{error}");
    }

    #[test]
    fn not_is_one_entry_in_none() {
        let (a, b) = (["a".to_owned()], ["b".to_owned()]);
        let f = filter("{not: {tags: [b], categories: [a]}}");
        assert!(f.matches(&post(&a, &a)) && f.matches(&post(&b, &b)) && !f.matches(&post(&a, &b)));
    }

    #[test]
    fn languages_are_ranges() {
        assert!(filter("{languages: [ja]}").matches(&post(&[], &[])));
        assert!(!filter("{languages: [j, en]}").matches(&post(&[], &[])));
    }
}
