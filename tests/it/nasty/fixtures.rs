//! Settings and fields in all the forms that people write them in.

use serde_json::Value;

use super::{build, built, feeds, link, only, titles, told};
use crate::harness::Site;
use crate::kept;

/// The site's feed as JSON, of a site with this `_config.yml` and one post.
fn with_config(config: &str, post: &str) -> (Site, Value) {
    let site = Site::new();
    site.write("_config.yml", config);
    site.write("_posts/2025-01-01-a.md", format!("---\ntitle: t\n{post}\n---\n[x](/y)\n"));
    build(&site);
    let feed = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    (site, feed)
}

#[test]
fn addresses_of_sites_in_every_form() {
    for (config, start) in [
        ("url: https://example.com/", "https://example.com/2025/"),
        ("url: https://example.com\nbaseurl: /b", "https://example.com/b/2025/"),
        ("url: https://example.com\nbaseurl: b/", "https://example.com/b/2025/"),
        ("url: http://example.com:4000", "http://example.com:4000/2025/"),
        ("url: https://日本語.example", "https://xn--wgv71a119e.example/2025/"),
    ] {
        let (site, _) = with_config(config, "");
        let feed = &feeds(&site)[0].1;
        assert!(link(&feed.entries[0]).starts_with(start), "{config}: {}", link(&feed.entries[0]));
    }
}

#[test]
fn the_feeds_own_address_follows_the_sites() {
    let site = Site::bare();
    site.write("tidings.yaml", "site: {url: \"https://例え.example:8443/b/\"}\n");
    site.write("2025-01-01-a.md", "# T\n\nx\n");
    site.ok(&["build"]);
    assert!(kept::hold(&site.file("feeds"), "https://xn--r8jz45g.example:8443/b/feeds/") > 0);
}

#[test]
fn languages_are_language_tags() {
    let (_, feed) = with_config("url: https://example.com\nlang: en_US", "lang: ja");
    assert_eq!((&feed["language"], &feed["items"][0]["language"]), (&"en-US".into(), &"ja".into()));
}

#[test]
fn authors_in_every_form() {
    for (written, names) in [
        ("author: Ada", vec!["Ada"]),
        ("author: {name: Ada, email: ada@example.com, url: https://ada.example}", vec!["Ada"]),
        ("authors: [Ada, {name: Grace}]", vec!["Ada", "Grace"]),
        ("author: Ada <ada@example.com>", vec!["Ada"]),
        ("author: {twitter: ada}", vec!["Site"]),
        ("author: 42", vec!["42"]),
        ("x: y", vec!["Site"]),
    ] {
        let (_, feed) = with_config("url: https://example.com\ntitle: Site", written);
        let authors = feed["items"][0]["authors"].as_array().or(feed["authors"].as_array()).unwrap();
        let found: Vec<_> = authors.iter().map(|author| author["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{written}");
    }
}

#[test]
fn an_author_who_is_an_address_only_is_no_name() {
    let (_, feed) = with_config("url: https://example.com\ntitle: Site", "author: ada@example.com");
    assert!(!feed["items"][0]["authors"][0]["name"].as_str().unwrap().contains('@'), "{feed}");
}

#[test]
fn images_in_every_form() {
    for (written, expected) in [
        ("image: /i.png", "https://example.com/i.png"),
        ("image: {path: /i.png, alt: x}", "https://example.com/i.png"),
        ("image: https://cdn.example/i.png", "https://cdn.example/i.png"),
        ("image: 'i 日.png'", "https://example.com/i%20%E6%97%A5.png"),
    ] {
        let (_, feed) = with_config("url: https://example.com", written);
        assert_eq!(feed["items"][0]["image"], expected, "{written}");
    }
}

#[test]
fn two_feeds_that_claim_one_path() {
    let site = Site::new();
    site.config("feeds: {custom: [{name: tags/ai, where: {tags: [ai]}}]}\n");
    site.post("01-01-a", "記事", "本文");
    let done = site.run(&["check"]);
    let built = site.run(&["build"]);
    let named = done.said().contains("tags/ai") || built.said().contains("tags/ai");
    assert!(named, "{}{}", done.said(), built.said());
}

#[test]
fn a_category_named_like_a_directory_of_feeds() {
    let site = built(&[("2025-01-01-a.md", "---\ntitle: t\ncategories: [tags, feed, index, categories]\n---\nx\n")]);
    assert_eq!(titles(&site), ["t"]);
}

#[test]
fn pages_that_hugo_does_not_render_have_no_address_and_no_entry() {
    let site = Site::bare();
    site.config("");
    site.write("hugo.toml", "baseURL = 'https://blog.example.com/'\ntitle = 'Blog'\n");
    for (name, build) in [("a", "x: y"), ("b", "build: {render: never}"), ("c", "_build: {render: false}")] {
        site.write(
            &format!("content/posts/{name}.md"),
            format!("---\ntitle: {name}\ndate: 2025-01-01\n{build}\n---\nx\n"),
        );
    }
    build(&site);
    assert_eq!(titles(&site), ["a"]);
    told(&site, &[]);
}

#[test]
fn a_file_of_the_users_own_at_a_feeds_path_stays() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    site.write("feeds/feed.atom", "mine");
    let done = site.run(&["build"]);
    assert_eq!(site.read("feeds/feed.atom"), "mine");
    assert!(done.status != 0 && done.stderr.contains("feed.atom"), "{}", done.said());
}

#[test]
fn ids_in_every_form() {
    let own = "https://example.com/2025/01/01/a";
    for (written, expected) in [
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"),
        ("tag:example.com,2025:記事", "tag:example.com,2025:%E8%A8%98%E4%BA%8B"),
        ("https://example.com/記事 [1]", own),
        ("https://old.example/記事", "https://old.example/%E8%A8%98%E4%BA%8B"),
        ("17", own),
        ("''", own),
    ] {
        let (site, _) = with_config("url: https://example.com", &format!("id: {written}"));
        assert_eq!(only(&site, |entry| entry.id.clone()), [expected; 3], "{written}");
    }
}
