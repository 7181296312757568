//! `tidings scan`: one scan with events, for cron and CI jobs.

use std::sync::Arc;

use chrono::Utc;
use tokio::sync::Notify;

use super::args::{Common, Scan};
use super::failure::{Exit, Failure};
use super::progress::Progress;
use super::run::sync_endpoints;
use super::{output, retention, site};
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
    let (earlier, progress) = (store.last_scan().await?, Progress::new(!common.quiet));
    let report = scanner
        .scan(&Run {
            store: Some(&store),
            published: &Published::default(),
            now: Utc::now(),
            touched: &Touched::Anything,
            allow_removals: args.allow_removals,
            progress: &|step, done, of| progress.show(step, done, of),
        })
        .await?;
    drop(progress);
    site::log_report(&report);
    output::summary(common, &report);
    if !args.no_wait {
        let (clock, resolver) = (Arc::new(SystemClock), Arc::new(SystemResolver));
        let courier =
            Courier::new(store.clone(), &config.site, &config.webhooks, clock, resolver, Arc::new(Notify::new()))
                .map_err(Failure::failed)?;
        courier.run_due().await.map_err(Failure::failed)?;
    }
    retention::prune(&store, earlier, Utc::now()).await?;
    store.close().await;
    Ok(output::exit(&report, args.strict))
}
