//! Titles as plain text.
//!
//! In: a title as it was typed, or a body that has none. Out: one line without markup. Never: less than the author wrote:
//! what only looks like markup, `Vec<T>` or a `<b>` that nothing closes, is text.

use crate::posts::smart::Kramdown;
use crate::posts::{Markup, html, markdown, text};

/// A title as it is written, made plain: one line, without the tags of known inline elements (`<b>`, `<code>`) that are
/// balanced, without the ticks of code spans, and with character references resolved once. Everything else stays.
pub(super) fn plain(written: &str) -> String {
    let marks = marks(written);
    let mut out = String::with_capacity(written.len());
    let mut at = 0;
    for mark in &marks {
        out.push_str(&written[at..mark.at]);
        out.push_str(&mark.becomes);
        at = mark.at + mark.len;
    }
    out.push_str(&written[at..]);
    text::one_line(&out)
}

/// The same with the typographic quotes, dashes and dots that Jekyll's `smartify` makes, as jekyll-feed shows titles.
pub(super) fn smart(written: &str) -> String {
    plain(&Kramdown::line(written))
}

/// The first words of a body, for a post without a title; `None` if there are none, or if a template would make them.
pub(super) fn of_body(body: &str, markup: Markup) -> Option<String> {
    /// The words of so much of the body, in bytes, are looked at, …
    const LOOKED_AT: usize = 2_000;
    /// … and so many characters of them are kept.
    const KEPT: usize = 60;
    let head = &body[..body.floor_char_boundary(LOOKED_AT)];
    let html = match (markup.dialect(), markup) {
        (Some(dialect), _) => markdown::to_html(head, "", dialect),
        (None, Markup::Text) => html::escape(head),
        (None, _) => head.to_owned(),
    };
    let words = html::plain_text(&html);
    if words.is_empty() || head.contains("{%") || head.contains("{{") {
        return None;
    }
    let Some((end, _)) = words.char_indices().nth(KEPT) else { return Some(words) };
    let kept = &words[..end];
    // Words are not cut, unless the one word is the whole text, as it is in Japanese.
    let kept = kept.rfind(' ').filter(|at| *at > KEPT / 2).map_or(kept, |at| &kept[..at]);
    Some(format!("{}…", kept.trim_end()))
}

/// A part of a title that is not shown as it is.
struct Mark {
    at: usize,
    len: usize,
    becomes: String,
}

/// In order; of tags, only those that are void or balanced.
fn marks(written: &str) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    // Start tags that nothing closed yet, by name, with their places in `marks`.
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut unbalanced = Vec::new();
    let mut at = 0;
    while let Some(next) = written[at..].find(['<', '&', '`']) {
        at += next;
        let rest = &written[at..];
        let mut len = 1;
        if let Some(tag) = Tag::read(rest) {
            len = tag.len;
            // Text around a line break would run together.
            let becomes = if tag.name == "br" { " " } else { "" };
            if tag.closing {
                match open.iter().rposition(|(name, _)| *name == tag.name) {
                    Some(start) => unbalanced.extend(open.drain(start..).skip(1).map(|(_, mark)| mark)),
                    None => unbalanced.push(marks.len()),
                }
            } else if open.len() >= MAX_OPEN {
                unbalanced.push(marks.len());
            } else if !matches!(tag.name.as_str(), "br" | "wbr") {
                open.push((tag.name, marks.len()));
            }
            marks.push(Mark { at, len, becomes: becomes.to_owned() });
        } else if let Some((becomes, read)) = html::reference(rest).or_else(|| code(rest)) {
            len = read;
            marks.push(Mark { at, len, becomes });
        } else if rest.starts_with('`') {
            // Ticks without others to close them are read once.
            len = rest.bytes().take_while(|byte| *byte == b'`').count();
        }
        at += len;
    }
    unbalanced.extend(open.into_iter().map(|(_, mark)| mark));
    unbalanced.sort_unstable();
    let mut number = 0;
    marks.retain(|_| {
        number += 1;
        unbalanced.binary_search(&(number - 1)).is_err()
    });
    marks
}

/// Deeper tags are not held against their end tags any more; it keeps a title of a megabyte linear.
const MAX_OPEN: usize = 64;

/// The tag of an inline element that HTML knows.
struct Tag {
    name: String,
    closing: bool,
    len: usize,
}

impl Tag {
    fn read(rest: &str) -> Option<Self> {
        const INLINE: [&str; 24] = [
            "a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "rp", "rt", "ruby",
            "s", "small", "span", "strong", "sub", "sup", "u", "wbr",
        ];
        /// A longer tag has a `<` that is none.
        const MAX_LEN: usize = 300;
        let inside = rest.strip_prefix('<')?;
        let end = inside.bytes().take(MAX_LEN).position(|byte| byte == b'>')?;
        let inside = &inside[..end];
        let bare = inside.strip_prefix('/').unwrap_or(inside);
        let name = bare[..bare.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(bare.len())].to_ascii_lowercase();
        let known = INLINE.contains(&name.as_str());
        known.then_some(Self { name, closing: bare.len() < inside.len(), len: end + 2 })
    }
}

/// A code span on one line: its ticks go, its text stays as it is.
fn code(rest: &str) -> Option<(String, usize)> {
    let ticks = &rest[..rest.bytes().take_while(|byte| *byte == b'`').count()];
    let inside = rest.strip_prefix(ticks).filter(|_| !ticks.is_empty())?;
    let end = inside.find(ticks)?;
    Some((inside[..end].trim_matches(' ').to_owned(), end + 2 * ticks.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_goes_and_what_only_looks_like_it_stays() {
        for (written, expected) in [
            ("Use Vec<T> & \"x\" in <b>Rust</b>", "Use Vec<T> & \"x\" in Rust"),
            ("R&amp;D &lt;3 &unknown; AT&T", "R&D <3 &unknown; AT&T"),
            ("one<br/>two", "one two"),
            ("a <SPAN class='x'>b</SPAN> 1 < 2", "a b 1 < 2"),
            ("The `<b>` tag, `&amp;` and ``", "The <b> tag, &amp; and ``"),
            ("  two\n lines ", "two lines"),
            ("<code>x</code>", "x"),
            ("&amp;amp;", "&amp;"),
            ("&eacute;t&#233; &#x2014; R&amp;D", "été — R&D"),
            ("The <b tag and <b> alone, </i> too", "The <b tag and <b> alone, </i> too"),
            ("<b>a <i>b</b> c", "a <i>b c"),
            ("\u{202E}evil\u{202C}\u{8} title", "evil title"),
            ("``a ` b``", "a ` b"),
        ] {
            assert_eq!(plain(written), expected);
        }
    }

    /// As jekyll-feed 0.17 shows them.
    #[test]
    fn smart_titles_have_typographic_characters() {
        for (written, expected) in [
            ("What's new... in \"<b>Rust</b>\"?", "What’s new… in “Rust”?"),
            ("R&amp;D -- it's \"Vec<T>\"", "R&D – it’s “Vec<T>”"),
        ] {
            assert_eq!(smart(written), expected);
        }
    }

    #[test]
    fn a_body_without_a_title_gives_its_first_words() {
        let title = |body: &str| of_body(body, Markup::Markdown);
        assert_eq!(title("# A *b* `c`\n\nd"), Some("A b c d".to_owned()));
        let long = "word ".repeat(20);
        assert_eq!(title(&long), Some(format!("{}…", "word ".repeat(12).trim_end())));
        assert_eq!(title(&"日".repeat(100)), Some(format!("{}…", "日".repeat(60))));
        assert_eq!(title("{% include x %}\n"), None);
        assert_eq!(title(" \n"), None);
        assert_eq!(of_body("<p>a<br>b", Markup::Html), Some("a b".to_owned()));
    }

    #[test]
    fn long_titles_take_linear_time() {
        for unit in ["<", "`", "&", "<a ", "<b>", "</b><i>"] {
            assert!(plain(&unit.repeat(100_000)).len() >= 100_000, "{unit}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(title in ".{0,60}", tail in "[<>&`/a-c;é日]{0,60}") {
            let _ = plain(&(title + &tail));
        }
    }
}
