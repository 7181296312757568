//! `where:`, the choice of posts by their terms.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// Which posts are meant. What is listed under one key is joined by "or", the keys by "and"; an empty filter means all posts.
///
/// Terms are compared without regard to case, in NFC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Posts in one of these categories.
    pub categories: Vec<String>,
    /// Posts with one of these tags.
    pub tags: Vec<String>,
    /// Posts by one of these authors.
    pub authors: Vec<String>,
    /// Posts in one of these languages; `en` means `en-GB` too.
    pub languages: Vec<String>,
    /// Posts that one of these filters means.
    pub any: Vec<Filter>,
    /// Posts that each of these filters means.
    pub all: Vec<Filter>,
    /// Posts that none of these filters means.
    pub none: Vec<Filter>,
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
    }
}

fn wants(wanted: &[String], has: &[String]) -> bool {
    wanted.is_empty() || has.iter().any(|term| wanted.iter().any(|w| fold(w) == fold(term)))
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
    fn languages_are_ranges() {
        assert!(filter("{languages: [ja]}").matches(&post(&[], &[])));
        assert!(!filter("{languages: [j, en]}").matches(&post(&[], &[])));
    }
}
