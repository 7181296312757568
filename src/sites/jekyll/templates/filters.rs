//! Jekyll's filters for texts and URLs.

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::posts::liquid::{Args, Fault, Run, Value, inspect, to_i};
use crate::posts::smart::Kramdown;
use crate::posts::text::marks;
use crate::posts::{html, markdown};
use crate::sites::{links, slug};

use super::Jekyll;

/// What Markdown may make a text grow by, and what it costs, for each byte.
const MARKDOWN: u64 = 20;

/// What each mark costs beside that.
const MARK: u64 = 150;

/// What any other of these filters may.
const GROWTH: u64 = 6;

impl Jekyll<'_> {
    pub(super) fn text_filter(
        &self,
        name: &str,
        input: &Value,
        args: &Args,
        run: &Run<'_>,
    ) -> Result<Option<Value>, Fault> {
        run.fuel.spend(input.weight())?;
        if let ("relative_url" | "absolute_url", Value::Nil) | ("slugify" | "strip_index", Value::Nil) = (name, input) {
            return Ok(Some(Value::Nil));
        }
        let text = input.printed();
        let len = text.len() as u64;
        let made = match name {
            "markdownify" => {
                run.fuel.spend(len.saturating_mul(MARKDOWN) + MARK * marks(&text).count() as u64)?;
                markdown::to_html(&text, &self.post.url, markdown::Dialect::Kramdown)
            }
            "relative_url" => self.relative(&url_of(input)),
            "absolute_url" => self.absolute(&url_of(input)),
            "number_of_words" => return Ok(Some(Value::Int(words(&text, &args.text(0, &run.fuel)?)))),
            "to_integer" => return Ok(Some(Value::Int(to_i(input)))),
            "slugify" => slugified(&text, &args.text(0, &run.fuel)?),
            _ => {
                run.fuel.spend(len.saturating_mul(GROWTH))?;
                match plain(name, &text, input) {
                    Some(made) => made,
                    None => return Ok(None),
                }
            }
        };
        Ok(Some(Value::text(made)))
    }

    fn relative(&self, url: &str) -> String {
        if is_absolute(url) {
            return url.to_owned();
        }
        let slash = if url.is_empty() || url.starts_with('/') { "" } else { "/" };
        links::normal(&format!("{}{slash}{url}", self.base().1))
    }

    fn absolute(&self, url: &str) -> String {
        if is_absolute(url) {
            return url.to_owned();
        }
        let path = self.relative(url);
        let slash = if path.is_empty() { "/" } else { "" };
        format!("{}{path}{slash}", self.base().0)
    }
}

fn plain(name: &str, text: &str, input: &Value) -> Option<String> {
    Some(match name {
        "smartify" => Kramdown::line(text),
        "xml_escape" => html::escape(text),
        "cgi_escape" => form_escaped(text),
        "uri_escape" => uri_escaped(text),
        "normalize_whitespace" => text.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
        "strip_index" => ["index.html", "index.htm"]
            .iter()
            .find_map(|index| text.strip_suffix(index).filter(|rest| rest.ends_with('/')))
            .unwrap_or(text)
            .to_owned(),
        "jsonify" => json(input).to_string(),
        "inspect" => html::escape(&inspect(input)),
        _ => return None,
    })
}

fn url_of(input: &Value) -> String {
    match input {
        Value::Object(object) => object.get("url").map(|url| url.printed().into_owned()).unwrap_or_default(),
        other => other.printed().into_owned(),
    }
}

/// Whether a URL has a scheme.
fn is_absolute(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn form_escaped(text: &str) -> String {
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if byte == b' ' { "+".to_owned() } else { escaped(byte, stays) }).collect()
}

/// Everything but what a URL may hold, after what is escaped already was taken back.
fn uri_escaped(text: &str) -> String {
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte);
    percent_decode_str(text).map(|byte| escaped(byte, stays)).collect()
}

fn escaped(byte: u8, stays: impl Fn(u8) -> bool) -> String {
    if stays(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn slugified(text: &str, mode: &str) -> String {
    let hyphenated = |is_kept: fn(char) -> bool| {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if is_kept(c) {
                out.push(c);
            } else if !out.ends_with('-') {
                out.push('-');
            }
        }
        out.trim_matches('-').to_lowercase()
    };
    match mode {
        "" | "default" | "latin" => slug::plain(text),
        "pretty" => slug::pretty(text).to_lowercase(),
        "raw" => hyphenated(|c| !c.is_whitespace()),
        "ascii" => hyphenated(|c| c.is_ascii_alphanumeric()),
        _ => text.to_lowercase(),
    }
}

/// Words between white space; by mode, each character of Chinese, Japanese and Korean is one.
fn words(text: &str, mode: &str) -> i64 {
    let is_cjk = |c: char| {
        matches!(c, '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
            | '\u{AC00}'..='\u{D7AF}' | '\u{1100}'..='\u{11FF}' | '\u{FF66}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFF}' | '々')
            && c.general_category_group() == GeneralCategoryGroup::Letter
    };
    let by_space = text.split_whitespace().count();
    let characters = text.chars().filter(|c| is_cjk(*c)).count();
    let others = || text.split(|c: char| c.is_whitespace() || is_cjk(c)).filter(|word| !word.is_empty()).count();
    let count = match mode {
        "cjk" => characters + others(),
        "auto" if characters > 0 => characters + others(),
        _ => by_space,
    };
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn json(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Bool(is) => Json::Bool(*is),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::List(_) => value.as_items().unwrap_or_default().iter().map(json).collect(),
        Value::Map(map) => map.entries().iter().map(|(key, value)| (key.to_string(), json(value))).collect(),
        Value::Object(object) => json(&object.whole()),
        Value::Text(_) | Value::Time(_) | Value::Range(..) | Value::Empty | Value::Blank => value.printed().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_by_mode() {
        let counts = ["", "cjk", "auto"].map(|mode| words("Hello 世界 and こんにちは", mode));
        assert_eq!(counts, [4, 9, 9]);
        assert_eq!(words("a b", "auto"), 2);
    }
}
