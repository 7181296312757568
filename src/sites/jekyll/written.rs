//! The site's settings as written: one file, or several of which the later wins.
//!
//! In: `_config.yml` and its like. Out: their values, merged, and where each stands. Never: what a key means.

use std::ops::Range;
use std::sync::Arc;

use crate::posts::front_matter::{Map, Syntax, Value};
use crate::problems::{Code, Place, Problem, Severity};
use crate::sites::report::{NOTHING_READ, Words};
use crate::sites::{Files, SettingsError, files};

/// In the order they are looked for.
pub(in crate::sites) const SETTINGS_FILES: [&str; 3] = ["_config.yml", "_config.yaml", "_config.toml"];

/// All settings.
#[derive(Debug)]
pub(super) struct Written {
    files: Vec<Text>,
    /// Merged: of a key that stands in two files, the later file's value; mappings are merged deeply.
    pub(super) data: Map,
}

#[derive(Debug)]
struct Text {
    path: String,
    text: Arc<str>,
    data: Map,
}

impl Written {
    /// Reads the files that are `named`, all of which have to be there; if none is, the first of [`SETTINGS_FILES`] that is.
    ///
    /// # Errors
    ///
    /// If a file that is named is missing, or one cannot be read or parsed.
    pub(super) fn read(files: &dyn Files, named: &[String]) -> Result<Self, SettingsError> {
        let mut read = Vec::new();
        for path in named {
            let text = files.text(path)?.ok_or_else(|| missing(path))?;
            read.push(Text::read(path, text)?);
        }
        if named.is_empty()
            && let Some((path, text)) = files::first(&SETTINGS_FILES, files)?
        {
            read.push(Text::read(path, text)?);
        }
        let data = read.iter().fold(Map::default(), |merged, file| merged.merged(file.data.clone()));
        Ok(Self { files: read, data })
    }

    /// The first of the files.
    pub(super) fn path(&self) -> Option<&str> {
        self.files.first().map(|file| file.path.as_str())
    }

    /// What is wrong with the value that these keys lead to, at the place it comes from.
    pub(super) fn error(&self, code: Code, keys: &[&str], words: Words) -> SettingsError {
        let found = self.files.iter().rev().find_map(|file| Some((file, span(&file.data, keys)?)));
        let (path, text, span) = match (&found, self.files.last()) {
            (Some((file, span)), _) => (file.path.as_str(), &*file.text, Some(span.clone())),
            (None, Some(file)) => (file.path.as_str(), &*file.text, None),
            (None, None) => (SETTINGS_FILES[0], "", None),
        };
        SettingsError(Box::new(Problem {
            code,
            severity: Severity::Error,
            path: path.to_owned(),
            place: span.map(|span| Place::of(text, span.start, span.len())),
            message: words.message,
            effect: words.effect.to_owned(),
            remedy: words.remedy,
        }))
    }
}

impl Text {
    fn read(path: &str, text: Arc<str>) -> Result<Self, SettingsError> {
        let data = Syntax::of_file(path).read(&text);
        let data = data.map_err(|error| SettingsError::broken(path, &text, "the site's configuration", &error))?;
        Ok(Self { path: path.to_owned(), text, data })
    }
}

fn span(data: &Map, keys: &[&str]) -> Option<Range<usize>> {
    let (last, above) = keys.split_last()?;
    let map = above.iter().try_fold(data, |map, key| map.get(key).and_then(Value::as_map))?;
    map.span(last)
}

fn missing(path: &str) -> SettingsError {
    SettingsError(Box::new(Problem {
        code: Code::Config,
        severity: Severity::Error,
        path: path.to_owned(),
        place: None,
        message: "`source.settings` names this file, and there is none".to_owned(),
        effect: NOTHING_READ.to_owned(),
        remedy: "name files relative to the site's directory, or leave `source.settings` out".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::testing::files;

    fn read<const N: usize>(all: [(&str, &str); N], named: &[&str]) -> Result<Written, SettingsError> {
        let named: Vec<String> = named.iter().map(|&path| path.to_owned()).collect();
        Written::read(&files(all), &named)
    }

    #[test]
    fn the_first_that_exists_is_read_unless_some_are_named() {
        let all = [("_config.yaml", "a: 1"), ("_config.toml", "a = 2"), ("_config/x.yml", "a: 3")];
        let value = |named: &[&str]| {
            let written = read(all, named).unwrap();
            (written.data.get("a").and_then(Value::as_text).map(str::to_owned), written.path().map(str::to_owned))
        };
        assert_eq!(value(&[]), (Some("1".into()), Some("_config.yaml".into())));
        assert_eq!(value(&["_config.toml"]), (Some("2".into()), Some("_config.toml".into())));
        assert_eq!(value(&["_config.toml", "_config/x.yml"]).0.as_deref(), Some("3"));
        assert_eq!(read([], &[]).unwrap().path(), None);
    }

    #[test]
    fn of_several_files_the_later_wins_and_mappings_merge() {
        let all = [("a.yml", "x: 1\nm: {p: 1, q: 1}\nl: [1, 2]\nn: 1"), ("b.yml", "x: 2\nm: {q: 2}\nl: [3]\nn: ~")];
        let written = read(all, &["a.yml", "b.yml"]).unwrap();
        let json = Value::Map(written.data).to_json();
        assert_eq!(json, serde_json::json!({"x": 2, "m": {"p": 1, "q": 2}, "l": [3], "n": 1}));
    }

    #[test]
    fn an_error_names_the_file_that_the_value_comes_from() {
        let written = read([("a.yml", "m: {k: v}"), ("b.yml", "m:\n  j: w")], &["a.yml", "b.yml"]).unwrap();
        let at = |keys: &[&str]| written.error(Code::Field, keys, Words::new("no", NOTHING_READ, "yes")).0.to_string();
        assert_eq!(at(&["m", "k"]), "a.yml:1:8: error [T006]: no");
        assert_eq!(at(&["m", "j"]), "b.yml:2:6: error [T006]: no");
        assert_eq!(at(&["z"]), "b.yml: error [T006]: no");
        let error = read([("a.yml", "")], &["a.yml", "c.yml"]).unwrap_err().0.to_string();
        assert_eq!(error, "c.yml: error [T016]: `source.settings` names this file, and there is none");
        let error = read([("_config.toml", "a = ")], &[]).unwrap_err().0.to_string();
        assert!(
            error.starts_with("_config.toml:1:5: error [T004]: the site's configuration cannot be read"),
            "{error}"
        );
    }
}
