//! Words in URLs, by Jekyll's `slugify` and as GitHub makes ids of headings.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Jekyll's mode `default`: letters, marks and digits stay, in lower case; a run of anything else becomes `-`.
pub(super) fn plain(text: &str) -> String {
    hyphenated(text, "").to_lowercase()
}

/// Jekyll's mode `pretty` with the case kept: what paths allow stays too.
pub(super) fn pretty(text: &str) -> String {
    hyphenated(text, "._~!$&'()+,;=@")
}

/// GitHub's ids of headings: letters, marks, digits, `-` and `_` stay, in lower case; a space becomes `-`; the rest goes.
pub(super) fn github(text: &str) -> String {
    let kept = text.chars().filter(|c| is_word(*c) || matches!(c, '-' | '_' | ' '));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn hyphenated(text: &str, also: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_word(c) || also.contains(c) {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    if out.ends_with('-') {
        out.pop();
    }
    if out.starts_with('-') {
        out.remove(0);
    }
    out
}

/// Whether this is a letter, a mark or a digit of any script.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
        || c.general_category() == GeneralCategory::DecimalNumber
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_what_is_no_word_become_one_hyphen() {
        assert_eq!(plain("Vec<T> & 日本語 😀①"), "vec-t-日本語");
        assert_eq!(plain("--a_b--"), "a-b");
        assert_eq!(plain("😀"), "");
        assert_eq!(plain("ÀÉ が 2½"), "àé-が-2");
    }

    #[test]
    fn pretty_keeps_case_and_what_paths_allow() {
        assert_eq!(pretty("Mixed_Case.Name"), "Mixed_Case.Name");
        assert_eq!(pretty("q&a: what?#frag%20[x]"), "q&a-what-frag-20-x");
        assert_eq!(pretty("em—dash–en-"), "em-dash-en");
    }
}
