//! Which generator a repository follows, by what lies in it.

use super::{Files, SettingsError, files, hugo, jekyll, plain, zola};
use crate::config::Generator;

/// The generator, and what tells it.
///
/// A repository that moved from Jekyll to another generator often keeps one of its traces, so that both have to be there to win
/// over another generator's config.
pub(super) fn generator(files: &dyn Files) -> Result<(Generator, String), SettingsError> {
    let jekyll = files::first(&jekyll::SETTINGS_FILES, files)?.map(|(name, _)| name);
    let has_posts = files.is_directory("_posts");
    if let Some(name) = jekyll.filter(|_| has_posts) {
        return Ok((Generator::Jekyll, format!("there is a `{name}`")));
    }
    for name in zola::SETTINGS_FILES {
        if files.text(name)?.is_some_and(|text| has_base_url(&text)) {
            return Ok((Generator::Zola, format!("there is a `{name}` with a `base_url`")));
        }
    }
    if let Some(because) = told_by_hugo(files)? {
        return Ok((Generator::Hugo, because));
    }
    let configs: [(_, &[&str]); 2] =
        [(Generator::Eleventy, &plain::ELEVENTY_FILES), (Generator::Astro, &plain::ASTRO_FILES)];
    for (generator, names) in configs {
        if let Some((name, _)) = files::first(names, files)? {
            return Ok((generator, format!("there is a file `{name}`")));
        }
    }
    Ok(match jekyll {
        Some(name) => (Generator::Jekyll, format!("there is a `{name}`")),
        None if has_posts => (Generator::Jekyll, "there is a directory `_posts`".to_owned()),
        None => (Generator::Plain, "nothing tells another generator".to_owned()),
    })
}

/// What tells Hugo: a file of its name, or one called `config` beside `content` that says `baseURL`.
fn told_by_hugo(files: &dyn Files) -> Result<Option<String>, SettingsError> {
    for name in hugo::FILES {
        let Some(text) = files.text(name)? else { continue };
        if name.starts_with("hugo.") {
            return Ok(Some(format!("there is a `{name}`")));
        }
        if files.is_directory("content") && text.to_lowercase().contains("baseurl") {
            return Ok(Some(format!("`{name}` says `baseURL`, and there is a directory `content`")));
        }
    }
    let settings = hugo::DIRECTORIES.into_iter().find(|dir| files.is_directory(dir));
    let found = settings.filter(|_| files.is_directory("content"));
    Ok(found.map(|dir| format!("there are directories `{dir}` and `content`")))
}

/// Whether a line sets `base_url`, which no other generator's TOML does. Asked of the text, since it may not be TOML.
fn has_base_url(text: &str) -> bool {
    let set = |line: &str| line.trim_start().strip_prefix("base_url").map(|rest| rest.trim_start().starts_with('='));
    text.lines().any(|line| set(line) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::{Site, testing};

    #[test]
    fn the_generator_is_found_out_unless_it_is_named() {
        let jekyll = || testing::files([("_config.yml", "title: a: b"), ("_posts/2025-01-01-x.md", "")]);
        assert_eq!(generator(&jekyll()).unwrap().0, Generator::Jekyll);
        assert_eq!(generator(&testing::files([("_posts/2025-01-01-x.md", "")])).unwrap().0, Generator::Jekyll);
        assert_eq!(generator(&testing::files([("_config.yml", "")])).unwrap().0, Generator::Jekyll);
        assert_eq!(generator(&testing::files([("a.md", "")])).unwrap().0, Generator::Plain);
        for wanted in [
            Generator::Jekyll,
            Generator::Hugo,
            Generator::Zola,
            Generator::Eleventy,
            Generator::Astro,
            Generator::Plain,
        ] {
            let named = Site::open(Some(wanted), &testing::files([("a.md", "")])).unwrap();
            assert_eq!((named.site.generator(), named.because.as_str()), (wanted, "`source.generator` says so"));
        }
        assert_eq!(Site::open(Some(Generator::Plain), &jekyll()).unwrap().site.generator(), Generator::Plain);
    }

    #[test]
    fn a_config_tells_the_generator() {
        for (name, text, expected, because) in [
            ("zola.toml", "base_url = \"/\"", Generator::Zola, "there is a `zola.toml` with a `base_url`"),
            ("config.toml", "[a\n base_url=1", Generator::Zola, "there is a `config.toml` with a `base_url`"),
            ("config.toml", "baseURL = \"/\"\n#base_url = 1", Generator::Plain, "nothing tells another generator"),
            (".eleventy.js", "", Generator::Eleventy, "there is a file `.eleventy.js`"),
            ("eleventy.config.mjs", "", Generator::Eleventy, "there is a file `eleventy.config.mjs`"),
            ("astro.config.ts", "", Generator::Astro, "there is a file `astro.config.ts`"),
        ] {
            assert_eq!(generator(&testing::files([(name, text)])).unwrap(), (expected, because.to_owned()), "{name}");
        }
    }

    #[test]
    fn hugo_is_told_by_its_settings_beside_its_content() {
        for (path, text, expected) in [
            ("hugo.yaml", "", Generator::Hugo),
            ("config.toml", "BaseURL = 'x'", Generator::Hugo),
            ("config/_default/params.toml", "", Generator::Hugo),
            ("config.toml", "base_url = 'x'", Generator::Zola),
        ] {
            let files = testing::files([(path, text), ("content/a.md", "")]);
            assert_eq!(generator(&files).unwrap().0, expected, "{path} {text}");
        }
    }

    #[test]
    fn jekyll_wins_only_with_both_of_its_traces() {
        let eleventy = |other: &'static str| generator(&testing::files([(".eleventy.js", ""), (other, "")])).unwrap().0;
        assert_eq!(eleventy("_posts/2025-01-01-x.md"), Generator::Eleventy);
        assert_eq!(eleventy("_config.yml"), Generator::Eleventy);
        let all = [("_config.yml", ""), ("_posts/a.md", ""), ("config.toml", "base_url = 1"), (".eleventy.js", "")];
        assert_eq!(generator(&testing::files(all)).unwrap().0, Generator::Jekyll);
    }
}
