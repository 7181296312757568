//! Opening and closing.
//!
//! In: where the database is, and who asks. Out: a [`Store`] whose schema is this program's, or a [`StoreError`] that
//! says what to do. Never: opens a database that two owners would share, or touches one that it does not know.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, query};

use super::lock::OwnerLock;
use super::{Store, StoreError, hub, schema};
use crate::config::StoreUrl;

/// How long a statement waits while another process writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that read: the server, the commands and the dashboard share them.
const READERS: u32 = 4;

const SQLITE_CORRUPT: u32 = 11;
const SQLITE_NOTADB: u32 = 26;

/// Who opens the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The process that scans and delivers: at most one at a time. Releases the leases of a crashed predecessor.
    Owner,
    /// A command that looks or steers beside a running owner. Refuses a database that does not exist, and one that an
    /// owner has yet to migrate.
    Guest,
}

impl Store {
    /// Opens the store, makes it if an owner finds none, and migrates it.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn open(url: &StoreUrl, access: Access) -> Result<Self, StoreError> {
        let StoreUrl::Sqlite(path) = url;
        Self::open_file(path, access, BUSY_TIMEOUT).await
    }

    /// Closes it; the last connection to close folds the write-ahead log into the database.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Whether the database answers, and a transaction can begin that would write. Waits for one that is under way, as
    /// every writer does.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        query("SELECT last_scan FROM meta").fetch_optional(&self.readers).await?;
        self.write().await?.rollback().await?;
        Ok(())
    }

    /// Whether what is written can be committed, which takes room on the disk: writes something that changes nothing.
    ///
    /// # Errors
    ///
    /// If it cannot.
    pub async fn ping_disk(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query("UPDATE meta SET last_scan = last_scan").execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn open_file(path: &Path, access: Access, busy: Duration) -> Result<Self, StoreError> {
        let lock = match access {
            Access::Owner => Some(Arc::new(own(path).await?)),
            Access::Guest => None,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(busy)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            // 16 MiB: pages that change all the time while a backlog goes out are copied less often.
            .pragma("wal_autocheckpoint", "4096")
            // What a statement would undo if it failed half-way is kept in memory: in a file it costs as much as the log.
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        schema::admit(path, &options, access).await?;
        let unusable = |error| StoreError::opening(path, &error);
        let writer = writer().connect_with(writing(options.clone(), access)).await.map_err(unusable)?;
        if access == Access::Owner {
            schema::migrate(&writer, path).await?;
            // The lock says that whoever held them is gone.
            query("UPDATE delivery SET lease_until = NULL WHERE lease_until IS NOT NULL")
                .execute(&writer)
                .await
                .map_err(unusable)?;
            let mut db = writer.acquire().await.map_err(unusable)?;
            hub::release(&mut db).await.map_err(unusable)?;
        }
        let readers = pool(READERS).connect_with(options.pragma("query_only", "ON")).await.map_err(unusable)?;
        Ok(Self { writer, readers, recent: Arc::default(), _lock: lock })
    }
}

impl StoreError {
    /// What an error of SQLite means while a database is being opened.
    pub(super) fn opening(path: &Path, error: &sqlx::Error) -> Self {
        // The low byte of an extended result code is the primary one (sqlite.org/rescode.html).
        let code =
            error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok()).map(|code| code & 0xff);
        let (path, reason) = (shown(path), error.to_string());
        match code {
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Corrupt { path, reason },
            _ => Self::Open { path, reason },
        }
    }
}

/// A path as errors name it.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Makes the directory and takes the lock in it.
async fn own(path: &Path) -> Result<OwnerLock, StoreError> {
    if let Some(dir) = path.parent() {
        tokio::fs::create_dir_all(dir).await.map_err(|error| StoreError::Open {
            path: shown(path),
            reason: format!("its directory cannot be made: {error}"),
        })?;
    }
    OwnerLock::take(path).await
}

/// What only an owner settles: the file is made if it is missing, keeps a write-ahead log, and gives room back.
fn writing(options: SqliteConnectOptions, access: Access) -> SqliteConnectOptions {
    match access {
        Access::Guest => options,
        Access::Owner => options
            .create_if_missing(true)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal),
    }
}

/// Connections stay: making one anew costs more than keeping it, and the last one to go would fold the log each time.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// The one connection that writes. When the disk is full, SQLite ends a transaction by itself; the ROLLBACK that follows
/// fails, and sqlx believes for ever that the transaction is still open. Such a connection is given up for a new one.
fn writer() -> SqlitePoolOptions {
    pool(1).after_release(|connection, _| {
        Box::pin(async move {
            // The rollback of a transaction that was dropped is done before a ping is answered.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make and look at files")]
mod tests {
    use std::fs;

    use sqlx::query_scalar;

    use super::super::fixtures::*;
    use super::*;

    #[tokio::test]
    async fn an_owner_makes_the_directory_and_the_database() {
        let place = Place::new();
        let path = place.dir.path().join("a/b/tidings.db");
        let store = Store::open(&StoreUrl::Sqlite(path.clone()), Access::Owner).await.unwrap();
        store.ping().await.unwrap();
        assert!(path.exists());
    }

    #[tokio::test]
    async fn every_connection_is_safe_and_patient() {
        let (_place, store) = store(&[]).await;
        let version: String = query_scalar("SELECT sqlite_version()").fetch_one(&store.writer).await.unwrap();
        let version: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(version >= vec![3, 51, 3], "older ones can corrupt a write-ahead log that is reset");

        let mode: String = query_scalar("PRAGMA journal_mode").fetch_one(&store.writer).await.unwrap();
        let synchronous: i64 = query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2));
        for db in [&store.writer, &store.readers] {
            let keys: i64 = query_scalar("PRAGMA foreign_keys").fetch_one(db).await.unwrap();
            let busy: i64 = query_scalar("PRAGMA busy_timeout").fetch_one(db).await.unwrap();
            assert_eq!((keys, busy), (1, 5_000));
        }
        assert!(query("DELETE FROM seen").execute(&store.readers).await.is_err(), "readers read");
    }

    #[tokio::test]
    async fn a_second_owner_is_refused_until_the_first_is_gone() {
        let (place, first) = store(&[]).await;
        let clone = first.clone();

        let error = place.open(Access::Owner).await.unwrap_err();
        assert!(matches!(error, StoreError::InUse { .. }), "{error}");
        drop(first);
        let error = place.open(Access::Owner).await.unwrap_err();
        assert!(matches!(error, StoreError::InUse { .. }), "a clone owns it too: {error}");
        drop(clone);

        place.open(Access::Owner).await.unwrap();
    }

    #[tokio::test]
    async fn guests_work_beside_an_owner_and_without_one() {
        let (place, owner) = store(&["hook"]).await;
        let guests = [place.open(Access::Guest).await.unwrap(), place.open(Access::Guest).await.unwrap()];
        for guest in &guests {
            assert_eq!(guest.endpoints().await.unwrap().len(), 1);
        }
        assert!(guests[0].enable("hook").await.unwrap());
        drop(owner);

        assert_eq!(place.open(Access::Guest).await.unwrap().endpoints().await.unwrap().len(), 1);
        place.open(Access::Owner).await.expect("guests do not own it");
    }

    #[tokio::test]
    async fn a_database_that_cannot_be_made_is_refused_with_the_reason() {
        let place = Place::new();
        let file = place.dir.path().join("file");
        fs::write(&file, "").unwrap();
        let below_a_file = Store::open(&StoreUrl::Sqlite(file.join("tidings.db")), Access::Owner).await.unwrap_err();
        assert!(matches!(below_a_file, StoreError::Open { .. }), "{below_a_file}");
        assert!(below_a_file.to_string().contains("its directory cannot be made: "), "{below_a_file}");

        fs::create_dir(place.path()).unwrap();
        let a_directory = place.open(Access::Owner).await.unwrap_err();
        assert!(matches!(a_directory, StoreError::Open { .. }), "{a_directory}");

        fs::create_dir(place.dir.path().join("locked.db.lock")).unwrap();
        let path = place.dir.path().join("locked.db");
        let no_lock = Store::open(&StoreUrl::Sqlite(path), Access::Owner).await.unwrap_err();
        assert!(no_lock.to_string().contains("locked.db.lock: "), "{no_lock}");
    }

    #[tokio::test]
    async fn closing_folds_the_log_into_the_database() {
        let (place, store) = store(&["hook"]).await;
        let log = place.dir.path().join("tidings.db-wal");
        assert!(log.exists());
        store.close().await;
        assert!(!log.exists());
        assert!(store.ping().await.is_err());
    }

    #[tokio::test]
    async fn a_write_waits_while_somebody_else_writes() {
        let (place, store) = store(&["hook"]).await;
        let mut stranger = place.stranger().await;
        query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();

        let commit = owing(&["a"], &["hook"]);
        let mut committed = std::pin::pin!(store.commit_scan(&commit));
        tokio::select! {
            biased;
            done = &mut committed => panic!("two writers at once: {done:?}"),
            read = store.seen() => assert!(read.unwrap().is_empty(), "readers do not wait"),
        }
        query("COMMIT").execute(&mut stranger).await.unwrap();

        assert_eq!(committed.await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_costs_the_store_nothing_more() {
        let (place, store) = store(&["hook"]).await;
        // What a full disk does to a transaction.
        let mut stranger = place.stranger().await;
        let full = "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ROLLBACK, 'full'); END";
        query(full).execute(&mut stranger).await.unwrap();
        let commit = owing(&["a"], &["hook"]);
        for _ in 0..2 {
            let error = store.commit_scan(&commit).await.unwrap_err();
            assert!(error.to_string().contains("full"), "{error}");
            store.ping().await.unwrap();
        }

        query("DROP TRIGGER full").execute(&mut stranger).await.unwrap();

        assert_eq!(store.commit_scan(&commit).await.unwrap(), 1);
        let busy: i64 = query_scalar("PRAGMA busy_timeout").fetch_one(&store.writer).await.unwrap();
        assert_eq!(busy, 5_000, "a new connection is like the old one");
    }

    #[tokio::test]
    async fn a_store_that_cannot_write_does_not_answer() {
        let (place, store) = store(&["hook"]).await;
        store.close().await;
        drop(store);
        let store = Store::open_file(&place.path(), Access::Owner, Duration::ZERO).await.unwrap();
        let mut stranger = place.stranger().await;
        query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();
        assert!(store.ping().await.unwrap_err().to_string().contains("locked"));

        query("ROLLBACK").execute(&mut stranger).await.unwrap();

        store.ping().await.unwrap();
    }

    #[tokio::test]
    async fn a_ping_waits_for_the_stores_own_transaction() {
        let (_place, store) = store(&["hook"]).await;
        let own = store.write().await.unwrap();
        let mut ping = std::pin::pin!(store.ping());
        tokio::select! {
            biased;
            done = &mut ping => panic!("it cannot have begun a transaction: {done:?}"),
            read = store.seen() => assert!(read.unwrap().is_empty()),
        }

        own.commit().await.unwrap();

        ping.await.unwrap();
    }

    #[tokio::test]
    async fn a_write_that_waited_too_long_fails_cleanly() {
        let (place, store) = store(&["hook"]).await;
        store.close().await;
        drop(store);
        let store = Store::open_file(&place.path(), Access::Owner, Duration::ZERO).await.unwrap();
        let mut stranger = place.stranger().await;
        query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();

        let error = store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap_err();
        assert!(error.to_string().contains("locked"), "{error}");
        query("COMMIT").execute(&mut stranger).await.unwrap();

        assert_eq!(store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap(), 1);
    }
}
