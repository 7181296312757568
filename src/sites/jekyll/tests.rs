use std::sync::Arc;

use super::*;
use crate::posts::{Excerpt, Markup, Post};
use crate::problems::{Code, Problem};
use crate::sites::{Reading, Site, testing, tests::site};

fn open(config: &str) -> Arc<Site> {
    Site::open(None, &testing::files([("_config.yml", config)])).unwrap().site
}

fn reading_with(config: &str, path: &str, text: &str) -> Reading {
    let jekyll = open(config);
    let site = site("https://example.com/b/");
    let rules = Rules { site: &site, permalink: "", max_post_bytes: 1 << 20, prints: true };
    jekyll.read(path, text.as_bytes(), &rules)
}

fn reading(front: &str, body: &str) -> Reading {
    reading_with("", "_posts/2025-01-05-x.md", &format!("---\n{front}\n---\n{body}"))
}

fn into_post(reading: Reading) -> Post {
    match reading.outcome {
        Outcome::Post(post) => *post,
        other => panic!("{other:?} {:?}", reading.problems),
    }
}

fn post(front: &str) -> Post {
    into_post(reading(front, "body\n"))
}

fn problem(front: &str) -> Problem {
    let mut problems = reading(front, "body\n").problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn the_config_says_which_files_are_posts() {
    let site = open("collections_dir: _c\nexclude: [old]");
    assert!(site.enters("_c") && site.enters("_c/_posts") && !site.enters("_d"));
    assert!(site.wants("_c/_posts/2025-01-01-x.md") && site.wants("_c/a/_posts/template.md"));
    for path in ["_posts/2025-01-01-x.md", "_c/_posts/_y/2025-01-01-x.md", "_c/_posts/x.png", "_c/_drafts/x.md"] {
        assert!(!site.wants(path), "{path}");
    }
    let post = into_post(reading_with("collections_dir: c", "c/a/_posts/2025-01-01-x.md", "---\n---\n"));
    assert_eq!(post.url, "https://example.com/b/a/2025/01/01/x.html");
}

#[test]
fn a_file_without_a_date_in_its_name_is_noted() {
    let reading = reading_with("", "_posts/template.md", "x");
    assert_eq!((reading.outcome, reading.problems[0].code), (Outcome::Hidden, Code::Undated));
}

#[test]
fn drafts_and_unpublished_posts_are_hidden() {
    for front in ["draft: true", "published: false", "published:", "published: off", "draft: yes\ndate: nonsense"] {
        assert_eq!(reading(front, "").outcome, Outcome::Hidden, "{front}");
    }
    let shown = reading_with("unpublished: true", "_posts/2025-01-05-x.md", "---\npublished: false\n---\n");
    assert!(matches!(shown.outcome, Outcome::Post(_)));
    assert!(!post("hidden: true").listed && !post("feed: false").listed && post("feed: {excerpt_only: true}").listed);
}

#[test]
fn the_future_waits_unless_the_site_shows_it() {
    let live_from = |config| into_post(reading_with(config, "_posts/2999-01-05-x.md", "x")).live_from;
    assert_eq!(live_from("").map(|at| at.timestamp()), Some(32_472_489_600));
    for config in ["future: true", "collections: {posts: {future: true}}"] {
        assert_eq!(live_from(config), None, "{config}");
    }
}

#[test]
fn categories_are_united_and_a_tag_replaces_tags() {
    let config = "defaults: [{values: {categories: [D, c], tags: [t], lang: en, permalink: '/:categories/:title'}}]";
    let text = "---\ncategories: b c\ncategory: One Two\n---\n";
    let post = into_post(reading_with(config, "es/_posts/2025-01-05-x.md", text));
    assert_eq!(post.categories, ["es", "D", "c", "b", "One Two"]);
    assert_eq!(post.tags, ["t"]);
    assert_eq!(post.url, "https://example.com/b/es/d/c/b/one%20two/x");
    assert_eq!(post.language.as_deref(), Some("en"));
    assert_eq!(self::post("tags: a b a\ntag: [x, y]").tags, ["x", "y"]);
}

#[test]
fn typed_values_are_text() {
    let post =
        post("title: 2025\nslug: 123\ntags: [2024, true, 1.10, 2025-01-01, null]\nversion: 1.10\nreading_time: 5");
    assert_eq!(post.title, "2025");
    assert_eq!(post.url, "https://example.com/b/2025/01/05/123.html");
    assert_eq!(post.tags, ["2024", "true", "1.10", "2025-01-01"]);
    assert_eq!(serde_json::to_string(&post.extra).unwrap(), r#"{"version":"1.10","reading_time":5}"#);
}

#[test]
fn titles_fall_back_to_the_name_and_then_the_date() {
    let title = |path: &str, front: &str| into_post(reading_with("", path, &format!("---\n{front}\n---\n"))).title;
    assert_eq!(title("_posts/2025-01-05-hello-WORLD_x.md", "title: false"), "Hello World_x");
    assert_eq!(title("_posts/2025-01-05-.md", ""), "2025-01-05");
    assert_eq!(title("_posts/2025-01-05-x.md", "title: ! 'Use Vec<T> & <b>it</b>'"), "Use Vec<T> & it");
}

#[test]
fn odd_names_make_sound_urls_and_ids() {
    let post = into_post(reading_with("", "_posts/2025-01-05-q&a: what?#frag%20[x].md", "x"));
    assert_eq!(post.url, "https://example.com/b/2025/01/05/q&a-what-frag-20-x.html");
    assert_eq!(post.id, "https://example.com/b/2025/01/05/q&a:%20what?#frag%20%5Bx%5D");
}

#[test]
fn broken_posts_say_where_and_what_to_do() {
    let yaml = problem("title: Rust: a language");
    assert_eq!(
        yaml.to_string(),
        "_posts/2025-01-05-x.md:2:12: error [T004]: the front matter cannot be read: the value holds a colon and a space, which YAML takes for another key"
    );
    assert_eq!(yaml.remedy, "put the value in quotes: `title: \"Rust: a language\"`");
    assert_eq!(problem("a:\n\tb: 1").remedy, "indent with spaces");
    assert_eq!(problem("title: @home").remedy, "put the value in quotes: `title: \"@home\"`");
    let date = problem("date: 2025-11");
    assert_eq!(date.place.map(|place| (place.line, place.column, place.len)), Some((2, 7, 7)));
    assert_eq!(
        (date.code, problem("permalink: /:titel/").code, problem("date:").code),
        (Code::Date, Code::Permalink, Code::Date)
    );
}

#[test]
fn a_post_whose_front_matter_is_never_closed_is_not_published() {
    let reading = reading_with("", "_posts/2025-01-05-x.md", "---\ntitle: T\npublished: false\n\nText.\n");
    assert_eq!(reading.outcome, Outcome::Broken);
    assert_eq!(
        reading.problems[0].to_string(),
        "_posts/2025-01-05-x.md:1:1: error [T004]: the front matter cannot be read: the block that `---` opens is never closed"
    );
    assert_eq!(reading.problems[0].remedy, "put a line `---` below its last field");
    let thematic_break = into_post(reading_with("", "_posts/2025-01-05-x.md", "---\n\nText.\n"));
    assert_eq!(thematic_break.body_start, 0);
}

#[test]
fn an_odd_field_costs_the_field_only() {
    for front in [
        "categories: {a: b}",
        "title: [a]",
        "image: {a: b}",
        "lang: [x]",
        "author: {x: y}",
        "permalink: [x]",
        "description: {a: b}",
    ] {
        let reading = reading(front, "");
        assert!(matches!(reading.outcome, Outcome::Post(_)), "{front}");
        let codes: Vec<Code> = reading.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, [Code::Field], "{front}");
    }
}

#[test]
fn excerpts_are_given_or_end_at_the_separator() {
    let excerpt = |front: &str, body: &str| into_post(reading(front, body)).excerpt;
    assert_eq!(excerpt("description: D\nexcerpt: E", "a\n\nb"), Excerpt::Given("D".into()));
    assert_eq!(excerpt("excerpt: E", "a\n\nb"), Excerpt::Given("E".into()));
    assert_eq!(excerpt("", "a\n\nb"), Excerpt::Head(1));
    assert_eq!(excerpt("", "a\r\n\r\nb"), Excerpt::Head(1), "Jekyll takes the whole of it");
    assert_eq!(excerpt("excerpt_separator: <!--more-->", "a\n\nb<!--more-->c"), Excerpt::Head(4));
    assert_eq!(excerpt("excerpt_separator: ''", "a\n\nb"), Excerpt::Whole);
    let whole = reading_with("excerpt_separator: ''", "_posts/2025-01-05-x.md", "a\n\nb");
    assert_eq!(into_post(whole).excerpt, Excerpt::Whole);
}

#[test]
fn an_explicit_id_makes_the_key_and_an_absolute_one_the_entry_id() {
    let by_path = post("");
    assert_eq!(
        (by_path.key.as_str(), by_path.id.as_str()),
        ("_posts/2025-01-05-x.md", "https://example.com/b/2025/01/05/x")
    );
    let tag = post("id: tag:example.com,2025:1");
    assert_eq!((tag.key.as_str(), tag.id.as_str()), ("id:tag:example.com,2025:1", "tag:example.com,2025:1"));
    for id in ["https://Example.com/1", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"] {
        assert_eq!(post(&format!("id: {id}")).id, id);
    }
    for id in ["42", "x-08T16:38:45", "about:blank", "tag:1", "tag:example.com:1", "urn:x"] {
        let plain = post(&format!("guid: {id}"));
        assert_eq!((plain.key.as_str(), &plain.id), (format!("id:{id}").as_str(), &by_path.id));
    }
    let inherited = into_post(reading_with("defaults: [{values: {id: all}}]", "_posts/2025-01-05-x.md", "x"));
    assert_eq!(inherited.key, "_posts/2025-01-05-x.md");
}

#[test]
fn images_are_absolute() {
    for (front, url) in [
        ("image: /i.png", "https://example.com/b/i.png"),
        ("image: i/x y.png", "https://example.com/b/i/x%20y.png"),
        ("image: {path: https://cdn.example/i.png, alt: x}", "https://cdn.example/i.png"),
        ("image: //cdn.example/i.png", "https://cdn.example/i.png"),
    ] {
        assert_eq!(post(front).image.as_deref(), Some(url), "{front}");
    }
}

#[test]
fn markup_goes_by_the_extension() {
    let markup = |name: &str| {
        let post = into_post(reading_with("", &format!("_posts/2025-01-05-x{name}"), "---\n---\nx"));
        (post.markup, post.url.rsplit('/').next().unwrap_or_default().to_owned())
    };
    assert_eq!(markup(".mkdn"), (Markup::Kramdown, "x.html".into()));
    assert_eq!(markup(".html"), (Markup::Html, "x.html".into()));
    assert_eq!(markup(".txt"), (Markup::Text, "x.txt".into()));
}

/// A post, and what its template made of it.
fn expanded(config: &str, file: &str) -> (Post, String, Vec<Problem>) {
    let post = into_post(reading_with(config, "_posts/2025-01-05-x.md", file));
    let site = site("https://example.com/b/");
    let rules = Rules { site: &site, permalink: "", max_post_bytes: 1 << 20, prints: true };
    let expanded = open(config).expand(&post, file, &rules, &testing::Known::default());
    let revision = Site::revision(post.revision, &expanded.source);
    let html = crate::posts::render(&post, &expanded.source).html.to_string();
    (Post { revision, ..post }, html, expanded.problems)
}

#[test]
fn liquid_that_is_left_out_is_told_once() {
    let told = |body: &str| expanded("", &format!("---\n---\n{body}")).2;
    let left_out = told("{{ page.title }} {% asset a %} {% asset b %}{% info %}x{% endinfo %}");
    assert_eq!((left_out.len(), left_out[0].code), (2, Code::Template));
    assert_eq!(left_out[0].place.as_ref().map(|place| (place.line, place.column, place.len)), Some((3, 18, 13)));
    assert_eq!(left_out[0].message, "the template tag `asset` is not known");
    assert_eq!(left_out[1].message, "the template tag `info` is not known; what it encloses stays");
    assert_eq!(told("{% raw %}{{ x }}{% endraw %}"), []);
    assert!(!into_post(reading("render_with_liquid: false", "{{ x }}")).template);
    assert!(into_post(reading("", "{{ x }}")).template && !post("").template);
}

#[test]
fn a_template_is_known_by_what_it_makes() {
    let file = "---\n---\n[x](https://h.example/{{ site.repository }}) [y]({% link z.md %})\n";
    let (post, html, problems) = expanded("repository: a/b\nother: c\n", file);
    assert_eq!(html, "<p><a href=\"https://h.example/a/b\">x</a> y</p>\n");
    assert_eq!(problems.len(), 1);
    assert_ne!(expanded("repository: a/d\n", file).0.revision, post.revision);
    assert_eq!(expanded("repository: a/b\nother: e\n", file).0.revision, post.revision);
}

proptest::proptest! {
    #[test]
    fn no_path_or_front_matter_makes_it_panic(path in "(c/)?(a/)?(_posts/|_drafts/|_n/)?[-_.~#a-z0-9/é]{0,20}(\\.md)?", front in "[-a-z:0-9_,.\\[\\] \n]{0,60}") {
        let config = "show_drafts: true\nlimit_posts: 1\ncollections_dir: c\ncollections: {n: {output: true}}\n\
                      feed: {collections: [n]}\npermalink: '/:categories/:path/:slug'";
        let site = open(config);
        let _ = (site.wants(&path), site.enters(&path));
        let text = format!("---\ncategories: [1.10, {front}]\ndate: 2025-01-01\n---\nx");
        let _ = reading_with(config, &path, &text);
        let _ = reading_with(config, &path, &format!("---\n{front}\n---\nx"));
    }

    #[test]
    fn no_settings_make_it_panic(yaml in "[-a-z_:{}\\[\\],'0-9 \n]{0,120}", key in "permalink|defaults|feed|collections|author|limit_posts|timezone|url") {
        let text = format!("{key}: {yaml}");
        let files = testing::files([("_config.yml", text.as_str()), ("_data/authors.yml", yaml.as_str())]);
        let _ = Site::open(None, &files);
    }
}
