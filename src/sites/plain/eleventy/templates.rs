//! Liquid and Nunjucks in a body, as far as they go without running them.

use std::borrow::Cow;
use std::ops::Range;

use crate::posts::liquid::{self, Args, Fault, Host, Kind, Made, Run, Value};

/// Whether there may be a template in `body`.
pub(in super::super) fn are_in(body: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|opening| body.contains(opening))
}

/// What came of a body.
pub(in super::super) struct Ran<'a> {
    pub(in super::super) text: Cow<'a, str>,
    /// The first tag that had to be left out.
    pub(in super::super) dropped: Option<Range<usize>>,
}

/// What little of a site is known without running its data files.
struct Eleventy<'a> {
    base: &'a str,
    title: &'a str,
}

/// `body` without template tags: comments (`{# #}`) go, what needs no data of the site is run, and the rest is left out.
pub(in super::super) fn run<'a>(body: &'a str, base: &str, title: &str) -> Ran<'a> {
    let site = Eleventy { base, title };
    let first = |made: &Made<'_>| made.spots.first().map(|spot| spot.range.clone());
    let (text, cuts) = without_comments(body);
    match text {
        Cow::Borrowed(text) => {
            let made = liquid::run(text, &site);
            Ran { dropped: first(&made), text: made.text }
        }
        Cow::Owned(text) => {
            let made = liquid::run(&text, &site);
            let dropped = first(&made).map(|range| moved_back(range, &cuts));
            Ran { text: made.text.into_owned().into(), dropped }
        }
    }
}

impl Host for Eleventy<'_> {
    /// Anything else may stand in a data file, which is a program.
    fn is_lax(&self) -> bool {
        false
    }

    fn variable(&self, name: &str) -> Option<Value> {
        (name == "title").then(|| Value::text(self.title))
    }

    fn part(&self, _variable: &str, _key: &str) -> Option<Value> {
        None
    }

    fn kind(&self, _tag: &str) -> Kind {
        Kind::Unknown
    }

    fn run(&self, tag: &str, _: &str, _: Option<String>, _: &str, _: &mut Run<'_>) -> Result<String, Fault> {
        Err(Fault::said(format!("`{tag}` is not known here")))
    }

    /// `url` puts the site's path in front.
    fn filter(&self, name: &str, input: &Value, _: &Args, run: &mut Run<'_>) -> Result<Option<Value>, Fault> {
        let Some(path) = input.as_text().filter(|_| name == "url") else { return Ok(None) };
        run.fuel.spend(input.weight())?;
        let host = self.base.find("://").map_or(0, |at| at + 3);
        let prefix = self.base[host..].find('/').map_or("", |at| &self.base[host + at..]);
        let is_ours = path.starts_with('/') && !path.starts_with("//");
        Ok(Some(Value::text(if is_ours { format!("{prefix}{path}") } else { path.to_owned() })))
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
