//! `tidings serve` on a blog that is being written.

use crate::harness::{Daemon, PATIENCE, Receiver, Site};

#[test]
fn a_new_post_an_edit_and_a_deletion_are_told_once_each_and_a_restart_tells_nothing_twice() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    site.post("01-01-old", "前からある記事", "古い。");
    let mut daemon = Daemon::start(&site);
    assert!(receiver.rest().is_empty(), "the first scan is a baseline");

    // When the message arrives, the feed that it names shows the post already.
    let feed = format!("{}/feed.atom", daemon.public());
    receiver.on_message(move |message| {
        if message.event() == "post.published" {
            let feed = std::thread::spawn({
                let feed = feed.clone();
                move || crate::serving::get(&feed)
            });
            let (status, body) = feed.join().unwrap();
            assert!(status == 200 && body.contains("新しい記事"), "{status} {body}");
        }
    });
    site.post("11-08-new", "新しい記事", "**Baidu（百度）**は速い。");
    daemon.rescan();
    let published = receiver.next();
    assert_eq!(published.event(), "post.published");
    assert_eq!(published.data("title"), "新しい記事");
    assert_eq!(
        published.data("url"),
        "https://blog.example.com/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90/2025/11/08/new.html"
    );
    assert_eq!(published.data("summary"), "Baidu（百度）は速い。");
    assert_eq!(published.data("authors")[0]["name"], "編集部");
    let feeds: Vec<_> = published.data("feeds").as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
    assert_eq!(
        feeds,
        [
            "https://blog.example.com/feeds/feed.atom",
            "https://blog.example.com/feeds/categories/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90.atom",
            "https://blog.example.com/feeds/tags/ai.atom",
            "https://blog.example.com/feeds/authors/%E7%B7%A8%E9%9B%86%E9%83%A8.atom",
        ]
    );

    daemon.rescan();
    site.post("11-08-new", "新しい記事", "直した。");
    daemon.rescan();
    let updated = receiver.next();
    assert_eq!((updated.event(), updated.data("revision")), ("post.updated", &2.into()));
    assert!(daemon.get("feed.atom").contains("直した。"));

    daemon.stop();
    let mut daemon = Daemon::start(&site);
    daemon.rescan();
    assert!(receiver.rest().is_empty(), "a restart tells nothing twice");

    site.remove("_posts/2025-11-08-new.md");
    daemon.rescan();
    let removed = receiver.next();
    assert_eq!((removed.event(), removed.data("id")), ("post.removed", published.data("id")));
    assert!(!daemon.get("feed.atom").contains("新しい記事"));
}

#[test]
fn a_future_post_is_told_when_it_comes_due_without_a_file_change() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    let mut daemon = Daemon::start(&site);
    let due = (chrono::Utc::now() + chrono::TimeDelta::seconds(2)).format("%Y-%m-%d %H:%M:%S +0000");
    site.write("_posts/2025-01-02-future.md", format!("---\ntitle: 予約投稿\ndate: {due}\n---\n本文\n"));
    daemon.rescan();
    assert!(receiver.rest().is_empty());
    assert!(!daemon.get("feed.json").contains("予約投稿"));
    // No signal, no schedule: the daemon wakes for it.
    let message = receiver.next();
    assert_eq!((message.event(), message.data("title")), ("post.published", &"予約投稿".into()));
    assert!(
        chrono::Utc::now().timestamp()
            >= message.body["timestamp"]
                .as_str()
                .unwrap()
                .parse::<chrono::DateTime<chrono::Utc>>()
                .unwrap()
                .timestamp()
    );
    assert!(daemon.get("feed.json").contains("予約投稿"));
}

#[test]
fn a_post_that_breaks_keeps_its_last_good_entry_and_raises_no_event() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    site.post("01-01-a", "よい記事", "最後のよい本文。");
    site.post("01-02-b", "隣の記事", "隣の本文。");
    let mut daemon = Daemon::start(&site);
    let before = daemon.get("feed.atom");
    assert!(before.contains("最後のよい本文。"));

    site.write("_posts/2025-01-01-a.md", "---\ntitle: Rust: a language\n---\n壊れた本文。\n");
    let scan = daemon.rescan();
    assert_eq!(scan["problems"], 1, "{scan}");
    assert_eq!(daemon.get("feed.atom"), before);
    assert!(receiver.rest().is_empty());

    site.post("01-01-a", "よい記事", "直った本文。");
    daemon.rescan();
    assert_eq!(receiver.next().event(), "post.updated");
    assert!(daemon.get("feed.atom").contains("直った本文。"));
}

#[test]
fn a_mass_removal_stops_the_scan_until_the_operator_confirms() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "guard: {max_events_per_scan: 5}\n");
    for day in 10..30 {
        site.post(&format!("01-{day}-p"), &format!("記事{day}"), "本文");
    }
    let mut daemon = Daemon::start(&site);
    std::fs::rename(site.file("_posts"), site.file("_elsewhere")).unwrap();
    let failed = daemon.rescan();
    assert!(failed["message"].as_str().unwrap().contains("--allow-removals"), "{failed}");
    assert!(daemon.get("feed.atom").contains("記事29"), "the last good feeds stay served");
    daemon.stop();

    let done = site.run(&["scan"]);
    assert_eq!(done.status, 3, "{}", done.said());
    assert!(site.read("feeds/feed.atom").contains("記事29"));
    site.ok(&["scan", "--allow-removals"]);
    let digest = receiver.next();
    assert_eq!((digest.event(), &digest.data("removed")["count"]), ("posts.changed", &20.into()));
    assert!(!site.read("feeds/feed.atom").contains("<entry>"));
}

#[test]
fn a_second_daemon_on_one_store_is_refused() {
    let site = Site::new();
    let _daemon = Daemon::start(&site);
    for command in [["serve"], ["scan"]] {
        let done = site.run(&command);
        assert_eq!(done.status, 3, "{}", done.said());
        assert!(done.stderr.contains("in use by another tidings process"), "{}", done.stderr);
    }
    site.ok(&["status"]);
}

#[test]
fn term_signals_end_it_well_in_the_middle_of_a_delivery() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    site.post("01-01-old", "前からある記事", "本文");
    let mut daemon = Daemon::start(&site);
    let (entered, waiting) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel();
    receiver.on_message(move |_| {
        entered.send(()).unwrap();
        released.recv_timeout(PATIENCE).unwrap();
    });
    site.post("01-02-a", "記事", "本文");
    daemon.rescan();
    waiting.recv_timeout(PATIENCE).unwrap();
    daemon.signal("TERM");
    daemon.line(|line| line["message"].as_str().is_some_and(|message| message.starts_with("stopping")));
    release.send(()).unwrap();
    daemon.ended();
    receiver.next();
    let deliveries = site.ok(&["deliveries", "list", "--format", "json"]).stdout;
    assert!(deliveries.contains("\"delivered\"") && !deliveries.contains("\"pending\""), "{deliveries}");
}
