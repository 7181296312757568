//! What tells two states of a document apart.
//!
//! In: the bytes of a document, and the fingerprint that they may have. Out: their fingerprint, which is the document's entity
//! tag. Never: two of them beside each other for the same bytes.
//!
//! There are two kinds, which their lengths tell apart. Fingerprints are made by BLAKE3, since every document's is made
//! whenever it is rendered. Those of before were made by SHA-256, and last as long as their documents say the same: an update of
//! the program is no news to readers, hub and webhooks.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use sha2::Digest as _;

/// Of a digest so many bytes are enough.
const LEN: usize = 20;

/// The same, with SHA-256.
const LEN_BEFORE: usize = 16;

/// The fingerprint of a document's bytes: 40 hexadecimal digits.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> String {
    Digest::Blake3(Box::default()).of(bytes)
}

/// The fingerprint of bytes: of the former kind, if one of that kind is `known` and theirs.
#[must_use]
pub fn fingerprint_as(known: Option<&str>, bytes: &[u8]) -> String {
    let former = known.filter(|known| is_of_former_kind(known) && Digest::like(known).of(bytes) == **known);
    former.map_or_else(|| fingerprint(bytes), str::to_owned)
}

/// Whether a fingerprint was made by SHA-256.
pub(super) fn is_of_former_kind(fingerprint: &str) -> bool {
    fingerprint.len() == 2 * LEN_BEFORE
}

/// Whether a file has the bytes of this fingerprint. Few of them are in memory at a time.
pub(super) fn is_of_file(fingerprint: &str, file: &Path) -> io::Result<bool> {
    let mut digest = Digest::like(fingerprint);
    let mut reader = BufReader::with_capacity(64 << 10, File::open(file)?);
    loop {
        let read = reader.fill_buf()?;
        let len = read.len();
        if len == 0 {
            return Ok(digest.digits() == fingerprint);
        }
        digest.update(read);
        reader.consume(len);
    }
}

enum Digest {
    Blake3(Box<blake3::Hasher>),
    Sha256(sha2::Sha256),
}

impl Digest {
    /// Of the kind that this fingerprint is.
    fn like(fingerprint: &str) -> Self {
        match is_of_former_kind(fingerprint) {
            true => Self::Sha256(sha2::Sha256::new()),
            false => Self::Blake3(Box::default()),
        }
    }

    fn of(mut self, bytes: &[u8]) -> String {
        self.update(bytes);
        self.digits()
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Blake3(hasher) => drop(hasher.update(bytes)),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    fn digits(self) -> String {
        let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Blake3(hasher) => digits(&hasher.finalize().as_bytes()[..LEN]),
            Self::Sha256(hasher) => digits(&hasher.finalize()[..LEN_BEFORE]),
        }
    }
}
