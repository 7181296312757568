//! What every format asks of an entry before it writes it.
//!
//! In: an [`Entry`]. Out: its texts, without empty ones. Never: a format's own syntax.

use std::collections::HashSet;

use super::Entry;
use crate::config::Taxonomy;

impl Entry {
    /// The whole text as HTML; `None` where the feed does not show it and where there is nothing to show.
    pub(super) fn body(&self) -> Option<&str> {
        self.html.as_deref().filter(|html| !html.trim().is_empty())
    }

    /// The summary as plain text; `None` where the feed does not show it and where there is nothing to show.
    pub(super) fn abstract_text(&self) -> Option<&str> {
        self.summary.as_deref().filter(|summary| !summary.trim().is_empty())
    }

    /// What stands for the entry in formats that want a text where there is no [`body`](Self::body): its summary, else its
    /// title. Readers show an entry without any text as broken.
    pub(super) fn stand_in(&self) -> &str {
        self.abstract_text().unwrap_or(&self.title)
    }

    /// Its categories, then its tags, where nothing tells them apart: a term that is both stands once.
    pub(super) fn terms(&self) -> Vec<&str> {
        let of = |taxonomy| self.categories.iter().filter(move |category| category.taxonomy == taxonomy);
        let mut seen = HashSet::new();
        let all = of(Taxonomy::Category).chain(of(Taxonomy::Tag)).map(|category| category.term.as_str());
        all.filter(|term| seen.insert(*term)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::samples;

    #[test]
    fn blank_texts_count_as_none() {
        let mut entry = samples::bare_entry();
        entry.html = Some("\n".into());
        entry.summary = Some(" ".into());
        assert_eq!((entry.body(), entry.abstract_text()), (None, None));
    }

    #[test]
    fn the_summary_stands_in_for_the_body_and_the_title_for_the_summary() {
        let mut entry = samples::bare_entry();
        assert_eq!(entry.stand_in(), entry.title);
        entry.summary = Some("short".into());
        assert_eq!(entry.stand_in(), "short");
    }

    #[test]
    fn categories_stand_before_tags_and_no_term_twice() {
        let mut entry = samples::bare_entry();
        let terms =
            [(Taxonomy::Tag, "a"), (Taxonomy::Author, "me"), (Taxonomy::Category, "b"), (Taxonomy::Category, "a")];
        entry.categories = terms.map(|(taxonomy, term)| samples::category(taxonomy, term)).into();
        assert_eq!(entry.terms(), ["b", "a"]);
    }
}
