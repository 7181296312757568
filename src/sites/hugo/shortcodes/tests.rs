use std::collections::BTreeMap;

use crate::problems::Problem;
use crate::sites::{Outcome, Rules, Site, testing, tests::site};

/// What becomes of a body, and what is said of it.
fn expanded(toml: &str, path: &str, body: &str) -> (String, Option<String>, Vec<Problem>) {
    let toml = format!("baseURL = 'https://example.com/'\n[params]\nnote = 'N'\n{toml}");
    let opened = Site::open(None, &testing::files([("hugo.toml", &toml)])).unwrap();
    let site = site("https://example.com/");
    let rules = Rules { site: &site, permalink: "", max_post_bytes: 4 << 20, prints: true };
    let file = format!("---\ndate: 2025-01-05\ntitle: T\nkey: {{Deep: D}}\n---\n{body}");
    let Outcome::Post(post) = opened.site.read(path, file.as_bytes(), &rules).outcome else { panic!("no post") };
    assert!(post.template, "no shortcodes");
    let pages = [
        ("content/blog/about.md", "https://example.com/blog/about/"),
        ("content/a.fr.md", "https://example.com/fr/a/"),
    ];
    let pages: BTreeMap<_, _> = pages.map(|(path, url)| (path.to_owned(), url.to_owned())).into();
    let expanded = opened.site.expand(&post, &file, &rules, &testing::Known { pages, ..testing::Known::default() });
    let head = expanded.source.head.map(|head| head.into_owned());
    (expanded.source.body.into_owned(), head, expanded.problems)
}

fn markdown(body: &str) -> String {
    expanded("", "content/blog/x.md", body).0
}

fn mixed(body: &str) -> String {
    expanded("[markup.goldmark.renderer]\nunsafe = true", "content/blog/x.md", body).0
}

fn problems(body: &str) -> Vec<String> {
    expanded("", "content/blog/x.md", body).2.iter().map(ToString::to_string).collect()
}

#[test]
fn media_become_links() {
    for (body, expected) in [
        ("{{< youtube abc >}}", "[Watch on YouTube](<https://www.youtube.com/watch?v=abc>)"),
        ("{{< youtube id=abc title=\"A [b]\" >}}", r"[A \[b\]](<https://www.youtube.com/watch?v=abc>)"),
        ("{{% vimeo 1 %}}", "[Watch on Vimeo](<https://vimeo.com/1>)"),
        ("{{< gist ada 1 >}}", "[View the gist](<https://gist.github.com/ada/1>)"),
        ("{{< x user=ada id=1 >}}", "[View the post on X](<https://x.com/ada/status/1>)"),
        ("{{< tweet 1 >}}", "[View the post on X](<https://x.com/i/status/1>)"),
        ("{{< instagram B1 >}}", "[View on Instagram](<https://www.instagram.com/p/B1/>)"),
        ("{{< qr text=\"https://e.example\" />}}", "[https://e.example](<https://e.example>)"),
    ] {
        assert_eq!(markdown(body), expected, "{body}");
        assert_eq!(problems(body), [""; 0], "{body}");
    }
    let html = expanded("", "content/blog/x.html", "{{< youtube a&b >}}").0;
    assert_eq!(html, "<a href=\"https://www.youtube.com/watch?v=a&amp;b\">Watch on YouTube</a>");
}

#[test]
fn figures_become_images() {
    let figure = "{{< figure src=\"/i.png\" alt=\"A\" title=\"T\" caption=\"a *b*\" attr=\"Ada\" attrlink=\"https://a.example\" >}}";
    assert_eq!(markdown(figure), "![A](</i.png>) **T** a *b* [Ada](<https://a.example>)");
    assert_eq!(
        mixed(figure),
        "<figure><img src=\"/i.png\" alt=\"A\"><figcaption><h4>T</h4><p>a <em>b</em> <a href=\"https://a.example\">Ada</a></p>\
         </figcaption></figure>"
    );
    assert_eq!(
        mixed("{{< figure src=i.png link=/l >}}"),
        "<figure><a href=\"/l\"><img src=\"i.png\" alt=\"\"></a></figure>"
    );
    assert_eq!(markdown("{{< figure src=i.png caption=\"`c`\" >}}"), "![c](<i.png>) `c`");
}

#[test]
fn code_and_details_keep_what_is_in_them() {
    assert_eq!(
        markdown("{{< highlight go \"linenos=true\" >}}\na ```\n\nb\n{{< /highlight >}}"),
        "\n````go\na ```\n\nb\n````\n"
    );
    let html = expanded("", "content/x.html", "{{< highlight lang=html >}}<p>{{< /highlight >}}").0;
    assert_eq!(html, "<pre><code class=\"language-html\">&lt;p&gt;</code></pre>");
    let details = "{{< details summary=\"S\" >}}\n*a*\n{{< /details >}}";
    assert_eq!(markdown(details), "\n\n**S**\n\n*a*\n");
    assert_eq!(mixed(details), "<details>\n<summary>S</summary>\n\n*a*\n\n</details>\n");
    assert_eq!(markdown("a{{< comment >}}b {{< own >}}{{< /comment >}}c"), "ac");
}

#[test]
fn parameters_are_those_of_the_page_or_else_of_the_site() {
    assert_eq!(markdown("{{< param title >}} {{% param \"key.deep\" %}} {{< param Note >}}"), "T D N");
    assert_eq!(
        problems("a {{< param none >}}"),
        ["content/blog/x.md:6:3: warning [T010]: there is no parameter `none`"]
    );
}

#[test]
fn references_lead_to_pages() {
    for (body, expected) in [
        ("[a]({{< ref \"about.md\" >}})", "[a](https://example.com/blog/about/)"),
        ("[a]({{% relref \"/blog/about#x\" %}})", "[a](https://example.com/blog/about/#x)"),
        ("[a]({{< ref path=\"../blog/about.md\" >}})", "[a](https://example.com/blog/about/)"),
        ("[a]({{< ref \"#x\" >}})", "[a](https://example.com/blog/x/#x)"),
        ("[a [b]]({{< ref \"none.md\" >}} \"T\") c)", "a [b] c)"),
        ("<a href=\"{{< ref \"none.md\" >}}\">", "<a href=\"\">"),
    ] {
        assert_eq!(markdown(body), expected, "{body}");
    }
    assert_eq!(problems("{{< ref none.md >}}"), ["content/blog/x.md:6:1: warning [T010]: there is no page `none.md`"]);
    let french = expanded("[languages.en]\n[languages.fr]", "content/blog/x.md", "{{< ref path=\"a.md\" lang=fr >}}").0;
    assert_eq!(french, "https://example.com/fr/a/");
}

#[test]
fn of_a_sites_own_shortcodes_the_inner_text_stays() {
    let body = "a {{< note type=\"x\" >}}\nb {{% i %}}*c*{{% /i %}}\n{{< /note >}} {{< toc >}}";
    assert_eq!(markdown(body), "a \nb *c*\n ");
    assert_eq!(
        problems(body),
        ["content/blog/x.md:6:3: warning [T010]: the shortcode `{{< note type=\"x\" >}}` is not run here"]
    );
    assert_eq!(markdown("{{% img src=\"/i.png\" alt=\"A\" %}}"), "![A](</i.png>)");
    assert_eq!(markdown("{{< photo \"/i.JPG\" >}}"), "![](</i.JPG>)");
    assert_eq!(markdown("{{< card link=\"/l\" title=\"T\" />}}"), "[T](</l>)");
}

#[test]
fn what_is_escaped_is_printed_and_nothing_else() {
    assert_eq!(markdown("{{</* figure src=\"x\" */>}} {{%/* a */%}}"), "{{< figure src=\"x\" >}} {{% a %}}");
    assert_eq!(markdown("a {{< b"), "a  b");
    assert_eq!(problems("a {{< b"), ["content/blog/x.md:6:3: warning [T010]: the shortcode `{{<` is not run here"]);
}

#[test]
fn the_head_of_a_text_is_expanded_as_the_text_is() {
    let (_, head, problems) = expanded("", "content/x.md", "{{< youtube a >}} b <!--more--> {{< own >}}");
    assert_eq!(head.as_deref(), Some("[Watch on YouTube](<https://www.youtube.com/watch?v=a>) b "));
    assert_eq!(problems.len(), 1);
}

#[test]
fn large_texts_take_linear_time() {
    for unit in ["{{< a >}}", "{{< a >}}{{< /b >}}", "[a]({{< ref x >}})", "{{< a >}}b{{< /a >}}", "{{< ref x >}}"] {
        let body = unit.repeat(60_000);
        assert!(markdown(&body).len() < body.len(), "{unit}");
    }
}

proptest::proptest! {
    #[test]
    fn no_delimiter_is_left(body in "([{<%>}/ a\"]|\\{\\{<|>\\}\\}|\\{\\{%|%\\}\\}){0,40}") {
        let body = format!("{{{{< a >}}}}{body}");
        if !body.contains("/*") {
            let text = markdown(&body);
            proptest::prop_assert!(!text.contains("{{<") && !text.contains("{{%"), "{text:?}");
        }
    }
}
