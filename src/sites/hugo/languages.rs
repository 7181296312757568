//! The languages of a site, by Hugo's `languages`.

use crate::config::SiteLanguage;
use crate::posts::front_matter::{Map, Value};
use crate::posts::text;

/// All languages, the default one first.
#[derive(Debug, Clone)]
pub(super) struct Languages(Vec<Language>);

/// One language of the site.
#[derive(Debug, Clone)]
pub(super) struct Language {
    /// As in file names and URLs, in lower case.
    pub(super) key: String,
    /// BCP 47.
    pub(super) code: Option<String>,
    pub(super) title: Option<String>,
    /// The address of its own that it has.
    pub(super) base_url: Option<String>,
    pub(super) content_dir: Option<String>,
    is_on: bool,
    /// What its paths start with: a slash and its key, or nothing.
    pub(super) prefix: String,
}

impl Languages {
    /// Reads `languages` and what goes with it from the site's settings, whose keys are in lower case.
    pub(super) fn read(settings: &Map) -> Self {
        let text =
            |key: &str| settings.get(key).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty());
        let default = text("defaultcontentlanguage").unwrap_or("en").to_lowercase();
        let off: Vec<String> = scalars(settings, "disablelanguages");
        let mut all: Vec<(i64, Language)> = match settings.get("languages").and_then(Value::as_map) {
            Some(map) => map.iter().map(|(key, value)| (weight(value), Language::read(key, value, &off))).collect(),
            None => Vec::new(),
        };
        if !all.iter().any(|(_, language)| language.key == default) {
            all.push((i64::MIN, Language::read(&default, &Value::Null, &off)));
        }
        all.sort_by_key(|(weight, language)| (language.key != default, *weight));
        let mut languages: Vec<Language> = all.into_iter().map(|(_, language)| language).collect();
        // The site's own keys stand for a language that has none.
        let first = &mut languages[0];
        first.is_on = true;
        first.code = first
            .code
            .take()
            .or_else(|| code(settings))
            .or_else(|| settings.get("languages").and(text::language(&default)));
        let many = languages.iter().filter(|language| language.is_on).count() > 1;
        let in_subdir = settings.says("defaultcontentlanguageinsubdir", true);
        let own_hosts = languages.iter().any(|language| language.base_url.is_some());
        for language in &mut languages {
            if many && !own_hosts && (language.key != default || in_subdir) {
                language.prefix = format!("/{}", language.key);
            }
        }
        Self(languages)
    }

    pub(super) fn get(&self, at: usize) -> &Language {
        &self.0[at]
    }

    /// By the key in file names, in any case.
    pub(super) fn position(&self, key: &str) -> Option<usize> {
        self.0.iter().position(|language| language.key.eq_ignore_ascii_case(key))
    }

    pub(super) fn is_on(&self, at: usize) -> bool {
        self.0[at].is_on
    }

    /// Each with its index, the default one first.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Language)> {
        self.0.iter().enumerate()
    }

    /// Those that are not switched off.
    fn on(&self) -> impl Iterator<Item = (usize, &Language)> {
        self.all().filter(|(_, language)| language.is_on)
    }

    /// What feeds have to know of those besides the default one.
    pub(super) fn others(&self) -> Vec<SiteLanguage> {
        let other = |(_, language): (usize, &Language)| {
            Some(SiteLanguage { code: language.code.clone()?, title: language.title.clone() })
        };
        self.on().skip(1).filter_map(other).collect()
    }

    /// Languages with these keys, for tests.
    #[cfg(test)]
    pub(super) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Language::read(key, &Value::Null, &[])).collect())
    }
}

impl Language {
    fn read(key: &str, value: &Value, off: &[String]) -> Self {
        let empty = Map::default();
        let map = value.as_map().unwrap_or(&empty);
        let text = |key: &str| map.get(key).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty());
        let disabled = map.says("disabled", true) || off.iter().any(|other| other == key);
        Self {
            key: key.to_owned(),
            code: code(map).or_else(|| value.as_map().and_then(|_| text::language(key))),
            title: text("title").map(text::one_line),
            base_url: text("baseurl").map(str::to_owned),
            content_dir: text("contentdir").map(|dir| dir.trim_matches('/').to_owned()),
            is_on: !disabled,
            prefix: String::new(),
        }
    }
}

fn code(map: &Map) -> Option<String> {
    ["locale", "languagecode"].iter().find_map(|key| map.get(key).and_then(Value::as_text).and_then(text::language))
}

fn weight(value: &Value) -> i64 {
    let weight = value.as_map().and_then(|map| map.get("weight")?.as_text()?.parse().ok());
    weight.filter(|weight| *weight != 0).unwrap_or(i64::MAX)
}

fn scalars(settings: &Map, key: &str) -> Vec<String> {
    let scalars = settings.get(key).map(Value::scalars).unwrap_or_default();
    scalars.into_iter().map(|scalar| scalar.text.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse_toml;

    fn read(toml: &str) -> Vec<(String, Option<String>, String)> {
        let languages = Languages::read(&parse_toml(toml, 0..toml.len()).unwrap().lowercased());
        let shown =
            |(_, language): (usize, &Language)| (language.key.clone(), language.code.clone(), language.prefix.clone());
        languages.on().map(shown).collect()
    }

    fn row(key: &str, code: Option<&str>, prefix: &str) -> (String, Option<String>, String) {
        (key.to_owned(), code.map(str::to_owned), prefix.to_owned())
    }

    #[test]
    fn the_default_language_comes_first_and_has_no_prefix() {
        let toml = "defaultContentLanguage = 'fr'\ndisableLanguages = ['de']\n[languages.en]\nweight = 1\n[languages.fr]\n\
                    languageCode = 'fr_CH'\nweight = 3\n[languages.de]\n[languages.ja]\nweight = 2\nlocale = 'ja-JP'\n";
        assert_eq!(
            read(toml),
            [row("fr", Some("fr-CH"), ""), row("en", Some("en"), "/en"), row("ja", Some("ja-JP"), "/ja")]
        );
        let in_subdir = format!("defaultContentLanguageInSubdir = true\n{toml}");
        assert_eq!(read(&in_subdir)[0].2, "/fr");
    }

    #[test]
    fn one_language_needs_no_prefix_and_says_what_the_site_says() {
        assert_eq!(read("languageCode = 'en-us'"), [row("en", Some("en-us"), "")]);
        assert_eq!(read("title = 'x'"), [row("en", None, "")]);
        let toml = "[languages.en]\nlanguageCode = 'en-us'\n[languages.zh]\ndisabled = true\n";
        assert_eq!(read(toml), [row("en", Some("en-us"), "")]);
    }

    #[test]
    fn languages_with_addresses_of_their_own_have_no_prefix() {
        let toml = "[languages.en]\nbaseURL = 'https://en.example'\n[languages.fr]\nbaseURL = 'https://fr.example'\n";
        assert_eq!(read(toml), [row("en", Some("en"), ""), row("fr", Some("fr"), "")]);
    }
}
