//! `source.updated`: dates of changes from git, or from front matter alone.

use serde_json::Value;

use crate::harness::{Receiver, Site};

fn commit(site: &Site, date: &str) {
    site.git(&["add", "-A", "."]);
    site.git(&["commit", "-q", "-m", "x", "--date", date]);
}

fn site(updated: &str) -> (Site, Receiver) {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, &format!("source: {{updated: {updated}}}\n"));
    site.write(".gitignore", "feeds\n.tidings\ntidings.yaml\n");
    (site, receiver)
}

fn modified(site: &Site) -> Vec<(String, String)> {
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let items = feed["items"].as_array().unwrap();
    items.iter().map(|item| (text(item, "title"), text(item, "date_modified"))).collect()
}

#[test]
fn case_16_a_commit_that_touches_every_file_publishes_nothing_anew() {
    let (site, receiver) = site("git");
    site.git(&["init", "-q"]);
    site.post("01-01-a", "一", "本文");
    site.post("01-02-b", "二", "本文");
    commit(&site, "2025-02-01T00:00:00+0900");
    site.post("01-02-b", "二", "書き直した本文");
    commit(&site, "2025-03-01T00:00:00+0900");
    site.ok(&["scan"]);
    let dates = |one: &str, two: &str| vec![("二".to_owned(), two.to_owned()), ("一".to_owned(), one.to_owned())];
    assert_eq!(modified(&site), dates("2025-02-01T00:00:00+09:00", "2025-03-01T00:00:00+09:00"));
    for name in ["01-01-a", "01-02-b"] {
        let path = format!("_posts/2025-{name}.md");
        site.write(&path, site.read(&path).replacen("title: ", "title:   ", 1));
    }
    commit(&site, "2025-04-01T00:00:00+0900");
    site.ok(&["scan"]);
    assert_eq!(modified(&site), dates("2025-04-01T00:00:00+09:00", "2025-04-01T00:00:00+09:00"));
    assert!(receiver.rest().is_empty());
    site.git(&["mv", "_posts/2025-01-01-a.md", "_posts/2025-01-01-c.md"]);
    commit(&site, "2025-05-01T00:00:00+0900");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.updated");
    assert_eq!(modified(&site)[1].1, "2025-04-01T00:00:00+09:00", "case 15: a rename is no change");
}

#[test]
fn a_history_that_does_not_tell_is_named_and_nothing_is_done() {
    let (bare, _receiver) = site("git");
    bare.post("01-01-a", "一", "本文");
    for command in ["check", "scan"] {
        let done = bare.run(&[command]);
        assert_eq!(done.status, 2, "{}", done.said());
        assert!(done.said().contains("not a git repository"), "{}", done.said());
    }
    let (whole, _receiver) = site("git");
    whole.git(&["init", "-q"]);
    whole.post("01-01-a", "一", "本文");
    commit(&whole, "2025-02-01T00:00:00+0900");
    whole.post("01-02-b", "二", "本文");
    commit(&whole, "2025-03-01T00:00:00+0900");
    let url = format!("file://{}", whole.path().display());
    whole.git(&["clone", "-q", "--depth", "1", &url, "feeds/shallow"]);
    whole.write(
        "shallow.yaml",
        whole.read("tidings.yaml").replace("updated: git}", "updated: git, path: feeds/shallow}"),
    );
    let done = whole.run(&["check", "-c", "shallow.yaml"]);
    assert_eq!(done.status, 2, "{}", done.said());
    assert!(done.said().contains("shallow") && done.said().contains("fetch-depth: 0"), "{}", done.said());
}

#[test]
fn without_a_word_in_front_matter_nothing_was_ever_updated() {
    let (site, receiver) = site("never");
    site.post("01-01-a", "一", "本文");
    site.ok(&["scan"]);
    let before = modified(&site);
    site.post("01-01-a", "一", "書き直した本文");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().event(), "post.updated");
    assert_eq!(modified(&site), before);
}
