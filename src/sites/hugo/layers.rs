//! Where Hugo's settings stand: one file at the top, directories of files over it, and which of them wins.
//!
//! In: the site's files. Out: one mapping with keys in lower case, and the path of the first file. Never: what a key means.

use crate::posts::front_matter::{Map, Syntax, Value};
use crate::sites::{Files, SettingsError, files};

/// The first of these that is there is the site's own file.
pub(in crate::sites) const FILES: [&str; 8] =
    ["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.toml", "config.yaml", "config.yml", "config.json"];

/// The later wins. Hugo builds for production unless it is told otherwise.
pub(in crate::sites) const DIRECTORIES: [&str; 2] = ["config/_default", "config/production"];

/// Reads all of them.
///
/// # Errors
///
/// If one cannot be read or does not parse.
pub(super) fn read(files: &dyn Files) -> Result<(Map, Option<String>), SettingsError> {
    let (mut settings, mut first) = (Map::default(), None);
    if let Some((path, text)) = files::first(&FILES, files)? {
        settings = parse(path, &text)?;
        first = Some(path.to_owned());
    }
    for dir in DIRECTORIES {
        let mut found = files.picked(dir, is_settings)?;
        // The file of the whole, then those of its parts.
        found.sort_by_key(|path| !is_whole(name_of(path)));
        for path in found {
            let Some(text) = files.text(&path)? else { continue };
            let steps = steps(name_of(&path));
            let nested = steps
                .iter()
                .rev()
                .fold(Value::Map(parse(&path, &text)?), |value, step| Value::Map(Map::default().with(step, value)));
            if let Value::Map(over) = nested {
                settings = settings.merged(over);
            }
            first = first.or(Some(path));
        }
    }
    Ok((settings, first))
}

/// One file of settings, by its extension.
fn parse(path: &str, text: &str) -> Result<Map, SettingsError> {
    let read = Syntax::of_file(path).read(text);
    let map = read.map_err(|error| SettingsError::broken(path, text, "the site's configuration", &error))?;
    // Places are in different files, and are not kept.
    Ok(map.without_places().lowercased())
}

fn is_settings(path: &str) -> bool {
    [".toml", ".yaml", ".yml", ".json"].iter().any(|extension| path.ends_with(extension))
}

/// A file's name without its extension.
fn name_of(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(name, _)| name)
}

fn is_whole(name: &str) -> bool {
    matches!(name, "hugo" | "config")
}

/// Under which keys a file's settings stand: `params` → `params`, `params.fr` → `languages`, `fr`, `params`.
fn steps(name: &str) -> Vec<String> {
    let (name, language) = name.split_once('.').map_or((name, None), |(name, language)| (name, Some(language)));
    let of_language = language.into_iter().flat_map(|language| ["languages".to_owned(), language.to_lowercase()]);
    let own = Some(name).filter(|name| !is_whole(name) && (language.is_none() || *name != "languages"));
    of_language.chain(own.map(str::to_lowercase)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sites::testing;

    #[test]
    fn files_are_laid_over_each_other() {
        let files = testing::files([
            ("hugo.yaml", "Title: a\nparams: {x: 1, y: 1}"),
            ("config.toml", "title = 'not read'"),
            ("config/_default/hugo.toml", "title = 'b'"),
            ("config/_default/params.json", "{\"Y\": 2}"),
            ("config/_default/languages.fr.toml", "weight = 2"),
            ("config/_default/params.fr.yaml", "z: 3"),
            ("config/production/config.toml", "title = 'c'"),
            ("config/_default/notes.md", "no settings"),
        ]);
        let (settings, path) = read(&files).unwrap();
        let expected = json!({
            "title": "c", "params": {"x": 1, "y": 2}, "languages": {"fr": {"weight": 2, "params": {"z": 3}}}
        });
        assert_eq!(Value::Map(settings).to_json(), expected);
        assert_eq!(path.as_deref(), Some("hugo.yaml"));
    }

    #[test]
    fn a_broken_file_is_named() {
        let broken = read(&testing::files([("hugo.toml", "a = 1\nb = \n")])).unwrap_err();
        assert!(broken.0.to_string().starts_with("hugo.toml:2:"), "{}", broken.0);
    }
}
