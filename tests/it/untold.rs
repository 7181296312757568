//! Webhooks that leave the config, get another name, or are switched off: what `check` and the log say, and what becomes of what
//! they are owed.

use serde_json::Value;

use crate::harness::{Daemon, Receiver, Site};

fn hooks(site: &Site, receiver: &Receiver, hooks: &[&str]) {
    let hook = |more: &&str| format!("  - {{url: \"{}\", secret: {{env: HOOK_SECRET}}, {more}}}\n", receiver.url());
    site.config(&format!("webhooks:\n{}", hooks.iter().map(hook).collect::<String>()));
}

/// A site whose webhook `old` is owed one message.
fn owing(receiver: &Receiver) -> Site {
    let site = Site::new();
    site.post("01-01-old", "前からある記事", "本文");
    hooks(&site, receiver, &["name: old"]);
    site.ok(&["scan"]);
    site.post("01-02-new", "新しい記事", "本文");
    site.ok(&["scan", "--no-wait"]);
    site
}

fn t019(site: &Site) -> Vec<Value> {
    let checked: Value = serde_json::from_str(&site.run(&["check", "--format", "json"]).stdout).unwrap();
    let problems = checked["problems"].as_array().unwrap().iter();
    problems.filter(|problem| problem["code"] == "T019").cloned().collect()
}

#[test]
fn check_and_the_log_say_what_is_cancelled_when_a_webhook_leaves() {
    let receiver = Receiver::start();
    let site = owing(&receiver);
    assert!(t019(&site).is_empty());
    site.config("webhooks: []\n");
    let told = t019(&site).remove(0);
    assert_eq!(told["severity"], "warning");
    assert_eq!(told["message"], "the webhook `old` is not in the config any more, and is still owed 1 delivery");
    assert!(told["remedy"].as_str().unwrap().contains("`renamed_from: old`"), "{told}");
    let log = site.ok(&["scan", "--log-format", "json"]).stderr;
    let line =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|line| line["endpoint"] == "old");
    assert_eq!(line.unwrap()["cancelled"], 1);
    assert!(t019(&site).is_empty(), "it is said before, and once");
    let listed = site.ok(&["deliveries", "list", "--format", "json"]).stdout;
    assert!(listed.contains("its webhook left the config"), "{listed}");
}

#[test]
fn a_webhook_that_is_renamed_keeps_what_it_is_owed() {
    let receiver = Receiver::start();
    let site = owing(&receiver);
    hooks(&site, &receiver, &["name: new, renamed_from: old"]);
    assert!(t019(&site).is_empty());
    site.ok(&["scan"]);
    assert_eq!(receiver.next().data("title"), "新しい記事");
    let listed: Value = serde_json::from_str(&site.ok(&["deliveries", "list", "--format", "json"]).stdout).unwrap();
    assert_eq!((&listed[0]["endpoint"], &listed[0]["state"]), (&"new".into(), &"delivered".into()));
    // The key may stay for ever.
    site.ok(&["scan"]);

    hooks(&site, &receiver, &["name: new, renamed_from: old", "name: old"]);
    let done = site.run(&["check"]);
    assert_eq!(done.status, 2);
    assert!(done.stderr.contains("a webhook is still called `old`"), "{}", done.stderr);
}

#[test]
fn a_webhook_that_is_renamed_while_the_daemon_runs_gets_what_it_is_owed() {
    let receiver = Receiver::start();
    let site = owing(&receiver);
    site.ok(&["endpoints", "pause", "old"]);
    let mut daemon = Daemon::start(&site);
    hooks(&site, &receiver, &["name: new, renamed_from: old"]);
    daemon.rescan();
    site.ok(&["endpoints", "resume", "new"]);
    assert_eq!(receiver.next().data("title"), "新しい記事");
}

#[test]
fn a_webhook_that_is_switched_off_is_owed_nothing_new_and_keeps_the_rest() {
    let receiver = Receiver::start();
    let site = owing(&receiver);
    hooks(&site, &receiver, &["name: old, enabled: false"]);
    let told = t019(&site).remove(0);
    assert_eq!(told["severity"], "note");
    assert!(told["effect"].as_str().unwrap().ends_with("what it is owed is kept: 1 delivery"), "{told}");
    let mut daemon = Daemon::start(&site);
    site.post("01-03-later", "後の記事", "本文");
    daemon.rescan();
    for way in [&[][..], &["--admin", daemon.admin()]] {
        let list = site.ok(&[&["endpoints", "list"], way].concat()).stdout;
        assert!(list.contains("switched off in the config"), "{list}");
    }
    daemon.stop();
    site.ok(&["scan"]);
    assert!(receiver.rest().is_empty(), "nobody calls it");

    hooks(&site, &receiver, &["name: old"]);
    site.ok(&["scan"]);
    assert_eq!(receiver.next().data("title"), "新しい記事", "only what it was owed before");
}
