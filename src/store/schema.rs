//! The schema's versions: what is in the file, what this program knows, and the way from one to the other.
//!
//! In: where the database is. Out: the same database at the newest version, or why not. Never: a way back, or a change to
//! a file that is not ours to change.

use std::borrow::Cow;
use std::path::Path;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, query_scalar};

use super::open::shown;
use super::{Access, StoreError};

/// Every step, oldest first. A step that was released is never changed: its text is checked against what was run.
const STEPS: [(i64, &str, &str); 7] = [
    (1, "initial", include_str!("migrations/0001_initial.sql")),
    (2, "identity", include_str!("migrations/0002_identity.sql")),
    (3, "delivery", include_str!("migrations/0003_delivery.sql")),
    (4, "hub", include_str!("migrations/0004_hub.sql")),
    (5, "locality", include_str!("migrations/0005_locality.sql")),
    (6, "fingerprint", include_str!("migrations/0006_fingerprint.sql")),
    (7, "fingerprint", include_str!("migrations/0007_fingerprint.sql")),
];

/// The newest version.
const KNOWN: i64 = STEPS[STEPS.len() - 1].0;

/// `PRAGMA application_id` of our databases, set by the first step: `TDNG`.
const APPLICATION_ID: i64 = 0x5444_4e47;

/// What there is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// No file, or no table in it.
    Nothing,
    /// Our tables, in this version.
    Version(i64),
    /// Somebody else's tables.
    Foreign,
}

/// Whether what is at `path` may be opened. Looks with a connection of its own, and changes nothing.
pub(super) async fn admit(path: &Path, options: &SqliteConnectOptions, access: Access) -> Result<(), StoreError> {
    let (known, shown) = (KNOWN, shown(path));
    match (look(path, options, access).await?, access) {
        (Found::Version(KNOWN), _) | (Found::Nothing, Access::Owner) => Ok(()),
        (Found::Version(found), _) if found > KNOWN => Err(StoreError::Newer { path: shown, found, known }),
        (Found::Version(_), Access::Owner) => Ok(()),
        (Found::Version(found), Access::Guest) => Err(StoreError::Older { path: shown, found, known }),
        (Found::Nothing, Access::Guest) => Err(StoreError::Missing { path: shown }),
        (Found::Foreign, _) => Err(StoreError::Corrupt { path: shown, reason: "it is another program's".to_owned() }),
    }
}

/// Runs the steps that are missing, each in a transaction of its own.
pub(super) async fn migrate(db: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let steps = STEPS.map(|(version, name, sql)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(steps.into()).run(db).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => StoreError::opening(path, &error),
        other => StoreError::Corrupt { path: shown(path), reason: other.to_string() },
    })
}

async fn look(path: &Path, options: &SqliteConnectOptions, access: Access) -> Result<Found, StoreError> {
    let unusable = |error| StoreError::opening(path, &error);
    match tokio::fs::try_exists(path).await {
        Ok(true) => {}
        Ok(false) => return Ok(Found::Nothing),
        Err(error) => return Err(unusable(error.into())),
    }
    let mut db = options.connect().await.map_err(unusable)?;
    let found = found(&mut db).await.map_err(unusable)?;
    if access == Access::Owner {
        check_pages(&mut db, path).await?;
    }
    db.close().await.map_err(unusable)?;
    Ok(found)
}

async fn found(db: &mut SqliteConnection) -> sqlx::Result<Found> {
    let application: i64 = query_scalar("PRAGMA application_id").fetch_one(&mut *db).await?;
    if application == APPLICATION_ID {
        return Ok(Found::Version(query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(db).await?));
    }
    // The table of steps alone is what a crash before the first step leaves behind.
    let others = "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> '_sqlx_migrations'";
    match query_scalar(others).fetch_one(db).await? {
        0_i64 => Ok(Found::Nothing),
        _ => Ok(Found::Foreign),
    }
}

/// Damage is found now, by an owner, rather than in the middle of a scan.
async fn check_pages(db: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let verdict = query_scalar("PRAGMA quick_check(1)").fetch_one(db).await;
    match verdict.map_err(|error| StoreError::opening(path, &error))? {
        ok if ok == "ok" => Ok(()),
        reason => Err(StoreError::Corrupt { path: shown(path), reason }),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make and look at files")]
mod tests {
    use std::fs;

    use sqlx::query;

    use super::super::Store;
    use super::super::fixtures::*;
    use super::*;
    use crate::events::Seen;
    use crate::posts::{Post, TextPrint};

    #[tokio::test]
    async fn a_guest_finds_nothing_and_leaves_nothing() {
        let place = Place::new();
        let error = place.open(Access::Guest).await.unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }), "{error}");
        assert_eq!(fs::read_dir(place.dir.path()).unwrap().count(), 0);

        fs::write(place.path(), "").unwrap();
        let error = place.open(Access::Guest).await.unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }), "an empty file: {error}");
        assert_eq!(fs::metadata(place.path()).unwrap().len(), 0);
    }

    #[tokio::test]
    async fn a_newer_schema_is_refused_and_left_as_it_is() {
        let (place, store) = store(&[]).await;
        execute(
            &store,
            "INSERT INTO _sqlx_migrations SELECT 99, 'later', installed_on, 1, checksum, 0 FROM _sqlx_migrations LIMIT 1",
        )
        .await;
        close(store).await;

        for access in [Access::Owner, Access::Guest] {
            let error = place.open(access).await.unwrap_err();
            assert!(matches!(error, StoreError::Newer { found: 99, known: KNOWN, .. }), "{error}");
        }
    }

    #[tokio::test]
    async fn a_guest_refuses_an_older_schema() {
        let (place, store) = store(&[]).await;
        execute(&store, "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
            .await;
        close(store).await;

        let error = place.open(Access::Guest).await.unwrap_err();
        assert!(matches!(error, StoreError::Older { known: KNOWN, .. }), "{error}");
    }

    #[tokio::test]
    async fn a_store_of_the_first_version_keeps_what_it_holds() {
        let place = Place::new();
        let options = SqliteConnectOptions::new().filename(place.path()).create_if_missing(true);
        let old = SqlitePool::connect_with(options).await.unwrap();
        let (version, name, sql) = STEPS[0];
        let first = Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false);
        Migrator::with_migrations(vec![first]).run(&old).await.unwrap();
        let post = serde_json::to_string(&seen("a").post).unwrap();
        let row =
            "INSERT INTO seen VALUES ('a', 'a.md', 'tag:a', x'07070707070707070707070707070707', 1, NULL, ?1, 0, ?2)";
        query(row).bind(at(0).timestamp_millis()).bind(post).execute(&old).await.unwrap();
        query("INSERT INTO meta VALUES (1, ?1)").bind(at(5).timestamp_millis()).execute(&old).await.unwrap();
        old.close().await;

        let store = place.owner().await;
        let known = Seen { text: Some(TextPrint::UNKNOWN), ..seen("a") };
        assert_eq!(store.seen().await.unwrap(), [("a".to_owned(), known)].into());
        assert_eq!(store.last_scan().await.unwrap(), Some(at(5)));
        assert!(store.feeds().await.unwrap().is_empty() && store.unread().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_was_seen_under_other_fingerprints_is_known_as_such_unless_it_is_gone() {
        for version in [5, 6] {
            let place = Place::new();
            let options = SqliteConnectOptions::new().filename(place.path()).create_if_missing(true);
            let old = SqlitePool::connect_with(options).await.unwrap();
            let steps = STEPS[..version].iter().map(|&(version, name, sql)| {
                Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
            });
            Migrator::with_migrations(steps.collect()).run(&old).await.unwrap();
            let post = serde_json::to_string(&seen("a").post).unwrap();
            for (key, gone) in [("a", false), ("b", true)] {
                let row = "INSERT INTO seen (key, path, entry_id, revision, changes, first_seen, gone, post, text)
                           VALUES (?1, ?1, ?1, ?2, 1, 0, ?3, ?4, ?2)";
                query(row).bind(key).bind(vec![7; 16]).bind(gone).bind(&post).execute(&old).await.unwrap();
            }
            let row = "INSERT INTO last_good VALUES ('a', 'a.md', ?1, 'https://example.org/a/', ?2, NULL, '0')";
            let broken = Post { text: Some(TextPrint([7; 16])), ..crate::posts::testing::post("a", 1) };
            let broken = serde_json::to_string(&broken).unwrap();
            query(row).bind(vec![7; 16]).bind(broken).execute(&old).await.unwrap();
            old.close().await;

            let store = place.owner().await;
            assert_eq!(store.good_posts(&["a"]).await.unwrap()[0].text, Some(TextPrint::UNKNOWN));
            let known = store.seen().await.unwrap();
            assert_eq!((known["a"].text, known["b"].text), (Some(TextPrint::UNKNOWN), Some(TextPrint([7; 16]))));
        }
    }

    #[tokio::test]
    async fn an_owner_goes_on_where_one_died_before_the_first_step() {
        let place = Place::new();
        let mut db =
            SqliteConnectOptions::new().filename(place.path()).create_if_missing(true).connect().await.unwrap();
        sqlx::migrate::Migrate::ensure_migrations_table(&mut db, "_sqlx_migrations").await.unwrap();
        db.close().await.unwrap();

        let error = place.open(Access::Guest).await.unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }), "{error}");
        place.owner().await.ping().await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_database_of_ours_is_refused_and_left_as_it_is() {
        let place = Place::new();
        let mut db =
            SqliteConnectOptions::new().filename(place.path()).create_if_missing(true).connect().await.unwrap();
        query("CREATE TABLE theirs (x)").execute(&mut db).await.unwrap();
        db.close().await.unwrap();
        let theirs = fs::read(place.path()).unwrap();
        let texts = [b"hello".to_vec(), b"A text file.\n".repeat(1_000)];

        for bytes in texts.into_iter().chain([theirs]) {
            fs::write(place.path(), &bytes).unwrap();
            for access in [Access::Guest, Access::Owner] {
                let error = place.open(access).await.unwrap_err();
                assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
            }
            assert!(fs::read(place.path()).unwrap() == bytes, "it was written to");
        }
    }

    #[tokio::test]
    async fn a_damaged_database_is_refused() {
        let (place, store) = store(&["hook"]).await;
        let keys: Vec<String> = (0..500).map(|n| format!("e{n}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        store.commit_scan(&owing(&keys, &["hook"])).await.unwrap();
        close(store).await;
        let mut bytes = fs::read(place.path()).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8_192].fill(0xa5);
        fs::write(place.path(), bytes).unwrap();

        let error = place.open(Access::Owner).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }

    async fn close(store: Store) {
        store.close().await;
    }

    async fn execute(store: &Store, sql: &'static str) {
        query(sql).execute(&store.writer).await.unwrap();
    }
}
