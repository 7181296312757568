//! The Liquid in a post's text, run as Jekyll 4 runs it.
//!
//! In: a post, its file, what the site has in `_data` and `_includes`, and the other pages. Out: the text without tags; a
//! problem for each reason why something was left out. Never: a site's own plugins, Sass, randomness, or the clock:
//! `site.time` is the date of the newest post.

mod csv;
mod dates;
mod filters;
mod include;
mod library;
mod lists;
mod site;
mod tags;
#[cfg(test)]
mod tests;
mod values;
#[cfg(test)]
mod vectors;

use crate::posts::liquid::{self, Args, Fault, Host, Kind, Made, Run, Value};
use crate::posts::{Excerpt, Post, Source};
use crate::problems::Code;
use crate::sites::report::{Report, Words};
use crate::sites::{Pages, Rules};

use super::settings::Settings;
pub(super) use library::Library;

/// Runs the templates of a post whose file's text is `file`.
pub(super) fn expand<'a>(
    settings: &Settings,
    post: &Post,
    file: &'a str,
    rules: &Rules<'_>,
    pages: &dyn Pages,
    report: &mut Report<'_>,
) -> Source<'a> {
    let written = post.body(file);
    let page = values::page(settings, post, file, rules);
    let jekyll = Jekyll { settings, post, page, rules, pages };
    let body = liquid::run(written, &jekyll);
    tell(&body, post, report);
    let head = match post.excerpt {
        // As in Jekyll, the head is a template of its own, whose open blocks end with it.
        Excerpt::Head(len) => Some(liquid::run(written.get(..len).unwrap_or(written), &jekyll).text),
        Excerpt::Given(_) | Excerpt::Whole => None,
    };
    Source { body: body.text, head }
}

fn tell(made: &Made<'_>, post: &Post, report: &mut Report<'_>) {
    for spot in &made.spots {
        let range = post.body_start + spot.range.start..post.body_start + spot.range.end;
        let remedy = "mend it, or write the text that it stands for";
        let words = Words::new(spot.why.clone(), "it is left out of the text", remedy);
        report.warning(Code::Template, Some(range), words);
    }
}

/// A Jekyll site, as the template of one post sees it.
struct Jekyll<'a> {
    settings: &'a Settings,
    post: &'a Post,
    /// What `page` is.
    page: Value,
    rules: &'a Rules<'a>,
    pages: &'a dyn Pages,
}

impl Host for Jekyll<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "page" => Some(self.page.clone()),
            "site" => Some(self.settings.library.config.clone()),
            // What readers get is what a site publishes.
            "jekyll" => Some(Value::map(
                [("version", "4.3.1"), ("environment", "production")].map(|(key, is)| (key.into(), Value::text(is))),
            )),
            _ => None,
        }
    }

    fn part(&self, variable: &str, key: &str) -> Option<Value> {
        match variable {
            "site" => self.site(key),
            other => self.variable(other)?.get(key),
        }
    }

    fn kind(&self, tag: &str) -> Kind {
        tags::kind(tag)
    }

    fn run(
        &self,
        tag: &str,
        markup: &str,
        body: Option<String>,
        before: &str,
        run: &mut Run<'_>,
    ) -> Result<String, Fault> {
        self.tag(tag, markup, body, before, run)
    }

    fn filter(&self, name: &str, input: &Value, args: &Args, run: &mut Run<'_>) -> Result<Option<Value>, Fault> {
        if let Some(made) = lists::apply(name, input, args, run)? {
            return Ok(Some(made));
        }
        if let Some(made) = self.date_filter(name, input, args, run)? {
            return Ok(Some(made));
        }
        self.text_filter(name, input, args, run)
    }
}
