//! Front matter that is broken, or holds other types than one thinks.

use super::{build, built, feeds, link, only, problems, terms, title, titles, told};
use crate::harness::{Daemon, Site};

#[test]
fn case_04_broken_yaml() {
    let site = built(&[
        ("2025-01-01-good.md", "---\ntitle: よい記事\n---\n本文\n"),
        ("2025-01-02-colon.md", "---\ntitle: Rust: a language\n---\nx\n"),
        ("2025-01-03-tab.md", "---\ntitle: t\nauthor:\n\tname: x\n---\nx\n"),
        ("2025-01-04-open.md", "---\ntitle: \"never closed\n---\nx\n"),
        ("2025-01-05-ruby.md", "---\ntitle: t\nx: !ruby/object:Gem::Installer\n  i: x\n  - y\n---\nx\n"),
    ]);
    assert_eq!(titles(&site), ["よい記事"]);
    let found = problems(&site);
    let starts = ["2025-01-02-colon.md:2:12", "2025-01-03-tab.md:4:1", "2025-01-04-open.md:", "2025-01-05-ruby.md:"];
    for ((code, place), start) in found.iter().zip(starts) {
        assert!(code == "T004" && place.starts_with(&format!("_posts/{start}")), "{code} {place}");
    }
    assert_eq!(found.len(), starts.len());
    assert_eq!(site.run(&["check"]).status, 1);
}

#[test]
fn case_04_a_post_that_breaks_keeps_its_last_good_entry() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    site.post("01-02-b", "隣", "本文");
    let mut daemon = Daemon::start(&site);
    let before = daemon.get("feed.atom");
    site.write("_posts/2025-01-01-a.md", "---\ntitle: Rust: a language\n---\nx\n");
    daemon.rescan();
    assert_eq!(daemon.get("feed.atom"), before, "with its text, its id and its dates");
    daemon.stop();
}

#[test]
fn case_05_bad_or_missing_dates() {
    let site = built(&[
        ("2025-01-01-good.md", "---\ntitle: よい記事\n---\n本文\n"),
        ("2025-01-02-a.md", "---\ntitle: t\ndate: 2025-11\n---\nx\n"),
        ("2025-01-03-b.md", "---\ntitle: t\ndate: tomorrow\n---\nx\n"),
        ("2025-01-04-c.md", "---\ntitle: t\ndate: ~\n---\nx\n"),
        ("2025-01-05-d.md", "---\ntitle: t\ndate: 2025-13-40\n---\nx\n"),
        ("2025-13-40-e.md", "---\ntitle: t\n---\nx\n"),
    ]);
    assert_eq!(titles(&site), ["よい記事"], "never now, never the year 1");
    told(
        &site,
        &[
            ("T005", "_posts/2025-01-02-a.md:3:7"),
            ("T005", "_posts/2025-01-03-b.md:3:7"),
            ("T005", "_posts/2025-01-04-c.md:3:1"),
            ("T005", "_posts/2025-01-05-d.md:3:7"),
            ("T005", "_posts/2025-13-40-e.md"),
        ],
    );
}

#[test]
fn case_12_typed_values() {
    let site = Site::new();
    let front = "title: 2025\nslug: 123\ntags: [2024, true, 1.10, 2025-01-01, null, 0x1F]\ncategories: {a: b}";
    site.write("_posts/2025-01-01-a.md", format!("---\n{front}\n---\nx\n"));
    build(&site);
    let expected = ["2024", "true", "1.10", "2025-01-01", "31"].map(str::to_owned).to_vec();
    assert_eq!(
        only(&site, |entry| terms(entry).into_iter().map(str::to_owned).collect::<Vec<_>>()),
        [(); 3].map(|()| expected.clone())
    );
    assert_eq!(only(&site, |entry| title(entry).to_owned()), ["2025"; 3]);
    assert!(link(&feeds(&site)[0].1.entries[0]).ends_with("/123.html"));
    told(&site, &[("T006", "_posts/2025-01-01-a.md:5:1")]);
}
