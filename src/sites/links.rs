//! Paths and URLs of posts.

use std::borrow::Cow;

use percent_encoding::{percent_decode_str, percent_encode_byte};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use url::Url;

use crate::posts::html::normal_escapes;

/// What stands before every path of the site: its address without the slash at the end.
pub(super) fn base(site: &Url) -> &str {
    site.as_str().trim_end_matches('/')
}

/// `text` as part of a path: everything but the characters of RFC 3986's `pchar`, and `/`, is percent-encoded.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_encoded(&mut out, text.bytes(), |byte| is_pchar(byte) || byte == b'/');
    out
}

/// A path without its percent-encoding; what is not UTF-8 then is marked.
pub(super) fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

/// A path (with a query and fragment, if it has them) in the form that is compared byte by byte: percent-encoded
/// where it has to be and nowhere else, and from the root on without `.` and `..` (RFC 3986, 6.2.2).
pub(super) fn normal(path: &str) -> String {
    normalized(path, |segment, out| push_encoded(out, percent_decode_str(segment), is_pchar))
}

/// As [`normal`], with each segment in NFKC besides, as jekyll-feed's ids are.
pub(super) fn normal_nfkc(path: &str) -> String {
    normalized(path, |segment, out| match percent_decode_str(segment).decode_utf8() {
        Ok(text) if is_nfkc_quick(text.chars()) != IsNormalized::Yes => {
            push_encoded(out, text.nfkc().collect::<String>().bytes(), is_pchar);
        }
        _ => push_encoded(out, percent_decode_str(segment), is_pchar),
    })
}

fn normalized(path: &str, push: impl Fn(&str, &mut String)) -> String {
    let (path, rest) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let mut out = String::with_capacity(path.len() + rest.len());
    for (number, segment) in path.split('/').enumerate() {
        if number > 0 {
            out.push('/');
        }
        push(segment, &mut out);
    }
    if out.starts_with('/') && out.contains("/.") {
        out = without_dots(&out);
    }
    push_encoded(&mut out, normal_escapes(rest).bytes(), |byte| is_pchar(byte) || b"/?#%".contains(&byte));
    out
}

/// A path from the root without the segments `.` and `..`, as a browser takes them out (RFC 3986, 5.2.4).
fn without_dots(path: &str) -> String {
    let is_dots = |segment: &str| matches!(segment, "." | "..");
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            // The first is empty: it stands before the slash of the root.
            ".." => kept.truncate(kept.len().saturating_sub(1).max(1)),
            _ => kept.push(segment),
        }
    }
    if path.rsplit('/').next().is_some_and(is_dots) || kept.len() < 2 {
        kept.push("");
    }
    kept.join("/")
}

fn push_encoded(out: &mut String, bytes: impl Iterator<Item = u8>, stays: impl Fn(u8) -> bool) {
    for byte in bytes {
        if stays(byte) {
            out.push(byte.into());
        } else {
            out.push_str(percent_encode_byte(byte));
        }
    }
}

fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_cannot_hold_is_encoded() {
        assert_eq!(escape("C++ & C#/日 %20?[x]"), "C++%20&%20C%23/%E6%97%A5%20%2520%3F%5Bx%5D");
    }

    #[test]
    fn a_normal_path_is_encoded_once() {
        assert_eq!(normal("/日本/a b/"), "/%E6%97%A5%E6%9C%AC/a%20b/");
        assert_eq!(normal("/c%23/%7e%2f%2520/100%"), "/c%23/~%2F%2520/100%25");
        assert_eq!(normal("/x?a=b c#d[1]"), "/x?a=b%20c#d%5B1%5D");
        assert_eq!(normal("/ﾊﾝ"), "/%EF%BE%8A%EF%BE%9D");
        assert_eq!(normal_nfkc("/ﾊﾝ①"), "/%E3%83%8F%E3%83%B31");
        assert_eq!(normal_nfkc("/%FF"), "/%FF");
    }

    #[test]
    fn dots_are_resolved_as_in_a_browser() {
        for (path, expected) in [
            ("/../../foo/./bar//baz", "/foo/bar//baz"),
            ("/a/..", "/"),
            ("/a/b/.", "/a/b/"),
            ("/a/b/../c?x=/../y", "/a/c?x=/../y"),
            ("/a/.#/../y", "/a/#/../y"),
            ("/a/%2E%2e/b", "/b"),
            ("/a/", "/a/"),
            ("/", "/"),
        ] {
            assert_eq!(normal(path), expected, "{path}");
            assert_eq!(normal_nfkc(path), expected, "{path}");
        }
        assert_eq!(normal("a/../b"), "a/../b", "nobody knows where it starts");
    }

    proptest::proptest! {
        #[test]
        fn normal_is_idempotent_and_ascii(path in "/[a-z%0-9A-F/ é日?#\\[.]{0,40}") {
            let once = normal(&path);
            proptest::prop_assert!(once.is_ascii());
            let url = format!("https://example.com{once}");
            proptest::prop_assert_eq!(Url::parse(&url).map(String::from), Ok(url));
            proptest::prop_assert_eq!(normal(&once), once);
        }
    }
}
