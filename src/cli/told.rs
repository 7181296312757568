//! What the log and the metrics are told of each scan.

use std::collections::HashSet;
use std::time::Duration;

use super::pace::Reason;
use super::site;
use crate::problems::{Problem, Severity};
use crate::scan::{Detected, Report, ScanError, millis};

/// What the log has been told: a problem that stays is told once.
#[derive(Default)]
pub(super) struct Told {
    problems: HashSet<String>,
    detected: Option<Detected>,
}

impl Told {
    pub(super) fn tell(&mut self, result: &Result<Report, ScanError>, reason: Reason, took: Duration) {
        metrics::histogram!("tidings_scan_duration_seconds").record(took.as_secs_f64());
        match result {
            Ok(report) => self.tell_report(report, reason, took),
            Err(error) => {
                count("failed", reason);
                if let ScanError::Config(problems) = error {
                    site::log_problems(problems);
                }
                let (ms, reason) = (millis(took), reason.as_str());
                match error {
                    ScanError::Store(_) => {
                        tracing::error!(reason, scan.ms = ms, "scan not recorded, so nobody is told yet: {error}")
                    }
                    _ => tracing::error!(reason, scan.ms = ms, "scan failed, the feeds stay as they were: {error}"),
                }
            }
        }
    }

    fn tell_report(&mut self, report: &Report, reason: Reason, took: Duration) {
        count("done", reason);
        // A note is nothing to mend: every undated page of a repository is one.
        let problems = report.problems.iter().filter(|problem| problem.severity != Severity::Note).count();
        #[expect(clippy::cast_precision_loss, reason = "a gauge of posts, far below 2^52")]
        for (name, value) in [("tidings_posts", report.posts), ("tidings_problems", problems)] {
            metrics::gauge!(name).set(value as f64);
        }
        if self.detected.as_ref() != Some(&report.detected) {
            tracing::info!("{}", report.detected);
            self.detected = Some(report.detected.clone());
        }
        let text = |problem: &Problem| problem.to_string();
        site::log_problems(report.problems.iter().filter(|problem| !self.problems.contains(&text(problem))));
        self.problems = report.problems.iter().map(text).collect();
        let (posts, written) = (report.posts, report.written);
        tracing::info!(
            posts,
            documents.written = written,
            documents.removed = report.removed,
            changes = report.changes,
            deliveries = report.deliveries,
            problems,
            reason = reason.as_str(),
            scan.ms = millis(took),
            "{}",
            if report.baseline { "first scan: a baseline, nobody is told" } else { "scanned" }
        );
    }
}

fn count(outcome: &'static str, reason: Reason) {
    metrics::counter!("tidings_scans_total", "outcome" => outcome, "reason" => reason.as_str()).increment(1);
}
