//! `check` and `init`: what is wrong, and where to begin.

use serde_json::Value;

use crate::harness::Site;

#[test]
fn problems_are_drawn_with_the_line_and_a_caret() {
    let site = Site::new();
    site.write("_posts/2025-01-03-date.md", "---\ntitle: 題名\ndate: tomorrow\n---\n本文\n");
    let done = site.run(&["check"]);
    assert_eq!(done.status, 1);
    for part in ["error[T005]", "--> _posts/2025-01-03-date.md:3:7", "date: tomorrow", "^^^^^^^^", "help: "] {
        assert!(done.stdout.contains(part), "{part} is not in\n{}", done.stdout);
    }
    assert!(done.stdout.contains("Jekyll site at https://blog.example.com/: 1 file, 0 live posts; 1 error"));
}

#[test]
fn problems_are_data_for_programs() {
    let site = Site::new();
    site.write("_posts/2025-01-03-date.md", "---\ntitle: 題名\ndate: tomorrow\n---\n本文\n");
    let done = site.run(&["check", "--format", "json"]);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.status, &value["generator"], &value["files"]), (1, &"jekyll".into(), &1.into()));
    let problem = &value["problems"][0];
    assert_eq!((&problem["code"], &problem["line"], &problem["column"]), (&"T005".into(), &3.into(), &7.into()));
}

#[test]
fn a_sound_site_has_nothing_to_say() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    let done = site.ok(&["check"]);
    assert_eq!(
        done.stdout,
        "Jekyll site at https://blog.example.com/: 1 file, 1 live post; 0 errors, 0 warnings, 0 notes\n"
    );
}

#[test]
fn init_writes_a_config_once_and_it_works() {
    let site = Site::new();
    site.remove("tidings.yaml");
    site.post("01-01-a", "記事", "本文");
    let done = site.ok(&["init"]);
    assert!(done.stdout.contains("for a jekyll site"), "{}", done.stdout);
    site.ok(&["check"]);
    site.ok(&["build"]);
    let again = site.run(&["init"]);
    assert_eq!(again.status, 2);
    assert!(again.stderr.contains("never writes over it"), "{}", again.stderr);
}

#[test]
fn a_plain_repository_needs_no_generator() {
    let site = Site::bare();
    site.write("notes/first.md", "---\ndate: 2025-01-01 10:00\ntags: a, b c\n---\n# The first\n\nText.\n");
    site.write("2025-02-03-second.md", "# 二つ目\n\n本文\n");
    site.write("README.md", "# Not a post\n");
    site.write("tidings.yaml", "site: {url: \"https://notes.example.com\", language: ja}\n");
    let done = site.ok(&["check"]);
    assert!(done.stdout.contains("Plain site"), "{}", done.stdout);
    assert!(done.stdout.contains("README.md") && done.stdout.contains("T011"), "an undated page is told as a note");
    site.ok(&["build"]);
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    let urls: Vec<_> = feed["items"].as_array().unwrap().iter().map(|item| item["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["https://notes.example.com/second/", "https://notes.example.com/notes/first/"]);
    assert_eq!(feed["items"][1]["tags"], serde_json::json!(["a", "b c"]));
    assert_eq!(feed["items"][1]["title"], "The first");
}
