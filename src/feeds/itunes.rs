//! Apple's podcast tags ("A Podcaster's Guide to RSS").
//!
//! In: a feed that is a podcast, and its entries. Out: the tags of its channel and items. Never: tags of other feeds.

use rss::extension::itunes::{ITunesCategory, ITunesChannelExtension, ITunesItemExtension, ITunesOwner};

use super::references::plain;
use super::{Entry, Feed};
use crate::config::{Podcast, PodcastCategory};
use crate::posts::media::{self, Attachment, EpisodeKind};

/// What podcast directories play or show.
const FORMATS: [&str; 7] = ["m4a", "mp3", "mov", "mp4", "m4v", "pdf", "epub"];

/// Whether podcast directories take this file for an episode.
#[must_use]
pub fn is_episode(attachment: &Attachment) -> bool {
    media::extension(&attachment.url)
        .is_some_and(|extension| FORMATS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// The tags of the channel, if it is a podcast.
pub(super) fn channel(feed: &Feed) -> Option<ITunesChannelExtension> {
    let podcast = feed.podcast.as_ref()?;
    Some(ITunesChannelExtension {
        author: Some(plain(&podcast.author)),
        categories: podcast.categories.iter().map(category).collect(),
        explicit: Some(podcast.explicit.to_string()),
        image: Some(podcast.image.clone()),
        owner: Some(ITunesOwner { name: Some(plain(&podcast.owner.name)), email: podcast.owner.email.clone() }),
        r#type: podcast.serial.then(|| "serial".to_owned()),
        ..ITunesChannelExtension::default()
    })
}

/// The tags of an item, if it is an episode of a podcast.
pub(super) fn item(entry: &Entry, podcast: Option<&Podcast>) -> Option<ITunesItemExtension> {
    let file = entry.attachments.first().filter(|file| podcast.is_some() && is_episode(file))?;
    let authors: Vec<_> = entry.authors.iter().map(|author| author.name.as_str()).collect();
    let is_cover = |url: &&String| matches!(media::type_of(url), Some("image/jpeg" | "image/png"));
    let episode = entry.episode.clone().unwrap_or_default();
    Some(ITunesItemExtension {
        author: Some(plain(&authors.join(", "))).filter(|authors| !authors.is_empty()),
        image: entry.image.as_ref().filter(is_cover).cloned(),
        duration: file.duration.map(|seconds| seconds.to_string()),
        explicit: episode.explicit.map(|explicit| explicit.to_string()),
        episode: episode.number.map(|number| number.to_string()),
        season: episode.season.map(|season| season.to_string()),
        episode_type: episode.kind.map(|kind: EpisodeKind| kind.as_str().to_owned()),
        ..ITunesItemExtension::default()
    })
}

fn category(PodcastCategory { name, sub }: &PodcastCategory) -> ITunesCategory {
    let below = |name: &String| Box::new(ITunesCategory { text: name.clone(), subcategory: None });
    ITunesCategory { text: name.clone(), subcategory: sub.as_ref().map(below) }
}
