//! Addresses and elements in the text of posts.

use super::{built, html, only};

fn shown(body: &str) -> String {
    let site = built(&[("2025-01-02-a.md", &format!("---\ntitle: t\npermalink: /blog/a/\n---\n{body}\n"))]);
    let [atom, rss, json] = only(&site, |entry| html(entry).trim().to_owned());
    assert_eq!((&rss, &json), (&atom, &atom), "{body}");
    atom
}

#[test]
fn case_14_relative_addresses() {
    for (written, expected) in [
        ("pic.png", "https://blog.example.com/blog/a/pic.png"),
        ("/x/", "https://blog.example.com/x/"),
        ("../y", "https://blog.example.com/blog/y"),
        ("//cdn.example/z", "https://cdn.example/z"),
        ("#fn:1", "https://blog.example.com/blog/a/#fn:1"),
        ("?q=1", "https://blog.example.com/blog/a/?q=1"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("/日本", "https://blog.example.com/%E6%97%A5%E6%9C%AC"),
    ] {
        assert_eq!(shown(&format!("[t]({written})")), format!("<p><a href=\"{expected}\">t</a></p>"), "{written}");
        let raw = shown(&format!("<div><a href=\"{written}\">t</a></div>"));
        assert!(raw.contains(&format!("<a href=\"{expected}\"")), "{written}: {raw}");
    }
}

#[test]
fn case_14_addresses_that_do_something() {
    for body in [
        "[t](javascript:alert(1))",
        "<div><a href=\" JavaScript:alert(1)\">t</a></div>",
        "<a href='data:text/html,x'>t</a>",
    ] {
        let html = shown(body);
        assert!(
            html.contains('t') && !html.to_lowercase().contains("script:") && !html.contains("data:"),
            "{body}: {html}"
        );
    }
}

#[test]
fn case_14_more_than_one_address() {
    let html = shown(
        "<div><img src=\"a.png\" srcset=\"a,1.png 1x, /b.png 2x\" alt=\"t\"><video poster=\"p.png\" src=\"v.mp4\"></video></div>",
    );
    assert!(html.contains("src=\"https://blog.example.com/blog/a/a.png\""), "{html}");
    for relative in ["\"a", "\"/b", "\"p", "\"v", ", /b"] {
        assert!(!html.contains(relative), "{relative} in {html}");
    }
    let html = shown("<base href=\"https://evil.example/\"><div><a href=\"x\">t</a></div>");
    assert!(!html.contains("evil") && html.contains("https://blog.example.com/blog/a/x"), "{html}");
}

#[test]
fn case_20_hostile_html() {
    for body in [
        "<script>alert(1)</script>\n\nt",
        "<p onclick=alert(1)>t</p>",
        "<img src=x onerror=alert(1)> t",
        "<div style=\"width: expression(alert(1))\">t</div>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>\n\nt",
        "<iframe src=\"https://evil.example/?alert(1)\"></iframe>\n\nt",
        "<form action=\"/alert(1)\"><input></form>\n\nt",
        "<b><i>t</b></i>",
        "<p><div>t</p></div>",
        "<table><p>t</table>",
        "<a href=\"x\">t",
        "<!-- alert(1) --> t",
        "<p class=a class=b>t</p>",
        "<my-element>t</my-element>",
    ] {
        let html = shown(body);
        assert!(html.contains('t'), "{body}: {html}");
        for bad in ["<script", "onclick", "onerror", "onload", "expression", "<form", "<input name", "<!--"] {
            assert!(!html.contains(bad), "{body}: {bad} in {html}");
        }
    }
}

#[test]
fn case_20_liquid_that_is_not_meant_or_not_known() {
    let html = shown("a {% raw %}{{ shown }}{% endraw %} b {% unknown x %} c {{ nothing.at.all }} d");
    assert_eq!(html, "<p>a {{ shown }} b  c  d</p>");
    let html = shown("```\n{% unknown %}\n```\n\n{% if x %}never closed");
    assert!(!html.contains("{%"), "{html}");
}

#[test]
fn case_20_a_marker_for_the_summary_inside_code() {
    let front = "---\ntitle: t\nexcerpt_separator: \"<!--more-->\"\n---\n";
    let site = built(&[("2025-01-02-a.md", &format!("{front}intro `<!--more-->` goes on\n\n<!--more-->\n\nrest\n"))]);
    let summaries = only(&site, |entry| entry.summary.as_ref().unwrap().content.clone());
    let [text, html] = ["intro <!--more--> goes on", "intro &lt;!--more--&gt; goes on"];
    assert_eq!(summaries, [text, html, text], "in RSS a description is HTML");
}
