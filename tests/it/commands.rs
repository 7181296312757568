//! The commands beside the daemon: what they take, say and leave alone.

use serde_json::Value;

use crate::harness::{Daemon, Site};

#[test]
fn status_looks_at_a_running_and_at_a_stopped_installation() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    site.config("webhooks: [{name: hook, url: \"http://127.0.0.1:1/\", secret: {env: HOOK_SECRET}}]\n");
    let status = || -> Value { serde_json::from_str(&site.ok(&["status", "--format", "json"]).stdout).unwrap() };
    let daemon = Daemon::start(&site);
    assert_eq!((&status()["posts"], &status()["endpoints"][0]["name"]), (&1.into(), &"hook".into()));
    daemon.stop();
    let text = site.ok(&["status"]).stdout;
    assert!(text.contains("posts       1") && text.contains("hook"), "{text}");
}

#[test]
fn a_config_file_elsewhere_and_an_output_elsewhere() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    site.write("etc/other.yaml", "source: {path: ..}\nfeeds: {formats: [json]}\n");
    site.ok(&["build", "-c", "etc/other.yaml", "--out", "elsewhere"]);
    assert!(site.file("elsewhere/feed.json").exists() && !site.file("elsewhere/feed.atom").exists());
    let feed: Value = serde_json::from_str(&site.read("elsewhere/feed.json")).unwrap();
    assert_eq!(feed["feed_url"], "https://blog.example.com/feeds/feed.json", "--out changes no address");
}

#[test]
fn quiet_says_nothing_but_errors_and_json_logs_are_json() {
    let site = Site::new();
    site.write("_posts/2025-01-01-a.md", "---\ntitle: t\ndate: tomorrow\n---\nx\n");
    let quiet = site.ok(&["build", "-q"]);
    assert_eq!(quiet.stdout, "");
    assert!(quiet.stderr.contains("T005"), "{}", quiet.stderr);
    let json = site.ok(&["build", "--log-format", "json"]).stderr;
    let lines = json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(lines.into_iter().any(|line| line["level"] == "ERROR" && line["code"] == "T005"), "{json}");
}

#[test]
fn what_ends_a_command_is_a_line_of_its_log() {
    let site = Site::new();
    for (config, status, said) in [
        ("feeds: {limit: none}\n", 2, "limit"),
        ("store: {url: \"sqlite:_config.yml/tidings.db\"}\n", 3, "_config.yml/tidings.db"),
    ] {
        site.write("tidings.yaml", config);
        let run = site.run(&["scan", "-q", "--log-format", "json"]);
        assert_eq!(run.status, status, "{}", run.stderr);
        let lines = run.stderr.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
        let errors = lines.filter(|line| line["level"] == "ERROR").map(|line| line["message"].to_string());
        assert!(errors.collect::<String>().contains(said), "{}", run.stderr);
        let filtered =
            site.command(&["scan", "--log-format", "json"]).env("TIDINGS_LOG", "hyper=debug").output().unwrap();
        let filtered = String::from_utf8(filtered.stderr).unwrap();
        assert!(filtered.contains(said), "a filter hides it: {filtered}");
    }
}
