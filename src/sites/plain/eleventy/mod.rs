//! Eleventy: Markdown with data from directories and layouts.
//!
//! In: the config's texts, directory data in JSON, and the front matter of layouts. Out: what a post inherits from them. Never:
//! JavaScript, so that data and collections which are programs are not known.

mod permalink;
mod templates;

use std::collections::BTreeMap;

use crate::config::SiteDefaults;
use crate::posts::front_matter::{self, Map, Value};
use crate::sites::{Files, SettingsError, files};

use super::javascript::text_behind;
pub(super) use permalink::{Page, expand};
pub(super) use templates::{are_in, run};

/// In the order they are looked for.
pub(in crate::sites) const SETTINGS_FILES: [&str; 5] =
    [".eleventy.js", "eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs", "eleventy.config.ts"];

/// Without a `permalink`: where the file lies, with its date.
const PERMALINK: &str = "/{dir}/{name}/";

/// Layouts may have layouts of their own, but not without end.
const MAX_LAYOUTS: usize = 10;

/// What posts inherit.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where posts are, with a slash at the end; empty: the root.
    input: String,
    /// By directory.
    directories: BTreeMap<String, Map>,
    /// By path without extension.
    files: BTreeMap<String, Map>,
    /// Front matter by name, with and without extension.
    layouts: BTreeMap<String, Map>,
}

impl Settings {
    /// Reads what can be read of the settings, and says where they are.
    ///
    /// # Errors
    ///
    /// If data is not JSON, or a file cannot be read.
    pub(super) fn read(files: &dyn Files) -> Result<(Self, SiteDefaults, Option<String>), SettingsError> {
        let found = files::first(&SETTINGS_FILES, files)?;
        let script = found.as_ref().map_or("", |(_, text)| text);
        let input = text_behind(script, ".setInputDirectory").or_else(|| text_behind(script, "input"));
        let input = directory("", input.unwrap_or_default());
        let mut settings = Self { input, ..Self::default() };
        settings.read_data(files)?;
        for (key, method) in [("includes", ".setIncludesDirectory"), ("layouts", ".setLayoutsDirectory")] {
            let named = text_behind(script, method).or_else(|| text_behind(script, key));
            let named = named.or((key == "includes").then_some("_includes"));
            let dir = named.map(|dir| directory(&settings.input, dir));
            // Among the posts they cannot be told from them.
            if let Some(dir) = dir.filter(|dir| *dir != settings.input) {
                settings.read_layouts(&dir, files)?;
            }
        }
        let defaults = SiteDefaults { permalink: Some(PERMALINK.to_owned()), ..SiteDefaults::default() };
        Ok((settings, defaults, found.map(|(path, _)| path.to_owned())))
    }

    /// The path from where posts are; `None` if it is somewhere else.
    pub(super) fn inside<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.input.as_str())
    }

    /// The same for a directory, or one that leads there.
    pub(super) fn enters(&self, dir: &str) -> bool {
        let dir = format!("{dir}/");
        dir.starts_with(&self.input) || self.input.starts_with(&dir)
    }

    /// Front matter over what the file's own data, its directories and its layouts say.
    pub(super) fn data(&self, path: &str, own: &Map) -> Map {
        let dirs = path.match_indices('/').filter_map(|(at, _)| self.directories.get(&path[..at]));
        let of_file = path.rsplit_once('.').and_then(|(stem, _)| self.files.get(stem));
        let inherited = dirs.chain(of_file).fold(Map::default(), |data, over| data.merged(over.clone()));
        let data = inherited.merged(own.clone());
        let layout = data.get("layout").and_then(Value::as_text).map(str::to_owned);
        layout.map_or(data.clone(), |layout| self.layout(&layout).merged(data))
    }

    /// A layout's front matter over that of its own layouts.
    fn layout(&self, name: &str) -> Map {
        let (mut data, mut name) = (Map::default(), name.to_owned());
        for _ in 0..MAX_LAYOUTS {
            let Some(layout) = self.layouts.get(&name) else { break };
            data = layout.clone().merged(data);
            match layout.get("layout").and_then(Value::as_text) {
                Some(next) => name = next.to_owned(),
                None => break,
            }
        }
        data
    }

    fn read_data(&mut self, files: &dyn Files) -> Result<(), SettingsError> {
        for path in files.picked(self.input.trim_end_matches('/'), |path| path.ends_with(".json"))? {
            let stem = path.strip_suffix(".11tydata.json");
            let (dir, name) = path.rsplit_once('/').unwrap_or(("", &path));
            let name = name.split('.').next().unwrap_or_default();
            let is_of_directory = !dir.is_empty() && dir.rsplit('/').next() == Some(name);
            // Any other JSON is data for programs.
            if stem.is_none() && !(is_of_directory && path.ends_with(&format!("/{name}.json"))) {
                continue;
            }
            let Some(text) = files.text(&path)? else { continue };
            let data = parse(&path, &text)?;
            match stem {
                Some(stem) if !is_of_directory => drop(self.files.insert(stem.to_owned(), data)),
                // `x.11tydata.json` comes before `x.json`, and wins.
                _ => {
                    let known = self.directories.remove(dir).unwrap_or_default();
                    self.directories.insert(dir.to_owned(), data.merged(known));
                }
            }
        }
        Ok(())
    }

    fn read_layouts(&mut self, dir: &str, files: &dyn Files) -> Result<(), SettingsError> {
        const EXTENSIONS: [&str; 7] = ["html", "njk", "liquid", "md", "webc", "hbs", "ejs"];
        for path in files.below(dir.trim_end_matches('/'))? {
            let Some((name, extension)) = path.strip_prefix(dir).and_then(|name| name.rsplit_once('.')) else {
                continue;
            };
            if !EXTENSIONS.contains(&extension) {
                continue;
            }
            let Some(text) = files.text(&path)? else { continue };
            let (data, _) = front_matter::read(&text).map_err(|error| broken(&path, &text, &error))?;
            let data = data.without_places();
            self.layouts.insert(format!("{name}.{extension}"), data.clone());
            self.layouts.entry(name.to_owned()).or_insert(data);
        }
        Ok(())
    }
}

/// A directory named from another one, with a slash at the end; empty for the root.
fn directory(from: &str, written: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in written.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if parts.is_empty() { String::new() } else { format!("{}/", parts.join("/")) }
}

fn parse(path: &str, text: &str) -> Result<Map, SettingsError> {
    let data = front_matter::parse_json(text, 0..text.len()).map_err(|error| broken(path, text, &error))?;
    Ok(data.without_places())
}

/// Eleventy builds nothing then, and without it every URL might be another one.
fn broken(path: &str, text: &str, error: &front_matter::Error) -> SettingsError {
    SettingsError::broken(path, text, "what posts inherit", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::testing;

    fn text<'a>(data: &'a Map, key: &str) -> Option<&'a str> {
        data.get(key).and_then(Value::as_text)
    }

    fn own(yaml: &str) -> Map {
        front_matter::parse(yaml, 0..yaml.len()).unwrap()
    }

    #[test]
    fn posts_inherit_from_directories_and_layouts() {
        let files = testing::files([
            ("eleventy.config.js", "export const config = { dir: { input: \"src\", includes: '../_inc' } };"),
            ("src/src.json", "{\"a\": \"root\", \"b\": \"root\", \"layout\": \"post\"}"),
            ("src/posts/posts.json", "{\"b\": \"json\", \"c\": \"json\"}"),
            ("src/posts/posts.11tydata.json", "{\"c\": \"11ty\"}"),
            ("src/posts/x.11tydata.json", "{\"d\": \"file\"}"),
            ("src/posts/other.json", "[1]"),
            ("package.json", "{}"),
            ("_inc/post.njk", "---\nlayout: base.html\nd: layout\ne: layout\n---\n"),
            ("_inc/base.html", "---\ne: base\nf: base\nlayout: post\n---\n"),
            ("_inc/code.js", "---\n"),
        ]);
        let (settings, defaults, path) = Settings::read(&files).unwrap();
        assert_eq!((path.as_deref(), defaults.permalink.as_deref()), (Some("eleventy.config.js"), Some(PERMALINK)));
        let data = settings.data("src/posts/x.md", &own("g: own"));
        let all = ["a", "b", "c", "d", "e", "f", "g"].map(|key| text(&data, key).unwrap());
        assert_eq!(all, ["root", "json", "11ty", "file", "layout", "base", "own"]);
        assert_eq!(settings.inside("src/posts/x.md"), Some("posts/x.md"));
        assert_eq!(settings.inside("README.md"), None);
        assert!(settings.enters("src") && settings.enters("src/a") && !settings.enters("docs"));
    }

    #[test]
    fn nothing_is_needed_and_broken_data_is_an_error() {
        let (settings, ..) = Settings::read(&testing::files([(".eleventy.js", "")])).unwrap();
        assert_eq!((settings.input.as_str(), settings.inside("a/b.md")), ("", Some("a/b.md")));
        let error = Settings::read(&testing::files([("posts/posts.json", "{")])).unwrap_err();
        assert!(error.to_string().starts_with("what posts inherit cannot be read"), "{error}");
    }

    #[test]
    fn directories_are_named_from_one_another() {
        assert_eq!(directory("src/a/", "../_includes/"), "src/_includes/");
        assert_eq!(directory("", "./"), "");
    }
}
