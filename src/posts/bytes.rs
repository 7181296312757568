//! Searching for the few bytes of a text that mean something.
//!
//! In: bytes, and which of them to look for. Out: where the first one stands. Never: one byte after the other as long as there
//! are none: most text is plain, and the compiler compares many bytes at once if nothing branches in between.

/// So many bytes are compared together.
const AT_ONCE: usize = 32;

/// Where the first byte stands that `is` what is looked for. Comparisons in `is` are best joined by `|` and `&`, which do not
/// branch.
#[inline]
pub(super) fn position(bytes: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<AT_ONCE>();
    let mut from = 0;
    for block in blocks {
        // Numbers, because the compiler does not compare all at once where truth values are joined.
        let mut found = 0;
        for &byte in block {
            found |= u8::from(is(byte));
        }
        if found != 0 {
            break;
        }
        from += AT_ONCE;
    }
    bytes[from..].iter().position(|&byte| is(byte)).map(|at| from + at)
}

/// Where the first byte stands that, with the one behind it, `is` what is looked for; behind the last one is a zero.
#[inline]
pub(super) fn position_of_pair(bytes: &[u8], is: impl Fn(u8, u8) -> bool) -> Option<usize> {
    let (firsts, _) = bytes[..bytes.len().saturating_sub(1)].as_chunks::<AT_ONCE>();
    let (seconds, _) = bytes.get(1..).unwrap_or_default().as_chunks::<AT_ONCE>();
    let mut from = 0;
    for (firsts, seconds) in firsts.iter().zip(seconds) {
        let mut found = 0;
        for at in 0..AT_ONCE {
            found |= u8::from(is(firsts[at], seconds[at]));
        }
        if found != 0 {
            break;
        }
        from += AT_ONCE;
    }
    let second = |at: usize| bytes.get(at + 1).copied().unwrap_or_default();
    (from..bytes.len()).find(|&at| is(bytes[at], second(at)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_found_in_nothing() {
        assert_eq!(position(b"", |_| true), None);
        assert_eq!(position_of_pair(b"", |_, _| true), None);
        assert_eq!(position_of_pair(b"a", |first, second| (first, second) == (b'a', 0)), Some(0));
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_plain_search_finds(bytes in proptest::collection::vec(0..4u8, 0..150), sparse: bool) {
            // Of few kinds of bytes, or with one among many that are alike.
            let bytes: Vec<u8> = bytes.iter().enumerate().map(|(n, b)| if sparse && n % 41 > 0 { 9 } else { *b }).collect();
            prop_assert_eq!(position(&bytes, |byte| byte == 1), bytes.iter().position(|byte| *byte == 1));
            let pairs: Vec<u8> = bytes.iter().copied().chain([0]).collect();
            let plain = pairs.windows(2).position(|pair| pair == [1, 2] || pair == [3, 0]);
            let is = |first: u8, second: u8| (first == 1) & (second == 2) | (first == 3) & (second == 0);
            prop_assert_eq!(position_of_pair(&bytes, is), plain);
        }
    }
}
