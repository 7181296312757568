//! Posts come due at their instant, and a clock that leaps does no harm.

use chrono::{DateTime, TimeDelta, Utc};

use crate::harness::{Daemon, Receiver, Site};

const YEAR: i64 = 365 * 86_400;

/// A site with a webhook, and a daemon whose clocks can be moved.
struct Moved {
    site: Site,
    receiver: Receiver,
}

impl Moved {
    fn new() -> Self {
        let moved = Self { site: Site::new(), receiver: Receiver::start_out_of_time() };
        moved.site.webhook(&moved.receiver, "");
        moved.clocks(0, 0);
        moved
    }

    fn start(&self) -> Daemon {
        Daemon::start_with(&self.site, &[("TIDINGS_CLOCK", self.site.file("clocks").to_str().unwrap())])
    }

    /// Moves the wall's clock by so many seconds, and lets so many pass that nobody sees.
    fn clocks(&self, wall: i64, passed: u64) {
        self.site.write("clocks.new", format!("{wall} {passed}"));
        std::fs::rename(self.site.file("clocks.new"), self.site.file("clocks")).unwrap();
    }

    /// A post with a date so far from now.
    fn post(&self, name: &str, from_now: TimeDelta) {
        let date = (Utc::now() + from_now).format("%Y-%m-%d %H:%M:%S +0000");
        self.site
            .write(&format!("_posts/2025-01-01-{name}.md"), format!("---\ntitle: {name}\ndate: {date}\n---\n本文\n"));
    }

    /// Asks for a scan at these clocks.
    fn scan(&self, daemon: &mut Daemon, wall: i64, passed: u64) {
        self.clocks(wall, passed);
        daemon.signal("HUP");
        daemon.line(|line| line["reason"] == "request");
    }
}

fn at(message: &crate::harness::Message) -> DateTime<Utc> {
    message.body["timestamp"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_post_comes_due_at_its_instant_after_a_restart_too() {
    let moved = Moved::new();
    moved.start().stop();
    let due = DateTime::from_timestamp(Utc::now().timestamp() + 4, 0).unwrap();
    moved.post("予約", TimeDelta::seconds(4));
    moved.start().stop();
    let mut daemon = moved.start();
    let message = moved.receiver.next();
    assert_eq!((message.event(), message.data("title")), ("post.published", &"予約".into()));
    let late = at(&message) - due;
    assert!((TimeDelta::zero()..TimeDelta::seconds(5)).contains(&late), "{late} late");
    daemon.line(|line| line["reason"] == "due" || line["reason"] == "start");
}

#[test]
fn a_clock_that_leaps_for_a_moment_changes_nothing() {
    let moved = Moved::new();
    moved.post("予約", TimeDelta::days(300));
    moved.post("公開", TimeDelta::days(-300));
    let mut daemon = moved.start();
    let before = daemon.get("feed.atom");
    for leap in [YEAR, -YEAR] {
        moved.scan(&mut daemon, leap, 0);
        assert_eq!(daemon.get("feed.atom"), before);
        moved.scan(&mut daemon, 0, 0);
        assert_eq!(daemon.get("feed.atom"), before);
    }
    assert!(moved.receiver.rest().is_empty());
}

#[test]
fn a_clock_that_was_a_year_ahead_has_announced_what_it_has_once() {
    let moved = Moved::new();
    moved.post("予約", TimeDelta::days(300));
    moved.post("公開", TimeDelta::days(-300));
    let mut daemon = moved.start();
    moved.scan(&mut daemon, YEAR, 0);
    moved.scan(&mut daemon, YEAR, 61);
    assert_eq!(moved.receiver.next().data("title"), "予約");
    moved.post("公開", TimeDelta::days(-299));
    moved.scan(&mut daemon, YEAR, 62);
    assert_eq!(moved.receiver.next().event(), "post.updated");

    moved.scan(&mut daemon, 0, 62);
    moved.scan(&mut daemon, 0, 124);
    let feed = daemon.get("feed.atom");
    assert!(feed.contains("予約") && feed.contains("公開"), "{feed}");
    let limit = (Utc::now() + TimeDelta::days(301)).to_rfc3339();
    let newest = feed.split("<updated>").skip(1).map(|rest| &rest[..19]).max().unwrap();
    assert!(newest < limit.as_str(), "no date is later than what the author wrote: {newest}");
    daemon.stop();
    let mut daemon = moved.start();
    moved.post("新着", TimeDelta::days(-1));
    moved.scan(&mut daemon, 0, 0);
    assert_eq!(moved.receiver.next().data("title"), "新着");
    assert!(moved.receiver.rest().is_empty(), "nothing is told twice, and nothing is gone");
}

#[test]
fn a_clock_that_is_a_year_behind_takes_nothing_away() {
    let moved = Moved::new();
    moved.post("去年", TimeDelta::days(-500));
    moved.post("今年", TimeDelta::days(-5));
    let mut daemon = moved.start();
    let before = daemon.get("feed.json");
    moved.scan(&mut daemon, -YEAR, 0);
    moved.scan(&mut daemon, -YEAR, 61);
    assert_eq!(daemon.get("feed.json"), before);
    daemon.stop();
    let mut daemon = moved.start();
    assert_eq!(daemon.get("feed.json"), before, "nor after a restart");
    moved.post("新着", TimeDelta::days(-1));
    moved.scan(&mut daemon, -YEAR, 0);
    assert!(moved.receiver.rest().is_empty(), "it is not due by this clock");
    moved.scan(&mut daemon, 0, 0);
    moved.scan(&mut daemon, 0, 61);
    assert_eq!(moved.receiver.next().data("title"), "新着");
}
