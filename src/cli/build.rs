//! `tidings build`: one scan to files, nothing else.

use chrono::Utc;

use super::args::{Build, Common};
use super::failure::{Exit, Failure};
use super::output;
use super::progress::Progress;
use super::site;
use crate::scan::Run;
use crate::sources::Touched;

pub(super) async fn run(common: &Common, args: &Build) -> Result<Exit, Failure> {
    let mut scanner = site::scanner(common, args.dir.as_deref(), None)?;
    let progress = Progress::new(!common.quiet);
    let report = scanner
        .scan(&Run {
            store: None,
            published: None,
            now: Utc::now(),
            touched: &Touched::Anything,
            fetches: true,
            allow_removals: true,
            progress: &|step, done, of| progress.show(step, done, of),
        })
        .await?;
    drop(progress);
    // The process ends, and what it knows of a large site is many small pieces of memory.
    std::mem::forget(scanner);
    site::log_report(&report);
    output::summary(common, &report);
    Ok(output::exit(&report, args.strict))
}
