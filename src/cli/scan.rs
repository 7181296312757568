//! `tidings scan`: one scan with events, for cron and CI jobs.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Utc;
use tokio::sync::Notify;

use super::args::{Common, Scan};
use super::failure::{Exit, Failure};
use super::progress::Progress;
use super::run::sync_endpoints;
use super::{output, parts, retention, site};
use crate::config::Config;
use crate::deliveries::client::SystemResolver;
use crate::deliveries::{Courier, SystemClock};
use crate::publish::Published;
use crate::scan::Run;
use crate::sources::Touched;
use crate::store::{Access, Store};

pub(super) async fn run(common: &Common, args: &Scan) -> Result<Exit, Failure> {
    let mut scanner = site::scanner(common, args.dir.as_deref(), Some(site::env))?;
    let config = scanner.config(Utc::now())?;
    let store = Store::open(&config.store, Access::Owner).await?;
    sync_endpoints(&store, &config).await?;
    let published = Published::default();
    // Nobody reads through this process before the scan is through.
    published.replace(HashMap::new());
    let (earlier, progress) = (store.last_scan().await?, Progress::new(!common.quiet));
    let report = scanner
        .scan(&Run {
            store: Some(&store),
            published: Some(&published),
            now: Utc::now(),
            touched: &Touched::Anything,
            fetches: true,
            allow_removals: args.allow_removals,
            progress: &|step, done, of| progress.show(step, done, of),
        })
        .await?;
    drop(progress);
    site::log_report(&report);
    output::summary(common, &report);
    if !args.no_wait {
        deliver(&config, &store, &published).await?;
    }
    retention::prune(&store, earlier, Utc::now()).await?;
    store.close().await;
    Ok(output::exit(&report, args.strict))
}

/// Sends what is due, to webhooks and subscribers alike.
async fn deliver(config: &Config, store: &Store, published: &Published) -> Result<(), Failure> {
    let (clock, resolver) = (Arc::new(SystemClock), Arc::new(SystemResolver));
    let courier = Courier::new(store.clone(), &config.site, &config.webhooks, clock, resolver, Arc::new(Notify::new()))
        .map_err(Failure::failed)?;
    let hub = parts::hub(config, store, published, &Arc::default())?;
    let tell = async {
        match &hub {
            Some(hub) => hub.run_due().await,
            None => Ok(0),
        }
    };
    // Neither is cut off by a failure of the other.
    let (sent, told) = tokio::join!(courier.run_due(), tell);
    sent.and(told).map_err(Failure::failed)?;
    Ok(())
}
