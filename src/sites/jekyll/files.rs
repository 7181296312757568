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

/// The directory of posts, at any depth.
pub(super) const POSTS: &str = "_posts";

/// The directory of drafts, at any depth.
pub(super) const DRAFTS: &str = "_drafts";

/// A document's file name and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The directories above `_posts`.
    pub(super) above: Vec<&'a str>,
    /// What the name starts with, if that is a date.
    pub(super) day: Option<Day>,
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

/// Whether Jekyll goes into a directory, or reads a file, whose parent it is in. `special` are the directories of documents.
pub(super) fn is_seen(path: &str, is_dir: bool, special: &[&str], include: &Patterns, exclude: &Patterns) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    if include.hold(path, is_dir) || include.hold(name, is_dir) {
        return true;
    }
    let is_hidden = name.starts_with(HIDDEN) || name.ends_with('~');
    (!is_hidden || (is_dir && special.contains(&name))) && !exclude.hold(path, is_dir)
}

/// The same below a directory of documents, where only the first name of the way there (`below`) and the file's own count.
pub(super) fn is_seen_below(below: &str, path: &str, is_dir: bool, include: &Patterns, exclude: &Patterns) -> bool {
    let name = below.rsplit('/').next().unwrap_or(below);
    if include.hold(below, is_dir) || include.hold(name, is_dir) {
        return true;
    }
    let is_hidden = below.starts_with(HIDDEN) || (!is_dir && (name.starts_with(HIDDEN) || name.ends_with('~')));
    !is_hidden && !exclude.hold(path, is_dir)
}

/// How names begin that Jekyll passes over.
const HIDDEN: [char; 4] = ['.', '_', '#', '~'];

/// The first of the directories `special` that a path leads through, and what is left of it there.
pub(super) fn below<'a, 'p>(path: &'p str, special: &[&'a str]) -> Option<(&'a str, &'p str)> {
    let mut rest = path;
    while let Some((dir, below)) = rest.split_once('/') {
        if let Some(dir) = special.iter().find(|special| **special == dir) {
            return Some((dir, below));
        }
        rest = below;
    }
    None
}

/// The parts of the path of a file in the directory `dir`; `None` if it is not in one, or its name has no extension.
pub(super) fn name<'a>(path: &'a str, dir: &str) -> Option<Name<'a>> {
    let (dirs, file) = path.rsplit_once('/')?;
    let parts: Vec<&str> = dirs.split('/').collect();
    let above = parts[..parts.iter().position(|part| *part == dir)?].to_vec();
    let (day, rest) = day_of(file).map_or((None, 0), |(day, rest)| (Some(day), rest));
    let dot = file.rfind('.').filter(|dot| *dot >= rest && dot + 1 < file.len())?;
    Some(Name { above, day, slug: &file[rest..dot], stem: &file[..dot], extension: &file[dot..] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(path: &str, is_dir: bool) -> bool {
        let exclude = Patterns::new(EXCLUDED.into_iter().chain(["drafts", "*.tmp", "docs/old/"]));
        is_seen(path, is_dir, &[POSTS, DRAFTS], &Patterns::new([".well-known", "_pages"]), &exclude)
    }

    #[test]
    fn special_and_excluded_paths_are_not_seen() {
        for dir in ["_posts", "a/_posts", "a/_drafts", "a/b", "_pages", "_pages/x", ".well-known", "vendor", "node"] {
            assert!(seen(dir, true), "{dir}");
        }
        for dir in ["_site", ".git", "a/_b", "#x", "~x", "x~", "vendor/bundle", "node_modules", "draftsman", "docs/old"]
        {
            assert!(!seen(dir, true), "{dir}");
        }
        assert!(seen("_posts/2025-01-01-x.md", false));
        assert!(!seen("_posts/2025-01-01-x.md~", false));
        assert!(!seen("_posts/2025-01-01-x.tmp", false));
    }

    #[test]
    fn names_are_taken_apart() {
        let parts = name("a/b/_posts/sub/25-1-13-Mixed.Case.md", POSTS).unwrap();
        let expected = Name {
            above: vec!["a", "b"],
            day: Some((25, 1, 13)),
            slug: "Mixed.Case",
            stem: "25-1-13-Mixed.Case",
            extension: ".md",
        };
        assert_eq!(parts, expected);
        let slug = |path| name(path, POSTS).map(|name| (name.day.is_some(), name.slug));
        assert_eq!(slug("_posts/2025-01-14-.md"), Some((true, "")));
        assert_eq!(slug("_posts/2025-02-14.md"), Some((false, "2025-02-14")));
        assert_eq!(slug("_posts/template.md"), Some((false, "template")));
        for path in ["2025-01-01-x.md", "_posts/2025-01-01-x", "_posts/2025-01-01-x.", "_posts/.md/x"] {
            assert_eq!(slug(path), None, "{path}");
        }
    }

    #[test]
    fn the_first_special_directory_counts() {
        let below = |path| below(path, &[POSTS, DRAFTS]);
        assert_eq!(below("a/_drafts/b/_posts/x.md"), Some((DRAFTS, "b/_posts/x.md")));
        assert_eq!((below("_posts/x.md"), below("x.md"), below("a/_posts")), (Some((POSTS, "x.md")), None, None));
    }
}
