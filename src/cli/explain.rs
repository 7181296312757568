//! `tidings check --explain`: what a code means.

use super::failure::{Exit, Failure};
use super::output;
use crate::problems::Code;

/// Prints what the code of this name means; without a name, the list of all codes.
pub(super) fn run(name: Option<&str>) -> Result<Exit, Failure> {
    let Some(name) = name else {
        let rows: Vec<_> = Code::ALL.iter().map(|code| vec![code.to_string(), code.title().to_owned()]).collect();
        output::table(&["code", "meaning"], &rows);
        return Ok(Exit::Done);
    };
    let code = Code::from_name(name).ok_or_else(|| unknown(name))?;
    output::line(code.explanation().trim_end());
    Ok(Exit::Done)
}

fn unknown(name: &str) -> Failure {
    let distance = |code: &Code| strsim::damerau_levenshtein(&name.to_ascii_uppercase(), code.as_str());
    let nearest = Code::ALL.into_iter().min_by_key(distance).filter(|code| distance(code) < 3);
    let meant = nearest.map(|code| format!("did you mean {code}, {}? ", code.title())).unwrap_or_default();
    Failure::Usage(format!("there is no code `{name}`: {meant}`tidings check --explain` lists them all"))
}
