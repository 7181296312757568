//! What real repositories hold, and what becomes of it in Atom, RSS and JSON Feed: each nasty input under its number.
//!
//! Every case is a small blog that the real program builds. All of its documents have to keep the rules in [`crate::rules`];
//! feed-rs says what a reader understands.

mod bytes;
mod dates;
mod fixtures;
mod front_matter;
mod html;
mod identity;
mod lifetime;
mod size;
mod terms;
mod titles;

use feed_rs::model::{Entry, Feed};
use serde_json::Value;

use crate::harness::{Done, Site};
use crate::kept;

/// A site with these posts, built; its documents keep the rules.
fn built(posts: &[(&str, &str)]) -> Site {
    let site = Site::new();
    for (name, text) in posts {
        site.write(&format!("_posts/{name}"), text);
    }
    build(&site);
    site
}

/// Builds, and holds the documents to the rules.
fn build(site: &Site) -> Done {
    let done = site.ok(&["build"]);
    kept::hold_for(site);
    done
}

/// The site's feed in all formats, as feed-rs reads it. A feed that is not the same in all of them fails the test.
fn feeds(site: &Site) -> [(&'static str, Feed); 3] {
    feeds_at(site, "feed")
}

/// As [`feeds`], of the feed at this path.
fn feeds_at(site: &Site, path: &str) -> [(&'static str, Feed); 3] {
    let feeds = ["atom", "rss", "json"].map(|format| {
        let text = site.read(&format!("feeds/{path}.{format}"));
        (format, feed_rs::parser::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{path}.{format}: {error}")))
    });
    let same = |feed: &Feed| {
        let entry = |entry: &Entry| (entry.id.clone(), looks(title(entry)), link(entry).to_owned(), entry.published);
        feed.entries.iter().map(entry).collect::<Vec<_>>()
    };
    for (format, feed) in &feeds {
        assert_eq!(same(feed), same(&feeds[0].1), "{path}.{format}");
    }
    feeds
}

/// A text without the character that shows nothing and keeps Atom's and RSS's readers from taking `</b>` for a tag.
fn looks(text: &str) -> String {
    text.replace('\u{2060}', "")
}

/// The titles in a site's feed, which are the same in all formats.
fn titles(site: &Site) -> Vec<String> {
    feeds(site)[0].1.entries.iter().map(|entry| title(entry).to_owned()).collect()
}

fn title(entry: &Entry) -> &str {
    &entry.title.as_ref().unwrap().content
}

fn link(entry: &Entry) -> &str {
    &entry.links[0].href
}

/// The text as HTML; empty if there is none.
fn html(entry: &Entry) -> &str {
    entry.content.as_ref().and_then(|content| content.body.as_deref()).unwrap_or_default()
}

fn terms(entry: &Entry) -> Vec<&str> {
    entry.categories.iter().map(|category| category.term.as_str()).collect()
}

/// Of the only entry in a site's feed, what `of` takes from it in each format.
fn only<T>(site: &Site, of: impl Fn(&Entry) -> T) -> [T; 3] {
    feeds(site).map(|(format, feed)| {
        assert_eq!(feed.entries.len(), 1, "{format}");
        of(&feed.entries[0])
    })
}

/// What `check` finds: code and `path:line:column` of each problem.
fn problems(site: &Site) -> Vec<(String, String)> {
    let checked: Value = serde_json::from_str(&site.run(&["check", "--format", "json"]).stdout).unwrap();
    let place = |problem: &Value| match problem["line"].as_u64() {
        Some(line) => format!("{}:{line}:{}", problem["path"].as_str().unwrap(), problem["column"]),
        None => problem["path"].as_str().unwrap().to_owned(),
    };
    let found = checked["problems"].as_array().unwrap().iter();
    found.map(|problem| (problem["code"].as_str().unwrap().to_owned(), place(problem))).collect()
}

/// Holds what `check` finds against pairs of code and place.
fn told(site: &Site, expected: &[(&str, &str)]) {
    let found = problems(site);
    let found: Vec<_> = found.iter().map(|(code, place)| (code.as_str(), place.as_str())).collect();
    assert_eq!(found, expected);
}

/// Files below a directory of the output, without their extensions, each once.
fn stems(site: &Site, dir: &str) -> Vec<String> {
    let files = crate::sample::files(&site.file(&format!("feeds/{dir}")));
    let mut stems: Vec<_> = files.into_keys().filter_map(|name| Some(name.strip_suffix(".atom")?.to_owned())).collect();
    stems.sort();
    stems
}

/// A blog of nasty posts that all go out, built: for readers to agree on.
pub(crate) fn blog() -> Site {
    let long = "あ".repeat(300);
    let posts = [
        ("title: \"a\\x01b\"\ntags: [\"t\\u0002\"]", "ctrl\u{8} &#8; ]]> <pre>a]]>b</pre>"),
        ("title: 'Use Vec<T> & \"x\" in <b>Rust</b>'\ntags: [C#, C++, C, .NET, a/b, 100%, '?x', 😀]", "<b>unclosed"),
        (
            "title: R&amp;D\nauthor: {name: 'A & B <c>', email: a@b.example, url: 'https://b.example/日'}",
            "[x](../y?a=1&b=2)",
        ),
        ("title: \"safe\\u202Egpj.exe\"\nlang: en_US", "<script>x</script><p onclick=x>t</p>"),
        ("title: 2025\ntags: [2024, true, 1.10, 2025-01-01, null]\ndate: 2025-01-05 10:00:00 +0545", "x"),
        ("title: twin\ndate: 2025-01-01 00:00:00\nimage: 'i 日.png'", "a"),
        ("title: twin\ndate: 2025-01-01 00:00:00", "b"),
        ("title: \"\"\ncategories: [c, c, ' c ']\ntags: [c, 日本語, ﾊﾝｶｸ, ハンカク, が, か\u{3099}]", ""),
        (&format!("title: {long}\nexcerpt: 'e]]>f &amp; <i>g</i>'"), "text {% unknown %}\n\n* [ ] task\n* list"),
        (
            "title: 'a < b and c > d &lt;i&gt; &copy;'\ntags: ['<b>', 'A & B', '\"q\"', \"it's\"]",
            "| a | b |\n|---|---|\n| 1 | 2 |",
        ),
    ];
    let site = Site::new();
    for (at, (front, body)) in posts.iter().enumerate() {
        let name = format!("_posts/2025-01-{:02}-p&{at} #[x].md", at + 1);
        site.write(&name, format!("---\n{front}\n---\n{body}\n"));
    }
    build(&site);
    assert_eq!(titles(&site).len(), posts.len());
    site
}
