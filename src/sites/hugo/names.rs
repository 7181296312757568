//! What the path of a content file says: its language, its section, its name, and whether it is a bundle.

use std::collections::HashSet;

use super::languages::Languages;
use super::settings::Root;

/// Extensions of files that Hugo itself makes pages of.
const MARKUP: [&str; 5] = ["md", "markdown", "mdown", "html", "htm"];
/// Extensions of files that it needs other programs for, or that are in a markup that is not read here.
pub(super) const FOREIGN: [&str; 9] =
    ["org", "adoc", "ad", "asciidoc", "asciidoctor", "rst", "pandoc", "pdc", "gotmpl"];

/// A content file's name and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// Index of its language.
    pub(super) language: usize,
    /// The directories above it, below the content's root, without slashes at the ends; above a bundle's directory.
    pub(super) dir: String,
    /// Without language and extension; of a bundle, its directory's.
    pub(super) stem: &'a str,
    pub(super) kind: Kind,
    /// Without its dot, in lower case.
    pub(super) extension: String,
    /// The directory that the file is in, from the source's root.
    pub(super) parent: &'a str,
}

/// What kind of page a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page of its own.
    Single,
    /// `index.md`: its directory is the page.
    Bundle,
    /// `_index.md`: the page of a section.
    Section,
}

impl<'a> Name<'a> {
    /// The parts of a path; `None` if it is no content, or in a language that is switched off.
    pub(super) fn of(path: &'a str, roots: &[Root], languages: &Languages) -> Option<Self> {
        let root = roots.iter().filter(|root| root.below(path).is_some()).max_by_key(|root| root.dir.len())?;
        let (parent, file) = path.rsplit_once('/').unwrap_or(("", path));
        let (stem, extension) = file.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?;
        let suffix = stem.rsplit_once('.').and_then(|(stem, code)| Some((stem, languages.position(code)?)));
        let (stem, language) = suffix.unwrap_or((stem, root.language));
        languages.is_on(language).then_some(())?;
        let dir = root.placed(parent);
        let name =
            |kind, dir: String, stem| Self { language, dir, stem, kind, extension: extension.to_lowercase(), parent };
        Some(match (stem.to_lowercase().as_str(), dir.is_empty()) {
            ("_index", _) => name(Kind::Section, dir, ""),
            ("index", false) => {
                let above = dir.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
                name(Kind::Bundle, above, parent.rsplit('/').next().unwrap_or_default())
            }
            _ => name(Kind::Single, dir, stem),
        })
    }

    /// Whether its file is one that Hugo makes a page of by itself.
    pub(super) fn is_markup(&self) -> bool {
        MARKUP.contains(&self.extension.as_str())
    }

    pub(super) fn is_html(&self) -> bool {
        matches!(self.extension.as_str(), "html" | "htm")
    }
}

/// Whether this may be the page of a section or of a bundle.
pub(super) fn is_index(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let starts = file.starts_with("index.") || file.starts_with("_index.");
    starts && file.rsplit('.').next().is_some_and(|extension| MARKUP.contains(&extension))
}

/// Whether a file lies in a bundle and is not its page: what lies there is the bundle's, and no page.
pub(super) fn is_resource(path: &str, kind: Kind, bundles: &HashSet<String>) -> bool {
    let mut dirs = path.match_indices('/').map(|(at, _)| &path[..at]);
    let parent = path.rsplit_once('/').map(|(parent, _)| parent);
    dirs.any(|dir| bundles.contains(dir) && (kind != Kind::Bundle || Some(dir) != parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> Option<(usize, String, String, Kind)> {
        let roots = [
            Root::plain("content", 0),
            Root::plain("content/de", 2),
            Root { into: "blog".into(), ..Root::plain("x", 0) },
        ];
        let name = Name::of(path, &roots, &Languages::of(&["en", "fr", "de"]))?;
        Some((name.language, name.dir, name.stem.to_owned(), name.kind))
    }

    #[test]
    fn paths_are_taken_apart() {
        let expected = |language, dir: &str, stem: &str, kind| Some((language, dir.to_owned(), stem.to_owned(), kind));
        assert_eq!(parts("content/a/x.md"), expected(0, "a", "x", Kind::Single));
        assert_eq!(parts("content/a/x.v1.fr.md"), expected(1, "a", "x.v1", Kind::Single));
        assert_eq!(parts("content/de/a/b/index.md"), expected(2, "a", "b", Kind::Bundle));
        assert_eq!(parts("content/a/_index.FR.md"), expected(1, "a", "", Kind::Section));
        assert_eq!(parts("content/index.md"), expected(0, "", "index", Kind::Single));
        assert_eq!(parts("x/y.html"), expected(0, "blog", "y", Kind::Single));
        assert_eq!((parts("static/a.md"), parts("content/.md")), (None, None));
    }

    #[test]
    fn what_lies_in_a_bundle_is_no_page() {
        let bundles = HashSet::from(["content/a/b".to_owned()]);
        let is = |path, kind| is_resource(path, kind, &bundles);
        assert!(!is("content/a/b/index.md", Kind::Bundle) && !is("content/a/x.md", Kind::Single));
        assert!(is("content/a/b/x.md", Kind::Single) && is("content/a/b/c/index.md", Kind::Bundle));
    }
}
