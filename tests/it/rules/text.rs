//! Rules for single values: addresses, ids, dates, titles.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
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

/// Absolute, of characters that RFC 3986 allows, and one that `url` understands.
pub(super) fn is_address(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b";/?:@&=+$.-_!~*'()%,#".contains(&byte);
    text.bytes().all(is_allowed) && Url::parse(text).is_ok()
}

/// An [address](is_address) of the web.
pub(super) fn is_web_address(text: &str) -> bool {
    is_address(text) && (text.starts_with("https://") || text.starts_with("http://"))
}

/// A [web address](is_web_address) of a host with a dot in its name, as files and pictures of podcasts need.
pub(super) fn is_file_address(text: &str) -> bool {
    let is_name = |host: &str| host.contains('.') && !host.contains('_');
    is_web_address(text) && Url::parse(text).is_ok_and(|url| url.host_str().is_some_and(is_name))
}

/// In normal form: RFC 4287, 4.2.6.1, as the validator reads it; of `urn:` and `tag:` as their own standards say.
pub(super) fn is_normal_id(id: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_needed = |digits: &str| u8::from_str_radix(digits, 16).is_ok_and(|byte| !is_unreserved(byte));
    let upper =
        |rest: &str| rest.get(..2).is_some_and(|digits| digits.to_ascii_uppercase() == digits && is_needed(digits));
    let (scheme, rest) = id.split_once(':').unwrap_or_default();
    let keeps_its_scheme = match scheme {
        // The parser encodes `'` in a query, which RFC 3986 lets stand there.
        "http" | "https" => Url::parse(id).is_ok_and(|url| url.as_str().replace("%27", "'") == id.replace("%27", "'")),
        "urn" => urn(rest),
        "tag" => rest.split_once(',').is_some_and(|(who, rest)| {
            who.contains('.') && !who.contains(|c: char| c.is_ascii_uppercase()) && rest[..4].parse::<u16>().is_ok()
        }),
        _ => false,
    };
    is_address(id) && id.split('%').skip(1).all(upper) && keeps_its_scheme
}

fn urn(rest: &str) -> bool {
    let (space, name) = rest.split_once(':').unwrap_or_default();
    let is_uuid = || name.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    space.len() > 1 && !name.is_empty() && (space != "uuid" || is_uuid())
}

/// RFC 3339 with capital letters, and a day from now at the latest. Before 1990 the validator warns; such dates are right
/// nevertheless.
pub(super) fn rfc3339(text: &str) -> Option<DateTime<FixedOffset>> {
    let date = DateTime::parse_from_rfc3339(text).ok()?;
    (text.as_bytes()[10] == b'T' && !text.contains('z') && is_past(date)).then_some(date)
}

fn is_past(date: DateTime<FixedOffset>) -> bool {
    date < Utc::now() + TimeDelta::days(1)
}

/// RFC 822 with four digits for the year, the right day of the week, an offset of full or half hours, and a day from now at
/// the latest.
pub(super) fn rfc822(text: &str) -> Option<DateTime<FixedOffset>> {
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    let half_hours = date.offset().local_minus_utc() % 1800 == 0;
    (half_hours && is_past(date) && date.format("%a, %d %b %Y %H:%M:%S %z").to_string() == text).then_some(date)
}

/// An address that mail could reach.
pub(super) fn is_email(text: &str) -> bool {
    let (local, domain) = text.split_once('@').unwrap_or_default();
    let is_word = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    is_word(local, "_-+.'") && domain.contains('.') && domain.split('.').all(|label| is_word(label, "-"))
}

/// Whether a name has an [address](is_email) in it, as a word or between angle brackets. `@name@host` is none.
pub(super) fn holds_email(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>')).any(is_email)
}

/// BCP 47, with a language that ISO 639 could know: two letters, or three.
pub(super) fn is_language(tag: &str) -> bool {
    let primary = tag.split('-').next().unwrap_or_default();
    let is_tag = tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_tag && (2..=3).contains(&primary.len()) && !["cn", "jp", "us", "gb"].contains(&primary)
}

/// Whether a plain text looks as if it were HTML: an end tag, or an ampersand or a tag that is not written by number
/// (`by_number`), as the RSS Advisory Board's profile has it.
pub(super) fn looks_like_html(text: &str, by_number: bool) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let ends_a_tag = |rest: &str| rest.starts_with(is_word) && rest.trim_start_matches(is_word).starts_with('>');
    text.split("</").skip(1).any(ends_a_tag) || (text.contains(['&', '<']) && !by_number)
}

/// Whether a plain text has what could be a character reference.
pub(super) fn has_reference(text: &str) -> bool {
    text.split('&').skip(1).any(|rest| rest.starts_with(|c: char| c == '#' || c.is_alphanumeric()))
}

/// RFC 2045: a type and a subtype.
pub(super) fn is_media_type(text: &str) -> bool {
    let is_token = |text: &str| !text.is_empty() && !text.contains([' ', '/', '"', ',', '=']);
    let essence = text.split(';').next().unwrap_or_default();
    essence.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub))
}
