//! Other programs that make feeds of the same posts.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::Args;
use crate::measure::Task;
use crate::place::Place;
use crate::table::Table;

/// Makes RSS for the site and each term, and nothing else.
const HUGO_TOML: &str = include_str!("hugo/hugo.toml");
const HUGO_RSS: &str = include_str!("hugo/rss.xml");
/// The same with jekyll-feed, which makes Atom and takes tags of ASCII letters only; each page is written, as Jekyll does.
const JEKYLL_YML: &str = include_str!("jekyll.yml");

/// Hugo over the blog's posts, if it is there.
pub(crate) fn hugo(place: &Place, args: &Args, table: &mut Table) -> anyhow::Result<Option<Task>> {
    if !is_there(&args.hugo, "version") {
        table.leave_out("Hugo", "it is not installed; `--hugo PROGRAM` names it");
        return Ok(None);
    }
    place.write("hugo/hugo.toml", HUGO_TOML)?;
    place.write("hugo/layouts/rss.xml", HUGO_RSS)?;
    Ok(Some(Task::new(&args.hugo).args(["--quiet", "--destination", "public"]).within(&place.path("hugo"))))
}

/// Jekyll over the blog, if it is wanted and there.
pub(crate) fn jekyll(place: &Place, args: &Args, table: &mut Table) -> anyhow::Result<Option<Task>> {
    if !args.jekyll || !is_there("jekyll", "--version") {
        table.leave_out("Jekyll", "it is not installed or not asked for (`--jekyll`)");
        return Ok(None);
    }
    let config = place.write("jekyll.yml", JEKYLL_YML)?;
    let configs = format!("{},{}", place.site().join("_config.yml").display(), config.display());
    let task = Task::new("jekyll").args(["build", "--quiet", "--disable-disk-cache", "--config", &configs, "--source"]);
    Ok(Some(task.arg(place.site()).arg("--destination").arg(place.path("jekyll-out"))))
}

fn is_there(program: impl AsRef<OsStr>, version: &str) -> bool {
    let status = Command::new(program).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
