//! What kramdown's Markdown becomes. The expected values have the elements and the text that kramdown 2.4 with its GFM
//! parser gives, but for abbreviations, which it marks up, and mathematics on lines of its own, which it puts in no paragraph.

use proptest::prelude::*;

use crate::posts::markdown::{Dialect, to_html};

const BASE: &str = "https://e.com/p";

fn rendered(body: &str) -> String {
    to_html(body, BASE, Dialect::Kramdown)
}

#[track_caller]
fn gives(cases: &[(&str, &str)]) {
    for (body, html) in cases {
        assert_eq!(rendered(body).trim_end(), *html, "{body}");
    }
}

#[test]
fn lists_are_of_two_kinds_and_every_item_is_loose_or_tight_by_itself() {
    gives(&[
        (
            "1. foo\n  * bar\n  * baz\n2. qux",
            "<ol>\n<li>foo\n<ul>\n<li>bar</li>\n<li>baz</li>\n</ul>\n</li>\n<li>qux</li>\n</ol>",
        ),
        ("- a\n\n- b\n- c", "<ul>\n<li>\n<p>a</p>\n</li>\n<li>b</li>\n<li>c</li>\n</ul>"),
        ("- a\n- b\n\n- c", "<ul>\n<li>a</li>\n<li>\n<p>b</p>\n</li>\n<li>c</li>\n</ul>"),
        ("- a\n\n  para\n- b", "<ul>\n<li>\n<p>a</p>\n<p>para</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>"),
        ("* a\n\n    * b\n\n* c", "<ul>\n<li>\n<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n</li>\n<li>\n<p>c</p>\n</li>\n</ul>"),
        ("text\n2. a\n3. b", "<p>text</p>\n<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("- a\n+ b\n* c", "<ul>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n</ul>"),
        ("text\n1) a\n2) b", "<p>text\n1) a\n2) b</p>"),
        ("- {:.x} a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("1. a\n    - b\n", "<ol>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ol>"),
        ("* a\n\n lazy\n* b", "<ul>\n<li>a</li>\n</ul>\n<p>lazy</p>\n<ul>\n<li>b</li>\n</ul>"),
    ]);
}

#[test]
fn angle_quotes_are_no_tags() {
    gives(&[
        ("<<a>> <<b c>> `<<d>>` <b>e</b>", "<p>«a» «b c» <code>&lt;&lt;d&gt;&gt;</code> <b>e</b></p>"),
        ("x <<EOS", "<p>x «EOS</p>"),
    ]);
}

#[test]
fn braces_say_nothing_to_a_reader() {
    gives(&[
        ("para\n{: .x #y}\n\ntext", "<p>para</p>\n<p>text</p>"),
        ("[a](b){:\ntarget=\"_blank\"} c", "<p><a href=\"https://e.com/b\">a</a> c</p>"),
        ("`a`{:.ruby}", "<p><code>a</code></p>"),
        ("*a*{:.x}{:.y} `{`{:.x}", "<p><em>a</em> <code>{</code></p>"),
        ("\\*{:.x} b{:.x}\n1){:.x}", "<p>*{:.x} b{:.x}\n1){:.x}</p>"),
        ("- a\n- b\n{: .x}\n\ntext", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<p>text</p>"),
        ("{:.x}\n# H", "<h1 id=\"h\">H</h1>"),
        ("{::comment}\nhid\n{:/comment}\n\nshown", "<p>shown</p>"),
        ("{::nomarkdown}\n<b>*x*</b>\n{:/}\n\ntext", "<b>*x*</b>\n<p>text</p>"),
        ("{::options toc_levels=\"1..2\" /}\n\ntext", "<p>text</p>"),
        ("~~~ ruby\ncode\n~~~\n{: .x}", "<pre><code class=\"language-ruby\">code\n</code></pre>"),
        (
            "| a | b |\n|---|---|\n| 1 | 2 |\n{: .t}\n\ntext",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n<tr><td>1</td><td>2</td></tr>\n</tbody></table>\n<p>text</p>",
        ),
        ("> q\n{: .x}\n\nt", "<blockquote>\n<p>q</p>\n</blockquote>\n<p>t</p>"),
        ("- a\n^\n- b", "<ul>\n<li>a</li>\n</ul>\n<ul>\n<li>b</li>\n</ul>"),
        ("*[HTML]: Hyper\n\nHTML is", "<p>HTML is</p>"),
    ]);
}

#[test]
fn html_blocks_end_at_their_end_tag() {
    gives(&[
        ("<div>\n\n*a*\n\n</div>\n\n*b*", "<div>\n\n*a*\n\n</div>\n<p><em>b</em></p>"),
        (
            "<div markdown=\"1\">\n*a*\n\n- b\n</div>\n*c*",
            "<div>\n<p><em>a</em></p>\n<ul>\n<li>b</li>\n</ul>\n</div>\n<p><em>c</em></p>",
        ),
        (
            "<div class=\"x\" markdown=\"1\"><div markdown=\"1\">\n*a*\n</div></div>\n*c*",
            "<div class=\"x\"><div>\n<p><em>a</em></p>\n</div></div>\n<p><em>c</em></p>",
        ),
        (
            "<section>\n<div markdown=\"1\">\n*a*\n</div>\n*raw*\n</section>\n\n*c*",
            "<section>\n<div>\n<p><em>a</em></p>\n</div>\n*raw*\n</section>\n<p><em>c</em></p>",
        ),
        ("<p>*a*</p> tail\n\n*b*", "<p>*a*</p>\n<p>tail</p>\n<p><em>b</em></p>"),
        ("text\n<div>*x*</div>\nmore *y*", "<p>text</p>\n<div>*x*</div>\n<p>more <em>y</em></p>"),
        ("<br />\ntext *a*", "<p><br>\ntext <em>a</em></p>"),
        ("<img src=\"x.png\">\n\ntext", "<p><img src=\"https://e.com/x.png\"></p>\n<p>text</p>"),
        ("<!-- c\n\nd -->\n*a*", "<p><em>a</em></p>"),
        (
            "<details>\n<summary>s</summary>\n\n*x*\n\n</details>",
            "<details>\n<summary>s</summary>\n\n*x*\n\n</details>",
        ),
        ("<kbd>*a*</kbd>", "<p><kbd>*a*</kbd></p>"),
        ("<code>a_b_c \"x\"</code>", "<p><code>a_b_c \"x\"</code></p>"),
    ]);
}

#[test]
fn a_fence_has_an_end_and_one_word() {
    gives(&[
        ("~~~text~~~", "<p>~<del>text</del>~</p>"),
        ("~~~\nunclosed", "<p>~~~\nunclosed</p>"),
        ("```\nunclosed", "<p>```\nunclosed</p>"),
        ("``` ruby\ncode\n```", "<pre><code class=\"language-ruby\">code\n</code></pre>"),
        ("```ruby title=x\ncode\n```", "<p><code>ruby title=x code </code></p>"),
        ("text\n```\ncode\n```\nmore", "<p>text</p>\n<pre><code>code\n</code></pre>\n<p>more</p>"),
    ]);
}

#[test]
fn a_fence_that_nothing_ends_changes_nothing_for_the_others() {
    let code = "<pre><code>a\n</code></pre>\n";
    for (body, html) in [
        ("````\n```\na\n```\n", format!("<p>````</p>\n{code}")),
        ("~~~~\n```\na\n``` \n~~~\na\n ~~~\n", format!("<p>~~~~</p>\n{code}{code}")),
        ("`````\n~~~\na\n````\n~~~\n", "<p>`````</p>\n<pre><code>a\n````\n</code></pre>\n".to_owned()),
    ] {
        assert_eq!(rendered(body), html, "{body}");
    }
}

#[test]
fn what_only_commonmark_reads_is_text() {
    gives(&[
        ("####", "<p>####</p>"),
        ("a\nb\n---\nc", "<p>a\nb\n—\nc</p>"),
        ("a\n***\nb", "<p>a\n***\nb</p>"),
        ("# A #", "<h1 id=\"a\">A</h1>"),
        ("a\\, b \\& \\%", "<p>a\\, b \\&amp; \\%</p>"),
        ("a\\\\\nb", "<p>a<br />\nb</p>"),
        ("a ` b` c", "<p>a ` b` c</p>"),
        ("~~a~~ ~b~ ~~~c~~~", "<p><del>a</del> ~b~ ~<del>c</del>~</p>"),
        ("http://example.com/ bare", "<p>http://example.com/ bare</p>"),
        ("foo*bar*baz", "<p>foo<em>bar</em>baz</p>"),
        ("[a](b c.html)", "<p><a href=\"https://e.com/b%20c.html\">a</a></p>"),
    ]);
}

#[test]
fn tables_need_no_head() {
    gives(&[
        (
            "|---|---|\n| 1 | 2 |\n| 3 | 4 |",
            "<table><tbody>\n<tr><td>1</td><td>2</td></tr>\n<tr><td>3</td><td>4</td></tr>\n</tbody></table>",
        ),
        ("a | b", "<table><tbody>\n<tr><td>a</td><td>b</td></tr>\n</tbody></table>"),
        (
            "a | b\n--|--\n1 | 2",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n<tr><td>1</td><td>2</td></tr>\n</tbody></table>",
        ),
        (
            "| h |\n|:-:|\n| `a|b` |\n|---|\n| c |",
            "<table><thead><tr><th align=\"center\">h</th></tr></thead><tbody>\n<tr><td align=\"center\"><code>a|b</code></td></tr>\n<tr><td align=\"center\">c</td></tr>\n</tbody></table>",
        ),
        // An ideographic space is text.
        (
            "- |\u{3000}|\n  |---|\n  | a |",
            "<ul>\n<li><table><thead><tr><th>\u{3000}</th></tr></thead><tbody>\n<tr><td>a</td></tr>\n</tbody></table>\n</li>\n</ul>",
        ),
        ("- | |\n  |---|\n  | a |", "<ul>\n<li><table><tbody>\n<tr><td>a</td></tr>\n</tbody></table>\n</li>\n</ul>"),
        ("text\n| a | b |\n|---|---|\n| 1 | 2 |", "<p>text\n| a | b |\n|—|—|\n| 1 | 2 |</p>"),
        ("a|b\nc", "<p>a|b\nc</p>"),
        ("`a|b`", "<p><code>a|b</code></p>"),
    ]);
}

#[test]
fn mathematics_is_left_to_the_page() {
    gives(&[
        ("$$x_1$$ and $$a*b*c$$", "<p>\\(x_1\\) and \\(a*b*c\\)</p>"),
        ("costs $5 and $6", "<p>costs $5 and $6</p>"),
        ("$$\n\\frac{a}{b}\n$$", "<p>\\[\\frac{a}{b}\\]</p>"),
    ]);
}

#[test]
fn quotes_and_dashes_are_typographic() {
    gives(&[
        ("\"a\" 'b' -- --- ...", "<p>“a” ‘b’ – — …</p>"),
        ("**\"a\"**", "<p><strong>“a”</strong></p>"),
        ("(\"a\")", "<p>(“a”)</p>"),
        ("`a` \"b\" `c`'s", "<p><code>a</code> “b” <code>c</code>’s</p>"),
        ("\\\"a\\\" <b title=\"x\">\"c\"</b>", "<p>\"a\" <b title=\"x\">“c”</b></p>"),
        ("```\n\"a\"\n```", "<pre><code>\"a\"\n</code></pre>"),
    ]);
}

#[test]
fn terms_have_definitions() {
    gives(&[
        ("term\n: def\n: def2", "<dl>\n<dt>term</dt>\n<dd>def</dd>\n<dd>def2</dd>\n</dl>"),
        ("term\n\n: para\n\n    more", "<dl>\n<dt>term</dt>\n<dd>\n<p>para</p>\n<p>more</p>\n</dd>\n</dl>"),
    ]);
}

#[test]
fn the_table_of_contents_stands_where_it_is_asked_for() {
    gives(&[(
        "* TOC\n{:toc}\n\n# One\n\n### Three `x`\n\n## Two\n{:.no_toc}\n\n# Four {#own}\n",
        "<ul>\n<li><a href=\"https://e.com/p#one\">One</a><ul>\n<li><a href=\"https://e.com/p#three-x\">Three x</a></li>\n</ul>\n</li>\n<li><a href=\"https://e.com/p#own\">Four</a></li>\n</ul>\n\n<h1 id=\"one\">One</h1>\n<h3 id=\"three-x\">Three <code>x</code></h3>\n<h2 id=\"two\" class=\"no_toc\">Two</h2>\n<h1 id=\"own\">Four</h1>",
    )]);
}

#[test]
fn line_endings_of_any_system_are_the_same() {
    let body = "# a\n{: .x}\n\n- b\n  * c\n\n~~~ ruby\nd\n~~~\n\n| e |\n|---|\n| f |\n\n<div>\n\n*g*\n</div>\n";
    assert_eq!(rendered(&body.replace('\n', "\r\n")), rendered(body));
}

#[test]
fn an_excerpt_has_the_same_rules() {
    let html = crate::posts::markdown::excerpt_to_html("\"a\" [b]{: .c}\n", "[b]: /d\n", BASE, Dialect::Kramdown);
    assert_eq!(html, "<p>“a” <a href=\"https://e.com/d\">b</a></p>\n");
}

#[test]
fn hostile_input_takes_linear_time() {
    for unit in [
        "```\n",
        "~~~ a b\n",
        "<div>\n",
        "<div markdown=1>\n",
        "</div>\n",
        "<a ",
        "<!--",
        "{: .x}\n",
        "{::comment}\n",
        "{:",
        "](",
        "[a](b c",
        "`",
        "` `` ",
        "~~",
        "$$",
        "$$ a\n\n",
        "| a ",
        "|-|\n",
        "- ",
        "- a\n  1. b\n",
        "1) \n",
        "^\n",
        "* TOC\n{:toc}\n",
        "# a\n",
        "\\\\\n",
        "<code>",
        "*[a",
        "\"'",
        "--",
        "a\n---\n",
        "{::nomarkdown}",
        "<script>",
        "</script",
        "{:\n",
        "{: .x}\n\n",
        "<code></b>",
        "{::",
        "<kbd>",
    ] {
        let html = rendered(&unit.repeat(20_000));
        assert!(html.len() < 100 * 20_000 * unit.len(), "{unit}");
    }
}

#[test]
fn a_table_of_more_columns_than_a_person_writes_is_text() {
    let is_table = |columns| rendered(&"a|".repeat(columns)).contains("<table>");
    assert_eq!([1_000, 1_001].map(is_table), [true, false]);
}

#[test]
fn hostile_tables_take_linear_time() {
    let backticks = format!("|{}\n", "`".repeat(200_000));
    let runs: String = (1..600).map(|len| format!("|{} ", "`".repeat(len))).collect();
    let short_behind_long = format!("{runs}{}", "`a".repeat(50_000));
    let wide = format!("{}\n{}", "a|".repeat(20_000), "b|\n".repeat(20_000));
    for table in [backticks, runs, short_behind_long, wide] {
        assert!(rendered(&table).len() < 100 * table.len());
    }
}

fn soup() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "- ",
        "  * ",
        "1. ",
        "12) ",
        "> ",
        "# ",
        "```\n",
        "~~~\n",
        "<div>",
        "</div>",
        "<p markdown=\"1\">",
        "</p>",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "{: .x}",
        "{:toc}",
        "{::comment}\n",
        "{:/comment}\n",
        "{::nomarkdown}",
        "{:/}",
        "\n",
        "\n\n",
        "    ",
        "|",
        "|-|-|",
        "$$",
        "`",
        "**",
        "~~",
        "](",
        "[",
        ")",
        "\\",
        "\"",
        "'",
        "--",
        "...",
        "a",
        "日本",
        "「",
        "」",
        "^\n",
        "---\n",
        "*[a]: b\n",
        "[^1]",
        "[^1]: ",
        ": d\n",
        "&amp;",
        "<code>",
        "</code>",
        "{#i}",
        "===\n",
    ];
    proptest::collection::vec(proptest::sample::select(PIECES), 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_is_written_is_clean_html(body in prop_oneof![soup(), any::<String>()]) {
        let html = rendered(&body);
        prop_assert!(html.chars().all(crate::posts::text::is_allowed));
        let clean = crate::posts::html::clean(&html, BASE);
        prop_assert_eq!(crate::posts::html::plain_text(&clean), crate::posts::html::plain_text(&html), "{}", html);
    }
}
