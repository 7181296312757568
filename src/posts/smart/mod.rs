//! Typographic quotes, dashes and dots, as the generators make them of typewriter ones.
//!
//! In: pieces of running text, and what stands around them in the source. Out: the same with `“”‘’–—…«»`. Never: a look
//! further than a few characters around a quote, so that the time goes with the length of the text.

mod goldmark;
mod kramdown;

use super::bytes::position_of_pair;

pub(super) use self::goldmark::Goldmark;
pub(crate) use self::kramdown::Kramdown;

/// One way of making text typographic.
pub(super) trait Smart {
    /// Appends `text`, made typographic, to `out`. `after` is the source that comes right behind it.
    fn push(&mut self, out: &mut String, text: &str, after: &str);

    /// Takes note of a text that [`has_symbols`] finds none in: it stays as it is.
    fn pass(&mut self, text: &str);

    /// Appends what the author protected: an escaped character or a character reference.
    fn push_verbatim(&mut self, out: &mut String, text: &str);

    /// Something other than text, or a line break, came between.
    fn interrupt(&mut self, by: Interruption);
}

/// Whether anything in a text could become typographic.
pub(super) fn has_symbols(text: &str) -> bool {
    next_symbol(text).is_some()
}

/// Where the first character stands that could become typographic: a quote, or one of two that are alike. Bytes are looked at,
/// because every text is searched, and most in vain.
fn next_symbol(text: &str) -> Option<usize> {
    position_of_pair(text.as_bytes(), 0, |byte, next| {
        let is_quote = (byte == b'"') | (byte == b'\'');
        let doubles = (byte == b'-') | (byte == b'.') | (byte == b'<') | (byte == b'>');
        is_quote | doubles & (byte == next)
    })
}

/// What stands before a piece of text that does not go on from the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// A new line of the same block.
    Line,
    /// Markup within the block, by the last character of its source.
    Markup(char),
    /// Another block.
    Block,
}
