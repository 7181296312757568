//! URLs that are written in different ways (RFC 3986, 6.2.2).
//!
//! In: a URL's text. Out: the same URL with no more escapes than it needs. Never: another URL.

/// Decodes the escapes of characters that need none: letters, digits, `-`, `.`, `_` and `~`. Other escapes get capital digits,
/// and a `%` with no digits behind it is escaped itself.
#[must_use]
pub fn normal_escapes(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok().filter(|_| is_hex(digits))) {
            Some(byte) if is_unreserved(byte) => normal.push(char::from(byte)),
            Some(byte) => normal.push_str(&format!("%{byte:02X}")),
            // Not left as it is: with what is decoded behind it, it could make an escape.
            None => {
                normal.push_str("%25");
                rest = after;
                continue;
            }
        }
        rest = &after[2..];
    }
    normal.push_str(rest);
    normal
}

/// `from_str_radix` takes a sign, too.
fn is_hex(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn needless_escapes_go_and_the_others_stay() {
        for (text, expected) in [
            ("https://a.example/%7Ejoe/%66eed.%61tom", "https://a.example/~joe/feed.atom"),
            ("https://a.example/?q=%2f%26%3d&%41=%e3%81%82", "https://a.example/?q=%2F%26%3D&A=%E3%81%82"),
            ("%", "%25"),
            ("%4", "%254"),
            ("%+1%zz%é1", "%25+1%25zz%25é1"),
            ("%%30a", "%250a"),
            ("%2541", "%2541"),
        ] {
            assert_eq!(normal_escapes(text), expected);
        }
    }

    proptest! {
        #[test]
        fn it_is_the_same_url(text in "([%0-9a-fA-F.é~/?&]){0,30}") {
            let once = normal_escapes(&text);
            prop_assert_eq!(percent_decode_str(&once).collect::<Vec<_>>(), percent_decode_str(&text).collect::<Vec<_>>());
        }
    }
}
