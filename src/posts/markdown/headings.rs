//! Ids for headings, as GitHub gives them.
//!
//! In: the headings of one body, in order. Out: an id each, unique among those that are generated.
//! Never: an id other than the one an author gave.

use std::collections::{HashMap, HashSet};

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// The ids given so far.
#[derive(Default)]
pub(super) struct HeadingIds {
    used: HashSet<String>,
    /// By slug: the last number appended to it, so that a thousand equal headings are not a million look-ups.
    repeats: HashMap<String, usize>,
}

impl HeadingIds {
    pub(super) fn assign(&mut self, explicit: Option<&str>, text: &str) -> String {
        if let Some(id) = explicit {
            self.used.insert(id.to_owned());
            return id.to_owned();
        }
        let slug = slug(text);
        if self.used.insert(slug.clone()) {
            return slug;
        }
        let repeats = self.repeats.entry(slug.clone()).or_default();
        loop {
            *repeats += 1;
            let id = format!("{slug}-{repeats}");
            if self.used.insert(id.clone()) {
                return id;
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
            assert_eq!(HeadingIds::default().assign(None, text), id);
        }
    }

    #[test]
    fn repeated_headings_are_numbered() {
        let mut ids = HeadingIds::default();
        assert_eq!(ids.assign(Some("a-1"), "x"), "a-1");
        assert_eq!(ids.assign(None, "a"), "a");
        assert_eq!(ids.assign(None, "a"), "a-2");
        assert_eq!(ids.assign(Some("a"), "a"), "a");
        assert_eq!(ids.assign(None, "a"), "a-3");
    }

    #[test]
    fn many_equal_headings_take_linear_time() {
        let mut ids = HeadingIds::default();
        let last = (0..100_000).map(|_| ids.assign(None, "a")).last();
        assert_eq!(last.as_deref(), Some("a-99999"));
    }
}
