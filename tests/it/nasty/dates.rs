//! Instants and their offsets.

use super::{build, built, feeds, link, titles, told};
use crate::harness::Site;

fn zone(name: &str) -> Site {
    let site = Site::new();
    let config = site.read("_config.yml").replace("Asia/Tokyo", name);
    site.write("_config.yml", config);
    site
}

/// The date of the only entry as Atom and RSS have it.
fn written(site: &Site) -> (String, String) {
    let between = |path: &str, from: &str, to: &str| {
        let text = site.read(path);
        let (_, rest) = text.split_once("<entry>").or(text.split_once("<item>")).unwrap();
        rest.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned()
    };
    (between("feeds/feed.atom", "<published>", "<"), between("feeds/feed.rss", "<pubDate>", "<"))
}

#[test]
fn case_06_the_trap_of_zones() {
    for (date, atom, rss, day) in [
        ("2025-11-08 16:38:45 +0000", "2025-11-09T01:38:45+09:00", "Sun, 09 Nov 2025 01:38:45 +0900", "2025/11/09"),
        ("2025-11-08 16:38:45", "2025-11-09T01:38:45+09:00", "Sun, 09 Nov 2025 01:38:45 +0900", "2025/11/09"),
        ("\"2025-11-08 16:38:45\"", "2025-11-08T16:38:45+09:00", "Sat, 08 Nov 2025 16:38:45 +0900", "2025/11/08"),
    ] {
        let site = built(&[("2025-11-08-a.md", &format!("---\ntitle: t\ndate: {date}\n---\nx\n"))]);
        assert_eq!(written(&site), (atom.to_owned(), rss.to_owned()), "{date}");
        let feed = &feeds(&site)[0].1;
        assert!(link(&feed.entries[0]).contains(day), "{date}: {}", link(&feed.entries[0]));
    }
}

#[test]
fn case_07_odd_offsets_and_summer_time() {
    for (name, date, atom, rss, problem) in [
        (
            "Asia/Kathmandu",
            "2025-11-08 16:00:00 +0545",
            "2025-11-08T16:00:00+05:45",
            "Sat, 08 Nov 2025 10:15:00 +0000",
            "",
        ),
        (
            "Europe/Berlin",
            "\"2025-03-30 02:30:00\"",
            "2025-03-30T03:30:00+02:00",
            "Sun, 30 Mar 2025 03:30:00 +0200",
            "T013",
        ),
        (
            "Europe/Berlin",
            "\"2025-10-26 02:30:00\"",
            "2025-10-26T02:30:00+02:00",
            "Sun, 26 Oct 2025 02:30:00 +0200",
            "T013",
        ),
    ] {
        let site = zone(name);
        site.write("_posts/2025-01-01-a.md", format!("---\ntitle: t\ndate: {date}\n---\nx\n"));
        build(&site);
        assert_eq!(written(&site), (atom.to_owned(), rss.to_owned()), "{name}");
        match problem {
            "" => told(&site, &[]),
            code => told(&site, &[(code, "_posts/2025-01-01-a.md:3:8")]),
        }
    }
}

#[test]
fn leap_days_and_years_long_past() {
    let site = built(&[
        ("2024-02-29-leap.md", "---\ntitle: leap\n---\nx\n"),
        ("1969-07-20-moon.md", "---\ntitle: moon\n---\nx\n"),
        ("2023-02-29-none.md", "---\ntitle: none\ndate: 2023-02-28\n---\nx\n"),
    ]);
    assert_eq!(titles(&site), ["leap", "none", "moon"]);
    assert!(site.read("feeds/feed.atom").contains("<published>1969-07-20T00:00:00+09:00</published>"));
}

#[test]
fn a_change_that_is_yet_to_come_is_none() {
    let front = "date: 2025-01-01 10:00:00 +0900\nlast_modified_at: 2999-01-01";
    let site = built(&[("2025-01-01-a.md", &format!("---\ntitle: t\n{front}\n---\nx\n"))]);
    assert!(site.read("feeds/feed.atom").contains("<updated>2025-01-01T10:00:00+09:00</updated>"));
}
