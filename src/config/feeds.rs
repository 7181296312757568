//! The `feeds` section, checked.

use std::collections::BTreeMap;

use super::{Content, Filter, Fold, Format, Taxonomy};
use crate::posts::Person;

/// Which feeds there are.
#[derive(Debug, Clone)]
pub struct Feeds {
    /// In the order documents name them; never empty.
    pub formats: Vec<Format>,
    /// Taxonomies whose terms have feeds.
    pub by: Vec<Taxonomy>,
    /// Entries a feed; `None`: all.
    pub limit: Option<usize>,
    /// How much of a post an entry holds.
    pub content: Content,
    /// A term has feeds from this many posts up.
    pub min_posts: usize,
    /// Which spellings of a term are one.
    pub fold: Fold,
    /// What stands in a term's path, by the term: the operator's own choice. Made a slug before it is used.
    pub slugs: BTreeMap<String, String>,
    /// Categories that have feeds whatever their number of posts, as the site's own settings name them.
    pub listed: Vec<String>,
    /// Where documents are.
    pub paths: Paths,
    /// Whether posts that a feed has no room for are kept in archives (RFC 5005, 4).
    pub archive: Option<Archive>,
    /// Whether there are snippets with the links by which readers find feeds, and a map of them.
    pub autodiscovery: bool,
    /// Set if the site's own feed is a podcast.
    pub podcast: Option<Podcast>,
    /// Feeds of the operator's own choosing; names are unique.
    pub custom: Vec<CustomFeed>,
}

/// A feed of the operator's own choosing.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomFeed {
    /// Its path below the output, without extension: one or more segments of letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// Plain text.
    pub title: String,
    /// The collection whose documents it shows; `None`: the site's posts.
    pub collection: Option<String>,
    /// Which of them it shows.
    pub filter: Filter,
    /// As [`Feeds::limit`].
    pub limit: Option<usize>,
    /// As [`Feeds::content`].
    pub content: Content,
    /// Set if it is a podcast.
    pub podcast: Option<Podcast>,
}

/// How archives are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archive {
    /// Posts an archive, at least 1.
    pub size: usize,
}

/// Where documents are below the output, without extension. All are plain paths: names joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The site's own feed.
    pub site: String,
    /// The Atom document of the site's own feed, with extension.
    pub site_atom: String,
    /// The feeds of categories.
    pub category: Template,
    /// The feeds of tags.
    pub tag: Template,
    /// The feeds of authors.
    pub author: Template,
    /// The page of the site.
    pub index: String,
    /// The list of all feeds.
    pub opml: String,
    /// What Atom documents end in: `atom` or `xml`.
    pub atom_extension: &'static str,
}

impl Default for Paths {
    fn default() -> Self {
        let template =
            |taxonomy: Taxonomy| Template { before: format!("{}/", taxonomy.dir()), raw: false, after: String::new() };
        Self {
            site: "feed".to_owned(),
            site_atom: "feed.atom".to_owned(),
            category: template(Taxonomy::Category),
            tag: template(Taxonomy::Tag),
            author: template(Taxonomy::Author),
            index: "index".to_owned(),
            opml: "feeds".to_owned(),
            atom_extension: "atom",
        }
    }
}

impl Paths {
    /// Whether documents are where jekyll-feed writes them.
    #[must_use]
    pub fn are_jekyll_feeds(&self) -> bool {
        self.atom_extension == "xml"
    }

    /// Where the feeds of a taxonomy's terms are.
    #[must_use]
    pub const fn of(&self, taxonomy: Taxonomy) -> &Template {
        match taxonomy {
            Taxonomy::Category => &self.category,
            Taxonomy::Tag => &self.tag,
            Taxonomy::Author => &self.author,
        }
    }
}

/// A path with a term in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// What stands before the term.
    pub before: String,
    /// Whether the term stands there as it is written; else its slug does.
    pub raw: bool,
    /// What stands behind it.
    pub after: String,
}

impl Template {
    /// The path of the term with this spelling and slug. Where the spelling is no plain path, or a long one, the slug stands.
    #[must_use]
    pub fn path(&self, label: &str, slug: &str) -> String {
        let term = if self.raw && label.len() <= MAX_BYTES && is_plain(label) { label } else { slug };
        format!("{}{term}{}", self.before, self.after)
    }
}

/// File names may have 255 bytes; this leaves room for an extension and a temporary name's.
const MAX_BYTES: usize = 200;

/// Whether every file system and server takes this for a path that leads down: names joined by `/`.
pub(super) fn is_plain(path: &str) -> bool {
    path.split('/').all(|name| {
        !name.is_empty()
            && name.len() <= MAX_BYTES
            && !name.starts_with('.')
            && !name.ends_with(['.', ' '])
            && !name.chars().any(|c| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'))
    })
}

/// What podcast directories ask of a feed ("A Podcaster's Guide to RSS", Apple).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Podcast {
    /// At least one.
    pub categories: Vec<PodcastCategory>,
    /// Whether it is for adults only.
    pub explicit: bool,
    /// Absolute URL of a square JPEG or PNG.
    pub image: String,
    /// Who answers for it; with an e-mail address.
    pub owner: Person,
    /// Who speaks.
    pub author: String,
    /// Whether episodes are to be heard from the first on.
    pub serial: bool,
}

/// One of Apple's categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodcastCategory {
    /// The upper one.
    pub name: String,
    /// One below it.
    pub sub: Option<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_term_stands_in_a_path_as_it_is_written_only_if_that_is_a_path() {
        let template = Template { before: "feed/".into(), raw: true, after: String::new() };
        for (label, expected) in
            [("Web Dev", "feed/Web Dev"), ("a/b", "feed/a/b"), ("..", "feed/s"), ("a//b", "feed/s"), ("a?", "feed/s")]
        {
            assert_eq!(template.path(label, "s"), expected);
        }
        assert_eq!(Template { raw: false, ..template }.path("Web Dev", "web-dev"), "feed/web-dev");
    }

    proptest! {
        #[test]
        fn no_term_leads_up_or_far_down(label in "[./a\\\\ :]{0,12}|\\PC{0,300}") {
            let path = Template { before: "feed/".into(), raw: true, after: "/x".into() }.path(&label, "s");
            prop_assert!(path.len() <= 300);
            prop_assert!(path.split('/').all(|name| !name.is_empty() && !name.starts_with('.')));
        }
    }
}
