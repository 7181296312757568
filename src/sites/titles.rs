//! Titles as plain text.

use crate::posts::text;

/// A title as it is written, made plain: one line, without the tags of known inline elements (`<b>`, `<code>`), without
/// the ticks of code spans, and with character references resolved once. Everything else stays: `Vec<T>` is a title.
pub(super) fn plain(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find(['<', '&', '`']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (text, len) = tag(rest).or_else(|| reference(rest)).or_else(|| code(rest)).unwrap_or((&rest[..1], 1));
        out.push_str(text);
        rest = &rest[len..];
    }
    out.push_str(rest);
    text::one_line(&out)
}

/// A tag at the start of `rest`: what it leaves behind, and how long it is.
fn tag(rest: &str) -> Option<(&'static str, usize)> {
    const INLINE: [&str; 24] = [
        "a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "rp", "rt", "ruby", "s",
        "small", "span", "strong", "sub", "sup", "u", "wbr",
    ];
    /// A longer tag has a `<` that is none.
    const MAX_LEN: usize = 300;
    let inside = rest.strip_prefix('<')?;
    let end = inside.bytes().take(MAX_LEN).position(|byte| byte == b'>')?;
    let inside = &inside[..end];
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())];
    let known = INLINE.contains(&name.to_ascii_lowercase().as_str());
    // Text around a line break would run together.
    known.then_some((if name.eq_ignore_ascii_case("br") { " " } else { "" }, end + 2))
}

/// A character reference that people write in titles, and how long it is.
fn reference(rest: &str) -> Option<(&'static str, usize)> {
    const KNOWN: [(&str, &str); 16] = [
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&nbsp;", "\u{a0}"),
        ("&ndash;", "–"),
        ("&mdash;", "—"),
        ("&hellip;", "…"),
        ("&lsquo;", "‘"),
        ("&rsquo;", "’"),
        ("&ldquo;", "“"),
        ("&rdquo;", "”"),
        ("&copy;", "©"),
        ("&trade;", "™"),
    ];
    KNOWN.into_iter().find(|(name, _)| rest.starts_with(name)).map(|(name, text)| (text, name.len()))
}

/// A code span on one line: its ticks go, its text stays as it is.
fn code(rest: &str) -> Option<(&str, usize)> {
    let inside = rest.strip_prefix('`')?;
    let end = inside.find('`').filter(|end| *end > 0)?;
    Some((&inside[..end], end + 2))
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
        ] {
            assert_eq!(plain(written), expected);
        }
    }

    #[test]
    fn long_titles_take_linear_time() {
        for unit in ["<", "`", "&", "<a "] {
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
