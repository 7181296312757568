//! Looking at an installation and steering it: on its database while it is stopped or runs, and through a running daemon's API.

use serde_json::Value;

use crate::harness::{Answer, Daemon, Receiver, SECRET, Site};

/// A site whose first scan is a baseline, and whose webhook is the receiver's.
fn blog(receiver: &Receiver, more: &str) -> Site {
    let site = Site::new();
    site.post("01-01-old", "前からある記事", "本文");
    site.webhook(receiver, more);
    site
}

fn json(site: &Site, args: &[&str]) -> Value {
    serde_json::from_str(&site.ok(&[args, &["--format", "json"]].concat()).stdout).unwrap()
}

/// The ways to steer a running daemon: by its database, and by its API.
fn ways(daemon: &Daemon) -> [Vec<String>; 2] {
    [Vec::new(), vec!["--admin".to_owned(), daemon.admin().to_owned()]]
}

fn with<'a>(args: &[&'a str], way: &'a [String]) -> Vec<&'a str> {
    args.iter().copied().chain(way.iter().map(String::as_str)).collect()
}

/// Times, ids and lengths of time as words, so that the rest can be held against a snapshot.
fn steady(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(steady).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), if key == "took_ms" { "a length".into() } else { steady(value) }))
            .collect(),
        Value::String(text) if text.parse::<chrono::DateTime<chrono::Utc>>().is_ok() => "a time".into(),
        Value::String(text) if text.starts_with("msg_") => "an id".into(),
        other => other.clone(),
    }
}

#[test]
fn a_database_and_a_daemon_give_the_same_answers() {
    let receiver = Receiver::start();
    let site = blog(&receiver, "");
    let mut daemon = Daemon::start(&site);
    receiver.script([Answer::status(410)]);
    site.post("01-02-a", "記事", "本文");
    daemon.rescan();
    let id = receiver.next().id;
    daemon.line(|line| line["event.id"] == id.as_str());

    let api = ["--admin", daemon.admin()];
    for args in [
        &["status"][..],
        &["endpoints", "list"],
        &["endpoints", "show", "hook"],
        &["deliveries", "list"],
        &["deliveries", "show", &id],
        &["deliveries", "retry", &id, "--dry-run"],
        &["deliveries", "cancel", &id, "--dry-run"],
    ] {
        let json = [args, &["--format", "json"]].concat();
        let here = site.ok(&json).stdout;
        assert_eq!(site.ok(&[&json[..], &api].concat()).stdout, here, "{args:?}");
        assert_eq!(site.ok(&[args, &api].concat()).stdout, site.ok(args).stdout, "{args:?}");
        let name = format!("json_of_{}", args[..args.len().min(2)].join("_"));
        insta::assert_snapshot!(name, format!("{:#}", steady(&serde_json::from_str(&here).unwrap())));
    }
    daemon.stop();
    assert_eq!(json(&site, &["endpoints", "show", "hook"])["pending"], 1, "a stopped one, too");
}

#[test]
fn a_pause_keeps_what_is_owed_until_it_ends() {
    let receiver = Receiver::start();
    let site = blog(&receiver, "");
    let mut daemon = Daemon::start(&site);
    for (n, way) in ways(&daemon).iter().enumerate() {
        let said = site.ok(&with(&["endpoints", "pause", "hook"], way)).stdout;
        assert!(said.contains("gets nothing until `tidings endpoints resume hook`"), "{said}");
        let title = format!("記事{n}");
        site.post(&format!("01-0{}-a", n + 2), &title, "本文");
        daemon.rescan();
        let hook = json(&site, &["endpoints", "show", "hook"]);
        assert_eq!((&hook["paused"], &hook["pending"]), (&true.into(), &1.into()));
        assert_eq!(json(&site, &["deliveries", "list", "--state", "pending"])[0]["due_at"], Value::Null);
        let said = site.ok(&with(&["endpoints", "enable", "hook"], way)).stdout;
        assert!(said.contains("it stays paused until `tidings endpoints resume hook`"), "{said}");
        assert!(receiver.rest().is_empty(), "enabling ends no pause of the operator's");

        site.ok(&with(&["endpoints", "resume", "hook"], way));
        assert_eq!(receiver.next().data("title"), title.as_str());
    }
}

#[test]
fn what_is_cancelled_is_not_sent_and_dry_runs_change_nothing() {
    let receiver = Receiver::start();
    let site = blog(&receiver, "");
    let mut daemon = Daemon::start(&site);
    for (n, way) in ways(&daemon).iter().enumerate() {
        site.ok(&["endpoints", "pause", "hook"]);
        site.post(&format!("01-0{}-a", n + 2), "取りやめ", "本文");
        site.post(&format!("01-0{}-b", n + 2), "残り", "本文");
        daemon.rescan();
        let owed = json(&site, &["deliveries", "list", "--state", "pending"]);
        let called = |title: &str| {
            let found = owed.as_array().unwrap().iter().find(|delivery| delivery["title"] == title).unwrap();
            found["event_id"].as_str().unwrap().to_owned()
        };
        let dry = site.ok(&with(&["deliveries", "cancel", "--since", "1h", "--dry-run"], way)).stdout;
        assert_eq!(dry, "2 deliveries would be cancelled\n");
        let (gone, rest) = (called("取りやめ"), called("残り"));
        assert_eq!(site.ok(&with(&["deliveries", "cancel", &gone], way)).stdout, "1 delivery is cancelled\n");
        assert_eq!(site.run(&with(&["deliveries", "cancel", &gone], way)).status, 3, "there is nothing left to cancel");
        assert!(site.ok(&with(&["deliveries", "show", &gone], way)).stdout.contains("cancelled by the operator"));

        site.ok(&["endpoints", "resume", "hook"]);
        assert_eq!(receiver.next().id, rest);
    }
    daemon.stop();
    assert!(receiver.rest().is_empty());
}

#[test]
fn what_would_mean_everything_has_to_be_said() {
    let receiver = Receiver::start();
    let site = blog(&receiver, "");
    let daemon = Daemon::start(&site);
    for way in ways(&daemon) {
        for command in ["retry", "cancel"] {
            let done = site.run(&with(&["deliveries", command], &way));
            assert_ne!(done.status, 0, "{command}");
            assert!(done.stderr.contains("say which"), "{}", done.stderr);
        }
        let done = site.run(&with(&["endpoints", "pause", "hok"], &way));
        assert_eq!(done.status, 2);
        assert!(done.stderr.contains("there is no webhook `hok`"), "{}", done.stderr);
        assert_eq!(site.run(&with(&["deliveries", "show", "msg_x"], &way)).status, 3);
    }
}

#[test]
fn a_ping_is_sent_by_who_was_asked() {
    let receiver = Receiver::start();
    let site = blog(&receiver, "");
    let daemon = Daemon::start(&site);
    for way in ways(&daemon) {
        let said = site.ok(&with(&["endpoints", "test", "hook"], &way)).stdout;
        assert!(said.contains("-> hook: status 204 in "), "{said}");
        assert_eq!(receiver.next().event(), "ping");
    }
    // Elsewhere nobody needs the secret to have it sent.
    let mut command = site.command(&["endpoints", "test", "hook", "--format", "json", "--admin", daemon.admin()]);
    let output = command.env_remove("HOOK_SECRET").output().unwrap();
    let tested: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&tested["endpoint"], &tested["status"]), (&"hook".into(), &204.into()));
    assert_eq!(receiver.next().id, tested["id"].as_str().unwrap());
}

#[test]
fn a_list_has_as_many_pages_as_it_needs() {
    let receiver = Receiver::start();
    let site = blog(&receiver, "guard: {max_events_per_scan: 2000}\n");
    let mut daemon = Daemon::start(&site);
    site.ok(&["endpoints", "pause", "hook"]);
    for n in 0..1100 {
        site.post(&format!("02-01-{n}"), &format!("記事{n}"), "本文");
    }
    daemon.rescan();
    for way in ways(&daemon) {
        for (limit, expected) in [("0", 1100), ("1001", 1001), ("7", 7)] {
            let listed = json(&site, &with(&["deliveries", "list", "--limit", limit], &way));
            let numbers: Vec<_> = listed.as_array().unwrap().iter().map(|d| d["number"].as_i64().unwrap()).collect();
            assert!(numbers.len() == expected && numbers.is_sorted_by(|a, b| a > b), "{}", numbers.len());
        }
    }
    site.ok(&["deliveries", "cancel", "--endpoint", "hook"]);
    daemon.stop();
}

#[test]
fn a_daemon_that_is_not_there_or_no_daemon_is_said_so() {
    let (site, receiver) = (Site::new(), Receiver::start());
    let done = site.run(&["status", "--admin", "http://127.0.0.1:1"]);
    assert_eq!(done.status, 3);
    assert!(done.stderr.contains("http://127.0.0.1:1 cannot be reached"), "{}", done.stderr);
    let done = site.run(&["status", "--admin", "ftp://127.0.0.1"]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    // It refuses what has no signature, in words of its own.
    let done = site.run(&["endpoints", "list", "--admin", &receiver.url()]);
    assert_eq!(done.status, 3);
    assert!(!done.said().contains(SECRET), "{}", done.said());
}
