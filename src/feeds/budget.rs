//! How large a feed may become.
//!
//! In: the entries of a feed. Out: the same, of which the oldest may have lost text and summary. Never: fewer entries.

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

/// What an entry takes beside what it says: element names, dates.
const FRAME: usize = 512;

/// Bytes that the character takes whose reference is the longest: `&quot;`.
const WIDEST: u8 = 6;

/// Every text of every feed is counted, so it is done as fast as it can be: in steps whose sum fits into one byte.
const LANE: usize = 32;
const _: () = assert!(LANE * WIDEST as usize <= u8::MAX as usize);

/// How often a summary stands in an entry: in JSON Feed once more for the text that is not there.
const SUMMARIES: usize = 2;

/// What the oldest entries of a feed had to give up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Entries without their text, or with the beginning of a long summary only.
    pub texts: usize,
    /// Entries among them without a summary.
    pub summaries: usize,
    /// Whether a document may be too large for all that.
    pub is_too_large: bool,
}

impl Entry {
    /// Takes the text out. What is left is the link, and the beginning of the summary.
    pub(super) fn drop_text(&mut self) {
        self.html = None;
        self.summary = self.summary.as_ref().map(short);
    }

    /// Bytes in the largest of its documents, without summary and text.
    fn frame(&self) -> usize {
        let links = 2 * escaped(&self.id) + 2 * escaped(&self.url);
        let authors = self.authors.iter().map(|one| {
            let contact = one.email.iter().chain(&one.uri).map(|text| escaped(text) + 64);
            2 * escaped(&one.name) + contact.sum::<usize>() + 128
        });
        let categories = self.categories.iter().map(|one| 2 * escaped(&one.term) + one.scheme.len() + 64);
        let attachments = self.attachments.iter().map(|one| one.url.len() + 256);
        let image = self.image.as_ref().map_or(0, |url| 3 * escaped(url) + 256);
        let extra: usize = self.extra.iter().map(|(key, value)| key.len() + 2 * escaped(&value.to_string()) + 64).sum();
        let lists = authors.sum::<usize>() + categories.sum::<usize>() + attachments.sum::<usize>();
        FRAME + escaped(&self.title) + links + image + lists + extra
    }

    /// Bytes that summary and text add to that, if all of them are of the widest.
    fn at_most(&self) -> usize {
        let len = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
        usize::from(WIDEST) * (SUMMARIES * len(&self.summary) + len(&self.html))
    }

    /// Bytes that the beginning of the summary adds.
    fn beginning(&self) -> usize {
        self.summary.as_ref().map_or(0, |summary| SUMMARIES * escaped(&short(summary)))
    }

    /// Bytes that the text, and the rest of the summary, add to that.
    fn text(&self) -> usize {
        let whole = self.summary.as_ref().map_or(0, |summary| SUMMARIES * escaped(summary));
        self.html.as_ref().map_or(0, |html| escaped(html)) + whole.saturating_sub(self.beginning())
    }
}

/// Takes the text out of the oldest entries as far as a document of the feed would otherwise be too large, and their
/// summaries where that does not do.
pub fn fit(entries: &mut [Arc<Entry>]) -> Lost {
    let mut size: usize = entries.iter().map(|entry| entry.frame()).sum();
    // Mostly there is room whatever stands in the texts, and nothing has to be counted.
    if size + entries.iter().map(|entry| entry.at_most()).sum::<usize>() <= MAX_ENTRIES {
        return Lost::default();
    }
    let mut lost = Lost { is_too_large: size > MAX_ENTRIES, ..Lost::default() };
    let summarised = fitting(entries, &mut size, Entry::beginning);
    let whole = fitting(&entries[..summarised], &mut size, Entry::text);
    for entry in entries[whole..].iter_mut().filter(|entry| entry.text() > 0) {
        Arc::make_mut(entry).drop_text();
        lost.texts += 1;
    }
    for entry in entries[summarised..].iter_mut().filter(|entry| entry.summary.is_some()) {
        Arc::make_mut(entry).summary = None;
        lost.summaries += 1;
    }
    lost
}

/// How many of these entries there is room for beside `size`, which grows by what they cost.
fn fitting(entries: &[Arc<Entry>], size: &mut usize, cost: impl Fn(&Entry) -> usize) -> usize {
    let fits = |entry: &&Arc<Entry>| {
        let larger = *size + cost(entry);
        let fits = larger <= MAX_ENTRIES;
        if fits {
            *size = larger;
        }
        fits
    };
    entries.iter().take_while(fits).count()
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
    text.as_bytes().chunks(LANE).map(|lane| usize::from(lane.iter().map(written).sum::<u8>())).sum()
}

fn written(byte: &u8) -> u8 {
    match byte {
        b'"' | b'\'' => WIDEST,
        b'&' => 5,
        b'<' | b'>' => 4,
        b'\\' | b'\n' | b'\t' => 2,
        _ => 1,
    }
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
            let lost = fit(&mut feed.entries).texts;
            let sizes = [atom::render(&feed), rss::render(&feed), json::render(&feed)].map(|one| one.bytes.len());
            assert!(sizes.iter().all(|size| *size <= MAX_FEED), "{unit}: {sizes:?}");
            let whole: Vec<bool> = feed.entries.iter().map(|entry| entry.html.is_some()).collect();
            assert!(lost > 0 && whole.is_sorted_by(|a, b| a >= b) && whole[0], "{unit}: {whole:?}");
            assert_eq!(feed.entries[39].summary.as_ref().map(|summary| summary.chars().count()), Some(MAX_SUMMARY + 1));
        }
    }

    #[test]
    fn no_entry_takes_more_than_it_is_taken_for() {
        let nasty = samples::nasty_feed();
        for entry in &nasty.entries {
            let feed = |entries| Feed { entries: vec![Arc::clone(entry); entries], ..nasty.clone() };
            let size = entry.frame() + entry.beginning() + entry.text();
            for render in [atom::render, rss::render, json::render] {
                let taken = (render(&feed(11)).bytes.len() - render(&feed(1)).bytes.len()) / 10;
                assert!(taken <= size, "{taken} of {size}: {entry:?}");
            }
        }
    }

    #[test]
    fn many_summaries_are_too_much_too() {
        let entry = Entry { summary: Some("要".repeat(2000).into()), ..samples::bare_entry() };
        let entry = Arc::new(entry);
        let feed = |entries| Feed { entries: vec![Arc::clone(&entry); entries], ..samples::empty_feed() };
        let mut many = feed(3000);
        let lost = fit(&mut many.entries);
        assert!(lost.texts > lost.summaries && lost.summaries > 0 && !lost.is_too_large, "{lost:?}");
        let sizes = [atom::render(&many), rss::render(&many), json::render(&many)].map(|one| one.bytes.len());
        assert!(sizes.iter().max().is_some_and(|size| (MAX_FEED / 2..=MAX_FEED).contains(size)), "{sizes:?}");
        let all = fit(&mut feed(9_000).entries);
        assert_eq!(all, Lost { texts: 9_000, summaries: 9_000, is_too_large: true });
    }

    #[test]
    fn a_text_of_nothing_but_quotes_is_counted_in_full() {
        assert_eq!(escaped(&"\"'".repeat(1000)), 2000 * usize::from(WIDEST));
        assert_eq!(escaped("日<\n"), 3 + 4 + 2);
    }

    #[test]
    fn a_summary_may_be_one_character_too_long() {
        let summary = Some("s".repeat(MAX_SUMMARY + 1).into());
        let entry = Entry { html: Some("x".into()), summary, ..samples::bare_entry() };
        assert_eq!(entry.text(), 1);
    }

    #[test]
    fn a_feed_of_a_usual_size_is_left_alone() {
        let mut small = feed(20, "<p>x</p>");
        let before = small.clone();
        assert_eq!(fit(&mut small.entries), Lost::default());
        assert_eq!(small, before);
    }
}
