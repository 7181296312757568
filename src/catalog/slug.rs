//! A term's name in a path: one segment that every file system and URL takes.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// File names may have 255 bytes; this leaves room for an extension and a temporary name's.
const MAX_BYTES: usize = 120;

/// Names that some file system or server takes for something else.
const RESERVED: [&str; 9] = ["index", "feed", "con", "prn", "aux", "nul", "com1", "lpt1", "feeds"];

/// The slug of a label: NFC, lower case, Unicode letters, marks and digits kept, white space and slashes to `-`.
///
/// Labels that differ in case, in normal form, or only in white space meet in one slug; others do not: where a symbol is
/// lost (`C#`), a short hash of the label says which it was.
#[must_use]
pub(super) fn slug(label: &str) -> String {
    let label = label.trim();
    let folded: String = match label.is_ascii() {
        true => label.to_ascii_lowercase(),
        false => label.nfc().flat_map(char::to_lowercase).nfc().collect(),
    };
    let mut slug = String::with_capacity(folded.len());
    let mut lost = false;
    for c in folded.chars() {
        match kind(c) {
            Kind::Kept => slug.push(c),
            kind => {
                lost |= matches!(kind, Kind::Lost);
                if !slug.is_empty() && !slug.ends_with('-') {
                    slug.push('-');
                }
            }
        }
    }
    let whole = slug.trim_end_matches(['-', '.']).trim_start_matches('.').to_owned();
    lost |= whole.is_empty() || RESERVED.contains(&whole.as_str()) || whole.len() != slug.trim_end_matches('-').len();
    match (cut(&whole), lost) {
        (kept, false) if kept.len() == whole.len() => whole,
        ("", _) => format!("t-{}", hash(&folded)),
        (kept, _) => format!("{kept}-{}", hash(&folded)),
    }
}

enum Kind {
    Kept,
    Space,
    Lost,
}

fn kind(c: char) -> Kind {
    match c {
        '-' | '/' | '\\' => Kind::Space,
        '_' | '.' | '+' | 'a'..='z' | '0'..='9' => Kind::Kept,
        // Kana and Han: found without a search.
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='龥' => Kind::Kept,
        _ if c.is_whitespace() => Kind::Space,
        _ => match c.general_category_group() {
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Number => Kind::Kept,
            _ => Kind::Lost,
        },
    }
}

fn cut(slug: &str) -> &str {
    let mut end = slug.len().min(MAX_BYTES);
    while !slug.is_char_boundary(end) {
        end -= 1;
    }
    slug[..end].trim_end_matches('-')
}

/// Tells apart what would be called alike: six hexadecimal digits.
pub(super) fn hash(folded: &str) -> String {
    Sha256::digest(folded)[..3].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_of_every_script_stay() {
        for (label, expected) in [
            ("投資分析", "投資分析"),
            ("AI", "ai"),
            ("Rust", "rust"),
            ("最新 ニュース", "最新-ニュース"),
            ("a/b", "a-b"),
            ("  Web   Dev ", "web-dev"),
            ("C++", "c++"),
            ("node.js", "node.js"),
            ("か\u{3099}", "が"),
        ] {
            assert_eq!(slug(label), expected, "{label}");
        }
    }

    #[test]
    fn what_is_known_without_a_search_are_letters_and_digits() {
        let known = ['a'..='z', '0'..='9', 'ぁ'..='ゖ', 'ァ'..='ヺ', '一'..='龥'];
        for c in known.into_iter().flatten() {
            let group = c.general_category_group();
            assert!(matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number), "{c}");
        }
    }

    #[test]
    fn what_would_be_lost_is_told_by_a_hash() {
        let labels = [
            "C", "C#", "C!", "C++", ".NET", "net", "R&D", "R D", "😀", "🎉", "..", ".", "?x", "x", "100%", "100", "con",
        ];
        let slugs: std::collections::HashSet<_> = labels.map(slug).into_iter().collect();
        assert_eq!(slugs.len(), labels.len(), "{slugs:?}");
        assert!(slug("😀").starts_with("t-"));
        assert!(slug("C#").starts_with("c-"));
    }

    #[test]
    fn long_ones_end_in_a_hash() {
        let (a, b) = ("技術".repeat(100), format!("{}x", "技術".repeat(100)));
        assert!(slug(&a).len() <= MAX_BYTES + 7);
        assert_ne!(slug(&a), slug(&b));
    }

    proptest! {
        #[test]
        fn a_slug_is_one_safe_segment(label in "\\PC{0,40}") {
            let slug = slug(&label);
            prop_assert!(!slug.is_empty() && slug.len() <= 255 - 16);
            prop_assert!(!slug.starts_with('.') && !slug.ends_with('.'));
            prop_assert!(!slug.contains(['/', '\\', '#', '?', '%', ':', '*', '"', '<', '>', '|', '\0']));
            prop_assert_eq!(super::slug(&label), slug, "the same label has the same slug");
        }
    }
}
