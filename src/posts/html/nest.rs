//! Elements put inside one another the way an HTML parser would (HTML Living Standard, 13.2.6), while they are written.
//!
//! In: start tags, text and end tags in any order. Out: HTML in which every element is closed, where a parser would close
//! it, and nothing stands where a parser would move it from. Never: more than [`MAX_DEPTH`] open elements, so that every
//! step takes constant time.

use super::elements as rules;
use super::push_escaped;

/// Deeper elements lose their tags and keep their text. Browsers stop at 512; no post that a person wrote comes close.
const MAX_DEPTH: usize = 128;

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
    open: Vec<&'static str>,
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

    /// Closes and opens what has to be closed and opened before `name` may start. Whether it may.
    pub(super) fn make_room(&mut self, name: &str) -> bool {
        if self.open.len() >= MAX_DEPTH && !rules::is_void(name) {
            return false;
        }
        if rules::is_table_part(name) {
            return self.make_room_in_table(name);
        }
        self.leave_table_structure();
        match name {
            "li" => self.close_one(|open| open == "li", ends_item_search),
            "dd" | "dt" => self.close_one(|open| matches!(open, "dd" | "dt"), ends_item_search),
            "a" => self.close_one(|open| open == "a", rules::is_scope),
            "rp" | "rt" => match self.find(|open| open == "ruby", rules::is_special) {
                Some(ruby) => self.close_to(ruby + 1),
                None => return false,
            },
            _ => {}
        }
        if rules::ends_paragraph(name) {
            self.close_one(|open| open == "p", rules::is_scope);
        }
        if rules::is_heading(name) && self.open.last().is_some_and(|open| rules::is_heading(open)) {
            self.close_to(self.open.len() - 1);
        }
        true
    }

    /// Writes a start tag up to its attributes. There has to be room.
    pub(super) fn begin(&mut self, name: &'static str) {
        self.pre_start = if name == "pre" { PreStart::Fresh } else { PreStart::Past };
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
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
        self.open.pop_if(|name| rules::is_void(name));
    }

    pub(super) fn text(&mut self, piece: &str) {
        if !piece.bytes().all(|byte| byte.is_ascii_whitespace()) {
            self.leave_table_structure();
        }
        let piece = self.after_pre(piece);
        // No more than a parser needs: the second gate writes it all anew, and references are what it is slow at.
        for c in piece.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '\r' => self.out.push('\n'),
                c => self.out.push(c),
            }
        }
    }

    /// A link in a paragraph of its own, or within the one that is open.
    pub(super) fn link(&mut self, url: &str, label: &str) {
        self.leave_table_structure();
        let height = self.open.len();
        if self.open.iter().all(|name| rules::holds_blocks(name)) {
            self.begin("p");
            self.begun();
        }
        if !self.open.contains(&"a") {
            self.begin("a");
            self.attribute("href", url);
            self.begun();
        }
        self.text(label);
        self.close_to(height);
    }

    /// Closes what an end tag closes; one that matches nothing is dropped.
    pub(super) fn end(&mut self, name: &str) {
        if name == "table" || rules::is_table_part(name) {
            self.close_one(|open| open == name, |open| open == "table");
        } else if rules::is_heading(name) {
            self.close_one(rules::is_heading, rules::is_scope);
        } else if name == "li" {
            self.close_one(|open| open == name, |open| rules::is_scope(open) || matches!(open, "ol" | "ul"));
        } else if rules::is_special(name) || rules::is_formatting(name) {
            self.close_one(|open| open == name, rules::is_scope);
        } else {
            self.close_one(|open| open == name, rules::is_special);
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

    fn make_room_in_table(&mut self, name: &str) -> bool {
        let Some(table) = self.open.iter().rposition(|open| *open == "table") else { return false };
        let within =
            |level: fn(&str) -> bool| self.open[table..].iter().position(|open| level(open)).map(|at| table + at);
        let section = within(rules::is_table_section);
        let row = within(|open| open == "tr");
        let colgroup = within(|open| open == "colgroup");
        match name {
            "td" | "th" => self.close_to(row.or(section).unwrap_or(table) + 1),
            "tr" => self.close_to(section.unwrap_or(table) + 1),
            "col" => self.close_to(colgroup.unwrap_or(table) + 1),
            _ => self.close_to(table + 1),
        }
        self.fill_table(name);
        true
    }

    /// Opens the parts of a table that `name` needs around it.
    fn fill_table(&mut self, name: &str) {
        let top = self.open.last().copied();
        let needed: &[&'static str] = match (name, top) {
            ("col", Some("table")) => &["colgroup"],
            ("tr", Some("table")) => &["tbody"],
            ("td" | "th", Some("table")) => &["tbody", "tr"],
            ("td" | "th", Some(section)) if rules::is_table_section(section) => &["tr"],
            _ => &[],
        };
        for part in needed {
            self.begin(part);
            self.begun();
        }
    }

    /// Content that stands between the parts of a table gets a cell. A parser would move it in front of the table.
    fn leave_table_structure(&mut self) {
        if self.open.last().is_some_and(|open| rules::holds_only_table_parts(open)) {
            self.make_room_in_table("td");
            self.begin("td");
            self.begun();
        }
    }

    fn close_one(&mut self, wanted: impl Fn(&str) -> bool, barrier: impl Fn(&str) -> bool) {
        if let Some(at) = self.find(wanted, barrier) {
            self.close_to(at);
        }
    }

    /// Closes elements until `height` are left.
    fn close_to(&mut self, height: usize) {
        for name in self.open.drain(height..).rev() {
            self.pre_start = PreStart::Past;
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    /// The innermost open element that is `wanted`, unless a `barrier` stands before it.
    fn find(&self, wanted: impl Fn(&str) -> bool, barrier: impl Fn(&str) -> bool) -> Option<usize> {
        let at = self.open.iter().rposition(|open| wanted(open) || barrier(open))?;
        wanted(self.open[at]).then_some(at)
    }
}

/// Where the search for an open list item ends (HTML Living Standard, 13.2.6.4.7, "li" and "dd"). The last four came into
/// the standard late, and the feed validator's parser looks through them.
fn ends_item_search(open: &str) -> bool {
    rules::is_special(open) && !matches!(open, "address" | "div" | "p" | "figcaption" | "hgroup" | "main" | "summary")
}
