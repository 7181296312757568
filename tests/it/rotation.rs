//! `endpoints rotate-secret`: a new secret, beside which the old one signs until its end.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::harness::{Daemon, Done, Receiver, SECRET, Site};

fn hook(site: &Site, receiver: &Receiver, secret: &str) {
    site.config(&format!("webhooks: [{{name: hook, url: \"{}\", secret: {secret}}}]\n", receiver.url()));
}

fn in_a_file(receiver: &Receiver) -> Site {
    let site = Site::new();
    site.post("01-01-old", "前からある記事", "本文");
    site.write("hook.secret", format!("{SECRET}\n"));
    hook(&site, receiver, "{file: hook.secret}");
    site
}

fn secret_of(done: &Done) -> String {
    let secret = done.stdout.trim_end().to_owned();
    assert!(secret.starts_with("whsec_") && secret.lines().count() == 1, "{}", done.stdout);
    assert!(!done.stderr.contains(&secret), "it is told once");
    secret
}

#[test]
fn a_secret_in_a_file_is_replaced_and_the_old_one_signs_beside_it() {
    let receiver = Receiver::start();
    let site = in_a_file(&receiver);
    let mut daemon = Daemon::start(&site);
    let done = site.ok(&["endpoints", "rotate-secret", "hook"]);
    let new = secret_of(&done);
    assert!(done.stderr.contains("send HUP"), "{}", done.stderr);
    let kept = site.read("hook.secret");
    let lines: Vec<_> = kept.lines().collect();
    assert_eq!(lines[0], new);
    assert!(lines.len() == 2 && lines[1].starts_with(&format!("{SECRET} until ")), "{kept}");
    let mode = std::fs::metadata(site.file("hook.secret")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    daemon.rescan();
    site.post("01-02-a", "記事", "本文");
    daemon.rescan();
    // The receiver still knows the old one, and one signature that fits is enough.
    let message = receiver.next();
    assert_eq!(message.headers["webhook-signature"].split(' ').count(), 2);
    let judge = standardwebhooks::Webhook::new(&new).unwrap();
    let (id, at) = (&message.headers["webhook-id"], message.headers["webhook-timestamp"].parse().unwrap());
    let body = message.body.to_string();
    let expected = judge.sign(id, at, body.as_bytes()).unwrap();
    assert!(message.headers["webhook-signature"].starts_with(&expected), "the new one comes first");
}

#[test]
fn a_daemon_is_told_through_its_api() {
    let receiver = Receiver::start();
    let site = in_a_file(&receiver);
    let mut daemon = Daemon::start(&site);
    let args = ["endpoints", "rotate-secret", "hook", "--overlap", "2d", "--format", "json", "--admin", daemon.admin()];
    let rotated: Value = serde_json::from_str(&site.ok(&args).stdout).unwrap();
    let keys: Vec<_> = rotated.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["endpoint", "secret", "file", "old_until", "next"]);
    let reloaded = daemon.line(|line| line["message"].as_str().is_some_and(|text| text.contains("read again")));
    assert_eq!(reloaded["level"], "INFO");
    daemon.scanned();
}

#[test]
fn without_an_overlap_the_old_one_is_gone() {
    let receiver = Receiver::start();
    let site = in_a_file(&receiver);
    let new = secret_of(&site.ok(&["endpoints", "rotate-secret", "hook", "--overlap", "0s"]));
    assert_eq!(site.read("hook.secret"), format!("{new}\n"));
    assert_eq!(site.run(&["endpoints", "test", "hook"]).status, 3, "the receiver knows the old one alone");
}

#[test]
fn a_secret_in_the_environment_is_made_and_what_to_set_is_said() {
    let receiver = Receiver::start();
    let site = Site::new();
    hook(&site, &receiver, "{env: HOOK_SECRET}");
    let before = site.read("tidings.yaml");
    let done = site.ok(&["endpoints", "rotate-secret", "hook"]);
    let new = secret_of(&done);
    assert!(done.stderr.contains("secrets: [{env: HOOK_SECRET_NEW}, {env: HOOK_SECRET}]"), "{}", done.stderr);
    assert_eq!(site.read("tidings.yaml"), before);
    // What was said works.
    site.config(&format!(
        "webhooks: [{{name: hook, url: \"{}\", secrets: [{{env: HOOK_SECRET_NEW}}, {{env: HOOK_SECRET}}]}}]\n",
        receiver.url()
    ));
    let output = site.command(&["endpoints", "test", "hook"]).env("HOOK_SECRET_NEW", new).output().unwrap();
    assert!(output.status.success());
    assert_eq!(receiver.next().headers["webhook-signature"].split(' ').count(), 2);
}

#[test]
fn what_cannot_be_rotated_is_left_as_it_is() {
    let receiver = Receiver::start();
    let site = in_a_file(&receiver);
    let done = site.run(&["endpoints", "rotate-secret", "nobody"]);
    assert_eq!((done.status, done.stdout.as_str()), (2, ""), "{}", done.stderr);

    site.write(".hook.secret.new", "");
    let done = site.run(&["endpoints", "rotate-secret", "hook"]);
    assert_eq!((done.status, done.stdout.as_str()), (3, ""));
    assert!(done.stderr.contains("another rotation is under way"), "{}", done.stderr);
    site.remove(".hook.secret.new");

    let broken = format!("{SECRET}\n{SECRET}\n");
    site.write("hook.secret", &broken);
    let done = site.run(&["endpoints", "rotate-secret", "hook"]);
    assert_eq!((done.status, done.stdout.as_str()), (3, ""));
    assert_eq!(site.read("hook.secret"), broken);
    assert!(!site.file(".hook.secret.new").exists() && !done.said().contains(SECRET), "{}", done.said());
    let checked = site.run(&["check"]);
    assert!(checked.status == 2 && !checked.said().contains(SECRET), "{}", checked.said());
    assert!(checked.stderr.contains("only its first secret may have no end"), "{}", checked.stderr);
}
