//! What an `svg` or `math` element says, without its markup.
//!
//! In: the tags and the text inside one. Out: the text that stands in for it: its label, else its own text.
//! Never: an element; the feed validator has no good word for either vocabulary.

use html5ever::tokenizer::{Tag, TagKind};

use crate::posts::text;

/// An open `svg` or `math` element.
#[derive(Debug)]
pub(super) struct Foreign {
    name: String,
    /// Elements of the same name that are open inside.
    nested: usize,
    /// The element whose text is not shown, and how many of its name are open.
    hidden: Option<(String, usize)>,
    label: Option<String>,
    text: String,
}

/// What a tag inside means for the whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Inside,
    /// The end tag has come.
    Ended,
    /// An HTML element that ends foreign content; it is to be read as if it stood outside.
    BrokenOut,
}

impl Foreign {
    /// `None` if `tag` is not the start of foreign content.
    pub(super) fn start(tag: &Tag) -> Option<Self> {
        let name = matches!(&*tag.name, "svg" | "math").then(|| tag.name.to_string())?;
        let label = tag.attrs.iter().find(|a| matches!(&*a.name.local, "alttext" | "aria-label"));
        let label = label.map(|a| text::one_line(&a.value)).filter(|label| !label.is_empty());
        Some(Self { name, nested: 0, hidden: None, label, text: String::new() })
    }

    pub(super) fn tag(&mut self, tag: &Tag) -> Step {
        if tag.kind == TagKind::StartTag && breaks_out(&tag.name) {
            return Step::BrokenOut;
        }
        if self.name == "svg" {
            text::push_space(&mut self.text);
        }
        match (tag.kind, &mut self.hidden) {
            (TagKind::StartTag, _) if tag.self_closing => {}
            (TagKind::StartTag, Some((name, depth))) => *depth += usize::from(*name == *tag.name),
            (TagKind::StartTag, hidden) if is_hidden(&tag.name) => *hidden = Some((tag.name.to_string(), 1)),
            (TagKind::StartTag, _) => self.nested += usize::from(self.name == *tag.name),
            (TagKind::EndTag, Some((name, depth))) if *name == *tag.name => {
                *depth -= 1;
                if *depth == 0 {
                    self.hidden = None;
                }
            }
            (TagKind::EndTag, _) if self.name == *tag.name => match self.nested.checked_sub(1) {
                Some(nested) => self.nested = nested,
                None => return Step::Ended,
            },
            (TagKind::EndTag, _) => {}
        }
        Step::Inside
    }

    pub(super) fn text(&mut self, piece: &str) {
        if self.hidden.is_none() {
            text::push_folded(&mut self.text, piece);
        }
    }

    /// What is shown in its place; may be empty.
    pub(super) fn into_text(self) -> String {
        self.label.unwrap_or_else(|| self.text.trim().to_owned())
    }
}

fn is_hidden(name: &str) -> bool {
    matches!(name, "annotation" | "annotation-xml" | "metadata" | "script" | "style")
}

/// The blocks among the HTML elements that end foreign content (HTML Living Standard, 13.2.6.5). Without them an `svg`
/// that nobody closes would take the rest of the post with it.
fn breaks_out(name: &str) -> bool {
    matches!(
        name,
        "blockquote"
            | "body"
            | "center"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "head"
            | "hr"
            | "img"
            | "li"
            | "menu"
            | "ol"
            | "p"
            | "pre"
            | "table"
            | "ul"
    )
}
