//! Case 25: the config or the database becomes another one while something is owed. A config that cannot be used is in
//! `reload.rs`.

use super::rig::{Rig, hook_config};

const NEW_SECRET: &str = "whsec_bmV3IHNlY3JldCBmb3IgdGhlIHJvdGF0aW9uIHRlc3Q=";

/// A post whose first delivery failed.
fn failed_once() -> (Rig, crate::harness::Daemon) {
    let mut rig = Rig::new("");
    rig.site.write("new-secret", NEW_SECRET);
    let daemon = rig.failed_once();
    (rig, daemon)
}

#[test]
fn case_25_a_retry_goes_to_the_url_that_holds_now() {
    let (mut rig, mut daemon) = failed_once();
    rig.rewrite(&hook_config("hook", &rig.hook.url("/hook/moved"), ""));
    daemon.rescan();
    rig.pass(&mut daemon, 7);
    let arrived = rig.hook.wait(2);
    daemon.attempted("hook");
    rig.holds(daemon);
    assert_eq!((arrived[0].path.as_str(), arrived[1].path.as_str()), ("/hook", "/hook/moved"));
}

#[test]
fn case_25_a_retry_is_signed_with_both_secrets_while_one_is_being_rotated() {
    let (mut rig, mut daemon) = failed_once();
    rig.hook.knows(NEW_SECRET);
    let hook = format!(
        "  - name: hook\n    url: \"{}\"\n    secrets: [{{file: new-secret}}, {{env: HOOK_SECRET}}]\n",
        rig.hook.url("/hook")
    );
    rig.rewrite(&hook);
    daemon.rescan();
    rig.pass(&mut daemon, 7);
    let arrived = rig.hook.wait(2);
    daemon.attempted("hook");
    rig.holds(daemon);
    assert_eq!((arrived[0].signatures, arrived[1].signatures), ((1, 1), (2, 2)));
}

#[test]
fn case_25_what_a_removed_endpoint_was_owed_is_cancelled() {
    let (mut rig, mut daemon) = failed_once();
    rig.rewrite("");
    daemon.rescan();
    rig.pass(&mut daemon, 7);
    rig.site.post("03-03-later", "後で", "本文");
    daemon.rescan();
    rig.other.wait(2);
    rig.holds(daemon);
    assert_eq!(rig.hook.journal().len(), 1);
    let of_hook: Vec<_> = rig.deliveries().into_iter().filter(|delivery| delivery["endpoint"] == "hook").collect();
    assert!(of_hook.len() == 1 && of_hook[0]["state"] == "cancelled", "{of_hook:#?}");
}

#[test]
fn case_25_a_restored_database_sends_the_same_ids_and_no_others() {
    let mut rig = Rig::new("");
    rig.start().stop();
    let backup = std::fs::read(rig.site.file(".tidings/tidings.db")).unwrap();
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["一", "二"]);
    rig.hook.wait(2);
    rig.other.wait(2);
    for _ in 0..2 {
        daemon.attempted("hook");
    }
    daemon.stop();
    assert!(!rig.site.file(".tidings/tidings.db-wal").exists(), "a daemon that ended well leaves one file");
    rig.site.write(".tidings/tidings.db", backup);
    // What it knew of the first time is gone with it.
    rig.kills += 1;
    rig.is_restored = true;
    let daemon = rig.start();
    rig.hook.wait(4);
    rig.other.wait(4);
    rig.holds(daemon);
    let ids = |from: usize| {
        let mut ids: Vec<String> =
            rig.hook.journal()[from..from + 2].iter().map(|entry| entry.id().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(0), ids(2));
}
