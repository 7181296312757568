//! The running daemon: a scan that finds nothing new, and a post that is saved.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

use crate::Args;
use crate::builds::Cold;
use crate::daemon::Daemon;
use crate::measure::{Task, median, quantile};
use crate::place::{Formats, Place};
use crate::table::{Reach, Table};

/// Between two saves, so that each is a burst of its own.
const PAUSE: Duration = Duration::from_millis(500);
/// How many rounds of scans that find nothing new.
const SCANS: usize = 5;

pub(crate) fn measure(place: &Place, args: &Args, cold: Cold, table: &mut Table) -> anyhow::Result<()> {
    let posts = place.posts;
    table.time(
        posts,
        "start to the first served feed, three formats",
        cold.start,
        ("cold build", cold.three),
        Reach::Times(1.5),
    );
    let watches = place.understands("watch: false")?;
    nothing_new(place, if watches { "path: site, watch: false" } else { "path: site" }, args, table)?;
    if watches {
        saves(place, args, table)?;
    } else {
        table.leave_out("a saved post", "this program cannot watch");
    }
    Ok(())
}

fn nothing_new(place: &Place, source: &str, args: &Args, table: &mut Table) -> anyhow::Result<()> {
    let mut daemon = started(place, "idle", source)?;
    let find = Task::shell("find . -name '*.md' -printf '%T@ %s %p\\n' > /dev/null").within(&place.posts_dir());
    let (mut finds, mut scans) = (Vec::new(), Vec::new());
    // The first one may look at what has changed only just before the daemon began.
    daemon.rescan(false)?;
    for round in 1..=SCANS.max(args.repeats) {
        eprintln!("whole: {} posts, a scan that finds nothing new, {round}", place.posts);
        finds.push(find.run()?.seconds);
        scans.push(daemon.rescan(false)?);
    }
    let what = "scan that finds nothing new";
    table.time(place.posts, what, median(&scans), ("find -printf", median(&finds)), Reach::Times(1.0));
    if let Some(peak) = daemon.peak_mib() {
        table.memory(place.posts, "peak memory of the daemon", peak, Reach::Nothing);
    }
    daemon.stop()
}

fn saves(place: &Place, args: &Args, table: &mut Table) -> anyhow::Result<()> {
    let mut daemon = started(place, "watching", "path: site, watch: true")?;
    let post = place.newest()?;
    let text = fs::read_to_string(&post)?;
    let (mut written, mut told) = (Vec::new(), Vec::new());
    for round in 1..=args.saves {
        eprintln!("whole: {} posts, a post is saved, {round} of {}", place.posts, args.saves);
        std::thread::sleep(PAUSE);
        let draft = place.write("draft.md", &format!("{text}\nSaved {round} times.\n"))?;
        let (start, now) = (Instant::now(), SystemTime::now());
        fs::rename(draft, &post)?;
        let scanned = loop {
            let scanned = daemon.scanned()?;
            if scanned.written > 0 {
                break scanned;
            }
        };
        told.push(scanned.at.duration_since(start).as_secs_f64());
        written.push(last_change(&place.path("watching-out"))? - seconds(now)?);
    }
    fs::write(&post, text)?;
    let posts = place.posts;
    table.alone(
        posts,
        "a post saved until all its feeds are in place, three formats, p50",
        median(&written),
        Reach::Nothing,
    );
    table.alone(posts, "the same, p99", quantile(&written, 0.99), Reach::Ms(50.0));
    table.alone(posts, "a post saved until its scan is recorded and told of, p50", median(&told), Reach::Nothing);
    table.alone(posts, "the same, p99", quantile(&told, 0.99), Reach::Nothing);
    daemon.stop()
}

/// A daemon that has scanned once.
pub(crate) fn started(place: &Place, name: &str, source: &str) -> anyhow::Result<Daemon> {
    place.set_aside(&format!("{name}-out"))?;
    place.set_aside(&format!("{name}-state"))?;
    let mut daemon = Daemon::start(place, &place.config(name, Formats::Three, source)?)?;
    daemon.scanned()?;
    Ok(daemon)
}

/// When a file below this directory was last renamed or written, in seconds since 1970.
fn last_change(dir: &Path) -> anyhow::Result<f64> {
    let (mut dirs, mut last) = (vec![PathBuf::from(dir)], 0.0_f64);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                dirs.push(entry.path());
            } else {
                last = last.max(metadata.ctime() as f64 + metadata.ctime_nsec() as f64 / 1e9);
            }
        }
    }
    Ok(last)
}

fn seconds(time: SystemTime) -> anyhow::Result<f64> {
    Ok(time.duration_since(UNIX_EPOCH).context("the clock is right")?.as_secs_f64())
}
