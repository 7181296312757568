//! Elements put inside one another the way an HTML parser would (HTML Living Standard, 13.2.6), while they are written.
//!
//! In: start tags, text and end tags in any order. Out: HTML in which every element is closed, where a parser would close
//! it, and nothing stands where a parser would move it from. Never: more than [`MAX_DEPTH`] open elements, so that every
//! step takes constant time.

use super::elements::Element;
use super::push_escaped;

/// Deeper elements lose their tags and keep their text. Browsers stop at 512; no post that a person wrote comes close.
const MAX_DEPTH: usize = 128;

const A: Element = Element::of("a");
const ADDRESS: Element = Element::of("address");
const COL: Element = Element::of("col");
const COLGROUP: Element = Element::of("colgroup");
const DD: Element = Element::of("dd");
const DIV: Element = Element::of("div");
const DT: Element = Element::of("dt");
const FIGCAPTION: Element = Element::of("figcaption");
const HGROUP: Element = Element::of("hgroup");
const LI: Element = Element::of("li");
const MAIN: Element = Element::of("main");
const OL: Element = Element::of("ol");
const P: Element = Element::of("p");
const PRE: Element = Element::of("pre");
const RP: Element = Element::of("rp");
const RT: Element = Element::of("rt");
const RUBY: Element = Element::of("ruby");
const SUMMARY: Element = Element::of("summary");
const TABLE: Element = Element::of("table");
const TBODY: Element = Element::of("tbody");
const TD: Element = Element::of("td");
const TH: Element = Element::of("th");
const TR: Element = Element::of("tr");
const UL: Element = Element::of("ul");

/// Whether the line break that a parser drops after `<pre>` may still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PreStart {
    Past,
    Fresh,
    Dropped,
}

/// What is written, and what of it is open.
pub(super) struct Nest {
    out: String,
    /// Outermost first.
    open: Vec<Element>,
    pre_start: PreStart,
}

impl Nest {
    pub(super) fn with_capacity(len: usize) -> Self {
        Self { out: String::with_capacity(len), open: Vec::new(), pre_start: PreStart::Past }
    }

    pub(super) fn finish(mut self) -> String {
        self.close_to(0);
        self.out
    }

    /// Closes and opens what has to be closed and opened before `element` may start. Whether it may.
    pub(super) fn make_room(&mut self, element: Element) -> bool {
        if self.open.len() >= MAX_DEPTH && !element.is_void() {
            return false;
        }
        if element.is_table_part() {
            return self.make_room_in_table(element);
        }
        self.leave_table_structure();
        match element {
            LI => self.close_one(|open| open == LI, ends_item_search),
            DD | DT => self.close_one(|open| matches!(open, DD | DT), ends_item_search),
            A => self.close_one(|open| open == A, Element::is_scope),
            RP | RT => match self.find(|open| open == RUBY, Element::is_special) {
                Some(ruby) => self.close_to(ruby + 1),
                None => return false,
            },
            _ => {}
        }
        if element.ends_paragraph() {
            self.close_one(|open| open == P, Element::is_scope);
        }
        if element.is_heading() && self.open.last().is_some_and(|open| open.is_heading()) {
            self.close_to(self.open.len() - 1);
        }
        true
    }

    /// Writes a start tag up to its attributes. There has to be room.
    pub(super) fn begin(&mut self, element: Element) {
        self.pre_start = if element == PRE { PreStart::Fresh } else { PreStart::Past };
        self.out.push('<');
        self.out.push_str(element.name());
        self.open.push(element);
    }

    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        push_escaped(&mut self.out, value);
        self.out.push('"');
    }

    /// Writes the end of a start tag.
    pub(super) fn begun(&mut self) {
        self.out.push('>');
        self.open.pop_if(|open| open.is_void());
    }

    pub(super) fn text(&mut self, piece: &str) {
        if !piece.bytes().all(|byte| byte.is_ascii_whitespace()) {
            self.leave_table_structure();
        }
        let piece = self.after_pre(piece);
        // No more than a parser needs: the second gate writes it all anew, and references are what it is slow at.
        let mut from = 0;
        for (at, byte) in piece.bytes().enumerate() {
            let written = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'\r' => "\n",
                _ => continue,
            };
            self.out.push_str(&piece[from..at]);
            self.out.push_str(written);
            from = at + 1;
        }
        self.out.push_str(&piece[from..]);
    }

    /// A link in a paragraph of its own, or within the one that is open.
    pub(super) fn link(&mut self, url: &str, label: &str) {
        self.leave_table_structure();
        let height = self.open.len();
        if self.open.iter().all(|open| open.holds_blocks()) {
            self.begin(P);
            self.begun();
        }
        if !self.open.contains(&A) {
            self.begin(A);
            self.attribute("href", url);
            self.begun();
        }
        self.text(label);
        self.close_to(height);
    }

    /// Closes what an end tag closes; one that matches nothing is dropped.
    pub(super) fn end(&mut self, element: Element) {
        if element == TABLE || element.is_table_part() {
            self.close_one(|open| open == element, |open| open == TABLE);
        } else if element.is_heading() {
            self.close_one(Element::is_heading, Element::is_scope);
        } else if element == LI {
            self.close_one(|open| open == LI, |open| open.is_scope() || matches!(open, OL | UL));
        } else if element.is_special() || element.is_formatting() {
            self.close_one(|open| open == element, Element::is_scope);
        } else {
            self.close_one(|open| open == element, Element::is_special);
        }
    }

    /// Drops the line break that belongs to `<pre>`. One that belongs to the text is written so that it outlives being
    /// parsed twice: by ammonia, and by the reader.
    fn after_pre<'t>(&mut self, piece: &'t str) -> &'t str {
        let mut rest = piece;
        if self.pre_start == PreStart::Fresh
            && let Some(stripped) = piece.strip_prefix('\n')
        {
            rest = stripped;
            self.pre_start = PreStart::Dropped;
        }
        if self.pre_start != PreStart::Past && !rest.is_empty() {
            self.pre_start = PreStart::Past;
            if rest.starts_with(['\n', '\r']) {
                self.out.push_str("\n\n");
            }
        }
        rest
    }

    fn make_room_in_table(&mut self, element: Element) -> bool {
        let Some(table) = self.open.iter().rposition(|open| *open == TABLE) else { return false };
        let within =
            |level: fn(Element) -> bool| self.open[table..].iter().position(|open| level(*open)).map(|at| table + at);
        let section = within(Element::is_table_section);
        let row = within(|open| open == TR);
        let colgroup = within(|open| open == COLGROUP);
        match element {
            TD | TH => self.close_to(row.or(section).unwrap_or(table) + 1),
            TR => self.close_to(section.unwrap_or(table) + 1),
            COL => self.close_to(colgroup.unwrap_or(table) + 1),
            _ => self.close_to(table + 1),
        }
        self.fill_table(element);
        true
    }

    /// Opens the parts of a table that `element` needs around it.
    fn fill_table(&mut self, element: Element) {
        let Some(&top) = self.open.last() else { return };
        let needed: &[Element] = match element {
            COL if top == TABLE => &[COLGROUP],
            TR if top == TABLE => &[TBODY],
            TD | TH if top == TABLE => &[TBODY, TR],
            TD | TH if top.is_table_section() => &[TR],
            _ => &[],
        };
        for &part in needed {
            self.begin(part);
            self.begun();
        }
    }

    /// Content that stands between the parts of a table gets a cell. A parser would move it in front of the table.
    fn leave_table_structure(&mut self) {
        if self.open.last().is_some_and(|open| open.holds_only_table_parts()) {
            self.make_room_in_table(TD);
            self.begin(TD);
            self.begun();
        }
    }

    fn close_one(&mut self, wanted: impl Fn(Element) -> bool, barrier: impl Fn(Element) -> bool) {
        if let Some(at) = self.find(wanted, barrier) {
            self.close_to(at);
        }
    }

    /// Closes elements until `height` are left.
    fn close_to(&mut self, height: usize) {
        for element in self.open.drain(height..).rev() {
            self.pre_start = PreStart::Past;
            self.out.push_str("</");
            self.out.push_str(element.name());
            self.out.push('>');
        }
    }

    /// The innermost open element that is `wanted`, unless a `barrier` stands before it.
    fn find(&self, wanted: impl Fn(Element) -> bool, barrier: impl Fn(Element) -> bool) -> Option<usize> {
        let at = self.open.iter().rposition(|&open| wanted(open) || barrier(open))?;
        wanted(self.open[at]).then_some(at)
    }
}

/// Where the search for an open list item ends (HTML Living Standard, 13.2.6.4.7, "li" and "dd"). The last four came into
/// the standard late, and the feed validator's parser looks through them.
fn ends_item_search(open: Element) -> bool {
    open.is_special() && !matches!(open, ADDRESS | DIV | P | FIGCAPTION | HGROUP | MAIN | SUMMARY)
}
