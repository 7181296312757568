//! What commands say on standard output.

use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::args::Common;
use super::failure::{Exit, Failure};
use crate::problems::{Code, Problem, Severity};
use crate::scan::Report;

/// Writes one line. A reader that went away is no error.
pub(super) fn line(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a value as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(value).map_err(Failure::failed)?);
    Ok(())
}

/// Writes rows in columns as wide as their widest cell.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) {
    let columns = header.len();
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let draw = |cells: &[String]| {
        let mut text = String::new();
        for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let pad = if at + 1 == columns { 0 } else { width + 2 - cell.chars().count().min(width + 1) };
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', pad));
        }
        line(text.trim_end());
    };
    draw(&header.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>());
    rows.iter().for_each(|row| draw(row));
}

/// A time for people and programs alike.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A time that may not be.
pub(super) fn maybe_time(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "-".to_owned(), time)
}

/// One line on how a scan went.
pub(super) fn summary(common: &Common, report: &Report) {
    if common.quiet {
        return;
    }
    let documents = count(report.written + report.unchanged, "document");
    let mut text = format!(
        "{}, {documents}: {} written, {} unchanged, {} removed",
        count(report.posts, "post"),
        report.written,
        report.unchanged,
        report.removed
    );
    if report.baseline {
        text.push_str("; first scan, a baseline");
    }
    if report.changes > 0 {
        let deliveries = usize::try_from(report.deliveries).unwrap_or(usize::MAX);
        text.push_str(&format!(
            "; {}, {} owed",
            count(report.changes, "change"),
            plural(deliveries, "delivery", "deliveries")
        ));
    }
    let (errors, all) = (report.count(Severity::Error), report.count(Severity::Warning));
    if all > 0 {
        let (errors, warnings) = (count(errors, "error"), count(all - errors, "warning"));
        text.push_str(&format!("; {errors} and {warnings} (see `tidings check`)"));
    }
    line(text);
}

/// A number with its noun.
pub(super) fn count(n: usize, noun: &str) -> String {
    plural(n, noun, &format!("{noun}s"))
}

/// A number with its noun, whose plural is not made with an `s`.
pub(super) fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// How a scan's command ends.
pub(super) fn exit(report: &Report, strict: bool) -> Exit {
    let left_out = |problem: &Problem| problem.code == Code::Occupied && problem.severity == Severity::Error;
    if report.problems.iter().any(left_out) {
        return Exit::Partly;
    }
    if strict && report.count(Severity::Warning) > 0 { Exit::Problems } else { Exit::Done }
}
