//! Receivers that ask to be left alone, are gone, or fail for long.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::rig::{Rig, hook_config};
use super::script::Script;
use super::storm::count;

/// A status and its `Retry-After`, and for how many seconds that pauses the endpoint, if at all.
const ASKED: [(u16, &str, Option<i64>); 12] = [
    (429, "60", Some(60)),
    (503, "60", Some(60)),
    (429, "1.5", Some(2)),
    (429, "in ten minutes", Some(600)),
    (429, "an hour ago", None),
    (429, "0", None),
    (429, "-60", None),
    (429, "soon", None),
    (429, "60s", None),
    (429, "315360000", Some(86_400)),
    (503, "99999999999999999999999", Some(86_400)),
    (500, "60", None),
];

fn name(n: usize) -> String {
    format!("asks{n}")
}

fn http_date(from_now: TimeDelta) -> String {
    httpdate::fmt_http_date((Utc::now() + from_now).into())
}

fn rig_of_askers() -> Rig {
    let rig = Rig::with(|judge| {
        (0..ASKED.len()).map(|n| hook_config(&name(n), &judge.url(&format!("/{}", name(n))), "")).collect()
    });
    for (n, (status, value, _)) in ASKED.iter().enumerate() {
        let value = match *value {
            "in ten minutes" => http_date(TimeDelta::minutes(10)),
            "an hour ago" => http_date(TimeDelta::hours(-1)),
            value => value.to_owned(),
        };
        rig.hook.next(&format!("/{}", name(n)), [Script::answer(*status, &[("retry-after", &value)], b"wait")]);
    }
    rig
}

#[test]
fn case_17_retry_after_pauses_the_endpoint_as_a_whole_and_is_never_cut_short() {
    let mut rig = rig_of_askers();
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["最初"]);
    let began = Utc::now();
    rig.hook.wait(ASKED.len());
    for n in 0..ASKED.len() {
        daemon.attempted(&name(n));
    }
    for (n, (status, value, asked)) in ASKED.iter().enumerate() {
        let (endpoint, deliveries) = (rig.endpoint(&name(n)), rig.deliveries());
        let delivery = deliveries.iter().find(|delivery| delivery["endpoint"] == *name(n)).unwrap();
        let until = endpoint["not_before"].as_str().map(|text| text.parse::<DateTime<Utc>>().unwrap());
        let is_counted = (asked.is_none(), u64::from(asked.is_none()));
        assert_eq!(
            (until.is_none(), delivery["attempts"].as_u64().unwrap()),
            is_counted,
            "{status} {value}: {endpoint:#}"
        );
        assert_eq!(endpoint["failures"], is_counted.1, "{status} {value}");
        if let Some(until) = until {
            // A clock of whole seconds in the header, and a pause of at least five.
            let seconds = asked.unwrap().max(5);
            let wait = (until - began).num_seconds();
            assert!((seconds - 5..=seconds * 6 / 5 + 20).contains(&wait), "{status} {value}: {wait} s");
        }
    }

    // What comes meanwhile waits with it.
    rig.flush(&mut daemon, "次");
    let told_of_next =
        |rig: &Rig, n: usize| rig.hook.of(&format!("/{}", name(n))).iter().any(|entry| entry.title() == "次");
    for (n, (status, value, asked)) in ASKED.iter().enumerate() {
        assert!(asked.is_none() || !told_of_next(&rig, n), "{status} {value}: the endpoint is paused as a whole");
    }
    for (step, at_most) in [(75, 60), (700, 600), (106_000, 86_400)] {
        rig.pass(&mut daemon, step);
        for (n, _) in ASKED.iter().enumerate().filter(|(_, (.., asked))| asked.unwrap_or_default() <= at_most) {
            let path = format!("/{}", name(n));
            rig.hook.wait_for(&format!("{} again", ASKED[n].1), |journal| {
                journal.iter().filter(|entry| entry.path == path).count() >= 3
            });
        }
    }
    for (n, (status, value, asked)) in ASKED.iter().enumerate() {
        let mut stamps: Vec<i64> =
            rig.hook.of(&format!("/{}", name(n))).iter().map(|entry| entry.timestamp()).collect();
        stamps.sort_unstable();
        let asked = asked.unwrap_or(if *status == 500 { 60 } else { 5 });
        let first_again = rig
            .hook
            .of(&format!("/{}", name(n)))
            .iter()
            .filter(|entry| entry.title() == "最初")
            .nth(1)
            .unwrap()
            .timestamp();
        assert!(first_again - stamps[0] >= asked - 2, "{status} {value}: {stamps:?}");
    }
    rig.holds(daemon);
}

#[test]
fn case_17_discord_and_telegram_say_in_their_bodies_for_how_long() {
    let mut rig = Rig::with(|judge| {
        let chat = |name: &str, more: &str| {
            format!("  - name: {name}\n    url: \"{}\"\n    format: {name}\n{more}", judge.url(&format!("/{name}")))
        };
        chat("discord", "") + &chat("telegram", "    chat: \"@blog\"\n")
    });
    let json = [("content-type", "application/json")];
    let discord = br#"{"message": "You are being rate limited.", "retry_after": 64.57, "global": false}"#;
    let telegram = br#"{"ok": false, "error_code": 429, "parameters": {"retry_after": 35}}"#;
    rig.hook.next("/discord?wait=true", [Script::answer(429, &json, discord)]);
    rig.hook.next("/telegram/sendMessage", [Script::answer(429, &json, telegram)]);
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.other.wait(1);
    for (name, seconds) in [("discord", 65), ("telegram", 35)] {
        let began: DateTime<Utc> = daemon.attempted(name)["timestamp"].as_str().unwrap().parse().unwrap();
        let endpoint = rig.endpoint(name);
        let until: DateTime<Utc> = endpoint["not_before"].as_str().unwrap().parse().unwrap();
        let wait = (until - began).num_seconds();
        assert!((seconds - 5..=seconds * 6 / 5).contains(&wait), "{name}: {wait} s");
        assert_eq!(endpoint["failures"], 0, "{name}");
    }
    rig.pass(&mut daemon, 80);
    rig.hook.wait(4);
    for name in ["discord", "telegram"] {
        assert_eq!(daemon.attempted(name)["status"], 204, "{name}");
    }
    rig.holds(daemon);
}

/// With a webhook beside the first that is told how endpoints do.
fn with_watcher(more: &str) -> Rig {
    Rig::with(|judge| {
        let events = "    events: [endpoint.failing, endpoint.disabled, endpoint.recovered]\n";
        let watcher = hook_config("watcher", &judge.url("/watcher"), events);
        format!("{}{watcher}", hook_config("hook", &judge.url("/hook"), more))
    })
}

/// What it was told, and of whom.
fn notices(rig: &Rig) -> Vec<String> {
    let text = |entry: &super::judge::Entry| {
        let body = entry.json();
        format!("{} {}", body["type"].as_str().unwrap(), body["data"]["endpoint"].as_str().unwrap())
    };
    rig.hook.of("/watcher").iter().map(text).collect()
}

#[test]
fn case_18_gone_disables_the_endpoint_and_enabling_it_sends_what_was_parked_in_order() {
    let mut rig = with_watcher("    concurrency: 1\n");
    let mut daemon = rig.start();
    rig.hook.next("/hook", [Script::status(410)]);
    rig.publish(&mut daemon, &["一"]);
    daemon.attempted("hook");
    rig.publish(&mut daemon, &["二"]);
    rig.publish(&mut daemon, &["三"]);
    rig.other.wait(3);
    rig.pass(&mut daemon, 3 * 86_400);
    rig.flush(&mut daemon, "四");
    assert_eq!(rig.hook.of("/hook").len(), 1, "one request, and no more");
    assert_eq!(notices(&rig), ["endpoint.disabled hook"]);
    let endpoint = rig.endpoint("hook");
    assert!(endpoint["disabled"].as_str().unwrap().contains("410"), "{endpoint:#}");
    assert_eq!(endpoint["pending"], 4, "parked, not lost");
    rig.site.ok(&["endpoints", "enable", "hook"]);
    daemon.rescan();
    rig.hook.wait(6);
    let titles: Vec<String> = rig.hook.of("/hook")[1..].iter().map(|entry| entry.title()).collect();
    assert_eq!(titles, ["一", "二", "三", "四"]);
    for _ in 0..4 {
        daemon.attempted("hook");
    }
    rig.holds(daemon);
}

#[test]
fn case_19_a_storm_of_failures_opens_the_breaker_and_recovery_is_no_burst() {
    let posts = count("FAULTS_POSTS", 40);
    let rate = posts / 2;
    let mut rig = with_watcher(&format!("    rate: {rate}/s\n"));
    rig.hook.always("/hook", Script::status(500));
    let mut daemon = rig.start();
    let titles: Vec<String> = (0..posts).map(|n| format!("記事 {n}")).collect();
    // Not to be told promptly: they wait for each other.
    rig.write(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    daemon.rescan();
    rig.hook.wait(5);
    rig.other.wait(posts);
    // Five failures in a row, more than a minute apart from first to last: it is open.
    rig.pass(&mut daemon, 70);
    rig.flush(&mut daemon, "開く");
    let opened = rig.hook.of("/hook").len();
    for n in 0..12 {
        rig.pass(&mut daemon, 300);
        rig.flush(&mut daemon, &format!("嵐 {n}"));
    }
    let probes = rig.hook.of("/hook").len() - opened;
    assert!(probes <= 8, "{probes} requests in an hour to somebody who fails");
    assert!(rig.endpoint("hook")["disabled"].is_null(), "an hour is too short to give anybody up");

    rig.hook.always("/hook", Script::status(204));
    let before = rig.hook.of("/hook").len();
    rig.pass(&mut daemon, 3600);
    let all = posts + 13;
    rig.hook.wait_for("all that was owed, and word of it", |journal| {
        let to = |path: &str| journal.iter().filter(|entry| entry.path == path).count();
        to("/hook") >= before + all && to("/watcher") >= 2
    });
    assert_eq!(notices(&rig), ["endpoint.failing hook", "endpoint.recovered hook"]);
    let times: Vec<_> = rig.hook.of("/hook")[before..].iter().map(|entry| entry.at).collect();
    let second = Duration::from_secs(1);
    let burst = times.iter().map(|from| times.iter().filter(|at| **at >= *from && **at < *from + second).count()).max();
    assert!(burst.unwrap() <= 2 * rate, "{burst:?} in one second");
    rig.holds(daemon);
}
