//! Liquid in a body, as far as it goes without running it.
//!
//! In: a body. Out: the same without template tags, and the first tag that could not be honoured. Never: includes,
//! loops, data files. `raw`, `comment` and `highlight` mean what they mean to Jekyll; the site's address and plain
//! settings and the post's title are filled in; any other tag goes, and what it encloses stays. A link whose target
//! held such a tag goes too, and its text stays: what is left of the target would lead somewhere else. As in Jekyll,
//! code blocks are no shelter: Liquid runs before Markdown.

mod links;
mod tags;
mod values;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::{Markup, html};
use tags::{Scanner, Tag};

/// What templates may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The site's address with its base path, without a slash at the end.
    pub base: &'a str,
    /// The post's.
    pub title: &'a str,
    /// Settings of the site by name: what `site.name` prints. `url` and `baseurl` come from [`Known::base`].
    pub settings: &'a BTreeMap<String, String>,
    /// In what code blocks are to be written.
    pub markup: Markup,
}

/// A body without template tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped<'a> {
    /// What is left.
    pub text: Cow<'a, str>,
    /// The first tag or output that meant something which is now missing: its bytes in the body.
    pub dropped: Option<Range<usize>>,
}

/// The names of the settings that `body` may ask for, as in `site.name`; they may stand there more than once.
pub fn settings_in(body: &str) -> impl Iterator<Item = &str> {
    body.match_indices("site.").map(|(at, before)| {
        let name = &body[at + before.len()..];
        let len = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
        &name[..len.unwrap_or(name.len())]
    })
}

/// Takes the template tags out of `body`.
#[must_use]
pub fn strip<'a>(body: &'a str, known: &Known<'_>) -> Stripped<'a> {
    if !body.contains("{{") && !body.contains("{%") {
        return Stripped { text: body.into(), dropped: None };
    }
    let (tags, out) = (Scanner::new(body), String::with_capacity(body.len()));
    let mut pass = Pass { body, tags, known, at: 0, out, code: None, dropped: None };
    while pass.step() {}
    let text = if pass.dropped.is_some() { links::without_gaps(&pass.out) } else { pass.out };
    Stripped { text: text.into(), dropped: pass.dropped }
}

struct Pass<'a, 'k> {
    body: &'a str,
    tags: Scanner<'a>,
    known: &'k Known<'k>,
    at: usize,
    out: String,
    /// Where in `out` the code of an open `highlight` starts, and its language.
    code: Option<(usize, &'a str)>,
    dropped: Option<Range<usize>>,
}

impl<'a> Pass<'a, '_> {
    /// Goes past the next tag; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(tag) = self.tags.next(self.at) else {
            self.literal(self.at..self.body.len());
            self.close_code();
            return false;
        };
        self.literal(self.at..tag.range.start);
        if tag.eats_before {
            self.out.truncate(self.out.trim_end().len());
        }
        self.at = tag.range.end;
        if tag.is_output {
            self.output(&tag)
        } else {
            self.run(&tag)
        }
        if tag.eats_after {
            let rest = self.body.get(self.at..).unwrap_or_default();
            self.at += rest.len() - rest.trim_start().len();
        }
        true
    }

    /// Text between tags. What opens a tag that has no end stops Jekyll; here it must not be printed.
    fn literal(&mut self, range: Range<usize>) {
        self.out.extend(self.body[range].split("{%"));
    }

    fn output(&mut self, tag: &Tag<'_>) {
        match values::value(tag.inner, self.known) {
            Some(text) => self.out.push_str(&text),
            None => self.drop(tag),
        }
    }

    fn run(&mut self, tag: &Tag<'a>) {
        match tag.name() {
            "raw" => {
                let inside = self.skip_to("endraw");
                self.out.push_str(&self.body[inside]);
            }
            "comment" => drop(self.skip_to("endcomment")),
            "capture" => {
                self.skip_to("endcapture");
                self.drop(tag);
            }
            "highlight" if self.code.is_none() => {
                let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "+#.-_".contains(c));
                let language = tag.inner.split_whitespace().nth(1).filter(is_name).unwrap_or_default();
                self.code = Some((self.out.len(), language));
            }
            "endhighlight" => self.close_code(),
            name if name.starts_with("end") || matches!(name, "else" | "elsif" | "when" | "highlight") => {}
            _ => self.drop(tag),
        }
    }

    /// Leaves a gap, so that links with one in them can be told.
    fn drop(&mut self, tag: &Tag<'_>) {
        self.out.push(links::GAP);
        self.dropped.get_or_insert_with(|| tag.range.clone());
    }

    /// Goes past the next tag of this name; what lies before it.
    fn skip_to(&mut self, name: &str) -> Range<usize> {
        let end = self.body.len();
        let tag = self.tags.named(name, self.at).unwrap_or(end..end);
        let inside = self.at..tag.start;
        self.at = tag.end;
        inside
    }

    fn close_code(&mut self) {
        let Some((start, language)) = self.code.take() else { return };
        let code = self.out.split_off(start);
        let code = code.trim_matches(['\n', '\r']);
        if self.known.markup.dialect().is_some() {
            self.fence(code, language);
        } else {
            self.out.extend(["<pre><code>", &html::escape(code), "</code></pre>"]);
        }
    }

    /// A fenced code block, with a fence that the code does not hold.
    fn fence(&mut self, code: &str, language: &str) {
        let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest.max(2) + 1);
        let line_start = self.out.rfind('\n').map_or(0, |at| at + 1);
        let own_line = if self.out[line_start..].trim().is_empty() { "" } else { "\n" };
        self.out.extend([own_line, &fence, language, "\n", code, "\n", &fence, "\n"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(body: &str) -> Stripped<'_> {
        let settings = [("repository", "a/b"), ("html", "<b>")];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let (base, title, markup) = ("https://example.com/b", "T & x", Markup::Markdown);
        strip(body, &Known { base, title, settings: &settings, markup })
    }

    fn text(body: &str) -> String {
        stripped(body).text.into_owned()
    }

    fn dropped(body: &str) -> Option<&str> {
        stripped(body).dropped.map(|range| &body[range])
    }

    #[test]
    fn a_body_without_tags_is_not_copied() {
        assert!(matches!(stripped("a {b} % } {").text, Cow::Borrowed(_)));
    }

    #[test]
    fn raw_stays_and_comments_go() {
        assert_eq!(text("a {% raw %}{{ x }} {% y %}{% endraw %} b"), "a {{ x }} {% y %} b");
        assert_eq!(text("{% raw %}{{ {% endraw %}}}"), "{{ }}");
        assert_eq!(text("a {% comment %}b {% x %}{% endcomment %}c"), "a c");
        assert_eq!(text("{% raw %}{% open"), "{% open");
        assert_eq!(dropped("{% raw %}{{ x }}{% endraw %}{% comment %}{{ y }}{% endcomment %}"), None);
    }

    #[test]
    fn the_sites_address_and_the_title_are_filled_in() {
        assert_eq!(text("{{ site.url }}{{site.baseurl}}/x"), "https://example.com/b/x");
        assert_eq!(text("{{ page.title }}\n==="), "T & x\n===");
        assert_eq!(
            text("{{ '/i.png' | relative_url }} {{ \"i.png\" | absolute_url }}"),
            "/b/i.png https://example.com/b/i.png"
        );
        assert_eq!(dropped("{{ site.url }}{{ page.title }}"), None);
    }

    #[test]
    fn plain_settings_are_filled_in() {
        assert_eq!(text("[x](https://h.example/{{ site.repository }}/x)"), "[x](https://h.example/a/b/x)");
        assert_eq!(text("{{site.html}} {{ site.repository | absolute_url }}"), "<b> https://example.com/b/a/b");
        assert_eq!(dropped("{{ site.repository }}{{ site.title }}"), Some("{{ site.title }}"));
        let names: Vec<_> = settings_in("{{ site.a_b }}{{site.c-d.e}} site. mysite.f").collect();
        assert_eq!(names, ["a_b", "c-d", "", "f"]);
    }

    #[test]
    fn a_link_whose_target_is_not_known_is_its_text() {
        assert_eq!(text("a [b *c*]({{ x }}/d \"t\") e"), "a b *c* e");
        assert_eq!(text("[b]({{ site.baseurl }}{% post_url 2020-01-01-x %})."), "b.");
        assert_eq!(text("<a class=\"k\" href=\"{% link _posts/a.md %}\">b</a>"), "<a class=\"k\">b</a>");
        assert_eq!(text("[b](/c) {% if x %}"), "[b](/c) ");
    }

    #[test]
    fn other_tags_go_and_what_they_enclose_stays() {
        assert_eq!(text("a {% if x %}b{% else %}c{% endif %} {{ y | upcase }}d"), "a bc d");
        assert_eq!(dropped("a {% if x %}b{% endif %}"), Some("{% if x %}"));
        assert_eq!(dropped("a {{ y | upcase }} {% include z %}"), Some("{{ y | upcase }}"));
        assert_eq!(text("{% capture x %}hidden{% endcapture %}seen"), "seen");
        assert_eq!(text("`{{ code }}` is no shelter"), "`` is no shelter");
    }

    #[test]
    fn dashes_eat_white_space() {
        assert_eq!(text("a \n{%- if x -%}\n b {{- page.title }} c"), "abT & x c");
    }

    #[test]
    fn highlight_becomes_a_code_block() {
        assert_eq!(
            text("a\n{% highlight ruby linenos %}\nx = `ls`\n{% endhighlight %}\nb"),
            "a\n```ruby\nx = `ls`\n```\n\nb"
        );
        assert_eq!(text("a {% highlight %}```{% endhighlight %}"), "a \n````\n```\n````\n");
        assert_eq!(text("{% highlight js %}{% raw %}{{x}}{% endraw %}"), "```js\n{{x}}\n```\n");
    }

    #[test]
    fn a_tag_without_an_end_is_not_printed() {
        assert_eq!(text("{{ page.title }} a {% open"), "T & x a  open");
        assert_eq!(text("{{ page.title }} a {{ b"), "T & x a {{ b");
    }

    #[test]
    fn many_open_tags_take_linear_time() {
        // A square of this length would take minutes.
        for unit in ["{{", "{%", "{% raw", "{% highlight %}", "{%}}", "{{%}", "{% raw %}{{", "{"] {
            let body = unit.repeat(400_000 / unit.len());
            assert!(text(&body).len() <= body.len() + 100, "{unit}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_tag_is_left(body in "((\\{\\{|\\}\\}|\\{%|%\\}|if|comment|highlight|capture|-)[a-z\n ]){0,40}") {
            let left = text(&body);
            proptest::prop_assert!(!left.contains("{%"), "{left}");
        }
    }
}
