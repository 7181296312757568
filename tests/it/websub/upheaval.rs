//! Much that changes at once: subscribers and webhooks hear of it once.

use super::subscriber::Subscriber;
use super::{ATOM, Hub, start};
use crate::harness::{Receiver, Site};

/// Writes posts, newer ones the greater their numbers.
fn write(site: &Site, numbers: std::ops::Range<usize>, tag: &str) {
    for n in numbers {
        let (hour, minute, second) = (n / 3600, n / 60 % 60, n % 60);
        let text = format!(
            "---\ntitle: 記事 {n}\ndate: 2025-03-01 {hour:02}:{minute:02}:{second:02}\ntags: [{tag}]\n---\n\n本文\n"
        );
        site.write(&format!("_posts/2025-03-01-{n}.md"), text);
    }
}

fn commit(site: &Site) {
    site.git(&["add", "_posts"]);
    site.git(&["commit", "-q", "-m", "posts"]);
}

#[test]
fn h_8_a_first_scan_is_silent_and_a_reset_is_one_digest() {
    let (site, receiver, subscriber) = (Site::new(), Receiver::start(), Subscriber::start());
    site.webhook(&receiver, "");
    site.git(&["init", "-q", "."]);
    write(&site, 0..5_000, "AI");
    commit(&site);
    let mut hub = Hub::of(site);
    hub.subscribed(&subscriber, "/cb", &[]);
    assert_eq!(receiver.rest().len(), 0, "what was there before is no news");

    write(&hub.site, 5_000..5_300, "AI");
    commit(&hub.site);
    let upheaval = |hub: &mut Hub, key: &str| {
        hub.daemon.rescan();
        let digest = receiver.next();
        assert_eq!((digest.event(), &digest.data(key)["count"]), ("posts.changed", &300.into()));
        assert_eq!(subscriber.told().body, hub.daemon.get(ATOM.1));
    };
    upheaval(&mut hub, "published");
    hub.site.git(&["reset", "-q", "--hard", "HEAD~1"]);
    upheaval(&mut hub, "removed");

    write(&hub.site, 4_960..5_000, "投資");
    hub.daemon.rescan();
    assert_eq!(subscriber.told().body, hub.daemon.get(ATOM.1));
    let mut titles: Vec<String> = (0..40)
        .map(|_| receiver.next())
        .map(|message| {
            assert_eq!(message.event(), "post.updated");
            message.data("title").as_str().unwrap().to_owned()
        })
        .collect();
    titles.sort();
    assert_eq!(titles, (4_960..5_000).map(|n| format!("記事 {n}")).collect::<Vec<_>>());

    hub.daemon.stop();
    assert_eq!((receiver.rest().len(), subscriber.rest().len()), (0, 0), "each once, and nothing else");
}

#[test]
fn a_site_that_moves_serves_its_subscribers_until_their_leases_end() {
    let (mut hub, subscriber) = (Hub::start(), Subscriber::start());
    hub.subscribed(&subscriber, "/cb", &[]);
    hub.daemon.stop();
    let config = std::fs::read_to_string(hub.site.file("tidings.yaml")).unwrap();
    hub.site.write("tidings.yaml", config.replace("https://blog.example.com/feeds/", "https://new.example.com/feeds/"));
    let hub = Hub { daemon: start(&hub.site), site: hub.site, posts: hub.posts };

    // The documents say where they are now, which is news.
    let told = subscriber.told();
    assert!(
        told.header("link").unwrap().contains("<https://new.example.com/feeds/feed.atom>; rel=\"self\""),
        "{told:?}"
    );
    assert_eq!(told.body, hub.daemon.get(ATOM.1));
    assert_eq!(hub.subscriptions().len(), 1);
    let form = [("hub.mode", "subscribe"), ("hub.topic", ATOM.0), ("hub.callback", &subscriber.url("/cb"))];
    assert_eq!(hub.ask(&form).status, 400, "the old topic is none any more");
    hub.daemon.stop();
}
