//! Problems as GitHub Actions shows them beside the lines of a change: `::error file=…,line=…,col=…,title=…::text`.

use std::path::Path;

use super::output;
use crate::problems::{Problem, Severity};

/// Writes one workflow command a problem. Paths are below `root`, and are shown as seen from the current directory.
pub(super) fn to_stdout<'a>(problems: impl IntoIterator<Item = &'a Problem>, root: &Path) {
    let here = std::env::current_dir().unwrap_or_default();
    for problem in problems {
        let full = root.join(&problem.path);
        let path = full.strip_prefix(&here).unwrap_or(&full);
        output::line(annotation(problem, &path.to_string_lossy()));
    }
}

fn annotation(problem: &Problem, path: &str) -> String {
    let command = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = problem.place.as_ref().map(|place| format!(",line={},col={}", place.line, place.column));
    let text = format!("{}; {}; {}", problem.message, problem.effect, problem.remedy);
    format!("::{command} file={}{},title={}::{}", property(path), place.unwrap_or_default(), problem.code, data(&text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::{Code, Place};

    #[test]
    fn what_would_end_a_property_or_a_line_is_escaped() {
        let problem = Problem {
            code: Code::Date,
            severity: Severity::Error,
            path: "a,b:100%.md".into(),
            place: Some(Place { line: 3, column: 7, len: 1, source: String::new() }),
            message: "one\ntwo::three".into(),
            effect: "e".into(),
            remedy: "r".into(),
        };
        assert_eq!(
            annotation(&problem, &problem.path),
            "::error file=a%2Cb%3A100%25.md,line=3,col=7,title=T005::one%0Atwo::three; e; r"
        );
    }
}
