//! kramdown's tables, which need neither a head nor pipes at the edges.
//!
//! In: lines of text between two ends of blocks. Out: a table as the GitHub extensions have it, or nothing. Never: a table of which a line has no pipe.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::near::{Runs, run};
use super::spans;
use crate::posts::bytes::position;

/// Lines with more pipes are text. No table that a person wrote comes close; a megabyte of pipes is one of a million columns.
const MAX_COLUMNS: usize = 1000;

/// Appends `chunk` to `out`, read as a table. `ended`: an empty line or the like follows. Whether it is one.
pub(super) fn rewrite(chunk: &str, ended: bool, out: &mut String) -> bool {
    if !ended || memchr(b'|', chunk.as_bytes()).is_none() {
        return false;
    }
    let lines: Vec<&str> = chunk.lines().collect();
    let has_columns = |line: &&str| (1..=MAX_COLUMNS).contains(&memchr_iter(b'|', line.as_bytes()).count());
    if !lines.iter().all(has_columns) {
        return false;
    }
    let rows: Vec<Vec<&str>> = lines.iter().map(|line| cells(line)).collect();
    if !lines.iter().zip(&rows).all(|(line, cells)| is_separator(line) || has_pipe(line, cells)) {
        return false;
    }
    let body: Vec<usize> = (0..lines.len()).filter(|n| !is_separator(lines[*n]) && !is_footer(lines[*n])).collect();
    let Some(first) = body.first() else { return false };
    let separator = lines.iter().skip(first + 1).position(|line| is_separator(line)).map(|at| first + 1 + at);
    let columns = body.iter().map(|n| rows[*n].len()).max().unwrap_or_default();
    let head = body.iter().take_while(|n| separator.is_some_and(|separator| **n < separator)).count();
    // The parser wants one row of head; more of them are shown as rows.
    row(if head == 1 { &rows[body[0]] } else { &[] }, columns, out);
    alignment(separator.filter(|_| head > 0).map_or("", |n| lines[n]), columns, out);
    for n in &body[usize::from(head == 1)..] {
        // The parser adds the cells that are missing, and knows when there are too many.
        row(&rows[*n], rows[*n].len(), out);
    }
    true
}

fn row(cells: &[&str], columns: usize, out: &mut String) {
    out.push('|');
    for n in 0..columns {
        out.push(' ');
        spans::rewrite(&escaped(cells.get(n).copied().unwrap_or_default()), false, out);
        out.push_str(" |");
    }
    out.push('\n');
}

fn alignment(separator: &str, columns: usize, out: &mut String) {
    let marks: Vec<&str> = separator.trim().trim_matches('|').split(['|', '+']).map(str::trim).collect();
    out.push('|');
    for n in 0..columns {
        let mark = marks.get(n).copied().unwrap_or_default();
        out.push_str(match (mark.starts_with(':'), mark.len() > 1 && mark.ends_with(':')) {
            (true, true) => ":-:|",
            (true, false) => ":-|",
            (false, true) => "-:|",
            (false, false) => "-|",
        });
    }
    out.push('\n');
}

/// The cells of a line, trimmed. A pipe in a code span or behind a backslash ends none.
fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    let mut cells = Vec::with_capacity(8);
    let mut runs = None;
    let (mut from, mut at) = (0, 0);
    while let Some(special) = position(line.as_bytes(), at, |byte| (byte == b'|') | (byte == b'`') | (byte == b'\\')) {
        at = special + inside(line, special, &mut runs);
        if line.as_bytes()[special] == b'|' {
            cells.push(line[from..special].trim());
            from = at;
        }
    }
    cells.push(line[from..].trim());
    if cells.len() > 1 && cells[0].is_empty() {
        cells.remove(0);
    }
    if cells.len() > 1 && cells.last().is_some_and(|cell| cell.is_empty()) {
        cells.pop();
    }
    cells
}

/// How long the code span, the escape or the character is that stands at `at`.
fn inside(text: &str, at: usize, runs: &mut Option<Runs>) -> usize {
    let special = &text[at..];
    match special.as_bytes()[0] {
        b'`' => runs.get_or_insert_with(|| Runs::of(text)).code(text, at).unwrap_or_else(|| run(special)),
        b'\\' => 1 + special[1..].chars().next().map_or(0, char::len_utf8),
        _ => 1,
    }
}

/// A cell with the pipes in its code spans escaped, which they have to be here, and only here.
fn escaped(cell: &str) -> Cow<'_, str> {
    if memchr(b'|', cell.as_bytes()).is_none() {
        return cell.into();
    }
    let mut escaped = String::with_capacity(cell.len() + 8);
    let mut runs = None;
    let mut at = 0;
    while let Some(special) = position(cell.as_bytes(), at, |byte| (byte == b'`') | (byte == b'\\')) {
        escaped.push_str(&cell[at..special]);
        at = special + inside(cell, special, &mut runs);
        match &cell[special..at] {
            code if code.starts_with('`') => escaped.push_str(&code.replace('|', "\\|")),
            other => escaped.push_str(other),
        }
    }
    escaped.push_str(&cell[at..]);
    escaped.into()
}

fn has_pipe(line: &str, cells: &[&str]) -> bool {
    let line = line.trim();
    cells.len() > 1 || line.len() > 1 && (line.starts_with('|') || line.ends_with('|') && !line.ends_with("\\|"))
}

pub(super) fn is_separator(line: &str) -> bool {
    line.bytes().all(|byte| b"+|: \t-".contains(&byte)) && line.contains('-')
}

fn is_footer(line: &str) -> bool {
    line.bytes().all(|byte| b"+|: \t=".contains(&byte)) && line.contains('=') && line.contains('|')
}
