//! Ids that stay, and dates of change that do not lie.

use serde_json::Value;

use crate::harness::Site;
use crate::kept;

/// Id, URL, and both dates of the only item.
fn item(site: &Site) -> [String; 4] {
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    let items = feed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    ["id", "url", "date_published", "date_modified"].map(|key| items[0][key].as_str().unwrap_or_default().to_owned())
}

fn scan(site: &Site) -> [String; 4] {
    site.ok(&["scan"]);
    kept::hold(&site.file("feeds"), "https://blog.example.com/feeds/");
    item(site)
}

const POST: &str =
    "---\ntitle: 題名\ndate: 2025-01-01 10:00:00 +0900\nx: y\n---\nある記事の本文。同じ文は二つとない。\n";

#[test]
fn case_15_a_post_with_an_id_of_its_own_moves() {
    let site = Site::new();
    let post = POST.replace("x: y", "id: \"urn:example:1\"");
    site.write("_posts/2025-01-01-old.md", &post);
    let before = scan(&site);
    site.remove("_posts/2025-01-01-old.md");
    site.write("news/_posts/2025-01-01-new.md", &post);
    let after = scan(&site);
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    assert!(after[1].ends_with("/new.html") && after[1] != before[1], "{after:?}");
}

#[test]
fn case_15_the_site_moves_to_another_host() {
    let site = Site::new();
    site.write("_posts/2025-01-01-a.md", POST);
    let before = scan(&site);
    let config = site.read("_config.yml").replace("https://blog.example.com", "https://new.example.org");
    site.write("_config.yml", config);
    let after = scan(&site);
    assert_eq!(after[0], before[0], "the id is not the URL");
    assert!(after[1].starts_with("https://new.example.org/"), "{after:?}");
}

#[test]
fn case_16_a_fresh_clone_and_a_rewrite_of_every_file_change_nothing() {
    let site = Site::new();
    site.write("_posts/2025-01-01-a.md", POST);
    let before = scan(&site);
    let bytes = site.read("feeds/feed.atom");
    site.remove("_posts/2025-01-01-a.md");
    site.write("_posts/2025-01-01-a.md", POST);
    assert_eq!(scan(&site), before);
    // Other line ends, an empty line: readers see the same.
    for text in [POST.replace("\n---\n", "\n---\n\n"), POST.replace('\n', "\r\n")] {
        site.write("_posts/2025-01-01-a.md", text);
        assert_eq!(scan(&site), before);
    }
    assert_eq!(site.read("feeds/feed.atom"), bytes);
}

#[test]
fn case_16_a_change_that_readers_see_moves_updated_and_nothing_else() {
    let site = Site::new();
    site.write("_posts/2025-01-01-a.md", POST);
    let before = scan(&site);
    site.write("_posts/2025-01-01-a.md", POST.replace("ある記事", "ある長い記事"));
    let after = scan(&site);
    assert_eq!(after[..3], before[..3]);
    assert!(after[3] > before[3], "{before:?} {after:?}");
    site.write("_posts/2025-01-01-a.md", POST.replace("x: y", "last_modified_at: 2025-03-01 10:00:00 +0900"));
    assert_eq!(scan(&site)[3], "2025-03-01T10:00:00+09:00", "what the author says goes before");
}

#[test]
fn case_15_the_same_text_in_another_file() {
    let site = Site::new();
    site.write("_posts/2025-01-01-old.md", POST);
    let before = scan(&site);
    site.remove("_posts/2025-01-01-old.md");
    site.write("_posts/2025-01-01-new.md", POST);
    let after = scan(&site);
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    assert!(after[1].ends_with("/new.html"), "{after:?}");
}
