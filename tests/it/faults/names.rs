//! Names that lead inside, names that lead nowhere, and odd spellings of addresses.

use std::net::SocketAddr;

use super::judge::Judge;
use super::rig::{Rig, hook_config};
use super::script::Script;

/// What stands for the public internet here.
const PUBLIC: &str = "    allow_networks: [127.0.0.2]\n";

/// A judge at the address that stands for the public internet, and one inside at the same port, whom nobody may call.
fn public_and_inside() -> (Judge, Judge) {
    loop {
        let public = Judge::at(SocketAddr::from(([127, 0, 0, 2], 0))).unwrap();
        // Somebody else may have the port.
        if let Ok(inside) = Judge::at(SocketAddr::from(([127, 0, 0, 1], public.address().port()))) {
            return (public, inside);
        }
    }
}

#[test]
fn case_15_a_name_that_is_rebound_to_the_inside_is_refused_at_the_connection() {
    let (public, inside) = public_and_inside();
    let url = format!("http://hooks.example.com:{}/hook", public.address().port());
    let mut rig = Rig::with_judge(public, |_| hook_config("hook", &url, PUBLIC));
    rig.point("hooks.example.com 127.0.0.2");
    rig.hook.next("/hook", [Script::raw("HTTP/1.1 204 Gone again\r\nconnection: close\r\n\r\n")]);
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["前"]);
    rig.hook.wait(1);
    daemon.attempted("hook");
    rig.point("hooks.example.com 127.0.0.1");
    rig.publish(&mut daemon, &["後"]);
    let said = daemon.attempted("hook");
    assert_eq!(said["error"], "blocked", "{said:#}");
    let note = said["note"].as_str().unwrap();
    assert!(note.contains("hooks.example.com leads to 127.0.0.1, a loopback address"), "{note}");
    assert!(note.contains("add 127.0.0.1/32 to allow_networks"), "{note}");
    assert_eq!(inside.connections(), 0);
    rig.point("hooks.example.com 127.0.0.2");
    rig.pass(&mut daemon, 7);
    rig.hook.wait(2);
    daemon.attempted("hook");
    rig.other.wait(2);
    rig.holds(daemon);
}

#[test]
fn case_15_of_a_mixed_answer_only_the_public_addresses_are_called() {
    let (public, inside) = public_and_inside();
    let url = format!("http://hooks.example.com:{}/hook", public.address().port());
    let mut rig = Rig::with_judge(public, |_| hook_config("hook", &url, PUBLIC));
    rig.point("hooks.example.com 127.0.0.1 ::1 127.0.0.2 ::ffff:127.0.0.1");
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.hook.wait(1);
    rig.other.wait(1);
    daemon.attempted("hook");
    rig.holds(daemon);
    assert_eq!(inside.connections(), 0);
}

#[test]
fn case_15_a_public_name_leads_inside_in_no_form_and_a_proxy_of_the_environment_is_not_asked() {
    let forms = [
        "127.0.0.1",
        "0.0.0.0",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::80ff:fffe",
        "fe80::1",
        "169.254.169.254",
    ];
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = trap.local_addr().unwrap().port();
    let name = |n: usize| format!("form{n}");
    let mut rig = Rig::with(|_| {
        let hook = |n| hook_config(&name(n), &format!("http://form{n}.example.com:{port}/form{n}"), "");
        (0..forms.len()).map(hook).collect()
    });
    let lines: Vec<String> = forms.iter().enumerate().map(|(n, form)| format!("form{n}.example.com {form}")).collect();
    rig.point(&lines.join("\n"));
    let proxy = rig.trap.url("/");
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let mut environment: Vec<(&str, &str)> = names.iter().map(|name| (*name, proxy.as_str())).collect();
    environment.extend([("NO_PROXY", "nobody.example"), ("no_proxy", "nobody.example")]);
    let mut daemon = rig.start_with(&environment);
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.other.wait(1);
    for n in 0..forms.len() {
        daemon.attempted(&name(n));
    }
    rig.holds(daemon);
    for (n, form) in forms.iter().enumerate() {
        assert_eq!(rig.attempts(&name(n), "新しい記事")[0]["error"], "blocked", "{form}");
    }
    trap.set_nonblocking(true).unwrap();
    assert!(trap.accept().is_err(), "not a packet came");
}

#[test]
fn case_15_a_literal_is_the_operators_word_however_it_is_spelled_and_metadata_is_refused() {
    let spellings =
        ["0x7f.1", "2130706433", "017700000001", "127.1", "127.0.0.1.", "%31%32%37.0.0.1", "[::ffff:127.0.0.1]"];
    let metadata = ["169.254.169.254", "2852039166", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]"];
    let mut rig = Rig::with(|judge| {
        let port = judge.address().port();
        let hook = |(n, host): (usize, &&str)| hook_config(&format!("h{n}"), &format!("http://{host}:{port}/h{n}"), "");
        spellings.iter().chain(&metadata).enumerate().map(hook).collect()
    });
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.hook.wait(spellings.len());
    rig.other.wait(1);
    for n in 0..spellings.len() + metadata.len() {
        daemon.attempted(&format!("h{n}"));
    }
    rig.holds(daemon);
    for (n, host) in spellings.iter().chain(&metadata).enumerate() {
        let attempt = &rig.attempts(&format!("h{n}"), "新しい記事")[0];
        let expected = if n < spellings.len() { None } else { Some("blocked") };
        assert_eq!(attempt["error"].as_str(), expected, "{host}: {attempt:#}");
    }
}

#[test]
fn case_16_a_name_that_is_gone_for_hours_is_called_again_when_it_is_back() {
    let mut rig = Rig::with(|judge| {
        let url = format!("http://hooks.example.com:{}/hook", judge.address().port());
        hook_config("hook", &url, "    allow_networks: [127.0.0.1]\n")
    });
    rig.point("hooks.example.com");
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    for _ in 0..4 {
        let said = daemon.attempted("hook");
        assert_eq!((said["error"].as_str(), said["status"].as_u64()), (Some("dns"), None), "{said:#}");
        rig.pass(&mut daemon, 2 * 3600);
    }
    daemon.attempted("hook");
    rig.point("hooks.example.com 127.0.0.1");
    rig.pass(&mut daemon, 6 * 3600);
    rig.hook.wait(1);
    daemon.attempted("hook");
    rig.holds(daemon);
    assert!(rig.deliveries().iter().all(|delivery| delivery["state"] == "delivered"));
}

#[test]
fn case_16_a_resolver_that_says_nothing_is_waited_for_no_longer_than_a_connection() {
    let mut rig = Rig::with(|judge| {
        let url = format!("http://hooks.example.com:{}/hook", judge.address().port());
        hook_config("hook", &url, "    timeout: 2s\n    allow_networks: [127.0.0.1]\n")
    });
    rig.point("hooks.example.com never");
    let mut daemon = rig.start();
    rig.publish(&mut daemon, &["新しい記事"]);
    rig.other.wait(1);
    let said = daemon.attempted("hook");
    let took: u64 = said["took_ms"].as_str().unwrap().parse().unwrap();
    assert!(said["error"] == "timeout" && took < 7_000, "{said:#}");
    rig.point("hooks.example.com 127.0.0.1");
    rig.pass(&mut daemon, 7);
    rig.hook.wait(1);
    daemon.attempted("hook");
    rig.holds(daemon);
}
