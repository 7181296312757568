//! Templates in posts: what they ask for of the site, and who is told when the answer changes.

use crate::harness::{Receiver, Site};

fn site() -> (Site, Receiver) {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    site.write("_data/names.yml", "one: First\n");
    site.write("_includes/note.html", "<p>Note: {{ include.text }}</p>\n");
    site.post("01-01-a", "A", "See [b]({% post_url 2025-01-02-b %}).");
    site.post("01-02-b", "B", "Plain.");
    site.post("01-03-c", "C", "{{ site.data.names.one }} and `{{ site.data.names.two }}`.");
    site.post("01-04-d", "D", "{% include note.html text=page.title %}");
    site.ok(&["scan"]);
    (site, receiver)
}

/// What is told after a scan, by event and title, in alphabetical order.
fn told(site: &Site, receiver: &Receiver) -> Vec<(String, String)> {
    site.ok(&["scan"]);
    let messages = receiver.rest().into_iter();
    let mut told: Vec<_> = messages
        .map(|message| (message.event().to_owned(), message.data("title").as_str().unwrap_or_default().to_owned()))
        .collect();
    told.sort();
    told
}

fn updated(titles: &[&str]) -> Vec<(String, String)> {
    titles.iter().map(|title| ("post.updated".to_owned(), (*title).to_owned())).collect()
}

#[test]
fn a_post_follows_the_url_of_the_post_it_links_to() {
    let (site, receiver) = site();
    assert!(site.read("feeds/feed.json").contains("/2025/01/02/b.html\\\">b"));
    site.write("_posts/2025-01-02-b.md", "---\ntitle: B\npermalink: /moved/\n---\n\nPlain.\n");
    assert_eq!(told(&site, &receiver), updated(&["A", "B"]));
    assert!(site.read("feeds/feed.json").contains("https://blog.example.com/moved/\\\""));
    assert_eq!(told(&site, &receiver), []);
}

#[test]
fn data_and_includes_concern_the_posts_whose_text_they_change() {
    let (site, receiver) = site();
    site.write("_data/names.yml", "one: Second\nthree: unused\n");
    assert_eq!(told(&site, &receiver), updated(&["C"]));
    site.write("_includes/note.html", "<p>Remark: {{ include.text }}</p>\n");
    assert_eq!(told(&site, &receiver), updated(&["D"]));
    assert!(site.read("feeds/feed.json").contains("Remark: D"));
}

#[test]
fn what_cannot_be_included_is_shown_with_its_place() {
    let (site, _receiver) = site();
    site.post("01-05-e", "E", "Text {% include gone.html %} more.");
    site.write("_data/broken.yml", "a: b: c\n");
    let check = site.run(&["check"]);
    assert_eq!(check.status, 1);
    assert!(check.stdout.contains("there is no file `gone.html` to include"), "{}", check.stdout);
    assert!(check.stdout.contains("_posts/2025-01-05-e.md:7:6"), "{}", check.stdout);
    assert!(check.stdout.contains("^^^^^^^^^^^^^^^^^^^^^^^"), "{}", check.stdout);
    assert!(check.stdout.contains("_data/broken.yml:1:5"), "{}", check.stdout);
    site.ok(&["build"]);
    let feed = site.read("feeds/feed.json");
    assert!(feed.contains("Text  more.") && !feed.contains("{%"), "{feed}");
}
