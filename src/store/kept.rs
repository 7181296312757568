//! What a scan keeps beside the posts: when each feed changed, which path each term has, the last good state of what feeds
//! show or is broken, and what could not be read at the baseline.
//!
//! In: what one scan found. Out: the same for the next one. Never: a look into a post's text.

use std::collections::{HashMap, HashSet};

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row, SqliteConnection, query, query_scalar};

use super::scan::ROWS;
use super::values::{decode, json, json_text, time};
use super::{Store, StoreError};
use crate::config::Taxonomy;
use crate::feeds::changed::{Member, Shown};
use crate::posts::{Post, Revision};

/// The version of the program, which says what a post is made of.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What changed of it in one scan.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Feeds that changed, by path.
    pub feeds: Vec<(String, Shown)>,
    /// Paths of feeds that are gone.
    pub feeds_gone: Vec<String>,
    /// Terms whose feeds have a path for the first time, or another one: taxonomy, key, slug.
    pub terms: Vec<(Taxonomy, String, String)>,
    /// Posts that feeds show, or that are broken, where their last good state is another one than is kept.
    pub good: Vec<LastGood>,
    /// Keys of posts that no feed shows any more, and that are not broken.
    pub good_gone: Vec<String>,
    /// What was there at the baseline and still cannot be read; `None` leaves it as it is.
    pub unread: Option<HashSet<String>>,
}

/// The last good state of a post that a feed shows, or whose file is broken.
#[derive(Debug, Clone, PartialEq)]
pub struct LastGood {
    /// The post, as it was read.
    pub post: Post,
    /// Its rendered body, packed; `None` where there was no room for it, or no feed showed it.
    pub body: Option<Vec<u8>>,
}

/// What tells which [`LastGood`] is kept, without the post itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodState {
    /// [`Post::path`].
    pub path: String,
    /// [`Post::revision`].
    pub revision: Revision,
    /// [`Post::url`].
    pub url: String,
    /// Bytes of its packed body.
    pub size: usize,
    /// Whether this version of the program wrote it.
    pub is_current: bool,
}

impl GoodState {
    /// What tells that this is kept.
    #[must_use]
    pub fn of(good: &LastGood) -> Self {
        Self {
            path: good.post.path.clone(),
            revision: good.post.revision,
            url: good.post.url.clone(),
            size: good.body.as_ref().map_or(0, Vec::len),
            is_current: true,
        }
    }
}

impl Store {
    /// What each feed was last, by path.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn feeds(&self) -> Result<HashMap<String, Shown>, StoreError> {
        let rows = query("SELECT path, updated, members FROM feed").try_map(read_feed);
        Ok(rows.fetch_all(&self.readers).await?.into_iter().collect())
    }

    /// The slug of each term that was given one, by taxonomy and key.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn term_paths(&self) -> Result<HashMap<(Taxonomy, String), String>, StoreError> {
        let rows = query("SELECT taxonomy, key, slug FROM term_path").try_map(|row: SqliteRow| {
            let taxonomy = decode("taxonomy", row.try_get::<&str, _>("taxonomy")?, taxonomy)?;
            Ok(((taxonomy, row.try_get("key")?), row.try_get("slug")?))
        });
        Ok(rows.fetch_all(&self.readers).await?.into_iter().collect())
    }

    /// What could not be read at the baseline, and not since.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn unread(&self) -> Result<HashSet<String>, StoreError> {
        let paths: Vec<String> = query_scalar("SELECT path FROM unread").fetch_all(&self.readers).await?;
        Ok(paths.into_iter().collect())
    }

    /// Of which posts the last good state is kept, by key.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn good_states(&self) -> Result<HashMap<String, GoodState>, StoreError> {
        let sql = "SELECT key, path, revision, url, coalesce(length(body), 0) AS size, version FROM last_good";
        let rows = query(sql).try_map(read_good_state);
        Ok(rows.fetch_all(&self.readers).await?.into_iter().collect())
    }

    /// The posts with these keys in their last good states, but for those of a version that had other posts.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn good_posts(&self, keys: &[&str]) -> Result<Vec<Post>, StoreError> {
        let sql = "SELECT post FROM last_good WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key";
        let rows = query(sql).bind(json_text(keys)?).try_map(|row: SqliteRow| Ok(json(&row, "post").ok()));
        Ok(rows.fetch_all(&self.readers).await?.into_iter().flatten().collect())
    }

    /// The packed body of this state of a post, if it is kept.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn good_body(&self, post: &Post) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT body FROM last_good WHERE key = ? AND revision = ? AND url = ?";
        let row = query_scalar(sql).bind(&post.key).bind(post.revision.0.to_vec()).bind(&post.url);
        let body: Option<Option<Vec<u8>>> = row.fetch_optional(&self.readers).await?;
        Ok(body.flatten())
    }
}

/// Writes it, in the transaction of a scan.
pub(super) async fn keep(db: &mut SqliteConnection, kept: &Kept) -> sqlx::Result<()> {
    upsert_feeds(db, &kept.feeds).await?;
    delete(db, "DELETE FROM feed WHERE path IN (SELECT value FROM json_each(?))", &kept.feeds_gone).await?;
    upsert_terms(db, &kept.terms).await?;
    delete(db, "DELETE FROM last_good WHERE key IN (SELECT value FROM json_each(?))", &kept.good_gone).await?;
    upsert_good(db, &kept.good).await?;
    if let Some(unread) = &kept.unread {
        query("DELETE FROM unread").execute(&mut *db).await?;
        let sql = "INSERT INTO unread SELECT value FROM json_each(?)";
        query(sql).bind(json_text(unread)?).execute(db).await?;
    }
    Ok(())
}

async fn delete(db: &mut SqliteConnection, sql: &'static str, names: &[String]) -> sqlx::Result<()> {
    if !names.is_empty() {
        query(sql).bind(json_text(names)?).execute(db).await?;
    }
    Ok(())
}

async fn upsert_feeds(db: &mut SqliteConnection, feeds: &[(String, Shown)]) -> sqlx::Result<()> {
    for chunk in feeds.chunks(ROWS) {
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO feed (path, updated, members) ");
        sql.push_values(chunk, |mut row, (path, shown)| {
            row.push_bind(path).push_bind(shown.updated.timestamp_millis()).push_bind(shown.members.concat());
        });
        sql.push(" ON CONFLICT (path) DO UPDATE SET updated = excluded.updated, members = excluded.members");
        sql.build().persistent(false).execute(&mut *db).await?;
    }
    Ok(())
}

async fn upsert_terms(db: &mut SqliteConnection, terms: &[(Taxonomy, String, String)]) -> sqlx::Result<()> {
    for chunk in terms.chunks(ROWS) {
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO term_path (taxonomy, key, slug) ");
        sql.push_values(chunk, |mut row, (taxonomy, key, slug)| {
            row.push_bind(taxonomy.dir()).push_bind(key).push_bind(slug);
        });
        sql.push(" ON CONFLICT (taxonomy, key) DO UPDATE SET slug = excluded.slug");
        sql.build().persistent(false).execute(&mut *db).await?;
    }
    Ok(())
}

async fn upsert_good(db: &mut SqliteConnection, good: &[LastGood]) -> sqlx::Result<()> {
    for chunk in good.chunks(ROWS) {
        let posts = chunk.iter().map(|good| json_text(&good.post)).collect::<sqlx::Result<Vec<_>>>()?;
        let mut sql =
            QueryBuilder::<Sqlite>::new("INSERT INTO last_good (key, path, revision, url, post, body, version) ");
        sql.push_values(chunk.iter().zip(posts), |mut row, (LastGood { post, body }, text)| {
            row.push_bind(&post.key)
                .push_bind(&post.path)
                .push_bind(post.revision.0.to_vec())
                .push_bind(&post.url)
                .push_bind(text)
                .push_bind(body.as_deref())
                .push_bind(VERSION);
        });
        sql.push(
            " ON CONFLICT (key) DO UPDATE SET path = excluded.path, revision = excluded.revision, url = excluded.url, \
             post = excluded.post, body = excluded.body, version = excluded.version",
        );
        sql.build().persistent(false).execute(&mut *db).await?;
    }
    Ok(())
}

fn read_feed(row: SqliteRow) -> sqlx::Result<(String, Shown)> {
    let members: &[u8] = row.try_get("members")?;
    let (members, rest) = members.as_chunks::<{ size_of::<Member>() }>();
    decode("members", rest.len(), |rest| (rest == 0).then_some(()))?;
    Ok((row.try_get("path")?, Shown { updated: time(&row, "updated")?, members: members.to_vec() }))
}

fn read_good_state(row: SqliteRow) -> sqlx::Result<(String, GoodState)> {
    let revision = decode("revision", row.try_get::<&[u8], _>("revision")?, |bytes| bytes.try_into().ok())?;
    let size = decode("size", row.try_get::<i64, _>("size")?, |size| usize::try_from(size).ok())?;
    let (path, url) = (row.try_get("path")?, row.try_get("url")?);
    let is_current = row.try_get::<&str, _>("version")? == VERSION;
    Ok((row.try_get("key")?, GoodState { path, revision: Revision(revision), url, size, is_current }))
}

fn taxonomy(dir: &str) -> Option<Taxonomy> {
    Taxonomy::ALL.into_iter().find(|taxonomy| taxonomy.dir() == dir)
}

#[cfg(test)]
mod tests {
    use super::super::ScanCommit;
    use super::super::fixtures::*;
    use super::*;
    use crate::posts::testing::post;

    async fn commit(store: &Store, kept: Kept) {
        store.commit_scan(&ScanCommit { kept, ..ScanCommit::default() }).await.unwrap();
    }

    #[tokio::test]
    async fn feeds_come_back_as_they_were_until_they_go() {
        let (_place, store) = store(&[]).await;
        let shown = |seconds, members: &[Member]| Shown { updated: at(seconds), members: members.to_vec() };
        let feeds = vec![("feed".to_owned(), shown(1, &[[1; 8], [2; 8]])), ("tags/a".to_owned(), shown(1, &[]))];
        commit(&store, Kept { feeds, ..Kept::default() }).await;
        let feeds = vec![("feed".to_owned(), shown(2, &[[2; 8]]))];
        commit(&store, Kept { feeds, feeds_gone: names(&["tags/a"]), ..Kept::default() }).await;
        assert_eq!(store.feeds().await.unwrap(), [("feed".to_owned(), shown(2, &[[2; 8]]))].into());
    }

    #[tokio::test]
    async fn terms_keep_their_paths() {
        let (_place, store) = store(&[]).await;
        let terms =
            vec![(Taxonomy::Tag, "c#".to_owned(), "c".to_owned()), (Taxonomy::Category, "c#".into(), "c-1".into())];
        commit(&store, Kept { terms: terms.clone(), ..Kept::default() }).await;
        commit(&store, Kept { terms: vec![(Taxonomy::Tag, "c#".into(), "csharp".into())], ..Kept::default() }).await;
        let paths = store.term_paths().await.unwrap();
        assert_eq!(paths[&(Taxonomy::Tag, "c#".to_owned())], "csharp");
        assert_eq!(paths[&(Taxonomy::Category, "c#".to_owned())], "c-1");
    }

    #[tokio::test]
    async fn what_was_unread_stays_until_it_is_said_anew() {
        let (_place, store) = store(&[]).await;
        commit(&store, Kept { unread: Some(["a".to_owned(), "b".to_owned()].into()), ..Kept::default() }).await;
        commit(&store, Kept::default()).await;
        commit(&store, Kept { unread: Some(["b".to_owned()].into()), ..Kept::default() }).await;
        assert_eq!(store.unread().await.unwrap(), ["b".to_owned()].into());
    }

    #[tokio::test]
    async fn the_last_good_state_comes_back_whole() {
        let (_place, store) = store(&[]).await;
        let good = |path: &str, body| LastGood { post: Post { tags: vec!["日".into()], ..post(path, 1) }, body };
        let both = vec![good("a", Some(vec![1, 2, 3])), good("b", None)];
        commit(&store, Kept { good: both.clone(), ..Kept::default() }).await;
        let posts: Vec<Post> = both.iter().map(|good| good.post.clone()).collect();
        assert_eq!(store.good_posts(&["b", "a", "c"]).await.unwrap(), posts);
        assert_eq!(store.good_body(&posts[0]).await.unwrap(), both[0].body);
        assert_eq!(store.good_body(&posts[1]).await.unwrap(), None);
        let edited = Post { revision: Revision([9; 16]), ..posts[0].clone() };
        assert_eq!(store.good_body(&edited).await.unwrap(), None, "another state");
        let states = store.good_states().await.unwrap();
        assert_eq!((states["a"].size, states["b"].size, states["a"].revision), (3, 0, both[0].post.revision));
        commit(&store, Kept { good_gone: names(&["a"]), ..Kept::default() }).await;
        assert_eq!(store.good_posts(&["a", "b"]).await.unwrap(), posts[1..]);
    }
}
