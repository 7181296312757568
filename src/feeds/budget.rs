//! How large a feed may become.
//!
//! In: the entries of a feed. Out: the same, of which the oldest may have lost their text. Never: fewer entries.

use std::sync::Arc;

use super::Entry;

/// Bytes of HTML that an entry may have; beyond, it has its summary alone.
pub const MAX_ENTRY: usize = 512 << 10;

/// Bytes of a document beyond which readers refuse it, the W3C validator among them.
pub const MAX_FEED: usize = 5_000_000;

/// What entries may take of that, so that there is room for what the feed says of itself.
const MAX_ENTRIES: usize = MAX_FEED - 100_000;

/// Characters of the summary of an entry that lost its text: it may be the whole text without its tags.
const MAX_SUMMARY: usize = 1000;

/// What an entry takes beside its texts: element names, dates, links.
const FRAME: usize = 2 << 10;

impl Entry {
    /// Takes the text out. What is left is the link, and the beginning of the summary.
    pub(super) fn drop_text(&mut self) {
        self.html = None;
        self.summary = self.summary.as_ref().map(short);
    }

    /// Bytes in the largest of its documents, without the text.
    fn frame(&self) -> usize {
        let categories = self.categories.iter().map(|one| 2 * escaped(&one.term) + one.scheme.len() + 64);
        let attachments = self.attachments.iter().map(|one| one.url.len() + 256);
        let extra: usize = self.extra.iter().map(|(key, value)| key.len() + 2 * escaped(&value.to_string()) + 64).sum();
        let summary = self.summary.as_ref().map_or(0, |summary| escaped(&short(summary)));
        FRAME + escaped(&self.title) + categories.sum::<usize>() + attachments.sum::<usize>() + extra + summary
    }

    /// Bytes that the text adds.
    fn text(&self) -> usize {
        let long = self.summary.as_ref().map_or(0, |summary| escaped(summary) - escaped(&short(summary)));
        self.html.as_ref().map_or(0, |html| escaped(html)) + long
    }
}

/// Takes the text out of the oldest entries as far as a document of the feed would otherwise be too large. Returns how many
/// lost theirs.
pub fn fit(entries: &mut [Arc<Entry>]) -> usize {
    let mut size: usize = entries.iter().map(|entry| entry.frame()).sum();
    let fits = |entry: &&Arc<Entry>| {
        size += entry.text();
        size <= MAX_ENTRIES
    };
    let whole = entries.iter().take_while(fits).count();
    let mut lost = 0;
    for entry in entries[whole..].iter_mut().filter(|entry| entry.html.is_some()) {
        Arc::make_mut(entry).drop_text();
        lost += 1;
    }
    lost
}

/// The beginning of a summary that would be too long where the text itself is not.
fn short(summary: &Arc<str>) -> Arc<str> {
    match summary.char_indices().nth(MAX_SUMMARY) {
        Some((end, _)) => format!("{}…", summary[..end].trim_end()).into(),
        None => Arc::clone(summary),
    }
}

/// How many bytes a text takes in the format that escapes most.
fn escaped(text: &str) -> usize {
    let bytes = |byte| match byte {
        b'"' | b'\'' => 6,
        b'&' => 5,
        b'<' | b'>' => 4,
        b'\\' | b'\n' | b'\t' => 2,
        _ => 1,
    };
    text.bytes().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::{Feed, atom, json, rss, samples};

    fn feed(entries: usize, html: &str) -> Feed {
        let entry = Entry { html: Some(html.into()), summary: Some("s".repeat(5000).into()), ..samples::bare_entry() };
        Feed { entries: std::iter::repeat_n(Arc::new(entry), entries).collect(), ..samples::empty_feed() }
    }

    #[test]
    fn no_document_is_too_large_and_the_newest_entries_keep_their_text() {
        for unit in ["<'\"&>", "x\\\n", "日本"] {
            let mut feed = feed(40, &unit.repeat(40_000));
            let lost = fit(&mut feed.entries);
            let sizes = [atom::render(&feed), rss::render(&feed), json::render(&feed)].map(|one| one.bytes.len());
            assert!(sizes.iter().all(|size| *size <= MAX_FEED), "{unit}: {sizes:?}");
            let whole: Vec<bool> = feed.entries.iter().map(|entry| entry.html.is_some()).collect();
            assert!(lost > 0 && whole.is_sorted_by(|a, b| a >= b) && whole[0], "{unit}: {whole:?}");
            assert_eq!(feed.entries[39].summary.as_ref().map(|summary| summary.chars().count()), Some(MAX_SUMMARY + 1));
        }
    }

    #[test]
    fn a_feed_of_a_usual_size_is_left_alone() {
        let mut small = feed(20, "<p>x</p>");
        let before = small.clone();
        assert_eq!(fit(&mut small.entries), 0);
        assert_eq!(small, before);
    }
}
