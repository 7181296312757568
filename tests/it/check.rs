//! `check` and `init`: what is wrong, and where to begin.

use serde_json::Value;

use crate::harness::{Done, Site, repository};

#[test]
fn problems_are_drawn_with_the_line_and_a_caret() {
    let site = Site::new();
    site.write("_posts/2025-01-03-date.md", "---\ntitle: 題名\ndate: tomorrow\n---\n本文\n");
    let done = site.run(&["check"]);
    assert_eq!(done.status, 1);
    for part in ["error[T005]", "--> _posts/2025-01-03-date.md:3:7", "date: tomorrow", "^^^^^^^^", "help: "] {
        assert!(done.stdout.contains(part), "{part} is not in\n{}", done.stdout);
    }
    assert!(done.stdout.contains("https://blog.example.com/: 1 file, 0 live posts; 1 error"));
}

#[test]
fn the_problem_that_readme_shows_is_what_check_says() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let shown = readme.split("```text\nerror[").nth(1).unwrap().split("```").next().unwrap();
    let site = Site::new();
    site.write("_posts/2025-01-01-rust.md", "---\ntitle: Rust: a language\n---\nText.\n");
    let said = site.run(&["check"]).stdout;
    assert!(said.starts_with(&format!("error[{shown}")), "{said}");
}

#[test]
fn problems_are_data_for_programs() {
    let site = Site::new();
    site.write("_posts/2025-01-03-date.md", "---\ntitle: 題名\ndate: tomorrow\n---\n本文\n");
    let done = site.run(&["check", "--format", "json"]);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.status, &value["generator"], &value["files"]), (1, &"jekyll".into(), &1.into()));
    assert_eq!(value["problems"].as_array().unwrap().len(), 1);
    let problem = &value["problems"][0];
    assert_eq!((&problem["code"], &problem["line"], &problem["column"]), (&"T005".into(), &3.into(), &7.into()));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&value),
        ["generator", "because", "files", "posts", "errors", "warnings", "notes", "problems"],
        "programs rely on these"
    );
    assert_eq!(
        keys(problem),
        ["code", "severity", "path", "line", "column", "len", "source", "message", "effect", "remedy"]
    );
}

#[test]
fn what_only_shows_when_feeds_are_made_is_said_before() {
    let site = Site::new();
    let podcast = "{category: Arts, image: /cover.png, owner: {name: Me, email: me@example.com}}";
    site.config(&format!("feeds: {{podcast: {podcast}}}\n"));
    site.post("01-01-a", "a", &"長い文。\n".repeat(60_000));
    let done = site.run(&["check"]);
    for part in ["T003", "an entry may have 524288", "T006", "without an episode's file"] {
        assert!(done.stdout.contains(part), "{part} is not in\n{}", done.stdout);
    }
    assert!(!site.file("feeds").exists(), "nothing is written");
}

#[test]
fn a_sound_site_has_nothing_to_say() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    let done = site.ok(&["check"]);
    assert_eq!(
        done.stdout,
        "read as Jekyll, because there is a `_config.yml`; `source.generator` overrides this\n\
         https://blog.example.com/: 1 file, 1 live post; 0 errors, 0 warnings, 0 notes\n"
    );
}

#[test]
fn check_and_the_log_say_which_generator_it_is_and_why() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    assert!(site.ok(&["build"]).stderr.contains("read as Jekyll, because there is a `_config.yml`"));
    site.config("site: {url: \"https://blog.example.com\"}\nsource: {generator: plain}\n");
    let done = site.run(&["check"]);
    assert!(done.stdout.contains("read as plain Markdown, because `source.generator` says so\n"), "{}", done.stdout);
    let site = Site::bare();
    site.write("tidings.yaml", "site: {url: \"https://blog.example.com\"}\n");
    site.write("_posts/2025-01-01-a.md", "---\ntitle: t\n---\nx\n");
    assert!(site.ok(&["check"]).stdout.contains("because there is a directory `_posts`;"));
}

#[test]
fn notes_are_logged_only_on_request_and_then_all() {
    let site = Site::new();
    site.config("site: {url: \"https://blog.example.com\"}\nsource: {generator: plain}\n");
    for n in 0..30 {
        site.write(&format!("page-{n}.md"), "A page without a date.\n");
    }
    assert!(!site.ok(&["build"]).stderr.contains("T011"));
    assert_eq!(site.ok(&["build", "-v"]).stderr.matches("note [T011]").count(), 30);
}

#[test]
fn of_a_problem_that_a_thousand_posts_have_a_few_are_shown() {
    let site = Site::new();
    for day in 0..50 {
        site.write(&format!("_posts/2025-01-01-p{day:02}.md"), "---\ntitle: t\n---\n{% plugin %}\n");
    }
    site.write("_posts/2025-01-02-other.md", "---\ntitle: t\ndate: tomorrow\n---\n");
    let shown = |done: &Done, code: &str| done.said().matches(&format!("[{code}]: ")).count();
    let done = site.run(&["check"]);
    assert_eq!((shown(&done, "T010"), shown(&done, "T005")), (20, 1), "{}", done.stdout);
    assert!(done.stdout.contains("and 30 more of T010, a template tag that was left out"), "{}", done.stdout);
    assert!(done.stdout.contains("1 error, 50 warnings, 0 notes"), "{}", done.stdout);
    assert_eq!(shown(&site.run(&["check", "--all"]), "T010"), 50);
    let log = site.ok(&["build"]);
    assert_eq!(shown(&log, "T010"), 20);
    assert!(log.stderr.contains("and 30 more of T010"), "{}", log.stderr);
}

#[test]
fn problems_are_annotations_for_github() {
    let site = Site::new();
    site.write("_posts/2025-01-03-date.md", "---\ntitle: 題名\ndate: tomorrow\n---\n本文\n");
    let done = site.run(&["check", "--format", "github"]);
    assert_eq!(done.status, 1);
    let start = "::error file=_posts/2025-01-03-date.md,line=3,col=7,title=T005::`tomorrow` is no date";
    assert!(done.stdout.starts_with(start) && done.stdout.lines().count() == 1, "{}", done.stdout);
    site.config("feds: 1\n");
    let done = site.run(&["check", "--format", "github"]);
    assert!(done.status == 2 && done.stdout.starts_with("::error file=tidings.yaml,line="), "{}", done.stdout);
}

#[test]
fn init_writes_a_config_once_and_it_works() {
    let site = Site::new();
    site.remove("tidings.yaml");
    site.post("01-01-a", "記事", "本文");
    let done = site.ok(&["init"]);
    assert!(done.stdout.contains("the site is read as Jekyll, because there is a `_config.yml`"), "{}", done.stdout);
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
    assert!(done.stdout.contains("read as plain Markdown"), "{}", done.stdout);
    assert!(done.stdout.contains("README.md") && done.stdout.contains("T011"), "an undated page is told as a note");
    site.ok(&["build"]);
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    let urls: Vec<_> = feed["items"].as_array().unwrap().iter().map(|item| item["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["https://notes.example.com/second/", "https://notes.example.com/notes/first/"]);
    assert_eq!(feed["items"][1]["tags"], serde_json::json!(["a", "b c"]));
    assert_eq!(feed["items"][1]["title"], "The first");
}
