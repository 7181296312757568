//! What stands in a post's text beside Markdown: templates, JavaScript, and links to other files.

use std::borrow::Cow;
use std::ops::Range;

use crate::posts::{Excerpt, Post, Source};
use crate::sites::compose::{File, tell_dropped};
use crate::sites::report::Report;
use crate::sites::{Pages, Rules, crosslinks, links};

use super::{Flavour, eleventy, is_markdown, mdx};

/// Whether the text of a post has to be expanded.
pub(super) fn is_template(flavour: &Flavour, file: &File<'_>) -> bool {
    let body = file.body();
    let names_file = |target: &str| crosslinks::file(file.path, target).is_some_and(|(path, _)| is_markdown(&path));
    let runs = matches!(flavour, Flavour::Eleventy(_)) && eleventy::are_in(body);
    runs || is_mdx(file.path) || (may_name_file(body) && crosslinks::any(body, &names_file))
}

/// A heading that is the title, without what only a program makes of it.
pub(super) fn heading<'a>(flavour: &Flavour, file: &File<'_>, text: &'a str) -> Cow<'a, str> {
    match flavour {
        Flavour::Eleventy(_) => eleventy::run(text, links::base(&file.rules.site.url), "").text,
        _ if is_mdx(file.path) => mdx::strip(text).text.into(),
        Flavour::Markdown | Flavour::Astro => text.into(),
    }
}

/// Runs what can be run of a post's text, and finds where its links to other files lead. `file` is its file's text.
pub(in crate::sites) fn expand<'a>(
    flavour: &Flavour,
    post: &Post,
    file: &'a str,
    rules: &Rules<'_>,
    pages: &dyn Pages,
    report: &mut Report<'_>,
) -> Source<'a> {
    let written = post.body(file);
    let target = |target: &str| {
        let (path, rest) = crosslinks::file(&post.path, target).filter(|(path, _)| is_markdown(path))?;
        Some(pages.url(&path)? + rest)
    };
    let linked = |text: Cow<'a, str>| match text {
        text if !may_name_file(&text) => text,
        Cow::Borrowed(text) => crosslinks::resolve(text, &target),
        Cow::Owned(text) => Cow::Owned(crosslinks::resolve(&text, &target).into_owned()),
    };
    let (body, dropped) = without_programs(flavour, post, written, rules);
    let head = match post.excerpt {
        Excerpt::Head(len) => {
            Some(linked(without_programs(flavour, post, written.get(..len).unwrap_or(written), rules).0))
        }
        Excerpt::Given(_) | Excerpt::Whole => None,
    };
    tell_dropped(post, file, dropped, report);
    Source { body: linked(body), head }
}

/// Whether parsing is worth while: every Markdown file's extension begins so.
fn may_name_file(text: &str) -> bool {
    text.contains(".m") || text.contains(".M")
}

/// The text, and the first part of it that is now missing.
fn without_programs<'a>(
    flavour: &Flavour,
    post: &Post,
    text: &'a str,
    rules: &Rules<'_>,
) -> (Cow<'a, str>, Option<Range<usize>>) {
    match flavour {
        Flavour::Eleventy(_) if !is_only_markdown(&post.extra) => {
            let ran = eleventy::run(text, links::base(&rules.site.url), &post.title);
            (ran.text, ran.dropped)
        }
        _ if is_mdx(&post.path) => {
            let stripped = mdx::strip(text);
            (stripped.text.into(), stripped.dropped)
        }
        _ => (text.into(), None),
    }
}

fn is_mdx(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("mdx"))
}

/// Whether the front matter says that the text is no template; the key has no other meaning, so that the post keeps it.
fn is_only_markdown(extra: &serde_json::Map<String, serde_json::Value>) -> bool {
    extra.get("templateEngineOverride").is_some_and(|engine| *engine == false || *engine == "md")
}
