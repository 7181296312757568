//! Titles: plain text in every format, however they were written. Of a Jekyll site they have curly quotes, as jekyll-feed's do.

use super::{built, looks, only, title};

fn shown(written: &str) -> String {
    let site = built(&[("2025-01-01-a.md", &format!("---\ntitle: {written}\n---\nx\n"))]);
    let [atom, rss, json] = only(&site, |entry| looks(title(entry)));
    assert_eq!((&rss, &json), (&atom, &atom), "{written}");
    assert!(site.read("feeds/feed.atom").contains("<title>"), "Atom: plain text, without a type");
    atom
}

#[test]
fn case_03_markup_in_titles() {
    for (written, expected) in [
        ("'Use Vec<T> & \"x\" in <b>Rust</b>'", "Use Vec<T> & “x” in Rust"),
        ("R&amp;D", "R&D"),
        ("R&D", "R&D"),
        ("\"`code` and **stars**\"", "code and **stars**"),
        ("a < b and c > d", "a < b and c > d"),
        ("'&lt;details&gt; explained'", "<details> explained"),
    ] {
        assert_eq!(shown(written), expected, "{written}");
    }
}

#[test]
fn case_03_tags_that_are_not_balanced_stay() {
    assert_eq!(shown("'What <b> does'"), "What <b> does");
    assert_eq!(shown("'<i>a</b>'"), "<i>a</b>");
    assert_eq!(shown("'The &lt;/b&gt; tag, &amp;nbsp; and Q&A1'"), "The </b> tag, &nbsp; and Q&A1");
}
