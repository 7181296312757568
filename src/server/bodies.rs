//! The bytes of documents, compressed or not, kept for the next request.
//!
//! In: a document's path and what the index says of it. Out: its bytes, and the validators that belong to exactly these.
//! Never: hands out bytes under another document's entity tag.

use std::io;

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};
use tokio::sync::Semaphore;

use super::coding::Coding;
use crate::publish::{Published, PublishedDocument, fingerprint_as};

/// What the cache may hold, in bytes.
const BUDGET: u64 = 64 << 20;
/// For sizing its tables only.
const EXPECTED_BODIES: usize = 1024;
/// Compressions at a time, so that requests for cold documents leave a core to everything else.
const COMPRESSIONS: usize = 2;

/// A body that can be sent.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    /// Of the bytes before compression.
    pub(super) fingerprint: String,
    /// `None` if nobody knows: the file is not the one that the index speaks of.
    pub(super) modified: Option<DateTime<Utc>>,
}

/// The documents' bytes, by what they are rather than by path, so that nothing in the cache is ever out of date.
#[derive(Debug)]
pub(super) struct Bodies {
    published: Published,
    cache: Cache<Key, Bytes, Size>,
    compressions: Semaphore,
}

/// Fingerprint of the bytes before compression, and how they are compressed.
type Key = (String, Coding);

#[derive(Debug, Clone)]
struct Size;

impl Weighter<Key, Bytes> for Size {
    fn weight(&self, (fingerprint, _): &Key, bytes: &Bytes) -> u64 {
        (fingerprint.len() + bytes.len()) as u64
    }
}

/// Why the bytes of the index are not at hand.
enum Miss {
    Unreadable(io::Error),
    /// The file has these.
    Changed(String, Bytes),
}

impl Bodies {
    pub(super) fn new(published: Published) -> Self {
        // One shard: each shard refuses what is larger than its share of the budget.
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(EXPECTED_BODIES)
            .weight_capacity(BUDGET)
            .build()
            .expect("all options that have no default are set");
        let cache = Cache::with_options(options, Size, Default::default(), Default::default());
        Self { published, cache, compressions: Semaphore::new(COMPRESSIONS) }
    }

    /// The body of a document. If its file is not what `document` says, the index is asked once more: a scan may have
    /// been at work.
    pub(super) async fn get(&self, path: &str, document: &PublishedDocument, coding: Coding) -> io::Result<Body> {
        let known = |document: &PublishedDocument, bytes| {
            let state = document.state.clone();
            Body { bytes, fingerprint: state.etag, modified: Some(state.modified) }
        };
        let body = match self.plain(path, document).await {
            Ok(bytes) => known(document, bytes),
            Err(miss) => match self.published.current().get(path).filter(|newer| newer.state != document.state) {
                Some(newer) => match self.plain(path, newer).await {
                    Ok(bytes) => known(newer, bytes),
                    Err(miss) => miss.into_body()?,
                },
                None => miss.into_body()?,
            },
        };
        let bytes = self.encoded(&body, coding).await?;
        Ok(Body { bytes, ..body })
    }

    /// The bytes as they are in the file, if they are those of the index.
    async fn plain(&self, path: &str, document: &PublishedDocument) -> Result<Bytes, Miss> {
        let key = (document.state.etag.clone(), Coding::Identity);
        let read = async {
            let (path, file) = (path.to_owned(), document.clone());
            let read = tokio::task::spawn_blocking(move || file.read(&path)).await.map_err(io::Error::from);
            let bytes = Bytes::from(read.flatten().map_err(Miss::Unreadable)?);
            let found = fingerprint_as(Some(&document.state.etag), &bytes);
            if found == document.state.etag { Ok(bytes) } else { Err(Miss::Changed(found, bytes)) }
        };
        self.cache.get_or_insert_async(&key, read).await
    }

    async fn encoded(&self, body: &Body, coding: Coding) -> io::Result<Bytes> {
        if coding == Coding::Identity {
            return Ok(body.bytes.clone());
        }
        let key = (body.fingerprint.clone(), coding);
        let compress = async {
            let _one = self.compressions.acquire().await.expect("the semaphore is never closed");
            let bytes = body.bytes.clone();
            tokio::task::spawn_blocking(move || coding.encode(&bytes)).await?.map(Bytes::from)
        };
        self.cache.get_or_insert_async(&key, compress).await
    }
}

impl Miss {
    fn into_body(self) -> io::Result<Body> {
        match self {
            Self::Unreadable(error) => Err(error),
            Self::Changed(fingerprint, bytes) => Ok(Body { bytes, fingerprint, modified: None }),
        }
    }
}
