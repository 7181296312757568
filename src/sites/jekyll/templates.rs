//! The Liquid in a post's text, run.

use std::collections::BTreeMap;

use crate::posts::{Post, Source, liquid};
use crate::sites::compose::tell_dropped;
use crate::sites::report::Report;
use crate::sites::{Rules, links};

use super::settings::Settings;

/// Runs the templates of a post whose file's text is `file`.
pub(super) fn expand<'a>(
    settings: &Settings,
    post: &Post,
    file: &'a str,
    rules: &Rules<'_>,
    report: &mut Report<'_>,
) -> Source<'a> {
    let written = file.get(post.body_start..).unwrap_or_default();
    let asked_for = liquid::settings_in(written).filter_map(|name| settings.scalars.get_key_value(name));
    let scalars: BTreeMap<_, _> = asked_for.map(|(name, value)| (name.clone(), value.clone())).collect();
    let base = links::base(&rules.site.url);
    let known = liquid::Known { base, title: &post.title, settings: &scalars, markup: post.markup };
    let body = liquid::strip(written, &known);
    tell_dropped(post, file, body.dropped, report);
    let head = match post.excerpt {
        crate::posts::Excerpt::Head(len) => Some(liquid::strip(written.get(..len).unwrap_or(written), &known).text),
        _ => None,
    };
    Source { body: body.text, head }
}
