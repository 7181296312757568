//! A Hugo site through the real binary: two languages, a bundle, a post that ends, shortcodes.

use feed_rs::model::{Entry, Feed};
use serde_json::Value;

use crate::harness::Site;

const SETTINGS: &str = r#"
baseURL = "https://hugo.example.com/"
title = "The Notebook"
timeZone = "Asia/Tokyo"
defaultContentLanguage = "ja"

[languages.ja]
languageCode = "ja-JP"
[languages.en]
title = "The Notebook, in English"

[permalinks]
posts = "/:year/:slug/"
"#;

fn site() -> Site {
    let site = Site::bare();
    site.config("");
    site.write("hugo.toml", SETTINGS);
    site.write("content/posts/_index.md", "---\ntitle: Posts\ncascade: {params: {author: 編集部}}\n---\n");
    site.write(
        "content/posts/bundle/index.md",
        "+++\ntitle = '束'\nslug = 'bundle'\ndate = 2025-11-08T16:38:45\ntags = ['技術', 'Go']\n+++\n\
         ![図](figure.png) 前[書き]({{< ref \"plain.md\" >}})\n\n<!--more-->\n\n{{< youtube abc >}}\n{{< own >}}中身{{< /own >}}\n",
    );
    site.write("content/posts/bundle/notes.md", "a resource of the bundle, no page\n");
    site.write("content/posts/plain.md", "---\nTitle: 平\nDate: 2025-11-07\nslug: plain\n---\n本文\n");
    site.write(
        "content/posts/plain.en.md",
        "{\"title\": \"Plain\", \"date\": \"2025-11-07\", \"slug\": \"plain\"}\nText\n",
    );
    site.write("content/posts/over.md", "---\ntitle: 終\ndate: 2025-01-01\nexpiryDate: 2025-02-01\n---\n");
    site.write("content/posts/later.md", "---\ntitle: 先\ndate: 2025-01-01\npublishDate: 2999-02-01\n---\n");
    site.write("content/about.md", "---\ntitle: この場所\n---\n");
    site
}

fn feed(site: &Site, path: &str) -> Feed {
    feed_rs::parser::parse(site.read(path).as_bytes()).unwrap()
}

fn entry<'a>(feed: &'a Feed, title: &str) -> &'a Entry {
    feed.entries.iter().find(|entry| entry.title.as_ref().unwrap().content == title).unwrap()
}

#[test]
fn a_hugo_site_is_found_and_read_by_its_own_rules() {
    let site = site();
    let done = site.run(&["check", "--format", "json"]);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&value["generator"], &value["posts"]), (&"hugo".into(), &3.into()), "{value}");
    let told: Vec<_> =
        value["problems"].as_array().unwrap().iter().map(|problem| problem["message"].as_str().unwrap()).collect();
    assert_eq!(told, ["the page has no date", "the shortcode `{{< own >}}` is not run here"]);
}

#[test]
fn the_posts_of_a_hugo_site_are_what_hugo_makes_of_them() {
    let site = site();
    site.ok(&["build"]);
    let (feed, translated) = (feed(&site, "feeds/feed.atom"), feed(&site, "feeds/en/feed.atom"));
    let links = |feed: &Feed| feed.entries.iter().map(|entry| entry.links[0].href.clone()).collect::<Vec<_>>();
    assert_eq!(links(&feed), ["2025/bundle/", "2025/plain/"].map(|path| format!("https://hugo.example.com/{path}")));
    assert_eq!(links(&translated), ["https://hugo.example.com/en/2025/plain/"], "each language has its own feeds");
    let bundle = entry(&feed, "束");
    assert_eq!(bundle.id, bundle.links[0].href);
    assert_eq!(bundle.published.unwrap().to_rfc3339(), "2025-11-08T07:38:45+00:00");
    assert_eq!(bundle.authors[0].name.as_deref(), Some("編集部"));
    assert_eq!(bundle.summary.as_ref().unwrap().content, "前書き");
    let html = bundle.content.as_ref().unwrap().body.as_deref().unwrap();
    for part in [
        "https://hugo.example.com/2025/bundle/figure.png",
        "<a href=\"https://hugo.example.com/2025/plain/\"",
        "<a href=\"https://www.youtube.com/watch?v=abc\"",
        "中身",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("{{"), "{html}");
    let english = entry(&translated, "Plain");
    assert_eq!(english.content.as_ref().unwrap().body.as_deref(), Some("<p>Text</p>"));
    assert!(site.file("feeds/tags/技術.atom").exists() && site.file("feeds/tags/go.atom").exists());
}

#[test]
fn a_page_that_a_post_refers_to_may_move() {
    let site = site();
    site.ok(&["build"]);
    site.write("content/posts/plain.md", "---\nTitle: 平\nDate: 2025-11-07\nslug: moved\n---\n本文\n");
    site.ok(&["build"]);
    assert!(site.read("feeds/feed.atom").contains("https://hugo.example.com/2025/moved/\""));
    let html = feed(&site, "feeds/feed.atom");
    let html = entry(&html, "束").content.as_ref().unwrap().body.clone().unwrap();
    assert!(html.contains("<a href=\"https://hugo.example.com/2025/moved/\""), "{html}");
}
