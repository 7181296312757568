//! What a feed's documents are called: file extensions, media types, names for people.
//!
//! In: a [`Format`]. Out: constants, and [`Document`]s around the bytes that a format's module wrote. Never: those bytes.

use super::{Document, Feed, Media};
use crate::config::Format;

impl Format {
    /// What its documents' paths end in.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// The media type in links to its documents: without parameters.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// What people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Rss => "RSS",
            Self::Json => "JSON Feed",
        }
    }

    const fn media(self) -> Media {
        match self {
            Self::Atom => Media::Atom,
            Self::Rss => Media::Rss,
            Self::Json => Media::JsonFeed,
        }
    }
}

impl Feed {
    /// Its document in `format`, which must be one of those it has a URL for.
    pub(super) fn document(&self, format: Format, bytes: Vec<u8>) -> Document {
        Document {
            path: self.place.document(format),
            url: self.own_url(format).to_owned(),
            media: format.media(),
            bytes,
        }
    }

    /// The URL of its document in `format`, which must be one of those it has.
    pub(super) fn own_url(&self, format: Format) -> &str {
        self.url(format).expect("a feed is rendered only in formats it has a URL for")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_in_links_is_the_one_it_is_served_as() {
        for format in [Format::Atom, Format::Rss, Format::Json] {
            let served = format.media().content_type();
            assert_eq!(served.split(';').next(), Some(format.media_type()));
        }
    }

    #[test]
    fn a_path_tells_what_its_document_is() {
        for (path, media) in [
            ("feed/Web Dev.xml", Some(Media::Atom)),
            ("tags/a.b.rss", Some(Media::Rss)),
            ("feed.json", Some(Media::JsonFeed)),
            ("autodiscovery.json", Some(Media::Json)),
            ("feeds.txt", None),
            ("feed", None),
        ] {
            assert_eq!(Media::of_path(path), media, "{path}");
        }
    }
}
