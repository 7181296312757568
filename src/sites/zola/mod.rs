//! Zola's rules.
//!
//! In: `zola.toml` or `config.toml`, and the files below `content`. Out: posts with the URLs, dates, terms and ids that Zola
//! gives them. Never: templates (so that a shortcode of the site's own is not run), themes, or pages without a date.

mod calls;
mod more;
mod name;
mod page;
mod settings;
mod shortcodes;
mod slugs;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::Cell;

use super::compose::tell_dropped;
use super::report::{Report, Words};
use super::{Outcome, Pages, Rules, crosslinks};
use crate::posts::{Excerpt, Post, Source};
use crate::problems::Code;

use name::{CONTENT, Name};
pub(super) use settings::SETTINGS_FILES;
pub use settings::Settings;

/// Only [`CONTENT`] holds posts.
pub(super) fn enters(dir: &str) -> bool {
    dir == CONTENT || dir.strip_prefix(CONTENT).is_some_and(|below| below.starts_with('/') && !below.contains("/."))
}

impl Settings {
    pub(super) fn wants(&self, path: &str) -> bool {
        let is_page = Name::of(path, self).is_some_and(|name| !name.is_section);
        is_page && !path.contains("/.") && !self.ignores(path)
    }

    pub(super) fn read_post(&self, path: &str, text: &str, rules: &Rules<'_>, report: &mut Report<'_>) -> Outcome {
        page::read(self, path, text, rules, report)
    }

    pub(super) fn page_url(&self, path: &str, text: &str, rules: &Rules<'_>) -> Option<String> {
        if self.ignores(path) { None } else { page::url(self, path, text, rules) }
    }
}

/// Runs the shortcodes of a post whose file's text is `file`, and finds where its internal links lead.
pub(super) fn expand<'a>(post: &Post, file: &'a str, pages: &dyn Pages, report: &mut Report<'_>) -> Source<'a> {
    let written = post.body(file);
    let run = shortcodes::run(written);
    let lost = Cell::new(None);
    let body = linked(run.text, pages, &lost);
    let head = match post.excerpt {
        Excerpt::Head(len) => Some(linked(shortcodes::run(written.get(..len).unwrap_or(written)).text, pages, &lost)),
        Excerpt::Given(_) | Excerpt::Whole => None,
    };
    tell_dropped(post, file, run.dropped, report);
    if let Some(target) = lost.into_inner() {
        tell_lost(post, file, &target, report);
    }
    Source { body, head }
}

/// `text` with the targets that begin with `@/` resolved. The first that no page has goes to `lost`.
fn linked<'a>(text: Cow<'a, str>, pages: &dyn Pages, lost: &Cell<Option<String>>) -> Cow<'a, str> {
    let target = |written: &str| {
        let (path, anchor) = crosslinks::file("", written.strip_prefix('@')?)?;
        Some(match pages.url(&format!("{CONTENT}/{path}")) {
            Some(url) => format!("{url}{anchor}"),
            None => {
                lost.set(lost.take().or_else(|| Some(written.to_owned())));
                anchor.to_owned()
            }
        })
    };
    match text {
        text if !text.contains("@/") => text,
        Cow::Borrowed(text) => crosslinks::resolve(text, &target),
        Cow::Owned(text) => crosslinks::resolve(&text, &target).into_owned().into(),
    }
}

fn tell_lost(post: &Post, file: &str, target: &str, report: &mut Report<'_>) {
    let at = post.body(file).find(target).map(|at| post.body_start + at);
    let message = format!("there is no page `{target}`");
    let words =
        Words::new(message, "the link leads to the post itself", "name a file below `content`, as `@/blog/name.md`");
    report.warning(Code::Template, at.map(|at| at..at + target.len()), words);
}
