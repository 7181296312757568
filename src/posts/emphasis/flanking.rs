//! The flanking rule of CommonMark (section 6.2) and its CJK-friendly amendment, for one run of delimiters.
//!
//! In: the text before and after a run. Out: what has to stand beside the run so that the plain rule decides as the
//! amended one does. Never: a look further than two characters back and one ahead.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::Mark;

/// What a run consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    Star,
    Underscore,
    Tildes,
}

/// The marks a run asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) before: Option<Mark>,
    pub(super) after: Option<Mark>,
}

/// What the rules look at. Neither side is white space: there, both rules agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbours {
    /// The character before is punctuation to the plain rule.
    before_is_punctuation: bool,
    /// … and to the amended one, which looks through variation selectors.
    base_is_punctuation: bool,
    /// The character before (seen so) makes this a CJK context.
    before_is_cjk: bool,
    /// The character before is a variation selector that the amended rule looks through.
    before_is_selector: bool,
    after_is_punctuation: bool,
    after_is_cjk: bool,
}

impl Neighbours {
    /// `None` at a line's edge or beside white space.
    pub(super) fn of(before: &str, after: &str) -> Option<Self> {
        let mut back = before.chars().rev();
        let next = after.chars().next().filter(|c| !c.is_whitespace())?;
        let last = back.next().filter(|c| !c.is_whitespace())?;
        let selector = is_selector(last);
        let base = if selector { back.next().unwrap_or('\n') } else { last };
        let quote = last == '\u{FE01}' && matches!(base, '\u{2018}' | '\u{2019}' | '\u{201C}' | '\u{201D}');
        Some(Self {
            before_is_punctuation: is_punctuation(last),
            base_is_punctuation: is_punctuation(base),
            before_is_cjk: is_cjk(base) || quote || is_ideographic_selector(last),
            before_is_selector: selector,
            after_is_punctuation: is_punctuation(next),
            after_is_cjk: is_cjk(next),
        })
    }

    /// What a rule that only looks at white space sees: it decides everywhere as the amended one does in a CJK context.
    pub(super) fn as_if_cjk(self) -> Self {
        Self { before_is_cjk: true, ..self }
    }

    pub(super) fn wanted(self, delimiter: Delimiter) -> Wanted {
        match delimiter {
            Delimiter::Star => self.wanted_by_star(),
            // The plain parser lets two tildes open before anything, so only the closing side needs help.
            Delimiter::Tildes => Wanted { after: None, ..self.wanted_by_star() },
            // Inside a word `_` neither opens nor closes by either rule; only the look through a selector differs.
            Delimiter::Underscore => Wanted {
                before: (self.before_is_selector && self.base_is_punctuation).then_some(Mark::Punctuation),
                after: None,
            },
        }
    }

    fn wanted_by_star(self) -> Wanted {
        let cjk = self.after_is_cjk || self.before_is_cjk;
        let opens = !self.after_is_punctuation || cjk || self.base_is_punctuation;
        let closes = !self.base_is_punctuation || cjk || self.after_is_punctuation;
        let plainly_opens = !self.after_is_punctuation || self.before_is_punctuation;
        let plainly_closes = !self.before_is_punctuation || self.after_is_punctuation;
        match (opens, closes) {
            _ if (opens, closes) == (plainly_opens, plainly_closes) => Wanted::default(),
            (true, true) if plainly_opens => Wanted { before: Some(Mark::Letter), after: None },
            (true, true) => Wanted { before: None, after: Some(Mark::Letter) },
            _ => Wanted { before: Some(Mark::Punctuation), after: None },
        }
    }
}

/// A Unicode punctuation character (CommonMark 0.31, section 2.1): of general category P or S.
fn is_punctuation(c: char) -> bool {
    match c {
        '\0'..='\x7F' => return c.is_ascii_punctuation(),
        // Most that are not: kana, and the common ideographs and syllables. Looking these up takes long.
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣' => return false,
        _ => {}
    }
    matches!(c.general_category_group(), GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol)
}

/// A variation selector that says nothing about the script: all but U+FE0F, which makes an emoji.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0E}')
}

fn is_ideographic_selector(c: char) -> bool {
    matches!(c, '\u{E0100}'..='\u{E01EF}')
}

/// A CJK character by the [amendments' table](https://github.com/tats-u/markdown-cjk-friendly/blob/main/ranges.md).
fn is_cjk(c: char) -> bool {
    let n = u32::from(c);
    let after = CJK.partition_point(|&(first, _)| first <= n);
    after > 0 && n <= CJK[after - 1].1
}

/// First and last code points, ascending.
#[rustfmt::skip]
const CJK: &[(u32, u32)] = &[
    (0x1100, 0x11FF), (0x20A9, 0x20A9), (0x2329, 0x232A), (0x2630, 0x2637), (0x268A, 0x268F), (0x2E80, 0x2E99),
    (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x2FF0, 0x303E), (0x3041, 0x3096), (0x3099, 0x30FF), (0x3105, 0x312F),
    (0x3131, 0x318E), (0x3190, 0x31E5), (0x31EF, 0x321E), (0x3220, 0x3247), (0x3250, 0xA48C), (0xA490, 0xA4C6),
    (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB), (0xF900, 0xFAFF), (0xFE10, 0xFE19),
    (0xFE30, 0xFE52), (0xFE54, 0xFE66), (0xFE68, 0xFE6B), (0xFF01, 0xFFBE), (0xFFC2, 0xFFC7), (0xFFCA, 0xFFCF),
    (0xFFD2, 0xFFD7), (0xFFDA, 0xFFDC), (0xFFE0, 0xFFE6), (0xFFE8, 0xFFEE), (0x16FE0, 0x16FE4), (0x16FF0, 0x16FF6),
    (0x17000, 0x18CDA), (0x18CFF, 0x18D20), (0x18D80, 0x18DF2), (0x18E00, 0x19191), (0x191A0, 0x191D2),
    (0x1AFF0, 0x1AFF3), (0x1AFF5, 0x1AFFB), (0x1AFFD, 0x1AFFE), (0x1B000, 0x1B128), (0x1B132, 0x1B132),
    (0x1B150, 0x1B152), (0x1B155, 0x1B155), (0x1B164, 0x1B168), (0x1B170, 0x1B2FB), (0x1D300, 0x1D356),
    (0x1D360, 0x1D376), (0x1F1AE, 0x1F1AE), (0x1F200, 0x1F200), (0x1F202, 0x1F202), (0x1F210, 0x1F219),
    (0x1F21B, 0x1F22E), (0x1F230, 0x1F231), (0x1F237, 0x1F237), (0x1F23B, 0x1F23B), (0x1F240, 0x1F248),
    (0x1F260, 0x1F265), (0x1F7DA, 0x1F7DA), (0x20000, 0x3FFFD),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(CJK.windows(2).all(|pair| pair[0].0 <= pair[0].1 && pair[0].1 < pair[1].0));
    }

    #[test]
    fn scripts_are_told_apart() {
        assert!(['あ', '漢', '한', '「', '！', '𠮷', 'ㄅ', '々'].into_iter().all(is_cjk));
        assert!(!['a', 'é', '“', '😀', '—', '\u{3040}'].into_iter().any(is_cjk));
    }

    #[test]
    fn what_is_not_looked_up_are_letters() {
        for range in ['ぁ'..='ゖ', 'ァ'..='ヺ', '一'..='鿿', '가'..='힣'] {
            assert!(range.into_iter().all(|c| c.general_category_group() == GeneralCategoryGroup::Letter));
        }
    }

    #[test]
    fn symbols_count_as_punctuation() {
        assert!(['*', '$', '」', '€', '“', '～'].into_iter().all(is_punctuation));
        assert!(!['a', '1', '漢', '\u{E123}', '\u{FE00}'].into_iter().any(is_punctuation));
    }
}
