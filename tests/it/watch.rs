//! `tidings serve` on a source that changes: what is saved is in the feeds at once.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;

use crate::harness::{Daemon, Receiver, Site};
use crate::serving::get;

/// A site whose source is the directory `blog`, which is watched, with one post.
fn site() -> Site {
    let site = Site::bare();
    site.watched("source: {path: blog}\n");
    release(&site, "blog", "最初の記事");
    site
}

/// A blog in this directory, with one post of this title.
fn release(site: &Site, dir: &str, title: &str) {
    site.write(&format!("{dir}/_config.yml"), "title: 投資と技術\nurl: https://blog.example.com\n");
    site.write(&format!("{dir}/_posts/2025-01-01-a.md"), post(title));
}

fn post(title: &str) -> String {
    format!("---\ntitle: {title}\n---\n\n本文。\n")
}

/// Waits for a scan after which the feed shows all of this.
fn shows(daemon: &mut Daemon, texts: &[&str]) {
    loop {
        let feed = daemon.get("feed.atom");
        if texts.iter().all(|text| feed.contains(text)) {
            return;
        }
        daemon.scanned();
    }
}

/// How many scans there were, for this reason or (empty) for any.
fn scans(daemon: &Daemon, reason: &str) -> u64 {
    let metrics = get(&format!("{}/metrics", daemon.admin())).1;
    let counts = metrics.lines().filter(|line| line.starts_with("tidings_scans_total{") && line.contains(reason));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn a_saved_file_is_in_the_feeds_without_schedule() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    site.write("blog/_posts/2025-01-02-b.md", post("保存した記事"));
    let scan = daemon.scanned();
    assert_eq!((&scan["reason"], &scan["posts"]), (&"watch".into(), &2.into()), "{scan}");
    shows(&mut daemon, &["保存した記事"]);
    site.write("blog/_config.yml", "title: 新しい題\nurl: https://blog.example.com\n");
    shows(&mut daemon, &["新しい題"]);
}

#[test]
fn editors_save_in_their_own_ways() {
    let (site, receiver) = (site(), Receiver::start());
    site.watched(&format!(
        "source: {{path: blog}}\nwebhooks:\n  - name: hook\n    url: \"{}\"\n    secret: {{env: HOOK_SECRET}}\n",
        receiver.url()
    ));
    let mut daemon = Daemon::start(&site);
    let file = site.file("blog/_posts/2025-01-01-a.md");

    // A new file that takes the name of the old one.
    site.write("blog/_posts/a.tmp", post("別名で書いた記事"));
    fs::rename(site.file("blog/_posts/a.tmp"), &file).unwrap();
    shows(&mut daemon, &["別名で書いた記事"]);
    assert_eq!(receiver.next().data("title"), "別名で書いた記事");

    // Vim: a swap file, a probe, the old one out of the way, the new one under its name.
    for own in [".2025-01-01-a.md.swp", "4913"] {
        site.write(&format!("blog/_posts/{own}"), "b0VIM");
    }
    site.remove("blog/_posts/4913");
    fs::rename(&file, site.file("blog/_posts/2025-01-01-a.md~")).unwrap();
    site.write("blog/_posts/2025-01-01-a.md", post("Vimの記事"));
    site.remove("blog/_posts/2025-01-01-a.md~");
    shows(&mut daemon, &["Vimの記事"]);
    assert_eq!((receiver.next().event(), receiver.rest().len()), ("post.updated", 0), "never gone in between");

    // Half a post, then the whole.
    let mut half = fs::File::create(site.file("blog/_posts/2025-01-02-b.md")).unwrap();
    half.write_all("---\ntitle: 長い記事\n---\n\n前半。\n".as_bytes()).unwrap();
    half.flush().unwrap();
    half.write_all("後半。\n".as_bytes()).unwrap();
    drop(half);
    shows(&mut daemon, &["長い記事", "後半"]);
    let whole = receiver.next();
    assert_eq!((whole.event(), whole.data("summary")), ("post.published", &"前半。 後半。".into()));
}

#[test]
fn a_burst_makes_few_scans() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    for number in 0..200 {
        site.write(&format!("blog/_posts/2025-02-01-{number}.md"), post("たくさん"));
    }
    while daemon.scanned()["posts"] != 201 {}
    let scans = scans(&daemon, "watch");
    assert!((1..=20).contains(&scans), "{scans} scans");
}

#[test]
fn directories_come_go_and_change_their_names() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    site.write("new/_posts/2025-01-02-b.md", post("運ばれた記事"));
    fs::rename(site.file("new"), site.file("blog/sub")).unwrap();
    shows(&mut daemon, &["運ばれた記事", "/sub/2025/01/02/b.html"]);
    site.write("blog/sub/_posts/deep/2025-01-03-c.md", post("深い記事"));
    shows(&mut daemon, &["深い記事"]);
    fs::rename(site.file("blog/sub"), site.file("blog/other")).unwrap();
    shows(&mut daemon, &["/other/2025/01/02/b.html", "/other/2025/01/03/c.html"]);
    site.write("blog/other/_posts/deep/2025-01-04-d.md", post("改名後の記事"));
    shows(&mut daemon, &["改名後の記事"]);
}

#[test]
fn a_source_that_goes_away_comes_back() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    fs::rename(site.file("blog"), site.file("aside")).unwrap();
    let failed = daemon.line(|line| line["message"].as_str().is_some_and(|message| message.starts_with("scan failed")));
    assert_eq!(failed["reason"], "watch", "{failed}");
    shows(&mut daemon, &["最初の記事"]);
    release(&site, "blog", "戻った記事");
    shows(&mut daemon, &["戻った記事"]);
    site.write("blog/_posts/2025-01-02-b.md", post("その後の記事"));
    shows(&mut daemon, &["その後の記事"]);
}

#[test]
fn a_link_to_the_current_release_is_followed() {
    let site = Site::bare();
    site.watched("source: {path: current}\n");
    release(&site, "releases/1", "第一版");
    release(&site, "releases/2", "第二版");
    symlink("releases/1", site.file("current")).unwrap();
    let mut daemon = Daemon::start(&site);
    symlink("releases/2", site.file("next")).unwrap();
    fs::rename(site.file("next"), site.file("current")).unwrap();
    shows(&mut daemon, &["第二版"]);
    site.write("releases/2/_posts/2025-01-02-b.md", post("切り替え後"));
    shows(&mut daemon, &["切り替え後"]);
}

#[test]
fn without_watching_the_schedule_decides() {
    let site = site();
    site.watched("source: {path: blog, watch: false}\n");
    let mut daemon = Daemon::start(&site);
    site.write("blog/_posts/2025-01-02-b.md", post("保存した記事"));
    let scan = daemon.rescan();
    assert_eq!((&scan["reason"], &scan["posts"]), (&"request".into(), &2.into()), "{scan}");
    assert_eq!((scans(&daemon, "watch"), scans(&daemon, "")), (0, 2));
}
