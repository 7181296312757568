//! What is known at the beginning of a scan.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::live::Live;
use super::renames::Followed;
use crate::catalog::Given;
use crate::events::{Baseline, Seen, self_and_above};
use crate::feeds::changed::Shown;
use crate::store::{DocumentState, GoodState, ScanCommit, Store, StoreError};

/// What the store remembers, and what the last scan saw and could not record.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) seen: HashMap<String, Seen>,
    /// When the last of these was first seen.
    latest: Option<DateTime<Utc>>,
    /// What the last scan saw and could not record.
    pub(super) unrecorded: HashMap<String, Seen>,
    pub(super) documents: HashMap<String, DocumentState>,
    /// What the store remembers of those that became others since, and could not be recorded.
    recorded: HashMap<String, Option<DocumentState>>,
    pub(super) feeds: HashMap<String, Shown>,
    pub(super) terms: Given,
    pub(super) good: HashMap<String, GoodState>,
    pub(super) baseline_done: bool,
    /// What was there at the baseline and could not be read since.
    unread: HashSet<String>,
}

impl Memory {
    pub(super) async fn load(store: Option<&Store>, unrecorded: &ScanCommit) -> Result<Self, StoreError> {
        let Some(store) = store else { return Ok(Self::default()) };
        let (mut documents, mut feeds) = (store.documents().await?, store.feeds().await?);
        let mut recorded = HashMap::new();
        for (path, state) in &unrecorded.documents {
            let before = documents.insert(path.clone(), state.clone());
            recorded.entry(path.clone()).or_insert(before);
        }
        feeds.extend(unrecorded.kept.feeds.iter().cloned());
        let seen = store.seen().await?;
        Ok(Self {
            latest: seen.values().map(|seen| seen.first_seen).max(),
            seen,
            unrecorded: unrecorded.seen.iter().map(|seen| (seen.key.clone(), seen.clone())).collect(),
            documents,
            recorded,
            feeds,
            terms: store.term_paths().await?,
            good: store.good_states().await?,
            baseline_done: store.last_scan().await?.is_some(),
            unread: store.unread().await?,
        })
    }

    /// What the store remembers once `commit` is recorded.
    pub(super) fn apply(&mut self, commit: ScanCommit) {
        let ScanCommit { seen, documents, documents_gone, kept, at, .. } = commit;
        self.latest = seen.iter().map(|seen| seen.first_seen).chain(self.latest).max();
        self.seen.extend(seen.into_iter().map(|seen| (seen.key.clone(), seen)));
        self.unrecorded.clear();
        self.recorded.clear();
        self.documents.extend(documents);
        documents_gone.iter().for_each(|path| drop(self.documents.remove(path)));
        self.feeds.extend(kept.feeds);
        kept.feeds_gone.iter().for_each(|path| drop(self.feeds.remove(path)));
        self.terms.extend(kept.terms.into_iter().map(|(taxonomy, key, slug)| ((taxonomy, key), slug)));
        kept.good_gone.iter().for_each(|key| drop(self.good.remove(key)));
        self.good.extend(kept.good.iter().map(|good| (good.post.key.clone(), GoodState::of(good))));
        self.baseline_done |= at.is_some();
        if let Some(unread) = kept.unread {
            self.unread = unread;
        }
    }

    /// What is remembered of posts by the files that they are in.
    pub(super) fn followed(&self) -> Followed<'_> {
        Followed::new(&self.seen, self.latest)
    }

    /// What the store remembers of a document.
    pub(super) fn recorded(&self, path: &str) -> Option<&DocumentState> {
        self.recorded.get(path).map_or_else(|| self.documents.get(path), Option::as_ref)
    }

    /// How posts that were never seen are to be taken.
    pub(super) fn baseline(&self, backfill: usize) -> Baseline<'_> {
        if self.baseline_done { Baseline::Known(&self.unread) } else { Baseline::Taken(backfill) }
    }

    /// What was there at the baseline and cannot be read now, if that is another set than before.
    pub(super) fn unread(&self, live: &Live) -> Option<HashSet<String>> {
        let was_there =
            |path: &&String| !self.baseline_done || self_and_above(path).any(|path| self.unread.contains(path));
        // Where a directory is closed for a while, what is in it is as unread as it was.
        let hidden = self.unread.iter().filter(|path| live.is_unreadable(path));
        let unread: HashSet<String> = live.unreadable.iter().filter(was_there).chain(hidden).cloned().collect();
        (unread != self.unread).then_some(unread)
    }
}
