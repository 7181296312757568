//! Which files are posts, and what their names say (Jekyll's `EntryFilter` and `PostReader`).

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::sites::dated::{Day, day_of};

/// Paths that `exclude` or `include` mean.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns {
    prefixes: Vec<String>,
    globs: GlobSet,
}

/// What `exclude` holds in every site.
pub(super) const EXCLUDED: [&str; 11] = [
    ".sass-cache",
    ".jekyll-cache",
    ".ruby-lsp",
    "gemfiles",
    "Gemfile",
    "Gemfile.lock",
    "node_modules",
    "vendor/bundle/",
    "vendor/cache/",
    "vendor/gems/",
    "vendor/ruby/",
];

/// A post's file name and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The directories above `_posts`.
    pub(super) above: Vec<&'a str>,
    pub(super) day: Day,
    /// Without the date and the extension; may be empty.
    pub(super) slug: &'a str,
    /// The file's name without its extension.
    pub(super) stem: &'a str,
    /// With its dot.
    pub(super) extension: &'a str,
}

impl Patterns {
    pub(super) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let prefixes: Vec<String> = patterns.into_iter().map(|p| p.trim_start_matches('/').to_owned()).collect();
        let mut globs = GlobSetBuilder::new();
        for glob in
            prefixes.iter().filter(|pattern| pattern.contains(['*', '?', '['])).filter_map(|p| Glob::new(p).ok())
        {
            globs.add(glob);
        }
        Self { globs: globs.build().unwrap_or_default(), prefixes }
    }

    /// Whether a path starts with one of the patterns (the text, not the directory) or matches it.
    fn hold(&self, path: &str, is_dir: bool) -> bool {
        let starts = |prefix: &String| !prefix.is_empty() && path.starts_with(prefix.as_str());
        let is_it = |prefix: &String| is_dir && prefix.strip_suffix('/') == Some(path);
        self.prefixes.iter().any(|prefix| starts(prefix) || is_it(prefix)) || self.globs.is_match(path)
    }
}

/// Whether Jekyll goes into a directory, or reads a file, whose parent it is in.
pub(super) fn is_seen(path: &str, is_dir: bool, include: &Patterns, exclude: &Patterns) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    if include.hold(path, is_dir) || include.hold(name, is_dir) {
        return true;
    }
    let is_special = name.starts_with(['.', '_', '#', '~']) || name.ends_with('~');
    (!is_special || (is_dir && name == "_posts" && !inside_posts(path))) && !exclude.hold(path, is_dir)
}

/// The directories above the first `_posts` of a file's path; `None` if it is not in one.
pub(super) fn above_posts(path: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = path.split('/').collect();
    let at = parts[..parts.len() - 1].iter().position(|part| *part == "_posts")?;
    Some(parts[..at].to_vec())
}

fn inside_posts(path: &str) -> bool {
    path.matches("_posts").count() > 1 && path.split('/').filter(|part| *part == "_posts").count() > 1
}

/// The parts of a post's path; `None` if it is not in `_posts` or its name does not start with a date.
pub(super) fn name(path: &str) -> Option<Name<'_>> {
    let above = above_posts(path)?;
    let file = path.rsplit('/').next()?;
    let (day, rest) = day_of(file)?;
    let dot = file.rfind('.').filter(|dot| *dot >= rest && dot + 1 < file.len())?;
    Some(Name { above, day, slug: &file[rest..dot], stem: &file[..dot], extension: &file[dot..] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(path: &str, is_dir: bool) -> bool {
        let exclude = Patterns::new(EXCLUDED.into_iter().chain(["drafts", "*.tmp", "docs/old/"]));
        is_seen(path, is_dir, &Patterns::new([".well-known", "_pages"]), &exclude)
    }

    #[test]
    fn special_and_excluded_paths_are_not_seen() {
        for dir in ["_posts", "a/_posts", "a/b", "_pages", "_pages/x", ".well-known", "vendor", "node"] {
            assert!(seen(dir, true), "{dir}");
        }
        for dir in [
            "_site",
            ".git",
            "a/_b",
            "_posts/_posts",
            "_posts/_x",
            "#x",
            "~x",
            "x~",
            "vendor/bundle",
            "node_modules",
            "draftsman",
            "docs/old",
        ] {
            assert!(!seen(dir, true), "{dir}");
        }
        assert!(seen("_posts/2025-01-01-x.md", false));
        assert!(!seen("_posts/2025-01-01-x.md~", false));
        assert!(!seen("_posts/2025-01-01-x.tmp", false));
    }

    #[test]
    fn names_are_taken_apart() {
        let parts = name("a/b/_posts/sub/25-1-13-Mixed.Case.md").unwrap();
        let expected = Name {
            above: vec!["a", "b"],
            day: (25, 1, 13),
            slug: "Mixed.Case",
            stem: "25-1-13-Mixed.Case",
            extension: ".md",
        };
        assert_eq!(parts, expected);
        assert_eq!(name("_posts/2025-01-14-.md").map(|name| name.slug), Some(""));
        for path in [
            "2025-01-01-x.md",
            "_posts/2025-02-14.md",
            "_posts/template.md",
            "_posts/2025-01-01-x",
            "_posts/2025-01-01-x.",
        ] {
            assert_eq!(name(path), None, "{path}");
        }
    }
}
