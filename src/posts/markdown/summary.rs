//! Where the summary of a body ends.
//!
//! In: a body, as it stands in the file. Out: a place in it, in bytes. Never: a marker inside a code block or a code span.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, TagEnd};

use super::Dialect;

/// The first `<!--more-->` of a body, with or without spaces inside, that stands outside code: the summary ends where it
/// begins. Many stand behind the last word of a paragraph, and some in its middle: there, too, the generators cut.
#[must_use]
pub fn more_marker(body: &str) -> Option<Range<usize>> {
    first_outside_code(body, marker)
}

/// Where a separator that is a comment, `<!--more-->` for one, first stands outside code, just as it is written.
#[must_use]
pub fn comment(body: &str, separator: &str) -> Option<usize> {
    let is_there = |body: &str, at: usize| body[at..].starts_with(separator).then(|| at..at + separator.len());
    first_outside_code(body, is_there).map(|found| found.start)
}

/// Where the paragraph ends in which the `words`th word stands, as Hugo cuts a summary; the whole body if it has fewer.
///
/// `by_characters`: each character counts as a word, as Hugo has it for Chinese, Japanese and Korean.
#[must_use]
pub fn first_words(body: &str, dialect: Dialect, words: usize, by_characters: bool) -> usize {
    let mut count = 0;
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(body, dialect.options()).into_offset_iter() {
        match &event {
            Event::Text(text) | Event::Code(text) if by_characters => {
                count += text.chars().filter(|c| !c.is_whitespace()).count();
            }
            Event::Text(text) | Event::Code(text) => count += text.split_whitespace().count(),
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        let ends_paragraph = depth == 0 && event == Event::End(TagEnd::Paragraph);
        if ends_paragraph && count >= words {
            return range.end;
        }
    }
    body.len()
}

/// The first comment outside code in which `wanted`, which gets the body and where the comment begins, finds something.
fn first_outside_code(body: &str, wanted: impl Fn(&str, usize) -> Option<Range<usize>>) -> Option<Range<usize>> {
    let find = |range: Range<usize>| {
        body[range.clone()].match_indices("<!--").find_map(|(at, _)| wanted(body, range.start + at))
    };
    // Most bodies have none, and are not parsed.
    let first = find(0..body.len())?;
    let events = Parser::new_ext(body, Dialect::GitHub.options()).into_offset_iter();
    let mut outside = events.filter(|(event, _)| matches!(event, Event::Html(_) | Event::InlineHtml(_)));
    outside.find_map(|(_, range)| if range.end > first.start { find(range) } else { None })
}

/// The marker at `at`, if the comment there is one.
fn marker(body: &str, at: usize) -> Option<Range<usize>> {
    let inside = body[at..].strip_prefix("<!--")?;
    let word = inside.trim_start().strip_prefix("more")?;
    let rest = word.trim_start().strip_prefix("-->")?;
    Some(at..body.len() - rest.len())
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
        assert_eq!(before("a\n\n<!-- more -->\nb"), Some("a\n\n"));
        assert_eq!(before("a <!-- more --> b"), Some("a "));
        assert_eq!(before("a <!-- no more --> b <!-- mo-->"), None);
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
