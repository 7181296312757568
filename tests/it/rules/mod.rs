//! What every document has to keep: the rules of Atom, RSS, JSON Feed and OPML, and those by which the W3C feed validator
//! warns, as far as a document alone can break them.
//!
//! In: a document, and the URL that its directory is published under. Out: all that is wrong, as texts. Never: the network.

mod atom;
mod html;
mod json;
mod opml;
mod rss;
mod text;
mod xml;

use self::xml::Element;

/// The validator parses no more.
const MOST_BYTES: usize = 5_000_000;

/// What is wrong with one document, with the place in it.
struct Findings {
    document: String,
    found: Vec<String>,
}

impl Findings {
    fn add(&mut self, place: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{}: {place}: {what}", self.document));
    }

    /// Notes what is wrong with a text as HTML.
    fn html(&mut self, html: &str, place: &str) {
        html::errors(html).into_iter().for_each(|error| self.add(place, error));
    }

    /// Notes it if an element's plain text, or an attribute's, looks like HTML.
    fn plain(&mut self, text: &str, element: &Element, place: &str) {
        let looks = text::looks_like_html(text, element.by_number);
        self.hold(!looks, place, format_args!("<{}> {text:?} looks like HTML", element.name));
    }

    /// Notes `what` unless it holds.
    fn hold(&mut self, holds: bool, place: &str, what: impl std::fmt::Display) {
        if !holds {
            self.add(place, what);
        }
    }
}

/// What is wrong with one document, published under `base`.
pub(crate) fn broken(name: &str, bytes: &[u8], base: &str) -> Vec<String> {
    let mut findings = Findings { document: name.to_owned(), found: Vec::new() };
    let document = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{name} is not UTF-8: {error}"));
    findings.hold(bytes.len() < MOST_BYTES, "document", format_args!("{} bytes", bytes.len()));
    let forbidden = document.chars().find(|&c| text::is_forbidden(c));
    findings.hold(forbidden.is_none(), "document", format_args!("holds {forbidden:?}"));
    let url = text::url_of(base, name);
    match (name.rsplit_once('.').map(|(_, extension)| extension), xml::parse(document)) {
        (Some("json"), _) => json::check(document, &url, &mut findings),
        (_, Err(error)) => findings.add("document", error),
        (Some("atom"), Ok(root)) => atom::check(&root, &url, &mut findings),
        (Some("rss"), Ok(root)) => rss::check(&root, &url, &mut findings),
        (_, Ok(root)) => opml::check(&root, &mut findings),
    }
    findings.found
}
