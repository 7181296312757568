//! The outbox: events, and to whom each is owed.
//!
//! In: events with the names of their endpoints, and a transaction. Out: deliveries that can be claimed once it commits.
//! Never: the same event twice, or a change to one that is known.
//!
//! News about a post that an endpoint has not been sent yet is overtaken by newer news about it:
//!
//! | not sent yet | newer | owed then |
//! |---|---|---|
//! | `post.published` | `post.updated` | `post.published` as the post is now |
//! | `post.published` | `post.removed` | nothing |
//! | `post.updated` | `post.updated`, `post.removed` | the newer |
//! | `post.removed` | `post.published` | both, in this order |

use std::collections::{HashMap, HashSet};

use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row, SqliteConnection, query, query_scalar};

use super::scan::ROWS;
use super::values::json_text;
use super::{Store, StoreError};
use crate::config::EventType;
use crate::events::Event;
use crate::events::notices::Streak;

/// What endpoints are owed about posts and were not sent.
const UNSENT: &str = "
    SELECT d.id, d.event_id, d.endpoint, e.post_key, e.type
    FROM event e JOIN delivery d ON d.event_id = e.id
    WHERE e.post_key IN (SELECT value FROM json_each(?1)) AND d.state = 'pending' AND d.lease_token = 0
    ORDER BY d.id";

const OVERTAKE: &str = "
    UPDATE delivery SET state = 'cancelled', finished_at = ?2, reason = 'overtaken by newer news about the post'
    WHERE id IN (SELECT value FROM json_each(?1))";

/// The last notice about scans, if it is that they fail.
const SCANS_FAILING: &str = "
    SELECT data FROM (SELECT type, data FROM event WHERE type IN (?1, ?2) ORDER BY timestamp DESC LIMIT 1) WHERE type = ?1";

/// Something that an endpoint was not sent yet.
struct Unsent {
    id: i64,
    event_id: String,
    event_type: String,
}

/// By endpoint and post.
type Backlog = HashMap<(String, String), Vec<Unsent>>;

impl Store {
    /// Commits one event and who is owed it, apart from any scan. What [`Store::commit_scan`] says of events holds. Returns
    /// how many deliveries are new.
    ///
    /// # Errors
    ///
    /// If the database fails; then nothing was written.
    pub async fn owe(&self, event: &Event, endpoints: &[String]) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let new = insert_events(&mut tx, &[(event, endpoints)]).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// The streak of failures that somebody was told of, and of whose end nobody was.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn scans_failing(&self) -> Result<Option<Streak>, StoreError> {
        let data: Option<String> = query_scalar(SCANS_FAILING)
            .bind(EventType::ScanFailing.as_str())
            .bind(EventType::ScanRecovered.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(data.and_then(|data| serde_json::from_str(&data).ok()))
    }
}

/// Inserts events and the deliveries owed, in order; returns how many deliveries are new.
pub(super) async fn insert_events(db: &mut SqliteConnection, events: &[(&Event, &[String])]) -> sqlx::Result<u64> {
    let known: HashSet<String> =
        query_scalar("SELECT name FROM endpoint").fetch_all(&mut *db).await?.into_iter().collect();
    let (backlog, told_first) = (backlog(db, events).await?, told_first(db, events).await?);
    let firsts: Vec<Option<Event>> = events.iter().map(|(event, _)| event.as_first()).collect();
    let (mut owed, mut overtaken, mut at) = (Vec::new(), Vec::new(), None);
    for ((event, names), first) in events.iter().zip(&firsts) {
        for name in names.iter().filter(|name| known.contains(*name)) {
            let key = (name.clone(), event.key.clone().unwrap_or_default());
            let old = backlog.get(&key).map_or(&[][..], Vec::as_slice);
            let is_first = first.as_ref().is_some_and(|first| told_first.contains(&(first.id.clone(), name.clone())));
            let news = if is_first { first.as_ref() } else { news(event, first.as_ref(), old) };
            owed.extend(news.map(|news| (news, name)));
            let is_overtaken = |old: &&Unsent| {
                old.event_type != EventType::PostRemoved.as_str() && news.is_none_or(|news| news.id != old.event_id)
            };
            overtaken.extend(old.iter().filter(is_overtaken).map(|old| old.id));
            at = Some(event.timestamp);
        }
    }
    if let Some(at) = at.filter(|_| !overtaken.is_empty()) {
        query(OVERTAKE).bind(json_text(&overtaken)?).bind(at.timestamp_millis()).execute(&mut *db).await?;
    }
    let mut told: Vec<&Event> = owed.iter().map(|(event, _)| *event).collect();
    let mut ids = HashSet::new();
    told.retain(|event| ids.insert(event.id.as_str()));
    insert_told(db, &told).await?;
    // What is sent together stands together: a commit of claims or of results writes fewer pages.
    owed.sort_by_key(|(_, name)| *name);
    insert_owed(db, &owed).await
}

/// What an endpoint is owed of an event, if it was not sent `old` yet.
fn news<'a>(event: &'a Event, first: Option<&'a Event>, old: &[Unsent]) -> Option<&'a Event> {
    let is_new = old.iter().any(|old| old.event_type == EventType::PostPublished.as_str());
    match event.event_type {
        EventType::PostUpdated if is_new => first,
        EventType::PostRemoved if is_new => None,
        _ => Some(event),
    }
}

async fn backlog(db: &mut SqliteConnection, events: &[(&Event, &[String])]) -> sqlx::Result<Backlog> {
    let keys: Vec<&str> = events.iter().filter_map(|(event, _)| event.key.as_deref()).collect();
    let mut backlog = Backlog::new();
    if keys.is_empty() {
        return Ok(backlog);
    }
    for row in query(UNSENT).bind(json_text(&keys)?).fetch_all(db).await? {
        let unsent =
            Unsent { id: row.try_get("id")?, event_id: row.try_get("event_id")?, event_type: row.try_get("type")? };
        backlog.entry((row.try_get("endpoint")?, row.try_get("post_key")?)).or_default().push(unsent);
    }
    Ok(backlog)
}

/// Which endpoints were told of a change as if it were the post's first news, by the id that it has then.
async fn told_first(
    db: &mut SqliteConnection,
    events: &[(&Event, &[String])],
) -> sqlx::Result<HashSet<(String, String)>> {
    let ids: Vec<&str> = events.iter().filter_map(|(event, _)| event.first_id.as_deref()).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = "SELECT event_id, endpoint FROM delivery WHERE event_id IN (SELECT value FROM json_each(?1))";
    let told =
        query(sql).bind(json_text(&ids)?).try_map(|row| Ok((row.try_get("event_id")?, row.try_get("endpoint")?)));
    Ok(told.fetch_all(db).await?.into_iter().collect())
}

async fn insert_told(db: &mut SqliteConnection, events: &[&Event]) -> sqlx::Result<()> {
    for chunk in events.chunks(ROWS) {
        let data = chunk.iter().map(|event| json_text(&event.data)).collect::<sqlx::Result<Vec<_>>>()?;
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO event (id, type, post_key, timestamp, data, html) ");
        sql.push_values(chunk.iter().zip(data), |mut row, (event, data)| {
            row.push_bind(&event.id)
                .push_bind(event.event_type.as_str())
                .push_bind(&event.key)
                .push_bind(event.timestamp.timestamp_millis())
                .push_bind(data)
                .push_bind(&event.html);
        });
        sql.push(" ON CONFLICT (id) DO NOTHING");
        sql.build().persistent(false).execute(&mut *db).await?;
    }
    Ok(())
}

async fn insert_owed(db: &mut SqliteConnection, owed: &[(&Event, &String)]) -> sqlx::Result<u64> {
    let mut new = 0;
    for chunk in owed.chunks(ROWS) {
        let mut sql =
            QueryBuilder::<Sqlite>::new("INSERT INTO delivery (event_id, endpoint, state, created_at, due_at) ");
        sql.push_values(chunk, |mut row, (event, endpoint)| {
            let at = event.timestamp.timestamp_millis();
            row.push_bind(&event.id).push_bind(*endpoint);
            row.push("'pending'").push_bind(at).push_bind(at);
        });
        sql.push(" ON CONFLICT (event_id, endpoint) DO NOTHING");
        new += sql.build().persistent(false).execute(&mut *db).await?.rows_affected();
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::{ScanCommit, Verdict};
    use super::*;
    use crate::events::notices::{scan_failing, scan_recovered};

    #[tokio::test]
    async fn committing_the_same_scan_twice_owes_nothing_more() {
        let (_place, store) = store(&["one", "two"]).await;
        let commit = owing(&["a", "b"], &["one", "two"]);
        assert_eq!(store.commit_scan(&commit).await.unwrap(), 4);
        let claim = claim_all(&store, "one", 0).await.remove(0);
        complete(&store, &claim, Verdict::Delivered, 1).await;

        assert_eq!(store.commit_scan(&commit).await.unwrap(), 0);

        assert_eq!(count(&store, "event").await, 2);
        assert_eq!(ids(&claim_all(&store, "one", 60).await), ["b"], "what was delivered stays delivered");
    }

    #[tokio::test]
    async fn an_event_that_is_known_keeps_its_first_bytes() {
        let (_place, store) = store(&["one", "two"]).await;
        store.commit_scan(&owing(&["a"], &["one"])).await.unwrap();
        let other = Event { data: serde_json::json!({"title": "other"}), ..event("a") };

        assert_eq!(enqueue(&store, &other, &["one", "two"]).await, 1);

        let first = claim_all(&store, "one", 0).await.remove(0);
        let second = claim_all(&store, "two", 0).await.remove(0);
        assert_eq!(first.data, second.data);
    }

    #[tokio::test]
    async fn an_event_is_kept_only_if_a_known_endpoint_is_owed_it() {
        let (_place, store) = store(&["hook"]).await;
        let events = vec![
            (event("nobody"), names(&[])),
            (event("stranger"), names(&["unknown"])),
            (event("both"), names(&["unknown", "hook"])),
        ];

        assert_eq!(store.commit_scan(&ScanCommit { events, ..ScanCommit::default() }).await.unwrap(), 1);

        assert_eq!(count(&store, "event").await, 1);
        assert_eq!(ids(&claim_all(&store, "hook", 0).await), ["both"]);
    }

    #[tokio::test]
    async fn a_notice_is_owed_apart_from_any_scan_and_once() {
        let (_place, store) = store(&["hook"]).await;
        assert_eq!(store.owe(&event("a"), &names(&["hook", "stranger"])).await.unwrap(), 1);
        assert_eq!(store.owe(&event("a"), &names(&["hook"])).await.unwrap(), 0);
        assert_eq!(ids(&claim_all(&store, "hook", 0).await), ["a"]);
    }

    #[tokio::test]
    async fn a_streak_of_failures_is_known_until_its_end_was_told() {
        let (_place, store) = store(&["hook"]).await;
        let streak = |start| Streak { since: at(start), failures: 3 };
        assert_eq!(store.scans_failing().await.unwrap(), None);
        for start in [0, 1000] {
            let hook = names(&["hook"]);
            store.owe(&scan_failing("s", streak(start), "no disk", at(start + 60)), &hook).await.unwrap();
            assert_eq!(store.scans_failing().await.unwrap(), Some(streak(start)));
            store.owe(&scan_recovered("s", streak(start), at(start + 90)), &hook).await.unwrap();
            assert_eq!(store.scans_failing().await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_disabled_endpoint_is_owed_what_happens_meanwhile() {
        let (_place, store) = store(&["hook"]).await;
        store.commit_scan(&owing(&["a"], &["hook"])).await.unwrap();
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        complete(&store, &claim, Verdict::Gone, 1).await;

        assert_eq!(store.commit_scan(&owing(&["b"], &["hook"])).await.unwrap(), 1);

        assert!(claim_all(&store, "hook", 2).await.is_empty());
        assert!(store.enable("hook").await.unwrap());
        assert_eq!(ids(&claim_all(&store, "hook", 2).await), ["a", "b"]);
    }

    fn news_about(post: &str, id: &str, event_type: EventType) -> Event {
        let first_id = (event_type == EventType::PostUpdated).then(|| format!("{id}-first"));
        Event { key: Some(post.to_owned()), event_type, first_id, ..event(id) }
    }

    /// What an endpoint is sent after these events, of which it was sent none before the last.
    async fn sent_after(types: &[EventType]) -> Vec<(String, EventType)> {
        let (_place, store) = store(&["hook"]).await;
        for (n, event_type) in types.iter().enumerate() {
            enqueue(&store, &news_about("p.md", &n.to_string(), *event_type), &["hook"]).await;
        }
        let claims = claim_all(&store, "hook", 0).await;
        claims.into_iter().map(|claim| (claim.event_id.to_string(), claim.event_type)).collect()
    }

    #[tokio::test]
    async fn newer_news_overtakes_what_was_not_sent() {
        use EventType::{PostPublished as Published, PostRemoved as Removed, PostUpdated as Updated};
        let sent = |id: &str, event_type| (id.to_owned(), event_type);
        assert_eq!(sent_after(&[Published, Updated]).await, [sent("1-first", Published)]);
        assert_eq!(sent_after(&[Published, Updated, Updated]).await, [sent("2-first", Published)]);
        assert_eq!(sent_after(&[Published, Removed]).await, []);
        assert_eq!(sent_after(&[Updated, Updated]).await, [sent("1", Updated)]);
        assert_eq!(sent_after(&[Updated, Removed]).await, [sent("1", Removed)]);
        assert_eq!(sent_after(&[Removed, Published]).await, [sent("0", Removed), sent("1", Published)]);
        assert_eq!(sent_after(&[Removed, Published, Removed]).await, [sent("0", Removed)]);
    }

    #[tokio::test]
    async fn what_may_have_been_sent_is_not_overtaken() {
        let (_place, store) = store(&["hook", "other"]).await;
        let published = news_about("p.md", "1", EventType::PostPublished);
        enqueue(&store, &published, &["hook", "other"]).await;
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        complete(&store, &claim, Verdict::Retry { at: at(5) }, 1).await;

        enqueue(&store, &news_about("p.md", "2", EventType::PostUpdated), &["hook", "other"]).await;

        assert_eq!(ids(&claim_all(&store, "hook", 9).await), ["2", "1"]);
        assert_eq!(ids(&claim_all(&store, "other", 9).await), ["2-first"]);
    }

    #[tokio::test]
    async fn a_change_that_was_told_as_the_first_news_is_not_told_again() {
        let (_place, store) = store(&["hook"]).await;
        enqueue(&store, &news_about("p.md", "1", EventType::PostPublished), &["hook"]).await;
        let updated = news_about("p.md", "2", EventType::PostUpdated);
        assert_eq!(enqueue(&store, &updated, &["hook"]).await, 1);
        assert_eq!(enqueue(&store, &updated, &["hook"]).await, 0);
        let claim = claim_all(&store, "hook", 0).await.remove(0);
        complete(&store, &claim, Verdict::Delivered, 1).await;

        assert_eq!(enqueue(&store, &updated, &["hook"]).await, 0);

        assert!(claim_all(&store, "hook", 9).await.is_empty());
    }

    #[tokio::test]
    async fn news_about_other_posts_stays() {
        let (_place, store) = store(&["hook"]).await;
        enqueue(&store, &news_about("p.md", "1", EventType::PostPublished), &["hook"]).await;
        enqueue(&store, &news_about("q.md", "2", EventType::PostRemoved), &["hook"]).await;
        assert_eq!(ids(&claim_all(&store, "hook", 0).await), ["1", "2"]);
        let plan = plan(&store, UNSENT).await;
        assert!(plan.iter().any(|step| step.contains("event_post (post_key=?)")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN d")), "{plan:#?}");
    }
}
