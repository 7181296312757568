//! Categories and tags: what front matter holds, as texts.

use std::collections::HashSet;

use crate::posts::front_matter::{Map, Value};
use crate::posts::text;
use crate::problems::Code;

use super::report::{Report, Words};

/// How a text that holds several terms is taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// At white space.
    Spaces,
    /// At commas.
    Commas,
    /// It is one term.
    Never,
}

/// The terms under `key`, as written: lists flattened, nulls left out, every scalar its source text.
pub(super) fn read(data: &Map, key: &str, split: Split, report: &mut Report<'_>) -> Vec<String> {
    match data.get(key) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Map(_)) => {
            report.odd_field(data, key, "a text or a list of texts");
            Vec::new()
        }
        Some(Value::Scalar(scalar)) => split.apply(&scalar.text),
        Some(list @ Value::List(_)) => list.scalars().into_iter().map(|scalar| scalar.text.clone()).collect(),
    }
}

/// No post has more terms of one taxonomy than this: each makes documents of its own.
const MAX: usize = 100;

/// One line each, none empty, none twice.
pub(super) fn distinct(terms: &[String]) -> Vec<String> {
    let mut seen = HashSet::with_capacity(terms.len());
    let lines = terms.iter().map(|term| text::one_line(term)).filter(|term| !term.is_empty());
    lines.filter(|term| seen.insert(term.clone())).collect()
}

/// Terms as feeds show them: [`distinct`], and not too many. `key` is what stands for them all.
pub(super) fn shown(terms: &[String], data: &Map, key: &str, report: &mut Report<'_>) -> Vec<String> {
    let mut shown = distinct(terms);
    if shown.len() > MAX {
        let message = format!("the post has {} {key}, and no more than {MAX} are read", shown.len());
        let words = Words::new(message, "those beyond are left out", format!("keep the {key} that readers look for"));
        report.warning(Code::Repaired, data.span(key), words);
        shown.truncate(MAX);
    }
    shown
}

/// Warns where a text was split at spaces and meant to be split at commas.
pub(super) fn check_commas(data: &Map, key: &str, terms: &[String], report: &mut Report<'_>) {
    let is_text = data.get(key).is_some_and(|value| value.as_scalar().is_some());
    if let Some(term) = terms.iter().find(|term| is_text && term.len() > 1 && term.ends_with(',')) {
        let message = format!("`{key}` is split at spaces, so that the comma belongs to the term `{term}`");
        let remedy = format!("write a list: `{key}: [{}, …]`", term.trim_end_matches(','));
        report.warning(Code::Repaired, data.span(key), Words::new(message, "the term keeps its comma", remedy));
    }
}

impl Split {
    fn apply(self, text: &str) -> Vec<String> {
        match self {
            Self::Spaces => text.split_whitespace().map(str::to_owned).collect(),
            Self::Commas => text.split(',').map(|term| term.trim().to_owned()).collect(),
            Self::Never => vec![text.to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse;

    fn terms(yaml: &str, split: Split) -> (Vec<String>, usize) {
        let data = parse(yaml, 0..yaml.len()).unwrap();
        let mut report = Report::new("x.md", yaml);
        let read = read(&data, "k", split, &mut report);
        check_commas(&data, "k", &read, &mut report);
        (shown(&read, &data, "k", &mut report), report.into_problems().len())
    }

    #[test]
    fn too_many_terms_are_cut_with_a_warning_that_counts_them() {
        let list = |count: usize| (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>();
        let yaml = format!("k: [{}]", list(5000).join(", "));
        let data = parse(&yaml, 0..yaml.len()).unwrap();
        let mut report = Report::new("x.md", &yaml);
        assert_eq!(shown(&list(100), &data, "k", &mut report), list(100));
        assert_eq!(shown(&list(5000), &data, "k", &mut report), list(100));
        let problems = report.into_problems();
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].to_string(),
            "x.md:1:1: warning [T013]: the post has 5000 k, and no more than 100 are read"
        );
    }

    #[test]
    fn case_12_typed_values_keep_their_text() {
        let expected = ["2024", "true", "1.10", "2025-01-01", "nested"].map(str::to_owned).to_vec();
        assert_eq!(terms("k: [2024, true, 1.10, 2025-01-01, null, [nested], 2024, ' ']", Split::Never), (expected, 0));
    }

    #[test]
    fn texts_are_split_as_their_generator_does() {
        assert_eq!(terms("k: a b  a", Split::Spaces), (vec!["a".into(), "b".into()], 0));
        assert_eq!(terms("k: Web Dev, Rust,", Split::Commas), (vec!["Web Dev".into(), "Rust".into()], 0));
        assert_eq!(terms("k: Web Dev", Split::Never), (vec!["Web Dev".into()], 0));
    }

    #[test]
    fn case_12_a_comma_that_stays_is_told_and_a_mapping_is_left_out() {
        assert_eq!(terms("k: foo, bar", Split::Spaces), (vec!["foo,".into(), "bar".into()], 1));
        assert_eq!(terms("k: {a: b}", Split::Spaces), (vec![], 1));
    }
}
