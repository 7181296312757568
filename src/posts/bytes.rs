//! Searching for the few bytes of a text that mean something.
//!
//! In: bytes, and which of them to look for. Out: where the first one stands. Never: one byte after the other as long as there
//! are none: most text is plain, and the compiler compares many bytes at once if nothing branches in between.

/// So many bytes are compared together.
const AT_ONCE: usize = 32;

/// Where the first byte stands, at `from` or behind it, that `is` what is looked for. Comparisons in `is` are best joined by `|`
/// and `&`, which do not branch.
#[inline]
pub(super) fn position(bytes: &[u8], mut from: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    let bits = |block: &[u8; AT_ONCE]| bits(&block.map(|byte| u8::from(is(byte))));
    while let Some(block) = bytes[from..].first_chunk() {
        if let Some(at) = first(bits(block)) {
            return Some(from + at);
        }
        from += AT_ONCE;
    }
    let rest = &bytes[from..];
    let mut block = [0; AT_ONCE];
    block[..rest.len()].copy_from_slice(rest);
    first(bits(&block)).map(|at| from + at).filter(|at| *at < bytes.len())
}

/// One bit for each byte of a block that is a one, and not a zero; the first byte is the lowest bit.
#[inline]
fn bits(found: &[u8; AT_ONCE]) -> u32 {
    if *found == [0; AT_ONCE] {
        return 0;
    }
    let (words, _) = found.as_chunks();
    let mut bits = 0;
    for word in words.iter().rev() {
        // Eight ones and zeros become the highest byte.
        let eight = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits = bits << 8 | eight as u32;
    }
    bits
}

#[inline]
fn first(bits: u32) -> Option<usize> {
    (bits != 0).then(|| bits.trailing_zeros() as usize)
}

/// Where the first byte stands that, with the one behind it, `is` what is looked for; behind the last one is a zero.
#[inline]
pub(super) fn position_of_pair(bytes: &[u8], mut from: usize, is: impl Fn(u8, u8) -> bool) -> Option<usize> {
    let bits = |firsts: &[u8; AT_ONCE], seconds: &[u8; AT_ONCE]| {
        let mut found = [0; AT_ONCE];
        for at in 0..AT_ONCE {
            found[at] = u8::from(is(firsts[at], seconds[at]));
        }
        bits(&found)
    };
    while let Some(firsts) = bytes[from..].first_chunk()
        && let Some(seconds) = bytes[from + 1..].first_chunk()
    {
        if let Some(at) = first(bits(firsts, seconds)) {
            return Some(from + at);
        }
        from += AT_ONCE;
    }
    // At most as many are left as are compared at once.
    let rest = &bytes[from..];
    let mut block = [0; AT_ONCE + 1];
    block[..rest.len()].copy_from_slice(rest);
    let (firsts, seconds) = (block.first_chunk()?, block.last_chunk()?);
    first(bits(firsts, seconds)).map(|at| from + at).filter(|at| *at < bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_found_in_nothing() {
        assert_eq!(position(b"", 0, |_| true), None);
        assert_eq!(position_of_pair(b"", 0, |_, _| true), None);
        assert_eq!(position_of_pair(b"a", 0, |first, second| (first, second) == (b'a', 0)), Some(0));
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_plain_search_finds(
            bytes in proptest::collection::vec(0..4u8, 0..150),
            sparse: bool,
            from in 0..150_usize,
        ) {
            // Of few kinds of bytes, or with one among many that are alike.
            let bytes: Vec<u8> = bytes.iter().enumerate().map(|(n, b)| if sparse && n % 41 > 0 { 9 } else { *b }).collect();
            let from = from.min(bytes.len());
            let plain = (from..bytes.len()).find(|at| bytes[*at] == 1);
            prop_assert_eq!(position(&bytes, from, |byte| byte == 1), plain);
            // What is looked for may be zero, with which the last block is filled.
            let plain = (from..bytes.len()).find(|at| bytes[*at] == 0);
            prop_assert_eq!(position(&bytes, from, |byte| byte == 0), plain);
            let pairs: Vec<u8> = bytes.iter().copied().chain([0]).collect();
            let plain = (from..bytes.len()).find(|at| matches!(pairs[*at..*at + 2], [1, 2] | [3, 0]));
            let is = |first: u8, second: u8| (first == 1) & (second == 2) | (first == 3) & (second == 0);
            prop_assert_eq!(position_of_pair(&bytes, from, is), plain);
        }
    }
}
