use super::*;
use crate::posts::Post;
use crate::problems::Problem;
use crate::sites::{Reading, Site, tests::site};

fn reading(path: &str, text: &str) -> Reading {
    let site = crate::config::Site { timezone: chrono_tz::Asia::Tokyo, ..site("https://example.com/b/") };
    let rules = Rules { site: &site, permalink: "/{dir}/{slug}/", max_post_bytes: 1 << 20 };
    Site::Plain.read(path, text.as_bytes(), &rules)
}

fn post(path: &str, text: &str) -> Post {
    match reading(path, text).outcome {
        Outcome::Post(post) => *post,
        other => panic!("{other:?}"),
    }
}

fn problem(path: &str, text: &str) -> Problem {
    reading(path, text).problems.remove(0)
}

#[test]
fn markdown_files_are_wanted_but_not_other_peoples() {
    for path in ["a.md", "a/B.MARKDOWN", "a/b/c.mkd"] {
        assert!(wants(path), "{path}");
    }
    for path in
        ["a.txt", ".md", ".git/a.md", "a/_drafts/b.md", "node_modules/x/README.md", "target/a.md", "a/vendor/b.md"]
    {
        assert!(!wants(path), "{path}");
    }
}

#[test]
fn a_post_needs_no_front_matter() {
    let post = post("notes/2025-11-08-hello world.md", "# The *Title*\n\nFirst.\n\nSecond.\n");
    assert_eq!(post.title, "The *Title*");
    assert_eq!(post.url, "https://example.com/b/notes/hello-world/");
    assert_eq!(post.id, post.url);
    assert_eq!(post.key, "notes/2025-11-08-hello world.md");
    assert_eq!(post.published.to_rfc3339(), "2025-11-08T00:00:00+09:00");
    assert_eq!(post.body_start, 14);
    assert_eq!(post.excerpt, Excerpt::Head(8));
}

#[test]
fn dates_are_local_and_come_from_the_first_key_that_has_one() {
    let published = |front: &str| post("a.md", &format!("---\n{front}\n---\nx")).published.to_rfc3339();
    assert_eq!(published("date: 2025-11-08 16:38:45"), "2025-11-08T16:38:45+09:00");
    assert_eq!(published("published: true\npubDate: Nov 08 2025"), "2025-11-08T00:00:00+09:00");
    assert_eq!(published("date:\ncreated: 2025-11-08T00:00:00Z"), "2025-11-08T09:00:00+09:00");
    let changed = post("a.md", "---\ndate: 2025-11-08\nmodified: 2025-11-09\n---\n");
    assert_eq!(changed.updated.map(|at| at.to_rfc3339()).as_deref(), Some("2025-11-09T00:00:00+09:00"));
}

#[test]
fn what_has_no_date_is_a_page_and_what_has_a_bad_one_is_broken() {
    assert_eq!(reading("README.md", "# Read me\n").outcome, Outcome::Hidden);
    assert_eq!(problem("README.md", "# Read me\n").code, Code::Undated);
    assert_eq!(reading("a.md", "---\ndate: soon\n---\n").outcome, Outcome::Broken);
    assert_eq!(problem("a.md", "---\ndate: soon\n---\n").code, Code::Date);
    assert_eq!(problem("2025-13-40-x.md", "x").code, Code::Date);
    assert_eq!(problem("a.md", "---\ntitle: a: b\n---\n").code, Code::FrontMatter);
}

#[test]
fn toml_is_said_not_to_be_read_whatever_the_name_says() {
    for path in ["a.md", "2025-11-08-a.md"] {
        let reading = reading(path, "+++ \ndraft = true\ndate = 2025-11-08\n+++\ntext");
        assert_eq!(reading.outcome, Outcome::Hidden, "{path}");
        let said: Vec<_> = reading.problems.iter().map(ToString::to_string).collect();
        let expected = format!("{path}:1:1: warning [T004]: front matter in TOML (`+++`) is not read yet");
        assert_eq!(said, [expected]);
    }
    assert!(matches!(reading("2025-11-08-a.md", "+++ b\n").outcome, Outcome::Post(_)));
}

#[test]
fn drafts_are_hidden_and_the_future_waits() {
    for front in ["draft: true", "draft: \"True\"", "published: false", "published: no"] {
        let text = format!("---\ndate: 2025-11-08\n{front}\n---\n");
        assert_eq!(reading("a.md", &text).outcome, Outcome::Hidden, "{front}");
    }
    assert!(matches!(reading("a.md", "---\ndate: 2025-11-08\ndraft: \"false\"\n---\n").outcome, Outcome::Post(_)));
    let future = post("a.md", "---\ndate: 2999-01-01\n---\n").live_from.unwrap();
    assert_eq!(future.to_rfc3339(), "2998-12-31T15:00:00+00:00");
}

#[test]
fn urls_come_from_the_template_or_the_front_matter() {
    let url = |path: &str, front: &str| post(path, &format!("---\ndate: 2025-11-08\n{front}\n---\n")).url;
    assert_eq!(url("a.md", ""), "https://example.com/b/a/");
    assert_eq!(url("日 本/😀/index.md", ""), "https://example.com/b/%E6%97%A5%20%E6%9C%AC/%F0%9F%98%80/");
    assert_eq!(url("a.md", "slug: My Slug"), "https://example.com/b/My-Slug/");
    assert_eq!(url("a.md", "permalink: x/é.html"), "https://example.com/b/x/%C3%A9.html");
    assert_eq!(url("a.md", "url: https://other.example/x"), "https://other.example/x");
    assert_eq!(problem("a.md", "---\ndate: 2025-11-08\nurl: 'ftp://x'\n---\n").code, Code::Permalink);
}

#[test]
fn terms_are_split_at_commas() {
    let post =
        post("a.md", "---\ndate: 2025-11-08\ntags: Web Dev, Rust\ncategories: [A, b]\ncategory: A\nkeywords: k\n---\n");
    assert_eq!(post.tags, ["Web Dev", "Rust"]);
    assert_eq!(post.categories, ["A", "b"]);
    assert_eq!(post.extra.get("keywords"), Some(&"k".into()));
}

#[test]
fn a_title_is_never_empty() {
    assert_eq!(post("my_first-post.md", "---\ndate: 2025-11-08\n---\nx").title, "my first post");
    assert_eq!(post("index.md", "---\ndate: 2025-11-08\n---\nx *y*").title, "x y");
    assert_eq!(post("index.md", "---\ndate: 2025-11-08\n---\n").title, "2025-11-08");
    assert_eq!(post("a.md", "---\ndate: 2025-11-08\ntitle: 2025\n---\n# H\n").title, "2025");
}
