//! Links whose target lost a part.
//!
//! In: a body with a [`GAP`] wherever a tag was left out. Out: the same without gaps, and without the targets that one was
//! in: `[text](/a/GAP)` becomes `text`, `href="GAP/b"` goes. Never: whether a link stands in code.

use std::ops::Range;

/// Stands where a tag stood. XML forbids this character, so that no body holds it.
pub(super) const GAP: char = '\u{1}';

/// Brackets within a Markdown target that are looked through, as in `/wiki/Rust_(game)`.
const MAX_NESTED: usize = 3;

/// Attributes that hold URLs.
const ATTRIBUTES: [&str; 6] = ["href", "src", "srcset", "poster", "cite", "data"];

/// Where something may begin or end that matters here.
const STOPS: [char; 6] = ['\\', '\n', '[', ']', '=', '<'];

/// `text` without gaps and what they spoil, in time linear to its length.
pub(super) fn without_gaps(text: &str) -> String {
    let mut finder = Finder { text, open: Vec::new(), cuts: Vec::new() };
    let mut at = 0;
    while let Some(found) = text[at..].find(STOPS) {
        at = finder.stop(at + found);
    }
    let mut cuts = finder.cuts;
    cuts.sort_unstable_by_key(|cut| cut.start);
    without(text, &cuts)
}

fn without(text: &str, cuts: &[Range<usize>]) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for cut in cuts {
        out.extend(text.get(at..cut.start).unwrap_or_default().split(GAP));
        at = at.max(cut.end);
    }
    out.extend(text[at..].split(GAP));
    out
}

struct Finder<'a> {
    text: &'a str,
    /// Where the brackets of this paragraph are that are still open.
    open: Vec<usize>,
    /// What has to go, in any order.
    cuts: Vec<Range<usize>>,
}

impl Finder<'_> {
    /// Looks at one of [`STOPS`]; where to go on.
    fn stop(&mut self, at: usize) -> usize {
        let rest = &self.text[at + 1..];
        let end = match self.text.as_bytes()[at] {
            b'\\' => rest.starts_with(|c: char| c.is_ascii_punctuation()).then_some(at + 2),
            b'\n' => {
                if rest.lines().next().is_none_or(|line| line.trim().is_empty()) {
                    self.open.clear();
                }
                None
            }
            b'[' => {
                self.open.push(at);
                None
            }
            b']' => self.bracket(at),
            b'=' => self.attribute(at),
            _ => self.autolink(at),
        };
        end.unwrap_or(at + 1)
    }

    /// The `]` before a target or a definition.
    fn bracket(&mut self, at: usize) -> Option<usize> {
        let open = self.open.pop()?;
        match self.text.as_bytes().get(at + 1)? {
            b'(' => {
                let end = at + 1 + target_len(&self.text[at + 1..])?;
                self.has_gap(at..end)?;
                let is_image = self.text[..open].ends_with('!');
                self.cuts.extend([open - usize::from(is_image)..open + 1, at..end]);
                Some(end)
            }
            b':' if self.starts_line(open) && !self.text[open + 1..].starts_with('^') => {
                let end = at + self.text[at..].find('\n').unwrap_or(self.text.len() - at);
                self.has_gap(at..end)?;
                self.cuts.push(open..end);
                Some(end)
            }
            _ => None,
        }
    }

    /// The `=` between an attribute and its value.
    fn attribute(&mut self, at: usize) -> Option<usize> {
        let before = self.text[..at].trim_ascii_end();
        let is_it = |name: &&str| {
            let start = before.len().checked_sub(name.len() + 1)?;
            let (space, found) = before.get(start..)?.split_at_checked(1)?;
            (space.trim_ascii().is_empty() && found.eq_ignore_ascii_case(name)).then_some(start)
        };
        let start = ATTRIBUTES.iter().find_map(is_it)?;
        let rest = self.text[at + 1..].trim_ascii_start();
        let end = self.text.len() - rest.len() + value_len(rest)?;
        self.has_gap(at..end)?;
        self.cuts.push(start..end);
        Some(end)
    }

    /// The `<` of `<https://example.com/>`.
    fn autolink(&mut self, at: usize) -> Option<usize> {
        let rest = &self.text[at + 1..];
        let is_url = ["http://", "https://"].into_iter().any(|scheme| rest.starts_with(scheme));
        let end = at + 1 + rest.find(['<', '>', ' ', '\n']).filter(|end| is_url && rest[*end..].starts_with('>'))?;
        self.has_gap(at..end)?;
        self.cuts.extend([at..at + 1, end..end + 1]);
        Some(end)
    }

    fn has_gap(&self, range: Range<usize>) -> Option<()> {
        self.text[range].contains(GAP).then_some(())
    }

    fn starts_line(&self, at: usize) -> bool {
        let before = self.text[..at].trim_end_matches(' ');
        at - before.len() <= 3 && (before.is_empty() || before.ends_with('\n'))
    }
}

/// How long `(target "title")` is, within one line.
fn target_len(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'\n' => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
        if depth > MAX_NESTED {
            return None;
        }
    }
    None
}

/// How long an attribute's value is, quotes included.
fn value_len(text: &str) -> Option<usize> {
    match text.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = 1 + text[1..].find([quote, '<', '>', '\n'])?;
            text[end..].starts_with(quote).then_some(end + 1)
        }
        _ => Some(text.find(|c: char| c == '>' || c.is_ascii_whitespace()).unwrap_or(text.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `@` for a gap.
    fn cut(text: &str) -> String {
        without_gaps(&text.replace('@', "\u{1}"))
    }

    #[test]
    fn gaps_outside_links_just_go() {
        assert_eq!(cut("a @b [c](/d) <a href=\"/e\">@</a> x=@ (@) [@]"), "a b [c](/d) <a href=\"/e\"></a> x= () []");
    }

    #[test]
    fn a_link_becomes_its_text_and_an_image_its_alternative() {
        assert_eq!(cut("[a](@) [b](/@/c) ![d](@/e.png \"t\") [f](/g)"), "a b d [f](/g)");
        assert_eq!(cut("[![a](@/b.png)](@/c)"), "a");
        assert_eq!(cut("[![a](/b.png)](@/c)"), "![a](/b.png)");
        assert_eq!(cut("[a [b] \\] c](/(@)/d) e"), "a [b] \\] c e");
        assert_eq!(cut("[a\\](@)"), "[a\\]()");
        assert_eq!(cut("[a](/b\n@c)"), "[a](/b\nc)");
        assert_eq!(cut("[a\n \nb](@)"), "[a\n \nb]()");
        assert_eq!(cut("a](@)"), "a]()");
    }

    #[test]
    fn a_definition_goes_and_a_footnote_stays() {
        assert_eq!(cut("[a]\n\n  [a]: @/b \"t\"\n[c]: /d\n"), "[a]\n\n  \n[c]: /d\n");
        assert_eq!(cut("[^a]: see @b\nx [a]: @"), "[^a]: see b\nx [a]: ");
    }

    #[test]
    fn attributes_that_hold_urls_go() {
        assert_eq!(cut("<a id=x HREF = '/@' class=k>a</a>"), "<a id=x class=k>a</a>");
        assert_eq!(cut("<img src=@/x.png alt=\"@\"><p data-src=\"@\">"), "<img alt=\"\"><p data-src=\"\">");
        assert_eq!(cut("日href=\"@\" a href=\"b\n@\""), "日href=\"\" a href=\"b\n\"");
    }

    #[test]
    fn an_address_in_angle_brackets_becomes_text() {
        assert_eq!(cut("<https://a.example/@> <https://b.example/> <@>"), "https://a.example/ <https://b.example/> <>");
    }

    #[test]
    fn long_texts_take_linear_time() {
        for unit in
            ["](", "[", "[](@)", "](a)", "]((a)", "[a]:", "\n[a]:@", " href=\"", " href='@", "<http://", "\n ", "= "]
        {
            let text = unit.repeat(1_000_000 / unit.len());
            assert!(cut(&text).len() <= text.len(), "{unit}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_gap_is_left_and_what_has_none_stays(text in "([\\[\\]()!@:=<>\"'\\\\ \n]|href|http://|日){0,40}") {
            proptest::prop_assert!(!cut(&text).contains(GAP));
            let whole = text.replace('@', "");
            proptest::prop_assert_eq!(cut(&whole), whole);
        }
    }
}
