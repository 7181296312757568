//! A site whose store owes many deliveries.

use std::path::Path;

use chrono::{DateTime, Utc};
use tidings::config::{EventType, StoreUrl};
use tidings::events::Event;
use tidings::store::{Access, ScanCommit, Store};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Events a commit.
const COMMIT: usize = 5_000;

/// Opens the store of a site.
pub(crate) async fn open(site: &Path) -> anyhow::Result<Store> {
    Ok(Store::open(&StoreUrl::Sqlite(site.join(".tidings/tidings.db")), Access::Owner).await?)
}

/// Owes each of these endpoints so many events.
pub(crate) async fn owe(store: &Store, endpoints: &[String], events: usize) -> anyhow::Result<()> {
    let now = Utc::now();
    store.sync_endpoints(endpoints, now).await?;
    let numbers: Vec<usize> = (0..events).collect();
    for chunk in numbers.chunks(COMMIT) {
        let events = chunk.iter().map(|number| (event(*number, now), endpoints.to_vec())).collect();
        store.commit_scan(&ScanCommit { events, at: Some(now), ..ScanCommit::default() }).await?;
    }
    Ok(())
}

/// An event whose payload has about 1.5 KB, as that of a post with a long summary.
pub(crate) fn event(number: usize, now: DateTime<Utc>) -> Event {
    let summary = "市場は落ち着きを取り戻し、金利は静かに下がった。".repeat(15);
    Event {
        id: format!("msg_{number:026}"),
        event_type: EventType::PostPublished,
        key: Some(format!("_posts/2026-01-01-{number}.md")),
        timestamp: now,
        data: serde_json::json!({
            "id": format!("https://blog.example.com/{number}"),
            "url": format!("https://blog.example.com/2026/01/01/{number}/"),
            "title": format!("記事 {number}"),
            "summary": summary,
            "language": "ja",
            "categories": ["投資"],
            "tags": ["金利", "市場", "AI"],
            "revision": 1,
            "feeds": ["https://blog.example.com/feed.atom", "https://blog.example.com/categories/投資.atom"],
        }),
        html: None,
        first_id: None,
    }
}
