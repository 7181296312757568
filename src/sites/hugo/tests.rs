use super::*;
use crate::config;
use crate::posts::{Excerpt, Markup};
use crate::problems::{Code, Problem};
use crate::sites::{Opened, Reading, Site, testing, tests::site};

const BASE: &str = "baseURL = 'https://example.com/b/'\ntimeZone = 'Asia/Tokyo'\n";

fn open(toml: &str, beside: &[(&str, &str)]) -> Opened {
    let settings = format!("{BASE}{toml}");
    let files = beside.iter().copied().chain([("hugo.toml", settings.as_str())]);
    Site::open(None, &testing::gathered(files)).unwrap()
}

fn tokyo() -> config::Site {
    config::Site { timezone: chrono_tz::Asia::Tokyo, language: None, ..site("https://example.com/b/") }
}

fn reading_of(opened: &Opened, path: &str, text: &str) -> Reading {
    let site = tokyo();
    opened.site.read(
        path,
        text.as_bytes(),
        &Rules { site: &site, permalink: "", max_post_bytes: 1 << 20, prints: true },
    )
}

fn reading(toml: &str, path: &str, text: &str) -> Reading {
    reading_of(&open(toml, &[]), path, text)
}

fn into_post(reading: Reading) -> Post {
    match reading.outcome {
        Outcome::Post(post) => *post,
        other => panic!("{other:?} {:?}", reading.problems),
    }
}

fn post(front: &str, body: &str) -> Post {
    into_post(reading("", "content/blog/x.md", &format!("---\ndate: 2025-01-05\n{front}\n---\n{body}")))
}

fn problem(front: &str) -> Problem {
    reading("", "content/blog/x.md", &format!("---\n{front}\n---\n")).problems.remove(0)
}

#[test]
fn content_is_wanted_and_what_lies_in_bundles_is_not() {
    let bundle = [("content/a/leaf/index.md", "")];
    let site = open("ignoreFiles = ['\\.knit\\.md$', '/old/']", &bundle).site;
    for path in
        ["content/a.md", "content/a/leaf/index.md", "content/b/x.HTML", "content/a/_index.md", "content/x.markdown"]
    {
        assert!(site.wants(path), "{path}");
    }
    for path in [
        "content/a/leaf/x.md",
        "content/a/leaf/deep/index.md",
        "content/x.Rmd",
        "content/x.knit.md",
        "content/old/x.md",
        "content/.git/x.md",
        "content/.x.md",
        "static/x.md",
        "content/x.png",
    ] {
        assert!(!site.wants(path), "{path}");
    }
    assert!(site.enters("content") && site.enters("content/a") && !site.enters("themes") && !site.enters("content/.x"));
}

#[test]
fn front_matter_is_yaml_toml_or_json_with_keys_in_any_case() {
    let texts = [
        "---\nTitle: T\nDATE: 2025-01-05T10:00:00\nTags: [a]\nParams: {Author: Ada}\n---\nx",
        "+++\nTitle = 'T'\nDate = 2025-01-05T10:00:00\nTAGS = ['a']\n[params]\nauthor = 'Ada'\n+++\nx",
        "{\"title\": \"T\", \"date\": \"2025-01-05T10:00:00\", \"tags\": [\"a\"], \"Author\": \"Ada\"}\nx",
    ];
    for text in texts {
        let post = into_post(reading("", "content/x.md", text));
        assert_eq!((post.title.as_str(), post.tags.join("|").as_str()), ("T", "a"), "{text}");
        assert_eq!(post.published.to_rfc3339(), "2025-01-05T10:00:00+09:00", "{text}");
        assert_eq!(post.authors[0].name, "Ada", "{text}");
        assert_eq!(&text[post.body_start..], "x");
    }
    let org = reading("", "content/x.org", "#+TITLE: x\n");
    assert_eq!((org.outcome, org.problems[0].message.as_str()), (Outcome::Hidden, "`.org` is not read here"));
}

#[test]
fn dates_decide_when_a_post_is_live() {
    let post = post("publishDate: 2025-02-01\nexpiryDate: 2025-03-01T00:00:00Z\nlastmod: 2025-01-09", "");
    assert_eq!(post.published.to_rfc3339(), "2025-01-05T00:00:00+09:00");
    assert_eq!(post.live_from.unwrap().to_rfc3339(), "2025-01-31T15:00:00+00:00");
    assert_eq!(post.live_until.unwrap().to_rfc3339(), "2025-03-01T00:00:00+00:00");
    assert_eq!(post.updated.unwrap().to_rfc3339(), "2025-01-09T00:00:00+09:00");
    let shown = "buildFuture = true\nbuildExpired = true";
    let text = "---\ndate: 2999-01-01\nexpirydate: 2025-01-01\n---\n";
    let shown = into_post(reading(shown, "content/x.md", text));
    assert_eq!((shown.live_from, shown.live_until), (None, None));
}

#[test]
fn a_page_without_a_date_is_no_post_and_one_with_a_bad_date_is_broken() {
    let page = reading("", "content/2025-01-01-x.md", "---\ntitle: T\n---\n");
    assert_eq!((page.outcome, page.problems[0].code), (Outcome::Hidden, Code::Undated));
    let bad = problem("date: 8 Nov 2025");
    assert_eq!(bad.to_string(), "content/blog/x.md:2:7: error [T005]: `8 Nov 2025` is no date that Hugo reads");
    let saved = reading("", "content/x.md", "---\ndate: soon\nlastmod: 2025-01-05\n---\n");
    assert_eq!((saved.problems[0].code, saved.problems.len()), (Code::Date, 1));
    assert!(matches!(saved.outcome, Outcome::Post(_)));
    assert_eq!(problem("date: 2025-01-05\nexpiryDate: never").code, Code::Date);
}

#[test]
fn what_its_author_keeps_back_is_hidden() {
    for front in [
        "draft: true",
        "Draft: \"true\"",
        "published: false",
        "headless: true",
        "build: {list: never}",
        "_build: {List: local}",
        "build: {render: never}",
        "build: {render: link}",
        "build: {list: false}",
    ] {
        let text = format!("---\ndate: 2025-01-05\n{front}\n---\n");
        assert_eq!(reading("", "content/x.md", &text).outcome, Outcome::Hidden, "{front}");
    }
    let draft = "---\ndate: 2025-01-05\ndraft: true\n---\n";
    assert!(matches!(reading("buildDrafts = true", "content/x.md", draft).outcome, Outcome::Post(_)));
    assert!(matches!(
        reading("", "content/x.md", "---\ndate: 2025-01-05\nbuild: {list: always}\n---\n").outcome,
        Outcome::Post(_)
    ));
}

#[test]
fn sections_hand_their_values_down() {
    let sections = [
        ("content/blog/_index.md", "---\ncascade: {draft: true, params: {author: Ada}}\n---\n"),
        ("content/blog/bad/_index.md", "---\na: b: c\ncascade: {draft: true}\n---\n"),
    ];
    let opened = open("", &sections);
    let read = |path: &str, front: &str| reading_of(&opened, path, &format!("---\ndate: 2025-01-05\n{front}\n---\n"));
    assert_eq!(read("content/blog/x.md", "").outcome, Outcome::Hidden);
    assert_eq!(into_post(read("content/blog/x.md", "draft: false")).authors[0].name, "Ada");
    assert!(into_post(read("content/x.md", "")).authors.is_empty());
    let lost = read("content/blog/bad/x.md", "");
    assert_eq!((lost.outcome, lost.problems[0].code), (Outcome::Broken, Code::FrontMatter));
    assert_eq!(reading_of(&opened, "content/blog/_index.md", sections[0].1).outcome, Outcome::Hidden);
    assert_eq!(reading_of(&opened, "content/blog/bad/_index.md", sections[1].1).outcome, Outcome::Broken);
}

#[test]
fn urls_follow_the_settings() {
    let url = |toml: &str, path: &str, front: &str| {
        into_post(reading(toml, path, &format!("---\ndate: 2025-01-05\n{front}\n---\n"))).url
    };
    let x = "content/blog/x.md";
    for (toml, path, front, expected) in [
        ("", "content/blog/A b/index.md", "", "blog/a-b/"),
        ("", "content/blog/A b/c.d.md", "slug: 'E F'", "blog/a-b/e-f/"),
        ("[permalinks]\nblog = '/:year/:sections/:slug'", x, "title: 'T & U'", "2025/blog/t-u/"),
        ("[permalinks]\nblog = '/:year/:slug'\n[uglyURLs]\nblog = true", x, "slug: s", "2025/s.html"),
        ("", x, "url: /:year/:slug/../X.html\nslug: s", "2025/X.html"),
        ("", x, "url: 'a/index.html'", "a/"),
        ("", x, "url: /日 本", "%E6%97%A5%20%E6%9C%AC/"),
        ("", x, "url: /", ""),
    ] {
        assert_eq!(url(toml, path, front), format!("https://example.com/b/{expected}"), "{toml} {front}");
    }
    // The day is that of the clock it was written by.
    let date = "[permalinks]\nblog = '/:day/:slug'";
    let written = into_post(reading(date, x, "---\ntitle: t\ndate: 2025-01-05T22:00:00-05:00\n---\n"));
    assert_eq!((written.url.as_str(), written.id.as_str()), ("https://example.com/b/05/t/", written.url.as_str()));
    assert_eq!(written.published.to_rfc3339(), "2025-01-06T12:00:00+09:00");
    assert_eq!(problem("date: 2025-01-05\nurl: /:yeer").code, Code::Permalink);
}

#[test]
fn languages_are_told_by_suffix_and_by_directory() {
    let toml = "[languages.en]\n[languages.fr]\ntitle = 'Le Blog'\n[languages.de]\ncontentDir = 'inhalt'\n\
                [languages.ja]\ndisabled = true\n";
    let opened = open(toml, &[]);
    let read = |path: &str| into_post(reading_of(&opened, path, "---\ndate: 2025-01-05\n---\n"));
    let told = |path: &str| (read(path).url.replace("https://example.com/b", ""), read(path).language);
    assert_eq!(told("content/blog/x.md"), ("/blog/x/".into(), None));
    assert_eq!(told("content/blog/x.fr.md"), ("/fr/blog/x/".into(), Some("fr".into())));
    assert_eq!(told("content/leaf/index.fr.md"), ("/fr/leaf/".into(), Some("fr".into())));
    assert_eq!(told("inhalt/blog/x.md"), ("/de/blog/x/".into(), Some("de".into())));
    assert!(!opened.site.wants("content/blog/x.ja.md"));
    let others: Vec<_> = opened.defaults.languages.iter().map(|l| (l.code.as_str(), l.title.as_deref())).collect();
    assert_eq!(others, [("fr", Some("Le Blog")), ("de", None)]);
    let own_url = into_post(reading_of(&opened, "content/x.fr.md", "---\ndate: 2025-01-05\nurl: /y/\n---\n"));
    assert_eq!(own_url.url, "https://example.com/b/y/");
}

#[test]
fn a_language_may_have_an_address_of_its_own() {
    let toml = "[languages.en]\n[languages.fr]\nbaseURL = 'https://example.fr/'\n";
    let read = |path: &str| into_post(reading(toml, path, "---\ndate: 2025-01-05\n---\n")).url;
    assert_eq!(read("content/x.fr.md"), "https://example.fr/x/");
    assert_eq!(read("content/x.md"), "https://example.com/b/x/");
}

#[test]
fn terms_are_one_where_their_paths_are() {
    let post = post("tags: [X, x, 'X y', x-y, 'C#', 2025]\ncategories: 'a, b'\nseries: [s]", "");
    assert_eq!(post.tags, ["X", "X y", "C#", "2025"]);
    assert_eq!(post.categories, ["a, b"]);
    assert_eq!(post.extra.get("series"), Some(&serde_json::json!(["s"])));
    let own = "[taxonomies]\nlabel = 'labels'\ntag = 'topics'";
    let text = "---\ndate: 2025-01-05\ntopics: [t]\ntags: [no]\ncategories: [no]\n---\n";
    let own = into_post(reading(own, "content/x.md", text));
    assert_eq!((own.tags, own.categories), (vec!["t".to_owned()], Vec::new()));
}

#[test]
fn summaries_are_given_or_made() {
    let excerpt = |front: &str, body: &str| post(front, body).excerpt;
    assert_eq!(excerpt("description: D\nsummary: S", "a<!--more-->b"), Excerpt::Given("D".into()));
    assert_eq!(excerpt("summary: S", "a<!--more-->b"), Excerpt::Head(1));
    assert_eq!(excerpt("summary: 'a *b*'", "c"), Excerpt::Given("<p>a <em>b</em></p>\n".into()));
    let long = format!("{}\n\nrest\n", "word ".repeat(70));
    assert_eq!(excerpt("", &long), Excerpt::Head(351));
    assert_eq!(excerpt("isCJKLanguage: true", &format!("{}\n\nrest\n", "語".repeat(70))), Excerpt::Head(211));
    assert_eq!(excerpt("", "short\n\nrest\n"), Excerpt::Whole);
}

#[test]
fn titles_and_markup_fall_back_to_the_name() {
    assert_eq!(post("", "").title, "x");
    assert_eq!(post("linkTitle: L", "").title, "L");
    assert_eq!(post("title: 2025", "").title, "2025");
    let html = into_post(reading("", "content/a-b.html", "---\ndate: 2025-01-05\n---\n<p>x"));
    assert_eq!((html.markup, html.title.as_str()), (Markup::Html, "a b"));
}

#[test]
fn a_page_that_is_no_post_has_a_url_too() {
    let opened = open("", &[]);
    let site = tokyo();
    let rules = Rules { site: &site, permalink: "", max_post_bytes: 1 << 20, prints: true };
    let url = |path: &str, text: &str| opened.site.page_url(path, text, &rules);
    assert_eq!(url("content/about.md", "---\ntitle: A\n---\n").as_deref(), Some("https://example.com/b/about/"));
    assert_eq!(url("content/blog/_index.md", "").as_deref(), Some("https://example.com/b/blog/"));
    assert_eq!(url("content/_index.md", "").as_deref(), Some("https://example.com/b/"));
    for (path, text) in
        [("static/x.md", ""), ("content/x.md", "---\ndraft: true\n---\n"), ("content/x.md", "---\na: b: c\n---\n")]
    {
        assert_eq!(url(path, text), None, "{path}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_a_file_says_its_url_is_sound(front in "(url|slug|title|date|build|tags): [ -~é日]{0,30}", path in "[a-zA-Z0-9 .#?%é日_-]{1,20}") {
        let text = format!("---\ndate: 2025-01-05\n{front}\n---\nx");
        if let Outcome::Post(post) = reading("", &format!("content/blog/{path}.md"), &text).outcome {
            proptest::prop_assert!(post.url.starts_with("https://example.com/b/") && post.url.is_ascii(), "{}", post.url);
            proptest::prop_assert!(!post.url.contains([' ', '#', '?', '"', '<']), "{}", post.url);
        }
    }
}
