//! What the Markdown of a post becomes.

use proptest::prelude::*;

use super::*;

const BASE: &str = "https://example.com/blog/post.html";

fn rendered(body: &str) -> String {
    to_html(body, BASE, Dialect::GitHub)
}

#[track_caller]
fn becomes(body: &str, expected: &str) {
    assert_eq!(rendered(body), expected, "{body}");
}

#[test]
fn the_github_extensions_are_on() {
    becomes("~~a~~", "<p><del>a</del></p>\n");
    becomes(
        "|a|b|c|\n|:-|-:|-|\n|1|2|3|",
        "<table><thead><tr><th align=\"left\">a</th><th align=\"right\">b</th><th>c</th></tr></thead><tbody>\n<tr><td align=\"left\">1</td><td align=\"right\">2</td><td>3</td></tr>\n</tbody></table>\n",
    );
    becomes(
        "- [x] a\n- [ ] b",
        "<ul>\n<li><input disabled=\"\" type=\"checkbox\" checked=\"\"/>\na</li>\n<li><input disabled=\"\" type=\"checkbox\"/>\nb</li>\n</ul>\n",
    );
    becomes("\"a\" -- b...", "<p>\"a\" -- b...</p>\n");
}

#[track_caller]
fn goldmark_makes(options: Goldmark, cases: &[(&str, &str)]) {
    for (body, html) in cases {
        assert_eq!(to_html(body, BASE, Dialect::Goldmark(options)).trim_end(), *html, "{body}");
    }
}

#[test]
fn hugo_links_bare_urls() {
    goldmark_makes(
        Goldmark::DEFAULT,
        &[
            (
                "see https://a.example/b_c?d=1. x",
                "<p>see <a href=\"https://a.example/b_c?d=1\">https://a.example/b_c?d=1</a>. x</p>",
            ),
            ("(https://a.example/b)", "<p>(<a href=\"https://a.example/b\">https://a.example/b</a>)</p>"),
            (
                "www.a.example, x@a.example!",
                "<p><a href=\"http://www.a.example/\">www.a.example</a>, <a href=\"mailto:x@a.example\">x@a.example</a>!</p>",
            ),
            (
                "`https://a.example` xhttps://a.example https://a",
                "<p><code>https://a.example</code> xhttps://a.example https://a</p>",
            ),
            ("[https://a.example](/b)", "<p><a href=\"https://example.com/b\">https://a.example</a></p>"),
            ("https://a.example/a--b", "<p><a href=\"https://a.example/a--b\">https://a.example/a--b</a></p>"),
        ],
    );
    let off = Goldmark { linkify: false, ..Goldmark::DEFAULT };
    goldmark_makes(off, &[("https://a.example", "<p>https://a.example</p>")]);
}

#[test]
fn hugo_makes_quotes_and_dashes_typographic() {
    goldmark_makes(
        Goldmark::DEFAULT,
        &[
            ("\"a\" 'b' it's -- --- ... << c >>", "<p>“a” ‘b’ it’s – — … « c »</p>"),
            ("\"*a*\" *\"b\"* \"", "<p>“<em>a</em>” <em>“b”</em> \"</p>"),
            ("a\" 5' the '90s 'tis \\\"", "<p>a\" 5’ the ’90s ’tis \"</p>"),
            (
                "`\"a\"` <http://a.example/b--c>",
                "<p><code>\"a\"</code> <a href=\"http://a.example/b--c\">http://a.example/b--c</a></p>",
            ),
        ],
    );
    let off = Goldmark { typographer: false, ..Goldmark::DEFAULT };
    goldmark_makes(off, &[("a -- b", "<p>a -- b</p>")]);
}

#[test]
fn hugo_leaves_raw_html_out_unless_it_is_told_otherwise() {
    let body = "a <b>c</b>\n\n<div>d</div>\n\ne";
    goldmark_makes(Goldmark::DEFAULT, &[(body, "<p>a c</p>\n<p>e</p>")]);
    let on = Goldmark { unsafe_html: true, ..Goldmark::DEFAULT };
    goldmark_makes(on, &[(body, "<p>a <b>c</b></p>\n<div>d</div>\n<p>e</p>")]);
}

#[test]
fn hugo_has_definitions_alerts_and_hard_wraps() {
    goldmark_makes(
        Goldmark { hard_wraps: true, ..Goldmark::DEFAULT },
        &[
            ("a\nb", "<p>a<br />\nb</p>"),
            ("a\n: b", "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>"),
            ("> [!NOTE]\n> a", "<blockquote class=\"markdown-alert-note\">\n<p>a</p>\n</blockquote>"),
            ("# a {#b}", "<h1 id=\"b\">a</h1>"),
        ],
    );
}

#[test]
fn zola_is_commonmark_until_it_is_told_more() {
    let zola = |zola, body| to_html(body, BASE, Dialect::Zola(zola));
    let body = "\"a\" -- https://a.example";
    assert_eq!(zola(Zola::default(), body), "<p>\"a\" -- https://a.example</p>\n");
    let smart = Zola { smart_punctuation: true, ..Zola::default() };
    assert_eq!(zola(smart, body), "<p>“a” – https://a.example</p>\n");
    let alerts = Zola { github_alerts: true, ..Zola::default() };
    assert_eq!(zola(alerts, "> [!TIP]\n> a"), "<blockquote class=\"markdown-alert-tip\">\n<p>a</p>\n</blockquote>\n");
    let definitions = Zola { definition_list: true, ..Zola::default() };
    assert_eq!(zola(definitions, "a\n: b"), "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>\n");
}

#[test]
fn urls_are_absolute() {
    becomes(
        "[a](../x \"t\") [b](#c) <d@e.example> [f]\n\n[f]: /g?h=1&i",
        "<p><a href=\"https://example.com/x\" title=\"t\">a</a> <a href=\"https://example.com/blog/post.html#c\">b</a> <a href=\"mailto:d@e.example\">d@e.example</a> <a href=\"https://example.com/g?h=1&amp;i\">f</a></p>\n",
    );
    becomes("![a *b*](c.png)", "<p><img src=\"https://example.com/blog/c.png\" alt=\"a b\" /></p>\n");
}

#[test]
fn links_that_run_code_lose_their_tags_and_keep_their_text() {
    becomes("[a **b**](javascript:c) ![d](vbscript:e) <javascript:f>", "<p>a <strong>b</strong> d javascript:f</p>\n");
    becomes("[a](data:text/html,b)", "<p>a</p>\n");
    becomes("![a](data:image/png;base64,AA==)", "<p><img src=\"data:image/png;base64,AA==\" alt=\"a\" /></p>\n");
    becomes("[a ![b](javascript:c)](/d)", "<p><a href=\"https://example.com/d\">a b</a></p>\n");
}

#[test]
fn no_link_stands_in_a_link() {
    becomes("[![<http://a.b>]](/x)", "<p><a href=\"https://example.com/x\">![http://a.b]</a></p>\n");
    assert!(rendered("[a[^1]](/x)\n\n[^1]: b").starts_with("<p>[a<sup"));
}

#[test]
fn headings_have_ids() {
    becomes(
        "# 日本 *b*\n## a {#own .k onclick=x}\n## a\n## a",
        "<h1 id=\"日本-b\">日本 <em>b</em></h1>\n<h2 id=\"own\" class=\"k\">a</h2>\n<h2 id=\"a\">a</h2>\n<h2 id=\"a-1\">a</h2>\n",
    );
}

#[test]
fn footnotes_stand_at_the_end_in_the_order_of_reference() {
    becomes(
        "[^unused]: no\n\na[^x] b[^脚 注] c[^x]\n\n[^脚 注]: second[^3]\n\n[^x]: first\n\n    - list\n\n[^3]: third",
        "<p>a<sup id=\"fnref:x\"><a class=\"footnote\" href=\"https://example.com/blog/post.html#fn:x\">1</a></sup> \
         b<sup id=\"fnref:脚-注\"><a class=\"footnote\" href=\"https://example.com/blog/post.html#fn:%E8%84%9A-%E6%B3%A8\">2</a></sup> \
         c<sup id=\"fnref:x:1\"><a class=\"footnote\" href=\"https://example.com/blog/post.html#fn:x\">1</a></sup></p>\n\
         <section class=\"footnotes\">\n<ol>\n\
         <li id=\"fn:x\">\n<p>first</p>\n<ul>\n<li>list</li>\n</ul>\n<p><a class=\"reversefootnote\" href=\"https://example.com/blog/post.html#fnref:x\">↩</a> <a class=\"reversefootnote\" href=\"https://example.com/blog/post.html#fnref:x:1\">↩<sup>2</sup></a></p>\n</li>\n\
         <li id=\"fn:脚-注\">\n<p>second<sup id=\"fnref:3\"><a class=\"footnote\" href=\"https://example.com/blog/post.html#fn:3\">3</a></sup> <a class=\"reversefootnote\" href=\"https://example.com/blog/post.html#fnref:%E8%84%9A-%E6%B3%A8\">↩</a></p>\n</li>\n\
         <li id=\"fn:3\">\n<p>third <a class=\"reversefootnote\" href=\"https://example.com/blog/post.html#fnref:3\">↩</a></p>\n</li>\n\
         </ol>\n</section>\n",
    );
    becomes("a[^b]", "<p>a[^b]</p>\n");
}

#[test]
fn raw_html_sends_the_whole_through_the_cleaner() {
    becomes(
        "a <b onclick=x>c\n\n<script>d</script>\n\n[e](/f)",
        "<p>a <b>c</b></p>\n\n<p><a href=\"https://example.com/f\">e</a></p>",
    );
    becomes("<div>\n\n*a*\n", "<div>\n<p><em>a</em></p>\n</div>");
}

#[test]
fn character_references_bring_in_nothing_forbidden() {
    becomes(
        "a&#8;b `c` [d&#1;](/e&#2; \"f&#xFFFE;\")",
        "<p>ab <code>c</code> <a href=\"https://example.com/e\" title=\"f\">d</a></p>\n",
    );
}

#[test]
fn line_endings_of_any_system_are_the_same() {
    let body = "# a\n\nb\nc  \nd\n\n- e\n- f\n\n```\ng\nh\n```\n\n| i |\n|---|\n| j |\n";
    assert_eq!(rendered(&body.replace('\n', "\r\n")), rendered(body));
}

#[test]
fn an_excerpt_knows_the_references_below_it() {
    let body = "a [b][c] [*d「e」*f] [g] h[^i]\n\nmore\n\n[C]: /j 'k'\n[*d「e」*f]: /l\n[^i]: note\n";
    let head = body.split("\n\n").next().unwrap();
    assert_eq!(
        excerpt_to_html(head, body, BASE, Dialect::GitHub),
        "<p>a <a href=\"https://example.com/j\" title=\"k\">b</a> <a href=\"https://example.com/l\"><em>d「e」</em>f</a> [g] h</p>\n"
    );
}

#[test]
fn bold_text_beside_brackets_is_bold() {
    let body = "**百度（Baidu）**は検索、**阿里（Alibaba）**は通販です。次に**「文心」**と**Qwen（通義）**、\
        **研究院 (BAI - 北京)**が続き、**第一に、**速い。**100%**の**『自給』**へ。**ASCEND（昇腾）**も。";
    let html = rendered(body);
    assert_eq!(html.matches("<strong>").count(), 9, "{html}");
    assert!(!html.contains("**"), "{html}");
}

#[test]
fn hostile_input_is_bounded_in_time_and_depth() {
    for (piece, close) in [
        ("[", ""),
        ("> ", ""),
        (">", ""),
        ("*", ""),
        ("**a ", ""),
        ("*", "*"),
        ("_a", ""),
        ("![", "]()"),
        ("<div>", ""),
        ("<b>", ""),
        ("- ", ""),
        ("`", ""),
        ("[a](", ""),
        ("~~", ""),
        ("|", ""),
        ("[^a]", ""),
        ("<!--", ""),
        ("「*」", ""),
        ("# a\n", ""),
        ("&#8;", ""),
    ] {
        let html = rendered(&format!("{}x{}", piece.repeat(20_000), close.repeat(20_000)));
        assert!(html.contains('x') || piece.contains('<'), "{piece}");
        assert!(html.matches("<blockquote>").count().max(html.matches("<em>").count()) <= 20_000, "{piece}");
    }
}

#[test]
fn nesting_is_flattened_before_it_hurts_a_reader() {
    for (open, close) in [(">", ""), ("- ", ""), ("*a ", " b*"), ("1. > ", "")] {
        let html = rendered(&format!("{}x{}", open.repeat(1_000), close.repeat(1_000)));
        assert!(html.contains('x') && html.matches("</").count() < 100, "{open}");
    }
}

fn soup() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```\n",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](",
        "](/x)",
        "](javascript:y)",
        "<http://a.b>",
        "# ",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "> ",
        "    ",
        "|",
        "|-|-|\n",
        ":-:",
        "[^1]",
        "[^1]: ",
        "[ ]",
        "&#8;",
        "&amp;",
        "\\",
        "a",
        "b c",
        "日本",
        "「",
        "」",
        "\"",
        "'",
        "{#i}",
        "---\n",
        "===\n",
        "[r]: /r\n",
        "[r]",
    ];
    proptest::collection::vec(proptest::sample::select(PIECES), 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_written_is_what_the_cleaner_would_leave(body in soup()) {
        let html = rendered(&body);
        // The cleaner spells void elements, quotes and the attributes of a task's box otherwise.
        let spelled = [
            (" />", ">"),
            ("\"/>", "\">"),
            ("disabled=\"\" type=\"checkbox\"", "type=\"checkbox\" disabled=\"\""),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&#x27;", "'"),
        ];
        let spelled = spelled.iter().fold(html.clone(), |html, (from, to)| html.replace(from, to));
        prop_assert_eq!(html::clean(&html, BASE).replace("&quot;", "\""), spelled.trim_end(), "{}", html);
    }

    #[test]
    fn any_text_renders_and_summarises(body: String) {
        let html = rendered(&body);
        prop_assert!(html.chars().all(text::is_allowed));
        prop_assert!(!html::plain_text(&html).contains('\n'));
    }
}
