//! Which feeds there are, where they are, and what stands in them beside text.

use serde_json::Value;

use crate::documents::parse;
use crate::harness::{Daemon, Site};

fn json(site: &Site, path: &str) -> Value {
    serde_json::from_str(&site.read(path)).unwrap()
}

/// A site with feeds as `feeds` has them, and posts.
fn site(feeds: &str, posts: &[(&str, &str)]) -> Site {
    let site = Site::new();
    site.config(&format!("feeds: {feeds}\n"));
    for (name, front_matter) in posts {
        site.write(&format!("_posts/2025-{name}.md"), format!("---\ntitle: {name}\n{front_matter}\n---\ntext\n"));
    }
    site
}

fn ids(feed: &Value) -> Vec<String> {
    feed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_goes_with_its_post_in_every_format() {
    let site = site(
        "{by: []}",
        &[(
            "01-01-a",
            "enclosures: [/audio/一.mp3, {url: 'https://cdn.example.com/b.pdf', length: 7, title: The <paper>}]\nimage: /i.png",
        )],
    );
    site.write("static/audio/一.mp3", "123456");
    site.ok(&["build"]);
    let url = "https://blog.example.com/audio/%E4%B8%80.mp3";
    let rss = site.read("feeds/feed.rss");
    assert!(rss.contains(&format!("<enclosure url=\"{url}\" length=\"6\" type=\"audio/mpeg\"/>")), "{rss}");
    assert_eq!(rss.matches("<enclosure").count(), 1, "RSS has room for one");
    let atom = parse(&site, "feeds/feed.atom");
    let links = atom.entries[0].links.iter().filter(|link| link.rel.as_deref() == Some("enclosure"));
    let links: Vec<_> = links.map(|link| (link.href.as_str(), link.length, link.title.as_deref())).collect();
    let pdf = "https://cdn.example.com/b.pdf";
    let picture = ("https://blog.example.com/i.png", None, None);
    assert_eq!(links, [(url, Some(6), None), (pdf, Some(7), Some("The <paper>")), picture]);
    let attachments = &json(&site, "feeds/feed.json")["items"][0]["attachments"];
    assert_eq!(attachments[0], serde_json::json!({"url": url, "mime_type": "audio/mpeg", "size_in_bytes": 6}));
    assert_eq!(attachments[1]["title"], "The <paper>");
}

/// A site whose feeds have everything that a feed can have beside text.
pub(crate) fn rich() -> Site {
    let podcast = "{category: 'News > Tech News', image: /cover.png, owner: {name: Me & Co., email: me@example.com}}";
    let site = site(
        &format!("{{limit: 2, archive: {{size: 2}}, podcast: {podcast}}}"),
        &[
            (
                "01-01-a",
                "tags: [x]\naudio: {url: /a.mp3, duration: '1:35', title: A <title>}\nimage: /a.png\nepisode: 1",
            ),
            ("01-02-b", "tags: [x]\nenclosures: [/b.mp4?a=1&b=2, /b.pdf]\nexplicit: true"),
            ("01-03-c", "tags: [x]\nenclosure: /c"),
            ("01-04-d", "tags: [x]\nimage: /d.png"),
            ("01-05-e", "categories: [Web & Dev]\nlang: en"),
        ],
    );
    let config = site.read("tidings.yaml");
    site.write("tidings.yaml", format!("site: {{languages: [en]}}\n{config}"));
    site.write("a.mp3", "12345");
    site.ok(&["build"]);
    site
}

#[test]
fn a_podcast_has_what_directories_ask_for() {
    let podcast = "{category: 'News > Tech News', image: /cover.png, owner: {email: me@example.com}}";
    let site = site(
        &format!("{{by: [], custom: [{{name: podcast, where: {{tags: [cast]}}, podcast: {podcast}}}]}}"),
        &[
            ("01-01-a", "tags: [cast]\naudio: {url: 'https://cdn.example.com/a.mp3', duration: '1:35'}\nepisode: 4"),
            ("01-02-b", "tags: [cast]"),
        ],
    );
    site.ok(&["build"]);
    let rss = site.read("feeds/podcast.rss");
    for tag in [
        "<itunes:category text=\"Tech News\">",
        "<itunes:explicit>false</itunes:explicit>",
        "<itunes:email>me@example.com</itunes:email>",
        "<itunes:image href=\"https://blog.example.com/cover.png\"",
        "<itunes:duration>95</itunes:duration>",
        "<itunes:episode>4</itunes:episode>",
    ] {
        assert_eq!(rss.matches(tag).count(), 1, "{tag}: {rss}");
    }
    assert!(!site.read("feeds/feed.rss").contains("itunes"), "the site's feed is none");
    let said = site.run(&["build", "-v"]).said();
    assert!(said.contains("2025-01-02-b.md") && said.contains("without an episode's file"), "{said}");
}

#[test]
fn a_podcast_that_directories_would_refuse_is_no_config() {
    let site = site("{podcast: {category: Tecnology}}", &[]);
    let done = site.run(&["build"]);
    assert_eq!(done.status, 2, "{}", done.said());
    for said in ["did you mean `Technology`?", "an owner with an e-mail address", "a cover"] {
        assert!(done.said().contains(said), "{}", done.said());
    }
}

fn many(posts: u32) -> Site {
    let site = site("{by: [], limit: 2, archive: {size: 3}}", &[]);
    (1..=posts).for_each(|day| site.post(&format!("01-{day:02}-p"), &format!("記事{day}"), "本文"));
    site.ok(&["build"]);
    site
}

#[test]
fn every_post_is_in_the_feed_or_in_an_archive() {
    let site = many(8);
    let newest = json(&site, "feeds/feed.json");
    assert_eq!(newest["items"].as_array().unwrap().len(), 2);
    let (mut page, mut all) = (newest, Vec::new());
    loop {
        all.extend(ids(&page));
        let Some(next) = page["next_url"].as_str() else { break };
        page = json(&site, next.strip_prefix("https://blog.example.com/").unwrap());
    }
    all.dedup();
    assert_eq!(all.len(), 8);

    let links = |path: &str| {
        let links = parse(&site, path).links.into_iter();
        let links = links.filter_map(|link| Some((link.rel?, link.href)));
        links.filter(|(rel, _)| rel.ends_with("archive") || rel == "current").collect::<Vec<_>>()
    };
    let of_feed = links("feeds/feed.atom");
    assert_eq!(of_feed.len(), 1, "{of_feed:?}");
    let second = of_feed[0].1.strip_prefix("https://blog.example.com/").unwrap();
    let relations: Vec<String> = links(second).into_iter().map(|(relation, _)| relation).collect();
    assert_eq!(relations, ["current", "prev-archive"]);
    let rss = second.replace(".atom", ".rss");
    for path in [second, rss.as_str()] {
        assert!(site.read(path).contains("<fh:archive"), "{path}");
    }
    assert!(!site.read("feeds/feed.atom").contains("fh:"));
}

#[test]
fn a_new_post_rewrites_no_archive_but_the_newest_ones_link() {
    let site = many(8);
    let done = |site: &Site| site.ok(&["build"]).stdout;
    site.post("01-20-p", "新しい記事", "本文");
    let first = std::fs::read_dir(site.file("feeds/feed")).unwrap().count();
    done(&site);
    assert_eq!(std::fs::read_dir(site.file("feeds/feed")).unwrap().count(), first + 3, "a third archive");
    let names = |site: &Site| {
        let entries = std::fs::read_dir(site.file("feeds/feed")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names(&site);
    site.post("01-21-p", "もう一つ", "本文");
    assert!(done(&site).contains(" 5 written"), "the feed in three formats, its page, the list of feeds");
    assert_eq!(names(&site), before);
    site.write("_posts/2024-01-01-old.md", "---\ntitle: old\n---\nx\n");
    done(&site);
    assert!(names(&site).iter().all(|name| !before.contains(name)), "an old post renames them all");
}

#[test]
fn a_feed_with_all_posts_says_so_if_archives_are_on() {
    let site = many(2);
    assert!(site.read("feeds/feed.atom").contains("<fh:complete/>"));
    assert!(site.read("feeds/feed.rss").contains("<fh:complete>"));
}

#[test]
fn jekyll_feeds_paths_are_kept_and_served_as_what_they_are() {
    let site = site("{paths: jekyll-feed}", &[("01-01-a", "categories: [Web Dev]\ntags: [日本語]")]);
    let daemon = Daemon::start(&site);
    for path in ["feed.xml", "feed/Web%20Dev.xml", "feed/by_tag/%E6%97%A5%E6%9C%AC%E8%AA%9E.xml"] {
        let body = daemon.get(path);
        assert!(body.contains("<feed xmlns=\"http://www.w3.org/2005/Atom\""), "{path}");
    }
    assert!(daemon.get("feed.rss").contains("<rss"));
    let id = "<id>https://blog.example.com/feeds/feed/Web%20Dev.xml</id>";
    assert!(daemon.get("feed/Web%20Dev.xml").contains(id));
}

#[test]
fn two_feeds_at_one_path_are_told_and_both_are_there() {
    let site = site("{paths: jekyll-feed, custom: [{name: feed/news}]}", &[("01-01-a", "categories: [news]")]);
    let done = site.ok(&["build"]);
    assert!(done.said().contains("another feed is here already"), "{}", done.said());
    assert!(site.run(&["check"]).said().contains("another feed is here already"));
    assert!(site.file("feeds/feed/news.xml").exists() && site.file("feeds/categories/news.xml").exists());
}

#[test]
fn a_further_language_has_feeds_of_its_own() {
    let site = site("{by: [tag]}", &[("01-01-a", "tags: [x]"), ("01-02-b", "tags: [x]\nlang: en")]);
    let config = site.read("tidings.yaml");
    site.write("tidings.yaml", format!("site: {{languages: [{{code: en, title: Money and Machines}}]}}\n{config}"));
    site.ok(&["build"]);
    let titles = |path: &str| {
        let feed = json(&site, path);
        let titles = feed["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned());
        (feed["title"].as_str().unwrap().to_owned(), feed["language"].as_str().unwrap().to_owned(), titles.collect())
    };
    let expected = |title: &str, language: &str, post: &str| (title.into(), language.into(), vec![post.to_owned()]);
    assert_eq!(titles("feeds/feed.json"), expected("投資と技術", "ja", "01-01-a"));
    assert_eq!(titles("feeds/tags/x.json"), expected("投資と技術 — #x", "ja", "01-01-a"));
    assert_eq!(titles("feeds/en/feed.json"), expected("Money and Machines", "en", "01-02-b"));
    assert_eq!(titles("feeds/en/tags/x.json"), expected("Money and Machines — #x", "en", "01-02-b"));
    assert!(site.read("feeds/en/feed.atom").contains("xml:lang=\"en\""));
    assert!(site.read("feeds/feeds.opml").contains("<outline text=\"Money and Machines\">"));
}

#[test]
fn a_sites_templates_can_include_the_links_to_its_feeds() {
    let site = site("{by: [tag], autodiscovery: true}", &[("01-01-a", "tags: [x]")]);
    site.ok(&["build"]);
    let snippet = site.read("feeds/autodiscovery/tags/x.html");
    let hrefs: Vec<_> =
        snippet.lines().map(|line| line.split("href=\"").nth(1).unwrap().trim_end_matches("\">")).collect();
    assert_eq!(hrefs[0], "https://blog.example.com/feeds/tags/x.atom", "the term's own first");
    assert_eq!(hrefs[3], "https://blog.example.com/feeds/feed.atom");
    let map = json(&site, "feeds/autodiscovery.json");
    assert_eq!(map["tags"]["x"][0]["href"], hrefs[0]);
    assert_eq!(map["pages"]["https://blog.example.com/"][0]["href"], hrefs[3]);
    let off = self::site("{by: [tag]}", &[("01-01-a", "tags: [x]")]);
    off.ok(&["build"]);
    assert!(!off.file("feeds/autodiscovery").exists() && !off.file("feeds/autodiscovery.json").exists());
}

#[test]
fn a_post_may_ask_to_be_shown_by_its_excerpt_only() {
    let site = site("{by: []}", &[("01-01-a", "feed: {excerpt_only: true}\nexcerpt: short"), ("01-02-b", "")]);
    site.ok(&["build"]);
    let items = &json(&site, "feeds/feed.json")["items"];
    assert_eq!((&items[1]["summary"], &items[1]["content_html"]), (&"short".into(), &Value::Null));
    assert_eq!(items[0]["content_html"], "<p>text</p>\n");
}

#[test]
fn neither_an_entry_nor_a_feed_grows_beyond_what_readers_take() {
    let site = Site::new();
    site.config("feeds: {by: [], limit: all}\n");
    site.post("01-01-huge", "大きい", &"長い文章です。".repeat(30_000));
    let text = format!("<&>\"{}\n\n", "本文".repeat(8)).repeat(6000);
    (2..=13).for_each(|day| site.post(&format!("01-{day:02}-p"), &format!("記事{day}"), &text));
    let said = site.ok(&["build"]).said();
    assert!(said.contains("an entry may have 524288"), "{said}");
    assert!(said.contains("readers refuse such a feed"), "{said}");
    for extension in ["atom", "rss", "json"] {
        let size = std::fs::metadata(site.file(&format!("feeds/feed.{extension}"))).unwrap().len();
        assert!(size <= 5_000_000, "feed.{extension} has {size} bytes");
    }
    let json = json(&site, "feeds/feed.json");
    let items = json["items"].as_array().unwrap();
    assert_eq!(items.len(), 13);
    assert!(items[0]["content_html"].is_string() && items[11]["content_html"].is_null());
}

#[test]
fn archives_files_podcasts_and_languages_keep_every_rule() {
    crate::kept::hold_for(&rich());
}
