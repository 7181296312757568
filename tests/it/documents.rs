//! What stands in the documents: the first user's post, and one like it of our own.

use feed_rs::model::{Entry, Feed};
use serde_json::Value;

use crate::harness::{Site, repository};

/// A post with the front matter of the first user, the same nine bold names next to full-width brackets, and nothing else of it.
const OWN_POST: &str = r#"---
layout: post
title: "半導体と投資の見取り図：何を見ておくべきか"
date: 2025-11-08 16:38:45 +0000
categories: ["投資分析"]
tags: ["AI", "最新ニュース", "技術動向", "投資", "チップ"]
author: "編集部"
excerpt: "半導体と投資の関係を、九つの名前から考えます。"
reading_time: 8
---

**甲社（こうしゃ）**は検索、**乙社（おつしゃ）**は通販、そして、**丙社（へいしゃ）**は遊戯の会社です。

**丁社（ていしゃ）**は設計し、**戊社（中央集積回路製造）**がその生産を担います。**己社（きしゃ）**は画像、
**庚社（科学音声）**は音声、**辛社（深度探索）**です。また、**壬社 (AB - 国立研究院)**が開発しました。
"#;

const TAGS: [&str; 5] = ["AI", "最新ニュース", "技術動向", "投資", "チップ"];

/// The feeds that the post stands in, without extension, and their documents' names in a path.
fn paths() -> Vec<String> {
    let tags = TAGS.iter().map(|tag| format!("tags/{}", tag.to_lowercase()));
    ["feed".to_owned(), "categories/投資分析".to_owned()].into_iter().chain(tags).collect()
}

pub(crate) fn parse(site: &Site, path: &str) -> Feed {
    feed_rs::parser::parse(site.read(path).as_bytes()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

struct Expected {
    title: String,
    summary: String,
    url: String,
    id: String,
}

fn holds_the_post(site: &Site, expected: &Expected) {
    for path in paths() {
        for extension in ["atom", "rss", "json"] {
            let path = format!("feeds/{path}.{extension}");
            let feed = parse(site, &path);
            assert_eq!(feed.entries.len(), 1, "{path}");
            entry_is(&feed.entries[0], expected, &path);
        }
    }
}

fn entry_is(entry: &Entry, expected: &Expected, path: &str) {
    assert_eq!(entry.id, expected.id, "{path}");
    assert_eq!(entry.title.as_ref().unwrap().content, expected.title, "{path}");
    assert_eq!(entry.links[0].href, expected.url, "{path}");
    assert_eq!(entry.published.unwrap().to_rfc3339(), "2025-11-08T16:38:45+00:00", "{path}");
    assert_eq!(entry.summary.as_ref().unwrap().content, expected.summary, "{path}");
    let content = entry.content.as_ref().unwrap().body.as_ref().unwrap();
    assert_eq!(content.matches("<strong>").count(), 9, "{path}: {content}");
    assert!(!content.contains("**"), "{path}: {content}");
    let categories: Vec<_> = entry.categories.iter().map(|category| category.term.as_str()).collect();
    assert_eq!(categories, [&["投資分析"], &TAGS[..]].concat(), "{path}");
}

fn site_with(name: &str, post: &str) -> Site {
    let site = Site::new();
    site.write(&format!("_posts/{name}"), post);
    site.ok(&["build"]);
    site
}

/// A site with our own post of the first user's kind, built.
pub(crate) fn own() -> Site {
    site_with("2025-11-08-own.md", OWN_POST)
}

/// A site with a post of the first user, built. Users do not have that post; [`own`] covers the same ground.
pub(crate) fn first_users() -> Option<Site> {
    let file = repository("../shared/posts/2025-11-08-china-ai-silicon-valley.md");
    match std::fs::read_to_string(&file) {
        Ok(post) => Some(site_with("2025-11-08-china-ai-silicon-valley.md", &post)),
        Err(_) => {
            println!("left out: {} is not there", file.display());
            None
        }
    }
}

#[test]
fn a_post_of_the_first_users_kind_stands_in_all_its_feeds() {
    let site = own();
    holds_the_post(
        &site,
        &Expected {
            title: "半導体と投資の見取り図：何を見ておくべきか".into(),
            summary: "半導体と投資の関係を、九つの名前から考えます。".into(),
            // The URL has the date in Tokyo, where it is the ninth already.
            url: "https://blog.example.com/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90/2025/11/09/own.html".into(),
            id: "https://blog.example.com/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90/2025/11/09/own".into(),
        },
    );
    let json: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    assert_eq!(json["items"][0]["_tidings"]["reading_time"], 8);
    assert_eq!(json["items"][0]["_tidings"]["layout"], "post");
    assert_eq!(json["items"][0]["date_published"], "2025-11-09T01:38:45+09:00");
}

#[test]
fn the_first_users_own_post_stands_in_all_its_feeds() {
    let Some(site) = first_users() else { return };
    let base = "https://blog.example.com/%E6%8A%95%E8%B3%87%E5%88%86%E6%9E%90/2025/11/09/china-ai-silicon-valley";
    holds_the_post(
        &site,
        &Expected {
            title: "中国AIシリコンバレー構想の真意は？世界を揺るがす技術覇権の行方".into(),
            summary: "中国、AIシリコンバレー構想始動について詳細に分析します。".into(),
            url: format!("{base}.html"),
            id: base.into(),
        },
    );
}

#[test]
fn a_second_build_writes_nothing() {
    let site = own();
    let times = |site: &Site| {
        let times = |path: String| std::fs::metadata(site.file(&path)).unwrap().modified().unwrap();
        let documents = paths().into_iter().map(|path| format!("feeds/{path}.atom"));
        documents
            .chain(["feeds/feeds.opml".into(), "feeds/index.html".into(), "feeds/.tidings-manifest.json".into()])
            .map(times)
            .collect::<Vec<_>>()
    };
    let before = times(&site);
    let done = site.ok(&["build"]);
    assert!(done.stdout.contains(" 0 written,"), "{}", done.stdout);
    assert_eq!(times(&site), before);
    assert!(!site.file(".tidings").exists(), "a build keeps no store");
}

#[test]
fn formats_taxonomies_limit_content_and_custom_feeds_are_as_configured() {
    let site = Site::new();
    site.config(
        "feeds:\n  formats: [json]\n  by: [tag]\n  limit: 2\n  content: excerpt\n  custom:\n    \
         - {name: topics/ai, title: AI特集, where: {tags: [ai]}, limit: all, content: full}\n",
    );
    for day in 1..=3 {
        site.post(&format!("01-0{day}-p"), &format!("記事{day}"), "最初の段落。\n\n次の段落。");
    }
    site.ok(&["build"]);
    let json = |path: &str| -> Value { serde_json::from_str(&site.read(path)).unwrap() };
    let titles = |feed: &Value| {
        let titles = feed["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned());
        titles.collect::<Vec<_>>()
    };
    assert_eq!(titles(&json("feeds/feed.json")), ["記事3", "記事2"]);
    assert_eq!(titles(&json("feeds/tags/ai.json")), ["記事3", "記事2"]);
    let custom = json("feeds/topics/ai.json");
    assert_eq!(titles(&custom), ["記事3", "記事2", "記事1"]);
    assert_eq!(custom["title"], "投資と技術 — AI特集");
    assert!(custom["items"][0]["content_html"].as_str().unwrap().contains("次の段落。"));
    let item = &json("feeds/feed.json")["items"][0];
    assert_eq!((&item["summary"], item["content_html"].is_null()), (&"最初の段落。".into(), true));
    for gone in ["feeds/feed.atom", "feeds/feed.rss", "feeds/categories"] {
        assert!(!site.file(gone).exists(), "{gone}");
    }
}

#[test]
fn nothing_that_xml_forbids_and_no_script_reaches_a_feed() {
    let site = Site::new();
    site.write(
        "_posts/2025-01-01-nasty.md",
        "---\ntitle: \"a\\u0001b <T> & \\\"x\\\"\"\ncategories: [\"a\\u0002b\"]\n---\nctrl \u{8} &#8; ]]> <b>unclosed\n\n\
         <script>alert(1)</script><p onclick=\"x()\">p</p><form><input name=q></form>\n\n[rel](../y) ![pic](pic.png) [js](javascript:x)\n",
    );
    site.ok(&["build"]);
    for path in ["feed.atom", "feed.rss", "feed.json", "index.html", "feeds.opml"] {
        let text = site.read(&format!("feeds/{path}"));
        assert!(text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{7e}' | '\u{a0}'..)), "{path}");
        for bad in ["alert(1)", "onclick", "<form", "&lt;form", "javascript:"] {
            assert!(!text.contains(bad), "{path} holds {bad}:\n{text}");
        }
    }
    let feed = parse(&site, "feeds/feed.atom");
    let html = feed.entries[0].content.as_ref().unwrap().body.as_ref().unwrap();
    assert!(html.contains("https://blog.example.com/a%02b/2025/01/y"), "{html}");
    assert!(html.contains("https://blog.example.com/a%02b/2025/01/01/pic.png"), "{html}");
    assert!(html.contains("</b>"), "{html}");
    assert_eq!(feed.entries[0].title.as_ref().unwrap().content, "ab <T> & “x”");
}
