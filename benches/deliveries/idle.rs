//! How long an idle courier takes from a commit to the first byte at a receiver, alone or beside others.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use chrono::Utc;
use tidings::config::{ConfigFile, SiteDefaults, Surroundings};
use tidings::deliveries::client::SystemResolver;
use tidings::deliveries::{Courier, SystemClock};
use tidings::store::{Capacity, ScanCommit};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::backlog;
use super::receiver::{Receiver, micros};

/// Endpoints that get each event too.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Others {
    pub(crate) healthy: usize,
    pub(crate) hanging: usize,
}

/// Milliseconds until the measured endpoint has it, one for each event.
pub(crate) fn measure(events: usize, others: Others) -> anyhow::Result<Vec<f64>> {
    tokio::runtime::Runtime::new()?.block_on(one_by_one(events, others))
}

async fn one_by_one(events: usize, others: Others) -> anyhow::Result<Vec<f64>> {
    let (mut receiver, mut elsewhere, site) = (Receiver::start()?, Receiver::start()?, tempfile::tempdir()?);
    let mut names = vec!["hook".to_owned()];
    let mut hooks =
        format!("webhooks:\n- {{name: hook, url: 'http://{}/', secret: {{env: SECRET}}}}\n", receiver.address);
    for number in 0..others.healthy + others.hanging {
        let (name, path) = (format!("other-{number}"), if number < others.healthy { "hook" } else { "hang" });
        writeln!(hooks, "- {{name: {name}, url: 'http://{}/{path}', secret: {{env: SECRET}}}}", elsewhere.address)?;
        names.push(name);
    }
    std::fs::write(site.path().join("tidings.yaml"), hooks)?;
    let file = ConfigFile::load(site.path(), None).map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
    let defaults = SiteDefaults { url: Some("https://blog.example.com".into()), ..SiteDefaults::default() };
    let around = Surroundings { out: None, env: Some(&|_| Some(backlog::SECRET.to_owned())) };
    let config = file.check(&defaults, &around).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let store = backlog::open(site.path()).await?;
    store.sync_endpoints(&names, Utc::now()).await?;
    let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let (clock, resolver) = (Arc::new(SystemClock), Arc::new(SystemResolver));
    let courier = Courier::new(store.clone(), &config.site, &config.webhooks, clock, resolver, Arc::clone(&wake))?;
    let token = stop.clone();
    let running = tokio::spawn(async move { courier.run(token).await });

    let healthy: Vec<_> = names[..=others.healthy].iter().map(|name| Capacity::one(name)).collect();
    let mut waits = Vec::new();
    for number in 0..events {
        let events = vec![(backlog::event(number, Utc::now()), names.clone())];
        store.commit_scan(&ScanCommit { events, ..ScanCommit::default() }).await?;
        let committed = micros();
        wake.notify_one();
        let count = loop {
            let count = receiver.count()?;
            if count.answered > number as u64 {
                break count;
            }
            tokio::task::yield_now().await;
        };
        ensure!(count.last >= committed, "the clock was set back");
        waits.push((count.last - committed) as f64 / 1e3);
        // Until it is idle again, but for those that hang.
        while elsewhere.count()?.answered < (others.healthy * (number + 1)) as u64 {
            tokio::task::yield_now().await;
        }
        while store.next_due(&healthy).await?.is_some() {
            tokio::task::yield_now().await;
        }
    }
    stop.cancel();
    running.await.context("the courier")?;
    Ok(waits)
}
