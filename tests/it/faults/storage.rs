//! The database cannot be written, is locked, or somebody else's.

use sqlx::{Connection as _, SqliteConnection};

use super::rig::Rig;
use super::script::{Gate, Script};
use crate::harness::{BrokenDisk, Daemon, SmallDisk};

fn says(daemon: &mut Daemon, what: &str) {
    daemon.line(|line| line["message"].as_str().is_some_and(|text| text.contains(what)));
}

/// A disk on which nothing can be written for a while.
enum Disk {
    Full(SmallDisk),
    Broken(BrokenDisk),
}

impl Disk {
    /// A small one, if this user may make one, and one that fails; each with a site whose store is on it.
    fn each(case: fn(Rig, Daemon, &Self)) {
        let mut rig = Rig::new("");
        if let Some(disk) = SmallDisk::mount(&rig.site.file(".tidings"), "2m") {
            let daemon = rig.start();
            case(rig, daemon, &Self::Full(disk));
        }
        let (mut rig, disk) = (Rig::new(""), BrokenDisk::new());
        let environment = disk.environment();
        let environment = environment.each_ref().map(|(name, value)| (*name, value.to_str().unwrap()));
        let daemon = rig.start_with(&environment);
        case(rig, daemon, &Self::Broken(disk));
    }

    fn fail(&self) {
        match self {
            Self::Full(disk) => disk.fill(),
            Self::Broken(disk) => disk.fail(),
        }
    }

    fn heal(&self) {
        match self {
            Self::Full(disk) => disk.empty(),
            Self::Broken(disk) => disk.heal(),
        }
    }
}

#[test]
fn case_21_where_nothing_can_be_written_the_scan_is_rolled_back_and_nobody_is_told_until_it_can() {
    Disk::each(|mut rig, mut daemon, disk| {
        disk.fail();
        rig.write(&["新しい記事"]);
        let scan = daemon.rescan();
        assert!(scan["message"].as_str().unwrap().starts_with("scan not recorded"), "{scan:#}");
        assert!(daemon.get("feed.atom").contains("新しい記事"), "readers are served all the same");
        assert_eq!(rig.hook.connections() + rig.other.connections(), 0, "nobody is told of what is not on record");
        let readiness = |daemon: &Daemon| crate::serving::get(&format!("{}/readyz", daemon.admin())).0;
        assert_eq!(readiness(&daemon), 503);
        disk.heal();
        rig.publish(&mut daemon, &["新しい記事"]);
        rig.hook.wait(1);
        rig.other.wait(1);
        daemon.attempted("hook");
        assert_eq!(readiness(&daemon), 200);
        rig.holds(daemon);
        assert_eq!((rig.hook.journal().len(), rig.other.journal().len()), (1, 1));
    });
}

#[test]
fn case_21_where_nothing_can_be_written_nothing_is_sent_without_a_claim_and_no_answer_is_forgotten() {
    Disk::each(|mut rig, mut daemon, disk| {
        let gate = Gate::default();
        rig.hook.next("/hook", [Script::status(204).behind(&gate), Script::status(500)]);
        rig.publish(&mut daemon, &["一"]);
        rig.hook.wait(1);
        rig.publish(&mut daemon, &["二"]);
        rig.other.wait(2);
        daemon.attempted("hook");
        disk.fail();
        gate.open();
        says(&mut daemon, "deliveries wait for the store");
        rig.set_off(30);
        says(&mut daemon, "deliveries wait for the store");
        assert_eq!(rig.hook.journal().len(), 2, "nothing is claimed, so nothing is sent");
        disk.heal();
        rig.hook.wait(3);
        daemon.attempted("hook");
        daemon.attempted("hook");
        rig.holds(daemon);
        let titles: Vec<String> = rig.hook.journal().iter().map(|entry| entry.title()).collect();
        assert_eq!(titles, ["一", "二", "二"], "the answer that came while nothing could be written was kept");
        assert!(rig.deliveries().iter().all(|delivery| delivery["state"] == "delivered"));
    });
}

#[test]
fn case_21_a_store_that_can_only_be_read_is_refused_and_as_good_as_before_when_it_can_be_written() {
    let mut rig = Rig::new("");
    let Some(disk) = SmallDisk::mount(&rig.site.file(".tidings"), "2m") else { return };
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["一"]);
    rig.hook.wait(1);
    daemon.attempted("hook");
    daemon.stop();
    rig.write(&["二"]);
    disk.read_only(true);
    for command in ["serve", "scan"] {
        let refused = rig.site.run(&[command]);
        assert_eq!(refused.status, 3, "{}", refused.said());
        assert!(refused.stderr.contains("tidings.db"), "{}", refused.stderr);
    }
    disk.read_only(false);
    let daemon = rig.start();
    rig.hook.wait(2);
    rig.other.wait(2);
    rig.holds(daemon);
    let titles: Vec<String> = rig.hook.journal().iter().map(|entry| entry.title()).collect();
    assert_eq!(titles, ["一", "二"]);
}

#[test]
fn case_22_a_database_that_another_program_keeps_locked_is_waited_for() {
    let mut rig = Rig::new("");
    let (mut daemon, gate) = rig.under_way();
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
