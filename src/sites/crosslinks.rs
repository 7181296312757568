//! Links in Markdown that name another post by its file.
//!
//! In: a body, and who knows where a target leads. Out: the same with those targets replaced. Never: code, raw HTML, or a link
//! whose target nobody knows.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use super::links;

/// What generators agree on, as far as it decides what is a link.
const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_FOOTNOTES);

/// `body` with the target of each link, image and definition for which `target` knows another one.
pub(super) fn resolve<'a>(body: &'a str, target: &dyn Fn(&str) -> Option<String>) -> Cow<'a, str> {
    let mut found = targets(body);
    found.sort_unstable_by_key(|place| place.start);
    found.dedup();
    let (mut out, mut at) = (String::new(), 0);
    for place in found {
        if let Some(known) = target(&body[place.clone()]).filter(|_| place.start >= at) {
            out.push_str(&body[at..place.start]);
            out.push_str(&known);
            at = place.end;
        }
    }
    if at == 0 {
        return body.into();
    }
    out.push_str(&body[at..]);
    out.into()
}

/// Whether `body` has a link, image or definition with a target that `is` accepts.
pub(super) fn any(body: &str, is: &dyn Fn(&str) -> bool) -> bool {
    targets(body).into_iter().any(|place| is(&body[place]))
}

/// Where the file that `target` names is, seen from the one at `path`, and what follows it (`#part`, `?query`); `None` if it
/// names none of the source's files. A slash in front means the root.
pub(super) fn file<'a>(path: &str, target: &'a str) -> Option<(String, &'a str)> {
    let (target, rest) = target.split_at(target.find(['#', '?']).unwrap_or(target.len()));
    if target.is_empty() || target.starts_with("//") || target.contains(':') {
        return None;
    }
    let dir = if target.starts_with('/') { "" } else { path.rsplit_once('/').map_or("", |(dir, _)| dir) };
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    let written = links::decoded(target);
    for part in written.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some((parts.join("/"), rest))
}

/// The bytes of all targets, as far as they stand in the text as they are meant.
fn targets(body: &str) -> Vec<Range<usize>> {
    let parser = Parser::new_ext(body, OPTIONS);
    let definitions = parser.reference_definitions().iter().filter_map(|(_, link)| {
        let title = link.title.as_deref().unwrap_or_default();
        place(body, link.span.clone(), &link.dest, title)
    });
    let mut found: Vec<_> = definitions.collect();
    for (event, range) in parser.into_offset_iter() {
        if let Event::Start(
            Tag::Link { link_type: LinkType::Inline, dest_url, title, .. }
            | Tag::Image { link_type: LinkType::Inline, dest_url, title, .. },
        ) = event
        {
            found.extend(place(body, range, &dest_url, &title));
        }
    }
    found
}

/// Titles are not longer: the ranges of images in images are many and long, and not looked through each time.
const MAX_TITLE: usize = 1000;

/// Where the target stands in a link. The text before it may hold it too, and so may the title behind it.
fn place(body: &str, range: Range<usize>, target: &str, title: &str) -> Option<Range<usize>> {
    let mut from = range.start.max(range.end.saturating_sub(target.len() + MAX_TITLE));
    while !body.is_char_boundary(from) {
        from += 1;
    }
    let link = body.get(from..range.end)?;
    let link = &link[..link.rfind(title).filter(|_| !title.is_empty()).unwrap_or(link.len())];
    let start = from + link.rfind(target).filter(|_| !target.is_empty())?;
    Some(start..start + target.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(body: &str) -> Cow<'_, str> {
        resolve(body, &|target| Some(format!("/{}/", target.strip_suffix(".md")?)))
    }

    #[test]
    fn targets_are_replaced_wherever_markdown_has_one() {
        for (body, expected) in [
            ("a [b.md](b.md) c", "a [b.md](/b/) c"),
            ("![i](x.png) [a](<a.md> \"a.md\")", "![i](x.png) [a](</a/> \"a.md\")"),
            ("[![i](i.md)](o.md)", "[![i](/i/)](/o/)"),
            ("[a][r] [b][r]\n\n[r]: r.md \"t\"\n", "[a][r] [b][r]\n\n[r]: /r/ \"t\"\n"),
            ("`[a](a.md)`\n\n    [a](a.md)\n\n<a href=\"a.md\">", "`[a](a.md)`\n\n    [a](a.md)\n\n<a href=\"a.md\">"),
        ] {
            assert_eq!(resolved(body), expected);
        }
        assert!(matches!(resolved("[a](b.html)"), Cow::Borrowed(_)));
    }

    #[test]
    fn files_are_found_from_the_file_that_links_to_them() {
        let at = |target| file("a/b/c.md", target);
        assert_eq!(at("d.md#x"), Some(("a/b/d.md".into(), "#x")));
        assert_eq!(at("../%E6%97%A5 x.md?q"), Some(("a/日 x.md".into(), "?q")));
        assert_eq!(at("/e.md"), Some(("e.md".into(), "")));
        for target in ["", "#x", "https://example.com/x.md", "//h/x.md", "../../../x.md"] {
            assert_eq!(at(target), None, "{target}");
        }
    }

    #[test]
    fn many_links_take_linear_time() {
        for unit in ["[a](b.md)", "[a](b.md", "[a.md]: a.md\n\n", "![", "[a][a.md] ", "![a](\\(b) "] {
            let _ = resolved(&unit.repeat(200_000 / unit.len()));
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body in "[\\[\\]()<>!a.md:#\n `\"é]{0,80}") {
            let _ = resolved(&body);
        }
    }
}
