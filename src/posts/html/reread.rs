//! The second gate, for HTML in the one form that the first gate writes: read again, with no knowledge of how it came about.
//!
//! In: HTML. Out: the same, spelled as ammonia spells it; nothing if it is not in that form, be it an element or attribute
//! that is not listed in [`super::elements`], a URL of another scheme, an end tag that does not close the innermost element,
//! or a character that would be written otherwise. Never: a tree, a repair or a guess; those are for ammonia.

use memchr::memchr;

use super::elements::{EVERYWHERE, Element};
use super::urls;

const PRE: Element = Element::of("pre");

/// What is written anew, and what of it is open.
struct Reread<'a> {
    rest: &'a str,
    out: String,
    /// Outermost first.
    open: Vec<Element>,
}

/// `html` as ammonia would give it back; `None` if that takes more than spelling.
pub(super) fn reread(html: &str) -> Option<String> {
    let mut reread = Reread { rest: html, out: String::with_capacity(html.len() + html.len() / 16), open: Vec::new() };
    while !reread.rest.is_empty() {
        reread.text()?;
        reread.tag()?;
    }
    reread.open.is_empty().then_some(reread.out)
}

impl<'a> Reread<'a> {
    /// Up to the next tag.
    fn text(&mut self) -> Option<()> {
        let len = memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
        let piece = self.take(len);
        self.spelled(piece, &["&amp;", "&lt;", "&gt;"], |byte| if byte == b'>' { Some("&gt;") } else { None })
    }

    /// The tag that comes next, if any does.
    fn tag(&mut self) -> Option<()> {
        if self.rest.is_empty() {
            return Some(());
        }
        self.skip(b'<')?;
        if self.skip(b'/').is_some() {
            return self.end();
        }
        let element = Element::find(self.word())?;
        self.out.push('<');
        self.out.push_str(element.name());
        let mut seen = Vec::new();
        while self.skip(b' ').is_some() {
            let attribute = self.attribute(element)?;
            if seen.contains(&attribute) {
                return None;
            }
            seen.push(attribute);
        }
        self.skip(b'>')?;
        self.out.push('>');
        if !element.is_void() {
            self.open.push(element);
        }
        if element == PRE {
            // A parser drops it, and ammonia does not write it again.
            let _ = self.skip(b'\n');
        }
        Some(())
    }

    /// The rest of an end tag, which has to be that of the innermost element.
    fn end(&mut self) -> Option<()> {
        let element = self.open.pop().filter(|element| self.rest.starts_with(element.name()))?;
        self.take(element.name().len());
        self.skip(b'>')?;
        self.out.push_str("</");
        self.out.push_str(element.name());
        self.out.push('>');
        Some(())
    }

    /// An attribute that the element may have; gives its name.
    fn attribute(&mut self, element: Element) -> Option<&'a str> {
        let name = self.word();
        if !element.attributes().contains(&name) && !EVERYWHERE.contains(&name) {
            return None;
        }
        self.skip(b'=')?;
        self.skip(b'"')?;
        let len = memchr(b'"', self.rest.as_bytes())?;
        let value = self.take(len);
        if !may_be(name, value) {
            return None;
        }
        self.take(1);
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.spelled(value, &["&amp;", "&quot;", "&lt;", "&gt;"], |_| None)?;
        self.out.push('"');
        Some(name)
    }

    /// Writes a text or a value, in which `references` stay. What else a parser would read otherwise than it stands there
    /// becomes what `spelling` has for it, or refuses it all.
    fn spelled(&mut self, piece: &str, references: &[&str], spelling: fn(u8) -> Option<&'static str>) -> Option<()> {
        let mut from = 0;
        for (at, byte) in piece.bytes().enumerate() {
            let other = match byte {
                b'&' if references.iter().any(|reference| piece[at..].starts_with(reference)) => continue,
                0xC2 if piece.as_bytes().get(at + 1) == Some(&0xA0) => "&nbsp;",
                b'&' | b'<' | b'>' | b'\r' | 0 => spelling(byte)?,
                _ => continue,
            };
            self.out.push_str(&piece[from..at]);
            self.out.push_str(other);
            from = at + if byte == 0xC2 { 2 } else { 1 };
        }
        self.out.push_str(&piece[from..]);
        Some(())
    }

    /// The name that comes next; may be empty.
    fn word(&mut self) -> &'a str {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        self.take(self.rest.bytes().position(|byte| !is_part(byte)).unwrap_or(self.rest.len()))
    }

    /// Past this character, which is ASCII, if it comes next.
    fn skip(&mut self, byte: u8) -> Option<()> {
        if self.rest.as_bytes().first() != Some(&byte) {
            return None;
        }
        self.take(1);
        Some(())
    }

    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }
}

/// Whether an attribute may have this value: an address has to have a scheme that is listed, and data is a picture.
fn may_be(name: &str, value: &str) -> bool {
    if urls::is_other_data(value) {
        return false;
    }
    let is_listed = || value.split_once(':').is_some_and(|(scheme, _)| urls::SCHEMES.contains(&scheme));
    !matches!(name, "cite" | "href" | "poster" | "src") || urls::is_image_data(value) || is_listed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::html::AMMONIA;

    #[test]
    fn what_the_first_gate_writes_is_spelled_as_ammonia_spells_it() {
        for html in [
            "",
            "a > \"b\" &amp; &lt;c>\u{A0}\u{A1}",
            "<p>a<br>b <a href=\"https://a.example/?b&amp;c\" title=\"&quot;&lt;&gt;\u{A0}\">c</a></p>",
            "<pre>\n\n\na</pre><pre>\n</pre><pre>a\n</pre>",
            "<table><tbody><tr><td align=\"left\">a</td></tr></tbody></table>",
            "<img src=\"data:image/png;base64,AA==\" alt=\"\"><input type=\"checkbox\" disabled=\"\">",
        ] {
            assert_eq!(reread(html), Some(AMMONIA.clean(html).to_string()), "{html}");
        }
    }

    #[test]
    fn all_else_is_left_to_ammonia() {
        for html in [
            "<p>a",
            "a</p>",
            "<b><i>a</b></i>",
            "<script>a</script>",
            "<P>a</P>",
            "<p >a</p>",
            "<p/>",
            "<p onclick=\"a\">a</p>",
            "<p title=a>a</p>",
            "<p title='a'>a</p>",
            "<p title=\"a\"id=\"b\">a</p>",
            "<p id=\"a\" id=\"b\">a</p>",
            "<p title=\"<\">a</p>",
            "<p title=\"a\rb\">a</p>",
            "<a href=\"javascript:a\">a</a>",
            "<a href=\"JavaScript&colon;a\">a</a>",
            "<a href=\"/a\">a</a>",
            "<img src=\"data:text/html,a\">",
            "<p title=\"data:a\">a</p>",
            "<!-- a -->",
            "a & b",
            "a &nbsp;",
            "a &quot;b",
            "a\rb",
            "a\0b",
            "<",
            "</",
            "</>",
            "<p",
            "<p title",
            "<p title=\"a",
        ] {
            assert_eq!(reread(html), None, "{html}");
        }
    }
}
