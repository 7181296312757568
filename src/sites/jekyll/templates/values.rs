//! Front matter, settings and posts as templates see them.

use std::sync::Arc;

use crate::posts::front_matter::{self, Scalar, Value as Written};
use crate::posts::liquid::{Object, Value};
use crate::posts::{Excerpt, Post};
use crate::sites::{Rules, links};

use super::super::settings::Settings;

/// A value of YAML, read as version 1.1 has it: `yes` is true, `1_000` and `0x1F` are numbers. Dates stay text.
pub(super) fn of_yaml(written: &Written) -> Value {
    match written {
        Written::Null => Value::Nil,
        Written::Scalar(scalar) => written.as_bool().map_or_else(|| of_scalar(scalar), Value::Bool),
        Written::List(items) => Value::list(items.iter().map(of_yaml).collect()),
        Written::Map(map) => Value::map(map.iter().map(|(key, value)| (key.into(), of_yaml(value)))),
    }
}

fn of_scalar(scalar: &Scalar) -> Value {
    let number = if scalar.quoted { None } else { number(&scalar.text) };
    number.unwrap_or_else(|| Value::text(scalar.text.as_str()))
}

fn number(text: &str) -> Option<Value> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.strip_prefix('+').unwrap_or(text)), |rest| (-1, rest));
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain: String = digits.chars().filter(|c| !matches!(c, '_' | ',')).collect();
    let radix = |prefix, radix| plain.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok());
    let decimal = || plain.parse().ok().filter(|_| plain == "0" || !plain.starts_with('0'));
    let whole = radix("0x", 16).or_else(|| radix("0b", 2)).or_else(|| radix("0", 8)).or_else(decimal);
    let is_float = || plain.contains('.') && plain.bytes().any(|b| b.is_ascii_digit());
    match whole {
        Some(whole) => Some(Value::Int(sign * whole)),
        None if is_float() => text.replace(['_', ','], "").parse().ok().map(Value::Float),
        None => None,
    }
}

/// The post whose template is run.
pub(super) fn page(settings: &Settings, post: &Post, file: &str, rules: &Rules<'_>) -> Value {
    let own = front_matter::read(file).map(|(own, _)| own).unwrap_or_default();
    let collection = post.collection.as_deref().unwrap_or("posts");
    let data = settings.defaults.for_path(settings.inside_collections(&post.path), collection).merged(own);
    let own = data.iter().map(|(key, value)| (Arc::from(key), of_yaml(value)));
    let base = links::base(&rules.site.url);
    let has_title = data.get("title").is_some_and(Written::is_truthy);
    let lists = ["categories", "tags"].map(|key| (key.into(), known(post, base, key).unwrap_or(Value::Nil)));
    let made = ["url", "id", "date", "path", "relative_path", "collection", "slug", "name", "ext"];
    let made = made.into_iter().chain((!has_title).then_some("title"));
    let made = made.filter(|key| *key != "slug" || data.get("slug").is_none());
    let made: Vec<_> = made.filter_map(|key| Some((Arc::from(key), known(post, base, key)?))).collect();
    Value::map(own.chain(lists).chain(made))
}

/// A post that is not the one whose template is run.
#[derive(Debug)]
pub(super) struct OtherPost {
    pub(super) post: Arc<Post>,
    /// The site's address with its path.
    pub(super) base: Arc<str>,
}

impl Object for OtherPost {
    fn get(&self, key: &str) -> Option<Value> {
        known(&self.post, &self.base, key).or_else(|| self.post.extra.get(key).map(Value::from))
    }

    fn whole(&self) -> Value {
        let extra = self.post.extra.iter().map(|(key, value)| (Arc::from(key.as_str()), Value::from(value)));
        let known = |key: &&str| known(&self.post, &self.base, key).map(|value| (Arc::from(*key), value));
        Value::map(extra.chain(KNOWN.iter().filter_map(known)))
    }
}

/// What every post has.
const KNOWN: [&str; 13] = [
    "title",
    "url",
    "id",
    "date",
    "categories",
    "tags",
    "path",
    "relative_path",
    "collection",
    "slug",
    "name",
    "ext",
    "excerpt",
];

fn known(post: &Post, base: &str, key: &str) -> Option<Value> {
    let inside = |url: &str| Value::text(url.strip_prefix(base).unwrap_or(url));
    let texts = |texts: &[String]| Value::list(texts.iter().map(|text| Value::text(text.as_str())).collect());
    let name = post.path.rsplit('/').next().unwrap_or(&post.path);
    let (stem, ext) = name.rfind('.').map_or((name, ""), |dot| name.split_at(dot));
    Some(match key {
        "title" => Value::text(post.title.as_str()),
        "url" => inside(&post.url),
        "id" => inside(&post.id),
        "date" => Value::Time(post.published),
        "categories" => texts(&post.categories),
        "tags" => texts(&post.tags),
        "path" | "relative_path" => Value::text(post.path.as_str()),
        "collection" => Value::text("posts"),
        "slug" => Value::text(stem.splitn(4, '-').nth(3).unwrap_or(stem)),
        "name" => Value::text(name),
        "ext" => Value::text(ext),
        "author" => Value::text(post.authors.first()?.name.as_str()),
        "image" => Value::text(post.image.as_deref()?),
        "lang" => Value::text(post.language.as_deref()?),
        "excerpt" => match &post.excerpt {
            Excerpt::Given(given) => Value::text(given.as_str()),
            Excerpt::Head(_) | Excerpt::Whole => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_read_as_version_1_1_has_it() {
        let yaml = "a: yes\nb: 010\nc: 1_000\nd: 0x1F\ne: 1.10\nf: '1.10'\ng: 2.7.0\nh: 2025-01-01\ni: -3\nj: .5\nk: 08\nl: a-1\n";
        let map = front_matter::parse(yaml, 0..yaml.len()).unwrap();
        let printed: Vec<String> = map.iter().map(|(_, value)| of_yaml(value).printed().into_owned()).collect();
        assert_eq!(
            printed,
            ["true", "8", "1000", "31", "1.1", "1.10", "2.7.0", "2025-01-01", "-3", "0.5", "08", "a-1"]
        );
    }
}
