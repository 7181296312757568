//! Case 7: kill -9 again and again, at random, under load; and a soak in everything at once.
//!
//! `FAULTS_SEED`, `FAULTS_KILLS`, `FAULTS_EVENTS`, `FAULTS_ROUNDS` and `FAULTS_POSTS` say how long; `make faults` gives the long form. The seed
//! decides what happens; when exactly it does is the machine's.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::rig::{Rig, hook_config};
use super::script::Script;
use crate::harness::Daemon;
use crate::random::Random;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

pub(super) fn count(name: &str, usual: u64) -> usize {
    usize::try_from(number(name, usual)).unwrap()
}

fn random() -> Random {
    Random::new(number("FAULTS_SEED", 1), "storm", 0)
}

/// Posts of this range, by number.
fn write(rig: &mut Rig, numbers: std::ops::Range<usize>) {
    let titles: Vec<String> = numbers.map(|n| format!("記事 {n}")).collect();
    rig.write(&titles.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Kills a daemon that has just been started: when so many requests more have come, or so much time has passed.
fn kill_at(rig: &mut Rig, requests: usize, patience: Duration) {
    let (sender, reached) = mpsc::channel();
    let target = rig.hook.counts().1 + requests;
    rig.hook.on_request(move |count| {
        if count >= target {
            let _ = sender.send(());
        }
    });
    let daemon = Daemon::spawn_serving(&rig.site, &[]);
    let _ = reached.recv_timeout(patience);
    rig.kill(daemon);
}

#[test]
fn case_07_killed_at_random_again_and_again_under_load() {
    let (kills, events) = (count("FAULTS_KILLS", 5), count("FAULTS_EVENTS", 200));
    let (mut random, mut rig) = (random(), Rig::new("    concurrency: 16\n"));
    rig.start().stop();
    let mut written = 0;
    for kill in 1..=kills {
        let until = events * kill / kills;
        write(&mut rig, written..until);
        let requests = 1 + random.below(1 + until - written);
        written = until;
        // Long enough for what is asked for, and now and then in the middle of a start or a scan.
        let patience = if random.once_in(4) { random.below(400) } else { 5_000 + 3 * written };
        let patience = Duration::from_millis(patience as u64);
        kill_at(&mut rig, requests, patience);
    }
    let daemon = rig.start();
    let arrived = rig.hook.wait_for_messages(events);
    rig.other.wait_for_messages(events);
    // What is waited for below the healthy one's second is not the backlog of so many starts.
    rig.told.values_mut().for_each(|since| *since = None);
    rig.holds(daemon);

    let mut ids: HashMap<String, HashSet<&str>> = HashMap::new();
    for entry in &arrived {
        ids.entry(entry.title()).or_default().insert(entry.id());
    }
    let (messages, requests) = rig.hook.counts();
    let (lost, changed) = (events - messages, ids.values().filter(|ids| ids.len() > 1).count());
    let repeats = requests - messages;
    println!("kills={kills} events={events} repeats={repeats} lost={lost} ids changed={changed}");
    assert_eq!((lost, changed, ids.len()), (0, 0, events));
    assert!(repeats <= 256 * kills, "more than a batch a kill");
}

/// Whatever a receiver may do, the good as often as all the bad.
fn anything(random: &mut Random) -> Script {
    let bad = [
        &Script::status(500),
        &Script::answer(429, &[("retry-after", "7")], b"slow down"),
        &Script::answer(503, &[("retry-after", "soon")], b"busy"),
        &Script::reset(),
        &Script::raw(""),
        &Script::raw("SSH-2.0-OpenSSH_9.9\r\n\r\n"),
        &Script::raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"),
        &Script::raw("HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n").flooding(&[b'a'; 4096]),
        &Script::answer(302, &[("location", "http://127.0.0.1:1/")], b""),
        &Script::hang(),
        &Script::raw("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").resetting(),
    ];
    if random.once_in(2) { Script::status(204) } else { random.pick(&bad).clone() }
}

/// What may befall the daemon between two scans.
fn befall(rig: &mut Rig, mut daemon: Daemon, random: &mut Random) -> Daemon {
    match random.below(6) {
        0 => {
            rig.kill(daemon);
            rig.start()
        }
        1 => {
            daemon.stop();
            rig.start()
        }
        2 => {
            daemon.signal("STOP");
            rig.set_off(seconds(random, 7_200));
            daemon.signal("CONT");
            daemon
        }
        _ => {
            rig.pass(&mut daemon, seconds(random, 3_600));
            daemon
        }
    }
}

fn seconds(random: &mut Random, limit: usize) -> i64 {
    i64::try_from(random.below(limit)).unwrap()
}

#[test]
fn a_soak_in_all_faults_at_once_loses_nothing() {
    let (rounds, mut random) = (count("FAULTS_ROUNDS", 6), random());
    let names = ["hook", "second", "third"];
    let mut rig = Rig::with(|judge| {
        names.iter().map(|name| hook_config(name, &judge.url(&format!("/{name}")), "    timeout: 1s\n")).collect()
    });
    let (began, mut daemon) = (Instant::now(), rig.start());
    for round in 0..rounds {
        for name in names {
            rig.hook.next(&format!("/{name}"), (0..8).map(|_| anything(&mut random)));
        }
        write(&mut rig, 5 * round..5 * (round + 1));
        daemon.rescan();
        daemon = befall(&mut rig, daemon, &mut random);
    }
    // Then all is well, and days pass, until nobody is owed anything.
    rig.hook.heal();
    for day in 0..40 {
        if !rig.deliveries().iter().any(|delivery| delivery["state"] == "pending") {
            break;
        }
        rig.pass(&mut daemon, 29 * 3600);
        rig.flush(&mut daemon, &format!("平穏 {day}"));
        daemon.stop();
        daemon = rig.start();
    }
    rig.told.values_mut().for_each(|since| *since = None);
    let (deliveries, (messages, requests)) = (rig.deliveries(), rig.hook.counts());
    let count = |state: &str| deliveries.iter().filter(|delivery| delivery["state"] == state).count();
    let (kills, seconds) = (rig.kills, began.elapsed().as_secs());
    println!(
        "rounds={rounds} seconds={seconds} kills={kills} messages={messages} requests={requests} delivered={} dead={} waiting={}",
        count("delivered"),
        count("dead"),
        count("pending")
    );
    assert_eq!(count("pending"), 0);
    rig.holds(daemon);
}
