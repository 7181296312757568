//! What a catalog follows from beside its posts, and the paths that were given.

use std::collections::BTreeMap;

use crate::config::{CustomFeed, Feeds, Fold, Site};

/// Taken down to see whether a catalog still holds.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    site: Site,
    fold: Fold,
    slugs: BTreeMap<String, String>,
    listed: Vec<String>,
    custom: Vec<CustomFeed>,
}

impl Settings {
    pub(super) fn new(site: &Site, feeds: &Feeds) -> Self {
        let Feeds { fold, slugs, listed, custom, .. } = feeds;
        let (slugs, listed, custom) = (slugs.clone(), listed.clone(), custom.clone());
        Self { site: site.clone(), fold: *fold, slugs, listed, custom }
    }

    /// Whether these are the same.
    pub(super) fn hold(&self, site: &Site, feeds: &Feeds) -> bool {
        let Self { site: own, fold, slugs, listed, custom } = self;
        own == site && (*fold, slugs, listed, custom) == (feeds.fold, &feeds.slugs, &feeds.listed, &feeds.custom)
    }
}
