//! What [`clean`] promises, by example and on random markup.

use proptest::prelude::*;

use super::*;

const BASE: &str = "https://example.com/blog/post/";

fn cleaned(html: &str) -> String {
    clean(html, BASE)
}

#[track_caller]
fn becomes(html: &str, expected: &str) {
    assert_eq!(cleaned(html), expected, "{html}");
    assert_eq!(cleaned(expected), expected, "a second time: {html}");
}

#[test]
fn text_between_the_gates_holds_no_more_references_than_it_needs() {
    let base = Base::new("https://example.com/");
    assert_eq!(outline::outline("a > &quot;b\" &amp; &lt;c>&#13;", &base), "a > \"b\" &amp; &lt;c>\n");
    assert_eq!(clean("a > &quot;b\" &amp; &lt;c>&#13;", "https://example.com/"), "a &gt; \"b\" &amp; &lt;c&gt;");
}

#[test]
fn content_markup_stays() {
    for html in [
        "<figure class=\"wide\" id=\"f\"><picture><source srcset=\"https://e.com/a.webp 2x\" type=\"image/webp\"><img src=\"https://e.com/a.png\" alt=\"a\"></picture><figcaption>b</figcaption></figure>",
        "<details open=\"\"><summary>a</summary><p>b</p></details>",
        "<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>",
        "<table><caption>c</caption><thead><tr><th scope=\"col\">a</th></tr></thead><tbody><tr><td colspan=\"2\">b</td></tr></tbody></table>",
        "<video controls=\"\" poster=\"https://e.com/p.jpg\"><source src=\"https://e.com/v.mp4\"><track src=\"https://e.com/s.vtt\" kind=\"captions\"></video>",
        "<p>a <a href=\"https://e.com/\">b</a><br>c <code>d &lt; e &amp;&amp; f</code></p>",
        "<ul><li><input type=\"checkbox\" disabled=\"\" checked=\"\"> a</li></ul>",
        "<pre><code class=\"language-rust\">fn f() {}\n</code></pre>",
    ] {
        becomes(html, html);
    }
}

#[test]
fn what_runs_styles_or_submits_goes() {
    becomes("a<script>alert(1)</script><style>b{}</style>c", "ac");
    becomes("<p style=\"color:red\" onclick=\"x()\" class=\"k\">a</p>", "<p class=\"k\">a</p>");
    becomes("<form action=/x><label>a</label><input name=q><button>b</button><textarea>c</textarea></form>", "ab");
    becomes("<object data=x.swf><p>fallback</p></object><embed src=x>", "<p>fallback</p>");
    becomes("<select><option>a<option>b</select>c<template><p>d</p></template>", "c");
    becomes("<a href=\"javascript:alert(1)\">a</a><a href=\"&#106;avascript:b\">b</a>", "<a>a</a><a>b</a>");
    becomes("<svg><a xlink:href=\"javascript:x\"><text>a</text></a></svg>", "a");
    becomes("<img src=x onerror=alert(1)>", "<img src=\"https://example.com/blog/post/x\">");
    becomes("<a href=\"https://e.com/\" rel=opener target=_blank>a</a>", "<a href=\"https://e.com/\">a</a>");
}

#[test]
fn every_url_becomes_absolute() {
    becomes("<a href=\"../x#y\">a</a>", "<a href=\"https://example.com/blog/x#y\">a</a>");
    becomes(
        "<base href=\"https://evil.example/\"><a href=\"x\">a</a>",
        "<a href=\"https://example.com/blog/post/x\">a</a>",
    );
    becomes(
        "<img srcset=\"w_1,h_2/a.png 1x, b.png 2x\" src=//cdn.example/a.png>",
        "<img srcset=\"https://example.com/blog/post/w_1,h_2/a.png 1x, https://example.com/blog/post/b.png 2x\" src=\"https://cdn.example/a.png\">",
    );
    becomes(
        "<video src=a.mp4 poster=p.jpg></video>",
        "<video src=\"https://example.com/blog/post/a.mp4\" poster=\"https://example.com/blog/post/p.jpg\"></video>",
    );
    becomes("<blockquote cite=/c>q</blockquote>", "<blockquote cite=\"https://example.com/c\">q</blockquote>");
    becomes("<img src=\"data:image/gif;base64,AA\">", "<img src=\"data:image/gif;base64,AA\">");
    becomes("<p title=\"Data:a\">b</p><p title=\"data:image/a\">b</p>", "<p>b</p><p title=\"data:image/a\">b</p>");
    becomes("<a href=\"data:text/html,x\">a</a><img src=\"data:text/html,x\" alt=\"b\">", "<a>a</a>b");
}

#[test]
fn frames_become_links() {
    becomes(
        "<iframe src=\"//www.youtube.com/embed/x\" title=\"A film\">no frames</iframe>",
        "<p><a href=\"https://www.youtube.com/watch?v=x\">A film</a></p>",
    );
    becomes(
        "<div><iframe src=\"https://e.com/\"></iframe></div>",
        "<div><p><a href=\"https://e.com/\">e.com/</a></p></div>",
    );
    becomes("<p>a <iframe src=\"https://e.com/\"></iframe></p>", "<p>a <a href=\"https://e.com/\">e.com/</a></p>");
    becomes("<iframe src=\"javascript:x\"></iframe><iframe srcdoc=\"<b>\"></iframe>", "");
}

#[test]
fn drawings_and_formulas_become_their_text() {
    becomes("<svg viewBox=\"0 0 1 1\"><title>Logo</title><style>a</style><path d=\"M0\"/></svg>!", "Logo!");
    becomes("<math alttext=\"E=mc^2\"><mi>E</mi></math>", "E=mc^2");
    becomes("<math><semantics><mi>x</mi><annotation>\\x</annotation></semantics></math>", "x");
    becomes("<svg aria-hidden=true><path/></svg><svg/>a", "a");
    becomes("<svg><g><p>never closed</p>b", "<p>never closed</p>b");
}

#[test]
fn broken_nesting_is_mended_where_a_parser_would() {
    becomes("<p>a<p>b<div>c", "<p>a</p><p>b</p><div>c</div>");
    becomes("<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>");
    becomes("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c");
    becomes(
        "<table><tr><td>a<td>b<tr><td>c</table>d",
        "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>d",
    );
    becomes(
        "<table>stray<tr><td>a</table>",
        "<table><tbody><tr><td>stray</td></tr><tr><td>a</td></tr></tbody></table>",
    );
    becomes(
        "<a href=\"https://a.b/\">a<a href=\"https://c.d/\">b",
        "<a href=\"https://a.b/\">a</a><a href=\"https://c.d/\">b</a>",
    );
    becomes("<custom-tag>a</custom-tag></div></p><td>b", "ab");
    becomes("<p><button><div>a</div></button></p>", "<p></p><div>a</div>");
    becomes("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>");
    becomes("<h1>a<h2>b", "<h1>a</h1><h2>b</h2>");
}

#[test]
fn the_first_line_of_a_listing_stays_where_it_is() {
    becomes("<pre>\na</pre>", "<pre>a</pre>");
    becomes("<pre>\n\na</pre>", "<pre>\n\na</pre>");
    becomes("<xmp><b></xmp>", "<pre>&lt;b&gt;</pre>");
}

#[test]
fn forbidden_characters_and_comments_go() {
    becomes("a&#8;&#xFFFE;b<!-- c --><?php d ?>\u{1}e\0f", "abef");
    becomes("<p title=\"a&#8;b\">c&#13;d</p>", "<p title=\"ab\">c\nd</p>");
    becomes("<p title=\"a&#13;b&#13;&#10;c\">d</p>", "<p title=\"a\nb\nc\">d</p>");
}

#[test]
fn preformatted_text_shows_as_it_is() {
    assert_eq!(preformatted("a < b\r\n\u{8}c"), "<pre>a &lt; b\nc</pre>");
    assert_eq!(preformatted("\n a"), "<pre>\n\n a</pre>");
    assert_eq!(preformatted(" \n"), "");
}

#[test]
fn depth_is_bounded_and_nothing_is_lost() {
    for (piece, close) in
        [("<div>", "</div>"), ("<b>", ""), ("<b id=x>", ""), ("<table><tr><td>", ""), ("<svg>", ""), ("<ul><li>", "")]
    {
        let html = cleaned(&format!("{}deep{}", piece.repeat(20_000), close.repeat(20_000)));
        assert!(html.contains("deep"), "{piece}");
        assert!(html.len() < 20_000, "{piece}");
    }
}

#[test]
fn unclosed_formatting_is_not_multiplied() {
    let formatting: String = (0..100).map(|n| format!("<b id={n}>")).collect();
    assert!(cleaned(&format!("{formatting}{}", "<p>x".repeat(2_000))).len() < 30_000);
}

/// Whether every tag of `html` closes in order.
fn is_balanced(html: &str) -> bool {
    let mut open = Vec::new();
    for tag in html.split('<').skip(1) {
        let name: &str = tag.split(['>', ' ']).next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            None if elements::Element::find(name).is_none_or(|element| !element.is_void()) => open.push(name),
            _ => {}
        }
    }
    open.is_empty()
}

fn soup() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "<p title=\"a&#13;b&quot;&lt;\">",
        "<i title='data:x' lang=\"&nbsp;\">",
        "<img src=\"data:image/png;base64,AA==\" alt='\"<>\u{A0}'>",
        "&nbsp;\u{C2}\u{A0}",
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<a href=x>",
        "<a>",
        "</a>",
        "<span>",
        "</span>",
        "<ul>",
        "</ul>",
        "<ol>",
        "<li>",
        "</li>",
        "<dl>",
        "<dt>",
        "<dd>",
        "</dl>",
        "<table>",
        "</table>",
        "<tr>",
        "</tr>",
        "<td>",
        "</td>",
        "<th>",
        "<tbody>",
        "</tbody>",
        "<thead>",
        "<caption>",
        "</caption>",
        "<colgroup>",
        "<col>",
        "<pre>",
        "</pre>",
        "<code>",
        "</code>",
        "<h1>",
        "</h1>",
        "<h2>",
        "</h3>",
        "<ruby>",
        "<rt>",
        "<rp>",
        "</ruby>",
        "<br>",
        "</br>",
        "<hr>",
        "<img src=a alt=b>",
        "<img onerror=x>",
        "<input type=checkbox>",
        "<input>",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<textarea>",
        "</textarea>",
        "<title>",
        "</title>",
        "<iframe src=//a.b/>",
        "</iframe>",
        "<svg>",
        "</svg>",
        "<svg onload=x>",
        "<math>",
        "</math>",
        "<mtext>",
        "<annotation>",
        "<foreignObject>",
        "<desc>",
        "<![CDATA[",
        "]]>",
        "<select>",
        "</select>",
        "<option>",
        "<button>",
        "</button>",
        "<form>",
        "</form>",
        "<object>",
        "</object>",
        "<template>",
        "</template>",
        "<noscript>",
        "</noscript>",
        "<x-y>",
        "</x-y>",
        "<font size=1>",
        "</font>",
        "<blockquote>",
        "</blockquote>",
        "<section>",
        "</section>",
        "<details>",
        "<summary>",
        "</summary>",
        "</details>",
        "<figure>",
        "<figcaption>",
        "</figure>",
        "<video src=v>",
        "</video>",
        "<source>",
        "<plaintext>",
        "<xmp>",
        "</xmp>",
        "<body onload=x>",
        "<html>",
        "<!--",
        "-->",
        "<!",
        "<?",
        "<",
        ">",
        "\"",
        "'",
        "=",
        "/",
        " ",
        "\n",
        "\n\n",
        "\r",
        "&",
        "&lt;",
        "&#8;",
        "&#60;script&#62;",
        "&nbsp;",
        "\u{8}",
        "\0",
        "\u{FFFD}",
        "日本",
        "a",
        "text",
        "javascript:x",
        " onclick=x ",
        "<p style=x onclick='y'>",
        "<a href=\"java\tscript:x\">",
        "<a href='&#x6A;avascript:x'>",
        "<img src=\"x\" srcset=\"a 1x, b 2x\">",
        "<address>",
        "</address>",
        "<nobr>",
        "<frameset>",
        "<image src=i>",
        "<listing>",
        "</listing>",
        "<marquee>",
        "<center>",
        "</center>",
    ];
    proptest::collection::vec(proptest::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn cleaning_is_done_once_and_for_all(html in soup()) {
        let once = cleaned(&html);
        prop_assert_eq!(&cleaned(&once), &once);
    }

    #[test]
    fn the_second_gate_finds_nothing_to_mend(html in soup()) {
        let outline = outline::outline(&text::allowed(&html), &Base::new(BASE));
        prop_assert_eq!(reread::reread(&outline), Some(AMMONIA.clean(&outline).to_string()));
    }

    #[test]
    fn whatever_comes_in_only_the_listed_goes_out(html in prop_oneof![soup(), any::<String>()]) {
        let out = cleaned(&html);
        prop_assert!(is_balanced(&out), "{}", out);
        prop_assert!(out.chars().all(text::is_allowed));
        for tag in out.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap_or_default();
            let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
            prop_assert!(elements::Element::find(name).is_some(), "{}", out);
            prop_assert!(!tag.contains(" on") && !tag.contains("javascript:") && !tag.contains(" style="), "{}", out);
        }
    }

    #[test]
    fn text_is_not_lost(html in "([a-z ]|<p>|<b>|</b>|<ul>|<li>|<table>|<tr>|<td>|</table>|</p>){0,30}") {
        let letters = |s: &str| s.chars().filter(char::is_ascii_lowercase).collect::<String>();
        prop_assert_eq!(letters(&plain_text(&cleaned(&html))), letters(&plain_text(&html)));
    }
}
