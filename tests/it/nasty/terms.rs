//! Categories and tags, and the paths of their feeds.

use super::{build, built, feeds_at, looks, only, stems, terms, titles};
use crate::harness::Site;

fn tagged(tags: &[&str]) -> Site {
    let site = Site::new();
    for (at, tag) in tags.iter().enumerate() {
        let day = at + 1;
        site.write(
            &format!("_posts/2025-01-{day:02}-p.md"),
            format!("---\ntitle: p{day}\ntags: [\"{tag}\"]\n---\nx\n"),
        );
    }
    build(&site);
    site
}

#[test]
fn case_08_scripts_and_normal_forms() {
    let site = tagged(&["日本語", "技術", "ﾊﾝｶｸ", "ハンカク", "が", "か\u{3099}"]);
    assert_eq!(stems(&site, "tags"), ["が", "ハンカク", "技術", "日本語", "ﾊﾝｶｸ"]);
    for (format, feed) in feeds_at(&site, "tags/が") {
        assert_eq!(feed.entries.len(), 2, "{format}: one term in two normal forms");
    }
    assert!(site.read("feeds/tags/日本語.atom").contains("/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E.atom\" rel=\"self\""));
}

#[test]
fn case_09_terms_that_are_no_file_names() {
    let odd = ["C#", "C++", "C", ".NET", "a/b", "100%", "..", "con", "?x", "😀", "index", "a\\\\b c"];
    let site = tagged(&odd);
    let stems = stems(&site, "tags");
    assert_eq!(stems.len(), odd.len(), "{stems:?}");
    for stem in &stems {
        assert!(!stem.contains(['#', '?', '%', '\\', '/', ' ']) && !stem.starts_with('.'), "{stem}");
        assert!(!["", ".", "..", "con", "index"].contains(&stem.as_str()), "{stem}");
    }
}

#[test]
fn case_10_terms_whose_paths_meet() {
    let site = tagged(&["Foo Bar", "foo-bar", "Rust", "rust"]);
    let stems = stems(&site, "tags");
    let mut folded: Vec<_> = stems.iter().map(|stem| stem.to_lowercase()).collect();
    folded.dedup();
    assert_eq!(folded.len(), stems.len(), "some file systems do not know upper from lower case");
    let shown: usize = stems.iter().map(|stem| feeds_at(&site, &format!("tags/{stem}"))[0].1.entries.len()).sum();
    assert_eq!(shown, 4, "each post stands in the feed of its term");
    assert!(build(&site).stdout.contains(" 0 written,"), "and the paths stay");
}

#[test]
fn case_11_one_term_twice() {
    let site = built(&[("2025-01-01-a.md", "---\ntitle: t\ncategories: [c, c, ' c ']\ntags: [c, d]\n---\nx\n")]);
    let [atom, rss, json] = only(&site, |entry| terms(entry).into_iter().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!((atom, rss), (["c", "c", "d"].map(str::to_owned).to_vec(), ["c", "c", "d"].map(str::to_owned).to_vec()));
    assert_eq!(json, ["c", "d"], "where nothing tells a category from a tag");
    assert_eq!(
        (stems(&site, "tags"), stems(&site, "categories")),
        (vec!["c".into(), "d".into()], vec!["c".to_owned()])
    );
}

#[test]
fn case_13_odd_file_names() {
    let site = built(&[
        ("2025-01-01-q&a: what?#frag%20[x].md", "---\ntitle: one\n---\nx\n"),
        ("2025-01-02-it's \"quoted\" and spaced.md", "---\ntitle: two\n---\nx\n"),
        ("2025-01-03-日本 語.md", "---\ntitle: three\n---\nx\n"),
        ("2025-01-04-a<b>&amp;.md", "---\ntitle: four\n---\nx\n"),
    ]);
    assert_eq!(titles(&site), ["four", "three", "two", "one"]);
    let feed = &feeds_at(&site, "feed")[0].1;
    assert_eq!(feed.entries[1].links[0].href, "https://blog.example.com/2025/01/03/%E6%97%A5%E6%9C%AC-%E8%AA%9E.html");
}

#[test]
fn case_11_one_term_in_two_cases() {
    let site = built(&[("2025-01-01-a.md", "---\ntitle: t\ncategories: [c, C]\n---\nx\n")]);
    assert_eq!(only(&site, |entry| terms(entry).join(",")), ["c"; 3]);
}

#[test]
fn case_11_terms_that_look_like_html() {
    let odd = ["&amp;", "R&D", "<b>", "</b>", "&copy", "Q&A1"];
    let site = tagged(&odd);
    let [(_, feed), ..] = feeds_at(&site, "feed");
    let found: Vec<_> = feed.entries.iter().rev().flat_map(terms).collect();
    assert_eq!(found, odd);
    let title = |stem: &String| {
        let [_, (_, rss), _] = feeds_at(&site, &format!("tags/{stem}"));
        looks(&rss.title.unwrap().content)
    };
    let titles: Vec<_> = stems(&site, "tags").iter().map(title).collect();
    for term in odd {
        assert!(titles.iter().any(|title| title.contains(term)), "{term} in {titles:?}");
    }
}
