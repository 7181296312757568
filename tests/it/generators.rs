//! Repositories of other generators than Jekyll, through the real program: who is found out, and where posts are shown.

use serde_json::Value;

use crate::harness::Site;

/// The items of the feed of all posts, and what `check` said.
fn built(site: &Site) -> (Vec<Value>, String) {
    site.ok(&["build"]);
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    (feed["items"].as_array().unwrap().clone(), site.run(&["check"]).said())
}

fn texts<'a>(items: &'a [Value], key: &str) -> Vec<&'a str> {
    items.iter().map(|item| item[key].as_str().unwrap_or_default()).collect()
}

#[test]
fn a_zola_site_is_read_as_zola_does() {
    let site = Site::bare();
    site.write("config.toml", "base_url = \"https://zola.example.com\"\ntitle = \"Zola\"\n");
    site.write("content/_index.md", "+++\ntitle = \"Home\"\n+++\n");
    site.write("content/soon/_index.md", "+++\ndraft = true\n+++\n");
    site.write("content/soon/2025-03-01-no.md", "+++\ntitle = \"No\"\n+++\n");
    site.write(
        "content/blog/2025-02-01-second/index.md",
        "+++\ntitle = \"Second\"\n[taxonomies]\ntags = [\"Rust\"]\n+++\nSee [the first](@/blog/first.md#a) and ![pic](pic.png).\n\n\
         <!-- more -->\n\n{{ youtube(id=\"abc\") }}\n\n{% note(kind=\"tip\") %}\nA *tip*.\n{% end %}\n\n`{{/* x() */}}`\n",
    );
    site.write("content/blog/first.md", "+++\ntitle = \"First\"\ndate = 2025-01-01\nslug = \"日本\"\n+++\nText.\n");
    site.write("content/about.md", "+++\ntitle = \"About\"\n+++\nNo post.\n");
    let (items, check) = built(&site);
    assert!(check.contains("read as Zola, because there is a `config.toml` with a `base_url`;"), "{check}");
    assert!(check.contains("https://zola.example.com/"), "{check}");
    assert!(check.contains("the template tag `{% note(kind=\"tip\") %}` is not run here"), "{check}");
    assert_eq!(
        texts(&items, "url"),
        ["https://zola.example.com/blog/second/", "https://zola.example.com/blog/ri-ben/"],
        "{check}"
    );
    assert_eq!(texts(&items, "id"), texts(&items, "url"));
    let html = items[0]["content_html"].as_str().unwrap();
    for part in [
        "<a href=\"https://zola.example.com/blog/ri-ben/#a\"",
        "src=\"https://zola.example.com/blog/second/pic.png\"",
        "href=\"https://www.youtube.com/watch?v=abc\"",
        "A <em>tip</em>.",
        "<code>{{ x() }}</code>",
    ] {
        assert!(html.contains(part), "{part} is not in\n{html}");
    }
    assert!(!html.contains("{%"), "{html}");
    assert_eq!(items[0]["summary"], "See the first and .");
    assert_eq!(items[0]["tags"], serde_json::json!(["Rust"]));
}

#[test]
fn a_zola_site_may_have_languages() {
    let site = Site::bare();
    site.write(
        "zola.toml",
        "base_url = \"https://zola.example.com\"\ntitle = \"Zola\"\n[languages.ja]\ntitle = \"ゾラ\"\n",
    );
    site.write("content/a.md", "+++\ntitle = \"A\"\ndate = 2025-01-01\n+++\nText. [ja](@/a.ja.md)\n");
    site.write("content/a.ja.md", "+++\ntitle = \"あ\"\ndate = 2025-01-02\n+++\n本文。\n");
    let (items, check) = built(&site);
    assert!(check.contains("2 files, 2 live posts"), "{check}");
    let english = items.iter().find(|item| item["title"] == "A").unwrap();
    let html = english["content_html"].as_str().unwrap();
    assert!(html.contains("href=\"https://zola.example.com/ja/a/\""), "{html}");
}

#[test]
fn links_between_plain_files_lead_to_their_posts() {
    let site = Site::bare();
    site.write("tidings.yaml", "site: {url: \"https://notes.example.com\"}\n");
    site.write("notes/2025-01-01-a.md", "+++\ntitle = \"A\"\n+++\n[b](../more/b.md#x), [gone](gone.md)\n");
    site.write("more/b.md", "---\ntitle: B\ndate: 2025-01-02\nby: [Ada, Bob]\n---\n\nText.\n");
    site.write("more/c.mdx", "---\ntitle: C\ndate: 2025-01-03\n---\nimport X from 'x'\n\n<X>Text</X>\n");
    site.write("more/old.md", "---\nredirect: /more/b/\ndate: 2025-01-04\n---\n");
    let (items, check) = built(&site);
    assert!(check.contains("read as plain Markdown"), "{check}");
    assert_eq!(texts(&items, "title"), ["C", "B", "A"]);
    let html = items[2]["content_html"].as_str().unwrap();
    assert!(html.contains("href=\"https://notes.example.com/more/b/#x\""), "{html}");
    assert!(html.contains("href=\"https://notes.example.com/notes/a/gone.md\""), "{html}");
    assert_eq!(items[1]["authors"], serde_json::json!([{"name": "Ada"}, {"name": "Bob"}]));
    assert_eq!(items[0]["content_html"], "<p>Text</p>\n");
}

#[test]
fn an_eleventy_site_is_read_without_running_it() {
    let site = Site::bare();
    site.write("tidings.yaml", "site: {url: \"https://eleventy.example.com\"}\n");
    site.write(
        "eleventy.config.js",
        "export default function () {}\nexport const config = { dir: { input: \"content\" } };\n",
    );
    site.write(
        "content/_includes/post.html",
        "---\npermalink: \"/{{ page.date | date: '%Y' }}/{{ page.fileSlug }}/\"\n---\n{{ content }}\n",
    );
    site.write("content/posts/posts.json", "{\"layout\": \"post.html\", \"tags\": \"posts\"}");
    site.write(
        "content/posts/2025-01-02-a.md",
        "---\ntitle: A\ntags: [posts, Web]\n---\n{# c #}![i]({{ \"/i.png\" | url }}) {% box %}b{% endbox %}\n",
    );
    site.write("content/2025-01-01-b.md", "---\ntitle: B\n---\nText\n");
    site.write("README.md", "---\ndate: 2025-01-01\n---\nNo page.\n");
    let (items, check) = built(&site);
    assert!(check.contains("read as Eleventy") && check.contains("`{% box %}`"), "{check}");
    let urls = ["https://eleventy.example.com/2025/a/", "https://eleventy.example.com/2025-01-01-b/"];
    assert_eq!(texts(&items, "url"), urls);
    assert_eq!(items[0]["tags"], serde_json::json!(["Web"]));
    let html = items[0]["content_html"].as_str().unwrap();
    assert!(html.contains("src=\"https://eleventy.example.com/i.png\"") && !html.contains("{%"), "{html}");
}

#[test]
fn where_astro_shows_posts_has_to_be_said() {
    let site = Site::bare();
    site.write("astro.config.mjs", "export default defineConfig({ site: \"https://astro.example.com\" });\n");
    site.write(
        "src/content/blog/2025-01-02-Hello World.mdx",
        "---\ntitle: A\n---\nimport X from 'x'\n\n# T\n\n<X a={1} />\n",
    );
    site.write("src/content/blog/b.md", "---\ntitle: B\npubDate: 2025-01-01\ndraft: false\n---\nText\n");
    let (items, check) = built(&site);
    assert!(check.contains("Astro site") && check.contains("set `source.permalink`"), "{check}");
    let urls = ["https://astro.example.com/blog/2025-01-02-hello-world/", "https://astro.example.com/blog/b/"];
    assert_eq!(texts(&items, "url"), urls);
    site.write("tidings.yaml", "source: {permalink: \"/{year}/{slug}/\"}\n");
    let (items, check) = built(&site);
    assert!(!check.contains("source.permalink"), "{check}");
    assert_eq!(items[1]["url"], "https://astro.example.com/2025/b/");
}

#[test]
fn the_generator_can_be_named() {
    let site = Site::bare();
    site.write("config.toml", "base_url = \"https://zola.example.com\"\n");
    site.write("content/2025-01-02-a.md", "+++\ntitle = \"A\"\n+++\nText\n");
    for (generator, url) in [
        ("auto", "https://example.com/a/"),
        ("zola", "https://example.com/a/"),
        ("plain", "https://example.com/content/a/"),
        ("eleventy", "https://example.com/content/2025-01-02-a/"),
        ("astro", "https://example.com/2025-01-02-a/"),
    ] {
        site.write(
            "tidings.yaml",
            format!("site: {{url: \"https://example.com\"}}\nsource: {{generator: {generator}}}\n"),
        );
        assert_eq!(texts(&built(&site).0, "url"), [url], "{generator}");
    }
}
