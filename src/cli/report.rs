//! Problems drawn for people: the line, a caret under the spot, what happens now, and the remedy.

use std::io::{IsTerminal as _, Write as _};

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::problems::{Problem, Severity};

/// Writes problems to standard error.
pub(super) fn to_stderr<'a>(problems: impl IntoIterator<Item = &'a Problem>) {
    write(&mut std::io::stderr().lock(), problems, std::io::stderr().is_terminal());
}

/// Writes problems to standard output.
pub(super) fn to_stdout<'a>(problems: impl IntoIterator<Item = &'a Problem>) {
    write(&mut std::io::stdout().lock(), problems, std::io::stdout().is_terminal());
}

/// Writes one line to standard error.
pub(super) fn error(message: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(std::io::stderr().lock(), "error: {message}");
}

/// Writes one line to standard error that is no complaint.
pub(super) fn note(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "note: {message}");
}

fn write<'a>(out: &mut impl std::io::Write, problems: impl IntoIterator<Item = &'a Problem>, colours: bool) {
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    for problem in problems {
        if writeln!(out, "{}\n", draw(problem, &renderer)).is_err() {
            return;
        }
    }
}

fn draw(problem: &Problem, renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(problem.message.as_str()).id(problem.code.as_str());
    let group = match &problem.place {
        // A line that may hold a secret is not there to be shown.
        Some(place) if place.source.is_empty() => {
            title.element(Origin::path(problem.path.as_str()).line(place.line).char_column(place.column))
        }
        Some(place) => {
            let start = offset(&place.source, place.column - 1);
            let end = offset(&place.source, place.column - 1 + place.len).max(start);
            let snippet = Snippet::source(place.source.as_str())
                .line_start(place.line)
                .path(problem.path.as_str())
                .annotation(AnnotationKind::Primary.span(start..end));
            title.element(snippet)
        }
        None => title.element(Origin::path(problem.path.as_str())),
    };
    let group = group
        .element(Level::NOTE.message(problem.effect.as_str()))
        .element(Level::HELP.message(problem.remedy.as_str()));
    renderer.render(&[group])
}

/// The byte offset of a character.
fn offset(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::{Code, Place};

    fn problem(place: Option<Place>) -> Problem {
        Problem {
            code: Code::Date,
            severity: Severity::Error,
            path: "_posts/2025-11-08-x.md".into(),
            place,
            message: "`tomorrow` is no date".into(),
            effect: "the post is left out".into(),
            remedy: "write it like 2025-11-08 16:38:45 +0900".into(),
        }
    }

    #[test]
    fn a_caret_stands_under_the_spot_in_japanese_too() {
        let source = "date: 明日 tomorrow".to_owned();
        let drawn = draw(&problem(Some(Place { line: 3, column: 10, len: 8, source })), &Renderer::plain());
        insta::assert_snapshot!(drawn);
    }

    #[test]
    fn a_problem_without_a_place_names_the_file() {
        insta::assert_snapshot!(draw(&problem(None), &Renderer::plain()));
    }
}
