//! A commit that is pushed to a git repository on this machine.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::Args;
use crate::measure::{Task, median};
use crate::place::Place;
use crate::running::started;
use crate::table::{Reach, Table};

/// The author's repository, whose working tree is the blog, and the one that is pushed to.
struct Repositories<'a> {
    place: &'a Place,
}

pub(crate) fn measure(place: &Place, args: &Args, table: &mut Table) -> anyhow::Result<()> {
    let (what, remote) = ("a pushed commit", place.path("remote.git"));
    if Command::new("git").arg("--version").stdout(Stdio::null()).status().is_err() {
        table.leave_out(what, "there is no git");
        return Ok(());
    }
    let repositories = Repositories::new(place)?;
    let source = format!("git: \"file://{}\", branch: main", remote.display());
    if !place.understands(&source)? {
        table.leave_out(what, "this program has no git source");
        return Ok(());
    }
    let mut daemon = started(place, "git", &source)?;
    let fetch = Task::new("git").args(["fetch", "--quiet", "origin", "+main:main"]).within(&place.path("mirror.git"));
    let (mut fetches, mut scans) = (Vec::new(), Vec::new());
    for round in 1..=args.pushes {
        eprintln!("whole: {} posts, a commit is pushed, {round} of {}", place.posts, args.pushes);
        repositories.push(round)?;
        fetches.push(fetch.run()?.seconds);
        scans.push(daemon.rescan(true)?);
    }
    let (fetch, scan) = (median(&fetches), median(&scans));
    table.time(place.posts, "a pushed commit until its feeds are written", scan, ("git fetch", fetch), Reach::Nothing);
    table.alone(place.posts, "the same without the time of the fetch", (scan - fetch).max(0.0), Reach::Ms(100.0));
    daemon.stop()
}

impl<'a> Repositories<'a> {
    fn new(place: &'a Place) -> anyhow::Result<Self> {
        let repositories = Self { place };
        for name in ["author.git", "remote.git", "mirror.git"] {
            run(Command::new("git").args(["init", "--quiet", "--bare", "-b", "main"]).arg(place.path(name)))?;
        }
        repositories.commit("All posts")?;
        let mut mirror = Command::new("git");
        mirror.arg("--git-dir").arg(place.path("mirror.git")).args(["remote", "add", "origin"]);
        run(mirror.arg(place.path("remote.git")))?;
        run(Command::new("git").arg("--git-dir").arg(place.path("mirror.git")).args([
            "fetch",
            "-q",
            "origin",
            "+main:main",
        ]))?;
        Ok(repositories)
    }

    /// Changes a post and pushes that.
    fn push(&self, round: usize) -> anyhow::Result<()> {
        let post = self.place.newest()?;
        let text = fs::read_to_string(&post)?;
        fs::write(&post, format!("{text}\nPushed {round} times.\n"))?;
        self.commit("One post")
    }

    fn commit(&self, message: &str) -> anyhow::Result<()> {
        run(self.git().args(["add", "--all", "."]))?;
        run(self.git().args(["commit", "--quiet", "--message", message]))?;
        run(self.git().args(["push", "--quiet"]).arg(self.place.path("remote.git")).arg("main"))
    }

    fn git(&self) -> Command {
        let mut git = Command::new("git");
        // As small a matter as can be: nobody measures how posts are packed.
        git.args([
            "-c",
            "core.compression=1",
            "-c",
            "gc.auto=0",
            "-c",
            "user.name=Bench",
            "-c",
            "user.email=b@example.com",
        ]);
        git.args(["-c", "core.bare=false"]).arg("--git-dir").arg(self.place.path("author.git"));
        git.arg("--work-tree").arg(self.place.site()).current_dir(self.place.site());
        git
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.stdout(Stdio::null()).status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
