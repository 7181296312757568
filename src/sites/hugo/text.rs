//! What Hugo keeps of a text that becomes part of a path.
//!
//! In: file names, slugs, titles, terms. Out: path text, not percent-encoded. Never: a whole URL.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::sites::{links, slug};

/// How the site wants its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathText {
    /// In lower case (not `disablePathToLower`).
    pub(super) lower: bool,
    /// Without accents (`removePathAccents`).
    pub(super) without_accents: bool,
}

impl PathText {
    /// A file's place as Hugo looks it up: lower case, a hyphen for every space.
    pub(super) fn place(self, raw: &str) -> String {
        if self.lower { logical(raw) } else { raw.to_owned() }
    }

    /// Letters, digits, marks and what paths allow; white space to a hyphen, the rest goes.
    pub(super) fn clean(self, text: &str) -> String {
        let text = if self.without_accents { without_accents(text) } else { text.to_owned() };
        let text = sanitized(&text);
        if self.lower { lower(&text) } else { text }
    }

    /// The same for one placeholder of a permalink, which Hugo reads as an encoded URL once more: a `#` at the end goes as an
    /// empty fragment does, and a plus is a space.
    pub(super) fn token(self, text: &str) -> String {
        let clean = self.clean(text);
        let clean = clean.strip_suffix('#').unwrap_or(&clean);
        if clean.contains('+') { self.clean(&clean.replace('+', " ")) } else { clean.to_owned() }
    }

    /// The same for a title, whose slashes part no directories.
    pub(super) fn title_token(self, title: &str) -> String {
        self.token(&title.replace(['/', '\\'], "-"))
    }
}

/// Lower case, a hyphen for every space, whatever the site wants its paths to be.
pub(super) fn logical(raw: &str) -> String {
    lower(raw).replace(' ', "-")
}

/// Lower case letter by letter: `İ` is `i`, and a sigma at the end of a word is like any other.
fn lower(text: &str) -> String {
    text.chars().filter_map(|c| c.to_lowercase().next()).collect()
}

/// A path as it stands in a URL: percent-encoded once.
pub(super) fn encoded(path: &str) -> String {
    links::normal(&path.replace('?', "%3F").replace('#', "%23"))
}

fn without_accents(text: &str) -> String {
    let is_accent = |c: &char| c.general_category() == unicode_properties::GeneralCategory::NonspacingMark;
    text.nfd().filter(|c| !is_accent(c)).nfc().collect()
}

fn sanitized(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut hyphen_due, mut after_hyphen) = (false, false);
    for (at, c) in text.char_indices() {
        if is_allowed(c, &text[at..]) {
            after_hyphen = c == '-';
            if std::mem::take(&mut hyphen_due) && !after_hyphen {
                out.push('-');
            }
            out.push(c);
        } else if !out.is_empty() && !after_hyphen && c.is_whitespace() {
            hyphen_due = true;
        }
    }
    out
}

fn is_allowed(c: char, rest: &str) -> bool {
    let is_escape = || rest.as_bytes().get(1..3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    match c {
        '.' | '/' | '\\' | '_' | '#' | '+' | '~' | '-' | '@' => true,
        '%' => is_escape(),
        _ => slug::is_word(c),
    }
}

/// Whether this is a Han, Hangul or kana letter or the like, which are counted as words.
pub(super) fn is_cjk(c: char) -> bool {
    let in_blocks = matches!(u32::from(c), 0x1100..=0x11ff | 0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x3ffff);
    in_blocks && c.general_category_group() == GeneralCategoryGroup::Letter
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOWER: PathText = PathText { lower: true, without_accents: false };

    #[test]
    fn what_paths_allow_stays() {
        for (written, kept) in [
            ("a,b;c=d!e'f(g)h*i&j", "abcdefghij"),
            ("「日本語」、テスト。①", "日本語テスト"),
            ("x#y+z~w@v%20u 100%", "x#y+z~w@v%20u-100"),
            ("My Slug_x", "my-slug_x"),
            (" a  b -- c ", "a-b--c"),
            ("Émile が", "émile-が"),
            ("İstanbul ΑΣ ẞ", "istanbul-ασ-ß"),
        ] {
            assert_eq!(LOWER.clean(written), kept);
        }
        assert_eq!(LOWER.token("C#"), "c");
        for (title, token) in [
            ("C++", "c"),
            ("C++ tips", "c-tips"),
            ("a + b", "a--b"),
            ("a+b", "a-b"),
            ("C# tips", "c#-tips"),
            ("a / b", "a-b"),
            ("<b>x</b>", "bx-b"),
            (r"a\b", "a-b"),
        ] {
            assert_eq!(LOWER.title_token(title), token);
        }
        assert_eq!(LOWER.token("a/b"), "a/b");
        assert_eq!(LOWER.place("a  b -- C"), "a--b----c");
        let plain = PathText { lower: false, without_accents: true };
        assert_eq!(plain.clean("Émile が"), "Emile-か");
        assert_eq!(plain.place("A b"), "A b");
    }

    #[test]
    fn a_path_is_encoded_once() {
        assert_eq!(encoded("/x#y%20z?日/"), "/x%23y%20z%3F%E6%97%A5/");
    }

    proptest::proptest! {
        #[test]
        fn clean_text_stays_as_it_is(text in "[ -~é日ｶ「。]{0,40}") {
            let once = LOWER.clean(&text);
            proptest::prop_assert_eq!(LOWER.clean(&once), once);
        }
    }
}
