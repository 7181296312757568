//! HTML in a feed: a strict parse without an error, nothing that runs, no address that is not absolute.

use html5ever::tendril::TendrilSink as _;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, QualName, local_name, ns, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use super::{Findings, text};

/// Elements that the validator calls a risk, or no HTML inside a `div`.
const REFUSED: [&str; 14] = [
    "script", "style", "iframe", "object", "embed", "form", "link", "meta", "base", "svg", "math", "frame", "applet",
    "noscript",
];

/// Checks the inside of a `div`.
pub(super) fn check(html: &str, place: &str, findings: &mut Findings) {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts { exact_errors: true, ..TreeBuilderOpts::default() },
        tokenizer: html5ever::tokenizer::TokenizerOpts { exact_errors: true, ..Default::default() },
    };
    let div = QualName::new(None, ns!(html), local_name!("div"));
    let dom = parse_fragment(RcDom::default(), options, div, Vec::new(), false).one(html);
    for error in dom.errors.borrow().iter() {
        findings.add(place, format_args!("HTML: {error}"));
    }
    walk(&dom.document, place, findings);
}

fn walk(node: &Handle, place: &str, findings: &mut Findings) {
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let element = &*name.local;
        findings.hold(!REFUSED.contains(&element), place, format_args!("<{element}> in HTML"));
        for attribute in attrs.borrow().iter() {
            let (key, value) = (&*attribute.name.local, &*attribute.value);
            findings.hold(!key.starts_with("on") && key != "style", place, format_args!("{key} in <{element}>"));
            let addresses: Vec<&str> = match key {
                "href" | "src" | "poster" | "cite" | "longdesc" | "action" => vec![value],
                "srcset" => value.split(", ").filter_map(|candidate| candidate.split_whitespace().next()).collect(),
                _ => Vec::new(),
            };
            for address in addresses {
                let fine = text::is_address(address) && !address.starts_with("javascript:");
                findings.hold(fine, place, format_args!("<{element} {key}={address:?}> is not absolute, or not ASCII"));
            }
        }
    }
    node.children.borrow().iter().for_each(|child| walk(child, place, findings));
}
