//! Rules for single values: addresses, ids, dates, titles.

use chrono::{DateTime, FixedOffset};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'+').remove(b'/');

/// Where a document is published.
pub(super) fn url_of(base: &str, path: &str) -> String {
    format!("{base}{}", utf8_percent_encode(path, SEGMENT))
}

/// XML 1.0, section 2.2, the validator's BadCharacters, and the noncharacters that make HTML invalid.
pub(super) fn is_forbidden(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    is_control || matches!(c, '\u{FFFD}' | '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Absolute, ASCII, and one that `url` understands.
pub(super) fn is_address(text: &str) -> bool {
    text.is_ascii() && !text.contains(char::is_whitespace) && Url::parse(text).is_ok()
}

/// An [address](is_address) of the web.
pub(super) fn is_web_address(text: &str) -> bool {
    is_address(text) && (text.starts_with("https://") || text.starts_with("http://"))
}

/// In normal form: RFC 4287, 4.2.6.1, as the validator reads it.
pub(super) fn is_normal_id(id: &str) -> bool {
    let escapes = id.split('%').skip(1);
    let upper = |rest: &str| rest.len() >= 2 && !rest[..2].bytes().any(|byte| byte.is_ascii_lowercase());
    is_address(id) && escapes.into_iter().all(upper) && Url::parse(id).is_ok_and(|url| url.as_str() == id)
}

/// RFC 3339 with capital letters, between 1990 and a day from now at the latest.
pub(super) fn rfc3339(text: &str) -> Option<DateTime<FixedOffset>> {
    let date = DateTime::parse_from_rfc3339(text).ok()?;
    (text.as_bytes()[10] == b'T' && !text.contains('z')).then_some(date)
}

/// RFC 822 with four digits for the year, the right day of the week, and an offset of full or half hours.
pub(super) fn rfc822(text: &str) -> Option<DateTime<FixedOffset>> {
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    let half_hours = date.offset().local_minus_utc() % 1800 == 0;
    (half_hours && date.format("%a, %d %b %Y %H:%M:%S %z").to_string() == text).then_some(date)
}

/// Whether a plain text looks as if it were HTML: a closing tag, or a character reference.
pub(super) fn looks_like_html(text: &str) -> bool {
    let closing = text.split("</").skip(1).any(|rest| {
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        ["a", "b", "i", "p", "em", "div", "span", "code", "strong"].contains(&name.as_str())
    });
    let reference = text.split('&').skip(1).any(|rest| {
        let name = rest.split(';').next().unwrap_or_default();
        name.len() < rest.len()
            && (2..8).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
    });
    closing || reference
}
