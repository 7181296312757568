//! What HTML may hold, and the rules of nesting that parsers enforce (HTML Living Standard, 13.2.6).
//!
//! In: names in lower case. Out: yes or no. Never: anything that depends on a document.

/// Attributes that any element may have.
pub(super) const EVERYWHERE: &[&str] = &["class", "dir", "id", "lang", "title"];

/// The elements that may stay, each with its own attributes: a part of what the W3C feed validator finds acceptable.
pub(super) const ALLOWED: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang", "name", "type"]),
    ("abbr", &[]),
    ("acronym", &[]),
    ("address", &[]),
    ("article", &[]),
    ("aside", &[]),
    ("audio", &["controls", "loop", "muted", "preload", "src"]),
    ("b", &[]),
    ("bdi", &[]),
    ("big", &[]),
    ("blockquote", &["cite"]),
    ("br", &[]),
    ("caption", &[]),
    ("center", &[]),
    ("cite", &[]),
    ("code", &[]),
    ("col", &["span", "width"]),
    ("colgroup", &["span", "width"]),
    ("data", &["value"]),
    ("dd", &[]),
    ("del", &["cite", "datetime"]),
    ("details", &["open"]),
    ("dfn", &[]),
    ("div", &["align"]),
    ("dl", &[]),
    ("dt", &[]),
    ("em", &[]),
    ("figcaption", &[]),
    ("figure", &[]),
    ("font", &["color", "face", "size"]),
    ("footer", &[]),
    ("h1", &["align"]),
    ("h2", &["align"]),
    ("h3", &["align"]),
    ("h4", &["align"]),
    ("h5", &["align"]),
    ("h6", &["align"]),
    ("header", &[]),
    ("hgroup", &[]),
    ("hr", &[]),
    ("i", &[]),
    ("img", &["align", "alt", "decoding", "height", "loading", "sizes", "src", "srcset", "width"]),
    ("input", &["checked", "disabled", "type"]),
    ("ins", &["cite", "datetime"]),
    ("kbd", &[]),
    ("li", &["value"]),
    ("main", &[]),
    ("mark", &[]),
    ("nav", &[]),
    ("ol", &["reversed", "start", "type"]),
    ("p", &["align"]),
    ("picture", &[]),
    ("pre", &[]),
    ("q", &["cite"]),
    ("rp", &[]),
    ("rt", &[]),
    ("ruby", &[]),
    ("s", &[]),
    ("samp", &[]),
    ("section", &[]),
    ("small", &[]),
    ("source", &["height", "media", "sizes", "src", "srcset", "type", "width"]),
    ("span", &[]),
    ("strike", &[]),
    ("strong", &[]),
    ("sub", &[]),
    ("summary", &[]),
    ("sup", &[]),
    ("table", &["align", "border", "cellpadding", "cellspacing", "summary", "width"]),
    ("tbody", &["align", "valign"]),
    ("td", &["abbr", "align", "colspan", "headers", "rowspan", "valign", "width"]),
    ("tfoot", &["align", "valign"]),
    ("th", &["abbr", "align", "colspan", "headers", "rowspan", "scope", "valign", "width"]),
    ("thead", &["align", "valign"]),
    ("time", &["datetime"]),
    ("tr", &["align", "valign"]),
    ("track", &["default", "kind", "label", "src", "srclang"]),
    ("tt", &[]),
    ("u", &[]),
    ("ul", &[]),
    ("var", &[]),
    ("video", &["controls", "height", "loop", "muted", "playsinline", "poster", "preload", "src", "width"]),
    ("wbr", &[]),
];

/// An element's entry in [`ALLOWED`]; `None` if it may not stay.
pub(super) fn allowed(name: &str) -> Option<(&'static str, &'static [&'static str])> {
    ALLOWED.binary_search_by_key(&name, |&(name, _)| name).ok().map(|at| ALLOWED[at])
}

/// Elements without content and end tag.
pub(super) fn is_void(name: &str) -> bool {
    matches!(name, "br" | "col" | "hr" | "img" | "input" | "source" | "track" | "wbr")
}

/// Elements of which not even the text may stay.
pub(super) fn goes_with_its_content(name: &str) -> bool {
    matches!(
        name,
        "datalist"
            | "iframe"
            | "noembed"
            | "noframes"
            | "script"
            | "select"
            | "style"
            | "template"
            | "textarea"
            | "title"
    )
}

/// Elements whose start ends an open paragraph.
pub(super) fn ends_paragraph(name: &str) -> bool {
    is_heading(name)
        || matches!(
            name,
            "address"
                | "article"
                | "aside"
                | "blockquote"
                | "center"
                | "dd"
                | "details"
                | "div"
                | "dl"
                | "dt"
                | "figcaption"
                | "figure"
                | "footer"
                | "header"
                | "hgroup"
                | "hr"
                | "li"
                | "main"
                | "nav"
                | "ol"
                | "p"
                | "pre"
                | "section"
                | "summary"
                | "table"
                | "ul"
        )
}

/// Elements that no end tag of a mere phrase reaches across ("special" in the standard), of those that may stay.
pub(super) fn is_special(name: &str) -> bool {
    ends_paragraph(name) || is_table_part(name)
}

/// Elements that begin a scope of their own: what is open outside stays open.
pub(super) fn is_scope(name: &str) -> bool {
    matches!(name, "caption" | "table" | "td" | "th")
}

pub(super) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

pub(super) fn is_table_section(name: &str) -> bool {
    matches!(name, "tbody" | "tfoot" | "thead")
}

/// Elements that only a table may hold.
pub(super) fn is_table_part(name: &str) -> bool {
    is_table_section(name) || matches!(name, "caption" | "col" | "colgroup" | "td" | "th" | "tr")
}

/// Elements that hold parts of a table and nothing else.
pub(super) fn holds_only_table_parts(name: &str) -> bool {
    is_table_section(name) || matches!(name, "colgroup" | "table" | "tr")
}

/// Phrasing elements that parsers treat as formatting: their end tag closes them across blocks.
pub(super) fn is_formatting(name: &str) -> bool {
    matches!(name, "a" | "b" | "big" | "code" | "em" | "font" | "i" | "s" | "small" | "strike" | "strong" | "tt" | "u")
}

/// Elements that hold blocks, so that a paragraph may stand in them.
pub(super) fn holds_blocks(name: &str) -> bool {
    is_special(name) && !is_heading(name) && !matches!(name, "address" | "dt" | "hr" | "p" | "pre" | "summary")
}

/// Elements that HTML knows, whether they may stay or not: what else stands in angle brackets is text, like `Vec<T>`.
pub(super) fn is_known(name: &str) -> bool {
    allowed(name).is_some()
        || goes_with_its_content(name)
        || name.contains('-')
        || matches!(
            name,
            "applet"
                | "area"
                | "base"
                | "bdo"
                | "body"
                | "button"
                | "canvas"
                | "dialog"
                | "dir"
                | "embed"
                | "fieldset"
                | "form"
                | "frame"
                | "frameset"
                | "head"
                | "html"
                | "label"
                | "legend"
                | "link"
                | "listing"
                | "map"
                | "marquee"
                | "math"
                | "menu"
                | "meta"
                | "meter"
                | "nobr"
                | "noscript"
                | "object"
                | "optgroup"
                | "option"
                | "output"
                | "param"
                | "plaintext"
                | "progress"
                | "rb"
                | "rtc"
                | "search"
                | "slot"
                | "svg"
                | "xmp"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(ALLOWED.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn nothing_that_runs_or_submits_is_allowed() {
        for name in
            ["script", "style", "iframe", "object", "embed", "form", "button", "svg", "math", "link", "meta", "base"]
        {
            assert_eq!(allowed(name), None, "{name}");
        }
        for (name, attributes) in ALLOWED {
            let risky =
                |a: &&str| a.starts_with("on") || matches!(*a, "style" | "action" | "formaction" | "srcdoc" | "ping");
            assert!(!attributes.iter().any(risky), "{name}");
        }
    }
}
