use super::*;
use crate::posts::{Excerpt, Post};
use crate::problems::Code;
use crate::sites::testing::{self, Known};
use crate::sites::{Outcome, Reading, Rules, tests::site};

fn config() -> crate::config::Site {
    crate::config::Site { timezone: chrono_tz::Asia::Tokyo, ..site("https://example.com/b/") }
}

fn reading_of(site: &Site, permalink: &str, path: &str, text: &str) -> Reading {
    let config = config();
    site.read(path, text.as_bytes(), &Rules { site: &config, permalink, max_post_bytes: 1 << 20, prints: true })
}

fn post_of(site: &Site, permalink: &str, path: &str, text: &str) -> Post {
    match reading_of(site, permalink, path, text) {
        Reading { outcome: Outcome::Post(post), .. } => *post,
        other => panic!("{other:?}"),
    }
}

fn reading(path: &str, text: &str) -> Reading {
    reading_of(&Site::Plain(Flavour::Markdown), "/{dir}/{slug}/", path, text)
}

fn post(path: &str, text: &str) -> Post {
    post_of(&Site::Plain(Flavour::Markdown), "/{dir}/{slug}/", path, text)
}

fn problem(path: &str, text: &str) -> Problem {
    reading(path, text).problems.remove(0)
}

#[test]
fn markdown_files_are_wanted_but_not_other_peoples() {
    for path in ["a.md", "a/B.MARKDOWN", "a/b/c.mkd"] {
        assert!(Flavour::Markdown.wants(path), "{path}");
    }
    for path in
        ["a.txt", ".md", ".git/a.md", "a/_drafts/b.md", "node_modules/x/README.md", "target/a.md", "a/vendor/b.md"]
    {
        assert!(!Flavour::Markdown.wants(path), "{path}");
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
fn front_matter_may_be_toml_or_json() {
    let toml =
        post("2025-11-08-a.md", "+++\ntitle = \"T\"\ndate = 2025-11-09T10:00:00\ntags = [\"a\", \"b\"]\n+++\ntext");
    assert_eq!((toml.title.as_str(), toml.tags.len()), ("T", 2));
    assert_eq!(toml.published.to_rfc3339(), "2025-11-09T10:00:00+09:00");
    assert_eq!(reading("2025-11-08-a.md", "+++\ndraft = true\n+++\n").outcome, Outcome::Hidden);
    let json = post("a.md", "{\"title\": \"T\", \"date\": \"2025-11-09\"}\n\ntext");
    assert_eq!((json.title.as_str(), json.excerpt), ("T", Excerpt::Whole));
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
    assert_eq!(url("a.md", "permalink: /?100%-%41%2f%/"), "https://example.com/b/?100%25-A%2F%25/");
    assert_eq!(url("a.md", "permalink: 'https://x.example/%/?%'"), "https://x.example/%25/?%25");
    assert_eq!(url("a.md", "url: https://other.example/x"), "https://other.example/x");
    assert_eq!(url("a.md", "url: 'https://other.example/x|[y]'"), "https://other.example/x%7C%5By%5D");
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

#[test]
fn authors_may_stand_under_by_and_a_stub_is_no_post() {
    let names = |front: &str| -> Vec<String> {
        let post = post("a.md", &format!("---\ndate: 2025-11-08\n{front}\n---\n"));
        post.authors.into_iter().map(|author| author.name).collect()
    };
    assert_eq!(names("by: [Ada, Bob]"), ["Ada", "Bob"]);
    assert_eq!(names("by: Bob\nauthor: Ada"), ["Ada"]);
    assert_eq!(reading("a.md", "---\ndate: 2025-11-08\nredirect: /b\n---\n").outcome, Outcome::Hidden);
    assert!(matches!(
        reading("a.md", "---\ndate: 2025-11-08\nredirect: /b\ntitle: T\n---\n").outcome,
        Outcome::Post(_)
    ));
}

/// What is made of the text of a post at `notes/a.md` (or `.mdx`), and what is said of it.
fn expanded(site: &Site, path: &str, body: &str) -> (String, Vec<String>) {
    let config = config();
    let rules = Rules { site: &config, permalink: "/{dir}/{slug}/", max_post_bytes: 1 << 20, prints: true };
    let file = format!("---\ntitle: T\ndate: 2025-11-08\n---\n{body}");
    let post = post_of(site, rules.permalink, path, &file);
    assert!(post.template, "{body}");
    let target = Post { url: "https://example.com/b/x/".into(), ..crate::posts::testing::post("notes/b c.md", 1) };
    let pages = Known { posts: vec![target.into()], ..Known::default() };
    let expanded = site.expand(&post, &file, &rules, &pages);
    (expanded.source.body.into_owned(), expanded.problems.iter().map(ToString::to_string).collect())
}

#[test]
fn links_to_other_files_lead_to_their_posts() {
    let markdown = Site::Plain(Flavour::Markdown);
    let body = "[b](b%20c.md#x) [b](../notes/b%20c.md) [?](gone.md) `[b](b.md)`\n";
    let linked = "[b](https://example.com/b/x/#x) [b](https://example.com/b/x/) [?](gone.md) `[b](b.md)`\n";
    assert_eq!(expanded(&markdown, "notes/a.md", body), (linked.into(), Vec::new()));
    for body in ["[a](https://example.com/a.md) [b](#b.md)", "`[a](a.md)`", "a.md"] {
        assert!(!post("a.md", &format!("---\ndate: 2025-11-08\n---\n{body}")).template, "{body}");
    }
}

#[test]
fn javascript_in_mdx_is_left_out() {
    let markdown = Site::Plain(Flavour::Markdown);
    let (body, problems) = expanded(&markdown, "notes/a.mdx", "import A from 'a';\n\n<A>\n[b](b%20c.md)\n</A>\n");
    assert_eq!(body, "\n\n[b](https://example.com/b/x/)\n\n");
    assert_eq!(problems, ["notes/a.mdx:7:1: warning [T010]: the template tag `<A>` is not run here"]);
}

fn eleventy() -> Site {
    let files = testing::files([
        (".eleventy.js", "module.exports = c => ({ dir: { input: 'src' } });"),
        ("src/posts/posts.json", "{\"layout\": \"post\", \"tags\": [\"posts\", \"News\"]}"),
        (
            "src/_includes/post.html",
            "---\npermalink: \"/blog/{{ page.date | date: '%Y/%m/%d' }}/{{ page.fileSlug }}/index.html\"\n---\n",
        ),
    ]);
    Flavour::eleventy(&files).unwrap().0
}

fn at_eleventy(path: &str, front: &str) -> Post {
    post_of(&eleventy(), "/{dir}/{name}/", path, &format!("---\n{front}\n---\n{{{{ x }}}}"))
}

#[test]
fn eleventys_urls_come_from_permalinks_or_from_files() {
    let url = |path, front| at_eleventy(path, front).url;
    assert_eq!(url("src/posts/2025-01-02-x.md", ""), "https://example.com/b/blog/2025/01/02/x/");
    assert_eq!(url("src/2025-01-02-x.md", ""), "https://example.com/b/2025-01-02-x/");
    assert_eq!(url("src/a/a.md", "date: 2025-01-02"), "https://example.com/b/a/");
    assert_eq!(
        url("src/_posts/x/index.md", "date: 2025-01-02\nurl: https://other.example/"),
        "https://example.com/b/_posts/x/"
    );
    assert_eq!(
        url("src/a.md", "date: 2025-01-02\ntitle: A b\npermalink: \"{{ title | slugify }}.html\""),
        "https://example.com/b/a-b.html"
    );
    // Ten in the evening in UTC is the next day in Tokyo.
    assert_eq!(url("src/posts/x.md", "date: 2025-01-02 22:00:00"), "https://example.com/b/blog/2025/01/02/x/");
}

#[test]
fn a_permalink_that_is_not_understood_is_told() {
    let text = "---\ndate: 2025-01-02\npermalink: \"/{{ page.date | year }}/\"\n---\n";
    let Reading { outcome: Outcome::Post(post), problems } =
        reading_of(&eleventy(), "/{dir}/{name}/", "src/x.md", text)
    else {
        panic!()
    };
    assert_eq!(post.url, "https://example.com/b/x/");
    let said = "src/x.md:3:13: warning [T007]: this part of the permalink is not understood: `{{ page.date | year }}`";
    assert_eq!(problems[0].to_string(), said);
}

#[test]
fn eleventys_dates_are_utc_and_its_collections_no_tags() {
    let post = at_eleventy("src/posts/x.md", "date: 2025-01-02 10:00:00\nupdated: 2025-01-03");
    assert_eq!(post.published.to_rfc3339(), "2025-01-02T19:00:00+09:00");
    assert_eq!(post.updated.map(|at| at.to_rfc3339()).as_deref(), Some("2025-01-03T09:00:00+09:00"));
    assert_eq!(post.tags, ["News"]);
    assert_eq!(
        at_eleventy("src/posts/2025-01-02-x.md", "date: git Created\ntags: Web Dev, blog").tags,
        ["Web Dev, blog"]
    );
    assert_eq!(at_eleventy("src/posts/2025-01-02-x.md", "tags: blog").tags, [""; 0]);
    for path in ["src/2025-01-02/x.md", "src/2025-01-02-a/2024-03-04-x.md", "src/x-2025-01-02.md"] {
        assert_eq!(at_eleventy(path, "").published.to_utc().to_rfc3339(), "2025-01-02T00:00:00+00:00", "{path}");
    }
    assert!(post.template);
}

#[test]
fn a_title_that_is_a_heading_is_without_programs() {
    let title = |site: &Site, path: &str, heading: &str| {
        post_of(site, "/{name}/", path, &format!("---\ndate: 2025-01-02\n---\n# {heading}\n\nText.\n")).title
    };
    assert_eq!(title(&eleventy(), "src/a.md", "A {{ x }}{# c #}{% y %}B"), "A B");
    assert_eq!(title(&eleventy(), "src/my-name.md", "{{ x }}"), "my name");
    let plain = Site::Plain(Flavour::Markdown);
    assert_eq!(title(&plain, "a.mdx", "A <X /> {y}B"), "A B");
    assert_eq!(title(&plain, "a.md", "A {{ x }}"), "A {{ x }}");
}

#[test]
fn eleventys_hidden_pages_are_no_posts() {
    for front in ["permalink: false", "eleventyExcludeFromCollections: true", "draft: true"] {
        let text = format!("---\ndate: 2025-01-02\n{front}\n---\n");
        assert_eq!(reading_of(&eleventy(), "", "src/x.md", &text).outcome, Outcome::Hidden, "{front}");
    }
    let site = eleventy();
    assert!(site.wants("src/_posts/x.md") && site.wants("src/x.mdx"));
    for path in
        ["README.md", "src/_includes/x.md", "src/_data/x.md", "src/node_modules/x.md", "src/.x/a.md", "src/a.njk"]
    {
        assert!(!site.wants(path), "{path}");
    }
}

#[test]
fn eleventys_templates_are_left_out() {
    let (body, problems) = expanded(&eleventy(), "src/a.md", "{# c #}[i]({{ '/i' | url }}) {% box %}b{% endbox %}\n");
    assert_eq!(body, "[i](/b/i) b\n");
    assert_eq!(problems, ["src/a.md:5:30: warning [T010]: the template tag `{% box %}` is not run here"]);
    let only_markdown = at_eleventy("src/a.md", "date: 2025-01-02\ntemplateEngineOverride: md");
    let file = "---\ndate: 2025-01-02\ntemplateEngineOverride: md\n---\n{{ x }}";
    let config = config();
    let rules = Rules { site: &config, permalink: "", max_post_bytes: 1 << 20, prints: true };
    assert_eq!(eleventy().expand(&only_markdown, file, &rules, &Known::default()).source.body, "{{ x }}");
}

#[test]
fn astros_entries_are_known_by_their_ids() {
    let astro = Site::Plain(Flavour::Astro);
    let url = |permalink, path, front: &str| post_of(&astro, permalink, path, &format!("---\n{front}\n---\n")).url;
    let default = "/{dir}/{name}/";
    assert_eq!(
        url(default, "src/content/Blog/Hello World.md", "pubDate: 2025-01-02"),
        "https://example.com/b/blog/hello-world/"
    );
    assert_eq!(
        url(default, "src/content/blog/a/x/index.mdx", "pubDate: 2025-01-02"),
        "https://example.com/b/blog/a/x/"
    );
    assert_eq!(
        url(default, "src/content/blog/2025/x.md", "pubDate: 2025-01-02\nslug: my/own"),
        "https://example.com/b/blog/my/own/"
    );
    assert_eq!(
        url("/{year}/{month}/{day}/{slug}/", "src/content/posts/2025-01-02-x.md", ""),
        "https://example.com/b/2025/01/02/x/"
    );
    let post = post_of(
        &astro,
        default,
        "src/content/x.md",
        "---\npubDate: 2025-01-02 10:00\nheroImage: /h.png\nupdatedDate: 2025-01-03\n---\n",
    );
    assert_eq!(post.published.to_rfc3339(), "2025-01-02T19:00:00+09:00");
    assert_eq!(post.image.as_deref(), Some("https://example.com/b/h.png"));
    assert!(post.updated.is_some());
    let imported = "---\npubDate: 2025-01-02\nheroImage: ../../h.png\n---\n";
    assert_eq!(post_of(&astro, default, "src/content/x.md", imported).image, None);
    assert!(!astro.wants("src/content/blog/_draft.md"));
}
