//! Files that go with a post: an episode, a video, a paper.
//!
//! In: URLs. Out: what kind of file they lead to, by their extension. Never: looks at the file.

use serde::{Deserialize, Serialize};

/// A file that goes with a post.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// Absolute and percent-encoded, http or https.
    pub url: String,
    /// Without parameters: `audio/mpeg`.
    pub media_type: String,
    /// Bytes, if they are known.
    pub length: Option<u64>,
    /// Seconds, if they are known.
    pub duration: Option<u64>,
    /// Plain text, one line, never empty.
    pub title: Option<String>,
}

/// What a podcast's post says of itself (Apple's podcast tags for episodes).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Episode {
    /// From 1 up.
    pub number: Option<u32>,
    /// From 1 up.
    pub season: Option<u32>,
    /// What kind it is.
    pub kind: Option<EpisodeKind>,
    /// Whether it is for adults only; `None`: as the podcast is.
    pub explicit: Option<bool>,
}

/// A kind of episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EpisodeKind {
    /// A whole one.
    Full,
    /// Of one that is to come.
    Trailer,
    /// Beside the others.
    Bonus,
}

impl EpisodeKind {
    /// Its name in feeds.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Trailer => "trailer",
            Self::Bonus => "bonus",
        }
    }

    /// The kind with this name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Full, Self::Trailer, Self::Bonus].into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }
}

/// What blogs and podcasts link to. Where a type has several names, the one that podcast directories ask for.
const TYPES: [(&str, &str); 37] = [
    ("aac", "audio/aac"),
    ("aif", "audio/aiff"),
    ("aiff", "audio/aiff"),
    ("flac", "audio/flac"),
    ("m4a", "audio/x-m4a"),
    ("m4b", "audio/x-m4b"),
    ("mp3", "audio/mpeg"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/opus"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("avi", "video/x-msvideo"),
    ("m4v", "video/x-m4v"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("ogv", "video/ogg"),
    ("webm", "video/webm"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("jxl", "image/jxl"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("webp", "image/webp"),
    ("epub", "application/epub+zip"),
    ("pdf", "application/pdf"),
    ("zip", "application/zip"),
];

/// The media type of what a URL leads to, by its extension; `None` if that says nothing.
#[must_use]
pub fn type_of(url: &str) -> Option<&'static str> {
    let extension = extension(url)?;
    TYPES.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known)).map(|(_, media_type)| *media_type)
}

/// What stands behind the last dot of a URL's path.
#[must_use]
pub fn extension(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?;
    let name = path.rsplit('/').next()?;
    name.rsplit_once('.').map(|(_, extension)| extension)
}

/// Whether a text is a media type without parameters (RFC 6838, 4.2).
#[must_use]
pub fn is_type(text: &str) -> bool {
    let is_name = |name: &str| {
        (1..=127).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/').is_some_and(|(main, sub)| is_name(main) && is_name(sub))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_of_the_path_tells_the_type() {
        assert_eq!(type_of("https://example.com/a.b/1.MP3?x=.pdf#.zip"), Some("audio/mpeg"));
        for unknown in ["https://example.com/a.mp3/x", "https://example.com/x.exe", "https://example.com/mp3", ""] {
            assert_eq!(type_of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_type_of_the_table_is_one_and_stands_once() {
        let mut extensions: Vec<_> = TYPES.iter().map(|(extension, _)| extension).collect();
        extensions.sort_unstable();
        extensions.dedup();
        assert_eq!(extensions.len(), TYPES.len());
        assert!(TYPES.iter().all(|(_, media_type)| is_type(media_type)));
    }

    #[test]
    fn a_media_type_has_two_names() {
        for no_type in ["audio", "audio/", "/mpeg", "audio/mpeg; x=1", "audio /mpeg", "a/b/c"] {
            assert!(!is_type(no_type), "{no_type}");
        }
    }
}
