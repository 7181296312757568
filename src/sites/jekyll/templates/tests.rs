//! What Jekyll's own tags make here where that is not what Jekyll makes, and what happens when they fail.

use crate::posts::Post;
use crate::problems::Problem;
use crate::sites::{Opened, Outcome, Rules, Site, testing};

const FILES: [(&str, &str); 7] = [
    ("_config.yml", "title: Site\n"),
    ("_includes/fails.html", "a{% include gone.html %}b"),
    ("_includes/loop.html", "{% include loop.html %}"),
    ("_includes/own.html", "<i>{% asset x %}{{ include.a }}</i>"),
    ("_data/broken.json", "{\n  \"a\": nil\n}"),
    ("_data/many words.yml", "- x\n"),
    ("_data/notes.txt", "x"),
];

/// The text and the excerpt that come of a post's body, and what is reported.
fn expanded(name: &str, body: &str) -> (String, Option<String>, Vec<Problem>) {
    let Opened { site, .. } = Site::open(None, &testing::files(FILES)).unwrap();
    let config = crate::sites::tests::site("https://example.com/b/");
    let rules = Rules { site: &config, permalink: "", max_post_bytes: 1 << 20, prints: true };
    let path = format!("_posts/2025-01-05-{name}");
    let file = format!("---\ntitle: T\n---\n{body}");
    let Outcome::Post(post) = site.read(&path, file.as_bytes(), &rules).outcome else { panic!("{body}") };
    let post: Post = *post;
    let made = site.expand(&post, &file, &rules, &testing::Known::default());
    (made.source.body.into_owned(), made.source.head.map(std::borrow::Cow::into_owned), made.problems)
}

fn text(body: &str) -> String {
    expanded("x.md", body).0
}

/// What is reported: line, column, message.
fn told(body: &str) -> Vec<(usize, usize, String)> {
    let place = |problem: &Problem| problem.place.as_ref().map_or((0, 0), |place| (place.line, place.column));
    let problems = expanded("x.md", body).2;
    problems.iter().map(|problem| (place(problem).0, place(problem).1, problem.message.clone())).collect()
}

#[test]
fn highlight_becomes_a_code_block_in_one_line() {
    let code = "x = `ls`\n\ny < \"&\"\n";
    let made = "<pre><code class=\"language-ruby\">x = `ls`&#10;&#10;y &lt; &quot;&amp;&quot;</code></pre>\n";
    assert_eq!(
        text(&format!("a\n{{% highlight Ruby linenos %}}\n{code}{{% endhighlight %}}\nb")),
        format!("a\n{made}\nb")
    );
    assert_eq!(text("a {% highlight %}*b*{% endhighlight %}"), "a \n<pre><code>*b*</code></pre>\n");
    assert_eq!(text("- a\n\n  {% highlight <js> %}\nb\n{% endhighlight %}"), "- a\n\n  <pre><code>b</code></pre>\n");
    let html = expanded("x.html", "<p>{% highlight c++ %}\na < b{% endhighlight %}").0;
    assert_eq!(html, "<p>\n<pre><code class=\"language-c++\">a &lt; b</code></pre>\n");
}

#[test]
fn an_include_that_fails_is_left_out_and_shown_where_the_post_asks_for_it() {
    assert_eq!(text("a {% include fails.html %}b"), "a b");
    let why = "in `fails.html`: there is no file `gone.html` to include";
    assert_eq!(told("x\n\ny {% include fails.html %}"), [(6, 3, why.to_owned())]);
    assert!(told("{% include loop.html %}")[0].2.ends_with("includes are nested more than 100 levels deep"));
    for name in ["../_config.yml", "/etc/passwd", "a//b", "a b=", "./x"] {
        let problems = told(&format!("{{% include {name} %}}"));
        assert_eq!(problems.len(), 1, "{name}");
    }
    assert!(told("{% include_relative ../_config.yml %}")[0].2.contains("is no name of a file"));
}

#[test]
fn a_tag_that_an_include_does_not_know_costs_the_tag_only() {
    assert_eq!(text("{% include own.html a='1' %}"), "<i>1</i>");
    assert_eq!(told("{% include own.html a='1' %}"), [(4, 1, "the template tag `asset` is not known".to_owned())]);
}

#[test]
fn a_link_that_leads_nowhere_is_its_text() {
    assert_eq!(text("[a]({% link gone.md %}) [b]({% post_url 2020-01-01-gone %}#c)"), "a b");
    assert_eq!(told("[a]({% link gone.md %})"), [(4, 5, "there is no page `gone.md` to link to".to_owned())]);
}

#[test]
fn what_is_only_for_the_published_site_is_there() {
    assert_eq!(text("{% if jekyll.environment == 'production' %}a{% endif %}{{ jekyll.version }}"), "a4.3.1");
}

#[test]
fn code_in_code_in_code_is_stopped() {
    let body = format!("a{}{}", "{% highlight rust %}".repeat(80), "x ".repeat(50_000));
    assert!(told(&body).iter().any(|(.., why)| why.contains("does more than it may")), "{:?}", told(&body));
}

#[test]
fn markup_costs_more_than_text() {
    let run = |text: &str| {
        let body = format!(
            "{{% capture c %}}{}{{% endcapture %}}{{% for i in (1..20) %}}{{{{ c | markdownify }}}}{{% endfor %}}",
            text.repeat(5_000)
        );
        told(&body).iter().any(|(.., why)| why.contains("does more than it may"))
    };
    assert!(run("*_") && !run("ab"));
}

#[test]
fn a_gist_is_a_link() {
    assert_eq!(
        text("{% gist a/0123 file.rb %}"),
        "<a href=\"https://gist.github.com/a/0123\">gist.github.com/a/0123</a>"
    );
    assert_eq!(told("{% gist <x> %}").len(), 1);
}

#[test]
fn the_head_is_a_template_of_its_own() {
    let (body, head, problems) = expanded("x.md", "{% if true %}a {{ page.title }}\n\nb{% endif %} {% x %}");
    assert_eq!((body.as_str(), head.as_deref(), problems.len()), ("a T\n\nb ", Some("a T"), 1));
}

#[test]
fn data_that_is_broken_is_named_and_costs_nothing_else() {
    let problems = Site::open(None, &testing::files(FILES)).unwrap().problems;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].to_string().starts_with("_data/broken.json:2:"), "{}", problems[0]);
    assert_eq!(text("{{ site.data['many_words'][0] }}{{ site.data.broken }}{{ site.data.notes }}"), "x");
}
