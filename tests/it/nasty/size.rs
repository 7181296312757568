//! Much of everything.

use std::fmt::Write as _;

use super::{build, feeds, html, stems, titles, told};
use crate::harness::{Daemon, Site};

#[test]
fn case_19_two_thousand_posts() {
    let site = Site::new();
    site.config("feeds: {formats: [atom, rss, json], by: [category], limit: all}\n");
    for at in 0..2000 {
        site.post(&format!("01-{:02}-p{at:04}", at % 28 + 1), &format!("記事{at}"), "本文");
    }
    build(&site);
    assert_eq!(titles(&site).len(), 2000);
}

#[test]
fn a_post_of_fifty_megabytes_is_refused_and_named() {
    let site = Site::new();
    site.post("01-01-good", "よい記事", "本文");
    site.write("_posts/2025-01-02-huge.md", format!("---\ntitle: huge\n---\n{}", "x ".repeat(25 << 20)));
    build(&site);
    assert_eq!(titles(&site), ["よい記事"]);
    told(&site, &[("T003", "_posts/2025-01-02-huge.md")]);
    assert!(site.run(&["check"]).stdout.contains("guard.max_post_bytes"));
}

#[test]
fn a_post_of_more_markup_than_is_read_has_its_summary_only() {
    let site = Site::new();
    site.post("01-01-small", "小さい表", &"|1|2|\n".repeat(1000));
    site.post("01-02-large", "大きい表", &format!("はじめに。\n\n{}", "|1|2|\n".repeat(100_000)));
    build(&site);
    // Four marks a line: 65,536 are in six lines of front matter, two of text and 16,383 of the table.
    told(&site, &[("T003", "_posts/2025-01-02-large.md:16392:1")]);
    for (format, feed) in feeds(&site) {
        let [large, small] = &feed.entries[..] else { panic!("{format}: {:?}", feed.entries) };
        assert!(html(small).contains("<td>2</td>"), "{format}: {}", html(small));
        assert!(!html(large).contains("<td>"), "{format} has the table");
        assert!(format!("{large:?}").contains("はじめに。"), "{format} has no summary");
    }
}

#[test]
fn what_a_template_makes_is_bounded_as_well() {
    let site = Site::new();
    site.post("01-01-loop", "繰り返し", "{% for i in (1..40000) %}*a*\n{% endfor %}");
    build(&site);
    told(&site, &[("T003", "_posts/2025-01-01-loop.md")]);
    for (format, feed) in feeds(&site) {
        let times = html(&feed.entries[0]).matches("<em>a</em>").count();
        assert_eq!(times, (1 << 16) / 3, "{format}");
    }
}

#[test]
fn a_hundred_thousand_tags() {
    let site = Site::new();
    site.config("feeds: {formats: [json], by: [tag], min_posts: 2}\n");
    for post in 0..1000 {
        let mut tags = String::from("shared");
        for tag in 0..99 {
            write!(tags, ", t{post}-{tag}").unwrap();
        }
        let text = format!("---\ntitle: p{post}\ntags: [{tags}]\n---\nx\n");
        site.write(&format!("_posts/2025-01-01-p{post:04}.md"), text);
    }
    let done = build(&site);
    assert!(done.stdout.contains("1000 posts"), "{}", done.stdout);
    assert_eq!(
        crate::sample::files(&site.file("feeds/tags")).into_keys().collect::<Vec<_>>(),
        ["shared.html", "shared.json"]
    );
}

#[test]
fn while_the_source_cannot_be_read_the_last_good_feeds_stay() {
    let site = Site::new();
    site.config("source: {path: blog}\n");
    site.write("blog/_config.yml", site.read("_config.yml"));
    site.write("blog/_posts/2025-01-01-a.md", "---\ntitle: 記事\ntags: [AI]\n---\n本文\n");
    let mut daemon = Daemon::start(&site);
    let before = daemon.get("feed.atom");
    std::fs::rename(site.file("blog"), site.file("unmounted")).unwrap();
    daemon.signal("HUP");
    daemon.line(|line| line["message"].as_str().is_some_and(|text| text.starts_with("scan failed")));
    assert_eq!(daemon.get("feed.atom"), before);
    assert_eq!(stems(&site, "tags"), ["ai"]);
    let done = site.run(&["build"]);
    assert!(done.status != 0 && done.stderr.contains("blog"), "{}", done.said());
    std::fs::rename(site.file("unmounted"), site.file("blog")).unwrap();
    daemon.rescan();
    assert_eq!(daemon.get("feed.atom"), before);
    daemon.stop();
}

#[test]
fn case_19_a_post_with_images_written_out() {
    let site = Site::new();
    site.post("01-01-good", "よい記事", "本文");
    let image = "QUJD".repeat(400_000);
    site.post("01-02-large", "大きな記事", &format!("読める。\n\n![x](data:image/png;base64,{image})"));
    build(&site);
    assert_eq!(titles(&site), ["大きな記事", "よい記事"]);
    for format in ["atom", "rss", "json"] {
        let len = std::fs::metadata(site.file(&format!("feeds/feed.{format}"))).unwrap().len();
        assert!(len < 1_000_000, "feed.{format} has {len} bytes");
    }
    for (format, feed) in feeds(&site) {
        assert!(html(&feed.entries[1]).contains("本文"), "{format}");
    }
}
