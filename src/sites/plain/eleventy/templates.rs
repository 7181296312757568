//! Liquid and Nunjucks in a body, as far as they go without running them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::posts::Markup;
use crate::posts::liquid::{self, Known, Stripped};

/// Whether there may be a template in `body`.
pub(in super::super) fn are_in(body: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|opening| body.contains(opening))
}

/// `body` without template tags: comments (`{# #}`) go, the rest is as in [`liquid::strip`].
pub(in super::super) fn run<'a>(body: &'a str, base: &str, title: &str) -> Stripped<'a> {
    let known = Known { base, title, settings: &BTreeMap::new(), markup: Markup::Markdown };
    let (text, cuts) = without_comments(body);
    match text {
        Cow::Borrowed(text) => liquid::strip(text, &known),
        Cow::Owned(text) => {
            let Stripped { text, dropped } = liquid::strip(&text, &known);
            let dropped = dropped.map(|range| moved_back(range, &cuts));
            Stripped { text: text.into_owned().into(), dropped }
        }
    }
}

/// `body` without comments, and their bytes.
fn without_comments(body: &str) -> (Cow<'_, str>, Vec<Range<usize>>) {
    let (mut cuts, mut at) = (Vec::new(), 0);
    while let Some(start) = body[at..].find("{#").map(|found| at + found) {
        let Some(len) = body[start..].find("#}") else { break };
        cuts.push(start..start + len + 2);
        at = start + len + 2;
    }
    if cuts.is_empty() {
        return (body.into(), cuts);
    }
    let (mut out, mut from) = (String::with_capacity(body.len()), 0);
    for cut in &cuts {
        out.push_str(&body[from..cut.start]);
        from = cut.end;
    }
    out.push_str(&body[from..]);
    (out.into(), cuts)
}

/// Where a range lay before the cuts were made.
fn moved_back(range: Range<usize>, cuts: &[Range<usize>]) -> Range<usize> {
    let back = |at: usize| cuts.iter().fold(at, |at, cut| if cut.start <= at { at + cut.len() } else { at });
    back(range.start)..back(range.end.saturating_sub(1)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(body: &str) -> (String, Option<&str>) {
        let stripped = run(body, "https://example.com/b", "T");
        (stripped.text.into_owned(), stripped.dropped.map(|range| &body[range]))
    }

    #[test]
    fn tags_go_and_text_stays() {
        assert_eq!(ran("a [b]({{ \"/img/x.png\" | url }})"), ("a [b](/b/img/x.png)".into(), None));
        assert_eq!(ran("{# no {{ x }} #}a"), ("a".into(), None));
        assert_eq!(ran("é{# c #}{% callout %}b{% endcallout %}"), ("éb".into(), Some("{% callout %}")));
        assert_eq!(ran("{% raw %}{{ x }}{% endraw %}"), ("{{ x }}".into(), None));
        assert_eq!(ran("{# open"), ("{# open".into(), None));
    }

    #[test]
    fn many_comments_take_linear_time() {
        for unit in ["{#", "{##}", "{# #}{% x %}"] {
            let _ = ran(&unit.repeat(400_000 / unit.len()));
        }
    }
}
