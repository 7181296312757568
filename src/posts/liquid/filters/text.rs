//! Filters for texts.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use percent_encoding::percent_decode_str;

use super::{Args, integer, printed};
use crate::posts::liquid::value::Value;
use crate::posts::liquid::{Fault, Fuel, scan};

/// What a filter may make a text grow by at most, for each byte of it.
const MAX_GROWTH: u64 = 7;

pub(super) fn apply(name: &str, input: &Value, args: &Args, fuel: &Fuel) -> Result<Option<Value>, Fault> {
    if let Some(made) = of_anything(name, input, args)? {
        return Ok(Some(made));
    }
    let text = printed(input, fuel)?;
    fuel.spend((text.len() as u64).saturating_mul(MAX_GROWTH))?;
    if let Some(made) = replaced(name, &text, args, fuel)? {
        return Ok(Some(Value::text(made)));
    }
    let is_nil = matches!(input, Value::Nil);
    let made = match name {
        "escape" | "h" | "url_encode" | "url_decode" | "truncate" | "truncatewords" if is_nil => {
            return Ok(Some(Value::Nil));
        }
        "downcase" => text.to_lowercase(),
        "upcase" => text.to_uppercase(),
        "capitalize" => capitalized(&text),
        "escape" | "h" => escape(&text),
        "escape_once" => escape_once(&text),
        "url_encode" => url_encode(&text),
        "url_decode" => url_decode(&text)?,
        "base64_encode" => BASE64_STANDARD.encode(text.as_bytes()),
        "base64_url_safe_encode" => BASE64_URL_SAFE.encode(text.as_bytes()),
        "base64_decode" => decoded(BASE64_STANDARD.decode(text.as_bytes()))?,
        "base64_url_safe_decode" => decoded(BASE64_URL_SAFE.decode(text.as_bytes()))?,
        "truncate" => truncate(&text, args, fuel)?,
        "truncatewords" => truncate_words(&text, args, fuel)?,
        "strip" => text.trim_matches(scan::is_space).to_owned(),
        "lstrip" => text.trim_start_matches(scan::is_space).to_owned(),
        "rstrip" => text.trim_end_matches(scan::is_space).to_owned(),
        "strip_html" => without_tags(&without_blocks(&text)),
        "strip_newlines" => text.replace("\r\n", "").replace('\n', ""),
        "newline_to_br" => text.replace("\r\n", "\n").replace('\n', "<br />\n"),
        "split" => return split(&text, &args.text(0, fuel)?, fuel).map(Some),
        _ => return Ok(None),
    };
    Ok(Some(Value::text(made)))
}

fn of_anything(name: &str, input: &Value, args: &Args) -> Result<Option<Value>, Fault> {
    match name {
        "default" => {
            let allows_false = args.named.iter().any(|(name, value)| name == "allow_false" && value.is_truthy());
            let is_missing = if allows_false { matches!(input, Value::Nil) } else { !input.is_truthy() };
            let otherwise = args.positional.first().cloned().unwrap_or_else(|| Value::text(""));
            Ok(Some(if is_missing || input.is_empty() { otherwise } else { input.clone() }))
        }
        "slice" => {
            let len = match args.positional.get(1) {
                None | Some(Value::Nil) => 1,
                Some(len) => integer(len)?,
            };
            Ok(Some(slice(input, integer(args.at(0))?, len)))
        }
        _ => Ok(None),
    }
}

/// The filters that put one text into another.
fn replaced(name: &str, text: &str, args: &Args, fuel: &Fuel) -> Result<Option<String>, Fault> {
    if !matches!(
        name,
        "append" | "prepend" | "replace" | "replace_first" | "replace_last" | "remove" | "remove_first" | "remove_last"
    ) {
        return Ok(None);
    }
    let (what, with) = (args.text(0, fuel)?, args.text(1, fuel)?);
    let once = |at: Option<usize>, with: &str| match at {
        Some(at) => [&text[..at], with, &text[at + what.len()..]].concat(),
        None => text.to_owned(),
    };
    Ok(Some(match name {
        "append" => [text, &what].concat(),
        "prepend" => [&what, text].concat(),
        "replace" => {
            let times = text.matches(&*what).count() as u64;
            fuel.spend(times.saturating_mul(with.len() as u64))?;
            text.replace(&*what, &with)
        }
        "replace_first" => once(text.find(&*what), &with),
        "replace_last" => once(text.rfind(&*what), &with),
        "remove" => text.replace(&*what, ""),
        "remove_first" => once(text.find(&*what), ""),
        _ => once(text.rfind(&*what), ""),
    }))
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars.flat_map(char::to_lowercase)).collect()
}

fn escape(text: &str) -> String {
    escaped(text, |_| false)
}

/// Leaves the references that are there.
fn escape_once(text: &str) -> String {
    escaped(text, |rest| {
        let name = rest.strip_prefix('#').map_or(rest, |digits| digits);
        let is_number = name.len() < rest.len();
        let len =
            name.bytes().take_while(|b| if is_number { b.is_ascii_digit() } else { b.is_ascii_alphabetic() }).count();
        len > 0 && name[len..].starts_with(';')
    })
}

/// `is_reference` says so of what follows an ampersand.
fn escaped(text: &str, is_reference: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    // No reference's name is that long; looking further would take the square of the text's length.
    let head = |rest: &str| {
        let end = rest.char_indices().nth(32).map_or(rest.len(), |(at, _)| at);
        is_reference(&rest[..end])
    };
    for (at, c) in text.char_indices() {
        match c {
            '&' if !head(&text[at + 1..]) => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Ruby's `CGI.escape`.
pub(in crate::posts::liquid) fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => out.push(byte.into()),
            byte => out.push_str(percent_encoding::percent_encode_byte(byte)),
        }
    }
    out
}

fn url_decode(text: &str) -> Result<String, Fault> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| Fault::said("what is decoded is not UTF-8"))
}

fn decoded(bytes: Result<Vec<u8>, base64::DecodeError>) -> Result<String, Fault> {
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Fault::said("what is decoded is not Base64 of a text"))
}

fn truncate(text: &str, args: &Args, fuel: &Fuel) -> Result<String, Fault> {
    let len = args.positional.first().map_or(Ok(50), integer)?;
    let end = if args.positional.len() > 1 { args.text(1, fuel)? } else { "...".into() };
    let len = usize::try_from(len).unwrap_or(0);
    if text.chars().count() <= len {
        return Ok(text.to_owned());
    }
    let kept = len.saturating_sub(end.chars().count());
    Ok(text.chars().take(kept).chain(end.chars()).collect())
}

fn truncate_words(text: &str, args: &Args, fuel: &Fuel) -> Result<String, Fault> {
    let count = args.positional.first().map_or(Ok(15), integer)?;
    let end = if args.positional.len() > 1 { args.text(1, fuel)? } else { "...".into() };
    let count = usize::try_from(count).unwrap_or(0).max(1);
    let mut words = text.split(scan::is_space).filter(|word| !word.is_empty());
    let kept: Vec<&str> = words.by_ref().take(count).collect();
    if words.next().is_none() {
        return Ok(text.to_owned());
    }
    Ok(kept.join(" ") + &end)
}

fn slice(input: &Value, from: i64, len: i64) -> Value {
    let place = |total: usize| {
        let from = if from < 0 { i64::try_from(total).unwrap_or(i64::MAX).saturating_add(from) } else { from };
        let from = usize::try_from(from).ok().filter(|from| *from <= total)?;
        Some((from, usize::try_from(len).ok()?))
    };
    if let Some(items) = input.as_items() {
        let part = place(items.len()).map(|(from, len)| items[from..].iter().take(len).cloned().collect());
        return Value::list(part.unwrap_or_default());
    }
    let text = input.printed();
    let part = place(text.chars().count()).map(|(from, len)| text.chars().skip(from).take(len).collect::<String>());
    Value::text(part.unwrap_or_default())
}

/// Without scripts, styles and comments.
fn without_blocks(html: &str) -> String {
    const BLOCKS: [(&str, &str); 3] = [("<script", "</script>"), ("<!--", "-->"), ("<style", "</style>")];
    // What has no end from somewhere on has none later.
    let mut ends = BLOCKS.map(|(_, end)| html.rfind(end));
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(at) = rest.find('<') {
        let here = html.len() - rest.len() + at;
        let block = BLOCKS.iter().zip(&mut ends).find(|((start, _), end)| {
            rest[at..].starts_with(start) && end.is_some_and(|end| end >= here + start.len())
        });
        let Some(((start, end), _)) = block else {
            out.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        };
        out.push_str(&rest[..at]);
        let inside = &rest[at + start.len()..];
        rest = inside.find(end).map_or("", |len| &inside[len + end.len()..]);
    }
    out + rest
}

fn without_tags(html: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some((at, len)) = rest.find('<').and_then(|at| Some((at, rest[at..].find('>')?))) {
        out.push_str(&rest[..at]);
        rest = &rest[at + len + 1..];
    }
    out + rest
}

/// Ruby's `split`: a space is any white space, nothing at all splits into characters, and empty parts at the end go.
fn split(text: &str, separator: &str, fuel: &Fuel) -> Result<Value, Fault> {
    let mut parts: Vec<&str> = match separator {
        " " => text.split(scan::is_space).filter(|part| !part.is_empty()).collect(),
        "" => text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]).collect(),
        separator => text.split(separator).collect(),
    };
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    fuel.spend(16 * parts.len() as u64)?;
    Ok(Value::list(parts.into_iter().map(Value::text).collect()))
}
