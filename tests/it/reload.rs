//! HUP: the config is read again and takes over, or is refused as a whole.

use std::sync::mpsc;

use serde_json::Value;

use crate::harness::{Answer, Daemon, PATIENCE, Receiver, SECRET, Site};
use crate::serving::get;
use crate::trigger::pull;

/// A site with a post, so that the first scan is a baseline.
fn blog() -> Site {
    let site = Site::new();
    site.post("01-01-old", "前からある記事", "本文");
    site
}

/// A webhook of the config.
fn hook(name: &str, receiver: &Receiver) -> String {
    format!("  - {{name: {name}, url: \"{}\", secret: {{env: HOOK_SECRET}}}}\n", receiver.url())
}

fn with_hooks(site: &Site, hooks: &[String]) {
    site.config(&format!("webhooks:\n{}", hooks.concat()));
}

fn states(site: &Site) -> Vec<String> {
    let list: Value = serde_json::from_str(&site.ok(&["deliveries", "list", "--format", "json"]).stdout).unwrap();
    list.as_array().unwrap().iter().map(|delivery| delivery["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_webhook_that_is_added_is_told_and_one_that_is_removed_is_told_nothing_more() {
    let (site, old, new) = (blog(), Receiver::start(), Receiver::start());
    with_hooks(&site, &[hook("old", &old)]);
    let mut daemon = Daemon::start(&site);
    old.script([Answer::status(503)]);
    site.post("01-01-a", "最初の記事", "本文");
    daemon.rescan();
    assert_eq!(old.next().data("title"), "最初の記事");

    with_hooks(&site, &[hook("new", &new)]);
    site.post("01-02-b", "次の記事", "本文");
    daemon.rescan();
    assert_eq!(new.next().data("title"), "次の記事");
    daemon.stop();
    assert_eq!(states(&site), ["delivered", "cancelled"], "what the old one was owed is not sent");
    assert!(old.rest().is_empty() && new.rest().is_empty());
}

#[test]
fn a_webhook_that_moves_is_called_where_it_is() {
    let (site, here, there) = (blog(), Receiver::start(), Receiver::start());
    with_hooks(&site, &[hook("hook", &here)]);
    let mut daemon = Daemon::start(&site);
    with_hooks(&site, &[hook("hook", &there)]);
    site.post("01-01-a", "記事", "本文");
    daemon.rescan();
    assert_eq!(there.next().data("title"), "記事");
}

#[test]
fn a_bad_config_is_refused_as_a_whole_and_the_old_one_works_on() {
    let (site, receiver) = (blog(), Receiver::start());
    with_hooks(&site, &[hook("hook", &receiver)]);
    let mut daemon = Daemon::start(&site);
    for (n, bad) in [
        "feeds: {formats: [atom]}\nwebhook: []\n",
        "schedule: [\n",
        "site: {timezone: Mars}\nfeeds: {formats: [atom]}\n",
        "feeds: {formats: [atom]}\nwebhooks:\n  - {name: x, url: \"http://127.0.0.1:1\", secret: {env: NOT_SET}}\n",
        "feeds: {formats: [atom]}\nserver: {listen: \"192.0.2.1:1\"}\n",
    ]
    .into_iter()
    .enumerate()
    {
        site.write("tidings.yaml", bad);
        site.post(&format!("01-0{}-p", n + 1), &format!("記事{n}"), "本文");
        daemon.signal("HUP");
        daemon.line(|line| line["message"].as_str().is_some_and(|text| text.contains("everything stays as it was")));
        daemon.scanned();
        assert_eq!(receiver.next().data("title"), &*format!("記事{n}"));
        assert!(daemon.get("feed.rss").contains(&format!("記事{n}")), "{bad}");
    }
    let metrics = get(&format!("{}/metrics", daemon.admin())).1;
    assert!(metrics.contains("tidings_reloads_total{outcome=\"refused\"} 5"), "{metrics}");
}

#[test]
fn feeds_and_the_path_of_their_addresses_change() {
    let site = blog();
    site.post("01-01-a", "記事", "本文");
    let mut daemon = Daemon::start(&site);
    let status = |daemon: &Daemon, path: &str| get(&format!("{}/{path}", daemon.public())).0;
    assert_eq!((status(&daemon, "feeds/feed.rss"), status(&daemon, "elsewhere/feed.atom")), (200, 404));
    site.write(
        "tidings.yaml",
        "schedule: \"0 0 1 1 *\"\nfeeds: {formats: [atom]}\nserver: {listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\", \
         public_url: \"https://blog.example.com/elsewhere/\"}\n",
    );
    daemon.rescan();
    assert_eq!((status(&daemon, "feed.rss"), status(&daemon, "elsewhere/feed.atom")), (404, 200));
    assert_eq!(status(&daemon, "feeds/feed.atom"), 404);
    assert!(daemon.get("feed.atom").contains("https://blog.example.com/elsewhere/feed.atom"));
}

#[test]
fn the_schedule_changes() {
    let site = blog();
    let mut daemon = Daemon::start(&site);
    let next = |daemon: &mut Daemon| daemon.line(|line| line["message"] == "the next scan")["at"].clone();
    assert!(next(&mut daemon).as_str().unwrap().contains("-12-31T15:00:00"), "the new year of Tokyo");
    let yaml = site.read("tidings.yaml").replace("0 0 1 1 *", "30 9 2 3 *");
    site.write("tidings.yaml", yaml);
    daemon.rescan();
    assert!(next(&mut daemon).as_str().unwrap().contains("-03-02T00:30:00"));
}

#[test]
fn secrets_are_read_again() {
    let (site, receiver) = (blog(), Receiver::start());
    site.write("hook", "whsec_b25lIHRoYXQgdGhlIHJlY2VpdmVyIGRvZXMgbm90IGtub3c=");
    site.write("token", "the-first-of-two-tokens");
    site.config(&format!(
        "trigger: {{token: {{file: token}}}}\n\
         webhooks:\n  - {{name: hook, url: \"{}\", secret: {{file: hook}}}}\n",
        receiver.url()
    ));
    let mut daemon = Daemon::start(&site);
    assert_eq!(pull(&daemon, "the-first-of-two-tokens"), 202);
    daemon.scanned();

    site.write("hook", SECRET);
    site.write("token", "the-second-of-two-tokens");
    daemon.rescan();
    assert_eq!(pull(&daemon, "the-first-of-two-tokens"), 401);
    site.post("01-01-a", "記事", "本文");
    assert_eq!(pull(&daemon, "the-second-of-two-tokens"), 202);
    daemon.scanned();
    // The receiver verifies what it gets.
    assert_eq!(receiver.next().data("title"), "記事");
}

#[test]
fn nothing_is_lost_or_sent_twice_over_a_reload() {
    let (site, busy, other) = (blog(), Receiver::start(), Receiver::start());
    with_hooks(&site, &[hook("busy", &busy)]);
    let mut daemon = Daemon::start(&site);
    let (entered, waiting) = mpsc::channel();
    let (release, released) = mpsc::channel();
    busy.on_message(move |_| {
        entered.send(()).unwrap();
        released.recv_timeout(PATIENCE).unwrap();
    });
    site.post("01-01-a", "送信中の記事", "本文");
    daemon.rescan();
    waiting.recv_timeout(PATIENCE).unwrap();

    with_hooks(&site, &[hook("busy", &busy), hook("other", &other)]);
    site.post("01-02-b", "次の記事", "本文");
    daemon.rescan();
    release.send(()).unwrap();
    release.send(()).unwrap();

    let titles = [busy.next(), busy.next()].map(|message| message.data("title").clone());
    assert_eq!(titles, ["送信中の記事", "次の記事"]);
    assert_eq!(other.next().data("title"), "次の記事", "what went before is not owed to it");
    daemon.rescan();
    daemon.stop();
    assert!(busy.rest().is_empty() && other.rest().is_empty());
    assert_eq!(states(&site), ["delivered"; 3]);
}

#[test]
fn a_listener_moves_to_its_new_address() {
    let site = blog();
    site.post("01-01-a", "記事", "本文");
    let mut daemon = Daemon::start(&site);
    let old = daemon.public().to_owned();
    let yaml = site.read("tidings.yaml").replace("listen: \"127.0.0.1:0\"", "listen: \"127.0.0.2:0\"");
    site.write("tidings.yaml", yaml);
    daemon.signal("HUP");
    let line = daemon.line(|line| line["listener"] == "public");
    daemon.scanned();
    let new = line["address"].as_str().unwrap();
    assert!(new.starts_with("127.0.0.2:"), "{new}");
    assert_eq!(get(&format!("http://{new}/feed.atom")).0, 200);
    assert!(std::net::TcpStream::connect(old.trim_start_matches("http://")).is_err());
}

#[test]
fn another_store_waits_for_the_next_start() {
    let (site, receiver) = (blog(), Receiver::start());
    with_hooks(&site, &[hook("hook", &receiver)]);
    let mut daemon = Daemon::start(&site);
    site.webhook(&receiver, "store: {url: \"sqlite:elsewhere.db\"}\n");
    daemon.signal("HUP");
    daemon.line(|line| line["message"].as_str().is_some_and(|text| text.starts_with("store.url is another one")));
    daemon.scanned();
    site.post("01-01-a", "記事", "本文");
    daemon.rescan();
    assert_eq!(receiver.next().data("title"), "記事");
    assert!(!site.file("elsewhere.db").exists());
}

#[test]
fn a_token_for_the_metrics_and_a_trigger_come_and_go() {
    let site = blog();
    let mut daemon = Daemon::start(&site);
    let plain = site.read("tidings.yaml");
    let metrics = format!("{}/metrics", daemon.admin());
    assert_eq!((get(&metrics).0, pull(&daemon, "a-token-that-is-new")), (200, 404));

    site.write("token", "a-token-that-is-new");
    let guarded = plain.replace("server: {", "trigger: {token: {file: token}}\nserver: {admin_token: {file: token}, ");
    site.write("tidings.yaml", guarded);
    daemon.rescan();
    assert_eq!((get(&metrics).0, pull(&daemon, "a-token-that-is-new")), (401, 202));
    daemon.scanned();

    site.write("tidings.yaml", plain);
    daemon.rescan();
    assert_eq!((get(&metrics).0, pull(&daemon, "a-token-that-is-new")), (200, 404));
}
