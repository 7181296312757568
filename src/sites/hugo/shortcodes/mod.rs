//! Hugo's shortcodes, run as far as they can be without templates.
//!
//! In: a post's text, and the site's pages. Out: the same text without shortcodes: the built-in ones became text, images and
//! links, of a site's own the inner text stays. Never: a shortcode's template, or anything fetched.

mod lexer;
mod refs;
#[cfg(test)]
mod tests;
mod write;

use std::ops::Range;

use super::settings::Settings;
use crate::posts::front_matter::{self, Map, Value};
use crate::posts::{Excerpt, Markup, Post, Source};
use crate::problems::Code;
use crate::sites::Pages;
use crate::sites::report::{Report, Words, quoted};
use lexer::{Tag, Token};
use write::Around;

/// Whether a text may hold a shortcode.
pub(super) fn may_hold(text: &str) -> bool {
    lexer::may_hold(text)
}

/// Runs the shortcodes of a post whose file's text is `file`.
pub(super) fn expand<'a>(
    settings: &Settings,
    post: &Post,
    file: &'a str,
    pages: &dyn Pages,
    report: &mut Report<'_>,
) -> Source<'a> {
    let written = post.body(file);
    let around = match (post.markup, settings.goldmark.unsafe_html) {
        (Markup::Html, _) => Around::Html,
        (_, true) => Around::Mixed,
        (_, false) => Around::Markdown,
    };
    let run = |text: &str| {
        let mut run = Run { settings, post, file, pages, around, data: None, left_out: None, lost: Vec::new() };
        (run.whole(text), run.left_out, run.lost)
    };
    let (body, left_out, lost) = run(written);
    tell(post, file, left_out, &lost, report);
    let head = match post.excerpt {
        Excerpt::Head(len) => Some(run(written.get(..len).unwrap_or(written)).0.into()),
        Excerpt::Given(_) | Excerpt::Whole => None,
    };
    Source { body: body.into(), head }
}

fn tell(
    post: &Post,
    file: &str,
    left_out: Option<Range<usize>>,
    lost: &[(Range<usize>, String)],
    report: &mut Report<'_>,
) {
    let in_file = |range: &Range<usize>| post.body_start + range.start..post.body_start + range.end;
    if let Some(range) = left_out.as_ref().map(in_file) {
        let message = format!("the shortcode {} is not run here", quoted(&file[range.clone()], 60));
        let effect = "the text inside it and others like it stays, the rest of them is left out";
        report.warning(
            Code::Template,
            Some(range),
            Words::new(message, effect, "write the text itself, or accept the gap"),
        );
    }
    for (range, what) in lost {
        let words = Words::new(format!("there is no {what}"), "the text around it stays", "correct the name");
        report.warning(Code::Template, Some(in_file(range)), words);
    }
}

/// One run over one text.
struct Run<'a> {
    settings: &'a Settings,
    post: &'a Post,
    file: &'a str,
    pages: &'a dyn Pages,
    around: Around,
    /// The front matter, once it was asked for.
    data: Option<Map>,
    /// Where the first shortcode stands that is not run.
    left_out: Option<Range<usize>>,
    /// Where something is named that is not there, and what.
    lost: Vec<(Range<usize>, String)>,
}

impl Run<'_> {
    fn whole(&mut self, text: &str) -> String {
        let tokens = lexer::tokens(text);
        let mut out = String::with_capacity(text.len());
        self.write(&tokens, 0..tokens.len(), &mut out);
        out
    }

    fn write(&mut self, tokens: &[Token<'_>], range: Range<usize>, out: &mut String) {
        let mut at = range.start;
        let mut link_lost = false;
        while at < range.end {
            let was_lost = std::mem::take(&mut link_lost);
            match &tokens[at] {
                // The link's text has lost its brackets: so go the rest of them.
                Token::Text(text) if was_lost => append(out, text.split_once(')').map_or(*text, |(_, rest)| rest)),
                Token::Text(text) => append(out, text),
                Token::Escaped([open, close], inside) => out.extend([open, *inside, close]),
                Token::Broken(range) => self.leave_out(range),
                Token::Close(_) => {}
                Token::Open(tag) => {
                    let inner = tag.close.filter(|close| *close < range.end).map(|close| at + 1..close);
                    at = inner.as_ref().map_or(at, |inner| inner.end);
                    link_lost = !self.shortcode(tag, tokens, inner, out) && without_link(out);
                }
            }
            at += 1;
        }
    }

    /// Writes what a shortcode becomes; `false` if it is an address that is not there.
    fn shortcode(
        &mut self,
        tag: &Tag<'_>,
        tokens: &[Token<'_>],
        inner: Option<Range<usize>>,
        out: &mut String,
    ) -> bool {
        let mut inside = String::new();
        if let Some(inner) = inner.clone().filter(|_| tag.name != "comment" && !tag.name.ends_with(".inline")) {
            self.write(tokens, inner, &mut inside);
        }
        match tag.name {
            "ref" | "relref" => return self.reference(tag, out),
            "param" => self.param(tag, out),
            "highlight" => out.push_str(&self.around.code(&inside, tag.get("lang", 0).unwrap_or_default())),
            "details" => {
                out.push_str(&self.around.details(tag.named("summary").unwrap_or("Details"), inside.trim()));
            }
            "qr" => out.push_str(&self.around.text(tag.named("text").unwrap_or_else(|| inside.trim()))),
            _ => match self.around.built_in(tag) {
                Some(text) => out.push_str(&text),
                None => {
                    self.leave_out(&tag.range);
                    out.push_str(&self.around.own(tag));
                    append(out, &inside);
                }
            },
        }
        true
    }

    fn reference(&mut self, tag: &Tag<'_>, out: &mut String) -> bool {
        let given = tag.get("path", 0).unwrap_or_default();
        match refs::resolve(self.settings, self.post, given, tag.named("lang"), self.pages) {
            Some(url) => {
                out.push_str(&url);
                true
            }
            None => {
                self.lose(tag, format!("page {}", quoted(given, 60)));
                false
            }
        }
    }

    /// A value of the page's front matter, or else of the site's `params`.
    fn param(&mut self, tag: &Tag<'_>, out: &mut String) {
        let name = tag.get("name", 0).unwrap_or_default().to_lowercase();
        let read = || front_matter::read_any(self.file).map(|(map, _)| map.lowercased()).unwrap_or_default();
        let data = self.data.get_or_insert_with(read);
        let own = value_at(data, &name).or_else(|| value_at(data.get("params")?.as_map()?, &name));
        match own.or_else(|| value_at(&self.settings.params, &name)).and_then(Value::as_text) {
            Some(text) => out.push_str(text),
            None => self.lose(tag, format!("parameter {}", quoted(&name, 60))),
        }
    }

    /// Of those inside each other, the outer one is told.
    fn leave_out(&mut self, range: &Range<usize>) {
        if self.left_out.as_ref().is_none_or(|first| range.start < first.start) {
            self.left_out = Some(range.clone());
        }
    }

    /// A feed of problems helps nobody: the first few show what is wrong.
    fn lose(&mut self, tag: &Tag<'_>, what: String) {
        const MOST: usize = 5;
        if self.lost.len() < MOST {
            self.lost.push((tag.range.clone(), what));
        }
    }
}

/// Adds a text, so that it makes no delimiter together with what stands before a tag that went.
fn append(out: &mut String, text: &str) {
    if out.ends_with('{') && text.starts_with(['{', '<', '%']) {
        out.push(' ');
    }
    out.push_str(text);
}

/// The value under `a.b.c`.
fn value_at<'a>(map: &'a Map, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        Some((first, rest)) => value_at(map.get(first)?.as_map()?, rest),
        None => map.get(path),
    }
}

/// If `out` ends where a link's address begins, takes the link's brackets off its text.
fn without_link(out: &mut String) -> bool {
    /// A longer text is no link's.
    const MAX_LEN: usize = 2000;
    let Some(text) = out.strip_suffix("](").or_else(|| out.strip_suffix("](<")) else { return false };
    let mut depth = 0_usize;
    let end = text.len();
    for (back, byte) in out.bytes().rev().skip(out.len() - end).take(MAX_LEN).enumerate() {
        match byte {
            b']' => depth += 1,
            b'[' if depth == 0 => {
                let start = end - back - 1;
                out.truncate(end);
                out.remove(start);
                return true;
            }
            b'[' => depth -= 1,
            _ => {}
        }
    }
    false
}
