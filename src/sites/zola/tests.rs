use chrono_tz::Asia::Tokyo;

use super::*;
use crate::config;
use crate::sites::testing::Known;
use crate::sites::tests::site;
use crate::sites::{Reading, Site};

fn rules(site: &config::Site) -> Rules<'_> {
    Rules { site, permalink: "", max_post_bytes: 1 << 20, prints: true }
}

fn settings() -> Settings {
    Settings { languages: vec!["ja".into()], ..Settings::default() }
}

fn reading_with(settings: Settings, path: &str, text: &str) -> Reading {
    let site = config::Site { timezone: Tokyo, language: Some("en".into()), ..site("https://example.com/b/") };
    Site::Zola(settings.into()).read(path, text.as_bytes(), &rules(&site))
}

fn reading(path: &str, text: &str) -> Reading {
    reading_with(settings(), path, text)
}

fn post(path: &str, text: &str) -> Post {
    match reading(path, text) {
        Reading { outcome: Outcome::Post(post), .. } => *post,
        other => panic!("{other:?}"),
    }
}

fn url(path: &str, front: &str) -> String {
    post(path, &format!("+++\ndate = 2025-11-08\n{front}\n+++\nx")).url
}

#[test]
fn a_page_becomes_a_post() {
    let post = post(
        "content/blog/first.md",
        "+++\ntitle = \"The *First*\"\ndate = 2025-11-08\nupdated = 2025-11-09T10:00:00Z\nauthors = [\"Ada\", \"Bob\"]\n\
         [taxonomies]\ntags = [\"Web Dev\", \"C++\"]\ncategories = [\"a\"]\n[extra]\nimage = \"pic.png\"\nkey = 1\n+++\n\n\
         One.\n\n<!-- more -->\n\nTwo.\n",
    );
    assert_eq!((post.title.as_str(), post.url.as_str()), ("The *First*", "https://example.com/b/blog/first/"));
    assert_eq!(post.id, post.url);
    assert_eq!(post.published.to_rfc3339(), "2025-11-08T09:00:00+09:00");
    assert_eq!(post.updated.map(|at| at.to_rfc3339()).as_deref(), Some("2025-11-09T19:00:00+09:00"));
    assert_eq!((post.tags.as_slice(), post.categories.len()), (&["Web Dev".to_owned(), "C++".into()][..], 1));
    assert_eq!(post.authors.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Ada", "Bob"]);
    assert_eq!(post.excerpt, Excerpt::Head(6));
    assert_eq!(post.image.as_deref(), Some("https://example.com/b/blog/first/pic.png"));
    assert_eq!(post.extra.keys().collect::<Vec<_>>(), ["extra"]);
    assert_eq!((post.language, post.template, post.live_from), (None, false, None));
}

#[test]
fn yaml_between_dashes_is_read_too() {
    assert_eq!(
        post("content/a.md", "---\ntitle: T\ndate: 2025-11-08 10:00:00\n---\nx").published.to_rfc3339(),
        "2025-11-08T19:00:00+09:00"
    );
}

#[test]
fn urls_are_zolas() {
    for (path, front, expected) in [
        ("content/a.md", "", "/a/"),
        ("content/Ä B/日本/2020-01-02-Ünder the_sea.md", "", "/%C3%84%20B/%E6%97%A5%E6%9C%AC/under-the-sea/"),
        ("content/日本.md", "", "/ri-ben/"),
        ("content/a/b/index.md", "", "/a/b/"),
        ("content/a/2020-01-02_b/index.md", "", "/a/b/"),
        ("content/a/b.md", "slug = \"My Slug\"", "/a/my-slug/"),
        ("content/a/b.md", "path = \"x/Y z\"", "/x/Y%20z/"),
        ("content/a/b.ja.md", "path = \"/x/y.html\"", "/x/y.html/"),
        ("content/a/b.ja.md", "", "/ja/a/b/"),
        ("content/a/b/index.ja.md", "", "/ja/a/b/"),
        ("content/a/v1.2.md", "", "/a/v1-2/"),
        ("content/index.md", "", "/"),
    ] {
        assert_eq!(url(path, front), format!("https://example.com/b{expected}"), "{path} {front}");
    }
}

#[test]
fn slugs_follow_the_settings_and_ids_are_not_encoded() {
    let safe = Settings { slugify: slugs::Slugify::Safe, keeps_dates: true, ..settings() };
    let read = reading_with(safe, "content/2025-01-02-日本: x?.md", "+++\n+++\n");
    let Outcome::Post(post) = read.outcome else { panic!() };
    assert_eq!(post.url, "https://example.com/b/2025-01-02-%E6%97%A5%E6%9C%AC%20x/");
    assert_eq!(post.id, post.url, "a space is not for ids");
    let off = Settings { slugify: slugs::Slugify::Off, ..settings() };
    let Outcome::Post(post) = reading_with(off, "content/2025-01-02-日本.md", "+++\n+++\n").outcome else { panic!() };
    assert_eq!(post.id, "https://example.com/b/日本/");
}

#[test]
fn the_language_is_in_the_files_name() {
    assert_eq!(post("content/a.ja.md", "+++\ndate = 2025-11-08\n+++\n").language.as_deref(), Some("ja"));
    assert_eq!(post("content/a.en.md", "+++\ndate = 2025-11-08\n+++\n").language, None);
}

#[test]
fn a_date_comes_from_the_front_matter_the_name_or_the_path() {
    let published = |path, front: &str| post(path, &format!("+++\n{front}\n+++\n")).published.to_utc().to_rfc3339();
    assert_eq!(published("content/2020-01-02-a.md", "date = 2021-01-01"), "2021-01-01T00:00:00+00:00");
    assert_eq!(published("content/2020-01-02-a.md", ""), "2020-01-02T00:00:00+00:00");
    assert_eq!(published("content/2020-01-02T03:04:05+09:00-a/index.md", ""), "2020-01-01T18:04:05+00:00");
    for path in ["news/2024/02/19/A", "/2024/02/19", "2023/1/1/2024/02/19/"] {
        assert_eq!(published("content/a.md", &format!("path = \"{path}\"")), "2024-02-19T00:00:00+00:00", "{path}");
    }
    assert_eq!(published("content/a.md", "date = 2025-11-08T10:00:00-05:00"), "2025-11-08T15:00:00+00:00");
}

#[test]
fn a_date_in_a_path_that_cannot_be_is_shown_where_it_stands() {
    let broken = reading("content/a.md", "+++\npath = \"news/2024/13/19/A\"\n+++\n");
    let place = broken.problems[0].place.clone().unwrap();
    assert_eq!(
        (broken.outcome, broken.problems[0].code, place.line, place.column),
        (Outcome::Broken, Code::Date, 2, 14)
    );
}

#[test]
fn the_authors_are_those_of_the_page_before_what_its_extra_says() {
    let names = |front: &str| {
        let post = post("content/a.md", &format!("+++\ndate = 2025-11-08\n{front}\n[extra]\nauthor = \"Team\"\n+++\n"));
        post.authors.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert_eq!(names("authors = [\"Ada\", \"Bob\"]"), ["Ada", "Bob"]);
    assert_eq!(names(""), ["Team"]);
}

#[test]
fn what_is_no_post_is_hidden_or_broken() {
    for (text, code) in [
        ("+++\ntitle = \"T\"\n+++\n", Some(Code::Undated)),
        ("+++\npath = \"a2024/02/19/x\"\n+++\n", Some(Code::Undated)),
        ("+++\npath = \"2024/02/190/x\"\n+++\n", Some(Code::Undated)),
        ("# T\n", Some(Code::Undated)),
        ("+++\ndate = 2025-11-08\ndraft = true\n+++\n", None),
        ("+++\ndate = 2025-11-08\nrender = false\n+++\n", None),
    ] {
        let Reading { outcome, problems } = reading("content/a.md", text);
        assert_eq!((outcome, problems.first().map(|one| one.code)), (Outcome::Hidden, code), "{text}");
    }
    for (text, code) in [
        ("+++\ndate = \"soon\"\n+++\n", Code::Date),
        ("+++\ntitle = \n+++\n", Code::FrontMatter),
        ("+++\ntitle = 1\n", Code::FrontMatter),
    ] {
        let Reading { outcome, problems } = reading("content/a.md", text);
        assert_eq!((outcome, problems[0].code), (Outcome::Broken, code), "{text}");
    }
}

#[test]
fn only_pages_below_content_are_wanted() {
    let settings = Settings { drafts: vec!["content/soon/".into()], ..settings() };
    for path in ["content/a.md", "content/a/b/index.ja.md"] {
        assert!(settings.wants(path), "{path}");
    }
    for path in ["README.md", "content/_index.md", "content/a/_index.ja.md", "content/soon/a.md", "content/.x/a.md"] {
        assert!(!settings.wants(path), "{path}");
    }
    assert!(
        enters("content") && enters("content/a") && !enters("contents") && !enters("themes") && !enters("content/.x")
    );
}

#[test]
fn a_title_and_an_excerpt_are_found() {
    let of = |path, front: &str| post(path, &format!("+++\ndate = 2025-11-08\n{front}\n+++\nOne.\n\nTwo.\n"));
    assert_eq!(of("content/2020-01-02-my_first.md", "").title, "my first");
    assert_eq!(of("content/index.md", "").title, "One. Two.");
    assert_eq!(of("content/a.md", "description = \"D\"").excerpt, Excerpt::Given("D".into()));
    assert_eq!(of("content/a.md", "").excerpt, Excerpt::Head(5));
}

fn expanded(text: &str) -> (String, Option<String>, Vec<String>) {
    let site = site("https://example.com/");
    let target = Post { url: "https://example.com/b/".into(), ..crate::posts::testing::post("content/b.md", 1) };
    let pages = Known { posts: vec![target.into()], ..Known::default() };
    let file = format!("+++\ndate = 2025-11-08\n+++\n{text}");
    let rules = rules(&site);
    let zola = Site::Zola(settings().into());
    let Outcome::Post(post) = zola.read("content/a.md", file.as_bytes(), &rules).outcome else { panic!() };
    assert!(post.template);
    let expanded = zola.expand(&post, &file, &rules, &pages);
    let head = expanded.source.head.map(Cow::into_owned);
    (expanded.source.body.into_owned(), head, expanded.problems.iter().map(ToString::to_string).collect())
}

#[test]
fn internal_links_lead_to_pages() {
    let (body, head, problems) = expanded("[b](@/b.md#x) `@/b.md`\n\n<!-- more -->\n\n[r]\n\n[r]: @/b.md\n");
    let expected = "[b](https://example.com/b/#x) `@/b.md`\n\n";
    assert_eq!(body, format!("{expected}<!-- more -->\n\n[r]\n\n[r]: https://example.com/b/\n"));
    assert_eq!((head.as_deref(), problems.len()), (Some(expected), 0));
}

#[test]
fn what_is_not_run_or_not_there_is_told_once() {
    let (body, _, problems) = expanded("{% note() %}A{% end %}{{ x() }}\n\n[b](@/gone.md#x)[c](@/gone.md)\n");
    assert_eq!(body, "A\n\n[b](#x)[c]()\n");
    assert_eq!(
        problems,
        [
            "content/a.md:4:1: warning [T010]: the template tag `{% note() %}` is not run here",
            "content/a.md:6:5: warning [T010]: there is no page `@/gone.md#x`",
        ]
    );
}

#[test]
fn every_page_has_a_url() {
    let site = site("https://example.com/");
    let zola = Site::Zola(settings().into());
    let url = |path, text| zola.page_url(path, text, &rules(&site));
    assert_eq!(url("content/blog/_index.md", "+++\n+++\n").as_deref(), Some("https://example.com/blog/"));
    assert_eq!(url("content/_index.ja.md", "+++\n+++\n").as_deref(), Some("https://example.com/ja/"));
    assert_eq!(url("content/About us.md", "+++\n+++\n").as_deref(), Some("https://example.com/about-us/"));
    assert_eq!(url("content/a.md", "+++\nrender = false\n+++\n"), None);
    assert_eq!(url("static/a.md", "+++\n+++\n"), None);
}
