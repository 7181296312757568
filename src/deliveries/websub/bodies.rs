//! The bytes of documents that are being sent: read once for all who get them.
//!
//! In: a document's path. Out: the newest revision that is visible. Never: bytes under the tag of others.

use std::io;

use hyper::body::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::super::failure::Failure;
use crate::feeds::Media;
use crate::publish::{Published, PublishedDocument, fingerprint_as};

/// What may be kept, in bytes.
const BUDGET: u64 = 32 << 20;
/// For sizing tables only.
const EXPECTED: usize = 64;

/// A revision of a document, as it is sent.
pub(super) struct Revision {
    pub(super) bytes: Bytes,
    pub(super) etag: String,
    pub(super) url: String,
    pub(super) media: Media,
}

/// The documents' bytes, by entity tag.
#[derive(Debug)]
pub(super) struct Bodies {
    published: Published,
    cache: Cache<String, Bytes, Size>,
}

#[derive(Debug, Clone)]
struct Size;

impl Weighter<String, Bytes> for Size {
    fn weight(&self, etag: &String, bytes: &Bytes) -> u64 {
        (etag.len() + bytes.len()) as u64
    }
}

impl Bodies {
    pub(super) fn new(published: Published) -> Self {
        Self { published, cache: Cache::with_weighter(EXPECTED, BUDGET, Size) }
    }

    /// Whether it is known which documents there are.
    pub(super) fn are_whole(&self) -> bool {
        self.published.set().is_whole
    }

    /// Whether there is such a document.
    pub(super) fn has(&self, path: &str) -> bool {
        self.published.current().contains_key(path)
    }

    /// The newest revision of a document; `None` if there is no such document any more.
    ///
    /// # Errors
    ///
    /// If its file does not have what the index says, as when a scan is at work.
    pub(super) async fn newest(&self, path: &str) -> Result<Option<Revision>, Failure> {
        let Some(document) = self.published.current().get(path).cloned() else { return Ok(None) };
        let etag = document.state.etag.clone();
        let bytes = self.cache.get_or_insert_async(&etag, read(path, &document)).await.map_err(|error| {
            Failure::new("unreadable", format!("the document cannot be read at the moment: {error}"))
        })?;
        Ok(Some(Revision { bytes, etag, url: document.url.clone(), media: document.media }))
    }
}

async fn read(path: &str, document: &PublishedDocument) -> io::Result<Bytes> {
    let (path, file) = (path.to_owned(), document.clone());
    let bytes = tokio::task::spawn_blocking(move || file.read(&path)).await.map_err(io::Error::from).flatten()?;
    if fingerprint_as(Some(&document.state.etag), &bytes) != document.state.etag {
        return Err(io::Error::other("its file is being replaced"));
    }
    Ok(Bytes::from(bytes))
}
