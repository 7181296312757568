//! What the path of a file says.

use crate::sites::dated::{Day, day_of};

/// A path, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// Without a slash at either end.
    pub(super) dir: &'a str,
    /// The file's name without its extension; of `index.md`, its directory's name.
    pub(super) stem: &'a str,
    /// The date that the name starts with.
    pub(super) day: Option<Day>,
    /// The stem without the date.
    pub(super) slug: &'a str,
}

impl<'a> Name<'a> {
    pub(super) fn of(path: &'a str) -> Self {
        let (dir, file) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let (dir, stem) = if stem == "index" { dir.rsplit_once('/').unwrap_or(("", dir)) } else { (dir, stem) };
        let has_full_year = stem.find('-') == Some(4);
        match day_of(stem).filter(|(_, rest)| has_full_year && *rest < stem.len()) {
            Some((day, rest)) => Self { dir, stem, day: Some(day), slug: &stem[rest..] },
            None => Self { dir, stem, day: None, slug: stem },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        let parts = |path| {
            let Name { dir, stem, day, slug } = Name::of(path);
            (dir, stem, day.is_some(), slug)
        };
        assert_eq!(parts("a/b/2025-11-08-x y.md"), ("a/b", "2025-11-08-x y", true, "x y"));
        assert_eq!(parts("x.y.md"), ("", "x.y", false, "x.y"));
        assert_eq!(parts("a/2025-11-08-x/index.md"), ("a", "2025-11-08-x", true, "x"));
        assert_eq!(parts("index.md"), ("", "", false, ""));
        assert_eq!(parts("25-11-08-x.md"), ("", "25-11-08-x", false, "25-11-08-x"));
        assert_eq!(parts("2025-11-08-.md"), ("", "2025-11-08-", false, "2025-11-08-"));
    }
}
