//! Which files below the output directory are ours.
//!
//! In and out: the text of the manifest, sorted and without times, so that it can be kept in git and differs only where
//! documents do. Never: a path that leads out of the directory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

/// The manifest's file, below the output directory.
pub(super) const NAME: &str = ".tidings-manifest.json";

const ABOUT: &str = "The files here that tidings wrote, with fingerprints. It overwrites and removes no others.";

/// Our files, by path; without a fingerprint while one is about to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) documents: BTreeMap<String, Option<String>>,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Raw<'a> {
    #[serde(default)]
    about: Cow<'a, str>,
    documents: Cow<'a, BTreeMap<String, Option<String>>>,
}

impl Manifest {
    /// Reads the text; says what is wrong with it otherwise.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let raw: Raw<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let documents = raw.documents.into_owned();
        match documents.keys().find(|path| !is_plain(path)) {
            Some(path) => Err(format!("{path:?} is no path below the folder")),
            None => Ok(Self { documents }),
        }
    }

    /// The text, with a newline at its end.
    pub(super) fn to_json(&self) -> String {
        let raw = Raw { about: ABOUT.into(), documents: Cow::Borrowed(&self.documents) };
        let json = serde_json::to_string_pretty(&raw).expect("maps of strings are JSON");
        json + "\n"
    }
}

/// Whether a path leads down and nowhere else: names joined by `/`.
pub(super) fn is_plain(path: &str) -> bool {
    let down = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    // `components` forgives `a//b`, `a/./b` and `a/`.
    down && path.split('/').all(|name| !name.is_empty() && name != ".")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_is_sorted_and_ends_with_a_newline() {
        let documents = [("tags/技術.atom", Some("0b")), ("feed.atom", None)];
        let documents = documents.map(|(path, print)| (path.to_owned(), print.map(str::to_owned)));
        let json = Manifest { documents: documents.into() }.to_json();
        let tail = "  \"documents\": {\n    \"feed.atom\": null,\n    \"tags/技術.atom\": \"0b\"\n  }\n}\n";
        assert!(json.ends_with(tail), "{json}");
    }

    #[test]
    fn a_path_that_leads_elsewhere_spoils_the_manifest() {
        for path in ["../passwd", "/etc/passwd", "a/../../b", "a//b", "a/./b", "a/", "", "."] {
            let text = format!("{{\"documents\": {{\"feed.atom\": null, {path:?}: \"00\"}}}}");
            assert_eq!(Manifest::parse(&text).unwrap_err(), format!("{path:?} is no path below the folder"));
        }
        assert!(Manifest::parse("<<<<<<< HEAD").is_err());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            documents in proptest::collection::btree_map("[^/\\\\.\0]{1,8}(/[^/\\\\.\0]{1,8}){0,2}", "([0-9a-f]{32})?", 0..8),
        ) {
            let documents =
                documents.into_iter().map(|(path, print)| (path, Some(print).filter(|print| !print.is_empty())));
            let manifest = Manifest { documents: documents.collect() };
            prop_assert_eq!(Manifest::parse(&manifest.to_json()), Ok(manifest));
        }

        #[test]
        fn a_plain_path_never_leaves_the_directory(path in "[./a]{0,9}") {
            if is_plain(&path) {
                prop_assert!(!path.starts_with('/') && path.split('/').all(|name| name != ".." && !name.is_empty()));
            }
        }
    }
}
