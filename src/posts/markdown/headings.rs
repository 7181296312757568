//! Ids for headings, as GitHub gives them.
//!
//! In: the headings of one body, in order. Out: an id each, unique among those that are generated.
//! Never: an id other than the one an author gave.

use std::collections::{HashMap, HashSet};

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// So many headings of a body get an id. Nobody links to more; a megabyte of `#` would be half a million.
const MAX_GIVEN: usize = 10_000;

/// The ids given so far.
#[derive(Default)]
pub(super) struct HeadingIds {
    used: HashSet<String>,
    /// By slug: the last number appended to it, so that a thousand equal headings are not a million look-ups.
    repeats: HashMap<String, usize>,
}

impl HeadingIds {
    /// The id of the next heading; an author's is always kept.
    pub(super) fn assign(&mut self, explicit: Option<&str>, text: &str) -> Option<String> {
        if let Some(id) = explicit {
            self.used.insert(id.to_owned());
            return Some(id.to_owned());
        }
        if self.used.len() >= MAX_GIVEN {
            return None;
        }
        let slug = slug(text);
        if self.used.insert(slug.clone()) {
            return Some(slug);
        }
        let repeats = self.repeats.entry(slug.clone()).or_default();
        loop {
            *repeats += 1;
            let id = format!("{slug}-{repeats}");
            if self.used.insert(id.clone()) {
                return Some(id);
            }
        }
    }
}

/// Letters of any script in lower case, digits, `_` and `-`; a space becomes `-`, the rest goes.
fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if c.is_whitespace() {
            slug.push('-');
        } else if c == '-'
            || c == '_'
            || c.is_alphanumeric()
            || c.general_category_group() == GeneralCategoryGroup::Mark
        {
            slug.extend(c.to_lowercase());
        }
    }
    if slug.is_empty() { "section".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_letters_of_any_script() {
        for (text, id) in [
            ("Hello, World!", "hello-world"),
            ("中国AI構想の真意は？", "中国ai構想の真意は"),
            ("1. C++ & Rust_x", "1-c--rust_x"),
            ("が", "が"),
            ("！", "section"),
            ("", "section"),
        ] {
            assert_eq!(HeadingIds::default().assign(None, text).as_deref(), Some(id));
        }
    }

    #[test]
    fn repeated_headings_are_numbered() {
        let mut ids = HeadingIds::default();
        let given = [Some("a-1"), None, None, Some("a"), None].map(|explicit| ids.assign(explicit, "a"));
        assert_eq!(given.map(Option::unwrap), ["a-1", "a", "a-2", "a", "a-3"]);
    }

    #[test]
    fn after_many_only_the_authors_ids_are_kept() {
        let mut ids = HeadingIds::default();
        let given: Vec<_> = (0..100_000).map_while(|_| ids.assign(None, "a")).collect();
        assert_eq!((given.len(), given[MAX_GIVEN - 1].as_str()), (MAX_GIVEN, "a-9999"));
        assert_eq!(ids.assign(Some("b"), "a").as_deref(), Some("b"));
    }
}
