//! The `feeds` section as written.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::{Limit, RawAuthor};
use crate::config::{Content, Filter, Fold, Format, Taxonomy};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(in crate::config) struct RawFeeds {
    pub(in crate::config) formats: Option<Vec<Format>>,
    pub(in crate::config) by: Option<Vec<Taxonomy>>,
    pub(in crate::config) limit: Option<Limit>,
    pub(in crate::config) content: Option<Content>,
    pub(in crate::config) min_posts: Option<usize>,
    pub(in crate::config) fold: Fold,
    pub(in crate::config) slugs: BTreeMap<String, String>,
    pub(in crate::config) paths: RawPaths,
    pub(in crate::config) archive: Option<RawArchive>,
    pub(in crate::config) autodiscovery: bool,
    pub(in crate::config) podcast: Option<RawPodcast>,
    pub(in crate::config) custom: Vec<RawCustomFeed>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of settings")]
pub(in crate::config) struct RawCustomFeed {
    pub(in crate::config) name: String,
    pub(in crate::config) title: Option<String>,
    pub(in crate::config) collection: Option<String>,
    #[serde(default, rename = "where")]
    pub(in crate::config) filter: Filter,
    pub(in crate::config) limit: Option<Limit>,
    pub(in crate::config) content: Option<Content>,
    pub(in crate::config) podcast: Option<RawPodcast>,
}

/// The name of a preset, or paths by what they are of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::config) struct RawPaths {
    pub(in crate::config) jekyll_feed: bool,
    pub(in crate::config) given: RawGivenPaths,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(in crate::config) struct RawGivenPaths {
    pub(in crate::config) site: Option<String>,
    pub(in crate::config) category: Option<String>,
    pub(in crate::config) tag: Option<String>,
    pub(in crate::config) author: Option<String>,
    pub(in crate::config) index: Option<String>,
    pub(in crate::config) opml: Option<String>,
}

impl<'de> Deserialize<'de> for RawPaths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PathsVisitor;
        impl<'de> Visitor<'de> for PathsVisitor {
            type Value = RawPaths;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`jekyll-feed`, or paths such as `{tag: \"topics/{slug}\"}`")
            }
            fn visit_str<E: de::Error>(self, preset: &str) -> Result<RawPaths, E> {
                match preset {
                    "jekyll-feed" => Ok(RawPaths { jekyll_feed: true, ..RawPaths::default() }),
                    _ => Err(E::invalid_value(de::Unexpected::Str(preset), &self)),
                }
            }
            fn visit_unit<E: de::Error>(self) -> Result<RawPaths, E> {
                Ok(RawPaths::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawPaths, A::Error> {
                let given = RawGivenPaths::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(RawPaths { jekyll_feed: false, given })
            }
        }
        deserializer.deserialize_any(PathsVisitor)
    }
}

/// `true`, `false`, or how archives are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum RawArchive {
    Off,
    On { size: Option<usize> },
}

impl<'de> Deserialize<'de> for RawArchive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct Given {
            size: Option<usize>,
        }
        struct ArchiveVisitor;
        impl<'de> Visitor<'de> for ArchiveVisitor {
            type Value = RawArchive;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false`, or `{size: 50}`")
            }
            fn visit_bool<E: de::Error>(self, on: bool) -> Result<RawArchive, E> {
                Ok(if on { RawArchive::On { size: None } } else { RawArchive::Off })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawArchive, A::Error> {
                let given = Given::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(RawArchive::On { size: given.size })
            }
        }
        deserializer.deserialize_any(ArchiveVisitor)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping of settings")]
pub(in crate::config) struct RawPodcast {
    pub(in crate::config) category: Option<OneOrMore>,
    pub(in crate::config) explicit: Option<bool>,
    pub(in crate::config) image: Option<String>,
    pub(in crate::config) owner: Option<RawAuthor>,
    pub(in crate::config) author: Option<String>,
    pub(in crate::config) r#type: Option<RawPodcastType>,
}

impl RawPodcast {
    /// `self` where it says something, else `other`.
    pub(in crate::config) fn or(self, other: Option<&Self>) -> Self {
        let Some(other) = other.cloned() else { return self };
        Self {
            category: self.category.or(other.category),
            explicit: self.explicit.or(other.explicit),
            image: self.image.or(other.image),
            owner: self.owner.or(other.owner),
            author: self.author.or(other.author),
            r#type: self.r#type.or(other.r#type),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawPodcastType {
    Episodic,
    Serial,
}

/// A text, or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(in crate::config) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(in crate::config) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feeds(yaml: &str) -> Result<RawFeeds, serde_yaml::Error> {
        serde_yaml::from_str(yaml)
    }

    #[test]
    fn paths_are_a_preset_or_given_one_by_one() {
        assert!(feeds("paths: jekyll-feed").unwrap().paths.jekyll_feed);
        assert_eq!(feeds("paths: {tag: 't/{slug}'}").unwrap().paths.given.tag.as_deref(), Some("t/{slug}"));
        assert_eq!(feeds("paths:").unwrap().paths, RawPaths::default());
        assert!(feeds("paths: wordpress").unwrap_err().to_string().contains("`jekyll-feed`"));
        assert!(feeds("paths: {tags: x}").unwrap_err().to_string().contains("unknown field `tags`"));
    }

    #[test]
    fn archives_are_on_off_or_of_a_size() {
        let archive = |yaml: &str| feeds(yaml).unwrap().archive;
        assert_eq!(archive("archive: true"), Some(RawArchive::On { size: None }));
        assert_eq!(archive("archive: {size: 9}"), Some(RawArchive::On { size: Some(9) }));
        assert_eq!(archive("archive: false"), Some(RawArchive::Off));
        assert!(feeds("archive: often").is_err());
    }

    #[test]
    fn what_a_podcast_leaves_out_it_has_from_the_other() {
        let podcast = |yaml: &str| serde_yaml::from_str::<RawPodcast>(yaml).unwrap();
        let both = podcast("explicit: true").or(Some(&podcast("{explicit: false, category: Arts}")));
        assert_eq!((both.explicit, both.category), (Some(true), Some(OneOrMore::One("Arts".into()))));
    }
}
