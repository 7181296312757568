//! Case 20: the clock on the wall jumps.

use super::rig::Rig;
use super::script::Script;

const DAY: i64 = 86_400;

#[test]
fn case_20_an_hour_back_makes_nothing_early_and_nothing_endless() {
    let mut rig = Rig::new("");
    let mut daemon = rig.failed_once();
    rig.leap(&mut daemon, -3600);
    rig.flush(&mut daemon, "戻った");
    rig.hook.wait(2);
    assert!(rig.hook.journal().iter().filter(|entry| entry.title() == "新しい記事").count() == 1, "not early");
    rig.leap(&mut daemon, 7);
    rig.hook.wait(3);
    daemon.attempted("hook");
    daemon.attempted("hook");
    rig.holds(daemon);
}

#[test]
fn case_20_a_day_ahead_lets_what_waits_go_once() {
    let mut rig = Rig::new("");
    let mut daemon = rig.failed_once();
    rig.leap(&mut daemon, DAY);
    rig.hook.wait(2);
    daemon.attempted("hook");
    rig.leap(&mut daemon, 0);
    rig.flush(&mut daemon, "戻った");
    rig.hook.wait(3);
    daemon.attempted("hook");
    rig.holds(daemon);
    assert_eq!(rig.hook.journal().len(), 3);
}

#[test]
fn case_20_ten_years_ahead_and_back_leave_no_wait_of_ten_years() {
    let mut rig = Rig::new("");
    let mut daemon = rig.failed_once();
    rig.hook.next("/hook", [Script::answer(429, &[("retry-after", "3600")], b"")]);
    rig.leap(&mut daemon, 3653 * DAY);
    rig.hook.wait(2);
    daemon.attempted("hook");
    rig.leap(&mut daemon, 0);
    daemon.stop();
    let mut daemon = rig.start();
    rig.hook.wait(3);
    daemon.attempted("hook");
    rig.holds(daemon);
    assert!(rig.deliveries().iter().all(|delivery| delivery["state"] == "delivered"));
}

#[test]
fn case_20_a_request_under_way_outlives_a_day_of_sleep_and_a_leap() {
    let mut rig = Rig::new("");
    let (mut daemon, gate) = rig.under_way();
    daemon.signal("STOP");
    rig.set_off(DAY);
    daemon.signal("CONT");
    rig.flush(&mut daemon, "起きた");
    gate.open();
    rig.hook.wait(2);
    for _ in 0..2 {
        daemon.attempted("hook");
    }
    rig.holds(daemon);
    assert_eq!(rig.hook.journal().len(), 2, "none came twice");
}

#[test]
fn case_20_whoever_has_another_time_than_the_receiver_is_told() {
    let mut rig = Rig::new("");
    let mut daemon = rig.start();
    let date = httpdate::fmt_http_date((chrono::Utc::now() - chrono::TimeDelta::minutes(20)).into());
    rig.hook.next("/hook", [Script::answer(401, &[("date", &date)], b"too old")]);
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.other.wait(1);
    let said = daemon.attempted("hook");
    let note = said["note"].as_str().unwrap();
    assert!(note.contains("20 minutes behind ours"), "{note}");
    rig.holds(daemon);
}
