//! One mistake in a layout or a plugin hits a thousand posts: of each kind of problem a few are enough to see it.

use std::collections::BTreeMap;

use super::{Code, Problem, Severity};

/// So many problems of one kind are shown unless all are asked for.
pub const SHOWN: usize = 20;

/// The first `most` problems of each code and severity, in the order given, and how many more there are of which code.
pub fn capped<'a>(
    problems: impl IntoIterator<Item = &'a Problem>,
    most: usize,
) -> (Vec<&'a Problem>, BTreeMap<Code, usize>) {
    let mut counts: BTreeMap<(Code, Severity), usize> = BTreeMap::new();
    let (mut shown, mut left_out) = (Vec::new(), BTreeMap::new());
    for problem in problems {
        let count = counts.entry((problem.code, problem.severity)).or_default();
        *count += 1;
        if *count <= most {
            shown.push(problem);
        } else {
            *left_out.entry(problem.code).or_default() += 1;
        }
    }
    (shown, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: Code, severity: Severity) -> Problem {
        let text = String::new;
        Problem { code, severity, path: text(), place: None, message: text(), effect: text(), remedy: text() }
    }

    #[test]
    fn what_is_frequent_hides_nothing_else() {
        let many = std::iter::repeat_n(problem(Code::Template, Severity::Warning), 5);
        let problems: Vec<_> = many.chain([problem(Code::Template, Severity::Error)]).collect();
        let (shown, left_out) = capped(&problems, 2);
        assert_eq!(shown.iter().map(|problem| problem.severity).max(), Some(Severity::Error));
        assert_eq!((shown.len(), left_out), (3, BTreeMap::from([(Code::Template, 3)])));
        assert_eq!(capped(&problems, usize::MAX).0.len(), 6);
    }
}
