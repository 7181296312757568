//! What kind of line it is, to kramdown.
//!
//! In: one line. Out: whether it begins a list item, a heading, a fence. Never: what stands around it, but for the end of a
//! fence.

use memchr::memchr;

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
    /// The length of the shortest fence of backticks, and of tildes, that nothing ends from some place on. Without this, a
    /// thousand of them would each look through all of the rest; as it is, only those that are ever shorter do.
    endless: [Option<usize>; 2],
}

impl Fences {
    /// Behind the line that ends code which begins at `from` after a fence like `mark`; asked for from the beginning of `body`
    /// to its end.
    pub(super) fn end(&mut self, body: &str, from: usize, (mark, len): (u8, usize)) -> Option<usize> {
        let endless = &mut self.endless[usize::from(mark == b'~')];
        if endless.is_some_and(|endless| endless <= len) {
            return None;
        }
        let mut at = from;
        while let Some(next) = memchr(mark, &body.as_bytes()[at..]) {
            let run = at + next;
            at = run + body.as_bytes()[run..].iter().take_while(|byte| **byte == mark).count();
            let before = body[from..run].trim_end_matches(|c: char| c != '\n' && c.is_whitespace());
            if at - run < len || !before.is_empty() && !before.ends_with('\n') {
                continue;
            }
            let end = memchr(b'\n', &body.as_bytes()[at..]).map_or(body.len(), |end| at + end + 1);
            if body[at..end].trim().is_empty() {
                return Some(end);
            }
        }
        *endless = Some(len);
        None
    }
}
