//! Where the summary of a body ends.
//!
//! In: a body, as it stands in the file. Out: a place in it, in bytes. Never: a marker inside a code block or a code span.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::Dialect;

/// The first `<!--more-->` of a body that stands outside code: the summary ends where it begins. With spaces inside it is a
/// comment like any other, as Hugo has it. Many stand behind the last word of a paragraph, and some in its middle: there,
/// too, the generators cut.
#[must_use]
pub fn more_marker(body: &str) -> Option<Range<usize>> {
    const MARKER: &str = "<!--more-->";
    comment(body, MARKER).map(|at| at..at + MARKER.len())
}

/// Where a separator that is a comment, `<!--more-->` for one, first stands outside code, just as it is written.
#[must_use]
pub fn comment(body: &str, separator: &str) -> Option<usize> {
    let find = |range: Range<usize>| body[range.clone()].find(separator).map(|at| range.start + at);
    // Most bodies have none, and are not parsed.
    let first = find(0..body.len())?;
    let events = Parser::new_ext(body, Dialect::GitHub.options()).into_offset_iter();
    let mut outside = events.filter(|(event, _)| matches!(event, Event::Html(_) | Event::InlineHtml(_)));
    outside.find_map(|(_, range)| if range.end > first { find(range) } else { None })
}

/// Where the paragraph ends in which the `words`th word stands, as Hugo cuts a summary; the whole body if it has fewer.
///
/// The paragraph may stand in a quote or a list. `by_characters`: in words that are not ASCII each character counts as a word,
/// as Hugo has it for Chinese, Japanese and Korean.
#[must_use]
pub fn first_words(body: &str, dialect: Dialect, words: usize, by_characters: bool) -> usize {
    let mut count = 0;
    let mut notes = 0_usize;
    for (event, range) in Parser::new_ext(body, dialect.options()).into_offset_iter() {
        match &event {
            // Footnotes stand at the end.
            Event::Start(Tag::FootnoteDefinition(_)) => notes += 1,
            Event::End(TagEnd::FootnoteDefinition) => notes -= 1,
            _ if notes > 0 => {}
            Event::Text(text) | Event::Code(text) if by_characters => {
                count += text.split_whitespace().map(characters).sum::<usize>();
            }
            Event::Text(text) | Event::Code(text) => count += text.split_whitespace().count(),
            Event::End(TagEnd::Paragraph) if count >= words => return range.end,
            _ => {}
        }
    }
    body.len()
}

/// A word of letters beyond ASCII counts as many as it has characters.
fn characters(word: &str) -> usize {
    if word.is_ascii() { 1 } else { word.chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(body: &str) -> Option<&str> {
        more_marker(body).map(|marker| &body[..marker.start])
    }

    #[test]
    fn the_marker_ends_the_summary() {
        assert_eq!(before("a\n\n<!--more-->\n\nb"), Some("a\n\n"));
        assert_eq!(before("a <!--more--> b"), Some("a "));
        assert_eq!(before("a <!-- more --> b <!-- mo-->"), None);
        assert_eq!(before("<div>\n<!-- x --><!--more-->\n</div>"), Some("<div>\n<!-- x -->"));
    }

    #[test]
    fn a_marker_in_code_is_none() {
        assert_eq!(before("```\n<!--more-->\n```\n"), None);
        assert_eq!(before("    <!--more-->\n"), None);
        assert_eq!(before("`<!--more-->` a <!--more--> b"), Some("`<!--more-->` a "));
        assert_eq!(before("~~~\n<!--more-->\n~~~\n\nb\n\n<!--more-->"), Some("~~~\n<!--more-->\n~~~\n\nb\n\n"));
    }

    #[test]
    fn a_separator_is_found_just_as_it_is_written() {
        assert_eq!(comment("a `<!--cut-->` b\n\n<!-- cut -->\n\n<!--cut-->\n", "<!--cut-->"), Some(32));
        assert_eq!(comment("```\n<!--cut-->\n```\n", "<!--cut-->"), None);
    }

    #[test]
    fn words_are_counted_to_the_end_of_their_paragraph() {
        let body = "one two\nthree\n\nfour `five`\n\nsix\n";
        let cut = |words| &body[..first_words(body, Dialect::GitHub, words, false)];
        assert_eq!(cut(1).trim_end(), "one two\nthree");
        assert_eq!(cut(4).trim_end(), "one two\nthree\n\nfour `five`");
        assert_eq!(cut(9), body);
        for nested in ["> one two\n>\n> three\n\nfour\n", "- one two\n\n- three\n\nfour\n"] {
            assert_eq!(nested[..first_words(nested, Dialect::GitHub, 3, false)].lines().last(), nested.lines().nth(2));
        }
        let noted = "one[^1]\n\n[^1]: two three four\n\nfive six\n\nseven\n";
        assert_eq!(noted[first_words(noted, Dialect::GitHub, 3, false)..].trim(), "seven");
        let english = "one two three\n\nfour\n\nfive\n";
        assert_eq!(english[first_words(english, Dialect::GitHub, 4, true)..].trim(), "five");
        let japanese = "日本語の文。\n\n次の文。\n";
        assert_eq!(japanese[..first_words(japanese, Dialect::GitHub, 3, true)].trim_end(), "日本語の文。");
    }

    #[test]
    fn a_megabyte_of_comments_takes_linear_time() {
        for unit in ["<!--", "<!-- ", "<!--more", "`<!--more-->` "] {
            assert_eq!(more_marker(&unit.repeat(100_000)), None, "{unit}");
        }
    }
}
