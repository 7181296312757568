//! What kind of line it is, to kramdown.
//!
//! In: one line. Out: whether it begins a list item, a heading, a fence. Never: what stands around it, but for the end of a
//! fence.

use memchr::{memchr, memrchr};

/// How many spaces stand before the text; a tab is four.
pub(super) fn indent_of(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count()
}

/// Whether a line begins with what begins no block.
pub(super) fn begins_with_letter(line: &str) -> bool {
    line.as_bytes().first().is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
}

/// The width of the marker that `bare` begins with, up to the text of the item.
pub(super) fn item_width(bare: &str) -> Option<usize> {
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match bare.as_bytes().get(digits)? {
        b'.' if digits > 0 => digits + 1,
        b'*' | b'+' | b'-' if digits == 0 => 1,
        _ => return None,
    };
    let rest = &bare[marker..];
    let space = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    (space > 0).then_some(marker + if space > 4 { 1 } else { space })
}

/// Whether a line is a heading: up to six `#`, a space, and text.
pub(super) fn is_heading(line: &str) -> bool {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    (1..=6).contains(&level) && text.starts_with([' ', '\t']) && !text.trim().trim_matches('#').trim().is_empty()
}

/// `*[HTML]: HyperText Markup Language`.
pub(super) fn is_abbreviation(line: &str) -> bool {
    let indent = indent_of(line);
    let inside = line[indent..].strip_prefix("*[").filter(|_| indent < 4);
    inside.and_then(|inside| inside.find("]:")).is_some_and(|end| end > 0)
}

/// The character and length of the fence that `bare` begins with.
pub(super) fn fence(bare: &str) -> Option<(u8, usize)> {
    let mark = *bare.as_bytes().first().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let len = bare.bytes().take_while(|byte| *byte == mark).count();
    (len >= 3).then_some((mark, len))
}

/// Whether a line with a fence may open code: there is at most one word behind it.
pub(super) fn is_fence_start(line: &str) -> bool {
    let info = line.trim().trim_start_matches(['`', '~']);
    info.split_whitespace().nth(1).is_none()
}

/// Looks for the lines that end fenced code.
#[derive(Default)]
pub(super) struct Fences {
    /// All of them, once nothing was found. Without this, a thousand fences that nothing ends would each look through all of
    /// the rest.
    ends: Option<Ends>,
}

impl Fences {
    /// Behind the line that ends code after a fence like `mark`; the code begins at `from`, where a line begins.
    pub(super) fn end(&mut self, body: &str, from: usize, (mark, len): (u8, usize)) -> Option<usize> {
        if let Some(ends) = &self.ends {
            return ends.end(body, from, (mark, len));
        }
        let bytes = body.as_bytes();
        let mut at = from;
        while let Some(found) = memchr(mark, &bytes[at..]) {
            let start = memrchr(b'\n', &bytes[at..at + found]).map_or(at, |before| at + before + 1);
            at = line_end(body, at + found);
            if closing(&body[start..at]).is_some_and(|(of, long)| of == mark && long >= len) {
                return Some(at);
            }
        }
        self.ends = Some(Ends::of(body));
        None
    }
}

/// All lines that could end fenced code.
struct Ends {
    /// Where such a line begins, its character and its length; in order.
    lines: Vec<(usize, u8, usize)>,
    /// For every one of them: the longest from there on, of backticks and of tildes.
    longest: Vec<[usize; 2]>,
}

impl Ends {
    fn of(body: &str) -> Self {
        let mut lines = Vec::new();
        let mut at = 0;
        while at < body.len() {
            let end = line_end(body, at);
            lines.extend(closing(&body[at..end]).map(|(mark, len)| (at, mark, len)));
            at = end;
        }
        let mut longest = vec![[0, 0]; lines.len()];
        let mut so_far = [0, 0];
        for (n, (_, mark, len)) in lines.iter().enumerate().rev() {
            let longest_of_mark: &mut usize = &mut so_far[usize::from(*mark == b'~')];
            *longest_of_mark = (*longest_of_mark).max(*len);
            longest[n] = so_far;
        }
        Self { lines, longest }
    }

    fn end(&self, body: &str, from: usize, (mark, len): (u8, usize)) -> Option<usize> {
        let next = self.lines.partition_point(|(at, ..)| *at < from);
        if self.longest.get(next)?[usize::from(mark == b'~')] < len {
            return None;
        }
        let (at, ..) = self.lines[next..].iter().find(|(_, of, long)| *of == mark && *long >= len)?;
        Some(line_end(body, *at))
    }
}

/// The character and length of the fence that a line consists of.
fn closing(line: &str) -> Option<(u8, usize)> {
    let bare = line.trim();
    fence(bare).filter(|(_, len)| *len == bare.len())
}

/// Behind the line that `at` stands in.
fn line_end(body: &str, at: usize) -> usize {
    memchr(b'\n', &body.as_bytes()[at..]).map_or(body.len(), |end| at + end + 1)
}
