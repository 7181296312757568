//! What templates make where the host knows one variable, one tag and one block.

use std::time::{Duration, Instant};

use super::{Args, Fault, Host, Kind, Made, Run, Value, run};

struct Small;

impl Host for Small {
    fn variable(&self, name: &str) -> Option<Value> {
        (name == "page").then(|| Value::map([("title".into(), Value::text("T"))]))
    }

    fn part(&self, variable: &str, key: &str) -> Option<Value> {
        self.variable(variable)?.get(key)
    }

    fn kind(&self, tag: &str) -> Kind {
        match tag {
            "again" | "fails" => Kind::Inline,
            "box" => Kind::Block,
            _ => Kind::Unknown,
        }
    }

    fn run(&self, tag: &str, markup: &str, body: Option<String>, _: &str, run: &mut Run<'_>) -> Result<String, Fault> {
        match (tag, body) {
            ("again", _) => run.include(&format!("{{% again %}}{markup}"), []),
            // What a tag prints of its markup is up to the tag: this one prints no tag.
            ("box", Some(body)) => Ok(format!("[{}:{body}]", markup.replace("{%", ""))),
            _ => Err(Fault::said("it fails")),
        }
    }

    fn filter(&self, name: &str, _: &Value, _: &Args, _: &mut Run<'_>) -> Result<Option<Value>, Fault> {
        if name == "fail" { Err(Fault::said("the filter fails")) } else { Ok(None) }
    }
}

fn made(body: &str) -> Made<'_> {
    run(body, &Small)
}

fn text(body: &str) -> String {
    made(body).text.into_owned()
}

/// Each thing that was left out, and why.
fn left(body: &str) -> Vec<(&str, String)> {
    made(body).spots.into_iter().map(|spot| (&body[spot.range], spot.why)).collect()
}

#[test]
fn a_body_without_tags_is_not_copied() {
    assert!(matches!(made("a {b} % } {").text, std::borrow::Cow::Borrowed(_)));
}

#[test]
fn what_fails_is_left_out_where_it_stands() {
    assert_eq!(text("a {{ 1 | fail }} {% fails %}{{ page.title }} {{ 1 | divided_by: 0 }}b"), "a  T b");
    let told = left("a {{ 1 | fail }}\n{% if 1 < 'x' %}b{% endif %}");
    assert_eq!(told[0], ("{{ 1 | fail }}", "the filter fails".to_owned()));
    assert_eq!(told[1], ("{% if 1 < 'x' %}", "1 and \"x\" cannot be compared".to_owned()));
    assert_eq!(text("{% for i in (1..2) %}{{ i }}{% fails %}{% endfor %}"), "12");
}

#[test]
fn one_reason_is_told_once() {
    assert_eq!(left("{% for i in (1..9) %}{% fails %}{% endfor %}{% fails %}").len(), 1);
    let many: String = (0..100).map(|n| format!("{{% x{n} %}}")).collect();
    assert_eq!(left(&many).len(), 20);
}

#[test]
fn of_an_unknown_block_the_inside_stays() {
    assert_eq!(text("a {% note b %}c {{ page.title }}{% endnote %} d"), "a c T d");
    let told = left("{% note %}x{% endnote %}{% asset y %}");
    assert_eq!(told[0].1, "the template tag `note` is not known; what it encloses stays");
    assert_eq!(told[1], ("{% asset y %}", "the template tag `asset` is not known".to_owned()));
}

#[test]
fn a_link_whose_target_is_not_known_is_its_text() {
    assert_eq!(text("a [b *c*]({% fails %}/d \"t\") e"), "a b *c* e");
    assert_eq!(text("<a class=\"k\" href=\"{% fails %}\">b</a>"), "<a class=\"k\">b</a>");
    assert_eq!(text("[b](/{{ nothing }}c)"), "[b](/c)");
}

#[test]
fn a_block_without_its_end_ends_with_the_one_around_it() {
    assert_eq!(text("{% for i in (1..2) %}{% if i == 1 %}a{% endfor %}b"), "ab");
    assert_eq!(text("a{% if true %}b"), "ab");
    assert_eq!(text("a{% endif %}b{% else %}c{% endfor %}"), "abc");
    assert_eq!(text("{% box x %}{{ page.title }}{% box y %}z"), "[x:T[y:z]]");
}

#[test]
fn what_is_opened_and_never_closed_is_not_printed() {
    assert_eq!(text("{{ page.title }} a {% open"), "T a  open");
    assert_eq!(left("{{ page.title }} a {% open")[0].0, "{%");
    assert_eq!(text("{{ page.title }} a {{ b"), "T a {{ b");
    assert_eq!(text("{% raw %}{% open"), "{% open");
}

#[test]
fn a_template_that_does_too_much_is_stopped() {
    for body in [
        "a{% for i in (1..1000000000) %}{% for j in (1..1000000000) %}x{% endfor %}{% endfor %}",
        "a{% for i in (1..1000000000) %}{% endfor %}",
        "a{% tablerow i in (1..1000000000) %}{% endtablerow %}",
        "a{% assign x = 'aaaaaaaa' %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}{{ x }}",
        "a{% assign x = 'aaaaaaaa' %}{% for i in (1..99) %}{% assign x = x | replace: 'a', x %}{% endfor %}{{ x }}",
        "a{% assign x = 'a,b' | split: ',' %}{% for i in (1..99) %}{% assign x = x | concat: x %}{% endfor %}",
        "a{% for i in (1..1000000000) reversed %}{{ i | times: i }}{% endfor %}",
        "a{{ (1..1000000000000) | join: 'x' }}",
        "a{% capture c %}{% for i in (1..1000000) %}0123456789{% endfor %}{% endcapture %}{{ c }}{{ c }}{{ c }}{{ c }}{{ c }}{{ c }}{{ c }}{{ c }}",
    ] {
        let start = Instant::now();
        let made = made(body);
        assert!(made.text.starts_with('a') && made.text.len() <= super::MAX_OUTPUT, "{body}");
        assert!(made.spots.iter().any(|spot| spot.why.contains("does more than it may")), "{body}");
        assert!(start.elapsed() < Duration::from_secs(30), "{body}");
    }
}

#[test]
fn what_includes_itself_ends() {
    assert_eq!(text("a{% again b %}c"), "ac");
    assert!(left("a{% again b %}c")[0].1.contains("100 levels deep"));
    let deep = "{% if true %}".repeat(150) + "x";
    assert_eq!(text(&deep), "x");
}

#[test]
fn many_open_tags_take_linear_time() {
    for unit in [
        "{{",
        "{%",
        "{% raw",
        "{% raw %}",
        "{% comment %}",
        "{% comment x %}{% endcomment %}",
        "{% if x %}",
        "{% box %}",
        "{%}}",
        "{{%}",
        "{% raw %}{{",
        "{",
        "{{[",
        "{{ x | a: ' ",
        "{% x %}",
        "{% endif %}",
        "{% for i in x %}",
        "{% case x %}",
        "{% assign x = ' ",
        "{% endcomment %}",
    ] {
        for end in ["", "}}", "%}"] {
            let body = unit.repeat((1 << 18) / unit.len()) + end;
            let start = Instant::now();
            assert!(text(&body).len() <= body.len() + 100, "{unit}");
            assert!(start.elapsed() < Duration::from_secs(4), "{unit} {end} {:?}", start.elapsed());
        }
    }
    for unit in ["[", "|", ",", ":", "'", "\"", "a:", "a.", "and ", "==", ": ,", "|a:"] {
        for (before, after) in [("{{ x ", "}}"), ("{% if ", "%}"), ("{% for i in x ", "%}"), ("{% cycle ", "%}")] {
            let body = format!("{before}{}{after}", unit.repeat((1 << 17) / unit.len()));
            let start = Instant::now();
            text(&body);
            assert!(start.elapsed() < Duration::from_secs(4), "{before}{unit} {:?}", start.elapsed());
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_tag_is_left_and_nothing_panics(
        body in "(\\{\\{|\\}\\}|\\{%|%\\}| |\n|'|\"|,|:|=|<|\\.|\\||\\[|\\]|\\(|\\)|-|[0-9]|x|page|title|if|else|elsif|endif\
                 |unless|case|when|for|in|endfor|assign|capture|comment|box|again|fails|cycle|limit|offset|tablerow|size\
                 |plus|append|split|join|slice|truncate|round|date|first|contains|and|or|日){0,60}"
    ) {
        text(&body);
        // A quoted string is the author's own text and may well hold a tag: `{{ '{%' }}`.
        let left = text(&body.replace(['\'', '"'], ""));
        proptest::prop_assert!(!left.contains("{%"), "{}", left);
    }

    #[test]
    fn filters_never_panic(
        name in "(plus|minus|times|divided_by|modulo|round|slice|truncate|truncatewords|split|join|concat|map|uniq|compact\
                 |sort_natural|first|size|replace|replace_last|escape_once|strip_html|url_decode|base64_decode|abs|ceil)",
        input in "('[a-z0-9.,<>&;%日 -]{0,9}'|-?[0-9]{1,20}|[0-9]\\.[0-9]{1,9}|nil|true|\\(-?[0-9]..[0-9]{1,3}\\))",
        a in "('[a-z0-9.日 ]{0,3}'|-?[0-9]{1,20}|[0-9]\\.[0-9]|nil)",
        b in "('[a-z ]{0,3}'|-?[0-9]{1,20}|nil)",
    ) {
        let _ = text(&format!("{{{{ {input} | {name}: {a}, {b} }}}}"));
    }
}
