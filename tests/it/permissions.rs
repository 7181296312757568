//! What this user may not read or write: said, survived, and never taken for gone.

use crate::harness::{Done, Receiver, Site};

fn ok(done: &Done) {
    assert_eq!(done.status, 0, "{}", done.said());
}

#[test]
fn an_unreadable_file_is_named_and_not_removed() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    site.post("01-01-a", "記事", "本文");
    site.post("01-02-b", "隣", "本文");
    ok(&site.run_as_nobody(&["scan"]));
    site.permit("_posts/2025-01-01-a.md", 0o000);
    let done = site.run_as_nobody(&["check"]);
    assert_eq!(done.status, 1);
    assert!(done.stdout.contains("error[T001]") && done.stdout.contains("2025-01-01-a.md"), "{}", done.stdout);
    ok(&site.run_as_nobody(&["scan"]));
    assert!(receiver.rest().is_empty(), "unreadable is not removed");
    site.permit("_posts/2025-01-01-a.md", 0o644);
    ok(&site.run_as_nobody(&["scan"]));
    assert!(receiver.rest().is_empty(), "and readable again is not new");
}

#[test]
fn what_was_broken_at_first_is_no_news_though_its_directory_was_closed_meanwhile() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    site.post("01-01-a", "記事", "本文");
    site.write("_posts/closed/2025-01-02-b.md", "---\ntitle: [\n---\n");
    ok(&site.run_as_nobody(&["scan"]));
    for mode in [0o000, 0o755] {
        site.permit("_posts/closed", mode);
        ok(&site.run_as_nobody(&["scan"]));
    }
    site.write("_posts/closed/2025-01-02-b.md", "---\ntitle: 直した\n---\n本文\n");
    ok(&site.run_as_nobody(&["scan"]));
    assert!(site.read("feeds/feed.atom").contains("直した"));
    assert!(receiver.rest().is_empty(), "it was there before");
}

#[test]
fn nothing_counts_as_removed_while_a_directory_cannot_be_looked_into() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    site.post("01-01-a", "記事", "本文");
    site.write("_posts/closed/2025-01-02-b.md", "---\ntitle: 奥\nid: \"urn:x:b\"\n---\n本文\n");
    site.write("_posts/open/2025-01-03-c.md", "---\ntitle: 動く\nid: \"urn:x:c\"\n---\n本文\n");
    ok(&site.run_as_nobody(&["scan"]));
    // One post moves to where nobody can look.
    std::fs::rename(site.file("_posts/open/2025-01-03-c.md"), site.file("_posts/closed/2025-01-03-c.md")).unwrap();
    site.permit("_posts/closed", 0o000);
    ok(&site.run_as_nobody(&["scan"]));
    assert!(receiver.rest().is_empty());
    site.permit("_posts/closed", 0o755);
    ok(&site.run_as_nobody(&["scan"]));
    assert!(receiver.rest().is_empty());
}

#[test]
fn folders_that_may_not_be_written_are_named() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    ok(&site.run_as_nobody(&["build"]));
    let good = site.read("feeds/feed.atom");
    site.post("01-02-b", "新しい", "本文");
    site.permit("feeds", 0o555);
    let done = site.run_as_nobody(&["build"]);
    assert_eq!(done.status, 3, "{}", done.said());
    assert!(done.stderr.contains("feeds") && done.stderr.contains("let this user write there"), "{}", done.stderr);
    assert_eq!(site.read("feeds/feed.atom"), good);
    site.permit("feeds", 0o755);

    std::fs::create_dir(site.file(".tidings")).unwrap();
    site.run_as_nobody(&["status"]);
    site.permit(".tidings", 0o555);
    let done = site.run_as_nobody(&["scan"]);
    assert_eq!(done.status, 3, "{}", done.said());
    assert!(done.stderr.contains("tidings.db"), "{}", done.stderr);
}
