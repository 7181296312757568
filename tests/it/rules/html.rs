//! HTML in a feed: a strict parse without an error, nothing that runs, no address that is not absolute.

use std::cell::RefCell;

use html5ever::tendril::TendrilSink as _;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, QualName, local_name, ns, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use super::text;

/// Elements that the validator calls a risk, or no HTML inside a `div`.
const REFUSED: [&str; 14] = [
    "script", "style", "iframe", "object", "embed", "form", "link", "meta", "base", "svg", "math", "frame", "applet",
    "noscript",
];

thread_local! {
    /// The HTML that was looked at last, and what is wrong with it: a post has the same in each format.
    static LAST: RefCell<(String, Vec<String>)> = RefCell::default();
}

/// What is wrong with the inside of a `div`.
pub(super) fn errors(html: &str) -> Vec<String> {
    // A text is only its characters, and those are looked at in the document.
    if !html.contains(['<', '&']) {
        return Vec::new();
    }
    LAST.with_borrow_mut(|last| {
        if last.0 != html {
            *last = (html.to_owned(), parsed(html));
        }
        last.1.clone()
    })
}

fn parsed(html: &str) -> Vec<String> {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts { exact_errors: true, ..TreeBuilderOpts::default() },
        tokenizer: TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() },
    };
    let div = QualName::new(None, ns!(html), local_name!("div"));
    let dom = parse_fragment(RcDom::default(), options, div, Vec::new(), false).one(html);
    let mut errors: Vec<_> = dom.errors.borrow().iter().map(|error| format!("HTML: {error}")).collect();
    walk(&dom.document, &mut errors);
    errors
}

fn walk(node: &Handle, errors: &mut Vec<String>) {
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let element = &*name.local;
        if REFUSED.contains(&element) {
            errors.push(format!("<{element}> in HTML"));
        }
        for attribute in attrs.borrow().iter() {
            let (key, value) = (&*attribute.name.local, &*attribute.value);
            if key.starts_with("on") || key == "style" {
                errors.push(format!("{key} in <{element}>"));
            }
            for address in addresses(key, value) {
                if !text::is_address(address) || address.starts_with("javascript:") {
                    errors.push(format!("<{element} {key}={address:?}> is not absolute, or not ASCII"));
                }
            }
        }
    }
    node.children.borrow().iter().for_each(|child| walk(child, errors));
}

fn addresses<'a>(key: &str, value: &'a str) -> Vec<&'a str> {
    match key {
        "href" | "src" | "poster" | "cite" | "longdesc" | "action" => vec![value],
        "srcset" => value.split(", ").filter_map(|candidate| candidate.split_whitespace().next()).collect(),
        _ => Vec::new(),
    }
}
