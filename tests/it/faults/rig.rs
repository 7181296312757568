//! What every case works with: a site with two webhooks, of which one meets the fault and the other is well; clocks that can be
//! moved; names that can be pointed elsewhere; an address that nobody may call.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use serde_json::Value;

use super::judge::{Entry, Judge};
use super::machine;
use super::script::{Gate, Script};
use crate::harness::{Daemon, Site};

/// See above.
pub(super) struct Rig {
    pub(super) site: Site,
    /// Where the fault is.
    pub(super) hook: Judge,
    /// The healthy one.
    pub(super) other: Judge,
    /// Where nothing may arrive, ever.
    pub(super) trap: Judge,
    /// Titles of posts, and since when everybody could have been told.
    pub(super) told: HashMap<String, Option<Instant>>,
    /// How often the daemon was killed or stopped in the middle of something.
    pub(super) kills: usize,
    /// Whether the database was set back: then an event is the same, but for when it was found.
    pub(super) is_restored: bool,
    off: i64,
}

impl Rig {
    /// With more lines for the webhook that meets the fault, such as `    timeout: 1s\n`.
    pub(super) fn new(more: &str) -> Self {
        Self::with(|judge| hook_config("hook", &judge.url("/hook"), more))
    }

    /// With these instead of the first webhook.
    pub(super) fn with(hooks: impl FnOnce(&Judge) -> String) -> Self {
        Self::with_judge(Judge::start(), hooks)
    }

    /// As [`Rig::with`], with a judge of one's own.
    pub(super) fn with_judge(hook: Judge, hooks: impl FnOnce(&Judge) -> String) -> Self {
        let config = hooks(&hook);
        let rig = Self::bare(hook);
        rig.rewrite(&config);
        rig
    }

    fn bare(hook: Judge) -> Self {
        machine::watch();
        let (site, other, trap) = (Site::new(), Judge::start(), Judge::start());
        site.post("01-01-old", "前からある記事", "本文");
        let rig = Self { site, hook, other, trap, told: HashMap::new(), kills: 0, is_restored: false, off: 0 };
        rig.turn_clock(0);
        rig.point("");
        rig
    }

    /// Writes another config, of which a daemon is yet to be told.
    pub(super) fn rewrite(&self, hooks: &str) {
        let other = hook_config("other", &self.other.url("/other"), "    concurrency: 16\n");
        self.site.config(&format!("guard: {{max_events_per_scan: 100000}}\nwebhooks:\n{hooks}{other}"));
    }

    /// The daemon, after its first scan.
    pub(super) fn start(&mut self) -> Daemon {
        self.start_with(&[])
    }

    /// As [`Rig::start`], with more variables in its environment.
    pub(super) fn start_with(&mut self, more: &[(&str, &str)]) -> Daemon {
        let (clock, hosts) = (self.site.file("clocks"), self.site.file("hosts"));
        let mut environment =
            vec![("TIDINGS_CLOCK", clock.to_str().unwrap()), ("TIDINGS_HOSTS", hosts.to_str().unwrap())];
        environment.extend_from_slice(more);
        let daemon = Daemon::start_with(&self.site, &environment);
        self.is_told_from_now();
        daemon
    }

    /// The daemon, after a first delivery that failed and is tried again in five seconds.
    pub(super) fn failed_once(&mut self) -> Daemon {
        let mut daemon = self.start();
        self.hook.next("/hook", [Script::status(500)]);
        self.publish(&mut daemon, &["新しい記事"]);
        self.other.wait(1);
        daemon.attempted("hook");
        daemon
    }

    /// The daemon, with a delivery under way that is answered when the gate is opened.
    pub(super) fn under_way(&mut self) -> (Daemon, Gate) {
        let (mut daemon, gate) = (self.start(), Gate::default());
        self.hook.next("/hook", [Script::status(204).behind(&gate)]);
        self.publish(&mut daemon, &["新しい記事"]);
        self.hook.wait(1);
        self.other.wait(1);
        (daemon, gate)
    }

    /// Kills the daemon, and says so.
    pub(super) fn kill(&mut self, daemon: Daemon) {
        daemon.kill();
        self.kills += 1;
    }

    /// Writes posts of which everybody is to be told.
    pub(super) fn write(&mut self, titles: &[&str]) {
        for title in titles {
            let name = format!("02-02-{}", title.replace(' ', "-"));
            self.site.post(&name, title, "本文");
            self.told.insert((*title).to_owned(), None);
        }
    }

    /// Writes posts, and has them scanned.
    pub(super) fn publish(&mut self, daemon: &mut Daemon, titles: &[&str]) {
        self.write(titles);
        daemon.rescan();
        for title in titles {
            self.told.insert((*title).to_owned(), Some(Instant::now()));
        }
    }

    /// Publishes a post, and waits until the healthy webhook was told: then the courier has looked at everything that was due.
    pub(super) fn flush(&mut self, daemon: &mut Daemon, title: &str) {
        self.publish(daemon, &[title]);
        self.other.wait_for(title, |journal| journal.iter().any(|entry| entry.title() == title));
    }

    /// Lets so many seconds pass on the daemon's clock on the wall, and wakes its courier.
    pub(super) fn pass(&mut self, daemon: &mut Daemon, seconds: i64) {
        self.set_off(seconds);
        daemon.rescan();
    }

    /// Lets so many seconds pass that nobody is told of.
    pub(super) fn set_off(&mut self, seconds: i64) {
        self.off += seconds;
        self.turn_clock(self.off);
    }

    /// Sets the clock on the wall to so many seconds from what it should be, at once, and wakes the courier.
    pub(super) fn leap(&mut self, daemon: &mut Daemon, seconds: i64) {
        replace(&self.site, "clocks", &format!("{seconds} 0"));
        daemon.rescan();
    }

    /// Where names lead, as `name address address` or `name never`, a line each.
    pub(super) fn point(&self, lines: &str) {
        replace(&self.site, "hosts", lines);
    }

    /// The deliveries, as `tidings deliveries list` knows them.
    pub(super) fn deliveries(&self) -> Vec<Value> {
        list(&self.site, &["deliveries", "list", "--limit", "0", "--format", "json"])
    }

    /// The endpoint of this name, as `tidings endpoints list` knows it.
    pub(super) fn endpoint(&self, name: &str) -> Value {
        let endpoints = list(&self.site, &["endpoints", "list", "--format", "json"]);
        endpoints.into_iter().find(|endpoint| endpoint["name"] == name).unwrap()
    }

    /// The attempts at the delivery of the one post with this title to this endpoint, oldest first.
    pub(super) fn attempts(&self, endpoint: &str, title: &str) -> Vec<Value> {
        let deliveries = self.deliveries();
        let of_title = deliveries.iter().find(|delivery| delivery["title"] == title).expect("a delivery");
        let id = of_title["event_id"].as_str().unwrap();
        let stories = list(&self.site, &["deliveries", "show", id, "--format", "json"]);
        let story = stories.into_iter().find(|story| story["endpoint"] == endpoint).expect("a story");
        story["history"].as_array().unwrap().clone()
    }

    fn turn_clock(&self, off: i64) {
        replace(&self.site, "clocks", &format!("{off} {}", off.max(0)));
    }

    /// What was not told before the daemon was ready could not be told earlier.
    fn is_told_from_now(&mut self) {
        let now = Instant::now();
        let arrived: HashSet<String> = self.other.journal().iter().map(Entry::title).collect();
        self.told.iter_mut().filter(|(title, _)| !arrived.contains(*title)).for_each(|(_, since)| *since = Some(now));
    }
}

/// A webhook of the config.
pub(super) fn hook_config(name: &str, url: &str, more: &str) -> String {
    format!("  - name: {name}\n    url: \"{url}\"\n    secret: {{env: HOOK_SECRET}}\n{more}")
}

/// What a command says in JSON.
fn list(site: &Site, args: &[&str]) -> Vec<Value> {
    serde_json::from_str(&site.ok(args).stdout).unwrap()
}

/// Whoever reads it meanwhile gets the old or the new.
fn replace(site: &Site, name: &str, text: &str) {
    site.write("replacing", text);
    std::fs::rename(site.file("replacing"), site.file(name)).unwrap();
}
