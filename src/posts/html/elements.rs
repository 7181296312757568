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

/// An element that may stay: its place in [`ALLOWED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element(u8);

impl Element {
    /// The element of this name, which has to be listed.
    pub(super) const fn of(name: &str) -> Self {
        let mut at = 0;
        while !same(ALLOWED[at].0, name) {
            at += 1;
        }
        Self(at as u8)
    }

    /// `None` if no element of this name may stay.
    pub(super) fn find(name: &str) -> Option<Self> {
        let letter = usize::from(name.as_bytes().first()?.checked_sub(b'a')?);
        let (from, to) = (*STARTS.get(letter)?, *STARTS.get(letter + 1)?);
        (from..to).find(|&at| ALLOWED[usize::from(at)].0 == name).map(Self)
    }

    pub(super) fn name(self) -> &'static str {
        ALLOWED[usize::from(self.0)].0
    }

    /// Its own attributes, beside those that are allowed everywhere.
    pub(super) fn attributes(self) -> &'static [&'static str] {
        ALLOWED[usize::from(self.0)].1
    }

    /// Without content and end tag.
    pub(super) fn is_void(self) -> bool {
        self.is_any_of(VOID)
    }

    /// Its start ends an open paragraph.
    pub(super) fn ends_paragraph(self) -> bool {
        self.is_any_of(ENDS_PARAGRAPH)
    }

    /// No end tag of a mere phrase reaches across it ("special" in the standard).
    pub(super) fn is_special(self) -> bool {
        self.is_any_of(ENDS_PARAGRAPH | TABLE_PART)
    }

    /// It begins a scope of its own: what is open outside stays open.
    pub(super) fn is_scope(self) -> bool {
        self.is_any_of(SCOPE)
    }

    pub(super) fn is_heading(self) -> bool {
        self.is_any_of(HEADING)
    }

    pub(super) fn is_table_section(self) -> bool {
        self.is_any_of(TABLE_SECTION)
    }

    /// Only a table may hold it.
    pub(super) fn is_table_part(self) -> bool {
        self.is_any_of(TABLE_PART)
    }

    /// It holds parts of a table and nothing else.
    pub(super) fn holds_only_table_parts(self) -> bool {
        self.is_any_of(HOLDS_TABLE_PARTS)
    }

    /// A phrasing element that parsers treat as formatting: its end tag closes it across blocks.
    pub(super) fn is_formatting(self) -> bool {
        self.is_any_of(FORMATTING)
    }

    /// It holds blocks, so that a paragraph may stand in it.
    pub(super) fn holds_blocks(self) -> bool {
        self.is_special() && !self.is_any_of(HOLDS_PHRASES)
    }

    fn is_any_of(self, traits: u16) -> bool {
        TRAITS[usize::from(self.0)] & traits != 0
    }
}

const VOID: u16 = 1;
const ENDS_PARAGRAPH: u16 = 1 << 1;
const SCOPE: u16 = 1 << 2;
const HEADING: u16 = 1 << 3;
const TABLE_SECTION: u16 = 1 << 4;
const TABLE_PART: u16 = 1 << 5;
const HOLDS_TABLE_PARTS: u16 = 1 << 6;
const FORMATTING: u16 = 1 << 7;
/// A block, or void, that holds no blocks.
const HOLDS_PHRASES: u16 = 1 << 8;

const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];
const TABLE_SECTIONS: &[&str] = &["tbody", "tfoot", "thead"];

/// What is true of which elements.
const NAMES: &[(u16, &[&str])] = &[
    (VOID, &["br", "col", "hr", "img", "input", "source", "track", "wbr"]),
    (
        ENDS_PARAGRAPH,
        &[
            "address",
            "article",
            "aside",
            "blockquote",
            "center",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
            "figcaption",
            "figure",
            "footer",
            "header",
            "hgroup",
            "hr",
            "li",
            "main",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
            "summary",
            "table",
            "ul",
        ],
    ),
    (HEADING | ENDS_PARAGRAPH | HOLDS_PHRASES, HEADINGS),
    (HOLDS_PHRASES, &["address", "dt", "hr", "p", "pre", "summary"]),
    (SCOPE, &["caption", "table", "td", "th"]),
    (TABLE_SECTION | TABLE_PART | HOLDS_TABLE_PARTS, TABLE_SECTIONS),
    (TABLE_PART, &["caption", "col", "colgroup", "td", "th", "tr"]),
    (HOLDS_TABLE_PARTS, &["colgroup", "table", "tr"]),
    (FORMATTING, &["a", "b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"]),
];

/// What is true of each element of [`ALLOWED`]. Asked of every tag several times, so it is worked out once.
static TRAITS: [u16; ALLOWED.len()] = {
    let mut all = [0; ALLOWED.len()];
    let mut row = 0;
    while row < NAMES.len() {
        let (traits, names) = NAMES[row];
        let mut at = 0;
        while at < names.len() {
            all[Element::of(names[at]).0 as usize] |= traits;
            at += 1;
        }
        row += 1;
    }
    all
};

/// Where in [`ALLOWED`] the names begin that start with each letter, and behind the last.
static STARTS: [u8; 27] = {
    let mut starts = [0; 27];
    let mut at = 0;
    while at < ALLOWED.len() {
        let mut letter = (ALLOWED[at].0.as_bytes()[0] - b'a') as usize + 1;
        at += 1;
        while letter < starts.len() {
            starts[letter] = at as u8;
            letter += 1;
        }
    }
    starts
};

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
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

/// Elements that HTML knows although they may not stay: what else stands in angle brackets is text, like `Vec<T>`.
pub(super) fn is_known(name: &str) -> bool {
    goes_with_its_content(name)
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
    fn each_is_found_by_its_name_and_no_other() {
        for (name, _) in ALLOWED {
            assert_eq!(Element::find(name).map(Element::name), Some(*name));
            assert_eq!(Element::of(name).name(), *name);
        }
        for name in ["", "x", "P", "zz", "~", "日", "pp", "1"] {
            assert_eq!(Element::find(name), None, "{name}");
        }
    }

    #[test]
    fn nothing_that_runs_or_submits_is_allowed() {
        for name in
            ["script", "style", "iframe", "object", "embed", "form", "button", "svg", "math", "link", "meta", "base"]
        {
            assert_eq!(Element::find(name), None, "{name}");
        }
        for (name, attributes) in ALLOWED {
            let risky =
                |a: &&str| a.starts_with("on") || matches!(*a, "style" | "action" | "formaction" | "srcdoc" | "ping");
            assert!(!attributes.iter().any(risky), "{name}");
        }
    }
}
