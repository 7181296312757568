//! Jekyll's own tags.

use crate::posts::html;
use crate::posts::liquid::{Fault, Kind, Run};

use super::Jekyll;

/// What it costs to make code HTML, for each byte; one block may stand in another.
const ESCAPING: u64 = 4;

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
            "highlight" => {
                let code = body.unwrap_or_default();
                run.fuel.spend(ESCAPING * code.len() as u64)?;
                Ok(highlighted(markup, &code, before))
            }
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
}

/// A code block as HTML, in one line: nothing of the code is Markdown then, and neither an empty line nor one that is less
/// indented ends the list item, quote or element that it stands in.
fn highlighted(markup: &str, body: &str, before: &str) -> String {
    let code = body.trim_matches(['\n', '\r']).replace("\r\n", "\n");
    let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "+#.-_".contains(c));
    let language = markup.split_whitespace().next().filter(is_name).unwrap_or_default().to_ascii_lowercase();
    let class = if language.is_empty() { String::new() } else { format!(" class=\"language-{language}\"") };
    let start = if before.trim().is_empty() { "" } else { "\n" };
    format!("{start}<pre><code{class}>{}</code></pre>\n", html::escape(&code).replace('\n', "&#10;"))
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
