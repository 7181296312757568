//! Characters and bytes that no feed may hold, and files that are none.

use super::{build, built, feeds, html, only, problems, title, titles, told};
use crate::harness::Site;

const GOOD: (&str, &str) = ("2025-01-01-good.md", "---\ntitle: よい記事\n---\n本文\n");

#[test]
fn case_01_control_characters() {
    let site = built(&[
        GOOD,
        (
            "2025-01-02-a.md",
            "---\ntitle: \"a\\x01\\u009Fb\\uFFFE\"\ntags: [\"t\\u0002\"]\n---\nctrl\u{8} &#8;&#x1; c1\u{9b} \u{fffd}end\n",
        ),
        ("2025-01-03-b.md", "---\ntitle: lite\u{8}ral\n---\n\ttab\r\nkept\n"),
    ]);
    assert_eq!(titles(&site), ["literal", "ab", "よい記事"]);
    for (format, feed) in feeds(&site) {
        assert_eq!(html(&feed.entries[2]).trim(), "<p>本文</p>", "{format}: the others are as they were");
        assert!(html(&feed.entries[1]).contains("ctrl") && html(&feed.entries[1]).contains("end"), "{format}");
    }
    told(&site, &[("T009", "_posts/2025-01-02-a.md:5:5"), ("T009", "_posts/2025-01-03-b.md:2:12")]);
}

#[test]
fn case_02_the_end_of_a_cdata_section() {
    let body = "<script>if (a[b[0]]>1) x()</script>\n<pre>a]]>b</pre>\n\n`c]]>d`\n";
    let site = built(&[("2025-01-01-a.md", &format!("---\ntitle: \"x]]>y\"\nexcerpt: \"e]]>f\"\n---\n{body}"))]);
    for html in only(&site, |entry| html(entry).to_owned()) {
        assert_eq!(html.trim(), "<pre>a]]&gt;b</pre>\n<p><code>c]]&gt;d</code></p>");
    }
    assert_eq!(titles(&site), ["x]]>y"]);
    let summaries = only(&site, |entry| entry.summary.as_ref().unwrap().content.clone());
    assert_eq!(summaries, ["e]]>f", "e]]&gt;f", "e]]>f"], "in RSS a description is HTML");
}

#[test]
fn case_20_encodings() {
    let site = Site::new();
    let utf16 =
        |text: &str| [&[0xFF, 0xFE], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()[..]].concat();
    site.write("_posts/2025-01-01-bom.md", "\u{feff}---\ntitle: BOM\n---\nb\n");
    site.write("_posts/2025-01-02-crlf.md", "---\r\ntitle: CRLF\r\n---\r\none\r\n\r\ntwo\r\n");
    site.write("_posts/2025-01-03-utf16.md", utf16("---\ntitle: 十六\n---\nu\n"));
    site.write("_posts/2025-01-04-nul.md", "---\ntitle: NUL\n---\na\0b\n");
    site.write("_posts/2025-01-05-latin.md", b"---\ntitle: Latin\n---\ncaf\xe9\n");
    build(&site);
    assert_eq!(titles(&site), ["NUL", "十六", "CRLF", "BOM"]);
    told(&site, &[("T009", "_posts/2025-01-04-nul.md:4:2"), ("T002", "_posts/2025-01-05-latin.md:4:4")]);
}

#[test]
fn case_20_front_matter_that_explodes() {
    let site = Site::new();
    let laughs: String = (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
    site.write("_posts/2025-01-01-laughs.md", format!("---\ntitle: ha\na0: &a0 [ha]\n{laughs}---\nx\n"));
    site.write(
        "_posts/2025-01-02-large.md",
        format!("---\ntitle: large\nkeys: [{}]\n---\nx\n", "key,".repeat(2_500_000)),
    );
    site.write("_posts/2025-01-03-deep.md", format!("---\ntitle: deep\nkeys: {}\n---\nx\n", "[".repeat(100_000)));
    site.write("_posts/2025-01-04-good.md", GOOD.1);
    build(&site);
    assert_eq!(titles(&site), ["よい記事"]);
    let codes: Vec<_> = problems(&site).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["T004", "T003", "T004"]);
}

#[test]
fn case_20_links_out_of_the_tree() {
    let (site, outside) = (Site::new(), Site::bare());
    outside.write("secret.md", "---\ntitle: secret\n---\nsecret\n");
    outside.write("posts/2025-01-03-c.md", "---\ntitle: secret\n---\nsecret\n");
    site.write("_posts/2025-01-01-good.md", GOOD.1);
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(outside.file(to), site.file(at)).unwrap();
    link("secret.md", "_posts/2025-01-02-b.md");
    link("posts", "_posts/more");
    build(&site);
    assert_eq!(titles(&site), ["よい記事"]);
    told(&site, &[("T001", "_posts/2025-01-02-b.md"), ("T001", "_posts/more")]);
}

#[test]
fn case_20_overrides_of_direction() {
    let site = built(&[("2025-01-01-a.md", "---\ntitle: \"safe\\u202Egpj.exe\\u2066\"\n---\nx\n")]);
    assert_eq!(only(&site, |entry| title(entry).to_owned()), ["safegpj.exe"; 3]);
}
