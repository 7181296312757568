//! What Hugo's own shortcodes become in a feed: text, images and links, in the markup around them.

use crate::posts::markdown::Dialect;
use crate::posts::{html, markdown};

use super::lexer::Tag;

/// The markup that a shortcode stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// HTML.
    Html,
    /// Markdown that may hold HTML.
    Mixed,
    /// Markdown from which HTML is left out.
    Markdown,
}

impl Around {
    /// What a built-in shortcode that needs nothing but its arguments becomes; `None` if this is none of them.
    pub(super) fn built_in(self, tag: &Tag<'_>) -> Option<String> {
        let id = || tag.get("id", 0).unwrap_or_default();
        let title = tag.named("title");
        Some(match tag.name {
            "figure" => self.figure(tag),
            "youtube" => {
                self.link(title.unwrap_or("Watch on YouTube"), &format!("https://www.youtube.com/watch?v={}", id()))
            }
            "vimeo" | "vimeo_simple" => {
                self.link(title.unwrap_or("Watch on Vimeo"), &format!("https://vimeo.com/{}", id()))
            }
            "gist" => self.link("View the gist", &gist(tag)),
            "tweet" | "twitter" | "twitter_simple" | "x" | "x_simple" => self.link("View the post on X", &tweet(tag)),
            "instagram" => self.link("View on Instagram", &format!("https://www.instagram.com/p/{}/", id())),
            "comment" => String::new(),
            _ => return None,
        })
    }

    /// What can be told of a site's own shortcode by its arguments alone: the image or the link it surely shows.
    pub(super) fn own(self, tag: &Tag<'_>) -> String {
        let address = ["src", "link", "href", "url"].into_iter().find_map(|name| tag.named(name));
        let Some(address) = address.or_else(|| tag.placed(0).filter(|address| is_image(address))) else {
            return String::new();
        };
        let says_image = ["img", "image", "figure", "picture", "photo"].iter().any(|word| tag.name.contains(word));
        if is_image(address) || says_image && !address.contains("://") {
            return self.figure(tag);
        }
        let text = ["title", "text", "caption", "alt"].into_iter().find_map(|name| tag.named(name));
        self.link(text.unwrap_or(address), address)
    }

    /// Code in a language.
    pub(super) fn code(self, code: &str, language: &str) -> String {
        let code = code.trim_matches('\n');
        if self == Self::Html {
            return format!(
                "<pre><code class=\"language-{}\">{}</code></pre>",
                html::escape(language),
                html::escape(code)
            );
        }
        let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let language: String = language.chars().filter(|c| c.is_alphanumeric() || "+-#.".contains(*c)).collect();
        format!("\n{fence}{language}\n{code}\n{fence}\n")
    }

    /// Text that a reader may fold away.
    pub(super) fn details(self, summary: &str, inner: &str) -> String {
        match self {
            Self::Markdown => format!("\n\n**{}**\n\n{inner}\n", plain(summary)),
            Self::Mixed | Self::Html => {
                format!("<details>\n<summary>{}</summary>\n\n{inner}\n\n</details>\n", inline(summary))
            }
        }
    }

    /// A text, as a link if it is an address.
    pub(super) fn text(self, text: &str) -> String {
        match (text.contains("://"), self) {
            (true, _) => self.link(text, text),
            (false, Self::Html) => html::escape(text),
            (false, _) => plain(text),
        }
    }

    fn link(self, text: &str, address: &str) -> String {
        match self {
            Self::Html => format!("<a href=\"{}\">{}</a>", html::escape(address), html::escape(text)),
            Self::Mixed | Self::Markdown => format!("[{}](<{}>)", plain(text), bracketed(address)),
        }
    }

    fn figure(self, tag: &Tag<'_>) -> String {
        let source =
            ["src", "link", "href", "url"].into_iter().find_map(|name| tag.named(name)).or_else(|| tag.placed(0));
        let source = source.unwrap_or_default();
        let target = tag.named("link").filter(|link| *link != source);
        let (title, caption) = (tag.named("title"), tag.named("caption"));
        let attribution = tag.named("attr").map(|name| (name, tag.named("attrlink")));
        // As Hugo does: without `alt`, the caption's text stands in.
        let alt =
            tag.named("alt").map_or_else(|| html::plain_text(&inline(caption.unwrap_or_default())), str::to_owned);
        if self == Self::Markdown {
            let image = format!("![{}](<{}>)", plain(&alt), bracketed(source));
            let image = target.map_or(image.clone(), |target| format!("[{image}](<{}>)", bracketed(target)));
            let attribution =
                attribution.map(|(name, to)| to.map_or_else(|| name.to_owned(), |to| self.link(name, to)));
            let parts = [
                Some(image),
                title.map(|title| format!("**{}**", plain(title))),
                caption.map(str::to_owned),
                attribution,
            ];
            return parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        }
        let image = format!("<img src=\"{}\" alt=\"{}\">", html::escape(source), html::escape(&alt));
        let linked = |text: &str, to: &str| format!("<a href=\"{}\">{text}</a>", html::escape(to));
        let image = target.map_or(image.clone(), |target| linked(&image, target));
        let attribution = attribution.map(|(name, to)| to.map_or_else(|| inline(name), |to| linked(&inline(name), to)));
        let text: Vec<String> = caption.map(inline).into_iter().chain(attribution).collect();
        let title = title.map(|title| format!("<h4>{}</h4>", inline(title))).unwrap_or_default();
        let text = if text.is_empty() { String::new() } else { format!("<p>{}</p>", text.join(" ")) };
        let caption = if title.is_empty() && text.is_empty() {
            String::new()
        } else {
            format!("<figcaption>{title}{text}</figcaption>")
        };
        format!("<figure>{image}{caption}</figure>")
    }
}

fn gist(tag: &Tag<'_>) -> String {
    let path: Vec<&str> = [tag.placed(0), tag.placed(1)].into_iter().flatten().collect();
    format!("https://gist.github.com/{}", path.join("/"))
}

fn tweet(tag: &Tag<'_>) -> String {
    let id = tag.named("id").or_else(|| tag.placed(1)).or_else(|| tag.placed(0)).unwrap_or_default();
    let user = tag.named("user").or_else(|| tag.placed(1).and(tag.placed(0))).unwrap_or("i");
    format!("https://x.com/{user}/status/{id}")
}

fn is_image(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"].iter().any(|extension| path.ends_with(extension))
}

/// A short text in Markdown as HTML without a paragraph around it.
fn inline(written: &str) -> String {
    let html = markdown::to_html(written, "", Dialect::GitHub);
    let text = html.trim();
    text.strip_prefix("<p>").and_then(|text| text.strip_suffix("</p>")).unwrap_or(text).replace('\n', " ")
}

/// A text that says the same in Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\`*_[]<>&".contains(c) {
            out.push('\\');
        }
        out.push(if c.is_whitespace() { ' ' } else { c });
    }
    out
}

/// An address that may stand between `<` and `>`.
fn bracketed(address: &str) -> String {
    address.chars().filter(|c| !c.is_control()).collect::<String>().replace('<', "%3C").replace('>', "%3E")
}
