//! The list items that are open, and where a marker has to stand for the parser to see the same lists.
//!
//! In: markers and their indents, line by line. Out: markers of one kind a list, moved to where the parser nests them; lists
//! that begin with one. Never: the text of an item.
//!
//! To kramdown, lists are of two kinds, bullets and numbers. A marker belongs to the outermost list of its kind that it
//! does not stand right of; one of the other kind, without an empty line before it, begins a list inside, however far left
//! it stands.

use super::lines::{indent_of, item_width};

/// Outermost first.
#[derive(Debug, Default)]
pub(super) struct Items(Vec<Item>);

#[derive(Debug)]
struct Item {
    /// `None` for numbers.
    bullet: Option<char>,
    /// Where in the source its text begins.
    column: usize,
    /// How far it is moved to the right.
    shift: usize,
}

impl Items {
    pub(super) fn are_closed(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the text of the innermost item begins in the source.
    pub(super) fn column(&self) -> usize {
        self.0.last().map_or(0, |item| item.column)
    }

    pub(super) fn shift(&self) -> usize {
        self.0.last().map_or(0, |item| item.shift)
    }

    /// A line behind an empty one ends the items that it stands left of; a marker is judged by [`Self::marker`].
    pub(super) fn leave(&mut self, line: &str) {
        if self.are_closed() {
            return;
        }
        let indent = indent_of(line);
        if item_width(&line[indent..]).is_none() {
            let open = self.0.iter().take_while(|item| item.column <= indent).count();
            self.0.truncate(open);
        }
    }

    /// Writes a marker that stands at `indent`, with the space behind it.
    pub(super) fn marker(&mut self, marker: &str, indent: usize, at_boundary: bool, out: &mut String) {
        let bullet = marker.chars().next().filter(|c| !c.is_ascii_digit());
        let mut depth = 0;
        let mut sibling = None;
        for item in &self.0 {
            if indent < item.column {
                if item.bullet.is_some() == bullet.is_some() {
                    sibling = Some((item.bullet, item.shift));
                    break;
                }
                if at_boundary {
                    break;
                }
            }
            depth += 1;
        }
        self.0.truncate(depth);
        let outer = self.0.last().map_or(0, |item| item.column + item.shift);
        let (bullet, shift) = sibling.unwrap_or_else(|| (bullet, outer.saturating_sub(indent)));
        out.push_str(&" ".repeat(indent + shift));
        match bullet {
            Some(bullet) => {
                out.push(bullet);
                out.push_str(&marker[1..]);
            }
            None if sibling.is_none() => {
                let digits = marker.bytes().take_while(u8::is_ascii_digit).count();
                out.push_str(&format!("{:0>digits$}{}", 1, &marker[digits..]));
            }
            None => out.push_str(marker),
        }
        self.0.push(Item { bullet, column: indent + marker.len(), shift });
    }
}
