//! What is to be said of terms: those that cannot have the path they would have alone.

use crate::catalog::{Catalog, Term};
use crate::problems::{Code, Problem, Severity};

/// One for each term whose path is marked, at the newest post that names it.
pub(super) fn problems(catalog: &Catalog) -> Vec<Problem> {
    let marked = catalog.terms().filter(|term| term.slug != term.wanted);
    marked.filter_map(|term| Some(problem(term, &catalog.posts.get(term.posts.first()?)?.path))).collect()
}

fn problem(term: &Term, path: &str) -> Problem {
    let Term { taxonomy, label, slug, wanted, .. } = term;
    let dir = taxonomy.dir();
    Problem {
        code: Code::TermPath,
        severity: Severity::Warning,
        path: path.to_owned(),
        place: None,
        message: format!("`{label}` in {dir} would be at {dir}/{wanted}, which is or was another term's"),
        effect: format!("its feeds are at {dir}/{slug}"),
        remedy: "spell both alike, or give one a path of its own in `feeds.slugs`".to_owned(),
    }
}
