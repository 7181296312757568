//! The database is full, locked, or somebody else's.

use sqlx::{Connection as _, SqliteConnection};

use super::rig::Rig;
use super::script::{Gate, Script};
use crate::harness::{Daemon, SmallDisk};

fn says(daemon: &mut Daemon, what: &str) {
    daemon.line(|line| line["message"].as_str().is_some_and(|text| text.contains(what)));
}

#[test]
fn case_21_a_full_disk_rolls_the_scan_back_and_nobody_is_told_until_there_is_room() {
    let mut rig = Rig::new("");
    let Some(disk) = SmallDisk::mount(&rig.site.file(".tidings"), "2m") else { return };
    let mut daemon = rig.start();
    disk.fill();
    rig.write(&["新しい記事"]);
    let scan = daemon.rescan();
    assert!(scan["message"].as_str().unwrap().starts_with("scan not recorded"), "{scan:#}");
    assert!(daemon.get("feed.atom").contains("新しい記事"), "readers are served all the same");
    assert_eq!(rig.hook.connections() + rig.other.connections(), 0, "nobody is told of what is not on record");
    let readiness = |daemon: &Daemon| crate::serving::get(&format!("{}/readyz", daemon.admin())).0;
    assert_eq!(readiness(&daemon), 503);
    disk.empty();
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.hook.wait(1);
    rig.other.wait(1);
    daemon.attempted("hook");
    assert_eq!(readiness(&daemon), 200);
    rig.holds(daemon);
    assert_eq!((rig.hook.journal().len(), rig.other.journal().len()), (1, 1));
}

#[test]
fn case_21_on_a_full_disk_nothing_is_sent_without_a_claim_and_no_answer_is_forgotten() {
    let mut rig = Rig::new("");
    let Some(disk) = SmallDisk::mount(&rig.site.file(".tidings"), "2m") else { return };
    let mut daemon = rig.start();
    let gate = Gate::default();
    rig.hook.next("/hook", [Script::status(204).behind(&gate), Script::status(500)]);
    rig.publish(&mut daemon, &["一"]);
    rig.hook.wait(1);
    rig.publish(&mut daemon, &["二"]);
    rig.other.wait(2);
    daemon.attempted("hook");
    disk.fill();
    gate.open();
    says(&mut daemon, "deliveries wait for the store");
    rig.set_off(30);
    says(&mut daemon, "deliveries wait for the store");
    assert_eq!(rig.hook.journal().len(), 2, "nothing is claimed, so nothing is sent");
    disk.empty();
    rig.hook.wait(3);
    daemon.attempted("hook");
    daemon.attempted("hook");
    rig.holds(daemon);
    let titles: Vec<String> = rig.hook.journal().iter().map(|entry| entry.title()).collect();
    assert_eq!(titles, ["一", "二", "二"], "the answer that came while there was no room was kept");
    assert!(rig.deliveries().iter().all(|delivery| delivery["state"] == "delivered"));
}

#[test]
fn case_22_a_database_that_another_program_keeps_locked_is_waited_for() {
    let mut rig = Rig::new("");
    let mut daemon = rig.start();
    let gate = Gate::default();
    rig.hook.next("/hook", [Script::status(204).behind(&gate)]);
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.hook.wait(1);
    rig.other.wait(1);
    daemon.attempted("other");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("sqlite:{}", rig.site.file(".tidings/tidings.db").display());
    let mut stranger = runtime.block_on(SqliteConnection::connect(&url)).unwrap();
    runtime.block_on(sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger)).unwrap();
    gate.open();
    says(&mut daemon, "deliveries wait for the store");
    runtime.block_on(sqlx::query("ROLLBACK").execute(&mut stranger)).unwrap();
    runtime.block_on(stranger.close()).unwrap();
    daemon.attempted("hook");
    rig.holds(daemon);
    assert_eq!(rig.hook.journal().len(), 1, "one claim, one request");
    assert!(rig.deliveries().iter().all(|delivery| delivery["state"] == "delivered"));
}

#[test]
fn case_23_a_second_process_on_the_same_store_refuses_until_the_first_is_gone() {
    let mut rig = Rig::new("");
    let daemon = rig.start();
    for command in ["serve", "scan"] {
        let second = rig.site.run(&[command]);
        assert_eq!(second.status, 3, "{}", second.said());
        let text = "is in use by another tidings process: stop that one first, or give this one its own `store.url`";
        assert!(second.stderr.contains(text), "{}", second.stderr);
    }
    rig.site.ok(&["status"]);
    rig.kill(daemon);
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.hook.wait(1);
    rig.other.wait(1);
    rig.holds(daemon);
    assert_eq!(rig.hook.journal().len(), 1);
}
