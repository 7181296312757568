//! Which generator a repository follows, by what lies in it.

use super::{Files, SettingsError};
use crate::config::Generator;

/// The generator, and what tells it.
pub(super) fn generator(files: &dyn Files) -> Result<(Generator, String), SettingsError> {
    for name in super::jekyll::SETTINGS_FILES {
        if files.text(name)?.is_some() {
            return Ok((Generator::Jekyll, format!("there is a `{name}`")));
        }
    }
    if files.is_directory("_posts") {
        return Ok((Generator::Jekyll, "there is a directory `_posts`".to_owned()));
    }
    Ok((Generator::Plain, "nothing tells another generator".to_owned()))
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
        assert_eq!(generator(&testing::files([("a.md", "")])).unwrap().0, Generator::Plain);
        let named = |wanted| Site::open(Some(wanted), &testing::files([("a.md", "")])).unwrap().site.generator();
        assert_eq!(named(Generator::Jekyll), Generator::Jekyll);
        assert_eq!(Site::open(Some(Generator::Plain), &jekyll()).unwrap().site.generator(), Generator::Plain);
    }
}
