//! kill -9 at each step between reading and recording: after a restart every event has arrived, under one id.

use super::rig::Rig;
use super::script::{Gate, Script};
use crate::harness::Daemon;

/// The steps at which the program can be made to die, in the order in which it comes by: those before the commit, those with
/// a delivery owed and not sent, and those with one that was sent.
const BEFORE_THE_COMMIT: [&str; 6] =
    ["scan.read", "publish.staged", "publish.unsettled", "publish.renamed", "publish.written", "scan.published"];
const COMMITTED: &str = "scan.committed";
const CLAIMED: &str = "deliveries.claimed";
const SENT: &str = "deliveries.sent";
const RECORDED: &str = "deliveries.recorded";

/// Has a daemon die there on its way to telling of a post.
fn died_at(step: &str) -> Rig {
    let mut rig = Rig::new("");
    rig.start().stop();
    rig.write(&["新しい記事"]);
    Daemon::start_to_die(&rig.site, step).dies();
    rig.kills += 1;
    rig
}

/// Starts it again, and returns how often the post arrived in all.
fn after_a_restart(mut rig: Rig, step: &str) -> (usize, usize) {
    let daemon = rig.start();
    rig.hook.wait(1);
    rig.other.wait(1);
    assert!(daemon.get("feed.atom").contains("新しい記事"), "{step}");
    rig.holds(daemon);
    assert!(rig.deliveries().iter().all(|delivery| delivery["state"] == "delivered"), "{step}");
    (rig.hook.journal().len(), rig.other.journal().len())
}

#[test]
fn case_01_killed_before_the_scan_was_committed() {
    for step in BEFORE_THE_COMMIT {
        let rig = died_at(step);
        assert!(rig.hook.connections() + rig.other.connections() == 0 && rig.deliveries().is_empty(), "{step}");
        assert_eq!(after_a_restart(rig, step), (1, 1), "{step}");
    }
}

#[test]
fn case_02_killed_between_the_commit_and_the_claim() {
    let rig = died_at(COMMITTED);
    assert_eq!((rig.hook.connections(), rig.deliveries().len()), (0, 2), "it is owed to both");
    assert_eq!(after_a_restart(rig, COMMITTED), (1, 1));
}

#[test]
fn case_03_killed_between_the_claim_and_the_connection() {
    let rig = died_at(CLAIMED);
    assert_eq!(rig.hook.connections() + rig.other.connections(), 0);
    let tries = rig.query("SELECT 1 FROM delivery WHERE attempts > 0").len();
    assert_eq!(tries, 0, "a try that came to nothing does not count");
    assert_eq!(after_a_restart(rig, CLAIMED), (1, 1));
}

#[test]
fn case_04_killed_before_the_reply_was_stored() {
    let mut rig = Rig::new("");
    let mut daemon = rig.start();
    rig.hook.next("/hook", [Script::status(204).behind(&Gate::default())]);
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.other.wait(1);
    daemon.attempted("other");
    rig.hook.wait(1);
    rig.kill(daemon);
    // On a clock that is set forward, so that nobody has to wait for another second.
    rig.set_off(2);
    let mut daemon = rig.start();
    let arrived = rig.hook.wait(2);
    daemon.attempted("hook");
    rig.holds(daemon);
    assert_eq!((rig.hook.journal().len(), rig.other.journal().len()), (2, 1), "exactly once more");
    assert_eq!(arrived[0].id(), arrived[1].id());
    assert!(arrived[1].timestamp() > arrived[0].timestamp(), "the repeat says when it was sent");
}

#[test]
fn case_04_killed_around_the_record_of_an_answer() {
    for step in [SENT, RECORDED] {
        let (hook, other) = after_a_restart(died_at(step), step);
        assert!(hook <= 2 && other <= 2, "{step}: {hook} and {other} arrivals");
    }
}

#[test]
fn case_05_killed_between_the_answers_and_the_commit_of_a_batch() {
    const BATCH: usize = 32;
    let mut rig = Rig::new("    concurrency: 32\n");
    rig.start().stop();
    let titles: Vec<String> = (0..3 * BATCH).map(|n| format!("記事 {n}")).collect();
    rig.write(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    // It gets as many answers as it may have messages under way, all at once, and not one more.
    let gate = Gate::default();
    rig.hook.next("/hook", vec![Script::status(204).behind(&gate); BATCH]);
    rig.hook.always("/hook", Script::hang());
    rig.other.always("/other", Script::hang());
    rig.hook.on_request(move |count| {
        if count == BATCH {
            gate.open();
        }
    });
    Daemon::start_to_die(&rig.site, SENT).dies();
    rig.kills += 1;
    rig.hook.heal();
    rig.other.heal();
    let daemon = rig.start();
    rig.hook.wait_for_messages(3 * BATCH);
    rig.other.wait_for_messages(3 * BATCH);
    rig.holds(daemon);
    let repeats = rig.hook.journal().len() - 3 * BATCH;
    assert!(repeats <= 2 * BATCH, "{repeats} repeats: more than a batch of answers and what was under way");
}

#[test]
fn the_list_of_steps_is_whole() {
    let mut found: Vec<String> = Vec::new();
    crate::layers::for_each_source(&mut |_, text| {
        found.extend(text.split("failpoint::hit(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    });
    found.sort();
    let mut steps = [&BEFORE_THE_COMMIT[..], &[COMMITTED, CLAIMED, SENT, RECORDED]].concat();
    steps.sort_unstable();
    assert_eq!(found, steps);
}
