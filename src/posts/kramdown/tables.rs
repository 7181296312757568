//! kramdown's tables, which need neither a head nor pipes at the edges.
//!
//! In: lines of text between two ends of blocks. Out: a table as the GitHub extensions have it, or nothing. Never: a table of which a line has no pipe.

use memchr::{memchr, memchr_iter};

use super::near::{Runs, run};
use super::spans;
use crate::posts::bytes::position;

/// Lines with more pipes are text. No table that a person wrote comes close; a megabyte of pipes is one of a million columns.
const MAX_COLUMNS: usize = 1000;

/// Reads `chunk` as a table. `ended`: an empty line or the like follows.
pub(super) fn rewrite(chunk: &str, ended: bool) -> Option<String> {
    if !ended || memchr(b'|', chunk.as_bytes()).is_none() {
        return None;
    }
    let lines: Vec<&str> = chunk.lines().collect();
    let has_columns = |line: &&str| (1..=MAX_COLUMNS).contains(&memchr_iter(b'|', line.as_bytes()).count());
    if !lines.iter().all(has_columns) {
        return None;
    }
    let rows: Vec<Vec<String>> = lines.iter().map(|line| cells(line)).collect();
    if !lines.iter().zip(&rows).all(|(line, cells)| is_separator(line) || has_pipe(line, cells)) {
        return None;
    }
    let body: Vec<usize> = (0..lines.len()).filter(|n| !is_separator(lines[*n]) && !is_footer(lines[*n])).collect();
    let first = body.first()?;
    let separator = lines.iter().skip(first + 1).position(|line| is_separator(line)).map(|at| first + 1 + at);
    let columns = body.iter().map(|n| rows[*n].len()).max().unwrap_or_default();
    let head = body.iter().take_while(|n| separator.is_some_and(|separator| **n < separator)).count();
    let mut out = String::with_capacity(chunk.len() + 16);
    // The parser wants one row of head; more of them are shown as rows.
    let shown = if head == 1 { row(&rows[body[0]], columns) } else { row(&[], columns) };
    out.push_str(&shown);
    out.push_str(&alignment(separator.filter(|_| head > 0).map_or("", |n| lines[n]), columns));
    for n in &body[usize::from(head == 1)..] {
        // The parser adds the cells that are missing, and knows when there are too many.
        out.push_str(&row(&rows[*n], rows[*n].len()));
    }
    Some(out)
}

fn row(cells: &[String], columns: usize) -> String {
    let mut line = String::from("|");
    for n in 0..columns {
        line.push(' ');
        line.push_str(cells.get(n).map_or("", String::as_str));
        line.push_str(" |");
    }
    line.push('\n');
    line
}

fn alignment(separator: &str, columns: usize) -> String {
    let marks: Vec<&str> = separator.trim().trim_matches('|').split(['|', '+']).map(str::trim).collect();
    let mut line = String::from("|");
    for n in 0..columns {
        let mark = marks.get(n).copied().unwrap_or_default();
        line.push_str(match (mark.starts_with(':'), mark.len() > 1 && mark.ends_with(':')) {
            (true, true) => ":-:|",
            (true, false) => ":-|",
            (false, true) => "-:|",
            (false, false) => "-|",
        });
    }
    line.push('\n');
    line
}

/// The cells of a line, rewritten, with the pipes inside them escaped.
fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let line = line.trim();
    let runs = Runs::of(line);
    let mut cell = String::new();
    let mut rest = line;
    while let Some(len) = position(rest.as_bytes(), |byte| (byte == b'|') | (byte == b'`') | (byte == b'\\')) {
        cell.push_str(&rest[..len]);
        let special = &rest[len..];
        let len = match special.as_bytes()[0] {
            b'|' => {
                cells.push(std::mem::take(&mut cell));
                1
            }
            b'`' => {
                let code = runs.code(line, line.len() - special.len());
                let len = code.unwrap_or_else(|| run(special));
                // A pipe in a code span has to be escaped here, and only here.
                cell.push_str(&special[..len].replace('|', "\\|"));
                len
            }
            _ => {
                let len = 1 + special[1..].chars().next().map_or(0, char::len_utf8);
                cell.push_str(&special[..len]);
                len
            }
        };
        rest = &special[len..];
    }
    cell.push_str(rest);
    cells.push(cell);
    if cells.len() > 1 && cells[0].trim().is_empty() {
        cells.remove(0);
    }
    if cells.len() > 1 && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    for cell in &mut cells {
        let mut written = String::with_capacity(cell.len());
        spans::rewrite(cell.trim(), false, &mut written);
        *cell = written;
    }
    cells
}

fn has_pipe(line: &str, cells: &[String]) -> bool {
    let line = line.trim();
    cells.len() > 1 || line.len() > 1 && (line.starts_with('|') || line.ends_with('|') && !line.ends_with("\\|"))
}

pub(super) fn is_separator(line: &str) -> bool {
    line.contains('-') && line.chars().all(|c| matches!(c, '+' | '|' | ':' | ' ' | '\t' | '-'))
}

fn is_footer(line: &str) -> bool {
    line.contains('=') && line.contains('|') && line.chars().all(|c| matches!(c, '+' | '|' | ':' | ' ' | '\t' | '='))
}
