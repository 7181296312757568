//! OPML 2.0.

use super::xml::Element;
use super::{Findings, text};

pub(super) fn check(opml: &Element, findings: &mut Findings) {
    findings.hold(opml.name == "opml" && opml.attribute("version") == Some("2.0"), "opml", "is no OPML 2.0");
    findings.hold(opml.count("head") == 1 && opml.count("body") == 1, "opml", "has not one head and one body");
    for name in ["dateCreated", "dateModified"] {
        for date in opml.all("head").flat_map(|head| head.all(name)) {
            findings.hold(text::rfc822(&date.text).is_some(), "head", format_args!("{name} is {:?}", date.text));
        }
    }
    opml.all("body").for_each(|body| outlines(body, findings));
}

fn outlines(parent: &Element, findings: &mut Findings) {
    for outline in parent.all("outline") {
        let label = outline.attribute("text").unwrap_or_default();
        findings.hold(!label.trim().is_empty(), "outline", "has no text");
        if let Some(kind) = outline.attribute("type") {
            findings.hold(
                kind == "rss" && outline.attribute("title").is_some(),
                label,
                "has no title, or another type",
            );
            let address = outline.attribute("xmlUrl");
            findings.hold(address.is_some_and(text::is_web_address), label, format_args!("its address is {address:?}"));
        }
        outlines(outline, findings);
    }
}
