//! HTML that is safe in a feed: balanced, absolute, without scripts, styles, forms or handlers.
//!
//! In: a fragment of foreign HTML, and the URL its references are relative to. Out: HTML of which the W3C feed validator
//! says nothing, and plain text. Never: an attribute or element that is not listed in [`elements`].
//!
//! Foreign HTML passes two gates. [`outline`] reads its tokens and writes what may stay, balanced, in linear time and no
//! deeper than a bound. [`reread`] then reads that again, and refuses whatever is not on the list or not in that form; should
//! it refuse, `ammonia` parses it all and takes out what it refuses. The first is needed because a tree builder takes
//! quadratic time for a megabyte of unclosed tags, and because what ammonia takes out of a finished tree can leave a
//! paragraph inside a paragraph. The second is there because one gate is no gate. It is no tree, because a tree of what the
//! first wrote takes many times as long as everything else, and tests hold that ammonia would change nothing but spelling.

mod elements;
mod escapes;
mod foreign;
mod frames;
mod nest;
mod outline;
mod plain;
mod reread;
mod urls;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

pub use self::escapes::normal_escapes;
pub use self::plain::plain_text;
pub(crate) use self::plain::reference;
pub(super) use self::urls::Base;
pub use self::urls::{absolute, uri};
use super::text;

/// Cleans a fragment of foreign HTML; URLs are resolved against `base` (RFC 3986, section 5).
#[must_use]
pub fn clean(html: &str, base: &str) -> String {
    clean_against(html, &Base::new(base))
}

/// The same with a base that was parsed before.
pub(super) fn clean_against(html: &str, base: &Base) -> String {
    let outline = outline::outline(&text::allowed(html), base);
    let outline = outline.trim();
    let reread = reread::reread(outline);
    debug_assert!(reread.is_some(), "what the first gate writes passes the second: {outline}");
    reread.unwrap_or_else(|| AMMONIA.clean(outline).to_string())
}

/// Plain text as HTML that shows it unchanged.
#[must_use]
pub fn preformatted(plain: &str) -> String {
    if plain.trim().is_empty() {
        return String::new();
    }
    let plain = text::allowed(plain).replace("\r\n", "\n");
    // A parser drops the first line break after the tag.
    let lost = if plain.starts_with('\n') { "\n" } else { "" };
    format!("<pre>{lost}{}</pre>", escape(&plain))
}

/// `s` with `&`, `<`, `>` and `"` escaped: for text and attribute values alike.
#[must_use]
pub fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + s.len() / 16);
    push_escaped(&mut out, s);
    out
}

/// Appends `s`, escaped.
fn push_escaped(out: &mut String, s: &str) {
    let mut from = 0;
    for (at, byte) in s.bytes().enumerate() {
        let reference = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => continue,
        };
        out.push_str(&s[from..at]);
        out.push_str(reference);
        from = at + 1;
    }
    out.push_str(&s[from..]);
}

static AMMONIA: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let own: HashMap<_, _> =
        elements::ALLOWED.iter().map(|&(name, attributes)| (name, attributes.iter().copied().collect())).collect();
    let mut builder = Builder::new();
    builder
        .tags(own.keys().copied().collect())
        .tag_attributes(own)
        .generic_attributes(elements::EVERYWHERE.iter().copied().collect())
        .url_schemes(urls::SCHEMES.iter().copied().chain(["data"]).collect::<HashSet<_>>())
        .url_relative(UrlRelative::Deny)
        .link_rel(None)
        .attribute_filter(only_images_as_data);
    builder
});

fn only_images_as_data<'a>(_element: &str, _attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    (!urls::is_other_data(value)).then_some(Cow::Borrowed(value))
}

#[cfg(test)]
mod tests;
