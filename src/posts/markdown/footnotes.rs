//! Footnotes, collected at the end of a post and numbered in the order they are referred to.
//!
//! In: references and definitions as they come. Out: HTML for the references, and events for the section at the end. Ids
//! are the ones kramdown gives, so that a link from a feed finds its place on a Jekyll page. Never: a footnote that
//! nothing refers to.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;

use pulldown_cmark::{Event, TagEnd};

use crate::posts::html::{Base, escape};

/// The footnotes of one body.
#[derive(Default)]
pub(super) struct Footnotes<'a> {
    definitions: HashMap<String, Vec<Event<'a>>>,
    /// By label: the number, and how often it was referred to.
    references: HashMap<String, (usize, usize)>,
    /// The labels in the order of their numbers.
    order: Vec<String>,
    /// How many are written.
    written: usize,
}

impl<'a> Footnotes<'a> {
    /// The first definition of a label holds.
    pub(super) fn define(&mut self, label: &str, content: Vec<Event<'a>>) {
        self.definitions.entry(key(label)).or_insert(content);
    }

    /// The HTML of a reference. It never stands in a link: to the parser a reference is one, and links do not nest.
    pub(super) fn refer(&mut self, label: &str, base: &Base) -> String {
        let key = key(label);
        let (number, times) = self.references.entry(key.clone()).or_insert_with(|| {
            self.order.push(key.clone());
            (self.order.len(), 0)
        });
        let again = if *times > 0 { format!(":{times}") } else { String::new() };
        *times += 1;
        let id = escape(&format!("fnref:{key}{again}"));
        format!("<sup id=\"{id}\"><a class=\"footnote\" href=\"{}\">{number}</a></sup>", link(base, "fn", &key))
    }

    /// Puts the next footnote, with what has to stand before and after it, into `held`; nothing after the last one.
    pub(super) fn next(&mut self, base: &Base, held: &mut VecDeque<Event<'a>>) {
        let Some(label) = self.order.get(self.written) else {
            if std::mem::take(&mut self.written) > 0 {
                self.order.clear();
                held.push_back(Event::InlineHtml("</ol>\n</section>\n".into()));
            }
            return;
        };
        let mut opening = String::new();
        if self.written == 0 {
            opening.push_str("<section class=\"footnotes\">\n<ol>\n");
        }
        // Writing to a string cannot fail.
        let _ = writeln!(opening, "<li id=\"fn:{}\">", escape(label));
        held.push_back(Event::InlineHtml(opening.into()));
        let mut content = self.definitions.remove(label).unwrap_or_default();
        let back = self.back_links(label, base);
        if content.last() == Some(&Event::End(TagEnd::Paragraph)) {
            content.pop();
            held.extend(content);
            held.push_back(Event::InlineHtml(format!(" {back}</p>\n</li>\n").into()));
        } else {
            held.extend(content);
            held.push_back(Event::InlineHtml(format!("<p>{back}</p>\n</li>\n").into()));
        }
        self.written += 1;
    }
}

impl Footnotes<'_> {
    /// A link to every reference; those that other footnotes make come too late.
    fn back_links(&self, label: &str, base: &Base) -> String {
        /// More of them are of no use to anybody.
        const MAX: usize = 32;
        let times = self.references.get(label).map_or(1, |(_, times)| *times);
        let mut links = format!("<a class=\"reversefootnote\" href=\"{}\">↩</a>", link(base, "fnref", label));
        for time in 2..=times.min(MAX) {
            let url = link(base, "fnref", &format!("{label}:{}", time - 1));
            // Writing to a string cannot fail.
            let _ = write!(links, " <a class=\"reversefootnote\" href=\"{url}\">↩<sup>{time}</sup></a>");
        }
        links
    }
}

/// Labels match without regard to case; an id has no white space.
fn key(label: &str) -> String {
    label.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
}

fn link(base: &Base, kind: &str, key: &str) -> String {
    escape(&base.link(&format!("#{kind}:{key}")).unwrap_or_default())
}
