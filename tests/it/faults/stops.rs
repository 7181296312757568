//! The daemon is asked to stop, or put to sleep, in the middle of its deliveries.

use super::rig::{Rig, hook_config};
use super::script::{Gate, Script};
use crate::harness::Daemon;

const UNDER_WAY: usize = 50;

/// A rig with one webhook that takes fifty at a time and answers when the gate opens, and sixty posts for it.
fn busy() -> (Rig, Gate) {
    let (rig, gate) = (Rig::new("    concurrency: 50\n"), Gate::default());
    rig.hook.always("/hook", Script::status(204).behind(&gate));
    rig.site.config(&format!(
        "guard: {{max_events_per_scan: 100}}\nwebhooks:\n{}",
        hook_config("hook", &rig.hook.url("/hook"), "    concurrency: 50\n")
    ));
    (rig, gate)
}

fn write_sixty(rig: &Rig) {
    (0..UNDER_WAY + 10).for_each(|n| rig.site.post(&format!("03-01-{n}"), &format!("記事 {n}"), "本文"));
}

/// As many under way as there may be, more behind them, and a signal to stop that was heard.
fn stopping() -> (Rig, Gate, Daemon) {
    let (mut rig, gate) = busy();
    let mut daemon = rig.start();
    write_sixty(&rig);
    daemon.rescan();
    rig.hook.wait(UNDER_WAY);
    daemon.signal("TERM");
    daemon.line(|line| line["message"].as_str().is_some_and(|text| text.starts_with("stopping")));
    (rig, gate, daemon)
}

#[test]
fn case_06_a_term_signal_with_fifty_under_way_finishes_them_and_begins_no_more() {
    let (mut rig, gate, daemon) = stopping();
    gate.open();
    daemon.ended();
    assert_eq!(rig.hook.journal().len(), UNDER_WAY, "no new one was begun");
    assert_eq!(rig.hook.busiest(), UNDER_WAY);
    let daemon = rig.start();
    rig.hook.wait(UNDER_WAY + 10);
    rig.holds(daemon);
    assert_eq!(rig.hook.journal().len(), UNDER_WAY + 10, "none came twice");
}

#[test]
fn case_06_a_second_term_signal_ends_it_at_once() {
    let (mut rig, gate, daemon) = stopping();
    daemon.signal("TERM");
    let (status, said) = daemon.outcome();
    assert_eq!(status.code(), Some(3), "{said:#?}");
    rig.kills += 1;
    gate.open();
    let daemon = rig.start();
    rig.hook.wait_for_messages(UNDER_WAY + 10);
    rig.holds(daemon);
}

#[test]
fn case_24_a_process_that_slept_past_its_lease_sends_nothing_twice() {
    let mut rig = Rig::new("");
    let (mut daemon, gate) = rig.under_way();
    daemon.signal("STOP");
    // The lease is over, and another process would take what is owed, but the store has one owner, asleep or not.
    rig.set_off(3600);
    let second = rig.site.run(&["scan"]);
    assert!(second.status == 3 && second.stderr.contains("in use by another tidings process"), "{}", second.said());
    daemon.signal("CONT");
    rig.flush(&mut daemon, "もう一つ");
    gate.open();
    rig.hook.wait(2);
    while daemon.attempted("hook")["attempt"] != 1 {}
    rig.holds(daemon);
    let arrived = rig.hook.journal();
    assert!(arrived.len() <= 3, "one repeat at most: {arrived:#?}");
    assert!(rig.deliveries().iter().all(|delivery| delivery["state"] == "delivered"));
}
