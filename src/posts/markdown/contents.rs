//! A table of contents, as kramdown makes one for `{:toc}`.
//!
//! In: the headings of one body, in order. Out: nested lists of links to them. Never: a heading of the class `no_toc`.

use std::fmt::Write;

use pulldown_cmark::HeadingLevel;

use crate::posts::html::{Base, escape};

/// The headings so far.
#[derive(Debug, Default)]
pub(super) struct Contents(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    level: HeadingLevel,
    id: String,
    text: String,
}

impl Contents {
    pub(super) fn add(&mut self, level: HeadingLevel, id: &str, text: &str) {
        self.0.push(Entry { level, id: id.to_owned(), text: text.trim().to_owned() });
    }

    /// HTML; empty without headings. At most six lists deep.
    pub(super) fn to_html(&self, base: &Base) -> String {
        let mut out = String::new();
        // For every list that is open, the level of its last item.
        let mut open: Vec<HeadingLevel> = Vec::new();
        for entry in &self.0 {
            while open.len() > 1
                && open.last().is_some_and(|level| *level > entry.level)
                && open[open.len() - 2] >= entry.level
            {
                open.pop();
                out.push_str("</li>\n</ul>\n");
            }
            match open.last_mut() {
                Some(level) if *level >= entry.level => {
                    *level = entry.level;
                    out.push_str("</li>\n");
                }
                _ => {
                    out.push_str("<ul>\n");
                    open.push(entry.level);
                }
            }
            let url = base.link(&format!("#{}", entry.id)).unwrap_or_default();
            // Writing to a string cannot fail.
            let _ = write!(out, "<li><a href=\"{}\">{}</a>", escape(&url), escape(&entry.text));
        }
        for _ in open {
            out.push_str("</li>\n</ul>\n");
        }
        out
    }
}
