//! Receivers that answer late, badly, without end, or with something else.

use std::io::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::machine;
use super::rig::{Rig, hook_config};
use super::script::Script;

const HASTY: &str = "    timeout: 1s\n";

/// Publishes a post, waits for the first attempt to be recorded, and returns it.
fn first_attempt(rig: &mut Rig, script: Script) -> Value {
    let mut daemon = rig.start();
    rig.hook.next("/hook", [script]);
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.other.wait(1);
    daemon.attempted("hook");
    rig.holds(daemon);
    rig.attempts("hook", "新しい記事").remove(0)
}

fn state(rig: &Rig) -> String {
    let deliveries = rig.deliveries();
    deliveries.iter().find(|delivery| delivery["endpoint"] == "hook").unwrap()["state"].as_str().unwrap().to_owned()
}

#[test]
fn case_08_no_answer_is_a_failure_after_fifteen_seconds_and_no_more_hang_than_may() {
    let mut rig = Rig::new("    concurrency: 3\n");
    let mut daemon = rig.start();
    rig.hook.always("/hook", Script::hang());
    let titles: Vec<String> = (0..8).map(|n| format!("記事 {n}")).collect();
    rig.publish(&mut daemon, &titles.iter().map(String::as_str).collect::<Vec<_>>());
    rig.hook.wait(3);
    rig.flush(&mut daemon, "次");
    assert_eq!((rig.hook.journal().len(), rig.hook.busiest()), (3, 3));
    rig.other.wait(9);
    let said = daemon.attempted("hook");
    let took: u64 = said["took_ms"].as_str().unwrap().parse().unwrap();
    assert!((14_000..17_000).contains(&took), "{took} ms");
    assert_eq!(said["error"], "timeout");
    // Those that are under way may take as long again: nobody waits for them.
    rig.hook.always("/hook", Script::status(204));
    rig.kill(daemon);
    rig.holds_stopped();
}

#[test]
fn case_09_a_head_that_drips_is_a_timeout() {
    let mut rig = Rig::new(HASTY);
    let drip = Script::raw("").dripping("HTTP/1.1 200 OK\r\nX-Slow: yes\r\n\r\n", Duration::from_millis(200));
    let attempt = first_attempt(&mut rig, drip);
    assert_eq!((attempt["error"].as_str(), attempt["status"].as_u64()), (Some("timeout"), None), "{attempt:#}");
    assert_eq!(state(&rig), "pending");
}

#[test]
fn case_09_a_body_that_drips_after_a_good_status_is_delivered_with_a_note() {
    let mut rig = Rig::new(HASTY);
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n";
    let attempt = first_attempt(&mut rig, Script::raw(head).dripping(&"x".repeat(20), Duration::from_millis(200)));
    assert_eq!((attempt["error"].as_str(), attempt["status"].as_u64()), (None, Some(200)), "{attempt:#}");
    assert!(attempt["note"].as_str().unwrap().contains("did not end in time"), "{attempt:#}");
    assert_eq!((state(&rig).as_str(), rig.hook.journal().len()), ("delivered", 1));
}

#[test]
fn case_10_an_endless_body_costs_no_memory() {
    let mut rig = Rig::new("");
    let mut daemon = rig.start();
    rig.flush(&mut daemon, "慣らし");
    daemon.attempted("hook");
    let chunk = [b"10000\r\n", &[b'a'; 0x10000][..], b"\r\n"].concat();
    let endless = Script::raw("HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n").flooding(&chunk);
    let sized = Script::raw("HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n").flooding(&[b'a'; 0x10000]);
    rig.hook.next("/hook", [endless, sized]);
    let before = machine::resident(daemon.id());
    rig.publish(&mut daemon, &["終わらない", "大きい"]);
    rig.other.wait(3);
    for _ in 0..2 {
        daemon.attempted("hook");
    }
    let grown = machine::peak(daemon.id()).saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes more");
    rig.holds(daemon);
    let kept: Vec<usize> = ["終わらない", "大きい"]
        .iter()
        .map(|title| rig.attempts("hook", title)[0]["note"].as_str().map_or(0, str::len))
        .collect();
    assert!(kept.iter().all(|&length| length < 2200), "{kept:?}");
}

#[test]
fn case_10_a_giant_head_is_a_bad_response() {
    let mut rig = Rig::new("");
    let head = format!("HTTP/1.1 200 OK\r\nx-huge: {}\r\n\r\n", "a".repeat(1 << 20));
    assert_eq!(first_attempt(&mut rig, Script::raw(head))["error"], "bad_response");
    assert_eq!(state(&rig), "pending");
}

#[test]
fn case_11_a_gzip_bomb_stays_packed() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    (0..160).for_each(|_| packer.write_all(&[b'a'; 1 << 16]).unwrap());
    let bomb = packer.finish().unwrap();
    let mut rig = Rig::new("");
    let answer = Script::answer(500, &[("content-encoding", "gzip"), ("content-type", "text/plain")], &bomb);
    let attempt = first_attempt(&mut rig, answer);
    let note = attempt["note"].as_str().unwrap();
    assert!(note.contains("\\u{1f}\\x8b") && !note.contains("aaaa") && !note.contains(char::is_control), "{note}");
    assert!(!rig.hook.journal()[0].headers.contains_key("accept-encoding"), "nobody was asked to pack anything");
}

#[test]
fn case_12_answers_that_break_off_are_delivered_from_the_status_line_on_and_have_words_of_their_own() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nabc";
    let faults = [
        ("dies", Script::raw(cut), None, "its body broke off"),
        (
            "resets",
            Script::raw("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n").resetting(),
            None,
            "its body broke off",
        ),
        ("empty", Script::raw(""), Some("closed"), "ended without an answer"),
        ("reset", Script::reset(), Some("closed"), "ended without an answer"),
        ("half", Script::raw("HTTP/1.1 20"), Some("closed"), "ended without an answer"),
        ("ssh", Script::raw("SSH-2.0-OpenSSH_9.9\r\n\r\n"), Some("bad_response"), "not HTTP"),
        ("garbage", Script::raw([0xff; 64]), Some("bad_response"), "not HTTP"),
    ];
    let mut rig = Rig::with(|judge| {
        let hook =
            |(name, ..): &(&str, Script, Option<&str>, &str)| hook_config(name, &judge.url(&format!("/{name}")), "");
        faults.iter().map(hook).collect()
    });
    for (name, script, ..) in &faults {
        rig.hook.next(&format!("/{name}"), [script.clone()]);
    }
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.other.wait(1);
    for (name, ..) in &faults {
        daemon.attempted(name);
    }
    rig.holds(daemon);
    for (name, _, error, note) in &faults {
        let attempt = &rig.attempts(name, "新しい記事")[0];
        assert_eq!(attempt["error"].as_str(), *error, "{name}: {attempt:#}");
        assert!(attempt["note"].as_str().unwrap().contains(note), "{name}: {attempt:#}");
        let deliveries = rig.deliveries();
        let delivery = deliveries.iter().find(|delivery| delivery["endpoint"] == *name).unwrap();
        assert_eq!(delivery["state"], if error.is_none() { "delivered" } else { "pending" }, "{name}");
    }
}

#[test]
fn case_13_a_redirect_is_followed_nowhere() {
    let mut rig = Rig::with(|judge| {
        let hook = |status: &u16| hook_config(&format!("to-{status}"), &judge.url(&format!("/to-{status}")), "");
        [301, 302, 303, 307, 308].iter().map(hook).collect()
    });
    let (trap, own) = (rig.trap.url("/token-in-path?key=secret-value"), rig.hook.url("/to-308"));
    for (status, target) in [
        (301, trap.as_str()),
        (302, trap.as_str()),
        (303, "https://hooks.example.com/token-in-path"),
        (307, "//10.0.0.1/token-in-path"),
        (308, own.as_str()),
    ] {
        rig.hook.always(&format!("/to-{status}"), Script::answer(status, &[("location", target)], b"moved"));
    }
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    for status in [301, 302, 303, 307, 308] {
        daemon.attempted(&format!("to-{status}"));
    }
    rig.holds(daemon);
    assert_eq!(rig.hook.journal().len(), 5, "one request each");
    let shown = [
        rig.trap.url(""),
        rig.trap.url(""),
        "https://hooks.example.com".into(),
        "http://10.0.0.1".into(),
        rig.hook.url(""),
    ];
    for (status, shown) in [301, 302, 303, 307, 308].into_iter().zip(shown) {
        let attempt = &rig.attempts(&format!("to-{status}"), "新しい記事")[0];
        let note = attempt["note"].as_str().unwrap();
        assert_eq!(attempt["error"], "redirect");
        assert!(note.contains(&format!("points to {shown}/…")), "{note}");
        assert!(!note.contains("token-in-path") && !note.contains("secret-value"), "{note}");
    }
}
