//! At most one owner: an advisory lock on a file beside the database.
//!
//! In: the database's path. Out: a lock that lasts as long as it is kept, or as long as the process lives.
//! Never: deletes the file, for somebody else may be waiting at it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::StoreError;

/// Proof that this process owns the database.
#[derive(Debug)]
pub(super) struct OwnerLock {
    file: File,
}

impl OwnerLock {
    /// Takes the lock of the database at `path`, whose directory exists.
    pub(super) async fn take(path: &Path) -> Result<Self, StoreError> {
        let shown = || path.display().to_string();
        let lock = lock_path(path);
        let refused =
            |error: std::io::Error| StoreError::Open { path: shown(), reason: format!("{}: {error}", lock.display()) };

        let file = tokio::fs::File::options().create(true).truncate(false).write(true).open(&lock).await;
        let file = file.map_err(refused)?.into_std().await;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: shown() }),
            Err(TryLockError::Error(error)) => Err(refused(error)),
        }
    }
}

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // A child has the open file too from its birth until its program runs, and would hold the lock for as long.
        drop(self.file.unlock());
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
