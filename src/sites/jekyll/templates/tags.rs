//! Jekyll's own tags.

use crate::posts::html;
use crate::posts::liquid::{Fault, Kind, Run};

use super::Jekyll;

pub(super) fn kind(tag: &str) -> Kind {
    match tag {
        "include" | "include_cached" | "include_relative" | "link" | "post_url" | "gist" => Kind::Inline,
        "highlight" => Kind::Block,
        _ => Kind::Unknown,
    }
}

impl Jekyll<'_> {
    pub(super) fn tag(
        &self,
        tag: &str,
        markup: &str,
        body: Option<String>,
        before: &str,
        run: &mut Run<'_>,
    ) -> Result<String, Fault> {
        match tag {
            "link" => self.link(markup, run),
            "post_url" => self.post_url(markup),
            "highlight" => Ok(self.highlighted(markup, &body.unwrap_or_default(), before)),
            "gist" => gist(markup),
            _ => self.include(tag, markup, run),
        }
    }

    fn link(&self, markup: &str, run: &mut Run<'_>) -> Result<String, Fault> {
        let path = run.include(markup, [])?;
        let inside = path.strip_prefix('/').unwrap_or(&path);
        let url = self.pages.url(inside).ok_or_else(|| Fault::said(format!("there is no page `{path}` to link to")))?;
        Ok(self.without_origin(&url).to_owned())
    }

    fn post_url(&self, markup: &str) -> Result<String, Fault> {
        let name = markup.strip_prefix('/').unwrap_or(markup);
        let (dir, stem) = name.rsplit_once('/').map_or(("", name), |(dir, stem)| (dir, stem));
        let slash = if dir.is_empty() { "" } else { "/" };
        let found = self.pages.named(stem);
        let places = [format!("_posts/{dir}{slash}{stem}."), format!("{dir}{slash}_posts/{stem}.")];
        let is_there = |path: &str| {
            let inside = self.settings.inside_collections(path);
            places.iter().any(|place| inside.starts_with(place.as_str()))
        };
        let exact = found.iter().find(|(path, _)| is_there(path));
        // Without a directory, Jekyll goes on to look everywhere.
        let any = || found.first().filter(|_| dir.is_empty());
        let (_, url) =
            exact.or_else(any).ok_or_else(|| Fault::said(format!("there is no post `{name}` to link to")))?;
        Ok(self.without_origin(url).to_owned())
    }

    /// A code block: with a fence in Markdown, so that it is safe wherever it stands.
    fn highlighted(&self, markup: &str, body: &str, before: &str) -> String {
        let code = body.trim_matches(['\n', '\r']);
        let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "+#.-_".contains(c));
        let language = markup.split_whitespace().next().filter(is_name).unwrap_or_default().to_ascii_lowercase();
        match self.post.markup {
            markup if markup.dialect().is_some() => fenced(code, &language, before),
            _ => {
                let class = if language.is_empty() { String::new() } else { format!(" class=\"language-{language}\"") };
                format!("<pre><code{class}>{}</code></pre>", html::escape(code))
            }
        }
    }
}

/// A code block with a fence that the code does not hold, indented as the line is that it starts on.
fn fenced(code: &str, language: &str, before: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let is_own_line = before.trim().is_empty();
    let (start, indent) = if is_own_line { ("", before) } else { ("\n", "") };
    let mut out = format!("{start}{fence}{language}\n");
    for line in code.lines() {
        out.extend([if line.is_empty() { "" } else { indent }, line, "\n"]);
    }
    out.extend([indent, &fence, "\n"]);
    out
}

/// What the script would load is on the page that this leads to.
fn gist(markup: &str) -> Result<String, Fault> {
    let id = markup.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_');
    if id.is_empty() || !id.chars().all(is_id) {
        return Err(Fault::said("`gist` needs the id of a gist"));
    }
    Ok(format!("<a href=\"https://gist.github.com/{id}\">gist.github.com/{id}</a>"))
}
